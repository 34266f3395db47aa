//! Every rule of APPS_LOOKUP broken once, and every tolerance used once.

use netipc_proto::codec::{BuildError, Problem};
use netipc_proto::service::Service;
use netipc_services::AppsLookup;
use netipc_services::apps_lookup::{CgroupStatus, KnownFields, Label, Orchestrator};

use crate::bytes::{Offence, bytes, check, directory_cases, inserted, list, with, with_u16, with_u32};
use crate::common::{golden, reply_to};
use crate::sample::request;

const KEY: &str = "apps-lookup key";
const ITEM: &str = "apps-lookup item";
const LABEL: &str = "apps-lookup label";

/// Where the only item of a reply starts.
const AT: usize = 24;

fn decode_request(bytes: &[u8]) -> Result<(), netipc_proto::codec::DecodeError> {
    AppsLookup::decode_request(bytes).map(|_| ())
}

fn decode_reply(bytes: &[u8]) -> Result<(), netipc_proto::codec::DecodeError> {
    AppsLookup::decode_reply(bytes).map(|_| ())
}

/// NIPC-LKP-01, NIPC-LKP-03, NIPC-COD-04, NIPC-COD-10, NIPC-COD-11.
#[test]
fn request_head_and_directory() {
    const RECORD: &str = "apps-lookup request";
    // A gap before the second key, so that its place can be wrong in every way.
    let bytes = [bytes![1_u16, 0_u16, 2_u32, 0_u64, 0_u32, 8_u32, 16_u32, 8_u32], vec![0; 24]].concat();
    let constant = |field, at| (RECORD, field, at, None, Problem::Constant { got: 1, allowed: 0 });
    let mut cases = directory_cases(RECORD, "keys", &bytes);
    cases.push((with_u32(&bytes, 8, 1), constant("reserved", 8)));
    cases.push((with_u32(&bytes, 12, 1), constant("reserved_too", 12)));
    check(cases, decode_request);
}

/// NIPC-APL-01: a key is 8 bytes, not fewer, not more.
#[test]
fn keys() {
    let request = |key: &[u8]| list(&bytes![1_u16, 0_u16, 0_u32, 0_u32, 0_u32], &[vec![0; 8], key.to_vec()]);
    let key = |field, at: usize, problem| (KEY, field, 40 + at, Some(1), problem);
    let cases = vec![
        (request(&[0; 7]), key(KEY, 0, Problem::Truncated { got: 7, needed: 8 })),
        (request(&[]), key(KEY, 0, Problem::Truncated { got: 0, needed: 8 })),
        (request(&[0; 9]), key(KEY, 8, Problem::TrailingBytes { got: 9, allowed: 8 })),
        (request(&bytes![5_u32, 1_u32]), key("reserved", 4, Problem::Constant { got: 1, allowed: 0 })),
    ];
    check(cases, decode_request);
    let twice = list(&bytes![1_u16, 0_u16, 0_u32, 0_u32, 0_u32], &[vec![0; 8], vec![0; 8]]);
    decode_request(&twice).unwrap();
}

/// NIPC-LKP-02, NIPC-LKP-03, NIPC-COD-04, NIPC-COD-10, NIPC-COD-11.
#[test]
fn reply_head_and_directory() {
    let items = ["apps_lookup_resp_known_full", "apps_lookup_resp_unknown_pid"];
    let bytes = list(&golden(items[0])[..16], &items.map(|name| golden(name)[AT..].to_vec()));
    check(directory_cases("apps-lookup reply", "items", &bytes), decode_reply);
}

fn item(field: &'static str, at: usize, problem: Problem) -> Offence {
    (ITEM, field, AT + at, Some(0), problem)
}

