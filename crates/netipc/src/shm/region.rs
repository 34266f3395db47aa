//! The file of a session's shared memory: made by the server, attached by the client, removed by the server.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
use std::time::{SystemTime, UNIX_EPOCH};

use netipc_proto::session::Role;
use rustix::fs::{FallocateFlags, FileType, FlockOperation, Mode, OFlags, Stat};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use crate::shm::fault::{RegionFault, RegionStep};
use crate::shm::layout::{Area, HEADER_LEN, Head, Layout, Owner, at};
use crate::shm::plane::{Lane, Step};
use crate::shm::points::{Point, reach};
use crate::shm::stale;
use crate::sys::map::{Mapping, WORD};

/// How often memory is asked for when signals interrupt.
const ATTEMPTS: u32 = 16;

const MODE: Mode = Mode::RUSR.union(Mode::WUSR);

/// The shared memory of one session, in this process.
#[derive(Debug)]
pub(crate) struct Region {
    // Declared, and so dropped, before the mapping: no other file can get its inode number before its name is gone.
    name: Option<Name>,
    map: Mapping,
    layout: Layout,
}

/// The name of a file that this process made. Unlinked on drop if it is still the same file.
#[derive(Debug)]
struct Name {
    path: PathBuf,
    device: u64,
    inode: u64,
    /// Has the lock that marks the file as in use. A mapping alone would keep it on most file systems, not on overlayfs.
    file: OwnedFd,
}

/// Why a region was not made.
#[derive(Debug)]
pub(crate) enum Unmade {
    /// The name belongs to a file that is in use.
    Taken,
    Fault(RegionFault),
}

impl From<RegionFault> for Unmade {
    fn from(fault: RegionFault) -> Self {
        Self::Fault(fault)
    }
}

/// `{run_dir}/{service}-{session_id as 16 hex digits}.ipcshm`. NIPC-SHM-01.
pub(crate) fn path(run_dir: &Path, service: &str, session_id: u64) -> PathBuf {
    run_dir.join(format!("{service}-{session_id:016x}{}", stale::SUFFIX))
}

