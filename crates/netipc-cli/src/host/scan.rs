//! One walk over the mounted hierarchies: which cgroups there are, each path once.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::mountinfo::{Hierarchy, HierarchyKind};

/// How much of a host one walk takes in, whatever the host holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bounds {
    /// Cgroups that are kept; those nearest to the root come first.
    pub cgroups: usize,
    /// Levels below the mount. The kernel's own paths end at 4096 bytes, so no host comes near.
    pub depth: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { cgroups: 65_536, depth: 2_048 }
    }
}

/// A cgroup as the walk met it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// It is part of the unified hierarchy.
    pub(super) unified: bool,
    /// Its directory could be listed in every hierarchy that has it.
    pub(super) readable: bool,
}

/// The outcome of a walk, ordered by path.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) cgroups: BTreeMap<Vec<u8>, Found>,
    /// A bound was met, so there are more cgroups than these.
    pub(super) truncated: bool,
}

/// Walks all `hierarchies` and merges what they hold. `visit` is told of every directory before it is listed, so that
/// whoever watches it misses nothing that happens after the listing.
///
/// The root cgroup is left out: it is the host itself. A cgroup that vanishes on the way is left out too, and one that may
/// not be listed stays in, marked. Symbolic links are never followed. Fails only if no hierarchy at all can be read.
pub(super) fn scan(hierarchies: &[Hierarchy], bounds: Bounds, mut visit: impl FnMut(&Path)) -> Result<Scan, ScanError> {
    let mut scan = Scan::default();
    let mut failure = None;
    let mut readable = 0;
    for hierarchy in hierarchies {
        match walk(hierarchy, bounds, &mut scan, &mut visit) {
            Ok(()) => readable += 1,
            Err(source) => {
                failure = Some(ScanError { mount: hierarchy.mount.clone(), source });
            }
        }
    }
    match failure {
        Some(error) if readable == 0 => Err(error),
        _ => Ok(scan),
    }
}

/// The mount point of a hierarchy could not be listed.
#[derive(Debug)]
pub(super) struct ScanError {
    pub(super) mount: std::path::PathBuf,
    pub(super) source: io::Error,
}

/// Breadth first, so that a bound cuts off what is deep rather than what is late in the alphabet. Only relative paths wait
/// in the queue; at any time one directory is open.
fn walk(hierarchy: &Hierarchy, bounds: Bounds, scan: &mut Scan, visit: &mut impl FnMut(&Path)) -> io::Result<()> {
    let unified = hierarchy.kind == HierarchyKind::Unified;
    let mut queue = VecDeque::from([(Vec::new(), 0)]);
    while let Some((relative, depth)) = queue.pop_front() {
        let directory = hierarchy.mount.join(OsStr::from_bytes(&relative));
        visit(&directory);
        let path = hierarchy.cgroup_path(&relative);
        let room = if depth < bounds.depth { bounds.cgroups.saturating_sub(queue.len()) } else { 0 };
        let children = match children(&directory, room) {
            Ok(children) => Some(children),
            Err(error) if relative.is_empty() => return Err(error.into()),
            Err(Errno::ACCESS | Errno::PERM) => None,
            Err(Errno::NAMETOOLONG) => {
                scan.truncated = true;
                continue;
            }
            // Gone since its parent was listed.
            Err(_) => continue,
        };
        if path != b"/" && !note(scan, path, Found { unified, readable: children.is_some() }, bounds) {
            continue;
        }
        let Some(children) = children else { continue };
        scan.truncated |= children.more;
        for child in children.names {
            let below = if relative.is_empty() { child } else { [&relative[..], b"/", &child].concat() };
            queue.push_back((below, depth + 1));
        }
    }
    Ok(())
}

/// Adds a cgroup, or adds to it what another hierarchy knows. `false` when there is no room for it.
fn note(scan: &mut Scan, path: Vec<u8>, found: Found, bounds: Bounds) -> bool {
    let full = scan.cgroups.len() >= bounds.cgroups;
    match scan.cgroups.get_mut(&path) {
        Some(known) => {
            known.unified |= found.unified;
            known.readable &= found.readable;
        }
        None if full => {
            scan.truncated = true;
            return false;
        }
        None => {
            scan.cgroups.insert(path, found);
        }
    }
    true
}

/// The directories in a directory.
struct Children {
    names: Vec<Vec<u8>>,
    /// There are more than were asked for.
    more: bool,
}

