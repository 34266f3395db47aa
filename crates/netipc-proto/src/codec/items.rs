//! Lists of records: a directory of (offset, length) entries, then the items.
//!
//! Offsets count from the end of the directory and are multiples of [`ITEM_ALIGN`] (NIPC-COD-10, NIPC-COD-12). Items come
//! in directory order and share no byte, so that a small payload can never stand for a huge amount of decoded data
//! (NIPC-COD-11).

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use super::{BuildError, DecodeError, ENTRY_LEN, ITEM_ALIGN, Problem, Scalar, Writer, align_item, store};

/// A record that can be an item of a list.
pub trait Record<'a>: Copy {
    /// Checks every rule of the record.
    ///
    /// # Errors
    ///
    /// The rule it breaks, with offsets counted from the start of the record.
    fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError>;

    /// The view of bytes that [`decode`](Self::decode) accepted before.
    ///
    /// Other bytes give an unspecified view, never a panic.
    fn view(bytes: &'a [u8]) -> Self;
}

/// The rules of one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemsRule {
    /// Whether bytes that belong to no item may stand between items, beyond alignment.
    pub gaps: bool,
}

/// The items of a decoded record, in order, without allocation.
#[derive(Clone, Copy)]
pub struct Items<'a, T> {
    directory: &'a [[u8; ENTRY_LEN]],
    area: &'a [u8],
    end: usize,
    record: PhantomData<fn() -> T>,
}

impl<'a, T: Record<'a>> Items<'a, T> {
    /// Checks a directory of `count` entries at byte `at` of `bytes`, and every item.
    pub(super) fn decode(
        record: &'static str,
        field: &'static str,
        bytes: &'a [u8],
        at: usize,
        count: u32,
        rule: &ItemsRule,
    ) -> Result<Self, DecodeError> {
        let error = |offset, item, problem| DecodeError { record, field, offset, item, problem };
        let rest = bytes.get(at..).unwrap_or_default();
        // u64: count * 8 does not fit usize on every host.
        let directory_len = u64::from(count) * ENTRY_LEN as u64;
        if directory_len > rest.len() as u64 {
            let needed = at.saturating_add(usize::try_from(directory_len).unwrap_or(usize::MAX));
            let got = bytes.len();
            return Err(error(at, None, Problem::Truncated { got, needed }));
        }
        let (directory, area) = rest.split_at(directory_len as usize);
        let (directory, _) = directory.as_chunks();
        let area_at = at + directory_len as usize;

        let mut end = 0;
        for (index, entry) in directory.iter().enumerate() {
            let (offset, length) = split(entry);
            if let Err(problem) = check_entry(offset, length, end, area.len(), rule) {
                return Err(error(at + index * ENTRY_LEN, Some(index), problem));
            }
            end = offset + length;
            if let Err(inner) = T::decode(&area[offset..end]) {
                return Err(inner.in_item(index, area_at + offset));
            }
        }
        Ok(Self { directory, area, end: area_at + end, record: PhantomData })
    }

    /// The list of `count` entries at byte `at` of bytes that were decoded before.
    ///
    /// Total on purpose: bytes that were never decoded give unspecified items, not a panic.
    #[must_use]
    pub fn view(bytes: &'a [u8], at: usize, count: u32) -> Self {
        let rest = bytes.get(at..).unwrap_or_default();
        let directory_len = (count as usize).saturating_mul(ENTRY_LEN).min(rest.len());
        let (directory, area) = rest.split_at(directory_len);
        let (directory, _) = directory.as_chunks();
        let end = directory.last().map_or(0, |entry| {
            let (offset, length) = split(entry);
            offset.saturating_add(length)
        });
        let end = (at + directory_len).saturating_add(end);
        Self { directory, area, end, record: PhantomData }
    }

    /// The item at position `index`, if there are that many.
    #[inline]
    #[must_use]
    pub fn get(&self, index: usize) -> Option<T> {
        self.directory.get(index).map(|entry| self.item(entry))
    }

    /// Goes over the items in order.
    #[inline]
    #[must_use]
    pub fn iter(&self) -> ItemsIter<'a, T> {
        ItemsIter { entries: self.directory.iter(), items: *self }
    }

    #[inline]
    fn item(&self, entry: &[u8; ENTRY_LEN]) -> T {
        T::view(self.entry_bytes(entry))
    }
}

