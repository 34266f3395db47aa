//! The end of a server.

use std::thread;
use std::time::Duration;

use netipc::services::Increment;
use netipc::{ErrorKind, Server, ServerConfig, State};

use crate::gated;
use crate::raw::{Bed, Field, Got, INCREMENT, Raw, at, eventually, hello, increment, incremented, request, set, text};

#[test]
fn idle_sessions_end_and_nothing_is_left() {
    // NIPC-L2S-20, NIPC-L2S-21, NIPC-EP-14
    let bed = Bed::new();
    let (server, _gate) = gated(&bed, |_| {});
    let sessions: Vec<Raw> = (0..50).map(|_| bed.session()).collect();
    let silent = bed.connect();
    let half = Raw::session_with(&bed.path(), &set(hello(), Field::U32(at::hello::PACKET, 96))).0;
    half.send(&set(request(INCREMENT, 1, &[0; 64]), Field::U32(at::PAYLOAD_LEN, 200)));
    sessions[7].check_increment(1);
    assert_eq!(bed.files().len(), 1);
    let handle = server.handle().clone();
    server.stop().unwrap();
    assert!(bed.files().is_empty(), "{:?}", bed.files());
    assert_eq!(bed.sockets(), 0);
    sessions.iter().for_each(Raw::orderly_end);
    half.orderly_end();
    silent.end();
    assert_eq!((handle.status().sessions, handle.status().accepted), (0, 51));
    // The endpoint is free for the next one.
    let (_server, _gate) = gated(&bed, |_| {});
    bed.session().check_increment(1);
}

#[test]
fn a_handler_finishes() {
    // NIPC-L2S-20
    let bed = Bed::new();
    let (server, gate) = gated(&bed, |_| {});
    let busy = bed.session();
    let idle = bed.session();
    busy.send(&increment(1, 1000));
    gate.await_entry();
    busy.send(&increment(2, 7));
    server.handle().stop();
    idle.orderly_end();
    eventually("the endpoint is removed", || bed.files().is_empty());
    assert!(busy.receive_now().is_none());
    gate.open();
    assert_eq!(busy.packet(), incremented(1, 1001));
    assert_eq!(busy.packet(), incremented(2, 8));
    busy.orderly_end();
    server.stop().unwrap();
}

#[test]
fn everything_that_has_arrived_is_answered() {
    // NIPC-L2S-20: as many requests as a socket holds, on several sessions, behind a handler that is busy.
    let bed = Bed::new();
    let (server, gate) = gated(&bed, |config| config.max_workers = 1);
    let busy = bed.session();
    let queued: Vec<(Raw, u64)> = (0..4)
        .map(|_| {
            let session = bed.session();
            session.check_increment(0);
            (session, 0)
        })
        .collect();
    busy.send(&increment(1, 1000));
    gate.await_entry();
    let queued: Vec<(Raw, u64)> = queued
        .into_iter()
        .map(|(session, _)| {
            let sent = (0..).take_while(|&id| session.send_now(&increment(id, id % 1000)).is_ok()).count();
            (session, sent as u64)
        })
        .collect();
    assert!(queued.iter().all(|(_, sent)| *sent > 200));
    server.handle().stop();
    eventually("the endpoint is removed", || bed.files().is_empty());
    gate.open();
    assert_eq!(busy.packet(), incremented(1, 1001));
    busy.orderly_end();
    for (session, sent) in queued {
        for id in 0..sent {
            assert_eq!(session.packet(), incremented(id, id % 1000 + 1), "of {sent}");
        }
        session.orderly_end();
    }
    server.stop().unwrap();
}

#[test]
fn nothing_that_comes_later_delays_the_end() {
    // NIPC-L2S-20: a client that goes on and on is told, and its calls fail without a loss of what was answered.
    let bed = Bed::new();
    let (server, _gate) = gated(&bed, |config| config.drain_timeout = Duration::from_secs(3600));
    let clients: Vec<_> = (0..3)
        .map(|_| {
            let session = bed.session();
            thread::spawn(move || {
                let mut id = 0;
                while session.try_send(&increment(id, 1)).is_ok() {
                    match session.receive() {
                        Got::Packet(answer) => assert_eq!(answer, incremented(id, 2)),
                        Got::End => break,
                        Got::Reset => panic!("the answer was destroyed"),
                    }
                    id += 1;
                }
                id
            })
        })
        .collect();
    eventually("all are at it", || server.handle().status().answered > 300);
    server.stop().unwrap();
    let calls: u64 = clients.into_iter().map(|client| client.join().unwrap()).sum();
    assert!(calls >= 300);
}

