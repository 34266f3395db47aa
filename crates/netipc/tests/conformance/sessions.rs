//! Many sessions at once, what their ends agreed on, and who the peers are.

use std::thread;

use netipc::{Error, ErrorKind, Profiles, Session};

use crate::bed::{Bed, Pair, Transport, echo, pair, pattern, request};
use crate::support::patience;

// NIPC-HS-16, NIPC-RCV-10
pub fn side_by_side<T: Transport>() {
    const CLIENTS: u64 = 12;
    const CALLS: u64 = 50;
    let mut bed = Bed::new::<T>(|listener, config| {
        crate::bed::limits(listener, config, 100_000);
        config.packet_size = 1000;
    });
    let (endpoint, config) = (bed.endpoint.clone(), bed.config.clone());
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (endpoint, config) = (&endpoint, &config);
            scope.spawn(move || {
                let mut client = Session::connect(endpoint, config, patience(), None).unwrap();
                for id in 0..CALLS {
                    let payload = pattern(number * 1000 + id, (id * 97) as usize);
                    client.send(&request(id, &payload), &payload, patience(), None).unwrap();
                    assert!(client.receive(patience(), None).unwrap().payload == payload);
                }
            });
        }
        for session_id in 1..=CLIENTS {
            let mut server = bed.listener.accept(patience(), None).unwrap();
            assert_eq!(server.agreed().session_id, session_id);
            scope.spawn(move || echo(&mut server));
        }
    });
}

// NIPC-HS-14, NIPC-HS-15, NIPC-PRF-01: both ends know the same.
pub fn agree_on_one_thing<T: Transport>() {
    let Pair { client, server, bed: _bed } = pair::<T>(|listener, config| {
        listener.max_request_payload = Some(5000);
        listener.max_response_payload = Some(7000);
        config.max_request_payload = 3000;
        config.max_response_payload = 90_000;
        config.max_batch_items = 0;
    });
    let (ours, theirs) = (client.agreed(), server.agreed());
    assert_eq!((ours.profile, theirs.profile), (T::PROFILE, T::PROFILE));
    assert!(ours.server_supported.contains(T::PROFILE));
    assert_eq!(
        (ours.request, ours.session_id, ours.packet_size),
        (theirs.request, theirs.session_id, theirs.packet_size)
    );
    assert_eq!((ours.request.max_payload, ours.request.max_items), (3000, 1));
    assert_eq!((ours.response.max_payload, ours.response.max_items), (7000, 1));
    assert_eq!(theirs.response, ours.response);
}

// NIPC-UDS-17
pub fn know_their_peers<T: Transport>() {
    let Pair { client, server, bed: _bed } = pair::<T>(|_, _| {});
    for peer in [client.peer(), server.peer()] {
        assert_eq!(peer.pid, std::process::id() as i32);
        assert_eq!(peer.uid, rustix::process::geteuid().as_raw());
        assert_eq!(peer.gid, rustix::process::getegid().as_raw());
    }
}

// NIPC-EP-08, NIPC-HS-09
pub fn are_for_those_on_the_list<T: Transport>() {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    for (uids, gids, passes) in [
        (vec![uid], vec![], true),
        (vec![], vec![gid], true),
        (vec![uid + 1], vec![gid], true),
        (vec![uid + 1], vec![gid + 1], false),
        (vec![uid + 1, uid], vec![], true),
        (vec![], vec![gid + 1], false),
    ] {
        let mut bed = Bed::new::<T>(|listener, _| (listener.allow_uids, listener.allow_gids) = (uids, gids));
        if passes {
            bed.connect();
        } else {
            assert_eq!(refusal(&mut bed), ErrorKind::Denied);
        }
    }
}

// NIPC-EP-08, NIPC-HS-08: the list does not replace the token.
pub fn need_the_token_besides<T: Transport>() {
    let uid = rustix::process::geteuid().as_raw();
    let mut bed = Bed::new::<T>(|listener, config| {
        listener.allow_uids = vec![uid];
        listener.auth_token = 7;
        config.auth_token = 8;
    });
    assert_eq!(refusal(&mut bed), ErrorKind::Denied);
    bed.config.auth_token = 7;
    bed.connect();
}

// NIPC-HS-10, NIPC-HS-30: more than the server takes, and exactly that.
pub fn have_requests_that_the_server_takes<T: Transport>() {
    let mut bed = Bed::new::<T>(|listener, config| {
        listener.max_request_payload = Some(5000);
        config.max_request_payload = 5001;
    });
    assert_eq!(refusal(&mut bed), ErrorKind::Rejected);
    bed.config.max_request_payload = 5000;
    assert_eq!(bed.connect().0.agreed().request.max_payload, 5000);
}

// NIPC-PRF-05
pub fn need_a_profile_that_runs<T: Transport>() {
    let mut bed = Bed::new::<T>(|_, _| {});
    bed.config.supported = Profiles::NONE;
    let got = Session::connect(&bed.endpoint, &bed.config, patience(), None);
    assert!(matches!(got, Err(Error::ApiMisuse(_))), "{got:?}");
}

// NIPC-HS-12, NIPC-L2S-16: one too many is told so; when one has gone there is room again.
pub fn fault_15_are_limited_honestly<T: Transport>() {
    let mut bed = Bed::new::<T>(|listener, _| listener.max_sessions = 2);
    let first = bed.connect();
    let (client, server) = bed.connect();
    assert_eq!(refusal(&mut bed), ErrorKind::Rejected);
    drop(client);
    assert_eq!(refusal(&mut bed), ErrorKind::Rejected, "the server still holds the session");
    drop(server);
    bed.connect();
    drop(first);
}

/// How a connect fails while the listener is served.
fn refusal(bed: &mut Bed) -> ErrorKind {
    let (endpoint, config) = (bed.endpoint.clone(), bed.config.clone());
    let served = netipc::Abort::new();
    thread::scope(|scope| {
        let client = scope.spawn(|| {
            let got = Session::connect(&endpoint, &config, patience(), None);
            served.abort();
            got
        });
        let accepted = bed.listener.accept(patience(), Some(&served));
        assert!(matches!(accepted, Err(Error::Aborted)), "{accepted:?}");
        client.join().unwrap().unwrap_err().kind()
    })
}
