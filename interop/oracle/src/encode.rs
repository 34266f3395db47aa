//! What the encoders of all records share. They append to a buffer; a record starts where the caller says.

use crate::decode::Content;
use crate::offence::{Offence, Problem};

/// Appends zero bytes up to a multiple of 8, counted from `begin` (NIPC-COD-12, NIPC-COD-20).
pub(crate) fn pad(out: &mut Vec<u8>, begin: usize) {
    let length = out.len() - begin;
    out.resize(begin + length.next_multiple_of(8), 0);
}

/// Appends a string with its NUL, and writes its reference to `at`, both counted from `begin`.
pub(crate) fn string(out: &mut Vec<u8>, begin: usize, at: usize, bytes: &[u8]) {
    let start = out.len() - begin;
    reference(out, begin + at, start, bytes.len());
    out.extend_from_slice(bytes);
    out.push(0);
}

/// Overwrites eight bytes with u32 offset and u32 length. Values beyond u32 do not come so far: they stem from a
/// frame, which is shorter.
pub(crate) fn reference(out: &mut [u8], at: usize, offset: usize, length: usize) {
    out[at..at + 4].copy_from_slice(&(offset as u32).to_le_bytes());
    out[at + 4..at + 8].copy_from_slice(&(length as u32).to_le_bytes());
}

/// Refuses what is longer than the budget (NIPC-COD-15).
pub(crate) fn fits(needed: usize, budget: usize) -> Result<(), Offence> {
    if needed > budget { Err(Offence::Overflow { needed, budget }) } else { Ok(()) }
}

/// NIPC-COD-16 for a string.
pub(crate) fn valid(record: &'static str, field: &'static str, bytes: &[u8], content: &Content) -> Result<(), Offence> {
    content.judge(bytes).map_err(|problem| Offence::Invalid { record, field, problem })
}

/// NIPC-COD-22 for a closed enumeration whose names have the numbers from 0 to `last`.
pub(crate) fn listed(record: &'static str, field: &'static str, value: u16, last: u16) -> Result<(), Offence> {
    if value > last { Err(Offence::Invalid { record, field, problem: Problem::Unlisted }) } else { Ok(()) }
}

/// Appends directory and items behind the fixed part of a payload that starts at `begin` (NIPC-COD-12).
///
/// The first addition that does not fit is told, with the length that the payload would have with it as its last
/// item.
pub(crate) fn list<T>(
    out: &mut Vec<u8>,
    begin: usize,
    budget: usize,
    items: &[T],
    encode: impl Fn(&T, &mut Vec<u8>) -> Result<(), Offence>,
) -> Result<(), Offence> {
    let directory = out.len();
    if items.is_empty() {
        return fits(directory - begin, budget);
    }
    let area = directory + 8 * items.len();
    out.resize(area, 0);
    for (position, item) in items.iter().enumerate() {
        pad(out, area);
        let start = out.len();
        encode(item, out)?;
        let entries_to_come = items.len() - position - 1;
        fits(out.len() - begin - 8 * entries_to_come, budget)?;
        let length = out.len() - start;
        reference(out, directory + 8 * position, start - area, length);
    }
    Ok(())
}
