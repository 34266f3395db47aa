//! The standard services of plugin-ipc: typed codecs and service descriptors, generated from their schemas.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod cgroups_snapshot;
pub mod increment;
pub mod string_reverse;

pub use cgroups_snapshot::CgroupsSnapshot;
pub use increment::Increment;
pub use string_reverse::StringReverse;
