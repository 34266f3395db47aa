//! Connections whose messages cross shared memory. The socket is there for its end only.

use std::collections::VecDeque;
use std::time::Instant;

use netipc_proto::error::Violation;
use netipc_proto::header::{HEADER_LEN, Header};
use netipc_proto::session::Received;

use crate::clock;
use crate::connection::{Bytes, Connection, Envelope, Incoming};
use crate::error::Error;
use crate::shm::channel::Channel;

/// What such a connection has besides a socket.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) channel: Channel,
    /// Messages for this side, in order, each an envelope and nothing else than it says.
    queue: VecDeque<(Header, Vec<u8>)>,
    /// Messages that came while this side waited to send.
    backlog: VecDeque<(Header, Vec<u8>)>,
    /// What the peer had published before its end has been taken: there is room for one message. NIPC-SHM-15.
    is_over: bool,
}

impl Memory {
    pub(super) fn new(channel: Channel) -> Self {
        Self { channel, queue: VecDeque::new(), backlog: VecDeque::new(), is_over: false }
    }

    pub(super) fn has_unsent(&self) -> bool {
        !self.queue.is_empty()
    }

    pub(super) fn release(&mut self) {
        self.channel.release();
        self.queue.shrink_to(0);
        self.backlog.shrink_to(0);
    }

    /// The payload of the message that was received last.
    pub(super) fn payload(&self) -> &[u8] {
        &self.channel.copy()[HEADER_LEN..]
    }

    /// Publishes a message, or keeps it for its turn; of a session that has ended it is dropped, as a socket would.
    pub(super) fn push(&mut self, header: &Header, payload: &[u8]) -> Result<(), Violation> {
        if self.queue.is_empty() && self.channel.may_send() {
            return self.channel.send(header, payload);
        }
        if !self.channel.is_lost() {
            self.queue.push_back((*header, payload.to_vec()));
        }
        Ok(())
    }

    /// Publishes what was kept, if it is its turn; whether it was.
    pub(super) fn flush(&mut self) -> Result<bool, Violation> {
        if !self.channel.may_send() {
            return Ok(false);
        }
        match self.queue.pop_front() {
            None => Ok(false),
            Some((header, payload)) => self.channel.send(&header, &payload).map(|()| true),
        }
    }

    /// Takes back what has not been published. Ids of those messages.
    pub(super) fn recall(&mut self) -> impl Iterator<Item = u64> {
        std::mem::take(&mut self.queue).into_iter().map(|(header, _)| header.message_id)
    }
}

impl Connection {
    /// The next message: one that was put aside, or what is in the area.
    pub(super) fn receive_from_memory(&mut self) -> Result<Incoming, Error> {
        let Some(memory) = &mut self.memory else { return Ok(Incoming::End) };
        match memory.backlog.pop_front() {
            None => self.take_from_memory(),
            Some((header, message)) => {
                memory.channel.swap_copy(message);
                Ok(Incoming::Message(Envelope { header, bytes: Bytes::Memory }))
            }
        }
    }

    /// Goes on with what waits for its turn: the turn comes with a message of the peer, which is put aside.
    pub(crate) fn pump(&mut self) -> Result<(), Error> {
        while self.flush()? {}
        if self.memory.as_ref().is_none_or(|memory| !memory.has_unsent()) {
            return Ok(());
        }
        match self.take_from_memory()? {
            Incoming::Nothing => Ok(()),
            Incoming::Message(envelope) => {
                if let Some(memory) = &mut self.memory {
                    let message = memory.channel.swap_copy(Vec::new());
                    memory.backlog.push_back((envelope.header, message));
                }
                self.flush().map(drop)
            }
            // The next receive reports it.
            Incoming::End => {
                if let Some(memory) = &mut self.memory {
                    memory.queue.clear();
                }
                Ok(())
            }
        }
    }

    /// Takes back what a send could not publish in its time, as if it had never been asked for.
    pub(crate) fn recall(&mut self) {
        if let Some(memory) = &mut self.memory {
            for id in memory.recall() {
                self.core.abandon(id);
            }
        }
    }

    fn take_from_memory(&mut self) -> Result<Incoming, Error> {
        let Some(memory) = &mut self.memory else { return Ok(Incoming::End) };
        if memory.is_over {
            return Ok(Incoming::End);
        }
        // Before the area: what was published before the end comes before it.
        let is_lost = memory.channel.is_lost();
        let most = self.core.inbound().max_payload.saturating_add(HEADER_LEN as u32);
        match memory.channel.take(most) {
            Ok(Some(length)) => {
                memory.is_over = is_lost;
                self.judge(length)
            }
            Ok(None) if is_lost => Ok(Incoming::End),
            Ok(None) => Ok(Incoming::Nothing),
            Err(violation) => {
                self.core.fail(violation);
                Err(violation.into())
            }
        }
    }

    /// The same checks as for packets, on the private copy. NIPC-SHM-13, NIPC-SHM-14.
    fn judge(&mut self, length: u32) -> Result<Incoming, Error> {
        let Some(memory) = &self.memory else { return Ok(Incoming::End) };
        let copy = memory.channel.copy();
        let violation = match self.core.on_packet_with(copy, || clock::time(Instant::now()))? {
            Received::Whole(header) if length as usize == copy.len() => {
                return Ok(Incoming::Message(Envelope { header, bytes: Bytes::Memory }));
            }
            // Longer than any message may be; what was not copied cannot belong to this one.
            Received::Whole(header) => {
                Violation::PacketTooLong { got: length as usize, allowed: HEADER_LEN + header.payload_len as usize }
            }
            // Nothing can follow.
            Received::Partial | Received::Assembled(_) => {
                let expected = Header::decode(copy).map_or(0, |header| header.payload_len);
                Violation::MessageCut { got: copy.len() - HEADER_LEN, expected }
            }
        };
        self.core.fail(violation);
        Err(violation.into())
    }
}
