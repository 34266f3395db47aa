//! All made-up cgroups in one reply.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use netipc::services::CgroupsSnapshot;
use netipc::services::cgroups_snapshot::{ItemFields, ReplyBuilder};
use netipc::{Client, HandlerError, RunningServer, Server};

use super::data::{self, Cgroup};
use super::failure::{Failure, expect};
use super::server::Served;
use super::sessions;
use super::window::{Call, Done};
use crate::protocol::Task;

pub(super) fn serve(task: &Task, served: Served) -> Result<RunningServer, Failure> {
    let cgroups = data::cgroups(task.size);
    let (generation, step) = (AtomicU64::new(1), u64::from(task.refresh));
    let server =
        Server::<CgroupsSnapshot>::bind(sessions::endpoint(task)?, sessions::server(task), move |_, reply| {
            served.add(cgroups.len() as u64);
            fill(reply, generation.fetch_add(step, Ordering::Relaxed), &cgroups)
        })?;
    Ok(server.spawn()?)
}

pub(super) fn fill(reply: &mut ReplyBuilder<'_>, generation: u64, cgroups: &[Cgroup]) -> Result<(), HandlerError> {
    reply.systemd_enabled(1).generation(generation).reserve(cgroups.len());
    for Cgroup { hash, enabled, name, path } in cgroups {
        let (name, path) = (name.as_bytes(), path.as_bytes());
        reply.push(ItemFields { hash: *hash, options: 0, enabled: *enabled, name, path })?;
    }
    Ok(())
}

/// Asks for all, and looks at each.
pub(super) struct Snapshots {
    client: Client<CgroupsSnapshot>,
    cgroups: Vec<Cgroup>,
}

impl Snapshots {
    pub(super) fn connect(task: &Task) -> Result<Self, Failure> {
        Ok(Self { client: sessions::client(task)?, cgroups: data::cgroups(task.size) })
    }
}

impl Call for Snapshots {
    fn call(&mut self) -> Result<Done, Failure> {
        let reply = self.client.call(())?;
        let at = Instant::now();
        expect(reply.items().len(), self.cgroups.len())?;
        for (item, cgroup) in reply.items().iter().zip(&self.cgroups) {
            if item.hash() != cgroup.hash
                || item.enabled() != cgroup.enabled
                || item.name() != cgroup.name.as_bytes()
                || item.path() != cgroup.path.as_bytes()
            {
                return Err(Failure::wrong(item, cgroup));
            }
        }
        Ok(Done::at(self.cgroups.len() as u64, at))
    }
}
