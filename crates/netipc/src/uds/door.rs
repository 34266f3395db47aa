//! The handshake from the server's side: who is let in, and on what terms.

use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;

use netipc_proto::handshake::{Answer, Gate, HELLO_PACKET_LEN, ServerPolicy, answer};
use netipc_proto::limits::{Agreed, DEFAULT_GROWTH_CEILING};
use netipc_proto::profile::Profiles;
use netipc_proto::session::{Role, Session as Core};
use rustix::io::Errno;

use crate::connection::Connection;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::limits::LearnedLimit;
use crate::listener::ListenerConfig;
use crate::shm::channel::Channel;
use crate::shm::fault::RegionFault;
use crate::shm::layout::Layout;
use crate::shm::points::{Point, reach};
use crate::shm::region::{self, Region, Unmade};
use crate::sys::credentials::{PeerCredentials, peer_credentials};
use crate::sys::socket::{self, Packet};
use crate::uds::dial::{packet_size, runnable, unpacketed};

/// Names that are tried for a region when others are in the way.
const NAMES: u32 = 16;

/// Judges clients one by one.
#[derive(Debug)]
pub(crate) struct Door {
    config: ListenerConfig,
    policy: ServerPolicy,
    max_response: Arc<LearnedLimit>,
    next_session: u64,
    sessions: Arc<AtomicUsize>,
    /// Those with shared memory.
    shm_sessions: Arc<AtomicUsize>,
    hosts: Hosts,
    shm: ShmStats,
}

/// The thread that will serve one session, and what it is told: the key of the session, and the session.
pub(crate) type Host = SyncSender<(u64, Connection)>;

/// Starts such threads, for a server that needs one for each session with shared memory.
#[derive(Default)]
pub(crate) struct Hosts(Option<Box<dyn Fn() -> Result<Host, RegionFault> + Send>>);

impl Hosts {
    pub(crate) fn new(start: impl Fn() -> Result<Host, RegionFault> + Send + 'static) -> Self {
        Self(Some(Box::new(start)))
    }
}

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hosts").field(&self.0.is_some()).finish()
    }
}

/// How often clients that wanted shared memory did without.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ShmStats {
    pub(crate) fallbacks: u64,
    /// Why the last one did.
    pub(crate) last: Option<RegionFault>,
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
    shared: Option<Shared>,
}

/// What a session with shared memory needs, made before the client is told that it has it.
struct Shared {
    channel: Channel,
    place: Place,
    host: Option<Host>,
}

/// One place under the session limit, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<AtomicUsize>);

