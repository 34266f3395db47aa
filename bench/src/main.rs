//! The Rust driver, by itself.

use std::process::ExitCode;

fn main() -> ExitCode {
    netipc_bench::driver::main()
}
