//! What older libraries of this kind got wrong, one test for each, from end to end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/raw.rs"]
mod raw;
#[path = "support/region.rs"]
mod region;

use std::error::Error as _;
use std::sync::mpsc::channel;
use std::time::Duration;

use netipc::services::{Increment, StringReverse};
use netipc::{Error, ErrorKind, Profiles, State};

use raw::{
    Bed, Field, Raw, STRING_REVERSE, at, batch, batch_payload, chunked, eventually, hello, request, set_all, text,
    u64_at,
};
use region::{HYBRID, REQUESTS, RESPONSES, RawRegion, file_name, header, write_file};

const LONG: Duration = Duration::from_secs(3600);

fn reverse(bed: &Bed, change: impl FnOnce(&mut netipc::ServerConfig)) -> netipc::RunningServer {
    bed.server::<StringReverse>(change, |request, reply| {
        let mut text = request.text().to_vec();
        text.reverse();
        Ok(reply.text(&text)?)
    })
}

#[test]
fn fault_01_silent_peer_does_not_block_others() {
    // NIPC-HS-18: clients that connect and say nothing have an hour for it, and nobody waits for them.
    let bed = Bed::new();
    let server = reverse(&bed, |config| {
        config.listener.handshake_timeout = LONG;
        config.max_workers = 1;
    });
    let silent: Vec<Raw> = (0..64).map(|_| bed.connect()).collect();
    for _ in 0..20 {
        let mut client = bed.ready_client::<StringReverse>(|_| {});
        assert_eq!(client.call(b"abc").unwrap().text(), b"cba");
    }
    assert!(silent.iter().all(|client| client.receive_now().is_none()), "they are still there");
    drop(silent);
    bed.assert_only(&server, 0);
}

const BOTH: Profiles = Profiles(3);

fn over_memory(config: &mut netipc::ServerConfig) {
    config.listener.supported = BOTH;
}

/// A client that speaks bytes, over shared memory.
fn raw_client(bed: &Bed, fields: &[Field]) -> (Raw, RawRegion) {
    let hello = set_all(set_all(hello(), &[Field::U32(at::hello::SUPPORTED, 1 | HYBRID)]), fields);
    let (socket, ack) = Raw::session_with(&bed.path(), &hello);
    assert_eq!(raw::u32_at(&ack, at::ack::SELECTED), HYBRID);
    let name = file_name("test", u64_at(&ack, at::ack::SESSION_ID));
    (socket, RawRegion::open(&bed.endpoint().run_dir().join(name)))
}

#[test]
fn fault_02_vanished_clients_leave_nothing() {
    // NIPC-SHM-15, NIPC-SHM-06: at every stage of a call; far more of them than there may be at once.
    let bed = Bed::new();
    let server = reverse(&bed, |config| {
        over_memory(config);
        config.listener.max_shm_sessions = 4;
    });
    for round in 0..40 {
        let peers: Vec<(Raw, RawRegion)> = (0..4).map(|_| raw_client(&bed, &[])).collect();
        for (stage, (_, region)) in peers.iter().enumerate().take(round % 5) {
            region.send(REQUESTS, &request(STRING_REVERSE, 1, &text(&[b'x'; 100])));
            if stage % 2 == 0 {
                region.receive_after(RESPONSES, 0);
            }
        }
        drop(peers);
        eventually("all sessions end", || server.handle().status().shm_sessions == 0);
        bed.assert_only(&server, 0);
        assert_eq!(bed.files(), ["test.sock"]);
    }
    assert_eq!(server.handle().status().violations, 0);
}

