//! `netipc gen`: from a schema to code, and from two schemas to what breaks between them.

use std::fs;
use std::path::{Path, PathBuf};

use netipc::ErrorKind;
use netipc_codegen::build::{self, Error};
use netipc_codegen::{compat, markdown, rust, schema};

use crate::cli::{Generate, Language};
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(generate: &Generate) -> Result<(), Failure> {
    if let [old, new] = generate.check_compat.as_slice() {
        return compare(old, new);
    }
    let (Some(schema), Some(lang), Some(out)) = (&generate.schema, generate.lang, &generate.out) else {
        return Err(Failure::usage("a schema, --lang and --out are needed; see --help"));
    };
    let files: Vec<(PathBuf, String)> = match lang {
        Language::Rust => {
            let options = rust::Options { runtime: generate.runtime.clone(), ..rust::Options::for_users() };
            let modules = build::modules(&options, std::slice::from_ref(schema)).map_err(failure)?;
            modules.into_iter().map(|module| (out.join(module.path), module.content)).collect()
        }
        Language::Markdown => vec![tables(schema, out)?],
    };
    for (path, content) in files {
        build::write(&path, &content).map_err(failure)?;
        output::line(&path.display().to_string())?;
    }
    Ok(())
}

/// The page that the specification has of every standard service.
fn tables(schema: &Path, out: &Path) -> Result<(PathBuf, String), Failure> {
    let service = schema::parse(&schema.to_string_lossy(), &read(schema)?)
        .map_err(|findings| Failure::usage(findings.to_string()))?;
    let page = format!("# Service `{}`\n\n{}", service.name, markdown::service(&service));
    Ok((out.join(format!("{}.md", service.name)), page))
}

/// Tells one difference a line; the command fails when one of them breaks something.
fn compare(old: &Path, new: &Path) -> Result<(), Failure> {
    let (old_text, new_text) = (read(old)?, read(new)?);
    let report = compat::check((&old.to_string_lossy(), &old_text), (&new.to_string_lossy(), &new_text))
        .map_err(|findings| Failure::usage(findings.to_string()))?;
    for change in &report.changes {
        output::line(&change.to_string())?;
    }
    match report.changes.iter().filter(|change| change.breaking).count() {
        0 => Ok(()),
        1 => Err(Failure::new(ErrorKind::Unsupported, "one change breaks the service")),
        breaking => Err(Failure::new(ErrorKind::Unsupported, format!("{breaking} changes break the service"))),
    }
}

fn read(schema: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(schema);
    text.map_err(|source| failure(Error::Read { path: schema.to_owned(), source }))
}

/// A schema that is wrong or cannot be read is the caller's mistake; a file that cannot be written is not.
fn failure(error: Error) -> Failure {
    match &error {
        Error::Write { source, .. } => Failure::io(format!("{error}: {source}")),
        Error::Read { source, .. } => Failure::usage(format!("{error}: {source}")),
        _ => Failure::usage(error.to_string()),
    }
}
