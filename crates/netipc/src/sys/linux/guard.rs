//! Mappings of files that another process may cut short.
//!
//! An access behind the end of the file raises SIGBUS, whose default is death. With the first mapping a handler is
//! installed that knows all guarded ranges: it puts anonymous memory in the place of the one that was hit, notes that,
//! and lets the access go on, which then finds zeros. Every other SIGBUS goes to whoever handled it before.
//!
//! The handler only loads and stores atomics and makes one system call. It finds ranges in a list of slots that grows
//! and is never freed. A slot that is in use cannot change under a handler that was called for its range: the access
//! that called it borrows the mapping. The others may, so `start` is read again after `end`.
//!
//! What this cannot help against: a program that replaces the handler later and does not call this one, and a thread
//! that blocks SIGBUS, which the kernel kills.
//!
//! References: sigaction(2), mmap(2).
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use libc::{c_int, c_void, siginfo_t};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};

/// No range.
const FREE: usize = 0;
/// About to get a range. No mapping starts at 1.
const CLAIMED: usize = 1;
const SLOTS: usize = 64;

#[derive(Debug)]
struct Slot {
    start: AtomicUsize,
    end: AtomicUsize,
    hit: AtomicBool,
}

struct Block {
    slots: [Slot; SLOTS],
    next: OnceLock<Box<Block>>,
}

static FIRST: Block = Block::new();

/// What was there before; set before the handler is installed.
static PREVIOUS: OnceLock<libc::sigaction> = OnceLock::new();

/// One guarded range, from after it was mapped until [`Guard::release`], before it is unmapped.
#[derive(Debug)]
pub(super) struct Guard(&'static Slot);

impl Guard {
    pub(super) fn new(start: usize, length: usize) -> Self {
        let slot = FIRST.claim();
        slot.hit.store(false, Ordering::Relaxed);
        slot.end.store(start + length, Ordering::Release);
        slot.start.store(start, Ordering::Release);
        Self(slot)
    }

    /// Whether anonymous memory is there by now.
    pub(super) fn was_hit(&self) -> bool {
        self.0.hit.load(Ordering::Acquire)
    }

    /// The addresses may soon be somebody else's.
    pub(super) fn release(&mut self) {
        self.0.start.store(FREE, Ordering::Release);
    }
}

impl Block {
    const fn new() -> Self {
        Self {
            slots: [const { Slot { start: AtomicUsize::new(FREE), end: AtomicUsize::new(0), hit: AtomicBool::new(false) } };
                SLOTS],
            next: OnceLock::new(),
        }
    }

    fn claim(&'static self) -> &'static Slot {
        let free =
            |slot: &&Slot| slot.start.compare_exchange(FREE, CLAIMED, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        match self.slots.iter().find(free) {
            Some(slot) => slot,
            None => self.next.get_or_init(|| Box::new(Self::new())).claim(),
        }
    }
}

/// Puts the handler in place, once in the life of the process.
pub(super) fn install() -> Result<(), Errno> {
    static INSTALLED: OnceLock<Result<(), Errno>> = OnceLock::new();
    *INSTALLED.get_or_init(|| {
        PREVIOUS.get_or_init(current);
        let mut action = unset();
        let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = on_sigbus;
        action.sa_sigaction = handler as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        set(&action)
    })
}

/// Lets the signal through in this thread, one of ours: blocked when it is due it kills the process, whatever the handler.
pub(crate) fn admit() {
    // SAFETY: integers only, of which the next call makes an empty set.
    let mut signals: libc::sigset_t = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: `signals` is live and writable.
    unsafe { libc::sigemptyset(&raw mut signals) };
    // SAFETY: as above, and the number is that of a signal.
    unsafe { libc::sigaddset(&raw mut signals, libc::SIGBUS) };
    // SAFETY: `signals` is live; where the old mask would go is null, as it may be. It fails for no valid `how`.
    unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const signals, ptr::null_mut()) };
}

fn unset() -> libc::sigaction {
    // SAFETY: all of it is integers, pointers and an optional function, for which zero bytes are valid: an empty mask, no
    // flags, SIG_DFL.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

fn current() -> libc::sigaction {
    let mut action = unset();
    // SAFETY: nothing is set, and `action` is live and writable. It fails for no signal that exists.
    unsafe { libc::sigaction(libc::SIGBUS, ptr::null(), &raw mut action) };
    action
}

fn set(action: &libc::sigaction) -> Result<(), Errno> {
    // SAFETY: `action` is live; its handler is `on_sigbus`, which does only what a signal handler may do, or the default.
    match unsafe { libc::sigaction(libc::SIGBUS, ptr::from_ref(action), ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL)),
    }
}

extern "C" fn on_sigbus(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel passes a valid pointer, good for as long as the handler runs, to one installed with SA_SIGINFO.
    let told = unsafe { &*info };
    // SAFETY: for a signal that has no address this is some other field; the code tells them apart below.
    let address = unsafe { told.si_addr() } as usize;
    let code = told.si_code;
    if code == libc::BUS_ADRERR && patch(address) {
        return;
    }
    hand_on(signal, info, context, code > 0);
}

/// Replaces the guarded range around an address; false when there is none, or no memory for it.
fn patch(address: usize) -> bool {
    let mut block = Some(&FIRST);
    while let Some(Block { slots, next }) = block {
        for slot in slots {
            let start = slot.start.load(Ordering::Acquire);
            let end = slot.end.load(Ordering::Acquire);
            let is_whole = slot.start.load(Ordering::Acquire) == start;
            if start > CLAIMED && is_whole && (start..end).contains(&address) {
                slot.hit.store(true, Ordering::Release);
                // Most of it is never touched: without a reservation less has to be there.
                let flags = MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE;
                let protection = ProtFlags::READ | ProtFlags::WRITE;
                // SAFETY: the range is still the mapping of ours that the slot names: the access that brought us here
                // borrows it, and a slot is released before its range is unmapped. Only atomics are ever made of it, and it
                // stays readable and writable. Whoever uses it finds zeros and then the note that it was hit.
                let replaced = unsafe { mmap_anonymous(start as *mut c_void, end - start, protection, flags) };
                return replaced.is_ok();
            }
        }
        block = next.get().map(|next| &**next);
    }
    false
}

/// Does what would have been done without this handler.
fn hand_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void, is_fault: bool) {
    let previous = PREVIOUS.get().copied().unwrap_or_else(unset);
    match previous.sa_sigaction {
        libc::SIG_IGN if !is_fault => {}
        // The access is made again and meets the default; a signal that somebody sent is sent again.
        libc::SIG_DFL | libc::SIG_IGN => {
            let _ = set(&unset());
            if !is_fault {
                // SAFETY: takes a number; the signal is delivered when this handler returns.
                unsafe { libc::raise(signal) };
            }
        }
        handler if previous.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: whoever installed it said by its flags that it is such a function.
            let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = unsafe { std::mem::transmute(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: as above, without the flag.
            let handler: extern "C" fn(c_int) = unsafe { std::mem::transmute(handler) };
            handler(signal);
        }
    }
}
