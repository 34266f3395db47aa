//! What the decoders of all records share: the rules of `spec/codec.md`, section 1.
//!
//! The order of the calls in a decoder is the order of NIPC-COD-24: fixed part, fields by their offsets with the list
//! last, strings against each other, table, end of the record, rules with conditions.

use crate::offence::{Offence, Problem};

// Sums of a few u32 and lengths of slices are made in usize (NIPC-COD-02).
const _: () = assert!(usize::BITS >= 64);

/// A record within a payload: the payload itself, or an item of a list in it.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    name: &'static str,
    bytes: &'a [u8],
    /// Where `bytes` start in the payload.
    start: usize,
    item: Option<usize>,
}

/// Where a string may stand in its record.
pub(crate) enum Place {
    /// At this offset and no other.
    Only(usize),
    /// At this offset or later.
    From(usize),
}

/// What a string may be.
pub(crate) struct Content {
    pub(crate) shortest: usize,
    pub(crate) longest: usize,
    pub(crate) nul: bool,
}

impl Content {
    pub(crate) const ANY: Self = Self { shortest: 0, longest: usize::MAX, nul: true };
    pub(crate) const NO_NUL: Self = Self { shortest: 0, longest: usize::MAX, nul: false };
    pub(crate) const NO_NUL_NOT_EMPTY: Self = Self { shortest: 1, longest: usize::MAX, nul: false };

    /// Length first, then NULs inside (NIPC-COD-24).
    pub(crate) fn judge(&self, bytes: &[u8]) -> Result<(), Problem> {
        if bytes.len() < self.shortest {
            Err(Problem::TooShort)
        } else if bytes.len() > self.longest {
            Err(Problem::TooLong)
        } else if !self.nul && bytes.contains(&0) {
            Err(Problem::InteriorNul)
        } else {
            Ok(())
        }
    }
}

/// A string that was found, with its place in the record.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) start: usize,
    /// Behind the NUL.
    pub(crate) end: usize,
    field: &'static str,
    /// Where the reference stands.
    reference: usize,
}

