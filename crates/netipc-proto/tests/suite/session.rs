//! The checks of a session, on both sides.

use core::time::Duration;

use netipc_proto::batch::{BatchBuilder, BatchError};
use netipc_proto::chunk::{ChunkError, Chunker};
use netipc_proto::error::{SendError, Violation};
use netipc_proto::header::{Header, HeaderError, Kind, MAX_PAYLOAD_LEN, Status};
use netipc_proto::limits::Limits;
use netipc_proto::session::{Received, Role, Session};
use netipc_proto::time::Time;
use proptest::prelude::*;

use crate::common::{HALF, agreed, packets, pair, patched, pattern, whole};

fn request(payload_len: u32, id: u64) -> Header {
    Header::request(1, payload_len, id)
}

/// What a fresh server makes of a packet.
fn serve(packet: &[u8]) -> Result<Received, Violation> {
    pair(&agreed(256, 512, 4, 1024)).1.on_packet(packet, Time::ZERO)
}

/// NIPC-RCV-02, NIPC-RCV-03, NIPC-RCV-04, NIPC-RCV-05, NIPC-RCV-07, NIPC-RCV-10: a packet in which everything is wrong
/// is put right one field at a time; each step shows the next violation of the order.
#[test]
fn order_of_checks() {
    let mut packet = vec![0xee; 1200];
    assert_eq!(serve(&packet[..31]), Err(HeaderError::Short { got: 31 }.into()));
    assert_eq!(serve(&packet), Err(HeaderError::Magic { got: 0xeeee_eeee }.into()));
    packet = patched(&packet, 0, 0x4e49_5043u32.to_ne_bytes());
    assert_eq!(serve(&packet), Err(HeaderError::HeaderLen { got: 0xeeee }.into()));
    packet = patched(&packet, 6, 32u16.to_ne_bytes());
    assert_eq!(serve(&packet), Err(HeaderError::Kind { got: 0xeeee }.into()));
    packet = patched(&packet, 8, 2u16.to_ne_bytes());
    assert_eq!(serve(&packet), Err(HeaderError::Version { got: 0xeeee }.into()));
    packet = patched(&packet, 4, 1u16.to_ne_bytes());
    for kind in [Kind::Response, Kind::Control] {
        packet = patched(&packet, 8, (kind as u16).to_ne_bytes());
        assert_eq!(serve(&packet), Err(Violation::UnexpectedKind { got: kind, expected: Kind::Request }));
    }
    packet = patched(&packet, 8, 1u16.to_ne_bytes());
    assert_eq!(serve(&packet), Err(Violation::PayloadTooLarge { got: 0xeeee_eeee, allowed: 256 }));
    packet = patched(&packet, 16, 257u32.to_ne_bytes());
    assert_eq!(serve(&packet), Err(Violation::PayloadTooLarge { got: 257, allowed: 256 }));
    packet = patched(&packet, 16, 256u32.to_ne_bytes());
    assert_eq!(serve(&packet), Err(Violation::TooManyItems { got: 0xeeee_eeee, allowed: 4 }));
    packet = patched(&packet, 20, 5u32.to_ne_bytes());
    assert_eq!(serve(&packet), Err(Violation::TooManyItems { got: 5, allowed: 4 }));
    packet = patched(&packet, 20, 4u32.to_ne_bytes());
    assert_eq!(serve(&packet), Err(Violation::PacketTooLong { got: 1200, allowed: 288 }));
    packet.truncate(289);
    assert_eq!(serve(&packet), Err(Violation::PacketTooLong { got: 289, allowed: 288 }));
    packet.truncate(288);
    // The flags 0xeeee do not have the batch bit, so it is a single message with an odd item count: NIPC-ENV-10.
    assert!(matches!(serve(&packet), Ok(Received::Whole(_))));
    packet = patched(&packet, 10, 0xffffu16.to_ne_bytes());
    assert_eq!(serve(&packet), Err(BatchError::Misaligned { index: 0, offset: 0xeeee_eeee }.into()));
    packet = patched(&packet, 32, [0; 32]);
    let Ok(Received::Whole(header)) = serve(&packet) else { panic!("it is sound now") };
    assert_eq!((header.code, header.status, header.message_id), (0xeeee, Status(0xeeee), 0xeeee_eeee_eeee_eeee));
}

