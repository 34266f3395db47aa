//! Every rule of CGROUPS_LOOKUP broken once, and every tolerance used once.

use netipc_proto::codec::{BuildError, Problem};
use netipc_proto::service::Service;
use netipc_services::CgroupsLookup;
use netipc_services::cgroups_lookup::{KnownFields, Label, Orchestrator};

use crate::bytes::{Offence, bytes, check, directory_cases, inserted, list, offence, with, with_u16, with_u32};
use crate::common::{golden, reply_to};
use crate::sample::request;

const KEY: &str = "cgroups-lookup key";
const ITEM: &str = "cgroups-lookup item";
const LABEL: &str = "cgroups-lookup label";

/// Where the only item of a reply starts.
const AT: usize = 24;

/// NIPC-LKP-01, NIPC-LKP-03, NIPC-COD-04, NIPC-COD-10, NIPC-COD-11.
#[test]
fn request_head_and_directory() {
    const RECORD: &str = "cgroups-lookup request";
    let bytes = golden("cgroups_lookup_req");
    let constant = |field, at| (RECORD, field, at, None, Problem::Constant { got: 1, allowed: 0 });
    let mut cases = directory_cases(RECORD, "keys", &bytes);
    cases.push((with_u32(&bytes, 8, 1), constant("reserved", 8)));
    cases.push((with_u32(&bytes, 12, 1), constant("reserved_too", 12)));
    check(cases, |bytes| CgroupsLookup::decode_request(bytes).map(|_| ()));
}

/// NIPC-CGL-01.
#[test]
fn keys() {
    let request = |keys: &[&[u8]]| {
        let keys: Vec<_> = keys.iter().map(|key| key.to_vec()).collect();
        list(&bytes![1_u16, 0_u16, 0_u32, 0_u32, 0_u32], &keys)
    };
    let key = |offset: usize, item, problem| (KEY, "path", offset, Some(item), problem);
    let cases = vec![
        (request(&[b"/abcde\0", b""]), key(40, 1, Problem::Truncated { got: 0, needed: 1 })),
        (request(&[b"/", b"/a\0"]), key(32, 0, Problem::Unterminated { got: b'/' })),
        (request(&[b"\0"]), key(24, 0, Problem::TooShort { got: 0, least: 1 })),
        (request(&[b"/a\0b\0"]), key(24, 0, Problem::InteriorNul { at: 2 })),
        (request(&[b"\0\0"]), key(24, 0, Problem::InteriorNul { at: 0 })),
    ];
    check(cases, |bytes| CgroupsLookup::decode_request(bytes).map(|_| ()));
}

/// NIPC-LKP-02, NIPC-LKP-03, NIPC-COD-04, NIPC-COD-10, NIPC-COD-11.
#[test]
fn reply_head_and_directory() {
    let items = ["cgroups_lookup_resp_known_no_labels", "cgroups_lookup_resp_unknown_permanent"];
    let bytes = list(&golden(items[0])[..16], &items.map(|name| golden(name)[AT..].to_vec()));
    let cases = directory_cases("cgroups-lookup reply", "items", &bytes);
    check(cases, |bytes| CgroupsLookup::decode_reply(bytes).map(|_| ()));
}

fn item(field: &'static str, at: usize, problem: Problem) -> Offence {
    (ITEM, field, AT + at, Some(0), problem)
}

