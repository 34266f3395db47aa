//! One session after its handshake: what may be sent, and whether what came is sound.
//!
//! This module must not know sockets, clocks or payloads. Every transport feeds the packets it receives to the same
//! [`Session`], so that limits, directories and ids are checked on all of them alike (NIPC-RCV-10).
//!
//! ```
//! use core::time::Duration;
//! use netipc_proto::header::Header;
//! use netipc_proto::limits::{Agreed, Limits};
//! use netipc_proto::profile::Profiles;
//! use netipc_proto::session::{Received, Role, Session};
//! use netipc_proto::time::Time;
//!
//! let limits = Limits { max_payload: 64, max_items: 1 };
//! let agreed = Agreed {
//!     profile: Profiles::BASELINE,
//!     server_supported: Profiles::BASELINE,
//!     request: limits,
//!     response: limits,
//!     granted_response_payload: 64,
//!     packet_size: 4096,
//!     session_id: 1,
//! };
//! let mut client = Session::new(Role::Client, &agreed, Duration::from_secs(30));
//! let request = Header::request(1, 0, 7);
//! client.begin_send(&request).unwrap();
//! let response = request.response(0);
//! assert_eq!(client.on_packet(&response.encode(), Time::ZERO), Ok(Received::Whole(response)));
//! assert!(client.on_packet(&response.encode(), Time::ZERO).is_err(), "id 7 was answered already");
//! ```

use alloc::vec::Vec;
use core::time::Duration;

use crate::batch::Batch;
use crate::chunk::{Assembler, Chunker};
use crate::error::{SendError, Violation};
use crate::header::{HEADER_LEN, Header, Kind, MAX_PAYLOAD_LEN};
use crate::in_flight::InFlight;
use crate::limits::{Agreed, Limits};
use crate::time::Time;

/// Which side of the session this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Sends requests, receives responses.
    Client,
    /// Receives requests, sends responses.
    Server,
}

impl Role {
    const fn sends(self) -> Kind {
        match self {
            Role::Client => Kind::Request,
            Role::Server => Kind::Response,
        }
    }

    const fn receives(self) -> Kind {
        match self {
            Role::Client => Kind::Response,
            Role::Server => Kind::Request,
        }
    }
}

/// What a packet brought. The payload is not borrowed here, so that the caller can go on using its buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// A message; its payload is the packet after its first 32 bytes.
    Whole(Header),
    /// The last part of a message; its payload is [`Session::assembled`].
    Assembled(Header),
    /// Part of a message; more must follow before [`Session::deadline`].
    Partial,
}

/// The state of one session on one side.
///
/// After a [`Violation`] the session is broken for good: every further use reports the same violation.
#[derive(Debug)]
pub struct Session {
    role: Role,
    outbound: Limits,
    inbound: Limits,
    packet_size: u32,
    in_flight: InFlight,
    assembler: Assembler,
    half_message_timeout: Duration,
    deadline: Option<Time>,
    broken: Option<Violation>,
    offender: Option<Header>,
    closed: bool,
}

impl Session {
    /// A session with the limits of `agreed`. A message that comes in parts must be complete `half_message_timeout`
    /// after its first part.
    #[must_use]
    pub fn new(role: Role, agreed: &Agreed, half_message_timeout: Duration) -> Session {
        let (outbound, inbound) = match role {
            Role::Client => (agreed.request, agreed.response),
            Role::Server => (agreed.response, agreed.request),
        };
        Session {
            role,
            outbound: representable(outbound),
            inbound: representable(inbound),
            packet_size: agreed.packet_size,
            in_flight: InFlight::default(),
            assembler: Assembler::new(),
            half_message_timeout,
            deadline: None,
            broken: None,
            offender: None,
            closed: false,
        }
    }

    /// Which side this is.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Limits of what this side sends.
    #[must_use]
    pub const fn outbound(&self) -> Limits {
        self.outbound
    }

    /// Limits of what this side receives.
    #[must_use]
    pub const fn inbound(&self) -> Limits {
        self.inbound
    }

    /// Longest packet of the session.
    #[must_use]
    pub const fn packet_size(&self) -> u32 {
        self.packet_size
    }

    /// What the peer broke, if it did.
    #[must_use]
    pub const fn violation(&self) -> Option<&Violation> {
        self.broken.as_ref()
    }

    /// The header of the message that is over a limit, after [`Violation::PayloadTooLarge`] or
    /// [`Violation::TooManyItems`]: a server answers it before it closes, with the header that
    /// [`Header::failure`] makes of it (NIPC-L2S-08).
    #[must_use]
    pub const fn offender(&self) -> Option<&Header> {
        self.offender.as_ref()
    }

