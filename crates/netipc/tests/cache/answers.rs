//! What lookups find.

use std::collections::HashMap;

use netipc::{Answer, ReadGuard, Refresh};

use netipc::services::CgroupsSnapshot;

use crate::raw::{Bed, Noise};
use crate::{Data, Entry, cache, provider};

/// Position of what was found.
fn position(answer: Answer<netipc::services::cgroups_snapshot::Item<'_>>) -> Option<usize> {
    answer.found().map(|item| std::str::from_utf8(item.path()).unwrap().parse().unwrap())
}

/// A cache's guard over these items.
fn guard(items: impl IntoIterator<Item = Entry>) -> ReadGuard<CgroupsSnapshot> {
    let bed = Bed::new();
    let data = Data::default();
    data.set(7, items);
    let _provider = provider(&bed, &data);
    let mut cache = cache(&bed);
    assert_eq!(cache.refresh().unwrap(), Refresh::Published);
    // It outlives cache, provider and endpoint. NIPC-CACHE-10
    cache.read()
}

#[test]
fn three_answers() {
    // NIPC-CACHE-01, NIPC-CACHE-09, NIPC-CACHE-11
    let bed = Bed::new();
    let mut cache = cache(&bed);
    assert!(bed.files().is_empty());
    assert!(!cache.status().is_ready() && cache.status().age().is_none() && cache.status().down.is_none());
    let before = cache.read();
    assert_eq!(before.lookup(1, b"a"), Answer::NoSnapshot);
    assert_eq!(before.lookup_name(b"a"), Answer::NoSnapshot);
    assert!(before.reply().is_none() && before.items().is_none());

    let _provider = provider(&bed, &Data::new(&[(1, b"a"), (2, b"b")]));
    assert_eq!(cache.refresh().unwrap(), Refresh::Published);
    assert_eq!(before.lookup(1, b"a"), Answer::NoSnapshot, "a guard does not change");
    let after = cache.read();
    assert_eq!(after.lookup(1, b"a").map(|item| item.into_owned().name), Answer::Found(b"a".to_vec()));
    assert_eq!(position(after.lookup_name(b"b")), Some(1));
    assert_eq!(after.lookup(1, b"c"), Answer::Absent);
    assert_eq!(after.lookup_name(b"c"), Answer::Absent);
    assert_eq!(after.reply().unwrap().systemd_enabled(), 1);
    assert_eq!(after.items().unwrap().len(), 2);
    let status = after.status();
    assert!(status.is_ready() && status.age().is_some() && status.down.is_none());
    assert_eq!((status.items, status.generation, status.copies), (2, Some(1), 1));
}

#[test]
fn hash_and_name_must_both_be_equal_and_the_first_wins() {
    // NIPC-CACHE-08: the hash is whatever the provider says, here no function of the name.
    let items: [(u32, &[u8]); 8] =
        [(5, b"x"), (5, b"y"), (6, b"x"), (5, b"x"), (6, b"x"), (0, b""), (u32::MAX, b""), (0, b"\0\xff")];
    let guard = guard(items.map(|(hash, name)| (hash, name.to_vec())));
    for (hash, name, at) in [
        (5, &b"x"[..], Some(0)),
        (5, b"y", Some(1)),
        (6, b"x", Some(2)),
        (6, b"y", None),
        (7, b"x", None),
        (0, b"", Some(5)),
        (u32::MAX, b"", Some(6)),
        (1, b"", None),
        (0, b"\0\xff", Some(7)),
        (0, b"\0", None),
    ] {
        assert_eq!(position(guard.lookup(hash, name)), at, "{hash} {name:?}");
    }
    for (name, at) in [(&b"x"[..], Some(0)), (b"y", Some(1)), (b"", Some(5)), (b"\0\xff", Some(7)), (b"z", None)] {
        assert_eq!(position(guard.lookup_name(name)), at, "{name:?}");
    }
}

#[test]
fn an_empty_snapshot_is_one() {
    let guard = guard([]);
    assert_eq!(guard.lookup(0, b""), Answer::Absent);
    assert_eq!(guard.lookup_name(b""), Answer::Absent);
    assert_eq!((guard.status().items, guard.status().is_ready()), (0, true));
}

/// A naive cache: the first of each.
fn check(items: &[Entry]) {
    let guard = guard(items.to_vec());
    let mut by_both = HashMap::new();
    let mut by_name = HashMap::new();
    for (at, (hash, name)) in items.iter().enumerate() {
        by_both.entry((*hash, name)).or_insert(at);
        by_name.entry(name).or_insert(at);
    }
    for (hash, name) in items {
        assert_eq!(position(guard.lookup(*hash, name)), Some(by_both[&(*hash, name)]));
        assert_eq!(position(guard.lookup_name(name)), Some(by_name[name]));
        assert_eq!(guard.lookup(*hash, b"nobody"), Answer::Absent);
        let other = hash.wrapping_add(1);
        assert_eq!(position(guard.lookup(other, name)), by_both.get(&(other, name)).copied());
    }
}

#[test]
fn as_a_naive_cache_does() {
    // NIPC-CACHE-08: few hashes and few names make duplicates and crowds of every kind.
    let mut noise = Noise(0x1234_5678_9abc_def1);
    for (hashes, names, items) in [(1, 3, 40), (1, 64, 300), (3, 40, 500), (40, 3, 500), (1 << 32, 500, 500)] {
        let entry =
            |noise: &mut Noise| ((noise.next() % hashes) as u32, (noise.next() % names).to_string().into_bytes());
        check(&(0..items).map(|_| entry(&mut noise)).collect::<Vec<_>>());
    }
}

#[test]
fn a_hundred_thousand_items() {
    // NIPC-CACHE-13: honest hashes, all the same hash, all the same name, all the same item. Quadratic work would outlast
    // the watchdog.
    const ITEMS: u32 = 100_000;
    let name = |at: u32| format!("system.slice/docker-{at:040x}.scope").into_bytes();
    let honest = guard((0..ITEMS).map(|at| (netipc::proto::hash::djb2(&name(at)), name(at))));
    let same_hash = guard((0..ITEMS).map(|at| (0, name(at))));
    let same_name = guard((0..ITEMS).map(|at| (at, b"web".to_vec())));
    let same = guard((0..ITEMS).map(|_| (0, b"web".to_vec())));
    for at in 0..ITEMS {
        let name = name(at);
        let wanted = Some(at as usize);
        assert_eq!(position(honest.lookup(netipc::proto::hash::djb2(&name), &name)), wanted);
        assert_eq!(position(honest.lookup_name(&name)), wanted);
        assert_eq!(position(same_hash.lookup(0, &name)), wanted);
        assert_eq!(position(same_hash.lookup_name(&name)), wanted);
        assert_eq!(position(same_name.lookup(at, b"web")), wanted);
    }
    assert_eq!(same_hash.lookup(0, b"web"), Answer::Absent);
    assert_eq!(position(same_name.lookup_name(b"web")), Some(0));
    assert_eq!(position(same.lookup(0, b"web")), Some(0));
    // NIPC-CACHE-14: the payload (8 for the entry of the directory, 32 fixed, strings) and about 13 bytes an item.
    let status = honest.status();
    let payload = honest.reply().unwrap().items().end();
    assert!(status.bytes >= payload && status.bytes - payload <= 14 * ITEMS as usize, "{status:?}");
}
