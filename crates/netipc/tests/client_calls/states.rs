//! States of a client, and what it says of itself.

use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use netipc::services::{Increment, StringReverse};
use netipc::{Client, Error, ErrorKind, Profiles, State, Waiting};

use crate::raw::{Bed, Got, PATIENCE, at, incremented, u64_at};
use crate::{Once, kind_of, server};

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn a_new_client_has_done_nothing() {
    // NIPC-L2C-01, NIPC-L2C-05, NIPC-L2C-06
    let bed = Bed::new();
    let listener = bed.listener();
    let mut client = bed.client::<Increment>(|_| {});
    let status = client.status();
    assert_eq!(status.state, State::Disconnected);
    assert!(status.cause.is_none() && status.agreed.is_none() && status.peer.is_none());
    assert_eq!(status.counters, Default::default());
    assert!(!client.is_ready());
    assert!(matches!(client.call(1), Err(Error::NotReady { state: State::Disconnected, cause: None })));
    assert_eq!(kind_of(client.call_batch(&[])), ErrorKind::NotReady, "an empty batch too");
    assert_eq!(kind_of(client.call_pipelined([1], 1, |_, _| panic!("no call"))), ErrorKind::NotReady);
    assert!(!listener.has_caller());
}

#[test]
fn a_live_session_is_left_alone() {
    // NIPC-L2C-02, NIPC-L2C-06
    let bed = Bed::new();
    let (done, gone) = channel::<()>();
    let server = server(&bed, move |listener| {
        let peer = listener.accept_session();
        gone.recv().unwrap();
        assert!(!listener.has_caller());
        assert!(peer.receive_now().is_none(), "a refresh says nothing");
    });
    let mut client = bed.ready_client::<Increment>(|_| {});
    for _ in 0..5 {
        assert_eq!(client.refresh(), State::Ready);
    }
    let status = client.status();
    let (agreed, peer) = (status.agreed.unwrap(), status.peer.unwrap());
    assert_eq!((agreed.profile, agreed.session_id), (Profiles::BASELINE, 1));
    assert_eq!((agreed.request.max_payload, agreed.response.max_payload), (1024, 65536));
    assert_eq!(peer.pid as u32, std::process::id());
    assert_eq!(peer.uid, rustix::process::geteuid().as_raw());
    assert_eq!((status.counters.connects, status.counters.connect_failures), (1, 0));
    done.send(()).unwrap();
    server.join().unwrap();
}

#[test]
fn a_dead_session_is_replaced() {
    // NIPC-L2C-02, NIPC-UDS-13
    let bed = Bed::new();
    let (hung_up, gone) = channel::<()>();
    let server = server(&bed, move |listener| {
        drop(listener.accept_session());
        hung_up.send(()).unwrap();
        listener.accept_session().end();
    });
    let mut client = bed.ready_client::<Increment>(|_| {});
    gone.recv().unwrap();
    assert!(client.is_ready(), "a cached flag");
    assert_eq!(client.refresh(), State::Ready);
    assert_eq!(client.status().counters.connects, 2);
    drop(client);
    server.join().unwrap();
}

#[test]
fn reset_leaves_every_state() {
    // NIPC-L2C-03
    let bed = Bed::new();
    let mut client = bed.client::<Increment>(|_| {});
    assert_eq!(client.refresh(), State::NotFound);
    client.reset();
    assert_eq!(client.status().state, State::Disconnected);
    assert!(client.status().cause.is_none());
    let server = server(&bed, |listener| {
        listener.accept_session().end();
        let peer = listener.accept_session();
        peer.packet();
        drop(listener);
    });
    assert_eq!(client.refresh(), State::Ready);
    client.reset();
    assert_eq!(client.status().state, State::Disconnected);
    assert_eq!(kind_of(client.call(1)), ErrorKind::NotReady);
    assert_eq!(client.refresh(), State::Ready);
    assert_eq!(kind_of(client.call(1)), ErrorKind::NotFound, "nobody listens any more");
    server.join().unwrap();
}