/// NIPC-RCV-03, NIPC-HS-14: a limit of 0 admits empty payloads only.
#[test]
fn limit_of_zero() {
    let (mut client, mut server) = pair(&agreed(0, 0, 1, 64));
    assert_eq!(client.begin_send(&request(1, 1)), Err(SendError::PayloadTooLarge { got: 1, allowed: 0 }));
    client.begin_send(&request(0, 1)).unwrap();
    let whole = Received::Whole(request(0, 1));
    assert_eq!(server.on_packet(&request(0, 1).encode(), Time::ZERO), Ok(whole));
    let violation = Violation::PayloadTooLarge { got: 1, allowed: 0 };
    assert_eq!(server.on_packet(&request(1, 2).encode(), Time::ZERO), Err(violation));
}

/// NIPC-ENV-08: no limit admits a message whose length does not fit 32 bits.
#[test]
fn longest_message() {
    let (mut client, mut server) = pair(&agreed(u32::MAX, u32::MAX, 1, 64));
    let (got, allowed) = (MAX_PAYLOAD_LEN + 1, MAX_PAYLOAD_LEN);
    assert_eq!(client.begin_send(&request(got, 1)), Err(SendError::PayloadTooLarge { got, allowed }));
    let mut chunker = client.begin_send(&request(allowed, 2)).unwrap();
    let mut last = 0;
    for _ in 0..3 {
        let (_, body) = chunker.packet().unwrap();
        assert_eq!(body.start, last);
        last = body.end;
        chunker.advance();
    }
    assert_eq!(chunker.count(), MAX_PAYLOAD_LEN.div_ceil(32));
    let packet = request(allowed, 1).encode();
    assert_eq!(server.on_packet(&packet, Time::ZERO), Ok(Received::Partial));
    assert_eq!(server.held(), 0, "NIPC-CHK-13");
    let (_, mut server) = pair(&agreed(u32::MAX, u32::MAX, 1, 64));
    let violation = Violation::PayloadTooLarge { got, allowed };
    assert_eq!(server.on_packet(&request(got, 1).encode(), Time::ZERO), Err(violation));
}

/// NIPC-RCV-06: a whole message may come in a longer packet than agreed, the first part of one may not.
#[test]
fn packet_longer_than_agreed() {
    let (_, mut server) = pair(&agreed(1000, 0, 1, 96));
    let packet = whole(request(65, 1), &[0; 65]);
    assert_eq!(server.on_packet(&packet, Time::ZERO), Ok(Received::Whole(request(65, 1))));
    let packet = whole(request(1000, 2), &[0; 65]);
    assert_eq!(server.on_packet(&packet, Time::ZERO), Err(Violation::PacketTooLong { got: 97, allowed: 96 }));
}

/// NIPC-RCV-12
#[test]
fn send_side_refuses() {
    let (mut client, mut server) = pair(&agreed(256, 512, 4, 1024));
    assert_eq!(client.begin_send(&request(257, 1)), Err(SendError::PayloadTooLarge { got: 257, allowed: 256 }));
    assert_eq!(client.begin_send(&request(8, 1).batch(5)), Err(SendError::TooManyItems { got: 5, allowed: 4 }));
    let wrong = SendError::WrongKind { got: Kind::Response, expected: Kind::Request };
    assert_eq!(client.begin_send(&request(8, 1).response(8)), Err(wrong));
    assert_eq!(client.in_flight_len(), 0, "what was refused is not in flight");
    client.begin_send(&request(256, 1).batch(4)).unwrap();
    assert_eq!(client.begin_send(&request(8, 1)), Err(SendError::DuplicateId { id: 1 }));
    client.begin_send(&request(8, 2)).unwrap();
    assert_eq!(client.in_flight_len(), 2);

    let response = request(8, 1).response(513);
    assert_eq!(server.begin_send(&response), Err(SendError::PayloadTooLarge { got: 513, allowed: 512 }));
    let wrong = SendError::WrongKind { got: Kind::Request, expected: Kind::Response };
    assert_eq!(server.begin_send(&request(8, 1)), Err(wrong));
    for _ in 0..2 {
        // A server does not track ids.
        server.begin_send(&request(8, 1).response(512)).unwrap();
    }
}

/// NIPC-RCV-08
#[test]
fn responses_match_requests() {
    let (mut client, _) = pair(&agreed(256, 512, 4, 1024));
    for id in [7, u64::MAX, 0] {
        client.begin_send(&request(0, id)).unwrap();
    }
    for id in [0, 7, u64::MAX] {
        let response = request(0, id).response(0);
        assert_eq!(client.on_packet(&response.encode(), Time::ZERO), Ok(Received::Whole(response)));
    }
    assert_eq!(client.in_flight_len(), 0);
    client.begin_send(&request(0, 8)).unwrap();
    let again = request(0, 7).response(0).encode();
    assert_eq!(client.on_packet(&again, Time::ZERO), Err(Violation::UnknownMessageId { got: 7 }));
    assert_eq!(client.close(), [8], "NIPC-RCV-09");
}

