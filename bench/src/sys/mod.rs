//! What the operating system does for a measurement and no library wraps.

#![allow(unsafe_code)]

pub(crate) mod shared;
pub(crate) mod syscalls;
pub(crate) mod usage;
