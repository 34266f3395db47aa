//! Messages that are larger than a packet: cut into chunks, put together again.
//!
//! This module must not know limits of a session or deadlines. The first packet of a message is its header and as much
//! of the payload as fits; every further packet is a 32-byte chunk header and the next part. Nothing comes between the
//! chunks of a message (NIPC-CHK-02, NIPC-CHK-03, NIPC-CHK-04).
//!
//! ```
//! use netipc_proto::chunk::Chunker;
//! use netipc_proto::header::Header;
//!
//! let mut chunker = Chunker::new(Header::request(1, 188, 9), 96);
//! let mut sizes = Vec::new();
//! while let Some((head, body)) = chunker.packet() {
//!     sizes.push(head.len() + body.len()); // here a transport sends `head` and `payload[body]` as one packet
//!     chunker.advance();
//! }
//! assert_eq!(sizes, [96, 96, 92]);
//! ```

mod assembler;

use core::fmt;
use core::ops::Range;

pub use assembler::Assembler;

use crate::bytes::{put, u16_at, u32_at, u64_at};
use crate::header::{HEADER_LEN, Header, MAX_PAYLOAD_LEN};

/// First word of a continuation packet.
pub const CHUNK_MAGIC: u32 = 0x4e43_484b;
/// The only version of the chunk header.
pub const CHUNK_VERSION: u16 = 1;
/// Bytes of a chunk header; as many as a message header has.
pub const CHUNK_HEADER_LEN: usize = 32;
/// The smallest packet that carries anything besides its header.
pub const MIN_PACKET_SIZE: u32 = HEADER_LEN as u32 + 1;

/// The header of a continuation packet; magic, version and flags are implied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChunkHeader {
    /// Id of the message that goes on.
    pub message_id: u64,
    /// Bytes of the whole message with its header.
    pub total_len: u32,
    /// Number of this packet; the first continuation is 1.
    pub index: u32,
    /// Number of packets, the first one counted.
    pub count: u32,
    /// Payload bytes of this packet.
    pub payload_len: u32,
}

impl ChunkHeader {
    /// The bytes of the chunk header.
    #[inline]
    #[must_use]
    pub fn encode(&self) -> [u8; CHUNK_HEADER_LEN] {
        let mut out = [0; CHUNK_HEADER_LEN];
        put(&mut out, 0, CHUNK_MAGIC.to_ne_bytes());
        put(&mut out, 4, CHUNK_VERSION.to_ne_bytes());
        put(&mut out, 8, self.message_id.to_ne_bytes());
        put(&mut out, 16, self.total_len.to_ne_bytes());
        put(&mut out, 20, self.index.to_ne_bytes());
        put(&mut out, 24, self.count.to_ne_bytes());
        put(&mut out, 28, self.payload_len.to_ne_bytes());
        out
    }

    /// Reads the chunk header at the start of `packet`.
    ///
    /// # Errors
    /// Names the first unsound field in the order length, magic, version, flags. Fields that depend on the message are
    /// judged by the [`Assembler`].
    #[inline]
    pub fn decode(packet: &[u8]) -> Result<ChunkHeader, ChunkError> {
        let Some(bytes) = packet.first_chunk::<CHUNK_HEADER_LEN>() else {
            return Err(ChunkError::Short { got: packet.len() });
        };
        let magic = u32_at(bytes, 0);
        if magic != CHUNK_MAGIC {
            return Err(ChunkError::Magic { got: magic });
        }
        let version = u16_at(bytes, 4);
        if version != CHUNK_VERSION {
            return Err(ChunkError::Version { got: version });
        }
        let flags = u16_at(bytes, 6);
        if flags != 0 {
            return Err(ChunkError::Flags { got: flags });
        }
        Ok(ChunkHeader {
            message_id: u64_at(bytes, 8),
            total_len: u32_at(bytes, 16),
            index: u32_at(bytes, 20),
            count: u32_at(bytes, 24),
            payload_len: u32_at(bytes, 28),
        })
    }
}

/// Why a packet does not continue the message that is half there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChunkError {
    /// Fewer bytes than a chunk header has.
    Short {
        /// Bytes there are.
        got: usize,
    },
    /// Not the first word of a chunk: something came between the chunks of a message.
    Magic {
        /// The word found.
        got: u32,
    },
    /// Another version.
    Version {
        /// The version found.
        got: u16,
    },
    /// Flags that do not exist.
    Flags {
        /// The flags found.
        got: u16,
    },
    /// A chunk of another message.
    MessageId {
        /// The id found.
        got: u64,
        /// The id of the message.
        expected: u64,
    },
    /// A chunk is missing or repeated.
    Index {
        /// The index found.
        got: u32,
        /// The next index.
        expected: u32,
    },
    /// Another number of chunks than the size of the message gives.
    Count {
        /// The count found.
        got: u32,
        /// The count computed from the first packet.
        expected: u32,
    },
    /// Another message length than the message header gives.
    Total {
        /// The total found.
        got: u32,
        /// 32 + the payload length of the message.
        expected: u32,
    },
    /// The chunk header and the packet disagree about the payload bytes in it.
    PacketLen {
        /// Payload bytes in the packet.
        got: usize,
        /// Payload bytes that the chunk header announces.
        expected: u32,
    },
    /// A chunk that carries more or less than the next part of the message.
    PartLen {
        /// Payload bytes of the chunk.
        got: u32,
        /// Bytes of a full packet, or what is left of the message.
        expected: u32,
    },
}

