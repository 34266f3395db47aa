//! Readers at full speed through thousands of refreshes, while the provider is killed again and again.
//!
//! The seeds are fixed, but what a kill meets depends on the machine too: that is the point.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use netipc::services::CgroupsSnapshot;
use netipc::services::cgroups_snapshot::ItemFields;
use netipc::{Answer, Cache, ClientConfig, Endpoint, Reader, Refresh, Server, ServerConfig};
use support::child::{self, Child};
use support::{Numbers, PATIENCE, Watchdog};

const KILLS: u64 = 20;
/// Refreshes between two kills that bring news.
const NEWS: u64 = 100;
const READERS: usize = 3;
const ITEMS: u64 = 64;

fn endpoint(dir: &Path) -> Endpoint {
    Endpoint::new(dir, "cache-test").unwrap()
}

/// What processes that a test starts do. On its own it passes at once.
#[test]
fn child() {
    let Some(_provider) = child::role() else { return };
    let dir = child::var("DIR");
    let generation = AtomicU64::new(child::var("GENERATION").parse().unwrap());
    // Every snapshot is whole in itself: its generation is the hash of all its items, of which each has another number.
    let server = Server::<CgroupsSnapshot>::bind(endpoint(dir.as_ref()), ServerConfig::default(), move |_, reply| {
        let generation = generation.fetch_add(1, Ordering::Relaxed);
        reply.generation(generation).systemd_enabled(0);
        for at in 0..ITEMS {
            let name = format!("{}-{at}", generation % 2);
            let (hash, options) = (generation as u32, at as u32);
            reply.push(ItemFields { hash, options, enabled: 1, name: name.as_bytes(), path: b"/x" })?;
        }
        Ok(())
    })
    .unwrap();
    let handle = server.handle();
    thread::spawn(move || {
        child::hear();
        handle.stop();
    });
    child::say("ready");
    server.run().unwrap();
}

fn provider(dir: &Path, generation: u64) -> Child {
    let generation = generation.to_string();
    let vars = [("DIR", dir.as_os_str()), ("GENERATION", generation.as_ref())];
    let mut provider = Child::spawn("child", "provider", &vars);
    provider.expect("ready");
    provider
}

/// Reads until the end; how often. Every snapshot is whole, none is older than one before, and a borrow stays good.
fn read(reader: &Reader<CgroupsSnapshot>, seed: u64, ended: &AtomicBool) -> u64 {
    let (mut numbers, mut newest, mut published, mut reads) = (Numbers(seed), 0, 0, 0);
    while !ended.load(Ordering::Relaxed) {
        let guard = reader.read();
        let status = guard.status();
        assert!(status.copies <= READERS + 2, "{status:?}");
        assert!(status.counters.published >= published, "an older view after a newer one");
        published = status.counters.published;
        let at = numbers.below(ITEMS);
        let Some(generation) = status.generation else {
            assert_eq!(guard.lookup_name(b"0-0"), Answer::NoSnapshot);
            continue;
        };
        assert!(generation >= newest, "an older snapshot after a newer one");
        newest = generation;
        let name = format!("{}-{at}", generation % 2);
        let item = guard.lookup(generation as u32, name.as_bytes()).found().unwrap();
        assert_eq!((u64::from(item.hash()), u64::from(item.options())), (generation, at));
        assert_eq!(guard.lookup_name(name.as_bytes()), Answer::Found(item));
        assert_eq!(guard.lookup(generation as u32 + 1, name.as_bytes()), Answer::Absent);
        assert_eq!(guard.reply().unwrap().generation(), generation);
        reads += 1;
    }
    reads
}

#[test]
fn readers_never_notice() {
    // NIPC-CACHE-03, NIPC-CACHE-04, NIPC-CACHE-07, NIPC-CACHE-10, NIPC-CACHE-15
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let mut config = ClientConfig::default();
    config.call_timeout = PATIENCE;
    let mut cache = Cache::<CgroupsSnapshot>::new(endpoint(dir.path()), config);
    let ended = AtomicBool::new(false);
    let reads: Vec<u64> = thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS as u64)
            .map(|seed| {
                let (reader, ended) = (cache.reader(), &ended);
                scope.spawn(move || read(&reader, seed, ended))
            })
            .collect();
        // However this ends, the readers end.
        let _end = Ending(&ended);
        refresh_through_kills(&mut cache, dir.path());
        ended.store(true, Ordering::Relaxed);
        readers.into_iter().map(|reader| reader.join().unwrap()).collect()
    });
    assert!(reads.iter().all(|reads| *reads > 0), "{reads:?}");
    assert_eq!(cache.status().copies, 1);
}

struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn refresh_through_kills(cache: &mut Cache<CgroupsSnapshot>, dir: &Path) {
    let mut numbers = Numbers(7);
    let mut expected = 0;
    for kill in 0..KILLS {
        // A provider that was killed may have told more than arrived.
        let mut provider = provider(dir, expected + 1_000_000);
        for _ in 0..NEWS {
            assert_eq!(cache.refresh().unwrap(), Refresh::Published);
        }
        let life = Duration::from_nanos(numbers.below(3_000_000));
        thread::scope(|scope| {
            scope.spawn(|| {
                // Not to wait for anything: it draws the moment of death.
                thread::sleep(life);
                provider.kill();
            });
            while cache.refresh().is_ok() {}
        });
        let status = cache.status();
        assert!(status.is_ready() && status.down.is_some(), "{status:?}");
        assert_eq!(status.counters.failures, 2 * kill + 1);
        expected = status.generation.unwrap();
        cache.refresh().unwrap_err();
        assert_eq!(cache.status().generation, Some(expected));
    }
    assert!(cache.status().counters.published >= KILLS * NEWS);
}
