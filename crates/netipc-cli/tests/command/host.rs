//! `netipc serve host` on made-up machines.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::netipc::RunDir;

const ID: &str = "4b5e57f6eb2f42b9039b3d1e13929295f231749c510cbe341cd68036d9af97e2";

/// A host with two cgroups and three processes in one of them.
pub(crate) fn machine(root: &Path) {
    let mount = "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    fs::create_dir_all(root.join("proc/1")).unwrap();
    fs::write(root.join("proc/1/mountinfo"), mount).unwrap();
    let cgroup = root.join("sys/fs/cgroup/system.slice/nginx.service");
    fs::create_dir_all(&cgroup).unwrap();
    fs::write(cgroup.join("cgroup.procs"), "10\n11\n12\n").unwrap();
    process(root, 2, "kthreadd", "/");
    for pid in 10..=12 {
        process(root, pid, "nginx", "/system.slice/nginx.service");
    }
}

fn process(root: &Path, pid: u32, comm: &str, cgroup: &str) {
    let directory = root.join("proc").join(pid.to_string());
    fs::create_dir_all(&directory).unwrap();
    let stat = format!("{pid} ({comm}) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 {} 0 0\n", 1000 + pid);
    fs::write(directory.join("stat"), stat).unwrap();
    fs::write(directory.join("status"), format!("Tgid:\t{pid}\nUid:\t33\t0\t0\t0\n")).unwrap();
    fs::write(directory.join("cgroup"), format!("0::{cgroup}\n")).unwrap();
}

