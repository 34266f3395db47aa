//! One snapshot in memory: the payload as it was received, and an index. Items are never copied.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use netipc_proto::service::Snapshot;

use crate::cache::index::Index;

/// Counts the images that are in memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Census(Arc<AtomicUsize>);

/// Is counted.
#[derive(Debug)]
struct Counted(Census);

impl Census {
    fn enter(&self) -> Counted {
        self.0.fetch_add(1, Ordering::Relaxed);
        Counted(self.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Debug)]
pub(super) struct Image {
    payload: Box<[u8]>,
    index: Index,
    len: usize,
    generation: Option<u64>,
    counted: Counted,
}

impl Image {
    /// Of a payload that was decoded before.
    pub(super) fn new<S: Snapshot>(payload: &[u8], census: &Census) -> Self {
        let payload: Box<[u8]> = payload.into();
        let (index, len, generation) = {
            let reply = S::view_reply(&payload);
            let items = S::items(&reply);
            (Index::new::<S>(&items), items.len(), S::generation(&reply))
        };
        Self { payload, index, len, generation, counted: census.enter() }
    }

    /// Whether it was made of the same bytes, and so of the same generation.
    pub(super) fn is_of(&self, payload: &[u8]) -> bool {
        *self.payload == *payload
    }

    pub(super) fn reply<S: Snapshot>(&self) -> S::Reply<'_> {
        S::view_reply(&self.payload)
    }

    /// The first item with both.
    pub(super) fn find<S: Snapshot>(&self, hash: S::Hash, name: &[u8]) -> Option<S::Item<'_>> {
        let items = S::items(&self.reply::<S>());
        self.index.find::<S>(&items, hash, name)
    }

    /// The first item with this name.
    pub(super) fn find_name<S: Snapshot>(&self, name: &[u8]) -> Option<S::Item<'_>> {
        let items = S::items(&self.reply::<S>());
        self.index.find_name::<S>(&items, name)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn generation(&self) -> Option<u64> {
        self.generation
    }

    /// Memory of payload and index.
    pub(super) fn bytes(&self) -> usize {
        self.payload.len() + self.index.bytes()
    }

    /// How many there are of this cache, this one included.
    pub(super) fn copies(&self) -> usize {
        self.counted.0.0.load(Ordering::Relaxed)
    }
}
