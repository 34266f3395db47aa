//! The handshake from the server's side: who is let in, and on what terms.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use netipc_proto::handshake::{Answer, Gate, HELLO_PACKET_LEN, ServerPolicy, answer};
use netipc_proto::limits::{Agreed, DEFAULT_GROWTH_CEILING};
use netipc_proto::session::{Role, Session as Core};
use rustix::io::Errno;

use crate::connection::Connection;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::limits::LearnedLimit;
use crate::listener::ListenerConfig;
use crate::sys::credentials::{PeerCredentials, peer_credentials};
use crate::sys::socket::{self, Packet};
use crate::uds::dial::{packet_size, runnable};

/// Judges clients one by one.
#[derive(Debug)]
pub(crate) struct Door {
    config: ListenerConfig,
    policy: ServerPolicy,
    max_response: Arc<LearnedLimit>,
    next_session: u64,
    sessions: Arc<AtomicUsize>,
}

/// What came of a look at a client that has not shaken hands yet.
pub(crate) enum Greeting {
    /// Its HELLO is not here.
    Silent,
    /// It has its acknowledgement, and a session can begin.
    Accepted(Welcome),
    /// It has been told why not.
    Refused,
    /// It has gone, or makes no sense.
    Lost,
}

/// The terms of a session that is about to begin.
pub(crate) struct Welcome {
    agreed: Agreed,
    peer: PeerCredentials,
    largest_packet: usize,
}

/// One place under the session limit, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Door {
    /// Refuses a configuration that no client could satisfy.
    pub(crate) fn new(config: ListenerConfig, max_response: Arc<LearnedLimit>) -> Result<Self, Error> {
        packet_size(config.packet_size, usize::MAX)?;
        let policy = ServerPolicy {
            supported: runnable(config.supported)?,
            preferred: config.preferred,
            auth_token: config.auth_token,
            max_request_payload: config.max_request_payload.unwrap_or(DEFAULT_GROWTH_CEILING),
            max_response_payload: max_response.current(),
            // Set for each client, as its socket allows.
            packet_size: 0,
        };
        Ok(Self { config, policy, max_response, next_session: 1, sessions: Arc::default() })
    }

    /// Answers the HELLO if it is here.
    pub(crate) fn greet(&mut self, client: BorrowedFd<'_>) -> Greeting {
        // The bytes behind a HELLO are ignored, so a longer packet may be cut.
        let mut hello = [0; HELLO_PACKET_LEN];
        let length = match socket::receive(client, &mut hello) {
            Err(Errno::AGAIN) => return Greeting::Silent,
            Ok(0) | Err(_) => return Greeting::Lost,
            Ok(length) => length.min(hello.len()),
        };
        let (Ok(peer), Ok(largest_packet)) = (peer_credentials(client), socket::max_packet(client)) else {
            return Greeting::Lost;
        };
        let Ok(packet_size) = packet_size(self.config.packet_size, largest_packet) else { return Greeting::Lost };
        self.policy.packet_size = packet_size;
        self.policy.max_response_payload = self.max_response.current();
        let (greeting, ack) = match answer(&self.policy, &hello[..length], self.next_session, self.gate(peer)) {
            Answer::Accept { agreed, ack } => (Greeting::Accepted(Welcome { agreed, peer, largest_packet }), ack),
            Answer::Reject { ack, .. } => (Greeting::Refused, ack),
            Answer::Close { .. } => return Greeting::Lost,
        };
        match socket::send(client, Packet { head: &ack, body: &[] }) {
            Ok(()) => greeting,
            Err(_) => Greeting::Lost,
        }
    }

    /// Makes a session of a client that was accepted.
    pub(crate) fn admit(&mut self, welcome: Welcome, client: Arc<OwnedFd>, endpoint: &Endpoint) -> Connection {
        let Welcome { agreed, peer, largest_packet } = welcome;
        self.next_session += 1;
        self.sessions.fetch_add(1, Ordering::AcqRel);
        let place = Place(Arc::clone(&self.sessions));
        let core = Core::new(Role::Server, &agreed, self.config.half_message_timeout);
        Connection::new(client, core, agreed, peer, largest_packet, endpoint.clone()).with_place(place)
    }

    fn gate(&self, peer: PeerCredentials) -> Gate {
        if !self.config.allows(peer) {
            Gate::Denied
        } else if self.sessions.load(Ordering::Acquire) >= self.config.max_sessions {
            Gate::Full
        } else {
            Gate::Open
        }
    }
}
