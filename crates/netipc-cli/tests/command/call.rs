//! `netipc call` and `netipc ping` against `netipc serve`.

use std::os::unix::net::UnixDatagram;

use serde_json::{Value, json};

use crate::netipc::RunDir;

#[test]
fn increment_answers_with_the_next_number() {
    let run_dir = RunDir::new();
    let _provider = run_dir.serve(&["increment"]);
    let call = |more: &[&str]| run_dir.run(&[&["call", "increment"], more].concat()).prints().to_owned();
    assert_eq!(call(&["--value", "41"]), "{\"value\":42}\n");
    assert_eq!(call(&["--value", "0xff", "--json"]), "{\"value\":256}\n");
    assert_eq!(call(&["--value", "18446744073709551615"]), "{\"value\":0}\n");
    assert_eq!(call(&["--value", "41", "--batch", "3"]), "{\"values\":[42,43,44]}\n");
    assert_eq!(call(&["--value", "41", "--batch", "1"]), "{\"values\":[42]}\n");
    assert_eq!(call(&["--value", "41", "--pipeline", "3"]), "{\"values\":[42,43,44]}\n");
    assert_eq!(call(&["--value", "41", "--count", "2"]), "{\"value\":42}\n{\"value\":43}\n");
    assert_eq!(call(&["--value", "0", "--batch", "2", "--count", "2"]), "{\"values\":[1,2]}\n{\"values\":[3,4]}\n");
}

#[test]
fn a_batch_of_many_numbers_makes_the_limits_grow() {
    let run_dir = RunDir::new();
    let _provider = run_dir.serve(&["increment"]);
    let outcome = run_dir.run(&["call", "increment", "--value", "0", "--batch", "5000"]);
    let reply: Value = serde_json::from_str(outcome.prints()).unwrap();
    let values: Vec<_> = reply["values"].as_array().unwrap().iter().map(|value| value.as_u64().unwrap()).collect();
    assert_eq!(values, (1..=5000).collect::<Vec<_>>());
}

#[test]
fn string_reverse_tells_bytes_that_are_no_text_in_hexadecimal() {
    // NIPC-REV-04: the bytes of a character come out in reverse, and are none any more.
    let run_dir = RunDir::new();
    let _provider = run_dir.serve(&["string-reverse"]);
    let call = |more: &[&str]| run_dir.run(&[&["call", "string-reverse"], more].concat()).prints().to_owned();
    assert_eq!(call(&["--text", "hello"]), "{\"text\":\"olleh\"}\n");
    assert_eq!(call(&["--text", ""]), "{\"text\":\"\"}\n");
    assert_eq!(call(&["--text", "-x"]), "{\"text\":\"x-\"}\n");
    assert_eq!(call(&["--text-hex", "a9c368"]), "{\"text\":\"h\u{e9}\"}\n");
    assert_eq!(call(&["--text-hex", "68c3a9"]), "{\"text\":{\"hex\":\"a9c368\"}}\n");
}

#[test]
fn the_synthetic_snapshot_is_exactly_as_documented() {
    // NIPC-SNAP-07
    let run_dir = RunDir::new();
    let _provider = run_dir.serve(&["cgroups-snapshot", "--items", "2"]);
    let outcome = run_dir.run(&["call", "cgroups-snapshot", "--json"]);
    assert_eq!(
        outcome.prints(),
        "{\"generation\":1,\"systemd_enabled\":1,\"items\":[\
         {\"hash\":3822965010,\"options\":0,\"enabled\":0,\"name\":\"cgroup-0\",\"path\":\"/synthetic/cgroup-0\"},\
         {\"hash\":3822965011,\"options\":0,\"enabled\":1,\"name\":\"cgroup-1\",\"path\":\"/synthetic/cgroup-1\"}]}\n"
    );
    // Not a terminal, so JSON without being asked.
    assert_eq!(run_dir.run(&["call", "cgroups-snapshot"]).prints(), outcome.stdout);
}

#[test]
fn a_large_snapshot_makes_the_limits_grow() {
    let run_dir = RunDir::new();
    let _provider = run_dir.serve(&["cgroups-snapshot", "--items", "8000"]);
    let outcome = run_dir.run(&["call", "cgroups-snapshot", "--json"]);
    let reply: Value = serde_json::from_str(outcome.prints()).unwrap();
    assert_eq!(reply["items"].as_array().unwrap().len(), 8000);
}

