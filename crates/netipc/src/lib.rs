//! Typed local IPC.
