//! Which cgroup hierarchies are mounted, and where: the part of `/proc/PID/mountinfo` that matters here.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What tells one cgroup hierarchy from another.
///
/// The order is that of trust when the question is where a process really lives: the unified hierarchy, then the one
/// that systemd names after itself, then whatever else is mounted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum HierarchyKind {
    /// The single hierarchy of cgroup v2.
    Unified,
    /// A v1 hierarchy without controllers, known by its name (`systemd` for example).
    Named(Vec<u8>),
    /// A v1 hierarchy with controllers, in the spelling of the mount options (`cpu,cpuacct`).
    Controllers(Vec<u8>),
}

/// One mounted cgroup hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hierarchy {
    /// What it is.
    pub kind: HierarchyKind,
    /// The directory where it can be read.
    pub mount: PathBuf,
    /// The cgroup path of that directory: `/` unless only a part of the hierarchy is mounted, as in a container that
    /// has no cgroup namespace of its own.
    pub root: Vec<u8>,
}

impl Hierarchy {
    /// The cgroup path of the directory `relative` (no leading slash) below the mount.
    pub(super) fn cgroup_path(&self, relative: &[u8]) -> Vec<u8> {
        let root = self.root.strip_suffix(b"/").unwrap_or(&self.root);
        if relative.is_empty() {
            return self.root.clone();
        }
        [root, b"/", relative].concat()
    }

    /// The directory of the cgroup `path` below the mount, or `None` when `path` lies outside of it.
    ///
    /// A path may come from a peer, so one that climbs with `..` is outside.
    pub(super) fn directory(&self, path: &[u8]) -> Option<PathBuf> {
        let root = self.root.strip_suffix(b"/").unwrap_or(&self.root);
        let rest = path.strip_prefix(root)?;
        let relative = match rest {
            [] => rest,
            [b'/', relative @ ..] => relative,
            _ => return None,
        };
        let climbs = relative.split(|&byte| byte == b'/').any(|part| part == b"..");
        let absolute = relative.first() == Some(&b'/');
        (!climbs && !absolute).then(|| self.mount.join(OsStr::from_bytes(relative)))
    }
}

/// Reads the hierarchies out of the text of a `mountinfo` file, each once, best kind first.
///
/// Mount points are taken below `host_root`. A hierarchy that is mounted in several places is read where most of it can
/// be seen: at the mount with the shortest cgroup root, then at the shortest mount point. Lines that make no sense are
/// skipped, since the kernel may append fields and file systems that do not concern us.
///
/// References: `proc_pid_mountinfo(5)`, `cgroups(7)`.
pub fn hierarchies(text: &[u8], host_root: &Path) -> Vec<Hierarchy> {
    let mut mounts: Vec<Mount> = Vec::new();
    for mount in text.split(|&byte| byte == b'\n').filter_map(Mount::parse) {
        // What is mounted later at the same place hides what was there.
        mounts.retain(|earlier| earlier.point != mount.point);
        mounts.push(mount);
    }
    mounts.sort_by_key(|mount| (mount.root.len(), mount.point.len()));

    let mut devices: Vec<Vec<u8>> = Vec::new();
    let mut found = Vec::new();
    for mount in mounts {
        let Some(kind) = mount.kind else { continue };
        if devices.contains(&mount.device) {
            continue;
        }
        devices.push(mount.device);
        let point = mount.point.strip_prefix(b"/").unwrap_or(&mount.point);
        found.push(Hierarchy { kind, mount: host_root.join(OsStr::from_bytes(point)), root: mount.root });
    }
    found.sort_by(|a, b| a.kind.cmp(&b.kind));
    found
}

/// One line of `mountinfo`. `kind` is `None` for what is no cgroup file system; such lines still hide others.
struct Mount {
    device: Vec<u8>,
    root: Vec<u8>,
    point: Vec<u8>,
    kind: Option<HierarchyKind>,
}

impl Mount {
    fn parse(line: &[u8]) -> Option<Self> {
        let mut fields = line.split(|&byte| byte == b' ');
        let device = fields.nth(2)?.to_vec();
        let root = unescape_octal(fields.next()?);
        let point = unescape_octal(fields.next()?);
        // Any number of optional fields precedes the lone dash.
        fields.find(|&field| field == b"-")?;
        let file_system = fields.next()?;
        let options = fields.nth(1)?;
        let kind = match file_system {
            b"cgroup2" => Some(HierarchyKind::Unified),
            b"cgroup" => Some(v1_kind(options)),
            _ => None,
        };
        Some(Self { device, root, point, kind })
    }
}

