//! The cgroups and processes of this machine, as the providers of the standard services see them.
//!
//! Works on cgroup v1, v2 and hosts that mix both: every mounted hierarchy is walked and a cgroup that several of them
//! have appears once. What container engines keep on disk about their containers is added where it can be read. Nothing
//! here talks to anybody; the command puts servers around it.

mod catalog;
mod members;
mod metadata;
mod mountinfo;
mod orchestrator;
mod process;
mod provider;
mod scan;
mod snapshot;
mod watch;

use std::io;
use std::path::{Path, PathBuf};

pub use catalog::{Catalog, Finding, Patience, Registry};
pub use metadata::Details;
pub use mountinfo::{Hierarchy, HierarchyKind, hierarchies};
pub use orchestrator::{Container, Identity, Orchestrator, identify};
pub use process::{Membership, Place, Process, ProcessTable};
pub use provider::{Pace, Provider};
pub use scan::Bounds;
pub use snapshot::{Cgroup, Snapshot, options};

/// A machine to look at: this one, or one whose root directory is mounted somewhere, as agents in containers have it.
#[derive(Debug, Clone)]
pub struct Host {
    root: PathBuf,
}

impl Host {
    /// The machine below `root`; `/` is this one.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where the machine's root directory is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The cgroup hierarchies that are mounted now.
    ///
    /// # Errors
    /// The mount table cannot be read, or holds no cgroup file system.
    pub fn hierarchies(&self) -> Result<Vec<Hierarchy>, HostError> {
        let path = self.mount_table();
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(source) => return Err(HostError::MountTable { path, source }),
        };
        let found = hierarchies(&text, &self.root);
        if found.is_empty() { Err(HostError::NoHierarchy { path }) } else { Ok(found) }
    }

    /// The number of processes directly in the cgroup at `path`, in the hierarchy that says best where processes live. `None`
    /// when the cgroup is gone or does not tell.
    pub fn processes(&self, hierarchies: &[Hierarchy], path: &[u8]) -> Option<usize> {
        members::count(hierarchies, path)
    }

    /// The processes of the machine.
    ///
    /// # Errors
    /// `/proc` cannot be opened.
    pub fn process_table(&self) -> Result<ProcessTable, HostError> {
        let path = self.root.join("proc");
        ProcessTable::open(&path).map_err(|source| HostError::Processes { path, source })
    }

    /// Our own mounts count here; elsewhere those of the first process, which `self` would not mean.
    fn mount_table(&self) -> PathBuf {
        let process = if self.root == Path::new("/") { "self" } else { "1" };
        self.root.join("proc").join(process).join("mountinfo")
    }

    /// systemd itself says that this directory tells whether it runs the host.
    ///
    /// References: `sd_booted(3)`.
    fn runs_systemd(&self) -> bool {
        self.root.join("run/systemd/system").is_dir()
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new("/")
    }
}

/// Why a host could not be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The list of mounts could not be read.
    #[error("cannot read the list of mounts {path}: {source}; is /proc mounted?", path = path.display())]
    MountTable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The processes cannot be looked at.
    #[error("cannot open {path}: {source}; is /proc mounted?", path = path.display())]
    Processes {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No cgroup file system is mounted.
    #[error("{path} lists no cgroup file system; mount one, or give this process a view of /sys/fs/cgroup", path = path.display())]
    NoHierarchy {
        /// The file that lists the mounts.
        path: PathBuf,
    },
    /// Not one of the hierarchies could be listed.
    #[error("cannot list the cgroups below {path}: {source}", path = path.display())]
    Unreadable {
        /// The mount point.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
