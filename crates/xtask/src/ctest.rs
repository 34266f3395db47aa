//! The run of all tests, which `ctest` leads: those in C, and each of [`PARTS`] as one more.
//!
//! `CMakeLists.txt` asks us for the names of the parts and calls us for each, so the presets of CMake and `cargo xtask
//! test` run the same.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process;
use crate::project::Project;
use crate::steps::{Outcome, Step};
use crate::{c, conformance, fuzz, go, requirements, suite};

/// What is tested besides the C library as the preset `all` builds it; cheap ones first.
pub(crate) const PARTS: &[Step] = &[
    Step::new("requirements", requirements::step),
    Step::new("go-tests", go::tests),
    Step::new("rust-tests", suite::run),
    Step::new("rust-models", suite::models),
    Step::new("rust-sanitizer", suite::sanitized),
    Step::new("c-clang", c::clang),
    Step::new("c-sanitizers", c::sanitizers),
    Step::new("c-32-bit", c::tests_32_bit),
    Step::new("go-32-bit", go::tests_32_bit),
    Step::new("go-race", go::race),
    Step::new("conformance", conformance::vectors),
    Step::new("differential", conformance::differential),
    Step::new("rust-fuzz", fuzz::smoke),
    Step::new("go-fuzz", go::fuzz_smoke),
    Step::new("c-fuzz", c::fuzz_smoke),
];

/// How a part tells `ctest` that it could not run.
pub(crate) const NOT_RUN: u8 = 77;

/// Configures and builds what the preset `all` builds: the C library and its tests.
pub(crate) fn build(project: &Project) -> Result<Outcome> {
    c::build(project, "all", &[])?;
    Ok(Outcome::Passed("the C library and its tests".into()))
}

pub(crate) fn run(project: &Project) -> Result<Outcome> {
    let mut tally = Tally::default();
    let ended = preset(project, "all", &[], |line| tally.read(line));
    print_results(&project.path("build/all/Testing/Temporary/LastTest.log"))?;
    ended.with_context(|| tally.describe())?;
    if tally.passed == 0 {
        bail!("ctest ended well but reported no test");
    }
    Ok(match tally.not_run.as_slice() {
        [] => Outcome::Passed(tally.describe()),
        _ => Outcome::Partly { done: tally.describe(), not_run: tally.not_run },
    })
}

/// Runs the tests of a preset that is built.
pub(crate) fn preset(project: &Project, name: &str, args: &[&str], line: impl FnMut(&str) + Send) -> Result<()> {
    let jobs = process::parallelism().to_string();
    let mut command: Command = project.command("ctest", ["--preset", name, "--parallel", &jobs]);
    process::watch_for(command.args(args), process::WHOLE_RUN_LIMIT, line)
}

/// What each part said in the end, which `ctest` keeps to itself unless it failed.
fn print_results(log: &Path) -> Result<()> {
    let text = fs::read(log).with_context(|| format!("cannot read {}", log.display()))?;
    println!("\nresults of the parts");
    for line in String::from_utf8_lossy(&text).lines() {
        if let Some(result) = line.strip_prefix("<== ") {
            println!("  {result}");
        }
    }
    Ok(())
}

/// How tests ended, from the lines of `ctest`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    not_run: Vec<String>,
}

impl Tally {
    /// Takes in `12/40 Test #7: c-32-bit ........***Skipped   0.10 sec`.
    pub(crate) fn read(&mut self, line: &str) {
        let Some((_, result)) = line.split_once(" Test ").filter(|(number, _)| number.trim().contains('/')) else {
            return;
        };
        let Some((_, result)) = result.split_once(": ") else {
            return;
        };
        let name = result.split(' ').next().unwrap_or_default();
        if result.contains("***Skipped") {
            self.not_run.push(name.to_owned());
        } else if result.contains(" Passed ") {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
    }

    pub(crate) fn describe(&self) -> String {
        let Self { passed, failed, not_run } = self;
        match not_run.as_slice() {
            [] => format!("{passed} tests of ctest passed, {failed} failed"),
            names => format!("{passed} tests of ctest passed, {failed} failed, not run: {}", names.join(", ")),
        }
    }

    /// What a step may say that consists of such a run.
    pub(crate) fn outcome(self) -> Outcome {
        match (self.passed, self.not_run.as_slice()) {
            (0, []) => Outcome::NotRun("ctest ended well but reported no test".into()),
            (_, []) => Outcome::Passed(self.describe()),
            _ => Outcome::NotRun(self.describe()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_add_up() {
        let mut tally = Tally::default();
        for line in [
            "Test project /home/me/plugin-ipc/build/all",
            "      Start  1: c.header",
            " 1/4 Test  #1: c.header .........................   Passed    0.01 sec",
            " 2/4 Test #12: go-race ..........................***Skipped   2.40 sec",
            " 3/4 Test  #3: c.session ........................***Failed    0.20 sec",
            " 4/4 Test  #4: rust-tests .......................***Timeout 1800.20 sec",
            "50% tests passed, 2 tests failed out of 4",
        ] {
            tally.read(line);
        }
        assert_eq!(tally, Tally { passed: 1, failed: 2, not_run: vec!["go-race".into()] });
        assert_eq!(tally.describe(), "1 tests of ctest passed, 2 failed, not run: go-race");
    }

    #[test]
    fn names_of_parts_are_unique() {
        let names: std::collections::BTreeSet<_> = PARTS.iter().map(Step::name).collect();
        assert_eq!(names.len(), PARTS.len());
    }
}
