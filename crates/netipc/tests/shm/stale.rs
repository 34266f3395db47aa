//! Files that a dead server left behind go with the next start; those of a living one stay, whatever their numbers say.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use netipc::{Listener, ListenerConfig};

use crate::raw::{Bed, Field, eventually, set};
use crate::region::{RawRegion, file_name, header, word, write_file};
use crate::{client, file, increments, over_memory, regions};

const SIZE: u64 = 64 + 1088 + 65600;

fn sound(pid: u32) -> Vec<u8> {
    header(pid as i32, 1088, 65600)
}

/// A process id that nobody has any more.
fn dead() -> u32 {
    let mut child = Command::new("true").stdin(Stdio::null()).spawn().unwrap();
    child.wait().unwrap();
    child.id()
}

fn place(bed: &Bed, session: u64, header: &[u8]) -> PathBuf {
    let path = file(bed, session);
    write_file(&path, header, SIZE);
    path
}

fn start(bed: &Bed) {
    let mut config = ListenerConfig::default();
    config.supported = crate::BOTH;
    drop(Listener::bind(&bed.endpoint(), config).unwrap());
}

// NIPC-SHM-06
#[test]
fn what_nobody_owns_goes() {
    let bed = Bed::new();
    let dead = dead();
    let live = std::process::id();
    let mut placed = vec![
        place(&bed, 1, &sound(dead)),
        place(&bed, 2, &set(sound(live), Field::U32(word::GENERATION, 0))),
        place(&bed, 3, &set(sound(live), Field::U32(word::MAGIC, 7))),
        place(&bed, 4, &set(sound(live), Field::U16(word::VERSION, 2))),
        place(&bed, 5, &set(sound(live), Field::U32(word::RESPONSE_CAPACITY, 1 << 30))),
        place(&bed, 6, &set(sound(live), Field::U32(word::PID, 0))),
        place(&bed, 7, &set(sound(live), Field::U32(word::PID, u32::MAX))),
    ];
    for (session, length) in [(8, 0), (9, 63)] {
        write_file(&file(&bed, session), &[], length);
        placed.push(file(&bed, session));
    }
    start(&bed);
    for path in placed {
        assert!(!path.exists(), "{path:?}");
    }
    assert_eq!(bed.files().len(), 0);
}

// NIPC-SHM-07: the process id of the header lives, and belongs to somebody else.
#[test]
fn a_recycled_process_id_keeps_nothing() {
    let bed = Bed::new();
    // This process has the number, and has not mapped the file.
    let path = place(&bed, 1, &sound(std::process::id()));
    start(&bed);
    assert!(!path.exists());
}

// NIPC-SHM-07: an existing server, which takes no lock.
#[test]
fn what_a_living_process_has_mapped_stays() {
    let bed = Bed::new();
    let path = place(&bed, 1, &sound(std::process::id()));
    let region = RawRegion::open(&path);
    start(&bed);
    assert!(path.exists());
    drop(region);
    start(&bed);
    assert!(!path.exists());
}

// NIPC-SHM-07: a server of ours that lost its endpoint and still serves, in another process id namespace perhaps.
#[test]
fn what_is_locked_stays() {
    let bed = Bed::new();
    let _server = increments(&bed, |_| {});
    let mut client = client(&bed);
    client.call(1).unwrap();
    let path = file(&bed, 1);
    let region = RawRegion::open(&path);
    region.put(word::PID, dead());
    region.put(word::GENERATION, 0);
    region.put(word::MAGIC, 0);
    fs::remove_file(bed.path()).unwrap();
    start(&bed);
    assert!(path.exists());
    assert_eq!(client.call(1).unwrap().value, 2);
}

// NIPC-SHM-06: names that only look alike, and what is no file.
#[test]
fn what_is_not_ours_stays() {
    let bed = Bed::new();
    let dir = bed.endpoint().run_dir().to_owned();
    let dead = sound(dead());
    let others = [
        "test-b-0000000000000001.ipcshm",
        "tes-0000000000000001.ipcshm",
        "test-1.ipcshm",
        "test-000000000000000A.ipcshm",
    ];
    for name in others {
        write_file(&dir.join(name), &dead, SIZE);
    }
    fs::create_dir(dir.join(file_name("test", 2))).unwrap();
    let target = dir.join("target");
    write_file(&target, &dead, SIZE);
    let link = file(&bed, 3);
    symlink(&target, &link).unwrap();
    start(&bed);
    for path in others.iter().map(|name| dir.join(name)).chain([target, file(&bed, 2)]) {
        assert!(path.exists(), "{path:?}");
    }
    assert!(link.symlink_metadata().is_err(), "a link is nobody's region, and what it points to is left alone");
}

// NIPC-SHM-05: a name that is taken costs the session its number, and nothing else.
#[test]
fn names_in_use_are_stepped_over() {
    let bed = Bed::new();
    let server = increments(&bed, |_| {});
    let mapped: Vec<RawRegion> =
        (1..4).map(|session| RawRegion::open(&place(&bed, session, &sound(std::process::id())))).collect();
    // What is stale goes at once.
    place(&bed, 4, &sound(dead()));
    let mut first = client(&bed);
    assert_eq!(first.status().agreed.unwrap().session_id, 4);
    assert_eq!(first.call(1).unwrap().value, 2);
    let more: Vec<RawRegion> =
        (5..21).map(|session| RawRegion::open(&place(&bed, session, &sound(std::process::id())))).collect();
    let without = bed.ready_client::<netipc::services::Increment>(crate::patient);
    assert_eq!(without.status().agreed.unwrap().profile, netipc::Profiles::BASELINE);
    let fault = Some(netipc::RegionFault::NamesTaken { tried: 16 });
    eventually("it is told", || server.handle().status().shm_fault == fault);
    assert_eq!(client(&bed).status().agreed.unwrap().session_id, 22);
    drop((mapped, more));
}

// NIPC-SHM-06: nothing is left by a server that stops, and what it did not make it leaves.
#[test]
fn a_stop_leaves_nothing() {
    let bed = Bed::new();
    let server =
        bed.server::<netipc::services::Increment>(over_memory, |request, reply| Ok(reply.value(request.value)?));
    let clients: Vec<_> = (0..5).map(|_| client(&bed)).collect();
    assert_eq!(regions(&bed), 5);
    // One is replaced by a file of somebody else.
    let theirs = file(&bed, 2);
    replace(&theirs);
    server.stop().unwrap();
    assert_eq!(regions(&bed), 1);
    assert!(theirs.exists());
    drop(clients);
}

fn replace(path: &Path) {
    let new = path.with_extension("new");
    fs::write(&new, b"somebody else's").unwrap();
    fs::rename(new, path).unwrap();
}
