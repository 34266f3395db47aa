//! `netipc gen`: from a schema to code, and from two schemas to what breaks between them.

use std::fs;
use std::path::{Path, PathBuf};

use netipc::ErrorKind;
use netipc_codegen::build::{self, Error};
use netipc_codegen::project::GeneratedFile;
use netipc_codegen::{c, compat, go, markdown, rust, schema};

use crate::cli::{Generate, Language};
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(generate: &Generate) -> Result<(), Failure> {
    if let [old, new] = generate.check_compat.as_slice() {
        return compare(old, new);
    }
    let (Some(schema), Some(out)) = (&generate.schema, &generate.out) else {
        return Err(Failure::usage("a schema, --lang and --out are needed; see --help"));
    };
    // All of them first: what is wrong with the schema shall leave nothing behind.
    let files = generate.lang.iter().map(|lang| code(*lang, generate, schema)).collect::<Result<Vec<_>, _>>()?;
    for file in files.into_iter().flatten() {
        let path = out.join(file.path);
        build::write(&path, &file.content).map_err(failure)?;
        output::line(&path.display().to_string())?;
    }
    Ok(())
}

/// The files of one language; their paths are relative to where the user wants them.
fn code(lang: Language, generate: &Generate, schema: &PathBuf) -> Result<Vec<GeneratedFile>, Failure> {
    let schemas = std::slice::from_ref(schema);
    match lang {
        Language::Rust => {
            let options = rust::Options { runtime: generate.runtime.clone(), ..rust::Options::for_users() };
            build::modules(&options, schemas).map_err(failure)
        }
        Language::Go => {
            let options = go::Options { runtime: generate.go_runtime.clone(), ..go::Options::default() };
            build::go_packages(&options, schemas).map_err(failure)
        }
        Language::C => build::c_modules(&c::Options::for_users(&generate.c_prefix), schemas).map_err(failure),
        Language::Markdown => Ok(vec![tables(schema)?]),
    }
}

/// The page that the specification has of every standard service.
fn tables(schema: &Path) -> Result<GeneratedFile, Failure> {
    let service = schema::parse(&schema.to_string_lossy(), &read(schema)?)
        .map_err(|findings| Failure::usage(findings.to_string()))?;
    let content = format!("# Service `{}`\n\n{}", service.name, markdown::service(&service));
    Ok(GeneratedFile { path: format!("{}.md", service.name).into(), content })
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
