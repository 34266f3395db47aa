//! `netipc call cgroups-lookup` and `apps-lookup` against made-up data.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::netipc::{RunDir, netipc};

#[test]
fn synthetic_cgroups_are_exactly_as_documented() {
    // NIPC-CGL-02, NIPC-CGL-04, NIPC-LKP-05
    let run_dir = RunDir::new();
    let provider = run_dir.serve(&["cgroups-lookup", "--items", "2"]);
    assert_eq!(provider.ready["services"][0], "cgroups-lookup");
    let paths = ["--path", "/synthetic/cgroup-1", "--path", "/synthetic/cgroup-2", "--path-hex", "2fff"];
    let outcome = run_dir.run(&[&["call", "cgroups-lookup", "--json"], &paths[..]].concat());
    assert_eq!(
        outcome.prints(),
        "{\"generation\":1,\"items\":[\
         {\"status\":\"known\",\"orchestrator\":2,\"path\":\"/synthetic/cgroup-1\",\"name\":\"cgroup-1\",\"labels\":[[\"index\",\"1\"]]},\
         {\"status\":\"unknown_permanent\",\"orchestrator\":0,\"path\":\"/synthetic/cgroup-2\",\"name\":\"\",\"labels\":[]},\
         {\"status\":\"unknown_permanent\",\"orchestrator\":0,\"path\":{\"hex\":\"2fff\"},\"name\":\"\",\"labels\":[]}]}\n"
    );
    // Not a terminal, so JSON without being asked.
    assert_eq!(run_dir.run(&[&["call", "cgroups-lookup"], &paths[..]].concat()).prints(), outcome.stdout);
}

#[test]
fn synthetic_processes_are_exactly_as_documented() {
    // NIPC-APL-01, NIPC-APL-02, NIPC-APL-04
    let run_dir = RunDir::new();
    let _provider = run_dir.serve(&["apps-lookup", "--items", "2"]);
    let outcome = run_dir.run(&["call", "apps-lookup", "--pid", "2", "--pid", "0", "--pid", "2", "--json"]);
    let known = "{\"status\":\"known\",\"cgroup_status\":\"known\",\"orchestrator\":2,\"pid\":2,\"ppid\":0,\"uid\":1000,\
                 \"starttime\":102,\"comm\":\"proc-2\",\"cgroup_path\":\"/synthetic/cgroup-2\",\"cgroup_name\":\"cgroup-2\",\
                 \"labels\":[[\"index\",\"2\"]]}";
    let unknown = "{\"status\":\"unknown\",\"cgroup_status\":\"known\",\"orchestrator\":0,\"pid\":0,\"ppid\":0,\
                   \"uid\":4294967295,\"starttime\":0,\"comm\":\"\",\"cgroup_path\":\"\",\"cgroup_name\":\"\",\"labels\":[]}";
    assert_eq!(outcome.prints(), format!("{{\"generation\":1,\"items\":[{known},{unknown},{known}]}}\n"));
}

#[test]
fn without_keys_the_generation_comes_back() {
    let run_dir = RunDir::new();
    let _cgroups = run_dir.serve(&["cgroups-lookup"]);
    let _apps = run_dir.serve(&["apps-lookup", "--service", "renamed"]);
    assert_eq!(run_dir.run(&["call", "cgroups-lookup"]).prints(), "{\"generation\":1,\"items\":[]}\n");
    let renamed = ["call", "apps-lookup", "--pids-from", "/dev/null", "--service", "renamed"];
    assert_eq!(run_dir.run(&renamed).prints(), "{\"generation\":1,\"items\":[]}\n");
}

#[test]
fn many_keys_come_from_a_file() {
    let run_dir = RunDir::new();
    let _cgroups = run_dir.serve(&["cgroups-lookup", "--items", "20000"]);
    let file = run_dir.path().join("paths");
    let mut text = String::new();
    for i in 0..20_001 {
        text += &format!("/synthetic/cgroup-{i}\n");
    }
    fs::write(&file, text).unwrap();
    let outcome = run_dir.run(&["call", "cgroups-lookup", "--paths-from", file.to_str().unwrap()]);
    let reply: Value = serde_json::from_str(outcome.prints()).unwrap();
    let items = reply["items"].as_array().unwrap();
    assert_eq!(items.len(), 20_001);
    for (i, item) in items[..20_000].iter().enumerate() {
        assert_eq!(item["name"], format!("cgroup-{i}"));
    }
    assert_eq!(items[20_000]["status"], "unknown_permanent");
}

#[test]
fn a_small_response_limit_takes_many_requests() {
    let run_dir = RunDir::new();
    let _apps = run_dir.serve(&["apps-lookup", "--items", "1000", "--max-response", "2048"]);
    let pids: Vec<_> = (0..=1001).map(|pid: u32| pid.to_string()).collect();
    let mut arguments = vec!["call", "apps-lookup"];
    arguments.extend(pids.iter().flat_map(|pid| ["--pid", pid]));
    let outcome = run_dir.run(&arguments);
    let reply: Value = serde_json::from_str(outcome.prints()).unwrap();
    let items = reply["items"].as_array().unwrap();
    assert_eq!(items.len(), 1002);
    for (pid, item) in items.iter().enumerate() {
        let status = if (1..=1000).contains(&pid) { "known" } else { "unknown" };
        assert_eq!((item["pid"].as_u64(), item["status"].as_str()), (Some(pid as u64), Some(status)));
    }
}

#[test]
fn a_dash_reads_the_standard_input() {
    let run_dir = RunDir::new();
    let _apps = run_dir.serve(&["apps-lookup"]);
    let mut command = netipc(&["call", "apps-lookup", "--pid", "3", "--pids-from", "-", "--run-dir"]);
    command.arg(run_dir.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"1 2\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let reply: Value = serde_json::from_slice(&output.stdout).unwrap();
    let pids: Vec<_> = reply["items"].as_array().unwrap().iter().map(|item| item["pid"].as_u64().unwrap()).collect();
    assert_eq!(pids, [3, 1, 2]);
}

#[test]
fn too_many_keys_for_one_call_are_told() {
    let run_dir = RunDir::new();
    let file = run_dir.path().join("pids");
    fs::write(&file, "7 ".repeat(65_537)).unwrap();
    run_dir.run(&["call", "apps-lookup", "--pids-from", file.to_str().unwrap()]).fails(1, "65537 keys");
}

#[test]
fn keys_that_cannot_be_are_usage_errors() {
    let run_dir = RunDir::new();
    let _cgroups = run_dir.serve(&["cgroups-lookup"]);
    run_dir.run(&["call", "cgroups-lookup", "--path", ""]).fails(2, "path");
    run_dir.run(&["call", "cgroups-lookup", "--path-hex", "2f00"]).fails(2, "path");
    run_dir.run(&["call", "cgroups-lookup", "--path-hex", "2"]).fails(2, "--path-hex");
    run_dir.run(&["call", "apps-lookup", "--pid", "-1"]).fails(2, "'-1'");
    run_dir.run(&["call", "apps-lookup", "--pid", "4294967296"]).fails(2, "--pid");
    run_dir.run(&["call", "apps-lookup", "--pids-from", "/nonexistent"]).fails(2, "/nonexistent");
}
