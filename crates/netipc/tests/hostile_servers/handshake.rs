//! HELLO_ACKs in every wrong form.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use netipc::services::Increment;
use netipc::{Error, ErrorKind, State, Waiting};

use crate::raw::{Bed, Field, ack_to, at, increment, incremented, rejection, set, set_all};
use crate::raw::{u16_at, u32_at, u64_at};
use crate::{condition, kind_of, refreshed, server};
use Field::{U16, U32, U64};

const READY: (State, Option<ErrorKind>) = (State::Ready, None);
const INVALID: (State, Option<ErrorKind>) = (State::Disconnected, Some(ErrorKind::InvalidMessage));
const MISBEHAVED: (State, Option<ErrorKind>) = (State::Disconnected, Some(ErrorKind::PeerMisbehaved));
const FOREIGN: (State, Option<ErrorKind>) = (State::Incompatible, Some(ErrorKind::Incompatible));

/// What a client makes of a server that answers its HELLO so.
fn after(answer: impl FnOnce(&[u8]) -> Vec<u8> + Send + 'static) -> (State, Option<ErrorKind>) {
    let bed = Bed::new();
    let server = server(&bed, move |listener| {
        let (peer, hello) = listener.accept_hello();
        peer.send(&answer(&hello));
        // Whatever it thinks of it, it hangs up sooner or later.
        peer.end();
    });
    let client = refreshed(&bed);
    let condition = condition(&client);
    drop(client);
    server.join().unwrap();
    condition
}

fn after_fields(fields: &'static [Field]) -> (State, Option<ErrorKind>) {
    after(move |hello| set_all(ack_to(hello), fields))
}

#[test]
fn the_hello_itself() {
    // NIPC-HS-01, NIPC-HS-29, NIPC-PRF-03, NIPC-PRF-04
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let (peer, hello) = listener.accept_hello();
        let header = crate::raw::message(3, 1, 0, 0, &[0; 44]);
        assert_eq!(hello[..32], header[..32]);
        assert_eq!((u16_at(&hello, at::LAYOUT), u16_at(&hello, at::LAYOUT_FLAGS)), (1, 0));
        assert_eq!(u32_at(&hello, at::hello::SUPPORTED), 3, "what this build cannot run is not offered");
        assert_eq!(u32_at(&hello, at::hello::REQUEST_PAYLOAD), 1024);
        assert_eq!(u32_at(&hello, at::hello::REQUEST_ITEMS), 1);
        assert_eq!(u32_at(&hello, at::hello::RESPONSE_PAYLOAD), 65536);
        assert_eq!(u32_at(&hello, at::hello::RESPONSE_ITEMS), 1);
        assert_eq!(u32_at(&hello, at::hello::PADDING), 0);
        assert_eq!(u64_at(&hello, at::hello::TOKEN), 0x0123_4567_89ab_cdef);
        let send_buffer = rustix::net::sockopt::socket_send_buffer_size(peer.socket()).unwrap();
        assert_eq!(u32_at(&hello, at::hello::PACKET) as usize, send_buffer - 32);
    });
    let mut client = bed.client::<Increment>(|config| {
        config.session.supported = netipc::Profiles(0xffff_ffff);
        config.session.max_batch_items = 0;
        config.session.auth_token = 0x0123_4567_89ab_cdef;
    });
    client.refresh();
    server.join().unwrap();
}

#[test]
fn every_header_field_wrong() {
    // NIPC-HS-21, NIPC-HS-23, NIPC-HS-26, NIPC-ENV-05
    let table: &[(&[Field], _)] = &[
        (&[U32(at::MAGIC, 0)], INVALID),
        (&[U32(at::MAGIC, 0x4e43_484b)], INVALID),
        (&[U16(at::VERSION, 0)], FOREIGN),
        (&[U16(at::VERSION, 2)], FOREIGN),
        (&[U16(at::VERSION, 0xffff)], FOREIGN),
        (&[U16(at::VERSION, 2), U32(at::MAGIC, 1)], INVALID),
        (&[U16(at::VERSION, 2), U16(at::HEADER_LEN, 48)], INVALID),
        (&[U16(at::VERSION, 2), U16(at::KIND, 9)], INVALID),
        (&[U16(at::HEADER_LEN, 0)], INVALID),
        (&[U16(at::HEADER_LEN, 33)], INVALID),
        (&[U16(at::KIND, 0)], INVALID),
        (&[U16(at::KIND, 4)], INVALID),
        (&[U16(at::KIND, 1)], MISBEHAVED),
        (&[U16(at::KIND, 2)], MISBEHAVED),
        (&[U16(at::CODE, 0)], MISBEHAVED),
        (&[U16(at::CODE, 1)], MISBEHAVED),
        (&[U16(at::CODE, 3)], MISBEHAVED),
        (&[U16(at::CODE, 1), U16(at::STATUS, 2)], MISBEHAVED),
        (&[U16(at::FLAGS, 1)], READY),
        (&[U16(at::FLAGS, 0xffff)], READY),
        (&[U32(at::PAYLOAD_LEN, 0)], READY),
        (&[U32(at::PAYLOAD_LEN, u32::MAX)], READY),
        (&[U32(at::ITEM_COUNT, 0)], READY),
        (&[U32(at::ITEM_COUNT, u32::MAX)], READY),
        (&[U64(at::MESSAGE_ID, u64::MAX)], READY),
    ];
    for (fields, condition) in table {
        assert_eq!(after_fields(fields), *condition, "{fields:?}");
    }
}

