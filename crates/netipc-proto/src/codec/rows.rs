//! Tables: rows of strings behind the strings of a record (NIPC-COD-20, NIPC-COD-21).
//!
//! A table has one place and one form only. It starts at the next multiple of [`TABLE_ALIGN`] behind the record's strings,
//! with zero bytes before it: an (offset, length) pair for each string of each row. The strings follow in the same order,
//! without gaps, each with its NUL. A table without rows takes no byte.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use super::read::extent;
use super::{BuildError, Placement, Problem, Scalar, StringRule, Writer, load};

/// Tables start at multiples of this, counted from the start of the record.
const TABLE_ALIGN: usize = 8;

/// Bytes of the reference to one string.
const REF_LEN: usize = 8;

/// One row of a table: a few strings that belong together.
pub trait Row<'a>: Copy {
    /// How many strings it has.
    const STRINGS: usize;

    /// The row of these strings; `string` gives them by position.
    fn view(string: impl Fn(usize) -> &'a [u8]) -> Self;

    /// The string at position `index`, below [`Self::STRINGS`].
    fn string(&self, index: usize) -> &'a [u8];
}

/// The rules of a table's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowRule {
    /// What errors call the row.
    pub record: &'static str,
    /// Name and rules of each string.
    pub strings: &'static [(&'static str, StringRule)],
}

impl RowRule {
    /// Checks rows that are to be written as the table `field` of `record`, which can have `most` of them (NIPC-COD-16).
    ///
    /// # Errors
    ///
    /// [`BuildError::Invalid`] with the first rule that is broken.
    pub fn check<'a, T: Row<'a>>(
        &self,
        record: &'static str,
        field: &'static str,
        rows: &[T],
        most: u64,
    ) -> Result<(), BuildError> {
        let got = rows.len() as u64;
        if got > most {
            return Err(BuildError::Invalid { record, field, problem: Problem::TooMany { got, most } });
        }
        for row in rows {
            for (index, (string, rule)) in self.strings.iter().enumerate() {
                rule.check(self.record, string, row.string(index))?;
            }
        }
        Ok(())
    }
}

/// Where and how a table breaks a rule.
pub(super) struct Offence {
    /// The string of the row, if it is one string's.
    pub(super) string: Option<&'static str>,
    /// Where in the record.
    pub(super) at: usize,
    pub(super) problem: Problem,
}

const fn aligned(end: usize) -> usize {
    end.saturating_add(TABLE_ALIGN - 1) & !(TABLE_ALIGN - 1)
}

/// Checks the table of `count` rows behind the strings, which end at byte `behind`. Gives the end of the record's content.
pub(super) fn check(bytes: &[u8], behind: usize, count: u32, row: &RowRule) -> Result<usize, Offence> {
    if count == 0 {
        return Ok(behind);
    }
    let table = aligned(behind);
    // In u64 nothing wraps: a u32 times the bytes of a row, which has a few strings.
    let table_end = table as u64 + u64::from(count) * (row.strings.len() * REF_LEN) as u64;
    if table_end > bytes.len() as u64 {
        let needed = usize::try_from(table_end).unwrap_or(usize::MAX);
        return Err(Offence { string: None, at: table, problem: Problem::Truncated { got: bytes.len(), needed } });
    }
    if let Some(at) = (behind..table).find(|&at| bytes[at] != 0) {
        return Err(Offence { string: None, at: table, problem: Problem::Padding { at, got: bytes[at] } });
    }
    let mut end = table_end as usize;
    let references = bytes[table..end].chunks_exact(REF_LEN);
    for (position, reference) in references.enumerate() {
        let (name, rule) = &row.strings[position % row.strings.len()];
        // An offset is a u32: behind 4 GiB none is right.
        let place = Placement::At(u32::try_from(end).unwrap_or(u32::MAX));
        let rule = StringRule { placement: place, ..*rule };
        match extent(bytes, u32::load(reference), u32::load(&reference[4..]), &rule) {
            Ok((_, string_end)) => end = string_end,
            Err(problem) => {
                return Err(Offence { string: Some(name), at: table + position * REF_LEN, problem });
            }
        }
    }
    Ok(end)
}

/// The rows of a decoded record, in order, without allocation.
#[derive(Clone, Copy)]
pub struct Rows<'a, T> {
    /// The record.
    bytes: &'a [u8],
    references: &'a [[u8; REF_LEN]],
    row: PhantomData<fn() -> T>,
}

