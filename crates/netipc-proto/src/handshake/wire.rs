//! The two payloads of the handshake, as they are on the wire.

use crate::bytes::{put, u16_at, u32_at, u64_at};
use crate::header::{CODE_HELLO, CODE_HELLO_ACK, HEADER_LEN, Header, Kind, Status};
use crate::limits::Limits;
use crate::profile::Profiles;

/// The only layout of the handshake payloads.
pub const LAYOUT_VERSION: u16 = 1;
/// Bytes of a HELLO payload.
pub const HELLO_LEN: usize = 44;
/// Bytes of a HELLO packet.
pub const HELLO_PACKET_LEN: usize = HEADER_LEN + HELLO_LEN;
/// Bytes of a HELLO_ACK payload.
pub const ACK_LEN: usize = 48;
/// Bytes of a HELLO_ACK packet.
pub const ACK_PACKET_LEN: usize = HEADER_LEN + ACK_LEN;

/// Payload of HELLO, field by field; nothing is judged here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Layout of the payload.
    pub layout_version: u16,
    /// No flag is known; ignored on receipt.
    pub flags: u16,
    /// Profiles that the client can run.
    pub supported: Profiles,
    /// Profiles that it would like best.
    pub preferred: Profiles,
    /// Proposed limits of requests.
    pub request: Limits,
    /// Hints for responses.
    pub response: Limits,
    /// Always 0.
    pub padding: u32,
    /// Shared secret of client and server.
    pub auth_token: u64,
    /// Longest packet that the client can carry.
    pub packet_size: u32,
}

impl Hello {
    /// The bytes of the payload.
    #[must_use]
    pub fn encode(&self) -> [u8; HELLO_LEN] {
        let mut out = [0; HELLO_LEN];
        put(&mut out, 0, self.layout_version.to_ne_bytes());
        put(&mut out, 2, self.flags.to_ne_bytes());
        put(&mut out, 4, self.supported.0.to_ne_bytes());
        put(&mut out, 8, self.preferred.0.to_ne_bytes());
        put(&mut out, 12, self.request.max_payload.to_ne_bytes());
        put(&mut out, 16, self.request.max_items.to_ne_bytes());
        put(&mut out, 20, self.response.max_payload.to_ne_bytes());
        put(&mut out, 24, self.response.max_items.to_ne_bytes());
        put(&mut out, 28, self.padding.to_ne_bytes());
        put(&mut out, 32, self.auth_token.to_ne_bytes());
        put(&mut out, 40, self.packet_size.to_ne_bytes());
        out
    }

    /// The fields of a payload; `None` when it is too short. Bytes after the payload are ignored.
    #[must_use]
    pub fn decode(payload: &[u8]) -> Option<Hello> {
        let bytes = payload.first_chunk::<HELLO_LEN>()?;
        Some(Hello {
            layout_version: u16_at(bytes, 0),
            flags: u16_at(bytes, 2),
            supported: Profiles(u32_at(bytes, 4)),
            preferred: Profiles(u32_at(bytes, 8)),
            request: Limits { max_payload: u32_at(bytes, 12), max_items: u32_at(bytes, 16) },
            response: Limits { max_payload: u32_at(bytes, 20), max_items: u32_at(bytes, 24) },
            padding: u32_at(bytes, 28),
            auth_token: u64_at(bytes, 32),
            packet_size: u32_at(bytes, 40),
        })
    }

    /// The whole packet.
    #[must_use]
    pub fn packet(&self) -> [u8; HELLO_PACKET_LEN] {
        let mut out = [0; HELLO_PACKET_LEN];
        put(&mut out, 0, control(CODE_HELLO, Status::OK, HELLO_LEN).encode());
        put(&mut out, HEADER_LEN, self.encode());
        out
    }
}

/// Payload of HELLO_ACK, field by field; nothing is judged here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HelloAck {
    /// Layout of the payload.
    pub layout_version: u16,
    /// Always 0.
    pub flags: u16,
    /// Profiles that the server can run for this client.
    pub server_supported: Profiles,
    /// Profiles that both can run.
    pub intersection: Profiles,
    /// The one profile of the session.
    pub selected: Profiles,
    /// Agreed limits of requests.
    pub request: Limits,
    /// Agreed limits of responses.
    pub response: Limits,
    /// Agreed packet size.
    pub packet_size: u32,
    /// 0 when we send it; ignored on receipt.
    pub padding: u32,
    /// The server's number for the session.
    pub session_id: u64,
}

impl HelloAck {
    /// What a rejection carries: the layout version, and zero in every other field.
    pub const REJECTION: HelloAck = HelloAck {
        layout_version: LAYOUT_VERSION,
        flags: 0,
        server_supported: Profiles::NONE,
        intersection: Profiles::NONE,
        selected: Profiles::NONE,
        request: Limits { max_payload: 0, max_items: 0 },
        response: Limits { max_payload: 0, max_items: 0 },
        packet_size: 0,
        padding: 0,
        session_id: 0,
    };

    /// The bytes of the payload.
    #[must_use]
    pub fn encode(&self) -> [u8; ACK_LEN] {
        let mut out = [0; ACK_LEN];
        put(&mut out, 0, self.layout_version.to_ne_bytes());
        put(&mut out, 2, self.flags.to_ne_bytes());
        put(&mut out, 4, self.server_supported.0.to_ne_bytes());
        put(&mut out, 8, self.intersection.0.to_ne_bytes());
        put(&mut out, 12, self.selected.0.to_ne_bytes());
        put(&mut out, 16, self.request.max_payload.to_ne_bytes());
        put(&mut out, 20, self.request.max_items.to_ne_bytes());
        put(&mut out, 24, self.response.max_payload.to_ne_bytes());
        put(&mut out, 28, self.response.max_items.to_ne_bytes());
        put(&mut out, 32, self.packet_size.to_ne_bytes());
        put(&mut out, 36, self.padding.to_ne_bytes());
        put(&mut out, 40, self.session_id.to_ne_bytes());
        out
    }

    /// The fields of a payload; `None` when it is too short. Bytes after the payload are ignored.
    #[must_use]
    pub fn decode(payload: &[u8]) -> Option<HelloAck> {
        let bytes = payload.first_chunk::<ACK_LEN>()?;
        Some(HelloAck {
            layout_version: u16_at(bytes, 0),
            flags: u16_at(bytes, 2),
            server_supported: Profiles(u32_at(bytes, 4)),
            intersection: Profiles(u32_at(bytes, 8)),
            selected: Profiles(u32_at(bytes, 12)),
            request: Limits { max_payload: u32_at(bytes, 16), max_items: u32_at(bytes, 20) },
            response: Limits { max_payload: u32_at(bytes, 24), max_items: u32_at(bytes, 28) },
            packet_size: u32_at(bytes, 32),
            padding: u32_at(bytes, 36),
            session_id: u64_at(bytes, 40),
        })
    }

    /// The whole packet with this status.
    #[must_use]
    pub fn packet(&self, status: Status) -> [u8; ACK_PACKET_LEN] {
        let mut out = [0; ACK_PACKET_LEN];
        put(&mut out, 0, control(CODE_HELLO_ACK, status, ACK_LEN).encode());
        put(&mut out, HEADER_LEN, self.encode());
        out
    }
}

fn control(code: u16, status: Status, payload_len: usize) -> Header {
    Header {
        kind: Kind::Control,
        flags: 0,
        code,
        status,
        payload_len: payload_len as u32,
        item_count: 1,
        message_id: 0,
    }
}
