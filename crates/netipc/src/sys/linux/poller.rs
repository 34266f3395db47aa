//! Readiness of many descriptors.
//!
//! One-shot registrations are reported to one thread and then sleep until armed again, so a
//! descriptor is never handled by two threads at once.
//!
//! References: epoll(7).

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use super::wait::{Interest, timespec};

#[derive(Debug)]
pub(crate) struct Poller(OwnedFd);

impl Poller {
    pub(crate) fn new() -> Result<Self, Errno> {
        epoll::create(CreateFlags::CLOEXEC).map(Self)
    }

    /// Level-triggered: reported to every waiting thread for as long as it is readable.
    pub(crate) fn add_level(&self, fd: BorrowedFd<'_>, token: u64) -> Result<(), Errno> {
        epoll::add(&self.0, fd, EventData::new_u64(token), EventFlags::IN)
    }

    /// Reports once that the peer has hung up, or this side has; nothing else.
    pub(crate) fn add_hang_up(&self, fd: BorrowedFd<'_>, token: u64) -> Result<(), Errno> {
        epoll::add(&self.0, fd, EventData::new_u64(token), EventFlags::RDHUP | EventFlags::ONESHOT)
    }

    pub(crate) fn add_one_shot(&self, fd: BorrowedFd<'_>, token: u64, interest: Interest) -> Result<(), Errno> {
        epoll::add(&self.0, fd, EventData::new_u64(token), one_shot(interest))
    }

    /// Arms a one-shot registration again. What is ready already is reported at once.
    pub(crate) fn arm(&self, fd: BorrowedFd<'_>, token: u64, interest: Interest) -> Result<(), Errno> {
        epoll::modify(&self.0, fd, EventData::new_u64(token), one_shot(interest))
    }

    pub(crate) fn remove(&self, fd: BorrowedFd<'_>) -> Result<(), Errno> {
        epoll::delete(&self.0, fd)
    }

    /// Waits until `deadline` for events and appends up to the list's spare capacity; none when it has passed.
    pub(crate) fn wait_until(&self, tokens: &mut Vec<Event>, deadline: Option<Instant>) -> Result<(), Errno> {
        loop {
            let timeout = deadline.map(|at| timespec(at.saturating_duration_since(Instant::now())));
            match epoll::wait(&self.0, spare_capacity(tokens), timeout.as_ref()) {
                Err(Errno::INTR) => {}
                result => return result.map(drop),
            }
        }
    }

    /// Waits without a limit for exactly one event.
    pub(crate) fn wait_for_one(&self) -> Result<u64, Errno> {
        let mut event = [MaybeUninit::uninit()];
        loop {
            match epoll::wait(&self.0, &mut event, None) {
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
                Ok(([], _)) => {}
                Ok(([event, ..], _)) => return Ok(event.data.u64()),
            }
        }
    }

    /// Appends what is ready now.
    pub(crate) fn poll(&self, tokens: &mut Vec<Event>) -> Result<(), Errno> {
        self.wait_until(tokens, Some(Instant::now()))
    }
}

impl AsFd for Poller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn one_shot(interest: Interest) -> EventFlags {
    EventFlags::ONESHOT
        | match interest {
            Interest::Read => EventFlags::IN,
            Interest::Write => EventFlags::OUT,
            Interest::ReadWrite => EventFlags::IN | EventFlags::OUT,
        }
}
