//! Builds the tree of a host from a compact text.
//!
//! `[mounts]` are lines of `/proc/1/mountinfo` as they are, `[directories]` are made empty, `[tree]` gives cgroups with their
//! processes in some of the mounts, `[expect]` is the snapshot in path order. `[files]` are written as they are,
//! `[processes]` become directories of `/proc`, each with the place that it is expected to have, and `[described]` are the
//! cgroups about which the files tell something.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

pub(crate) struct Fixture {
    root: TempDir,
    pub(crate) expect: Vec<Expected>,
    pub(crate) described: Vec<Described>,
    pub(crate) processes: Vec<Running>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) orchestrator: String,
    pub(crate) options: u32,
    pub(crate) processes: usize,
}

/// What is known of a cgroup beyond its path.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) path: String,
    pub(crate) name: String,
    /// `key=value`, in order.
    pub(crate) labels: Vec<String>,
}

/// A process, and where it is expected to live.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) pid: u32,
    pub(crate) ppid: u32,
    pub(crate) uid: u32,
    pub(crate) starttime: u64,
    pub(crate) comm: String,
    pub(crate) place: String,
}

impl Fixture {
    pub(crate) fn build(text: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut fixture = Self { root, expect: Vec::new(), described: Vec::new(), processes: Vec::new() };
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
                ("[files]", [path, text]) => fixture.write(path, text),
                ("[processes]", [pid, ppid, uid, starttime, comm, cgroups, place]) => {
                    let (pid, ppid, uid) = (pid.parse().unwrap(), ppid.parse().unwrap(), uid.parse().unwrap());
                    let (starttime, comm, place) = (starttime.parse().unwrap(), (*comm).into(), (*place).into());
                    fixture.run(Running { pid, ppid, uid, starttime, comm, place }, cgroups);
                }
                ("[described]", [path, name, labels]) => {
                    let labels = labels.split_whitespace().map(str::to_owned).collect();
                    fixture.described.push(Described { path: (*path).into(), name: (*name).into(), labels });
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

    /// Writes a file below the root of the host.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// `cgroups` are the lines of `/proc/PID/cgroup`, with semicolons between them.
    fn run(&mut self, process: Running, cgroups: &str) {
        let Running { pid, ppid, uid, starttime, comm, .. } = &process;
        let name: String = comm.chars().take(15).collect();
        let stat = format!("{pid} ({comm}) S {ppid} 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 {starttime} 0 0\n");
        let status = format!("Name:\t{name}\nState:\tS\nTgid:\t{pid}\nPid:\t{pid}\nUid:\t{uid}\t0\t0\t0\n");
        self.write(&format!("proc/{pid}/stat"), &stat);
        self.write(&format!("proc/{pid}/status"), &status);
        self.write(
            &format!("proc/{pid}/cgroup"),
            &cgroups.split(';').map(|line| format!("{}\n", line.trim())).collect::<String>(),
        );
        self.processes.push(process);
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