/// NIPC-RCV-07, NIPC-RCV-08: the directory comes before the id.
#[test]
fn client_checks_the_directory_first() {
    let (mut client, _) = pair(&agreed(256, 512, 4, 1024));
    let response = whole(request(0, 1).response(8).batch(1), &[1; 8]);
    let violation = BatchError::Misaligned { index: 0, offset: 0x0101_0101 }.into();
    assert_eq!(client.on_packet(&response, Time::ZERO), Err(violation));
}

/// NIPC-RCV-13: a failure has no payload and so no directory, even from a server that repeats flag and item count of
/// the request.
#[test]
fn failure_of_a_batch() {
    let (mut client, _) = pair(&agreed(256, 512, 4, 1024));
    client.begin_send(&request(0, 1)).unwrap();
    client.begin_send(&request(0, 2)).unwrap();
    let failure = request(0, 1).failure(Status::INTERNAL_ERROR).batch(3);
    assert_eq!(client.on_packet(&failure.encode(), Time::ZERO), Ok(Received::Whole(failure)));
    // What has a payload, or is no failure, needs a directory; a request can be no failure.
    let sound = client;
    let refuses = |mut session: Session, header: Header, payload: &[u8], error: BatchError| {
        let violation = session.on_packet(&whole(header, payload), Time::ZERO).unwrap_err();
        assert_eq!(violation, error.into());
    };
    let fresh = || {
        let mut client = pair(&agreed(256, 512, 4, 1024)).0;
        client.begin_send(&request(0, 2)).unwrap();
        client
    };
    let truncated = |got| BatchError::Truncated { items: 3, got };
    let failure = Header { message_id: 2, ..failure };
    refuses(fresh(), Header { payload_len: 8, ..failure }, &[0; 8], truncated(8));
    refuses(sound, Header { status: Status::OK, ..failure }, &[], truncated(0));
    let odd = Header { status: Status::INTERNAL_ERROR, ..request(0, 2).batch(3) };
    refuses(pair(&agreed(256, 512, 4, 1024)).1, odd, &[], truncated(0));
}

/// NIPC-RCV-09: once broken, the session says the same to everybody, and its ids can be reported.
#[test]
fn violation_stays() {
    let (mut client, _) = pair(&agreed(256, 512, 4, 1024));
    for id in [3, 1, 2] {
        client.begin_send(&request(0, id)).unwrap();
    }
    let violation = Violation::UnknownMessageId { got: 9 };
    assert_eq!(client.on_packet(&request(0, 9).response(0).encode(), Time::ZERO), Err(violation));
    assert_eq!(client.violation(), Some(&violation));
    assert_eq!(client.on_packet(&request(0, 1).response(0).encode(), Time::ZERO), Err(violation));
    assert_eq!(client.begin_send(&request(0, 4)), Err(SendError::Broken(violation)));
    assert_eq!(client.on_deadline(Time::MAX), Err(violation));
    let mut ids: Vec<u64> = client.in_flight().collect();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(client.close(), [1, 2, 3]);
    assert_eq!(client.close(), [], "each id dies once");
}

/// The session's part of NIPC-L2S-08: the server can answer the message that is over a limit, and only that.
#[test]
fn offender() {
    for header in [request(257, 6), Header { item_count: 5, ..request(8, 6) }] {
        let (_, mut server) = pair(&agreed(256, 512, 4, 1024));
        server.on_packet(&header.encode(), Time::ZERO).unwrap_err();
        assert_eq!(server.offender(), Some(&header));
        let answer = server.offender().unwrap().failure(Status::LIMIT_EXCEEDED);
        assert_eq!((answer.code, answer.message_id, answer.payload_len), (1, 6, 0));
    }
    let (_, mut server) = pair(&agreed(256, 512, 4, 1024));
    server.on_packet(&whole(request(8, 6).batch(1), &[1; 8]), Time::ZERO).unwrap_err();
    assert_eq!(server.offender(), None);
}

