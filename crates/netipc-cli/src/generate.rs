//! `netipc gen`: from a schema to code.

use std::fs;
use std::io;

use netipc_codegen::{rust, schema};

use crate::cli::{Generate, Language};
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(generate: &Generate) -> Result<(), Failure> {
    let path = &generate.schema;
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read the schema {}: {error}", path.display())))?;
    let service =
        schema::parse(&path.to_string_lossy(), &text).map_err(|findings| Failure::usage(findings.to_string()))?;
    let (name, code) = match generate.lang {
        Language::Rust => {
            let options = rust::Options { runtime: generate.runtime.clone(), ..Default::default() };
            (format!("{}.rs", rust::snake(&service.name)), rust::module(&service, &options))
        }
    };
    let file = generate.out.join(name);
    let unchanged = fs::read(&file).is_ok_and(|present| present == code.as_bytes());
    if !unchanged {
        // A file that is written anew although it stays the same makes build tools work for nothing.
        let written: io::Result<()> = fs::create_dir_all(&generate.out).and_then(|()| fs::write(&file, code));
        written.map_err(|error| Failure::io(format!("cannot write {}: {error}", file.display())))?;
    }
    output::line(&file.display().to_string())
}