/// NIPC-APL-02, NIPC-APL-03, NIPC-LKP-04, NIPC-LKP-05, NIPC-COD-07, NIPC-COD-08, NIPC-COD-22: comm `app` at 60, path `/pending`
/// at 64, name empty at 73, 74 bytes in all.
#[test]
fn items() {
    let bytes = golden("apps_lookup_resp_known_retry");
    let listed = &[0, 1, 2, 3];
    let early = |got| Problem::StartsEarly { got, least: 60 };
    let beyond = |end| Problem::OutOfBounds { end, limit: 74 };
    let unterminated = |got| Problem::Unterminated { got };
    let overlap = |with| Problem::Overlap { with };
    let longer = with_u32(&[bytes.clone(), vec![0]].concat(), 20, 75);
    let cases = vec![
        (with_u32(&bytes, 20, 59), (ITEM, ITEM, AT, Some(0), Problem::Truncated { got: 59, needed: 60 })),
        (with_u16(&bytes, AT, 0), item("layout_version", 0, Problem::Constant { got: 0, allowed: 1 })),
        (with_u16(&bytes, AT + 2, 4), item("status", 2, Problem::Unlisted { got: 4, listed })),
        (with_u16(&bytes, AT + 6, 4), item("cgroup_status", 6, Problem::Unlisted { got: 4, listed })),
        (with_u32(&bytes, AT + 20, 1), item("reserved", 20, Problem::Constant { got: 1, allowed: 0 })),
        (with_u16(&bytes, AT + 58, 1), item("reserved_too", 58, Problem::Constant { got: 1, allowed: 0 })),
        (with_u32(&bytes, AT + 32, 59), item("comm", 32, early(59))),
        (with_u32(&bytes, AT + 40, 59), item("cgroup_path", 40, early(59))),
        (with_u32(&bytes, AT + 48, 59), item("cgroup_name", 48, early(59))),
        (with_u32(&bytes, AT + 36, 14), item("comm", 32, beyond(75))),
        (with_u32(&bytes, AT + 44, 10), item("cgroup_path", 40, beyond(75))),
        (with_u32(&bytes, AT + 48, 74), item("cgroup_name", 48, beyond(75))),
        (with_u32(&bytes, AT + 36, 2), item("comm", 32, unterminated(b'p'))),
        (with_u32(&bytes, AT + 44, 7), item("cgroup_path", 40, unterminated(b'g'))),
        (with(&bytes, AT + 73, b"x"), item("cgroup_name", 48, unterminated(b'x'))),
        (with(&bytes, AT + 61, b"\0"), item("comm", 32, Problem::InteriorNul { at: 1 })),
        (with(&bytes, AT + 70, b"\0"), item("cgroup_path", 40, Problem::InteriorNul { at: 6 })),
        (with_u32(&with_u32(&bytes, AT + 40, 63), AT + 44, 0), item("cgroup_path", 40, overlap("comm"))),
        (with_u32(&bytes, AT + 48, 72), item("cgroup_name", 48, overlap("cgroup_path"))),
        (with_u32(&bytes, AT + 48, 63), item("cgroup_name", 48, overlap("comm"))),
        (longer, (ITEM, ITEM, AT + 74, Some(0), Problem::TrailingBytes { got: 75, allowed: 74 })),
    ];
    check(cases, decode_reply);
}

/// NIPC-LKP-04: a NUL in the name, which only an item with a known control group has; NIPC-APL-05: 16 bytes are too many.
#[test]
fn strings_of_a_full_item() {
    let bytes = golden("apps_lookup_resp_known_full");
    // The comm takes its own NUL and the one of another string moves behind it: 16 bytes, and still in bounds.
    let long = with_u32(&with(&bytes, AT + 75, b"6\0"), AT + 36, 16);
    let cases = vec![
        (with(&bytes, AT + 90, b"\0"), item("cgroup_name", 48, Problem::InteriorNul { at: 2 })),
        (long, item("comm", 32, Problem::TooLong { got: 16, most: 15 })),
    ];
    check(cases, decode_reply);
}

