//! The ids of requests that wait for their response.

use alloc::vec::Vec;

/// A set of message ids.
///
/// The usual client has one request in flight, and for it this is one compare: `single` takes the first id and the
/// table is never allocated. A window of thousands lives in an open-addressing table with linear probing; ids are
/// mostly consecutive numbers, which multiplication with a large odd constant spreads over all slots. The ids are the
/// client's own, so no peer can choose them to collide.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    single: Option<u64>,
    /// Length is 0 or a power of two; never more than half full.
    table: Vec<Option<u64>>,
    used: usize,
}

/// Smallest table.
const MIN_TABLE: usize = 16;

impl InFlight {
    /// Number of ids.
    pub(crate) fn len(&self) -> usize {
        self.used + usize::from(self.single.is_some())
    }

    /// Adds `id`; false when it was there already.
    #[inline]
    pub(crate) fn insert(&mut self, id: u64) -> bool {
        if self.single == Some(id) {
            return false;
        }
        if self.used == 0 && self.single.is_none() {
            self.single = Some(id);
            return true;
        }
        self.insert_table(id)
    }

    fn insert_table(&mut self, id: u64) -> bool {
        if 2 * (self.used + 1) > self.table.len() {
            self.grow();
        }
        let slot = self.probe(id);
        if self.table[slot].is_some() {
            return false;
        }
        self.table[slot] = Some(id);
        self.used += 1;
        true
    }

    /// Takes `id` out; false when it was not there.
    #[inline]
    pub(crate) fn remove(&mut self, id: u64) -> bool {
        if self.single == Some(id) {
            self.single = None;
            return true;
        }
        self.used > 0 && self.remove_table(id)
    }

    fn remove_table(&mut self, id: u64) -> bool {
        let mut hole = self.probe(id);
        if self.table[hole].is_none() {
            return false;
        }
        self.used -= 1;
        // Move back what the probe of a later id would otherwise miss, so that no tombstones are needed.
        let mask = self.table.len() - 1;
        let mut next = (hole + 1) & mask;
        while let Some(moved) = self.table[next] {
            let home = self.home(moved);
            if (next.wrapping_sub(home) & mask) >= (next.wrapping_sub(hole) & mask) {
                self.table[hole] = Some(moved);
                hole = next;
            }
            next = (next + 1) & mask;
        }
        self.table[hole] = None;
        true
    }

    /// The ids in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.single.into_iter().chain(self.table.iter().copied().flatten())
    }

    /// Takes all ids out, lowest first, and gives the memory back.
    pub(crate) fn drain(&mut self) -> Vec<u64> {
        let mut ids: Vec<u64> = self.iter().collect();
        ids.sort_unstable();
        *self = InFlight::default();
        ids
    }

    /// Gives memory back that no id needs.
    pub(crate) fn release(&mut self) {
        if self.used == 0 {
            self.table = Vec::new();
        }
    }

    fn grow(&mut self) {
        let size = (self.table.len() * 2).max(MIN_TABLE);
        let old = core::mem::replace(&mut self.table, alloc::vec![None; size]);
        for id in old.into_iter().flatten() {
            let slot = self.probe(id);
            self.table[slot] = Some(id);
        }
    }

    /// The slot of `id`, or the empty slot where it would go. Ends, because half of the table is empty.
    #[inline]
    fn probe(&self, id: u64) -> usize {
        let mask = self.table.len() - 1;
        let mut slot = self.home(id);
        while self.table[slot].is_some_and(|other| other != id) {
            slot = (slot + 1) & mask;
        }
        slot
    }

    #[inline]
    fn home(&self, id: u64) -> usize {
        let spread = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // The high half mixes best; the table is far smaller than 2^32 slots.
        (spread >> 32) as usize & (self.table.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_in_flight_allocates_nothing() {
        let mut ids = InFlight::default();
        for id in 0..1000 {
            assert!(ids.insert(id));
            assert!(!ids.insert(id));
            assert_eq!(ids.len(), 1);
            assert!(!ids.remove(id + 1));
            assert!(ids.remove(id));
        }
        assert_eq!(ids.table.capacity(), 0);
    }

    #[test]
    fn window_of_thousands() {
        let mut ids = InFlight::default();
        for id in 0..4096 {
            assert!(ids.insert(id));
        }
        assert_eq!(ids.len(), 4096);
        for id in 4096..100_000 {
            assert!(ids.remove(id - 4096));
            assert!(ids.insert(id));
        }
        // A sliding window never makes the table grow.
        assert_eq!(ids.table.len(), 8192);
        assert_eq!(ids.drain(), (100_000 - 4096..100_000).collect::<Vec<_>>());
        assert_eq!(ids.len(), 0);
        assert_eq!(ids.table.capacity(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn behaves_like_a_set(ops in prop::collection::vec((any::<bool>(), 0u64..40), 0..400), stride in any::<u64>()) {
            let mut ids = InFlight::default();
            let mut model = BTreeSet::new();
            for (insert, id) in ops {
                let id = id.wrapping_mul(stride | 1);
                if insert {
                    prop_assert_eq!(ids.insert(id), model.insert(id));
                } else {
                    prop_assert_eq!(ids.remove(id), model.remove(&id));
                }
                prop_assert_eq!(ids.len(), model.len());
            }
            prop_assert_eq!(ids.drain(), model.into_iter().collect::<Vec<_>>());
        }
    }
}
