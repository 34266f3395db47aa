//! The snapshot cache over real sessions: what it answers, and what it does when the provider fails.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod failures;
mod memory;
mod user_service;

#[path = "../support/raw.rs"]
mod raw;

#[allow(dead_code, unreachable_pub, reason = "the tests use some of it")]
#[path = "../../../netipc-codegen/tests/golden/berths.rs"]
mod berths;

use std::sync::{Arc, Mutex};

use netipc::services::CgroupsSnapshot;
use netipc::services::cgroups_snapshot::ItemFields;
use netipc::{Cache, ClientConfig, RunningServer};

use raw::Bed;

/// An item: hash and name; its position is in the path.
type Entry = (u32, Vec<u8>);

/// What a provider tells, which a test may change.
#[derive(Debug, Clone, Default)]
struct Data(Arc<Mutex<(u64, Vec<Entry>)>>);

impl Data {
    fn new(items: &[(u32, &[u8])]) -> Self {
        let data = Self::default();
        data.set(1, items.iter().map(|(hash, name)| (*hash, name.to_vec())));
        data
    }

    fn set(&self, generation: u64, items: impl IntoIterator<Item = Entry>) {
        *self.0.lock().unwrap() = (generation, items.into_iter().collect());
    }
}

fn provider(bed: &Bed, data: &Data) -> RunningServer {
    let data = data.clone();
    bed.server::<CgroupsSnapshot>(
        |config| config.listener.max_response_payload = Some(CEILING),
        move |_, reply| {
            let data = data.0.lock().unwrap();
            reply.generation(data.0).systemd_enabled(1);
            reply.reserve(data.1.len());
            for (at, (hash, name)) in data.1.iter().enumerate() {
                let path = at.to_string();
                reply.push(ItemFields { hash: *hash, options: 0, enabled: 1, name, path: path.as_bytes() })?;
            }
            Ok(())
        },
    )
}

/// Larger than any snapshot of these tests.
const CEILING: u32 = 64 << 20;

fn cache(bed: &Bed) -> Cache<CgroupsSnapshot> {
    let mut config = ClientConfig::default();
    config.growth_ceiling = CEILING;
    config.session.max_response_payload = CEILING;
    Cache::new(bed.endpoint(), config)
}
