//! Answers the conformance runner with the Rust implementation.
//!
//! `spec/conformance.md` says what is asked and how. Everything here goes through public interfaces.
//!
//! ```
//! // `decode`, target `hello`, without a byte.
//! let request = [7_u32.to_le_bytes().as_slice(), &[1, 5], b"hello"].concat();
//! let mut responses = Vec::new();
//! netipc_testee::serve(request.as_slice(), &mut responses)?;
//! assert_eq!(&responses[4..], b"\x01{\"error\":\"hello\",\"problem\":\"short\"}");
//! # Ok::<(), netipc_testee::Error>(())
//! ```
#![forbid(unsafe_code)]

mod envelope;
mod frames;
mod handshake;
mod json;
mod offence;
mod services;
mod session;
mod side;

pub use frames::{Error, serve};
pub use json::Malformed;
