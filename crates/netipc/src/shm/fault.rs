//! Why there is no shared memory.

use std::fmt;

use netipc_proto::error::ErrorKind;
use rustix::io::Errno;

use crate::error::OsError;
pub use crate::shm::layout::HeaderFault;

/// Why a session cannot have shared memory. The session then goes without.
///
/// Implements `spec/shm.md`, sections 2 and 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegionFault {
    /// The operating system refused a step.
    Os {
        /// Which one.
        step: RegionStep,
        /// What it said.
        source: OsError,
    },
    /// The process may not make files of that size (RLIMIT_FSIZE).
    FileSizeLimit {
        /// Bytes that the region needs.
        got: u64,
        /// Bytes that a file may have.
        allowed: u64,
    },
    /// The limits of the session make areas that no region can have.
    TooLarge {
        /// The request payload that was asked for.
        request: u32,
        /// The response payload that would be granted.
        response: u32,
    },
    /// The server has as many sessions with shared memory as it may.
    Full {
        /// How many that is.
        allowed: usize,
    },
    /// Files that are in use have every name that was tried.
    NamesTaken {
        /// How many were tried.
        tried: u32,
    },
    /// What has the name of the region is no regular file.
    NotAFile,
    /// The file belongs to a user who is neither the server's nor this process's.
    Owner {
        /// The user who owns it.
        got: u32,
        /// The server's user.
        expected: u32,
    },
    /// The header of the region is unsound.
    Header(HeaderFault),
}

/// A step on the way to shared memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegionStep {
    /// Making the file.
    Create,
    /// Opening it.
    Open,
    /// Reading what it is.
    Stat,
    /// Marking it as in use.
    Lock,
    /// Reserving its memory.
    Allocate,
    /// Mapping it.
    Map,
    /// Watching the socket for the peer's end.
    Watch,
    /// Starting the thread that serves the session.
    SpawnThread,
}

impl RegionFault {
    pub(crate) fn os(step: RegionStep) -> impl FnOnce(Errno) -> Self {
        move |errno| Self::Os { step, source: errno.into() }
    }

    /// Who is at fault.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Os { .. } => ErrorKind::Io,
            Self::FileSizeLimit { .. } | Self::TooLarge { .. } | Self::Full { .. } | Self::NamesTaken { .. } => {
                ErrorKind::LimitExceeded
            }
            Self::NotAFile | Self::Owner { .. } => ErrorKind::PeerMisbehaved,
            Self::Header(_) => ErrorKind::InvalidMessage,
        }
    }

    /// Whether another look may find what is missing.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Os { step: RegionStep::Open, source } => *source == OsError::from(Errno::NOENT),
            Self::Header(fault) => fault.may_pass(),
            _ => false,
        }
    }
}

impl fmt::Display for RegionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Os { step, source } => write!(f, "no shared memory: could not {step}: {source}"),
            Self::FileSizeLimit { got, allowed } => {
                write!(
                    f,
                    "no shared memory: it takes a file of {got} bytes, this process may make {allowed} (RLIMIT_FSIZE)"
                )
            }
            Self::TooLarge { request, response } => write!(
                f,
                "no shared memory: it cannot hold requests of {request} bytes beside responses of {response} bytes"
            ),
            Self::Full { allowed } => {
                write!(f, "no shared memory: the server has {allowed} sessions with it, which is its limit")
            }
            Self::NamesTaken { tried } => {
                write!(f, "no shared memory: {tried} names for its file are taken by files in use")
            }
            Self::NotAFile => f.write_str("no shared memory: what has the name of its file is no regular file"),
            Self::Owner { got, expected } => {
                write!(f, "no shared memory: its file belongs to user {got}, the server is user {expected}")
            }
            Self::Header(fault) => write!(f, "no shared memory: its file is unsound: {fault}"),
        }
    }
}

impl std::error::Error for RegionFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Os { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl fmt::Display for RegionStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create its file",
            Self::Open => "open its file",
            Self::Stat => "look at its file",
            Self::Lock => "lock its file",
            Self::Allocate => "reserve its memory",
            Self::Map => "map its file",
            Self::Watch => "watch the peer",
            Self::SpawnThread => "start a thread for it",
        })
    }
}
