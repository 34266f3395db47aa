//! Every fixture gives exactly the snapshot that it says.

use netipc::proto::hash::djb2;
use netipc_cli::host::{Bounds, Host, Pace, Provider};

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
}
