//! The host providers on trees modelled on real hosts; see `tests/fixtures/`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic, also in its helpers")]

mod catalog;
mod fixture;
mod provider;
mod trees;
