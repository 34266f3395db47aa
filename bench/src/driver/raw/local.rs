//! Without a peer: a copy, and a hash table.

use std::hint::black_box;
use std::time::Instant;

use hashbrown::HashTable;
use netipc::codec::Writer;
use netipc::proto::service::Service;
use netipc::services::CgroupsSnapshot;

use crate::driver::cache::{GROUP, order};
use crate::driver::data::{self, Cgroup};
use crate::driver::failure::{Failure, expect};
use crate::driver::snapshots;
use crate::driver::window::{Call, Done};
use crate::protocol::Task;

/// Copies as many bytes as a snapshot has.
pub(super) struct Copies {
    from: Vec<u8>,
    to: Vec<u8>,
    items: u64,
}

impl Copies {
    pub(super) fn new(task: &Task) -> Result<Self, Failure> {
        let failed = |error: &dyn std::error::Error| Failure::failed(error.to_string());
        let (mut query, mut from) = (Vec::new(), Vec::new());
        CgroupsSnapshot::encode_request((), Writer::new(&mut query, usize::MAX)).map_err(|error| failed(&error))?;
        let request = CgroupsSnapshot::decode_request(&query).map_err(|error| failed(&error))?;
        let mut reply = CgroupsSnapshot::reply_builder(&request, Writer::new(&mut from, usize::MAX));
        snapshots::fill(&mut reply, 1, &data::cgroups(task.size)).map_err(|error| failed(&error))?;
        CgroupsSnapshot::finish_reply(reply).map_err(|error| failed(&error))?;
        let to = vec![0; from.len()];
        Ok(Self { from, to, items: task.size.into() })
    }
}

impl Call for Copies {
    fn call(&mut self) -> Result<Done, Failure> {
        self.to.copy_from_slice(black_box(&self.from));
        let copied = black_box(&mut self.to);
        let at = Instant::now();
        expect(copied == &self.from, true)?;
        // So that a copy that was left out would show the next time.
        copied[0] = !copied[0];
        Ok(Done::at(self.items, at))
    }
}

/// Finds items whose hash is given, and compares their names.
pub(super) struct Hashes {
    table: HashTable<u32>,
    cgroups: Vec<Cgroup>,
    order: Vec<u32>,
    at: usize,
}

/// The table takes its tags from the upper bits, of which a 32-bit hash has none.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Hashes {
    pub(super) fn new(task: &Task) -> Self {
        let cgroups = data::cgroups(task.size);
        let mut table = HashTable::with_capacity(cgroups.len());
        for (index, cgroup) in (0..).zip(&cgroups) {
            table.insert_unique(spread(cgroup.hash), index, |&index: &u32| spread(cgroups[index as usize].hash));
        }
        Self { table, cgroups, order: order(task, 0), at: 0 }
    }
}

impl Call for Hashes {
    const GROUP: u64 = GROUP;

    fn call(&mut self) -> Result<Done, Failure> {
        for &index in &self.order[self.at..self.at + GROUP as usize] {
            let cgroup = &self.cgroups[index as usize];
            let found = self.table.find(spread(cgroup.hash), |&found| {
                let found = &self.cgroups[found as usize];
                found.hash == cgroup.hash && found.name == cgroup.name
            });
            match found.map(|&found| &self.cgroups[found as usize]) {
                Some(found) if found.enabled == cgroup.enabled => {}
                other => return Err(Failure::wrong(other, cgroup)),
            }
        }
        self.at = (self.at + GROUP as usize) % self.order.len();
        Ok(Done::quick(GROUP))
    }
}