/// NIPC-LKP-05, NIPC-LKP-06, NIPC-LKP-07, NIPC-COD-20, NIPC-COD-21: name ends at 100, table at 104, strings at 136: `image`,
/// `nginx:latest` at 142, `service` at 155, `web` at 163; 167 bytes in all.
#[test]
fn labels() {
    let bytes = golden("apps_lookup_resp_known_full");
    let label = |field, row: usize, problem| (LABEL, field, AT + 104 + 8 * row, Some(0), problem);
    let misplaced = |got, allowed| Problem::Misplaced { got, allowed };
    let count = |count| with_u16(&bytes, AT + 56, count);
    let end = |got, allowed| (ITEM, ITEM, AT + allowed, Some(0), Problem::TrailingBytes { got, allowed });
    let empty_key = with(&with_u32(&bytes, AT + 108, 0), AT + 136, b"\0");
    let mut cases = vec![
        (count(4), (ITEM, "labels", AT + 104, Some(0), Problem::Truncated { got: 167, needed: 168 })),
        (count(1), label("key", 0, misplaced(136, 120))),
        (count(3), label("key", 0, misplaced(136, 152))),
        (count(0), end(167, 100)),
        (with_u32(&bytes, AT + 104, 137), label("key", 0, misplaced(137, 136))),
        (with_u32(&bytes, AT + 112, 141), label("value", 1, misplaced(141, 142))),
        (with_u32(&bytes, AT + 120, 156), label("key", 2, misplaced(156, 155))),
        (with_u32(&bytes, AT + 116, 11), label("value", 1, Problem::Unterminated { got: b't' })),
        (empty_key, label("key", 0, Problem::TooShort { got: 0, least: 1 })),
        (with(&bytes, AT + 137, b"\0"), label("key", 0, Problem::InteriorNul { at: 1 })),
        (with(&bytes, AT + 164, b"\0"), label("value", 3, Problem::InteriorNul { at: 1 })),
        (with_u32(&bytes, AT + 132, 4), label("value", 3, Problem::OutOfBounds { end: 168, limit: 167 })),
        (with_u32(&[bytes.clone(), vec![0; 2]].concat(), 20, 169), end(169, 167)),
    ];
    for at in 100..104 {
        let padding = Problem::Padding { at, got: b'x' };
        cases.push((with(&bytes, AT + at, b"x"), (ITEM, "labels", AT + 104, Some(0), padding)));
    }
    check(cases, decode_reply);
}

/// NIPC-APL-04, NIPC-COD-23: of a process that is not known there is nothing but its id.
#[test]
fn what_only_known_processes_have() {
    let when = "`status` is not `known`";
    let bytes = golden("apps_lookup_resp_unknown_pid");
    let full = golden("apps_lookup_resp_known_full");
    let constant = |got, allowed| Problem::ConstantWhen { got, allowed, when };
    let length = |got| Problem::NotEmptyWhen { got, when };
    // A string of two bytes instead of an empty one: two bytes more, and what is behind it moves.
    let with_string = |field: usize| {
        let longer = inserted(&bytes, AT + 60 + field, b"ab");
        let mut longer = with_u32(&with_u32(&longer, 20, 65), AT + 36 + 8 * field, 2);
        for later in field + 1..3 {
            longer = with_u32(&longer, AT + 32 + 8 * later, 62 + later as u32);
        }
        longer
    };
    for status in 1..=3 {
        let bytes = with_u16(&bytes, AT + 2, status);
        let with_status = |bytes: Vec<u8>| with_u16(&bytes, AT + 2, status);
        let cases = vec![
            (with_u16(&bytes, AT + 4, 7), item("orchestrator", 4, constant(7, 0))),
            (with_u16(&bytes, AT + 6, 3), item("cgroup_status", 6, constant(3, 0))),
            (with_u32(&bytes, AT + 12, 1), item("ppid", 12, constant(1, 0))),
            (with_u32(&bytes, AT + 16, 0), item("uid", 16, constant(0, u64::from(u32::MAX)))),
            (with_u32(&bytes, AT + 24, 8), item("starttime", 24, constant(8, 0))),
            (with_status(with_string(0)), item("comm", 32, length(2))),
            (with_status(with_string(1)), item("cgroup_path", 40, length(2))),
            (with_status(with_string(2)), item("cgroup_name", 48, length(2))),
        ];
        check(cases, decode_reply);
        let mut labelled = with_status(full.clone());
        for (at, value) in [(AT + 12, 0), (AT + 16, u32::MAX), (AT + 24, 0)] {
            labelled = with_u32(&labelled, at, value);
        }
        labelled = with_u16(&labelled, AT + 4, 0);
        // The strings shrink to nothing; a gap of NULs is left before the labels.
        for at in [36, 44, 52] {
            labelled = with_u32(&labelled, AT + at, 0);
        }
        labelled = with_u32(&labelled, AT + 48, 99);
        let labelled = with(&labelled, AT + 60, &[0; 44]);
        check(vec![(labelled, item("labels", 56, length(2)))], decode_reply);
    }
}

