//! Vectors: makers and interpreter agree on every schema, and what comes out is what its own schema says.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic, also in its helpers")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use netipc_codegen::schema;
use netipc_codegen::vectors::{self, Offence, Problem, Value};
use serde_json::Value as Json;

fn schemas() -> Vec<PathBuf> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let homes = [home.join("tests/schemas"), home.join("../../spec/services")];
    let files = homes.iter().flat_map(|home| std::fs::read_dir(home).unwrap());
    let mut files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn pages() -> Vec<(String, Json)> {
    let mut pages = vectors::envelope(&[]).unwrap();
    for path in schemas() {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.display().to_string();
        let service = schema::parse_standard(&name, &text).or_else(|_| schema::parse(&name, &text)).unwrap();
        pages.extend(vectors::service(&service, &[]).unwrap_or_else(|disagreement| panic!("{disagreement}")));
    }
    pages.into_iter().map(|(name, text)| (name, serde_json::from_str(&text).unwrap())).collect()
}

/// NIPC-COD-24, NIPC-COD-25: whoever breaks a rule on purpose and whoever interprets the model come to the same result, for
/// all services, users' among them: those with growing records, closed lists and tables.
#[test]
fn makers_and_interpreter_agree_on_every_schema() {
    let pages = pages();
    assert!(pages.len() > 25, "{}", pages.len());
    let offences: BTreeSet<_> = pages
        .iter()
        .flat_map(|(_, page)| page["vectors"].as_array().unwrap())
        .filter(|vector| vector["target"].as_str().unwrap().contains('/'))
        .filter_map(|vector| vector["offence"]["problem"].as_str())
        .collect();
    let all = [
        Problem::Truncated,
        Problem::TrailingBytes,
        Problem::Constant,
        Problem::FixedSize,
        Problem::Unlisted,
        Problem::ConstantWhen,
        Problem::EmptyWhen,
        Problem::NotEmptyWhen,
        Problem::Padding,
        Problem::StartsEarly,
        Problem::Misplaced,
        Problem::Unaligned,
        Problem::OutOfBounds,
        Problem::TooShort,
        Problem::TooLong,
        Problem::Unterminated,
        Problem::InteriorNul,
        Problem::Overlap,
    ];
    for problem in all {
        assert!(offences.contains(problem.name()), "no vector is refused as {}", problem.name());
    }
}

/// Every vector has what its operation takes, and members, flags and ids of the form that the JSON schema gives.
#[test]
fn vectors_have_the_form_of_their_schema() {
    let schema: Json = serde_json::from_str(vectors::SCHEMA).unwrap();
    let known = &schema["$defs"]["vector"]["properties"];
    for (name, page) in pages() {
        for vector in page["vectors"].as_array().unwrap() {
            let id = vector["id"].as_str().unwrap();
            assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_./+".contains(&b)), "{id}");
            let members = vector.as_object().unwrap();
            assert!(members.keys().all(|member| known.get(member).is_some()), "{name}: {id}");
            let has = |names: &[&str]| names.iter().all(|name| members.contains_key(*name));
            assert!(has(&["what", "target", "result", "requirements"]), "{id}");
            let valid = vector["result"] == "valid";
            assert_eq!(has(&["offence"]), !valid, "{id}");
            let complete = match vector["op"].as_str().unwrap() {
                "check" => has(&["hex"]) && has(&["value"]) == valid,
                "encode" => has(&["budget", "value"]) && has(&["hex"]) == valid,
                "answer" => has(&["budget", "request", "answers"]) && has(&["hex"]) == valid,
                "run" => has(&["script", "outcome"]),
                other => panic!("{id}: {other}"),
            };
            assert!(complete, "{id}");
            for flag in vector["flags"].as_array().into_iter().flatten() {
                assert!(page["flags"].get(flag.as_str().unwrap()).is_some(), "{id}: {flag}");
            }
        }
    }
}

/// NIPC-COD-19: twice the same.
#[test]
fn generation_is_repeatable() {
    assert_eq!(pages(), pages());
}

/// A maker and the interpreter that disagree are found out: here the interpreter is asked about bytes by hand.
#[test]
fn the_interpreter_reads_and_writes() {
    let text = include_str!("../../../spec/services/string-reverse.toml");
    let service = schema::parse_standard("string-reverse.toml", text).unwrap();
    let record = service.record("text").unwrap();
    let bytes = [8, 0, 0, 0, 2, 0, 0, 0, b'a', b'b', 0];
    let value = Value::object([("text", b"ab".as_slice().into())]);
    assert_eq!(vectors::decode(&service, record, &bytes), Ok(value.clone()));
    assert_eq!(vectors::encode(&service, record, &value, 11), Ok(bytes.to_vec()));
    let overflow = Offence::Overflow { needed: 11, budget: 10 };
    assert_eq!(vectors::encode(&service, record, &value, 10), Err(overflow));
    let name = || "string-reverse text".to_owned();
    let offence = |field: &str, problem| Offence::Decode {
        record: name(),
        field: field.to_owned(),
        offset: 0,
        item: None,
        problem,
    };
    assert_eq!(vectors::decode(&service, record, &bytes[..7]), Err(offence(&name(), Problem::Truncated)));
    assert_eq!(vectors::decode(&service, record, &bytes[..10]), Err(offence("text", Problem::OutOfBounds)));
}
