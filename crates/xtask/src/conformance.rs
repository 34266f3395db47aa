//! All implementations against the vectors, and against each other.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::process;
use crate::project::Project;
use crate::steps::Outcome;
use crate::{c, go};

/// How long the differential run takes as a part of all tests.
const SECONDS: u64 = 60;

#[derive(Args)]
pub(crate) struct VectorOptions {
    /// Only vectors whose id contains this; may be given more than once
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
}

#[derive(Args)]
pub(crate) struct FuzzOptions {
    /// How long
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Where random numbers start
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// The vectors, asked of every implementation; in C twice, since wrong memory accesses need not show in the answers.
pub(crate) fn vectors(project: &Project) -> Result<Outcome> {
    ask_vectors(project, &[])
}

/// Mutated and random questions, asked of every implementation and of the oracle.
pub(crate) fn differential(project: &Project) -> Result<Outcome> {
    ask_each_other(project, SECONDS, 1)
}

pub(crate) fn run_vectors(project: &Project, options: &VectorOptions) -> Result<()> {
    ask_vectors(project, &options.only).map(|_| ())
}

pub(crate) fn run_differential(project: &Project, options: &FuzzOptions) -> Result<()> {
    ask_each_other(project, options.seconds, options.seed).map(|_| ())
}

fn ask_vectors(project: &Project, only: &[String]) -> Result<Outcome> {
    let mut testees = testees(project)?;
    testees.push(format!("c-sanitized={}", c::testee(project, "asan")?.display()));
    let only = only.iter().flat_map(|text| ["--only".to_owned(), text.clone()]);
    ask(project, "run", &testees, only.collect())
}

fn ask_each_other(project: &Project, seconds: u64, seed: u64) -> Result<Outcome> {
    let limits = ["--seconds".into(), seconds.to_string(), "--seed".into(), seed.to_string()];
    ask(project, "fuzz", &testees(project)?, limits.to_vec())
}

/// Runs the runner; what it says at last is the result.
fn ask(project: &Project, task: &str, testees: &[String], args: Vec<String>) -> Result<Outcome> {
    let mut command = project.command(project.target().join("release/netipc-interop"), [task]);
    for testee in testees {
        command.args(["--testee", testee]);
    }
    let mut summary = String::new();
    process::watch(command.args(args), |line| {
        if line.contains(" passed, ") || line.contains(" questions to ") || line.ends_with(" disagreements") {
            let separator = if summary.is_empty() { "" } else { "; " };
            // Writing to a string cannot fail.
            let _ = write!(summary, "{separator}{line}");
        }
    })
    .with_context(|| summary.clone())?;
    Ok(Outcome::Passed(summary))
}

/// The arguments that name all testees, which are built first, with optimisation.
fn testees(project: &Project) -> Result<Vec<String>> {
    let packages = ["netipc-interop", "netipc-testee", "netipc-oracle"];
    let mut build = project.cargo(["build", "--release"]);
    process::run(build.args(packages.iter().flat_map(|name| ["--package", name])))?;
    let programs = project.target().join("release");
    let all = [
        ("rust", programs.join("netipc-testee")),
        ("go", go::testee(project)?),
        ("c", c::testee(project, "release")?),
        ("oracle", programs.join("netipc-oracle")),
    ];
    Ok(all.iter().map(|(name, program)| format!("{name}={}", program.display())).collect())
}