/// Super-block options of a v1 mount: flags, then controllers, then `name=`. A hierarchy may have controllers and a
/// name; the controllers say more.
fn v1_kind(options: &[u8]) -> HierarchyKind {
    const FLAGS: [&[u8]; 7] = [b"rw", b"ro", b"none", b"noprefix", b"xattr", b"clone_children", b"cpuset_v2_mode"];
    let mut name = None;
    let mut controllers: Vec<&[u8]> = Vec::new();
    for option in options.split(|&byte| byte == b',') {
        match option.strip_prefix(b"name=") {
            Some(value) => name = Some(value),
            None if FLAGS.contains(&option) || option.contains(&b'=') => {}
            None => controllers.push(option),
        }
    }
    match name {
        Some(name) if controllers.is_empty() => HierarchyKind::Named(name.to_vec()),
        _ => HierarchyKind::Controllers(controllers.join(&b","[..])),
    }
}

/// Undoes the `\040` escapes with which the kernel keeps blanks out of the fields.
fn unescape_octal(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = match rest {
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..] => {
                Some((((a - b'0') << 6) | ((b - b'0') << 3) | (c - b'0'), after))
            }
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((first, tail));
        plain.push(byte);
        rest = after;
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Vec<Hierarchy> {
        hierarchies(text.as_bytes(), Path::new("/host"))
    }

    #[test]
    fn optional_fields_may_be_absent_or_many() {
        let found = parse(
            "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 master:1 - cgroup2 cgroup2 rw,nsdelegate\n\
             32 31 0:29 / /cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct\n",
        );
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].kind, HierarchyKind::Unified);
        assert_eq!(found[0].mount, Path::new("/host/sys/fs/cgroup"));
        assert_eq!(found[1].kind, HierarchyKind::Controllers(b"cpu,cpuacct".to_vec()));
    }

    #[test]
    fn named_hierarchy_keeps_its_name_and_drops_the_flags() {
        let found =
            parse("40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/x,name=systemd\n");
        assert_eq!(found[0].kind, HierarchyKind::Named(b"systemd".to_vec()));
    }

    #[test]
    fn a_hierarchy_mounted_twice_is_read_where_most_of_it_shows() {
        let found = parse(
            "1 0 0:9 /docker/a /var/lib/x/cgroup/memory rw - cgroup cgroup rw,memory\n\
             2 0 0:9 / /run/other/place/memory rw - cgroup cgroup rw,memory\n\
             3 0 0:9 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
        );
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].mount, Path::new("/host/sys/fs/cgroup/memory"));
    }

    #[test]
    fn a_later_mount_hides_an_earlier_one_at_the_same_place() {
        let found = parse(
            "1 0 0:9 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n\
             2 0 0:10 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n",
        );
        assert_eq!(found, []);
    }

    #[test]
    fn escapes_in_mount_points_are_undone() {
        let found = parse("1 0 0:9 / /my\\040cgroups\\134 rw - cgroup2 cgroup2 rw\n");
        assert_eq!(found[0].mount, Path::new("/host/my cgroups\\"));
    }

    #[test]
    fn lines_without_sense_are_skipped() {
        assert_eq!(parse("\n1\n1 2 3 4 5 6 7 8\n1 0 0:9 / /x rw - cgroup2\n\\\n"), []);
    }

    #[test]
    fn a_partial_mount_lends_its_root_to_the_paths() {
        let part = &parse("1 0 0:9 /docker/a /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n")[0];
        assert_eq!(part.cgroup_path(b""), b"/docker/a");
        assert_eq!(part.cgroup_path(b"x"), b"/docker/a/x");
        assert_eq!(part.directory(b"/docker/a/x"), Some("/host/sys/fs/cgroup/memory/x".into()));
        assert_eq!(part.directory(b"/docker/ab"), None);
        assert_eq!(part.directory(b"/"), None);
    }

    #[test]
    fn paths_that_climb_are_outside() {
        let whole = &parse("1 0 0:9 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")[0];
        assert_eq!(whole.cgroup_path(b"a/b"), b"/a/b");
        assert_eq!(whole.directory(b"/a/../../../etc"), None);
        assert_eq!(whole.directory(b"//etc"), None);
        assert_eq!(whole.directory(b"a"), None);
    }
}
