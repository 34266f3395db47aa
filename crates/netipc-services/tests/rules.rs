//! Every rule of every message broken once, and every tolerance used once, through the public interface.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use netipc_proto::ErrorKind;
use netipc_proto::codec::{BuildError, DecodeError, Problem};
use netipc_proto::service::Service;
use netipc_services::{CgroupsSnapshot, Increment, StringReverse};

mod common;
use common::{golden, golden_items, reply};

/// The bytes with the word at `at` replaced.
fn with_u32(mut bytes: Vec<u8>, at: usize, value: u32) -> Vec<u8> {
    bytes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
    bytes
}

fn with_u16(mut bytes: Vec<u8>, at: usize, value: u16) -> Vec<u8> {
    bytes[at..at + 2].copy_from_slice(&value.to_ne_bytes());
    bytes
}

fn with_byte(mut bytes: Vec<u8>, at: usize, value: u8) -> Vec<u8> {
    bytes[at] = value;
    bytes
}

/// Record, field, place, item and broken rule.
type Offence = (&'static str, &'static str, usize, Option<usize>, Problem);

fn offence<T>(result: Result<T, DecodeError>) -> Option<Offence> {
    let error = result.err()?;
    assert_eq!(error.kind(), ErrorKind::InvalidMessage);
    Some((error.record, error.field, error.offset, error.item, error.problem))
}

/// NIPC-COD-05: all three messages tolerate bytes behind their content.
fn tolerates_a_tail<'a, T: PartialEq + std::fmt::Debug>(
    bytes: &'a [u8],
    longer: &'a mut Vec<u8>,
    decode: impl Fn(&'a [u8]) -> Result<T, DecodeError>,
) {
    longer.extend(bytes);
    longer.extend([0xff; 13]);
    assert_eq!(decode(longer), decode(bytes));
}

/// NIPC-INC-02, NIPC-COD-02.
#[test]
fn increment() {
    let bytes = golden("increment_42");
    for len in 0..8 {
        let truncated = Problem::Truncated { got: len, needed: 8 };
        let expected = Some(("increment number", "increment number", 0, None, truncated));
        assert_eq!(offence(Increment::decode_request(&bytes[..len])), expected);
        assert_eq!(offence(Increment::decode_reply(&bytes[..len])), expected);
    }
    tolerates_a_tail(&bytes, &mut Vec::new(), Increment::decode_request);
}

/// NIPC-REV-02, NIPC-COD-07.
#[test]
fn string_reverse() {
    const RECORD: &str = "string-reverse text";
    let hello = golden("string_reverse_hello");
    let text = |problem| Some((RECORD, "text", 0, None, problem));
    let out_of_bounds = |end, limit| text(Problem::OutOfBounds { end, limit });
    let cases = [
        (hello[..7].to_vec(), Some((RECORD, RECORD, 0, None, Problem::Truncated { got: 7, needed: 8 }))),
        (hello[..8].to_vec(), out_of_bounds(14, 8)),
        (hello[..13].to_vec(), out_of_bounds(14, 13)),
        (with_u32(hello.clone(), 0, 9), text(Problem::Misplaced { got: 9, allowed: 8 })),
        (with_u32(hello.clone(), 0, 0), text(Problem::Misplaced { got: 0, allowed: 8 })),
        (with_u32(hello.clone(), 4, 6), out_of_bounds(15, 14)),
        (with_u32(hello.clone(), 4, u32::MAX), out_of_bounds(u64::from(u32::MAX) + 9, 14)),
        (with_u32(hello.clone(), 4, 4), text(Problem::Unterminated { got: b'o' })),
        (with_byte(hello.clone(), 13, 1), text(Problem::Unterminated { got: 1 })),
    ];
    for (bytes, expected) in cases {
        assert_eq!(offence(StringReverse::decode_request(&bytes)), expected, "{bytes:?}");
        assert_eq!(offence(StringReverse::decode_reply(&bytes)), expected, "{bytes:?}");
    }
}

/// NIPC-REV-03, NIPC-COD-09.
#[test]
fn string_reverse_tolerances() {
    let hello = golden("string_reverse_hello");
    tolerates_a_tail(&hello, &mut Vec::new(), StringReverse::decode_request);
    let nul = with_byte(hello.clone(), 10, 0);
    assert_eq!(StringReverse::decode_request(&nul).unwrap().text(), b"he\0lo");
    let not_utf8 = with_byte(hello, 10, 0xff);
    assert_eq!(StringReverse::decode_request(&not_utf8).unwrap().text(), b"he\xfflo");
    assert!(StringReverse::decode_request(&golden("string_reverse_empty")).unwrap().text().is_empty());
}

