//! What can be wrong, with the numbers.
//!
//! A [`Violation`] is what a peer broke on the wire; it ends the session. A [`SendError`] is what our own caller asked
//! for and may not have; the session lives on. Neither is ever turned into the other.
//!
//! ```
//! use netipc_proto::ErrorKind;
//! use netipc_proto::error::Violation;
//!
//! let violation = Violation::PayloadTooLarge { got: 2000, allowed: 1024 };
//! assert_eq!(violation.kind(), ErrorKind::PeerMisbehaved);
//! assert_eq!(violation.to_string(), "the peer announced a payload of 2000 bytes, the agreed limit is 1024");
//! ```

mod kind;

use core::fmt;
use core::time::Duration;

pub use kind::ErrorKind;

use crate::batch::BatchError;
use crate::chunk::ChunkError;
use crate::header::{HeaderError, Kind, Status};

/// What a peer broke on the wire. Ends the session and fails everything in flight (NIPC-RCV-09).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// The message header is unsound.
    Header(HeaderError),
    /// A message of this kind never travels in this direction.
    UnexpectedKind {
        /// The kind received.
        got: Kind,
        /// The only kind that this side receives.
        expected: Kind,
    },
    /// `payload_len` is over the agreed limit of the direction.
    PayloadTooLarge {
        /// The payload length announced.
        got: u32,
        /// The agreed limit.
        allowed: u32,
    },
    /// `item_count` is over the agreed number of batch items.
    TooManyItems {
        /// The item count announced.
        got: u32,
        /// The agreed limit.
        allowed: u32,
    },
    /// A packet is longer than what its header announces or what the agreed packet size permits.
    PacketTooLong {
        /// The length of the packet.
        got: usize,
        /// The longest packet possible here.
        allowed: usize,
    },
    /// A message that cannot come in parts is shorter than its header announces.
    MessageCut {
        /// Payload bytes that there are.
        got: usize,
        /// Payload bytes announced.
        expected: u32,
    },
    /// The length word of a shared-memory area is no length of a message.
    RegionLength {
        /// The word found.
        got: u32,
        /// Bytes that the area holds.
        allowed: u32,
    },
    /// The sequence word of a shared-memory area went back, or forward by more than one message.
    RegionSequence {
        /// The word found.
        got: u64,
        /// The number of the next message.
        expected: u64,
    },
    /// A shared-memory area was written while it was read.
    RegionChanged,
    /// The file of a shared-memory region was cut short while it was in use.
    RegionLost,
    /// The batch directory is unsound.
    Batch(BatchError),
    /// A packet that must continue a message does not.
    Chunk(ChunkError),
    /// A response answers nothing that was asked.
    UnknownMessageId {
        /// The message id of the response.
        got: u64,
    },
    /// A response has another method code than the request that it answers.
    WrongCode {
        /// The code of the response.
        got: u16,
        /// The code of the request.
        expected: u16,
    },
    /// A response has a status that no response may have.
    UnexpectedStatus {
        /// The status.
        got: Status,
    },
    /// The response to a batch is none or has another number of items, or it is a batch when the request was none.
    WrongItemCount {
        /// The number of items; 0 when it is no batch.
        got: u32,
        /// The number of items of the request; 0 when it was no batch.
        expected: u32,
    },
    /// The reply to a lookup has another number of items than there were keys.
    ReplyItems {
        /// The number of items.
        got: usize,
        /// The number of keys.
        expected: usize,
    },
    /// An item of the reply to a lookup repeats another key than the one that was asked for.
    ReplyKey {
        /// Which item.
        index: usize,
    },
    /// An item of the reply to a lookup has an answer although one before it had no room.
    ReplyGap {
        /// Which item.
        index: usize,
    },
    /// The rest of a message did not arrive in time.
    HalfMessage {
        /// Payload bytes that arrived.
        got: usize,
        /// Payload bytes announced.
        expected: u32,
        /// The time that was given to them.
        timeout: Duration,
    },
}

