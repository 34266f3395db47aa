//! The server's side: judges a HELLO.

use core::fmt;
use core::hint::black_box;

use super::wire::{ACK_PACKET_LEN, HELLO_LEN, Hello, HelloAck, LAYOUT_VERSION};
use crate::ErrorKind;
use crate::chunk::MIN_PACKET_SIZE;
use crate::header::{CODE_HELLO, HEADER_LEN, Header, HeaderError, Kind, Status};
use crate::limits::{Agreed, DEFAULT_GROWTH_CEILING, DEFAULT_PACKET_SIZE, DEFAULT_RESPONSE_PAYLOAD, Limits};
use crate::profile::Profiles;

/// What a server grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerPolicy {
    /// Profiles that can run for this client; bits that may not be offered are dropped.
    pub supported: Profiles,
    /// Profiles that the server would like best.
    pub preferred: Profiles,
    /// Shared secret of client and server.
    pub auth_token: u64,
    /// Largest request payload accepted.
    pub max_request_payload: u32,
    /// Largest response payload that will be sent.
    pub max_response_payload: u32,
    /// Longest packet that the server can carry.
    pub packet_size: u32,
}

impl Default for ServerPolicy {
    fn default() -> Self {
        ServerPolicy {
            supported: Profiles::BASELINE,
            preferred: Profiles::NONE,
            auth_token: 0,
            max_request_payload: DEFAULT_GROWTH_CEILING,
            max_response_payload: DEFAULT_RESPONSE_PAYLOAD,
            packet_size: DEFAULT_PACKET_SIZE,
        }
    }
}

/// What the caller knows about the client besides its HELLO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Nothing speaks against it.
    Open,
    /// Its user or group is not on the allow-list; judged together with the token.
    Denied,
    /// The server has as many sessions as it may; judged last.
    Full,
}

/// What to do with a client that sent its HELLO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Send the ACK and start the session.
    ///
    /// When the memory for a selected shared-memory profile cannot be made, ask again with that profile taken out of
    /// [`ServerPolicy::supported`]: it then leaves every field of the ACK.
    Accept {
        /// What was agreed.
        agreed: Agreed,
        /// The packet to send.
        ack: [u8; ACK_PACKET_LEN],
    },
    /// Send the ACK, then close.
    Reject {
        /// The status in the ACK.
        status: Status,
        /// What it was about.
        reason: Fault,
        /// The packet to send.
        ack: [u8; ACK_PACKET_LEN],
    },
    /// Close without a word.
    Close {
        /// What it was about.
        reason: Fault,
    },
}

/// What is wrong with a HELLO, or why it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The header is unsound.
    Header(HeaderError),
    /// Something else came first.
    NotHello {
        /// Kind of the packet.
        kind: Kind,
        /// Code of the packet.
        code: u16,
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
    /// The padding is not zero.
    Padding {
        /// The word found.
        got: u32,
    },
    /// No profile that both can run.
    NoProfile {
        /// The client's profiles.
        client: Profiles,
        /// The server's profiles.
        server: Profiles,
    },
    /// The token is wrong. It is not told which one would be right, nor which one came.
    Token,
    /// The peer's user or group is not allowed.
    NotAllowed,
    /// The client wants to send larger requests than the server takes.
    RequestPayload {
        /// The proposed limit.
        got: u32,
        /// The server's maximum.
        allowed: u32,
    },
    /// The agreed packet would carry nothing besides its header.
    PacketSize {
        /// The smaller of both packet sizes.
        got: u32,
        /// The smallest useful one.
        needed: u32,
    },
    /// The server has as many sessions as it may.
    Full,
}

impl Fault {
    /// Who is at fault (NIPC-ERR-01).
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Header(HeaderError::Version { .. })
            | Self::Layout { .. }
            | Self::NoProfile { .. }
            | Self::PacketSize { .. } => ErrorKind::Incompatible,
            Self::Header(_) | Self::Short { .. } => ErrorKind::InvalidMessage,
            Self::NotHello { .. } | Self::Padding { .. } => ErrorKind::PeerMisbehaved,
            Self::Token | Self::NotAllowed => ErrorKind::Denied,
            Self::RequestPayload { .. } | Self::Full => ErrorKind::LimitExceeded,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(error) => error.fmt(f),
            Self::NotHello { kind, code } => {
                write!(f, "the first packet must be a HELLO, but it is a {kind} with code {code}")
            }
            Self::Short { got } => write!(f, "a HELLO payload has {got} bytes, at least {HELLO_LEN} are needed"),
            Self::Layout { got } => write!(f, "a HELLO has layout version {got}, only {LAYOUT_VERSION} is known"),
            Self::Padding { got } => {
                write!(f, "the padding of a HELLO is {got:#010x}, it must be zero")
            }
            Self::NoProfile { client, server } => {
                write!(f, "no common profile: the client supports {client}, the server {server}")
            }
            Self::Token => f.write_str("the client's auth token is wrong"),
            Self::NotAllowed => f.write_str("the client's user or group is not on the allow-list"),
            Self::RequestPayload { got, allowed } => {
                write!(f, "the client proposes request payloads of {got} bytes, at most {allowed} are accepted")
            }
            Self::PacketSize { got, needed } => {
                write!(f, "the packet size would be {got} bytes, at least {needed} are needed")
            }
            Self::Full => f.write_str("the server has as many sessions as it may"),
        }
    }
}

