//! Transports with room for one message in each direction: the next one waits until the last one was answered.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use netipc::{Abort, Deadline, Error, ErrorKind, Header, Session, Waiting};

use crate::bed::{Pair, Transport, echo, pair, pattern, request, response, round_trip, sized};
use crate::support::patience;

const SHORT: Duration = Duration::from_millis(20);

fn answer(server: &mut Session, id: u64) {
    assert_eq!(server.receive(patience(), None).unwrap().header.message_id, id);
    server.send(&response(id, b"answer"), b"answer", patience(), None).unwrap();
}

fn answered(client: &mut Session, id: u64) {
    assert_eq!(client.receive(patience(), None).unwrap().header.message_id, id);
}

// NIPC-SHM-18
pub fn a_second_request_waits<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = pair::<T>(|_, _| {});
    client.try_send(&request(1, b"x"), b"x").unwrap();
    for _ in 0..2 {
        assert!(matches!(client.try_send(&request(2, b"y"), b"y"), Err(Error::WouldBlock)));
    }
    answer(&mut server, 1);
    assert!(matches!(client.try_send(&request(2, b"y"), b"y"), Err(Error::WouldBlock)), "it is not taken yet");
    assert!(matches!(server.try_receive(), Err(Error::WouldBlock)));
    answered(&mut client, 1);
    client.try_send(&request(2, b"y"), b"y").unwrap();
    answer(&mut server, 2);
    answered(&mut client, 2);
}

// NIPC-SHM-18: what was not published has not been sent, and its id is free.
pub fn a_second_request_can_time_out<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = pair::<T>(|_, _| {});
    client.send(&request(1, b"x"), b"x", patience(), None).unwrap();
    let many = [(request(2, b"y"), &b"y"[..]), (request(3, b"z"), &b"z"[..])];
    for _ in 0..2 {
        match client.send_many(&many, Deadline::after(SHORT), None) {
            Err(Error::Timeout { waiting_for, limit }) => assert_eq!((waiting_for, limit), (Waiting::Room, SHORT)),
            other => panic!("{other:?}"),
        }
        assert_eq!(client.in_flight().collect::<Vec<_>>(), [1]);
    }
    answer(&mut server, 1);
    answered(&mut client, 1);
    for id in [2, 3] {
        round_trip(&mut client, &mut server, id);
    }
}

// NIPC-SHM-16, NIPC-SHM-18
pub fn a_second_request_can_be_aborted<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = pair::<T>(|_, _| {});
    client.send(&request(1, b"x"), b"x", patience(), None).unwrap();
    let (abort, about) = (Abort::new(), Barrier::new(2));
    for _ in 0..50 {
        thread::scope(|scope| {
            scope.spawn(|| {
                about.wait();
                thread::yield_now();
                abort.abort();
            });
            about.wait();
            let got = client.send(&request(2, b"y"), b"y", Deadline::NEVER, Some(&abort));
            assert!(matches!(got, Err(Error::Aborted)), "{got:?}");
        });
        abort.clear();
    }
    answer(&mut server, 1);
    answered(&mut client, 1);
    round_trip(&mut client, &mut server, 2);
}

// NIPC-SHM-18: a thread that only sends is not stuck behind an answer that it has not asked for yet.
pub fn answers_that_come_meanwhile_are_kept<T: Transport>() {
    const COUNT: u64 = 200;
    let Pair { mut client, mut server, bed: _bed } = sized::<T>(0, 100_000);
    thread::scope(|scope| {
        scope.spawn(|| echo(&mut server));
        let payload = |id| pattern(id, (id * 131) as usize % 3000);
        for id in 0..COUNT {
            client.send(&request(id, &payload(id)), &payload(id), patience(), None).unwrap();
        }
        for id in 0..COUNT {
            let message = client.receive(patience(), None).unwrap();
            assert_eq!(message.header, response(id, &payload(id)));
            assert!(message.payload == payload(id));
        }
        drop(client);
    });
}

// NIPC-SHM-18
pub fn many_requests_go_out_one_by_one<T: Transport>() {
    const COUNT: u64 = 300;
    let Pair { mut client, mut server, bed: _bed } = sized::<T>(0, 100_000);
    thread::scope(|scope| {
        scope.spawn(|| echo(&mut server));
        let payloads: Vec<Vec<u8>> = (0..COUNT).map(|id| pattern(id, (id * 97) as usize % 5000)).collect();
        let messages: Vec<(Header, &[u8])> =
            (0..COUNT).zip(&payloads).map(|(id, payload)| (request(id, payload), &payload[..])).collect();
        client.send_many(&messages, patience(), None).unwrap();
        for (id, payload) in (0..).zip(&payloads) {
            let message = client.receive(patience(), None).unwrap();
            assert_eq!(message.header, response(id, payload));
            assert!(message.payload == payload);
        }
        drop(client);
    });
}

