//! Linux: SOCK_SEQPACKET sockets, poll, eventfd, epoll, timerfd, flock, mmap and futex.

pub(crate) mod credentials;
pub(crate) mod event;
pub(crate) mod futex;
mod guard;
pub(crate) mod lock;
pub(crate) mod map;
pub(crate) mod poller;
pub(crate) mod socket;
pub(crate) mod timer;
pub(crate) mod wait;
