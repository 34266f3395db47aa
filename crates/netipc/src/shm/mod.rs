//! Shared memory: profile SHM_HYBRID. Implements `spec/shm.md`.
//!
//! A region is a file with one area in each direction. Each area holds one message at a time, so one request is in flight;
//! more of them queue in the connection. The socket of the handshake carries no messages any more: its end is the peer's
//! end, and the [`watcher`] tells whoever sleeps on a region.
//!
//! - [`layout`]: what is where, and whether what a header says can be,
//! - [`plane`]: how a message is published and taken, over any memory,
//! - [`region`]: the file: made, attached, removed; [`stale`]: those that nobody removed,
//! - [`channel`]: one side of one session,
//! - [`sleeper`], [`watcher`]: waiting, and being woken,
//! - [`fault`]: why there is no shared memory.
//!
//! No unsafe code here: it is in `sys::map`.

pub(crate) mod channel;
pub(crate) mod fault;
pub(crate) mod layout;
pub(crate) mod plane;
pub(crate) mod points;
pub(crate) mod region;
pub(crate) mod sleeper;
pub(crate) mod stale;
pub(crate) mod watcher;

#[cfg(test)]
mod tests;
