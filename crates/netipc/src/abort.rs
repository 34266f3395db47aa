//! Ending what another thread is waiting for.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::error::{Error, Operation};
use crate::shm::sleeper::Sleeper;
use crate::sys::event::Event;

/// Wakes whoever blocks in a call that was given this handle, at once and from any thread.
///
/// An abort is sticky: every later call fails with [`Error::Aborted`] until [`Abort::clear`].
/// Clones share one state. The first call that waits takes one descriptor for it.
///
/// Implements `spec/uds.md`, NIPC-UDS-09, and `spec/level2.md`, NIPC-L2C-09.
#[derive(Debug, Clone, Default)]
pub struct Abort(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// What `is_aborted` reads without a system call; changes only under `sleepers`.
    aborted: AtomicBool,
    /// Made when something waits for the first time.
    event: OnceLock<Event>,
    /// Who sleeps on memory, where no descriptor wakes anybody. The lock also keeps flag and event together.
    sleepers: Mutex<Vec<Arc<Sleeper>>>,
}

/// A sleeper that an abort wakes, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Enlisted<'a> {
    abort: &'a Abort,
    sleeper: &'a Arc<Sleeper>,
}

impl Drop for Enlisted<'_> {
    fn drop(&mut self) {
        let mut sleepers = self.abort.lock();
        if let Some(at) = sleepers.iter().position(|sleeper| Arc::ptr_eq(sleeper, self.sleeper)) {
            sleepers.swap_remove(at);
        }
    }
}

impl Abort {
    /// A handle that is not aborted. No I/O.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends what waits now, and refuses what comes until [`Abort::clear`].
    pub fn abort(&self) {
        self.change(true);
    }

    /// Lets later calls through again.
    pub fn clear(&self) {
        self.change(false);
    }

    /// Whether an abort is in force.
    pub fn is_aborted(&self) -> bool {
        self.0.aborted.load(Ordering::Acquire)
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.is_aborted() { Err(Error::Aborted) } else { Ok(()) }
    }

    /// Makes an abort wake this sleeper. To be called before the last look at [`Abort::is_aborted`].
    pub(crate) fn enlist<'a>(&'a self, sleeper: &'a Arc<Sleeper>) -> Enlisted<'a> {
        self.lock().push(Arc::clone(sleeper));
        Enlisted { abort: self, sleeper }
    }

    /// Readable while an abort is in force.
    pub(crate) fn wait_object(&self) -> Result<BorrowedFd<'_>, Error> {
        if let Some(event) = self.0.event.get() {
            return Ok(event.as_fd());
        }
        let _changing = self.lock();
        let made = Event::new().map_err(|errno| Error::io(Operation::CreateEvent, None, errno))?;
        if self.is_aborted() {
            made.set();
        }
        Ok(self.0.event.get_or_init(|| made).as_fd())
    }

    fn change(&self, aborted: bool) {
        let sleepers = self.lock();
        self.0.aborted.store(aborted, Ordering::Release);
        if aborted {
            sleepers.iter().for_each(|sleeper| sleeper.wake());
        }
        match self.0.event.get() {
            None => {}
            Some(event) if aborted => event.set(),
            Some(event) => event.clear(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Sleeper>>> {
        // Nothing can panic while the lock is held, so a poisoned lock still guards sound state.
        self.0.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
