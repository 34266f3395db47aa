//! Descriptors to wait for in an event loop: level-triggered, and honest in both directions.

use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;

use netipc::{Error, Session};
use rustix::event::PollFlags;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, connect, socket};

use crate::bed::{Bed, Pair, Transport, pair, pattern, request, round_trip, sized};
use crate::support::{PATIENCE, Pollable, patience, poll};

const IN: PollFlags = PollFlags::IN;
const OUT: PollFlags = PollFlags::OUT;

fn readable(fd: &impl Pollable) -> bool {
    poll(fd, IN, Duration::ZERO).contains(IN)
}

/// Waits for it.
fn becomes_readable(fd: &impl Pollable) {
    assert!(poll(fd, IN, PATIENCE).contains(IN));
}

// NIPC-UDS-10, NIPC-UDS-12
pub fn a_session_that_can_receive<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = pair::<T>(|_, _| {});
    assert!(!readable(&server) && !readable(&client));
    assert!(matches!(server.try_receive(), Err(Error::WouldBlock)));
    for id in 0..2 {
        client.send(&request(id, b"x"), b"x", patience(), None).unwrap();
    }
    for _ in 0..2 {
        becomes_readable(&server);
        assert!(readable(&server), "looking at it does not change it");
        server.try_receive().unwrap();
    }
    assert!(!readable(&server));
    assert!(matches!(server.try_receive(), Err(Error::WouldBlock)));
    round_trip(&mut client, &mut server, 3);
    drop(client);
    becomes_readable(&server);
    assert!(matches!(server.try_receive(), Err(Error::Disconnected { .. })));
    assert!(readable(&server), "the end stays to be seen");
}

// NIPC-UDS-10: a part of a message is progress, and nothing is left to see when it was taken.
pub fn a_session_with_half_a_message<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = sized::<T>(0, 4 << 20);
    let payload = pattern(1, 4 << 20);
    client.try_send(&request(1, &payload), &payload).unwrap();
    loop {
        becomes_readable(&server);
        match server.try_receive() {
            Ok(message) => break assert!(message.payload == payload),
            Err(Error::WouldBlock) => assert!(!readable(&server)),
            Err(error) => panic!("{error}"),
        }
        client.flush().unwrap();
    }
    assert!(!readable(&server));
}

// NIPC-UDS-08, NIPC-UDS-10
pub fn a_session_that_can_send<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = sized::<T>(0, 4 << 20);
    assert!(poll(&client, OUT, Duration::ZERO).contains(OUT));
    let payload = pattern(1, 4 << 20);
    client.try_send(&request(1, &payload), &payload).unwrap();
    while !client.flush().unwrap() {
        assert!(!poll(&client, OUT, Duration::ZERO).contains(OUT), "it said that it could not send");
        // Takes everything that is queued.
        assert!(matches!(server.try_receive(), Err(Error::WouldBlock)));
        assert!(poll(&client, OUT, PATIENCE).contains(OUT));
    }
    assert!(server.receive(patience(), None).unwrap().payload == payload);
    // A peer that goes wakes who waits for room.
    drop(server);
    assert!(!poll(&client, OUT, PATIENCE).is_empty());
}

fn silent<T: Transport>(bed: &Bed) -> OwnedFd {
    let client = socket(AddressFamily::UNIX, SocketType::SEQPACKET, None).unwrap();
    connect(&client, &SocketAddrUnix::new(bed.endpoint.socket_path()).unwrap()).unwrap();
    client
}

// NIPC-UDS-11
pub fn a_listener<T: Transport>() {
    let mut bed = Bed::new::<T>(|_, _| {});
    assert!(!readable(&bed.listener));
    // A client that says nothing: it is let in, and then there is nothing more to do.
    let quiet = silent::<T>(&bed);
    becomes_readable(&bed.listener);
    assert!(matches!(bed.listener.try_accept(), Err(Error::WouldBlock)));
    assert!(!readable(&bed.listener));
    // It goes: that has to be seen to, once.
    drop(quiet);
    becomes_readable(&bed.listener);
    assert!(matches!(bed.listener.try_accept(), Err(Error::WouldBlock)));
    assert!(!readable(&bed.listener));
}

// NIPC-UDS-11: several handshakes end in one step, and none of the sessions is forgotten.
pub fn a_listener_with_a_crowd<T: Transport>() {
    const CROWD: usize = 10;
    let mut bed = Bed::new::<T>(|_, _| {});
    let (endpoint, config) = (bed.endpoint.clone(), bed.config.clone());
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CROWD)
            .map(|_| scope.spawn(|| Session::connect(&endpoint, &config, patience(), None).unwrap()))
            .collect();
        let mut servers = Vec::new();
        while servers.len() < CROWD {
            becomes_readable(&bed.listener);
            match bed.listener.try_accept() {
                Ok(server) => servers.push(server),
                Err(Error::WouldBlock) => {}
                Err(error) => panic!("{error}"),
            }
        }
        let clients: Vec<Session> = clients.into_iter().map(|client| client.join().unwrap()).collect();
        assert!(matches!(bed.listener.try_accept(), Err(Error::WouldBlock)));
        assert!(!readable(&bed.listener));
        drop(clients);
    });
}

// NIPC-UDS-11, NIPC-HS-17: a deadline makes it readable, too.
pub fn a_listener_with_a_late_client<T: Transport>() {
    let mut bed = Bed::new::<T>(|listener, _| listener.handshake_timeout = Duration::from_millis(20));
    let quiet = silent::<T>(&bed);
    loop {
        becomes_readable(&bed.listener);
        assert!(matches!(bed.listener.try_accept(), Err(Error::WouldBlock)));
        if readable(&quiet) {
            break;
        }
    }
    assert_eq!(rustix::net::recv(&quiet, &mut [0; 8][..], rustix::net::RecvFlags::empty()).unwrap().1, 0);
    assert!(!readable(&bed.listener));
}
