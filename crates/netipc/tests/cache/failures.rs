//! Refreshes that fail, in every way.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use netipc::services::{CgroupsSnapshot, Increment};
use netipc::{Answer, Cache, CacheCounters, ClientConfig, ErrorKind, Refresh, State};

use crate::raw::{Bed, Raw, at, failure, rejection, response, u64_at};
use crate::{Data, cache, provider};

const SNAPSHOT: u16 = 2;

/// A cache with the snapshot of a provider that is gone since.
fn orphan(bed: &Bed) -> Cache<CgroupsSnapshot> {
    let mut cache = cache(bed);
    let provider = provider(bed, &Data::new(&[(1, b"a")]));
    cache.refresh().unwrap();
    provider.stop().unwrap();
    cache
}

/// The snapshot of [`orphan`] is still there, and the status says since when and why there is no newer one.
#[track_caller]
fn assert_kept(cache: &Cache<CgroupsSnapshot>, failures: u64, cause: Option<ErrorKind>) {
    let guard = cache.read();
    assert_eq!(guard.lookup(1, b"a").map(|item| item.name()), Answer::Found(&b"a"[..]));
    assert_eq!(guard.lookup(2, b"b"), Answer::Absent);
    let status = guard.status();
    assert_eq!((status.counters.published, status.counters.failures), (1, failures));
    assert_eq!(status.down.as_ref().map(|down| down.cause.kind()), cause);
    if let Some(down) = &status.down {
        assert!(status.confirmed.unwrap() <= down.since);
    }
    assert_eq!((status.is_ready(), status.generation, status.copies), (true, Some(1), 1));
}

/// How a refresh fails against a provider that answers the request so.
fn after(answer: impl Fn(&Raw, u64) + Send + 'static) -> ErrorKind {
    let bed = Bed::new();
    let mut cache = orphan(&bed);
    let listener = bed.listener();
    thread::scope(|scope| {
        let (done, finished) = channel();
        let server = scope.spawn(move || {
            let peer = listener.accept_session();
            let request = peer.packet();
            answer(&peer, u64_at(&request, at::MESSAGE_ID));
            // Nobody is let in again, and nothing is closed until the cache has had its say.
            finished.recv().unwrap();
        });
        let error = cache.refresh_within(Duration::from_millis(300)).unwrap_err();
        done.send(()).unwrap();
        server.join().unwrap();
        assert_kept(&cache, 1, Some(error.kind()));
        error.kind()
    })
}

#[test]
fn without_a_provider() {
    // NIPC-CACHE-04, NIPC-CACHE-12: down since the first failure, for the reason of the last.
    let bed = Bed::new();
    let mut cache = orphan(&bed);
    assert_eq!(cache.refresh().unwrap_err().kind(), ErrorKind::NotFound);
    assert_kept(&cache, 1, Some(ErrorKind::NotFound));
    let since = cache.status().down.unwrap().since;
    let listener = bed.listener();
    assert_eq!(cache.refresh_within(Duration::from_millis(50)).unwrap_err().kind(), ErrorKind::Timeout);
    drop(listener);
    assert_kept(&cache, 2, Some(ErrorKind::Timeout));
    assert_eq!(cache.status().down.unwrap().since, since);

    // It comes back: nobody is down any more, and what it tells is news although it is the same. NIPC-CACHE-02
    std::fs::remove_file(bed.path()).unwrap();
    let _provider = provider(&bed, &Data::new(&[(2, b"b")]));
    assert_eq!(cache.refresh().unwrap(), Refresh::Published);
    assert!(cache.status().down.is_none());
    assert_eq!(cache.read().lookup(1, b"a"), Answer::Absent);
    assert_eq!(cache.client_status().state, State::Ready);
}

#[test]
fn never_a_provider() {
    // NIPC-CACHE-01, NIPC-CACHE-12
    let bed = Bed::new();
    let mut cache = cache(&bed);
    for failures in 1..=3 {
        assert_eq!(cache.refresh().unwrap_err().kind(), ErrorKind::NotFound);
        let status = cache.status();
        assert_eq!((status.counters.failures, status.is_ready(), status.items), (failures, false, 0));
        assert!(status.down.is_some() && status.age().is_none());
        assert_eq!(cache.read().lookup(1, b"a"), Answer::NoSnapshot);
    }
}

#[test]
fn replies_that_are_no_snapshot() {
    // NIPC-CACHE-02, NIPC-CACHE-04
    let malformed = |payload: Vec<u8>| move |peer: &Raw, id| peer.send(&response(SNAPSHOT, id, &payload));
    assert_eq!(after(malformed(Vec::new())), ErrorKind::InvalidMessage);
    assert_eq!(after(malformed(vec![0; 24])), ErrorKind::InvalidMessage);
    let mut counted = vec![0; 24];
    counted[0] = 1;
    counted[4] = 200;
    assert_eq!(after(malformed(counted)), ErrorKind::InvalidMessage);
    assert_eq!(after(|peer, id| peer.send(&failure(SNAPSHOT, id, 6))), ErrorKind::Rejected);
    assert_eq!(after(|peer, id| peer.send(&response(SNAPSHOT, id + 1, &[0; 24]))), ErrorKind::PeerMisbehaved);
    assert_eq!(after(|peer, _| peer.send(b"garbage")), ErrorKind::InvalidMessage);
}