#[test]
fn fault_03_dead_servers_are_noticed_at_once() {
    // NIPC-SHM-15: the call has an hour, the watchdog a minute.
    let bed = Bed::new();
    let listener = bed.listener();
    std::thread::scope(|scope| {
        let bed = &bed;
        scope.spawn(move || {
            for _ in 0..2 {
                let (socket, hello) = listener.accept_hello();
                let path = bed.endpoint().run_dir().join(file_name("test", 1));
                let _ = std::fs::remove_file(&path);
                let region = RawRegion::create(&path, 1088, 65600);
                let fields = [Field::U32(at::ack::SERVER_SUPPORTED, 3), Field::U32(at::ack::SELECTED, HYBRID)];
                socket.send(&set_all(raw::ack_to(&hello), &fields));
                region.receive_after(REQUESTS, 0);
                // Gone, without a word in the region.
                drop(socket);
            }
        });
        let mut client = bed.ready_client::<Increment>(|config| {
            config.session.supported = BOTH;
            config.call_timeout = LONG;
        });
        assert_eq!(client.call(1).unwrap_err().kind(), ErrorKind::Disconnected);
        assert_eq!(client.status().counters.resends, 1);
    });
}

#[test]
fn fault_04_chunked_at_default_packet_size() {
    // NIPC-UDS-02, NIPC-UDS-03: requests and responses of more than one packet, nothing configured.
    let bed = Bed::new();
    let _server = reverse(&bed, |_| {});
    let mut client = bed.ready_client::<StringReverse>(|_| {});
    let packet = client.status().agreed.unwrap().packet_size as usize;
    for length in [packet - 42, packet - 41, packet - 40, packet, 2 * packet, 4 * packet] {
        let sent: Vec<u8> = (0..length).map(|i| (i / 251) as u8).collect();
        let reply = client.call(&sent).unwrap();
        assert!(reply.text().iter().rev().eq(&sent), "{length} bytes over packets of {packet}");
    }
}

#[test]
fn fault_05_slow_call_is_not_cut_at_100_ms() {
    // NIPC-L2C-07: a call has the time it was given, not that of some inner wait.
    let bed = Bed::new();
    let _server = bed.server::<Increment>(
        |_| {},
        |request, reply| {
            std::thread::sleep(Duration::from_millis(350));
            Ok(reply.value(request.value + 1)?)
        },
    );
    let mut client = bed.ready_client::<Increment>(|_| {});
    assert_eq!(client.call(1).unwrap().value, 2);
    assert_eq!(client.call_within(2, Duration::from_secs(20)).unwrap().value, 3);
    let counters = client.status().counters;
    assert_eq!((counters.connects, counters.resends), (1, 0));
}

#[test]
fn fault_06_half_chunked_request_parks_no_worker() {
    // NIPC-L2S-13, NIPC-L2S-15: one worker, and many messages that never become whole.
    let bed = Bed::new();
    let server = reverse(&bed, |config| {
        config.max_workers = 1;
        config.listener.half_message_timeout = Duration::from_millis(500);
    });
    let terms = [Field::U32(at::hello::PACKET, 96)];
    let packets = chunked(&request(STRING_REVERSE, 1, &text(&[b'x'; 1000])), 96);
    let halves: Vec<Raw> = (0..32)
        .map(|i| {
            let (session, _) = Raw::session_with(&bed.path(), &set_all(hello(), &terms));
            session.send_all(&packets[..1 + i % 9]);
            session
        })
        .collect();
    let mut client = bed.ready_client::<StringReverse>(|_| {});
    for _ in 0..20 {
        assert_eq!(client.call(b"abc").unwrap().text(), b"cba");
    }
    halves.iter().for_each(Raw::orderly_end);
    assert_eq!(server.handle().status().stalled, 32);
    assert_eq!(client.call(b"abc").unwrap().text(), b"cba");
    bed.assert_only(&server, 1);
}

