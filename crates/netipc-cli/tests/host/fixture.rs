//! Builds the tree of a host from a compact text.
//!
//! `[mounts]` are lines of `/proc/1/mountinfo` as they are, `[directories]` are made empty, `[tree]` gives cgroups with their
//! processes in some of the mounts, `[expect]` is the snapshot in path order.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

pub(crate) struct Fixture {
    root: TempDir,
    pub(crate) expect: Vec<Expected>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) orchestrator: String,
    pub(crate) options: u32,
    pub(crate) processes: usize,
}

impl Fixture {
    pub(crate) fn build(text: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut fixture = Self { root, expect: Vec::new() };
        let mut mounts = String::new();
        let mut section = "";
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let fields: Vec<_> = line.split('|').map(str::trim).collect();
            match (section, &fields[..]) {
                _ if line.starts_with('[') => section = line,
                ("[mounts]", _) => {
                    mounts += line;
                    mounts.push('\n');
                }
                ("[directories]", [directory]) => fixture.make(Path::new(directory)),
                ("[tree]", [places, cgroup, processes]) => fixture.cgroup(places, cgroup, processes),
                ("[expect]", [path, name, orchestrator, options, processes]) => {
                    fixture.expect.push(Expected {
                        path: (*path).into(),
                        name: (*name).into(),
                        orchestrator: (*orchestrator).into(),
                        options: options.parse().unwrap(),
                        processes: processes.parse().unwrap(),
                    });
                }
                _ => panic!("{section} cannot hold {line:?}"),
            }
        }
        fixture.expect.sort_by(|a, b| a.path.cmp(&b.path));
        fixture.make(Path::new("proc/1"));
        fs::write(fixture.root().join("proc/1/mountinfo"), mounts).unwrap();
        fixture
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// The directory of a cgroup in one of the mounts (`.` is `/sys/fs/cgroup` itself).
    pub(crate) fn directory(&self, mount: &str, cgroup: &str) -> PathBuf {
        self.root().join("sys/fs/cgroup").join(mount).join(cgroup)
    }

    fn make(&self, directory: &Path) {
        fs::create_dir_all(self.root().join(directory)).unwrap();
    }

    fn cgroup(&self, places: &str, cgroup: &str, processes: &str) {
        for mount in places.split(' ') {
            // Real cgroups have this file at every level; the last line given for one wins.
            let mut directory = self.directory(mount, "");
            for part in Path::new(cgroup) {
                directory.push(part);
                fs::create_dir_all(&directory).unwrap();
                let members = directory.join("cgroup.procs");
                if !members.exists() {
                    fs::write(members, "").unwrap();
                }
            }
            let members: String = processes.split_whitespace().map(|pid| format!("{pid}\n")).collect();
            fs::write(directory.join("cgroup.procs"), members).unwrap();
        }
    }
}
