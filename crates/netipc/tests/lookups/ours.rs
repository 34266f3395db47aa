//! Against servers of ours: nothing is lost, reordered or wrongly called oversized, whatever the budgets.

use netipc::services::apps_lookup::{CgroupStatus, KnownFields, Orchestrator, Status};
use netipc::services::cgroups_lookup::{self, Status as CgroupsStatus};
use netipc::services::{AppsLookup, CgroupsLookup};
use netipc::{Client, ClientConfig, Endpoint, Error, RunningServer, Server, ServerConfig, Service};
use tempfile::TempDir;

use crate::client;
use crate::raw::Noise;
use crate::support::Watchdog;

/// Bytes of an item whose path has so many bytes: the fixed part, comm `x`, path and name, each with its NUL.
fn item_size(path: usize) -> usize {
    60 + 2 + path + 1 + 1
}

fn endpoint<S: Service>(dir: &TempDir) -> Endpoint {
    Endpoint::new(dir.path(), S::NAME).unwrap()
}

/// Knows every process but 0; the path of process `pid` has `path_len(pid)` bytes.
fn serve(dir: &TempDir, budget: Option<u32>, path_len: impl Fn(u32) -> usize + Send + Sync + 'static) -> RunningServer {
    let mut config = ServerConfig::default();
    config.listener.max_response_payload = budget;
    Server::<AppsLookup>::bind(endpoint::<AppsLookup>(dir), config, move |request, reply| {
        reply.generation(5);
        for key in request.keys() {
            if key.pid == 0 {
                reply.unknown()?;
                continue;
            }
            let path = vec![b'p'; path_len(key.pid)];
            reply.known(KnownFields {
                orchestrator: Orchestrator::DOCKER,
                cgroup_status: CgroupStatus::Known,
                ppid: 1,
                uid: 1000,
                starttime: 100,
                comm: b"x",
                cgroup_path: &path,
                cgroup_name: b"",
                labels: &[],
            })?;
        }
        Ok(())
    })
    .unwrap()
    .spawn()
    .unwrap()
}

#[test]
fn every_budget_gives_the_answers_that_fit() {
    // NIPC-L2C-25, NIPC-LKP-12, NIPC-LKP-14: the limits are fixed, so what does not fit alone stays oversized.
    let _watchdog = Watchdog::start();
    let mut noise = Noise(7);
    for round in 0..40 {
        let dir = tempfile::tempdir().unwrap();
        let budget = 160 + noise.next() % 3000;
        let longest = 1 + noise.next() % 1500;
        let path_len = move |pid: u32| 1 + (u64::from(pid) * 2_654_435_761 % longest) as usize;
        let _server = serve(&dir, Some(budget as u32), path_len);
        let mut client = client(&endpoint::<AppsLookup>(&dir), |config| {
            config.session.max_request_payload = 64 + (noise.next() % 2000) as u32;
        });
        let keys: Vec<u32> = (0..noise.next() % 300).map(|_| (noise.next() % 1000) as u32).collect();
        let reply = client.lookup(&keys).unwrap();
        assert_eq!((reply.items().len(), reply.generation()), (keys.len(), 5), "round {round}");
        for (item, &pid) in reply.items().into_iter().zip(&keys) {
            assert_eq!(item.pid(), pid);
            // Alone in a reply: 16 bytes of header and 8 of directory go before it.
            let expected = match pid {
                0 => Status::Unknown,
                pid if 24 + item_size(path_len(pid)) <= budget as usize => Status::Known,
                _ => Status::OversizedItem,
            };
            assert_eq!(item.status(), expected, "round {round}: pid {pid}, budget {budget}");
            if expected == Status::Known {
                assert_eq!(item.cgroup_path().len(), path_len(pid));
            }
        }
    }
}

#[test]
fn fault_08_no_item_is_called_oversized_that_would_fit_alone() {
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let _server = serve(&dir, Some(1024), |pid| if pid == 1 { 400 } else { 1 });
    let mut client = client(&endpoint::<AppsLookup>(&dir), |_| {});
    let keys: Vec<u32> = (1..=14).collect();
    let reply = client.lookup(&keys).unwrap();
    assert!(reply.items().into_iter().all(|item| item.status() == Status::Known));
    assert_eq!(reply.items().get(0).unwrap().cgroup_path().len(), 400);
}

#[test]
fn large_answers_take_a_request_each() {
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let _server = serve(&dir, None, |_| 60_000);
    let mut client = client(&endpoint::<AppsLookup>(&dir), |_| {});
    let reply = client.lookup(&[1, 2, 3]).unwrap();
    assert!(reply.items().into_iter().all(|item| item.cgroup_path().len() == 60_000));
}

