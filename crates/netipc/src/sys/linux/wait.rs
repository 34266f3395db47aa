//! Waiting for one descriptor, an abort and a deadline at once.
//!
//! References: ppoll(2).

use std::os::fd::BorrowedFd;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// What a descriptor is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// Something to read, or the end.
    Read,
    /// Room to write.
    Write,
    /// Either.
    ReadWrite,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    Ready,
    Aborted,
    TimedOut,
}

impl Interest {
    fn flags(self) -> PollFlags {
        match self {
            Self::Read => PollFlags::IN,
            Self::Write => PollFlags::OUT,
            Self::ReadWrite => PollFlags::IN | PollFlags::OUT,
        }
    }
}

/// Blocks until `fd` is ready (or hung up), `abort` is readable or `deadline` has passed.
///
/// An abort wins over readiness, readiness over the deadline.
pub(crate) fn wait(
    fd: BorrowedFd<'_>,
    interest: Interest,
    deadline: Option<Instant>,
    abort: Option<BorrowedFd<'_>>,
) -> Result<Wake, Errno> {
    let main = PollFd::from_borrowed_fd(fd, interest.flags());
    let mut fds = [main.clone(), main];
    let mut used = 1;
    if let Some(abort) = abort {
        fds[1] = PollFd::from_borrowed_fd(abort, PollFlags::IN);
        used = 2;
    }
    loop {
        let timeout = deadline.map(|at| timespec(at.saturating_duration_since(Instant::now())));
        match poll(&mut fds[..used], timeout.as_ref()) {
            Ok(0) => return Ok(Wake::TimedOut),
            Ok(_) if used == 2 && !fds[1].revents().is_empty() => return Ok(Wake::Aborted),
            Ok(_) => return Ok(Wake::Ready),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Clamped, so that a duration beyond what the kernel takes waits as long as it can.
pub(crate) fn timespec(duration: std::time::Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs().min(u64::from(u32::MAX)) as i64, tv_nsec: duration.subsec_nanos().into() }
}
