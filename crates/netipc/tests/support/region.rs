//! A shared-memory region, by the offset table of `spec/shm.md` and nothing of this crate.

#![allow(dead_code, reason = "every test crate uses its own part")]

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
use std::time::Instant;

use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use rustix::thread::futex;
use rustix::time::Timespec;

use crate::raw::{Field, PATIENCE, set_all};

pub(crate) const HYBRID: u32 = 2;

pub(crate) mod word {
    pub(crate) const MAGIC: usize = 0;
    pub(crate) const VERSION: usize = 4;
    pub(crate) const HEADER_LEN: usize = 6;
    pub(crate) const PID: usize = 8;
    pub(crate) const GENERATION: usize = 12;
    pub(crate) const REQUEST_OFFSET: usize = 16;
    pub(crate) const REQUEST_CAPACITY: usize = 20;
    pub(crate) const RESPONSE_OFFSET: usize = 24;
    pub(crate) const RESPONSE_CAPACITY: usize = 28;
}

/// Where the words of one direction are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) sequence: usize,
    pub(crate) length: usize,
    pub(crate) signal: usize,
    pub(crate) offset: usize,
    pub(crate) capacity: usize,
}

pub(crate) const REQUESTS: Way = Way { sequence: 32, length: 48, signal: 56, offset: 16, capacity: 20 };
pub(crate) const RESPONSES: Way = Way { sequence: 40, length: 52, signal: 60, offset: 24, capacity: 28 };

/// The name of a session's file.
pub(crate) fn file_name(service: &str, session: u64) -> String {
    format!("{service}-{session:016x}.ipcshm")
}

/// A header as a server writes it, of areas with these capacities.
pub(crate) fn header(pid: i32, request: u32, response: u32) -> Vec<u8> {
    let fields = [
        Field::U32(word::MAGIC, 0x4e53_484d),
        Field::U16(word::VERSION, 3),
        Field::U16(word::HEADER_LEN, 64),
        Field::U32(word::PID, pid.cast_unsigned()),
        Field::U32(word::GENERATION, 77),
        Field::U32(word::REQUEST_OFFSET, 64),
        Field::U32(word::REQUEST_CAPACITY, request),
        Field::U32(word::RESPONSE_OFFSET, 64 + request),
        Field::U32(word::RESPONSE_CAPACITY, response),
    ];
    set_all(vec![0; 64], &fields)
}

/// Writes the file of a server: this header, then zeros.
pub(crate) fn write_file(path: &Path, header: &[u8], size: u64) {
    use std::io::Write;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap();
    file.write_all(header).unwrap();
    file.set_len(size).unwrap();
}

/// A mapped region.
#[derive(Debug)]
pub(crate) struct RawRegion {
    start: *mut u8,
    size: usize,
    pub(crate) file: File,
}

// SAFETY: it belongs to the process, and all access is by atomics or by bytes that the other side copies out.
unsafe impl Send for RawRegion {}
// SAFETY: as above.
unsafe impl Sync for RawRegion {}

impl RawRegion {
    pub(crate) fn open(path: &Path) -> Self {
        let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
        let size = file.metadata().unwrap().len() as usize;
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: the kernel chooses a place where nothing else is.
        let start = unsafe { mmap(ptr::null_mut(), size, protection, MapFlags::SHARED, &file, 0) }.unwrap();
        Self { start: start.cast(), size, file }
    }

    /// Makes the file and attaches to it.
    pub(crate) fn create(path: &Path, request: u32, response: u32) -> Self {
        let pid = std::process::id() as i32;
        write_file(path, &header(pid, request, response), u64::from(64 + request + response));
        Self::open(path)
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    pub(crate) fn u32(&self, at: usize) -> &AtomicU32 {
        assert!(at.is_multiple_of(4) && at + 4 <= self.size);
        // SAFETY: aligned and inside the mapping, which `self` keeps.
        unsafe { &*self.start.wrapping_add(at).cast::<AtomicU32>() }
    }

    pub(crate) fn u64(&self, at: usize) -> &AtomicU64 {
        assert!(at.is_multiple_of(8) && at + 8 <= self.size);
        // SAFETY: as above.
        unsafe { &*self.start.wrapping_add(at).cast::<AtomicU64>() }
    }

    pub(crate) fn get(&self, at: usize) -> u32 {
        self.u32(at).load(Ordering::SeqCst)
    }

    pub(crate) fn put(&self, at: usize, value: u32) {
        self.u32(at).store(value, Ordering::SeqCst);
    }

    fn area(&self, way: Way) -> (usize, usize) {
        (self.get(way.offset) as usize, self.get(way.capacity) as usize)
    }

    /// Writes a message into its area, and nothing else.
    pub(crate) fn write(&self, way: Way, message: &[u8]) {
        let (offset, capacity) = self.area(way);
        assert!(message.len() <= capacity && offset + capacity <= self.size);
        // SAFETY: inside the mapping as checked; whoever reads it elsewhere copies it first.
        unsafe { ptr::copy_nonoverlapping(message.as_ptr(), self.start.wrapping_add(offset), message.len()) };
    }

    /// Makes what was written a message of this length.
    pub(crate) fn announce(&self, way: Way, length: u32) {
        fence(Ordering::SeqCst);
        self.put(way.length, length);
        self.u64(way.sequence).fetch_add(1, Ordering::SeqCst);
        self.ring(way);
    }

    /// Wakes who sleeps.
    pub(crate) fn ring(&self, way: Way) {
        let signal = self.u32(way.signal);
        signal.fetch_add(1, Ordering::SeqCst);
        futex::wake(signal, futex::Flags::empty(), 1).unwrap();
    }

    pub(crate) fn send(&self, way: Way, message: &[u8]) {
        self.write(way, message);
        self.announce(way, message.len() as u32);
    }

    pub(crate) fn sequence(&self, way: Way) -> u64 {
        self.u64(way.sequence).load(Ordering::SeqCst)
    }

    /// Waits until the sequence is beyond `own`, as existing peers do, and copies the message.
    pub(crate) fn receive_after(&self, way: Way, own: u64) -> Vec<u8> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let signal = self.get(way.signal);
            if self.sequence(way) > own {
                break;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no message came");
            let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
            match futex::wait(self.u32(way.signal), futex::Flags::empty(), signal, Some(&left)) {
                Ok(()) | Err(Errno::AGAIN | Errno::INTR | Errno::TIMEDOUT) => {}
                Err(errno) => panic!("{errno}"),
            }
        }
        self.read(way)
    }

    /// The message that is in the area.
    pub(crate) fn read(&self, way: Way) -> Vec<u8> {
        let length = self.get(way.length) as usize;
        let (offset, capacity) = self.area(way);
        assert!(length <= capacity);
        let mut message = vec![0; length];
        // SAFETY: inside the mapping; the sender does not write before it has an answer.
        unsafe { ptr::copy_nonoverlapping(self.start.wrapping_add(offset), message.as_mut_ptr(), length) };
        message
    }

    /// One request and its response, as an existing client does it.
    pub(crate) fn call(&self, request: &[u8]) -> Vec<u8> {
        let own = self.sequence(RESPONSES);
        self.send(REQUESTS, request);
        self.receive_after(RESPONSES, own)
    }
}

impl Drop for RawRegion {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping that was made, and nothing refers to it any more.
        unsafe { munmap(self.start.cast(), self.size) }.unwrap();
    }
}
