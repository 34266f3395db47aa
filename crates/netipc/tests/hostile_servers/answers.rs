//! Responses in every wrong form.

use std::sync::mpsc::channel;

use netipc::services::Increment;
use netipc::{Error, ErrorKind, State, Status};

use crate::raw::{
    BATCH, Bed, CONTROL, Field, INCREMENT, REQUEST, Raw, at, batch, batch_payload, failure, incremented, response, set,
    set_all, u16_at, u32_at, u64_at,
};
use crate::{condition, kind_of, server};
use Field::{U16, U32, U64};

/// What a call came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Value(u64),
    /// An error of this kind; the session goes on.
    Kept(ErrorKind),
    /// An error of this kind that ends the session, without another try.
    Broken(ErrorKind),
}
use Outcome::{Broken, Kept, Value};

/// Calls with 41 and answers as told; message ids start at 1.
fn after(answer: impl Fn(&Raw) + Send + 'static) -> Outcome {
    let bed = Bed::new();
    let server = server(&bed, move |listener| {
        let peer = listener.accept_session();
        peer.packet();
        answer(&peer);
        // A client that lives on asks once more; one that does not must not come back by itself.
        if let crate::raw::Got::Packet(request) = peer.receive() {
            peer.send(&incremented(u64_at(&request, at::MESSAGE_ID), 99));
            peer.end();
        }
        assert!(!listener.has_caller(), "the call was sent again");
    });
    let mut client = bed.ready_client::<Increment>(|_| {});
    let outcome = match client.call(41) {
        Ok(reply) => Value(reply.value),
        Err(error) if client.is_ready() => Kept(error.kind()),
        Err(error) => {
            assert_eq!(condition(&client), (State::Broken, Some(error.kind())));
            Broken(error.kind())
        }
    };
    if client.is_ready() {
        assert_eq!(client.call(0).unwrap().value, 99);
    }
    drop(client);
    server.join().unwrap();
    outcome
}

fn after_packet(packet: Vec<u8>) -> Outcome {
    after(move |peer| peer.send(&packet))
}

#[test]
fn every_header_field_wrong() {
    // NIPC-L2C-11, NIPC-L2C-12, NIPC-RCV-03 to NIPC-RCV-08, NIPC-ENV-06, NIPC-ENV-10, NIPC-ERR-07
    let invalid = Broken(ErrorKind::InvalidMessage);
    let misbehaved = Broken(ErrorKind::PeerMisbehaved);
    let rejected = Kept(ErrorKind::Rejected);
    for (field, outcome) in [
        (U32(at::MAGIC, 0), invalid),
        (U32(at::MAGIC, 0x4e43_484b), invalid),
        (U16(at::VERSION, 0), invalid),
        (U16(at::VERSION, 2), invalid),
        (U16(at::HEADER_LEN, 31), invalid),
        (U16(at::HEADER_LEN, 64), invalid),
        (U16(at::KIND, 0), invalid),
        (U16(at::KIND, 4), invalid),
        (U16(at::KIND, REQUEST), misbehaved),
        (U16(at::KIND, CONTROL), misbehaved),
        (U16(at::FLAGS, 2), Value(42)),
        (U16(at::FLAGS, 0xfffe), Value(42)),
        (U16(at::FLAGS, BATCH), invalid),
        (U16(at::CODE, 0), misbehaved),
        (U16(at::CODE, 2), misbehaved),
        (U16(at::CODE, 0xffff), misbehaved),
        (U16(at::STATUS, 1), rejected),
        (U16(at::STATUS, 2), misbehaved),
        (U16(at::STATUS, 3), misbehaved),
        (U16(at::STATUS, 4), rejected),
        (U16(at::STATUS, 6), rejected),
        (U16(at::STATUS, 7), misbehaved),
        (U16(at::STATUS, 0xffff), misbehaved),
        (U32(at::PAYLOAD_LEN, 0), misbehaved),
        (U32(at::PAYLOAD_LEN, 7), misbehaved),
        // Over the grant, not merely over the client's own ceiling: nothing that growing could cure. NIPC-L2C-21
        (U32(at::PAYLOAD_LEN, 65537), misbehaved),
        (U32(at::PAYLOAD_LEN, u32::MAX), misbehaved),
        (U32(at::ITEM_COUNT, 0), Value(42)),
        (U32(at::ITEM_COUNT, 2), misbehaved),
        (U32(at::ITEM_COUNT, u32::MAX), misbehaved),
        (U64(at::MESSAGE_ID, 0), misbehaved),
        (U64(at::MESSAGE_ID, 2), misbehaved),
        (U64(at::MESSAGE_ID, u64::MAX), misbehaved),
    ] {
        assert_eq!(after_packet(set(incremented(1, 42), field)), outcome, "{field:?}");
    }
}

