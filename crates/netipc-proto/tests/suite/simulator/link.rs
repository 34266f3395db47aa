//! One direction of a connection.

use core::time::Duration;
use std::collections::VecDeque;

use netipc_proto::chunk::Chunker;
use netipc_proto::time::Time;

/// Pseudo-random numbers, the same for the same seed.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

/// A pipe that keeps order, takes its time, and holds a few packets only.
#[derive(Debug)]
pub(crate) struct Link {
    /// Packets under way with the time of their arrival; `None` is the end of the stream.
    queue: VecDeque<(Time, Option<Vec<u8>>)>,
    last: Time,
    ended: bool,
    random: Random,
}

/// Packets that fit the pipe.
const CAPACITY: usize = 5;

impl Link {
    pub(crate) fn new(seed: u64) -> Link {
        Link { queue: VecDeque::new(), last: Time::ZERO, ended: false, random: Random::new(seed) }
    }

    pub(crate) fn has_room(&self) -> bool {
        self.queue.len() < CAPACITY
    }

    pub(crate) fn send(&mut self, now: Time, packet: Vec<u8>) {
        if !self.ended {
            self.push(now, Some(packet));
        }
    }

    /// Ends the stream behind what is under way.
    pub(crate) fn end(&mut self, now: Time) {
        if !self.ended {
            self.push(now, None);
            self.ended = true;
        }
    }

    /// Loses what is under way, then ends the stream.
    pub(crate) fn cut(&mut self, now: Time) {
        self.queue.clear();
        self.ended = false;
        self.end(now);
    }

    /// Nothing arrives any more, not even an end.
    pub(crate) fn silence(&mut self) {
        self.queue.clear();
        self.ended = true;
    }

    fn push(&mut self, now: Time, packet: Option<Vec<u8>>) {
        let latency = Duration::from_micros(10 + self.random.below(100) as u64);
        self.last = self.last.max(now + latency);
        self.queue.push_back((self.last, packet));
    }

    /// When the next packet arrives.
    pub(crate) fn arrival(&self) -> Option<Time> {
        self.queue.front().map(|(time, _)| *time)
    }

    /// The packet that has arrived.
    pub(crate) fn take(&mut self, now: Time) -> Option<Option<Vec<u8>>> {
        if self.arrival()? > now {
            return None;
        }
        self.queue.pop_front().map(|(_, packet)| packet)
    }
}

/// Messages that wait for room in the pipe, the first one perhaps half sent.
#[derive(Debug, Default)]
pub(crate) struct Outbox(VecDeque<(Chunker, Vec<u8>)>);

impl Outbox {
    pub(crate) fn push(&mut self, chunker: Chunker, payload: Vec<u8>) {
        self.0.push_back((chunker, payload));
    }

    /// Sends until the pipe is full.
    pub(crate) fn flush(&mut self, link: &mut Link, now: Time) {
        while let Some((chunker, payload)) = self.0.front_mut() {
            let Some((head, body)) = chunker.packet() else {
                self.0.pop_front();
                continue;
            };
            if !link.has_room() {
                return;
            }
            link.send(now, [&head[..], &payload[body]].concat());
            chunker.advance();
        }
    }
}
