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

/// Held until dropped.
#[derive(Debug)]
pub(crate) struct DirLock(#[expect(dead_code, reason = "closing it releases the lock")] OwnedFd);

impl DirLock {
    /// EAGAIN when another process still held the lock at `deadline`.
    pub(crate) fn acquire(dir: &Path, deadline: Instant) -> Result<Self, Errno> {
        let fd = rustix::fs::open(dir, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        loop {
            match rustix::fs::flock(&fd, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self(fd)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if Instant::now() < deadline => std::thread::sleep(RETRY),
                Err(error) => return Err(error),
            }
        }
    }
}