#[test]
fn the_first_fault_decides() {
    // NIPC-L2C-11, NIPC-RCV-07: the code before the status, the limit before the id.
    let misbehaved = Broken(ErrorKind::PeerMisbehaved);
    for status in [1, 4, 5, 6] {
        assert_eq!(after_packet(failure(2, 1, status)), misbehaved, "status {status} of another method");
        assert_eq!(after_packet(failure(INCREMENT, 2, status)), misbehaved, "status {status} for another call");
    }
    let both = set_all(incremented(9, 42), &[U16(at::VERSION, 2), U16(at::KIND, 1)]);
    assert_eq!(after_packet(both), Broken(ErrorKind::InvalidMessage));
}

#[test]
fn every_length() {
    // NIPC-L2C-13, NIPC-RCV-02, NIPC-RCV-05
    for length in 1..=128_usize {
        let mut honest = incremented(1, 42);
        honest.resize(length, 0xa5);
        if length >= 32 {
            honest = set(honest, U32(at::PAYLOAD_LEN, length as u32 - 32));
        }
        let outcome = match length {
            0..32 => Broken(ErrorKind::InvalidMessage),
            32..40 => Kept(ErrorKind::InvalidMessage),
            _ => Value(42),
        };
        assert_eq!(after_packet(honest), outcome, "honest, {length}");
        if !(32..=40).contains(&length) {
            let mut lying = incremented(1, 42);
            lying.resize(length, 0xa5);
            let kind = if length < 32 { ErrorKind::InvalidMessage } else { ErrorKind::PeerMisbehaved };
            assert_eq!(after_packet(lying), Broken(kind), "lying, {length}");
        }
    }
}

#[test]
fn failures_in_every_form() {
    // NIPC-L2C-12, NIPC-RCV-13: with the flag and the count of a batch, with a payload nobody asked for.
    for status in [1, 4, 6] {
        for packet in [
            failure(INCREMENT, 1, status),
            batch(failure(INCREMENT, 1, status), 1),
            set(response(INCREMENT, 1, b"why"), U16(at::STATUS, status)),
            set(failure(INCREMENT, 1, status), U32(at::ITEM_COUNT, 0)),
        ] {
            let bed = Bed::new();
            let server = server(&bed, move |listener| {
                let peer = listener.accept_session();
                peer.packet();
                peer.send(&packet);
                peer.end();
            });
            let mut client = bed.ready_client::<Increment>(|_| {});
            let error = client.call(41).unwrap_err();
            assert!(matches!(error, Error::Rejected(Status(got)) if got == status), "{error:?}");
            assert!(client.is_ready());
            drop(client);
            server.join().unwrap();
        }
    }
}

#[test]
fn an_answer_that_was_given_before() {
    // NIPC-RCV-08, NIPC-L2C-10: the id has left the set, and is never used again.
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let peer = listener.accept_session();
        assert_eq!(u64_at(&peer.packet(), at::MESSAGE_ID), 1);
        peer.send(&incremented(1, 42));
        assert_eq!(u64_at(&peer.packet(), at::MESSAGE_ID), 2);
        peer.send(&incremented(1, 42));
        peer.end();
        assert!(!listener.has_caller());
    });
    let mut client = bed.ready_client::<Increment>(|_| {});
    assert_eq!(client.call(41).unwrap().value, 42);
    assert_eq!(kind_of(client.call(41)), ErrorKind::PeerMisbehaved);
    assert_eq!(condition(&client), (State::Broken, Some(ErrorKind::PeerMisbehaved)));
    server.join().unwrap();
}