#[test]
fn fault_07_refused_proposal_does_not_poison() {
    // NIPC-L2C-23: a request too large for this server costs this call, not the client.
    let bed = Bed::new();
    let _server = reverse(&bed, |config| config.listener.max_request_payload = Some(2048));
    let mut client = bed.ready_client::<StringReverse>(|_| {});
    for _ in 0..3 {
        let error = client.call(&[b'x'; 3000]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected);
        assert!(error.to_string().contains("4096"), "{error}");
        assert!(!client.is_ready());
        assert_eq!(client.refresh(), State::Ready);
        assert_eq!(client.call(b"abc").unwrap().text(), b"cba");
        assert_eq!(client.call(&[b'x'; 2000]).unwrap().text().len(), 2000, "what fits may still grow");
    }
}

#[test]
fn fault_09_no_stale_bytes_in_batch_padding() {
    // NIPC-BAT-03: padding is zero, in requests and in responses, whatever the buffers held before.
    let bed = Bed::new();
    let listener = bed.listener();
    let raw_server = std::thread::spawn(move || {
        let peer = listener.accept_session();
        let large = peer.packet();
        assert!(large[40..large.len() - 8].iter().filter(|byte| **byte == 0xff).count() > 500);
        peer.send(&raw::response(STRING_REVERSE, 1, &text(b"")));
        let batch = peer.packet();
        assert_eq!(batch[32..], batch_payload(&[text(b"a"), text(b"bc"), text(b"")]));
        peer.end();
    });
    let mut client = bed.ready_client::<StringReverse>(|config| config.session.max_batch_items = 3);
    client.call(&[0xff; 600]).unwrap();
    let late = client.call_batch_within(&[b"a", b"bc", b""], Duration::from_millis(20)).map(drop);
    assert_eq!(late.unwrap_err().kind(), ErrorKind::Timeout);
    raw_server.join().unwrap();

    let bed = Bed::new();
    let _server = reverse(&bed, |config| config.max_workers = 1);
    let session = bed.session();
    session.send(&request(STRING_REVERSE, 1, &text(&[0xff; 2000])));
    assert_eq!(session.message().len(), 32 + 2009);
    let items = [text(b"a"), text(b"bc"), text(b"")];
    session.send(&batch(request(STRING_REVERSE, 2, &batch_payload(&items)), 3));
    let reversed = [text(b"a"), text(b"cb"), text(b"")];
    assert_eq!(session.packet(), batch(raw::response(STRING_REVERSE, 2, &batch_payload(&reversed)), 3));
}

#[test]
fn fault_10_recycled_process_id_keeps_nothing_alive() {
    // NIPC-SHM-07: the owner's number is taken by a living process, this one, that has nothing to do with the file.
    let bed = Bed::new();
    let path = bed.endpoint().run_dir().join(file_name("test", 1));
    let own = std::process::id() as i32;
    write_file(&path, &header(own, 1088, 65600), 66752);
    let server = reverse(&bed, over_memory);
    assert!(!path.exists());
    // Neither when a session wants the name, nor when a server starts.
    write_file(&path, &header(own, 1088, 65600), 66752);
    let (socket, region) = raw_client(&bed, &[]);
    region.send(REQUESTS, &request(STRING_REVERSE, 1, &text(b"abc")));
    assert_eq!(region.receive_after(RESPONSES, 0), raw::response(STRING_REVERSE, 1, &text(b"cba")));
    assert_eq!(bed.files().len(), 2);
    drop(socket);
    bed.assert_only(&server, 0);
}

