//! `netipc serve host`: this machine, as three services.

use std::path::Path;
use std::sync::Arc;

use netipc::HandlerError;
use netipc::services::{AppsLookup, CgroupsLookup, CgroupsSnapshot, apps_lookup, cgroups_lookup, cgroups_snapshot};

use super::provision::Provision;
use crate::cli::ServeOptions;
use crate::failure::Failure;
use crate::host::{Bounds, Catalog, Finding, Host, Pace, Patience, Place, Process, Provider, Registry, Snapshot};

/// Hosts with many thousands of cgroups fill more than clients and servers grow to by themselves.
pub(crate) const CEILING: u32 = 16 << 20;

/// What messages say of a user that is not known.
const NOBODY: u32 = u32::MAX;

pub(super) fn run(root: &Path, serve: &ServeOptions) -> Result<(), Failure> {
    let warn = |error: &_| eprintln!("netipc: still serving what was seen last: {error}");
    let host = Host::new(root);
    let provider = Arc::new(Provider::new(host.clone(), Bounds::default(), Pace::default(), warn)?);
    if provider.snapshot().truncated {
        eprintln!("netipc: this machine has more cgroups than are served, which are {}", Bounds::default().cgroups);
    }
    let cgroups = Arc::new(Registry::new(Arc::clone(&provider), Patience::default()));
    let apps = Arc::clone(&cgroups);

    let mut provision = Provision::new(serve)?;
    provision.config.growth_ceiling = CEILING;
    provision.bind::<CgroupsSnapshot, _>(None, move |_, reply| snapshot(&provider.snapshot(), reply))?;
    provision.bind::<CgroupsLookup, _>(None, move |request, reply| look_cgroups_up(&cgroups, request, reply))?;
    provision.bind::<AppsLookup, _>(None, move |request, reply| look_apps_up(&host, &apps, request, reply))?;
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

fn look_cgroups_up(
    registry: &Registry,
    request: cgroups_lookup::Request<'_>,
    reply: &mut cgroups_lookup::ReplyBuilder<'_>,
) -> Result<(), HandlerError> {
    let catalog = registry.catalog();
    reply.generation(catalog.generation());
    // Made-up paths may be many, and one look is as good as another for them.
    let mut may_come = None;
    for key in request.keys() {
        if !reply.wants_more() {
            break;
        }
        match catalog.find(key.path()) {
            Finding::Known { orchestrator, name, labels } => {
                let labels: Vec<_> = labels.iter().map(|(key, value)| cgroups_lookup::Label { key, value }).collect();
                let orchestrator = cgroups_lookup::Orchestrator(orchestrator.code());
                reply.known(cgroups_lookup::KnownFields { orchestrator, name, labels: &labels })?;
            }
            Finding::NotYet => reply.unknown_retry_later()?,
            Finding::Absent if *may_come.get_or_insert_with(|| registry.may_come(&catalog)) => {
                reply.unknown_retry_later()?;
            }
            Finding::Absent => reply.unknown_permanent()?,
        }
    }
    Ok(())
}

/// The generation is that of the cgroups. Processes come and go with every look, and have their start times to tell them
/// apart.
fn look_apps_up(
    host: &Host,
    registry: &Registry,
    request: apps_lookup::Request<'_>,
    reply: &mut apps_lookup::ReplyBuilder<'_>,
) -> Result<(), HandlerError> {
    let catalog = registry.catalog();
    reply.generation(catalog.generation());
    let mut processes =
        host.process_table().map_err(|error| HandlerError::caused_by("the processes cannot be looked at", error))?;
    for key in request.keys() {
        if !reply.wants_more() {
            break;
        }
        match processes.get(key.pid) {
            Some(process) => known_app(registry, &catalog, &process, reply)?,
            None => reply.unknown()?,
        }
    }
    Ok(())
}

fn known_app(
    registry: &Registry,
    catalog: &Catalog,
    process: &Process,
    reply: &mut apps_lookup::ReplyBuilder<'_>,
) -> Result<(), HandlerError> {
    use apps_lookup::CgroupStatus;

    let mut fields = apps_lookup::KnownFields {
        orchestrator: apps_lookup::Orchestrator::UNKNOWN,
        cgroup_status: CgroupStatus::HostRoot,
        ppid: process.ppid,
        uid: process.uid.unwrap_or(NOBODY),
        starttime: process.starttime,
        comm: &process.comm,
        cgroup_path: b"",
        cgroup_name: b"",
        labels: &[],
    };
    let mut about = Vec::new();
    match process.place(|path| catalog.contains(path)) {
        Place::Root => {}
        // Permanent would need a path.
        Place::Untold => fields.cgroup_status = CgroupStatus::UnknownRetryLater,
        Place::Deleted(path) => {
            fields.cgroup_status = CgroupStatus::UnknownPermanent;
            fields.cgroup_path = path;
        }
        Place::Cgroup(path) => {
            fields.cgroup_path = path;
            fields.cgroup_status = match catalog.find(path) {
                Finding::Known { orchestrator, name, labels } => {
                    fields.orchestrator = apps_lookup::Orchestrator(orchestrator.code());
                    fields.cgroup_name = name;
                    about.extend(labels.iter().map(|(key, value)| apps_lookup::Label { key, value }));
                    CgroupStatus::Known
                }
                Finding::NotYet => CgroupStatus::UnknownRetryLater,
                // Asked after the process was read, so a cgroup that was new then counts.
                Finding::Absent if registry.may_come(catalog) => CgroupStatus::UnknownRetryLater,
                Finding::Absent => CgroupStatus::UnknownPermanent,
            };
        }
    }
    fields.labels = &about;
    Ok(reply.known(fields)?)
}
