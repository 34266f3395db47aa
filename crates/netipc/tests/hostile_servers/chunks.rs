//! Responses in parts that do not fit together.

use std::sync::mpsc::channel;
use std::time::Duration;

use netipc::services::StringReverse;
use netipc::{Error, ErrorKind, State, Waiting};

use crate::raw::{Bed, Field, Raw, STRING_REVERSE, ack_to, at, chunked, chunked_from, response, set, text};
use crate::{kind_of, server};
use Field::{U16, U32, U64};

const PACKET: usize = 96;

/// The answer of 220 bytes, which takes packets of 96, 96 and 92 bytes.
fn answer() -> Vec<u8> {
    response(STRING_REVERSE, 1, &text(&[b'y'; 220 - 32 - 9]))
}

/// What a call comes to, and the state of the client after it.
fn after(answer: impl FnOnce(&Raw) + Send + 'static, timeout: Duration) -> (Result<usize, Error>, State) {
    let bed = Bed::new();
    let server = server(&bed, move |listener| {
        let (peer, hello) = listener.accept_hello();
        peer.send(&set(ack_to(&hello), U32(at::ack::PACKET, PACKET as u32)));
        peer.packet();
        answer(&peer);
        peer.end();
        assert!(!listener.has_caller(), "the call was sent again");
    });
    let mut client = bed.ready_client::<StringReverse>(|_| {});
    let result = client.call_within(b"abc", timeout).map(|reply| reply.text().len());
    let state = client.status().state;
    drop(client);
    server.join().unwrap();
    (result, state)
}

fn after_packets(packets: Vec<Vec<u8>>) -> (Result<usize, ErrorKind>, State) {
    let (result, state) = after(
        move |peer| {
            for packet in packets {
                // The client may hang up at the first wrong one.
                let _ = peer.try_send(&packet);
            }
        },
        Duration::ZERO,
    );
    (result.map_err(|error| error.kind()), state)
}

#[test]
fn sound_chunks() {
    // NIPC-CHK-05, NIPC-CHK-06, NIPC-RCV-06
    for first in 0..=64 {
        assert_eq!(after_packets(chunked_from(&answer(), PACKET, first)), (Ok(179), State::Ready), "{first}");
    }
    assert_eq!(after_packets(vec![answer()]), (Ok(179), State::Ready), "whole in a long packet");
}

#[test]
fn every_field_of_a_continuation_wrong() {
    // NIPC-CHK-07 to NIPC-CHK-11
    let packets = chunked(&answer(), PACKET);
    let fields = [
        U32(at::chunk::MAGIC, 0x4e49_5043),
        U16(at::chunk::VERSION, 0),
        U16(at::chunk::VERSION, 2),
        U16(at::chunk::FLAGS, 1),
        U64(at::chunk::MESSAGE_ID, 2),
        U32(at::chunk::TOTAL, 0),
        U32(at::chunk::TOTAL, 188),
        U32(at::chunk::TOTAL, u32::MAX),
        U32(at::chunk::INDEX, 0),
        U32(at::chunk::INDEX, 3),
        U32(at::chunk::INDEX, u32::MAX),
        U32(at::chunk::COUNT, 0),
        U32(at::chunk::COUNT, 2),
        U32(at::chunk::COUNT, u32::MAX),
        U32(at::chunk::PAYLOAD_LEN, 0),
        U32(at::chunk::PAYLOAD_LEN, 63),
        U32(at::chunk::PAYLOAD_LEN, u32::MAX),
    ];
    for field in fields {
        for wrong in [1, 2] {
            let mut packets = packets.clone();
            packets[wrong] = set(packets[wrong].clone(), field);
            assert_eq!(after_packets(packets), (Err(ErrorKind::InvalidMessage), State::Broken), "{field:?} in {wrong}");
        }
    }
}

#[test]
fn strangers_between_chunks() {
    // NIPC-CHK-04
    let packets = chunked(&answer(), PACKET);
    let other = response(STRING_REVERSE, 2, &text(b""));
    for stranger in [other, packets[0].clone(), packets[2].clone(), vec![0; 31]] {
        let sequence = vec![packets[0].clone(), stranger, packets[1].clone(), packets[2].clone()];
        assert_eq!(after_packets(sequence), (Err(ErrorKind::InvalidMessage), State::Broken));
    }
    let loose = vec![packets[1].clone()];
    assert_eq!(after_packets(loose), (Err(ErrorKind::InvalidMessage), State::Broken));
}

#[test]
fn half_an_answer_costs_the_deadline_of_the_call() {
    // NIPC-CHK-12, NIPC-L2C-08
    let limit = Duration::from_millis(40);
    let half = |peer: &Raw| peer.send_all(&chunked(&answer(), PACKET)[..2]);
    let (result, state) = after(half, limit);
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Timeout { waiting_for: Waiting::Message, limit: l } if l == limit), "{error:?}");
    assert_eq!(state, State::Broken);
}

#[test]
fn a_slow_answer_has_all_the_time_of_its_call() {
    // NIPC-CHK-12: on a client the deadline of the call alone counts, not that of the transport.
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let (peer, hello) = listener.accept_hello();
        peer.send(&set(ack_to(&hello), U32(at::ack::PACKET, PACKET as u32)));
        peer.packet();
        for packet in chunked(&answer(), PACKET) {
            std::thread::sleep(Duration::from_millis(30));
            peer.send(&packet);
        }
        peer.end();
    });
    let mut client = bed.ready_client::<StringReverse>(|config| {
        config.session.half_message_timeout = Duration::from_millis(10);
    });
    assert_eq!(client.call(b"abc").unwrap().text().len(), 179);
    drop(client);
    server.join().unwrap();
}

#[test]
fn an_abort_ends_the_wait_for_the_other_half() {
    // NIPC-L2C-09
    let bed = Bed::new();
    let (half_sent, is_half) = channel::<()>();
    let server = server(&bed, move |listener| {
        let (peer, hello) = listener.accept_hello();
        peer.send(&set(ack_to(&hello), U32(at::ack::PACKET, PACKET as u32)));
        peer.packet();
        peer.send_all(&chunked(&answer(), PACKET)[..2]);
        half_sent.send(()).unwrap();
        peer.end();
        assert!(!listener.has_caller());
    });
    let mut client = bed.ready_client::<StringReverse>(|_| {});
    let abort = client.abort_handle();
    let aborter = std::thread::spawn(move || {
        is_half.recv().unwrap();
        abort.abort();
    });
    assert_eq!(kind_of(client.call_within(b"abc", Duration::from_secs(3600))), ErrorKind::Aborted);
    assert_eq!(client.status().state, State::Broken);
    aborter.join().unwrap();
    server.join().unwrap();
}
