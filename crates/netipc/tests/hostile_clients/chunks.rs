//! Messages in parts that do not fit together.

use std::time::Duration;

use netipc::{RunningServer, ServerConfig};

use crate::raw::{
    Bed, Field, PATIENCE, Raw, STRING_REVERSE, at, chunked, chunked_from, eventually, failure, hello, increment,
    request, response, set, set_all, text,
};
use crate::reverse_server;
use Field::{U16, U32, U64};

/// The packet size of these sessions: M = 220 makes packets of 96, 96 and 92 bytes.
const PACKET: usize = 96;

fn session(bed: &Bed) -> Raw {
    let terms = [U32(at::hello::PACKET, PACKET as u32), U32(at::hello::REQUEST_PAYLOAD, 1 << 20)];
    Raw::session_with(&bed.path(), &set_all(hello(), &terms)).0
}

/// A text whose request has `length` bytes.
fn text_of(length: usize) -> Vec<u8> {
    (0..length - 32 - 9).map(|i| i as u8).collect()
}

fn message_of(length: usize) -> Vec<u8> {
    request(STRING_REVERSE, 7, &text(&text_of(length)))
}

fn answer_to(length: usize) -> Vec<u8> {
    let mut reversed = text_of(length);
    reversed.reverse();
    response(STRING_REVERSE, 7, &text(&reversed))
}

#[track_caller]
fn assert_served(bed: &Bed) {
    let session = session(bed);
    session.send_all(&chunked(&message_of(220), PACKET));
    assert_eq!(session.message(), answer_to(220));
}

fn quick(config: &mut ServerConfig) {
    config.listener.half_message_timeout = Duration::from_millis(60);
}

fn stalled(server: &RunningServer) -> u64 {
    server.handle().status().stalled
}

#[test]
fn canonical_chunks_both_ways() {
    // NIPC-CHK-01 to NIPC-CHK-03
    let bed = Bed::new();
    let server = reverse_server(&bed, |_| {});
    let session = session(&bed);
    for length in (41..300).chain([1000, 5000]) {
        session.send_all(&chunked(&message_of(length), PACKET));
        // Every byte of every packet of the answer.
        for (i, packet) in chunked(&answer_to(length), PACKET).iter().enumerate() {
            assert_eq!(&session.packet(), packet, "packet {i} of {length}");
        }
    }
    bed.assert_only(&server, 1);
}

#[test]
fn a_short_first_packet_is_tolerated() {
    // NIPC-CHK-05, NIPC-CHK-06
    let bed = Bed::new();
    let server = reverse_server(&bed, |_| {});
    let session = session(&bed);
    for first in 0..=64 {
        for length in [120, 220, 96 + 64] {
            session.send_all(&chunked_from(&message_of(length), PACKET, first));
            assert_eq!(session.message(), answer_to(length), "{length} bytes, {first} in the first packet");
        }
    }
    bed.assert_only(&server, 1);
}

#[test]
fn a_whole_message_may_come_in_a_long_packet() {
    // NIPC-RCV-06: a sender that ignores the agreed packet size is understood, half a message of that size is not.
    let bed = Bed::new();
    let server = reverse_server(&bed, |_| {});
    let session = session(&bed);
    session.send(&message_of(220));
    assert_eq!(session.message(), answer_to(220));
    session.send(&chunked_from(&message_of(220), PACKET, PACKET - 32 + 1)[0]);
    session.end();
    assert_served(&bed);
    bed.assert_only(&server, 0);
    assert_eq!(server.handle().status().violations, 1);
}

#[test]
fn every_field_of_a_continuation_wrong() {
    // NIPC-CHK-07 to NIPC-CHK-11
    let bed = Bed::new();
    let server = reverse_server(&bed, |_| {});
    let packets = chunked(&message_of(220), PACKET);
    let fields = [
        U32(at::chunk::MAGIC, 0),
        U32(at::chunk::MAGIC, 0x4e49_5043),
        U16(at::chunk::VERSION, 0),
        U16(at::chunk::VERSION, 2),
        U16(at::chunk::FLAGS, 1),
        U16(at::chunk::FLAGS, 0x8000),
        U64(at::chunk::MESSAGE_ID, 8),
        U64(at::chunk::MESSAGE_ID, u64::MAX),
        U32(at::chunk::TOTAL, 0),
        U32(at::chunk::TOTAL, 219),
        U32(at::chunk::TOTAL, 221),
        U32(at::chunk::TOTAL, u32::MAX),
        U32(at::chunk::INDEX, 0),
        U32(at::chunk::INDEX, 3),
        U32(at::chunk::INDEX, u32::MAX),
        U32(at::chunk::COUNT, 0),
        U32(at::chunk::COUNT, 2),
        U32(at::chunk::COUNT, 4),
        U32(at::chunk::COUNT, u32::MAX),
        U32(at::chunk::PAYLOAD_LEN, 0),
        U32(at::chunk::PAYLOAD_LEN, 63),
        U32(at::chunk::PAYLOAD_LEN, 65),
        U32(at::chunk::PAYLOAD_LEN, u32::MAX),
    ];
    for (i, field) in fields.iter().enumerate() {
        for wrong in [1, 2] {
            let session = session(&bed);
            session.send_all(&packets[..wrong]);
            session.send(&set(packets[wrong].clone(), *field));
            session.end();
            eventually("the violation counts", || server.handle().status().violations == (2 * i + wrong) as u64);
        }
    }
    // The index of one packet is wrong in the other.
    for order in [[0, 2, 1], [0, 1, 1]] {
        let session = session(&bed);
        for i in order {
            if session.try_send(&packets[i]).is_err() {
                break;
            }
        }
        session.end();
    }
    assert_served(&bed);
    bed.assert_only(&server, 0);
}

