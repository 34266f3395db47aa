//! The 32-byte message header that opens every message.
//!
//! This module must not know limits, sessions or payloads. It turns a header into bytes and back (NIPC-ENV-01).
//!
//! ```
//! use netipc_proto::header::{Header, HEADER_LEN};
//!
//! let header = Header::request(1, 8, 42);
//! let bytes: [u8; HEADER_LEN] = header.encode();
//! assert_eq!(Header::decode(&bytes), Ok(header));
//! ```

use core::fmt;

use crate::bytes::{put, u16_at, u32_at, u64_at};

/// First word of a message.
pub const MAGIC: u32 = 0x4e49_5043;
/// The only protocol version.
pub const VERSION: u16 = 1;
/// Bytes of a message header.
pub const HEADER_LEN: usize = 32;
/// Flag bit 0: the payload starts with a batch directory. All other bits are sent as 0 and ignored on receipt
/// (NIPC-ENV-06).
pub const FLAG_BATCH: u16 = 1;
/// Control opcode of the client's handshake packet.
pub const CODE_HELLO: u16 = 1;
/// Control opcode of the server's handshake packet.
pub const CODE_HELLO_ACK: u16 = 2;
/// The longest payload whose message length still fits a `u32`.
pub const MAX_PAYLOAD_LEN: u32 = u32::MAX - HEADER_LEN as u32;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Kind {
    /// A client asks.
    Request = 1,
    /// A server answers.
    Response = 2,
    /// The handshake.
    Control = 3,
}

impl Kind {
    const fn from_wire(value: u16) -> Option<Kind> {
        match value {
            1 => Some(Kind::Request),
            2 => Some(Kind::Response),
            3 => Some(Kind::Control),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Request => "request",
            Kind::Response => "response",
            Kind::Control => "control message",
        })
    }
}

/// `transport_status` of a response: how the envelope fared. Outcomes of a method live in its payload.
///
/// Values without a name here can come from a peer and pass through (NIPC-ENV-12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Status(pub u16);

impl Status {
    /// The payload is the answer.
    pub const OK: Status = Status(0);
    /// The request's payload was malformed.
    pub const BAD_ENVELOPE: Status = Status(1);
    /// The token is wrong, or the peer's user or group is not allowed.
    pub const AUTH_FAILED: Status = Status(2);
    /// Versions, layouts or packet sizes do not fit.
    pub const INCOMPATIBLE: Status = Status(3);
    /// No common profile, or a method that is not served.
    pub const UNSUPPORTED: Status = Status(4);
    /// A message or a proposal is over a limit.
    pub const LIMIT_EXCEEDED: Status = Status(5);
    /// The handler failed, or the server cannot take one more session.
    pub const INTERNAL_ERROR: Status = Status(6);

    /// True for [`Status::OK`].
    #[must_use]
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }

    /// The lower-case name, words joined by underscores; `unknown` for a value without one.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OK => "ok",
            Self::BAD_ENVELOPE => "bad_envelope",
            Self::AUTH_FAILED => "auth_failed",
            Self::INCOMPATIBLE => "incompatible",
            Self::UNSUPPORTED => "unsupported",
            Self::LIMIT_EXCEEDED => "limit_exceeded",
            Self::INTERNAL_ERROR => "internal_error",
            _ => "unknown",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0, self.name())
    }
}

/// A message header; magic, version and header length are implied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// What the message is.
    pub kind: Kind,
    /// [`FLAG_BATCH`] or 0; other bits of a received message are kept here and mean nothing.
    pub flags: u16,
    /// Method of a request or response, opcode of a control message.
    pub code: u16,
    /// How the envelope fared; 0 in requests.
    pub status: Status,
    /// Payload bytes after the header.
    pub payload_len: u32,
    /// 1 for a single message, the number of items for a batch.
    pub item_count: u32,
    /// Correlates a response with its request.
    pub message_id: u64,
}

impl Header {
    /// The header of a request that is one message.
    #[must_use]
    pub const fn request(code: u16, payload_len: u32, message_id: u64) -> Header {
        Header { kind: Kind::Request, flags: 0, code, status: Status::OK, payload_len, item_count: 1, message_id }
    }

    /// The header of the response to `self` that is one message.
    #[must_use]
    pub const fn response(&self, payload_len: u32) -> Header {
        Header {
            kind: Kind::Response,
            flags: 0,
            code: self.code,
            status: Status::OK,
            payload_len,
            item_count: 1,
            message_id: self.message_id,
        }
    }

    /// The header of the response that tells the sender of `self` why there is no answer; its payload is empty.
    #[must_use]
    pub const fn failure(&self, status: Status) -> Header {
        let mut header = self.response(0);
        header.status = status;
        header
    }

