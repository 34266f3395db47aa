//! What can go wrong, sorted by who is at fault.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use netipc_proto::codec::{BuildError, DecodeError};
use netipc_proto::error::{ErrorKind, Violation};
use netipc_proto::handshake::Refusal;
use netipc_proto::header::Status;

use rustix::io::Errno;

use crate::client::State;
use crate::endpoint::Endpoint;
use crate::shm::fault::RegionFault;

/// Any failure of this crate. [`Error::kind`] gives the code that is the same in every language.
///
/// Implements `spec/errors.md`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Error {
    /// The caller used the interface in a way that cannot work.
    ApiMisuse(Cow<'static, str>),
    /// A call was made while the client had no session; no I/O was done.
    NotReady {
        /// The state of the client.
        state: State,
        /// Why it is in that state, when something went wrong.
        cause: Option<Arc<Error>>,
    },
    /// The peer sent a payload that breaks the rules of its message.
    InvalidMessage(DecodeError),
    /// The peer broke the protocol. The session is over.
    Violation(Violation),
    /// The handshake did not lead to a session.
    Handshake {
        /// Where.
        endpoint: Endpoint,
        /// What the server said, or got wrong.
        refusal: Refusal,
    },
    /// The session cannot have the shared memory that was agreed on.
    Region {
        /// Where.
        endpoint: Endpoint,
        /// Why.
        fault: RegionFault,
    },
    /// The server answered a call with a status other than OK.
    Rejected(Status),
    /// The file permissions of the endpoint keep this user out.
    Denied {
        /// Which one.
        endpoint: Endpoint,
        /// What the operating system said.
        source: OsError,
    },
    /// A size or count exceeds a limit.
    LimitExceeded {
        /// What was limited.
        what: &'static str,
        /// What was asked for.
        got: u64,
        /// The most that is allowed.
        allowed: u64,
    },
    /// The endpoint cannot be bound because something else is there.
    AddressInUse {
        /// Which one.
        endpoint: Endpoint,
        /// What is there.
        occupant: Occupant,
    },
    /// Nobody serves the endpoint.
    NotFound {
        /// Which one.
        endpoint: Endpoint,
        /// What the operating system said.
        source: OsError,
    },
    /// The session ended before the operation did.
    Disconnected {
        /// What ended it, when more is known than that the peer went away.
        cause: Option<Arc<Error>>,
    },
    /// The deadline passed. The session that was in use is over.
    Timeout {
        /// What was not finished in time.
        waiting_for: Waiting,
        /// How long the caller allowed.
        limit: Duration,
    },
    /// An [`Abort`](crate::Abort) is in force.
    Aborted,
    /// The operating system refused an operation.
    Io {
        /// Which one.
        operation: Operation,
        /// On which endpoint, when one was involved.
        endpoint: Option<Endpoint>,
        /// What the operating system said.
        source: OsError,
    },
    /// The operation would have to wait, and was told not to. Nothing was done.
    WouldBlock,
    /// This build or this transport cannot do it.
    Unsupported(&'static str),
    /// An invariant of this crate does not hold: please report it.
    Bug(&'static str),
}

/// What an operation was waiting for when its deadline passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Waiting {
    /// A place in the server's backlog.
    Backlog,
    /// The server's answer to the handshake.
    Handshake,
    /// Room in the peer's receive queue.
    Room,
    /// A message.
    Message,
    /// A client to connect.
    Client,
}

/// What stands where a server wants to bind.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Occupant {
    /// A server that listens.
    Server,
    /// A file of another kind. It was left alone.
    NotASocket(&'static str),
    /// A socket that could not be probed; it may be alive.
    Unknown(OsError),
    /// Something that appeared while this server was about to bind. It was left alone.
    Newcomer,
    /// Another server that is about to bind in the same directory, and holds its lock.
    RunDirLock {
        /// How long the lock was waited for.
        waited: Duration,
    },
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident => $verb:literal,)+) => {
        /// An operation on the operating system.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Operation { $($(#[$doc])* $name,)+ }

        impl fmt::Display for Operation {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$name => $verb,)+ })
            }
        }
    };
}

operations! {
    /// Making an abort handle.
    CreateEvent => "create an event",
    /// Making a socket.
    CreateSocket => "create a socket",
    /// Reading a socket's options.
    ReadSocket => "read the options of a socket",
    /// Connecting to a server.
    Connect => "connect",
    /// Locking the run directory.
    LockRunDir => "lock the run directory",
    /// Looking at what is at the endpoint.
    Stat => "look at the socket file",
    /// Removing a stale socket.
    Unlink => "remove the stale socket file",
    /// Setting the mode of the socket file.
    SetMode => "set the mode of the socket file",
    /// Binding.
    Bind => "bind",
    /// Listening.
    Listen => "listen",
    /// Accepting a client.
    Accept => "accept a client",
    /// Sending a packet.
    Send => "send a packet",
    /// Receiving a packet.
    Receive => "receive a packet",
    /// Waiting for readiness.
    Wait => "wait for events",
    /// Starting a thread.
    SpawnThread => "start a thread",
}

impl Error {
    pub(crate) fn misuse(what: impl Into<Cow<'static, str>>) -> Self {
        Self::ApiMisuse(what.into())
    }

    pub(crate) fn io(operation: Operation, endpoint: Option<&Endpoint>, source: impl Into<OsError>) -> Self {
        Self::Io { operation, endpoint: endpoint.cloned(), source: source.into() }
    }

