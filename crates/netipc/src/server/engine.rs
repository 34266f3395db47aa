//! The machinery of a server: few threads, any number of sessions.
//!
//! Sessions belong to workers, everything else (clients that arrive or leave, deadlines, the stop) to the thread in
//! [`Engine::run`], which never runs a handler and so is never late.
//!
//! All workers wait on one poller. Every session is registered one-shot, so exactly one worker has it at a time, from
//! the event until it is armed again. Before a worker serves, it makes sure that another one waits (up to the limit), so
//! a handler that takes its time holds up only its own session.
//!
//! Shared memory has no descriptor to wait for, so a session over it has a thread of its own; see `host`.
//!
//! Who wants something of a session that a worker has, leaves word on its seat and does not wait: the worker looks there
//! after it has let go. See [`Engine::visit`].

use std::collections::{BTreeSet, HashMap};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::connection::Connection;
use crate::error::{Error, Operation};
use crate::server::config::ServerConfig;
use crate::server::desk::{Desk, House, Next, Scratch};
use crate::server::stats::ServerStatus;
use crate::sys::event::Event;
use crate::sys::poller::Poller;
use crate::sys::socket;
use crate::sys::timer::Timer;
use crate::sys::wait::Interest;
use crate::uds::reception::{Reception, ReceptionStats};

/// The workers' poller: everything but this is the key of a session.
const DISMISSAL: u64 = 0;
const FIRST_SEAT: u64 = 1;

pub(crate) struct Engine {
    pub(super) house: House,
    /// Sessions, for the workers.
    poller: Poller,
    /// All else, for the main thread. Made early: a server that was bound needs no descriptor to run or to stop.
    pub(super) lobby: Poller,
    /// Tells the workers to go home.
    pub(super) dismissal: Event,
    /// Tells the main thread that the server is to stop, or that somebody left.
    pub(super) bell: Event,
    stopping: AtomicBool,
    /// No thread could be started when one was wanted; the main thread tries again.
    short_handed: AtomicBool,
    /// Taken by the main thread; what remains here belongs to a server that has not run.
    pub(super) reception: Mutex<Option<Reception>>,
    pub(super) reception_stats: Mutex<ReceptionStats>,
    shm_sessions: Arc<AtomicUsize>,
    pub(super) seats: Mutex<HashMap<u64, Arc<Seat>>>,
    next_seat: AtomicU64,
    pub(super) timer: Timer,
    deadlines: Mutex<BTreeSet<(Instant, u64)>>,
    /// Sockets of sessions that have said their last word; none once nobody sees them off any more.
    pub(super) departing: Mutex<Option<Vec<Arc<OwnedFd>>>>,
    idle: AtomicUsize,
    pub(super) workers: Mutex<usize>,
    /// Threads of sessions over shared memory.
    pub(super) hosts: Mutex<usize>,
    pub(super) worker_left: Condvar,
    pub(super) host_left: Condvar,
    max_workers: usize,
    pub(super) drain_timeout: Duration,
    /// Why the server stopped by itself.
    pub(super) failure: Mutex<Option<Error>>,
}

/// Where a session is kept between its turns.
pub(super) struct Seat {
    key: u64,
    taken: Mutex<Option<Taken>>,
    /// Whoever has the session is to look at it again.
    wanted: AtomicBool,
    /// To cut the session off while a handler is busy with it.
    socket: Weak<OwnedFd>,
    /// A thread of its own has it, always.
    is_hosted: bool,
}

struct Taken {
    desk: Desk,
    deadline: Option<Instant>,
}

