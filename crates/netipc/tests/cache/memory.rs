//! What stays in memory.

use crate::raw::Bed;
use crate::{Data, cache, provider};

#[test]
fn a_snapshot_goes_with_its_last_reader() {
    // NIPC-CACHE-15, NIPC-CACHE-10
    let bed = Bed::new();
    let data = Data::new(&[(0, b"a")]);
    let _provider = provider(&bed, &data);
    let mut cache = cache(&bed);
    let reader = cache.reader();
    let mut guards = Vec::new();
    for generation in 1..=20 {
        data.set(generation, [(generation as u32, b"a".to_vec())]);
        cache.refresh().unwrap();
        guards.push(reader.read());
        assert_eq!(reader.status().copies, guards.len());
    }
    for (at, guard) in guards.iter().enumerate() {
        assert_eq!(guard.status().generation, Some(at as u64 + 1));
        assert_eq!(guard.lookup_name(b"a").found().unwrap().hash(), at as u32 + 1);
    }
    // In no order in particular. The newest is the cache's own as well.
    while !guards.is_empty() {
        guards.swap_remove(guards.len() / 3);
        let newest = guards.iter().any(|guard| guard.status().generation == Some(20));
        assert_eq!(reader.status().copies, guards.len() + usize::from(!newest));
    }

    drop(cache);
    assert_eq!(reader.read().lookup_name(b"a").found().unwrap().hash(), 20, "a reader outlives the cache");
    assert_eq!(reader.status().copies, 1);
}
