//! The machinery of a server: few threads, any number of sessions.
//!
//! All workers wait on one poller. Every session is registered one-shot, so exactly one worker has it at a time, from
//! the event to the moment it is armed again; its lock is therefore never contended, except by the timer and by a stop,
//! which both pass over sessions that a worker has. Before a worker serves, it makes sure that another one waits (up to
//! the limit), so a handler that takes its time holds up only its own session.

use std::collections::{BTreeSet, HashMap};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::epoll::Event as Ready;

use crate::clock::Deadline;
use crate::connection::Connection;
use crate::error::{Error, Operation};
use crate::server::config::ServerConfig;
use crate::server::desk::{Desk, House, Next, Scratch};
use crate::server::stats::ServerStatus;
use crate::session::linger;
use crate::sys::event::Event;
use crate::sys::poller::Poller;
use crate::sys::timer::Timer;
use crate::sys::wait::{Interest, wait};
use crate::uds::reception::{LINGER, Reception, ReceptionStats};

const STOP: u64 = 0;
const TIMER: u64 = 1;
const RECEPTION: u64 = 2;
const FIRST_DESK: u64 = 3;

/// Clients that are taken over from the reception in one go.
const ARRIVALS: usize = 64;
/// Turns that a session gets at most once a stop has begun.
const LAST_TURNS: usize = 8;
/// How often a drain looks at sessions that cannot be told to hurry.
const DRAIN_PAUSE: Duration = Duration::from_millis(5);

pub(crate) struct Engine {
    house: House,
    poller: Poller,
    stop: Event,
    stopping: AtomicBool,
    /// Empty once the server stops.
    reception: Mutex<Option<Reception>>,
    departed: Mutex<ReceptionStats>,
    seats: Mutex<HashMap<u64, Arc<Seat>>>,
    next_seat: AtomicU64,
    timer: Timer,
    deadlines: Mutex<BTreeSet<(Instant, u64)>>,
    idle: AtomicUsize,
    workers: Mutex<usize>,
    worker_left: Condvar,
    max_workers: usize,
    packet_buffer: usize,
    drain_timeout: Duration,
    /// Why the server stopped by itself.
    failure: Mutex<Option<Error>>,
}

/// Where a session is kept between its turns.
struct Seat {
    key: u64,
    desk: Mutex<Option<Taken>>,
}

struct Taken {
    desk: Desk,
    deadline: Option<Instant>,
}

impl Engine {
    pub(crate) fn new(reception: Reception, house: House, config: &ServerConfig) -> Result<Self, Error> {
        let fail = |errno| Error::io(Operation::Wait, Some(reception.endpoint()), errno);
        let (poller, stop, timer) =
            (Poller::new().map_err(fail)?, Event::new().map_err(fail)?, Timer::new().map_err(fail)?);
        poller.add_level(stop.as_fd(), STOP).map_err(fail)?;
        poller.add_one_shot(timer.as_fd(), TIMER, Interest::Read).map_err(fail)?;
        poller.add_one_shot(reception.as_fd(), RECEPTION, Interest::Read).map_err(fail)?;
        let packet_buffer = reception.packet_buffer();
        Ok(Self {
            house,
            poller,
            stop,
            stopping: AtomicBool::new(false),
            reception: Mutex::new(Some(reception)),
            departed: Mutex::default(),
            seats: Mutex::default(),
            next_seat: AtomicU64::new(FIRST_DESK),
            timer,
            deadlines: Mutex::default(),
            idle: AtomicUsize::new(0),
            workers: Mutex::new(0),
            worker_left: Condvar::new(),
            max_workers: config.max_workers.max(1),
            packet_buffer,
            drain_timeout: config.drain_timeout,
            failure: Mutex::default(),
        })
    }

    /// Serves until [`Engine::stop`], then drains.
    pub(crate) fn run(self: Arc<Self>) -> Result<(), Error> {
        if let Err(error) = self.hire() {
            self.stop();
            self.drain();
            return Err(error);
        }
        while !self.is_stopping() {
            // A failure to wait cannot be waited out either; the flag is looked at again.
            if wait(self.stop.as_fd(), Interest::Read, None, None).is_err() {
                thread::sleep(DRAIN_PAUSE);
            }
        }
        self.drain();
        lock(&self.failure).take().map_or(Ok(()), Err)
    }

