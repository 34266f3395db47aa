//! The server's way to sessions: accept, shake hands, see refused clients off.
//!
//! Everything is event-driven and bounded, so a client that connects and stays silent holds up
//! nobody: it sits among the arrivals until its deadline, or until newer arrivals need the place.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use rustix::event::epoll::Event;
use rustix::io::Errno;

use crate::clock;
use crate::connection::Connection;
use crate::endpoint::Endpoint;
use crate::error::{Error, Operation};
use crate::limits::LearnedLimit;
use crate::listener::ListenerConfig;
use crate::shm::stale;
use crate::sys::poller::Poller;
use crate::sys::socket;
use crate::sys::timer::Timer;
use crate::uds::door::{Door, Greeting, Hosts, ShmStats};
use crate::uds::guests::Guests;
use crate::uds::takeover::{self, BoundPath};

/// How long a closing side waits for the peer to read and hang up.
pub(crate) const LINGER: Duration = Duration::from_millis(100);
/// How long accepting rests when the operating system cannot hand out another client and no session ends.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Most clients accepted or events handled in one go.
const BURST: usize = 64;

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
    door: Door,
    handshake_timeout: Duration,
    max_arrivals: usize,
    guests: Guests,
    /// While accepting rests: when it goes on.
    resume_at: Option<Instant>,
    ready: VecDeque<Connection>,
    stats: ReceptionStats,
}

/// What a reception counted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReceptionStats {
    pub(crate) accepted: u64,
    pub(crate) rejected: u64,
    pub(crate) dropped: u64,
    pub(crate) shm: ShmStats,
}

impl Reception {
    pub(crate) fn bind(
        endpoint: &Endpoint,
        config: ListenerConfig,
        max_response: Arc<LearnedLimit>,
    ) -> Result<Self, Error> {
        let (handshake_timeout, max_arrivals) = (config.handshake_timeout, config.max_arrivals.max(1));
        let (mode, backlog, lock_timeout) = (config.mode, config.backlog, config.lock_timeout);
        // Checked before anything is bound.
        let door = Door::new(config, max_response)?;
        let fail = |operation| move |errno| Error::io(operation, Some(endpoint), errno);
        let (socket, path) = takeover::bind(endpoint, mode, backlog, lock_timeout)?;
        // Whether this server makes regions or not: what is left of another one is nobody's any more.
        stale::clear_all(endpoint.run_dir(), endpoint.service());
        let poller = Poller::new().map_err(fail(Operation::Wait))?;
        let timer = Timer::new().map_err(fail(Operation::Wait))?;
        poller.add_level(socket.as_fd(), LISTENER).map_err(fail(Operation::Wait))?;
        poller.add_level(timer.as_fd(), TIMER).map_err(fail(Operation::Wait))?;
        Ok(Self {
            path,
            socket,
            poller,
            timer,
            door,
            handshake_timeout,
            max_arrivals,
            guests: Guests::new(FIRST_GUEST),
            resume_at: None,
            ready: VecDeque::new(),
            stats: ReceptionStats::default(),
        })
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        self.path.endpoint()
    }

    pub(crate) fn stats(&self) -> ReceptionStats {
        ReceptionStats { shm: self.door.shm(), ..self.stats }
    }

    /// The number of sessions with shared memory, as it changes.
    pub(crate) fn shm_sessions(&self) -> Arc<AtomicUsize> {
        self.door.shm_sessions()
    }

