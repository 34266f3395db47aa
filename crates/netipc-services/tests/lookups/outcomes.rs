//! What descriptors say of replies and of keys, also of positions that are not there.

use netipc_proto::codec::{BuildError, Problem};
use netipc_proto::service::{Lookup, Outcome, Service};
use netipc_services::{AppsLookup, CgroupsLookup};

use crate::common::{golden, reply_to};

#[test]
fn cgroups() {
    let outcome = |name: &str, path: &[u8]| {
        let bytes = golden(name);
        let reply = CgroupsLookup::decode_reply(&bytes).unwrap();
        assert_eq!(CgroupsLookup::len(&reply), 1);
        assert!(CgroupsLookup::echoes(&reply, 0, path) && !CgroupsLookup::echoes(&reply, 0, b"/other"));
        assert!(!CgroupsLookup::echoes(&reply, 1, path));
        assert_eq!(CgroupsLookup::item_bytes(&reply, 0), &bytes[24..]);
        assert_eq!(CgroupsLookup::item_bytes(&reply, 1), b"");
        assert_eq!(CgroupsLookup::outcome(&reply, 1), Outcome::Final);
        CgroupsLookup::outcome(&reply, 0)
    };
    assert_eq!(outcome("cgroups_lookup_resp_known_no_labels", b"/docker/abc"), Outcome::Final);
    assert_eq!(outcome("cgroups_lookup_resp_unknown_retry", b"/missing/retry"), Outcome::Final);
    assert_eq!(outcome("cgroups_lookup_resp_unknown_permanent", b"/gone"), Outcome::Final);
    assert_eq!(outcome("cgroups_lookup_resp_payload_exceeded", b"/payload-exceeded"), Outcome::Exceeded);
    assert_eq!(outcome("cgroups_lookup_resp_oversized_item", b"/oversized"), Outcome::Oversized);
}

#[test]
fn apps() {
    let outcome = |name: &str, pid| {
        let bytes = golden(name);
        let reply = AppsLookup::decode_reply(&bytes).unwrap();
        assert!(AppsLookup::echoes(&reply, 0, pid) && !AppsLookup::echoes(&reply, 0, 99_999));
        AppsLookup::outcome(&reply, 0)
    };
    assert_eq!(outcome("apps_lookup_resp_known_full", 1234), Outcome::Final);
    assert_eq!(outcome("apps_lookup_resp_unknown_pid", 0), Outcome::Final);
    assert_eq!(outcome("apps_lookup_resp_payload_exceeded", 1238), Outcome::Exceeded);
    assert_eq!(outcome("apps_lookup_resp_oversized_item", 1239), Outcome::Oversized);
}

/// NIPC-LKP-09: whatever a provider says of its data reaches the client.
#[test]
fn generations_pass_through_unchanged() {
    for generation in [0, 1, u64::MAX] {
        let request = crate::sample::request::<AppsLookup>(&[1]);
        let bytes = reply_to::<AppsLookup>(&request, 100, |builder| {
            builder.generation(generation).unknown().unwrap();
        });
        let bytes = bytes.unwrap();
        assert_eq!(AppsLookup::generation(&AppsLookup::decode_reply(&bytes).unwrap()), generation);
    }
}

/// NIPC-CGL-01, NIPC-APL-01, NIPC-COD-16. NIPC-CGL-06: whatever a path looks like, it stays as it is.
#[test]
fn keys() {
    let invalid = |problem| Err(BuildError::Invalid { record: "cgroups-lookup key", field: "path", problem });
    assert_eq!(CgroupsLookup::check_key(b""), invalid(Problem::TooShort { got: 0, least: 1 }));
    assert_eq!(CgroupsLookup::check_key(b"/a\0"), invalid(Problem::InteriorNul { at: 2 }));
    for path in [&b"../a//b/./c/"[..], b"\xff\xfe", b" "] {
        assert_eq!(CgroupsLookup::check_key(path), Ok(()));
        let request = crate::sample::request::<CgroupsLookup>(&[path.to_vec()]);
        assert_eq!(CgroupsLookup::decode_request(&request).unwrap().keys().get(0).unwrap().path(), path);
    }
    assert_eq!(AppsLookup::check_key(0), Ok(()));
    assert_eq!((CgroupsLookup::key_len(b"/a"), CgroupsLookup::short_len(b"/a")), (3, 32));
    assert_eq!((AppsLookup::key_len(1), AppsLookup::short_len(1)), (8, 63));
}
