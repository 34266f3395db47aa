//! Servers that say that it is too much, again and again.

use std::sync::Arc;

use netipc::services::{Increment, StringReverse};
use netipc::{Error, ErrorKind, State};

use crate::raw::{
    Bed, Field, Got, INCREMENT, ack_to, at, failure, hello, increment, incremented, rejection, set, text, u32_at,
    u64_at,
};
use crate::{kind_of, server};
use Field::U32;

/// Grants what `grant` makes of each proposal and answers every request with status 5, until the client gives up;
/// returns the response payloads that were proposed for it
/// and the number of requests.
fn insatiable(
    bed: &Bed,
    growth_ceiling: u32,
    grant: impl Fn(u32, usize) -> u32 + Send + 'static,
) -> (Error, State, Vec<u32>, usize) {
    // Kept here, so that somebody listens to the end.
    let listener = Arc::new(bed.listener());
    let server = std::thread::spawn({
        let listener = Arc::clone(&listener);
        move || {
            let (mut proposals, mut requests) = (Vec::new(), 0);
            while requests < 20 {
                let (peer, hello) = listener.accept_hello();
                let proposed = u32_at(&hello, at::hello::RESPONSE_PAYLOAD);
                peer.send(&set(ack_to(&hello), U32(at::ack::RESPONSE_PAYLOAD, grant(proposed, proposals.len()))));
                let Got::Packet(request) = peer.receive() else { break };
                proposals.push(proposed);
                requests += 1;
                peer.send(&failure(INCREMENT, u64_at(&request, at::MESSAGE_ID), 5));
            }
            (proposals, requests)
        }
    });
    let mut client = bed.ready_client::<Increment>(|config| config.growth_ceiling = growth_ceiling);
    let error = client.call(1).unwrap_err();
    let state = client.status().state;
    drop(client);
    // A session without a request ends the server, if the client's last one was not that.
    let last = bed.connect();
    last.send(&hello());
    last.shut_down_write();
    let (proposals, requests) = server.join().unwrap();
    (error, state, proposals, requests)
}

#[test]
fn growth_ends_after_eight_times() {
    // NIPC-L2C-21, NIPC-L2C-23, NIPC-L2C-24
    let bed = Bed::new();
    let (error, state, proposals, requests) = insatiable(&bed, 1 << 30, |proposed, _| proposed);
    assert!(matches!(error, Error::LimitExceeded { allowed: 0x0100_0000, .. }), "{error:?}");
    assert_eq!(state, State::Broken);
    assert_eq!(requests, 9);
    assert_eq!(proposals[..], std::array::from_fn::<u32, 9, _>(|i| 65536 << i));
}

#[test]
fn growth_ends_at_the_ceiling() {
    // NIPC-L2C-23, NIPC-L2C-24
    let bed = Bed::new();
    let (error, _, proposals, requests) = insatiable(&bed, 1 << 18, |proposed, _| proposed);
    assert!(matches!(error, Error::LimitExceeded { allowed: 0x4_0000, .. }), "{error:?}");
    assert_eq!(requests, 3);
    assert!(proposals.iter().all(|&proposed| proposed <= 1 << 18), "{proposals:?}");
}

#[test]
fn growth_ends_when_the_server_grants_no_more() {
    // NIPC-L2C-24
    let bed = Bed::new();
    let (error, state, _, requests) = insatiable(&bed, 1 << 20, |_, _| 1000);
    assert!(matches!(error, Error::LimitExceeded { allowed: 1000, .. }), "{error:?}");
    assert_eq!(state, State::Ready, "the new session is sound");
    assert_eq!(requests, 1);
}

#[test]
fn grants_that_go_up_and_down_end_too() {
    // NIPC-L2C-24
    let bed = Bed::new();
    let (error, _, proposals, requests) = insatiable(&bed, 1 << 20, |_, turn| [1000, 7, 0, 65536][turn % 4]);
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert_eq!(requests, 9);
    assert!(proposals.iter().all(|&proposed| proposed <= 1 << 20));
}

