//! Many calls in flight.

use std::sync::mpsc::channel;
use std::time::Duration;

use netipc::services::{Increment, StringReverse};
use netipc::{Error, ErrorKind, State};

use crate::raw::{
    Bed, Field, Got, Noise, STRING_REVERSE, at, failure, incremented, response, set, text, u32_at, u64_at,
};
use crate::{kind_of, server};

#[test]
fn any_order_under_a_window() {
    // NIPC-L2C-16
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let peer = listener.accept_session();
        let mut noise = Noise(42);
        let mut held: Vec<Vec<u8>> = Vec::new();
        let mut answered = 0;
        while answered < 500 {
            // As many as the client lets out, then one of them at random.
            while held.len() < 7.min(500 - answered) {
                held.push(peer.packet());
            }
            assert!(peer.receive_now().is_none(), "more than the window");
            let request = held.swap_remove(noise.next() as usize % held.len());
            peer.send(&incremented(u64_at(&request, at::MESSAGE_ID), u64_at(&request, at::PAYLOAD) + 1));
            answered += 1;
        }
        peer.end();
    });
    let mut client = bed.ready_client::<Increment>(|_| {});
    let mut seen = vec![false; 500];
    client
        .call_pipelined((0..500).map(|i| i * 3), 7, |index, reply| {
            assert_eq!(reply.unwrap().value, index as u64 * 3 + 1);
            assert!(!std::mem::replace(&mut seen[index], true), "{index} twice");
        })
        .unwrap();
    assert!(seen.iter().all(|seen| *seen));
    assert_eq!(client.status().counters.calls, 500);
    drop(client);
    server.join().unwrap();
}

#[test]
fn failures_belong_to_their_calls() {
    // NIPC-L2C-12, NIPC-L2C-13, NIPC-L2C-16
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let peer = listener.accept_session();
        for turn in 0..6 {
            let id = u64_at(&peer.packet(), at::MESSAGE_ID);
            peer.send(&match turn {
                1 => failure(1, id, 6),
                2 => response(1, id, b"short"),
                4 => failure(1, id, 1),
                _ => incremented(id, turn),
            });
        }
        peer.end();
    });
    let mut client = bed.ready_client::<Increment>(|_| {});
    let mut outcomes = Vec::new();
    client
        .call_pipelined(0..6, 3, |index, reply| {
            outcomes.push((index, reply.map(|reply| reply.value).map_err(|error| error.kind())));
        })
        .unwrap();
    outcomes.sort_unstable_by_key(|(index, _)| *index);
    let (rejected, invalid) = (Err(ErrorKind::Rejected), Err(ErrorKind::InvalidMessage));
    assert_eq!(outcomes, [(0, Ok(0)), (1, rejected), (2, invalid), (3, Ok(3)), (4, rejected), (5, Ok(5))]);
    assert!(client.is_ready());
    let counters = client.status().counters;
    assert_eq!((counters.calls, counters.call_failures), (3, 3));
    drop(client);
    server.join().unwrap();
}

#[test]
fn one_that_breaks_the_session_names_the_cause_to_the_others() {
    // NIPC-L2C-20
    for (break_it, kind) in [("violation", ErrorKind::PeerMisbehaved), ("silence", ErrorKind::Timeout)] {
        let bed = Bed::new();
        let (done, gone) = channel::<()>();
        let server = server(&bed, move |listener| {
            let peer = listener.accept_session();
            for _ in 0..3 {
                peer.packet();
            }
            if break_it == "violation" {
                peer.send(&incremented(99, 1));
            }
            while let Got::Packet(_) = peer.receive() {}
            gone.recv().unwrap();
            assert!(!listener.has_caller(), "sent again");
        });
        let mut client = bed.ready_client::<Increment>(|config| config.call_timeout = Duration::from_millis(60));
        let mut outcomes = Vec::new();
        let result = client.call_pipelined(0..9, 3, |index, reply| outcomes.push((index, reply.map(|r| r.value))));
        assert_eq!(kind_of(result), kind);
        assert_eq!(client.status().state, State::Broken);
        assert_eq!(outcomes.len(), 3, "the rest was not taken");
        for (_, outcome) in outcomes {
            match outcome.unwrap_err() {
                Error::Disconnected { cause: Some(cause) } => assert_eq!(cause.kind(), kind),
                own => assert_eq!(own.kind(), kind),
            }
        }
        done.send(()).unwrap();
        server.join().unwrap();
    }
}

