//! The command from the outside: processes, exit codes, what they print and what they leave behind.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic, also in its helpers")]

mod cache;
mod call;
mod demo;
mod generate;
mod host;
mod lookup;
mod ls;
mod manual;
mod netipc;
mod serve;
mod top;
mod usage;