/// A Docker container with its name and one label.
fn container(root: &Path) {
    fs::create_dir_all(root.join("sys/fs/cgroup/docker").join(ID)).unwrap();
    let directory = root.join("var/lib/docker/containers").join(ID);
    fs::create_dir_all(&directory).unwrap();
    let config = r#"{"Name":"/web","Config":{"Image":"nginx:1","Labels":null}}"#;
    fs::write(directory.join("config.v2.json"), config).unwrap();
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn host_serves_what_the_machine_has_and_moves_on_with_it() {
    // NIPC-SNAP-08
    let (run_dir, root) = (RunDir::new(), RunDir::new());
    machine(root.path());
    let provider = run_dir.serve(&["host", "--host-root", root.path().to_str().unwrap()]);
    assert_eq!(provider.ready["services"], json!(["cgroups-snapshot", "cgroups-lookup", "apps-lookup"]));
    let fetch = || parsed(run_dir.run(&["call", "cgroups-snapshot", "--json"]).prints());
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
fn cgroups_are_looked_up_with_what_their_engine_says() {
    let (run_dir, root) = (RunDir::new(), RunDir::new());
    machine(root.path());
    container(root.path());
    let _provider = run_dir.serve(&["host", "--host-root", root.path().to_str().unwrap()]);
    let container = format!("/docker/{ID}");
    let paths = ["--path", &container, "--path", "/system.slice", "--path", "/", "--path", "/../../etc"];
    let reply = parsed(run_dir.run(&[&["call", "cgroups-lookup"], &paths[..]].concat()).prints());
    let snapshot = parsed(run_dir.run(&["call", "cgroups-snapshot"]).prints());
    assert_eq!(reply["generation"], snapshot["generation"]);
    let unknown =
        |path: &str| json!({"status": "unknown_permanent", "orchestrator": 0, "path": path, "name": "", "labels": []});
    assert_eq!(
        reply["items"],
        json!([
            {"status": "known", "orchestrator": 2, "path": container, "name": "web", "labels": [["image", "nginx:1"]]},
            {"status": "known", "orchestrator": 1, "path": "/system.slice", "name": "system.slice", "labels": []},
            unknown("/"),
            unknown("/../../etc"),
        ])
    );
}

#[test]
fn processes_are_looked_up_where_they_live() {
    // NIPC-APL-05, NIPC-APL-06
    let (run_dir, root) = (RunDir::new(), RunDir::new());
    machine(root.path());
    container(root.path());
    process(root.path(), 20, "nginx: worker process", &format!("/docker/{ID}"));
    process(root.path(), 21, "gone", "/system.slice/old.service (deleted)");
    process(root.path(), 22, "untold", "");
    fs::remove_file(root.path().join("proc/22/cgroup")).unwrap();
    let _provider = run_dir.serve(&["host", "--host-root", root.path().to_str().unwrap()]);
    let look_up = |pids: &[&str]| {
        let pids = pids.iter().flat_map(|pid| ["--pid", pid]);
        parsed(run_dir.run(&["call", "apps-lookup"].into_iter().chain(pids).collect::<Vec<_>>()).prints())["items"]
            .take()
    };
    let app = |pid: u32, comm: &str, status: &str, path: &str| {
        json!({"status": "known", "cgroup_status": status, "orchestrator": 0, "pid": pid, "ppid": 1, "uid": 33,
               "starttime": 1000 + pid, "comm": comm, "cgroup_path": path, "cgroup_name": "", "labels": []})
    };
    let mut nginx = app(10, "nginx", "known", "/system.slice/nginx.service");
    (nginx["orchestrator"], nginx["cgroup_name"]) = (json!(1), json!("nginx.service"));
    let mut worker = app(20, "nginx: worker p", "known", &format!("/docker/{ID}"));
    (worker["orchestrator"], worker["cgroup_name"]) = (json!(2), json!("web"));
    worker["labels"] = json!([["image", "nginx:1"]]);
    assert_eq!(
        look_up(&["20", "2", "10", "21", "22"]),
        json!([
            worker,
            app(2, "kthreadd", "host_root", ""),
            nginx,
            app(21, "gone", "unknown_permanent", "/system.slice/old.service"),
            app(22, "untold", "unknown_retry_later", ""),
        ])
    );
    let unknown = look_up(&["0", "4294967295"]);
    assert!(unknown.as_array().unwrap().iter().all(|item| item["status"] == "unknown"), "{unknown}");

    // Nobody has looked at the machine since, and the cgroup is not known yet.
    fs::create_dir_all(root.path().join("sys/fs/cgroup/late.slice")).unwrap();
    process(root.path(), 30, "late", "/late.slice");
    let item = loop {
        let item = look_up(&["30"])[0].take();
        if item["cgroup_status"] != "unknown_retry_later" {
            break item;
        }
        assert_eq!(item["cgroup_path"], "/late.slice");
    };
    assert_eq!((&item["cgroup_status"], &item["cgroup_name"]), (&json!("known"), &json!("late.slice")));
}

#[test]
fn all_services_end_together_and_leave_nothing() {
    let (run_dir, root) = (RunDir::new(), RunDir::new());
    machine(root.path());
    let host = ["host", "--host-root", root.path().to_str().unwrap()];
    for signal in [Signal::TERM, Signal::INT] {
        let provider = run_dir.serve(&host);
        let mut sockets = run_dir.entries();
        sockets.sort();
        let names = ["apps-lookup.sock", "cgroups-lookup.sock", "cgroups-snapshot.sock"];
        assert_eq!(sockets, names.map(|name| run_dir.path().join(name)));
        provider.signal(signal);
        assert_eq!(provider.wait(), Some(0));
        assert!(run_dir.entries().is_empty());
    }
}

#[test]
fn one_service_that_cannot_be_bound_is_told_and_ends_all() {
    // NIPC-EP-12
    let (run_dir, root) = (RunDir::new(), RunDir::new());
    machine(root.path());
    let _other = run_dir.serve(&["apps-lookup"]);
    run_dir.run(&["serve", "host", "--host-root", root.path().to_str().unwrap()]).fails(1, "apps-lookup.sock");
    assert_eq!(run_dir.entries(), [run_dir.path().join("apps-lookup.sock")]);
    run_dir.run(&["call", "apps-lookup", "--pid", "1"]).prints();
}

#[test]
fn host_without_cgroups_is_told_before_anything_is_bound() {
    let (run_dir, root) = (RunDir::new(), RunDir::new());
    run_dir.run(&["serve", "host", "--host-root", root.path().to_str().unwrap()]).fails(1, "mountinfo");
    assert!(run_dir.entries().is_empty());
}