    /// Starts to send the message that `header` opens; on a client its id is in flight from here on (NIPC-RCV-12).
    ///
    /// The packets of two messages must not be mixed: finish one chunker before the next one starts. When no packet
    /// could be sent at all, [`abandon`](Self::abandon) takes the id back.
    ///
    /// # Errors
    /// The message is over a limit of the direction, its kind does not belong there, its id is in flight already, or
    /// the session is broken or closed.
    #[inline]
    pub fn begin_send(&mut self, header: &Header) -> Result<Chunker, SendError> {
        if let Some(violation) = self.broken {
            return Err(SendError::Broken(violation));
        }
        if self.closed {
            return Err(SendError::Closed);
        }
        if header.kind != self.role.sends() {
            return Err(SendError::WrongKind { got: header.kind, expected: self.role.sends() });
        }
        if header.payload_len > self.outbound.max_payload {
            let (got, allowed) = (header.payload_len, self.outbound.max_payload);
            return Err(SendError::PayloadTooLarge { got, allowed });
        }
        if header.item_count > self.outbound.max_items {
            let (got, allowed) = (header.item_count, self.outbound.max_items);
            return Err(SendError::TooManyItems { got, allowed });
        }
        if self.role == Role::Client && !self.in_flight.insert(header.message_id) {
            return Err(SendError::DuplicateId { id: header.message_id });
        }
        Ok(Chunker::new(*header, self.packet_size))
    }

    /// Takes the id of a request back of which no packet was sent. Returns whether it was in flight.
    pub fn abandon(&mut self, message_id: u64) -> bool {
        self.in_flight.remove(message_id)
    }

    /// Judges a packet that came, in the order of NIPC-RCV-07.
    ///
    /// A packet of length zero is the end of the stream and must not be passed in.
    ///
    /// # Errors
    /// The first rule that the packet breaks; the session is broken from then on.
    #[inline]
    pub fn on_packet(&mut self, packet: &[u8], now: Time) -> Result<Received, Violation> {
        self.on_packet_with(packet, || now)
    }

    /// As [`on_packet`](Self::on_packet), but asks for the time only when it matters: at the first part of a message
    /// that comes in several. Reading a clock can cost more than all the checks of a small message.
    ///
    /// # Errors
    /// As [`on_packet`](Self::on_packet).
    #[inline]
    pub fn on_packet_with(&mut self, packet: &[u8], now: impl FnOnce() -> Time) -> Result<Received, Violation> {
        if self.broken.is_some() || self.assembler.is_pending() {
            return self.continuation(packet);
        }
        let header = match self.first_packet(packet) {
            Ok(header) => header,
            Err(violation) => return Err(self.poison(violation)),
        };
        if packet.len() - HEADER_LEN == header.payload_len as usize {
            return Ok(Received::Whole(header));
        }
        self.assembler.begin(header, &packet[HEADER_LEN..], self.packet_size);
        self.deadline = Some(now() + self.half_message_timeout);
        Ok(Received::Partial)
    }

    #[inline]
    fn first_packet(&mut self, packet: &[u8]) -> Result<Header, Violation> {
        let header = Header::decode(packet)?;
        if header.kind != self.role.receives() {
            return Err(Violation::UnexpectedKind { got: header.kind, expected: self.role.receives() });
        }
        if header.payload_len > self.inbound.max_payload {
            self.offender = Some(header);
            let (got, allowed) = (header.payload_len, self.inbound.max_payload);
            return Err(Violation::PayloadTooLarge { got, allowed });
        }
        if header.item_count > self.inbound.max_items {
            self.offender = Some(header);
            let (got, allowed) = (header.item_count, self.inbound.max_items);
            return Err(Violation::TooManyItems { got, allowed });
        }
        let body = &packet[HEADER_LEN..];
        let payload_len = header.payload_len as usize;
        if body.len() == payload_len {
            self.complete(&header, body)?;
            return Ok(header);
        }
        // A message that is whole may come in one packet of any length; the first packet of several may not be longer
        // than the others.
        let allowed = (HEADER_LEN + payload_len).min(self.packet_size as usize);
        if packet.len() > allowed {
            return Err(Violation::PacketTooLong { got: packet.len(), allowed });
        }
        Ok(header)
    }

