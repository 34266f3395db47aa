//! Every fixture gives exactly the snapshot that it says.

use std::sync::Arc;

use netipc::proto::hash::djb2;
use netipc_cli::host::{Bounds, Finding, Host, Pace, Patience, Place, Provider, Registry, Snapshot};

use crate::fixture::{Expected, Fixture};

macro_rules! trees {
    ($($name:ident: $file:literal, systemd $systemd:literal;)+) => {$(
        #[test]
        fn $name() {
            check(include_str!(concat!("../fixtures/", $file)), $systemd);
        }
    )+};
}

trees! {
    v1_with_docker: "v1-docker.txt", systemd true;
    v2_with_podman: "v2-podman.txt", systemd true;
    kubernetes_with_the_systemd_driver: "k8s-systemd.txt", systemd true;
    kubernetes_with_the_cgroupfs_driver: "k8s-cgroupfs.txt", systemd false;
    hybrid_with_machines: "hybrid-machines.txt", systemd true;
}

fn check(text: &str, systemd: bool) {
    let fixture = Fixture::build(text);
    let host = Host::new(fixture.root());
    let hierarchies = host.hierarchies().unwrap();
    let provider = Provider::new(host.clone(), Bounds::default(), Pace::default(), |_| {}).unwrap();
    let snapshot = provider.snapshot();
    assert_eq!(snapshot.systemd, systemd);
    assert!(!snapshot.truncated);
    assert!(snapshot.cgroups.iter().all(|cgroup| cgroup.enabled));
    // NIPC-SNAP-07
    assert!(snapshot.cgroups.iter().all(|cgroup| cgroup.hash == djb2(&cgroup.name)));

    let seen: Vec<_> = snapshot
        .cgroups
        .iter()
        .map(|cgroup| Expected {
            path: String::from_utf8(cgroup.path.clone()).unwrap(),
            name: String::from_utf8(cgroup.name.clone()).unwrap(),
            orchestrator: cgroup.orchestrator.name().to_owned(),
            options: cgroup.options,
            processes: host.processes(&hierarchies, &cgroup.path).unwrap(),
        })
        .collect();
    for (seen, expected) in seen.iter().zip(&fixture.expect) {
        assert_eq!(seen, expected);
    }
    assert_eq!(seen.len(), fixture.expect.len());

    let registry = Registry::new(Arc::new(provider), Patience::default());
    look_up(&fixture, &snapshot, &registry);
    look_at_processes(&fixture, &host, &registry);
}

/// Every cgroup is found, with what the files say of it or else as its path says.
fn look_up(fixture: &Fixture, snapshot: &Snapshot, registry: &Registry) {
    let catalog = registry.catalog();
    for cgroup in &snapshot.cgroups {
        let Finding::Known { orchestrator, name, labels } = catalog.find(&cgroup.path) else {
            panic!("{cgroup:?} is not known");
        };
        assert_eq!(orchestrator, cgroup.orchestrator);
        let name = std::str::from_utf8(name).unwrap();
        let labels: Vec<_> = labels
            .iter()
            .map(|(key, value)| format!("{}={}", String::from_utf8_lossy(key), String::from_utf8_lossy(value)))
            .collect();
        match fixture.described.iter().find(|described| described.path.as_bytes() == cgroup.path) {
            Some(described) => assert_eq!((name, labels), (described.name.as_str(), described.labels.clone())),
            None => assert_eq!((name.as_bytes(), labels), (&cgroup.name[..], vec![])),
        }
    }
    assert!(fixture.described.iter().all(|described| catalog.contains(described.path.as_bytes())));
    // NIPC-CGL-06
    for absent in ["/", "/nowhere", "/system.slice/", "/system.slice/../system.slice"] {
        assert_eq!(catalog.find(absent.as_bytes()), Finding::Absent);
    }
}

fn look_at_processes(fixture: &Fixture, host: &Host, registry: &Registry) {
    let catalog = registry.catalog();
    let mut table = host.process_table().unwrap();
    for expected in &fixture.processes {
        let process = table.get(expected.pid).unwrap();
        assert_eq!(
            (process.ppid, process.uid, process.starttime),
            (expected.ppid, Some(expected.uid), expected.starttime)
        );
        assert_eq!(process.comm, &expected.comm.as_bytes()[..expected.comm.len().min(15)]);
        let place = match process.place(|path| catalog.contains(path)) {
            Place::Root => "root".to_owned(),
            Place::Cgroup(path) => String::from_utf8(path.to_vec()).unwrap(),
            Place::Deleted(path) => format!("deleted {}", String::from_utf8_lossy(path)),
            Place::Untold => "untold".to_owned(),
        };
        assert_eq!(place, expected.place, "{process:?}");
    }
    assert_eq!(table.get(4_000_000), None);
}
