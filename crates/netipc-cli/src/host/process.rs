//! Processes, read from `/proc` when somebody asks.
//!
//! Three small files a process, parsed by hand: what is wanted of them is five numbers and two byte strings, and the
//! crates that parse all of `/proc` take names for text, which they need not be, and know one `/proc` only.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::mountinfo::HierarchyKind;

/// The kernel's own names of processes are this long; those that it makes up for its threads may be longer.
const COMM: usize = 15;
/// Far more than the kernel writes into any of the files.
const LARGEST_FILE: u64 = 256 << 10;

/// One process.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// The id of its parent; 0 when that is the kernel, or outside of what can be seen.
    pub ppid: u32,
    /// The real user: whose process it is, whatever a set-user-id program may do for them.
    pub uid: Option<u32>,
    /// When it started, in clock ticks since the start of the machine.
    pub starttime: u64,
    /// The name that the kernel knows it by, 1 to 15 bytes.
    pub comm: Vec<u8>,
    /// The cgroup that it is in, for each hierarchy, those first that say best where a process lives. None when the kernel
    /// does not tell.
    pub memberships: Vec<Membership>,
}

/// A cgroup that a process is in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Membership {
    /// Of which hierarchy.
    pub hierarchy: HierarchyKind,
    /// Its path, as the kernel shows it.
    pub path: Vec<u8>,
}

/// Where a process lives, all hierarchies considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// In the root of every hierarchy: the host itself. So do the threads of the kernel.
    Root,
    /// In this cgroup.
    Cgroup(&'a [u8]),
    /// In this cgroup, which is gone; the process has ended but for its parent's taking note.
    Deleted(&'a [u8]),
    /// The kernel does not tell.
    Untold,
}

impl Process {
    /// Where the process lives: in the first cgroup below a root that `known` knows, since a hierarchy may be out of view;
    /// else in the first that is below a root.
    pub fn place(&self, known: impl Fn(&[u8]) -> bool) -> Place<'_> {
        let mut below = self.memberships.iter().map(|membership| &*membership.path).filter(|path| *path != b"/");
        let first = below.clone().next();
        match (below.find(|path| known(path)).or(first), self.memberships.is_empty()) {
            (None, true) => Place::Untold,
            (None, false) => Place::Root,
            (Some(path), _) => match path.strip_suffix(b" (deleted)") {
                // Whoever names a cgroup so gets what they ask for.
                Some(gone) if !known(path) => Place::Deleted(gone),
                _ => Place::Cgroup(path),
            },
        }
    }
}

/// The processes below one `/proc`.
#[derive(Debug)]
pub struct ProcessTable {
    directory: OwnedFd,
    text: Vec<u8>,
}

impl ProcessTable {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::openat(CWD, path, flags, Mode::empty())?;
        Ok(Self { directory, text: Vec::new() })
    }

    /// The ids of all processes that can be seen, in ascending order.
    ///
    /// # Errors
    /// The directory cannot be listed.
    pub fn pids(&self) -> io::Result<Vec<u32>> {
        let mut pids = Vec::new();
        for entry in Dir::read_from(&self.directory)? {
            let entry = entry?;
            if entry.file_type() == FileType::Directory {
                pids.extend(number::<u32>(entry.file_name().to_bytes()));
            }
        }
        pids.sort_unstable();
        Ok(pids)
    }

    /// The process with this id. `None` when there is none, when it ends meanwhile, or when we may not know of it.
    ///
    /// All is read below one descriptor of the process's directory, which means this very process for ever: should it end
    /// and its id be given to another on the way, reading fails.
    ///
    /// References: `proc_pid_stat(5)`, `proc_pid_status(5)`, `proc_pid_cgroup(5)`.
    pub fn get(&mut self, pid: u32) -> Option<Process> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let process = rustix::fs::openat(&self.directory, pid.to_string(), flags, Mode::empty()).ok()?;
        let (ppid, starttime, comm) = stat(self.read(&process, "stat").ok()?)?;
        let status = self.read(&process, "status").ok()?;
        // Threads can be opened by their ids too, although they are not listed.
        if field(status, b"Tgid:").is_some_and(|tgid| number(tgid) != Some(pid)) {
            return None;
        }
        let uid = field(status, b"Uid:").and_then(number);
        let memberships = match self.read(&process, "cgroup") {
            Ok(text) => memberships(text),
            Err(Errno::SRCH) => return None,
            // A kernel without cgroups, or a security module that hides them.
            Err(_) => Vec::new(),
        };
        Some(Process { pid, ppid, uid, starttime, comm, memberships })
    }

    fn read(&mut self, process: &OwnedFd, name: &str) -> Result<&[u8], Errno> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = File::from(rustix::fs::openat(process, name, flags, Mode::empty())?);
        self.text.clear();
        match file.take(LARGEST_FILE).read_to_end(&mut self.text) {
            Ok(_) => Ok(&self.text),
            Err(error) => Err(Errno::from_io_error(&error).unwrap_or(Errno::IO)),
        }
    }
}

/// Parent, start time and name. The name is in parentheses and may hold any byte, so what counts is the last of them.
fn stat(text: &[u8]) -> Option<(u32, u64, Vec<u8>)> {
    let open = text.iter().position(|&byte| byte == b'(')?;
    let close = text.iter().rposition(|&byte| byte == b')')?;
    let comm = text.get(open + 1..close)?;
    // After the name: state, parent, and 17 fields before the start time.
    let mut fields = text[close + 1..].split(|&byte| byte == b' ' || byte == b'\n').filter(|field| !field.is_empty());
    let ppid = number(fields.nth(1)?)?;
    let starttime = number(fields.nth(17)?)?;
    // A process may have an empty name, but no message can say so.
    let comm = if comm.is_empty() { b"?" } else { &comm[..comm.len().min(COMM)] };
    Some((ppid, starttime, comm.to_vec()))
}

