//! `netipc serve host`: this machine, as three services.

use std::path::Path;

use netipc::HandlerError;
use netipc::services::{CgroupsSnapshot, cgroups_snapshot};

use super::provision::Provision;
use crate::cli::ServeOptions;
use crate::failure::Failure;
use crate::host::{Bounds, Host, Pace, Provider, Snapshot};

/// Hosts with many thousands of cgroups fill more than clients and servers grow to by themselves.
pub(crate) const CEILING: u32 = 16 << 20;

pub(super) fn run(root: &Path, serve: &ServeOptions) -> Result<(), Failure> {
    let warn = |error: &_| eprintln!("netipc: still serving what was seen last: {error}");
    let provider = Provider::new(Host::new(root), Bounds::default(), Pace::default(), warn)?;
    if provider.snapshot().truncated {
        eprintln!("netipc: this machine has more cgroups than are served, which are {}", Bounds::default().cgroups);
    }
    let mut provision = Provision::new(serve)?;
    provision.config.growth_ceiling = CEILING;
    provision.bind::<CgroupsSnapshot, _>(None, move |_, reply| snapshot(&provider.snapshot(), reply))?;
    provision.run()
}

fn snapshot(snapshot: &Snapshot, reply: &mut cgroups_snapshot::ReplyBuilder<'_>) -> Result<(), HandlerError> {
    reply.systemd_enabled(snapshot.systemd.into()).generation(snapshot.generation).reserve(snapshot.cgroups.len());
    for cgroup in &snapshot.cgroups {
        reply.push(cgroups_snapshot::ItemFields {
            hash: cgroup.hash,
            options: cgroup.options,
            enabled: cgroup.enabled.into(),
            name: &cgroup.name,
            path: &cgroup.path,
        })?;
    }
    Ok(())
}