#[test]
fn fault_11_limits_and_directories_hold_in_shared_memory() {
    // NIPC-SHM-14: what a socket would not let through, although the area has room for it.
    let bed = Bed::new();
    let server = reverse(&bed, over_memory);
    let terms = [Field::U32(at::hello::REQUEST_PAYLOAD, 40), Field::U32(at::hello::REQUEST_ITEMS, 2)];
    let answered_and_closed = [
        request(STRING_REVERSE, 5, &text(&[b'x'; 32])),
        batch(request(STRING_REVERSE, 5, &batch_payload(&[[], [], [0u8; 0]])), 3),
    ];
    for message in answered_and_closed {
        let (socket, region) = raw_client(&bed, &terms);
        region.send(REQUESTS, &message);
        assert_eq!(region.receive_after(RESPONSES, 0), raw::failure(STRING_REVERSE, 5, 5));
        socket.end();
    }
    let entry = |offset: u32, length: u32| [offset.to_ne_bytes(), length.to_ne_bytes()].concat();
    for directory in [entry(0, 1), entry(8, 0), entry(4, 0), entry(u32::MAX - 7, 8)] {
        let (socket, region) = raw_client(&bed, &terms);
        region.send(REQUESTS, &batch(request(STRING_REVERSE, 5, &directory), 1));
        socket.end();
        assert_eq!(region.sequence(RESPONSES), 0, "{directory:?} was answered");
    }
    eventually("all are counted", || {
        let status = server.handle().status();
        (status.failed, status.violations) == (2, 4)
    });
    bed.assert_only(&server, 0);
}

#[test]
fn fault_14_errors_keep_their_cause() {
    // NIPC-ERR-04, NIPC-ERR-05: what the operating system, or the peer, said is at the end of the chain.
    let bed = Bed::new();
    let os_error = |error: &Error| -> Option<i32> {
        let mut cause = error.source();
        while let Some(error) = cause {
            if let Some(os) = error.downcast_ref::<netipc::OsError>() {
                return Some(os.code());
            }
            cause = error.source();
        }
        None
    };
    // Nobody there: ENOENT, and through the state of the client.
    let mut client = bed.client::<Increment>(|_| {});
    client.refresh();
    let error = client.call(1).unwrap_err();
    assert_eq!(os_error(&error), Some(2));
    assert!(error.to_string().contains(bed.path().to_str().unwrap()), "{error}");
    // A stale socket file: ECONNREFUSED.
    drop(bed.listener());
    client.refresh();
    assert_eq!(os_error(&client.call(1).unwrap_err()), Some(111));
    std::fs::remove_file(bed.path()).unwrap();
    // A server that misbehaves under one of several calls: the others name it.
    let listener = bed.listener();
    let (done, gone) = channel::<()>();
    let peer = std::thread::spawn(move || {
        let peer = listener.accept_session();
        let (_first, _second) = (peer.packet(), peer.packet());
        peer.send(&set_all(raw::incremented(1, 1), &[Field::U16(at::CODE, 9)]));
        gone.recv().unwrap();
    });
    client.refresh();
    let mut causes = Vec::new();
    let result = client.call_pipelined([1, 2], 2, |_, reply| causes.push(reply.unwrap_err()));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::PeerMisbehaved);
    for cause in causes {
        let told = cause.to_string();
        assert!(told.contains("method 9"), "{told}");
    }
    let error = client.call(1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotReady);
    assert!(error.to_string().contains("method 9"), "{error}");
    done.send(()).unwrap();
    peer.join().unwrap();
}

#[test]
fn fault_15_session_limit_is_a_clear_error() {
    // NIPC-HS-12, NIPC-L2S-16: no handshake that succeeds and then dies.
    let bed = Bed::new();
    let server = reverse(&bed, |config| config.listener.max_sessions = 2);
    let mut first = bed.ready_client::<StringReverse>(|_| {});
    let second = bed.ready_client::<StringReverse>(|_| {});
    let mut third = bed.client::<StringReverse>(|_| {});
    for _ in 0..5 {
        assert_eq!(third.refresh(), State::Disconnected);
        let cause = third.status().cause.unwrap();
        assert_eq!(cause.kind(), ErrorKind::Rejected);
        assert!(cause.to_string().contains("try again later"), "{cause}");
    }
    eventually("all are counted", || server.handle().status().rejected == 5);
    assert_eq!(first.call(b"abc").unwrap().text(), b"cba");
    drop(second);
    bed.assert_only(&server, 1);
    assert_eq!(third.refresh(), State::Ready);
    assert_eq!(third.call(b"abc").unwrap().text(), b"cba");
}