/// The first word after `label` in a file of lines such as `Uid:\t0\t0`. The kernel keeps names from breaking lines there.
fn field<'a>(text: &'a [u8], label: &[u8]) -> Option<&'a [u8]> {
    let line = text.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(label))?;
    line.split(u8::is_ascii_whitespace).find(|word| !word.is_empty())
}

fn number<T: std::str::FromStr>(digits: &[u8]) -> Option<T> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Lines of `id:controllers:path`, where the path may hold colons, but no line break.
fn memberships(text: &[u8]) -> Vec<Membership> {
    let mut memberships: Vec<_> = text.split(|&byte| byte == b'\n').filter_map(membership).collect();
    memberships.sort();
    memberships
}

fn membership(line: &[u8]) -> Option<Membership> {
    let mut fields = line.splitn(3, |&byte| byte == b':');
    let id = fields.next()?;
    let controllers = fields.next()?;
    let path = fields.next().filter(|path| path.starts_with(b"/"))?.to_vec();
    let hierarchy = match controllers.strip_prefix(b"name=") {
        Some(name) => HierarchyKind::Named(name.to_vec()),
        None if id == b"0" && controllers.is_empty() => HierarchyKind::Unified,
        None => HierarchyKind::Controllers(controllers.to_vec()),
    };
    Some(Membership { hierarchy, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: &str = "S 7 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 170000 1000";

    fn process(memberships_text: &str) -> Process {
        let memberships = memberships(memberships_text.as_bytes());
        Process { pid: 1, ppid: 0, uid: None, starttime: 0, comm: b"x".to_vec(), memberships }
    }

    #[test]
    fn a_name_may_hold_anything() {
        for name in ["bash", ") R 1 2", "a b\n)(", "\u{e9}"] {
            let text = format!("12 ({name}) {REST}\n");
            assert_eq!(stat(text.as_bytes()), Some((7, 4242, name.as_bytes().to_vec())), "{name:?}");
        }
        // NIPC-APL-05
        let long = format!("12 (kworker/u16:3-events_unbound) {REST}");
        assert_eq!(stat(long.as_bytes()).unwrap().2, b"kworker/u16:3-e");
        assert_eq!(stat(format!("12 () {REST}").as_bytes()).unwrap().2, b"?");
        for bad in
            ["", "12", "12 (x", "12 )x( S 1", "12 (x) S 1 2 3", "12 (x) S -1 1 1 0 -1 4 1 2 3 4 5 6 7 8 2 0 1 0 42"]
        {
            assert_eq!(stat(bad.as_bytes()), None, "{bad:?}");
        }
    }

    #[test]
    fn what_can_be_told_best_comes_first() {
        let text = b"5:cpu,cpuacct:/c\n1:name=systemd:/b\n0::/a:b (x)\nnonsense\n7:memory\n8:pids:relative\n";
        let paths: Vec<_> = memberships(text).into_iter().map(|membership| membership.path).collect();
        assert_eq!(paths, [&b"/a:b (x)"[..], b"/b", b"/c"]);
    }

    #[test]
    fn a_process_lives_where_something_is_known() {
        let hybrid = process("0::/\n1:name=systemd:/\n2:pids:/out/of/view\n3:memory:/box/7\n");
        assert_eq!(hybrid.place(|path| path == b"/box/7"), Place::Cgroup(b"/box/7"));
        assert_eq!(hybrid.place(|_| false), Place::Cgroup(b"/box/7"));
        assert_eq!(process("0::/\n1:cpu:/\n").place(|_| true), Place::Root);
        assert_eq!(process("").place(|_| true), Place::Untold);
    }

    #[test]
    fn a_deleted_cgroup_is_told_apart_from_one_of_that_name() {
        let process = process("0::/gone (deleted)\n");
        assert_eq!(process.place(|_| false), Place::Deleted(b"/gone"));
        assert_eq!(process.place(|path| path == b"/gone"), Place::Deleted(b"/gone"));
        assert_eq!(process.place(|path| path == b"/gone (deleted)"), Place::Cgroup(b"/gone (deleted)"));
    }

    #[test]
    fn this_very_process_is_found_and_its_threads_are_not() {
        let mut table = ProcessTable::open(Path::new("/proc")).unwrap();
        let pid = std::process::id();
        let process = table.get(pid).unwrap();
        assert_eq!(process.pid, pid);
        assert_eq!(process.uid, Some(rustix::process::getuid().as_raw()));
        assert!(process.starttime > 0 && !process.comm.is_empty() && process.comm.len() <= COMM);
        assert!(table.pids().unwrap().contains(&pid));
        let thread = std::thread::spawn(move || {
            let thread = rustix::thread::gettid().as_raw_nonzero().get() as u32;
            assert_ne!(thread, pid);
            ProcessTable::open(Path::new("/proc")).unwrap().get(thread)
        });
        assert_eq!(thread.join().unwrap(), None);
        assert_eq!(table.get(0), None);
        assert_eq!(table.get(u32::MAX), None);
    }

    #[test]
    fn a_process_that_has_ended_is_none() {
        let mut running = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let mut table = ProcessTable::open(Path::new("/proc")).unwrap();
        let pid = running.id();
        assert_eq!(table.get(pid).unwrap().ppid, std::process::id());
        running.kill().unwrap();
        running.wait().unwrap();
        assert_eq!(table.get(pid), None);
    }
}
