//! `netipc gen`: from a schema to code.

use netipc_codegen::build::{self, Error};
use netipc_codegen::rust;

use crate::cli::{Generate, Language};
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(generate: &Generate) -> Result<(), Failure> {
    let files = match generate.lang {
        Language::Rust => {
            let options = rust::Options { runtime: generate.runtime.clone(), ..rust::Options::for_users() };
            build::modules(&options, std::slice::from_ref(&generate.schema)).map_err(failure)?
        }
    };
    for file in files {
        let path = generate.out.join(&file.path);
        build::write(&path, &file.content).map_err(failure)?;
        output::line(&path.display().to_string())?;
    }
    Ok(())
}

/// A schema that is wrong or cannot be read is the caller's mistake; a file that cannot be written is not.
fn failure(error: Error) -> Failure {
    match &error {
        Error::Write { source, .. } => Failure::io(format!("{error}: {source}")),
        Error::Read { source, .. } => Failure::usage(format!("{error}: {source}")),
        _ => Failure::usage(error.to_string()),
    }
}
