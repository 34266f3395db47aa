//! Command lines that make no sense, and help.

use serde_json::Value;

use crate::netipc::{Outcome, RunDir, netipc};

#[test]
fn a_usage_error_is_one_sentence_and_exit_code_2() {
    let cases: [(&[&str], &str); 12] = [
        (&["frobnicate"], "frobnicate"),
        (&["call", "increment"], "--value"),
        (&["call", "increment", "--value", "many"], "--value"),
        (&["call", "increment", "--value", "1", "--batch", "0"], "--batch"),
        (&["call", "increment", "--value", "1", "--batch", "2", "--pipeline", "2"], "--pipeline"),
        (&["call", "string-reverse"], "--text"),
        (&["call", "string-reverse", "--text", "a", "--text-hex", "61"], "--text-hex"),
        (&["call", "string-reverse", "--text-hex", "6"], "two hexadecimal digits"),
        (&["call", "cgroups-snapshot", "--timeout", "3"], "a unit"),
        (&["call", "cgroups-snapshot", "--profiles", "shm-ring"], "this build"),
        (&["serve", "increment", "--socket-mode", "rw"], "octal"),
        (&["serve", "host", "--service", "x"], "--service"),
    ];
    for (arguments, words) in cases {
        let outcome = Outcome::of(netipc(arguments));
        outcome.fails(2, words);
        assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
    }
}

#[test]
fn with_json_the_error_is_told_to_programs_too() {
    let outcome = Outcome::of(netipc(&["call", "increment", "--json"]));
    outcome.fails(2, "--value");
    let error: Value = serde_json::from_str(outcome.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(error["error"]["kind"], "usage");
    assert!(error["error"]["message"].as_str().unwrap().contains("--value"));
}

#[test]
fn names_and_tokens_that_cannot_be_are_usage_errors() {
    // NIPC-EP-01
    let run_dir = RunDir::new();
    run_dir.run(&["call", "increment", "--value", "1", "--service", "a/b"]).fails(2, "a/b");
    run_dir.run(&["call", "increment", "--value", "1", "--auth-token-file", "/nonexistent"]).fails(2, "/nonexistent");
    run_dir.run(&["call", "increment", "--value", "1", "--auth-token", "x"]).fails(2, "--auth-token");
}

#[test]
fn help_and_version_are_answers() {
    for arguments in [&["--help"][..], &["help", "serve"], &["call", "increment", "--help"], &["--version"]] {
        let outcome = Outcome::of(netipc(arguments));
        assert!(outcome.prints().contains("netipc"), "{outcome:?}");
    }
}
