//! Batch payloads: what passes, and which directories end a session.

use netipc::proto::batch::{Batch, BatchBuilder};
use netipc::{Error, ErrorKind, Header, Session, Status};

use crate::bed::{CODE, Pair, Transport, pair, pattern, request, response, round_trip};
use crate::support::patience;

fn batching<T: Transport>(items: u32) -> Pair {
    pair::<T>(|listener, config| {
        crate::bed::limits(listener, config, 100_000);
        config.packet_size = 4096;
        config.max_batch_items = items;
    })
}

fn build(items: &[Vec<u8>]) -> Vec<u8> {
    let mut payload = Vec::new();
    let mut builder = BatchBuilder::new(&mut payload, 100_000, items.len().try_into().unwrap()).unwrap();
    for item in items {
        builder.push(item).unwrap();
    }
    builder.finish();
    payload
}

fn entries(payload: &[u8], items: u32) -> Vec<Vec<u8>> {
    Batch::parse(payload, items).unwrap().iter().map(<[u8]>::to_vec).collect()
}

// NIPC-BAT-01, NIPC-BAT-02, NIPC-BAT-03, NIPC-BAT-04, NIPC-BAT-05
pub fn items_arrive_as_they_were<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = batching::<T>(64);
    assert_eq!(client.agreed().request.max_items, 64);
    assert_eq!(client.agreed().response.max_items, 64);
    for count in [1_u32, 2, 3, 63, 64] {
        let items: Vec<Vec<u8>> = (0..count).map(|i| pattern(i.into(), (i as usize * 37) % 1500)).collect();
        let payload = build(&items);
        assert_eq!(payload.len() % 8, 0);
        let header = request(count.into(), &payload).batch(count);
        client.send(&header, &payload, patience(), None).unwrap();
        let message = server.receive(patience(), None).unwrap();
        assert_eq!(message.header, header);
        assert_eq!(entries(message.payload, count), items);
        let header = header.response(header.payload_len).batch(count);
        server.send(&header, &payload, patience(), None).unwrap();
        let message = client.receive(patience(), None).unwrap();
        assert_eq!(message.header, header);
        assert_eq!(entries(message.payload, count), items);
    }
}

// NIPC-RCV-12, NIPC-RCV-04
pub fn more_items_than_agreed<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = batching::<T>(3);
    let payload = build(&vec![vec![7; 5]; 4]);
    for header in [request(1, &payload).batch(4), Header { item_count: 4, ..request(1, &payload) }] {
        let got = client.send(&header, &payload, patience(), None);
        assert!(matches!(got, Err(Error::LimitExceeded { got: 4, allowed: 3, .. })), "{got:?}");
    }
    client.send(&request(1, &[]), &[], patience(), None).unwrap();
    server.receive(patience(), None).unwrap();
    let got = server.send(&response(1, &payload).batch(4), &payload, patience(), None);
    assert!(matches!(got, Err(Error::LimitExceeded { got: 4, allowed: 3, .. })), "{got:?}");
    server.send(&response(1, &[]), &[], patience(), None).unwrap();
    client.receive(patience(), None).unwrap();
    round_trip(&mut client, &mut server, 2);
}

// NIPC-BAT-06, NIPC-ENV-10: neither the flag nor the count alone makes a batch.
pub fn single_messages_in_disguise<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = batching::<T>(8);
    let payload = b"no directory";
    for (id, flags, item_count) in [(1, 1, 0), (2, 0, 0), (3, 0, 8)] {
        let header = Header { flags, item_count, ..request(id, payload) };
        client.send(&header, payload, patience(), None).unwrap();
        let message = server.receive(patience(), None).unwrap();
        assert!(!message.header.is_batch());
        assert_eq!(message.payload, payload);
        let header = Header { flags, item_count, ..response(id, payload) };
        server.send(&header, payload, patience(), None).unwrap();
        assert_eq!(client.receive(patience(), None).unwrap().payload, payload);
    }
}

