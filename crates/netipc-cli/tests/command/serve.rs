//! The life of a provider: READY, its end, and what it leaves behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use ::netipc::services::Increment;
use ::netipc::{Client, ClientConfig, Endpoint};
use rustix::process::Signal;
use serde_json::json;

use crate::netipc::{Outcome, RunDir, netipc, serve_in};

#[test]
fn ready_tells_where_and_who() {
    let run_dir = RunDir::new();
    let provider = run_dir.serve(&["cgroups-snapshot"]);
    assert_eq!(
        provider.ready,
        json!({
            "pid": provider.id(),
            "services": ["cgroups-snapshot"],
            "run_dir": run_dir.path().to_str().unwrap(),
            "profiles": ["baseline", "shm-hybrid"],
        })
    );
}

#[test]
fn profiles_are_what_both_sides_offer() {
    // NIPC-PRF-01, NIPC-SHM-06
    for (served, called, used) in [
        ("baseline,shm-hybrid", "baseline,shm-hybrid", "shm-hybrid"),
        ("shm-hybrid", "shm-hybrid", "shm-hybrid"),
        ("baseline,shm-hybrid", "baseline", "baseline"),
        ("baseline", "baseline,shm-hybrid", "baseline"),
    ] {
        let run_dir = RunDir::new();
        let provider = run_dir.serve(&["increment", "--profiles", served]);
        let profiles: Vec<&str> = served.split(',').collect();
        assert_eq!(provider.ready["profiles"], json!(profiles));
        let call = run_dir.run(&["call", "increment", "--value", "41", "--profiles", called, "--json"]);
        assert_eq!(call.prints(), "{\"value\":42}\n");
        let ping = run_dir.run(&["ping", "increment", "--count", "20", "--profiles", called, "--json"]);
        let ping: serde_json::Value = serde_json::from_str(ping.prints()).unwrap();
        assert_eq!(ping["profile"], used);
        provider.signal(Signal::TERM);
        assert_eq!(provider.wait(), Some(0));
        assert!(run_dir.entries().is_empty());
    }
    let run_dir = RunDir::new();
    let _provider = run_dir.serve(&["increment", "--profiles", "baseline"]);
    run_dir.run(&["call", "increment", "--value", "1", "--profiles", "shm-hybrid"]).fails(4, "profile");
}

#[test]
fn signals_end_it_cleanly() {
    // NIPC-L2S-20, NIPC-EP-14
    for signal in [Signal::TERM, Signal::INT] {
        let run_dir = RunDir::new();
        let provider = run_dir.serve(&["increment"]);
        assert_eq!(run_dir.entries(), [run_dir.path().join("increment.sock")]);
        provider.signal(signal);
        assert_eq!(provider.wait(), Some(0));
        assert!(run_dir.entries().is_empty());
    }
}

#[test]
fn the_end_of_input_counts_only_when_asked() {
    let run_dir = RunDir::new();
    let mut staying = run_dir.serve(&["increment"]);
    staying.close_stdin();
    let mut ending = run_dir.serve(&["string-reverse", "--until-eof"]);
    ending.close_stdin();
    assert_eq!(ending.wait(), Some(0));
    assert_eq!(run_dir.entries(), [run_dir.path().join("increment.sock")]);
    run_dir.run(&["call", "increment", "--value", "1"]).prints();
    staying.signal(Signal::TERM);
    assert_eq!(staying.wait(), Some(0));
}

#[test]
fn a_run_directory_that_it_made_is_private_and_goes_with_it() {
    let parent = RunDir::new();
    let made = parent.path().join("made");
    let provider = serve_in(&made, &["increment"]);
    assert_eq!(fs::metadata(&made).unwrap().permissions().mode() & 0o777, 0o700);
    provider.signal(Signal::TERM);
    assert_eq!(provider.wait(), Some(0));
    assert!(!made.exists());
}

#[test]
fn the_environment_names_the_run_directory() {
    let parent = RunDir::new();
    let runtime = parent.path().join("netipc");
    let provider = serve_in(&runtime, &["increment"]);
    let call = |variable: &str, value: &std::path::Path| {
        let mut command = netipc(&["call", "increment", "--value", "1"]);
        command.env(variable, value);
        Outcome::of(command).code
    };
    assert_eq!(call("NETIPC_RUN_DIR", &runtime), Some(0));
    assert_eq!(call("XDG_RUNTIME_DIR", parent.path()), Some(0));
    assert_eq!(call("NETIPC_RUN_DIR", parent.path()), Some(3));
    drop(provider);
}

#[test]
fn the_socket_has_the_mode_that_was_asked_for() {
    // NIPC-EP-04
    let run_dir = RunDir::new();
    let _private = run_dir.serve(&["increment"]);
    let _shared = run_dir.serve(&["string-reverse", "--socket-mode", "0666"]);
    let mode = |name: &str| fs::metadata(run_dir.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("increment.sock"), 0o600);
    assert_eq!(mode("string-reverse.sock"), 0o666);
}

#[test]
fn a_second_provider_is_refused_and_the_first_serves_on() {
    // NIPC-EP-12
    let run_dir = RunDir::new();
    let _provider = run_dir.serve(&["increment"]);
    run_dir.run(&["serve", "increment"]).fails(1, "in use");
    run_dir.run(&["call", "increment", "--value", "1"]).prints();
}

#[test]
fn what_a_killed_provider_left_is_taken_over() {
    // NIPC-EP-11, NIPC-EP-17
    let run_dir = RunDir::new();
    let provider = run_dir.serve(&["increment"]);
    provider.signal(Signal::KILL);
    assert_eq!(provider.wait(), None);
    assert_eq!(run_dir.entries(), [run_dir.path().join("increment.sock")]);
    run_dir.run(&["call", "increment", "--value", "1"]).fails(3, "increment.sock");
    let _next = run_dir.serve(&["increment"]);
    run_dir.run(&["call", "increment", "--value", "1"]).prints();
}

#[test]
fn the_session_limit_is_told() {
    // NIPC-HS-12
    let run_dir = RunDir::new();
    let _provider = run_dir.serve(&["increment", "--max-sessions", "1"]);
    let endpoint = Endpoint::new(run_dir.path(), "increment").unwrap();
    let mut only = Client::<Increment>::new(endpoint, ClientConfig::default());
    only.refresh();
    assert!(only.is_ready());
    run_dir.run(&["call", "increment", "--value", "1"]).fails(1, "status");
    drop(only);
}

#[test]
fn a_run_directory_that_cannot_be_made_is_told() {
    let mut command = netipc(&["serve", "increment", "--run-dir", "/nonexistent/a/b"]);
    command.env("LC_ALL", "C");
    Outcome::of(command).fails(1, "/nonexistent/a/b");
}
