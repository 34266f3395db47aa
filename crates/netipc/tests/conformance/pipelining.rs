//! Many messages in flight: any order of answers, full queues in both directions, no deadlock.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use netipc::{Error, Header, Session};
use rustix::event::PollFlags;

use crate::bed::{Pair, Transport, now, pair, pattern, request, response, round_trip, sized};
use crate::support::{Numbers, PATIENCE, patience, poll};

/// Mostly small, now and then several packets.
fn length(id: u64) -> usize {
    if id.is_multiple_of(17) { 20_000 } else { id as usize % 900 }
}

// NIPC-RCV-08, NIPC-UDS-01
pub fn answers_in_any_order<T: Transport>() {
    const COUNT: u64 = 1000;
    let Pair { mut client, mut server, bed: _bed } = sized::<T>(4096, 100_000);
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut numbers = Numbers(1);
            let mut waiting: Vec<(Header, Vec<u8>)> = (0..COUNT)
                .map(|_| {
                    let message = server.receive(patience(), None).unwrap();
                    (message.header, message.payload.to_vec())
                })
                .collect();
            while !waiting.is_empty() {
                let (header, payload) = waiting.swap_remove(numbers.below(waiting.len() as u64) as usize);
                server.send(&header.response(header.payload_len), &payload, patience(), None).unwrap();
            }
            server.close();
        });
        for id in 0..COUNT {
            let payload = pattern(id, length(id));
            client.send(&request(id, &payload), &payload, patience(), None).unwrap();
        }
        let mut open: BTreeSet<u64> = (0..COUNT).collect();
        while !open.is_empty() {
            let message = client.receive(patience(), None).unwrap();
            let id = message.header.message_id;
            assert!(open.remove(&id), "{id} was answered twice");
            assert!(message.payload == pattern(id, length(id)));
        }
        assert!(matches!(client.receive(patience(), None), Err(Error::Disconnected { .. })));
    });
}

/// One end of a session that is driven by readiness alone.
struct Driven {
    session: Session,
    /// What has still to be sent; the last first.
    todo: Vec<(Header, Vec<u8>)>,
    flushed: bool,
    received: usize,
}

