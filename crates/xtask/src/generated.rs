//! The files that are made from the schemas and from records of benchmarks: writes them, or tells which are out of date.

use anyhow::{Context as _, Result};
use clap::Args;
use netipc_codegen::project::{self, GeneratedFile};

use crate::project::Project;
use crate::records;
use crate::steps::{self, Outcome};

#[derive(Args)]
pub(crate) struct Options {
    /// Write nothing; fail when a file is out of date
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    let count = if options.check { check(project)? } else { write(project)? };
    println!("{count} generated files are up to date");
    Ok(())
}

pub(crate) fn step(project: &Project) -> Result<Outcome> {
    println!("$ cargo xtask gen --check");
    Ok(Outcome::Passed(format!("{} generated files", check(project)?)))
}

fn write(project: &Project) -> Result<usize> {
    let files = files(project)?;
    for path in project::write(project.root(), &files).context("some files may be written, some not")? {
        println!("changed {}", path.display());
    }
    Ok(files.len())
}

fn check(project: &Project) -> Result<usize> {
    let files = files(project)?;
    let stale = project::stale(project.root(), &files).context("cannot compare what was generated")?;
    let remedy = "is out of date; run cargo xtask gen, and commit what it changes";
    let problems: Vec<String> = stale.iter().map(|path| format!("{} {remedy}", path.display())).collect();
    steps::settle(&problems)?;
    Ok(files.len())
}

fn files(project: &Project) -> Result<Vec<GeneratedFile>> {
    let mut files = project::generate(project.root()).context("nothing was generated")?;
    files.extend(records::files(project.root())?);
    Ok(files)
}
