//! Limits of a session, and the defaults for them.
//!
//! None of the defaults is a limit of the protocol; all of them are configuration.
//!
//! ```
//! use netipc_proto::limits::{DEFAULT_ITEMS, DEFAULT_REQUEST_PAYLOAD, Limits};
//!
//! let request = Limits { max_payload: 4 * DEFAULT_REQUEST_PAYLOAD, max_items: DEFAULT_ITEMS };
//! assert_eq!(request.max_payload, 4096);
//! ```

use core::time::Duration;

use crate::profile::Profiles;

/// Request payload that a client proposes unless configured.
pub const DEFAULT_REQUEST_PAYLOAD: u32 = 1024;
/// Request payload that a lookup of very many keys asks for; servers take at least as much unless configured
/// (NIPC-L2C-26).
pub const WIDE_REQUEST_PAYLOAD: u32 = 65536;
/// Response payload, on both sides, unless configured.
pub const DEFAULT_RESPONSE_PAYLOAD: u32 = 65536;
/// How far limits grow by themselves unless configured, and the request payload that a server accepts from the start.
pub const DEFAULT_GROWTH_CEILING: u32 = 1 << 20;
/// Batch items unless configured.
pub const DEFAULT_ITEMS: u32 = 1;
/// Packet size where the operating system gives no better number.
pub const DEFAULT_PACKET_SIZE: u32 = 65536;
/// Deadline of a handshake unless configured.
pub const DEFAULT_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// Deadline of a call unless configured.
pub const DEFAULT_CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Limits of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Largest payload in bytes; 0 permits only empty payloads.
    pub max_payload: u32,
    /// Largest number of batch items.
    pub max_items: u32,
}

/// What a handshake agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Agreed {
    /// The one profile of the session.
    pub profile: Profiles,
    /// What the server offered.
    pub server_supported: Profiles,
    /// Limits of requests.
    pub request: Limits,
    /// Limits of responses; on the client never above its own ceiling.
    pub response: Limits,
    /// The response payload that the server may send; above `response` when the client's own ceiling is lower.
    pub granted_response_payload: u32,
    /// Longest packet, its 32-byte header counted.
    pub packet_size: u32,
    /// The server's number for the session.
    pub session_id: u64,
}
