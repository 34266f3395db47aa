//! Coverage-guided fuzzing with libFuzzer on the stable toolchain.
//!
//! LLVM's coverage pass is part of every rustc; only the sanitizers need
//! nightly, and safe code gains little from those. So the fuzz crate is built
//! here with the pass switched on by hand, and cargo-fuzz is not needed.

mod log;
mod seeds;

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use serde_json::Value;

use crate::process;
use crate::project::Project;
use crate::steps::Outcome;
use log::Log;

pub(crate) const MANIFEST: &str = "fuzz/Cargo.toml";

/// Switches on coverage counters and recorded comparisons. One codegen unit:
/// the pass numbers its counters per unit.
const RUSTFLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Ccodegen-units=1";

/// The smoke run: so many inputs, or so many seconds on a slow machine.
const SMOKE_RUNS: u64 = 200_000;
const SMOKE_SECONDS: u64 = 8;

#[derive(Args)]
pub(crate) struct Options {
    /// The target to fuzz; all of them when left out
    target: Option<String>,
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How many processes run at once: first one for each target, then
    /// further ones that share its corpus
    #[arg(long)]
    jobs: Option<usize>,
    /// Run the target once on this file, such as a saved crash
    #[arg(long, value_name = "FILE", requires = "target")]
    input: Option<PathBuf>,
}

/// `cargo fuzz` under another name: runs until the time is up.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    let mut targets = targets(project)?;
    if let Some(name) = &options.target {
        if !targets.contains(name) {
            bail!("no fuzz target is called {name}; the targets are {}", targets.join(", "));
        }
        targets = vec![name.clone()];
    }
    let binaries = build(project)?;
    if let (Some(input), [target]) = (&options.input, targets.as_slice()) {
        // The target runs at the root, so a relative path is made absolute.
        let input = std::path::absolute(input).context("cannot find the current directory")?;
        return process::run(project.command(binaries.join(target), [""; 0]).arg(input));
    }
    let plan = Plan {
        limits: vec![format!("-max_total_time={}", options.seconds)],
        corpus: project.path("fuzz/corpus"),
        longest: Duration::from_secs(options.seconds + 120),
        jobs: options.jobs.unwrap_or_else(process::parallelism),
    };
    println!("{}", fuzz(project, &binaries, &targets, &plan)?);
    Ok(())
}

/// A short run of every target from a fresh corpus and a fixed seed.
pub(crate) fn smoke(project: &Project) -> Result<Outcome> {
    let targets = targets(project)?;
    let binaries = build(project)?;
    let corpus = tempfile::Builder::new()
        .prefix("fuzz-corpus-")
        .tempdir_in(&binaries)
        .context("cannot create a directory for the corpus")?;
    let plan = Plan {
        limits: vec![format!("-runs={SMOKE_RUNS}"), format!("-max_total_time={SMOKE_SECONDS}"), "-seed=1".into()],
        corpus: corpus.path().to_owned(),
        longest: Duration::from_secs(SMOKE_SECONDS + 120),
        jobs: process::parallelism(),
    };
    Ok(Outcome::Passed(fuzz(project, &binaries, &targets, &plan)?))
}

/// Cargo for the fuzz crate: always the same flags, profile and directory,
/// so that linting and building share what they compile.
pub(crate) fn cargo(project: &Project, verb: &str, args: &[&str], rest: &[&str]) -> Result<Command> {
    let mut command = project.cargo([verb, "--release", "--manifest-path", MANIFEST]);
    // Naming the target keeps the flags away from build scripts, which could
    // not link with them.
    command.args(["--target", &host(project)?, "--target-dir"]).arg(directory(project)).args(args);
    if !rest.is_empty() {
        command.arg("--").args(rest);
    }
    command.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", RUSTFLAGS);
    Ok(command)
}

fn directory(project: &Project) -> PathBuf {
    project.target().join("fuzz")
}

/// The triple of this machine.
pub(crate) fn host(project: &Project) -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let text = process::output(&mut project.command(rustc, ["-vV"]))?;
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).context("rustc -vV names no host")
}

/// Builds every target; returns the directory of the programs.
fn build(project: &Project) -> Result<PathBuf> {
    process::run(&mut cargo(project, "build", &["--bins"], &[])?)?;
    Ok(directory(project).join(host(project)?).join("release"))
}

fn targets(project: &Project) -> Result<Vec<String>> {
    let args = ["metadata", "--format-version=1", "--no-deps", "--manifest-path", MANIFEST];
    let text = process::output(&mut project.cargo(args))?;
    let value: Value = serde_json::from_str(&text).context("cargo metadata is not JSON")?;
    let targets = value["packages"][0]["targets"].as_array().context("fuzz/ has no targets")?;
    let names = targets.iter().filter_map(|target| target["name"].as_str().map(str::to_owned));
    Ok(names.collect())
}

struct Plan {
    /// libFuzzer's arguments that end a run.
    limits: Vec<String>,
    /// Where inputs are kept, one directory for each target.
    corpus: PathBuf,
    /// When a process counts as hung.
    longest: Duration,
    jobs: usize,
}

/// Runs the targets side by side; the text sums up what was executed.
fn fuzz(project: &Project, binaries: &Path, targets: &[String], plan: &Plan) -> Result<String> {
    let copies = (plan.jobs / targets.len().max(1)).max(1);
    let work = targets.iter().flat_map(|target| (0..copies).map(move |copy| (target, copy)));
    let queue: Mutex<VecDeque<_>> = Mutex::new(work.collect());
    let results = Mutex::new(Vec::new());
    println!("{}", Log::HEADING);
    std::thread::scope(|scope| {
        for _ in 0..plan.jobs.max(1) {
            scope.spawn(|| {
                while let Some((target, copy)) = lock(&queue).pop_front() {
                    let result = fuzz_one(project, binaries, target, copy, plan);
                    match &result {
                        Ok(log) => println!("{}", log.row(target)),
                        Err(error) => println!("{target:20} FAILED\n{error:#}"),
                    }
                    lock(&results).push((target, result));
                }
            });
        }
    });
    let results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let failed = results.iter().filter(|(_, result)| result.is_err());
    let failed: BTreeSet<&str> = failed.map(|(name, _)| name.as_str()).collect();
    if !failed.is_empty() {
        bail!("fuzzing failed for {}, see above", Vec::from_iter(failed).join(", "));
    }
    let runs: u64 = results.iter().flat_map(|(_, result)| result).map(|log| log.runs).sum();
    Ok(format!("{} targets, {runs} executions, no crash", targets.len()))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic in another worker ends the run anyway, by way of the scope.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn fuzz_one(project: &Project, binaries: &Path, target: &str, copy: usize, plan: &Plan) -> Result<Log> {
    let corpus = plan.corpus.join(target);
    let artifacts = Path::new("fuzz/artifacts").join(target);
    for directory in [&corpus, &project.path(&artifacts)] {
        fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
    }
    seeds::write(project, target, &corpus)?;
    let mut command = project.command(binaries.join(target), &plan.limits);
    command
        .args(["-print_final_stats=1", "-timeout=10", "-rss_limit_mb=1024"])
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(&corpus);
    let file = binaries.join(format!("{target}-{copy}.log"));
    let start = Instant::now();
    let ended = process::logged(&mut command, &file, plan.longest);
    let text = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let text = String::from_utf8_lossy(&text);
    if let Err(error) = ended {
        return Err(anyhow!("{}", log::complaint(&text, target)).context(error));
    }
    Log::read(&text, start.elapsed()).with_context(|| format!("the output of {target} ({})", file.display()))
}
