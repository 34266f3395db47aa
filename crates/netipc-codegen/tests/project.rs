//! What is generated in a project, and how it is kept up to date.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::fs;
use std::path::{Path, PathBuf};

use netipc_codegen::project::{Error, generate, stale, write};

const SCHEMA: &str = r#"[service]
name = "clock"
method = 0x8001
batchable = true
idempotent = true
request = "time"
reply = "time"
doc = "Tells the time."

[record.time]
doc = "A time."
trailing = "tolerated"

[[record.time.field]]
name = "value"
type = "u64"
unit = "seconds"
doc = "Time since the start."
"#;

const ERRORS: &str = "[[kind]]\ncode = 1\nname = \"io\"\nfault = \"circumstances\"\ndoc = \"It failed.\"\n";

const PAGE: &str = "# Page\n\n<!-- generated: service clock -->\n<!-- /generated -->\n\nText.\n\n\
                    <!-- generated: error-kinds -->\n<!-- /generated -->\n";

fn project() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "spec/services/clock.toml", SCHEMA);
    put(dir.path(), "spec/errors.toml", ERRORS);
    put(dir.path(), "spec/page.md", PAGE);
    dir
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

const FILES: [&str; 11] = [
    "c/include/netipc/kind.h",
    "c/include/netipc/services/clock.h",
    "c/src/kind.c",
    "c/src/services/clock.c",
    "c/src/services/sources.cmake",
    "crates/netipc-proto/src/error/kind.rs",
    "crates/netipc-services/src/clock.rs",
    "crates/netipc-services/src/fuzzing.rs",
    "crates/netipc-services/src/lib.rs",
    "go/proto/kind.go",
    "spec/page.md",
];

const CLOCK: &str = "crates/netipc-services/src/clock.rs";

/// The checked-in files of this very project are what its schemas make (NIPC-COD-19).
#[test]
fn this_project_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let files = generate(&root).unwrap_or_else(|error| panic!("{error}"));
    assert!(stale(&root, &files).unwrap().is_empty());
}

#[test]
fn all_is_stale_until_written() {
    let dir = project();
    let files = generate(dir.path()).unwrap();
    let paths: Vec<_> = files.iter().map(|file| file.path.clone()).collect();
    assert_eq!(paths, FILES.map(PathBuf::from));
    assert_eq!(stale(dir.path(), &files).unwrap(), paths);
    assert_eq!(write(dir.path(), &files).unwrap(), paths);
    assert!(stale(dir.path(), &files).unwrap().is_empty());
    assert!(write(dir.path(), &files).unwrap().is_empty());
    let page = fs::read_to_string(dir.path().join("spec/page.md")).unwrap();
    assert!(page.contains("| 0 | u64 | `value` | any value | Time since the start. In seconds. |"), "{page}");
    assert!(page.contains("| 1 | `Io` | `io` | circumstances | It failed. |"), "{page}");
    assert_eq!(generate(dir.path()).unwrap(), files);
}

#[test]
fn an_edited_and_an_orphaned_file_are_stale() {
    let dir = project();
    let files = generate(dir.path()).unwrap();
    write(dir.path(), &files).unwrap();
    put(dir.path(), CLOCK, "// edited\n");
    put(dir.path(), "c/src/services/gone.c", "// its schema was removed\n");
    put(dir.path(), "crates/netipc-services/src/gone.rs", "// its schema was removed\n");
    let expected = ["c/src/services/gone.c", CLOCK, "crates/netipc-services/src/gone.rs"].map(PathBuf::from);
    assert_eq!(stale(dir.path(), &files).unwrap(), expected);
    assert_eq!(write(dir.path(), &files).unwrap(), expected);
    assert!(!dir.path().join(&expected[0]).exists());
    assert!(!dir.path().join(&expected[2]).exists());
}

#[test]
fn findings_of_all_files_are_told_at_once() {
    let dir = project();
    put(dir.path(), "spec/services/clock.toml", &SCHEMA.replace("0x8001", "0"));
    put(dir.path(), "spec/services/dial.toml", &SCHEMA.replace("u64", "u63"));
    let error = generate(dir.path()).unwrap_err().to_string();
    let lines: Vec<_> = error.lines().collect();
    assert!(lines[0].starts_with("spec/services/clock.toml:3:10: `method` is 0"), "{error}");
    assert!(lines[1].starts_with("spec/services/dial.toml:16:8: field `value` has type `u63`"), "{error}");
}

#[test]
fn two_services_must_differ() {
    let dir = project();
    put(dir.path(), "spec/services/dial.toml", SCHEMA);
    let name = "spec/services/dial.toml and spec/services/clock.toml both define `clock`; rename one service";
    assert_eq!(generate(dir.path()).unwrap_err().to_string(), name);
    put(dir.path(), "spec/services/dial.toml", &SCHEMA.replace("\"clock\"", "\"dial\""));
    let method = "spec/services/dial.toml and spec/services/clock.toml both have method 32769; give one another code";
    assert_eq!(generate(dir.path()).unwrap_err().to_string(), method);
}

#[test]
fn every_table_needs_its_place() {
    let dir = project();
    put(dir.path(), "spec/page.md", &PAGE.replace("generated: error-kinds", "generated: errors"));
    let unknown = "spec/page.md: line 8: no table is called `errors`; use one of `error-kinds`, `service clock`";
    assert_eq!(generate(dir.path()).unwrap_err().to_string(), unknown);
    put(dir.path(), "spec/page.md", "# Page\n");
    let missing = "spec: no page has the table `error-kinds`; add the line `<!-- generated: error-kinds -->` to one";
    assert_eq!(generate(dir.path()).unwrap_err().to_string(), missing);
}

#[test]
fn an_unreadable_file_is_named_with_its_cause() {
    let dir = project();
    fs::remove_file(dir.path().join("spec/errors.toml")).unwrap();
    let error = generate(dir.path()).unwrap_err();
    assert!(matches!(error, Error::Io { .. }));
    assert_eq!(error.to_string(), "cannot use spec/errors.toml");
    assert!(std::error::Error::source(&error).is_some());
}
