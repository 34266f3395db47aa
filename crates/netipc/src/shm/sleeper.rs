//! Whoever sleeps until a message comes, and everything else that may wake him.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;

use netipc_proto::session::Role;
use rustix::io::Errno;

use crate::shm::plane::{self, Before, Lane, Rest};
use crate::shm::points::{Point, reach};
use crate::shm::region::Region;
use crate::sys::futex::{self, Seen};

/// The receiving end of one session, for those who wake it from outside: the watcher and aborts.
#[derive(Debug)]
pub(crate) struct Sleeper {
    region: Arc<Region>,
    role: Role,
    /// Changes whenever somebody of this process wakes it.
    calls: AtomicU32,
    /// The peer's end of the socket is closed, or this one is.
    lost: AtomicBool,
}

impl Sleeper {
    pub(crate) fn new(region: Arc<Region>, role: Role) -> Self {
        Self { region, role, calls: AtomicU32::new(0), lost: AtomicBool::new(false) }
    }

    /// Whether the session has ended; see [`plane::is_lost`].
    pub(crate) fn is_lost(&self) -> bool {
        plane::is_lost(self)
    }

    /// The session has ended.
    pub(crate) fn lose(&self) {
        plane::lose(self);
    }

    /// Makes the sleeper look at everything again. NIPC-SHM-16.
    pub(crate) fn wake(&self) {
        plane::wake(self);
    }

    /// To be called before looking at whatever decides whether to sleep.
    pub(crate) fn before(&self) -> Before {
        plane::before(self)
    }

    /// Sleeps unless something has happened since `before`. May return for no reason.
    pub(crate) fn sleep(&self, before: Before, deadline: Option<Instant>) -> Result<(), Errno> {
        reach(Point::Asleep);
        let lane = self.region.inbound(self.role);
        let signal = Seen { word: lane.signal_word(), value: before.signal };
        futex::sleep(signal, Seen { word: &self.calls, value: before.calls }, deadline)
    }
}

impl Rest for Sleeper {
    fn signal(&self, order: Ordering) -> u32 {
        self.region.inbound(self.role).signal_word().load(order)
    }

    fn calls(&self, order: Ordering) -> u32 {
        self.calls.load(order)
    }

    fn add_call(&self, order: Ordering) {
        self.calls.fetch_add(1, order);
    }

    fn lost(&self, order: Ordering) -> bool {
        self.lost.load(order)
    }

    fn set_lost(&self, order: Ordering) {
        self.lost.store(true, order);
    }

    fn rouse(&self) {
        if futex::waits_for_both() {
            futex::wake_own(&self.calls);
        } else {
            // The peer's receiver looks at the sequence only, so an addition that brings no message does not disturb it.
            let lane = self.region.inbound(self.role);
            lane.add_signal(Ordering::Release);
            futex::wake_all(lane.signal_word());
        }
    }
}