/// NIPC-CGL-02, NIPC-CGL-03, NIPC-CGL-04, NIPC-LKP-04, NIPC-LKP-05, NIPC-COD-07, NIPC-COD-08, NIPC-COD-22: path `/docker/abc`
/// at 28, name empty at 40, 41 bytes in all.
#[test]
fn items() {
    let bytes = golden("cgroups_lookup_resp_known_no_labels");
    let listed = &[0, 1, 2, 3, 4];
    let early = |got| Problem::StartsEarly { got, least: 28 };
    let beyond = |end| Problem::OutOfBounds { end, limit: 41 };
    let longer = with_u32(&[bytes.clone(), vec![0]].concat(), 20, 42);
    let cases = vec![
        (with_u32(&bytes, 20, 27), (ITEM, ITEM, AT, Some(0), Problem::Truncated { got: 27, needed: 28 })),
        (with_u16(&bytes, AT, 2), item("layout_version", 0, Problem::Constant { got: 2, allowed: 1 })),
        (with_u16(&bytes, AT + 2, 5), item("status", 2, Problem::Unlisted { got: 5, listed })),
        (with_u16(&bytes, AT + 6, 1), item("reserved", 6, Problem::Constant { got: 1, allowed: 0 })),
        (with_u16(&bytes, AT + 26, 1), item("reserved_too", 26, Problem::Constant { got: 1, allowed: 0 })),
        (with_u32(&bytes, AT + 8, 27), item("path", 8, early(27))),
        (with_u32(&bytes, AT + 16, 0), item("name", 16, early(0))),
        (with_u32(&bytes, AT + 12, 13), item("path", 8, beyond(42))),
        (with_u32(&bytes, AT + 16, u32::MAX), item("name", 16, beyond(u64::from(u32::MAX) + 1))),
        (with_u32(&bytes, AT + 12, 0), item("path", 8, Problem::Unterminated { got: b'/' })),
        (with(&with_u32(&bytes, AT + 12, 0), AT + 28, b"\0"), item("path", 8, Problem::TooShort { got: 0, least: 1 })),
        (with(&bytes, AT + 39, b"x"), item("path", 8, Problem::Unterminated { got: b'x' })),
        (with(&bytes, AT + 40, b"x"), item("name", 16, Problem::Unterminated { got: b'x' })),
        (with(&bytes, AT + 30, b"\0"), item("path", 8, Problem::InteriorNul { at: 2 })),
        (with_u32(&bytes, AT + 16, 39), item("name", 16, Problem::Overlap { with: "path" })),
        (longer, (ITEM, ITEM, AT + 41, Some(0), Problem::TrailingBytes { got: 42, allowed: 41 })),
    ];
    check(cases, |bytes| CgroupsLookup::decode_reply(bytes).map(|_| ()));
}

/// NIPC-LKP-05, NIPC-LKP-06, NIPC-LKP-07, NIPC-COD-20, NIPC-COD-21: path at 28, name at 50, table at 56, strings at 88:
/// `namespace`, `default` at 98, `pod` at 106, `web` at 110; 114 bytes in all.
#[test]
fn labels() {
    let bytes = golden("cgroups_lookup_resp_known_with_labels");
    let label = |field, row: usize, problem| (LABEL, field, AT + 56 + 8 * row, Some(0), problem);
    let misplaced = |got, allowed| Problem::Misplaced { got, allowed };
    let count = |count| with_u16(&bytes, AT + 24, count);
    let truncated = |needed| (ITEM, "labels", AT + 56, Some(0), Problem::Truncated { got: 114, needed });
    let end = |got, allowed| (ITEM, ITEM, AT + allowed, Some(0), Problem::TrailingBytes { got, allowed });
    let key = with_u32(&with_u32(&bytes, AT + 60, 0), AT + 56, 88);
    let cases = vec![
        (count(4), truncated(56 + 4 * 16)),
        (count(u16::MAX), truncated(56 + 65_535 * 16)),
        // One row fewer: then the first string would have to start where the second row stands, and the other way round.
        (count(1), label("key", 0, misplaced(88, 72))),
        (count(3), label("key", 0, misplaced(88, 104))),
        (count(0), end(114, 56)),
        (with_u32(&bytes, AT + 56, 87), label("key", 0, misplaced(87, 88))),
        (with_u32(&bytes, AT + 64, 99), label("value", 1, misplaced(99, 98))),
        (with_u32(&bytes, AT + 60, 8), label("key", 0, Problem::Unterminated { got: b'e' })),
        (with(&key, AT + 88, b"\0"), label("key", 0, Problem::TooShort { got: 0, least: 1 })),
        (with(&bytes, AT + 90, b"\0"), label("key", 0, Problem::InteriorNul { at: 2 })),
        (with(&bytes, AT + 111, b"\0"), label("value", 3, Problem::InteriorNul { at: 1 })),
        (with_u32(&bytes, AT + 84, 4), label("value", 3, Problem::OutOfBounds { end: 115, limit: 114 })),
        (with(&bytes, AT + 113, b"x"), label("value", 3, Problem::Unterminated { got: b'x' })),
        (with_u32(&[bytes.clone(), vec![0; 3]].concat(), 20, 117), end(117, 114)),
    ];
    check(cases, |bytes| CgroupsLookup::decode_reply(bytes).map(|_| ()));
}

