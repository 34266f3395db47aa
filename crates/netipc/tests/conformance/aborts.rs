//! Abort: from any thread, at once, sticky.
//!
//! The waits have no deadline of their own: only the abort can end them.

use std::sync::Barrier;
use std::thread;

use netipc::{Abort, Deadline, Error, Session};

use crate::bed::{Bed, Pair, Transport, pair, pattern, request, round_trip, sized};
use crate::support::patience;

/// Aborts from another thread once `wait` has begun, or is about to.
fn abort_during<R>(abort: &Abort, wait: impl FnOnce() -> Result<R, Error>) {
    let about = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            about.wait();
            // Most rounds meet the wait itself; every order has to come out the same.
            thread::yield_now();
            abort.abort();
        });
        about.wait();
        assert!(matches!(wait(), Err(Error::Aborted)));
    });
    assert!(abort.is_aborted());
}

// NIPC-UDS-09
pub fn a_receive<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = pair::<T>(|_, _| {});
    let abort = Abort::new();
    for id in 0..50 {
        abort_during(&abort.clone(), || client.receive(Deadline::NEVER, Some(&abort)).map(drop));
        // Sticky, also when a message is there; it is not lost.
        server_says(&mut client, &mut server, id);
        for _ in 0..2 {
            assert!(matches!(client.receive(Deadline::NEVER, Some(&abort)), Err(Error::Aborted)));
        }
        abort.clear();
        assert!(!abort.is_aborted());
        assert_eq!(client.receive(Deadline::NEVER, Some(&abort)).unwrap().header.message_id, id);
    }
    round_trip(&mut client, &mut server, 100);
}

fn server_says(client: &mut Session, server: &mut Session, id: u64) {
    client.send(&request(id, &[]), &[], patience(), None).unwrap();
    server.receive(patience(), None).unwrap();
    server.send(&crate::bed::response(id, &[]), &[], patience(), None).unwrap();
}

// NIPC-UDS-09
pub fn a_send<T: Transport>() {
    let payload = pattern(1, 4 << 20);
    let Pair { mut client, server: _server, bed: _bed } = sized::<T>(0, 4 << 20);
    let abort = Abort::new();
    abort_during(&abort, || client.send(&request(1, &payload), &payload, Deadline::NEVER, Some(&abort)));
    assert!(matches!(client.send(&request(2, &[]), &[], Deadline::NEVER, Some(&abort)), Err(Error::Aborted)));
}

// NIPC-UDS-09
pub fn an_accept<T: Transport>() {
    let mut bed = Bed::new::<T>(|_, _| {});
    let abort = Abort::new();
    for _ in 0..50 {
        abort_during(&abort, || bed.listener.accept(Deadline::NEVER, Some(&abort)).map(drop));
        assert!(matches!(bed.listener.accept(Deadline::NEVER, Some(&abort)), Err(Error::Aborted)));
        abort.clear();
    }
    let (mut client, mut server) = bed.connect();
    round_trip(&mut client, &mut server, 1);
}

// NIPC-UDS-09, NIPC-HS-28: the listener never gets to the handshake.
pub fn a_connect<T: Transport>() {
    let bed = Bed::new::<T>(|_, _| {});
    let abort = Abort::new();
    abort_during(&abort, || Session::connect(&bed.endpoint, &bed.config, Deadline::NEVER, Some(&abort)).map(drop));
    let again = Session::connect(&bed.endpoint, &bed.config, Deadline::NEVER, Some(&abort));
    assert!(matches!(again, Err(Error::Aborted)));
}

// NIPC-UDS-09, NIPC-EP-16: not even the backlog has room.
pub fn a_connect_behind_a_full_backlog<T: Transport>() {
    let bed = Bed::new::<T>(|listener, _| listener.backlog = 1);
    let abort = Abort::new();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let got = Session::connect(&bed.endpoint, &bed.config, Deadline::NEVER, Some(&abort));
                assert!(matches!(got, Err(Error::Aborted)), "{got:?}");
            });
        }
        thread::yield_now();
        abort.abort();
    });
}

// NIPC-UDS-09: one handle ends what was given it, and nothing else.
pub fn one_handle_for_many_and_no_others<T: Transport>() {
    let Pair { mut client, mut server, mut bed } = pair::<T>(|_, _| {});
    let (mut other, mut peer) = bed.connect();
    let (abort, quiet) = (Abort::new(), Abort::new());
    thread::scope(|scope| {
        let waits = [&mut client, &mut server].map(|session| {
            let abort = abort.clone();
            scope.spawn(move || session.receive(Deadline::NEVER, Some(&abort)).map(drop))
        });
        abort.abort();
        for wait in waits {
            assert!(matches!(wait.join().unwrap(), Err(Error::Aborted)));
        }
        other.send(&request(1, b"x"), b"x", patience(), Some(&quiet)).unwrap();
        assert_eq!(peer.receive(patience(), Some(&quiet)).unwrap().payload, b"x");
    });
}
