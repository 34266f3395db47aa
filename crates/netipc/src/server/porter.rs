//! The main thread of a server: lets clients in, sees them off, watches deadlines, and closes in the evening.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::event::epoll::Event as Ready;
use rustix::io::Errno;

use crate::clock::{self, Deadline};
use crate::error::{Error, Operation};
use crate::server::engine::{Engine, Seat, lock};
use crate::session::linger;
use crate::sys::socket;
use crate::uds::reception::{LINGER, Reception};

const BELL: u64 = 0;
const TIMER: u64 = 1;
const RECEPTION: u64 = 2;

/// How often a thread that could not be started is tried again.
const HIRE_PAUSE: Duration = Duration::from_millis(100);
/// Clients that are let in before anything else is looked at.
const ARRIVALS: usize = 64;

impl Engine {
    /// Serves until [`Engine::stop`], then drains.
    pub(crate) fn run(self: &Arc<Self>) -> Result<(), Error> {
        let Some(mut reception) = lock(&self.reception).take() else {
            return Err(Error::Bug("a server ran twice"));
        };
        reception.host_with(self.hosts());
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

    fn receive(self: &Arc<Self>, reception: &mut Reception) -> Result<(), Error> {
        let mut ready: Vec<Ready> = Vec::with_capacity(3);
        while !self.is_stopping() {
            ready.clear();
            let again = self.is_short_handed().then(|| clock::after(HIRE_PAUSE));
            self.lobby
                .wait_until(&mut ready, again)
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
        for socket in self.take_departing() {
            reception.see_off(socket)?;
        }
        reception.resume()
    }

    /// The endpoint goes; sessions that were just let in stay, and so do connections that are being seen off.
    fn close_endpoint(&self, reception: Reception) -> Vec<Arc<OwnedFd>> {
        // Also when it was a failure that ended the loop: whoever looks takes the server for stopping from here on.
        self.stop();
        *lock(&self.reception_stats) = reception.stats();
        let (ready, departing) = reception.retire();
        for connection in ready {
            self.seat(connection);
        }
        departing
    }

    fn take_departing(&self) -> Vec<Arc<OwnedFd>> {
        lock(&self.departing).as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Lets the workers answer what has arrived and waits for them, but not for ever.
    fn drain(&self, departing: Vec<Arc<OwnedFd>>) {
        let deadline = Deadline::after(self.drain_timeout);
        let mut departures = Departures::default();
        departures.add(departing);
        self.visit_all();
        let mut ready: Vec<Ready> = Vec::with_capacity(3);
        while !deadline.has_passed() {
            self.bell.clear();
            departures.add(self.take_departing());
            if lock(&self.seats).is_empty() {
                break;
            }
            ready.clear();
            let until = departures.close_late_ones().into_iter().chain(deadline.at()).min();
            // An error would leave nothing to wait with.
            if self.lobby.wait_until(&mut ready, until).is_err() {
                break;
            }
            self.expire();
        }
        // Whoever is left is cut off, also while its handler is busy.
        self.close();
        self.visit_all();
        self.dismissal.set();
        departures.add(lock(&self.departing).take().unwrap_or_default());
        departures.wait();
        self.await_workers(deadline);
    }

    fn visit_all(&self) {
        let seats: Vec<Arc<Seat>> = lock(&self.seats).values().cloned().collect();
        for seat in seats {
            self.visit(&seat);
        }
    }

    /// Idle workers are on their way; of a busy one only so much can be expected.
    fn await_workers(&self, deadline: Deadline) {
        let soon = clock::after(LINGER);
        let until = deadline.at().map_or(soon, |at| at.max(soon));
        await_none(&self.workers, &self.worker_left, until);
        await_none(&self.hosts, &self.host_left, until);
    }
}

/// Waits until a count is 0, but not beyond `until`.
fn await_none(count: &Mutex<usize>, changed: &Condvar, until: Instant) {
    let mut count = lock(count);
    while *count > 0 {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        count = match changed.wait_timeout(count, left) {
            Ok((guard, _)) => guard,
            Err(poisoned) => poisoned.into_inner().0,
        };
    }
}

/// Sockets that wait for their peers to read and hang up, while the server stops.
#[derive(Default)]
struct Departures(Vec<(Instant, Arc<OwnedFd>)>);

impl Departures {
    fn add(&mut self, sockets: Vec<Arc<OwnedFd>>) {
        let until = clock::after(LINGER);
        self.0.extend(sockets.into_iter().map(|socket| (until, socket)));
    }

    /// Closes what has waited long enough or was hung up; when there is more to close.
    fn close_late_ones(&mut self) -> Option<Instant> {
        let now = Instant::now();
        self.0.retain(|(until, socket)| *until > now && !socket::discard(socket));
        self.0.first().map(|(until, _)| *until)
    }

    fn wait(self) {
        let sockets: Vec<Arc<OwnedFd>> = self.0.into_iter().map(|(_, socket)| socket).collect();
        linger(&sockets, Deadline::after(LINGER));
    }
}