#[test]
fn every_call_has_its_own_resend() {
    // NIPC-L2C-17, NIPC-L2C-18: two losses, but no call is lost twice.
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        for session in 0..3 {
            let peer = listener.accept_session();
            for turn in 0.. {
                let Got::Packet(request) = peer.receive() else { break };
                if turn == 10 && session < 2 {
                    break;
                }
                peer.send(&incremented(u64_at(&request, at::MESSAGE_ID), u64_at(&request, at::PAYLOAD) + 1));
            }
        }
    });
    let mut client = bed.ready_client::<Increment>(|_| {});
    let mut seen = 0;
    let result = client.call_pipelined(0..40, 2, |index, reply| {
        assert_eq!(reply.unwrap().value, index as u64 + 1);
        seen += 1;
    });
    result.unwrap();
    assert_eq!(seen, 40);
    drop(client);
    server.join().unwrap();
}

#[test]
fn a_large_call_among_small_ones() {
    // NIPC-L2C-22, NIPC-L2C-16: those before it are answered first, none is sent twice.
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let mut seen = Vec::new();
        for _ in 0..2 {
            let (peer, hello) = listener.accept_hello();
            peer.send(&crate::raw::ack_to(&hello));
            while let Got::Packet(request) = peer.receive() {
                assert!(u32_at(&request, at::PAYLOAD_LEN) <= u32_at(&hello, at::hello::REQUEST_PAYLOAD));
                seen.push(request.len() - 32 - 9);
                let answer = response(STRING_REVERSE, u64_at(&request, at::MESSAGE_ID), &request[32..]);
                peer.send(&answer);
            }
        }
        assert_eq!(seen, [1, 2, 3, 3000, 5, 6]);
    });
    let mut client = bed.ready_client::<StringReverse>(|_| {});
    let texts: Vec<Vec<u8>> = [1, 2, 3, 3000, 5, 6].map(|length| vec![b'x'; length]).into();
    let mut replies = Vec::new();
    client
        .call_pipelined(texts.iter().map(|text| &text[..]), 4, |index, reply| {
            replies.push((index, reply.unwrap().text().len()));
        })
        .unwrap();
    assert_eq!(replies, [(0, 1), (1, 2), (2, 3), (3, 3000), (4, 5), (5, 6)]);
    assert_eq!(client.status().counters.growths, 1);
    drop(client);
    server.join().unwrap();
}

#[test]
fn replies_larger_than_the_sockets_in_both_directions() {
    // NIPC-UDS-08: a client that sends much and is sent much does not lock up with its server.
    let bed = Bed::new();
    let _server = bed.server::<StringReverse>(|_| {}, |request, reply| Ok(reply.text(request.text())?));
    let mut client = bed.ready_client::<StringReverse>(|config| config.session.max_request_payload = 65536);
    let large = vec![b'x'; 60_000];
    let mut seen = 0;
    client
        .call_pipelined(std::iter::repeat_n(&large[..], 60), 60, |_, reply| {
            assert_eq!(reply.unwrap().text().len(), 60_000);
            seen += 1;
        })
        .unwrap();
    assert_eq!(seen, 60);
}

#[test]
fn chunked_replies_of_calls_in_flight() {
    // NIPC-CHK-04, NIPC-L2C-16
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let (peer, hello) = listener.accept_hello();
        peer.send(&set(crate::raw::ack_to(&hello), Field::U32(at::ack::PACKET, 96)));
        let ids: Vec<u64> = (0..5).map(|_| u64_at(&peer.packet(), at::MESSAGE_ID)).collect();
        for id in ids.into_iter().rev() {
            let answer = response(STRING_REVERSE, id, &text(&vec![b'y'; id as usize * 100]));
            peer.send_all(&crate::raw::chunked(&answer, 96));
        }
        peer.end();
    });
    let mut client = bed.ready_client::<StringReverse>(|_| {});
    let mut replies = Vec::new();
    let texts: Vec<&[u8]> = vec![b"a"; 5];
    client.call_pipelined(texts, 5, |index, reply| replies.push((index, reply.unwrap().text().len()))).unwrap();
    assert_eq!(replies, [(4, 500), (3, 400), (2, 300), (1, 200), (0, 100)]);
    drop(client);
    server.join().unwrap();
}