#[test]
fn a_larger_grant_cures_a_response() {
    // NIPC-L2C-21, NIPC-L2C-10
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let peer = listener.accept_session();
        assert_eq!(peer.packet(), increment(1, 41));
        peer.send(&failure(INCREMENT, 1, 5));
        drop(peer);
        let (peer, hello) = listener.accept_hello();
        assert_eq!(u32_at(&hello, at::hello::RESPONSE_PAYLOAD), 131_072);
        peer.send(&ack_to(&hello));
        assert_eq!(peer.packet(), increment(2, 41));
        peer.send(&incremented(2, 42));
        peer.end();
    });
    let mut client = bed.ready_client::<Increment>(|_| {});
    assert_eq!(client.call(41).unwrap().value, 42);
    let counters = client.status().counters;
    assert_eq!((counters.growths, counters.resends, counters.connects), (1, 0, 2));
    drop(client);
    server.join().unwrap();
}

#[test]
fn growth_leaves_the_resend() {
    // NIPC-L2C-24: a loss after growth is still cured once.
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let peer = listener.accept_session();
        peer.packet();
        peer.send(&failure(INCREMENT, 1, 5));
        drop(peer);
        let peer = listener.accept_session();
        peer.packet();
        drop(peer);
        let peer = listener.accept_session();
        assert_eq!(peer.packet(), increment(3, 41));
        peer.send(&incremented(3, 42));
        peer.end();
    });
    let mut client = bed.ready_client::<Increment>(|_| {});
    assert_eq!(client.call(41).unwrap().value, 42);
    drop(client);
    server.join().unwrap();
}

#[test]
fn a_large_request_is_sent_once_it_may_be() {
    // NIPC-L2C-22, NIPC-L2C-23, NIPC-RCV-12
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let peer = listener.accept_session();
        // Nothing comes on the session that cannot carry it.
        peer.end();
        let (peer, hello) = listener.accept_hello();
        assert_eq!(u32_at(&hello, at::hello::REQUEST_PAYLOAD), 4096);
        peer.send(&ack_to(&hello));
        let request = peer.packet();
        assert_eq!(request[32..], text(&[b'x'; 3000]));
        peer.send(&crate::raw::response(3, u64_at(&request, at::MESSAGE_ID), &text(b"")));
        peer.end();
    });
    let mut client = bed.ready_client::<StringReverse>(|_| {});
    assert_eq!(client.call(&[b'x'; 3000]).unwrap().text(), b"");
    drop(client);
    server.join().unwrap();
}

#[test]
fn a_request_that_no_grant_fits() {
    // NIPC-L2C-24, NIPC-ERR-03: a server that grants less than was proposed, for ever.
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        for _ in 0..2 {
            let (peer, hello) = listener.accept_hello();
            peer.send(&set(ack_to(&hello), U32(at::ack::REQUEST_PAYLOAD, 100)));
            peer.end();
        }
    });
    let mut client = bed.ready_client::<StringReverse>(|_| {});
    let error = client.call(&[b'x'; 200]).unwrap_err();
    assert!(matches!(error, Error::LimitExceeded { got: 209, allowed: 100, .. }), "{error:?}");
    assert!(client.is_ready());
    drop(client);
    server.join().unwrap();
}

#[test]
fn a_refused_proposal_is_forgotten() {
    // NIPC-L2C-23
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let peer = listener.accept_session();
        peer.end();
        let (peer, hello) = listener.accept_hello();
        assert_eq!(u32_at(&hello, at::hello::REQUEST_PAYLOAD), 4096);
        peer.send(&rejection(5));
        peer.end();
        let (peer, hello) = listener.accept_hello();
        assert_eq!(u32_at(&hello, at::hello::REQUEST_PAYLOAD), 1024, "back to what was configured");
        peer.send(&ack_to(&hello));
        peer.end();
    });
    let mut client = bed.ready_client::<StringReverse>(|_| {});
    assert_eq!(kind_of(client.call(&[b'x'; 3000])), ErrorKind::Rejected);
    let status = client.status();
    assert_eq!(status.state, State::Disconnected);
    assert!(status.cause.unwrap().to_string().contains("4096"));
    assert_eq!(client.refresh(), State::Ready);
    drop(client);
    server.join().unwrap();
}
