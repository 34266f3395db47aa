//! What the printers make of invented schemas, compared with checked-in files (which `generated_code` runs).
//!
//! After a deliberate change run the tests once with `UPDATE_GOLDEN=1`, and read the difference.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::path::{Path, PathBuf};
use std::process::Command;

use netipc_codegen::model::Service;
use netipc_codegen::{c, go, markdown, rust, schema};

const GO_MODULE: &str = "github.com/netdata/plugin-ipc/go";

const NAMES: [&str; 8] = ["weather", "ports", "journal", "parcels", "gazette", "motto", "probe_1", "probe_3"];

/// Those whose canonical form is never longer than what was read: records that grow are written in their own version.
const FROZEN: [&str; 6] = ["weather", "ports", "journal", "parcels", "gazette", "motto"];

fn tests_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn service(name: &str) -> Service {
    let path = tests_dir().join("schemas").join(format!("{name}.toml"));
    let text = std::fs::read_to_string(&path).unwrap();
    schema::parse(&format!("tests/schemas/{name}.toml"), &text).unwrap_or_else(|findings| panic!("{findings}"))
}

fn compare(file: &str, printed: &str) {
    compare_at(&tests_dir().join("golden").join(file), printed);
}

fn compare_at(path: &Path, printed: &str) {
    let file = path.display();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, printed).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert!(golden == printed, "{file} is out of date; printed now:\n{printed}");
}

#[test]
fn rust_is_as_checked_in() {
    let options = rust::Options { home: Some("demo".to_owned()), ..rust::Options::default() };
    for name in NAMES {
        compare(&format!("{name}.rs"), &rust::module(&service(name), &options));
    }
}

/// The packages are part of the Go module, so that they are compiled, vetted and run there.
fn compare_go(name: &str, service: &Service) {
    let package = name.replace('_', "");
    let path = format!("{GO_MODULE}/internal/probes/{package}");
    let options = go::Options { path: Some(path), package: Some(package.clone()), ..go::Options::default() };
    let home = tests_dir().join("../../../go/internal/probes").join(&package);
    compare_at(&home.join(format!("{package}.go")), &go::package(service, &options));
    compare_at(&home.join("example_test.go"), &go::example(service, &options));
    compare_at(&home.join("fuzz_test.go"), &go::tests(service, &options));
}

#[test]
fn go_is_as_checked_in() {
    for name in NAMES {
        compare_go(name, &service(name));
    }
}

#[test]
fn fuzzing_is_as_checked_in() {
    let services = FROZEN.map(service);
    compare("fuzzing.rs", &rust::fuzzing(&services, "tests/schemas/*.toml", &rust::Options::default()));
}

/// Versions of one service have prefixes of their own, so that they can meet in one program.
#[test]
fn c_is_as_checked_in() {
    for name in NAMES {
        let prefix =
            if name.starts_with("probe") { format!("{}_", name.replace("probe_", "v")) } else { String::new() };
        compare_c(&service(name), &prefix);
    }
}

fn compare_c(service: &Service, prefix: &str) {
    let module = c::module(service, &c::Options::for_users(prefix)).unwrap();
    compare(&format!("c/{}.h", module.name), &module.header);
    compare(&format!("c/{}.c", module.name), &module.source);
}

/// The example's versions, so that their code can meet in one program.
#[test]
fn versions_of_the_example_are_as_checked_in() {
    for (name, schema) in [("ip_to_asn_1", "ip-to-asn.toml"), ("ip_to_asn_2", "version-2/ip-to-asn.toml")] {
        let path = format!("examples/ip-to-asn/{schema}");
        let text = std::fs::read_to_string(tests_dir().join("../../..").join(&path)).unwrap();
        let service = schema::parse(&path, &text).unwrap_or_else(|findings| panic!("{findings}"));
        compare(&format!("{name}.rs"), &rust::module(&service, &rust::Options::default()));
        compare_c(&service, &format!("v{}_", &name["ip_to_asn_".len()..]));
    }
}

/// Printing twice gives the same bytes (NIPC-COD-19).
#[test]
fn printing_is_repeatable() {
    for name in NAMES {
        let options = rust::Options::default();
        assert_eq!(rust::module(&service(name), &options), rust::module(&service(name), &options));
        let options = c::Options::for_users("");
        assert_eq!(c::module(&service(name), &options), c::module(&service(name), &options));
        let options = go::Options::default();
        assert_eq!(go::package(&service(name), &options), go::package(&service(name), &options));
    }
}

#[test]
fn markdown_is_as_checked_in() {
    for name in NAMES {
        compare(&format!("{name}.md"), &markdown::service(&service(name)));
    }
}

/// The model stands for itself: another program can print from its serialised form alone.
#[test]
fn model_is_as_checked_in_and_survives_serialisation() {
    for name in NAMES {
        let service = service(name);
        let json = serde_json::to_string_pretty(&service).unwrap() + "\n";
        compare(&format!("{name}.json"), &json);
        assert_eq!(serde_json::from_str::<Service>(&json).unwrap(), service);
    }
}

#[test]
fn printed_go_is_formatted() {
    let Ok(output) = Command::new("gofmt").arg("-l").arg(tests_dir().join("../../../go")).output() else {
        // Without Go's tools there is nobody to ask; the packages are vetted where there are.
        return;
    };
    let (files, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && files.is_empty(), "gofmt would change {files}{errors}");
}

#[test]
fn printed_rust_is_formatted() {
    let files = NAMES
        .iter()
        .chain(&["fuzzing", "ip_to_asn_1", "ip_to_asn_2"])
        .map(|name| tests_dir().join("golden").join(format!("{name}.rs")));
    let output = Command::new("rustfmt")
        .args(["--check", "--edition", "2024", "--config-path"])
        .arg(tests_dir().join("../../../rustfmt.toml"))
        .args(files)
        .output()
        .expect("rustfmt is part of the toolchain");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