#[test]
fn a_handler_that_hangs_does_not_keep_the_server() {
    // NIPC-L2S-20: neither the one that is at work, nor the ones whose requests wait behind it.
    for max_workers in [1, 2, 16] {
        let bed = Bed::new();
        let (server, gate) = gated(&bed, |config| {
            config.max_workers = max_workers;
            config.drain_timeout = Duration::from_millis(60);
        });
        let sessions: Vec<Raw> = (0..4).map(|_| bed.session()).collect();
        sessions.iter().for_each(|session| session.check_increment(0));
        sessions.iter().for_each(|session| session.send(&increment(1, 1000)));
        gate.await_entry();
        server.stop().unwrap();
        assert!(bed.files().is_empty());
        // What no handler holds is closed at once, the rest when its handler returns.
        drop(gate);
        for session in &sessions {
            while let Got::Packet(_) = session.receive() {}
        }
    }
}

#[test]
fn a_client_that_does_not_read_is_cut_off_at_the_end() {
    // NIPC-L2S-20, NIPC-L2S-14
    let bed = Bed::new();
    let server = bed.server::<netipc::services::StringReverse>(
        |config| config.drain_timeout = Duration::from_millis(60),
        |request, reply| Ok(reply.text(&request.text().repeat(30))?),
    );
    let stuck = bed.session();
    let query = request(3, 1, &text(&[b'x'; 2000]));
    let mut refused = 0;
    while refused < 20 {
        if stuck.send_now(&query).is_err() {
            refused += 1;
            thread::sleep(Duration::from_millis(2));
        }
    }
    server.stop().unwrap();
    stuck.await_hang_up();
    assert_eq!(bed.sockets(), 0);
}

#[test]
fn answers_that_wait_for_room_are_given_the_time_of_the_drain() {
    // NIPC-L2S-20, NIPC-UDS-08
    let bed = Bed::new();
    let server = bed.server::<netipc::services::StringReverse>(
        |config| config.listener.max_response_payload = Some(1 << 20),
        |_, reply| Ok(reply.text(&vec![b'y'; 900_000])?),
    );
    let slow = bed.session();
    slow.send(&request(3, 1, &text(b"")));
    slow.await_input();
    server.handle().stop();
    eventually("the endpoint is removed", || bed.files().is_empty());
    assert_eq!(slow.message().len(), 32 + 900_009);
    slow.orderly_end();
    server.stop().unwrap();
}

#[test]
fn answers_that_nobody_has_read_yet_delay_nothing() {
    // NIPC-L2S-20: they are in the kernel's hands, and stay readable when the server is gone.
    let bed = Bed::new();
    let server = bed.server::<netipc::services::StringReverse>(
        |config| config.drain_timeout = Duration::from_secs(3600),
        |_, reply| Ok(reply.text(&[b'y'; 50_000])?),
    );
    let late = bed.session();
    late.send_all(&[1, 2, 3].map(|id| request(3, id, &text(b""))));
    eventually("all is answered", || server.handle().status().answered == 3);
    server.stop().unwrap();
    for _ in 0..3 {
        assert_eq!(late.message().len(), 32 + 50_009);
    }
    late.orderly_end();
}

#[test]
fn stop_from_any_thread_as_often_as_you_like() {
    // NIPC-L2S-21
    let bed = Bed::new();
    let (server, _gate) = gated(&bed, |_| {});
    let _session = bed.session();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| server.handle().stop());
        }
    });
    server.handle().stop();
    let handle = server.handle().clone();
    server.stop().unwrap();
    handle.stop();
    assert_eq!(handle.status().sessions, 0);
}

#[test]
fn stop_before_run() {
    // NIPC-L2S-21
    let bed = Bed::new();
    let server = Server::<Increment>::bind(bed.endpoint(), ServerConfig::default(), |_, _| Ok(())).unwrap();
    server.handle().stop();
    server.run().unwrap();
    assert!(bed.files().is_empty());
    // One that never runs leaves nothing either, although a handle lives on.
    let server = Server::<Increment>::bind(bed.endpoint(), ServerConfig::default(), |_, _| Ok(())).unwrap();
    let handle = server.handle();
    drop(server);
    assert!(bed.files().is_empty());
    assert_eq!(handle.status().sessions, 0);
    // Dropping a running one stops it.
    let (server, _gate) = gated(&bed, |_| {});
    let session = bed.session();
    drop(server);
    session.orderly_end();
    assert!(bed.files().is_empty());
}

#[test]
fn typed_clients_notice_and_come_back() {
    // NIPC-L2C-02, NIPC-L2C-17
    let bed = Bed::new();
    let (server, _gate) = gated(&bed, |_| {});
    let mut client = bed.ready_client::<Increment>(|_| {});
    server.stop().unwrap();
    assert_eq!(client.call(1).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(client.refresh(), State::NotFound);
    let (server, _gate) = gated(&bed, |_| {});
    assert_eq!(client.refresh(), State::Ready);
    assert_eq!(client.call(1).unwrap().value, 2);
    // A restart between two calls costs nothing but a reconnect.
    server.stop().unwrap();
    let (_server, _gate) = gated(&bed, |_| {});
    assert_eq!(client.call(2).unwrap().value, 3);
    assert_eq!(client.status().counters.resends, 1);
}