/// The names of at most `room` directories in `directory`, in the order of the kernel.
///
/// References: `openat(2)`, `getdents(2)`.
fn children(directory: &Path, room: usize) -> Result<Children, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let descriptor: OwnedFd = rustix::fs::openat(CWD, directory, flags, Mode::empty())?;
    let mut names = Vec::new();
    for entry in Dir::new(descriptor)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        // Every file system that cgroups live on tells the type here; without it an entry is no directory to us.
        if entry.file_type() != FileType::Directory || name == b"." || name == b".." {
            continue;
        }
        if names.len() == room {
            return Ok(Children { names, more: true });
        }
        names.push(name.to_vec());
    }
    Ok(Children { names, more: false })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    fn hierarchy(mount: PathBuf) -> Hierarchy {
        Hierarchy { kind: HierarchyKind::Unified, mount, root: b"/".to_vec() }
    }

    fn paths(scan: &Scan) -> Vec<&str> {
        scan.cgroups.keys().map(|path| std::str::from_utf8(path).unwrap()).collect()
    }

    #[test]
    fn symbolic_links_are_not_followed() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/b")).unwrap();
        std::os::unix::fs::symlink("a", root.path().join("link")).unwrap();
        std::os::unix::fs::symlink("..", root.path().join("a/loop")).unwrap();
        let scan = scan(&[hierarchy(root.path().to_path_buf())], Bounds::default(), |_| {}).unwrap();
        assert_eq!(paths(&scan), ["/a", "/a/b"]);
        assert!(!scan.truncated);
    }

    #[test]
    fn names_may_hold_any_bytes() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(OsStr::from_bytes(b"caf\xe9\n"))).unwrap();
        let scan = scan(&[hierarchy(root.path().to_path_buf())], Bounds::default(), |_| {}).unwrap();
        assert!(scan.cgroups.contains_key(&b"/caf\xe9\n"[..]));
    }

    #[test]
    fn bounds_keep_what_is_nearest_to_the_root() {
        let root = tempfile::tempdir().unwrap();
        for path in ["a/deep/er", "b", "c/x", "c/y"] {
            fs::create_dir_all(root.path().join(path)).unwrap();
        }
        let few = Bounds { cgroups: 4, ..Bounds::default() };
        let scan_few = scan(&[hierarchy(root.path().to_path_buf())], few, |_| {}).unwrap();
        assert_eq!(scan_few.cgroups.len(), 4);
        assert!(scan_few.truncated);
        assert!(["/a", "/b", "/c"].iter().all(|path| scan_few.cgroups.contains_key(path.as_bytes())));

        let shallow = Bounds { depth: 1, ..Bounds::default() };
        let scan_shallow = scan(&[hierarchy(root.path().to_path_buf())], shallow, |_| {}).unwrap();
        assert_eq!(paths(&scan_shallow), ["/a", "/b", "/c"]);
        assert!(scan_shallow.truncated);
    }

    #[test]
    fn a_very_deep_tree_is_walked_without_recursion_or_many_descriptors() {
        let root = tempfile::tempdir().unwrap();
        let deep: PathBuf = std::iter::repeat_n("d", 1_500).collect();
        fs::create_dir_all(root.path().join(deep)).unwrap();
        let scan = scan(&[hierarchy(root.path().to_path_buf())], Bounds::default(), |_| {}).unwrap();
        assert_eq!(scan.cgroups.len(), 1_500);
    }

    #[test]
    fn a_cgroup_that_vanishes_during_the_walk_is_left_out() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("gone")).unwrap();
        fs::create_dir_all(root.path().join("stays")).unwrap();
        let scan = scan(&[hierarchy(root.path().to_path_buf())], Bounds::default(), |visited| {
            if visited.ends_with("gone") {
                fs::remove_dir(visited).unwrap();
            }
        });
        assert_eq!(paths(&scan.unwrap()), ["/stays"]);
    }

    #[test]
    fn one_unreadable_hierarchy_does_not_hide_the_others() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("there/a")).unwrap();
        let there = hierarchy(root.path().join("there"));
        let missing = hierarchy(root.path().join("missing"));
        let both = [missing.clone(), there];
        assert_eq!(paths(&scan(&both, Bounds::default(), |_| {}).unwrap()), ["/a"]);
        let error = scan(&[missing], Bounds::default(), |_| {}).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::NotFound);
    }
}