impl Driven {
    /// Sends until it would block; whether that was so.
    fn send(&mut self) -> bool {
        loop {
            self.flushed = self.session.flush().unwrap();
            let Some((header, payload)) = self.todo.last() else { return !self.flushed };
            match self.session.try_send(header, payload) {
                Ok(()) => drop(self.todo.pop()),
                Err(Error::WouldBlock) => return true,
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn receive(&mut self) {
        loop {
            match self.session.try_receive() {
                Ok(message) => {
                    let id = message.header.message_id;
                    assert!(message.payload == pattern(id, message.header.payload_len as usize));
                    self.received += 1;
                }
                Err(Error::WouldBlock) => return,
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn interest(&self) -> PollFlags {
        let done = self.flushed && self.todo.is_empty();
        if done { PollFlags::IN } else { PollFlags::IN | PollFlags::OUT }
    }
}

// NIPC-UDS-08, NIPC-UDS-10, NIPC-UDS-12
pub fn both_directions_full<T: Transport>() {
    const COUNT: u64 = 64;
    const SIZE: usize = 60_000;
    let Pair { mut client, mut server, bed: _bed } = sized::<T>(4096, 100_000);
    // Requests that the server will answer while requests come in.
    for id in 0..COUNT {
        client.send(&Header::request(crate::bed::CODE, 0, id), &[], patience(), None).unwrap();
    }
    for _ in 0..COUNT {
        server.receive(patience(), None).unwrap();
    }
    let messages = |kind: fn(u64, &[u8]) -> Header, ids: std::ops::Range<u64>| -> Vec<(Header, Vec<u8>)> {
        ids.map(|id| (id, pattern(id, SIZE))).map(|(id, payload)| (kind(id, &payload), payload)).collect()
    };
    let mut ends = [(client, messages(request, COUNT..2 * COUNT)), (server, messages(response, 0..COUNT))]
        .map(|(session, todo)| Driven { session, todo, flushed: true, received: 0 });
    for end in &mut ends {
        assert!(end.send(), "{} bytes fit the queue of a socket", COUNT as usize * SIZE);
    }
    while ends.iter().any(|end| end.received < COUNT as usize) {
        for end in &mut ends {
            let ready = poll(&end.session, end.interest(), Duration::ZERO);
            if ready.contains(PollFlags::IN) {
                end.receive();
            }
            if ready.contains(PollFlags::OUT) {
                end.send();
            }
        }
    }
    assert!(ends.iter().all(|end| end.todo.is_empty() && end.flushed));
}

// NIPC-UDS-08, NIPC-UDS-12, NIPC-CHK-04
pub fn a_send_that_would_block_goes_on_later<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = sized::<T>(0, 4 << 20);
    let payload = pattern(3, 3 << 20);
    client.try_send(&request(1, &payload), &payload).unwrap();
    assert!(!client.flush().unwrap(), "3 MiB fit the queue of a socket");
    assert!(matches!(client.try_send(&request(2, b"next"), b"next"), Err(Error::WouldBlock)));
    while !client.flush().unwrap() {
        assert!(!matches!(server.try_receive(), Err(error) if !matches!(error, Error::WouldBlock)));
    }
    // What would have blocked was not taken: the id is free.
    client.try_send(&request(2, b"next"), b"next").unwrap();
    let first = server.receive(patience(), None).unwrap();
    assert!(first.header == request(1, &payload) && first.payload == payload);
    assert_eq!(server.receive(patience(), None).unwrap().payload, b"next");
    for id in [2, 1] {
        server.send(&response(id, &[]), &[], patience(), None).unwrap();
        assert_eq!(client.receive(patience(), None).unwrap().header.message_id, id);
    }
    round_trip(&mut client, &mut server, 3);
}

// NIPC-UDS-01, NIPC-UDS-08
pub fn send_many_keeps_order_and_boundaries<T: Transport>() {
    const COUNT: u64 = 3000;
    let Pair { mut client, mut server, bed: _bed } = sized::<T>(4096, 100_000);
    let payloads: Vec<Vec<u8>> = (0..COUNT).map(|id| pattern(id, length(id))).collect();
    let messages: Vec<(Header, &[u8])> =
        (0..COUNT).zip(&payloads).map(|(id, payload)| (request(id, payload), &payload[..])).collect();
    thread::scope(|scope| {
        scope.spawn(|| client.send_many(&messages, patience(), None).unwrap());
        for (id, (header, payload)) in (0..).zip(&messages) {
            let message = server.receive(patience(), None).unwrap();
            assert_eq!(message.header, *header);
            // Made anew each time, which is slow: the sender gets ahead and has to wait for room.
            assert!(message.payload == pattern(id, payload.len()));
        }
    });
    assert!(matches!(server.try_receive(), Err(Error::WouldBlock)));
    client.send_many(&[], now(), None).unwrap();
}

// NIPC-RCV-12: those before a refused message go out, those behind it do not, and their ids stay free.
pub fn send_many_stops_at_a_refusal<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = pair::<T>(|_, config| config.max_request_payload = 100);
    let excess = pattern(0, 101);
    for at in 0..20_u64 {
        let messages: Vec<(Header, &[u8])> =
            (0..20_u64)
                .map(|id| {
                    if id == at { (request(id, &excess), &excess[..]) } else { (request(id, b"small"), &b"small"[..]) }
                })
                .collect();
        let got = client.send_many(&messages, patience(), None);
        assert!(matches!(got, Err(Error::LimitExceeded { got: 101, allowed: 100, .. })), "{got:?}");
        for id in 0..at {
            assert_eq!(server.receive(patience(), None).unwrap().header.message_id, id);
        }
        assert!(matches!(server.try_receive(), Err(Error::WouldBlock)), "refused at {at}");
        client.send(&request(19, b"small"), b"small", patience(), None).unwrap();
        server.receive(patience(), None).unwrap();
        for id in (0..at).chain([19]) {
            server.send(&response(id, &[]), &[], patience(), None).unwrap();
            client.receive(patience(), None).unwrap();
        }
    }
}

// NIPC-UDS-08
pub fn a_send_waits_for_a_slow_reader<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = sized::<T>(0, 4 << 20);
    let payload = pattern(9, 4 << 20);
    thread::scope(|scope| {
        scope.spawn(|| {
            assert!(poll(&server, PollFlags::IN, PATIENCE).contains(PollFlags::IN));
            assert!(server.receive(patience(), None).unwrap().payload == payload);
        });
        client.send(&request(1, &payload), &payload, patience(), None).unwrap();
    });
    round_trip(&mut client, &mut server, 2);
}