impl Region {
    /// Makes the file of a session. NIPC-SHM-02, NIPC-SHM-05.
    pub(crate) fn create(path: PathBuf, layout: Layout) -> Result<Self, Unmade> {
        let file = match new_file(&path) {
            Err(Errno::EXIST) if stale::clear(&path) => new_file(&path),
            result => result,
        };
        let file = match file {
            Err(Errno::EXIST) => return Err(Unmade::Taken),
            result => result.map_err(RegionFault::os(RegionStep::Create))?,
        };
        reach(Point::Created);
        let stat = rustix::fs::fstat(&file).map_err(RegionFault::os(RegionStep::Stat))?;
        // From here on whatever fails takes the name away again.
        let name = Name { path: path.clone(), device: stat.st_dev, inode: stat.st_ino, file };
        let file = &name.file;
        if Mode::from_raw_mode(stat.st_mode) & Mode::RWXU != MODE & Mode::RWXU {
            // A umask that takes rights from the owner.
            rustix::fs::fchmod(file, MODE).map_err(RegionFault::os(RegionStep::Create))?;
        }
        match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
            // Somebody looks for stale files; a new one without a lock is one.
            Err(Errno::WOULDBLOCK) => return Err(Unmade::Taken),
            result => result.map_err(RegionFault::os(RegionStep::Lock))?,
        }
        reach(Point::Locked);
        allocate(file, layout.size())?;
        reach(Point::Allocated);
        let map = map(file.as_fd(), &layout)?;
        reach(Point::Mapped);
        let region = Self { name: Some(name), map, layout };
        region
            .write_head(&layout.head(Owner { pid: rustix::process::getpid().as_raw_pid(), generation: generation() }));
        reach(Point::Headed);
        // Taken for a stale one before it had its lock, and removed.
        if !is_named(&path, stat.st_dev, stat.st_ino) {
            return Err(Unmade::Taken);
        }
        Ok(region)
    }

    /// Attaches to the file that the server, user `server_uid`, has made. NIPC-SHM-09, NIPC-SHM-10.
    pub(crate) fn attach(path: &Path, server_uid: u32) -> Result<Self, RegionFault> {
        let file = open(path, OFlags::RDWR).map_err(|errno| match errno {
            Errno::LOOP | Errno::NXIO | Errno::ISDIR => RegionFault::NotAFile,
            errno => RegionFault::os(RegionStep::Open)(errno),
        })?;
        reach(Point::Opened);
        let stat = rustix::fs::fstat(&file).map_err(RegionFault::os(RegionStep::Stat))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(RegionFault::NotAFile);
        }
        if stat.st_uid != server_uid && stat.st_uid != rustix::process::geteuid().as_raw() {
            return Err(RegionFault::Owner { got: stat.st_uid, expected: server_uid });
        }
        let (layout, _owner) = read_head(&file, &stat)?;
        let map = map(file.as_fd(), &layout)?;
        reach(Point::Attached);
        // What the file says now, and what it is now, may differ from what was checked: the mapping is guarded, and
        // nothing of the header is read again.
        Ok(Self { name: None, map, layout })
    }

    /// The direction in which this side sends.
    pub(crate) fn outbound(&self, role: Role) -> Direction<'_> {
        match role {
            Role::Client => self.requests(),
            Role::Server => self.responses(),
        }
    }

    /// The direction in which this side receives.
    pub(crate) fn inbound(&self, role: Role) -> Direction<'_> {
        match role {
            Role::Client => self.responses(),
            Role::Server => self.requests(),
        }
    }

    /// Whether the file was cut short.
    pub(crate) fn is_lost(&self) -> bool {
        self.map.is_lost()
    }

    fn requests(&self) -> Direction<'_> {
        Direction {
            map: &self.map,
            area: self.layout.request,
            sequence: at::REQUEST_SEQUENCE,
            length: at::REQUEST_LENGTH,
            signal: at::REQUEST_SIGNAL,
            point: Point::Request,
        }
    }

    fn responses(&self) -> Direction<'_> {
        Direction {
            map: &self.map,
            area: self.layout.response,
            sequence: at::RESPONSE_SEQUENCE,
            length: at::RESPONSE_LENGTH,
            signal: at::RESPONSE_SIGNAL,
            point: Point::Response,
        }
    }

    /// A new file is zero all over; the first word, by which it is known, comes last.
    fn write_head(&self, head: &Head) {
        for (index, word) in head.iter().enumerate().skip(1) {
            self.map.half(4 * index).store(*word, Ordering::Relaxed);
        }
        self.map.half(0).store(head[0], Ordering::Release);
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        reach(Point::Ending);
        // Before the mapping goes. The lock goes after the name, with its descriptor.
        self.name = None;
        reach(Point::Unlinked);
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        if is_named(&self.path, self.device, self.inode) {
            // A failure leaves a stale file, which the next server removes.
            let _ = rustix::fs::unlink(&self.path);
        }
    }
}

/// Whether a path still names this file.
pub(crate) fn is_named(path: &Path, device: u64, inode: u64) -> bool {
    rustix::fs::lstat(path).is_ok_and(|stat| (stat.st_dev, stat.st_ino) == (device, inode))
}

/// Opens what has the name of a region, without following a link, waiting for anything or taking a terminal.
pub(crate) fn open(path: &Path, access: OFlags) -> Result<OwnedFd, Errno> {
    let flags = access | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    rustix::fs::open(path, flags, Mode::empty())
}

/// The layout and the owner that a file tells.
pub(crate) fn read_head(file: &OwnedFd, stat: &Stat) -> Result<(Layout, Owner), RegionFault> {
    let size = u64::try_from(stat.st_size).unwrap_or(0);
    let mut bytes = [0; size_of::<Head>()];
    if size >= u64::from(HEADER_LEN) {
        rustix::io::pread(file, &mut bytes, 0).map_err(RegionFault::os(RegionStep::Stat))?;
    }
    let mut head = Head::default();
    for (word, bytes) in head.iter_mut().zip(bytes.as_chunks().0) {
        *word = u32::from_ne_bytes(*bytes);
    }
    Layout::check(&head, size).map_err(RegionFault::Header)
}

fn new_file(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, MODE)
}

