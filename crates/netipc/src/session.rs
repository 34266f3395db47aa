//! Level 1: sessions that carry messages, without knowing what is in them.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use netipc_proto::handshake::Proposal;
use netipc_proto::header::Header;
use netipc_proto::limits::{self, Agreed, Limits};
use netipc_proto::profile::Profiles;

use crate::abort::Abort;
use crate::clock::Deadline;
use crate::connection::{Connection, Envelope, Incoming};
use crate::endpoint::Endpoint;
use crate::error::{Error, Waiting};
use crate::sys::credentials::PeerCredentials;
use crate::sys::socket::discard;
use crate::sys::wait::{Interest, Wake, wait};
use crate::uds::dial::{Dialled, dial};
use crate::uds::reception::LINGER;

/// A whole message.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Its header.
    pub header: Header,
    /// Its payload, valid until the session is used again.
    pub payload: &'a [u8],
}

/// What a client offers, and the limits it asks for.
#[derive(Clone)]
#[non_exhaustive]
pub struct SessionConfig {
    /// Profiles that may be used. Default: baseline. Shared memory is `SHM_HYBRID`: the process gets a thread that watches
    /// peers while it has such sessions, and with the first one a handler for SIGBUS (`spec/shm.md`, section 6).
    pub supported: Profiles,
    /// Profiles that are preferred among them. Default: none.
    pub preferred: Profiles,
    /// Largest request payload, in bytes. Default: 1024.
    pub max_request_payload: u32,
    /// Largest response payload that is accepted, in bytes; the server may grant less. Default: 65536.
    pub max_response_payload: u32,
    /// Most items of one batch. Default: 1.
    pub max_batch_items: u32,
    /// Must equal the server's. Default: 0.
    pub auth_token: u64,
    /// Longest packet in bytes, 33 or more; 0 stands for the most that the socket takes, which is the default.
    pub packet_size: u32,
    /// How long the rest of a message may take once it has begun. Default: 30 s. Calls have their own deadlines, and make
    /// no use of it.
    pub half_message_timeout: Duration,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            supported: Profiles::BASELINE,
            preferred: Profiles::NONE,
            max_request_payload: limits::DEFAULT_REQUEST_PAYLOAD,
            max_response_payload: limits::DEFAULT_RESPONSE_PAYLOAD,
            max_batch_items: limits::DEFAULT_ITEMS,
            auth_token: 0,
            packet_size: 0,
            half_message_timeout: limits::DEFAULT_CALL_TIMEOUT,
        }
    }
}

impl fmt::Debug for SessionConfig {
    /// Leaves the token out: a secret has no place in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionConfig")
            .field("supported", &self.supported)
            .field("preferred", &self.preferred)
            .field("max_request_payload", &self.max_request_payload)
            .field("max_response_payload", &self.max_response_payload)
            .field("max_batch_items", &self.max_batch_items)
            .field("packet_size", &self.packet_size)
            .field("half_message_timeout", &self.half_message_timeout)
            .finish_non_exhaustive()
    }
}

impl SessionConfig {
    pub(crate) fn proposal(&self) -> Proposal {
        let limits = |max_payload| Limits { max_payload, max_items: self.max_batch_items.max(1) };
        Proposal {
            supported: self.supported,
            preferred: self.preferred,
            request: limits(self.max_request_payload),
            response: limits(self.max_response_payload),
            response_ceiling: self.max_response_payload,
            auth_token: self.auth_token,
            packet_size: self.packet_size,
        }
    }
}

/// One end of an established session. Messages flow both ways, any number at a time.
///
/// A session that returned an error other than [`Error::WouldBlock`], [`Error::LimitExceeded`] or [`Error::ApiMisuse`]
/// is over: drop it. A send that its deadline or an abort cut short ends the session too, because the peer may have got
/// half of the message.
///
/// Over shared memory (profile `SHM_HYBRID`) one request is in flight at a time. A send that finds one waits for its
/// response first, which the next receive hands over. There is no descriptor to wait for, and a message that a send could
/// not publish in its time has not been sent: the session goes on.
///
/// `Send`, and used by one thread at a time. Implements `spec/uds.md`, `spec/shm.md` and `spec/envelope.md`.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    inbox: Vec<u8>,
}

