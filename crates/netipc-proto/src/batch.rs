//! Many items of one method in one payload: a directory, then the items.
//!
//! This module must not know what an item means. [`Batch`] reads, [`BatchBuilder`] writes (NIPC-BAT-01).
//!
//! ```
//! use netipc_proto::batch::{Batch, BatchBuilder};
//!
//! let mut payload = Vec::new();
//! let mut builder = BatchBuilder::new(&mut payload, 1024, 2).unwrap();
//! builder.push(b"one").unwrap();
//! builder.push(b"three").unwrap();
//! assert_eq!(builder.finish(), 2);
//!
//! let batch = Batch::parse(&payload, 2).unwrap();
//! assert!(batch.iter().eq([&b"one"[..], b"three"]));
//! ```

use alloc::vec::Vec;
use core::fmt;

use crate::bytes::{align8, put, u32_at};

/// Bytes of one directory entry: offset and length.
pub const ENTRY_LEN: usize = 8;

/// A batch payload whose directory was checked.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    directory: &'a [[u8; ENTRY_LEN]],
    area: &'a [u8],
}

impl<'a> Batch<'a> {
    /// Checks the directory of a batch of `item_count` items.
    ///
    /// Every offset must be a multiple of 8 and every item must lie inside the payload. Gaps, overlaps and any order
    /// are tolerated (NIPC-BAT-07, NIPC-BAT-08, NIPC-BAT-09, NIPC-BAT-10).
    ///
    /// # Errors
    /// Names the first unsound entry.
    pub fn parse(payload: &'a [u8], item_count: u32) -> Result<Batch<'a>, BatchError> {
        let truncated = BatchError::Truncated { items: item_count, got: payload.len() };
        let Some(directory_len) = usize::try_from(item_count).ok().and_then(|n| n.checked_mul(ENTRY_LEN)) else {
            return Err(truncated);
        };
        let Some((directory, area)) = payload.split_at_checked(directory_len) else {
            return Err(truncated);
        };
        let (directory, _) = directory.as_chunks::<ENTRY_LEN>();
        for (entry, index) in directory.iter().zip(0u32..) {
            let (offset, length) = split(entry);
            if offset % 8 != 0 {
                return Err(BatchError::Misaligned { index, offset });
            }
            if u64::from(offset) + u64::from(length) > area.len() as u64 {
                return Err(BatchError::OutOfBounds { index, offset, length, area: area.len() });
            }
        }
        Ok(Batch { directory, area })
    }

    /// Number of items.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.directory.len()
    }

    /// True when there is no item.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.directory.is_empty()
    }

    /// The bytes of item `index`; `None` past the last.
    #[inline]
    #[must_use]
    pub fn item(&self, index: usize) -> Option<&'a [u8]> {
        self.directory.get(index).map(|entry| self.slice(entry))
    }

    /// The items in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a> {
        let batch = *self;
        self.directory.iter().map(move |entry| batch.slice(entry))
    }

    #[inline]
    fn slice(&self, entry: &[u8; ENTRY_LEN]) -> &'a [u8] {
        let (offset, length) = split(entry);
        // In bounds: `parse` looked at every entry, and the payload is borrowed since.
        &self.area[offset as usize..][..length as usize]
    }
}

#[inline]
fn split(entry: &[u8; ENTRY_LEN]) -> (u32, u32) {
    (u32_at(entry, 0), u32_at(entry, 4))
}

/// Why a payload is no batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BatchError {
    /// The payload ends inside the directory.
    Truncated {
        /// Items that the header announces.
        items: u32,
        /// Bytes of the payload.
        got: usize,
    },
    /// An offset is no multiple of 8.
    Misaligned {
        /// Which entry.
        index: u32,
        /// Its offset.
        offset: u32,
    },
    /// An item does not lie inside the payload.
    OutOfBounds {
        /// Which entry.
        index: u32,
        /// Its offset, counted from the end of the directory.
        offset: u32,
        /// Its length.
        length: u32,
        /// Bytes after the directory.
        area: usize,
    },
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { items, got } => {
                write!(f, "a batch payload of {got} bytes cannot hold a directory of {items} entries")
            }
            Self::Misaligned { index, offset } => {
                write!(f, "batch item {index} starts at offset {offset}, which is no multiple of 8")
            }
            Self::OutOfBounds { index, offset, length, area } => {
                write!(f, "batch item {index} has {length} bytes at offset {offset}, only {area} bytes are there")
            }
        }
    }
}

impl core::error::Error for BatchError {}

