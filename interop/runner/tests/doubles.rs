//! Testees that misbehave on purpose: each one must be found, by name and with the question.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic, also in its helpers")]

use std::process::{Command, Output};

const RUNNER: &str = env!("CARGO_BIN_EXE_netipc-interop");

/// Targets that the reference knows.
const SERVICES: [&str; 6] =
    ["--only", "string-reverse/", "--only", "cgroups-lookup/request/", "--only", "apps-lookup/answer/"];

fn reference(name: &str, arguments: &str) -> [String; 2] {
    ["--testee".to_owned(), format!("{name}={RUNNER} reference {arguments}")]
}

fn run(arguments: &[&str], testees: &[[String; 2]]) -> Output {
    Command::new(RUNNER).args(arguments).args(testees.iter().flatten()).output().unwrap()
}

/// Time after which a testee counts as hung: long, so that one which is merely slow does not, but where one hangs.
fn patience(fault: &str) -> &'static str {
    if fault == "hang" { "5" } else { "60" }
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_right_testee_passes() {
    let output = run(&[&["run"], &SERVICES[..]].concat(), &[reference("ref", "")]);
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.lines().last().unwrap().ends_with(" passed, 0 failed"), "{text}");
}

#[test]
fn run_names_what_a_wrong_testee_fails() {
    let output = run(&[&["run"], &SERVICES[..]].concat(), &[reference("ref", ""), reference("flip", "--fault flip")]);
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("FAIL flip cgroups-lookup/request/key/path/interior_nul/nul-first/decode"), "{text}");
    assert!(!text.contains("FAIL ref"), "{text}");
    let last = text.lines().last().unwrap();
    assert!(last.contains(" passed, ") && !last.ends_with(" 0 failed"), "{last}");
}

/// The testee is started anew, and only the question at which it failed counts.
#[test]
fn run_goes_on_after_a_testee_that_fails() {
    for (fault, complaint) in [("die", "it died: "), ("garbage", "it wrote garbage: "), ("hang", "it hung: ")] {
        let arguments = [&["run", "--timeout", patience(fault)], &SERVICES[..2]].concat();
        let output = run(&arguments, &[reference(fault, &format!("--fault {fault} --at 90"))]);
        let text = text(&output);
        assert_eq!(output.status.code(), Some(1), "{fault}: {text}");
        assert!(text.contains(&format!("got      {complaint}")), "{fault}: {text}");
        assert!(text.contains(&format!("FAIL {fault} string-reverse/")), "{fault}: {text}");
        assert!(!text.contains("expected done: \n"), "{fault}: {text}");
    }
}

#[test]
fn what_a_testee_does_not_know_fails() {
    let output = run(&["run", "--only", "hash/"], &[reference("ref", "")]);
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("FAIL ref: it does not know `hash`"), "{text}");
}

fn excluded(name: &str, toml: &str) -> (String, Option<i32>) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("exclusions.toml");
    std::fs::write(&file, toml).unwrap();
    let arguments = ["run", "--only", "hash/a", "--only", "increment/", "--exclusions", file.to_str().unwrap()];
    let output = run(&arguments, &[reference(name, "")]);
    (text(&output) + &String::from_utf8_lossy(&output.stderr), output.status.code())
}

#[test]
fn an_exclusion_excuses_what_fails_and_nothing_else() {
    let entry =
        |vectors, reason| format!("[[exclude]]\ntestee = \"ref\"\nvectors = \"{vectors}\"\nreason = \"{reason}\"\n");
    let (text, code) = excluded("ref", &entry("hash/*", "knows services only"));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("0 failed, 2 excluded"), "{text}");
    let (text, code) = excluded("other", &entry("hash/*", "knows services only"));
    assert_eq!(code, Some(1), "{text}");
    let both = entry("hash/*", "knows services only") + &entry("increment/request/number/example/decode", "is slow");
    let (text, code) = excluded("ref", &both);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("it is excluded (is slow) and passes"), "{text}");
    let (text, code) = excluded("ref", &entry("hash/*", " "));
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("has no reason"), "{text}");
}

fn fuzz(arguments: &[&str], testees: &[[String; 2]]) -> (String, Option<i32>) {
    let common = ["fuzz", "--questions", "3000", "--seconds", "300", "--stop-after", "1"];
    let output = run(&[&common, arguments].concat(), testees);
    (text(&output), output.status.code())
}

#[test]
fn fuzz_finds_nothing_where_nothing_is() {
    let (text, code) = fuzz(&SERVICES, &[reference("a", ""), reference("b", "")]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("executions per second") && text.ends_with("0 disagreements\n"), "{text}");
}

/// The question shown is much smaller than the one that was asked.
#[test]
fn fuzz_finds_a_flipped_answer_and_makes_it_small() {
    let only = ["--only", "cgroups-lookup/request/key", "--seed", "3"];
    let (text, code) = fuzz(&only, &[reference("good", ""), reference("flip", "--fault flip")]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("DISAGREEMENT") && text.contains("interior_nul"), "{text}");
    let asked = text.lines().find_map(|line| line.strip_prefix("  asked     ")).unwrap();
    assert!(asked.len() < 200, "{asked}");
}

#[test]
fn fuzz_names_a_testee_that_fails() {
    for (fault, complaint) in [("die", "it died"), ("garbage", "it wrote garbage"), ("hang", "it hung")] {
        let testees = [reference("good", ""), reference(fault, &format!("--fault {fault} --at 700"))];
        let (text, code) = fuzz(&[&["--timeout", patience(fault)], &SERVICES[..]].concat(), &testees);
        assert_eq!(code, Some(1), "{fault}: {text}");
        assert!(text.contains(&format!("FAILURE of {fault} at ")) && text.contains(complaint), "{fault}: {text}");
        assert!(text.contains("  asked     "), "{fault}: {text}");
    }
}

#[test]
fn lists_vectors() {
    let output = run(&["list", "--only", "hash/"], &[]);
    let text = text(&output);
    assert_eq!(text.lines().filter(|line| line.starts_with("run    hash/")).count(), 9, "{text}");
}
