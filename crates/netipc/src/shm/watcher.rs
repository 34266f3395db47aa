//! The thread that sees peers go while the threads of their sessions sleep on memory.
//!
//! One thread for the process. The first session with shared memory starts it, the last one that ends waits for its end,
//! so that nothing of it stays. It sleeps until a socket is hung up: an idle session costs it nothing.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use rustix::io::Errno;

use crate::shm::fault::{RegionFault, RegionStep};
use crate::shm::sleeper::Sleeper;
use crate::sys::event::Event;
use crate::sys::map;
use crate::sys::poller::Poller;

const DISMISSAL: u64 = 0;

/// The running thread, while anybody needs it. This lock is taken before the others.
static RUNNING: Mutex<Option<Running>> = Mutex::new(None);

struct Running {
    watcher: Arc<Watcher>,
    thread: JoinHandle<()>,
    watches: usize,
}

#[derive(Debug)]
struct Watcher {
    poller: Poller,
    dismissal: Event,
    watched: Mutex<Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    sleepers: HashMap<u64, Arc<Sleeper>>,
    last: u64,
}

/// A socket that is watched for as long as this lives.
#[derive(Debug)]
pub(crate) struct Watch {
    watcher: Arc<Watcher>,
    socket: Arc<OwnedFd>,
    token: u64,
}

impl Watch {
    /// Tells the sleeper when the socket is hung up; at once if it is already.
    pub(crate) fn new(socket: Arc<OwnedFd>, sleeper: Arc<Sleeper>) -> Result<Self, RegionFault> {
        let mut running = lock(&RUNNING);
        let (watcher, thread, watches) = match running.take() {
            Some(Running { watcher, thread, watches }) => (watcher, thread, watches),
            None => start()?,
        };
        // Counted before anything can fail: dropping it stops a thread that nobody needs.
        *running = Some(Running { watcher: Arc::clone(&watcher), thread, watches: watches + 1 });
        drop(running);
        let token = {
            let mut watched = lock(&watcher.watched);
            watched.last += 1;
            let token = watched.last;
            watched.sleepers.insert(token, sleeper);
            token
        };
        let watch = Self { watcher, socket, token };
        let added = watch.watcher.poller.add_hang_up(watch.socket.as_fd(), token);
        added.map_err(RegionFault::os(RegionStep::Watch))?;
        Ok(watch)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Fails only when it was never added.
        let _ = self.watcher.poller.remove(self.socket.as_fd());
        let sleeper = lock(&self.watcher.watched).sleepers.remove(&self.token);
        drop(sleeper);
        let mut running = lock(&RUNNING);
        let Some(Running { watches, .. }) = running.as_mut() else { return };
        *watches -= 1;
        if *watches == 0
            && let Some(Running { watcher, thread, .. }) = running.take()
        {
            watcher.dismissal.set();
            // A panic in there would be a bug of ours, and a drop cannot report it.
            let _ = thread.join();
        }
    }
}

fn start() -> Result<(Arc<Watcher>, JoinHandle<()>, usize), RegionFault> {
    let make = || -> Result<Watcher, Errno> {
        let watcher = Watcher { poller: Poller::new()?, dismissal: Event::new()?, watched: Mutex::default() };
        watcher.poller.add_level(watcher.dismissal.as_fd(), DISMISSAL)?;
        Ok(watcher)
    };
    let watcher = Arc::new(make().map_err(RegionFault::os(RegionStep::Watch))?);
    let thread = thread::Builder::new()
        .name("netipc-watch".into())
        .spawn({
            let watcher = Arc::clone(&watcher);
            move || watcher.run()
        })
        .map_err(|error| RegionFault::Os { step: RegionStep::SpawnThread, source: error.into() })?;
    Ok((watcher, thread, 0))
}

impl Watcher {
    fn run(&self) {
        // To wake who sleeps on a word of the region it may have to touch that.
        map::admit();
        while let Ok(token) = self.poller.wait_for_one() {
            if token == DISMISSAL {
                return;
            }
            // Under the lock: once a watch is gone nobody here holds its sleeper any more.
            if let Some(sleeper) = lock(&self.watched).sleepers.get(&token) {
                sleeper.lose();
            }
        }
        // It cannot wait any more, which no kernel has a reason for. Sessions that nobody watches must not go on.
        lock(&self.watched).sleepers.values().for_each(|sleeper| sleeper.lose());
    }
}

/// Nothing panics while one of these locks is held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
