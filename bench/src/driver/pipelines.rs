//! Many requests in flight on one session.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Instant;

use netipc::proto::batch::{Batch, BatchBuilder};
use netipc::services::Increment;
use netipc::{Client, Error, Header, Interest, Service, Session};
use rustix::event::{PollFd, PollFlags, poll};

use super::failure::{Failure, expect};
use super::numbers::{batch_len, decode, encode, length};
use super::random::Random;
use super::recorder::Recorder;
use super::sessions;
use super::window::{Drive, Window};
use crate::protocol::{Load, Task};

/// Single calls.
pub(super) struct Calls {
    client: Client<Increment>,
    depth: usize,
    next: u64,
}

impl Calls {
    pub(super) fn connect(task: &Task) -> Result<Self, Failure> {
        Ok(Self { client: sessions::client(task)?, depth: task.depth.max(1) as usize, next: 0 })
    }
}

impl Drive for Calls {
    fn drive(&mut self, window: &Window, recorder: &mut Recorder) -> Result<(), Failure> {
        check_load(window)?;
        let (first, end) = (self.next, window.end());
        // When each call was taken, by its position from the first that is not answered.
        let began = RefCell::new((0, VecDeque::<Option<Instant>>::new()));
        let queries = (first..).map_while(|value| {
            let now = Instant::now();
            let mut began = began.borrow_mut();
            (now < end || value == first).then(|| {
                began.1.push_back(Some(now));
                value
            })
        });
        let mut outcome = Ok(());
        let mut answered = 0;
        self.client.call_pipelined(queries, self.depth, |index, reply| {
            let (base, began) = &mut *began.borrow_mut();
            let taken = index.checked_sub(*base).and_then(|at| began.get_mut(at)).and_then(Option::take);
            while let Some(None) = began.front() {
                began.pop_front();
                *base += 1;
            }
            let checked = match (taken, reply) {
                (Some(at), Ok(reply)) => {
                    recorder.record(at.elapsed(), 1, 1);
                    expect(reply.value, first + index as u64 + 1)
                }
                (None, _) => Err(Failure::failed(format!("call {index} was answered twice"))),
                (_, Err(error)) => Err(error.into()),
            };
            answered += 1;
            if outcome.is_ok() {
                outcome = checked;
            }
        })?;
        self.next += answered;
        outcome
    }
}

/// Batches, at level 1: typed clients pipeline single calls.
pub(super) struct Batches {
    session: Session,
    depth: usize,
    random: Random,
    next: u64,
    next_id: u64,
    payload: Vec<u8>,
    in_flight: VecDeque<Sent>,
}

struct Sent {
    id: u64,
    at: Instant,
    first: u64,
    items: u32,
}

impl Batches {
    pub(super) fn connect(task: &Task) -> Result<Self, Failure> {
        Ok(Self {
            session: sessions::connect(task)?,
            depth: task.depth.max(1) as usize,
            random: Random::new(1),
            next: 0,
            next_id: 1,
            payload: Vec::new(),
            in_flight: VecDeque::new(),
        })
    }

    /// Sends batches until the window is full or the socket is.
    fn send(&mut self, end: Instant, recorder: &Recorder) -> Result<(), Failure> {
        while self.in_flight.len() < self.depth && self.session.flush()? {
            let at = Instant::now();
            if at >= end && recorder.requests() > 0 {
                break;
            }
            let items = batch_len(&mut self.random);
            self.build(items)?;
            let header = Header::request(Increment::METHOD, length(&self.payload), self.next_id).batch(items);
            self.session.try_send(&header, &self.payload)?;
            self.in_flight.push_back(Sent { id: self.next_id, at, first: self.next, items });
            self.next_id += 1;
            self.next += u64::from(items);
        }
        Ok(())
    }

    fn build(&mut self, items: u32) -> Result<(), Failure> {
        let failed = |error: &dyn std::error::Error| Failure::failed(error.to_string());
        self.payload.clear();
        let mut item = Vec::new();
        let mut builder = BatchBuilder::new(&mut self.payload, usize::MAX, items).map_err(|error| failed(&error))?;
        for value in self.next..self.next + u64::from(items) {
            item.clear();
            encode(value, &mut item)?;
            builder.push(&item).map_err(|error| failed(&error))?;
        }
        builder.finish();
        Ok(())
    }

    /// Takes every answer that is here; whether there was one.
    fn receive(&mut self, recorder: &mut Recorder) -> Result<bool, Failure> {
        let mut any = false;
        loop {
            let message = match self.session.try_receive() {
                Ok(message) => message,
                Err(Error::WouldBlock) => return Ok(any),
                Err(error) => return Err(error.into()),
            };
            any = true;
            let now = Instant::now();
            let at = self.in_flight.iter().position(|sent| sent.id == message.header.message_id);
            let Some(sent) = at.and_then(|at| self.in_flight.remove(at)) else {
                return Err(Failure::failed(format!("request {} is not in flight", message.header.message_id)));
            };
            recorder.record(now - sent.at, 1, sent.items.into());
            expect(message.header.item_count, sent.items)?;
            let batch = Batch::parse(message.payload, message.header.item_count)
                .map_err(|error| Failure::failed(error.to_string()))?;
            for (item, value) in batch.iter().zip(sent.first..) {
                expect(decode(item)?, value + 1)?;
            }
        }
    }

    fn wait(&self) -> Result<(), Failure> {
        let interest = match self.session.interest() {
            Interest::ReadWrite => PollFlags::IN | PollFlags::OUT,
            _ => PollFlags::IN,
        };
        poll(&mut [PollFd::from_borrowed_fd(self.session.wait_object()?, interest)], None)?;
        Ok(())
    }
}

impl Drive for Batches {
    fn drive(&mut self, window: &Window, recorder: &mut Recorder) -> Result<(), Failure> {
        check_load(window)?;
        loop {
            self.send(window.end(), recorder)?;
            if self.in_flight.is_empty() {
                return Ok(());
            }
            if !self.receive(recorder)? {
                self.wait()?;
            }
        }
    }
}

fn check_load(window: &Window) -> Result<(), Failure> {
    match window.load() {
        Load::Max => Ok(()),
        load => Err(Failure::Absent(format!("a pipeline that is kept full has no rate of {load}"))),
    }
}
