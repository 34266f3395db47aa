//! The main thread of a server: lets clients in, sees them off, watches deadlines, and closes in the evening.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::event::epoll::Event as Ready;
use rustix::io::Errno;

use crate::clock::Deadline;
use crate::error::{Error, Operation};
use crate::server::engine::{Engine, Seat, lock};
use crate::session::linger;
use crate::sys::wait::{Interest, wait};
use crate::uds::reception::{LINGER, Reception};

const BELL: u64 = 0;
const TIMER: u64 = 1;
const RECEPTION: u64 = 2;

/// Clients that are let in before anything else is looked at.
const ARRIVALS: usize = 64;

impl Engine {
    /// Serves until [`Engine::stop`], then drains.
    pub(crate) fn run(self: &Arc<Self>) -> Result<(), Error> {
        let Some(mut reception) = lock(&self.reception).take() else {
            return Err(Error::Bug("a server ran twice"));
        };
        let served = self.hire().and_then(|()| self.receive(&mut reception));
        let departing = self.close_endpoint(reception);
        self.drain(departing);
        served?;
        lock(&self.failure).take().map_or(Ok(()), Err)
    }

    /// Registers all that the main thread waits for.
    pub(super) fn open_lobby(&self, reception: &Reception) -> Result<(), Errno> {
        self.lobby.add_level(self.bell.as_fd(), BELL)?;
        self.lobby.add_level(self.timer.as_fd(), TIMER)?;
        self.lobby.add_level(reception.as_fd(), RECEPTION)
    }

    fn receive(&self, reception: &mut Reception) -> Result<(), Error> {
        let mut ready: Vec<Ready> = Vec::with_capacity(3);
        while !self.is_stopping() {
            ready.clear();
            self.lobby
                .wait(&mut ready)
                .map_err(|errno| Error::io(Operation::Wait, Some(reception.endpoint()), errno))?;
            for event in &ready {
                match event.data.u64() {
                    BELL => self.see_off(reception)?,
                    TIMER => self.expire(),
                    _ => self.let_in(reception)?,
                }
            }
            *lock(&self.reception_stats) = reception.stats();
        }
        Ok(())
    }

    fn let_in(&self, reception: &mut Reception) -> Result<(), Error> {
        for _ in 0..ARRIVALS {
            match reception.try_accept()? {
                Some(connection) => self.seat(connection),
                None => break,
            }
        }
        Ok(())
    }

    fn see_off(&self, reception: &mut Reception) -> Result<(), Error> {
        // Before looking: who rings afterwards is heard.
        self.bell.clear();
        let departing = std::mem::take(&mut *lock(&self.departing));
        for socket in departing {
            reception.see_off(socket)?;
        }
        reception.resume()
    }

    /// The endpoint goes; sessions that were just let in stay, and so do connections that are being seen off.
    fn close_endpoint(&self, reception: Reception) -> Vec<OwnedFd> {
        // Also when it was a failure that ended the loop: whoever looks takes the server for stopping from here on.
        self.stop();
        *lock(&self.reception_stats) = reception.stats();
        let (ready, departing) = reception.retire();
        for connection in ready {
            self.seat(connection);
        }
        departing
    }

    /// Lets the workers answer what has arrived and waits for them, but not for ever.
    fn drain(&self, mut departing: Vec<OwnedFd>) {
        let deadline = Deadline::after(self.drain_timeout);
        self.visit_all();
        loop {
            self.bell.clear();
            if lock(&self.seats).is_empty() {
                break;
            }
            // An error would leave nothing to wait with.
            let waited = wait(self.bell.as_fd(), Interest::Read, deadline.at(), None);
            if waited.is_err() || deadline.has_passed() {
                break;
            }
        }
        // Whoever is left is cut off, at the latest when its handler returns.
        self.close();
        self.visit_all();
        self.dismissal.set();
        departing.append(&mut lock(&self.departing));
        linger(&departing, Deadline::after(LINGER));
        self.await_workers(deadline);
    }

    fn visit_all(&self) {
        let seats: Vec<Arc<Seat>> = lock(&self.seats).values().cloned().collect();
        for seat in seats {
            self.visit(&seat);
        }
    }

    fn await_workers(&self, deadline: Deadline) {
        let mut workers = lock(&self.workers);
        while *workers > 0 && !deadline.has_passed() {
            let left = deadline.at().map_or(LINGER, |at| at.saturating_duration_since(std::time::Instant::now()));
            workers = match self.worker_left.wait_timeout(workers, left) {
                Ok((guard, _)) => guard,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}