#[test]
fn a_service_without_batches() {
    // NIPC-L2C-15
    let bed = Bed::new();
    let server = server(&bed, |listener| assert_eq!(listener.accept_session().receive(), Got::End));
    let mut client = bed.ready_client::<Once>(|config| config.session.max_batch_items = 9);
    assert_eq!(kind_of(client.call_batch(&[1, 2])), ErrorKind::ApiMisuse);
    assert!(client.is_ready());
    drop(client);
    server.join().unwrap();
}

#[test]
fn misuse_is_told_before_anything_is_sent() {
    // NIPC-PRF-05, NIPC-RCV-12
    let bed = Bed::new();
    let listener = bed.listener();
    for supported in [Profiles::NONE, Profiles::SHM_RING] {
        let mut client = bed.client::<Increment>(|config| config.session.supported = supported);
        assert_eq!(client.refresh(), State::Disconnected);
        assert_eq!(client.status().cause.unwrap().kind(), ErrorKind::ApiMisuse);
    }
    assert!(!listener.has_caller());
}

#[test]
fn deadlines() {
    // NIPC-L2C-07, NIPC-L2C-08: the default, one of its own, and 0 for the default.
    let limit = Duration::from_millis(30);
    let shape = |own: Option<Duration>, default: Duration| {
        let bed = Bed::new();
        let server = server(&bed, |listener| {
            let peer = listener.accept_session();
            peer.packet();
            peer.end();
            assert!(!listener.has_caller());
        });
        let mut client = bed.ready_client::<Increment>(|config| config.call_timeout = default);
        let began = Instant::now();
        let error = match own {
            None => client.call(1).unwrap_err(),
            Some(own) => client.call_within(1, own).unwrap_err(),
        };
        assert!(began.elapsed() >= limit, "too early");
        assert!(matches!(error, Error::Timeout { waiting_for: Waiting::Message, limit: l } if l == limit), "{error:?}");
        assert!(error.to_string().contains("30ms"), "{error}");
        let status = client.status();
        assert_eq!((status.state, status.counters.call_failures), (State::Broken, 1));
        server.join().unwrap();
    };
    shape(None, limit);
    shape(Some(limit), LONG);
    shape(Some(Duration::ZERO), limit);
}

#[test]
fn an_abort_ends_a_call_at_once() {
    // NIPC-L2C-09, NIPC-UDS-09: no deadline is near.
    let bed = Bed::new();
    let (asked, is_asked) = channel::<()>();
    let server = server(&bed, move |listener| {
        let peer = listener.accept_session();
        peer.packet();
        asked.send(()).unwrap();
        peer.end();
        let peer = listener.accept_session();
        let id = u64_at(&peer.packet(), at::MESSAGE_ID);
        peer.send(&incremented(id, 2));
        peer.end();
    });
    let mut client = bed.ready_client::<Increment>(|config| config.call_timeout = LONG);
    let abort = client.abort_handle();
    let aborter = thread::spawn(move || {
        is_asked.recv().unwrap();
        abort.abort();
    });
    assert_eq!(kind_of(client.call(1)), ErrorKind::Aborted);
    aborter.join().unwrap();
    assert_eq!(client.status().state, State::Broken);
    // Sticky, and before any other check.
    assert_eq!(kind_of(client.call(1)), ErrorKind::Aborted);
    assert_eq!(kind_of(client.call_batch(&[])), ErrorKind::Aborted);
    assert_eq!(kind_of(client.call_pipelined([1], 1, |_, _| panic!("no call"))), ErrorKind::Aborted);
    assert_ne!(client.refresh(), State::Ready);
    assert_eq!(client.status().cause.unwrap().kind(), ErrorKind::Aborted);
    let abort = client.abort_handle();
    assert!(abort.is_aborted());
    abort.clear();
    assert_eq!(client.refresh(), State::Ready);
    assert_eq!(client.call(1).unwrap().value, 2);
    drop(client);
    server.join().unwrap();
}

