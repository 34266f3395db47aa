//! When lookups get to know more, and which generation that is.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use netipc_cli::host::{Bounds, Catalog, Finding, Host, Orchestrator, Pace, Patience, Provider, Registry};

use crate::fixture::Fixture;

const TREE: &str = "[mounts]\n\
    30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n\
    [tree]\n\
    . | system.slice/docker.service | 1\n\
    . | docker | \n";
const ID: &str = "4b5e57f6eb2f42b9039b3d1e13929295f231749c510cbe341cd68036d9af97e2";
const FILE: &str =
    "var/lib/docker/containers/4b5e57f6eb2f42b9039b3d1e13929295f231749c510cbe341cd68036d9af97e2/config.v2.json";

/// Walks whenever asked, so that nothing depends on what is reported when.
const ALWAYS: Pace = Pace { settle: Duration::ZERO, idle: Duration::ZERO, blind: Duration::ZERO };
const HOUR: Duration = Duration::from_secs(3600);
/// Makes a catalog whenever asked, and waits for names as long as the test takes.
const PATIENT: Patience = Patience { settle: Duration::ZERO, grace: HOUR, recheck: Duration::ZERO };

fn registry(fixture: &Fixture, patience: Patience) -> Registry {
    let provider = Provider::new(Host::new(fixture.root()), Bounds::default(), ALWAYS, |_| {}).unwrap();
    Registry::new(Arc::new(provider), patience)
}

/// The next catalog for which something holds; walks may need a moment to be due.
fn until(registry: &Registry, wanted: impl Fn(&Catalog) -> bool) -> Arc<Catalog> {
    loop {
        let catalog = registry.catalog();
        if wanted(&catalog) {
            return catalog;
        }
        std::thread::yield_now();
    }
}

fn container() -> Vec<u8> {
    format!("/docker/{ID}").into_bytes()
}

fn start_container(fixture: &Fixture) {
    fs::create_dir(fixture.directory(".", "docker").join(ID)).unwrap();
}

