//! Asks testees of all implementations the same questions and demands the same answers.
//!
//! ```text
//! vectors --+-- run:  each testee against what the vectors demand
//!           +-- fuzz: mutated and random questions, testees against each other
//! ```
//!
//! `spec/conformance.md` says how testees are asked. A testee is a program; each one has a thread that writes its questions
//! and one that reads its answers, so that many are under way at any time and nobody waits for the other.
#![forbid(unsafe_code)]

/// Writes a line to standard output. A reader who has seen enough, as `head` does, is no failure.
macro_rules! say {
    ($($line:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($line)*);
    }};
}
pub(crate) use say;

pub mod cli;
pub mod conformance;
pub mod exclusions;
pub mod frame;
pub mod fuzz;
pub mod reference;
pub mod testee;
pub mod vectors;

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use cli::{Cli, Command};
use netipc_codegen::model::Service;

/// Does what the command line asks for. Says whether all was well.
///
/// # Errors
///
/// What keeps the question from being asked at all: files that cannot be read, testees that cannot be started.
pub fn run(cli: Cli) -> Result<bool> {
    match cli.command {
        Command::Run(options) => conformance::run(&options),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::List(options) => {
            for vector in vectors::load(&options.vectors)?.iter().filter(|vector| options.admits(&vector.id)) {
                crate::say!("{:<7}{}", vector.op.name(), vector.id);
            }
            Ok(true)
        }
        Command::Reference(options) => reference::run(&options).map(|()| true),
    }
}

/// The services whose schemas are in `home`.
///
/// # Errors
///
/// A directory without schemas, or one that is wrong.
pub fn services(home: &Path) -> Result<Vec<Service>> {
    let entries = std::fs::read_dir(home).with_context(|| format!("cannot read {}", home.display()))?;
    let mut paths: Vec<_> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    if paths.is_empty() {
        bail!("no schema in {}; name the directory with --schemas", home.display());
    }
    let parse = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.display().to_string();
        Ok(netipc_codegen::schema::parse_standard(&name, &text)?)
    };
    paths.iter().map(parse).collect()
}
