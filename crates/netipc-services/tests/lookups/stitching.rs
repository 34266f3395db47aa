//! One reply out of the items of several: NIPC-LKP-17.

use netipc_proto::codec::{BuildError, ListLen, Shortage, Writer};
use netipc_proto::service::{Lookup, Service};
use netipc_services::{AppsLookup, CgroupsLookup};
use proptest::prelude::*;

use crate::sample::{Sample, cases, reply, request};

/// Puts replies to parts of the keys together again, in which `keys` are announced.
fn stitched<S: Sample>(parts: &[Vec<u8>], keys: usize, ceiling: usize) -> Result<Vec<u8>, BuildError> {
    let mut bytes = b"before".to_vec();
    let mut whole = S::stitcher(Writer::new(&mut bytes, ceiling), keys);
    for part in parts {
        let part = S::decode_reply(part).unwrap();
        for index in 0..S::len(&part) {
            let _ = whole.copy(S::item_bytes(&part, index));
        }
    }
    let result = S::finish_stitched(whole, 7);
    assert!(bytes.starts_with(b"before"));
    assert!(result.is_ok() || bytes.len() == 6);
    result.map(|()| bytes.split_off(6))
}

fn check<S: Sample>(cases: &[(S::Question, S::Answer)], at: usize)
where
    for<'a> S::Reply<'a>: PartialEq + std::fmt::Debug,
{
    let whole = reply::<S>(cases, usize::MAX).unwrap();
    let (left, right) = cases.split_at(at.min(cases.len()));
    let parts = [left, right].map(|part| reply::<S>(part, usize::MAX).unwrap());
    for keys in [0, 1, cases.len(), 1000, usize::MAX] {
        assert_eq!(stitched::<S>(&parts, keys, usize::MAX).unwrap(), whole);
    }
    assert_eq!(S::view_reply(&whole), S::decode_reply(&whole).unwrap());
    for ceiling in (0..whole.len()).step_by(7) {
        let overflow = BuildError::Overflow { needed: whole.len(), budget: ceiling };
        assert_eq!(stitched::<S>(&parts, cases.len(), ceiling), Err(overflow));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_of_cgroups_become_the_whole(cases in cases::<CgroupsLookup>(12), at in 0..13_usize) {
        check::<CgroupsLookup>(&cases, at);
    }

    #[test]
    fn parts_of_apps_become_the_whole(cases in cases::<AppsLookup>(12), at in 0..13_usize) {
        check::<AppsLookup>(&cases, at);
    }

    /// What the descriptors say of lengths is what encoders do.
    #[test]
    fn lengths_are_right(cases in cases::<CgroupsLookup>(12)) {
        let questions: Vec<_> = cases.iter().map(|(path, _)| path.clone()).collect();
        let (mut keys, mut short) = (ListLen::new(CgroupsLookup::REQUEST_LEN), ListLen::new(CgroupsLookup::REPLY_LEN));
        let mut bytes = Vec::new();
        let mut whole = CgroupsLookup::stitcher(Writer::new(&mut bytes, usize::MAX), 0);
        for path in &questions {
            keys.add(CgroupsLookup::key_len(path));
            short.add(CgroupsLookup::short_len(path));
            CgroupsLookup::push_oversized(&mut whole, path).unwrap();
        }
        prop_assert_eq!((whole.len(), whole.is_empty()), (cases.len(), cases.is_empty()));
        CgroupsLookup::finish_stitched(whole, 1).unwrap();
        prop_assert_eq!(keys.total(), request::<CgroupsLookup>(&questions).len());
        prop_assert_eq!(short.total(), bytes.len());
        prop_assert_eq!(short.padded(), bytes.len().next_multiple_of(8));
    }
}

/// An item that is made on the spot, between ones that are copied.
#[test]
fn oversized_items_are_made_on_the_spot() {
    let cases = [(1, None), (2, None)];
    let part = reply::<AppsLookup>(&cases, 1000).unwrap();
    let part = AppsLookup::decode_reply(&part).unwrap();
    let mut bytes = Vec::new();
    let mut whole = AppsLookup::stitcher(Writer::new(&mut bytes, 1000), 3);
    whole.copy(AppsLookup::item_bytes(&part, 0)).unwrap();
    AppsLookup::push_oversized(&mut whole, 9).unwrap();
    whole.copy(AppsLookup::item_bytes(&part, 1)).unwrap();
    AppsLookup::finish_stitched(whole, 3).unwrap();
    let view = AppsLookup::decode_reply(&bytes).unwrap();
    let items: Vec<_> = AppsLookup::items(&view).into_iter().map(|(item, _)| item).collect();
    let item = |pid| AppsLookup::item(&pid, &None);
    assert_eq!(items, [item(1), AppsLookup::short(&9, Shortage::Oversized), item(2)]);
    assert_eq!(view.generation(), 3);
}

/// A key that breaks a rule makes no item.
#[test]
fn bad_keys_make_no_item() {
    let mut bytes = Vec::new();
    let mut whole = CgroupsLookup::stitcher(Writer::new(&mut bytes, 1000), 1);
    let invalid = CgroupsLookup::push_oversized(&mut whole, b"/a\0b");
    assert!(matches!(invalid, Err(BuildError::Invalid { field: "path", .. })), "{invalid:?}");
    CgroupsLookup::finish_stitched(whole, 3).unwrap();
    assert_eq!(bytes.len(), 16);
}
