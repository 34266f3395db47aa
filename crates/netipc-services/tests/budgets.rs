//! Builders under every byte budget: what fits is written, what does not is reported, nothing else happens
//! (NIPC-COD-15).
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use netipc_proto::ErrorKind;
use netipc_proto::codec::{BuildError, Writer};
use netipc_proto::service::Service;
use netipc_services::cgroups_snapshot::OwnedReply;
use netipc_services::{CgroupsSnapshot, Increment, StringReverse};
use proptest::prelude::*;

mod common;
use common::{any_snapshot, golden_items, item, reply, request, snapshot};

/// Fits if and only if the budget is there; else the report names what all of it would have taken.
fn check(total: usize, build: impl Fn(usize) -> Result<Vec<u8>, BuildError>) {
    let whole = build(usize::MAX).unwrap();
    assert_eq!(whole.len(), total);
    for budget in 0..total + 9 {
        match build(budget) {
            Ok(bytes) => {
                assert!(budget >= total, "{total} bytes within {budget}");
                assert_eq!(bytes, whole);
            }
            Err(error) => {
                assert_eq!(error, BuildError::Overflow { needed: total, budget });
                assert_eq!(error.kind(), ErrorKind::LimitExceeded);
                assert!(budget < total);
            }
        }
    }
}

#[test]
fn increment() {
    check(8, |budget| {
        reply::<Increment>(budget, |out| {
            let _ = out.value(7);
        })
    });
}

#[test]
fn string_reverse() {
    check(14, |budget| {
        reply::<StringReverse>(budget, |out| {
            let _ = out.text(b"hello");
        })
    });
    check(14, |budget| {
        reply::<StringReverse>(budget, |out| {
            let _ = out.text_room(5).map(|room| room.fill(b'x'));
        })
    });
}

/// A second value replaces the first, also one that did not fit.
#[test]
fn the_last_value_counts() {
    let long = [b'x'; 100];
    let replaced = reply::<StringReverse>(20, |out| {
        out.text(&long).unwrap_err();
        out.text(b"short").unwrap();
    });
    assert_eq!(replaced.unwrap(), request::<StringReverse>(b"short"));
    let room = reply::<StringReverse>(usize::MAX, |out| {
        out.text_room(usize::MAX).unwrap_err();
    });
    assert!(matches!(room, Err(BuildError::Overflow { needed: usize::MAX, .. })));
}

#[test]
fn requests() {
    fn encode<S: Service>(query: S::Query<'_>, budget: usize) -> Result<Vec<u8>, BuildError> {
        let mut bytes = vec![1, 2, 3];
        let result = S::encode_request(query, Writer::new(&mut bytes, budget));
        assert!(result.is_ok() || bytes == [1, 2, 3]);
        result.map(|()| bytes.split_off(3))
    }
    check(8, |budget| encode::<Increment>(9, budget));
    check(14, |budget| encode::<StringReverse>(b"hello", budget));
    check(4, |budget| encode::<CgroupsSnapshot>((), budget));
}

#[test]
fn snapshot_of_any_hint() {
    let items = golden_items().map(|fields| item_of(fields.name, fields.path)).to_vec();
    let value = OwnedReply { systemd_enabled: 1, generation: 2, items };
    for hint in [0, 1, 3, 4, 1000, usize::MAX] {
        check(266, |budget| snapshot(&value, budget, hint));
    }
    check(24, |budget| snapshot(&OwnedReply { items: Vec::new(), ..value.clone() }, budget, 5));
}

fn item_of(name: &[u8], path: &[u8]) -> netipc_services::cgroups_snapshot::OwnedItem {
    netipc_services::cgroups_snapshot::OwnedItem { name: name.to_vec(), path: path.to_vec(), ..item("", "") }
}

/// An item that does not fit is reported at once, and later ones are refused even where they would fit: a snapshot with a
/// hole would be taken for the truth.
#[test]
fn an_overflow_is_final() {
    let small = item("a", "b");
    let large = item_of(&[b'x'; 500], b"");
    let result = reply::<CgroupsSnapshot>(400, |out| {
        out.systemd_enabled(0).generation(0);
        out.push(small.fields()).unwrap();
        let overflow = out.push(large.fields()).unwrap_err();
        assert_eq!(overflow, BuildError::Overflow { needed: 24 + 2 * 8 + 40 + 534, budget: 400 });
        out.push(small.fields()).unwrap_err();
    });
    // The second small item would have needed its entry, the padding of the large one, and itself.
    assert_eq!(result, Err(BuildError::Overflow { needed: 24 + 3 * 8 + 40 + 536 + 36, budget: 400 }));
}

/// The directory grows far beyond its first size, at bounded cost.
#[test]
fn many_items() {
    let value = OwnedReply { systemd_enabled: 0, generation: 1, items: vec![item("n", "p"); 10_000] };
    let bytes = snapshot(&value, usize::MAX, 0).unwrap();
    assert_eq!(bytes.len(), 24 + 10_000 * (8 + 40) - 4);
    assert_eq!(CgroupsSnapshot::decode_reply(&bytes).unwrap().into_owned(), value);
    assert_eq!(snapshot(&value, usize::MAX, 10_000).unwrap(), bytes);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_snapshot_under_every_budget(value in any_snapshot(6), hint in 0..20_usize) {
        let total = snapshot(&value, usize::MAX, 0).unwrap().len();
        check(total, |budget| snapshot(&value, budget, hint));
    }
}
