//! The `netipc` command, and the providers of host data that it serves.
//!
//! Must not contain: anything that knows bytes on a wire or in a socket. The command stands on the typed client and server
//! of the `netipc` crate alone; [`host`] knows this machine and no IPC at all.

mod bench;
mod cache;
mod call;
mod cli;
mod config;
mod connect;
mod demo;
mod failure;
mod generate;
pub mod host;
mod interrupt;
mod json;
mod keys;
mod latency;
mod lookup;
mod ls;
mod manual;
mod output;
mod ping;
mod run_dir;
mod serve;
mod table;
mod top;
mod value;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use failure::Failure;

/// Runs the command that the arguments (the first is the program's name) ask for, and tells how it went.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) if !error.use_stderr() => {
            // Help and version are answers. If nobody reads them there is nobody to tell.
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => return Failure::from_clap(&error).report(arguments.iter().any(|argument| argument == "--json")),
    };
    let outcome = match &cli.command {
        Command::Demo(demo) => demo::run(demo),
        Command::Serve(serve) => serve::run(serve),
        Command::Call(call) => call::run(call),
        Command::Cache(cache) => cache::run(cache),
        Command::Ping(ping) => ping::run(ping),
        Command::Ls(ls) => ls::run(ls),
        Command::Top(top) => top::run(top),
        Command::Generate(generate) => generate::run(generate),
        Command::Completions { shell } => manual::completions(*shell),
        Command::Man { out } => manual::pages(out.as_deref()),
        Command::Bench(bench) => bench::run(bench),
        Command::BenchDriver => return netipc_bench::driver::main(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(cli.command.json()),
    }
}