/// NIPC-APL-05, NIPC-APL-06, NIPC-COD-23: what a known process has depends on what is known of its control group.
#[test]
fn what_each_cgroup_status_demands() {
    let full = golden("apps_lookup_resp_known_full");
    let status = |bytes: &[u8], status: u16| with_u16(bytes, AT + 6, status);
    let no_comm = with(&with_u32(&golden("apps_lookup_resp_known_host_root"), AT + 36, 0), AT + 60, b"\0\0\0\0");
    let when = "`status` is `known`";
    let mut cases = vec![(no_comm, item("comm", 32, Problem::EmptyWhen { when }))];

    let no_path = golden("apps_lookup_resp_known_host_root");
    let when = "`status` is `known` and `cgroup_status` is `known`";
    cases.push((status(&no_path, 0), item("cgroup_path", 40, Problem::EmptyWhen { when })));
    let when = "`status` is `known` and `cgroup_status` is `unknown_permanent`";
    cases.push((status(&no_path, 2), item("cgroup_path", 40, Problem::EmptyWhen { when })));
    let when = "`status` is `known` and `cgroup_status` is `host_root`";
    let with_path = golden("apps_lookup_resp_known_permanent");
    cases.push((status(&with_path, 3), item("cgroup_path", 40, Problem::NotEmptyWhen { got: 10, when })));

    let when = "`status` is `known` and `cgroup_status` is not `known`";
    let nameless = with(&with_u32(&with_u16(&full, AT + 4, 0), AT + 52, 0), AT + 88, &[0; 12]);
    // The last string has to end where it did, or the table would move.
    let nameless = with_u32(&nameless, AT + 48, 99);
    for cgroup in 1..=3 {
        let orchestrator = Problem::ConstantWhen { got: 2, allowed: 0, when };
        cases.push((status(&full, cgroup), item("orchestrator", 4, orchestrator)));
        let unnamed = with_u16(&status(&full, cgroup), AT + 4, 0);
        cases.push((unnamed, item("cgroup_name", 48, Problem::NotEmptyWhen { got: 11, when })));
        cases.push((status(&nameless, cgroup), item("labels", 56, Problem::NotEmptyWhen { got: 2, when })));
    }
    check(cases, decode_reply);
    // Retry later: with a path or without.
    decode_reply(&status(&no_path, 1)).unwrap();
    decode_reply(&status(&with_path, 1)).unwrap();
}

/// NIPC-LKP-03, NIPC-LKP-04, NIPC-LKP-08, NIPC-COD-22.
#[test]
fn tolerances() {
    let bytes = golden("apps_lookup_req");
    let same = |other: &[u8]| assert_eq!(AppsLookup::decode_request(other), AppsLookup::decode_request(&bytes));
    same(&[bytes.as_slice(), &[0xff; 9]].concat());
    same(&with_u32(&inserted(&bytes, 56, &[0xaa; 8]), 32, 24));

    let bytes = golden("apps_lookup_resp_known_full");
    let same = |other: &[u8]| assert_eq!(AppsLookup::decode_reply(other), AppsLookup::decode_reply(&bytes));
    same(&[bytes.as_slice(), &[0xff; 9]].concat());
    same(&with_u32(&inserted(&bytes, 24, &[0xaa; 8]), 16, 8));
    decode_reply(&with_u16(&bytes, AT + 4, 999)).unwrap();
    for at in [8, 12, 16, 24, 28] {
        decode_reply(&with_u32(&bytes, AT + at, u32::MAX)).unwrap();
    }
}