/// A directory of entries `(offset, length)`, then `area` bytes.
fn raw(directory: &[(u32, u32)], area: usize) -> Vec<u8> {
    let mut payload = Vec::new();
    for (offset, length) in directory {
        payload.extend(offset.to_ne_bytes());
        payload.extend(length.to_ne_bytes());
    }
    payload.resize(payload.len() + area, 0xaa);
    payload
}

/// Directories that are odd and sound.
fn tolerated() -> Vec<Vec<u8>> {
    vec![
        raw(&[(0, 8), (64, 8)], 72),           // a gap
        raw(&[(0, 16), (8, 16)], 24),          // an overlap
        raw(&[(8, 8), (0, 8)], 16),            // another order
        raw(&[(0, 5), (8, 5)], 16),            // padding that is not zero
        raw(&[(0, 1), (8, 1)], 100),           // bytes after the last item
        raw(&[(0, 0), (0, 0)], 0),             // nothing at all
        raw(&[(0, 5000), (5000, 3000)], 9000), // over several packets
    ]
}

/// Directories that end the session.
fn unsound() -> Vec<Vec<u8>> {
    vec![
        raw(&[(0, 8)], 0),                      // shorter than its directory
        raw(&[], 0),                            // no directory
        raw(&[(0, 8), (4, 4)], 16),             // an offset that is no multiple of 8
        raw(&[(0, 8), (8, 9)], 16),             // an end beyond the area
        raw(&[(0, 8), (24, 0)], 16),            // a start beyond the area
        raw(&[(0, 8), (u32::MAX - 7, 16)], 16), // a sum that overflows 32 bits
        raw(&[(0, u32::MAX), (u32::MAX - 7, u32::MAX)], 16),
        raw(&[(0, 8), (5000, 4001)], 9000), // the same over several packets
    ]
}

fn ask(client: &mut Session, server: &mut Session, id: u64) {
    client.send(&Header::request(CODE, 0, id), &[], patience(), None).unwrap();
    server.receive(patience(), None).unwrap();
}

// NIPC-BAT-10
pub fn odd_directories_pass<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = batching::<T>(2);
    for (id, payload) in (1..).zip(tolerated()) {
        client.send(&request(id, &payload).batch(2), &payload, patience(), None).unwrap();
        assert!(server.receive(patience(), None).unwrap().payload == payload);
        server.send(&response(id, &payload).batch(2), &payload, patience(), None).unwrap();
        assert!(client.receive(patience(), None).unwrap().payload == payload);
    }
}

/// The session ends with a violation, and stays ended.
fn violates(session: &mut Session, kind: ErrorKind) {
    for _ in 0..2 {
        let error = session.receive(patience(), None).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    let late = Header::request(CODE, 0, 99);
    assert!(session.send(&late, &[], patience(), None).is_err());
}

// NIPC-BAT-07, NIPC-BAT-08, NIPC-BAT-09, NIPC-RCV-09, NIPC-RCV-10, NIPC-RCV-11
pub fn unsound_directories_end_the_session<T: Transport>() {
    for payload in unsound() {
        let Pair { mut client, mut server, mut bed } = batching::<T>(2);
        client.send(&request(1, &payload).batch(2), &payload, patience(), None).unwrap();
        violates(&mut server, ErrorKind::InvalidMessage);

        let (mut client, mut server) = bed.connect();
        ask(&mut client, &mut server, 1);
        server.send(&response(1, &payload).batch(2), &payload, patience(), None).unwrap();
        violates(&mut client, ErrorKind::InvalidMessage);
    }
}

// NIPC-RCV-13
pub fn a_failed_batch_needs_no_directory<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = batching::<T>(2);
    let payload = build(&[vec![1; 8], vec![2; 8]]);
    client.send(&request(1, &payload).batch(2), &payload, patience(), None).unwrap();
    let asked = server.receive(patience(), None).unwrap().header;
    let failure = Header { flags: 1, item_count: 2, ..asked.failure(Status::BAD_ENVELOPE) };
    server.send(&failure, &[], patience(), None).unwrap();
    assert_eq!(client.receive(patience(), None).unwrap().header, failure);
    round_trip(&mut client, &mut server, 2);
}
