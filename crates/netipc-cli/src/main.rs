//! The `netipc` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    netipc_cli::run(std::env::args_os())
}
