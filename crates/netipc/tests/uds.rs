//! What is true of Unix sockets alone: closing, signals, descriptors in packets, packets beyond a buffer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/raw.rs"]
mod raw;
mod support;

use std::fs::File;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::thread;

use netipc::services::{Increment, StringReverse};
use netipc::{Error, Header, Listener, ListenerConfig, Session, SessionConfig};
use raw::{Bed, Field, Got, Raw, at};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sockopt};
use support::{Watchdog, alone, descriptors, patience};

/// A session between our listener and a peer made of bytes.
fn met(bed: &Bed, change: impl FnOnce(&mut ListenerConfig)) -> (Session, Raw) {
    let mut config = ListenerConfig::default();
    change(&mut config);
    let mut listener = Listener::bind(&bed.endpoint(), config).unwrap();
    let peer = bed.connect();
    peer.send(&raw::hello());
    let session = listener.accept(patience(), None).unwrap();
    assert_eq!(raw::u16_at(&peer.packet(), at::STATUS), 0);
    (session, peer)
}

// NIPC-UDS-15: peers exist that give up at the first error; they must not meet one.
#[test]
fn a_close_with_unread_input_destroys_nothing() {
    let bed = Bed::new();
    let (mut session, peer) = met(&bed, |_| {});
    peer.send(&raw::increment(1, 1));
    let request = session.receive(patience(), None).unwrap().header;
    for id in 2..50 {
        peer.send(&raw::increment(id, 1));
    }
    session.send(&request.response(8), &[7; 8], patience(), None).unwrap();
    session.close();
    assert_eq!(peer.packet(), raw::response(raw::INCREMENT, 1, &[7; 8]));
    peer.orderly_end();
}

// NIPC-UDS-15: the end is told before the socket is closed, so that the peer can hang up first.
#[test]
fn a_close_tells_the_end_and_then_waits() {
    let _watchdog = Watchdog::start();
    let waited = (0..20).any(|_| {
        let bed = Bed::new();
        let (session, peer) = met(&bed, |_| {});
        thread::scope(|scope| {
            scope.spawn(|| session.close());
            peer.orderly_end();
            // Taken and thrown away, unless this thread was kept from here for all of the linger time.
            peer.try_send(&raw::increment(1, 1)).is_ok()
        })
    });
    assert!(waited, "the socket was closed as soon as the end was told");
}

// NIPC-UDS-05: with the signal at its default, as it is in a program that is not written in Rust.
#[test]
fn a_send_to_a_closed_peer_raises_no_signal() {
    alone("a_send_to_a_closed_peer_raises_no_signal", || {
        // SAFETY: setting a disposition to the default installs no handler, and no other thread cares.
        let before = unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        assert_ne!(before, libc::SIG_ERR);
        let bed = Bed::new();
        let listener = bed.listener();
        let (config, endpoint) = (SessionConfig::default(), bed.endpoint());
        thread::scope(|scope| {
            let client = scope.spawn(|| Session::connect(&endpoint, &config, patience(), None).unwrap());
            drop(listener.accept_session());
            let mut client = client.join().unwrap();
            for id in 0..3 {
                client.send(&Header::request(1, 0, id), &[], patience(), None).unwrap();
            }
            let many: Vec<(Header, &[u8])> = (3..40).map(|id| (Header::request(1, 0, id), &b""[..])).collect();
            client.send_many(&many, patience(), None).unwrap();
            client.close();
        });
        // A HELLO into a socket that was closed, too.
        thread::scope(|scope| {
            let client = scope.spawn(|| Session::connect(&endpoint, &config, patience(), None));
            drop(listener.accept());
            assert!(matches!(client.join().unwrap(), Err(Error::Disconnected { .. })));
        });
    });
}

/// Sends a packet with three descriptors on it.
fn send_with_descriptors(to: &impl AsFd, packet: &[u8], file: &File) {
    let files = [file.as_fd(), file.as_fd(), file.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(&files)));
    rustix::net::sendmsg(to, &[IoSlice::new(packet)], &mut control, SendFlags::NOSIGNAL).unwrap();
}

// NIPC-UDS-06
#[test]
fn descriptors_in_packets_are_dropped() {
    alone("descriptors_in_packets_are_dropped", || {
        let bed = Bed::new();
        let file = File::open("/dev/null").unwrap();
        let server = bed.server::<Increment>(|_| {}, |request, reply| Ok(reply.value(request.value + 1)?));
        let calls = |count: u64| {
            let peer = bed.connect();
            send_with_descriptors(peer.socket(), &raw::hello(), &file);
            assert_eq!(raw::u16_at(&peer.packet(), at::STATUS), 0);
            for id in 0..count {
                send_with_descriptors(peer.socket(), &raw::increment(id, 41), &file);
                assert_eq!(peer.packet(), raw::incremented(id, 42));
            }
            peer
        };
        drop(calls(1));
        bed.assert_only(&server, 0);
        let before = descriptors();
        let peer = calls(100);
        assert_eq!(descriptors(), before + 2, "one for each end of the connection");
        drop(peer);
        server.stop().unwrap();
    });
}

