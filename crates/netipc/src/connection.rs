//! One accepted or dialled socket together with the protocol state machine that rules it.
//!
//! Messages cross the socket, or shared memory beside it; see [`memory`].
//!
//! Nothing here blocks, and no receive buffer is owned: thousands of idle connections share the
//! buffers of the few threads that serve them.

mod memory;

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Weak};
use std::time::Instant;

use netipc_proto::chunk::Chunker;
use netipc_proto::error::{SendError, Violation};
use netipc_proto::header::{HEADER_LEN, Header};
use netipc_proto::limits::Agreed;
use netipc_proto::session::{Received, Session as Core};
use rustix::io::Errno;

use crate::abort::Abort;
use crate::clock;
use crate::endpoint::Endpoint;
use crate::error::{Error, Operation};
use crate::shm::channel::Channel;
use crate::sys::credentials::PeerCredentials;
use crate::sys::socket::{self, Packet, SEND_BATCH};
use crate::sys::wait::{Interest, Wake, wait};
use crate::uds::door::{Host, Place};
use memory::Memory;

/// Most parts of a message that are taken in one go, so that a peer of tiny parts cannot keep a thread to itself.
const MAX_PARTS: usize = 256;

#[derive(Debug)]
pub(crate) struct Connection {
    socket: Arc<OwnedFd>,
    core: Core,
    agreed: Agreed,
    peer: PeerCredentials,
    packet_buffer: usize,
    endpoint: Endpoint,
    /// The thread that was started to serve it.
    host: Option<Host>,
    memory: Option<Box<Memory>>,
    /// What the socket would not take yet, in order.
    outbox: VecDeque<Outgoing>,
    /// The peer takes no packets any more. What it sent before may still be queued here.
    peer_gone: bool,
    // Declared, and so dropped, last: a place is free when all that was there has gone.
    places: Vec<Place>,
}

#[derive(Debug)]
struct Outgoing {
    chunker: Chunker,
    payload: Vec<u8>,
}

/// What a receive found.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Incoming {
    /// A message; [`Connection::payload`] gives its bytes.
    Message(Envelope),
    /// Nothing whole yet.
    Nothing,
    /// The peer has ended the session.
    End,
}

/// The header of a message that arrived, and where its payload is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope {
    pub(crate) header: Header,
    bytes: Bytes,
}

#[derive(Debug, Clone, Copy)]
enum Bytes {
    /// Behind the header in the packet buffer, up to this length.
    Packet(usize),
    /// In the assembler.
    Assembled,
    /// In the copy of the area.
    Memory,
}

impl Connection {
    /// `largest_packet` is what the socket's own end could send: the peer's is taken to be no larger.
    pub(crate) fn new(
        socket: Arc<OwnedFd>,
        core: Core,
        agreed: Agreed,
        peer: PeerCredentials,
        largest_packet: usize,
        endpoint: Endpoint,
    ) -> Self {
        let packet_buffer = largest_packet.max(agreed.packet_size as usize);
        Self {
            socket,
            core,
            agreed,
            peer,
            packet_buffer,
            endpoint,
            outbox: VecDeque::new(),
            peer_gone: false,
            places: Vec::new(),
            host: None,
            memory: None,
        }
    }

