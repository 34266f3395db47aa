//! `netipc gen`.

use std::fs;

use crate::netipc::{Outcome, RunDir, netipc};

/// A schema of this project, and the code that was made from it.
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/services/string-reverse.toml");

#[test]
fn a_schema_becomes_a_module_named_after_its_service() {
    let out = RunDir::new();
    let directory = out.path().join("made/on/demand");
    let directory = directory.to_str().unwrap();
    let run = || Outcome::of(netipc(&["gen", SCHEMA, "--lang", "rust", "--out", directory])).prints().to_owned();
    let file = format!("{directory}/string_reverse.rs");
    assert_eq!(run(), format!("{file}\n"));
    let code = fs::read_to_string(&file).unwrap();
    assert!(code.contains("impl Service for StringReverse"), "{code}");
    assert!(code.contains("use netipc::proto::service::Service;"), "{code}");

    let written = fs::metadata(&file).unwrap().modified().unwrap();
    run();
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), written);
}

#[test]
fn what_is_wrong_with_a_schema_is_told_with_its_place() {
    let directory = RunDir::new();
    let schema = directory.path().join("bad.toml");
    fs::write(&schema, "[service]\nname = \"a b\"\n").unwrap();
    let schema = schema.to_str().unwrap();
    let out = directory.path().join("out");
    let outcome = Outcome::of(netipc(&["gen", schema, "--lang", "rust", "--out", out.to_str().unwrap()]));
    outcome.fails(2, "bad.toml:1:");
    assert!(!out.exists());
    Outcome::of(netipc(&["gen", "/nonexistent.toml", "--lang", "rust", "--out", "x"])).fails(2, "/nonexistent.toml");
}