#[test]
fn every_payload_field_wrong() {
    // NIPC-HS-23 to NIPC-HS-26
    let table: &[(&[Field], _)] = &[
        (&[U16(at::LAYOUT, 0)], FOREIGN),
        (&[U16(at::LAYOUT, 2)], FOREIGN),
        (&[U16(at::LAYOUT, 2), U16(at::LAYOUT_FLAGS, 1), U32(at::ack::SELECTED, 2)], FOREIGN),
        (&[U16(at::LAYOUT_FLAGS, 1)], MISBEHAVED),
        (&[U16(at::LAYOUT_FLAGS, 0x8000)], MISBEHAVED),
        (&[U32(at::ack::SERVER_SUPPORTED, 0)], READY),
        (&[U32(at::ack::SERVER_SUPPORTED, u32::MAX)], READY),
        (&[U32(at::ack::INTERSECTION, 0)], READY),
        (&[U32(at::ack::INTERSECTION, u32::MAX)], READY),
        (&[U32(at::ack::SELECTED, 0)], MISBEHAVED),
        (&[U32(at::ack::SELECTED, 2)], MISBEHAVED),
        (&[U32(at::ack::SELECTED, 3)], MISBEHAVED),
        (&[U32(at::ack::SELECTED, 0x10)], MISBEHAVED),
        (&[U32(at::ack::SELECTED, 0x8000_0000)], MISBEHAVED),
        (&[U32(at::ack::SELECTED, u32::MAX)], MISBEHAVED),
        (&[U32(at::ack::REQUEST_PAYLOAD, 0)], READY),
        (&[U32(at::ack::REQUEST_PAYLOAD, 1023)], READY),
        (&[U32(at::ack::REQUEST_PAYLOAD, 1025)], MISBEHAVED),
        (&[U32(at::ack::REQUEST_PAYLOAD, u32::MAX)], MISBEHAVED),
        (&[U32(at::ack::REQUEST_ITEMS, 0)], READY),
        (&[U32(at::ack::REQUEST_ITEMS, u32::MAX)], READY),
        (&[U32(at::ack::RESPONSE_PAYLOAD, 0)], READY),
        (&[U32(at::ack::RESPONSE_PAYLOAD, u32::MAX)], READY),
        (&[U32(at::ack::RESPONSE_ITEMS, 0)], READY),
        (&[U32(at::ack::RESPONSE_ITEMS, u32::MAX)], READY),
        (&[U32(at::ack::PACKET, 0)], MISBEHAVED),
        (&[U32(at::ack::PACKET, 32)], MISBEHAVED),
        (&[U32(at::ack::PACKET, 33)], READY),
        (&[U32(at::ack::PACKET, u32::MAX)], READY),
        (&[U32(at::ack::PADDING, u32::MAX)], READY),
        (&[U64(at::ack::SESSION_ID, 0)], READY),
        (&[U64(at::ack::SESSION_ID, u64::MAX)], READY),
    ];
    for (fields, condition) in table {
        assert_eq!(after_fields(fields), *condition, "{fields:?}");
    }
}

#[test]
fn a_larger_packet_size_counts_as_the_proposed_one() {
    // NIPC-HS-25
    for more in [0, 1, 1000, u32::MAX - 212_960] {
        let bed = Bed::new();
        let server = server(&bed, move |listener| {
            let (peer, hello) = listener.accept_hello();
            let size = u32_at(&hello, at::hello::PACKET) + more;
            peer.send(&set(ack_to(&hello), U32(at::ack::PACKET, size)));
            assert_eq!(peer.packet(), increment(1, 41));
            peer.send(&incremented(1, 42));
            peer.end();
        });
        let mut client = bed.ready_client::<Increment>(|config| config.session.packet_size = 4096);
        assert_eq!(client.status().agreed.unwrap().packet_size, 4096);
        assert_eq!(client.call(41).unwrap().value, 42);
        drop(client);
        server.join().unwrap();
    }
}