/// NIPC-CHK-12, and the session's part of NIPC-L2S-15: half a message is given its time and no more.
#[test]
fn half_message() {
    let start = Time::from_nanos(1000);
    let (_, mut server) = pair(&agreed(1000, 512, 1, 96));
    let chunks = packets(Chunker::new(request(200, 1), 96), &pattern(200));
    assert_eq!(server.deadline(), None);
    assert_eq!(server.on_packet(&chunks[0], start), Ok(Received::Partial));
    assert_eq!(server.deadline(), Some(start + HALF));
    // The time runs from the first packet; further ones do not extend it.
    assert_eq!(server.on_packet(&chunks[1], start + HALF / 2), Ok(Received::Partial));
    assert_eq!(server.deadline(), Some(start + HALF));
    assert_eq!(server.on_deadline(start + (HALF - Duration::from_nanos(1))), Ok(()));
    let violation = Violation::HalfMessage { got: 128, expected: 200, timeout: HALF };
    assert_eq!(server.on_deadline(start + HALF), Err(violation));
    assert_eq!((server.deadline(), server.held()), (None, 0));
    assert_eq!(server.on_packet(&chunks[2], start), Err(violation));
}

/// NIPC-CHK-12: a message that is complete needs no deadline.
#[test]
fn complete_message_has_no_deadline() {
    let (_, mut server) = pair(&agreed(1000, 512, 1, 96));
    for (packet, deadline) in packets(Chunker::new(request(100, 1), 96), &pattern(100)).iter().zip([true, false]) {
        server.on_packet(packet, Time::ZERO).unwrap();
        assert_eq!(server.deadline().is_some(), deadline);
    }
    assert_eq!(server.on_deadline(Time::MAX), Ok(()));
    assert_eq!(server.assembled(), pattern(100));
}

/// The clock is read only for the first part of a message that comes in several.
#[test]
fn clock_is_read_only_when_needed() {
    let never = || -> Time { panic!("the time does not matter here") };
    let (_, mut server) = pair(&agreed(1000, 512, 1, 96));
    server.on_packet_with(&whole(request(8, 1), &[0; 8]), never).unwrap();
    let chunks = packets(Chunker::new(request(100, 2), 96), &pattern(100));
    server.on_packet_with(&chunks[0], || Time::from_nanos(5)).unwrap();
    assert_eq!(server.deadline(), Some(Time::from_nanos(5) + HALF));
    server.on_packet_with(&chunks[1], never).unwrap();
    assert_eq!(server.on_packet_with(&[0; 40], never), Err(HeaderError::Magic { got: 0 }.into()));
    assert_eq!(server.on_packet_with(&[0; 40], never), Err(HeaderError::Magic { got: 0 }.into()));
}

/// NIPC-CHK-04: nothing may come between the chunks of a message.
#[test]
fn message_between_chunks() {
    let (_, mut server) = pair(&agreed(1000, 512, 1, 96));
    let chunks = packets(Chunker::new(request(200, 1), 96), &pattern(200));
    server.on_packet(&chunks[0], Time::ZERO).unwrap();
    let violation = ChunkError::Magic { got: 0x4e49_5043 }.into();
    assert_eq!(server.on_packet(&request(0, 2).encode(), Time::ZERO), Err(violation));
    let (_, mut server) = pair(&agreed(1000, 512, 1, 96));
    assert_eq!(server.on_packet(&chunks[1], Time::ZERO), Err(HeaderError::Magic { got: 0x4e43_484b }.into()));
}

/// A batch of three items of `len` bytes each.
fn batch(len: usize) -> Vec<u8> {
    let mut payload = Vec::new();
    let mut builder = BatchBuilder::new(&mut payload, 4096, 3).unwrap();
    for _ in 0..3 {
        builder.push(&pattern(len)).unwrap();
    }
    builder.finish();
    payload
}