impl fmt::Display for ChunkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { got } => {
                write!(f, "a packet of {got} bytes is too short for a {CHUNK_HEADER_LEN}-byte chunk header")
            }
            Self::Magic { got } => {
                write!(f, "a chunk must follow, but the packet starts with {got:#010x}, not with {CHUNK_MAGIC:#010x}")
            }
            Self::Version { got } => write!(f, "a chunk has version {got}, only {CHUNK_VERSION} is known"),
            Self::Flags { got } => write!(f, "a chunk has flags {got:#06x}, none are known"),
            Self::MessageId { got, expected } => {
                write!(f, "a chunk has message id {got}, the message that it must continue has {expected}")
            }
            Self::Index { got, expected } => {
                write!(f, "a chunk has index {got}, the next one is {expected}")
            }
            Self::Count { got, expected } => write!(f, "a chunk tells of {got} chunks, the message has {expected}"),
            Self::Total { got, expected } => {
                write!(f, "a chunk tells of a message of {got} bytes, the message has {expected}")
            }
            Self::PacketLen { got, expected } => {
                write!(f, "a chunk announces {expected} payload bytes, its packet has {got}")
            }
            Self::PartLen { got, expected } => {
                write!(f, "a chunk carries {got} payload bytes, the next part of the message has {expected}")
            }
        }
    }
}

impl core::error::Error for ChunkError {}

/// Payload bytes that fit one packet; a packet size that leaves room for none counts as one that takes 1.
const fn body_budget(packet_size: u32) -> u32 {
    let size = if packet_size < MIN_PACKET_SIZE { MIN_PACKET_SIZE } else { packet_size };
    size - HEADER_LEN as u32
}

/// Cuts one message into packets.
///
/// Plain state that borrows nothing: when the transport would block, keep the chunker and go on later with the packet
/// it still shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunker {
    header: Header,
    budget: u32,
    /// Payload bytes in the packets before the current one.
    sent: u32,
    index: u32,
}

impl Chunker {
    /// The packets of the message that `header` opens, none longer than `packet_size`.
    ///
    /// `header.payload_len` must be the length of the payload and at most [`MAX_PAYLOAD_LEN`]; a session makes sure of
    /// both. A `packet_size` below [`MIN_PACKET_SIZE`] counts as that.
    #[must_use]
    pub const fn new(header: Header, packet_size: u32) -> Chunker {
        debug_assert!(header.payload_len <= MAX_PAYLOAD_LEN);
        Chunker { header, budget: body_budget(packet_size), sent: 0, index: 0 }
    }

    /// The message header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The packet to send now: its first 32 bytes, and the part of the payload that follows them. `None` when the
    /// message is complete.
    #[inline]
    #[must_use]
    pub fn packet(&self) -> Option<([u8; HEADER_LEN], Range<usize>)> {
        if self.is_done() {
            return None;
        }
        let part = self.part();
        let head = if self.index == 0 {
            self.header.encode()
        } else {
            ChunkHeader {
                message_id: self.header.message_id,
                total_len: self.header.payload_len.saturating_add(HEADER_LEN as u32),
                index: self.index,
                count: self.count(),
                payload_len: part,
            }
            .encode()
        };
        let start = self.sent as usize;
        Some((head, start..start + part as usize))
    }

    /// The packet was sent: move to the next one.
    #[inline]
    pub fn advance(&mut self) {
        if !self.is_done() {
            self.sent += self.part();
            self.index += 1;
        }
    }

    /// Number of packets of the message.
    #[must_use]
    pub const fn count(&self) -> u32 {
        let count = self.header.payload_len.div_ceil(self.budget);
        if count == 0 { 1 } else { count }
    }

    /// Whether a packet of the message was sent already. Once it was, only the next packet of the same message may
    /// follow it.
    #[must_use]
    pub const fn started(&self) -> bool {
        self.index > 0
    }

    /// Whether all packets were sent.
    #[inline]
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.index > 0 && self.sent == self.header.payload_len
    }

    #[inline]
    const fn part(&self) -> u32 {
        let left = self.header.payload_len - self.sent;
        if left < self.budget { left } else { self.budget }
    }
}