#[test]
fn every_length_of_a_continuation() {
    // NIPC-CHK-07, NIPC-CHK-10, NIPC-CHK-11, NIPC-RCV-01
    let bed = Bed::new();
    let server = reverse_server(&bed, |_| {});
    let packets = chunked(&message_of(220), PACKET);
    for length in 0..=128_usize {
        for honest in [false, true] {
            let mut packet = packets[1].clone();
            packet.resize(length, 0);
            if honest && length >= 32 {
                packet = set(packet, U32(at::chunk::PAYLOAD_LEN, length as u32 - 32));
            }
            let session = session(&bed);
            session.send_all(&[&packets[0], &packet]);
            if length == PACKET {
                session.send(&packets[2]);
                assert_eq!(session.message()[..32], answer_to(220)[..32]);
            } else {
                session.end();
            }
        }
    }
    assert_served(&bed);
    bed.assert_only(&server, 0);
}

#[test]
fn nothing_comes_between_chunks() {
    // NIPC-CHK-04, NIPC-CHK-08
    let bed = Bed::new();
    let server = reverse_server(&bed, |_| {});
    let (one, other) = (chunked(&message_of(220), PACKET), chunked(&message_of(300), PACKET));
    for stranger in [increment(9, 9), one[0].clone(), other[0].clone(), other[1].clone(), hello()] {
        let session = session(&bed);
        session.send_all(&[&one[0], &stranger]);
        session.orderly_end();
    }
    // A continuation of nothing, and one more than there are.
    let loose = session(&bed);
    loose.send(&one[1]);
    loose.end();
    let more = session(&bed);
    more.send_all(&one);
    assert_eq!(more.message(), answer_to(220));
    more.send(&one[2]);
    more.end();
    assert_served(&bed);
    bed.assert_only(&server, 0);
}

#[test]
fn a_limit_is_told_after_the_first_packet() {
    // NIPC-L2S-08: the rest of the message is discarded.
    let bed = Bed::new();
    let server = reverse_server(&bed, |_| {});
    let session = session(&bed);
    let mut packets = chunked(&message_of((1 << 20) + 33), PACKET);
    packets.truncate(50);
    session.send_all(&packets);
    assert_eq!(session.packet(), failure(STRING_REVERSE, 7, 5));
    session.orderly_end();
    bed.assert_only(&server, 0);
}

#[test]
fn half_a_message_ends_its_session_only() {
    // NIPC-CHK-12, NIPC-L2S-15, NIPC-L2S-12
    let bed = Bed::new();
    let server = reverse_server(&bed, quick);
    let packets = chunked(&message_of(5000), PACKET);
    let idle = session(&bed);
    let halves: Vec<Raw> = (1..20)
        .map(|count| {
            let session = session(&bed);
            session.send_all(&packets[..count]);
            session
        })
        .collect();
    assert_served(&bed);
    for half in &halves {
        half.orderly_end();
    }
    assert_eq!(stalled(&server), 19);
    // Silence between messages is no offence.
    idle.send_all(&packets);
    assert_eq!(idle.message(), answer_to(5000));
    bed.assert_only(&server, 1);
}

#[test]
fn a_trickle_of_chunks_wins_no_time() {
    // NIPC-CHK-12: the deadline counts from the first packet.
    let bed = Bed::new();
    let server = reverse_server(&bed, quick);
    let packets = chunked(&message_of(1 << 19), PACKET);
    let session = session(&bed);
    let began = std::time::Instant::now();
    let cut = packets.iter().position(|packet| {
        std::thread::sleep(Duration::from_millis(10));
        assert!(began.elapsed() < PATIENCE, "the session goes on and on");
        session.try_send(packet).is_err()
    });
    assert!(cut.is_some(), "all of it was taken");
    assert_eq!(stalled(&server), 1);
    bed.assert_only(&server, 0);
}
