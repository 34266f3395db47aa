//! Sequences of operations on both ends of a session.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Input, packets};
use crate::error::{SendError, Violation};
use crate::header::{HEADER_LEN, Header};
use crate::limits::{Agreed, Limits};
use crate::profile::Profiles;
use crate::session::{Received, Role, Session};
use crate::time::Time;

const TIMEOUT: Duration = Duration::from_secs(1);
/// What an assembler may hold besides twice the bytes that arrived.
const SLACK: usize = 4096;
/// Packets that can be under way in one direction.
const QUEUE: usize = 64;

/// A sequence of operations on a client and a server that talk to each other: sends, deliveries, packets changed, cut,
/// lost or invented, time that passes, close.
///
/// Checked throughout: nothing panics; ids in flight are as a plain set has them; memory is bounded by what arrived; a
/// deadline is set exactly while a message is half there; a violation, once there, stays.
pub fn session_ops(data: &[u8]) {
    let mut input = Input(data);
    let limits = |input: &mut Input<'_>| Limits {
        max_payload: u32::from(input.u16()) % 2048,
        max_items: u32::from(input.u8() % 8) + 1,
    };
    let (request, response) = (limits(&mut input), limits(&mut input));
    let agreed = Agreed {
        profile: Profiles::BASELINE,
        server_supported: Profiles::BASELINE,
        request,
        response,
        granted_response_payload: response.max_payload,
        packet_size: u32::from(input.u8()) + 33,
        session_id: 1,
    };
    let mut world =
        World { client: End::new(Role::Client, &agreed), server: End::new(Role::Server, &agreed), now: Time::ZERO };
    while !input.is_empty() {
        world.step(&mut input);
        world.client.check();
        world.server.check();
    }
    world.end();
}

struct World {
    client: End,
    server: End,
    now: Time,
}

impl World {
    fn step(&mut self, input: &mut Input<'_>) {
        let op = input.u8();
        let (from, to) =
            if op & 1 == 0 { (&mut self.client, &mut self.server) } else { (&mut self.server, &mut self.client) };
        match op >> 1 & 0xf {
            0 | 1 => from.send(input),
            2..=4 => {
                if let Some(packet) = from.queue.pop_front() {
                    to.receive(&packet, self.now);
                }
            }
            5 => {
                let (at, change) = (usize::from(input.u16()), input.u8());
                if let Some(packet) = from.queue.front_mut() {
                    let at = at % packet.len();
                    packet[at] ^= change;
                }
            }
            6 => {
                let len = usize::from(input.u8());
                if let Some(packet) = from.queue.front_mut() {
                    packet.truncate(len.max(1));
                }
            }
            7 => drop(from.queue.pop_front()),
            8 => {
                let len = usize::from(input.u8());
                let garbage = input.take(len);
                if !garbage.is_empty() {
                    to.receive(garbage, self.now);
                }
            }
            9 => {
                self.now = self.now + Duration::from_millis(u64::from(input.u8()) * 8);
                from.tick(self.now);
                to.tick(self.now);
            }
            10 => from.session.release(),
            11 => {
                let id = u64::from(input.u8() % 16);
                assert_eq!(from.session.abandon(id), from.ids.remove(&id));
            }
            12 => {
                let taken = from.session.take_assembled();
                assert!(taken.len() <= from.session.inbound().max_payload as usize);
            }
            13 => from.close(),
            _ => {}
        }
    }

    /// Whatever happened: both ends can be closed, and only what was in flight dies.
    fn end(&mut self) {
        self.client.close();
        self.server.close();
    }
}

struct End {
    session: Session,
    queue: VecDeque<Vec<u8>>,
    /// The ids in flight, as they should be.
    ids: BTreeSet<u64>,
    /// Bytes that arrived since the end was created.
    arrived: usize,
    broken: Option<Violation>,
    closed: bool,
}

impl End {
    fn new(role: Role, agreed: &Agreed) -> End {
        End {
            session: Session::new(role, agreed, TIMEOUT),
            queue: VecDeque::new(),
            ids: BTreeSet::new(),
            arrived: 0,
            broken: None,
            closed: false,
        }
    }

    fn send(&mut self, input: &mut Input<'_>) {
        let len = u32::from(input.u16()) % 2048;
        let id = u64::from(input.u8() % 16);
        let items = u32::from(input.u8() % 10);
        let mut header = Header::request(1, len, id);
        if self.session.role() == Role::Server {
            header = header.response(len);
        }
        header.item_count = items;
        let limits = self.session.outbound();
        let mut payload = vec![0; len as usize];
        if items > 5 && items as usize * 8 <= payload.len() {
            // A directory of empty items, all at offset 0.
            header = header.batch(items);
        } else {
            payload.fill(id as u8);
        }
        let sent = self.session.begin_send(&header);
        let expected = if let Some(violation) = self.broken {
            Err(SendError::Broken(violation))
        } else if self.closed {
            Err(SendError::Closed)
        } else if len > limits.max_payload {
            Err(SendError::PayloadTooLarge { got: len, allowed: limits.max_payload })
        } else if items > limits.max_items {
            Err(SendError::TooManyItems { got: items, allowed: limits.max_items })
        } else if self.session.role() == Role::Client && !self.ids.insert(id) {
            Err(SendError::DuplicateId { id })
        } else {
            Ok(())
        };
        assert_eq!(sent.map(|_| ()), expected);
        if let Ok(chunker) = sent
            && self.queue.len() < QUEUE
        {
            self.queue.extend(packets(chunker, &payload));
        }
    }

    fn receive(&mut self, packet: &[u8], now: Time) {
        self.arrived += packet.len();
        let received = self.session.on_packet(packet, now);
        if let Some(violation) = self.broken {
            assert_eq!(received, Err(violation));
            return;
        }
        match received {
            Ok(Received::Whole(header)) => {
                assert_eq!(header.payload_len as usize, packet.len() - HEADER_LEN);
                self.complete(&header);
            }
            Ok(Received::Assembled(header)) => {
                assert_eq!(header.payload_len as usize, self.session.assembled().len());
                self.complete(&header);
            }
            Ok(Received::Partial) => {
                assert!(self.session.deadline().is_some_and(|deadline| deadline <= now + TIMEOUT));
            }
            Err(violation) => self.broken = Some(violation),
        }
    }

    fn complete(&mut self, header: &Header) {
        let limits = self.session.inbound();
        assert!(header.payload_len <= limits.max_payload && header.item_count <= limits.max_items);
        assert_eq!(self.session.deadline(), None);
        if self.session.role() == Role::Client {
            assert!(self.ids.remove(&header.message_id), "only what is in flight is answered");
        }
    }

    fn tick(&mut self, now: Time) {
        let overdue = self.session.deadline().is_some_and(|deadline| deadline <= now);
        let result = self.session.on_deadline(now);
        match self.broken {
            Some(violation) => assert_eq!(result, Err(violation)),
            None => {
                assert_eq!(result.is_err(), overdue);
                self.broken = result.err();
            }
        }
    }

    fn close(&mut self) {
        let dead = self.session.close();
        assert!(dead.iter().copied().eq(core::mem::take(&mut self.ids)));
        self.closed = true;
    }

    fn check(&self) {
        assert_eq!(self.session.violation(), self.broken.as_ref());
        assert_eq!(self.session.in_flight_len(), self.ids.len());
        assert!(self.session.in_flight().all(|id| self.ids.contains(&id)));
        assert!(self.session.held() <= 2 * self.arrived + SLACK);
        assert!(self.broken.is_none() || self.session.deadline().is_none());
    }
}
