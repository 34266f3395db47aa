//! Many sessions, few threads.

use std::thread;

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::gated;
use crate::raw::{Bed, Raw, eventually, increment, incremented};

/// Threads that serve the sessions.
fn threads(server: &netipc::RunningServer) -> usize {
    server.handle().status().workers
}

#[test]
fn thousands_of_idle_sessions_on_few_threads() {
    // NIPC-L2S-13
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    let most = limit.current.map_or(2000, |most| (most / 4).min(2000)) as usize;
    let bed = Bed::new();
    let (server, _gate) = gated(&bed, |_| {});
    let sessions: Vec<Raw> = (0..most).map(|_| bed.session()).collect();
    eventually("all have their place", || server.handle().status().sessions == most);
    assert!(threads(&server) <= 16);
    // All of them still work, in any order.
    for session in sessions.iter().step_by(97).chain(sessions.iter().rev().step_by(89)) {
        session.check_increment(1);
    }
    // All of them at once.
    for (id, session) in sessions.iter().enumerate() {
        session.send(&increment(id as u64, 5));
    }
    for (id, session) in sessions.iter().enumerate() {
        assert_eq!(session.packet(), incremented(id as u64, 6));
    }
    assert!(threads(&server) <= 16);
    drop(sessions);
    bed.assert_only(&server, 0);
}

#[test]
fn a_slow_handler_delays_its_own_session_only() {
    // NIPC-L2S-12
    let bed = Bed::new();
    let (server, gate) = gated(&bed, |config| config.max_workers = 8);
    let slow: Vec<Raw> = (0..7).map(|_| bed.session()).collect();
    for (i, session) in slow.iter().enumerate() {
        session.send_all(&[increment(1, 1000 + i as u64), increment(2, 1)]);
        gate.await_entry();
        // New sessions and old ones, while that many handlers are stuck.
        bed.session().check_increment(1);
    }
    assert!(slow.iter().all(|session| session.receive_now().is_none()));
    (0..7).for_each(|_| gate.open());
    for (i, session) in slow.iter().enumerate() {
        assert_eq!(session.packet(), incremented(1, 1001 + i as u64));
        assert_eq!(session.packet(), incremented(2, 2));
    }
    assert!(threads(&server) <= 8);
}

#[test]
fn more_slow_handlers_than_threads() {
    // NIPC-L2S-13: the others wait their turn, and none is lost.
    let bed = Bed::new();
    let (server, gate) = gated(&bed, |config| config.max_workers = 2);
    let sessions: Vec<Raw> = (0..6).map(|_| bed.session()).collect();
    for session in &sessions {
        session.send(&increment(1, 1000));
    }
    for _ in 0..6 {
        gate.await_entry();
        gate.open();
    }
    for session in &sessions {
        assert_eq!(session.packet(), incremented(1, 1001));
    }
    assert_eq!(threads(&server), 2);
    bed.assert_only(&server, 6);
}

#[test]
fn a_client_that_floods_shares_the_thread() {
    // NIPC-L2S-12: with one worker, and a session that always has something to do.
    let bed = Bed::new();
    let (server, _gate) = gated(&bed, |config| config.max_workers = 1);
    let flood = bed.session();
    thread::scope(|scope| {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let flood = &flood;
        scope.spawn(move || {
            let mut id = 0;
            while stopped.try_recv().is_err() {
                for _ in 0..50 {
                    flood.send(&increment(id, 1));
                    id += 1;
                }
                for _ in 0..50 {
                    flood.packet();
                }
            }
        });
        for _ in 0..100 {
            bed.session().check_increment(1);
        }
        stop.send(()).unwrap();
    });
    eventually("the others are gone", || server.handle().status().sessions == 1);
}

#[test]
fn status_counts() {
    // What a server says of itself.
    let bed = Bed::new();
    let (server, _gate) = gated(&bed, |config| config.listener.max_sessions = 1);
    let zero = server.handle().status();
    assert_eq!((zero.sessions, zero.accepted, zero.rejected, zero.dropped), (0, 0, 0, 0));
    assert_eq!((zero.answered, zero.failed, zero.violations, zero.stalled), (0, 0, 0, 0));
    assert_eq!(zero.max_response_payload, 65536);
    let session = bed.session();
    session.check_increment(1);
    session.send(&crate::raw::request(2, 2, b""));
    session.packet();
    let refused = bed.connect();
    refused.send(&crate::raw::hello());
    refused.packet();
    drop(bed.connect());
    session.send(b"garbage");
    session.orderly_end();
    eventually("all is counted", || {
        let status = server.handle().status();
        (status.sessions, status.accepted, status.rejected, status.dropped) == (0, 1, 1, 1)
            && (status.answered, status.failed, status.violations, status.stalled) == (1, 1, 1, 0)
    });
}
