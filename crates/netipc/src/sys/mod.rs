//! The porting contract: everything the rest of the crate asks of an operating system.
//!
//! A port supplies one module per concern, with the names used here:
//!
//! - `socket`: non-blocking packet sockets that keep message boundaries,
//! - `credentials`: who is at the other end,
//! - `wait`: wait for a descriptor, an abort and a deadline at once,
//! - `event`: a sticky, pollable flag,
//! - `poller`: readiness of many descriptors, each reported to one thread,
//! - `timer`: a pollable deadline,
//! - `lock`: an advisory lock on a directory, released when its holder dies,
//! - `map`: memory that is shared with another process through a file,
//! - `futex`: wait for such memory to change, and wake who waits.
//!
//! No function here knows about messages, sessions or services.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::{credentials, event, futex, lock, map, poller, socket, timer, wait};

#[cfg(not(target_os = "linux"))]
compile_error!(
    "netipc runs on Linux for now: Unix SOCK_SEQPACKET sockets, epoll, eventfd and timerfd are what it stands on"
);
