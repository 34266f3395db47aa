//! Tells whether any cgroup came or went, without looking at them.
//!
//! The obvious sign, the modification time of a directory, does not move on cgroup file systems, and the link count does
//! not show that one child was swapped for another. inotify does report every mkdir and rmdir there, so each directory of
//! the last walk is watched and silence means that the walk is still right.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;

/// Watches directories; see the module.
#[derive(Debug)]
pub(super) struct Watch {
    /// `None` where inotify is not to be had.
    descriptor: Option<OwnedFd>,
    /// Every directory since [`Watch::begin`] is watched, so silence can be believed.
    complete: bool,
}

impl Watch {
    /// Does not fail: a host that is out of inotify instances is merely scanned more often.
    pub(super) fn new() -> Self {
        let descriptor = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok();
        Self { complete: descriptor.is_some(), descriptor }
    }

    /// Call before a new walk: forgets what the last one could not watch.
    pub(super) fn begin(&mut self) {
        self.complete = self.descriptor.is_some();
    }

    /// Watches one more directory. The same directory again costs nothing but the call.
    pub(super) fn add(&mut self, directory: &Path) {
        let Some(descriptor) = &self.descriptor else {
            return;
        };
        let flags = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVE
            | WatchFlags::DELETE_SELF
            | WatchFlags::ONLYDIR
            | WatchFlags::DONT_FOLLOW;
        match inotify::add_watch(descriptor, directory, flags) {
            // Gone or closed to us: the walk meets the same and leaves nothing below it to watch.
            Ok(_) | Err(Errno::NOENT | Errno::ACCESS | Errno::NOTDIR) => {}
            // Out of watches, mostly. One blind spot is enough to make silence worthless.
            Err(_) => self.complete = false,
        }
    }

    /// Whether silence can be believed.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Takes all reports that came in and says whether there were any. One system call when nothing happened.
    ///
    /// References: `inotify(7)`.
    pub(super) fn changed(&mut self) -> io::Result<bool> {
        let Some(descriptor) = &self.descriptor else {
            return Ok(false);
        };
        let mut reports = [0; 4096];
        let mut any = false;
        loop {
            match rustix::io::read(descriptor, &mut reports) {
                Ok(0) | Err(Errno::AGAIN) => return Ok(any),
                Ok(_) => any = true,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn children_that_come_and_go_are_reported_once() {
        let root = tempfile::tempdir().unwrap();
        let mut watch = Watch::new();
        watch.add(root.path());
        assert!(watch.is_complete());
        assert!(!watch.changed().unwrap());
        fs::create_dir(root.path().join("a")).unwrap();
        assert!(watch.changed().unwrap());
        assert!(!watch.changed().unwrap());
        fs::remove_dir(root.path().join("a")).unwrap();
        assert!(watch.changed().unwrap());
    }

    #[test]
    fn a_missing_directory_is_no_blind_spot() {
        let root = tempfile::tempdir().unwrap();
        let mut watch = Watch::new();
        watch.add(&root.path().join("missing"));
        assert!(watch.is_complete());
    }
}
