//! `netipc cache --measure`: how fast lookups are on this machine, in this snapshot.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use netipc::services::CgroupsSnapshot;
use netipc::{Answer, Cache, Reader};
use serde_json::{Value, json};

use super::{micros, status_json, summary};
use crate::cli::CacheCommand;
use crate::failure::Failure;
use crate::latency::human;
use crate::output;

/// How long each number is measured.
const TIME: Duration = Duration::from_millis(500);

/// Hash and name of an item, in memory of their own: a real consumer has them from elsewhere, too.
type Key = (u32, Vec<u8>);

/// One way to look up.
#[derive(Debug, Clone, Copy)]
enum Way {
    HashAndName,
    Name,
    Absent,
}

impl Way {
    const ALL: [(Self, &'static str); 3] = [
        (Self::HashAndName, "by hash and name"),
        (Self::Name, "by name"),
        (Self::Absent, "by hash and name, not found"),
    ];

    fn look(self, reader: &Reader<CgroupsSnapshot>, (hash, name): &Key) -> bool {
        let guard = reader.read();
        match self {
            Self::HashAndName => matches!(guard.lookup(*hash, name), Answer::Found(_)),
            Self::Name => matches!(guard.lookup_name(name), Answer::Found(_)),
            Self::Absent => matches!(guard.lookup(!*hash, name), Answer::Absent),
        }
    }
}

pub(super) fn run(command: &CacheCommand, cache: &Cache<CgroupsSnapshot>, took: Duration) -> Result<(), Failure> {
    let status = cache.status();
    let keys = keys(cache);
    if keys.is_empty() {
        return Err(Failure::usage("the snapshot is empty, there is nothing to look up"));
    }
    let mut threads = vec![1, thread::available_parallelism().map_or(1, usize::from)];
    threads.dedup();
    let mut measured = Vec::new();
    for (way, name) in Way::ALL {
        for &threads in &threads {
            measured.push((name, threads, rate(way, threads, cache, &keys)));
        }
    }
    if output::wants_json(&command.options) {
        let rates: Vec<Value> = measured
            .iter()
            .map(|(name, threads, rate)| json!({"lookup": name, "threads": threads, "per_second": rate.round()}))
            .collect();
        let (took, status) = (micros(took), status_json(&status));
        return output::line(&json!({"refresh_us": took, "lookups": rates, "status": status}).to_string());
    }
    output::line(&format!("{}, told in {}", summary(&status), human(took)))?;
    for (name, threads, rate) in measured {
        let each = Duration::try_from_secs_f64(threads as f64 / rate).map_or_else(|_never| "-".to_owned(), human);
        let plural = if threads == 1 { "" } else { "s" };
        output::line(&format!(
            "{:>8.2} million lookups/s  {each:>7} each  {threads} thread{plural}, {name}",
            rate / 1e6
        ))?;
    }
    Ok(())
}

/// Keys of all items, in an order that no cache of the processor foresees.
fn keys(cache: &Cache<CgroupsSnapshot>) -> Vec<Key> {
    let guard = cache.read();
    let mut keys: Vec<Key> =
        guard.items().into_iter().flatten().map(|item| (item.hash(), item.name().to_vec())).collect();
    // A shuffle by a linear congruential generator.
    let mut state: u64 = 42;
    for end in (1..keys.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        keys.swap(end, ((state >> 33) % (end as u64 + 1)) as usize);
    }
    keys
}

/// Lookups in a second, of all threads together.
fn rate(way: Way, threads: usize, cache: &Cache<CgroupsSnapshot>, keys: &[Key]) -> f64 {
    let ended = AtomicBool::new(false);
    let began = Instant::now();
    let lookups: u64 = thread::scope(|scope| {
        let readers: Vec<_> = (0..threads)
            .map(|number| {
                let (reader, ended) = (cache.reader(), &ended);
                scope.spawn(move || count(way, &reader, &keys[number * keys.len() / threads..], keys, ended))
            })
            .collect();
        thread::sleep(TIME);
        ended.store(true, Ordering::Relaxed);
        readers.into_iter().map(|reader| reader.join().unwrap_or(0)).sum()
    });
    lookups as f64 / began.elapsed().as_secs_f64()
}

/// Lookups with the expected answer until the end: the first keys once, then all of them over and over.
fn count(way: Way, reader: &Reader<CgroupsSnapshot>, first: &[Key], all: &[Key], ended: &AtomicBool) -> u64 {
    let mut lookups = 0;
    for key in first.iter().chain(all.iter().cycle()) {
        lookups += u64::from(way.look(reader, key));
        if lookups % 64 == 0 && ended.load(Ordering::Relaxed) {
            break;
        }
    }
    lookups
}
