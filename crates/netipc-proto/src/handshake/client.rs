//! The client's side: proposes, and judges the answer.

use core::fmt;

use super::wire::{ACK_LEN, HELLO_PACKET_LEN, Hello, HelloAck, LAYOUT_VERSION};
use crate::chunk::MIN_PACKET_SIZE;
use crate::error::ErrorKind;
use crate::header::{CODE_HELLO_ACK, HEADER_LEN, Header, HeaderError, Kind, Status};
use crate::limits::{
    Agreed, DEFAULT_GROWTH_CEILING, DEFAULT_ITEMS, DEFAULT_PACKET_SIZE, DEFAULT_REQUEST_PAYLOAD,
    DEFAULT_RESPONSE_PAYLOAD, Limits,
};
use crate::profile::Profiles;

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Profiles that the client offers; bits that may not be offered are dropped.
    pub supported: Profiles,
    /// Profiles that it would like best.
    pub preferred: Profiles,
    /// Limits of requests; an item count of 0 counts as 1, a payload of 0 stays 0.
    pub request: Limits,
    /// Hints for responses; a server may ignore them.
    pub response: Limits,
    /// The largest response payload that the client takes, whatever the server grants (NIPC-HS-27).
    pub response_ceiling: u32,
    /// Shared secret of client and server.
    pub auth_token: u64,
    /// Longest packet that the client can carry.
    pub packet_size: u32,
}

impl Default for Proposal {
    fn default() -> Self {
        Proposal {
            supported: Profiles::BASELINE,
            preferred: Profiles::NONE,
            request: Limits { max_payload: DEFAULT_REQUEST_PAYLOAD, max_items: DEFAULT_ITEMS },
            response: Limits { max_payload: DEFAULT_RESPONSE_PAYLOAD, max_items: DEFAULT_ITEMS },
            response_ceiling: DEFAULT_GROWTH_CEILING,
            auth_token: 0,
            packet_size: DEFAULT_PACKET_SIZE,
        }
    }
}

impl Proposal {
    /// The packet to send.
    #[must_use]
    pub fn hello(&self) -> [u8; HELLO_PACKET_LEN] {
        Hello {
            layout_version: LAYOUT_VERSION,
            flags: 0,
            supported: self.offered(),
            preferred: self.preferred,
            request: at_least_one_item(self.request),
            response: at_least_one_item(self.response),
            padding: 0,
            auth_token: self.auth_token,
            packet_size: self.packet_size,
        }
        .packet()
    }

    /// Judges the server's answer, in the order of NIPC-HS-21. `runnable` are the profiles that this build can run.
    ///
    /// # Errors
    /// The first thing that is wrong with the answer, or its status when it is a rejection.
    pub fn accept(&self, ack_packet: &[u8], runnable: Profiles) -> Result<Agreed, Refusal> {
        let ack = decode(ack_packet, self.request.max_payload)?;
        let selected = ack.selected;
        if !selected.is_single() || !self.offered().contains(selected) || !runnable.contains(selected) {
            return Err(Refusal::Profile { got: selected, offered: self.offered() & runnable });
        }
        let packet_size = ack.packet_size.min(self.packet_size);
        if packet_size < MIN_PACKET_SIZE {
            return Err(Refusal::PacketSize { got: packet_size, needed: MIN_PACKET_SIZE });
        }
        let (got, proposed) = (ack.request.max_payload, self.request.max_payload);
        if got > proposed {
            return Err(Refusal::RequestPayload { got, proposed });
        }
        let max_payload = ack.response.max_payload.min(self.response_ceiling);
        Ok(Agreed {
            profile: selected,
            server_supported: ack.server_supported,
            request: at_least_one_item(ack.request),
            response: at_least_one_item(Limits { max_payload, ..ack.response }),
            granted_response_payload: ack.response.max_payload,
            packet_size,
            session_id: ack.session_id,
        })
    }

    fn offered(&self) -> Profiles {
        self.supported & Profiles::OFFERABLE
    }
}

fn at_least_one_item(limits: Limits) -> Limits {
    Limits { max_items: limits.max_items.max(1), ..limits }
}

fn decode(packet: &[u8], proposed_request: u32) -> Result<HelloAck, Refusal> {
    let header = match Header::decode(packet) {
        Ok(header) => header,
        Err(HeaderError::Version { got }) => return Err(Refusal::Version { got }),
        Err(error) => return Err(Refusal::Header(error)),
    };
    if header.kind != Kind::Control || header.code != CODE_HELLO_ACK {
        return Err(Refusal::NotAck { kind: header.kind, code: header.code });
    }
    // Before the payload: a rejection may come without one (NIPC-HS-22).
    if !header.status.is_ok() {
        return Err(Refusal::Rejected { status: header.status, proposed_request });
    }
    let payload = &packet[HEADER_LEN..];
    let Some(ack) = HelloAck::decode(payload) else {
        return Err(Refusal::Short { got: payload.len() });
    };
    if ack.layout_version != LAYOUT_VERSION {
        return Err(Refusal::Layout { got: ack.layout_version });
    }
    if ack.flags != 0 {
        return Err(Refusal::Flags { got: ack.flags });
    }
    Ok(ack)
}

