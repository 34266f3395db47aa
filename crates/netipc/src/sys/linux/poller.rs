//! Readiness of many descriptors.
//!
//! One-shot registrations are reported to one thread and then sleep until armed again, so a
//! descriptor is never handled by two threads at once.
//!
//! References: epoll(7).

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use super::wait::Interest;

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

    /// Waits without a limit for at least one event and appends up to the list's spare capacity.
    pub(crate) fn wait(&self, tokens: &mut Vec<Event>) -> Result<(), Errno> {
        loop {
            match epoll::wait(&self.0, spare_capacity(tokens), None) {
                Err(Errno::INTR) => {}
                result => return result.map(drop),
            }
        }
    }

    /// Appends what is ready now.
    pub(crate) fn poll(&self, tokens: &mut Vec<Event>) -> Result<(), Errno> {
        let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
        loop {
            match epoll::wait(&self.0, spare_capacity(tokens), Some(&now)) {
                Err(Errno::INTR) => {}
                result => return result.map(drop),
            }
        }
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
