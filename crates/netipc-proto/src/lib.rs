//! The plugin-ipc wire protocol as pure code: bytes in, bytes and events out.
//!
//! Nothing in this crate does I/O, reads a clock or blocks.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod codec;
pub mod service;
