//! The `netipc` command, and the providers of host data that it serves.
//!
//! Must not contain: anything that knows bytes on a wire or in a socket. The command stands on the typed client and server
//! of the `netipc` crate alone; [`host`] knows this machine and no IPC at all.

pub mod host;