#[test]
fn options_that_both_sides_take_work_together() {
    let run_dir = RunDir::new();
    let token = run_dir.path().join("token");
    std::fs::write(&token, "0x2a\n").unwrap();
    let token = token.to_str().unwrap();
    let uid = rustix::process::getuid().as_raw().to_string();
    let shared = [
        "--service",
        "renamed",
        "--auth-token-file",
        token,
        "--profiles",
        "baseline",
        "--prefer",
        "baseline",
        "--max-request",
        "2048",
        "--max-response",
        "4096",
        "--packet-size",
        "96",
        "--max-sessions",
        "2",
        "--socket-mode",
        "0660",
        "--timeout",
        "5s",
        "--json",
        "--allow-uid",
        &uid,
        "12345",
    ];
    let provider = run_dir.serve(&[&["string-reverse"], &shared[..]].concat());
    assert_eq!(provider.ready["services"], json!(["renamed"]));
    let text = "0123456789".repeat(60);
    let outcome = run_dir.run(&[&["call", "string-reverse", "--text", &text], &shared[..]].concat());
    let reversed: String = text.chars().rev().collect();
    assert_eq!(outcome.prints(), format!("{{\"text\":\"{reversed}\"}}\n"));
}

#[test]
fn nobody_there_is_exit_code_3() {
    // NIPC-EP-17
    let run_dir = RunDir::new();
    let outcome = run_dir.run(&["call", "increment", "--value", "1", "--json"]);
    outcome.fails(3, "increment.sock");
    let error: Value = serde_json::from_str(outcome.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(error["error"]["kind"], "not_found");
}

#[test]
fn a_wrong_token_is_exit_code_4() {
    // NIPC-HS-08
    let run_dir = RunDir::new();
    let _provider = run_dir.serve(&["increment", "--auth-token", "7"]);
    run_dir.run(&["call", "increment", "--value", "1", "--auth-token", "8"]).fails(4, "token");
    run_dir.run(&["call", "increment", "--value", "1", "--auth-token", "0x7"]).prints();
}

#[test]
fn a_user_that_is_not_on_the_list_is_exit_code_4() {
    // NIPC-HS-09
    let run_dir = RunDir::new();
    let other = (rustix::process::getuid().as_raw() + 1).to_string();
    let _provider = run_dir.serve(&["increment", "--allow-uid", &other]);
    run_dir.run(&["call", "increment", "--value", "1"]).fails(4, "user");
}

#[test]
fn a_request_over_the_limit_of_the_provider_is_exit_code_1() {
    let run_dir = RunDir::new();
    let _provider = run_dir.serve(&["string-reverse", "--max-request", "2048"]);
    let text = "x".repeat(5000);
    run_dir.run(&["call", "string-reverse", "--text", &text]).fails(1, "limit");
}

#[test]
fn another_service_at_the_endpoint_is_exit_code_1() {
    let run_dir = RunDir::new();
    let _provider = run_dir.serve(&["increment", "--service", "odd"]);
    run_dir.run(&["call", "string-reverse", "--text", "x", "--service", "odd"]).fails(1, "status");
}

#[test]
fn a_server_that_does_not_answer_is_exit_code_5() {
    let run_dir = RunDir::new();
    let path = run_dir.path().join("increment.sock");
    // A backlog that nobody ever accepts from.
    let listener = rustix::net::socket_with(
        rustix::net::AddressFamily::UNIX,
        rustix::net::SocketType::SEQPACKET,
        rustix::net::SocketFlags::CLOEXEC,
        None,
    )
    .unwrap();
    rustix::net::bind(&listener, &rustix::net::SocketAddrUnix::new(&path).unwrap()).unwrap();
    rustix::net::listen(&listener, 4).unwrap();
    run_dir.run(&["call", "increment", "--value", "1", "--timeout", "50ms"]).fails(5, "timed out");
}

#[test]
fn something_else_at_the_endpoint_is_told() {
    let run_dir = RunDir::new();
    let _socket = UnixDatagram::bind(run_dir.path().join("increment.sock")).unwrap();
    run_dir.run(&["call", "increment", "--value", "1"]).fails(1, "increment.sock");
}

#[test]
fn ping_counts_every_call() {
    let run_dir = RunDir::new();
    let _numbers = run_dir.serve(&["increment"]);
    let _cgroups = run_dir.serve(&["cgroups-snapshot"]);
    let outcome = run_dir.run(&["ping", "--count", "20", "--json"]);
    let times: Value = serde_json::from_str(outcome.prints()).unwrap();
    assert_eq!(times["count"], 20);
    assert!(times["min_us"].as_f64() <= times["median_us"].as_f64());
    assert!(times["median_us"].as_f64() <= times["p99_us"].as_f64());
    assert!(times["p99_us"].as_f64() <= times["max_us"].as_f64());

    let outcome = run_dir.run(&["ping", "cgroups-snapshot", "-c", "3", "-i", "1ms"]);
    assert!(outcome.prints().contains("3 calls"), "{outcome:?}");
    run_dir.run(&["ping", "string-reverse"]).fails(3, "string-reverse.sock");
}
