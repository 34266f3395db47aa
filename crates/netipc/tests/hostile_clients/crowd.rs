//! Many clients that say nothing.

use std::time::Duration;

use crate::raw::{Bed, Got, Raw, eventually, hello};
use crate::{assert_served, increment_server};

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn silent_connections_delay_nobody() {
    // NIPC-HS-18, NIPC-L2S-12: their deadline is so far away that only an event can have let the others through.
    let bed = Bed::new();
    let server = increment_server(&bed, |config| config.listener.handshake_timeout = LONG);
    let session = bed.session();
    let silent: Vec<Raw> = (0..64).map(|_| bed.connect()).collect();
    session.check_increment(1);
    for _ in 0..10 {
        assert_served(&bed);
    }
    assert!(silent.iter().all(|client| client.receive_now().is_none()), "none was dropped for it");
    // They may still speak up.
    for client in &silent {
        client.send(&hello());
        assert_eq!(client.packet().len(), 80);
    }
    bed.assert_only(&server, 65);
    drop(silent);
    bed.assert_only(&server, 1);
}

#[test]
fn a_crowd_of_silent_connections_keeps_nobody_out() {
    // NIPC-HS-20: more of them than may wait.
    let bed = Bed::new();
    let server = increment_server(&bed, |config| config.listener.handshake_timeout = LONG);
    let mut silent = Vec::new();
    for i in 0..300 {
        silent.push(bed.connect());
        if i % 50 == 0 {
            assert_served(&bed);
        }
    }
    assert_served(&bed);
    // The oldest made room for the youngest, and for those who were about to speak.
    silent[..300 - 256].iter().for_each(Raw::orderly_end);
    assert!(silent[100..].iter().all(|client| client.receive_now().is_none()));
    eventually("they are counted", || (44..64).contains(&server.handle().status().dropped));
    drop(silent);
    bed.assert_only(&server, 0);
}

#[test]
fn the_longest_silent_one_makes_room() {
    // NIPC-HS-20
    let bed = Bed::new();
    let server = increment_server(&bed, |config| {
        config.listener.handshake_timeout = LONG;
        config.listener.max_arrivals = 3;
    });
    let mut silent: Vec<Raw> = (0..5).map(|_| bed.connect()).collect();
    silent[0].orderly_end();
    silent[1].orderly_end();
    assert!(silent[2..].iter().all(|client| client.receive_now().is_none()));
    // One that completes its handshake leaves its place free: the next one costs nobody else's.
    silent[2].send(&hello());
    assert_eq!(silent[2].packet().len(), 80);
    silent.extend([bed.connect(), bed.connect()]);
    silent[3].orderly_end();
    assert!(silent[4..].iter().all(|client| client.receive_now().is_none()));
    silent[2].check_increment(1);
    drop(silent);
    bed.assert_only(&server, 0);
}

#[test]
fn a_silent_connection_has_a_deadline() {
    // NIPC-HS-17
    let bed = Bed::new();
    let server = increment_server(&bed, |config| config.listener.handshake_timeout = Duration::from_millis(50));
    let session = bed.session();
    let silent: Vec<Raw> = (0..5).map(|_| bed.connect()).collect();
    silent.iter().for_each(Raw::orderly_end);
    eventually("they are counted", || server.handle().status().dropped == 5);
    // The deadline ends with the handshake.
    session.check_increment(1);
    bed.assert_only(&server, 1);
}

#[test]
fn connections_that_come_and_go() {
    // NIPC-L2S-12: at every step of the way.
    let bed = Bed::new();
    let server = increment_server(&bed, |_| {});
    for round in 0..100 {
        let client = bed.connect();
        if round % 4 > 0 {
            client.send(&hello());
        }
        if round % 4 > 1 {
            assert!(matches!(client.receive(), Got::Packet(_)));
        }
        if round % 4 > 2 {
            client.shut_down_write();
        }
    }
    assert_served(&bed);
    bed.assert_only(&server, 0);
    eventually("each is counted once", || {
        let status = server.handle().status();
        status.accepted + status.dropped == 101
    });
}

#[test]
fn a_client_that_hangs_up_writing_ends_its_session() {
    // NIPC-UDS-13: what it asked before is answered.
    let bed = Bed::new();
    let server = increment_server(&bed, |_| {});
    let client = bed.session();
    client.send(&crate::raw::increment(1, 41));
    client.shut_down_write();
    assert_eq!(client.packet(), crate::raw::incremented(1, 42));
    client.orderly_end();
    bed.assert_only(&server, 0);
}
