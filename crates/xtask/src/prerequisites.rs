//! What the machine must have, and how it gets it.
//!
//! On a fresh Debian machine with Rust and gcc the rest is installed when we
//! may (as root), else named together with the command that installs it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::process;
use crate::project::Project;
use crate::steps::Outcome;

/// A program from a Debian package.
struct Tool {
    /// What must be found on the path.
    program: &'static str,
    package: &'static str,
    reason: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool { program: "cc", package: "gcc", reason: "links every program" },
    Tool { program: "c++", package: "g++", reason: "compiles libFuzzer" },
];

/// Only needed to check a change, which git tracks.
const CHECK_TOOLS: &[Tool] = &[Tool { program: "git", package: "git", reason: "lists the tracked files" }];

/// Components of the Rust toolchain that checks stand on.
const COMPONENTS: &[&str] = &["rustfmt", "clippy"];

pub(crate) fn for_tests(_: &Project) -> Result<Outcome> {
    provide(TOOLS)
}

pub(crate) fn for_checks(project: &Project) -> Result<Outcome> {
    for component in COMPONENTS {
        let program = if *component == "rustfmt" { "fmt" } else { component };
        let mut probe = project.cargo([program, "--version"]);
        let works = probe.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !works.is_ok_and(|status| status.success()) {
            process::run(Command::new("rustup").args(["component", "add", component]))
                .with_context(|| format!("cargo {program} is missing; install {component}"))?;
        }
    }
    provide(CHECK_TOOLS)
}

fn provide(tools: &[Tool]) -> Result<Outcome> {
    let missing: Vec<&Tool> = tools.iter().filter(|tool| !on_path(tool.program)).collect();
    if !missing.is_empty() {
        install(&missing)?;
    }
    if let Some(tool) = missing.iter().find(|tool| !on_path(tool.program)) {
        bail!("{} was installed but {} is still not on the path", tool.package, tool.program);
    }
    let names: Vec<&str> = tools.iter().map(|tool| tool.program).collect();
    Ok(Outcome::Passed(format!("{} found", names.join(", "))))
}

fn install(missing: &[&Tool]) -> Result<()> {
    for tool in missing {
        println!("{} is missing ({}; Debian package {})", tool.program, tool.reason, tool.package);
    }
    let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    if !on_path("apt-get") || !rustix::process::geteuid().is_root() {
        bail!("install what is missing, then run this again: sudo apt-get install {}", packages.join(" "));
    }
    if !package_lists_exist(Path::new("/var/lib/apt/lists")) {
        process::run(apt(&["update"]).arg("-qq"))?;
    }
    process::run(apt(&["install", "-y", "--no-install-recommends"]).args(&packages))
}

fn apt(args: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    // Without it a package may ask its questions on a terminal that is not there.
    command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// A machine image often ships without lists, and then apt finds no package.
fn package_lists_exist(directory: &Path) -> bool {
    let is_list = |entry: fs::DirEntry| entry.file_name().to_string_lossy().contains("_Packages");
    fs::read_dir(directory).is_ok_and(|mut entries| entries.any(|e| e.is_ok_and(is_list)))
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_looked_up_on_the_path() {
        assert!(on_path("sh"));
        assert!(!on_path("no-such-program-anywhere"));
    }

    #[test]
    fn package_lists_are_told_from_an_empty_directory() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!package_lists_exist(dir.path()));
        assert!(!package_lists_exist(&dir.path().join("absent")));
        fs::write(dir.path().join("deb.example_dists_x_Packages.lz4"), "").unwrap();
        assert!(package_lists_exist(dir.path()));
    }
}
