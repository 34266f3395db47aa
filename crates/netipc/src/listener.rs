//! Level 1: endpoints that sessions arrive at.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use netipc_proto::growth::Learned;
use netipc_proto::limits;
use netipc_proto::profile::Profiles;

use crate::abort::Abort;
use crate::clock::Deadline;
use crate::endpoint::Endpoint;
use crate::error::{Error, Operation, Waiting};
use crate::limits::LearnedLimit;
use crate::session::Session;
use crate::sys::credentials::PeerCredentials;
use crate::sys::wait::{Interest, Wake, wait};
use crate::uds::reception::Reception;

/// Who may connect to an endpoint, and what it grants.
#[derive(Clone)]
#[non_exhaustive]
pub struct ListenerConfig {
    /// Profiles that may be used. Default: baseline. With `SHM_HYBRID` clients that offer it get shared memory, as long as
    /// it can be had; see [`SessionConfig::supported`](crate::SessionConfig::supported) for what the process gets with it.
    pub supported: Profiles,
    /// Profiles that are preferred among them. Default: none.
    pub preferred: Profiles,
    /// Clients must present the same. Default: 0.
    pub auth_token: u64,
    /// Largest request payload that a client may ask for, in bytes. Default: 1 MiB; memory grows as bytes arrive, so a
    /// large grant costs nothing.
    pub max_request_payload: Option<u32>,
    /// Largest response payload, in bytes; granted to every client. Default: 65536.
    pub max_response_payload: Option<u32>,
    /// Longest packet in bytes, 33 or more; 0 stands for the most that the socket takes, which is the default.
    pub packet_size: u32,
    /// Mode of the socket file. Default: 0600.
    pub mode: u32,
    /// User ids that may connect. With both lists empty, which is the default, every user may whom the mode lets in.
    pub allow_uids: Vec<u32>,
    /// Group ids that may connect.
    pub allow_gids: Vec<u32>,
    /// Connections that the kernel queues until they are accepted. Default: 128.
    pub backlog: i32,
    /// Most sessions at a time; one more is refused with status 6. Default: 4096.
    pub max_sessions: usize,
    /// Most sessions with shared memory at a time, for each of which a server has a thread; others go without. Default: 64.
    pub max_shm_sessions: usize,
    /// Most clients that may be in their handshake; one more drops the oldest. Default: 256.
    pub max_arrivals: usize,
    /// How long a client may take to say HELLO. Default: 5 s.
    pub handshake_timeout: Duration,
    /// How long the rest of a message may take once it has begun. Default: 30 s.
    pub half_message_timeout: Duration,
    /// How long binding may wait for the lock on the run directory. Default: 5 s.
    pub lock_timeout: Duration,
}

impl Default for ListenerConfig {
    fn default() -> Self {
        Self {
            supported: Profiles::BASELINE,
            preferred: Profiles::NONE,
            auth_token: 0,
            max_request_payload: None,
            max_response_payload: None,
            packet_size: 0,
            mode: 0o600,
            allow_uids: Vec::new(),
            allow_gids: Vec::new(),
            backlog: 128,
            max_sessions: 4096,
            max_shm_sessions: 64,
            max_arrivals: 256,
            handshake_timeout: limits::DEFAULT_HANDSHAKE_TIMEOUT,
            half_message_timeout: limits::DEFAULT_CALL_TIMEOUT,
            lock_timeout: Duration::from_secs(5),
        }
    }
}

impl fmt::Debug for ListenerConfig {
    /// Leaves the token out: a secret has no place in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListenerConfig")
            .field("supported", &self.supported)
            .field("preferred", &self.preferred)
            .field("max_request_payload", &self.max_request_payload)
            .field("max_response_payload", &self.max_response_payload)
            .field("packet_size", &self.packet_size)
            .field("mode", &format_args!("{:#o}", self.mode))
            .field("allow_uids", &self.allow_uids)
            .field("allow_gids", &self.allow_gids)
            .field("backlog", &self.backlog)
            .field("max_sessions", &self.max_sessions)
            .field("max_shm_sessions", &self.max_shm_sessions)
            .field("max_arrivals", &self.max_arrivals)
            .field("handshake_timeout", &self.handshake_timeout)
            .field("half_message_timeout", &self.half_message_timeout)
            .field("lock_timeout", &self.lock_timeout)
            .finish_non_exhaustive()
    }
}

impl ListenerConfig {
    pub(crate) fn allows(&self, peer: PeerCredentials) -> bool {
        (self.allow_uids.is_empty() && self.allow_gids.is_empty())
            || self.allow_uids.contains(&peer.uid)
            || self.allow_gids.contains(&peer.gid)
    }
}

/// A bound endpoint. Dropping it removes the socket file.
///
/// Handshakes run inside [`Listener::accept`] and [`Listener::try_accept`], all of them at once, so none can hold up the
/// others.
///
/// `Send`, and used by one thread at a time. Implements `spec/endpoints.md` and `spec/handshake.md`.
#[derive(Debug)]
pub struct Listener {
    reception: Reception,
}

impl Listener {
    /// Binds, taking over a socket file that nobody serves any more.
    ///
    /// # Errors
    ///
    /// `AddressInUse` when a server is alive there, when something that is no socket is in the way, or when another server
    /// that is starting keeps the run directory locked; `NotFound` when the run directory does not exist; `ApiMisuse` for
    /// a configuration that cannot work; `Io`.
    pub fn bind(endpoint: &Endpoint, config: ListenerConfig) -> Result<Self, Error> {
        let max_response =
            LearnedLimit::new(Learned::new(config.max_response_payload, limits::DEFAULT_RESPONSE_PAYLOAD, 0));
        Reception::bind(endpoint, config, Arc::new(max_response)).map(|reception| Self { reception })
    }

    /// Where it is bound.
    pub fn endpoint(&self) -> &Endpoint {
        self.reception.endpoint()
    }

    /// Waits for the next session whose handshake has succeeded. Refused clients are dealt with on the way.
    ///
    /// # Errors
    ///
    /// `Timeout`, `Aborted`, `Io`; the listener stays usable.
    pub fn accept(&mut self, deadline: Deadline, abort: Option<&Abort>) -> Result<Session, Error> {
        loop {
            if let Some(abort) = abort {
                abort.check()?;
            }
            match self.try_accept() {
                Err(Error::WouldBlock) => {}
                result => return result,
            }
            match wait(self.as_fd(), Interest::Read, deadline.at(), abort.map(Abort::wait_object).transpose()?) {
                Ok(Wake::Ready) => {}
                Ok(Wake::Aborted) => return Err(Error::Aborted),
                Ok(Wake::TimedOut) => {
                    return Err(Error::Timeout { waiting_for: Waiting::Client, limit: deadline.limit() });
                }
                Err(errno) => return Err(Error::io(Operation::Wait, Some(self.endpoint()), errno)),
            }
        }
    }

    /// The next session, if one is there. Moves all pending handshakes on.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when there is none, `Io`; the listener stays usable.
    pub fn try_accept(&mut self) -> Result<Session, Error> {
        self.reception.try_accept()?.map(Session::new).ok_or(Error::WouldBlock)
    }
}

impl AsFd for Listener {
    /// The wait object: readable whenever an accept would make progress.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reception.as_fd()
    }
}
