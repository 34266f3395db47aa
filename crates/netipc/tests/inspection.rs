//! What servers tell of themselves, to whom, and what those say that tell nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/raw.rs"]
mod raw;

use std::os::unix::fs::PermissionsExt;

use netipc::inspect::{Implementation, Inspect, Question, Reason, prometheus};
use netipc::services::{Increment, StringReverse};
use netipc::{Client, ErrorKind, Profiles, RunningServer, ServerStatus};

use raw::{Bed, REQUEST, at, eventually, failure, message, response, u16_at, u64_at};

const ALL: Question = Question { most: u32::MAX, after: 0 };
const CODE: u16 = 0x7f01;

fn server(bed: &Bed, change: impl FnOnce(&mut netipc::ServerConfig)) -> RunningServer {
    bed.server::<Increment>(change, |request, reply| match request.value {
        0 => Err(netipc::HandlerError::new("zero")),
        value => Ok(reply.value(value.wrapping_add(1))?),
    })
}

fn ids(client: &mut Client<Inspect>, question: Question) -> Vec<u64> {
    client.call(question).unwrap().sessions().iter().map(|session| session.id).collect()
}

#[test]
fn a_report_tells_counters_and_sessions() {
    // NIPC-INS-01, NIPC-INS-03
    let bed = Bed::new();
    let server = server(&bed, |config| config.max_workers = 3);
    let mut client = bed.ready_client::<Increment>(|config| config.session.max_request_payload = 2048);
    for value in [1, 2, 0] {
        let _ = client.call(value);
    }
    let mut inspector = bed.ready_client::<Inspect>(|_| {});
    // Counted a moment after the client has its answer.
    eventually("handshakes are counted", || server.handle().status().accepted == 2);
    let first = inspector.call(ALL).unwrap().into_owned();
    let second = inspector.call(ALL).unwrap().into_owned();
    assert_eq!((first.answered, first.failed, first.open, first.accepted), (2, 1, 2, 2));
    assert_eq!((second.answered, second.failed), (2, 1), "watching changes nothing");
    assert!(second.uptime >= first.uptime && (1..=3).contains(&first.workers));
    assert_eq!((first.implementation, first.withheld), (Implementation::IN_RUST, 0));
    assert_eq!((first.max_sessions, first.profiles, first.max_request), (4096, Profiles::BASELINE.0, 1 << 20));
    assert_eq!(first.max_response, server.handle().status().max_response_payload);

    let [caller, own] = first.sessions.try_into().unwrap();
    assert_eq!((caller.answered, caller.failed, caller.max_request), (2, 1, 2048));
    assert_eq!((own.answered, own.failed, own.max_request), (0, 0, 1024));
    assert!(caller.id < own.id && caller.idle <= caller.age);
    for session in [caller, own] {
        assert_eq!((session.pid, session.profile), (std::process::id(), Profiles::BASELINE.0));
        assert_eq!(session.uid, rustix::process::geteuid().as_raw());
    }
    let [again, _] = second.sessions.try_into().unwrap();
    assert!(again.idle >= caller.idle && again.age >= caller.age);

    drop(client);
    eventually("the session is forgotten", || ids(&mut inspector, ALL) == [own.id]);
    let report = inspector.call(ALL).unwrap().into_owned();
    let status = ServerStatus::from_report(&report);
    assert_eq!(status, server.handle().status());
    assert_eq!(prometheus(&[("test", status)]), prometheus(&[("test", server.handle().status())]));
}

#[test]
fn the_service_goes_on_beside_it() {
    // NIPC-INS-01, NIPC-INS-02: on one session, in order, and refused like any method where it is not wanted.
    for inspectable in [true, false] {
        let bed = Bed::new();
        let server = server(&bed, |config| config.inspectable = inspectable);
        let raw = bed.session();
        let mut question = [0; 16];
        question[..2].copy_from_slice(&16_u16.to_ne_bytes());
        raw.send(&message(REQUEST, CODE, 0, 5, &question));
        raw.send(&raw::increment(6, 1));
        let answer = raw.packet();
        let status = if inspectable { 0 } else { 4 };
        assert_eq!((u16_at(&answer, at::STATUS), u64_at(&answer, at::MESSAGE_ID)), (status, 5));
        assert_eq!(u16_at(&answer, at::CODE), CODE);
        assert_eq!(raw.packet(), raw::incremented(6, 2));
        let status = server.handle().status();
        assert_eq!((status.answered, status.failed), (1, u64::from(!inspectable)));

        // Malformed questions get what malformed requests get.
        raw.send(&message(REQUEST, CODE, 0, 7, &question[..15]));
        assert_eq!(u16_at(&raw.packet(), at::STATUS), if inspectable { 1 } else { 4 });
        raw.send(&raw::increment(8, 1));
        assert_eq!(raw.packet(), raw::incremented(8, 2));
    }
}