    /// The same header for a batch of `items`; a batch of one carries the flag too (NIPC-BAT-05).
    #[must_use]
    pub const fn batch(mut self, items: u32) -> Header {
        self.flags = FLAG_BATCH;
        self.item_count = items;
        self
    }

    /// Whether the payload starts with a batch directory.
    ///
    /// The flag with an item count of 0 is a single message, and so is a count above 1 without the flag (NIPC-BAT-06,
    /// NIPC-ENV-10).
    #[must_use]
    pub const fn is_batch(&self) -> bool {
        self.flags & FLAG_BATCH != 0 && self.item_count > 0
    }

    /// The bytes of the header.
    #[inline]
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut out = [0; HEADER_LEN];
        put(&mut out, 0, MAGIC.to_ne_bytes());
        put(&mut out, 4, VERSION.to_ne_bytes());
        put(&mut out, 6, (HEADER_LEN as u16).to_ne_bytes());
        put(&mut out, 8, (self.kind as u16).to_ne_bytes());
        put(&mut out, 10, self.flags.to_ne_bytes());
        put(&mut out, 12, self.code.to_ne_bytes());
        put(&mut out, 14, self.status.0.to_ne_bytes());
        put(&mut out, 16, self.payload_len.to_ne_bytes());
        put(&mut out, 20, self.item_count.to_ne_bytes());
        put(&mut out, 24, self.message_id.to_ne_bytes());
        out
    }

    /// Reads the header at the start of `packet`; bytes after it are not looked at.
    ///
    /// # Errors
    /// Names the first unsound field in the order length, magic, header length, kind, version.
    #[inline]
    pub fn decode(packet: &[u8]) -> Result<Header, HeaderError> {
        let Some(bytes) = packet.first_chunk::<HEADER_LEN>() else {
            return Err(HeaderError::Short { got: packet.len() });
        };
        let magic = u32_at(bytes, 0);
        if magic != MAGIC {
            return Err(HeaderError::Magic { got: magic });
        }
        let header_len = u16_at(bytes, 6);
        if usize::from(header_len) != HEADER_LEN {
            return Err(HeaderError::HeaderLen { got: header_len });
        }
        let kind = u16_at(bytes, 8);
        let Some(kind) = Kind::from_wire(kind) else {
            return Err(HeaderError::Kind { got: kind });
        };
        // Last, so that it is reported only where everything else is right: both sides of a handshake treat a peer of
        // another version differently from one that sends garbage (NIPC-ENV-05).
        let version = u16_at(bytes, 4);
        if version != VERSION {
            return Err(HeaderError::Version { got: version });
        }
        Ok(Header {
            kind,
            flags: u16_at(bytes, 10),
            code: u16_at(bytes, 12),
            status: Status(u16_at(bytes, 14)),
            payload_len: u32_at(bytes, 16),
            item_count: u32_at(bytes, 20),
            message_id: u64_at(bytes, 24),
        })
    }

    /// Reads the header as if its version were ours.
    pub(crate) fn decode_any_version(packet: &[u8]) -> Result<Header, HeaderError> {
        let Some(bytes) = packet.first_chunk::<HEADER_LEN>() else {
            return Err(HeaderError::Short { got: packet.len() });
        };
        let mut bytes = *bytes;
        put(&mut bytes, 4, VERSION.to_ne_bytes());
        Header::decode(&bytes)
    }
}

/// Why bytes are no message header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// Fewer bytes than a header has.
    Short {
        /// Bytes there are.
        got: usize,
    },
    /// Not the first word of a message.
    Magic {
        /// The word found.
        got: u32,
    },
    /// Another protocol version; magic, header length and kind are right.
    Version {
        /// The version found.
        got: u16,
    },
    /// Another header length.
    HeaderLen {
        /// The length found.
        got: u16,
    },
    /// No such kind.
    Kind {
        /// The kind found.
        got: u16,
    },
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { got } => write!(f, "a packet of {got} bytes is too short for a {HEADER_LEN}-byte header"),
            Self::Magic { got } => write!(f, "a message starts with {got:#010x}, not with the magic {MAGIC:#010x}"),
            Self::Version { got } => write!(f, "a message has protocol version {got}, only {VERSION} is known"),
            Self::HeaderLen { got } => write!(f, "a message has a header length of {got}, not {HEADER_LEN}"),
            Self::Kind { got } => write!(f, "a message has kind {got}, only 1, 2 and 3 are known"),
        }
    }
}

impl core::error::Error for HeaderError {}
