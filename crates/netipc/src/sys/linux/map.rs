//! Memory that is shared with another process through a file.
//!
//! The other process may write to it at any moment, and may cut the file short. The first is why everything here is an
//! atomic: 64-bit words, and 32-bit words where a caller says so, never both at one place. The second is what [`guard`]
//! is for.
//!
//! References: mmap(2), madvise(2).
#![allow(unsafe_code)]

use std::os::fd::BorrowedFd;
use std::ptr::NonNull;
use std::slice;
use std::sync::atomic::{AtomicU32, AtomicU64};

use rustix::io::Errno;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap, munmap};

use super::guard::{self, Guard};

// Lets a thread of the library survive a file that is cut short, also in a program that blocks signals.
pub(crate) use super::guard::admit;

/// Bytes of one word.
pub(crate) const WORD: usize = size_of::<u64>();

/// A file's bytes, mapped for as long as this lives. A child process does not inherit them.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: NonNull<AtomicU64>,
    words: usize,
    guard: Guard,
}

// SAFETY: a mapping belongs to the process, not to a thread, and all access to it is atomic.
unsafe impl Send for Mapping {}
// SAFETY: as above; nothing in it is changed through `&self` but atomics.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps the first `length` bytes of a file for reading and writing; a multiple of 8, and not 0.
    pub(crate) fn new(file: BorrowedFd<'_>, length: usize) -> Result<Self, Errno> {
        debug_assert!(length > 0 && length.is_multiple_of(WORD), "a mapping of {length} bytes");
        guard::install()?;
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: no address is asked for, so the kernel puts the mapping where nothing else is.
        let start = unsafe { mmap(std::ptr::null_mut(), length, protection, MapFlags::SHARED, file, 0) }?;
        // SAFETY: the range is the mapping that was just made. Not inheriting it affects no memory of this process. The
        // advice is older than all kernels that are supported; refused it would only cost the child's half of it.
        let _ = unsafe { madvise(start, length, Advice::LinuxDontFork) };
        let guard = Guard::new(start as usize, length);
        match NonNull::new(start.cast()) {
            Some(start) => Ok(Self { start, words: length / WORD, guard }),
            // The kernel never maps page 0 unasked.
            None => Err(Errno::NOMEM),
        }
    }

    /// The words of the mapping.
    pub(crate) fn words(&self) -> &[AtomicU64] {
        // SAFETY: the mapping starts at a page, which aligns it, has `words` words, and stays until `self` is dropped,
        // which the lifetime of the slice forbids meanwhile. Zero bytes are valid words, and so is whatever the other
        // process writes. An access to a page that the file lost goes on only after the guard has put zeros there; where
        // the guard cannot, the process is killed, and nothing is read.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.words) }
    }

    /// The 32-bit word at this offset, which must be a multiple of 4; a place that is never used as half of a longer word.
    pub(crate) fn half(&self, at: usize) -> &AtomicU32 {
        assert!(at.is_multiple_of(size_of::<u32>()), "the offset {at} is not aligned");
        let pointer = (&raw const self.words()[at / WORD]).cast::<AtomicU32>();
        // SAFETY: the offset is 0 or 4 bytes into the 8 of a word that the index above has checked.
        let half = unsafe { pointer.byte_add(at % WORD) };
        // SAFETY: it is aligned to 4 as checked, inside the mapping, which outlives the reference, and any bits are valid.
        unsafe { &*half }
    }

    /// Whether an access has found that the file is shorter than the mapping. What was read since then means nothing.
    pub(crate) fn is_lost(&self) -> bool {
        self.guard.was_hit()
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        self.guard.release();
        // SAFETY: the range is this mapping and nothing else, and no reference into it is left: all borrow from `self`.
        // It fails only for a range that is no mapping.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.words * WORD) };
    }
}
