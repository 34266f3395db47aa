//! The server's way to sessions: accept, shake hands, see refused clients off.
//!
//! Everything is event-driven and bounded, so a client that connects and stays silent holds up
//! nobody: it sits among the arrivals until its deadline, or until newer arrivals need the place.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use netipc_proto::handshake::{Answer, Gate, HELLO_PACKET_LEN, ServerPolicy, answer};
use netipc_proto::session::{Role, Session as Core};
use rustix::event::epoll::Event;
use rustix::io::Errno;

use crate::clock;
use crate::connection::Connection;
use crate::endpoint::Endpoint;
use crate::error::{Error, Operation};
use crate::limits::LearnedLimit;
use crate::listener::ListenerConfig;
use crate::sys::poller::Poller;
use crate::sys::socket::{self, Packet, PeerCredentials};
use crate::sys::timer::Timer;
use crate::uds::dial::{packet_size, runnable};
use crate::uds::takeover::{self, BoundPath};

/// How long a closing side waits for the peer to read and hang up.
pub(crate) const LINGER: Duration = Duration::from_millis(100);
/// How long accepting rests when the process is out of descriptors and no session ends.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);
/// Most clients accepted, events handled or packets discarded in one go.
const BURST: usize = 64;
/// Most closing connections that are seen off; more are closed at once.
const MAX_DEPARTURES: usize = 1024;

const LISTENER: u64 = 0;
const TIMER: u64 = 1;
const FIRST_GUEST: u64 = 2;

/// A listening endpoint and everybody who is on the way in or out.
#[derive(Debug)]
pub(crate) struct Reception {
    // Declared, and so dropped, before the socket: see `BoundPath`.
    path: BoundPath,
    socket: OwnedFd,
    poller: Poller,
    timer: Timer,
    config: ListenerConfig,
    policy: ServerPolicy,
    max_response: Arc<LearnedLimit>,
    largest_packet: usize,
    guests: HashMap<u64, Guest>,
    /// Arrivals in the order in which they came; some may have left.
    arrivals: VecDeque<u64>,
    arrival_count: usize,
    deadlines: BTreeSet<(Instant, u64)>,
    next_guest: u64,
    next_session: u64,
    /// While out of descriptors: when to accept again.
    resume_at: Option<Instant>,
    ready: VecDeque<Connection>,
    sessions: Arc<AtomicUsize>,
    stats: ReceptionStats,
}

/// What a reception counted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReceptionStats {
    pub(crate) accepted: u64,
    pub(crate) rejected: u64,
    pub(crate) dropped: u64,
}

#[derive(Debug)]
struct Guest {
    socket: OwnedFd,
    deadline: Instant,
    arriving: bool,
}

