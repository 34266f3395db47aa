//! One session of a server: what happens each time its socket is ready.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use netipc_proto::error::Violation;
use netipc_proto::header::Status;

use crate::clock;
use crate::connection::{Connection, Envelope, Incoming};
use crate::error::Error;
use crate::limits::LearnedLimit;
use crate::server::answer::{Answer, Responder};
use crate::server::stats::Counters;
use crate::sys::wait::Interest;

/// Requests of one session that a thread answers before it looks at the others.
const BURST: usize = 32;
/// Reply memory that a worker keeps; larger replies are rare, and their memory goes back.
const KEPT_REPLY: usize = 256 << 10;

/// Buffers that a worker lends to the session it serves.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    packet: Vec<u8>,
    reply: Vec<u8>,
}

/// What the sessions of a server share.
pub(crate) struct House {
    /// No request is served any more, not even one that has arrived.
    pub(crate) closed: AtomicBool,
    pub(crate) responder: Box<dyn Responder>,
    pub(crate) max_response: Arc<LearnedLimit>,
    pub(crate) counters: Counters,
    pub(crate) write_stall_timeout: Duration,
}

impl House {
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }
}

/// A session and where it stands.
#[derive(Debug)]
pub(crate) struct Desk {
    connection: Connection,
    /// The last answer is on its way; nothing more is read.
    closing: bool,
    /// When what is unsent must have moved on.
    stall: Option<Instant>,
}

/// What a session waits for after it was served.
#[derive(Debug)]
pub(crate) enum Next {
    /// The socket, until the deadline if there is one.
    Wait(Interest, Option<Instant>),
    /// Its next turn: there may be more to do, and the others come first.
    Yield,
    /// The peer has been told that this was all; it is to read that.
    Linger,
    /// Nothing.
    Close,
}

impl Desk {
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection, closing: false, stall: None }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// The socket, after everything was said.
    pub(crate) fn leave(self) -> Arc<OwnedFd> {
        self.connection.finish()
    }

    /// Answers what has arrived, as far as the peer takes answers.
    pub(crate) fn serve(&mut self, house: &House, scratch: &mut Scratch) -> Next {
        if scratch.packet.len() < self.connection.packet_buffer() {
            scratch.packet.resize(self.connection.packet_buffer(), 0);
        }
        // What the peer does wrong is dealt with below; this is the operating system's word.
        let next = self.serve_burst(house, scratch).unwrap_or_else(|_error| {
            house.counters.broken();
            Next::Close
        });
        if scratch.reply.capacity() > KEPT_REPLY {
            scratch.reply = Vec::new();
        }
        if let Next::Wait(Interest::Read, None) = next {
            self.connection.release();
        }
        next
    }

    /// What a deadline that has passed means for the session.
    pub(crate) fn expire(&mut self, now: Instant) -> Result<(), Error> {
        if self.stall.is_some_and(|at| at <= now) {
            return Err(Error::Disconnected { cause: None });
        }
        self.connection.check_half_message()
    }

    fn serve_burst(&mut self, house: &House, scratch: &mut Scratch) -> Result<Next, Error> {
        for _ in 0..BURST {
            if house.is_closed() {
                return Ok(Next::Close);
            }
            if let Some(next) = self.settle(house)? {
                return Ok(next);
            }
            match self.connection.receive(&mut scratch.packet) {
                Ok(Incoming::Message(envelope)) => self.attend(&envelope, house, scratch)?,
                Ok(Incoming::Nothing) => {
                    return Ok(Next::Wait(Interest::Read, self.connection.half_message_deadline()));
                }
                Ok(Incoming::End) => return Ok(Next::Close),
                Err(Error::Violation(violation)) => self.refuse(&violation, house)?,
                Err(error) => return Err(error),
            }
        }
        Ok(self.settle(house)?.unwrap_or(Next::Yield))
    }

    /// What has to happen before another request is read.
    fn settle(&mut self, house: &House) -> Result<Option<Next>, Error> {
        if self.is_stalled(house)? {
            return Ok(Some(Next::Wait(Interest::Write, self.stall)));
        }
        Ok(self.closing.then_some(Next::Linger))
    }

    /// Whether an answer still waits for room, after another try.
    fn is_stalled(&mut self, house: &House) -> Result<bool, Error> {
        if !self.connection.has_unsent() {
            return Ok(false);
        }
        let moved = self.connection.flush()?;
        if !self.connection.has_unsent() {
            self.stall = None;
            return Ok(false);
        }
        if moved || self.stall.is_none() {
            self.stall = Some(clock::after(house.write_stall_timeout));
        }
        Ok(true)
    }

    fn attend(&mut self, envelope: &Envelope, house: &House, scratch: &mut Scratch) -> Result<(), Error> {
        let Scratch { packet, reply } = scratch;
        reply.clear();
        let granted = self.connection.agreed().response.max_payload;
        let payload = self.connection.payload(envelope, packet);
        let Answer { header, overflow } = house.responder.answer(&envelope.header, payload, granted as usize, reply);
        if let Some(needed) = overflow {
            house.max_response.overflowed(granted);
            house.max_response.saw(u32::try_from(needed).unwrap_or(u32::MAX));
        }
        house.counters.answered(header.status);
        self.closing = header.status == Status::LIMIT_EXCEEDED;
        self.connection.push(&header, reply)
    }

    /// A sound request over a limit is told so before the end; every other offence ends the session without a word.
    fn refuse(&mut self, violation: &Violation, house: &House) -> Result<(), Error> {
        self.closing = true;
        let Some(request) = self.connection.offender() else {
            match violation {
                // Noticed with the part that came late, before the timer did.
                Violation::HalfMessage { .. } => house.counters.stalled(),
                _ => house.counters.violated(),
            }
            return Ok(());
        };
        let answer = request.failure(Status::LIMIT_EXCEEDED);
        house.counters.answered(answer.status);
        self.connection.push_last(&answer)
    }
}
