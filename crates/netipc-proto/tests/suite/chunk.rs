//! Messages in several packets.

use netipc_proto::chunk::{Assembler, ChunkError, ChunkHeader, Chunker};
use netipc_proto::error::Violation;
use netipc_proto::header::Header;
use netipc_proto::session::Received;
use netipc_proto::time::Time;
use proptest::prelude::*;

use crate::common::{agreed, packets, pair, patched, pattern, whole};

/// SO_SNDBUF of a Linux system with default settings; the kernel keeps 32 bytes of it for itself.
const SNDBUF: u32 = 212_992;

/// NIPC-CHK-01, NIPC-CHK-02, NIPC-CHK-03: the example of the specification.
#[test]
fn example() {
    let payload = pattern(188);
    let header = Header::request(1, 188, 77);
    let packets = packets(Chunker::new(header, 96), &payload);
    assert_eq!(packets.iter().map(Vec::len).collect::<Vec<_>>(), [96, 96, 92]);
    assert_eq!(Header::decode(&packets[0]), Ok(header));
    for (packet, index) in packets[1..].iter().zip(1..) {
        let expected =
            ChunkHeader { message_id: 77, total_len: 220, index, count: 3, payload_len: packet.len() as u32 - 32 };
        assert_eq!(ChunkHeader::decode(packet), Ok(expected));
    }
}

/// NIPC-CHK-01
#[test]
fn boundary_of_one_packet() {
    for (len, count) in [(0, 1), (63, 1), (64, 1), (65, 2), (128, 2), (129, 3)] {
        let chunker = Chunker::new(Header::request(1, len, 1), 96);
        assert_eq!(chunker.count(), count, "payload {len}");
        assert_eq!(packets(chunker, &pattern(len as usize)).len(), count as usize);
    }
}

/// NIPC-CHK-04: a chunker shows the same packet until it is told that the packet was sent.
#[test]
fn resumable() {
    let mut chunker = Chunker::new(Header::request(1, 100, 1), 64);
    assert!(!chunker.started());
    assert_eq!(chunker.packet(), chunker.packet());
    chunker.advance();
    assert!(chunker.started() && !chunker.is_done());
    let resumed = chunker;
    assert_eq!(resumed.packet(), chunker.packet());
    for _ in 0..5 {
        chunker.advance();
    }
    assert!(chunker.is_done());
    assert_eq!(chunker.packet(), None);
    assert_eq!(chunker.header().payload_len, 100);
}

/// NIPC-CHK-02, NIPC-CHK-03. Fault 4 of the existing peers: chunked messages fail at the default packet size, because they count on
/// all of SO_SNDBUF.
#[test]
fn chunking_at_default_packet_size() {
    let packet_size = SNDBUF - 32;
    for payload_len in [packet_size - 32, packet_size - 31, packet_size, SNDBUF - 32, SNDBUF, 1 << 20] {
        let agreed = agreed(1 << 20, 1 << 20, 1, packet_size);
        let (mut client, mut server) = pair(&agreed);
        let payload = pattern(payload_len as usize);
        let request = Header::request(2, payload_len, 1);
        let packets = packets(client.begin_send(&request).unwrap(), &payload);
        assert!(packets.iter().all(|packet| packet.len() <= packet_size as usize));
        let (last, first) = packets.split_last().unwrap();
        for packet in first {
            assert_eq!(server.on_packet(packet, Time::ZERO), Ok(Received::Partial));
        }
        match server.on_packet(last, Time::ZERO).unwrap() {
            Received::Whole(header) => assert_eq!((header, &last[32..]), (request, &payload[..])),
            Received::Assembled(header) => assert_eq!((header, server.assembled()), (request, &payload[..])),
            Received::Partial => panic!("the message is complete"),
        }
    }
}

/// The packets of a message whose first packet carries only `first` payload bytes, as a foreign sender may cut it.
fn cut(header: Header, payload: &[u8], first: usize, packet_size: usize) -> Vec<Vec<u8>> {
    let mut out = vec![whole(header, &payload[..first])];
    let parts = payload[first..].chunks(packet_size - 32);
    let count = 1 + parts.len() as u32;
    for (part, index) in parts.zip(1..) {
        let chunk = ChunkHeader {
            message_id: header.message_id,
            total_len: 32 + payload.len() as u32,
            index,
            count,
            payload_len: part.len() as u32,
        };
        out.push([&chunk.encode()[..], part].concat());
    }
    out
}