/// One place under the session limit, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Reception {
    pub(crate) fn bind(
        endpoint: &Endpoint,
        config: ListenerConfig,
        max_response: Arc<LearnedLimit>,
    ) -> Result<Self, Error> {
        let supported = runnable(config.supported)?;
        let fail = |operation| move |errno| Error::io(operation, Some(endpoint), errno);
        let (socket, path) = takeover::bind(endpoint, config.mode, config.backlog, config.lock_timeout)?;
        let poller = Poller::new().map_err(fail(Operation::Wait))?;
        let timer = Timer::new().map_err(fail(Operation::Wait))?;
        poller.add_level(socket.as_fd(), LISTENER).map_err(fail(Operation::Wait))?;
        poller.add_level(timer.as_fd(), TIMER).map_err(fail(Operation::Wait))?;
        let largest_packet = socket::max_packet(socket.as_fd()).map_err(fail(Operation::ReadSocket))?;
        let policy = ServerPolicy {
            supported,
            preferred: config.preferred,
            auth_token: config.auth_token,
            max_request_payload: config.max_request_payload,
            max_response_payload: max_response.current(),
            packet_size: packet_size(config.packet_size, largest_packet)?,
        };
        Ok(Self {
            path,
            socket,
            poller,
            timer,
            config,
            policy,
            max_response,
            largest_packet,
            guests: HashMap::new(),
            arrivals: VecDeque::new(),
            arrival_count: 0,
            deadlines: BTreeSet::new(),
            next_guest: FIRST_GUEST,
            next_session: 1,
            resume_at: None,
            ready: VecDeque::new(),
            sessions: Arc::default(),
            stats: ReceptionStats::default(),
        })
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        self.path.endpoint()
    }

    pub(crate) fn stats(&self) -> ReceptionStats {
        self.stats
    }

    /// A buffer of this size holds every packet that a client may send.
    pub(crate) fn packet_buffer(&self) -> usize {
        self.largest_packet
    }

    /// The next session whose handshake is complete, without waiting.
    pub(crate) fn try_accept(&mut self) -> Result<Option<Connection>, Error> {
        if self.ready.is_empty() {
            self.handle_events()?;
        }
        let next = self.ready.pop_front();
        self.arm_timer()?;
        Ok(next)
    }

    /// Sees a connection off: its last packets stay readable for the peer.
    pub(crate) fn see_off(&mut self, socket: OwnedFd) {
        if self.guests.len() - self.arrival_count < MAX_DEPARTURES && !socket::discard(&socket) {
            self.admit(socket, clock::after(LINGER), false);
            // A timer that cannot be armed would delay the close only.
            let _ = self.arm_timer();
        }
    }

    fn handle_events(&mut self) -> Result<(), Error> {
        let mut events: Vec<Event> = Vec::with_capacity(BURST);
        self.poller.poll(&mut events).map_err(|errno| Error::io(Operation::Wait, Some(self.endpoint()), errno))?;
        self.expire(Instant::now());
        for event in events {
            match event.data.u64() {
                LISTENER => self.accept_burst()?,
                TIMER => {}
                token => self.attend(token),
            }
        }
        Ok(())
    }

    fn accept_burst(&mut self) -> Result<(), Error> {
        for _ in 0..BURST {
            match socket::accept(self.socket.as_fd()) {
                Ok(client) => self.welcome(client),
                Err(Errno::AGAIN) => break,
                // The client gave up while it was in the backlog.
                Err(Errno::CONNABORTED | Errno::PROTO | Errno::INTR) => {}
                Err(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => {
                    return self.pause();
                }
                Err(errno) => return Err(Error::io(Operation::Accept, Some(self.endpoint()), errno)),
            }
        }
        Ok(())
    }

    /// A client that has just connected has usually sent its HELLO already.
    fn welcome(&mut self, client: OwnedFd) {
        let deadline = clock::after(self.config.handshake_timeout);
        if let Some(client) = self.shake_hands(client) {
            if self.arrival_count >= self.config.max_arrivals {
                self.drop_oldest_arrival();
            }
            self.admit(client, deadline, true);
        }
    }

    fn admit(&mut self, socket: OwnedFd, deadline: Instant, arriving: bool) {
        let token = self.next_guest;
        if self.poller.add_level(socket.as_fd(), token).is_err() {
            // Out of kernel memory or watches: closing it is all that is left.
            self.stats.dropped += u64::from(arriving);
            return;
        }
        self.next_guest += 1;
        self.deadlines.insert((deadline, token));
        self.guests.insert(token, Guest { socket, deadline, arriving });
        if arriving {
            self.arrivals.push_back(token);
            self.arrival_count += 1;
        }
    }

    fn remove(&mut self, token: u64) -> Option<Guest> {
        let guest = self.guests.remove(&token)?;
        self.deadlines.remove(&(guest.deadline, token));
        if guest.arriving {
            self.arrival_count -= 1;
            while self.arrivals.front().is_some_and(|front| !self.guests.contains_key(front)) {
                self.arrivals.pop_front();
            }
        }
        Some(guest)
    }

    fn drop_oldest_arrival(&mut self) {
        if let Some(&oldest) = self.arrivals.front() {
            self.remove(oldest);
            self.stats.dropped += 1;
        }
    }

    fn attend(&mut self, token: u64) {
        match self.guests.get(&token) {
            None => {}
            Some(guest) if !guest.arriving => {
                let gone = socket::discard(&guest.socket);
                if gone {
                    self.remove(token);
                }
            }
            Some(_) => {
                let Some(guest) = self.remove(token) else { return };
                // Closing the descriptor would do it too, but it may live on as a session.
                let _ = self.poller.remove(guest.socket.as_fd());
                if let Some(socket) = self.shake_hands(guest.socket) {
                    self.admit(socket, guest.deadline, true);
                }
            }
        }
    }

    /// Answers the HELLO if it is there; gives the socket back while it is not.
    fn shake_hands(&mut self, client: OwnedFd) -> Option<OwnedFd> {
        // The bytes behind a HELLO are ignored, so a longer packet may be cut.
        let mut hello = [0; HELLO_PACKET_LEN];
        let length = match socket::receive(client.as_fd(), &mut hello) {
            Err(Errno::AGAIN) => return Some(client),
            Ok(0) | Err(_) => {
                self.stats.dropped += 1;
                return None;
            }
            Ok(length) => length.min(hello.len()),
        };
        let peer = match socket::peer_credentials(client.as_fd()) {
            Ok(peer) => peer,
            Err(_unknown_peer) => {
                self.stats.dropped += 1;
                return None;
            }
        };
        let gate = self.gate(peer);
        self.policy.max_response_payload = self.max_response.current();
        match answer(&self.policy, &hello[..length], self.next_session, gate) {
            Answer::Accept { agreed, ack } => {
                let core = Core::new(Role::Server, &agreed, self.config.half_message_timeout);
                if socket::send(client.as_fd(), Packet { head: &ack, body: &[] }).is_ok() {
                    self.next_session += 1;
                    self.stats.accepted += 1;
                    self.sessions.fetch_add(1, Ordering::AcqRel);
                    let place = Place(Arc::clone(&self.sessions));
                    self.ready
                        .push_back(Connection::new(client, core, agreed, peer, self.largest_packet).with_place(place));
                } else {
                    self.stats.dropped += 1;
                }
            }
            Answer::Reject { ack, .. } => {
                self.stats.rejected += 1;
                if socket::send(client.as_fd(), Packet { head: &ack, body: &[] }).is_ok() {
                    socket::shutdown_write(client.as_fd());
                    self.see_off(client);
                }
            }
            Answer::Close { .. } => self.stats.dropped += 1,
        }
        None
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

    fn pause(&mut self) -> Result<(), Error> {
        if self.resume_at.is_none() {
            self.poller
                .remove(self.socket.as_fd())
                .map_err(|errno| Error::io(Operation::Wait, Some(self.endpoint()), errno))?;
        }
        self.resume_at = Some(clock::after(EXHAUSTED_PAUSE));
        Ok(())
    }

    /// A descriptor has become free: accepting need not rest any longer.
    pub(crate) fn resume(&mut self) {
        if self.resume_at.is_some() {
            let resumed = self.poller.add_level(self.socket.as_fd(), LISTENER).is_ok();
            self.resume_at = (!resumed).then(|| clock::after(EXHAUSTED_PAUSE));
        }
    }

    fn expire(&mut self, now: Instant) {
        if self.resume_at.is_some_and(|at| at <= now) {
            self.resume();
        }
        while let Some(&(deadline, token)) = self.deadlines.first() {
            if deadline > now {
                break;
            }
            if self.remove(token).is_some_and(|guest| guest.arriving) {
                self.stats.dropped += 1;
            }
        }
    }

    /// Keeps the wait object readable while accepted sessions wait to be taken.
    fn arm_timer(&self) -> Result<(), Error> {
        let next = if self.ready.is_empty() {
            let first = self.deadlines.first().map(|&(at, _)| at);
            first.into_iter().chain(self.resume_at).min()
        } else {
            Some(Instant::now())
        };
        self.timer.arm(next).map_err(|errno| Error::io(Operation::Wait, Some(self.endpoint()), errno))
    }
}

impl AsFd for Reception {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.poller.as_fd()
    }
}
