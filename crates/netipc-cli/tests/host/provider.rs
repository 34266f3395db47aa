//! When a provider looks again, and what it keeps.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use netipc_cli::host::{Bounds, Host, HostError, Pace, Provider};

use crate::fixture::Fixture;

const TREE: &str = "[mounts]\n\
    30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n\
    [tree]\n\
    . | a/b | 1\n\
    . | c | 2\n";

/// Walks at once when something is reported, and never without a report. Should the machine be out of inotify instances,
/// walks always, so that no test waits for ever.
const ON_REPORT: Pace = Pace { settle: Duration::ZERO, idle: Duration::MAX, blind: Duration::ZERO };

fn provider(fixture: &Fixture, pace: Pace) -> Provider {
    Provider::new(Host::new(fixture.root()), Bounds::default(), pace, |_| {}).unwrap()
}

/// A walk that took long makes the next one wait a little; the change stays noted meanwhile.
fn until(provider: &Provider, wanted: impl Fn(&netipc_cli::host::Snapshot) -> bool) {
    while !wanted(&provider.snapshot()) {
        std::thread::yield_now();
    }
}

#[test]
fn the_generation_moves_with_the_data_only() {
    // NIPC-SNAP-08
    let fixture = Fixture::build(TREE);
    let provider = provider(&fixture, ON_REPORT);
    let first = provider.snapshot();
    assert!(first.generation > 0);

    fs::write(fixture.directory(".", "a/memory.max"), "max").unwrap();
    assert_eq!(provider.snapshot().generation, first.generation);

    fs::create_dir(fixture.directory(".", "a/b/new")).unwrap();
    until(&provider, |snapshot| snapshot.generation != first.generation);
    let second = provider.snapshot();
    assert_eq!(second.generation, first.generation + 1);
    assert_eq!(second.cgroups.len(), first.cgroups.len() + 1);

    fs::remove_dir(fixture.directory(".", "a/b/new")).unwrap();
    until(&provider, |snapshot| snapshot.generation != second.generation);
    assert_eq!(provider.snapshot().cgroups, first.cgroups);
}

#[test]
fn a_child_swapped_for_another_is_noticed() {
    let fixture = Fixture::build(TREE);
    let provider = provider(&fixture, ON_REPORT);
    fs::create_dir(fixture.directory(".", "d")).unwrap();
    fs::remove_file(fixture.directory(".", "c/cgroup.procs")).unwrap();
    fs::remove_dir(fixture.directory(".", "c")).unwrap();
    until(&provider, |snapshot| snapshot.cgroups.iter().any(|cgroup| cgroup.path == b"/d"));
    assert!(provider.snapshot().cgroups.iter().all(|cgroup| cgroup.path != b"/c"));
}

#[test]
fn nothing_is_walked_while_nothing_happens() {
    let fixture = Fixture::build(TREE);
    let provider = provider(&fixture, ON_REPORT);
    let first = provider.snapshot();
    for _ in 0..100 {
        assert!(Arc::ptr_eq(&first, &provider.snapshot()));
    }
}

#[test]
fn a_failing_walk_keeps_the_last_snapshot_and_warns_once() {
    let fixture = Fixture::build(TREE);
    let warnings = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&warnings);
    let always = Pace { settle: Duration::ZERO, idle: Duration::ZERO, blind: Duration::ZERO };
    let provider = Provider::new(Host::new(fixture.root()), Bounds::default(), always, move |error| {
        assert!(matches!(error, HostError::MountTable { .. }));
        count.fetch_add(1, Ordering::Relaxed);
    })
    .unwrap();
    let good = provider.snapshot();
    fs::remove_file(fixture.root().join("proc/1/mountinfo")).unwrap();
    while warnings.load(Ordering::Relaxed) == 0 {
        assert!(Arc::ptr_eq(&good, &provider.snapshot()));
    }
    for _ in 0..10 {
        assert!(Arc::ptr_eq(&good, &provider.snapshot()));
    }
    assert_eq!(warnings.load(Ordering::Relaxed), 1);
}

#[test]
fn a_host_without_cgroups_says_what_is_missing() {
    let fixture = Fixture::build("[mounts]\n1 0 0:1 / / rw - ext4 /dev/sda rw\n");
    let error = Host::new(fixture.root()).hierarchies().unwrap_err();
    assert!(matches!(error, HostError::NoHierarchy { .. }));
    assert!(error.to_string().contains("lists no cgroup file system"), "{error}");
}

#[test]
fn a_cgroup_that_may_not_be_listed_is_there_but_not_enabled() {
    let fixture = Fixture::build(TREE);
    let closed = fixture.directory(".", "a");
    fs::set_permissions(fixture.root(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let snapshot = as_nobody(|| provider(&fixture, ON_REPORT).snapshot());
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    let paths: Vec<_> = snapshot.cgroups.iter().map(|cgroup| (&cgroup.path[..], cgroup.enabled)).collect();
    assert_eq!(paths, [(&b"/a"[..], false), (&b"/c"[..], true)]);
}

/// Permissions do not hold root back, so root works as somebody else here: on Linux a thread can have a user of its own.
fn as_nobody<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let nobody = rustix::process::Uid::from_raw(65534);
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            if rustix::process::geteuid().is_root() {
                rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
            }
            work()
        });
        worker.join().unwrap()
    })
}

#[test]
fn many_cgroups_in_several_hierarchies_appear_once() {
    let mut text = String::from(
        "[mounts]\n1 0 0:1 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
         2 0 0:2 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n[tree]\n",
    );
    for i in 0..600 {
        text += &format!("cpu memory | x{}/y{i} | \n", i % 40);
    }
    let fixture = Fixture::build(&text);
    let provider = provider(&fixture, ON_REPORT);
    assert_eq!(provider.snapshot().cgroups.len(), 640);
}