impl Place {
    fn new(taken: &Arc<AtomicUsize>) -> Self {
        taken.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(taken))
    }
}

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
        Ok(Self {
            config,
            policy,
            max_response,
            next_session: 1,
            sessions: Arc::default(),
            shm_sessions: Arc::default(),
            hosts: Hosts::default(),
            shm: ShmStats::default(),
        })
    }

    /// Sessions with shared memory get a thread each from now on.
    pub(crate) fn host_with(&mut self, hosts: Hosts) {
        self.hosts = hosts;
    }

    /// What became of those who wanted shared memory and did without.
    pub(crate) fn shm(&self) -> ShmStats {
        self.shm
    }

    /// The number of sessions with shared memory, as it changes.
    pub(crate) fn shm_sessions(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.shm_sessions)
    }

    /// Answers the HELLO if it is here.
    pub(crate) fn greet(&mut self, client: &Arc<OwnedFd>, endpoint: &Endpoint) -> Greeting {
        // The bytes behind a HELLO are ignored, so a longer packet may be cut.
        let mut hello = [0; HELLO_PACKET_LEN];
        let socket = client.as_fd();
        let length = match socket::receive(socket, &mut hello) {
            Err(Errno::AGAIN) => return Greeting::Silent,
            Ok(0) | Err(_) => return Greeting::Lost,
            Ok(length) => length.min(hello.len()),
        };
        let (Ok(peer), Ok(largest_packet)) = (peer_credentials(socket), socket::max_packet(socket)) else {
            return Greeting::Lost;
        };
        let Ok(packet_size) = packet_size(self.config.packet_size, largest_packet) else { return Greeting::Lost };
        self.policy.packet_size = packet_size;
        self.policy.max_response_payload = self.max_response.current();
        let (greeting, ack) = match self.judge(&hello[..length], peer, client, endpoint) {
            (Answer::Accept { agreed, ack }, shared) => {
                (Greeting::Accepted(Welcome { agreed, peer, largest_packet, shared }), ack)
            }
            (Answer::Reject { ack, .. }, _) => (Greeting::Refused, ack),
            (Answer::Close { .. }, _) => return Greeting::Lost,
        };
        reach(Point::Welcomed);
        match socket::send(socket, Packet { head: &ack, body: &[] }) {
            Ok(()) => greeting,
            Err(_) => Greeting::Lost,
        }
    }

    /// The answer to a HELLO, and the shared memory that goes with it. NIPC-SHM-08.
    fn judge(
        &mut self,
        hello: &[u8],
        peer: PeerCredentials,
        client: &Arc<OwnedFd>,
        endpoint: &Endpoint,
    ) -> (Answer, Option<Shared>) {
        let gate = self.gate(peer);
        for _ in 0..NAMES {
            let verdict = answer(&self.policy, hello, self.next_session, gate);
            let Answer::Accept { agreed, .. } = &verdict else { return (verdict, None) };
            if agreed.profile != Profiles::SHM_HYBRID {
                return (verdict, None);
            }
            match self.share(agreed, client, endpoint) {
                Ok(shared) => return (verdict, Some(shared)),
                // The number is the client's way to the file, so another file needs another number.
                Err(Unmade::Taken) => self.next_session += 1,
                Err(Unmade::Fault(fault)) => return (self.answer_without(hello, gate, fault), None),
            }
        }
        (self.answer_without(hello, gate, RegionFault::NamesTaken { tried: NAMES }), None)
    }

    /// As if this server had no shared memory at all.
    fn answer_without(&mut self, hello: &[u8], gate: Gate, fault: RegionFault) -> Answer {
        self.shm.fallbacks += 1;
        self.shm.last = Some(fault);
        let policy = ServerPolicy { supported: self.policy.supported.without(Profiles::SHM_HYBRID), ..self.policy };
        answer(&policy, hello, self.next_session, gate)
    }

    /// Makes everything that the session needs. Nothing of it stays when a part cannot be had. NIPC-SHM-05.
    fn share(&self, agreed: &Agreed, client: &Arc<OwnedFd>, endpoint: &Endpoint) -> Result<Shared, Unmade> {
        let allowed = self.config.max_shm_sessions;
        if self.shm_sessions.load(Ordering::Acquire) >= allowed {
            return Err(RegionFault::Full { allowed }.into());
        }
        let place = Place::new(&self.shm_sessions);
        let (request, response) = (agreed.request.max_payload, agreed.response.max_payload);
        let layout = Layout::new(request, response).ok_or(RegionFault::TooLarge { request, response })?;
        let path = region::path(endpoint.run_dir(), endpoint.service(), agreed.session_id);
        let region = Region::create(path, layout)?;
        let channel = Channel::new(region, Role::Server, Arc::clone(client))?;
        let host = self.hosts.0.as_ref().map(|start| start()).transpose()?;
        Ok(Shared { channel, place, host })
    }

    /// Makes a session of a client that was accepted.
    pub(crate) fn admit(&mut self, welcome: Welcome, client: Arc<OwnedFd>, endpoint: &Endpoint) -> Connection {
        let Welcome { agreed, peer, largest_packet, shared } = welcome;
        self.next_session += 1;
        let core = Core::new(Role::Server, &unpacketed(agreed), self.config.half_message_timeout);
        let connection = Connection::new(client, core, agreed, peer, largest_packet, endpoint.clone())
            .with_place(Place::new(&self.sessions));
        match shared {
            None => connection,
            Some(Shared { channel, place, host }) => connection.over(channel).with_place(place).with_host(host),
        }
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