impl<'a, T> Items<'a, T> {
    /// The bytes of the item at position `index`; none when there are not that many.
    #[inline]
    #[must_use]
    pub fn bytes(&self, index: usize) -> &'a [u8] {
        self.directory.get(index).map_or(&[], |entry| self.entry_bytes(entry))
    }

    #[inline]
    fn entry_bytes(&self, entry: &[u8; ENTRY_LEN]) -> &'a [u8] {
        let (offset, length) = split(entry);
        let tail = self.area.get(offset..).unwrap_or_default();
        tail.get(..length).unwrap_or_default()
    }

    /// How many there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.directory.len()
    }

    /// Whether there are none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.directory.is_empty()
    }

    /// Where the last item ends, counted from the start of the record that holds the list.
    #[inline]
    #[must_use]
    pub fn end(&self) -> usize {
        self.end
    }
}

impl<'a, T: Record<'a> + fmt::Debug> fmt::Debug for Items<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a, T: Record<'a> + PartialEq> PartialEq for Items<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: Record<'a> + Eq> Eq for Items<'a, T> {}

impl<'a, T: Record<'a>> IntoIterator for Items<'a, T> {
    type Item = T;
    type IntoIter = ItemsIter<'a, T>;

    fn into_iter(self) -> ItemsIter<'a, T> {
        self.iter()
    }
}

impl<'a, T: Record<'a>> IntoIterator for &Items<'a, T> {
    type Item = T;
    type IntoIter = ItemsIter<'a, T>;

    fn into_iter(self) -> ItemsIter<'a, T> {
        self.iter()
    }
}

/// Iterator over [`Items`].
#[derive(Clone)]
pub struct ItemsIter<'a, T> {
    entries: core::slice::Iter<'a, [u8; ENTRY_LEN]>,
    items: Items<'a, T>,
}

impl<'a, T: Record<'a>> Iterator for ItemsIter<'a, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.entries.next().map(|entry| self.items.item(entry))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }

    #[inline]
    fn nth(&mut self, n: usize) -> Option<T> {
        self.entries.nth(n).map(|entry| self.items.item(entry))
    }
}

impl<'a, T: Record<'a>> DoubleEndedIterator for ItemsIter<'a, T> {
    #[inline]
    fn next_back(&mut self) -> Option<T> {
        self.entries.next_back().map(|entry| self.items.item(entry))
    }
}

impl<'a, T: Record<'a>> ExactSizeIterator for ItemsIter<'a, T> {}

impl<'a, T: Record<'a>> FusedIterator for ItemsIter<'a, T> {}

impl<T> fmt::Debug for ItemsIter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemsIter").field("left", &self.entries.len()).finish_non_exhaustive()
    }
}

#[inline]
fn split(entry: &[u8; ENTRY_LEN]) -> (usize, usize) {
    let (offset, length) = entry.split_at(4);
    (u32::load(offset) as usize, u32::load(length) as usize)
}

/// Checks one entry against the end of the item before it and the size of the area.
fn check_entry(
    offset: usize,
    length: usize,
    previous_end: usize,
    area: usize,
    rule: &ItemsRule,
) -> Result<(), Problem> {
    let got = offset as u64;
    if !offset.is_multiple_of(ITEM_ALIGN) {
        let multiple = ITEM_ALIGN as u64;
        return Err(Problem::Unaligned { got, multiple });
    }
    if offset < previous_end {
        let least = previous_end as u64;
        return Err(Problem::StartsEarly { got, least });
    }
    let packed = align_item(previous_end);
    if !rule.gaps && offset != packed {
        let allowed = packed as u64;
        return Err(Problem::Misplaced { got, allowed });
    }
    let end = got + length as u64;
    if end > area as u64 {
        let limit = area as u64;
        return Err(Problem::OutOfBounds { end, limit });
    }
    Ok(())
}

/// Most slots that a hint alone sets aside.
const HINT_MAX: usize = 1 << 16;

/// Slots a directory starts with when no hint was given.
const FIRST_SLOTS: usize = 16;

/// Appends items to a [`Writer`] whose number need not be known: the directory in front of them grows as needed and is
/// closed up at the end.
///
/// Unused slots never count against the budget, so what fits does not depend on the hint.
#[derive(Debug)]
pub struct ItemsWriter {
    /// Where the directory starts, counted from the start of the payload.
    at: usize,
    slots: usize,
    count: usize,
    /// Where the last item ends, counted from the end of the directory.
    end: usize,
}