    /// Sessions with shared memory get a thread each from now on.
    pub(crate) fn host_with(&mut self, hosts: Hosts) {
        self.door.host_with(hosts);
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
    pub(crate) fn see_off(&mut self, socket: Arc<OwnedFd>) -> Result<(), Error> {
        self.depart(socket);
        self.arm_timer()
    }

    /// Accepting need not rest any longer: a descriptor has become free.
    pub(crate) fn resume(&mut self) -> Result<(), Error> {
        self.resume_accepting();
        self.arm_timer()
    }

    /// Gives the endpoint up. What is left: sessions that nobody has taken, and connections that are being seen off.
    pub(crate) fn retire(self) -> (VecDeque<Connection>, Vec<Arc<OwnedFd>>) {
        (self.ready, self.guests.into_departing().collect())
    }

    fn handle_events(&mut self) -> Result<(), Error> {
        let mut events: Vec<Event> = Vec::with_capacity(BURST);
        self.poller.poll(&mut events).map_err(|errno| self.fail(errno))?;
        for event in events {
            match event.data.u64() {
                LISTENER => self.accept_burst()?,
                TIMER => {}
                token => self.attend(token),
            }
        }
        // After the events: whose HELLO has come in time is not too late because this thread was.
        self.expire(Instant::now());
        Ok(())
    }

    fn accept_burst(&mut self) -> Result<(), Error> {
        for _ in 0..BURST {
            match socket::accept(self.socket.as_fd()) {
                Ok(client) => self.welcome(Arc::new(client)),
                Err(errno) => match Setback::of(errno) {
                    Setback::NobodyThere => break,
                    Setback::OnlyThisOne => {}
                    Setback::Lasting => return self.pause(),
                },
            }
        }
        Ok(())
    }

    /// A client that has just connected has usually sent its HELLO already.
    fn welcome(&mut self, client: Arc<OwnedFd>) {
        let deadline = clock::after(self.handshake_timeout);
        match self.door.greet(&client, self.path.endpoint()) {
            Greeting::Silent => self.let_wait(client, deadline),
            greeting => self.conclude(greeting, client),
        }
    }

    /// Those who are silent for longest make room.
    fn let_wait(&mut self, client: Arc<OwnedFd>, deadline: Instant) {
        if self.guests.arrivals() >= self.max_arrivals
            && let Some(oldest) = self.guests.oldest_arrival()
        {
            self.give_up_on(oldest);
        }
        if !self.guests.add(client, deadline, true, &self.poller) {
            self.stats.dropped += 1;
        }
    }

    /// Looks once more at a guest, whose HELLO may have come meanwhile, and parts with it otherwise.
    fn give_up_on(&mut self, token: u64) {
        self.attend(token);
        if self.guests.remove(token).is_some_and(|guest| guest.is_arriving()) {
            self.stats.dropped += 1;
        }
    }

    /// Something has happened to a guest.
    fn attend(&mut self, token: u64) {
        let Some(guest) = self.guests.get(token) else { return };
        if !guest.is_arriving() {
            let gone = socket::discard(guest);
            if gone {
                self.guests.remove(token);
                self.resume_accepting();
            }
            return;
        }
        let greeting = self.door.greet(guest.socket(), self.path.endpoint());
        if matches!(greeting, Greeting::Silent) {
            return;
        }
        if let Some(guest) = self.guests.remove(token) {
            // It may live on, as a session. Removing cannot fail: it is registered.
            let _ = self.poller.remove(guest.as_fd());
            self.conclude(greeting, guest.into_socket());
        }
    }

    fn conclude(&mut self, greeting: Greeting, client: Arc<OwnedFd>) {
        match greeting {
            Greeting::Accepted(welcome) => {
                self.stats.accepted += 1;
                self.ready.push_back(self.door.admit(welcome, client, self.path.endpoint()));
            }
            Greeting::Refused => {
                self.stats.rejected += 1;
                socket::shutdown_write(client.as_fd());
                self.depart(client);
            }
            Greeting::Silent | Greeting::Lost => self.stats.dropped += 1,
        }
    }

    fn depart(&mut self, socket: Arc<OwnedFd>) {
        let gone = socket::discard(&socket);
        if gone || !self.guests.may_depart() {
            self.resume_accepting();
        } else {
            self.guests.add(socket, clock::after(LINGER), false, &self.poller);
        }
    }

    fn pause(&mut self) -> Result<(), Error> {
        if self.resume_at.is_none() {
            self.poller.remove(self.socket.as_fd()).map_err(|errno| self.fail(errno))?;
        }
        self.resume_at = Some(clock::after(ACCEPT_PAUSE));
        Ok(())
    }

    fn resume_accepting(&mut self) {
        if self.resume_at.is_some() {
            let resumed = self.poller.add_level(self.socket.as_fd(), LISTENER).is_ok();
            self.resume_at = (!resumed).then(|| clock::after(ACCEPT_PAUSE));
        }
    }

    fn expire(&mut self, now: Instant) {
        while let Some(token) = self.guests.expired(now) {
            self.give_up_on(token);
            self.resume_accepting();
        }
        if self.resume_at.is_some_and(|at| at <= now) {
            self.resume_accepting();
        }
    }

    /// Keeps the wait object readable while accepted sessions wait to be taken.
    fn arm_timer(&self) -> Result<(), Error> {
        let next = if self.ready.is_empty() {
            self.guests.next_deadline().into_iter().chain(self.resume_at).min()
        } else {
            Some(Instant::now())
        };
        self.timer.arm(next).map_err(|errno| self.fail(errno))
    }

    fn fail(&self, errno: Errno) -> Error {
        Error::io(Operation::Wait, Some(self.endpoint()), errno)
    }
}

impl AsFd for Reception {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.poller.as_fd()
    }
}

/// Why a client was not accepted.
#[derive(Debug, PartialEq, Eq)]
enum Setback {
    /// No other client is waiting.
    NobodyThere,
    /// The client gave up while it was in the backlog, or a signal came: the next may follow at once (NIPC-UDS-19).
    OnlyThisOne,
    /// Out of descriptors or memory, or a security policy that dislikes this one: neither ends the server (NIPC-UDS-18).
    Lasting,
}

impl Setback {
    fn of(errno: Errno) -> Self {
        match errno {
            Errno::AGAIN => Self::NobodyThere,
            Errno::CONNABORTED | Errno::PROTO | Errno::INTR => Self::OnlyThisOne,
            _ => Self::Lasting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NIPC-UDS-18, NIPC-UDS-19
    #[test]
    fn only_lasting_setbacks_make_accepting_rest() {
        for errno in [Errno::CONNABORTED, Errno::PROTO, Errno::INTR] {
            assert_eq!(Setback::of(errno), Setback::OnlyThisOne);
        }
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::PERM] {
            assert_eq!(Setback::of(errno), Setback::Lasting);
        }
        assert_eq!(Setback::of(Errno::AGAIN), Setback::NobodyThere);
    }
}