impl Session {
    /// Connects to an endpoint and shakes hands.
    ///
    /// # Errors
    ///
    /// `NotFound` when nobody serves it, `Denied`, `Incompatible` or `Rejected` when the server refuses, `Timeout`,
    /// `Aborted`, `Disconnected` when the server hangs up, `PeerMisbehaved`, `Io`. [`Error::Region`] when the server
    /// chose shared memory which cannot be attached: connect without that profile.
    pub fn connect(
        endpoint: &Endpoint,
        config: &SessionConfig,
        deadline: Deadline,
        abort: Option<&Abort>,
    ) -> Result<Self, Error> {
        match dial(endpoint, config.proposal(), config.half_message_timeout, deadline, abort)? {
            Dialled::Session(connection) => Ok(Self::new(*connection)),
            Dialled::Unattached { fault, .. } => Err(Error::Region { endpoint: endpoint.clone(), fault }),
        }
    }

    pub(crate) fn new(connection: Connection) -> Self {
        let inbox = vec![0; connection.packet_buffer()];
        Self { connection, inbox }
    }

    /// What the handshake agreed on.
    pub fn agreed(&self) -> &Agreed {
        self.connection.agreed()
    }

    /// Who the peer is, as the kernel recorded it when the connection was made.
    pub fn peer(&self) -> PeerCredentials {
        self.connection.peer()
    }

    /// Sends a message, and waits until the socket has taken all of it.
    ///
    /// A response need not be received before the next request is sent.
    ///
    /// # Errors
    ///
    /// `LimitExceeded` and `ApiMisuse` leave the session as it was; `Timeout`, `Aborted` and `Io` end it. A peer that is
    /// gone is reported by the next receive, behind what it had still sent.
    pub fn send(
        &mut self,
        header: &Header,
        payload: &[u8],
        deadline: Deadline,
        abort: Option<&Abort>,
    ) -> Result<(), Error> {
        self.send_many(&[(*header, payload)], deadline, abort)
    }

    /// Sends messages in order, several with one system call where they fit a packet.
    ///
    /// # Errors
    ///
    /// As [`Session::send`]. A message that is refused stops those behind it; those before it go out.
    pub fn send_many(
        &mut self,
        messages: &[(Header, &[u8])],
        deadline: Deadline,
        abort: Option<&Abort>,
    ) -> Result<(), Error> {
        if let Some(abort) = abort {
            abort.check()?;
        }
        let result = self.connection.push_many(messages);
        while self.connection.has_unsent() {
            if let Err(error) = self.wait(Interest::Write, Waiting::Room, deadline, abort) {
                self.connection.recall();
                return Err(error);
            }
            self.connection.pump()?;
        }
        result
    }

    /// Sends without waiting: the message goes out, or the part that does not is kept for [`Session::flush`].
    ///
    /// # Errors
    ///
    /// `WouldBlock` while an earlier message is not out, or over shared memory not answered; otherwise as
    /// [`Session::send`].
    pub fn try_send(&mut self, header: &Header, payload: &[u8]) -> Result<(), Error> {
        self.connection.flush()?;
        if !self.connection.may_send() {
            return Err(Error::WouldBlock);
        }
        self.connection.push(header, payload)
    }

    /// Sends what was kept, as far as it goes without waiting; whether all is out.
    ///
    /// # Errors
    ///
    /// `Io` ends the session.
    pub fn flush(&mut self) -> Result<bool, Error> {
        self.connection.flush()?;
        Ok(!self.connection.has_unsent())
    }

