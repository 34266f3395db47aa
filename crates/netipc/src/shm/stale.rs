//! Regions that a dead server left behind.
//!
//! A region of ours is locked for as long as it is mapped by the server that made it, so the kernel knows whether that
//! server lives; no process id is needed, and none can mislead. Existing servers take no lock. Theirs are in use if the
//! process that the header names lives *and* has the file mapped: a process that only got the same id has not.
//!
//! What cannot be found out counts as in use.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{FileType, FlockOperation, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use crate::shm::points::{Point, reach};
use crate::shm::region::{is_named, open, read_head};

pub(crate) const SUFFIX: &str = ".ipcshm";

/// Removes every stale region of a service; the caller has the endpoint. NIPC-SHM-06, NIPC-SHM-07.
pub(crate) fn clear_all(run_dir: &Path, service: &str) {
    // A directory that cannot be read keeps what is in it: names that are in the way are met when they are needed.
    let Ok(entries) = fs::read_dir(run_dir) else { return };
    for entry in entries.flatten().filter(|entry| belongs_to(&entry.file_name(), service)) {
        clear(&entry.path());
    }
}

/// Whether a file name is that of a region of the service, and not one of another that begins with the same name.
fn belongs_to(name: &OsStr, service: &str) -> bool {
    let name = name.as_bytes();
    let id = name
        .strip_prefix(service.as_bytes())
        .and_then(|rest| rest.strip_prefix(b"-"))
        .and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
    id.is_some_and(|id| id.len() == 16 && id.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')))
}

/// Removes what has the name of a region unless that is in use; whether the name is free now.
pub(crate) fn clear(path: &Path) -> bool {
    let file = match open(path, OFlags::RDONLY) {
        Ok(file) => file,
        Err(Errno::NOENT) => return true,
        // A symbolic link: never followed, and nobody's region.
        Err(Errno::LOOP) => return rustix::fs::unlink(path).is_ok(),
        Err(_) => return false,
    };
    reach(Point::Found);
    let Ok(stat) = rustix::fs::fstat(&file) else { return false };
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return false;
    }
    // Locked until the descriptor is closed: of two who clean up at once the other one takes the file for one in use.
    if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        return false;
    }
    if let Ok((_, owner)) = read_head(&file, &stat)
        && owner.generation != 0
        && Pid::from_raw(owner.pid.max(0)).is_some_and(|pid| has_mapped(pid, path, stat.st_ino))
    {
        return false;
    }
    let cleared = is_named(path, stat.st_dev, stat.st_ino) && rustix::fs::unlink(path).is_ok();
    reach(Point::Cleared);
    cleared
}

/// Whether a process lives and has a file mapped, as far as that can be known.
fn has_mapped(pid: Pid, path: &Path, inode: u64) -> bool {
    if test_kill_process(pid) == Err(Errno::SRCH) {
        return false;
    }
    // Readable for the same user, which the owner of the file has to be for most.
    let Ok(maps) = fs::read(format!("/proc/{}/maps", pid.as_raw_pid())) else { return true };
    let path = fs::canonicalize(path).unwrap_or_else(|_error| path.to_owned());
    maps.split(|&byte| byte == b'\n').any(|line| maps_file(line, path.as_os_str().as_bytes(), inode))
}

/// Whether a line `addresses rights offset device inode path` is about this file. The device is left alone: on layered
/// file systems it is not the one that `stat` tells, and there the inode may differ, too.
fn maps_file(line: &[u8], path: &[u8], inode: u64) -> bool {
    let mut fields = line.split(|&byte| byte == b' ').filter(|field| !field.is_empty());
    let same_inode = fields.nth(4).is_some_and(|field| field == inode.to_string().as_bytes());
    same_inode || line.ends_with(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_belong_to_one_service() {
        // NIPC-SHM-06
        for name in ["a-0000000000000001.ipcshm", "a-00000000deadbeef.ipcshm"] {
            assert!(belongs_to(OsStr::new(name), "a"), "{name}");
        }
        for name in [
            "a-b-0000000000000001.ipcshm",
            "b-0000000000000001.ipcshm",
            "a-000000000000001.ipcshm",
            "a-00000000000000001.ipcshm",
            "a-00000000DEADBEEF.ipcshm",
            "a-000000000000000g.ipcshm",
            "a-0000000000000001.ipcshm~",
            "a0000000000000001.ipcshm",
            "a.sock",
            "a-",
        ] {
            assert!(!belongs_to(OsStr::new(name), "a"), "{name}");
        }
        assert!(belongs_to(OsStr::new("a-b-0000000000000001.ipcshm"), "a-b"));
    }

    #[test]
    fn maps_tell_the_file() {
        let line = b"7f0000000000-7f0000001000 rw-s 00000000 00:19 42                         /run/x/a-1.ipcshm";
        assert!(maps_file(line, b"/elsewhere", 42));
        assert!(maps_file(line, b"/run/x/a-1.ipcshm", 7));
        assert!(!maps_file(line, b"/run/x/a-2.ipcshm", 4));
        assert!(!maps_file(b"7efe9aff4000-7efe9aff6000 r-xp 00000000 00:00 0 [vdso]", b"/run/x/a-1.ipcshm", 42));
        assert!(!maps_file(b"", b"/run/x/a-1.ipcshm", 42));
    }
}