/// NIPC-LKP-04: the strings may stand in any order, with gaps.
#[test]
fn strings_in_another_order() {
    let fixed = bytes![
        1_u16, 0_u16, 0_u16, 0_u16, 5_u32, 0_u32, 0_u32, 0_u32, 0_u64, 67_u32, 1_u32, 60_u32, 2_u32, 64_u32, 1_u32,
        0_u16, 0_u16,
    ];
    let reply = list(&bytes![1_u16, 0_u16, 0_u32, 9_u64], &[[fixed.as_slice(), b"/p\0?n\0?c\0"].concat()]);
    let view = AppsLookup::decode_reply(&reply).unwrap();
    let item = view.items().get(0).unwrap();
    assert_eq!((item.comm(), item.cgroup_path(), item.cgroup_name()), (&b"c"[..], &b"/p"[..], &b"n"[..]));
}

/// A canonical payload has no byte to spare.
#[test]
fn every_prefix_is_refused() {
    for name in ["known_full", "known_host_root", "unknown_pid", "empty"] {
        let bytes = golden(&format!("apps_lookup_resp_{name}"));
        for len in 0..bytes.len() {
            assert!(decode_reply(&bytes[..len]).is_err(), "{len} bytes of {name}");
        }
    }
    let bytes = golden("apps_lookup_req");
    assert!((0..bytes.len()).all(|len| decode_request(&bytes[..len]).is_err()));
}

/// NIPC-COD-16: a builder refuses what its own decoder would, by name, and the key can then be answered otherwise.
#[test]
fn bad_answers_are_refused() {
    let known = "`status` is `known`";
    let unnamed = "`status` is `known` and `cgroup_status` is not `known`";
    let labels = [Label { key: b"k", value: b"" }];
    let sound = KnownFields {
        orchestrator: Orchestrator::UNKNOWN,
        cgroup_status: CgroupStatus::UnknownRetryLater,
        ppid: 1,
        uid: 0,
        starttime: 9,
        comm: b"sh",
        cgroup_path: b"/p",
        cgroup_name: b"",
        labels: &[],
    };
    let with_status = |cgroup_status| KnownFields { cgroup_status, ..sound };
    let no_path = |cgroup_status| KnownFields { cgroup_status, cgroup_path: b"", ..sound };
    let cases = [
        (KnownFields { comm: b"", ..sound }, "comm", Problem::EmptyWhen { when: known }),
        (KnownFields { comm: &[b'x'; 16], ..sound }, "comm", Problem::TooLong { got: 16, most: 15 }),
        (KnownFields { comm: b"a\0", ..sound }, "comm", Problem::InteriorNul { at: 1 }),
        (KnownFields { cgroup_path: b"\0", ..sound }, "cgroup_path", Problem::InteriorNul { at: 0 }),
        (
            KnownFields { orchestrator: Orchestrator::LXC, ..sound },
            "orchestrator",
            Problem::ConstantWhen { got: 5, allowed: 0, when: unnamed },
        ),
        (KnownFields { cgroup_name: b"n", ..sound }, "cgroup_name", Problem::NotEmptyWhen { got: 1, when: unnamed }),
        (KnownFields { labels: &labels, ..sound }, "labels", Problem::NotEmptyWhen { got: 1, when: unnamed }),
        (
            no_path(CgroupStatus::Known),
            "cgroup_path",
            Problem::EmptyWhen { when: "`status` is `known` and `cgroup_status` is `known`" },
        ),
        (
            no_path(CgroupStatus::UnknownPermanent),
            "cgroup_path",
            Problem::EmptyWhen { when: "`status` is `known` and `cgroup_status` is `unknown_permanent`" },
        ),
        (
            with_status(CgroupStatus::HostRoot),
            "cgroup_path",
            Problem::NotEmptyWhen { got: 2, when: "`status` is `known` and `cgroup_status` is `host_root`" },
        ),
    ];
    for (fields, field, problem) in cases {
        let built = reply_to::<AppsLookup>(&request::<AppsLookup>(&[5]), 1000, |builder| {
            let invalid = Err(BuildError::Invalid { record: ITEM, field, problem });
            assert_eq!(builder.generation(1).known(fields), invalid);
            builder.known(sound).unwrap();
        });
        AppsLookup::decode_reply(&built.unwrap()).unwrap();
    }
}