    /// Waits for the next message.
    ///
    /// # Errors
    ///
    /// `Timeout` and `Aborted` leave the session as it was; `Disconnected`, `PeerMisbehaved` and `Io` end it.
    pub fn receive(&mut self, deadline: Deadline, abort: Option<&Abort>) -> Result<Message<'_>, Error> {
        let envelope = self.receive_envelope(deadline, abort)?;
        Ok(self.message(&envelope))
    }

    /// The next message, if it is there.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when there is none; otherwise as [`Session::receive`].
    pub fn try_receive(&mut self) -> Result<Message<'_>, Error> {
        // Looked at first: what came before the end is delivered before it.
        let is_over = self.connection.has_hung_up();
        match self.poll_envelope()? {
            Some(envelope) => Ok(self.message(&envelope)),
            None if is_over => Err(Error::Disconnected { cause: None }),
            None => Err(Error::WouldBlock),
        }
    }

    /// Says goodbye: sends what [`Session::try_send`] has kept and waits until the peer has hung up, so that it can read
    /// all of it; 100 ms at most.
    pub fn close(mut self) {
        let until = Deadline::after(LINGER);
        if self.connection.is_over_memory() {
            // What was published stays there for the peer, whatever becomes of this side.
            return;
        }
        self.flush_until(until);
        linger(&[self.connection.finish()], until);
    }

    /// When a message of which a part is here must be whole: [`Session::try_receive`] reports a late one from then on,
    /// but the wait object stays quiet.
    pub fn deadline(&self) -> Option<Instant> {
        self.connection.half_message_deadline()
    }

    /// Ids of requests that were sent and not answered, in no particular order; none on a server. After the session has
    /// failed these are the calls that are lost.
    pub fn in_flight(&self) -> impl Iterator<Item = u64> {
        self.connection.in_flight()
    }

    /// The wait object: a descriptor to poll, level-triggered, for what [`Session::interest`] says. It becomes readable
    /// whenever a receive would make progress, the end of the stream included.
    ///
    /// # Errors
    ///
    /// `Unsupported` on a transport without one.
    pub fn wait_object(&self) -> Result<BorrowedFd<'_>, Error> {
        if self.connection.is_over_memory() {
            return Err(Error::Unsupported("waiting for a descriptor over shared memory"));
        }
        Ok(self.connection.as_fd())
    }

    /// What an event loop has to wait for: also for room while something is kept that [`Session::flush`] must send.
    pub fn interest(&self) -> Interest {
        if self.connection.has_unsent() { Interest::ReadWrite } else { Interest::Read }
    }

    /// Sends what was kept, unless that takes too long or the peer has gone.
    fn flush_until(&mut self, until: Deadline) {
        while matches!(self.flush(), Ok(false)) && !until.has_passed() {
            // A peer that is stuck with a message of its own would never come to read.
            if discard(&self.connection)
                || !matches!(wait(self.connection.as_fd(), Interest::ReadWrite, until.at(), None), Ok(Wake::Ready))
            {
                break;
            }
        }
    }

    pub(crate) fn receive_envelope(&mut self, deadline: Deadline, abort: Option<&Abort>) -> Result<Envelope, Error> {
        loop {
            if let Some(abort) = abort {
                abort.check()?;
            }
            if let Some(envelope) = self.poll_envelope()? {
                return Ok(envelope);
            }
            if deadline.has_passed() {
                return Err(Error::Timeout { waiting_for: Waiting::Message, limit: deadline.limit() });
            }
            self.wait(Interest::Read, Waiting::Message, deadline, abort)?;
        }
    }

    /// The next message if it is there, by its envelope.
    pub(crate) fn poll_envelope(&mut self) -> Result<Option<Envelope>, Error> {
        match self.connection.receive(&mut self.inbox)? {
            Incoming::Message(envelope) => Ok(Some(envelope)),
            // Who polls and never waits here has to learn of it, too.
            Incoming::Nothing => self.connection.check_half_message().map(|()| None),
            Incoming::End => Err(Error::Disconnected { cause: None }),
        }
    }

    /// The message of the envelope that was received last.
    pub(crate) fn message(&self, envelope: &Envelope) -> Message<'_> {
        Message { header: envelope.header, payload: self.connection.payload(envelope, &self.inbox) }
    }

    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    pub(crate) fn wait(
        &mut self,
        interest: Interest,
        waiting_for: Waiting,
        deadline: Deadline,
        abort: Option<&Abort>,
    ) -> Result<(), Error> {
        let half = self.connection.half_message_deadline();
        let at = deadline.at().into_iter().chain(half).min();
        match self.connection.wait(interest, at, abort)? {
            Wake::Ready => Ok(()),
            Wake::Aborted => Err(Error::Aborted),
            Wake::TimedOut if deadline.has_passed() => Err(Error::Timeout { waiting_for, limit: deadline.limit() }),
            Wake::TimedOut => self.connection.check_half_message(),
        }
    }
}

/// Reads and discards until every peer has hung up or the deadline has passed, then closes.
pub(crate) fn linger(sockets: &[Arc<OwnedFd>], until: Deadline) {
    for socket in sockets {
        while !discard(socket) && !until.has_passed() {
            // A wait that fails or ends early only shortens the courtesy.
            if !matches!(wait(socket.as_fd(), Interest::Read, until.at(), None), Ok(Wake::Ready)) {
                break;
            }
        }
    }
}