/// Appends a batch payload to a buffer, within a byte budget.
///
/// All padding is written as zero, whatever the buffer held before (NIPC-BAT-03). A builder that is dropped without
/// [`finish`](Self::finish) leaves an unfinished payload behind; the caller then truncates the buffer.
#[derive(Debug)]
pub struct BatchBuilder<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    slots: u32,
    items: u32,
    budget: usize,
}

impl<'a> BatchBuilder<'a> {
    /// Starts a batch of up to `slots` items at the end of `out`; the payload will have at most `budget` bytes.
    ///
    /// # Errors
    /// The directory alone is over the budget.
    pub fn new(out: &'a mut Vec<u8>, budget: usize, slots: u32) -> Result<BatchBuilder<'a>, BatchFull> {
        let directory = (slots as usize).saturating_mul(ENTRY_LEN);
        if directory > budget {
            return Err(BatchFull::Bytes { needed: directory, budget });
        }
        let start = out.len();
        out.resize(start + directory, 0);
        Ok(BatchBuilder { out, start, slots, items: 0, budget })
    }

    /// Number of items so far.
    #[must_use]
    pub const fn len(&self) -> u32 {
        self.items
    }

    /// True when there is no item yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.items == 0
    }

    /// Appends an item.
    ///
    /// # Errors
    /// The item does not fit; the batch is as before.
    #[inline]
    pub fn push(&mut self, item: &[u8]) -> Result<(), BatchFull> {
        self.push_with(|out, budget| {
            if item.len() > budget {
                return Err(BatchFull::Bytes { needed: item.len(), budget });
            }
            out.extend_from_slice(item);
            Ok(())
        })
    }

    /// Appends the item that `write` appends to the buffer; `write` is told how many bytes it may add, and must leave
    /// alone what is there already.
    ///
    /// # Errors
    /// What `write` reports, or that all slots are taken or that it wrote too much; the batch is as before.
    #[inline]
    pub fn push_with<E: From<BatchFull>>(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.items == self.slots {
            return Err(BatchFull::Slots { slots: self.slots }.into());
        }
        let before = self.out.len();
        // `out` ends at a multiple of 8 from the start here, so what is left of the budget rounded down is what an item
        // can take with its padding.
        let room = (self.budget - (before - self.start)) & !7;
        match write(self.out, room) {
            Ok(()) => self.close_item(before, room).map_err(E::from),
            Err(error) => {
                self.out.truncate(before);
                Err(error)
            }
        }
    }

    #[inline]
    fn close_item(&mut self, before: usize, room: usize) -> Result<(), BatchFull> {
        let length = self.out.len().saturating_sub(before);
        if length > room {
            self.out.truncate(before);
            return Err(BatchFull::Bytes { needed: length, budget: room });
        }
        let area = self.start + self.slots as usize * ENTRY_LEN;
        let fits = (u32::try_from(before - area), u32::try_from(length), align8(length));
        let (Ok(offset), Ok(entry_length), Some(padded)) = fits else {
            self.out.truncate(before);
            return Err(BatchFull::Bytes { needed: length, budget: u32::MAX as usize });
        };
        // `resize` also repairs a writer that truncated what was there before it.
        if self.out.len() != before + padded {
            self.out.resize(before + padded, 0);
        }
        let mut entry = [0; ENTRY_LEN];
        put(&mut entry, 0, offset.to_ne_bytes());
        put(&mut entry, 4, entry_length.to_ne_bytes());
        let at = self.start + self.items as usize * ENTRY_LEN;
        self.out[at..at + ENTRY_LEN].copy_from_slice(&entry);
        self.items += 1;
        Ok(())
    }

    /// Ends the batch and returns the number of items. Slots that were not used leave the directory
    /// (NIPC-BAT-11).
    pub fn finish(self) -> u32 {
        let used = self.start + self.items as usize * ENTRY_LEN;
        let area = self.start + self.slots as usize * ENTRY_LEN;
        if used < area {
            self.out.copy_within(area.., used);
            self.out.truncate(self.out.len() - (area - used));
        }
        self.items
    }
}

/// Why a batch takes no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BatchFull {
    /// The bytes do not fit.
    Bytes {
        /// Bytes that the item or the directory needs.
        needed: usize,
        /// Bytes that are left for it.
        budget: usize,
    },
    /// All entries of the directory are taken.
    Slots {
        /// Entries of the directory.
        slots: u32,
    },
}

impl fmt::Display for BatchFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes { needed, budget } => {
                write!(f, "{needed} bytes do not fit into the {budget} bytes left for the batch")
            }
            Self::Slots { slots } => write!(f, "the batch has all of its {slots} items already"),
        }
    }
}

impl core::error::Error for BatchFull {}
