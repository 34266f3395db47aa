//! `netipc top`.

use netipc::services::Increment;
use netipc::{Client, ClientConfig, Endpoint};
use serde_json::{Value, json};

use crate::netipc::RunDir;

fn told(run_dir: &RunDir, arguments: &[&str]) -> Vec<Value> {
    let told = run_dir.run(&[&["top", "--json", "-i", "1ms"], arguments].concat());
    let lines: Vec<Value> = told.prints().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.into_iter().map(|line| line["servers"].clone()).collect()
}

#[test]
fn tells_what_servers_do() {
    let run_dir = RunDir::new();
    let _numbers = run_dir.serve(&["increment", "--max-sessions", "9"]);
    let _texts = run_dir.serve(&["string-reverse"]);
    let endpoint = Endpoint::new(run_dir.path(), "increment").unwrap();
    let mut client = Client::<Increment>::new(endpoint, ClientConfig::default());
    client.refresh();
    for value in 0..5 {
        client.call(value).unwrap();
    }
    let [servers] = told(&run_dir, &[]).try_into().unwrap();
    assert_eq!((&servers[0]["service"], &servers[1]["service"]), (&json!("increment"), &json!("string-reverse")));
    let server = &servers[0];
    assert_eq!((&server["answered"], &server["failed"], &server["max_sessions"]), (&json!(5), &json!(0), &json!(9)));
    assert_eq!(
        (&server["implementation"], &server["profiles"]),
        (&json!("in_rust"), &json!(["baseline", "shm-hybrid"]))
    );
    assert_eq!(server["answered_per_second"], 0.0);
    assert_eq!(server["shm_sessions"], 0, "who looks takes no shared memory");
    let session = &server["session_list"][0];
    assert_eq!((&session["answered"], &session["pid"]), (&json!(5), &json!(std::process::id())));

    let only = told(&run_dir, &["string-reverse", "-c", "3"]);
    assert_eq!(only.len(), 3);
    assert!(only.iter().all(|servers| servers.as_array().unwrap().len() == 1));

    let shown = run_dir.run(&["top", "--prometheus"]);
    let expected = "netipc_server_requests_total{service=\"increment\",outcome=\"answered\"} 5";
    assert!(shown.prints().lines().any(|line| line == expected), "{shown:?}");
    assert!(shown.stdout.contains("{service=\"string-reverse\"} "));
}

#[test]
fn says_which_servers_are_not_there() {
    let run_dir = RunDir::new();
    let [servers] = told(&run_dir, &["increment"]).try_into().unwrap();
    assert_eq!(servers[0]["error"]["kind"], "not_found");
    run_dir.run(&["top", "--prometheus"]).fails(3, "no endpoint");
    let [servers] = told(&run_dir, &[]).try_into().unwrap();
    assert_eq!(servers, json!([]));
    run_dir.run(&["top", "--prometheus", "--json"]).fails(2, "--json");
    run_dir.run(&["top", "no/name"]).fails(2, "no/name");
}
