//! `netipc cache`.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::netipc::{RunDir, netipc};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text:?}"))
}

#[test]
fn looks_up_by_name_and_by_hash() {
    let run_dir = RunDir::new();
    let _provider = run_dir.serve(&["cgroups-snapshot", "--items", "5"]);
    let told = run_dir.run(&["cache", "--json", "--name", "cgroup-3", "--name", "-x"]);
    let told = json(told.prints());
    assert_eq!(told["status"]["items"], 5);
    assert_eq!(told["status"]["generation"], 1);
    assert_eq!((&told["status"]["published"], &told["status"]["down"]), (&1.into(), &Value::Null));
    assert_eq!(told["answers"][0]["answer"], "found");
    assert_eq!(told["answers"][0]["item"]["path"], "/synthetic/cgroup-3");
    assert_eq!((&told["answers"][1]["answer"], &told["answers"][1]["item"]), (&"absent".into(), &Value::Null));

    let hash = told["answers"][0]["item"]["hash"].to_string();
    for (hash, answer) in [(hash.as_str(), "found"), ("0xffffffff", "absent")] {
        let told = run_dir.run(&["cache", "--json", "--name", "cgroup-3", "--hash", hash]);
        assert_eq!(json(told.prints())["answers"][0]["answer"], answer);
    }
    assert_eq!(json(run_dir.run(&["cache", "--json"]).prints())["answers"], Value::Null);
}

#[test]
fn measures_lookups() {
    let run_dir = RunDir::new();
    let _provider = run_dir.serve(&["cgroups-snapshot", "--items", "50"]);
    let told = json(run_dir.run(&["cache", "--json", "--measure"]).prints());
    let lookups = told["lookups"].as_array().unwrap();
    assert!(lookups.len() >= 3, "{told}");
    assert!(lookups.iter().all(|lookup| lookup["per_second"].as_f64().unwrap() > 0.0), "{told}");
}

#[test]
fn says_what_is_wrong() {
    let run_dir = RunDir::new();
    run_dir.run(&["cache"]).fails(3, "nobody serves");
    run_dir.run(&["cache", "--hash", "1"]).fails(2, "--name");
    run_dir.run(&["cache", "--count", "1"]).fails(2, "--watch");
    let _provider = run_dir.serve(&["cgroups-snapshot", "--items", "0"]);
    run_dir.run(&["cache", "--measure"]).fails(2, "empty");
}

#[test]
fn watches_so_many_refreshes() {
    let run_dir = RunDir::new();
    let _provider = run_dir.serve(&["cgroups-snapshot"]);
    let told = run_dir.run(&["cache", "--watch", "-c", "3", "-i", "1ms", "--json"]);
    let refreshes: Vec<_> =
        told.prints().lines().map(|line| json(line)["refresh"].as_str().unwrap().to_owned()).collect();
    assert_eq!(refreshes, ["published", "unchanged", "unchanged"]);
}

/// A watching cache, and the lines that it prints.
struct Watch {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watch {
    fn start(run_dir: &RunDir) -> Self {
        let mut command = netipc(&["cache", "--watch", "-i", "5ms", "--json", "--name", "cgroup-2", "--run-dir"]);
        let mut child = command.arg(run_dir.path()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next line with this outcome.
    fn until(&mut self, refresh: &str) -> Value {
        loop {
            let line = json(&self.lines.next().unwrap().unwrap());
            if line["refresh"] == refresh {
                return line;
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Both fail for a process that was waited for already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn answers_go_on_while_the_provider_is_down() {
    let run_dir = RunDir::new();
    let mut watch = Watch::start(&run_dir);
    let line = watch.until("failed");
    assert_eq!((&line["status"]["ready"], &line["answers"][0]["answer"]), (&false.into(), &"no_snapshot".into()));
    assert_eq!(line["status"]["down"]["kind"], "not_found");

    let provider = run_dir.serve(&["cgroups-snapshot"]);
    assert_eq!(watch.until("published")["answers"][0]["answer"], "found");
    provider.signal(Signal::KILL);
    let line = watch.until("failed");
    assert_eq!((&line["status"]["ready"], &line["answers"][0]["answer"]), (&true.into(), &"found".into()));
    assert!(line["status"]["age_us"].is_u64() && line["status"]["down"]["message"].is_string(), "{line}");
    drop(provider);

    let _provider = run_dir.serve(&["cgroups-snapshot", "--items", "1"]);
    let line = watch.until("published");
    assert_eq!((&line["status"]["items"], &line["answers"][0]["answer"]), (&1.into(), &"absent".into()));
    assert_eq!(line["status"]["down"], Value::Null);
    kill_process(Pid::from_child(&watch.child), Signal::TERM).unwrap();
    assert_eq!(watch.child.wait().unwrap().code(), Some(0));
}