impl<'a, T: Row<'a>> Rows<'a, T> {
    /// The table of `count` rows in a record that was decoded before; `strings` says where the references of the record's
    /// strings stand.
    ///
    /// Total on purpose: bytes that were never decoded give unspecified rows, not a panic.
    #[must_use]
    pub fn view<const N: usize>(bytes: &'a [u8], fixed: &[u8; N], strings: &[usize], count: usize) -> Self {
        let mut behind = N;
        for &at in strings {
            let (offset, length): (u32, u32) = (load(fixed, at), load(fixed, at + 4));
            behind = behind.max((offset as usize).saturating_add(length as usize).saturating_add(1));
        }
        let rest = bytes.get(aligned(behind)..).unwrap_or_default();
        let (references, _) = rest.as_chunks();
        let references = references.get(..count.saturating_mul(T::STRINGS)).unwrap_or_default();
        Self { bytes, references, row: PhantomData }
    }

    /// How many there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.references.len() / T::STRINGS
    }

    /// Whether there are none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.references.is_empty()
    }

    /// The row at position `index`, if there are that many.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<T> {
        let start = index.checked_mul(T::STRINGS)?;
        let references = self.references.get(start..)?.get(..T::STRINGS)?;
        let bytes = self.bytes;
        Some(T::view(|string| row_string(bytes, references, string)))
    }

    /// Goes over the rows in order.
    #[must_use]
    pub fn iter(&self) -> RowsIter<'a, T> {
        RowsIter { rows: *self, next: 0 }
    }
}

/// The string that reference number `index` names, in a record that was decoded before.
///
/// Total on purpose: bytes that were never decoded give an empty string, not a panic.
#[inline]
fn row_string<'a>(bytes: &'a [u8], references: &[[u8; REF_LEN]], index: usize) -> &'a [u8] {
    let Some(reference) = references.get(index) else { return &[] };
    let (offset, length): (u32, u32) = (load(reference, 0), load(reference, 4));
    let tail = bytes.get(offset as usize..).unwrap_or_default();
    tail.get(..length as usize).unwrap_or_default()
}

impl<'a, T: Row<'a> + fmt::Debug> fmt::Debug for Rows<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a, T: Row<'a> + PartialEq> PartialEq for Rows<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: Row<'a> + Eq> Eq for Rows<'a, T> {}

impl<'a, T: Row<'a>> IntoIterator for Rows<'a, T> {
    type Item = T;
    type IntoIter = RowsIter<'a, T>;

    fn into_iter(self) -> RowsIter<'a, T> {
        self.iter()
    }
}

impl<'a, T: Row<'a>> IntoIterator for &Rows<'a, T> {
    type Item = T;
    type IntoIter = RowsIter<'a, T>;

    fn into_iter(self) -> RowsIter<'a, T> {
        self.iter()
    }
}

/// Iterator over [`Rows`].
#[derive(Clone)]
pub struct RowsIter<'a, T> {
    rows: Rows<'a, T>,
    next: usize,
}

impl<'a, T: Row<'a>> Iterator for RowsIter<'a, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        let row = self.rows.get(self.next)?;
        self.next += 1;
        Some(row)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.rows.len() - self.next;
        (left, Some(left))
    }
}

impl<'a, T: Row<'a>> ExactSizeIterator for RowsIter<'a, T> {}

impl<'a, T: Row<'a>> FusedIterator for RowsIter<'a, T> {}

impl<'a, T: Row<'a>> fmt::Debug for RowsIter<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowsIter").field("left", &self.len()).finish_non_exhaustive()
    }
}

/// Bytes of the table of `rows` with the padding before it, behind strings that end at byte `behind`.
#[must_use]
pub fn table_size<'a, T: Row<'a>>(behind: usize, rows: &[T]) -> usize {
    if rows.is_empty() {
        return 0;
    }
    let padding = aligned(behind).saturating_sub(behind);
    rows.iter().fold(padding, |size, row| {
        (0..T::STRINGS).fold(size, |size, index| size.saturating_add(REF_LEN + row.string(index).len() + 1))
    })
}

/// Appends the table of `rows` to a record whose strings end at byte `behind`, where the writer stands.
///
/// # Errors
///
/// [`BuildError::Overflow`] when it does not fit.
pub fn write_table<'a, T: Row<'a>>(out: &mut Writer<'_>, behind: usize, rows: &[T]) -> Result<(), BuildError> {
    if rows.is_empty() {
        return Ok(());
    }
    let table = aligned(behind);
    out.zeros(table - behind)?;
    let strings = || rows.iter().flat_map(|row| (0..T::STRINGS).map(|index| row.string(index)));
    let mut end = table + rows.len() * T::STRINGS * REF_LEN;
    for string in strings() {
        let mut reference = [0; REF_LEN];
        // The budget keeps both below u32::MAX.
        (end as u32).store(&mut reference);
        (string.len() as u32).store(&mut reference[4..]);
        out.bytes(&reference)?;
        end += string.len() + 1;
    }
    strings().try_for_each(|string| out.terminated(string))
}
