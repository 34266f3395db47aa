//! Waiting for words of memory to change.
//!
//! A wait watches two words at once: one that is shared with the peer, and one of this process alone. The second is how
//! this process wakes its own waiters. Nothing that a peer does to the shared word, its waiters or its file can keep that
//! from them.
//!
//! Kernels before 5.16 cannot wait for two words. There a waiter sleeps on the shared word alone, and whoever wakes it
//! has to add to that word; see [`waits_for_both`].
//!
//! References: futex(2), FUTEX_WAIT, FUTEX_WAKE, futex_waitv(2).

use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;
use std::time::Instant;

use rustix::io::Errno;
use rustix::thread::ClockId;
use rustix::thread::futex::{self, Flags, Wait, WaitFlags, WaitPtr, WaitvFlags};
use rustix::time::{Timespec, clock_gettime};

use super::wait::timespec;

/// A word and the value that it had when it was looked at.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) word: &'a AtomicU32,
    pub(crate) value: u32,
}

/// Sleeps while both words have these values, until `deadline` at most. May return early for no reason at all.
///
/// EFAULT when the shared word is not in memory any more.
pub(crate) fn sleep(shared: Seen<'_>, own: Seen<'_>, deadline: Option<Instant>) -> Result<(), Errno> {
    let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
    let result = if waits_for_both() {
        let waits = [wait_for(shared, WaitFlags::SIZE_U32), wait_for(own, WaitFlags::SIZE_U32 | WaitFlags::PRIVATE)];
        let at = left.map(|left| sum(clock_gettime(ClockId::Monotonic), timespec(left)));
        futex::waitv(&waits, WaitvFlags::empty(), at.as_ref(), ClockId::Monotonic).map(drop)
    } else {
        futex::wait(shared.word, Flags::empty(), shared.value, left.map(timespec).as_ref())
    };
    match result {
        Err(Errno::AGAIN | Errno::INTR | Errno::TIMEDOUT) => Ok(()),
        result => result,
    }
}

/// Whether the kernel can wait for two words.
pub(crate) fn waits_for_both() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    // To wait for nothing is invalid, for kernels that know the call and let it be made.
    *CAN.get_or_init(|| futex::waitv(&[], WaitvFlags::empty(), None, ClockId::Monotonic) == Err(Errno::INVAL))
}

/// Wakes one waiter of a shared word, in whichever process.
pub(crate) fn wake_one(word: &AtomicU32) {
    // Fails when the file under the word is gone. Nobody can be woken then, and whoever looks at the word learns it.
    let _ = futex::wake(word, Flags::empty(), 1);
}

/// Wakes every waiter of a shared word.
pub(crate) fn wake_all(word: &AtomicU32) {
    // As above.
    let _ = futex::wake(word, Flags::empty(), i32::MAX.cast_unsigned());
}

/// Wakes every waiter of a word of this process.
pub(crate) fn wake_own(word: &AtomicU32) {
    // Fails for no word that is there.
    let _ = futex::wake(word, Flags::PRIVATE, i32::MAX.cast_unsigned());
}

fn wait_for(seen: Seen<'_>, flags: WaitFlags) -> Wait {
    let mut wait = Wait::new();
    wait.val = seen.value.into();
    wait.uaddr = WaitPtr::new(ptr::from_ref(seen.word).cast_mut().cast());
    wait.flags = flags;
    wait
}

fn sum(a: Timespec, b: Timespec) -> Timespec {
    const SECOND: i64 = 1_000_000_000;
    let nanos = a.tv_nsec + b.tv_nsec;
    Timespec { tv_sec: a.tv_sec + b.tv_sec + nanos / SECOND, tv_nsec: nanos % SECOND }
}
