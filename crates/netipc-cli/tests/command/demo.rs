//! `netipc demo` and `netipc serve host`, on this machine and on a made-up one.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::netipc::{Outcome, RunDir, netipc};

/// A host with two cgroups and three processes in one of them.
fn machine(root: &Path) {
    let mount = "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    fs::create_dir_all(root.join("proc/1")).unwrap();
    fs::write(root.join("proc/1/mountinfo"), mount).unwrap();
    let cgroup = root.join("sys/fs/cgroup/system.slice/nginx.service");
    fs::create_dir_all(&cgroup).unwrap();
    fs::write(cgroup.join("cgroup.procs"), "10\n11\n12\n").unwrap();
}

#[test]
fn host_serves_what_the_machine_has_and_moves_on_with_it() {
    // NIPC-SNAP-08
    let (run_dir, root) = (RunDir::new(), RunDir::new());
    machine(root.path());
    let provider = run_dir.serve(&["host", "--host-root", root.path().to_str().unwrap()]);
    assert_eq!(provider.ready["services"][0], "cgroups-snapshot");
    let fetch =
        || -> Value { serde_json::from_str(run_dir.run(&["call", "cgroups-snapshot", "--json"]).prints()).unwrap() };
    let first = fetch();
    assert_eq!(first, fetch());
    assert_eq!(first["systemd_enabled"], 1);
    assert_eq!(first["items"][1]["name"], "nginx.service");
    assert_eq!(first["items"][1]["path"], "/system.slice/nginx.service");
    assert_eq!(first["items"][1]["options"], 6);

    fs::create_dir(root.path().join("sys/fs/cgroup/new.slice")).unwrap();
    // The provider waits a moment for more changes before it looks.
    let second = loop {
        let next = fetch();
        if next != first {
            break next;
        }
    };
    assert_eq!(second["generation"].as_u64(), first["generation"].as_u64().map(|generation| generation + 1));
    assert_eq!(second["items"].as_array().unwrap().len(), 3);
}

#[test]
fn host_without_cgroups_is_told_before_anything_is_bound() {
    let (run_dir, root) = (RunDir::new(), RunDir::new());
    run_dir.run(&["serve", "host", "--host-root", root.path().to_str().unwrap()]).fails(1, "mountinfo");
    assert!(run_dir.entries().is_empty());
}

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
    assert!(temporary.entries().is_empty());
}

#[test]
fn demo_says_how_many_rows_it_left_out() {
    let (temporary, root) = (RunDir::new(), RunDir::new());
    machine(root.path());
    let mut command = netipc(&["demo", "--rows", "1", "--host-root", root.path().to_str().unwrap()]);
    command.env("TMPDIR", temporary.path());
    let outcome = Outcome::of(command);
    assert!(outcome.prints().contains("1 more"), "{outcome:?}");
    assert!(!outcome.stdout.contains("nginx"), "{outcome:?}");
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