#[test]
fn a_server_that_tells_nothing() {
    // NIPC-INS-06: such as one of an earlier library.
    let bed = Bed::new();
    let listener = bed.listener();
    let mut client = bed.client::<Inspect>(|_| {});
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let peer = listener.accept_session();
            let request = peer.packet();
            peer.send(&failure(CODE, u64_at(&request, at::MESSAGE_ID), 4));
            let request = peer.packet();
            peer.send(&response(CODE, u64_at(&request, at::MESSAGE_ID), b"junk"));
        });
        client.refresh();
        assert_eq!(client.call(ALL).unwrap_err().kind(), ErrorKind::Rejected);
        assert!(client.is_ready(), "the session is kept");
        assert_eq!(client.call(ALL).unwrap_err().kind(), ErrorKind::InvalidMessage);
        assert!(client.is_ready());
    });
}

#[test]
fn why_a_session_has_its_profile() {
    // NIPC-INS-08; tests/shm/fallback.rs has the cases in which shared memory cannot be made.
    let (baseline, hybrid) = (Profiles::BASELINE, Profiles::SHM_HYBRID);
    let both = baseline | hybrid;
    let none = Profiles(0);
    for (server_has, client_has, preferred, profile, reason) in [
        (baseline, both, none, baseline, Reason::BEST_OF_SERVER),
        (both, baseline, none, baseline, Reason::CLIENT_LACKS),
        (both, both, none, hybrid, Reason::BEST_OF_SERVER),
        (both, both, baseline, baseline, Reason::PREFERRED),
        (both, both, hybrid, hybrid, Reason::BEST_OF_SERVER),
    ] {
        let bed = Bed::new();
        let _server = server(&bed, |config| {
            config.listener.supported = server_has;
            config.listener.preferred = preferred;
        });
        let _client = bed.ready_client::<Increment>(|config| {
            config.session.supported = client_has;
            config.session.preferred = preferred;
        });
        let report = bed.ready_client::<Inspect>(|_| {}).call(ALL).unwrap().into_owned();
        let session = report.sessions[0];
        assert_eq!((Profiles(session.profile), session.reason), (profile, reason), "{server_has} and {client_has}");
        assert_eq!((report.shm_sessions, report.shm_fallbacks), (u32::from(profile == hybrid), 0));
    }
}

#[test]
fn more_sessions_than_fit_come_in_several_reports() {
    // NIPC-INS-04
    let bed = Bed::new();
    let _server = server(&bed, |config| config.listener.max_response_payload = Some(1000));
    let clients: Vec<_> = (0..40).map(|_| bed.ready_client::<StringReverse>(|_| {})).collect();
    let mut inspector = bed.ready_client::<Inspect>(|_| {});
    let (mut known, mut reports) = (Vec::new(), 0);
    loop {
        let after = known.last().copied().unwrap_or(0);
        let more = ids(&mut inspector, Question { most: u32::MAX, after });
        if more.is_empty() {
            break;
        }
        known.extend(more);
        reports += 1;
    }
    assert_eq!(known.len(), clients.len() + 1);
    assert!(known.is_sorted());
    // 120 bytes and 80 for each: eleven have room.
    assert_eq!(reports, 4);
    assert_eq!(ids(&mut inspector, ALL), known[..11]);
    assert_eq!(ids(&mut inspector, Question { most: 3, after: known[4] }), known[5..8]);
    assert_eq!(ids(&mut inspector, Question { most: 0, after: 0 }), []);
    assert_eq!(ids(&mut inspector, Question { most: 9, after: u64::MAX }), []);
    assert_eq!(inspector.call(Question { most: 0, after: 0 }).unwrap().open(), 41);
}

#[test]
fn sessions_are_not_told_to_other_users() {
    // NIPC-INS-05
    if !rustix::process::geteuid().is_root() {
        eprintln!("sessions_are_not_told_to_other_users: NOT RUN, it needs root to become another user");
        return;
    }
    let bed = Bed::new();
    std::fs::set_permissions(bed.path().parent().unwrap(), PermissionsExt::from_mode(0o755)).unwrap();
    let _server = server(&bed, |config| config.listener.mode = 0o666);
    let mut root = bed.ready_client::<Inspect>(|_| {});
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Of this thread alone.
            let nobody = rustix::process::Uid::from_raw(65534);
            rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
            let mut other = bed.ready_client::<Inspect>(|_| {});
            let report = other.call(ALL).unwrap();
            assert_eq!((report.withheld(), report.sessions().len(), report.open()), (1, 0, 2));
            let report = root.call(ALL).unwrap();
            assert_eq!((report.withheld(), report.sessions().len()), (0, 2));
        });
    });
}
