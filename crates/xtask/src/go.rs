//! The Go implementation: its tests, the same for 32 bits and under the race
//! detector, short fuzz runs, and its lints.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process;
use crate::project::Project;
use crate::steps::{self, Outcome};

/// Where the modules are.
const MODULES: &[&str] = &["go", "examples/ip-to-asn/go"];

/// Pinned: a newer one may know new complaints.
const STATICCHECK: &str = "honnef.co/go/tools/cmd/staticcheck@v0.8.2";

/// How many inputs each fuzz target gets in the smoke run.
const SMOKE_RUNS: &str = "20000x";

pub(crate) fn tests(project: &Project) -> Result<Outcome> {
    test(project, &["test", "./..."], &[])
}

/// Sizes and alignment differ with 32 bits. The kernel runs both.
pub(crate) fn tests_32_bit(project: &Project) -> Result<Outcome> {
    test(project, &["test", "./..."], &[("GOARCH", "386")])
}

/// The race detector is in C, and so needs cgo; what we ship does not.
pub(crate) fn race(project: &Project) -> Result<Outcome> {
    test(project, &["test", "-race", "./..."], &[("CGO_ENABLED", "1")])
}

/// The program that answers the questions of the conformance runner.
pub(crate) fn testee(project: &Project) -> Result<PathBuf> {
    let program = project.target().join("go-testee");
    let mut command = go(project, MODULES[0], &["build", "-o"]);
    process::run(command.arg(&program).arg("./internal/testee"))?;
    Ok(program)
}

pub(crate) fn fuzz_smoke(project: &Project) -> Result<Outcome> {
    let mut count = 0;
    for module in MODULES {
        for package in packages(project, module)? {
            for target in targets(project, module, &package)? {
                let exactly = format!("^{target}$");
                let args = ["test", "-run", "^$", "-fuzz", &exactly, "-fuzztime", SMOKE_RUNS, &package];
                process::run(&mut go(project, module, &args))?;
                count += 1;
            }
        }
    }
    if count == 0 {
        return Ok(Outcome::NotRun("there is no fuzz target".into()));
    }
    Ok(Outcome::Passed(format!("{count} targets, {SMOKE_RUNS} inputs each, no failure")))
}

pub(crate) fn lint(project: &Project) -> Result<Outcome> {
    for module in MODULES {
        let unformatted = process::output(&mut project.command("gofmt", ["-l", module]))?;
        let problems: Vec<String> =
            unformatted.lines().map(|file| format!("{file} is not formatted; gofmt -w")).collect();
        steps::settle(&problems)?;
        process::run(&mut go(project, module, &["vet", "./..."]))?;
        process::run(&mut go(project, module, &["run", STATICCHECK, "./..."]))?;
    }
    // No file may need an operating system or a C compiler without saying so.
    for os in ["linux", "windows", "darwin"] {
        process::run(go(project, MODULES[0], &["build", "./..."]).env("GOOS", os))?;
    }
    Ok(Outcome::Passed("formatted, no warnings, builds for Linux, Windows and macOS".into()))
}

fn test(project: &Project, args: &[&str], environment: &[(&str, &str)]) -> Result<Outcome> {
    let mut tally = Tally::default();
    for module in MODULES {
        let mut command = go(project, module, args);
        let ended = process::watch(command.envs(environment.iter().copied()), |line| tally.read(line));
        ended.with_context(|| tally.describe())?;
    }
    if tally.passed == 0 {
        return Ok(Outcome::NotRun("go test ended well but reported no tested package".into()));
    }
    Ok(Outcome::Passed(tally.describe()))
}

/// Go in the directory of a module, without cgo as our users build it.
fn go(project: &Project, module: &str, args: &[&str]) -> Command {
    let mut command = project.command("go", args);
    command.current_dir(project.path(module)).env("CGO_ENABLED", "0");
    command
}

fn packages(project: &Project, module: &str) -> Result<Vec<String>> {
    let list = process::output(&mut go(project, module, &["list", "./..."]))?;
    Ok(list.lines().map(str::to_owned).collect())
}

fn targets(project: &Project, module: &str, package: &str) -> Result<Vec<String>> {
    let list = process::output(&mut go(project, module, &["test", "-list", "^Fuzz", package]))?;
    if list.trim().is_empty() {
        bail!("go test -list printed nothing for {package}");
    }
    Ok(list.lines().filter(|line| line.starts_with("Fuzz")).map(str::to_owned).collect())
}

/// How many packages `go test` reported, and how they ended.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
}

impl Tally {
    fn read(&mut self, line: &str) {
        if line.contains("[no tests to run]") {
            return;
        }
        match line.split('\t').next().map(str::trim_end) {
            Some("ok") => self.passed += 1,
            Some("FAIL") if line.contains('\t') => self.failed += 1,
            _ => {}
        }
    }

    fn describe(&self) -> String {
        format!("{} packages passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_lines_add_up() {
        let mut tally = Tally::default();
        for line in [
            "ok  \texample/proto\t0.012s",
            "ok  \texample/codec\t(cached)",
            "ok  \texample/idle\t0.001s [no tests to run]",
            "?   \texample/kind\t[no test files]",
            "--- FAIL: TestHeader (0.00s)",
            "FAIL",
            "FAIL\texample/services\t0.013s",
        ] {
            tally.read(line);
        }
        assert_eq!(tally, Tally { passed: 2, failed: 1 });
    }
}