impl Engine {
    pub(crate) fn new(reception: Reception, house: House, config: &ServerConfig) -> Result<Self, Error> {
        let fail = |errno| Error::io(Operation::Wait, Some(reception.endpoint()), errno);
        let engine = Self {
            house,
            poller: Poller::new().map_err(fail)?,
            lobby: Poller::new().map_err(fail)?,
            dismissal: Event::new().map_err(fail)?,
            bell: Event::new().map_err(fail)?,
            stopping: AtomicBool::new(false),
            short_handed: AtomicBool::new(false),
            reception_stats: Mutex::default(),
            shm_sessions: reception.shm_sessions(),
            seats: Mutex::default(),
            next_seat: AtomicU64::new(FIRST_SEAT),
            timer: Timer::new().map_err(fail)?,
            deadlines: Mutex::default(),
            departing: Mutex::new(Some(Vec::new())),
            idle: AtomicUsize::new(0),
            workers: Mutex::new(0),
            hosts: Mutex::new(0),
            worker_left: Condvar::new(),
            host_left: Condvar::new(),
            max_workers: config.max_workers.max(1),
            drain_timeout: config.drain_timeout,
            failure: Mutex::default(),
            reception: Mutex::new(None),
        };
        engine.poller.add_level(engine.dismissal.as_fd(), DISMISSAL).map_err(fail)?;
        engine.open_lobby(&reception).map_err(fail)?;
        *lock(&engine.reception) = Some(reception);
        Ok(engine)
    }

    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.bell.set();
    }

    /// Gives the endpoint up without having served.
    pub(crate) fn abandon(&self) {
        let reception = lock(&self.reception).take();
        drop(reception);
    }

    pub(crate) fn status(&self) -> ServerStatus {
        // One lock at a time.
        let reception = *lock(&self.reception_stats);
        let sessions = lock(&self.seats).len();
        let workers = *lock(&self.workers);
        let mut status = ServerStatus {
            sessions,
            workers,
            shm_sessions: self.shm_sessions.load(Ordering::Acquire),
            shm_fallbacks: reception.shm.fallbacks,
            shm_fault: reception.shm.last,
            accepted: reception.accepted,
            rejected: reception.rejected,
            dropped: reception.dropped,
            max_response_payload: self.house.max_response.current(),
            ..ServerStatus::default()
        };
        self.house.counters.fill(&mut status);
        status
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    pub(super) fn close(&self) {
        self.house.closed.store(true, Ordering::SeqCst);
    }

    pub(super) fn fail(&self, error: Error) {
        lock(&self.failure).get_or_insert(error);
        self.stop();
    }

    /// Starts one more worker, unless there are enough.
    pub(super) fn hire(self: &Arc<Self>) -> Result<(), Error> {
        let mut workers = lock(&self.workers);
        if *workers >= self.max_workers {
            return Ok(());
        }
        let engine = Arc::clone(self);
        thread::Builder::new()
            .name(format!("netipc-{workers}"))
            .spawn(move || engine.work())
            .map_err(|error| Error::io(Operation::SpawnThread, None, error))?;
        *workers += 1;
        Ok(())
    }

    fn work(self: Arc<Self>) {
        let _leaving = Leaving(&self);
        let mut scratch = Scratch::default();
        loop {
            self.idle.fetch_add(1, Ordering::AcqRel);
            let ready = self.poller.wait_for_one();
            let was_last = self.idle.fetch_sub(1, Ordering::AcqRel) == 1;
            match ready {
                Err(errno) => return self.fail(Error::io(Operation::Wait, None, errno)),
                Ok(DISMISSAL) => return,
                Ok(key) => {
                    if was_last && self.hire().is_err() {
                        // This one serves alone, as it does at the limit, until there is a thread to be had.
                        self.short_handed.store(true, Ordering::SeqCst);
                        self.bell.set();
                    }
                    self.serve(key, &mut scratch);
                }
            }
        }
    }

    /// Tries again to start the thread that was not to be had; whether one is still missing.
    pub(super) fn is_short_handed(self: &Arc<Self>) -> bool {
        if self.short_handed.load(Ordering::SeqCst) && self.hire().is_ok() {
            self.short_handed.store(false, Ordering::SeqCst);
        }
        self.short_handed.load(Ordering::SeqCst)
    }

    /// Gives a new session its place among the others.
    pub(super) fn seat(&self, mut connection: Connection) {
        let key = self.next_seat.fetch_add(1, Ordering::Relaxed);
        let host = connection.take_host();
        let seat = Arc::new(Seat {
            key,
            taken: Mutex::new(None),
            wanted: AtomicBool::new(false),
            socket: connection.socket(),
            is_hosted: host.is_some(),
        });
        if let Some(host) = host {
            lock(&self.seats).insert(key, seat);
            if host.send((key, connection)).is_err() {
                // The thread has panicked, and reported that.
                self.unseat(key);
            }
            return;
        }
        let desk = Desk::new(connection);
        // Locked until it is registered: a worker that is faster waits.
        let mut taken = lock(&seat.taken);
        lock(&self.seats).insert(key, Arc::clone(&seat));
        if self.poller.add_one_shot(desk.connection().as_fd(), key, Interest::Read).is_ok() {
            *taken = Some(Taken { desk, deadline: None });
        } else {
            // The kernel has no room to watch it: the client sees the end and may come back.
            self.unseat(key);
        }
    }

    /// Forgets a session that has ended.
    pub(super) fn unseat(&self, key: u64) {
        lock(&self.seats).remove(&key);
        // A descriptor may be free now, somebody is to be seen off, or the last one has left.
        self.bell.set();
    }

    fn serve(&self, key: u64, scratch: &mut Scratch) {
        let Some(seat) = lock(&self.seats).get(&key).cloned() else { return };
        let mut guard = lock(&seat.taken);
        if let Some(taken) = guard.as_mut() {
            self.forget_deadline(key, taken);
            let next = taken.desk.serve(&self.house, scratch);
            self.put_back(&seat, &mut guard, next);
        }
        drop(guard);
        fence(Ordering::SeqCst);
        self.look_while_wanted(&seat);
    }

    /// Arms a session for what it waits for, or ends it.
    fn put_back(&self, seat: &Seat, guard: &mut MutexGuard<'_, Option<Taken>>, next: Next) {
        let (interest, deadline) = match next {
            Next::Wait(interest, deadline) => (interest, deadline),
            Next::Yield => (Interest::Read, None),
            Next::Linger => return self.dismiss(seat, guard.take(), true),
            Next::Close => return self.dismiss(seat, guard.take(), false),
        };
        let Some(taken) = guard.as_mut() else { return };
        if self.is_stopping() {
            // What has arrived until here is answered: the worker gets the session back at once, with an end behind it.
            taken.desk.connection().refuse_more();
        }
        self.set_deadline(seat.key, taken, deadline);
        if self.poller.arm(taken.desk.connection().as_fd(), seat.key, interest).is_err() {
            self.dismiss(seat, guard.take(), false);
        }
    }

    /// Sees to a session from outside: ends it when it is overdue; once the server stops, gives it its last turn.
    ///
    /// When a worker has it, the worker does this as soon as it lets go.
    pub(super) fn visit(&self, seat: &Seat) {
        seat.wanted.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        self.look_while_wanted(seat);
        let Some(socket) = seat.socket.upgrade() else { return };
        if self.house.is_closed() {
            // A handler may be busy with it for long, and the client need not wait for that.
            socket::shutdown_both(socket.as_fd());
        } else if seat.is_hosted && self.is_stopping() {
            // Its thread sees the end, as if the client had hung up, and answers what has come before.
            socket::shutdown_read(socket.as_fd());
        }
    }

    /// Looks after a session for whoever wants it, unless somebody has it who will do so.
    ///
    /// The flag is raised before the lock is tried, and looked at after the lock is let go, with a fence in between on
    /// both sides: of one who fails to get the lock and one who lets go of it, at least one sees the other.
    fn look_while_wanted(&self, seat: &Seat) {
        while seat.wanted.load(Ordering::SeqCst) {
            let Some(mut guard) = try_lock(&seat.taken) else { return };
            seat.wanted.store(false, Ordering::SeqCst);
            self.look(seat, &mut guard);
            drop(guard);
            fence(Ordering::SeqCst);
        }
    }

    fn look(&self, seat: &Seat, guard: &mut MutexGuard<'_, Option<Taken>>) {
        let Some(taken) = guard.as_mut() else { return };
        if self.house.is_closed() {
            return self.dismiss(seat, guard.take(), false);
        }
        let now = Instant::now();
        if taken.deadline.is_some_and(|at| at <= now) && taken.desk.expire(now).is_err() {
            self.house.counters.stalled();
            return self.dismiss(seat, guard.take(), false);
        }
        if self.is_stopping() {
            // To the session it looks as if its client had hung up: a worker gets it, and answers what has arrived. Room
            // to write would be no such event, since a client that reads late leaves none.
            taken.desk.connection().refuse_more();
        }
    }

    /// Ends a session.
    fn dismiss(&self, seat: &Seat, taken: Option<Taken>, lingering: bool) {
        let Some(mut taken) = taken else { return };
        self.forget_deadline(seat.key, &mut taken);
        if lingering {
            // It stays open for a while, so the poller has to be told. It cannot fail: the socket is registered.
            let _ = self.poller.remove(taken.desk.connection().as_fd());
            let socket = taken.desk.leave();
            // Without anybody to see it off it is closed here.
            if let Some(departing) = lock(&self.departing).as_mut() {
                departing.push(socket);
            }
        } else {
            drop(taken);
        }
        self.unseat(seat.key);
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

    /// Looks after every session whose deadline has passed.
    pub(super) fn expire(&self) {
        let now = Instant::now();
        while let Some(key) = self.next_expired(now) {
            let seat = lock(&self.seats).get(&key).cloned();
            if let Some(seat) = seat {
                self.visit(&seat);
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

    /// Called with the deadlines locked, so that the timer is armed in their order.
    fn arm_timer(&self, at: Option<Instant>) {
        if let Err(errno) = self.timer.arm(at) {
            self.fail(Error::io(Operation::Wait, None, errno));
        }
    }
}

/// What a worker does last, however it leaves.
struct Leaving<'a>(&'a Engine);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            // Handlers' panics are caught; this is one of ours, and what it had in its hands is in an unknown state.
            self.0.fail(Error::Bug("a worker thread panicked"));
        }
        *lock(&self.0.workers) -= 1;
        self.0.worker_left.notify_all();
    }
}

/// Nothing panics while one of these locks is held, except a bug that ends the server anyway.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}
