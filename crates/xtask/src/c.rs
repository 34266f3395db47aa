//! The C library under other compilers and sanitizers. How each is built stands in `CMakePresets.json`; what the preset
//! `all` builds, `ctest` runs with everything else.

use std::path::PathBuf;

use anyhow::Result;

use crate::ctest::{self, Tally};
use crate::process;
use crate::project::Project;
use crate::steps::Outcome;

pub(crate) fn clang(project: &Project) -> Result<Outcome> {
    preset(project, "clang", &[])
}

pub(crate) fn sanitizers(project: &Project) -> Result<Outcome> {
    preset(project, "asan", &[])
}

pub(crate) fn tests_32_bit(project: &Project) -> Result<Outcome> {
    preset(project, "m32", &[])
}

/// A short run of every libFuzzer target from a fixed seed.
pub(crate) fn fuzz_smoke(project: &Project) -> Result<Outcome> {
    preset(project, "fuzz", &["--tests-regex", "^c[.]libfuzzer[.]"])
}

/// The program that answers the questions of the conformance runner, built by `preset`.
pub(crate) fn testee(project: &Project, preset: &str) -> Result<PathBuf> {
    build(project, preset, &["--target", "netipc_testee"])?;
    Ok(project.path("build").join(preset).join("c/testee/netipc_testee"))
}

pub(crate) fn build(project: &Project, preset: &str, args: &[&str]) -> Result<()> {
    process::run(&mut project.command("cmake", ["--preset", preset]))?;
    process::run(project.command("cmake", ["--build", "--preset", preset]).args(args))
}

fn preset(project: &Project, name: &str, args: &[&str]) -> Result<Outcome> {
    build(project, name, &[])?;
    let mut tally = Tally::default();
    ctest::preset(project, name, args, |line| tally.read(line))?;
    Ok(tally.outcome())
}
