//! What existing peers do, and the bytes that both sides agree on.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::atomic::Ordering;
use std::thread;

use netipc::services::Increment;
use netipc::{ErrorKind, Profiles, State};

use crate::raw::{Bed, Field, Raw, at, eventually, hello, increment, incremented, request, set_all, u32_at, u64_at};
use crate::region::{REQUESTS, RESPONSES, RawRegion, word};
use crate::{RawClient, RawServer, client, file, hybrid_ack, hybrid_hello, increments, patient, regions, stands};

// NIPC-SHM-01, NIPC-SHM-02, NIPC-SHM-03, NIPC-SHM-04
#[test]
fn the_file_is_ready_when_the_ack_comes() {
    let bed = Bed::new();
    let _server = increments(&bed, |_| {});
    let fields = [Field::U32(at::hello::REQUEST_PAYLOAD, 1000)];
    let (_socket, ack) = Raw::session_with(&bed.path(), &set_all(hybrid_hello(), &fields));
    let path = file(&bed, u64_at(&ack, at::ack::SESSION_ID));
    assert_eq!(path.file_name().unwrap(), "test-0000000000000001.ipcshm");
    let metadata = path.symlink_metadata().unwrap();
    assert!(metadata.is_file());
    assert_eq!(metadata.permissions().mode() & 0o7777, 0o600);
    assert_eq!(metadata.len(), 64 + 1088 + 65600);
    assert!(metadata.blocks() * 512 >= metadata.len(), "its memory is reserved");
    let region = RawRegion::open(&path);
    assert_eq!(region.get(word::MAGIC), 0x4e53_484d);
    assert_eq!(region.get(word::VERSION).to_le_bytes(), [3, 0, 64, 0]);
    assert_eq!(region.get(word::PID), std::process::id());
    assert_ne!(region.get(word::GENERATION), 0);
    let places = [word::REQUEST_OFFSET, word::REQUEST_CAPACITY, word::RESPONSE_OFFSET, word::RESPONSE_CAPACITY];
    assert_eq!(places.map(|at| region.get(at)), [64, 1088, 1152, 65600]);
    assert!((32..region.size()).step_by(4).all(|at| region.get(at) == 0), "the rest is zero");
}

// NIPC-SHM-08: nothing is made for those who do not use it.
#[test]
fn clients_without_it_cost_nothing() {
    let bed = Bed::new();
    let server = increments(&bed, |_| {});
    let socket = bed.session();
    socket.check_increment(1);
    let refused = Raw::connect(&bed.path());
    refused.send(&set_all(hybrid_hello(), &[Field::U64(at::hello::TOKEN, 1)]));
    assert_eq!(crate::raw::u16_at(&refused.packet(), at::STATUS), 2);
    let silent = bed.connect();
    assert_eq!(regions(&bed), 0);
    assert_eq!(server.handle().status().shm_fallbacks, 0);
    drop((socket, silent));
}

// NIPC-SHM-11, NIPC-SHM-12
#[test]
fn a_client_calls_by_bytes() {
    let bed = Bed::new();
    let server = increments(&bed, |_| {});
    let peer = RawClient::connect(&bed);
    for id in 1..200 {
        assert_eq!(peer.region.call(&increment(id, 41)), incremented(id, 42));
        assert_eq!(peer.region.sequence(REQUESTS), id);
        assert_eq!(peer.region.sequence(RESPONSES), id);
    }
    assert_eq!(server.handle().status().shm_sessions, 1);
    // A wrong method and a malformed payload: answered, and the session goes on.
    let answer = peer.region.call(&request(9, 1, &[]));
    assert_eq!((answer[14], answer.len()), (4, 32));
    let answer = peer.region.call(&request(1, 1, &[0; 7]));
    assert_eq!((answer[14], answer.len()), (1, 32));
    assert_eq!(peer.region.call(&increment(1, 1)), incremented(1, 2));
    assert!(peer.socket.receive_now().is_none(), "nothing travels on the socket");
}