/// Why there is no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The header is unsound.
    Header(HeaderError),
    /// The server speaks another protocol version; the header is sound otherwise.
    Version {
        /// The version found.
        got: u16,
    },
    /// Something else than an answer to the HELLO came.
    NotAck {
        /// Kind of the packet.
        kind: Kind,
        /// Code of the packet.
        code: u16,
    },
    /// The server says no.
    Rejected {
        /// Why.
        status: Status,
        /// The request payload that was proposed, which is what [`Status::LIMIT_EXCEEDED`] is about.
        proposed_request: u32,
    },
    /// The payload is too short.
    Short {
        /// Payload bytes there are.
        got: usize,
    },
    /// Another layout of the payload.
    Layout {
        /// The layout version found.
        got: u16,
    },
    /// Flags that do not exist.
    Flags {
        /// The flags found.
        got: u16,
    },
    /// The server selected something else than one of the profiles that were offered and can run here.
    Profile {
        /// What it selected.
        got: Profiles,
        /// What was possible.
        offered: Profiles,
    },
    /// The packet would carry nothing besides its header.
    PacketSize {
        /// The packet size granted.
        got: u32,
        /// The smallest useful one.
        needed: u32,
    },
    /// The server grants larger requests than were proposed.
    RequestPayload {
        /// The limit granted.
        got: u32,
        /// The limit proposed.
        proposed: u32,
    },
}

/// In which state a refusal leaves the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// AUTH_FAILED: stays until the caller resets or closes.
    AuthFailed,
    /// INCOMPATIBLE: stays until the caller resets or closes.
    Incompatible,
    /// DISCONNECTED: the next attempt may go better; it proposes what was configured.
    Disconnected,
}

impl Refusal {
    /// The status, when the server said no.
    #[must_use]
    pub const fn status(&self) -> Option<Status> {
        match self {
            Self::Rejected { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// In which state the refusal leaves the client.
    #[must_use]
    pub const fn disposition(&self) -> Disposition {
        match self {
            Self::Rejected { status: Status::AUTH_FAILED, .. } => Disposition::AuthFailed,
            Self::Rejected { status: Status::INCOMPATIBLE | Status::UNSUPPORTED, .. }
            | Self::Version { .. }
            | Self::Layout { .. } => Disposition::Incompatible,
            _ => Disposition::Disconnected,
        }
    }

    /// Who is at fault.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Header(_) | Self::Short { .. } => ErrorKind::InvalidMessage,
            Self::Rejected { status: Status::AUTH_FAILED, .. } => ErrorKind::Denied,
            Self::Rejected { status: Status::INCOMPATIBLE | Status::UNSUPPORTED, .. }
            | Self::Version { .. }
            | Self::Layout { .. } => ErrorKind::Incompatible,
            Self::Rejected { .. } => ErrorKind::Rejected,
            Self::NotAck { .. }
            | Self::Flags { .. }
            | Self::Profile { .. }
            | Self::PacketSize { .. }
            | Self::RequestPayload { .. } => ErrorKind::PeerMisbehaved,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(error) => error.fmt(f),
            Self::Version { got } => write!(f, "the server speaks protocol version {got}, only 1 is known"),
            Self::NotAck { kind, code } => {
                write!(f, "the server must answer with a HELLO_ACK, but it sent a {kind} with code {code}")
            }
            Self::Rejected { status: Status::LIMIT_EXCEEDED, proposed_request } => {
                write!(
                    f,
                    "the server refused the proposed request payload of {proposed_request} bytes: propose less \
                     (status {})",
                    Status::LIMIT_EXCEEDED
                )
            }
            Self::Rejected { status, .. } => write!(f, "{} (status {status})", rejection(*status)),
            Self::Short { got } => write!(f, "a HELLO_ACK payload has {got} bytes, at least {ACK_LEN} are needed"),
            Self::Layout { got } => write!(f, "a HELLO_ACK has layout version {got}, only {LAYOUT_VERSION} is known"),
            Self::Flags { got } => write!(f, "a HELLO_ACK has flags {got:#06x}, none are known"),
            Self::Profile { got, offered } => {
                write!(f, "the server selected profile {got}, it must be one of {offered}")
            }
            Self::PacketSize { got, needed } => {
                write!(f, "the server grants packets of {got} bytes, at least {needed} are needed")
            }
            Self::RequestPayload { got, proposed } => {
                write!(f, "the server grants request payloads of {got} bytes, only {proposed} were proposed")
            }
        }
    }
}

/// What a status means when it answers a HELLO.
const fn rejection(status: Status) -> &'static str {
    match status {
        Status::AUTH_FAILED => {
            "the server refused access: check the auth token, or its list of allowed users and groups"
        }
        Status::INCOMPATIBLE => "the server speaks another protocol version or needs another packet size",
        Status::UNSUPPORTED => "the server supports none of the offered profiles",
        Status::INTERNAL_ERROR => "the server cannot take another session now: try again later",
        _ => "the server refused the handshake",
    }
}

impl core::error::Error for Refusal {}