fn assemble(packets: &[Vec<u8>], packet_size: u32) -> Result<Option<(Header, Vec<u8>)>, Violation> {
    let (_, mut server) = pair(&agreed(1 << 16, 0, 1, packet_size));
    for packet in packets {
        match server.on_packet(packet, Time::ZERO)? {
            Received::Whole(header) => return Ok(Some((header, packet[32..].to_vec()))),
            Received::Assembled(header) => return Ok(Some((header, server.take_assembled()))),
            Received::Partial => {}
        }
    }
    Ok(None)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// NIPC-CHK-02, NIPC-CHK-03, NIPC-CHK-05
    #[test]
    fn cut_and_assembled_is_identity(len in 0usize..3000, packet_size in 33u32..500, id in any::<u64>()) {
        let payload = pattern(len);
        let header = Header::request(1, len as u32, id);
        let packets = packets(Chunker::new(header, packet_size), &payload);
        let size = packet_size as usize;
        prop_assert_eq!(packets.len(), 1 + (32 + len).saturating_sub(size).div_ceil(size - 32));
        prop_assert_eq!(assemble(&packets, packet_size), Ok(Some((header, payload))));
    }

    /// NIPC-CHK-05, NIPC-CHK-06: a short first packet is fine, whatever it carries.
    #[test]
    fn short_first_packet(len in 1usize..2000, packet_size in 33usize..300, first in any::<prop::sample::Index>()) {
        let first = first.index(len).min(packet_size - 32);
        let payload = pattern(len);
        let header = Header::request(1, len as u32, 3);
        let packets = cut(header, &payload, first, packet_size);
        prop_assert_eq!(assemble(&packets, packet_size as u32), Ok(Some((header, payload))));
    }

    /// NIPC-CHK-11: any other split of the rest than full packets is refused.
    #[test]
    fn other_splits_are_refused(len in 200usize..800, sizes in prop::collection::vec(1usize..120, 1..20)) {
        let packet_size = 96;
        let payload = pattern(len);
        let header = Header::request(1, len as u32, 3);
        let good = cut(header, &payload, 64, packet_size);
        let mut packets = vec![good[0].clone()];
        let mut sent = 64;
        for (size, index) in sizes.iter().zip(1..) {
            let part = &payload[sent..(sent + size).min(len)];
            let chunk = ChunkHeader {
                message_id: 3,
                total_len: 32 + len as u32,
                index,
                count: good.len() as u32,
                payload_len: part.len() as u32,
            };
            packets.push([&chunk.encode()[..], part].concat());
            sent += part.len();
        }
        let full = packets.iter().zip(&good).all(|(packet, good)| packet == good);
        match assemble(&packets, packet_size as u32) {
            Ok(None) => prop_assert!(full && packets.len() < good.len()),
            Ok(Some(_)) => prop_assert!(full && packets.len() >= good.len()),
            Err(Violation::Chunk(ChunkError::PartLen { got, expected })) => prop_assert!(got != expected),
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }

    /// NIPC-CHK-07, NIPC-CHK-08, NIPC-CHK-09, NIPC-CHK-10, NIPC-CHK-11: a change of one byte is refused, or changes
    /// nothing but that byte of the message.
    #[test]
    fn mutation(len in 65usize..400, at in any::<prop::sample::Index>(), change in 1u8..) {
        let payload = pattern(len);
        let header = Header::request(1, len as u32, 0x0102_0304_0506_0708);
        let mut packets = packets(Chunker::new(header, 96), &payload);
        let at = at.index(32 * packets.len() + len);
        let (mut packet, mut place) = (0, at);
        while place >= packets[packet].len() {
            place -= packets[packet].len();
            packet += 1;
        }
        packets[packet][place] ^= change;
        match assemble(&packets, 96) {
            Ok(Some((changed, assembled))) => {
                if place >= 32 {
                    let differing = assembled.iter().zip(&payload).filter(|(a, b)| a != b).count();
                    prop_assert_eq!((changed, assembled.len(), differing), (header, len, 1));
                } else {
                    prop_assert!(packet == 0 && changed != header);
                    prop_assert_eq!(assembled, payload);
                }
            }
            // Only a first header that announces more leaves the message open.
            Ok(None) => prop_assert!(packet == 0 && (16..20).contains(&place)),
            Err(_) => prop_assert!(place < 32),
        }
    }
}

fn refused(packet: &[u8]) -> ChunkError {
    let header = Header::request(1, 188, 77);
    let payload = pattern(188);
    let mut assembler = Assembler::new();
    assembler.begin(header, &payload[..64], 96);
    assembler.continuation(packet).unwrap_err()
}

/// NIPC-CHK-07, NIPC-CHK-08, NIPC-CHK-09, NIPC-CHK-10, NIPC-CHK-11, NIPC-RCV-07: with everything wrong, the first field
/// in the order of the checks is named.
#[test]
fn order_of_checks() {
    let mut packet = vec![0xee; 100];
    assert_eq!(refused(&packet[..31]), ChunkError::Short { got: 31 });
    assert_eq!(refused(&packet), ChunkError::Magic { got: 0xeeee_eeee });
    packet = patched(&packet, 0, 0x4e43_484bu32.to_ne_bytes());
    assert_eq!(refused(&packet), ChunkError::Version { got: 0xeeee });
    packet = patched(&packet, 4, 1u16.to_ne_bytes());
    assert_eq!(refused(&packet), ChunkError::Flags { got: 0xeeee });
    packet = patched(&packet, 6, [0; 2]);
    assert_eq!(refused(&packet), ChunkError::MessageId { got: 0xeeee_eeee_eeee_eeee, expected: 77 });
    packet = patched(&packet, 8, 77u64.to_ne_bytes());
    assert_eq!(refused(&packet), ChunkError::Index { got: 0xeeee_eeee, expected: 1 });
    packet = patched(&packet, 20, 1u32.to_ne_bytes());
    assert_eq!(refused(&packet), ChunkError::Count { got: 0xeeee_eeee, expected: 3 });
    packet = patched(&packet, 24, 3u32.to_ne_bytes());
    assert_eq!(refused(&packet), ChunkError::Total { got: 0xeeee_eeee, expected: 220 });
    packet = patched(&packet, 16, 220u32.to_ne_bytes());
    assert_eq!(refused(&packet), ChunkError::PacketLen { got: 68, expected: 0xeeee_eeee });
    packet = patched(&packet, 28, 68u32.to_ne_bytes());
    assert_eq!(refused(&packet), ChunkError::PartLen { got: 68, expected: 64 });
}

/// NIPC-CHK-10: a chunk without payload.
#[test]
fn empty_chunk() {
    let chunk = ChunkHeader { message_id: 77, total_len: 220, index: 1, count: 3, payload_len: 0 };
    assert_eq!(refused(&chunk.encode()), ChunkError::PartLen { got: 0, expected: 64 });
}

/// NIPC-CHK-09: repeated and skipped chunks, and one past the last.
#[test]
fn sequence() {
    let chunk = ChunkHeader { message_id: 77, total_len: 220, index: 1, count: 3, payload_len: 64 };
    for index in [0, 2, 3, 4, u32::MAX] {
        let packet = [&ChunkHeader { index, ..chunk }.encode()[..], &[0; 64]].concat();
        assert_eq!(refused(&packet), ChunkError::Index { got: index, expected: 1 });
    }
    let mut idle = Assembler::new();
    let packet = [&chunk.encode()[..], &[0; 64]].concat();
    assert_eq!(idle.continuation(&packet), Err(ChunkError::Index { got: 1, expected: 0 }));
}

/// NIPC-CHK-11: the last part may be neither longer nor shorter than what is left.
#[test]
fn overrun() {
    let payload = pattern(188);
    let mut assembler = Assembler::new();
    assembler.begin(Header::request(1, 188, 77), &payload[..64], 96);
    let chunk = ChunkHeader { message_id: 77, total_len: 220, index: 1, count: 3, payload_len: 64 };
    let packet = [&chunk.encode()[..], &payload[64..128]].concat();
    assert_eq!(assembler.continuation(&packet), Ok(None));
    for len in [59u32, 61, 64] {
        let chunk = ChunkHeader { index: 2, payload_len: len, ..chunk };
        let packet = [&chunk.encode()[..], &vec![0; len as usize]].concat();
        assert_eq!(assembler.continuation(&packet), Err(ChunkError::PartLen { got: len, expected: 60 }));
    }
    assert!(assembler.is_pending());
}

/// NIPC-CHK-13: memory follows the bytes that arrived, not the number announced.
#[test]
fn memory_grows_with_arrival() {
    let total = 64 << 20;
    let header = Header::request(1, total, 1);
    let mut assembler = Assembler::new();
    assembler.begin(header, &[], 4128);
    assert_eq!(assembler.held(), 0);
    let body = pattern(4096);
    let mut moves = 0;
    for index in 1..=1024 {
        let before = assembler.held();
        let chunk =
            ChunkHeader { message_id: 1, total_len: total + 32, index, count: 1 + total / 4096, payload_len: 4096 };
        let packet = [&chunk.encode()[..], &body].concat();
        assert_eq!(assembler.continuation(&packet), Ok(None));
        assert!(assembler.held() <= 2 * assembler.payload().len());
        moves += u32::from(assembler.held() != before);
    }
    assert!(moves <= 12, "{moves} reallocations for 1024 packets");
}

/// NIPC-CHK-13: memory that a large message needed is given back.
#[test]
fn memory_is_released() {
    let (mut client, mut server) = pair(&agreed(1 << 20, 1024, 1, 4096));
    let payload = pattern(1 << 20);
    for id in 0..2 {
        let header = Header::request(1, 1 << 20, id);
        for packet in packets(client.begin_send(&header).unwrap(), &payload) {
            server.on_packet(&packet, Time::ZERO).unwrap();
            if server.deadline().is_some() {
                server.release();
            }
        }
        assert_eq!(server.assembled(), payload, "a release in the middle of a message loses nothing");
        assert_eq!(server.held(), 1 << 20);
        server.release();
        assert_eq!(server.held(), 0);
    }
}
