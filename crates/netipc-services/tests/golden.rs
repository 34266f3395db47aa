//! The bytes of the golden vectors, decoded and encoded.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use netipc_proto::service::Service;
use netipc_services::cgroups_snapshot::ItemFields;
use netipc_services::{CgroupsSnapshot, Increment, StringReverse};

mod common;
use common::{golden, golden_items, reply, request};

/// NIPC-INC-01, NIPC-COD-14.
#[test]
fn increment() {
    for (name, value) in [("increment_0", 0), ("increment_42", 42), ("increment_max", u64::MAX)] {
        let bytes = golden(name);
        assert_eq!(Increment::decode_request(&bytes).unwrap().value, value);
        assert_eq!(Increment::decode_reply(&bytes).unwrap().value, value);
        assert_eq!(request::<Increment>(value), bytes);
        assert_eq!(reply::<Increment>(8, |out| out.value(value).unwrap()).unwrap(), bytes);
    }
}

/// NIPC-REV-01, NIPC-REV-03.
#[test]
fn string_reverse() {
    let vectors = [
        ("string_reverse_empty", &b""[..]),
        ("string_reverse_hello", b"hello"),
        ("string_reverse_utf8", b"h\xc3\xa9llo"),
    ];
    for (name, text) in vectors {
        let bytes = golden(name);
        assert_eq!(StringReverse::decode_request(&bytes).unwrap().text(), text);
        assert_eq!(StringReverse::decode_reply(&bytes).unwrap().text(), text);
        assert_eq!(request::<StringReverse>(text), bytes);
        assert_eq!(reply::<StringReverse>(100, |out| out.text(text).unwrap()).unwrap(), bytes);
        let filled = reply::<StringReverse>(100, |out| out.text_room(text.len()).unwrap().copy_from_slice(text));
        assert_eq!(filled.unwrap(), bytes);
    }
}

/// NIPC-SNAP-01.
#[test]
fn snapshot_request() {
    let bytes = golden("cgroups_req");
    CgroupsSnapshot::decode_request(&bytes).unwrap();
    assert_eq!(request::<CgroupsSnapshot>(()), bytes);
}

/// NIPC-SNAP-02, NIPC-SNAP-03, NIPC-SNAP-04, NIPC-COD-12.
#[test]
fn snapshot_reply() {
    check_snapshot("cgroups_resp", 1, 999, &golden_items());
    check_snapshot("cgroups_resp_empty", 0, 42, &[]);
}

/// How many items were announced must not show in the bytes (NIPC-COD-13).
fn check_snapshot(name: &str, systemd_enabled: u32, generation: u64, items: &[ItemFields<'_>]) {
    let bytes = golden(name);
    let view = CgroupsSnapshot::decode_reply(&bytes).unwrap();
    assert_eq!(view.systemd_enabled(), systemd_enabled);
    assert_eq!(view.generation(), generation);
    assert!(view.items().iter().map(|item| item.fields()).eq(items.iter().copied()));
    for hint in [0, 1, 2, 3, 4, 100] {
        let built = reply::<CgroupsSnapshot>(1000, |out| {
            out.generation(generation).systemd_enabled(systemd_enabled).reserve(hint);
            for item in items {
                out.push(*item).unwrap();
            }
        });
        assert_eq!(built.unwrap(), bytes);
    }
}

/// The descriptors say what the specification says of the services.
#[test]
fn descriptors() {
    fn facts<S: Service>() -> (&'static str, u16, bool, bool) {
        (S::NAME, S::METHOD, S::BATCHABLE, S::IDEMPOTENT)
    }
    assert_eq!(facts::<Increment>(), ("increment", 1, true, true));
    assert_eq!(facts::<CgroupsSnapshot>(), ("cgroups-snapshot", 2, false, true));
    assert_eq!(facts::<StringReverse>(), ("string-reverse", 3, true, true));
}
