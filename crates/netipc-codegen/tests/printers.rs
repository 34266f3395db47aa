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

/// Names of a schema can meet when Go's case and joins are put on them; that is told instead of printed.
#[test]
fn names_that_meet_in_go_are_told() {
    let text = std::fs::read_to_string(tests_dir().join("schemas/motto.toml")).unwrap();
    let text = text.replace("occasion", "mood_merry");
    let service = schema::parse("motto.toml", &text).unwrap_or_else(|findings| panic!("{findings}"));
    let clash = go::package(&service, &go::Options::default()).unwrap_err().to_string();
    assert!(clash.starts_with("motto.toml: two things of the schema would be called `MoodMerry` in Go;"), "{clash}");
}

/// The packages are part of the Go module, so that they are compiled, vetted and run there.
fn compare_go(name: &str, service: &Service) {
    let package = name.replace('_', "");
    let path = format!("{GO_MODULE}/internal/probes/{package}");
    let options = go::Options { path: Some(path), package: Some(package.clone()), ..go::Options::default() };
    let home = tests_dir().join("../../../go/internal/probes").join(&package);
    compare_at(&home.join(format!("{package}.go")), &go::package(service, &options).unwrap());
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
        let module = c::module(&service(name), &c::Options::for_users(&prefix)).unwrap();
        compare(&format!("c/{}.h", module.name), &module.header);
        compare(&format!("c/{}.c", module.name), &module.source);
    }
}

/// C has one space for the names of a program: two things that would share one are refused.
#[test]
fn names_that_clash_in_c_are_refused() {
    let text = std::fs::read_to_string(tests_dir().join("schemas/motto.toml")).unwrap();
    let with_enums = |name: &str, value: &str| {
        let text = text.clone()
            + &format!(
                "\n[enum.{name}]\ndoc = \"A test.\"\ntype = \"u8\"\nunlisted = \"tolerated\"\n\
                 value = [{{ name = \"{value}\", code = 1, doc = \"One.\" }}]\n"
            );
        let text = text.replace(
            "[[record.occasion.rule]]",
            &format!(
                "[[record.occasion.field]]\nname = \"other\"\ntype = \"enum\"\nof = \"{name}\"\ndoc = \"A test.\"\n\n\
                 [[record.occasion.rule]]"
            ),
        );
        let service = schema::parse("motto.toml", &text).unwrap_or_else(|findings| panic!("{findings}"));
        c::module(&service, &c::Options::for_users("")).map(|_| ()).map_err(|clash| clash.to_string())
    };
    assert_eq!(with_enums("feeling", "merry"), Ok(()));
    let clash = "motto.toml: two things of the schema would be called `motto_saying_decode` in C; rename the record, field \
                 or value at fault";
    assert_eq!(with_enums("saying_decode", "merry"), Err(clash.to_owned()));
}

/// The example's versions, so that their code can meet in one program.
#[test]
fn versions_of_the_example_are_as_checked_in() {
    let versions =
        [("ip_to_asn_1", "ip-to-asn.toml", "iptoasn"), ("ip_to_asn_2", "version-2/ip-to-asn.toml", "version2/iptoasn")];
    for (name, schema, home) in versions {
        let path = format!("examples/ip-to-asn/{schema}");
        let text = std::fs::read_to_string(tests_dir().join("../../..").join(&path)).unwrap();
        let service = schema::parse(&path, &text).unwrap_or_else(|findings| panic!("{findings}"));
        compare(&format!("{name}.rs"), &rust::module(&service, &rust::Options::default()));
        let file = tests_dir().join("../../../examples/ip-to-asn/go").join(home).join("iptoasn.go");
        compare_at(&file, &go::package(&service, &go::Options::default()).unwrap());
        let (dir, prefix) = if name.ends_with('1') { ("c", "") } else { ("c/version-2", "v2_") };
        let module = c::module(&service, &c::Options::for_users(prefix)).unwrap();
        let home = tests_dir().join("../../../examples/ip-to-asn").join(dir);
        compare_at(&home.join(format!("{}.h", module.name)), &module.header);
        compare_at(&home.join(format!("{}.c", module.name)), &module.source);
    }
}

/// Code for a cache of a user's own service, which the tests of the cache run.
#[test]
fn a_snapshot_is_as_checked_in() {
    compare("berths.rs", &rust::module(&service("berths"), &rust::Options::default()));
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
    let homes = ["go", "examples/ip-to-asn/go"].map(|home| tests_dir().join("../../..").join(home));
    let Ok(output) = Command::new("gofmt").arg("-l").args(homes).output() else {
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
        .chain(&["fuzzing", "berths", "ip_to_asn_1", "ip_to_asn_2"])
        .map(|name| tests_dir().join("golden").join(format!("{name}.rs")));
    let output = Command::new("rustfmt")
        .args(["--check", "--edition", "2024", "--config-path"])
        .arg(tests_dir().join("../../../rustfmt.toml"))
        .args(files)
        .output()
        .expect("rustfmt is part of the toolchain");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