#[test]
fn as_many_keys_as_are_allowed() {
    // NIPC-L2C-26, NIPC-L2C-27, NIPC-L2C-35
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let _server = serve(&dir, None, |_| 20);
    let mut client = client(&endpoint::<AppsLookup>(&dir), |config| config.session.max_request_payload = 1 << 20);
    let keys: Vec<u32> = (1..=65_536).collect();
    let reply = client.lookup(&keys).unwrap();
    assert!(
        reply.items().into_iter().zip(&keys).all(|(item, &pid)| item.pid() == pid && item.status() == Status::Known)
    );
    let keys: Vec<u32> = (0..=65_536).collect();
    assert!(matches!(client.lookup(&keys), Err(Error::LimitExceeded { got: 65_537, allowed: 65_536, .. })));
    assert!(client.is_ready());
}

#[test]
fn no_keys_bring_the_generation() {
    // NIPC-L2C-34
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let _server = serve(&dir, None, |_| 1);
    let mut client = client(&endpoint::<AppsLookup>(&dir), |_| {});
    let reply = client.lookup(&[]).unwrap();
    assert_eq!((reply.items().len(), reply.generation()), (0, 5));
}

#[test]
fn one_large_answer_does_not_slow_the_others_down() {
    // NIPC-L2C-30
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let server = serve(&dir, Some(4096), |pid| if pid == 1 { 3900 } else { 20 });
    let mut client = client(&endpoint::<AppsLookup>(&dir), |_| {});
    let keys: Vec<u32> = (1..=5000).collect();
    let reply = client.lookup(&keys).unwrap();
    assert!(reply.items().into_iter().all(|item| item.status() == Status::Known));
    let answered = server.handle().status().answered;
    assert!(answered < 400, "{answered} requests");
}

#[test]
fn a_small_key_is_not_blamed_for_what_an_earlier_one_proposed() {
    // NIPC-L2C-32, NIPC-L2C-23
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let server = serve_cgroups(&dir, None);
    let mut client = Client::<CgroupsLookup>::new(endpoint::<CgroupsLookup>(&dir), ClientConfig::default());
    client.refresh();
    let long = vec![b'/'; 10_000];
    assert_eq!(client.lookup(&[&long]).unwrap().items().get(0).unwrap().status(), CgroupsStatus::Known);
    server.stop().unwrap();
    for keys in [vec![&b"/a"[..]], vec![&b"/a"[..], b"/b"]] {
        // The new one takes less than what the client has come to propose.
        let server = serve_cgroups(&dir, Some(4096));
        let reply = client.lookup(&keys).unwrap();
        assert!(reply.items().into_iter().all(|item| item.status() == CgroupsStatus::Known));
        server.stop().unwrap();
        let server = serve_cgroups(&dir, None);
        client.refresh();
        client.lookup(&[&long]).unwrap();
        server.stop().unwrap();
    }
}

#[test]
fn as_many_long_paths_as_are_allowed() {
    // NIPC-L2C-35: with all defaults.
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let _server = serve_cgroups(&dir, None);
    let mut client = Client::<CgroupsLookup>::new(endpoint::<CgroupsLookup>(&dir), ClientConfig::default());
    client.refresh();
    let paths: Vec<String> = (0..65_536).map(|i| format!("/kubepods.slice/{}/{i:08}", "p".repeat(70))).collect();
    let keys: Vec<&[u8]> = paths.iter().map(String::as_bytes).collect();
    let reply = client.lookup(&keys).unwrap();
    assert!(reply.items().into_iter().zip(&keys).all(|(item, path)| item.path() == *path));
}

fn serve_cgroups(dir: &TempDir, max_request: Option<u32>) -> RunningServer {
    let mut config = ServerConfig::default();
    config.listener.max_request_payload = max_request;
    Server::<CgroupsLookup>::bind(endpoint::<CgroupsLookup>(dir), config, |request, reply| {
        reply.generation(9);
        for _ in request.keys() {
            let orchestrator = cgroups_lookup::Orchestrator::SYSTEMD;
            reply.known(cgroups_lookup::KnownFields { orchestrator, name: b"n", labels: &[] })?;
        }
        Ok(())
    })
    .unwrap()
    .spawn()
    .unwrap()
}

#[test]
fn a_path_that_fits_no_request_is_oversized_here() {
    // NIPC-L2C-32, NIPC-L2C-34
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let _server = serve_cgroups(&dir, Some(4096));
    let mut client = Client::<CgroupsLookup>::new(endpoint::<CgroupsLookup>(&dir), ClientConfig::default());
    client.refresh();
    // More than this server takes, and more than any server may take.
    let (large, huge) = (vec![b'/'; 5000], vec![b'/'; 2 << 20]);
    let keys: [&[u8]; 4] = [b"/a", &large, &huge, b"/b"];
    let reply = client.lookup(&keys).unwrap();
    let statuses: Vec<_> = reply.items().into_iter().map(|item| (item.path().len(), item.status())).collect();
    let expected = [
        (2, CgroupsStatus::Known),
        (5000, CgroupsStatus::OversizedItem),
        (2 << 20, CgroupsStatus::OversizedItem),
        (2, CgroupsStatus::Known),
    ];
    assert_eq!((statuses, reply.generation()), (expected.to_vec(), 9));
    // Only such keys: the generation has to be asked for.
    let reply = client.lookup(&[&huge]).unwrap();
    assert_eq!((reply.items().len(), reply.generation()), (1, 9));
}