#[test]
fn an_abort_between_calls_keeps_them_from_starting() {
    // NIPC-L2C-09
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        // Nothing is sent under the abort.
        let peer = listener.accept_session();
        let got = peer.receive();
        assert!(got == Got::End, "{got:?}");
    });
    let mut client = bed.ready_client::<Increment>(|_| {});
    client.abort_handle().abort();
    for _ in 0..3 {
        assert_eq!(kind_of(client.call(1)), ErrorKind::Aborted);
    }
    drop(client);
    server.join().unwrap();
}

#[test]
fn an_abort_ends_a_pipeline() {
    // NIPC-L2C-09, NIPC-L2C-20: every call has its end.
    let bed = Bed::new();
    let (asked, is_asked) = channel::<()>();
    let server = server(&bed, move |listener| {
        let peer = listener.accept_session();
        for id in 1..=5 {
            peer.packet();
            if id == 2 {
                peer.send(&incremented(2, 22));
            }
        }
        asked.send(()).unwrap();
        while let Got::Packet(_) = peer.receive() {}
        assert!(!listener.has_caller());
    });
    let mut client = bed.ready_client::<Increment>(|config| config.call_timeout = LONG);
    let abort = client.abort_handle();
    let aborter = thread::spawn(move || {
        is_asked.recv_timeout(PATIENCE).unwrap();
        abort.abort();
    });
    let mut outcomes = Vec::new();
    let result = client.call_pipelined(0.., 4, |index, reply| {
        outcomes.push((index, reply.map(|reply| reply.value).map_err(|error| error.kind())));
    });
    assert_eq!(kind_of(result), ErrorKind::Aborted);
    outcomes.sort_unstable_by_key(|(index, _)| *index);
    assert_eq!(outcomes.len(), 5);
    assert_eq!(outcomes[1], (1, Ok(22)));
    assert!(outcomes.iter().filter(|(index, _)| *index != 1).all(|(_, end)| *end == Err(ErrorKind::Aborted)));
    aborter.join().unwrap();
    server.join().unwrap();
}

#[test]
fn counters_and_undecodable_replies() {
    // NIPC-L2C-06, NIPC-L2C-13
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let peer = listener.accept_session();
        for turn in 0..4 {
            let id = u64_at(&peer.packet(), at::MESSAGE_ID);
            peer.send(&match turn {
                0 | 3 => incremented(id, 1),
                1 => crate::raw::response(1, id, b"short"),
                _ => crate::raw::failure(1, id, 6),
            });
        }
        peer.end();
    });
    let mut client = bed.ready_client::<Increment>(|_| {});
    client.call(0).unwrap();
    assert_eq!(kind_of(client.call(0)), ErrorKind::InvalidMessage);
    assert_eq!(kind_of(client.call(0)), ErrorKind::Rejected);
    client.call(0).unwrap();
    let counters = client.status().counters;
    assert_eq!((counters.calls, counters.call_failures), (2, 2));
    assert_eq!((counters.connects, counters.resends, counters.growths), (1, 0, 0));
    drop(client);
    server.join().unwrap();
}

#[test]
fn clients_work_in_any_thread() {
    // What may move between threads, and what may be used from several.
    fn sent<T: Send>() {}
    fn shared<T: Send + Sync>() {}
    sent::<Client<Increment>>();
    sent::<netipc::Session>();
    sent::<netipc::Listener>();
    shared::<netipc::Abort>();
    shared::<netipc::ServerHandle>();
    shared::<Error>();
    let bed = Bed::new();
    let running = bed.server::<StringReverse>(|_| {}, |request, reply| Ok(reply.text(request.text())?));
    let mut client = bed.ready_client::<StringReverse>(|_| {});
    let mut client = thread::spawn(move || {
        client.call(b"here").unwrap();
        client
    })
    .join()
    .unwrap();
    assert_eq!(client.call(b"there").unwrap().text(), b"there");
    let handle = running.handle().clone();
    thread::spawn(move || handle.stop()).join().unwrap();
    running.stop().unwrap();
}
