//! Deadlines: what ends, and what goes on.

use std::thread;
use std::time::Duration;

use netipc::{Abort, Deadline, Error, ErrorKind, Session, Waiting};

use crate::bed::{Bed, Pair, Transport, now, pair, pattern, request, response, round_trip, sized};
use crate::support::patience;

const SHORT: Duration = Duration::from_millis(20);

fn timed_out(result: Result<impl Sized, Error>, on: Waiting) {
    match result {
        Err(error @ Error::Timeout { waiting_for, limit }) => {
            assert_eq!((waiting_for, limit), (on, SHORT));
            assert!(error.to_string().contains("20ms"), "{error}");
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("nothing was there to succeed with"),
    }
}

// NIPC-UDS-07
pub fn receiving_in_vain<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = pair::<T>(|_, _| {});
    let abort = Abort::new();
    timed_out(client.receive(Deadline::after(SHORT), None), Waiting::Message);
    timed_out(server.receive(Deadline::after(SHORT), Some(&abort)), Waiting::Message);
    round_trip(&mut client, &mut server, 1);
}

// NIPC-UDS-07
pub fn accepting_in_vain<T: Transport>() {
    let mut bed = Bed::new::<T>(|_, _| {});
    timed_out(bed.listener.accept(Deadline::after(SHORT), None), Waiting::Client);
    assert!(matches!(bed.listener.try_accept(), Err(Error::WouldBlock)));
    let (mut client, mut server) = bed.connect();
    round_trip(&mut client, &mut server, 1);
}

// NIPC-UDS-07
pub fn sending_to_a_peer_that_does_not_read<T: Transport>() {
    let Pair { mut client, server, bed: _bed } = sized::<T>(0, 4 << 20);
    let payload = pattern(1, 4 << 20);
    timed_out(client.send(&request(1, &payload), &payload, Deadline::after(SHORT), None), Waiting::Room);
    // The session is over, and the peer must never take the half for a whole.
    drop(client);
    let mut server = server;
    assert!(matches!(server.receive(patience(), None), Err(Error::Disconnected { .. })));
}

// NIPC-HS-28: nobody takes the session off the listener's hands.
pub fn connecting_in_vain<T: Transport>() {
    let bed = Bed::new::<T>(|_, _| {});
    timed_out(Session::connect(&bed.endpoint, &bed.config, Deadline::after(SHORT), None), Waiting::Handshake);
}

// NIPC-UDS-07, NIPC-SHM-15: a deadline that has passed takes what is there.
pub fn what_is_there_needs_no_time<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = pair::<T>(|_, _| {});
    client.send(&request(1, b"x"), b"x", now(), None).unwrap();
    assert_eq!(server.receive(now(), None).unwrap().payload, b"x");
    server.send_many(&[(response(1, b"y"), b"y")], now(), None).unwrap();
    assert_eq!(client.receive(now(), None).unwrap().payload, b"y");
    assert!(matches!(server.receive(now(), None), Err(Error::Timeout { .. })));
}

/// A message of which the server has got a part; the rest sits in the client.
fn half_sent<T: Transport>(half_message_timeout: Duration) -> (Pair, Vec<u8>) {
    let mut pair = pair::<T>(|listener, config| {
        crate::bed::limits(listener, config, 4 << 20);
        listener.half_message_timeout = half_message_timeout;
    });
    let payload = pattern(5, 4 << 20);
    pair.client.try_send(&request(1, &payload), &payload).unwrap();
    assert!(!pair.client.flush().unwrap());
    (pair, payload)
}

// NIPC-CHK-12
pub fn half_a_message_ends_the_session<T: Transport>() {
    let (Pair { client, mut server, bed: _bed }, _) = half_sent::<T>(SHORT);
    for _ in 0..2 {
        let error = server.receive(Deadline::NEVER, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PeerMisbehaved, "{error}");
        assert!(error.to_string().contains("4194304"), "{error}");
    }
    drop(client);
}

// NIPC-CHK-12: also for who never waits here, but in a loop of his own.
pub fn half_a_message_ends_a_polled_session<T: Transport>() {
    let (Pair { client, mut server, bed: _bed }, _) = half_sent::<T>(SHORT);
    let error = loop {
        match server.try_receive() {
            Err(Error::WouldBlock) => thread::yield_now(),
            Err(error) => break error,
            Ok(_) => panic!("half a message was taken for a whole"),
        }
    };
    assert_eq!(error.kind(), ErrorKind::PeerMisbehaved, "{error}");
    drop(client);
}

// NIPC-CHK-12: the deadline of one receive is not that of the message.
pub fn half_a_message_outlives_a_receive<T: Transport>() {
    let (Pair { mut client, mut server, bed: _bed }, payload) = half_sent::<T>(Duration::MAX);
    timed_out(server.receive(Deadline::after(SHORT), None), Waiting::Message);
    thread::scope(|scope| {
        scope.spawn(|| assert!(server.receive(patience(), None).unwrap().payload == payload));
        while !client.flush().unwrap() {
            thread::yield_now();
        }
    });
    assert!(matches!(server.try_receive(), Err(Error::WouldBlock)));
}
