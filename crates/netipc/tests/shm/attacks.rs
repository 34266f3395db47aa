//! The file of a region, attacked from outside.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileTypeExt, chown, symlink};
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::thread;

use netipc::services::Increment;
use netipc::{ErrorKind, HeaderFault, Profiles, RegionFault, State};

use crate::raw::{Bed, Field, Raw, at, eventually, increment, incremented, set, set_all, u64_at};
use crate::region::{REQUESTS, RESPONSES, RawRegion, header, word, write_file};
use crate::support::{alone, child};
use crate::{RawClient, RawServer, client, file, hybrid_ack, increments, patient, regions, stands};

const SIZE: u64 = 64 + 1088 + 65600;

fn cut(path: &std::path::Path, length: u64) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(length).unwrap();
}

// NIPC-SHM-20: a file that is cut short costs the session, and not the process.
#[test]
fn cut_short_under_a_server() {
    alone("attacks::cut_short_under_a_server", || {
        let bed = Bed::new();
        let server = increments(&bed, |_| {});
        let mut bystander = client(&bed);
        for length in [0, 63, 64, 70] {
            for asleep in [false, true] {
                let peer = RawClient::connect(&bed);
                let path = file(&bed, u64_at(&peer.ack, at::ack::SESSION_ID));
                assert_eq!(peer.region.call(&increment(1, 1)), incremented(1, 2));
                cut(&path, length);
                if asleep {
                    // Nothing wakes it but the end of the socket.
                    drop(peer);
                } else {
                    // Whole again, so that this peer survives it. The server finds that numbers or bytes are gone.
                    cut(&path, SIZE);
                    for _ in 0..2 {
                        peer.region.announce(REQUESTS, 40);
                    }
                    peer.socket.end();
                }
                eventually("the session ends", || server.handle().status().shm_sessions == 1);
                eventually("the file goes", || !path.exists());
            }
        }
        assert_eq!(bystander.call(1).unwrap().value, 2);
        assert_eq!(bystander.status().counters.connects, 1);
    });
}

// NIPC-SHM-20: the words are there, and the message ends in a hole.
#[test]
fn cut_short_behind_its_words() {
    alone("attacks::cut_short_behind_its_words", || {
        let bed = Bed::new();
        let server = increments(&bed, |_| {});
        let hello = set_all(crate::hybrid_hello(), &[Field::U32(at::hello::REQUEST_PAYLOAD, 100_000)]);
        for length in [4096, 8192] {
            let peer = RawClient::with(&bed, &hello);
            assert_eq!(peer.region.call(&increment(1, 1)), incremented(1, 2));
            cut(&file(&bed, u64_at(&peer.ack, at::ack::SESSION_ID)), length);
            peer.region.announce(REQUESTS, 100_032);
            peer.end(&bed);
        }
        assert_eq!(server.handle().status().violations, 2);
        // The server meets it with its answer.
        let peer = RawClient::with(&bed, &hello);
        cut(&file(&bed, u64_at(&peer.ack, at::ack::SESSION_ID)), 4096);
        peer.region.send(REQUESTS, &increment(1, 1));
        peer.end(&bed);
        assert_eq!(client(&bed).call(1).unwrap().value, 2);
    });
}

// NIPC-SHM-20: the client is the one that meets the hole.
#[test]
fn cut_short_under_a_client() {
    alone("attacks::cut_short_under_a_client", || {
        let bed = Bed::new();
        let server = increments(&bed, |_| {});
        for _ in 0..10 {
            let mut client = client(&bed);
            assert_eq!(client.call(1).unwrap().value, 2);
            cut(&file(&bed, client.status().agreed.unwrap().session_id), 0);
            // Found out, and cured by another session.
            let error = client.call(1).map(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PeerMisbehaved, "{error}");
            assert!(error.to_string().contains("cut short"), "{error}");
            assert_eq!(client.refresh(), State::Ready);
            assert_eq!(client.call(1).unwrap().value, 2);
            drop(client);
            eventually("sessions end", || server.handle().status().sessions == 0);
            assert_eq!(regions(&bed), 0);
        }
    });
}

// NIPC-SHM-20: of a hundred regions in one process it is the one that was cut.
#[test]
fn cut_short_among_many() {
    alone("attacks::cut_short_among_many", || {
        let bed = Bed::new();
        let _server = increments(&bed, |config| config.listener.max_shm_sessions = 100);
        let mut clients: Vec<_> = (0..100).map(|_| client(&bed)).collect();
        for (index, client) in clients.iter_mut().enumerate() {
            if index % 9 == 0 {
                cut(&file(&bed, client.status().agreed.unwrap().session_id), 0);
            }
        }
        for (index, client) in clients.iter_mut().enumerate() {
            match client.call(1) {
                Ok(reply) => assert!(index % 9 != 0 && reply.value == 2),
                Err(error) => assert!(index % 9 == 0 && error.kind() == ErrorKind::PeerMisbehaved, "{error}"),
            }
        }
    });
}