/// NIPC-RCV-04, NIPC-RCV-10, NIPC-BAT-08, NIPC-BAT-09. Fault 11 of the existing peers: limits and batch directories are
/// not checked on every transport. A session checks them whatever brought the bytes, in one packet and in several.
#[test]
fn limits_and_directories_are_always_checked() {
    let payload = batch(100);
    let header = request(payload.len() as u32, 1).batch(3);
    let unaligned = patched(&payload, 8, 4u32.to_ne_bytes());
    let outside = patched(&payload, 20, 4096u32.to_ne_bytes());
    for packet_size in [96, 65536] {
        let limits = agreed(1024, 1024, 3, packet_size);
        let server = || Session::new(Role::Server, &limits, HALF);
        let feed = |mut server: Session, payload: &[u8]| {
            let packets = packets(Chunker::new(header, packet_size), payload);
            packets.iter().map(|packet| server.on_packet(packet, Time::ZERO)).last().unwrap()
        };
        assert!(matches!(feed(server(), &payload), Ok(Received::Whole(_) | Received::Assembled(_))));
        let misaligned = BatchError::Misaligned { index: 1, offset: 4 };
        assert_eq!(feed(server(), &unaligned), Err(misaligned.into()));
        let error = BatchError::OutOfBounds { index: 2, offset: 208, length: 4096, area: payload.len() - 24 };
        assert_eq!(feed(server(), &outside), Err(error.into()));
        let tighter = Limits { max_payload: payload.len() as u32 - 1, max_items: 3 };
        let small = Session::new(Role::Server, &netipc_proto::limits::Agreed { request: tighter, ..limits }, HALF);
        assert!(matches!(feed(small, &payload), Err(Violation::PayloadTooLarge { .. })));
        let tighter = Limits { max_payload: 1024, max_items: 2 };
        let few = Session::new(Role::Server, &netipc_proto::limits::Agreed { request: tighter, ..limits }, HALF);
        assert_eq!(feed(few, &payload), Err(Violation::TooManyItems { got: 3, allowed: 2 }));
    }
}

/// A request of which nothing could be sent is taken back.
#[test]
fn abandon() {
    let (mut client, _) = pair(&agreed(256, 512, 4, 1024));
    client.begin_send(&request(0, 5)).unwrap();
    assert!(client.abandon(5));
    assert!(!client.abandon(5));
    client.begin_send(&request(0, 5)).unwrap();
    assert_eq!(client.close(), [5]);
    assert_eq!(client.begin_send(&request(0, 6)), Err(SendError::Closed));
}

/// What broke a session first is what it tells for ever.
#[test]
fn the_first_violation_stays() {
    let (mut client, _) = pair(&agreed(256, 512, 4, 1024));
    let first = Violation::PacketTooLong { got: 2000, allowed: 1024 };
    client.fail(first);
    client.fail(Violation::UnknownMessageId { got: 1 });
    assert_eq!(client.violation(), Some(&first));
}

/// The bytes of a message that is half there cannot be taken away from it.
#[test]
fn half_a_message_is_not_taken() {
    let (_, mut server) = pair(&agreed(256, 512, 4, 96));
    let payload = [7; 100];
    let packets = packets(Chunker::new(request(100, 1), 96), &payload);
    assert_eq!(server.on_packet(&packets[0], Time::ZERO), Ok(Received::Partial));
    assert!(server.take_assembled().is_empty());
    assert!(matches!(server.on_packet(&packets[1], Time::ZERO), Ok(Received::Assembled(_))));
    assert_eq!(server.take_assembled(), payload);
}

#[test]
fn accessors() {
    let limits = agreed(256, 512, 4, 1024);
    let (client, server) = pair(&limits);
    assert_eq!((client.role(), server.role()), (Role::Client, Role::Server));
    assert_eq!((client.outbound(), client.inbound()), (limits.request, limits.response));
    assert_eq!((server.outbound(), server.inbound()), (limits.response, limits.request));
    assert_eq!(client.packet_size(), 1024);
    assert_eq!(client.violation(), None);
}

proptest! {
    /// NIPC-RCV-11: a change of one byte anywhere in a stream of messages never panics, and the session either goes on
    /// or is broken for good.
    #[test]
    fn mutated_stream(at in any::<prop::sample::Index>(), change in 1u8.., packet_size in 33u32..200) {
        let (_, mut server) = pair(&agreed(1024, 512, 3, packet_size));
        let payload = batch(30);
        let header = request(payload.len() as u32, 1).batch(3);
        let mut stream: Vec<Vec<u8>> = Vec::new();
        for id in 0..3 {
            stream.extend(packets(Chunker::new(Header { message_id: id, ..header }, packet_size), &payload));
        }
        let bytes: usize = stream.iter().map(Vec::len).sum();
        let mut at = at.index(bytes);
        for packet in &mut stream {
            if at < packet.len() {
                packet[at] ^= change;
                break;
            }
            at -= packet.len();
        }
        let mut broken = None;
        for packet in &stream {
            let received = server.on_packet(packet, Time::ZERO);
            match broken {
                Some(violation) => prop_assert_eq!(received, Err(violation)),
                None => broken = received.err(),
            }
        }
    }
}