/// NIPC-SNAP-01, NIPC-COD-04.
#[test]
fn snapshot_request() {
    const RECORD: &str = "cgroups-snapshot request";
    let bytes = golden("cgroups_req");
    let constant = |field, at, got, allowed| Some((RECORD, field, at, None, Problem::Constant { got, allowed }));
    let cases = [
        (bytes[..3].to_vec(), Some((RECORD, RECORD, 0, None, Problem::Truncated { got: 3, needed: 4 }))),
        (with_u16(bytes.clone(), 0, 0), constant("layout_version", 0, 0, 1)),
        (with_u16(bytes.clone(), 0, 2), constant("layout_version", 0, 2, 1)),
        (with_u16(bytes.clone(), 2, 1), constant("flags", 2, 1, 0)),
    ];
    for (bytes, expected) in cases {
        assert_eq!(offence(CgroupsSnapshot::decode_request(&bytes)), expected, "{bytes:?}");
    }
    tolerates_a_tail(&bytes, &mut Vec::new(), CgroupsSnapshot::decode_request);
}

/// Where the parts of the golden snapshot start.
const DIRECTORY: usize = 24;
const AREA: usize = 48;
const ITEMS: [usize; 3] = [AREA, AREA + 72, AREA + 184];

/// NIPC-SNAP-02, NIPC-COD-02, NIPC-COD-04, NIPC-COD-10, NIPC-COD-11.
#[test]
fn snapshot_header_and_directory() {
    const RECORD: &str = "cgroups-snapshot reply";
    let bytes = golden("cgroups_resp");
    let constant = |field, at, got, allowed| Some((RECORD, field, at, None, Problem::Constant { got, allowed }));
    let list = |problem| Some((RECORD, "items", DIRECTORY, None, problem));
    let entry = |item, problem| Some((RECORD, "items", DIRECTORY + 8 * item, Some(item), problem));
    let cases = [
        (bytes[..23].to_vec(), Some((RECORD, RECORD, 0, None, Problem::Truncated { got: 23, needed: 24 }))),
        (with_u16(bytes.clone(), 0, 2), constant("layout_version", 0, 2, 1)),
        (with_u16(bytes.clone(), 2, 1), constant("flags", 2, 1, 0)),
        (with_u32(bytes.clone(), 12, 1), constant("reserved", 12, 1, 0)),
        (bytes[..47].to_vec(), list(Problem::Truncated { got: 47, needed: 48 })),
        (
            with_u32(bytes.clone(), 4, u32::MAX),
            list(Problem::Truncated { got: 266, needed: 24 + 8 * u32::MAX as usize }),
        ),
        (with_u32(bytes.clone(), DIRECTORY + 8, 76), entry(1, Problem::Unaligned { got: 76, multiple: 8 })),
        (with_u32(bytes.clone(), DIRECTORY + 8, 64), entry(1, Problem::StartsEarly { got: 64, least: 69 })),
        (with_u32(bytes.clone(), DIRECTORY + 16, 0), entry(2, Problem::StartsEarly { got: 0, least: 179 })),
        (with_u32(bytes.clone(), DIRECTORY + 20, 35), entry(2, Problem::OutOfBounds { end: 219, limit: 218 })),
        (
            with_u32(bytes.clone(), DIRECTORY + 16, u32::MAX - 7),
            entry(2, Problem::OutOfBounds { end: u64::from(u32::MAX) - 7 + 34, limit: 218 }),
        ),
        (with_u32(bytes.clone(), DIRECTORY + 4, 107), entry(1, Problem::StartsEarly { got: 72, least: 107 })),
    ];
    for (case, (bytes, expected)) in cases.into_iter().enumerate() {
        assert_eq!(offence(CgroupsSnapshot::decode_reply(&bytes)), expected, "case {case}");
    }
}

/// NIPC-SNAP-03, NIPC-COD-01, NIPC-COD-07, NIPC-COD-08, NIPC-COD-10: items are checked when the reply is decoded.
#[test]
fn snapshot_items() {
    const RECORD: &str = "cgroups-snapshot item";
    let bytes = golden("cgroups_resp");
    for (item, start) in ITEMS.into_iter().enumerate() {
        let len: u32 = [69, 107, 34][item];
        let name_len = golden_items()[item].name.len() as u32;
        let path_len = golden_items()[item].path.len() as u32;
        let path_at = 32 + name_len + 1;
        let at = |field, at, problem| Some((RECORD, field, start + at, Some(item), problem));
        let constant = |field, place, got, allowed| at(field, place, Problem::Constant { got, allowed });
        let early = |got| Problem::StartsEarly { got, least: 32 };
        let beyond = |end| Problem::OutOfBounds { end, limit: len.into() };
        let cases = [
            (
                with_u32(bytes.clone(), DIRECTORY + 8 * item + 4, 31),
                at(RECORD, 0, Problem::Truncated { got: 31, needed: 32 }),
            ),
            (with_u16(bytes.clone(), start, 3), constant("layout_version", 0, 3, 1)),
            (with_u16(bytes.clone(), start + 2, 8), constant("flags", 2, 8, 0)),
            (with_u32(bytes.clone(), start + 16, 31), at("name", 16, early(31))),
            (with_u32(bytes.clone(), start + 24, 0), at("path", 24, early(0))),
            (with_u32(bytes.clone(), start + 20, len), at("name", 16, beyond(32 + u64::from(len) + 1))),
            (
                with_u32(bytes.clone(), start + 24, u32::MAX),
                at("path", 24, beyond(u64::from(u32::MAX) + u64::from(path_len) + 1)),
            ),
            (
                with_byte(bytes.clone(), start + 32 + name_len as usize, b'!'),
                at("name", 16, Problem::Unterminated { got: b'!' }),
            ),
            (
                with_byte(bytes.clone(), start + (path_at + path_len) as usize, b'!'),
                at("path", 24, Problem::Unterminated { got: b'!' }),
            ),
            (
                // The path takes the name's place, or a part of it that ends at the same NUL.
                with_u32(with_u32(bytes.clone(), start + 24, 32 + name_len), start + 28, 0),
                at("path", 24, Problem::Overlap { with: "name" }),
            ),
        ];
        for (case, (bytes, expected)) in cases.into_iter().enumerate() {
            assert_eq!(offence(CgroupsSnapshot::decode_reply(&bytes)), expected, "item {item}, case {case}");
        }
    }
}