#[test]
fn every_length() {
    // NIPC-HS-22, NIPC-HS-23, NIPC-HS-26
    for length in 0..=128_usize {
        let sized = move |mut packet: Vec<u8>| {
            packet.resize(length, 0xa5);
            packet
        };
        let condition = match length {
            0 => (State::Disconnected, Some(ErrorKind::Disconnected)),
            1..80 => INVALID,
            _ => READY,
        };
        assert_eq!(after(move |hello| sized(ack_to(hello))), condition, "{length}");
        // A refusal needs no payload, and none of what follows is looked at.
        if length >= 32 {
            let refused = (State::Disconnected, Some(ErrorKind::Rejected));
            assert_eq!(after(move |_| sized(rejection(6))), refused, "{length}");
        }
    }
    assert_eq!(after(|hello| [ack_to(hello), vec![0xa5; 60_000]].concat()), READY);
}

#[test]
fn every_status() {
    // NIPC-HS-21, NIPC-HS-22, NIPC-HS-30, NIPC-L2C-04, NIPC-ENV-12, NIPC-ERR-07
    for status in (1..=9).chain([0x7fff, 0xffff]) {
        let expected = match status {
            2 => (State::AuthFailed, ErrorKind::Denied),
            3 | 4 => (State::Incompatible, ErrorKind::Incompatible),
            _ => (State::Disconnected, ErrorKind::Rejected),
        };
        for bare in [false, true] {
            let bed = Bed::new();
            let server = server(&bed, move |listener| {
                let (peer, _) = listener.accept_hello();
                let packet = rejection(status);
                peer.send(if bare { &packet[..32] } else { &packet });
            });
            let client = refreshed(&bed);
            server.join().unwrap();
            assert_eq!(condition(&client), (expected.0, Some(expected.1)), "status {status}");
            let cause = client.status().cause.unwrap().to_string();
            assert!(cause.contains(&format!("status {status}")), "{cause}");
            assert!(cause.contains(bed.path().to_str().unwrap()), "{cause}");
            if status == 5 {
                assert!(cause.contains("1024"), "{cause}");
            }
        }
    }
}

#[test]
fn a_status_outranks_the_payload() {
    // NIPC-HS-21, NIPC-HS-22
    let nonsense = [U16(at::STATUS, 2), U16(at::LAYOUT, 9), U16(at::LAYOUT_FLAGS, 9), U32(at::ack::SELECTED, 9)];
    let denied = (State::AuthFailed, Some(ErrorKind::Denied));
    assert_eq!(after(move |hello| set_all(ack_to(hello), &nonsense)), denied);
    // And the header outranks the status.
    assert_eq!(after(|_| set(rejection(2), U16(at::VERSION, 7))), FOREIGN);
}

#[test]
fn a_lasting_refusal_is_left_by_reset_only() {
    // NIPC-L2C-03, NIPC-L2C-05
    for (status, state) in [(2, State::AuthFailed), (3, State::Incompatible), (4, State::Incompatible)] {
        let bed = Bed::new();
        let (refused, wait) = channel::<()>();
        let (checked, proceed) = channel::<()>();
        let server = server(&bed, move |listener| {
            let (peer, _) = listener.accept_hello();
            peer.send(&rejection(status));
            wait.recv().unwrap();
            assert!(!listener.has_caller(), "it came back");
            checked.send(()).unwrap();
            let session = listener.accept_session();
            session.end();
        });
        let mut client = refreshed(&bed);
        for _ in 0..3 {
            assert_eq!(client.refresh(), state);
            assert!(matches!(client.call(1), Err(Error::NotReady { state: at, cause: Some(_) }) if at == state));
        }
        refused.send(()).unwrap();
        proceed.recv().unwrap();
        client.reset();
        assert_eq!(condition(&client), (State::Disconnected, None));
        assert_eq!(client.refresh(), State::Ready);
        drop(client);
        server.join().unwrap();
    }
}

#[test]
fn a_passing_refusal_is_tried_again() {
    // NIPC-L2C-02, NIPC-L2S-16
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        for status in [6, 5, 1] {
            let (peer, _) = listener.accept_hello();
            peer.send(&rejection(status));
        }
        let session = listener.accept_session();
        assert_eq!(session.packet(), increment(1, 41));
        session.send(&incremented(1, 42));
        session.end();
    });
    let mut client = refreshed(&bed);
    for _ in 0..2 {
        assert_eq!(client.refresh(), State::Disconnected);
    }
    assert_eq!(client.refresh(), State::Ready);
    assert_eq!(client.call(41).unwrap().value, 42);
    drop(client);
    server.join().unwrap();
}

