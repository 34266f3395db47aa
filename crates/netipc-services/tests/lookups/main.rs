//! The lookup services: golden bytes, every rule, every budget, and what holds for any value and any bytes.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

#[path = "../common/mod.rs"]
mod common;

mod apps_rules;
mod budget;
mod bytes;
mod cgroups_rules;
mod golden;
mod outcomes;
mod properties;
mod sample;
mod stitching;