/// Reserves the memory, so that no later access can fail for want of it.
fn allocate(file: &OwnedFd, size: u64) -> Result<(), RegionFault> {
    // Beyond this limit the kernel does not only refuse, it also sends SIGXFSZ.
    if let Some(allowed) = getrlimit(Resource::Fsize).current.filter(|&allowed| allowed < size) {
        return Err(RegionFault::FileSizeLimit { got: size, allowed });
    }
    // What was interrupted is undone, so with signals that come faster than it is done it never would be.
    let mut result = Err(Errno::INTR);
    for _ in 0..ATTEMPTS {
        result = rustix::fs::fallocate(file, FallocateFlags::empty(), 0, size);
        if result != Err(Errno::INTR) {
            break;
        }
    }
    result.map_err(RegionFault::os(RegionStep::Allocate))
}

fn map(file: BorrowedFd<'_>, layout: &Layout) -> Result<Mapping, RegionFault> {
    // On a machine of 32 bits not everything fits.
    let size = usize::try_from(layout.size()).map_err(|_too_large| Errno::NOMEM);
    size.and_then(|size| Mapping::new(file, size)).map_err(RegionFault::os(RegionStep::Map))
}

/// Not 0, and another one for most regions. Nothing compares it.
fn generation() -> u32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    ((since.as_secs() as u32) ^ (since.subsec_nanos() >> 10)).max(1)
}

/// One direction of a region.
pub(crate) struct Direction<'a> {
    map: &'a Mapping,
    area: Area,
    sequence: usize,
    length: usize,
    signal: usize,
    point: fn(Step) -> Point,
}

impl Direction<'_> {
    /// The word that a receiver sleeps on.
    pub(crate) fn signal_word(&self) -> &AtomicU32 {
        self.map.half(self.signal)
    }

    fn sequence_word(&self) -> &AtomicU64 {
        &self.map.words()[self.sequence / WORD]
    }

    fn words(&self) -> &[AtomicU64] {
        let start = self.area.offset as usize / WORD;
        &self.map.words()[start..start + self.area.capacity as usize / WORD]
    }
}

impl Lane for Direction<'_> {
    fn sequence(&self, order: Ordering) -> u64 {
        self.sequence_word().load(order)
    }

    fn set_sequence(&self, value: u64, order: Ordering) {
        self.sequence_word().store(value, order);
    }

    fn length(&self, order: Ordering) -> u32 {
        self.map.half(self.length).load(order)
    }

    fn set_length(&self, value: u32, order: Ordering) {
        self.map.half(self.length).store(value, order);
    }

    fn add_signal(&self, order: Ordering) {
        self.signal_word().fetch_add(1, order);
    }

    fn capacity(&self) -> u32 {
        self.area.capacity
    }

    fn write(&self, head: &[u8], body: &[u8]) {
        let (head_words, body_words) = self.words().split_at(head.len() / WORD);
        debug_assert!(head.len().is_multiple_of(WORD), "a head of {} bytes", head.len());
        store(head_words, head);
        store(body_words, body);
    }

    fn read(&self, length: usize, out: &mut Vec<u8>) {
        let words = self.words();
        out.reserve(length);
        out.extend(words[..length / WORD].iter().flat_map(|word| word.load(Ordering::Relaxed).to_ne_bytes()));
        if let rest @ 1.. = length % WORD {
            let last = words[length / WORD].load(Ordering::Relaxed).to_ne_bytes();
            out.extend_from_slice(&last[..rest]);
        }
    }

    fn fence(&self, order: Ordering) {
        fence(order);
    }

    fn reach(&self, step: Step) {
        reach((self.point)(step));
    }
}

/// Writes bytes word by word, the last one filled up with zeros.
fn store(words: &[AtomicU64], bytes: &[u8]) {
    let (whole, rest) = bytes.as_chunks::<WORD>();
    assert!(whole.len() + usize::from(!rest.is_empty()) <= words.len(), "{} bytes do not fit an area", bytes.len());
    for (word, bytes) in words.iter().zip(whole) {
        word.store(u64::from_ne_bytes(*bytes), Ordering::Relaxed);
    }
    if !rest.is_empty() {
        let mut last = [0; WORD];
        last[..rest.len()].copy_from_slice(rest);
        words[whole.len()].store(u64::from_ne_bytes(last), Ordering::Relaxed);
    }
}
