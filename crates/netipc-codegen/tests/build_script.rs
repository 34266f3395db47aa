//! What a build script gets: modules, or an error that can be read.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::path::{Path, PathBuf};

use netipc_codegen::build::{Error, modules, write};
use netipc_codegen::rust::Options;

fn schema(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas").join(name)
}

#[test]
fn each_schema_becomes_a_module_for_an_ordinary_crate() {
    let files = modules(&Options::for_users(), &[schema("ports.toml"), schema("weather.toml")]).unwrap();
    let paths: Vec<_> = files.iter().map(|file| file.path.to_str().unwrap()).collect();
    assert_eq!(paths, ["ports.rs", "weather_report.rs"]);
    for file in files {
        assert!(file.content.contains("use netipc::proto::service::Service;"), "{}", file.content);
        // The standard library's prelude has all that is needed.
        assert!(!file.content.contains("alloc::"), "{}", file.content);
        assert!(file.content.contains("#![allow(dead_code, unreachable_pub, reason = "), "{}", file.content);
    }
}

/// As `main` of a build script prints it.
#[test]
fn errors_are_readable_where_a_build_script_shows_them() {
    let dir = tempfile::tempdir().unwrap();
    let wrong = dir.path().join("wrong.toml");
    let text = std::fs::read_to_string(schema("ports.toml")).unwrap();
    std::fs::write(&wrong, text.replace("0x8002", "2").replace("u16", "u17")).unwrap();
    let error = modules(&Options::for_users(), &[&wrong, &schema("ports.toml")]).unwrap_err();
    let shown = format!("{error:?}");
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines[0], "the schemas are wrong");
    // What is wrong by itself is told before what does not fit together.
    assert!(lines[1].starts_with(&format!("{}:54:8: field `number` has type `u17`", wrong.display())), "{shown}");

    let missing = dir.path().join("missing.toml");
    let error = modules(&Options::for_users(), &[&missing]).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(format!("{error:?}"), format!("cannot read the schema {}: {cause}", missing.display()));

    let twice = modules(&Options::for_users(), &[schema("ports.toml"), schema("ports.toml")]).unwrap_err();
    assert!(matches!(&twice, Error::Clash(message) if message.contains("both define `ports`")), "{twice}");
}

#[test]
fn files_that_stay_the_same_are_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("new/ports.rs");
    write(&path, "one\n").unwrap();
    let then = std::fs::metadata(&path).unwrap().modified().unwrap();
    write(&path, "one\n").unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), then);
    write(&path, "two\n").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "two\n");
    let error = write(&path.join("below"), "x").unwrap_err();
    assert!(matches!(error, Error::Write { .. }), "{error:?}");
}