impl<'a> Record<'a> {
    pub(crate) fn payload(name: &'static str, bytes: &'a [u8]) -> Self {
        Self { name, bytes, start: 0, item: None }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn are_zero(&self, from: usize, to: usize) -> bool {
        self.bytes[from..to].iter().all(|byte| *byte == 0)
    }

    /// The same bytes under the name of a row.
    pub(crate) fn row(&self, name: &'static str) -> Self {
        Self { name, ..*self }
    }

    /// A problem of a field, which starts `at` bytes behind the start of the record.
    pub(crate) fn offence(&self, field: &'static str, at: usize, problem: Problem) -> Offence {
        Offence::Decode { record: self.name, field: Some(field), offset: self.start + at, item: self.item, problem }
    }

    fn offence_as_a_whole(&self, at: usize, problem: Problem) -> Offence {
        Offence::Decode { record: self.name, field: None, offset: self.start + at, item: self.item, problem }
    }

    /// NIPC-COD-02. What reads the fixed part may be called only when this was fine.
    pub(crate) fn fixed_part(&self, size: usize) -> Result<(), Offence> {
        if self.bytes.len() < size { Err(self.offence_as_a_whole(0, Problem::Truncated)) } else { Ok(()) }
    }

    pub(crate) fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.take(at))
    }

    pub(crate) fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.take(at))
    }

    pub(crate) fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.take(at))
    }

    fn take<const N: usize>(&self, at: usize) -> [u8; N] {
        *self.bytes[at..].first_chunk().expect("the caller has checked that the fixed part is there")
    }

    /// NIPC-COD-04
    pub(crate) fn constant_u16(&self, field: &'static str, at: usize, value: u16) -> Result<(), Offence> {
        if self.u16(at) == value { Ok(()) } else { Err(self.offence(field, at, Problem::Constant)) }
    }

    /// NIPC-COD-04
    pub(crate) fn constant_u32(&self, field: &'static str, at: usize, value: u32) -> Result<(), Offence> {
        if self.u32(at) == value { Ok(()) } else { Err(self.offence(field, at, Problem::Constant)) }
    }

    /// NIPC-COD-22: the number of a closed enumeration whose names have the numbers from 0 to `last`.
    pub(crate) fn closed_u16(&self, field: &'static str, at: usize, last: u16) -> Result<u16, Offence> {
        let value = self.u16(at);
        if value <= last { Ok(value) } else { Err(self.offence(field, at, Problem::Unlisted)) }
    }

    /// NIPC-COD-07, NIPC-COD-09: a string whose reference stands `at`.
    pub(crate) fn string(
        &self,
        field: &'static str,
        at: usize,
        place: Place,
        content: &Content,
    ) -> Result<Found<'a>, Offence> {
        let fault = |problem| self.offence(field, at, problem);
        let (start, length) = (self.u32(at) as usize, self.u32(at + 4) as usize);
        match place {
            Place::Only(only) if start != only => return Err(fault(Problem::Misplaced)),
            Place::From(first) if start < first => return Err(fault(Problem::StartsEarly)),
            _ => {}
        }
        let end = start + length + 1;
        let Some(bytes) = self.bytes.get(start..end) else { return Err(fault(Problem::OutOfBounds)) };
        let bytes = terminated(bytes, content).map_err(fault)?;
        Ok(Found { bytes, start, end, field, reference: at })
    }

    /// A string without reference: all bytes up to the NUL that ends the record.
    pub(crate) fn rest(&self, field: &'static str, at: usize, content: &Content) -> Result<&'a [u8], Offence> {
        let fault = |problem| self.offence(field, at, problem);
        match self.bytes.get(at..) {
            None | Some([]) => Err(fault(Problem::Truncated)),
            Some(bytes) => terminated(bytes, content).map_err(fault),
        }
    }

    /// NIPC-COD-08: each string against those before it.
    pub(crate) fn apart(&self, strings: &[Found<'_>]) -> Result<(), Offence> {
        for (position, one) in strings.iter().enumerate() {
            if strings[..position].iter().any(|before| before.start < one.end && one.start < before.end) {
                return Err(self.offence(one.field, one.reference, Problem::Overlap));
            }
        }
        Ok(())
    }

    /// The record ends where its content does.
    pub(crate) fn ends_at(&self, end: usize) -> Result<(), Offence> {
        if self.bytes.len() > end { Err(self.offence_as_a_whole(end, Problem::TrailingBytes)) } else { Ok(()) }
    }

    /// NIPC-COD-10, NIPC-COD-11: a list whose directory starts `at`. Each item is judged together with its entry.
    pub(crate) fn list<T>(
        &self,
        field: &'static str,
        at: usize,
        count: u32,
        item_name: &'static str,
        decode: impl Fn(Record<'a>) -> Result<T, Offence>,
    ) -> Result<Vec<T>, Offence> {
        let area = at + 8 * count as usize;
        if self.bytes.len() < area {
            return Err(self.offence(field, at, Problem::Truncated));
        }
        let mut items = Vec::new();
        let mut end_before = 0;
        for position in 0..count as usize {
            let entry = at + 8 * position;
            let fault = |problem| Self { item: Some(position), ..*self }.offence(field, entry, problem);
            let (offset, length) = (self.u32(entry) as usize, self.u32(entry + 4) as usize);
            if !offset.is_multiple_of(8) {
                return Err(fault(Problem::Unaligned));
            }
            if offset < end_before {
                return Err(fault(Problem::StartsEarly));
            }
            end_before = offset + length;
            let start = area + offset;
            let Some(bytes) = self.bytes.get(start..start + length) else { return Err(fault(Problem::OutOfBounds)) };
            items.push(decode(Record { name: item_name, bytes, start: self.start + start, item: Some(position) })?);
        }
        Ok(items)
    }
}

/// Judges the bytes of a string with its NUL, in the order of NIPC-COD-24, and gives them without it.
fn terminated<'a>(bytes: &'a [u8], content: &Content) -> Result<&'a [u8], Problem> {
    let Some((0, bytes)) = bytes.split_last() else { return Err(Problem::Unterminated) };
    content.judge(bytes)?;
    Ok(bytes)
}

/// The largest end of strings that may stand in any order, NULs included.
pub(crate) fn last_end(strings: &[Found<'_>], fixed_part: usize) -> usize {
    strings.iter().map(|string| string.end).fold(fixed_part, usize::max)
}