// NIPC-SHM-20: again and again, at any moment, on both sides in one process.
#[test]
fn cut_short_at_any_moment() {
    alone("attacks::cut_short_at_any_moment", || {
        let bed = Bed::new();
        let server = increments(&bed, |_| {});
        let mut client = bed.client::<Increment>(patient);
        let mut losses = 0;
        for round in 0..60_u64 {
            assert_eq!(client.refresh(), State::Ready, "{:?}", client.status());
            let path = file(&bed, client.status().agreed.unwrap().session_id);
            thread::scope(|scope| {
                scope.spawn(|| {
                    for _ in 0..round * 37 % 500 {
                        std::hint::spin_loop();
                    }
                    // Gone already when a call before has ended the session.
                    if let Ok(file) = OpenOptions::new().write(true).open(&path) {
                        file.set_len(round % 3 * 600).unwrap();
                    }
                });
                for value in 0..20 {
                    losses += usize::from(client.call(value).is_err());
                }
            });
        }
        assert!(losses > 0, "no call met a cut");
        drop(client);
        eventually("sessions end", || server.handle().status().sessions == 0);
        assert_eq!(regions(&bed), 0);
    });
}

// NIPC-SHM-20: the handler is for our mappings. Every other SIGBUS kills as before.
#[test]
fn other_faults_still_kill() {
    for role in ["fault", "raise"] {
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["attacks::child", "--exact", "--test-threads=1", "--nocapture"])
            .env("NETIPC_TEST_ROLE", role)
            .output()
            .unwrap()
            .status;
        assert_eq!(status.signal(), Some(libc::SIGBUS), "{role}: {status}");
    }
}

/// Installs the handler by a session, and then dies of something else.
#[test]
fn child() {
    let Some(role) = child::role() else { return };
    let bed = Bed::new();
    let _server = increments(&bed, |_| {});
    client(&bed).call(1).unwrap();
    if role == "raise" {
        // The handler of the standard library, which had the signal before, lets the first one pass.
        for _ in 0..2 {
            // SAFETY: takes a number.
            unsafe { libc::raise(libc::SIGBUS) };
        }
    } else {
        let path = bed.endpoint().run_dir().join("other");
        write_file(&path, &[], 4096);
        let other = RawRegion::open(&path);
        cut(&path, 0);
        other.get(0);
    }
}

/// How a client fares with a server that grants shared memory and has put this in the place of its file.
fn meets(place: impl FnOnce(&Bed) + Send) -> RegionFault {
    let bed = Bed::new();
    let listener = bed.listener();
    thread::scope(|scope| {
        let bed = &bed;
        scope.spawn(move || {
            let (socket, hello) = listener.accept_hello();
            place(bed);
            socket.send(&hybrid_ack(&hello));
            socket.end();
            // It comes back without that profile, at once.
            let (socket, hello) = listener.accept_hello();
            assert_eq!(crate::raw::u32_at(&hello, at::hello::SUPPORTED), 1);
            socket.send(&crate::raw::ack_to(&hello));
            let request = socket.packet();
            socket.send(&incremented(u64_at(&request, at::MESSAGE_ID), 2));
            socket.end();
        });
        let mut client = bed.client::<Increment>(|config| {
            patient(config);
            config.connect_timeout = std::time::Duration::from_secs(10);
        });
        client.refresh();
        assert_eq!(stands(&client), (State::Ready, Some(Profiles::BASELINE), Some(Profiles::SHM_HYBRID)));
        let fault = client.status().fallback.unwrap().fault;
        assert_eq!(client.call(1).unwrap().value, 2);
        client.reset();
        assert_eq!(client.status().fallback, None);
        fault
    })
}

fn sound() -> Vec<u8> {
    header(std::process::id() as i32, 1088, 65600)
}

fn region_file(bed: &Bed) -> std::path::PathBuf {
    file(bed, RawServer::SESSION)
}

// NIPC-SHM-09, NIPC-SHM-17
#[test]
fn links_and_others_are_not_followed() {
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("target");
    write_file(&target, &sound(), SIZE);
    assert_eq!(meets(|bed| symlink(&target, region_file(bed)).unwrap()), RegionFault::NotAFile);
    assert_eq!(meets(|bed| fs::create_dir(region_file(bed)).unwrap()), RegionFault::NotAFile);
    let fifo = |bed: &Bed| {
        let made = Command::new("mkfifo").arg(region_file(bed)).status().unwrap();
        assert!(made.success() && region_file(bed).metadata().unwrap().file_type().is_fifo());
    };
    assert_eq!(meets(fifo), RegionFault::NotAFile);
    assert_eq!(meets(|bed| drop(crate::raw::RawListener::bind(&region_file(bed)))), RegionFault::NotAFile);
}

