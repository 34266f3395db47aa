//! The Rust tests: unit, integration and documentation tests of every crate.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::fuzz;
use crate::process;
use crate::project::Project;
use crate::steps::Outcome;

/// Runs `cargo test` over the workspace. All test binaries run even when one
/// fails, so one run names every failure.
pub(crate) fn run(project: &Project) -> Result<Outcome> {
    count(&mut [
        project.cargo(["test", "--workspace", "--no-fail-fast"]),
        // What only a feature brings.
        project.cargo(["test", "-p", "netipc", "--features", "tracing", "--test", "tracing"]),
    ])
}

/// Runs the models of memory that several threads or processes share, in every order that matters.
///
/// They need every crate built with `--cfg loom`, hence a target directory of
/// their own.
pub(crate) fn models(project: &Project) -> Result<Outcome> {
    let mut command = project.cargo(["test", "--package", "netipc", "--release", "--test", "loom"]);
    command.env("RUSTFLAGS", "--cfg loom").env("CARGO_TARGET_DIR", project.target().join("loom"));
    count(&mut [command])
}

/// Runs the tests with hostile peers in shared memory under AddressSanitizer.
///
/// Its runtime is part of every toolchain; only the flag counts as unstable, for which the compiler asks for the
/// variable. Left out are tests that end on a signal of their own, which the sanitizer would report as a finding.
pub(crate) fn sanitized(project: &Project) -> Result<Outcome> {
    // Naming the target keeps the flags away from build scripts, which could not link with them.
    let mut command =
        project.cargo(["test", "--package", "netipc", "--test", "shm", "--target", &fuzz::host(project)?]);
    command.args(["--", "hostile::", "attacks::cut_short"]);
    command.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", "-Zsanitizer=address");
    command.env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", project.target().join("asan"));
    count(&mut [command])
}

/// Runs tests and sums them up; a run without a test proves nothing.
fn count(commands: &mut [Command]) -> Result<Outcome> {
    let mut tally = Tally::default();
    for command in commands {
        let ended = process::watch(command, |line| tally.read(line));
        ended.with_context(|| tally.describe())?;
    }
    if tally.passed == 0 {
        return Ok(Outcome::NotRun("cargo test ended well but reported no test".into()));
    }
    Ok(Outcome::Passed(tally.describe()))
}

/// Sums of the result lines that each test binary closes with.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    binaries: u64,
}

impl Tally {
    /// Takes in `test result: ok. 5 passed; 0 failed; 1 ignored; ...`.
    fn read(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
            return;
        };
        self.binaries += 1;
        for part in counts.split("; ") {
            let Some((number, what)) = part.split_once(' ') else {
                continue;
            };
            let Ok(number) = number.parse::<u64>() else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    fn describe(&self) -> String {
        let Self { passed, failed, ignored, binaries } = self;
        format!("{passed} tests passed, {failed} failed, {ignored} ignored in {binaries} binaries")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_add_up() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s",
        ] {
            tally.read(line);
        }
        assert_eq!(tally, Tally { passed: 4, failed: 2, ignored: 1, binaries: 2 });
    }
}
