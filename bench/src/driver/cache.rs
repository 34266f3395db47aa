//! Lookups in a local copy of a snapshot.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use netipc::services::CgroupsSnapshot;
use netipc::{Answer, Cache, Reader, Refresh};

use super::client::Background;
use super::data::{self, Cgroup};
use super::failure::{Failure, expect};
use super::random::Random;
use super::sessions;
use super::window::{Call, Done, Drive};
use crate::protocol::{Order, Task};

/// Lookups that are timed together.
pub(super) const GROUP: u64 = 64;

/// How many lookups there are before they begin again.
const ROUND: u32 = 1 << 16;

type Parts = (Vec<Box<dyn Drive>>, Option<Box<dyn Background>>);

/// Readers, and what refreshes the snapshot under them if it is to change.
pub(super) fn connect(task: &Task) -> Result<Parts, Failure> {
    let mut cache = Cache::<CgroupsSnapshot>::new(sessions::endpoint(task)?, sessions::client_config(task));
    expect(cache.refresh()?, Refresh::Published)?;
    let cgroups: Arc<[Cgroup]> = data::cgroups(task.size).into();
    let readers = (0..task.sessions.max(1)).map(|seed| {
        let lookups =
            Lookups { reader: cache.reader(), cgroups: Arc::clone(&cgroups), order: order(task, seed.into()), at: 0 };
        Box::new(lookups) as Box<dyn Drive>
    });
    let readers = readers.collect();
    let refresher = task.refresh.then(|| Box::new(Refresher(cache)) as Box<dyn Background>);
    Ok((readers, refresher))
}

/// Which items are looked up, one after the other. Made before, so that it costs no time then.
pub(super) fn order(task: &Task, seed: u64) -> Vec<u32> {
    let mut random = Random::new(seed + 1);
    let size = task.size.max(1);
    (0..ROUND)
        .map(|i| match task.order {
            Order::Random => random.below(size),
            Order::RoundRobin => i % size,
        })
        .collect()
}

struct Lookups {
    reader: Reader<CgroupsSnapshot>,
    cgroups: Arc<[Cgroup]>,
    order: Vec<u32>,
    at: usize,
}

impl Call for Lookups {
    const GROUP: u64 = GROUP;

    fn call(&mut self) -> Result<Done, Failure> {
        let group = &self.order[self.at..self.at + GROUP as usize];
        for &index in group {
            let cgroup = &self.cgroups[index as usize];
            let guard = self.reader.read();
            match guard.lookup(cgroup.hash, cgroup.name.as_bytes()) {
                Answer::Found(item) if item.enabled() == cgroup.enabled => {}
                other => return Err(Failure::wrong(other, cgroup)),
            }
        }
        self.at = (self.at + GROUP as usize) % ROUND as usize;
        Ok(Done::quick(GROUP))
    }
}

/// Refreshes as often as it can.
struct Refresher(Cache<CgroupsSnapshot>);

impl Background for Refresher {
    fn run(&mut self, stop: &AtomicBool) -> Result<(), Failure> {
        while !stop.load(Ordering::Relaxed) {
            expect(self.0.refresh()?, Refresh::Published)?;
        }
        Ok(())
    }
}
