//! `netipc ls`.

use std::fs;
use std::os::unix::net::UnixListener;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::netipc::{Provider, RunDir};

fn listed(run_dir: &RunDir, arguments: &[&str]) -> Vec<Value> {
    let told = run_dir.run(&[&["ls", "--json"], arguments].concat());
    let told: Value = serde_json::from_str(told.prints()).unwrap();
    assert_eq!(told["run_dir"], run_dir.path().to_str().unwrap());
    told["endpoints"].as_array().unwrap().clone()
}

/// Services with their states.
fn states(endpoints: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    endpoints.iter().map(|endpoint| (text(&endpoint["service"]), text(&endpoint["state"]))).collect()
}

/// Leaves a stale socket behind.
fn kill(provider: Provider) {
    provider.signal(Signal::KILL);
    provider.wait();
}

#[test]
fn tells_who_serves_and_how_many_are_served() {
    let run_dir = RunDir::new();
    let provider = run_dir.serve(&["increment"]);
    let held = netipc::Session::connect(
        &netipc::Endpoint::new(run_dir.path(), "increment").unwrap(),
        &netipc::SessionConfig::default(),
        netipc::Deadline::NEVER,
        None,
    )
    .unwrap();
    let [endpoint] = listed(&run_dir, &[]).try_into().unwrap();
    let expected = json!({
        "service": "increment",
        "state": "alive",
        "remark": null,
        "pid": provider.id(),
        "uid": rustix::process::getuid().as_raw(),
        "mode": "0600",
        "sessions": 1,
        "shared_memory": 0,
        "leftovers": [],
        "removed": [],
    });
    assert_eq!(endpoint, expected);

    let [endpoint] = listed(&run_dir, &["--no-probe"]).try_into().unwrap();
    assert_eq!((&endpoint["state"], &endpoint["pid"]), (&json!("alive"), &Value::Null));
    drop(held);
}

#[test]
fn cleans_only_what_is_stale() {
    let run_dir = RunDir::new();
    kill(run_dir.serve(&["increment"]));
    let _alive = run_dir.serve(&["string-reverse"]);
    let _stream = UnixListener::bind(run_dir.path().join("other.sock")).unwrap();
    fs::write(run_dir.path().join("file.sock"), "precious").unwrap();
    fs::write(run_dir.path().join("not a name.sock"), "precious").unwrap();
    fs::write(run_dir.path().join("readme"), "precious").unwrap();
    for region in ["increment-0000000000000001.ipcshm", "gone-0000000000000002.ipcshm"] {
        fs::write(run_dir.path().join(region), "").unwrap();
    }
    let pairs = |pairs: [(&str, &str); 6]| pairs.map(|(service, state)| (service.to_owned(), state.to_owned()));
    let before = [
        ("file", "foreign"),
        ("increment", "stale"),
        ("not a name", "foreign"),
        ("other", "foreign"),
        ("string-reverse", "alive"),
        ("gone", "gone"),
    ];
    let endpoints = listed(&run_dir, &[]);
    assert_eq!(states(&endpoints), pairs(before));
    assert_eq!(endpoints[1]["leftovers"], json!(["increment-0000000000000001.ipcshm"]));
    assert_eq!(endpoints[5]["leftovers"], json!(["gone-0000000000000002.ipcshm"]));
    let files = run_dir.entries().len();

    let without_probe = listed(&run_dir, &["--no-probe"]);
    assert_eq!((&without_probe[1]["state"], &without_probe[1]["shared_memory"]), (&json!("unknown"), &Value::Null));
    assert_eq!(without_probe[5]["state"], "gone");
    assert_eq!(run_dir.entries().len(), files, "looking removes nothing");

    assert_eq!(listed(&run_dir, &["--clean"])[1]["state"], "removed");
    assert_eq!(run_dir.entries().len(), files - 3, "the stale socket, and the regions of both");
    let after = states(&listed(&run_dir, &[]));
    assert_eq!(after.len(), 4, "{after:?}");
    assert!(after.iter().all(|(service, _)| service != "increment"));
}

/// NIPC-EP-18, NIPC-SHM-07
#[test]
fn shared_memory_stays_while_it_is_in_use() {
    let run_dir = RunDir::new();
    let provider = run_dir.serve(&["increment"]);
    let endpoint = netipc::Endpoint::new(run_dir.path(), "increment").unwrap();
    let mut config = netipc::ClientConfig::default();
    config.session.supported = netipc::Profiles::BASELINE | netipc::Profiles::SHM_HYBRID;
    let mut client = netipc::Client::<netipc::services::Increment>::new(endpoint, config);
    client.refresh();
    for arguments in [&["--clean"][..], &[]] {
        let [endpoint] = listed(&run_dir, arguments).try_into().unwrap();
        assert_eq!((&endpoint["shared_memory"], &endpoint["leftovers"]), (&json!(1), &json!([])));
    }
    assert_eq!(client.call(1).unwrap().value, 2);
    kill(provider);
    let [endpoint] = listed(&run_dir, &[]).try_into().unwrap();
    assert_eq!((&endpoint["state"], &endpoint["shared_memory"]), (&json!("stale"), &json!(0)));
    assert_eq!(endpoint["leftovers"].as_array().unwrap().len(), 1);
    let [endpoint] = listed(&run_dir, &["--clean"]).try_into().unwrap();
    assert_eq!((&endpoint["state"], &endpoint["leftovers"]), (&json!("removed"), &json!([])));
    assert_eq!(endpoint["removed"].as_array().unwrap().len(), 1);
    assert!(run_dir.entries().is_empty());
}

#[test]
fn says_what_is_wrong() {
    let run_dir = RunDir::new();
    assert!(listed(&run_dir, &[]).is_empty());
    run_dir.run(&["ls", "--clean", "--no-probe"]).fails(2, "--no-probe");
    let missing = crate::netipc::Outcome::of(crate::netipc::netipc(&["ls", "--run-dir", "/nonexistent"]));
    missing.fails(3, "/nonexistent");
}