#[test]
fn silence_before_the_answer() {
    // NIPC-HS-28, NIPC-UDS-07: a server that does not accept, one that does not read, one that does not answer.
    for step in 0..3 {
        let bed = Bed::new();
        let (done, gone) = channel::<()>();
        let server = server(&bed, move |listener| match step {
            0 => gone.recv().unwrap(),
            1 => listener.accept().await_hang_up(),
            _ => listener.accept_hello().0.end(),
        });
        let mut client = bed.client::<Increment>(|config| config.connect_timeout = Duration::from_millis(30));
        assert_eq!(client.refresh(), State::Disconnected);
        let cause = client.status().cause.unwrap();
        let limit = Duration::from_millis(30);
        assert!(
            matches!(&*cause, Error::Timeout { waiting_for: Waiting::Handshake, limit: l } if *l == limit),
            "{cause:?}"
        );
        assert_eq!(client.status().counters.connect_failures, 1);
        let _ = done.send(());
        server.join().unwrap();
    }
}

#[test]
fn an_abort_wakes_a_client_in_its_handshake() {
    // NIPC-L2C-09, NIPC-UDS-09: its own deadline is far away.
    let bed = Bed::new();
    let mut client = bed.client::<Increment>(|config| config.connect_timeout = Duration::from_secs(3600));
    let abort = client.abort_handle();
    let server = server(&bed, move |listener| {
        let (peer, _) = listener.accept_hello();
        abort.abort();
        peer.end();
        let session = listener.accept_session();
        session.end();
    });
    assert_eq!(client.refresh(), State::Disconnected);
    assert_eq!(condition(&client), (State::Disconnected, Some(ErrorKind::Aborted)));
    // Sticky, and before any other check.
    assert_eq!(client.refresh(), State::Disconnected);
    assert_eq!(kind_of(client.call(1)), ErrorKind::Aborted);
    client.abort_handle().clear();
    assert_eq!(kind_of(client.call(1)), ErrorKind::NotReady);
    assert_eq!(client.refresh(), State::Ready);
    drop(client);
    server.join().unwrap();
}

#[test]
fn a_full_backlog_costs_the_connect_deadline_at_most() {
    // NIPC-EP-16, NIPC-HS-28
    let bed = Bed::new();
    let listener = crate::raw::RawListener::bind_with_backlog(&bed.path(), 0);
    let _waiting = bed.connect();
    let mut client = bed.client::<Increment>(|config| config.connect_timeout = Duration::from_millis(40));
    assert_eq!(client.refresh(), State::Disconnected);
    let cause = client.status().cause.unwrap();
    assert!(matches!(&*cause, Error::Timeout { waiting_for: Waiting::Backlog, .. }), "{cause:?}");
    // An abort ends that wait as well.
    let mut client = bed.client::<Increment>(|config| config.connect_timeout = Duration::from_secs(3600));
    let abort = client.abort_handle();
    let aborter = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        abort.abort();
    });
    client.refresh();
    assert_eq!(condition(&client), (State::Disconnected, Some(ErrorKind::Aborted)));
    aborter.join().unwrap();
    drop(listener);
}

#[test]
fn a_server_that_hangs_up_instead() {
    // NIPC-HS-21 row 1, NIPC-L2C-04
    for reads in [false, true] {
        let bed = Bed::new();
        let server = server(&bed, move |listener| {
            let peer = listener.accept();
            if reads {
                peer.packet();
            } else {
                // It closes with the HELLO unread, which looks like a reset.
                peer.await_input();
            }
        });
        let client = refreshed(&bed);
        server.join().unwrap();
        assert_eq!(condition(&client), (State::Disconnected, Some(ErrorKind::Disconnected)), "reads: {reads}");
    }
}

#[test]
fn an_answer_behind_a_reset_is_read() {
    // NIPC-UDS-13, NIPC-UDS-14
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let peer = listener.accept();
        peer.await_input();
        peer.send(&rejection(2));
    });
    let client = refreshed(&bed);
    server.join().unwrap();
    assert_eq!(condition(&client), (State::AuthFailed, Some(ErrorKind::Denied)));
}

#[test]
fn nobody_there() {
    // NIPC-L2C-02, NIPC-L2C-04, NIPC-EP-17
    let bed = Bed::new();
    let mut client = refreshed(&bed);
    assert_eq!(condition(&client), (State::NotFound, Some(ErrorKind::NotFound)));
    drop(bed.listener());
    assert_eq!(client.refresh(), State::NotFound, "a stale socket file");
    std::fs::remove_file(bed.path()).unwrap();
    std::fs::write(bed.path(), "not a socket").unwrap();
    assert_eq!(client.refresh(), State::NotFound, "no socket at all");
    assert!(matches!(client.call(1), Err(Error::NotReady { state: State::NotFound, cause: Some(_) })));
}
