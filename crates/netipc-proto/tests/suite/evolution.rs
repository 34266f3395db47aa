//! Records that grow: writers and readers of every pair of versions, over random sets of added fields.

use netipc_proto::codec::{Placement, Problem, Reader, Scalar, StringRule, Writer, load_or, string_or};
use proptest::prelude::*;

/// The fixed part of version 1: its size, a number, a string.
const BASE: usize = 12;

/// What `base` holds.
const NUMBER_AT: usize = 2;
const STRING_AT: usize = 4;

/// Strings start behind the fixed part, whatever its size.
const RULE: StringRule = StringRule { placement: Placement::From(BASE as u32), ..StringRule::ANY };

/// What an older writer means by a string.
const NOTHING: &[u8] = b"nothing";

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    Text(Vec<u8>),
}

impl Value {
    fn size(&self) -> usize {
        match self {
            Self::U8(_) => 1,
            Self::U16(_) => 2,
            Self::U32(_) => 4,
            Self::U64(_) | Self::Text(_) => 8,
        }
    }

    /// What a reader takes a field of this type for that its writer did not know.
    fn default(&self) -> Self {
        match self {
            Self::U8(_) => Self::U8(1),
            Self::U16(_) => Self::U16(2),
            Self::U32(_) => Self::U32(3),
            Self::U64(_) => Self::U64(4),
            Self::Text(_) => Self::Text(NOTHING.to_vec()),
        }
    }

    /// Reads a field of this type.
    fn read(&self, bytes: &[u8], fixed: &[u8], at: usize) -> Self {
        match self {
            Self::U8(_) => Self::U8(load_or(fixed, at, 1)),
            Self::U16(_) => Self::U16(load_or(fixed, at, 2)),
            Self::U32(_) => Self::U32(load_or(fixed, at, 3)),
            Self::U64(_) => Self::U64(load_or(fixed, at, 4)),
            Self::Text(_) => Self::Text(string_or(bytes, fixed, at, NOTHING).to_vec()),
        }
    }
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<u8>().prop_map(Value::U8),
        any::<u16>().prop_map(Value::U16),
        any::<u32>().prop_map(Value::U32),
        any::<u64>().prop_map(Value::U64),
        proptest::collection::vec(any::<u8>(), 0..9).prop_map(Value::Text),
    ]
}

/// The fields that each version adds; some add none to this record.
fn versions() -> impl Strategy<Value = Vec<Vec<Value>>> {
    proptest::collection::vec(proptest::collection::vec(value(), 0..4), 1..5)
}

/// Sizes of the fixed part in the versions that differ, from the first one on.
fn sizes(added: &[Vec<Value>]) -> &'static [u64] {
    let mut sizes = vec![BASE as u64];
    for fields in added.iter().filter(|fields| !fields.is_empty()) {
        let size = fields.iter().map(|field| field.size() as u64).sum::<u64>();
        sizes.push(sizes.last().unwrap() + size);
    }
    sizes.leak()
}

/// The record as a writer makes it that knows these additions (NIPC-EVO-07).
fn write(number: u16, text: &[u8], added: &[Vec<Value>]) -> Vec<u8> {
    let size = *sizes(added).last().unwrap() as usize;
    let (mut fixed, mut strings) = (vec![0; size], Vec::new());
    let mut place = |fixed: &mut [u8], at: usize, text: &[u8]| {
        ((size + strings.len()) as u32).store(&mut fixed[at..]);
        (text.len() as u32).store(&mut fixed[at + 4..]);
        strings.extend_from_slice(text);
        strings.push(0);
    };
    (size as u16).store(&mut fixed);
    number.store(&mut fixed[NUMBER_AT..]);
    place(&mut fixed, STRING_AT, text);
    let mut at = BASE;
    for field in added.iter().flatten() {
        match field {
            Value::U8(value) => value.store(&mut fixed[at..]),
            Value::U16(value) => value.store(&mut fixed[at..]),
            Value::U32(value) => value.store(&mut fixed[at..]),
            Value::U64(value) => value.store(&mut fixed[at..]),
            Value::Text(value) => place(&mut fixed, at, value),
        }
        at += field.size();
    }
    let mut bytes = Vec::new();
    let mut out = Writer::new(&mut bytes, 1 << 16);
    out.bytes(&fixed).unwrap();
    out.bytes(&strings).unwrap();
    out.finish().unwrap();
    bytes
}

/// Reads the record as one does that knows these additions: the base, and then all that was added.
fn read(bytes: &[u8], added: &[Vec<Value>]) -> Result<(u16, Vec<u8>, Vec<Value>), Problem> {
    let reader = Reader::<BASE>::growing("record", bytes, "size", 0, sizes(added)).map_err(|error| error.problem)?;
    let mut strings = vec![reader.string("text", STRING_AT, &RULE).map_err(|error| error.problem)?];
    let mut values = Vec::new();
    let mut at = BASE;
    for field in added.iter().flatten() {
        if let Value::Text(_) = field {
            strings.push(reader.string_or("added", at, &RULE, NOTHING).map_err(|error| error.problem)?);
        }
        values.push(field.read(bytes, reader.grown(), at));
        at += field.size();
    }
    reader.disjoint(&strings).map_err(|error| error.problem)?;
    reader.ends(strings.iter().map(|string| string.end()).max().unwrap()).map_err(|error| error.problem)?;
    let text = string_or(bytes, reader.fixed(), STRING_AT, NOTHING).to_vec();
    Ok((reader.load(NUMBER_AT), text, values))
}

proptest! {
    /// NIPC-EVO-03, NIPC-EVO-04, NIPC-EVO-05, NIPC-EVO-06: whoever wrote it, a reader gets what both know, and its own
    /// defaults for the rest.
    #[test]
    fn every_version_reads_every_other(
        number: u16, text in proptest::collection::vec(any::<u8>(), 0..9), added in versions()
    ) {
        for writer in 0..=added.len() {
            let bytes = write(number, &text, &added[..writer]);
            for reader in 0..=added.len() {
                let expected = added[..reader].iter().enumerate().flat_map(|(version, fields)| {
                    fields.iter().map(move |field| if version < writer { field.clone() } else { field.default() })
                });
                let expected = (number, text.clone(), expected.collect::<Vec<_>>());
                prop_assert_eq!(read(&bytes, &added[..reader]), Ok(expected), "{} read by {}", writer, reader);
            }
        }
    }

    /// NIPC-EVO-02: no other size passes for one of a version.
    #[test]
    fn other_sizes_are_refused(added in versions(), size: u16) {
        let mut bytes = write(7, b"text", &added);
        let known = sizes(&added);
        size.store(&mut bytes);
        let (got, newest) = (u64::from(size), *known.last().unwrap());
        let result = read(&bytes, &added);
        if got > newest {
            // The strings lie in what is now the fixed part, or the record is shorter than that.
            prop_assert!(matches!(result, Err(Problem::StartsEarly { .. } | Problem::Truncated { .. })), "{:?}", result);
        } else if !known.contains(&got) {
            prop_assert_eq!(result, Err(Problem::FixedSize { got, known }));
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), added in versions()) {
        let _ = read(&bytes, &added);
    }
}
