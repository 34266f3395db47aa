//! The checks that other tools make: format, lints, documentation. Each
//! covers the fuzz crate too, which is a workspace of its own.

use anyhow::Result;

use crate::project::Project;
use crate::steps::Outcome;
use crate::{fuzz, process};

pub(crate) fn format(project: &Project) -> Result<Outcome> {
    process::run(&mut project.cargo(["fmt", "--all", "--check"]))?;
    let manifest = ["fmt", "--check", "--manifest-path", fuzz::MANIFEST];
    process::run(&mut project.cargo(manifest))?;
    Ok(Outcome::Passed("formatted".into()))
}

pub(crate) fn clippy(project: &Project) -> Result<Outcome> {
    for features in [&["--workspace"][..], &["-p", "netipc", "--all-features"]] {
        let mut command = project.cargo(["clippy", "--all-targets", "--keep-going"]);
        process::run(command.args(features).args(["--", "-D", "warnings"]))?;
    }
    process::run(&mut fuzz::cargo(project, "clippy", &["--all-targets"], &["-D", "warnings"])?)?;
    Ok(Outcome::Passed("no warnings".into()))
}

pub(crate) fn rustdoc(project: &Project) -> Result<Outcome> {
    // The command and the library share a name and so a page: separate runs, the library last, whose pages stay. The
    // library twice, as only private pages check the links of private items, and only public ones those that lead there.
    for kind in [&["--bins"][..], &["--lib", "--document-private-items"], &["--lib"]] {
        let mut command = project.cargo(["doc", "--workspace", "--no-deps"]);
        process::run(command.args(kind).env("RUSTDOCFLAGS", "-D warnings"))?;
    }
    Ok(Outcome::Passed("no warnings".into()))
}
