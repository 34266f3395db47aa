//! What a client tells of itself.

use std::fmt;
use std::sync::Arc;

use netipc_proto::limits::Agreed;
use netipc_proto::profile::Profiles;

use crate::error::Error;
use crate::shm::fault::RegionFault;
use crate::sys::credentials::PeerCredentials;

/// Where a client stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// There is no session, for the reason that is kept.
    Disconnected,
    /// A connect is under way.
    Connecting,
    /// Calls can be made.
    Ready,
    /// Nobody serves the endpoint.
    NotFound,
    /// The server does not let this client in. Stays until a reset.
    AuthFailed,
    /// The server and this client have nothing in common. Stays until a reset.
    Incompatible,
    /// The session was lost under a call.
    Broken,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disconnected => "disconnected",
            Self::Connecting => "connecting",
            Self::Ready => "ready",
            Self::NotFound => "without a server",
            Self::AuthFailed => "refused by the server",
            Self::Incompatible => "incompatible with the server",
            Self::Broken => "broken",
        })
    }
}

/// A view of a client at one moment. Counters start at 0 with the client.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientStatus {
    /// Where it stands.
    pub state: State,
    /// Why, when something went wrong.
    pub cause: Option<Arc<Error>>,
    /// What the session runs on, while there is one: profile, limits, packet size and session id.
    pub agreed: Option<Agreed>,
    /// The profile that this client does without until a reset, when it could not run it.
    pub fallback: Option<Fallback>,
    /// Who serves it, while there is a session.
    pub peer: Option<PeerCredentials>,
    /// What it did.
    pub counters: ClientCounters,
}

/// A profile that a client could not run, although the server had chosen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fallback {
    /// Which one.
    pub profile: Profiles,
    /// What it lacked.
    pub fault: RegionFault,
}

/// What a client did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientCounters {
    /// Handshakes that succeeded.
    pub connects: u64,
    /// Handshakes, or connects, that did not.
    pub connect_failures: u64,
    /// Calls that brought a reply; a batch counts as one.
    pub calls: u64,
    /// Calls that ended with an error.
    pub call_failures: u64,
    /// Requests sent again after a loss.
    pub resends: u64,
    /// Reconnects because a limit was too small.
    pub growths: u64,
}