    /// Holds a place under a session limit for as long as the connection lives.
    pub(crate) fn with_place(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    /// Carries its messages over shared memory.
    pub(crate) fn over(mut self, channel: Channel) -> Self {
        self.memory = Some(Box::new(Memory::new(channel)));
        self.packet_buffer = 0;
        self
    }

    /// Has a thread that waits to serve it.
    pub(crate) fn with_host(mut self, host: Option<Host>) -> Self {
        self.host = host;
        self
    }

    /// The thread that waits to serve it.
    pub(crate) fn take_host(&mut self) -> Option<Host> {
        self.host.take()
    }

    /// Whether messages cross shared memory. Such a connection can be waited for with [`Connection::wait`] only.
    pub(crate) fn is_over_memory(&self) -> bool {
        self.memory.is_some()
    }

    /// Whether a message can be sent now without being kept.
    pub(crate) fn may_send(&self) -> bool {
        !self.has_unsent() && self.memory.as_ref().is_none_or(|memory| memory.channel.may_send())
    }

    /// Whether the peer has gone, as far as that can be known without receiving what it may have left.
    pub(crate) fn has_hung_up(&self) -> bool {
        self.memory.as_ref().is_some_and(|memory| memory.channel.has_hung_up())
    }

    /// The size of a buffer for [`Connection::receive`].
    pub(crate) fn packet_buffer(&self) -> usize {
        self.packet_buffer
    }

    pub(crate) fn agreed(&self) -> &Agreed {
        &self.agreed
    }

    pub(crate) fn peer(&self) -> PeerCredentials {
        self.peer
    }

    /// When a message that has begun to arrive must be whole.
    pub(crate) fn half_message_deadline(&self) -> Option<Instant> {
        self.core.deadline().map(clock::instant)
    }

    /// Fails when a message that has begun to arrive is late.
    pub(crate) fn check_half_message(&mut self) -> Result<(), Error> {
        self.core.on_deadline(clock::time(Instant::now())).map_err(Error::from)
    }

    /// Gives memory back that large messages needed. What [`Connection::payload`] showed is gone.
    pub(crate) fn release(&mut self) {
        self.core.release();
        self.outbox.shrink_to(0);
        if let Some(memory) = &mut self.memory {
            memory.release();
        }
    }

    /// Requests that were sent and not answered.
    pub(crate) fn in_flight(&self) -> impl Iterator<Item = u64> {
        self.core.in_flight()
    }

    /// The message that broke a limit, when that was what the peer broke.
    pub(crate) fn offender(&self) -> Option<&Header> {
        self.core.offender()
    }

    pub(crate) fn has_unsent(&self) -> bool {
        !self.outbox.is_empty() || self.memory.as_ref().is_some_and(|memory| memory.has_unsent())
    }

    /// Waits for what `interest` says, for an abort or until `deadline`. Over memory a message is what makes room, too.
    pub(crate) fn wait(
        &mut self,
        interest: Interest,
        deadline: Option<Instant>,
        abort: Option<&Abort>,
    ) -> Result<Wake, Error> {
        let woken = match &mut self.memory {
            Some(memory) => memory.channel.wait(deadline, abort),
            None => wait(self.socket.as_fd(), interest, deadline, abort.map(Abort::wait_object).transpose()?),
        };
        woken.map_err(|errno| Error::io(Operation::Wait, Some(&self.endpoint), errno))
    }

    /// Receives until a message is whole, the socket is empty or the peer is gone.
    ///
    /// `buffer` holds one packet; a packet that does not fit is a violation.
    pub(crate) fn receive(&mut self, buffer: &mut [u8]) -> Result<Incoming, Error> {
        // What comes after a violation is not looked at, and must not be waited for either.
        if let Some(&violation) = self.core.violation() {
            return Err(violation.into());
        }
        if self.is_over_memory() {
            return self.receive_from_memory();
        }
        for _ in 0..MAX_PARTS {
            let length = match socket::receive(self.socket.as_fd(), buffer) {
                Ok(0) => return Ok(Incoming::End),
                Ok(length) => length,
                Err(Errno::AGAIN) => return Ok(Incoming::Nothing),
                Err(errno) => return Err(Error::io(Operation::Receive, Some(&self.endpoint), errno)),
            };
            let Some(packet) = buffer.get(..length) else {
                let cut = Violation::PacketTooLong { got: length, allowed: buffer.len() };
                self.core.fail(cut);
                return Err(cut.into());
            };
            let (header, bytes) = match self.core.on_packet_with(packet, || clock::time(Instant::now()))? {
                Received::Partial => {
                    self.check_half_message()?;
                    continue;
                }
                Received::Whole(header) => (header, Bytes::Packet(length)),
                Received::Assembled(header) => (header, Bytes::Assembled),
            };
            return Ok(Incoming::Message(Envelope { header, bytes }));
        }
        Ok(Incoming::Nothing)
    }

    /// The payload of the message that [`Connection::receive`] returned last.
    pub(crate) fn payload<'a>(&'a self, envelope: &Envelope, buffer: &'a [u8]) -> &'a [u8] {
        match envelope.bytes {
            Bytes::Packet(length) => &buffer[HEADER_LEN..length],
            Bytes::Assembled => self.core.assembled(),
            Bytes::Memory => self.memory.as_ref().map_or(&[], |memory| memory.payload()),
        }
    }

    /// Sends as much of a message as the socket takes now and keeps a copy of the rest.
    ///
    /// Whether all is out tells [`Connection::has_unsent`].
    pub(crate) fn push(&mut self, header: &Header, payload: &[u8]) -> Result<(), Error> {
        let mut chunker = self.begin(header, payload)?;
        if let Some(memory) = &mut self.memory {
            return Ok(memory.push(header, payload)?);
        }
        if self.outbox.is_empty() && !self.peer_gone {
            self.send_packets(&mut chunker, payload)?;
        }
        if !chunker.is_done() && !self.peer_gone {
            self.outbox.push_back(Outgoing { chunker, payload: payload.to_vec() });
        }
        Ok(())
    }

    /// What every message has to pass before a byte of it leaves. NIPC-RCV-12.
    fn begin(&mut self, header: &Header, payload: &[u8]) -> Result<Chunker, Error> {
        if header.payload_len as usize != payload.len() {
            return Err(Error::misuse(format!(
                "the header tells of a payload of {} bytes, but {} were given",
                header.payload_len,
                payload.len()
            )));
        }
        self.core.begin_send(header).map_err(send_error)
    }

    /// Says one last thing, without a payload, on a session that is broken already.
    pub(crate) fn push_last(&mut self, header: &Header) -> Result<(), Error> {
        if let Some(memory) = &mut self.memory {
            return Ok(memory.push(header, &[])?);
        }
        let mut chunker = Chunker::new(*header, self.agreed.packet_size);
        if !self.has_unsent() {
            self.send_packets(&mut chunker, &[])?;
        }
        if !chunker.is_done() && !self.peer_gone {
            self.outbox.push_back(Outgoing { chunker, payload: Vec::new() });
        }
        Ok(())
    }

    /// Sends messages with as few system calls as possible; keeps what the socket does not take.
    pub(crate) fn push_many(&mut self, messages: &[(Header, &[u8])]) -> Result<(), Error> {
        let mut rest = messages;
        while let [first, ..] = rest {
            let limit = self.agreed.packet_size as usize - HEADER_LEN;
            let run = rest.iter().take(SEND_BATCH).take_while(|(_, payload)| payload.len() <= limit).count();
            if run < 2 || self.has_unsent() || self.peer_gone || self.is_over_memory() {
                self.push(&first.0, first.1)?;
                rest = &rest[1..];
            } else {
                self.push_run(&rest[..run])?;
                rest = &rest[run..];
            }
        }
        Ok(())
    }

    /// Messages of one packet each, at most [`SEND_BATCH`] of them, in one system call. A message that is refused stops
    /// those behind it only.
    fn push_run(&mut self, messages: &[(Header, &[u8])]) -> Result<(), Error> {
        let mut chunkers = Vec::with_capacity(messages.len());
        let admitted = messages.iter().try_for_each(|(header, payload)| {
            chunkers.push(self.begin(header, payload)?);
            Ok(())
        });
        let messages = &messages[..chunkers.len()];
        if messages.is_empty() {
            return admitted;
        }
        let heads: Vec<[u8; HEADER_LEN]> = messages.iter().map(|(header, _)| header.encode()).collect();
        let packets: Vec<Packet<'_>> =
            heads.iter().zip(messages).map(|(head, (_, body))| Packet { head, body }).collect();
        let sent = match socket::send_many(self.socket.as_fd(), &packets) {
            Ok(sent) => sent,
            Err(errno) => {
                self.classify(errno)?;
                0
            }
        };
        if !self.peer_gone {
            let unsent = chunkers.into_iter().zip(messages).skip(sent);
            self.outbox.extend(unsent.map(|(chunker, (_, payload))| Outgoing { chunker, payload: payload.to_vec() }));
        }
        admitted
    }

    /// Sends what was kept, as far as the socket takes it; whether anything went out.
    pub(crate) fn flush(&mut self) -> Result<bool, Error> {
        if let Some(memory) = &mut self.memory {
            return Ok(memory.flush()?);
        }
        let mut moved = false;
        while let Some(mut next) = self.outbox.pop_front() {
            let before = next.chunker;
            self.send_packets(&mut next.chunker, &next.payload)?;
            moved |= next.chunker != before;
            if self.peer_gone {
                self.outbox.clear();
            } else if !next.chunker.is_done() {
                self.outbox.push_front(next);
                break;
            }
        }
        Ok(moved)
    }

    /// Sends the packets of one message until the socket is full.
    fn send_packets(&mut self, chunker: &mut Chunker, payload: &[u8]) -> Result<(), Error> {
        while let Some((head, body)) = chunker.packet() {
            match socket::send(self.socket.as_fd(), Packet { head: &head, body: &payload[body] }) {
                Ok(()) => chunker.advance(),
                Err(errno) => return self.classify(errno),
            }
        }
        Ok(())
    }

    /// A full socket is no error; a peer that is gone shows on the receiving side, behind what it
    /// still had to say.
    fn classify(&mut self, errno: Errno) -> Result<(), Error> {
        match errno {
            Errno::AGAIN => Ok(()),
            Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN => {
                self.peer_gone = true;
                Ok(())
            }
            errno => Err(Error::io(Operation::Send, Some(&self.endpoint), errno)),
        }
    }

    /// The socket, for whoever may have to cut the connection off while another thread uses it.
    pub(crate) fn socket(&self) -> Weak<OwnedFd> {
        Arc::downgrade(&self.socket)
    }

    /// Takes nothing more than what has arrived; behind that the end follows, as if the peer had hung up.
    pub(crate) fn refuse_more(&self) {
        socket::shutdown_read(self.socket.as_fd());
    }

    /// Says that nothing more will be sent. What is queued for the peer stays readable for it.
    pub(crate) fn finish(self) -> Arc<OwnedFd> {
        socket::shutdown_write(self.socket.as_fd());
        self.socket
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn send_error(error: SendError) -> Error {
    match error {
        SendError::PayloadTooLarge { got, allowed } => {
            Error::LimitExceeded { what: "a payload", got: got.into(), allowed: allowed.into() }
        }
        SendError::TooManyItems { got, allowed } => {
            Error::LimitExceeded { what: "a batch", got: got.into(), allowed: allowed.into() }
        }
        SendError::Broken(violation) => Error::Violation(violation),
        SendError::Closed => Error::Disconnected { cause: None },
        other => Error::misuse(other.to_string()),
    }
}
