//! The project's tasks: the one test command, the checks of a change, code
//! generation, requirement coverage, fuzzing and line counts.
//!
//! Every task prints what it runs, so each line can be repeated by hand. A
//! task never skips quietly: what could not run is named, and fails the run
//! unless the caller allowed it.

mod checks;
mod coverage;
mod fuzz;
mod generated;
mod hygiene;
mod loc;
mod manifests;
mod prerequisites;
mod process;
mod project;
mod requirements;
mod source;
mod steps;
mod suite;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use project::Project;
use steps::Step;

/// Builds, checks and tests every part of the project.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs every test: prerequisites, unit, integration and documentation
    /// tests, a short fuzz run, and the requirements that no test cites
    Test(Run),
    /// Runs what a change must pass: format, lints, docs, manifests, hygiene,
    /// generated code, and then everything `test` runs
    Ci(Run),
    /// Writes what is made from the schemas: Rust modules, spec tables
    Gen(generated::Options),
    /// Fuzzes the decoders and state machines, on the stable toolchain
    Fuzz(fuzz::Options),
    /// Compares the requirement ids of spec/*.md with what the tests cite
    Requirements(requirements::Options),
    /// Counts lines per crate: code, tests, generated
    Loc,
    /// Measures line coverage per crate with cargo-llvm-cov
    Coverage(coverage::Options),
}

/// How a run of several steps goes.
#[derive(Args)]
struct Run {
    /// A step that may stay unrun (with its reason printed) without failing
    /// the run; may be given more than once
    #[arg(long, value_name = "STEP")]
    allow_not_run: Vec<String>,
    /// Run only this step; may be given more than once
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
}

/// The steps of `test`, cheapest prerequisites first.
const TEST: &[Step] = &[
    Step::new("prerequisites", prerequisites::for_tests),
    Step::new("rust-tests", suite::run),
    Step::new("rust-models", suite::models),
    Step::new("fuzz-smoke", fuzz::smoke),
    Step::new("requirements", requirements::step),
];

/// The steps that `ci` runs before those of `test`: the quick ones first, so
/// that a slip shows within seconds.
const CHECKS: &[Step] = &[
    Step::new("check-tools", prerequisites::for_checks),
    Step::new("format", checks::format),
    Step::new("hygiene", hygiene::step),
    Step::new("manifests", manifests::step),
    Step::new("generated", generated::step),
    Step::new("clippy", checks::clippy),
    Step::new("rustdoc", checks::rustdoc),
];

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    let project = Project::locate()?;
    match cli.task {
        Task::Test(run) => steps::run(&project, TEST, &run.only, &run.allow_not_run),
        Task::Ci(run) => {
            let all: Vec<Step> = CHECKS.iter().chain(TEST).copied().collect();
            steps::run(&project, &all, &run.only, &run.allow_not_run)
        }
        Task::Gen(options) => generated::run(&project, &options).map(done),
        Task::Fuzz(options) => fuzz::run(&project, &options).map(done),
        Task::Requirements(options) => requirements::run(&project, &options).map(done),
        Task::Loc => loc::run(&project).map(done),
        Task::Coverage(options) => coverage::run(&project, &options).map(done),
    }
}

fn done((): ()) -> ExitCode {
    ExitCode::SUCCESS
}
