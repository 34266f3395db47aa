//! Servers that end at every step.

use std::time::Duration;

use netipc::services::{Increment, StringReverse};
use netipc::{Error, ErrorKind, State, Waiting};

use crate::raw::{
    Bed, Field, Raw, RawListener, STRING_REVERSE, ack_to, at, chunked, increment, incremented, response, set, text,
    u64_at,
};
use crate::{condition, kind_of, server};
use Field::U32;

/// One session on which the server hangs up at a step of a call.
fn hang_up_at(listener: &RawListener, step: u32) {
    let (peer, hello) = listener.accept_hello();
    peer.send(&set(ack_to(&hello), U32(at::ack::PACKET, 96)));
    match step {
        // After the ACK; the request may still come.
        0 => {}
        // With the request unread.
        1 => peer.await_input(),
        // With the request read.
        2 => drop(peer.packet()),
        // With half of the answer out.
        _ => {
            let request = peer.packet();
            let answer = response(STRING_REVERSE, u64_at(&request, at::MESSAGE_ID), &text(&[b'y'; 500]));
            peer.send_all(&chunked(&answer, 96)[..3]);
        }
    }
}

/// Answers one request for "abc", which must be this one.
fn answer(peer: &Raw, id: u64) {
    assert_eq!(peer.packet(), crate::raw::request(STRING_REVERSE, id, &text(b"abc")));
    peer.send(&response(STRING_REVERSE, id, &text(b"cba")));
}

#[test]
fn one_loss_is_cured() {
    // NIPC-L2C-17, NIPC-L2C-10: another connection, another id, the same question.
    for step in 0..4 {
        let bed = Bed::new();
        let server = server(&bed, move |listener| {
            hang_up_at(&listener, step);
            let peer = listener.accept_session();
            answer(&peer, 2);
            peer.end();
            assert!(!listener.has_caller());
        });
        let mut client = bed.ready_client::<StringReverse>(|_| {});
        assert_eq!(client.call(b"abc").unwrap().text(), b"cba", "step {step}");
        let counters = client.status().counters;
        assert_eq!((counters.connects, counters.resends, counters.calls), (2, 1, 1));
        drop(client);
        server.join().unwrap();
    }
}

#[test]
fn a_second_loss_is_final() {
    // NIPC-L2C-17: sent twice, never three times.
    for first in 0..4 {
        for second in 0..4 {
            let bed = Bed::new();
            let server = server(&bed, move |listener| {
                hang_up_at(&listener, first);
                hang_up_at(&listener, second);
                let peer = listener.accept_session();
                answer(&peer, 3);
                peer.end();
            });
            let mut client = bed.ready_client::<StringReverse>(|_| {});
            assert_eq!(kind_of(client.call(b"abc")), ErrorKind::Disconnected);
            assert_eq!(client.status().state, State::Broken);
            assert_eq!(client.status().cause.unwrap().kind(), ErrorKind::Disconnected);
            assert!(matches!(client.call(b"abc"), Err(Error::NotReady { state: State::Broken, .. })));
            // Nothing was learned that a refresh cannot mend.
            assert_eq!(client.refresh(), State::Ready);
            assert_eq!(client.call(b"abc").unwrap().text(), b"cba");
            drop(client);
            server.join().unwrap();
        }
    }
}

#[test]
fn a_reconnect_that_fails_gives_its_own_reason() {
    // NIPC-L2C-17, NIPC-ERR-04
    for (status, state, kind) in [
        (2, State::AuthFailed, ErrorKind::Denied),
        (3, State::Incompatible, ErrorKind::Incompatible),
        (4, State::Incompatible, ErrorKind::Incompatible),
        (5, State::Disconnected, ErrorKind::Rejected),
        (6, State::Disconnected, ErrorKind::Rejected),
    ] {
        let bed = Bed::new();
        let server = server(&bed, move |listener| {
            hang_up_at(&listener, 2);
            let (peer, _) = listener.accept_hello();
            peer.send(&crate::raw::rejection(status));
        });
        let mut client = bed.ready_client::<Increment>(|_| {});
        assert_eq!(kind_of(client.call(1)), kind);
        assert_eq!(condition(&client), (state, Some(kind)));
        server.join().unwrap();
    }
    // Nobody listens any more.
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let peer = listener.accept_session();
        peer.packet();
        drop(listener);
    });
    let mut client = bed.ready_client::<Increment>(|_| {});
    assert_eq!(kind_of(client.call(1)), ErrorKind::NotFound);
    assert_eq!(condition(&client), (State::NotFound, Some(ErrorKind::NotFound)));
    server.join().unwrap();
    // Nobody answers: the deadline is that of the call. NIPC-L2C-07, NIPC-L2C-08
    let bed = Bed::new();
    let (done, gone) = std::sync::mpsc::channel::<()>();
    let server = self::server(&bed, move |listener| {
        hang_up_at(&listener, 2);
        gone.recv().unwrap();
    });
    let mut client = bed.ready_client::<Increment>(|_| {});
    let error = client.call_within(1, Duration::from_millis(40)).unwrap_err();
    assert!(matches!(error, Error::Timeout { waiting_for: Waiting::Handshake, .. }), "{error:?}");
    assert_eq!(condition(&client), (State::Broken, Some(ErrorKind::Timeout)));
    done.send(()).unwrap();
    server.join().unwrap();
}

