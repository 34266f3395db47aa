//! Clients that do not read.

use std::time::Duration;

use netipc::services::StringReverse;
use rustix::io::Errno;

use crate::raw::{Bed, Field, Raw, STRING_REVERSE, at, eventually, hello, request, response, set_all, text, u64_at};
use crate::reverse_server;
use Field::U32;

const LENGTH: usize = 20_000;

fn session(bed: &Bed) -> Raw {
    Raw::session_with(&bed.path(), &set_all(hello(), &[U32(at::hello::REQUEST_PAYLOAD, 1 << 20)])).0
}

fn query(id: u64) -> Vec<u8> {
    request(STRING_REVERSE, id, &text(&vec![b'x'; LENGTH]))
}

#[track_caller]
fn assert_served(bed: &Bed) {
    let mut client = bed.ready_client::<StringReverse>(|_| {});
    assert_eq!(client.call(b"abc").unwrap().text(), b"cba");
}

/// Sends until neither side takes more; how many requests went out.
fn fill(session: &Raw) -> u64 {
    let mut sent = 0;
    let mut full_since = 0;
    // The server frees room for as long as it still takes requests.
    while full_since < 50 {
        match session.send_now(&query(sent)) {
            Ok(()) => (sent, full_since) = (sent + 1, 0),
            Err(Errno::AGAIN) => {
                full_since += 1;
                std::thread::sleep(Duration::from_millis(2));
            }
            // The server has had enough of it.
            Err(Errno::PIPE | Errno::CONNRESET) => break,
            Err(errno) => panic!("{errno}"),
        }
    }
    sent
}

#[test]
fn one_that_never_reads_is_cut_off() {
    // NIPC-L2S-14, NIPC-L2S-12
    let bed = Bed::new();
    let server = reverse_server(&bed, |config| {
        config.max_workers = 1;
        config.write_stall_timeout = Duration::from_millis(400);
    });
    let stuck: Vec<Raw> = (0..3).map(|_| session(&bed)).collect();
    for session in &stuck {
        fill(session);
    }
    assert_served(&bed);
    stuck.iter().for_each(Raw::await_hang_up);
    assert_served(&bed);
    bed.assert_only(&server, 0);
    assert_eq!(server.handle().status().stalled, 3);
}

#[test]
fn one_that_reads_late_loses_nothing() {
    // NIPC-L2S-14, NIPC-L2S-01, NIPC-UDS-08
    let bed = Bed::new();
    let server = reverse_server(&bed, |config| config.max_workers = 1);
    let slow = session(&bed);
    let sent = fill(&slow);
    assert!(sent > 10, "{sent}");
    assert_served(&bed);
    for id in 0..sent {
        let answer = slow.message();
        assert_eq!(u64_at(&answer, at::MESSAGE_ID), id);
        assert_eq!(answer[32..], text(&[b'x'; LENGTH]));
    }
    slow.send(&request(STRING_REVERSE, sent, &text(b"abc")));
    assert_eq!(slow.message(), response(STRING_REVERSE, sent, &text(b"cba")));
    bed.assert_only(&server, 1);
    assert_eq!(server.handle().status().stalled, 0);
}

#[test]
fn a_stalled_session_ends_with_its_client() {
    // NIPC-L2S-12, NIPC-UDS-07: no deadline is needed to notice that the client is gone.
    let bed = Bed::new();
    let server = reverse_server(&bed, |config| config.write_stall_timeout = Duration::from_secs(3600));
    let stuck = session(&bed);
    fill(&stuck);
    bed.assert_only(&server, 1);
    drop(stuck);
    bed.assert_only(&server, 0);
}

#[test]
fn an_answer_that_waits_for_room_at_the_end_of_a_burst_goes_on() {
    // NIPC-UDS-08, NIPC-L2S-14: whichever request of many in one go has the answer that does not fit the socket.
    let bed = Bed::new();
    let (gate, opened) = std::sync::mpsc::channel::<()>();
    let opened = std::sync::Mutex::new(opened);
    let server = bed.server::<StringReverse>(
        |config| config.listener.max_response_payload = Some(1 << 20),
        move |request, reply| {
            match request.text() {
                b"gate" => opened.lock().unwrap().recv().unwrap(),
                b"large" => return Ok(reply.text(&vec![b'y'; 700_000])?),
                _ => {}
            }
            Ok(reply.text(request.text())?)
        },
    );
    for before in (0..70_u64).step_by(3).chain(29..35) {
        let session = session(&bed);
        session.send(&request(STRING_REVERSE, 0, &text(b"gate")));
        for id in 1..=before {
            session.send(&request(STRING_REVERSE, id, &text(b"small")));
        }
        session.send(&request(STRING_REVERSE, before + 1, &text(b"large")));
        gate.send(()).unwrap();
        for id in 0..=before {
            assert_eq!(u64_at(&session.message(), at::MESSAGE_ID), id);
        }
        let answer = session.message();
        assert_eq!((u64_at(&answer, at::MESSAGE_ID), answer.len()), (before + 1, 32 + 700_009), "{before} before it");
    }
    eventually("sessions end", || server.handle().status().sessions == 0);
}
