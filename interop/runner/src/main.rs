//! The conformance runner.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser as _;
use netipc_interop::cli::Cli;

fn main() -> ExitCode {
    match netipc_interop::run(Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