    /// The kind, whose numeric code is the same in every language.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::ApiMisuse(_) => ErrorKind::ApiMisuse,
            Self::NotReady { .. } => ErrorKind::NotReady,
            Self::InvalidMessage(_) => ErrorKind::InvalidMessage,
            Self::Violation(violation) => violation.kind(),
            Self::Handshake { refusal, .. } => refusal.kind(),
            Self::Region { fault, .. } => fault.kind(),
            Self::Rejected(_) => ErrorKind::Rejected,
            Self::Denied { .. } => ErrorKind::Denied,
            Self::LimitExceeded { .. } => ErrorKind::LimitExceeded,
            Self::AddressInUse { .. } => ErrorKind::AddressInUse,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Disconnected { .. } => ErrorKind::Disconnected,
            Self::Timeout { .. } => ErrorKind::Timeout,
            Self::Aborted => ErrorKind::Aborted,
            Self::Io { .. } => ErrorKind::Io,
            Self::WouldBlock => ErrorKind::WouldBlock,
            Self::Unsupported(_) => ErrorKind::Unsupported,
            Self::Bug(_) => ErrorKind::Bug,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiMisuse(what) => f.write_str(what),
            Self::NotReady { state, cause: None } => write!(f, "the client is {state}: refresh it first"),
            Self::NotReady { state, cause: Some(cause) } => write!(f, "the client is {state}: {cause}"),
            Self::InvalidMessage(error) => write!(f, "the peer sent an invalid message: {error}"),
            Self::Violation(violation) => write!(f, "the peer broke the protocol: {violation}"),
            Self::Handshake { endpoint, refusal } => write!(f, "no session with {endpoint}: {refusal}"),
            Self::Region { endpoint, fault } => write!(f, "no session with {endpoint}: {fault}"),
            Self::Rejected(status) => write!(f, "the server answered with status {status}"),
            Self::Denied { endpoint, source } => {
                write!(f, "{endpoint} may not be used: {source}; its server sets who may")
            }
            Self::LimitExceeded { what, got, allowed } => {
                write!(f, "{what} is over the limit: {got}, where {allowed} are allowed")
            }
            Self::AddressInUse { endpoint, occupant } => write!(f, "{endpoint} is in use: {occupant}"),
            Self::NotFound { endpoint, source } => {
                write!(f, "nobody serves {endpoint} ({source}): start its provider, or check the run directory")
            }
            Self::Disconnected { cause: None } => f.write_str("the peer ended the session"),
            Self::Disconnected { cause: Some(cause) } => write!(f, "the session ended: {cause}"),
            Self::Timeout { waiting_for, limit } => {
                write!(f, "timed out after {limit:?} while waiting for {waiting_for}")
            }
            Self::Aborted => f.write_str("aborted"),
            Self::Io { operation, endpoint: None, source } => write!(f, "could not {operation}: {source}"),
            Self::Io { operation, endpoint: Some(endpoint), source } => {
                write!(f, "could not {operation} for {endpoint}: {source}")
            }
            Self::WouldBlock => f.write_str("the operation would have to wait"),
            Self::Unsupported(what) => write!(f, "{what} is not supported here"),
            Self::Bug(what) => write!(f, "a bug in netipc, please report it: {what}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotReady { cause: Some(cause), .. } | Self::Disconnected { cause: Some(cause) } => Some(&**cause),
            Self::InvalidMessage(error) => Some(error),
            Self::Violation(violation) => Some(violation),
            Self::Handshake { refusal, .. } => Some(refusal),
            Self::Region { fault, .. } => Some(fault),
            Self::Denied { source, .. } | Self::NotFound { source, .. } | Self::Io { source, .. } => Some(source),
            Self::AddressInUse { occupant: Occupant::Unknown(source), .. } => Some(source),
            _ => None,
        }
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Backlog => "a place in the server's backlog",
            Self::Handshake => "the answer to the handshake",
            Self::Room => "the peer to read what was sent",
            Self::Message => "a message",
            Self::Client => "a client",
        })
    }
}

impl fmt::Display for Occupant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server => f.write_str("a server is listening there"),
            Self::NotASocket(kind) => write!(f, "a {kind} is in the way, and was left alone"),
            Self::Unknown(error) => write!(f, "the socket there may be alive, its probe failed: {error}"),
            Self::Newcomer => f.write_str("another program has just put a file there, which was left alone"),
            Self::RunDirLock { waited } => {
                write!(f, "another server has held the lock on the run directory for {waited:?}, try again later")
            }
        }
    }
}

/// An error of the operating system, by its number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OsError(i32);

impl OsError {
    /// The number: `errno` on POSIX.
    pub fn code(self) -> i32 {
        self.0
    }
}

impl From<Errno> for OsError {
    fn from(errno: Errno) -> Self {
        Self(errno.raw_os_error())
    }
}

impl From<io::Error> for OsError {
    /// An error without a number, which no operating system reports, counts as EIO.
    fn from(error: io::Error) -> Self {
        Self(error.raw_os_error().unwrap_or(Errno::IO.raw_os_error()))
    }
}

impl From<OsError> for io::Error {
    fn from(error: OsError) -> Self {
        Self::from_raw_os_error(error.0)
    }
}

impl fmt::Display for OsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        io::Error::from(*self).fmt(f)
    }
}

impl fmt::Debug for OsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&io::Error::from(*self), f)
    }
}

impl std::error::Error for OsError {}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::InvalidMessage(error)
    }
}

impl From<BuildError> for Error {
    /// A request that does not fit is a limit; a value that breaks its field's rule is the caller's mistake.
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Overflow { needed, budget } => {
                Self::LimitExceeded { what: "a request payload", got: needed as u64, allowed: budget as u64 }
            }
            other => Self::misuse(other.to_string()),
        }
    }
}