// NIPC-UDS-06: a server may send them as well.
#[test]
fn a_client_drops_descriptors_too() {
    alone("a_client_drops_descriptors_too", || {
        let bed = Bed::new();
        let file = File::open("/dev/null").unwrap();
        let listener = bed.listener();
        let (endpoint, config) = (bed.endpoint(), SessionConfig::default());
        let before = descriptors();
        thread::scope(|scope| {
            let client = scope.spawn(|| Session::connect(&endpoint, &config, patience(), None).unwrap());
            let (peer, hello) = listener.accept_hello();
            send_with_descriptors(peer.socket(), &raw::ack_to(&hello), &file);
            let mut client = client.join().unwrap();
            client.send(&Header::request(1, 0, 1), &[], patience(), None).unwrap();
            peer.packet();
            send_with_descriptors(peer.socket(), &raw::response(1, 1, &[]), &file);
            client.receive(patience(), None).unwrap();
            assert_eq!(descriptors(), before + 2);
        });
    });
}

/// A HELLO for large requests over packets of this size.
fn large_hello(packet: u32) -> Vec<u8> {
    let fields = [Field::U32(at::hello::REQUEST_PAYLOAD, 1 << 20), Field::U32(at::hello::PACKET, packet)];
    raw::set_all(raw::hello(), &fields)
}

/// A peer whose socket carries longer packets than any default one.
fn wide(bed: &Bed, packet: u32) -> Raw {
    let (peer, ack) = Raw::session_with(&bed.path(), &large_hello(packet));
    let largest = raw::u32_at(&ack, at::ack::PACKET);
    // The kernel doubles what it is told.
    sockopt::set_socket_send_buffer_size(peer.socket(), 212_992).unwrap();
    assert!(sockopt::socket_send_buffer_size(peer.socket()).unwrap() > largest as usize + 1000);
    peer
}

// NIPC-UDS-04
#[test]
fn a_packet_beyond_the_buffer_ends_the_session() {
    let bed = Bed::new();
    let server = bed.server::<StringReverse>(|_| {}, |request, reply| Ok(reply.text(request.text())?));
    let bystander = bed.session();
    let peer = wide(&bed, u32::MAX);
    // Sound but for its size, and the buffer would hold most of it.
    peer.send(&raw::request(raw::STRING_REVERSE, 1, &raw::text(&vec![b'x'; 213_000])));
    peer.end();
    bystander.send(&raw::request(raw::STRING_REVERSE, 1, &raw::text(b"x")));
    assert_eq!(bystander.packet(), raw::response(raw::STRING_REVERSE, 1, &raw::text(b"x")));
    assert_eq!(server.handle().status().violations, 1);
    assert_eq!(server.handle().status().answered, 1);
}

// NIPC-RCV-01, NIPC-UDS-13: on the side of the server and of the client.
#[test]
fn a_packet_of_no_bytes_is_the_end() {
    let bed = Bed::new();
    let (mut session, peer) = met(&bed, |_| {});
    peer.send(&raw::increment(1, 1));
    peer.send(&[]);
    session.receive(patience(), None).unwrap();
    assert!(matches!(session.receive(patience(), None), Err(Error::Disconnected { .. })));

    let bed = Bed::new();
    let listener = bed.listener();
    let (endpoint, config) = (bed.endpoint(), SessionConfig::default());
    thread::scope(|scope| {
        let client = scope.spawn(|| Session::connect(&endpoint, &config, patience(), None));
        listener.accept_hello().0.send(&[]);
        assert!(matches!(client.join().unwrap(), Err(Error::Disconnected { .. })));
    });
}

// NIPC-UDS-01: what is moved together stays apart.
#[test]
fn packets_of_one_system_call_keep_their_boundaries() {
    let bed = Bed::new();
    let (mut session, peer) = met(&bed, |_| {});
    for id in 0..40 {
        peer.send(&raw::increment(id, 0));
        session.receive(patience(), None).unwrap();
    }
    let many: Vec<(Header, &[u8])> = (0..40).map(|id| (Header::request(1, 0, id).response(8), &[9; 8][..])).collect();
    session.send_many(&many, patience(), None).unwrap();
    for id in 0..40 {
        assert_eq!(peer.receive(), Got::Packet(raw::response(1, id, &[9; 8])));
    }
}

// NIPC-UDS-14: the error comes first and once, what was sent before it comes after it.
#[test]
fn a_reset_hides_no_packet_from_a_handshake() {
    let bed = Bed::new();
    let listener = bed.listener();
    let (endpoint, config) = (bed.endpoint(), SessionConfig::default());
    thread::scope(|scope| {
        let client = scope.spawn(|| Session::connect(&endpoint, &config, patience(), None));
        let peer = listener.accept();
        peer.await_input();
        // Answers without having read, as no good server would.
        peer.send(&raw::rejection(2));
        drop(peer);
        assert_eq!(client.join().unwrap().unwrap_err().kind(), netipc::ErrorKind::Denied);
    });
}