fn describe(fixture: &Fixture, name: &str) {
    // As an engine does it: what is read is the old file or the new one.
    fixture.write("new", &format!(r#"{{"Name":"/{name}","Config":{{"Labels":{{"k":"v"}}}}}}"#));
    fs::create_dir_all(fixture.root().join(FILE).parent().unwrap()).unwrap();
    fs::rename(fixture.root().join("new"), fixture.root().join(FILE)).unwrap();
}

fn name(catalog: &Catalog) -> Option<String> {
    match catalog.find(&container()) {
        Finding::Known { name, .. } => Some(String::from_utf8(name.to_vec()).unwrap()),
        Finding::NotYet | Finding::Absent => None,
    }
}

#[test]
fn a_new_container_waits_for_its_name() {
    // NIPC-LKP-09
    let fixture = Fixture::build(TREE);
    let registry = registry(&fixture, PATIENT);
    let first = registry.catalog();
    assert_eq!(first.find(&container()), Finding::Absent);

    start_container(&fixture);
    assert!(registry.may_come(&first));
    let second = until(&registry, |catalog| catalog.contains(&container()));
    assert_eq!(second.find(&container()), Finding::NotYet);
    assert_eq!(second.generation(), first.generation() + 1);
    assert_eq!(registry.catalog().generation(), second.generation());

    describe(&fixture, "web");
    let third = registry.catalog();
    assert_eq!(third.generation(), second.generation() + 1);
    let labels = [(b"k".to_vec(), b"v".to_vec())];
    let found = Finding::Known { orchestrator: Orchestrator::Docker, name: b"web", labels: &labels };
    assert_eq!(third.find(&container()), found);
    // What was handed out stays as it was.
    assert_eq!(second.find(&container()), Finding::NotYet);
    assert_eq!(registry.catalog().generation(), third.generation());
}

#[test]
fn a_container_that_nobody_names_keeps_its_short_id() {
    let fixture = Fixture::build(TREE);
    let registry = registry(&fixture, Patience { grace: Duration::ZERO, ..PATIENT });
    start_container(&fixture);
    let catalog = until(&registry, |catalog| catalog.contains(&container()));
    assert_eq!(name(&catalog).as_deref(), Some("docker-4b5e57f6eb2f"));
    // Late, but not too late.
    describe(&fixture, "web");
    let named = registry.catalog();
    assert_eq!(name(&named).as_deref(), Some("web"));
    assert_eq!(named.generation(), catalog.generation() + 1);
}

#[test]
fn what_was_there_before_us_is_not_waited_for() {
    let fixture = Fixture::build(TREE);
    start_container(&fixture);
    let registry = registry(&fixture, PATIENT);
    assert_eq!(name(&registry.catalog()).as_deref(), Some("docker-4b5e57f6eb2f"));
}

#[test]
fn a_renamed_container_is_noticed_and_a_removed_one_keeps_its_name_to_the_end() {
    let fixture = Fixture::build(TREE);
    start_container(&fixture);
    describe(&fixture, "web");
    let registry = registry(&fixture, PATIENT);
    let first = registry.catalog();
    assert_eq!(name(&first).as_deref(), Some("web"));
    describe(&fixture, "www");
    let second = registry.catalog();
    assert_eq!((name(&second).as_deref(), second.generation()), (Some("www"), first.generation() + 1));
    fs::remove_file(fixture.root().join(FILE)).unwrap();
    assert_eq!(registry.catalog().generation(), second.generation());

    fs::remove_dir(fixture.directory(".", "docker").join(ID)).unwrap();
    until(&registry, |catalog| !catalog.contains(&container()));
    // Another container of that id is another one.
    start_container(&fixture);
    let again = until(&registry, |catalog| catalog.contains(&container()));
    assert_eq!(again.find(&container()), Finding::NotYet);
}

#[test]
fn files_are_read_only_when_that_is_due() {
    let fixture = Fixture::build(TREE);
    start_container(&fixture);
    describe(&fixture, "web");
    let registry = registry(&fixture, Patience { recheck: Duration::MAX, ..PATIENT });
    describe(&fixture, "www");
    fs::create_dir(fixture.directory(".", "more")).unwrap();
    let catalog = until(&registry, |catalog| catalog.contains(b"/more"));
    assert_eq!(name(&catalog).as_deref(), Some("web"));
}

#[test]
fn catalogs_keep_their_distance() {
    let fixture = Fixture::build(TREE);
    let registry = registry(&fixture, Patience { settle: HOUR, ..PATIENT });
    let first = registry.catalog();
    start_container(&fixture);
    assert!(Arc::ptr_eq(&first, &registry.catalog()));
    // But it is known that there is more.
    assert!(registry.may_come(&first));
}

#[test]
fn on_a_host_with_too_many_cgroups_nothing_more_may_come() {
    let fixture = Fixture::build(TREE);
    let mut few = Bounds::default();
    few.cgroups = 2;
    let provider = Provider::new(Host::new(fixture.root()), few, ALWAYS, |_| {}).unwrap();
    let registry = Registry::new(Arc::new(provider), PATIENT);
    start_container(&fixture);
    let catalog = registry.catalog();
    assert_eq!(catalog.find(&container()), Finding::Absent);
    assert!(!registry.may_come(&catalog));
}

#[test]
fn cgroups_that_a_user_can_make_up_tell_nothing_of_containers() {
    let fixture = Fixture::build(TREE);
    start_container(&fixture);
    describe(&fixture, "web");
    fixture.write(
        &format!("run/containerd/io.containerd.runtime.v2.task/k8s.io/{ID}/config.json"),
        r#"{"annotations":{"io.kubernetes.cri.sandbox-namespace":"shop","io.kubernetes.cri.sandbox-name":"web"}}"#,
    );
    let pod = "pod0f4a9cbd-8c8e-4b9d-a6d5-8f6d4b0c8a11";
    let of_pod = "pod-0f4a9cbd-8c8e-4b9d-a6d5-8f6d4b0c8a11/4b5e57f6eb2f";
    let manager = "user.slice/user-1000.slice/user@1000.service";
    let (docker, kubernetes) = (Orchestrator::Docker, Orchestrator::Kubernetes);
    let made_up = [
        (format!("{manager}/docker-{ID}.scope"), docker, "docker-4b5e57f6eb2f"),
        (format!("{manager}/docker/{ID}/below"), docker, "docker-4b5e57f6eb2f/below"),
        (format!("{manager}/kubepods/{pod}/{ID}"), kubernetes, of_pod),
        (format!("user.slice/user-1000.slice/session-1.scope/docker/{ID}"), docker, "docker-4b5e57f6eb2f"),
        (format!("docker/{ID}/user@0.service/docker/{ID}"), docker, "docker-4b5e57f6eb2f"),
    ];
    for (path, ..) in &made_up {
        fs::create_dir_all(fixture.directory(".", path)).unwrap();
    }
    // A user's cgroup inside of a container is part of it.
    let inside = format!("docker/{ID}/user.slice/user-1000.slice");
    fs::create_dir_all(fixture.directory(".", &inside)).unwrap();

    let catalog = registry(&fixture, PATIENT).catalog();
    assert_eq!(name(&catalog).as_deref(), Some("web"));
    for (path, expected, short) in &made_up {
        let Finding::Known { orchestrator, name, labels } = catalog.find(format!("/{path}").as_bytes()) else {
            panic!("{path} is not known");
        };
        let name = String::from_utf8(name.to_vec()).unwrap();
        assert_eq!((orchestrator, labels), (*expected, &[][..]), "{path}");
        // Where several would share a name, all but one are named by their paths.
        assert!(name.starts_with(short) || name == format!("/{path}"), "{path} is named {name}");
    }
    let labels = [(b"k".to_vec(), b"v".to_vec())];
    let name = &b"web/user.slice/user-1000.slice"[..];
    let found = Finding::Known { orchestrator: docker, name, labels: &labels };
    assert_eq!(catalog.find(format!("/{inside}").as_bytes()), found);
}

#[test]
fn engines_do_not_answer_for_one_another() {
    let fixture = Fixture::build(TREE);
    start_container(&fixture);
    describe(&fixture, "web");
    // Both before and after Docker's own in the order of paths.
    let others = [format!("a.slice/libpod-{ID}.scope"), format!("machine.slice/libpod-{ID}.scope")];
    for other in &others {
        fs::create_dir_all(fixture.directory(".", other)).unwrap();
    }
    let catalog = registry(&fixture, PATIENT).catalog();
    assert_eq!(name(&catalog).as_deref(), Some("web"));
    for other in &others {
        let found = catalog.find(format!("/{other}").as_bytes());
        let Finding::Known { orchestrator: Orchestrator::Podman, labels: [], name } = found else {
            panic!("{other} is {found:?}");
        };
        assert_ne!(name, b"web");
    }
}
