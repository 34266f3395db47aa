//! Changing payloads byte by byte, and saying what is wrong with them then.

use netipc_proto::ErrorKind;
use netipc_proto::codec::{DecodeError, Problem};

/// Bytes of numbers in host order.
macro_rules! bytes {
    ($($part:expr),* $(,)?) => { [$($part.to_ne_bytes().to_vec()),*].concat() };
}
pub(crate) use bytes;

/// The bytes with what starts at `at` replaced.
pub(crate) fn with(bytes: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes
}

pub(crate) fn with_u16(bytes: &[u8], at: usize, value: u16) -> Vec<u8> {
    with(bytes, at, &value.to_ne_bytes())
}

pub(crate) fn with_u32(bytes: &[u8], at: usize, value: u32) -> Vec<u8> {
    with(bytes, at, &value.to_ne_bytes())
}

/// The bytes with `new` put in at `at`.
pub(crate) fn inserted(bytes: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.splice(at..at, new.iter().copied());
    bytes
}

/// A request or reply of these items: `head` is the fixed part, in which `count` stands at byte 4.
pub(crate) fn list(head: &[u8], items: &[Vec<u8>]) -> Vec<u8> {
    let mut directory = Vec::new();
    let mut area: Vec<u8> = Vec::new();
    for item in items {
        area.resize(area.len().next_multiple_of(8), 0);
        directory.extend(bytes![area.len() as u32, item.len() as u32]);
        area.extend(item);
    }
    [with_u32(head, 4, items.len() as u32), directory, area].concat()
}

/// Record, field, place, item and broken rule.
pub(crate) type Offence = (&'static str, &'static str, usize, Option<usize>, Problem);

pub(crate) fn offence<T>(result: Result<T, DecodeError>) -> Option<Offence> {
    let error = result.err()?;
    assert_eq!(error.kind(), ErrorKind::InvalidMessage);
    Some((error.record, error.field, error.offset, error.item, error.problem))
}

/// Each case breaks exactly the rule it names.
pub(crate) fn check<T>(cases: Vec<(Vec<u8>, Offence)>, decode: impl Fn(&[u8]) -> Result<T, DecodeError>) {
    for (case, (bytes, expected)) in cases.into_iter().enumerate() {
        assert_eq!(offence(decode(&bytes).map(|_| ())), Some(expected), "case {case}");
    }
}

/// What is wrong with the head or directory of a list of two entries, whose fixed part has 16 bytes and whose items do not
/// matter; `bytes` is sound, and its second item starts later than the first one ends.
pub(crate) fn directory_cases(record: &'static str, field: &'static str, bytes: &[u8]) -> Vec<(Vec<u8>, Offence)> {
    let word = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
    let (first_len, second, second_len) = (word(20), word(24), word(28));
    let area = (bytes.len() - 32) as u64;
    assert!(second > first_len && bytes.len() as u64 == 32 + u64::from(second + second_len));
    let constant = |field, at, got, allowed| (record, field, at, None, Problem::Constant { got, allowed });
    let truncated = |got, needed| Problem::Truncated { got, needed };
    let entry = |item, problem| (record, field, 16 + 8 * item, Some(item), problem);
    vec![
        (bytes[..15].to_vec(), (record, record, 0, None, truncated(15, 16))),
        (with_u16(bytes, 0, 2), constant("layout_version", 0, 2, 1)),
        (with_u16(bytes, 2, 1), constant("flags", 2, 1, 0)),
        (bytes[..31].to_vec(), (record, field, 16, None, truncated(31, 32))),
        (with_u32(bytes, 4, u32::MAX), (record, field, 16, None, truncated(bytes.len(), 16 + 8 * u32::MAX as usize))),
        (with_u32(bytes, 24, second + 4), entry(1, Problem::Unaligned { got: u64::from(second) + 4, multiple: 8 })),
        (with_u32(bytes, 24, 0), entry(1, Problem::StartsEarly { got: 0, least: first_len.into() })),
        (with_u32(bytes, 28, second_len + 1), entry(1, Problem::OutOfBounds { end: area + 1, limit: area })),
        (
            with_u32(bytes, 24, u32::MAX - 7),
            entry(1, Problem::OutOfBounds { end: u64::from(u32::MAX - 7) + u64::from(second_len), limit: area }),
        ),
    ]
}