// NIPC-SHM-09: needs to give a file away, which only root may.
#[test]
fn somebody_elses_file_is_not_used() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let fault = meets(|bed| {
        write_file(&region_file(bed), &sound(), SIZE);
        chown(region_file(bed), Some(4711), None).unwrap();
    });
    assert_eq!(fault, RegionFault::Owner { got: 4711, expected: 0 });
}

// NIPC-SHM-10, NIPC-SHM-17
#[test]
fn unsound_headers_are_refused() {
    use HeaderFault as Fault;
    let with = |field: Field| move |bed: &Bed| write_file(&region_file(bed), &set(sound(), field), SIZE);
    for (field, fault) in [
        (Field::U32(word::MAGIC, 7), Fault::Magic { got: 7 }),
        (Field::U16(word::VERSION, 4), Fault::Version { got: 4 }),
        (Field::U16(word::HEADER_LEN, 128), Fault::HeaderLength { got: 128 }),
        (Field::U32(word::REQUEST_CAPACITY, 1089), Fault::Alignment { got: 1089 }),
        (Field::U32(word::RESPONSE_OFFSET, 1088), Fault::Order { got: 1088, needed: 1152 }),
        (Field::U32(word::RESPONSE_CAPACITY, 65664), Fault::Bounds { got: SIZE, needed: SIZE + 64 }),
    ] {
        assert_eq!(meets(with(field)), RegionFault::Header(fault));
    }
}

// NIPC-SHM-09, NIPC-SHM-17: what never comes is given up in time to do without.
#[test]
fn a_file_that_never_comes() {
    let within = std::time::Duration::from_millis(300);
    let bed = Bed::new();
    let listener = bed.listener();
    thread::scope(|scope| {
        scope.spawn(move || {
            let (socket, hello) = listener.accept_hello();
            socket.send(&hybrid_ack(&hello));
            socket.end();
            let (socket, hello) = listener.accept_hello();
            socket.send(&crate::raw::ack_to(&hello));
            socket.end();
        });
        let mut client = bed.client::<Increment>(|config| {
            patient(config);
            config.connect_timeout = within;
        });
        client.refresh();
        assert_eq!(stands(&client).2, Some(Profiles::SHM_HYBRID));
        let fault = client.status().fallback.unwrap().fault;
        assert!(fault.to_string().contains("could not open its file"), "{fault}");
    });
}

// NIPC-SHM-09: a region that is replaced before it is attached looks right, and nobody answers in it.
#[test]
fn a_replaced_file_costs_a_call() {
    let bed = Bed::new();
    let listener = bed.listener();
    thread::scope(|scope| {
        let bed = &bed;
        scope.spawn(move || {
            let (socket, hello) = listener.accept_hello();
            let path = region_file(bed);
            let _region = RawRegion::create(&path, 1088, 65600);
            let new = path.with_extension("new");
            write_file(&new, &sound(), SIZE);
            fs::rename(new, &path).unwrap();
            socket.send(&hybrid_ack(&hello));
            socket.end();
        });
        let mut client = client(bed);
        let short = std::time::Duration::from_millis(20);
        assert_eq!(client.call_within(1, short).unwrap_err().kind(), ErrorKind::Timeout);
        assert_eq!(client.status().state, State::Broken);
    });
}

// NIPC-SHM-20, NIPC-SHM-06: one that is replaced under a session does no harm, and is not taken for the server's own.
#[test]
fn a_replaced_name_is_left_alone() {
    let bed = Bed::new();
    let server = increments(&bed, |_| {});
    let mut client = client(&bed);
    let path = file(&bed, client.status().agreed.unwrap().session_id);
    let new = path.with_extension("new");
    fs::write(&new, b"somebody else's").unwrap();
    fs::rename(new, &path).unwrap();
    assert_eq!(client.call(1).unwrap().value, 2);
    drop(client);
    eventually("the session ends", || server.handle().status().sessions == 0);
    assert_eq!(fs::read(&path).unwrap(), b"somebody else's");
}

// NIPC-SHM-14: what the file says after it was attached does not count.
#[test]
fn headers_are_read_once() {
    let bed = Bed::new();
    let _server = increments(&bed, |_| {});
    let mut ours = client(&bed);
    assert_eq!(ours.call(1).unwrap().value, 2);
    let region = RawRegion::open(&file(&bed, 1));
    (0..32).step_by(4).for_each(|at| region.put(at, u32::MAX));
    for value in 0..100 {
        assert_eq!(ours.call(value).unwrap().value, value + 1);
    }
    assert_eq!(region.sequence(RESPONSES), 101);
    let other: Raw = bed.session();
    other.check_increment(1);
}