/// NIPC-SNAP-05, NIPC-SNAP-06, NIPC-COD-05, NIPC-COD-09, NIPC-COD-11.
#[test]
fn snapshot_tolerances() {
    let bytes = golden("cgroups_resp");
    tolerates_a_tail(&bytes, &mut Vec::new(), CgroupsSnapshot::decode_reply);

    // A first item that ends later, and a gap before an item.
    let longer_item = with_u32(bytes.clone(), DIRECTORY + 4, 72);
    assert_eq!(CgroupsSnapshot::decode_reply(&longer_item), CgroupsSnapshot::decode_reply(&bytes));
    let mut gap = with_u32(bytes.clone(), DIRECTORY + 16, 192);
    gap.splice(ITEMS[2]..ITEMS[2], [0xaa; 8]);
    assert_eq!(CgroupsSnapshot::decode_reply(&gap), CgroupsSnapshot::decode_reply(&bytes));

    let nul = with_byte(bytes.clone(), ITEMS[0] + 32 + 4, 0);
    assert_eq!(CgroupsSnapshot::decode_reply(&nul).unwrap().items().get(0).unwrap().name(), b"init\0scope");

    for at in [8, 16, 20, ITEMS[0] + 4, ITEMS[0] + 8, ITEMS[0] + 12] {
        CgroupsSnapshot::decode_reply(&with_u32(bytes.clone(), at, u32::MAX)).unwrap();
    }
}

/// NIPC-SNAP-04: the strings may stand in the other order.
#[test]
fn snapshot_strings_in_the_other_order() {
    let golden = golden("cgroups_resp");
    let mut bytes = golden.clone();
    let strings = ITEMS[0] + 32;
    bytes[strings..strings + 37].copy_from_slice(b"/sys/fs/cgroup/init.scope\0init.scope\0");
    let bytes = with_u32(with_u32(bytes, ITEMS[0] + 16, 32 + 26), ITEMS[0] + 24, 32);
    assert_eq!(CgroupsSnapshot::decode_reply(&bytes), CgroupsSnapshot::decode_reply(&golden));
}

/// A canonical payload has no byte to spare: every prefix of it is refused (NIPC-COD-02).
#[test]
fn every_prefix_is_refused() {
    for name in ["cgroups_resp", "cgroups_resp_empty"] {
        let bytes = golden(name);
        for len in 0..bytes.len() {
            assert!(CgroupsSnapshot::decode_reply(&bytes[..len]).is_err(), "{len} bytes of {name}");
        }
    }
}

/// NIPC-COD-06: the sentence names the place and both numbers.
#[test]
fn errors_are_sentences() {
    let bytes = with_u32(golden("cgroups_resp"), ITEMS[1] + 16, 31);
    let error = CgroupsSnapshot::decode_reply(&bytes).unwrap_err();
    let expected = "cgroups-snapshot item 1: field `name` at byte 136 must start at offset 32 or later, got 31";
    assert_eq!(error.to_string(), expected);
    let error = Increment::decode_reply(&[0; 3]).unwrap_err();
    assert_eq!(error.to_string(), "increment number at byte 0 needs 8 bytes, got 3");
}

/// NIPC-COD-17: a handler that forgot to answer, or a field of the answer, is an error.
#[test]
fn nothing_written_is_an_error() {
    let missing = |record, field| Err(BuildError::Missing { record, field });
    assert_eq!(reply::<Increment>(100, |_| {}), missing("increment number", "value"));
    assert_eq!(reply::<StringReverse>(100, |_| {}), missing("string-reverse text", "text"));
    let snapshot = "cgroups-snapshot reply";
    assert_eq!(reply::<CgroupsSnapshot>(100, |_| {}), missing(snapshot, "systemd_enabled"));
    let generation = reply::<CgroupsSnapshot>(1000, |out| {
        out.systemd_enabled(1).push(golden_items()[0]).unwrap();
    });
    assert_eq!(generation, missing(snapshot, "generation"));
    assert_eq!(generation.unwrap_err().kind(), ErrorKind::ApiMisuse);
}