#[test]
fn an_answer_to_nothing() {
    // NIPC-RCV-08: whether the client sees it in a refresh or in its next call, the session is over.
    let bed = Bed::new();
    let (unasked, seen) = channel::<()>();
    let server = server(&bed, move |listener| {
        let peer = listener.accept_session();
        peer.send(&incremented(1, 42));
        unasked.send(()).unwrap();
        peer.end();
        let peer = listener.accept_session();
        peer.end();
    });
    let mut client = bed.ready_client::<Increment>(|_| {});
    seen.recv().unwrap();
    assert_eq!(client.refresh(), State::Ready);
    assert_eq!(client.status().counters.connects, 2, "the first session was not to be trusted");
    drop(client);
    server.join().unwrap();
}

/// Answers a batch of 3.
fn after_batch(answer: Vec<u8>) -> Result<Vec<u64>, ErrorKind> {
    let bed = Bed::new();
    let server = server(&bed, move |listener| {
        let peer = listener.accept_session();
        let request = peer.packet();
        assert_eq!((u16_at(&request, at::FLAGS), u32_at(&request, at::ITEM_COUNT)), (BATCH, 3));
        assert_eq!(request[32..], batch_payload(&[1_u64, 2, 3].map(u64::to_ne_bytes)));
        peer.send(&answer);
        peer.end();
        assert!(!listener.has_caller());
    });
    let mut client = bed.ready_client::<Increment>(|config| config.session.max_batch_items = 4);
    let result = client.call_batch(&[1, 2, 3]).map_err(|error| error.kind()).and_then(|replies| {
        replies.iter().map(|reply| reply.map(|reply| reply.value).map_err(|error| error.kind())).collect()
    });
    let broken = matches!(result, Err(ErrorKind::PeerMisbehaved)) || client.status().state == State::Broken;
    assert_eq!(broken, client.status().state == State::Broken, "{result:?}");
    drop(client);
    server.join().unwrap();
    result
}

#[test]
fn answers_to_a_batch() {
    // NIPC-L2C-14, NIPC-BAT-13, NIPC-RCV-13
    let payload = |count: u64| batch_payload(&(0..count).map(|i| (i + 2).to_ne_bytes()).collect::<Vec<_>>());
    let good = batch(response(INCREMENT, 1, &payload(3)), 3);
    assert_eq!(after_batch(good.clone()), Ok(vec![2, 3, 4]));
    let misbehaved = Err(ErrorKind::PeerMisbehaved);
    let invalid = Err(ErrorKind::InvalidMessage);
    assert_eq!(after_batch(batch(response(INCREMENT, 1, &payload(2)), 2)), misbehaved, "too few items");
    assert_eq!(after_batch(batch(response(INCREMENT, 1, &payload(4)), 4)), misbehaved, "too many items");
    assert_eq!(after_batch(batch(response(INCREMENT, 1, &payload(5)), 5)), misbehaved, "more than agreed");
    assert_eq!(after_batch(incremented(1, 2)), misbehaved, "no batch");
    assert_eq!(after_batch(set(good.clone(), U16(at::FLAGS, 0))), misbehaved, "no batch flag");
    assert_eq!(after_batch(batch(response(INCREMENT, 1, &[]), 0)), misbehaved, "an empty batch");
    assert_eq!(after_batch(batch(response(INCREMENT, 1, &[0; 16]), 3)), invalid, "half a directory");
    assert_eq!(after_batch(set(good.clone(), U32(36, 1 << 20))), invalid, "an item outside");
    assert_eq!(after_batch(set(good.clone(), U32(40, 4))), invalid, "an item at an odd place");
    assert_eq!(after_batch(set(good, U32(36, 7))), invalid, "an item that does not decode");
    for status in [1, 4, 6] {
        assert_eq!(after_batch(failure(INCREMENT, 1, status)), Err(ErrorKind::Rejected));
        assert_eq!(after_batch(batch(failure(INCREMENT, 1, status), 3)), Err(ErrorKind::Rejected), "as C words it");
    }
}