/// NIPC-COD-20: the padding before the table is zero, and as long as it must be.
#[test]
fn padding_before_labels() {
    let head = bytes![1_u16, 0_u16, 0_u32, 9_u64];
    // The path ends at 30, the name at 31; one byte of padding.
    let fixed = bytes![1_u16, 0_u16, 2_u16, 0_u16, 28_u32, 1_u32, 30_u32, 0_u32, 1_u16, 0_u16];
    let reply = |padding: &[u8], table: u32| {
        let row = bytes![table + 16, 1_u32, table + 18, 0_u32];
        list(&head, &[[&fixed, b"/\0\0".as_slice(), padding, &row, b"k\0\0"].concat()])
    };
    let decoded = reply(&[0], 32);
    let view = CgroupsLookup::decode_reply(&decoded).unwrap();
    let labels: Vec<_> = view.items().get(0).unwrap().labels().iter().collect();
    assert_eq!(labels, [Label { key: b"k", value: b"" }]);

    let padding = (ITEM, "labels", AT + 32, Some(0), Problem::Padding { at: 31, got: 1 });
    assert_eq!(offence(CgroupsLookup::decode_reply(&reply(&[1], 32)).map(|_| ())), Some(padding));
    let late = reply(&[0; 9], 40);
    assert!(CgroupsLookup::decode_reply(&late).is_err());
}

/// NIPC-CGL-05, NIPC-COD-23.
#[test]
fn what_only_known_items_have() {
    let when = "`status` is not `known`";
    let unknown = golden("cgroups_lookup_resp_unknown_permanent");
    let labelled = golden("cgroups_lookup_resp_known_with_labels");
    let orchestrator = Problem::ConstantWhen { got: 9, allowed: 0, when };
    for status in 1..=4 {
        let labelled = with_u16(&with_u16(&labelled, AT + 2, status), AT + 4, 0);
        // The name moves into the padding of an item without one: a path of 21 bytes, then NULs.
        let nameless = with_u32(&labelled, AT + 20, 0);
        let nameless = with(&nameless, AT + 50, b"\0\0\0\0\0\0");
        let cases = vec![
            (with_u16(&with_u16(&unknown, AT + 2, status), AT + 4, 9), item("orchestrator", 4, orchestrator)),
            (labelled, item("name", 16, Problem::NotEmptyWhen { got: 5, when })),
            (nameless, item("labels", 24, Problem::NotEmptyWhen { got: 2, when })),
        ];
        check(cases, |bytes| CgroupsLookup::decode_reply(bytes).map(|_| ()));
    }
    let error = CgroupsLookup::decode_reply(&with_u16(&unknown, AT + 4, 9)).unwrap_err();
    let sentence =
        "cgroups-lookup item 0: field `orchestrator` at byte 28 must be 0 when `status` is not `known`, got 9";
    assert_eq!(error.to_string(), sentence);
    let error = CgroupsLookup::decode_reply(&with_u16(&unknown, AT + 2, 9)).unwrap_err();
    let sentence = "cgroups-lookup item 0: field `status` at byte 26 must be 0, 1, 2, 3, 4, got 9";
    assert_eq!(error.to_string(), sentence);
}

/// NIPC-LKP-03, NIPC-LKP-04, NIPC-LKP-07, NIPC-LKP-08, NIPC-COD-22.
#[test]
fn tolerances() {
    let bytes = golden("cgroups_lookup_req");
    let same = |other: &[u8]| assert_eq!(CgroupsLookup::decode_request(other), CgroupsLookup::decode_request(&bytes));
    same(&[bytes.as_slice(), &[0xff; 9]].concat());
    same(&with_u32(&inserted(&bytes, 56, &[0xaa; 8]), 24, 32));
    same(&with_u32(&with_u32(&inserted(&bytes, 32, &[0xaa; 16]), 16, 16), 24, 40));

    let bytes = golden("cgroups_lookup_resp_known_with_labels");
    let same = |other: &[u8]| assert_eq!(CgroupsLookup::decode_reply(other), CgroupsLookup::decode_reply(&bytes));
    same(&[bytes.as_slice(), &[0xff; 9]].concat());
    same(&with_u32(&inserted(&bytes, 24, &[0xaa; 8]), 16, 8));

    let orchestrator = with_u16(&bytes, AT + 4, 999);
    let view = CgroupsLookup::decode_reply(&orchestrator).unwrap();
    let item = view.items().get(0).unwrap();
    assert_eq!((item.orchestrator(), item.orchestrator().to_string().as_str()), (Orchestrator(999), "999"));
    assert_eq!(Orchestrator::K8S.to_string(), "k8s");

    // Both keys alike, and a value that is empty.
    let twice = with(&bytes, AT + 106, b"web\0web\0");
    assert_eq!(CgroupsLookup::decode_reply(&twice).unwrap().items().get(0).unwrap().labels().len(), 2);
}