    fn continuation(&mut self, packet: &[u8]) -> Result<Received, Violation> {
        if let Some(violation) = self.broken {
            return Err(violation);
        }
        let header = match self.assembler.continuation(packet) {
            Ok(Some(header)) => header,
            Ok(None) => return Ok(Received::Partial),
            Err(error) => return Err(self.poison(error.into())),
        };
        self.deadline = None;
        // Lent out for the check, which needs the rest of the session.
        let payload = self.assembler.take();
        let sound = self.complete(&header, &payload);
        self.assembler.restore(payload);
        match sound {
            Ok(()) => Ok(Received::Assembled(header)),
            Err(violation) => Err(self.poison(violation)),
        }
    }

    /// The checks that need the whole message: batch directory, then the id.
    #[inline]
    fn complete(&mut self, header: &Header, payload: &[u8]) -> Result<(), Violation> {
        if header.is_batch() && !is_empty_failure(header) {
            Batch::parse(payload, header.item_count)?;
        }
        if self.role == Role::Client && !self.in_flight.remove(header.message_id) {
            return Err(Violation::UnknownMessageId { got: header.message_id });
        }
        Ok(())
    }

    /// Records what the peer broke where this session does not look, such as a packet that was too long to be read whole.
    /// It is broken from then on, as after a violation of its own finding; when it was broken before, the first violation
    /// stays.
    pub fn fail(&mut self, violation: Violation) {
        if self.broken.is_none() {
            self.poison(violation);
        }
    }

    #[cold]
    fn poison(&mut self, violation: Violation) -> Violation {
        self.broken = Some(violation);
        self.deadline = None;
        self.assembler.clear();
        violation
    }

    /// The payload of the message that [`Received::Assembled`] told of, until the next packet or
    /// [`release`](Self::release).
    #[must_use]
    pub fn assembled(&self) -> &[u8] {
        self.assembler.payload()
    }

    /// Takes the payload out that [`assembled`](Self::assembled) shows, without copying it. Nothing is taken of a message
    /// that is half there.
    #[must_use]
    pub fn take_assembled(&mut self) -> Vec<u8> {
        if self.assembler.is_pending() { Vec::new() } else { self.assembler.take() }
    }

    /// Bytes of memory held for reassembly.
    #[must_use]
    pub fn held(&self) -> usize {
        self.assembler.held()
    }

    /// Gives memory back that large messages or a large window needed.
    ///
    /// Call it when the session falls idle, not after every message: a stream of large messages then reuses the same
    /// memory. What [`assembled`](Self::assembled) showed is gone afterwards.
    pub fn release(&mut self) {
        self.assembler.release();
        self.in_flight.release();
    }

    /// When [`on_deadline`](Self::on_deadline) must be called; `None` while no message is half there.
    #[must_use]
    pub const fn deadline(&self) -> Option<Time> {
        self.deadline
    }

    /// Looks whether a message that is half there is overdue (NIPC-CHK-12).
    ///
    /// # Errors
    /// It is; the session is broken from then on.
    pub fn on_deadline(&mut self, now: Time) -> Result<(), Violation> {
        if let Some(violation) = self.broken {
            return Err(violation);
        }
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return Ok(());
        }
        let violation = Violation::HalfMessage {
            got: self.assembler.payload().len(),
            expected: self.assembler.pending().map_or(0, |header| header.payload_len),
            timeout: self.half_message_timeout,
        };
        Err(self.poison(violation))
    }

    /// Number of requests in flight.
    #[must_use]
    pub fn in_flight_len(&self) -> usize {
        self.in_flight.len()
    }

    /// The ids of the requests in flight, in no particular order.
    pub fn in_flight(&self) -> impl Iterator<Item = u64> + '_ {
        self.in_flight.iter()
    }

    /// Ends the session. Returns the ids that were in flight and will never be answered, lowest first
    /// (NIPC-RCV-09).
    pub fn close(&mut self) -> Vec<u64> {
        self.closed = true;
        self.deadline = None;
        self.assembler.clear();
        self.in_flight.drain()
    }
}

/// Some servers echo flag and item count of a batch in a failure, whose payload is empty; there is no directory then
/// (NIPC-RCV-13).
#[inline]
fn is_empty_failure(header: &Header) -> bool {
    header.kind == Kind::Response && !header.status.is_ok() && header.payload_len == 0
}

/// A payload that makes the message longer than a `u32` can say is over any limit.
fn representable(limits: Limits) -> Limits {
    Limits { max_payload: limits.max_payload.min(MAX_PAYLOAD_LEN), ..limits }
}
