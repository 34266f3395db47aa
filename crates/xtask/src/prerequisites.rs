//! What the machine must have, and how it gets it.
//!
//! On a fresh Debian machine with Rust the rest is installed when we may (as
//! root), else named together with the command that installs it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::process;
use crate::project::Project;
use crate::steps::Outcome;

/// Something from a Debian package.
struct Tool {
    name: &'static str,
    found: Found,
    package: &'static str,
    reason: &'static str,
}

/// How one sees that a tool is there.
enum Found {
    /// A program of its name is on the path.
    OnPath,
    /// A program can be compiled with this compiler and these arguments.
    Builds(&'static str, &'static [&'static str]),
}

const TOOLS: &[Tool] = &[
    Tool { name: "cc", found: Found::OnPath, package: "gcc", reason: "links every program" },
    Tool { name: "c++", found: Found::OnPath, package: "g++", reason: "compiles libFuzzer, and our headers as C++" },
    Tool { name: "cmake", found: Found::OnPath, package: "cmake", reason: "builds the C library and runs the tests" },
    Tool { name: "ninja", found: Found::OnPath, package: "ninja-build", reason: "builds the C library" },
    Tool { name: "go", found: Found::OnPath, package: "golang-go", reason: "builds the Go implementation" },
    Tool { name: "pkg-config", found: Found::OnPath, package: "pkg-config", reason: "finds the installed C library" },
    Tool { name: "clang", found: Found::OnPath, package: "clang", reason: "compiles the C library a second time" },
    Tool {
        name: "libFuzzer and the sanitizers of clang",
        found: Found::Builds("clang", &["-fsanitize=fuzzer-no-link,address,undefined"]),
        package: "libclang-rt-14-dev",
        reason: "fuzzes the C library",
    },
    Tool {
        name: "a 32-bit libc",
        found: Found::Builds("cc", &["-m32"]),
        package: "gcc-multilib",
        reason: "tests the C library with 32-bit sizes",
    },
    Tool {
        name: "a 32-bit libstdc++",
        found: Found::Builds("c++", &["-m32", "-xc++"]),
        package: "g++-multilib",
        reason: "tests our headers as 32-bit C++",
    },
];

/// Only needed to check a change, which git tracks.
const CHECK_TOOLS: &[Tool] =
    &[Tool { name: "git", found: Found::OnPath, package: "git", reason: "lists the tracked files" }];

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
    let missing: Vec<&Tool> = tools.iter().filter(|tool| !tool.is_there()).collect();
    if !missing.is_empty() {
        install(&missing)?;
    }
    if let Some(tool) = missing.iter().find(|tool| !tool.is_there()) {
        bail!("{} was installed but {} is still not to be found", tool.package, tool.name);
    }
    let names: Vec<&str> = tools.iter().map(|tool| tool.name).collect();
    Ok(Outcome::Passed(format!("{} found", names.join(", "))))
}

impl Tool {
    fn is_there(&self) -> bool {
        match self.found {
            Found::OnPath => on_path(self.name),
            Found::Builds(compiler, args) => builds(compiler, args).unwrap_or(false),
        }
    }
}

/// Whether `compiler` makes a program with `args`: headers, libraries and all.
fn builds(compiler: &str, args: &[&str]) -> Result<bool> {
    let dir = tempfile::tempdir()?;
    let source = dir.path().join("probe.c");
    fs::write(&source, "#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n")?;
    let mut command = Command::new(compiler);
    command.args(args).arg(&source).arg("-o").arg(dir.path().join("probe"));
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    Ok(status.success())
}

fn install(missing: &[&Tool]) -> Result<()> {
    for tool in missing {
        println!("{} is missing ({}; Debian package {})", tool.name, tool.reason, tool.package);
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
    fn compilers_are_tried() {
        assert!(builds("cc", &[]).unwrap());
        assert!(!builds("cc", &["-fno-such-option"]).unwrap());
        assert!(builds("no-such-compiler", &[]).is_err());
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