// NIPC-SHM-11, NIPC-SHM-12: signals that wrap, additions and wake-ups that bring nothing.
#[test]
fn signals_say_nothing_by_themselves() {
    let bed = Bed::new();
    let _server = increments(&bed, |_| {});
    let peer = RawClient::connect(&bed);
    for (id, signal) in (1..).zip([u32::MAX - 1, u32::MAX, 0, 0x8000_0000, 0x7fff_ffff]) {
        peer.region.put(REQUESTS.signal, signal);
        peer.region.put(RESPONSES.signal, signal);
        for way in [REQUESTS, RESPONSES, REQUESTS] {
            peer.region.ring(way);
        }
        assert_eq!(peer.region.call(&increment(id, id)), incremented(id, id + 1));
    }
    thread::scope(|scope| {
        let caller = scope.spawn(|| {
            for id in 10..200 {
                assert_eq!(peer.region.call(&increment(id, id)), incremented(id, id + 1));
            }
        });
        while !caller.is_finished() {
            peer.region.ring(REQUESTS);
            peer.region.ring(RESPONSES);
        }
    });
}

// NIPC-SHM-12: a client that attaches late, and bytes on the socket, which nobody reads.
#[test]
fn a_client_may_take_its_time() {
    let bed = Bed::new();
    let server = increments(&bed, |_| {});
    let (socket, ack) = Raw::session_with(&bed.path(), &hybrid_hello());
    // Others come and go meanwhile.
    for _ in 0..3 {
        client(&bed).call(1).unwrap();
    }
    socket.send(b"not for anybody");
    let region = RawRegion::open(&file(&bed, u64_at(&ack, at::ack::SESSION_ID)));
    assert_eq!(region.call(&increment(1, 1)), incremented(1, 2));
    drop(socket);
    eventually("the session ends", || server.handle().status().sessions == 0);
    assert_eq!(regions(&bed), 0);
}

// NIPC-SHM-12: the numbers go on from whatever they are, also across the end of their words.
#[test]
fn numbers_start_anywhere() {
    for (requests, responses, signal) in [(0, 0, 0), (7, 7, 9), (u64::MAX - 2, u64::MAX - 2, u32::MAX - 2)] {
        let bed = Bed::new();
        let listener = bed.listener();
        thread::scope(|scope| {
            let bed = &bed;
            scope.spawn(move || {
                let server = RawServer::accept_with(bed, &listener, |region| {
                    region.u64(REQUESTS.sequence).store(requests, Ordering::SeqCst);
                    region.u64(RESPONSES.sequence).store(responses, Ordering::SeqCst);
                    region.put(REQUESTS.signal, signal);
                    region.put(RESPONSES.signal, signal);
                });
                for turn in 0..6_u64 {
                    let own = requests.wrapping_add(turn);
                    eventually("a request comes", || server.region.sequence(REQUESTS) == own.wrapping_add(1));
                    let request = server.region.read(REQUESTS);
                    let id = u64_at(&request, at::MESSAGE_ID);
                    server.region.send(RESPONSES, &incremented(id, u64_at(&request, 32) + 1));
                }
                server.socket.end();
            });
            let mut client = client(bed);
            for value in 0..6 {
                assert_eq!(client.call(value).unwrap().value, value + 1);
            }
            drop(client);
        });
    }
}

// NIPC-SHM-09: a file that is not there yet, or not finished, when the ACK comes.
#[test]
fn a_server_may_be_late() {
    let bed = Bed::new();
    let listener = bed.listener();
    thread::scope(|scope| {
        let bed = &bed;
        scope.spawn(move || {
            let (socket, hello) = listener.accept_hello();
            let path = file(bed, RawServer::SESSION);
            socket.send(&hybrid_ack(&hello));
            // By bytes, step by step; the client looks again and again.
            let header = crate::region::header(std::process::id() as i32, 1088, 65600);
            std::fs::write(&path, []).unwrap();
            thread::yield_now();
            std::fs::write(&path, [0; 64]).unwrap();
            thread::yield_now();
            let new = path.with_extension("new");
            crate::region::write_file(&new, &header, 64 + 1088 + 65600);
            std::fs::rename(&new, &path).unwrap();
            let server = RawServer { socket, region: RawRegion::open(&path) };
            server.answer(3);
            server.socket.end();
        });
        let mut client = client(bed);
        for value in 0..3 {
            assert_eq!(client.call(value).unwrap().value, value + 1);
        }
    });
}