#[test]
fn silence_and_loss() {
    // NIPC-CACHE-02, NIPC-CACHE-04: the one deadline covers the reconnect after the loss as well.
    assert_eq!(after(|_, _| ()), ErrorKind::Timeout);
    assert_eq!(after(|peer, _| peer.end()), ErrorKind::Timeout);
}

#[test]
fn a_snapshot_over_the_ceiling() {
    // NIPC-CACHE-04
    let bed = Bed::new();
    let data = Data::new(&[(1, b"a")]);
    let _provider = provider(&bed, &data);
    let mut config = ClientConfig::default();
    config.growth_ceiling = 4096;
    config.session.max_response_payload = 1024;
    let mut cache = Cache::<CgroupsSnapshot>::new(bed.endpoint(), config);
    cache.refresh().unwrap();
    data.set(2, (0..1000).map(|at| (at, at.to_string().into_bytes())));
    assert_eq!(cache.refresh().unwrap_err().kind(), ErrorKind::LimitExceeded);
    assert_kept(&cache, 1, Some(ErrorKind::LimitExceeded));
    data.set(3, (0..50).map(|at| (at, at.to_string().into_bytes())));
    assert_eq!(cache.refresh().unwrap(), Refresh::Published);
    assert_eq!(cache.status().items, 50);
}

#[test]
fn an_abort() {
    // NIPC-CACHE-04, NIPC-CACHE-12: a failure, but no word about the provider.
    let bed = Bed::new();
    let mut cache = orphan(&bed);
    let abort = cache.abort_handle();
    let listener = bed.listener();
    let refreshed = thread::scope(|scope| {
        scope.spawn(|| {
            let peer = listener.accept_session();
            peer.packet();
            abort.abort();
        });
        cache.refresh()
    });
    assert_eq!(refreshed.unwrap_err().kind(), ErrorKind::Aborted);
    assert_kept(&cache, 1, None);
    assert_eq!(cache.refresh().unwrap_err().kind(), ErrorKind::Aborted);
    assert_kept(&cache, 2, None);
    assert!(!listener.has_caller());
}

#[test]
fn a_refusal_stays_until_the_reset() {
    // NIPC-CACHE-05
    let bed = Bed::new();
    let mut cache = orphan(&bed);
    let listener = bed.listener();
    let refreshed = thread::scope(|scope| {
        scope.spawn(|| listener.accept_hello().0.send(&rejection(2)));
        cache.refresh()
    });
    assert_eq!(refreshed.unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(cache.client_status().state, State::AuthFailed);
    for _ in 0..2 {
        assert_eq!(cache.refresh().unwrap_err().kind(), ErrorKind::NotReady);
        assert!(!listener.has_caller());
    }
    assert_kept(&cache, 3, Some(ErrorKind::NotReady));
    drop(listener);
    std::fs::remove_file(bed.path()).unwrap();
    let _provider = provider(&bed, &Data::new(&[(1, b"a")]));
    assert_eq!(cache.refresh().unwrap_err().kind(), ErrorKind::NotReady);
    cache.reset();
    assert_kept(&cache, 4, Some(ErrorKind::NotReady));
    assert_eq!(cache.refresh().unwrap(), Refresh::Unchanged);
}

#[test]
fn another_service_at_the_endpoint() {
    // NIPC-CACHE-04
    let bed = Bed::new();
    let mut cache = orphan(&bed);
    let _server = bed.server::<Increment>(|_| {}, |request, reply| Ok(reply.value(request.value)?));
    assert_eq!(cache.refresh().unwrap_err().kind(), ErrorKind::Rejected);
    assert_kept(&cache, 1, Some(ErrorKind::Rejected));
}

#[test]
fn the_same_bytes_again() {
    // NIPC-CACHE-06, NIPC-CACHE-11
    let bed = Bed::new();
    let data = Data::new(&[(1, b"a")]);
    let _provider = provider(&bed, &data);
    let mut cache = cache(&bed);
    cache.refresh().unwrap();
    let first = cache.read();
    assert_eq!(cache.refresh().unwrap(), Refresh::Unchanged);
    let second = cache.read();
    assert!(second.status().confirmed > first.status().confirmed);
    let place = |guard: &netipc::ReadGuard<CgroupsSnapshot>| guard.items().unwrap().bytes(0).as_ptr();
    assert_eq!(place(&first), place(&second), "it is the same snapshot");
    // The generation alone makes other bytes.
    data.set(2, [(1, b"a".to_vec())]);
    assert_eq!(cache.refresh().unwrap(), Refresh::Published);
    let status = cache.status();
    assert_eq!((status.generation, status.copies), (Some(2), 2));
    let CacheCounters { published, unchanged, failures, .. } = status.counters;
    assert_eq!((published, unchanged, failures), (2, 1, 0));
}
