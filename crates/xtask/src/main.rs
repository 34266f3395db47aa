//! The project's tasks: the one test command, the checks of a change, code
//! generation, requirement coverage, fuzzing and line counts.
//!
//! Every task prints what it runs, so each line can be repeated by hand. A
//! task never skips quietly: what could not run is named, and fails the run
//! unless the caller allowed it.

mod c;
mod checks;
mod conformance;
mod coverage;
mod ctest;
mod fuzz;
mod generated;
mod go;
mod hygiene;
mod loc;
mod manifests;
mod prerequisites;
mod process;
mod project;
mod records;
mod requirements;
mod source;
mod steps;
mod suite;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use project::Project;
use steps::{Choice, Step};

/// Builds, checks and tests every part of the project.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs every test in every language: provides what is needed, builds, and lets `ctest` run the rest
    Test(Run),
    /// Runs what a change must pass: format, lints, docs, manifests, hygiene,
    /// generated code, and then everything `test` runs
    Ci(Run),
    /// Runs one part of the tests, as `ctest` does
    Step(Part),
    /// Asks all implementations the vectors
    Conformance(conformance::VectorOptions),
    /// Asks all implementations mutated and random questions
    Differential(conformance::FuzzOptions),
    /// Writes what is made from the schemas (code in Rust, Go and C, spec tables, vectors) and from records of benchmarks
    Gen(generated::Options),
    /// Fuzzes the decoders and state machines in Rust, on the stable toolchain
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

/// A part of the tests.
#[derive(Args)]
struct Part {
    /// Which one; all names are printed when it is left out
    name: Option<String>,
}

/// The steps of `test`, cheapest prerequisites first.
const TEST: &[Step] = &[
    Step::new("prerequisites", prerequisites::for_tests),
    Step::new("build", ctest::build),
    Step::new("tests", ctest::run),
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
    Step::new("go-lint", go::lint),
    Step::new("c-format", c::format),
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
        Task::Test(run) => run.steps(&project, TEST),
        Task::Ci(run) => run.steps(&project, &[CHECKS, TEST].concat()),
        Task::Step(Part { name: Some(name) }) => steps::run_one(&project, ctest::PARTS, &name, ctest::NOT_RUN),
        Task::Step(Part { name: None }) => {
            ctest::PARTS.iter().for_each(|part| println!("{}", part.name()));
            Ok(ExitCode::SUCCESS)
        }
        Task::Conformance(options) => conformance::run_vectors(&project, &options).map(done),
        Task::Differential(options) => conformance::run_differential(&project, &options).map(done),
        Task::Gen(options) => generated::run(&project, &options).map(done),
        Task::Fuzz(options) => fuzz::run(&project, &options).map(done),
        Task::Requirements(options) => requirements::run(&project, &options).map(done),
        Task::Loc => loc::run(&project).map(done),
        Task::Coverage(options) => coverage::run(&project, &options).map(done),
    }
}

impl Run {
    fn steps(&self, project: &Project, steps: &[Step]) -> Result<ExitCode> {
        let choice = Choice { steps, parts: ctest::PARTS, only: &self.only, allow_not_run: &self.allow_not_run };
        steps::run(project, &choice)
    }
}

fn done((): ()) -> ExitCode {
    ExitCode::SUCCESS
}
