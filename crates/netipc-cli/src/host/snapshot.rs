//! The owned picture of a host that a provider hands out.

use std::collections::HashSet;

use netipc::proto::hash::djb2;

use super::orchestrator::{Container, Orchestrator, identify, is_unit};
use super::scan::{Found, Scan};

/// Bits of [`Cgroup::options`]. Bit 0 stays free: agents in the field use it for a cgroup that they switched off.
pub mod options {
    /// A service of systemd's system manager.
    pub const SYSTEM_SERVICE: u32 = 0x2;
    /// The cgroup is part of the unified (v2) hierarchy.
    pub const UNIFIED: u32 = 0x4;
}

/// One cgroup.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cgroup {
    /// Path from the root of its hierarchy, as `/proc/PID/cgroup` shows it.
    pub path: Vec<u8>,
    /// What a person calls it; no two cgroups of a snapshot share a name.
    pub name: Vec<u8>,
    /// djb2 of the name (NIPC-SNAP-07).
    pub hash: u32,
    /// See [`options`].
    pub options: u32,
    /// The provider could look inside. Where it could not, cgroups below may be missing.
    pub enabled: bool,
    /// Who runs it. Not part of the wire message; readers guess it from the path in the same way.
    pub orchestrator: Orchestrator,
    /// The container that it belongs to, as far as the path tells. Not part of the wire message either.
    pub container: Option<Container>,
}

/// All cgroups of a host but the root, ordered by path.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Moves on when, and only when, the rest differs from what it was. A provider that starts anew begins at another
    /// number.
    pub generation: u64,
    /// systemd runs the host.
    pub systemd: bool,
    /// The host had more cgroups than the provider keeps when the generation last moved on.
    pub truncated: bool,
    /// The cgroups.
    pub cgroups: Vec<Cgroup>,
}

impl Snapshot {
    pub(super) fn new(scan: Scan, runs_systemd: bool, generation: u64) -> Self {
        let mut names = HashSet::new();
        let cgroups: Vec<_> = scan.cgroups.into_iter().map(|(path, found)| cgroup(path, found, &mut names)).collect();
        // Seen from inside a container the directory of systemd is missing, but its cgroups are not.
        let systemd = runs_systemd || cgroups.iter().any(|cgroup| cgroup.orchestrator == Orchestrator::Systemd);
        Self { generation, systemd, truncated: scan.truncated, cgroups }
    }

    /// Whether both tell their readers the same, whatever their generation.
    pub(super) fn same_data(&self, other: &Self) -> bool {
        self.systemd == other.systemd && self.cgroups == other.cgroups
    }
}

/// Two cgroups with one derived name (a virtual machine that is being restarted, short ids that clash) would shadow one
/// another for readers that look up by name: all but the first in path order are named by their path.
fn cgroup(path: Vec<u8>, found: Found, names: &mut HashSet<Vec<u8>>) -> Cgroup {
    let identity = identify(&path);
    let name = if names.insert(identity.name.clone()) { identity.name } else { path.clone() };
    let mut options = 0;
    if is_system_service(&path) {
        options |= options::SYSTEM_SERVICE;
    }
    if found.unified {
        options |= options::UNIFIED;
    }
    Cgroup {
        hash: djb2(&name),
        name,
        options,
        enabled: found.readable,
        orchestrator: identity.orchestrator,
        container: identity.container,
        path,
    }
}

/// `/system.slice/x.service`, also in a slice of its own below, but nothing inside of the service.
fn is_system_service(path: &[u8]) -> bool {
    path.starts_with(b"/system.slice/")
        && path.ends_with(b".service")
        && path[1..].split(|&byte| byte == b'/').rev().skip(1).all(|part| is_unit(part) && part.ends_with(b".slice"))
}