// NIPC-SHM-09: who hangs up meanwhile is not waited for, and has not made the client do without.
#[test]
fn a_server_that_hangs_up_is_not_waited_for() {
    let bed = Bed::new();
    let listener = bed.listener();
    thread::scope(|scope| {
        scope.spawn(move || {
            let (socket, hello) = listener.accept_hello();
            socket.send(&hybrid_ack(&hello));
        });
        let mut client = bed.client::<Increment>(|config| {
            patient(config);
            config.connect_timeout = crate::HOUR;
        });
        client.refresh();
        assert_eq!(stands(&client), (State::Disconnected, None, None));
        assert_eq!(client.status().cause.unwrap().kind(), ErrorKind::Disconnected);
    });
}

// NIPC-SHM-15, NIPC-SHM-16: a peer that goes is seen at once, although no existing peer says so.
#[test]
fn peers_vanish() {
    let bed = Bed::new();
    let server = increments(&bed, |_| {});
    for _ in 0..20 {
        let peer = RawClient::connect(&bed);
        assert_eq!(peer.region.call(&increment(1, 1)), incremented(1, 2));
        drop(peer.socket);
        eventually("the session ends", || server.handle().status().shm_sessions == 0);
        assert_eq!(regions(&bed), 0);
        // Its memory stays its own for as long as it likes.
        assert_eq!(peer.region.sequence(RESPONSES), 1);
    }
    drop(server);

    let listener = bed.listener();
    thread::scope(|scope| {
        let bed = &bed;
        scope.spawn(move || {
            for _ in 0..2 {
                let server = RawServer::accept(bed, &listener);
                server.region.receive_after(REQUESTS, 0);
            }
        });
        let mut client = client(bed);
        // Lost, connected again, sent again, and lost again.
        assert_eq!(client.call(1).unwrap_err().kind(), ErrorKind::Disconnected);
        assert_eq!(client.status().counters.resends, 1);
    });
}

// NIPC-PRF-01, NIPC-SHM-08: the number of the profile that existing peers have besides is never chosen.
#[test]
fn only_one_number_is_ours() {
    let bed = Bed::new();
    let _server = increments(&bed, |config| config.listener.supported = Profiles(0xff));
    let fields = [Field::U32(at::hello::SUPPORTED, 7), Field::U32(at::hello::PREFERRED, 4)];
    let (_socket, ack) = Raw::session_with(&bed.path(), &set_all(hello(), &fields));
    let granted = [at::ack::SERVER_SUPPORTED, at::ack::INTERSECTION, at::ack::SELECTED].map(|at| u32_at(&ack, at));
    assert_eq!(granted, [3, 3, 2]);
}

// NIPC-SHM-15: there is room for one message before the end, so whoever publishes on and on keeps nothing alive.
#[test]
fn messages_after_the_end_keep_nothing_alive() {
    let bed = Bed::new();
    let server = increments(&bed, |_| {});
    let RawClient { socket, region, .. } = RawClient::connect(&bed);
    let lives = || server.handle().status().shm_sessions > 0;
    thread::scope(|scope| {
        let publisher = scope.spawn(|| {
            for id in 1.. {
                let own = region.sequence(RESPONSES);
                region.send(REQUESTS, &increment(id, id));
                while region.sequence(RESPONSES) == own {
                    if !lives() {
                        return;
                    }
                }
            }
        });
        eventually("it is answered", || region.sequence(RESPONSES) > 100);
        drop(socket);
        publisher.join().unwrap();
    });
}
