//! A page that two processes share.
//!
//! All access is atomic, so whatever the other process does, nothing here is undefined. The page is split so that no
//! location is used with two sizes: 64-bit words in the lower half, 32-bit words to sleep on in the upper.
//!
//! References: mmap(2).

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, AtomicU64};

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

const SIZE: usize = 4096;
const HALF: usize = SIZE / 2;

/// How many 64-bit words there are.
pub(crate) const WORDS: usize = HALF / 8;

#[derive(Debug)]
pub(crate) struct Shared {
    base: NonNull<u8>,
}

// SAFETY: the mapping belongs to this value alone and is reached through atomics only.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    /// Makes the file that others open.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        file.set_len(SIZE as u64)?;
        Self::map(&file)
    }

    /// Opens what another process has made.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        if file.metadata()?.len() != SIZE as u64 {
            return Err(io::Error::other("the file to share has another size"));
        }
        Self::map(&file)
    }

    fn map(file: &File) -> io::Result<Self> {
        let (prot, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
        // SAFETY: the kernel chooses the address, so nothing that exists is replaced.
        let base = unsafe { mmap(ptr::null_mut(), SIZE, prot, flags, file, 0) }?;
        NonNull::new(base.cast()).map(|base| Self { base }).ok_or_else(|| io::Error::other("mapped at null"))
    }

    /// Word `index` of [`WORDS`].
    #[inline]
    pub(crate) fn word(&self, index: usize) -> &AtomicU64 {
        assert!(index < WORDS, "the page has {WORDS} words");
        // SAFETY: within the lower half of the mapping, by the check above.
        let at = unsafe { self.base.as_ptr().add(index * 8) };
        // SAFETY: aligned, since the page is; alive as long as `self`; both processes use it as atomic of this size only.
        unsafe { AtomicU64::from_ptr(at.cast()) }
    }

    /// A word to sleep on: 0 and 1, on cache lines of their own.
    #[inline]
    pub(crate) fn futex(&self, index: usize) -> &AtomicU32 {
        assert!(index < 2, "the page has 2 words to sleep on");
        // SAFETY: within the upper half of the mapping, by the check above.
        let at = unsafe { self.base.as_ptr().add(HALF + index * 128) };
        // SAFETY: aligned, since the page is; alive as long as `self`; both processes use it as atomic of this size only.
        unsafe { AtomicU32::from_ptr(at.cast()) }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this size, and no reference into it outlives `self`.
        // A failure would leave the mapping, which ends with the process.
        let _ = unsafe { munmap(self.base.as_ptr().cast(), SIZE) };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn what_one_writes_the_other_reads() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("page");
        let one = Shared::create(&path).unwrap();
        let other = Shared::open(&path).unwrap();
        one.word(WORDS - 1).store(7, Ordering::Release);
        one.futex(1).store(9, Ordering::Release);
        assert_eq!(other.word(WORDS - 1).load(Ordering::Acquire), 7);
        assert_eq!(other.futex(1).load(Ordering::Acquire), 9);
        assert_eq!(other.futex(0).load(Ordering::Acquire), 0);
        assert!(Shared::create(&path).is_err(), "a file that exists is not taken over");
        std::fs::write(&path, b"short").unwrap();
        assert!(Shared::open(&path).is_err());
    }
}
