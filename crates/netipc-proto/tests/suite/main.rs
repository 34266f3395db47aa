//! Tests of the public interface of `netipc-proto`, one module for each topic.

// Helpers of tests may unwrap as the tests themselves do.
#![allow(clippy::unwrap_used)]

mod batch;
mod chunk;
mod common;
mod errors;
mod evolution;
mod fuzz;
mod golden;
mod growth;
mod handshake_client;
mod handshake_server;
mod header;
mod profile;
mod session;
mod simulator;