/// NIPC-LKP-04: the strings may stand in the other order, with a gap of any bytes between them.
#[test]
fn strings_in_the_other_order() {
    let head = bytes![1_u16, 0_u16, 0_u32, 9_u64];
    let fixed = bytes![1_u16, 0_u16, 2_u16, 0_u16, 34_u32, 2_u32, 28_u32, 3_u32, 0_u16, 0_u16];
    let reply = list(&head, &[[fixed.as_slice(), b"abc\0??/p\0"].concat()]);
    let view = CgroupsLookup::decode_reply(&reply).unwrap();
    let item = view.items().get(0).unwrap();
    assert_eq!((item.path(), item.name()), (&b"/p"[..], &b"abc"[..]));
}

/// A canonical payload has no byte to spare.
#[test]
fn every_prefix_is_refused() {
    for name in ["known_with_labels", "known_no_labels", "unknown_retry", "empty"] {
        let bytes = golden(&format!("cgroups_lookup_resp_{name}"));
        for len in 0..bytes.len() {
            assert!(CgroupsLookup::decode_reply(&bytes[..len]).is_err(), "{len} bytes of {name}");
        }
    }
    let bytes = golden("cgroups_lookup_req");
    assert!((0..bytes.len()).all(|len| CgroupsLookup::decode_request(&bytes[..len]).is_err()));
}

/// NIPC-COD-16: a builder refuses what its own decoder would, and the key can then be answered otherwise.
#[test]
fn bad_answers_are_refused() {
    let sound = KnownFields { orchestrator: Orchestrator::KVM, name: b"n", labels: &[] };
    let label = |key, value| [Label { key, value }];
    let many = vec![Label { key: b"k", value: b"" }; 65_536];
    let (no_key, nul_key, nul_value) = (label(b"", b"v"), label(b"a\0", b""), label(b"a", b"\0"));
    let invalid = |record, field, problem| Err(BuildError::Invalid { record, field, problem });
    let cases = [
        (KnownFields { name: b"a\0b", ..sound }, invalid(ITEM, "name", Problem::InteriorNul { at: 1 })),
        (KnownFields { labels: &no_key, ..sound }, invalid(LABEL, "key", Problem::TooShort { got: 0, least: 1 })),
        (KnownFields { labels: &nul_key, ..sound }, invalid(LABEL, "key", Problem::InteriorNul { at: 1 })),
        (KnownFields { labels: &nul_value, ..sound }, invalid(LABEL, "value", Problem::InteriorNul { at: 0 })),
        (
            KnownFields { labels: &many, ..sound },
            invalid(ITEM, "labels", Problem::TooMany { got: 65_536, most: 65_535 }),
        ),
    ];
    for (fields, expected) in cases {
        let built = reply_to::<CgroupsLookup>(&request::<CgroupsLookup>(&[b"/a".to_vec()]), 1000, |builder| {
            assert_eq!(builder.generation(1).known(fields), expected);
            builder.unknown_permanent().unwrap();
        });
        assert_eq!(built.unwrap().len(), 24 + 32);
    }
    let built = reply_to::<CgroupsLookup>(&request::<CgroupsLookup>(&[b"/a".to_vec()]), usize::MAX, |builder| {
        builder.generation(1).known(KnownFields { labels: &many[1..], ..sound }).unwrap();
    });
    let built = built.unwrap();
    let view = CgroupsLookup::decode_reply(&built).unwrap();
    assert_eq!(view.items().get(0).unwrap().labels().len(), 65_535);
}