impl Violation {
    /// [`ErrorKind::InvalidMessage`] for bytes that form no message, [`ErrorKind::PeerMisbehaved`] for the rest.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Header(_) | Self::Batch(_) | Self::Chunk(_) | Self::MessageCut { .. } => ErrorKind::InvalidMessage,
            _ => ErrorKind::PeerMisbehaved,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(error) => error.fmt(f),
            Self::UnexpectedKind { got, expected } => {
                write!(f, "the peer sent a {got} where only a {expected} may come")
            }
            Self::PayloadTooLarge { got, allowed } => {
                write!(f, "the peer announced a payload of {got} bytes, the agreed limit is {allowed}")
            }
            Self::TooManyItems { got, allowed } => {
                write!(f, "the peer announced {got} batch items, the agreed limit is {allowed}")
            }
            Self::PacketTooLong { got, allowed } => {
                write!(f, "the peer sent a packet of {got} bytes, at most {allowed} can belong to its message")
            }
            Self::MessageCut { got, expected } => {
                write!(f, "the peer published {got} payload bytes of a message of {expected}")
            }
            Self::RegionLength { got, allowed } => {
                write!(f, "the peer published a message of {got} bytes in an area that holds 1 to {allowed}")
            }
            Self::RegionSequence { got, expected } => {
                write!(f, "the peer's sequence word is {got}, where message {expected} comes next")
            }
            Self::RegionChanged => f.write_str("the peer wrote to its area while the message in it was read"),
            Self::RegionLost => f.write_str("the file of the shared memory was cut short while it was in use"),
            Self::Batch(error) => error.fmt(f),
            Self::Chunk(error) => error.fmt(f),
            Self::UnknownMessageId { got } => {
                write!(f, "the peer answered message id {got}, which is not in flight")
            }
            Self::WrongCode { got, expected } => {
                write!(f, "the peer answered a call of method {expected} with a response of method {got}")
            }
            Self::UnexpectedStatus { got } => write!(f, "the peer answered a call with status {got}"),
            Self::WrongItemCount { got, expected } => {
                write!(f, "the peer answered a batch of {expected} items with one of {got} (0 is none at all)")
            }
            Self::ReplyItems { got, expected } => {
                write!(f, "the peer answered a lookup of {expected} keys with {got} items")
            }
            Self::ReplyKey { index } => write!(f, "the peer answered key {index} of a lookup with another key"),
            Self::ReplyGap { index } => {
                write!(f, "the peer answered key {index} of a lookup, but had no room for one before it")
            }
            Self::HalfMessage { got, expected, timeout } => {
                write!(f, "only {got} of {expected} payload bytes arrived within {timeout:?}")
            }
        }
    }
}

// No `source`: the wrapped errors speak through `Display` already, and naming them as causes would print them twice.
impl core::error::Error for Violation {}

impl From<HeaderError> for Violation {
    fn from(error: HeaderError) -> Self {
        Self::Header(error)
    }
}

impl From<BatchError> for Violation {
    fn from(error: BatchError) -> Self {
        Self::Batch(error)
    }
}

impl From<ChunkError> for Violation {
    fn from(error: ChunkError) -> Self {
        Self::Chunk(error)
    }
}

/// Why a message cannot be sent on a session. Nothing was sent, and nothing is in flight that was not before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The payload is over the agreed limit of the direction.
    PayloadTooLarge {
        /// The length of the payload.
        got: u32,
        /// The agreed limit.
        allowed: u32,
    },
    /// The batch has more items than agreed.
    TooManyItems {
        /// The number of items.
        got: u32,
        /// The agreed limit.
        allowed: u32,
    },
    /// A client sends requests, a server sends responses, and nothing else.
    WrongKind {
        /// The kind in the header.
        got: Kind,
        /// The only kind that this side sends.
        expected: Kind,
    },
    /// A request with this id is in flight already.
    DuplicateId {
        /// The message id.
        id: u64,
    },
    /// The peer broke the protocol earlier; the session is of no use any more.
    Broken(Violation),
    /// The session was closed.
    Closed,
}

impl SendError {
    /// Who is at fault.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::PayloadTooLarge { .. } | Self::TooManyItems { .. } => ErrorKind::LimitExceeded,
            Self::WrongKind { .. } | Self::DuplicateId { .. } => ErrorKind::ApiMisuse,
            Self::Broken(violation) => violation.kind(),
            Self::Closed => ErrorKind::Disconnected,
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PayloadTooLarge { got, allowed } => {
                write!(f, "the payload has {got} bytes, the agreed limit is {allowed}")
            }
            Self::TooManyItems { got, allowed } => {
                write!(f, "the batch has {got} items, the agreed limit is {allowed}")
            }
            Self::WrongKind { got, expected } => {
                write!(f, "this side of a session sends a {expected}, not a {got}")
            }
            Self::DuplicateId { id } => write!(f, "message id {id} is in flight already"),
            Self::Broken(violation) => write!(f, "the session is broken: {violation}"),
            Self::Closed => f.write_str("the session is closed"),
        }
    }
}

impl core::error::Error for SendError {}