impl ItemsWriter {
    /// Starts the list where `out` stands now.
    #[must_use]
    pub fn new(out: &Writer<'_>) -> Self {
        Self { at: out.position(), slots: 0, count: 0, end: 0 }
    }

    /// How many items there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no items.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Where the next item will start, counted from the end of the directory.
    pub(super) fn next_offset(&self) -> usize {
        align_item(self.end)
    }

    /// Makes room for `additional` more entries at once; saves moving bytes later, changes no result.
    pub fn reserve(&mut self, out: &mut Writer<'_>, additional: usize) {
        // A hint may be anything; more entries than fit are never needed, and very many may as well grow as they come.
        let possible = (out.remaining() / ENTRY_LEN).min(HINT_MAX);
        let wanted = self.count.saturating_add(additional.min(possible));
        if wanted > self.slots {
            self.grow(out, wanted);
        }
    }

    /// Appends one item of `size` bytes, which `write` puts into the writer.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`] when it does not fit; then and after any error of `write` the items are as they were.
    pub fn push(
        &mut self,
        out: &mut Writer<'_>,
        size: usize,
        write: impl FnOnce(&mut Writer<'_>) -> Result<(), BuildError>,
    ) -> Result<(), BuildError> {
        let offset = align_item(self.end);
        let padding = offset.saturating_sub(self.end);
        if let Err(error) = out.claim(size.saturating_add(padding + ENTRY_LEN)) {
            // Nothing fits any more; counting on makes the padding of later items part of what is needed.
            self.end = offset.saturating_add(size);
            return Err(error);
        }
        if self.count == self.slots {
            self.grow(out, (self.slots * 2).max(FIRST_SLOTS));
        }
        let before = out.position();
        out.take_slack(ENTRY_LEN);
        out.zeros(padding)?;
        if let Err(error) = write(out) {
            out.truncate(before);
            out.add_slack(ENTRY_LEN);
            return Err(error);
        }
        let end = offset + (out.position() - before - padding);

        let mut entry = [0; ENTRY_LEN];
        // The budget keeps both below u32::MAX.
        store(&mut entry, 0, offset as u32);
        store(&mut entry, 4, (end - offset) as u32);
        out.patch(self.at + self.count * ENTRY_LEN, &entry);
        self.end = end;
        self.count += 1;
        Ok(())
    }

    /// Closes the list: the directory shrinks to the items there are. Says how many.
    pub fn finish(&mut self, out: &mut Writer<'_>) -> u32 {
        let used = self.at + self.count * ENTRY_LEN;
        out.remove_slack(used, (self.slots - self.count) * ENTRY_LEN);
        self.slots = self.count;
        self.count as u32
    }

    fn grow(&mut self, out: &mut Writer<'_>, slots: usize) {
        let directory_end = self.at + self.slots * ENTRY_LEN;
        out.insert_slack(directory_end, (slots - self.slots) * ENTRY_LEN);
        self.slots = slots;
    }
}

/// Adds up the bytes of a record with a list, item by item.
///
/// ```
/// use netipc_proto::codec::ListLen;
///
/// let mut len = ListLen::new(16);
/// assert_eq!((len.total(), len.padded()), (16, 16));
/// len.add(63);
/// len.add(63);
/// assert_eq!((len.total(), len.padded()), (16 + 2 * 8 + 64 + 63, 16 + 2 * 8 + 64 + 64));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListLen {
    /// The fixed part and the directory.
    head: usize,
    /// Where the last item ends, counted from the end of the directory.
    end: usize,
}

impl ListLen {
    /// No items yet, behind a fixed part of `fixed` bytes.
    #[must_use]
    pub fn new(fixed: usize) -> Self {
        Self { head: fixed, end: 0 }
    }

    /// Adds an item of `size` bytes.
    #[inline]
    pub fn add(&mut self, size: usize) {
        self.head = self.head.saturating_add(ENTRY_LEN);
        self.end = align_item(self.end).saturating_add(size);
    }

    /// Bytes of the record.
    #[inline]
    #[must_use]
    pub fn total(&self) -> usize {
        self.head.saturating_add(self.end)
    }

    /// Bytes of the record with padding behind the last item too, which none writes but existing servers reckon with.
    #[inline]
    #[must_use]
    pub fn padded(&self) -> usize {
        self.head.saturating_add(align_item(self.end))
    }
}
