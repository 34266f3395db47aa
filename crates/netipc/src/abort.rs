//! Ending what another thread is waiting for.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Operation};
use crate::sys::event::Event;

/// Wakes whoever blocks in a call that was given this handle, at once and from any thread.
///
/// An abort is sticky: every later call fails with [`Error::Aborted`] until [`Abort::clear`].
/// Clones share one state.
///
/// Implements `spec/level2.md`, NIPC-L2C.
#[derive(Debug, Clone)]
pub struct Abort(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// What `is_aborted` reads without a system call; changes only under `changing`.
    aborted: AtomicBool,
    event: Event,
    /// Keeps flag and event together when `abort` and `clear` race.
    changing: Mutex<()>,
}

impl Abort {
    /// A handle that is not aborted. Costs one descriptor.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when the process is out of descriptors.
    pub fn new() -> Result<Self, Error> {
        let event = Event::new().map_err(|errno| Error::io(Operation::CreateEvent, None, errno))?;
        Ok(Self(Arc::new(Inner { aborted: AtomicBool::new(false), event, changing: Mutex::new(()) })))
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

    fn change(&self, aborted: bool) {
        // A panic cannot happen while the lock is held, so a poisoned lock still guards sound state.
        let _guard = self.0.changing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.0.aborted.store(aborted, Ordering::Release);
        if aborted {
            self.0.event.set();
        } else {
            self.0.event.clear();
        }
    }
}

impl AsFd for Abort {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.event.as_fd()
    }
}
