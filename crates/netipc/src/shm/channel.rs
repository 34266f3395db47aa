//! One side of one session over shared memory: at most one request on its way, and the waiting for its response.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use netipc_proto::error::Violation;
use netipc_proto::header::Header;
use netipc_proto::session::Role;
use rustix::io::Errno;

use crate::abort::Abort;
use crate::shm::fault::RegionFault;
use crate::shm::plane::{Lane, Look, Spoilt, look, publish, take};
use crate::shm::points::{Point, reach};
use crate::shm::region::Region;
use crate::shm::sleeper::Sleeper;
use crate::shm::watcher::Watch;
use crate::sys::futex;
use crate::sys::socket::has_hung_up;
use crate::sys::wait::Wake;
use crate::waiting::Patience;

/// Memory for received messages that an idle session keeps.
const KEPT: usize = 64 << 10;

#[derive(Debug)]
pub(crate) struct Channel {
    // Declared, and so dropped, first: afterwards nobody else holds the sleeper.
    _watch: Watch,
    sleeper: Arc<Sleeper>,
    region: Arc<Region>,
    socket: Arc<OwnedFd>,
    role: Role,
    /// Number of the message that was sent last.
    sent: u64,
    /// Number of the message that was taken last.
    received: u64,
    /// The area that this side writes is free: the peer has taken what was in it.
    may_send: bool,
    /// A private copy of the message that was taken last. Only this is judged and decoded. NIPC-SHM-13.
    copy: Vec<u8>,
    patience: Patience,
}

impl Channel {
    /// One side of a session over a region that is ready. NIPC-SHM-12.
    pub(crate) fn new(region: Region, role: Role, socket: Arc<OwnedFd>) -> Result<Self, RegionFault> {
        let region = Arc::new(region);
        let sleeper = Arc::new(Sleeper::new(Arc::clone(&region), role));
        let watch = Watch::new(Arc::clone(&socket), Arc::clone(&sleeper))?;
        reach(Point::Watched);
        // Acquire: a peer that was here before may have left any numbers.
        let order = std::sync::atomic::Ordering::Acquire;
        let (sent, received) = (region.outbound(role).sequence(order), region.inbound(role).sequence(order));
        Ok(Self {
            _watch: watch,
            sleeper,
            region,
            socket,
            role,
            sent,
            received,
            may_send: role == Role::Client,
            copy: Vec::new(),
            patience: Patience::new(),
        })
    }

    /// Whether the next message can be published now: a client has no request on its way, a server has one to answer.
    pub(crate) fn may_send(&self) -> bool {
        self.may_send
    }

    /// Publishes a message within the agreed limits, which the area was made for. NIPC-SHM-11.
    pub(crate) fn send(&mut self, header: &Header, payload: &[u8]) -> Result<(), Violation> {
        let lane = self.region.outbound(self.role);
        let head = header.encode();
        let length = head.len() + payload.len();
        if length as u64 > u64::from(lane.capacity()) {
            // A server's file that has less room than the server granted.
            let got = u32::try_from(length).unwrap_or(u32::MAX);
            return Err(Violation::RegionLength { got, allowed: lane.capacity() });
        }
        self.may_send = false;
        publish(&lane, self.sent, &head, payload);
        self.sent = self.sent.wrapping_add(1);
        futex::wake_one(lane.signal_word());
        reach(match self.role {
            Role::Client => Point::RequestWoken,
            Role::Server => Point::ResponseWoken,
        });
        self.check_region()
    }

    /// Takes the next message if it is there: the length that it has. [`Channel::copy`] holds it, up to `most` bytes.
    pub(crate) fn take(&mut self, most: u32) -> Result<Option<u32>, Violation> {
        let lane = self.region.inbound(self.role);
        let found = look(&lane, self.received);
        self.check_region()?;
        match found {
            Look::Nothing => return Ok(None),
            Look::Odd(got) => {
                return Err(Violation::RegionSequence { got, expected: self.received.wrapping_add(1) });
            }
            Look::Message => {}
        }
        let taken = take(&lane, self.received, most, &mut self.copy);
        let allowed = lane.capacity();
        self.check_region()?;
        let length = taken.map_err(|spoilt| match spoilt {
            Spoilt::Length(got) => Violation::RegionLength { got, allowed },
            Spoilt::Changed => Violation::RegionChanged,
        })?;
        self.received = self.received.wrapping_add(1);
        self.may_send = true;
        Ok(Some(length))
    }

    /// The message that was taken last.
    pub(crate) fn copy(&self) -> &[u8] {
        &self.copy
    }

    /// Exchanges the message that was taken last for another one.
    pub(crate) fn swap_copy(&mut self, message: Vec<u8>) -> Vec<u8> {
        std::mem::replace(&mut self.copy, message)
    }

    /// Whether the session has ended; what was published before can still be taken after this said so.
    pub(crate) fn is_lost(&self) -> bool {
        self.sleeper.is_lost()
    }

    /// As [`Channel::is_lost`], with a look at the socket itself: the watcher may not have come to it yet.
    pub(crate) fn has_hung_up(&self) -> bool {
        self.is_lost() || has_hung_up(self.socket.as_fd())
    }

    /// Gives memory back that a large message needed.
    pub(crate) fn release(&mut self) {
        if self.copy.capacity() > KEPT {
            self.copy = Vec::new();
        }
    }

    /// Waits for a message, the end of the session, an abort or the deadline. NIPC-SHM-15, NIPC-SHM-16.
    pub(crate) fn wait(&mut self, deadline: Option<Instant>, abort: Option<&Abort>) -> Result<Wake, Errno> {
        let (sleeper, region) = (&self.sleeper, &self.region);
        let lane = region.inbound(self.role);
        let is_aborted = || abort.is_some_and(Abort::is_aborted);
        let is_ready = || look(&lane, self.received) != Look::Nothing || sleeper.is_lost() || region.is_lost();
        let has_news = || is_aborted() || is_ready();
        if !self.patience.look(has_news) {
            let _enlisted = abort.map(|abort| abort.enlist(sleeper));
            let mut asleep_since = Instant::now();
            loop {
                let before = sleeper.before();
                if has_news() {
                    break;
                }
                let now = Instant::now();
                if deadline.is_some_and(|at| at <= now) {
                    return Ok(Wake::TimedOut);
                }
                asleep_since = now;
                match sleeper.sleep(before, deadline) {
                    // The word is gone, with its page. The next look finds that out.
                    Err(Errno::FAULT) => drop(look(&lane, self.received)),
                    result => result?,
                }
            }
            self.patience.slept(asleep_since.elapsed() < crate::waiting::WORTH);
        }
        Ok(if is_aborted() { Wake::Aborted } else { Wake::Ready })
    }

    fn check_region(&self) -> Result<(), Violation> {
        if self.region.is_lost() { Err(Violation::RegionLost) } else { Ok(()) }
    }
}
