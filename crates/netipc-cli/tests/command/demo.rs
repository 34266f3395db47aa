//! `netipc demo` on made-up machines.

use std::io::Read;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::host::machine;
use crate::netipc::{Outcome, RunDir, netipc};

#[test]
fn demo_shows_the_machine_and_cleans_up() {
    let (temporary, root) = (RunDir::new(), RunDir::new());
    machine(root.path());
    let mut command = netipc(&["demo", "--host-root", root.path().to_str().unwrap()]);
    command.env("TMPDIR", temporary.path());
    let outcome = Outcome::of(command);
    let shown = outcome.prints();
    for word in ["nginx.service", "/system.slice/nginx.service", "systemd", " 3 ", "baseline", "median", "p99"] {
        assert!(shown.contains(word), "{word:?} is missing in {shown}");
    }
    for words in [
        "4 processes, looked up in",
        "nginx (3)",
        "(the host itself)",
        "one process",
        "for one lookup in the cache",
        "SIGKILL to process",
        "(not_found)",
        "the cache still finds the cgroups of 3 of 3 processes",
        "the provider down for",
        "started again as process",
        "of which 3 processes find theirs",
        "reconnected as well: 4 processes",
    ] {
        assert!(shown.contains(words), "{words:?} is missing in {shown}");
    }
    assert!(shown.ends_with("all of it held\n"), "{shown}");
    assert!(temporary.entries().is_empty());
}

#[test]
fn demo_says_how_many_rows_it_left_out() {
    let (temporary, root) = (RunDir::new(), RunDir::new());
    machine(root.path());
    let mut command = netipc(&["demo", "--rows", "1", "--host-root", root.path().to_str().unwrap()]);
    command.env("TMPDIR", temporary.path());
    let outcome = Outcome::of(command);
    assert_eq!(outcome.prints().matches("and 1 more: netipc demo --rows 2").count(), 1, "{outcome:?}");
    assert_eq!(outcome.stdout.matches("/nginx.service").count(), 1, "{outcome:?}");
    assert!(!outcome.stdout.contains("the host itself"), "{outcome:?}");
}

#[test]
fn demo_without_cgroups_fails_and_cleans_up() {
    let (temporary, root) = (RunDir::new(), RunDir::new());
    let mut command = netipc(&["demo", "--host-root", root.path().to_str().unwrap()]);
    command.env("TMPDIR", temporary.path());
    let outcome = Outcome::of(command);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("mountinfo"), "{outcome:?}");
    assert!(temporary.entries().is_empty());
}

#[test]
fn an_interrupted_demo_cleans_up() {
    let (temporary, root) = (RunDir::new(), RunDir::new());
    machine(root.path());
    let mut command = netipc(&["demo", "--host-root", root.path().to_str().unwrap()]);
    command.env("TMPDIR", temporary.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut demo = command.spawn().unwrap();
    // The private directory is made after the signals are watched.
    while temporary.entries().is_empty() {
        std::thread::yield_now();
    }
    kill_process(Pid::from_child(&demo), Signal::INT).unwrap();
    let mut stderr = String::new();
    demo.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(demo.wait().unwrap().code(), Some(1), "{stderr}");
    assert!(stderr.contains("interrupted"), "{stderr}");
    assert!(temporary.entries().is_empty());
}
