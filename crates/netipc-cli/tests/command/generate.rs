//! `netipc gen`.

use std::fs;

use crate::netipc::{Outcome, RunDir, netipc};

/// A schema as a user writes one.
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/ip-to-asn/ip-to-asn.toml");

#[test]
fn a_schema_becomes_a_module_named_after_its_service() {
    let out = RunDir::new();
    let directory = out.path().join("made/on/demand");
    let directory = directory.to_str().unwrap();
    let run = || Outcome::of(netipc(&["gen", SCHEMA, "--lang", "rust", "--out", directory])).prints().to_owned();
    let file = format!("{directory}/ip_to_asn.rs");
    assert_eq!(run(), format!("{file}\n"));
    let code = fs::read_to_string(&file).unwrap();
    assert!(code.contains("impl Service for IpToAsn"), "{code}");
    assert!(code.contains("use netipc::proto::service::{"), "{code}");

    let written = fs::metadata(&file).unwrap().modified().unwrap();
    run();
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), written);
}

#[test]
fn one_run_makes_code_in_several_languages() {
    let out = RunDir::new();
    let directory = out.path().to_str().unwrap();
    let args = ["gen", SCHEMA, "--lang", "go,rust", "--go-runtime", "example.org/ipc", "--out", directory];
    let printed = Outcome::of(netipc(&args)).prints().to_owned();
    let file = format!("{directory}/iptoasn/iptoasn.go");
    assert_eq!(printed, format!("{file}\n{directory}/ip_to_asn.rs\n"));
    let code = fs::read_to_string(&file).unwrap();
    assert!(code.contains("package iptoasn\n") && code.contains("\"example.org/ipc/proto/codec\""), "{code}");
    Outcome::of(netipc(&["gen", SCHEMA, "--lang", "go,cobol", "--out", directory])).fails(2, "cobol");
}

#[test]
fn a_schema_becomes_a_header_and_a_source() {
    let out = RunDir::new();
    let directory = out.path().to_str().unwrap();
    let generate = |prefix: &str| {
        let args = ["gen", SCHEMA, "--lang", "c", "--c-prefix", prefix, "--out", directory];
        Outcome::of(netipc(&args))
    };
    let printed = generate("").prints().to_owned();
    assert_eq!(printed, format!("{directory}/ip_to_asn.h\n{directory}/ip_to_asn.c\n"));
    let header = fs::read_to_string(out.path().join("ip_to_asn.h")).unwrap();
    assert!(
        header.contains("bool ip_to_asn_reply_decode(ip_to_asn_reply *view, const void *bytes, size_t len,"),
        "{header}"
    );
    let source = fs::read_to_string(out.path().join("ip_to_asn.c")).unwrap();
    assert!(source.contains("#include \"ip_to_asn.h\"\n"), "{source}");

    let printed = generate("v2_").prints().to_owned();
    assert_eq!(printed, format!("{directory}/v2_ip_to_asn.h\n{directory}/v2_ip_to_asn.c\n"));
    let header = fs::read_to_string(out.path().join("v2_ip_to_asn.h")).unwrap();
    assert!(header.contains("V2_IP_TO_ASN_STATUS_KNOWN = 0") && !header.contains(" ip_to_asn_"), "{header}");
    generate("2_").fails(2, "use lower-case letters");
}

#[test]
fn a_schema_becomes_the_tables_that_standard_services_have_in_their_specification() {
    let out = RunDir::new();
    let directory = out.path().to_str().unwrap();
    Outcome::of(netipc(&["gen", SCHEMA, "--lang", "markdown", "--out", directory])).prints();
    let page = fs::read_to_string(out.path().join("ip-to-asn.md")).unwrap();
    assert!(page.starts_with("# Service `ip-to-asn`\n\n"), "{page}");
    assert!(page.contains("`generation`") && page.contains("`organisation`"), "{page}");
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

/// NIPC-ENV-11
#[test]
fn method_codes_of_the_standard_services_are_refused() {
    let out = RunDir::new();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/services/increment.toml");
    let outcome = Outcome::of(netipc(&["gen", schema, "--lang", "rust", "--out", out.path().to_str().unwrap()]));
    outcome.fails(2, "`increment` is the name of a standard service");
}

/// NIPC-EVO-09: what changed is told with both places, and what breaks makes the command fail.
#[test]
fn two_schemas_are_compared() {
    let next = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/ip-to-asn/version-2/ip-to-asn.toml");
    let compare = |old: &str, new: &str| Outcome::of(netipc(&["gen", "--check-compat", old, new]));
    let told = compare(SCHEMA, next).prints().to_owned();
    assert!(told.starts_with(&format!("compatible: {SCHEMA}:")), "{told}");
    assert!(told.contains("field `prefix_length` was added to record `answer` in version 2"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert_eq!(compare(SCHEMA, SCHEMA).prints(), "");
    let back = compare(next, SCHEMA);
    assert_eq!((back.code, back.stderr.as_str()), (Some(1), "netipc: 2 changes break the service\n"), "{back:?}");
    assert!(back.stdout.lines().all(|line| line.starts_with(&format!("breaks: {next}:"))), "{back:?}");
    assert_eq!(back.stdout.lines().count(), 2, "{back:?}");
    compare(SCHEMA, "/nonexistent.toml").fails(2, "cannot read the schema /nonexistent.toml");
    Outcome::of(netipc(&["gen", "--check-compat", SCHEMA])).fails(2, "2 values required");
    Outcome::of(netipc(&["gen", SCHEMA])).fails(2, "--lang");
}
