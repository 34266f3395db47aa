//! Positions of items by hash and name, and by name alone.
//!
//! A provider makes the hashes, and may make them badly: all equal, or chosen so that they meet in one place of our table.
//! The second is prevented by mixing with a secret of this index. Against the first, a table of hashes takes only
//! [`CROWD`] items of one hash; what is beyond that is found by a keyed hash of hash and name, as slowly as a table of
//! strings is, and no slower. So building is linear and a lookup is constant in the number of items, whatever they are.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use netipc_proto::codec::Items;
use netipc_proto::service::Snapshot;

/// Items of one hash that are found by the hash alone.
const CROWD: usize = 8;

#[derive(Debug)]
pub(super) struct Index {
    secret: Secret,
    by_hash: HashTable<u32>,
    /// By hash and name: those that found no place in a crowd.
    beyond: HashTable<u32>,
    by_name: HashTable<u32>,
}

#[derive(Debug)]
struct Secret {
    keyed: RandomState,
    addend: u64,
    factor: u64,
}

/// What a table of hashes knows.
enum Found {
    At(u32),
    Nowhere,
    /// Not among as many as it takes; there may be more.
    Crowded,
}

impl Index {
    pub(super) fn new<'p, S: Snapshot>(items: &Items<'p, S::Item<'p>>) -> Self {
        let mut index = Self {
            secret: Secret::new(),
            by_hash: HashTable::with_capacity(items.len()),
            beyond: HashTable::new(),
            by_name: HashTable::with_capacity(items.len()),
        };
        // A directory counts its items with a u32.
        for (at, item) in (0_u32..).zip(items.iter()) {
            index.insert::<S>(items, at, S::hash(&item).into(), S::name(&item));
        }
        index
    }

    /// Adds an item, unless one before it is the same.
    fn insert<'p, S: Snapshot>(&mut self, items: &Items<'p, S::Item<'p>>, at: u32, hash: u64, name: &[u8]) {
        let Self { secret, by_hash, beyond, by_name } = self;
        let key_of = |at: &u32| key::<S>(items, *at);
        match crowd::<S>(by_hash, secret, items, hash, name) {
            Found::At(_) => return,
            Found::Nowhere => {
                by_hash.insert_unique(secret.mix(hash), at, |at| secret.mix(key_of(at).0));
            }
            Found::Crowded => {
                let same = |at: &u32| key_of(at) == (hash, name);
                let entry = beyond.entry(secret.both(hash, name), same, |at| {
                    let (hash, name) = key_of(at);
                    secret.both(hash, name)
                });
                match entry {
                    Entry::Occupied(_) => return,
                    Entry::Vacant(entry) => entry.insert(at),
                };
            }
        }
        let same = |at: &u32| key_of(at).1 == name;
        let entry = by_name.entry(secret.name(name), same, |at| secret.name(key_of(at).1));
        if let Entry::Vacant(entry) = entry {
            entry.insert(at);
        }
    }

    /// The first item with both. The items are those of [`Index::new`].
    #[inline]
    pub(super) fn find<'p, S: Snapshot>(
        &self,
        items: &Items<'p, S::Item<'p>>,
        hash: S::Hash,
        name: &[u8],
    ) -> Option<S::Item<'p>> {
        let hash = hash.into();
        match crowd::<S>(&self.by_hash, &self.secret, items, hash, name) {
            Found::At(at) => items.get(at as usize),
            Found::Nowhere => None,
            Found::Crowded => {
                let same = |at: &u32| key::<S>(items, *at) == (hash, name);
                self.beyond.find(self.secret.both(hash, name), same).and_then(|at| items.get(*at as usize))
            }
        }
    }

    /// The first item with this name.
    #[inline]
    pub(super) fn find_name<'p, S: Snapshot>(
        &self,
        items: &Items<'p, S::Item<'p>>,
        name: &[u8],
    ) -> Option<S::Item<'p>> {
        let same = |at: &u32| key::<S>(items, *at).1 == name;
        self.by_name.find(self.secret.name(name), same).and_then(|at| items.get(*at as usize))
    }

    /// Memory that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.by_hash.allocation_size() + self.beyond.allocation_size() + self.by_name.allocation_size()
    }
}

/// Looks among the items of one hash, as far as the table takes them.
#[inline]
fn crowd<'p, S: Snapshot>(
    by_hash: &HashTable<u32>,
    secret: &Secret,
    items: &Items<'p, S::Item<'p>>,
    hash: u64,
    name: &[u8],
) -> Found {
    let mut others = 0;
    let found = by_hash.find(secret.mix(hash), |at| {
        let (other, other_name) = key::<S>(items, *at);
        if other != hash {
            return false;
        }
        others += usize::from(other_name != name);
        other_name == name
    });
    match found {
        Some(at) => Found::At(*at),
        None if others < CROWD => Found::Nowhere,
        None => Found::Crowded,
    }
}

/// Hash and name of an item.
#[inline]
fn key<'p, S: Snapshot>(items: &Items<'p, S::Item<'p>>, at: u32) -> (u64, &'p [u8]) {
    items.get(at as usize).map_or((0, &[]), |item| (S::hash(&item).into(), S::name(&item)))
}

impl Secret {
    fn new() -> Self {
        let keyed = RandomState::new();
        let (addend, factor) = (keyed.hash_one(1_u8), keyed.hash_one(2_u8) | 1);
        Self { keyed, addend, factor }
    }

    /// Spreads a hash over all bits, differently in each index. One multiplication: who knows the hash has the place.
    #[inline]
    fn mix(&self, hash: u64) -> u64 {
        let wide = u128::from(hash ^ self.addend) * u128::from(self.factor);
        (wide as u64) ^ ((wide >> 64) as u64)
    }

    #[inline]
    fn name(&self, name: &[u8]) -> u64 {
        self.keyed.hash_one(name)
    }

    #[inline]
    fn both(&self, hash: u64, name: &[u8]) -> u64 {
        self.keyed.hash_one((hash, name))
    }
}
