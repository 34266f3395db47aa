//! The testee of the Rust implementation: answers the conformance runner on standard input and output.
//!
//! See `spec/conformance.md` for what it is asked. It ends with 0 when the input ends, and with 1 and a message when a
//! frame is malformed.
#![forbid(unsafe_code)]

mod envelope;
mod frames;
mod handshake;
mod json;
mod offence;
mod services;
mod session;
mod side;

use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    match frames::serve(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("netipc-testee: {error}");
            ExitCode::FAILURE
        }
    }
}