// NIPC-RCV-12
pub fn a_refusal_stops_those_behind_it<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = pair::<T>(|_, config| config.max_request_payload = 100);
    let excess = pattern(0, 101);
    thread::scope(|scope| {
        scope.spawn(|| echo(&mut server));
        for at in 0..5_u64 {
            let message = |id| {
                if id == at { (request(id, &excess), &excess[..]) } else { (request(id, b"small"), &b"small"[..]) }
            };
            let messages: Vec<(Header, &[u8])> = (0..8).map(message).collect();
            let got = client.send_many(&messages, patience(), None);
            assert!(matches!(got, Err(Error::LimitExceeded { got: 101, allowed: 100, .. })), "{got:?}");
            (0..at).for_each(|id| answered(&mut client, id));
            assert!(matches!(client.try_receive(), Err(Error::WouldBlock)), "refused at {at}");
        }
        drop(client);
    });
}

// NIPC-SHM-18: a server has the area while it owes an answer.
pub fn an_answer_needs_a_request<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = pair::<T>(|_, _| {});
    assert!(matches!(server.try_send(&response(1, b"x"), b"x"), Err(Error::WouldBlock)));
    round_trip(&mut client, &mut server, 1);
    assert!(matches!(server.try_send(&response(1, b"x"), b"x"), Err(Error::WouldBlock)));
    round_trip(&mut client, &mut server, 2);
}

// NIPC-SHM-15: what was published before the end comes before it, for both sides.
pub fn an_answer_outlives_its_server<T: Transport>() {
    let Pair { mut client, mut server, mut bed } = pair::<T>(|_, _| {});
    for closing in [Session::close as fn(Session), drop] {
        client.send(&request(1, b"x"), b"x", patience(), None).unwrap();
        answer(&mut server, 1);
        closing(server);
        answered(&mut client, 1);
        assert!(matches!(client.receive(Deadline::NEVER, None), Err(Error::Disconnected { .. })));
        (client, server) = bed.connect();
        client.send(&request(1, b"last words"), b"last words", patience(), None).unwrap();
        closing(client);
        assert_eq!(server.receive(Deadline::NEVER, None).unwrap().payload, b"last words");
        assert!(matches!(server.receive(Deadline::NEVER, None), Err(Error::Disconnected { .. })));
        (client, server) = bed.connect();
    }
}

// NIPC-SHM-15: a send to a peer that is gone kills nobody; the next receive tells.
pub fn a_peer_that_is_gone_breaks_no_send<T: Transport>() {
    let Pair { mut client, mut server, mut bed } = pair::<T>(|_, _| {});
    round_trip(&mut client, &mut server, 1);
    drop(server);
    client.send(&request(2, b"x"), b"x", patience(), None).unwrap();
    client.send_many(&[(request(3, b"y"), b"y"), (request(4, b"z"), b"z")], patience(), None).unwrap();
    for _ in 0..2 {
        assert!(matches!(client.receive(Deadline::NEVER, None), Err(Error::Disconnected { .. })));
    }
    assert!(matches!(client.try_receive(), Err(Error::Disconnected { .. })));
    let (mut client, mut server) = bed.connect();
    client.send(&request(1, b"x"), b"x", patience(), None).unwrap();
    server.receive(patience(), None).unwrap();
    drop(client);
    server.send(&response(1, b"too late"), b"too late", patience(), None).unwrap();
    assert_eq!(server.receive(Deadline::NEVER, None).unwrap_err().kind(), ErrorKind::Disconnected);
}

// NIPC-SHM-15
pub fn the_end_wakes_a_send_that_waits<T: Transport>() {
    let Pair { mut client, server, bed: _bed } = pair::<T>(|_, _| {});
    client.send(&request(1, b"x"), b"x", patience(), None).unwrap();
    let about = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            about.wait();
            drop(server);
        });
        about.wait();
        client.send(&request(2, b"y"), b"y", Deadline::NEVER, None).unwrap();
    });
    assert!(matches!(client.receive(Deadline::NEVER, None), Err(Error::Disconnected { .. })));
}

// NIPC-SHM-19
pub fn there_is_nothing_to_poll<T: Transport>() {
    let Pair { client, server, bed: _bed } = pair::<T>(|_, _| {});
    for session in [client, server] {
        assert!(matches!(session.wait_object(), Err(Error::Unsupported(_))));
    }
}