    /// Gives the endpoint up without having served.
    pub(crate) fn abandon(&self) {
        drop(lock(&self.reception).take());
    }

    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.stop.set();
    }

    pub(crate) fn status(&self) -> ServerStatus {
        let reception = match &*lock(&self.reception) {
            Some(reception) => reception.stats(),
            None => *lock(&self.departed),
        };
        // One lock at a time: a drain takes them in another order.
        let sessions = lock(&self.seats).len();
        let workers = *lock(&self.workers);
        let mut status = ServerStatus {
            sessions,
            workers,
            accepted: reception.accepted,
            rejected: reception.rejected,
            dropped: reception.dropped,
            max_response_payload: self.house.max_response.current(),
            ..ServerStatus::default()
        };
        self.house.counters.fill(&mut status);
        status
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Starts one more worker, unless there are enough.
    fn hire(self: &Arc<Self>) -> Result<(), Error> {
        let mut workers = lock(&self.workers);
        if *workers >= self.max_workers || self.is_stopping() {
            return Ok(());
        }
        let engine = Arc::clone(self);
        let name = format!("netipc-{workers}");
        thread::Builder::new()
            .name(name)
            .spawn(move || engine.work())
            .map_err(|error| Error::io(Operation::SpawnThread, None, error))?;
        *workers += 1;
        Ok(())
    }

    fn work(self: Arc<Self>) {
        // Leaves also when something below panics, so that a drain does not wait for a thread that is gone.
        let _leaving = Leaving(&self);
        let mut scratch = Scratch::new(self.packet_buffer);
        let mut ready: Vec<Ready> = Vec::with_capacity(1);
        while !self.is_stopping() {
            ready.clear();
            self.idle.fetch_add(1, Ordering::AcqRel);
            let waited = self.poller.wait(&mut ready);
            if self.idle.fetch_sub(1, Ordering::AcqRel) == 1 {
                // Without another thread this one serves alone, as it does at the limit.
                let _ = self.hire();
            }
            if let Err(errno) = waited {
                return self.fail(Error::io(Operation::Wait, None, errno));
            }
            match ready.first().map(|event| event.data.u64()) {
                None | Some(STOP) => {}
                Some(TIMER) => self.expire(),
                Some(RECEPTION) => self.take_arrivals(),
                Some(key) => self.serve(key, &mut scratch),
            }
        }
    }

    fn fail(&self, error: Error) {
        lock(&self.failure).get_or_insert(error);
        self.stop();
    }

    fn take_arrivals(&self) {
        let mut guard = lock(&self.reception);
        let Some(reception) = guard.as_mut() else { return };
        for _ in 0..ARRIVALS {
            match reception.try_accept() {
                Ok(Some(connection)) => self.seat(connection),
                Ok(None) => break,
                Err(error) => return self.fail(error),
            }
        }
        if let Err(errno) = self.poller.arm(reception.as_fd(), RECEPTION, Interest::Read) {
            self.fail(Error::io(Operation::Wait, None, errno));
        }
    }

    fn seat(&self, connection: Connection) {
        let key = self.next_seat.fetch_add(1, Ordering::Relaxed);
        let desk = Desk::new(connection);
        let seat = Arc::new(Seat { key, desk: Mutex::new(None) });
        // Locked until it is registered: a worker that is faster waits.
        let mut taken = lock(&seat.desk);
        lock(&self.seats).insert(key, Arc::clone(&seat));
        if self.poller.add_one_shot(desk.connection().as_fd(), key, Interest::Read).is_ok() {
            *taken = Some(Taken { desk, deadline: None });
        } else {
            // The kernel has no room to watch it: the client sees the end and may come back.
            lock(&self.seats).remove(&key);
        }
    }

    fn serve(&self, key: u64, scratch: &mut Scratch) {
        let Some(seat) = lock(&self.seats).get(&key).cloned() else { return };
        let mut guard = lock(&seat.desk);
        let Some(taken) = guard.as_mut() else { return };
        self.forget_deadline(key, taken);
        let (interest, deadline) = match taken.desk.serve(&self.house, scratch) {
            Next::Wait(interest, deadline) => (interest, deadline),
            Next::Yield => (Interest::Read, None),
            Next::Linger => return self.dismiss(&seat, guard.take(), true),
            Next::Close => return self.dismiss(&seat, guard.take(), false),
        };
        self.set_deadline(key, taken, deadline);
        if self.poller.arm(taken.desk.connection().as_fd(), key, interest).is_err() {
            self.dismiss(&seat, guard.take(), false);
        }
    }

    /// Ends a session; the descriptor may be what a paused reception waits for.
    fn dismiss(&self, seat: &Seat, taken: Option<Taken>, lingering: bool) {
        let Some(mut taken) = taken else { return };
        self.forget_deadline(seat.key, &mut taken);
        lock(&self.seats).remove(&seat.key);
        let mut reception = lock(&self.reception);
        if lingering {
            // It stays open for a while, so the poller has to be told. It cannot fail: the socket is registered.
            let _ = self.poller.remove(taken.desk.connection().as_fd());
            let socket = taken.desk.leave();
            match reception.as_mut() {
                Some(reception) => reception.see_off(socket),
                None => linger(&[socket], Deadline::after(LINGER)),
            }
        } else {
            drop(taken);
        }
        if let Some(reception) = reception.as_mut() {
            reception.resume();
        }
    }

    fn set_deadline(&self, key: u64, taken: &mut Taken, deadline: Option<Instant>) {
        taken.deadline = deadline;
        let Some(at) = deadline else { return };
        let mut deadlines = lock(&self.deadlines);
        deadlines.insert((at, key));
        if deadlines.first() == Some(&(at, key)) {
            self.arm_timer(Some(at));
        }
    }

    fn forget_deadline(&self, key: u64, taken: &mut Taken) {
        if let Some(at) = taken.deadline.take() {
            lock(&self.deadlines).remove(&(at, key));
        }
    }

    fn expire(&self) {
        let now = Instant::now();
        while let Some(key) = self.next_expired(now) {
            let Some(seat) = lock(&self.seats).get(&key).cloned() else { continue };
            // A session that a worker has is alive, and gets a new deadline from it.
            let Ok(mut guard) = seat.desk.try_lock() else { continue };
            let Some(taken) = guard.as_mut() else { continue };
            taken.deadline = None;
            if taken.desk.expire(now).is_err() {
                self.house.counters.stalled();
                self.dismiss(&seat, guard.take(), false);
            }
        }
    }

    /// Takes out one deadline that has passed; without one, arms the timer for the next.
    fn next_expired(&self, now: Instant) -> Option<u64> {
        let mut deadlines = lock(&self.deadlines);
        match deadlines.first() {
            Some(&(at, key)) if at <= now => {
                deadlines.pop_first();
                Some(key)
            }
            next => {
                self.arm_timer(next.map(|&(at, _)| at));
                None
            }
        }
    }

    fn arm_timer(&self, at: Option<Instant>) {
        let armed = self.timer.arm(at).and_then(|()| self.poller.arm(self.timer.as_fd(), TIMER, Interest::Read));
        if let Err(errno) = armed {
            self.fail(Error::io(Operation::Wait, None, errno));
        }
    }

    /// Ends everything in order: the endpoint, idle sessions, then those that are being served.
    fn drain(&self) {
        let deadline = Deadline::after(self.drain_timeout);
        if let Some(reception) = lock(&self.reception).take() {
            *lock(&self.departed) = reception.stats();
        }
        let mut scratch = Scratch::new(self.packet_buffer);
        let mut leaving = Vec::new();
        loop {
            let seats: Vec<Arc<Seat>> = lock(&self.seats).values().cloned().collect();
            for seat in seats {
                leaving.extend(self.last_turn(&seat, &mut scratch));
            }
            let workers = lock(&self.workers);
            if deadline.has_passed() || (*workers == 0 && lock(&self.seats).is_empty()) {
                break;
            }
            // Woken when a worker leaves; sessions that wait for room are looked at now and then.
            drop(self.worker_left.wait_timeout(workers, DRAIN_PAUSE));
        }
        lock(&self.seats).clear();
        linger(&leaving, Deadline::after(LINGER));
    }

    /// Answers what has arrived on a session that no worker has, and ends it unless answers wait for room.
    fn last_turn(&self, seat: &Seat, scratch: &mut Scratch) -> Option<std::os::fd::OwnedFd> {
        let mut guard = match seat.desk.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        let taken = guard.as_mut()?;
        for _ in 0..LAST_TURNS {
            match taken.desk.serve(&self.house, scratch) {
                Next::Yield => {}
                Next::Wait(Interest::Write | Interest::ReadWrite, _) => return None,
                Next::Wait(Interest::Read, _) | Next::Linger | Next::Close => break,
            }
        }
        lock(&self.seats).remove(&seat.key);
        guard.take().map(|taken| taken.desk.leave())
    }
}

struct Leaving<'a>(&'a Engine);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        *lock(&self.0.workers) -= 1;
        self.0.worker_left.notify_all();
    }
}

/// A panic in a handler is caught before any of these locks could be held, so a poisoned one guards sound state.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