#[test]
fn silence_after_the_handshake() {
    // NIPC-L2C-07, NIPC-L2C-08: a server that does not read, one that does not answer; no second try.
    for reads in [false, true] {
        let bed = Bed::new();
        let (done, gone) = std::sync::mpsc::channel::<()>();
        let server = server(&bed, move |listener| {
            let peer = listener.accept_session();
            if reads {
                peer.packet();
            }
            gone.recv().unwrap();
            assert!(!listener.has_caller(), "a call that timed out was sent again");
        });
        let mut client = bed.ready_client::<Increment>(|config| config.call_timeout = Duration::from_millis(40));
        let error = client.call(1).unwrap_err();
        let limit = Duration::from_millis(40);
        assert!(matches!(error, Error::Timeout { waiting_for: Waiting::Message, limit: l } if l == limit), "{error:?}");
        assert_eq!(condition(&client), (State::Broken, Some(ErrorKind::Timeout)));
        done.send(()).unwrap();
        server.join().unwrap();
    }
}

#[test]
fn no_room_for_a_request() {
    // NIPC-L2C-07, NIPC-UDS-07: the deadline and an abort end a send that waits, too.
    for aborts in [false, true] {
        let bed = Bed::new();
        let (done, gone) = std::sync::mpsc::channel::<()>();
        let server = server(&bed, move |listener| {
            let (_peer, hello) = {
                let (peer, hello) = listener.accept_hello();
                peer.send(&ack_to(&hello));
                (peer, hello)
            };
            assert_eq!(hello.len(), 76);
            gone.recv().unwrap();
        });
        let mut client = bed.ready_client::<StringReverse>(|config| config.session.max_request_payload = 1 << 20);
        let text = vec![b'x'; 900_000];
        let kind = if aborts {
            let abort = client.abort_handle();
            let aborter = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(30));
                abort.abort();
            });
            let kind = kind_of(client.call(&text));
            aborter.join().unwrap();
            kind
        } else {
            let error = client.call_within(&text, Duration::from_millis(40)).unwrap_err();
            assert!(matches!(error, Error::Timeout { waiting_for: Waiting::Room, .. }), "{error:?}");
            error.kind()
        };
        assert_eq!(kind, if aborts { ErrorKind::Aborted } else { ErrorKind::Timeout });
        assert_eq!(client.status().state, State::Broken);
        done.send(()).unwrap();
        server.join().unwrap();
    }
}

#[test]
fn an_answer_behind_a_reset_counts() {
    // NIPC-UDS-14: the server closes with input unread; its answer is queued behind the error.
    let bed = Bed::new();
    let (hung_up, is_gone) = std::sync::mpsc::channel::<()>();
    let server = server(&bed, move |listener| {
        let peer = listener.accept_session();
        peer.await_input();
        peer.send(&incremented(1, 42));
        drop(peer);
        hung_up.send(()).unwrap();
        let peer = listener.accept_session();
        assert_eq!(peer.packet(), increment(2, 1));
        peer.send(&incremented(2, 2));
        peer.end();
    });
    let mut client = bed.ready_client::<Increment>(|_| {});
    assert_eq!(client.call(41).unwrap().value, 42);
    assert_eq!(client.status().counters.resends, 0);
    is_gone.recv().unwrap();
    // The loss shows when the session is used next. NIPC-L2C-02
    assert_eq!(client.refresh(), State::Ready);
    assert_eq!(client.status().counters.connects, 2);
    assert_eq!(client.call(1).unwrap().value, 2);
    assert_eq!(client.status().counters.resends, 0);
    drop(client);
    server.join().unwrap();
}

#[test]
fn only_what_is_unanswered_is_sent_again() {
    // NIPC-L2C-18, NIPC-UDS-14: answers that were queued before the loss count.
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let peer = listener.accept_session();
        for id in 1..=3 {
            assert_eq!(peer.packet(), increment(id, id * 10));
        }
        // In another order, and the last two unread.
        peer.send_all(&[incremented(3, 31), incremented(1, 11)]);
        peer.await_input();
        drop(peer);
        let peer = listener.accept_session();
        let again: Vec<u64> = (0..3).map(|_| u64_at(&peer.packet(), at::PAYLOAD)).collect();
        assert_eq!(again, [20, 40, 50]);
        for (id, value) in (6..).zip(again) {
            peer.send(&incremented(id, value + 1));
        }
        peer.end();
    });
    let mut client = bed.ready_client::<Increment>(|_| {});
    let mut replies = Vec::new();
    client.call_pipelined([10, 20, 30, 40, 50], 5, |index, reply| replies.push((index, reply.unwrap().value))).unwrap();
    replies.sort_unstable();
    assert_eq!(replies, [(0, 11), (1, 21), (2, 31), (3, 41), (4, 51)]);
    drop(client);
    server.join().unwrap();
}
