//! Tests that need to see, or end, what no public interface shows.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

pub(crate) mod kill;
#[path = "../../../tests/support/mod.rs"]
mod support;
