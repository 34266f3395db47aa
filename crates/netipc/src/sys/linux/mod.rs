//! Linux: SOCK_SEQPACKET sockets, poll, eventfd, epoll, timerfd and flock.

pub(crate) mod credentials;
pub(crate) mod event;
pub(crate) mod lock;
pub(crate) mod poller;
pub(crate) mod socket;
pub(crate) mod timer;
pub(crate) mod wait;