impl core::error::Error for Fault {}

/// Judges the first packet of a client.
///
/// The order of the checks is part of the protocol (NIPC-HS-04). Ignored, by NIPC-HS-13, are the flags of the HELLO,
/// bytes after its payload, and all header fields other than magic, version, header length, kind and code. `session_id`
/// counts from 1 and is used only when the answer is [`Answer::Accept`].
#[must_use]
pub fn answer(policy: &ServerPolicy, hello_packet: &[u8], session_id: u64, gate: Gate) -> Answer {
    match judge(policy, hello_packet, session_id, gate) {
        Ok(ack) => accept(&ack),
        Err((Some(status), reason)) => Answer::Reject { status, reason, ack: HelloAck::REJECTION.packet(status) },
        Err((None, reason)) => Answer::Close { reason },
    }
}

fn accept(ack: &HelloAck) -> Answer {
    let agreed = Agreed {
        profile: ack.selected,
        server_supported: ack.server_supported,
        request: ack.request,
        response: ack.response,
        granted_response_payload: ack.response.max_payload,
        packet_size: ack.packet_size,
        session_id: ack.session_id,
    };
    Answer::Accept { agreed, ack: ack.packet(Status::OK) }
}

/// A fault, and the status that tells the client; without one the connection just closes.
type Verdict<T> = Result<T, (Option<Status>, Fault)>;

fn judge(policy: &ServerPolicy, packet: &[u8], session_id: u64, gate: Gate) -> Verdict<HelloAck> {
    let hello = decode(packet)?;
    let server = policy.supported & Profiles::OFFERABLE;
    let common = hello.supported & server;
    if common.is_empty() {
        let fault = Fault::NoProfile { client: hello.supported, server };
        return Err((Some(Status::UNSUPPORTED), fault));
    }
    if gate == Gate::Denied {
        return Err((Some(Status::AUTH_FAILED), Fault::NotAllowed));
    }
    if !same_token(hello.auth_token, policy.auth_token) {
        return Err((Some(Status::AUTH_FAILED), Fault::Token));
    }
    let (got, allowed) = (hello.request.max_payload, policy.max_request_payload);
    if got > allowed {
        return Err((Some(Status::LIMIT_EXCEEDED), Fault::RequestPayload { got, allowed }));
    }
    let packet_size = hello.packet_size.min(policy.packet_size);
    if packet_size < MIN_PACKET_SIZE {
        let fault = Fault::PacketSize { got: packet_size, needed: MIN_PACKET_SIZE };
        return Err((Some(Status::INCOMPATIBLE), fault));
    }
    if gate == Gate::Full {
        return Err((Some(Status::INTERNAL_ERROR), Fault::Full));
    }
    // NIPC-PRF-01
    let liked = (common & hello.preferred & policy.preferred).highest();
    let items = hello.request.max_items.max(1);
    Ok(HelloAck {
        layout_version: LAYOUT_VERSION,
        flags: 0,
        server_supported: server,
        intersection: common,
        selected: if liked.is_empty() { common.highest() } else { liked },
        request: Limits { max_payload: hello.request.max_payload, max_items: items },
        response: Limits { max_payload: policy.max_response_payload, max_items: items },
        packet_size,
        padding: 0,
        session_id,
    })
}

fn decode(packet: &[u8]) -> Verdict<Hello> {
    let incompatible = Some(Status::INCOMPATIBLE);
    let header = match Header::decode(packet) {
        Ok(header) => header,
        Err(error) => {
            // A client of another version deserves to be told; only if everything else says that it is one.
            let alone = matches!(error, HeaderError::Version { .. })
                && Header::decode_any_version(packet).is_ok_and(|header| is_hello(&header));
            return Err((incompatible.filter(|_| alone), Fault::Header(error)));
        }
    };
    if !is_hello(&header) {
        return Err((None, Fault::NotHello { kind: header.kind, code: header.code }));
    }
    let payload = &packet[HEADER_LEN..];
    let Some(hello) = Hello::decode(payload) else {
        return Err((None, Fault::Short { got: payload.len() }));
    };
    if hello.layout_version != LAYOUT_VERSION {
        return Err((incompatible, Fault::Layout { got: hello.layout_version }));
    }
    if hello.padding != 0 {
        return Err((None, Fault::Padding { got: hello.padding }));
    }
    Ok(hello)
}

fn is_hello(header: &Header) -> bool {
    header.kind == Kind::Control && header.code == CODE_HELLO
}

/// Compares without a branch on the secret (NIPC-HS-08): the time taken tells nothing about how many bits are right.
fn same_token(a: u64, b: u64) -> bool {
    black_box(a ^ b) == 0
}
