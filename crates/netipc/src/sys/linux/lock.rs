//! An advisory lock on a directory. The kernel releases it when its holder dies.
//!
//! References: flock(2).

use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;

/// How long a refused attempt waits before the next.
const RETRY: Duration = Duration::from_millis(2);

/// A directory that can be locked, again and again, without a further descriptor.
#[derive(Debug)]
pub(crate) struct LockableDir(OwnedFd);

/// Held until dropped.
#[derive(Debug)]
pub(crate) struct DirLock<'a>(&'a LockableDir);

impl LockableDir {
    pub(crate) fn open(dir: &Path) -> Result<Self, Errno> {
        rustix::fs::open(dir, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).map(Self)
    }

    /// EAGAIN when another process still held the lock at `deadline`.
    pub(crate) fn lock(&self, deadline: Instant) -> Result<DirLock<'_>, Errno> {
        loop {
            match rustix::fs::flock(&self.0, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(DirLock(self)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if Instant::now() < deadline => std::thread::sleep(RETRY),
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for DirLock<'_> {
    fn drop(&mut self) {
        // Unlocked by name, not by closing: a copy of the descriptor in a child between fork and exec holds the lock too.
        // It fails for no descriptor that could be locked.
        let _ = rustix::fs::flock(&self.0.0, FlockOperation::Unlock);
    }
}
