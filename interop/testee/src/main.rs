//! The testee of the Rust implementation, on standard input and output.
//!
//! It ends with 0 when the input ends, and with 1 and a message when a frame is malformed.
#![forbid(unsafe_code)]

use std::error::Error as _;
use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    match netipc_testee::serve(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprint!("netipc-testee: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprint!(": {cause}");
                source = cause.source();
            }
            eprintln!();
            ExitCode::FAILURE
        }
    }
}
