//! The end of a session: seen at once, after everything that was sent before it.

use std::thread;

use netipc::{Abort, Deadline, Error, Session};
use rustix::event::PollFlags;

use crate::bed::{Pair, Transport, pair, pattern, request, response, round_trip, sized};
use crate::support::{PATIENCE, patience, poll};

fn ended(session: &mut Session) {
    // Only the peer's end can wake this; it stays ended, and says so each time.
    for _ in 0..2 {
        let got = session.receive(Deadline::NEVER, None);
        assert!(matches!(got, Err(Error::Disconnected { .. })), "{got:?}");
    }
    assert!(matches!(session.try_receive(), Err(Error::Disconnected { .. })));
}

// NIPC-UDS-07, NIPC-UDS-13
pub fn is_seen_at_once<T: Transport>() {
    let Pair { mut client, mut server, mut bed } = pair::<T>(|_, _| {});
    thread::scope(|scope| {
        let waiting = scope.spawn(|| client.receive(Deadline::NEVER, Some(&Abort::new())).map(drop));
        drop(server);
        assert!(matches!(waiting.join().unwrap(), Err(Error::Disconnected { .. })));
    });
    ended(&mut client);
    (client, server) = bed.connect();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| server.receive(Deadline::NEVER, None).map(drop));
        drop(client);
        assert!(matches!(waiting.join().unwrap(), Err(Error::Disconnected { .. })));
    });
    ended(&mut server);
}

/// `count` requests that the server has received, so that it may answer them.
fn asked(client: &mut Session, server: &mut Session, count: u64) {
    for id in 0..count {
        client.send(&request(id, b"ask"), b"ask", patience(), None).unwrap();
        server.receive(patience(), None).unwrap();
    }
}

fn all_answers_then_the_end(client: &mut Session, count: u64) {
    for id in 0..count {
        assert_eq!(client.receive(patience(), None).unwrap().header.message_id, id);
    }
    ended(client);
}

// NIPC-UDS-13
pub fn comes_after_what_was_sent<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = pair::<T>(|_, _| {});
    asked(&mut client, &mut server, 100);
    for id in 0..100 {
        server.send(&response(id, &[]), &[], patience(), None).unwrap();
    }
    drop(server);
    all_answers_then_the_end(&mut client, 100);
}

// NIPC-UDS-13, NIPC-UDS-14: unread input makes the kernel report a reset before the packets that are queued.
pub fn comes_after_what_was_sent_in_spite_of_a_reset<T: Transport>() {
    for polled in [false, true] {
        let Pair { mut client, mut server, bed: _bed } = pair::<T>(|_, _| {});
        asked(&mut client, &mut server, 100);
        client.send(&request(100, b"never read"), b"never read", patience(), None).unwrap();
        for id in 0..100 {
            server.send(&response(id, &[]), &[], patience(), None).unwrap();
        }
        drop(server);
        if polled {
            for id in 0..100 {
                assert!(poll(&client, PollFlags::IN, PATIENCE).contains(PollFlags::IN));
                assert_eq!(client.try_receive().unwrap().header.message_id, id);
            }
        }
        all_answers_then_the_end(&mut client, if polled { 0 } else { 100 });
    }
}

// NIPC-UDS-05, NIPC-UDS-13: a send to a peer that is gone kills nobody; the next receive tells.
pub fn of_the_peer_does_not_break_a_send<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = sized::<T>(96, 100_000);
    asked(&mut client, &mut server, 1);
    server.send(&response(0, b"last"), b"last", patience(), None).unwrap();
    drop(server);
    let long = pattern(1, 1000);
    client.send(&request(1, b"x"), b"x", patience(), None).unwrap();
    client.send(&request(2, &long), &long, patience(), None).unwrap();
    client.try_send(&request(3, &long), &long).unwrap();
    client.send_many(&[(request(4, b"x"), b"x"), (request(5, b"y"), b"y")], patience(), None).unwrap();
    assert!(client.flush().unwrap());
    assert_eq!(client.receive(patience(), None).unwrap().payload, b"last");
    ended(&mut client);
}

// NIPC-UDS-07: who waits for room learns of the end, too.
pub fn wakes_a_send_that_waits_for_room<T: Transport>() {
    let Pair { mut client, server, bed: _bed } = sized::<T>(0, 4 << 20);
    let payload = pattern(1, 4 << 20);
    thread::scope(|scope| {
        scope.spawn(move || {
            // The sender has filled the queue by half at least; it will be stuck before it is through.
            assert!(poll(&server, PollFlags::IN, PATIENCE).contains(PollFlags::IN));
            drop(server);
        });
        client.send(&request(1, &payload), &payload, Deadline::NEVER, None).unwrap();
    });
    ended(&mut client);
}

// NIPC-CHK-12, NIPC-UDS-13: half a message is never delivered.
pub fn in_the_middle_of_a_message<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = sized::<T>(0, 4 << 20);
    let payload = pattern(1, 4 << 20);
    client.try_send(&request(1, &payload), &payload).unwrap();
    assert!(!client.flush().unwrap());
    drop(client);
    ended(&mut server);
}

// NIPC-UDS-15
pub fn by_close_loses_nothing<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = pair::<T>(|_, _| {});
    asked(&mut client, &mut server, 100);
    for id in 0..100 {
        server.send(&response(id, &[]), &[], patience(), None).unwrap();
        client.send(&request(1000 + id, b"never read"), b"never read", patience(), None).unwrap();
    }
    thread::scope(|scope| {
        scope.spawn(|| server.close());
        all_answers_then_the_end(&mut client, 100);
        // Hangs up, which ends the close early.
        drop(client);
    });
}

// NIPC-UDS-15: the last message is sent, even if the socket had no room for all of it at first.
pub fn by_close_sends_what_was_kept<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = sized::<T>(0, 4 << 20);
    let payload = pattern(1, 300_000);
    client.try_send(&request(1, &payload), &payload).unwrap();
    assert!(!client.flush().unwrap());
    // Makes room for the rest.
    assert!(matches!(server.try_receive(), Err(Error::WouldBlock)));
    client.close();
    assert!(server.receive(patience(), None).unwrap().payload == payload);
    ended(&mut server);
}

// NIPC-UDS-15, NIPC-UDS-16: a peer that neither reads nor hangs up does not hold a close up.
pub fn by_close_is_bounded<T: Transport>() {
    let Pair { mut client, server: _server, bed: _bed } = sized::<T>(0, 4 << 20);
    let payload = pattern(1, 2 << 20);
    client.try_send(&request(1, &payload), &payload).unwrap();
    client.close();

    let Pair { mut client, mut server, bed: _bed } = pair::<T>(|_, _| {});
    round_trip(&mut client, &mut server, 1);
    server.close();
    ended(&mut client);
}
