//! All processes of the machine: looked up by their ids in the provider, and by their cgroups in the cache.

use std::collections::{BTreeMap, HashMap};

use comfy_table::CellAlignment;
use netipc::proto::hash::djb2;
use netipc::services::CgroupsSnapshot;
use netipc::services::apps_lookup::{CgroupStatus, Item, Orchestrator, Reply, Status};
use netipc::services::cgroups_snapshot;
use netipc::{Answer, ReadGuard};

use crate::host::identify;
use crate::table::{self, printable};

/// So many commands of a cgroup are named.
const COMMANDS: usize = 3;

/// What the provider told of a process that lives.
#[derive(Debug, Clone)]
pub(super) struct Process {
    comm: Vec<u8>,
    status: CgroupStatus,
    orchestrator: Orchestrator,
    name: Vec<u8>,
    path: Vec<u8>,
    /// What the snapshot calls the cgroup, as a rule: the name that the path gives.
    key: (u32, Vec<u8>),
}

/// The processes that were known to the provider.
pub(super) fn known(reply: &Reply<'_>) -> Vec<Process> {
    let process = |item: Item<'_>| {
        let path = item.cgroup_path().to_vec();
        let name = identify(&path).name;
        Process {
            comm: item.comm().to_vec(),
            status: item.cgroup_status(),
            orchestrator: item.orchestrator(),
            name: item.cgroup_name().to_vec(),
            key: (djb2(&name), name),
            path,
        }
    };
    reply.items().iter().filter(|item| item.status() == Status::Known).map(process).collect()
}

impl Process {
    /// The cgroup of the process in the cache. Where two would have one name, all but the first have their path for one.
    pub(super) fn look_up<'g>(&self, guard: &'g ReadGuard<CgroupsSnapshot>) -> Answer<cgroups_snapshot::Item<'g>> {
        let (hash, name) = &self.key;
        match guard.lookup(*hash, name) {
            Answer::Found(item) if item.path() == self.path => Answer::Found(item),
            Answer::NoSnapshot => Answer::NoSnapshot,
            _ => guard.lookup(djb2(&self.path), &self.path),
        }
    }

    /// Whether it is in a cgroup that can be in a snapshot: kernel threads and the host's own processes are in the root.
    pub(super) fn has_cgroup(&self) -> bool {
        self.status != CgroupStatus::HostRoot && !self.path.is_empty() && self.path != b"/"
    }
}

/// The processes of one cgroup, or those that no cgroup is known of.
struct Group<'a> {
    first: &'a Process,
    /// Whether the cache has the cgroup.
    cached: bool,
    processes: usize,
    /// How many processes run each.
    commands: HashMap<&'a [u8], usize>,
}

/// A table of the cgroups that have processes, those with the most first and no more than `rows`.
pub(super) fn picture(rows: usize, processes: &[Process], guard: &ReadGuard<CgroupsSnapshot>) -> String {
    let groups = groups(processes, guard);
    let mut table = table::new(&["processes", "name", "cgroup", "orchestrator", "in cache", "commands"]);
    for group in groups.iter().take(rows) {
        table.add_row([
            group.processes.to_string(),
            group.name(),
            printable(&group.first.path),
            group.first.orchestrator.to_string(),
            if group.cached { "yes" } else { "-" }.to_owned(),
            group.commands(),
        ]);
    }
    if let Some(column) = table.column_mut(0) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut picture = table.to_string();
    let more = groups.len().saturating_sub(rows);
    if more > 0 {
        picture += &format!("\nand {more} more: netipc demo --rows {} shows them all", groups.len());
    }
    picture
}

fn groups<'a>(processes: &'a [Process], guard: &ReadGuard<CgroupsSnapshot>) -> Vec<Group<'a>> {
    let mut groups = BTreeMap::new();
    for process in processes {
        let group = groups.entry((process.path.as_slice(), process.status.code())).or_insert_with(|| Group {
            first: process,
            cached: matches!(process.look_up(guard), Answer::Found(_)),
            processes: 0,
            commands: HashMap::new(),
        });
        group.processes += 1;
        *group.commands.entry(process.comm.as_slice()).or_default() += 1;
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    // Stable, so that equals stay in the order of their paths.
    groups.sort_by_key(|group| std::cmp::Reverse(group.processes));
    groups
}

impl Group<'_> {
    fn name(&self) -> String {
        match self.first.status {
            CgroupStatus::Known => printable(&self.first.name),
            CgroupStatus::UnknownRetryLater => "(not known yet)".to_owned(),
            CgroupStatus::UnknownPermanent => "(not known)".to_owned(),
            CgroupStatus::HostRoot => "(the host itself)".to_owned(),
        }
    }

    /// The commands that most processes run.
    fn commands(&self) -> String {
        let mut commands: Vec<_> = self.commands.iter().collect();
        commands.sort_by_key(|&(command, processes)| (std::cmp::Reverse(*processes), *command));
        let more = commands.len().saturating_sub(COMMANDS);
        commands.truncate(COMMANDS);
        let mut words: Vec<_> = commands
            .into_iter()
            .map(|(command, processes)| match processes {
                1 => printable(command),
                _ => format!("{} ({processes})", printable(command)),
            })
            .collect();
        if more > 0 {
            words.push(format!("and {more} more"));
        }
        words.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use netipc::{Cache, ClientConfig, Endpoint, Server, ServerConfig};

    use super::*;

    fn process(comm: &[u8], status: CgroupStatus, path: &[u8]) -> Process {
        let name = identify(path).name;
        let key = (djb2(&name), name.clone());
        Process { comm: comm.to_vec(), status, orchestrator: Orchestrator::DOCKER, name, path: path.to_vec(), key }
    }

    #[test]
    fn processes_are_found_in_the_cache_and_those_cgroups_with_the_most_come_first() {
        let run_dir = tempfile::tempdir().unwrap();
        let endpoint = Endpoint::new(run_dir.path(), "test").unwrap();
        let _provider = Server::<CgroupsSnapshot>::bind(endpoint.clone(), ServerConfig::default(), |_, reply| {
            reply.generation(1).systemd_enabled(1);
            // The second is named by its path, as when two would have one name.
            let (a, b) = (&b"/a/web.service"[..], &b"/b/web.service"[..]);
            for (name, path) in [(&*identify(a).name, a), (b, b)] {
                reply.push(cgroups_snapshot::ItemFields { hash: djb2(name), options: 0, enabled: 1, name, path })?;
            }
            Ok(())
        })
        .unwrap()
        .spawn()
        .unwrap();
        let mut cache = Cache::<CgroupsSnapshot>::new(endpoint, ClientConfig::default());
        let known = CgroupStatus::Known;
        let a = process(b"a", known, b"/a/web.service");
        assert!(matches!(a.look_up(&cache.read()), Answer::NoSnapshot));
        cache.refresh().unwrap();
        let guard = cache.read();

        let b = process(b"b", known, b"/b/web.service");
        let gone = process(b"x", CgroupStatus::UnknownPermanent, b"/gone");
        let root = process(b"kthreadd", CgroupStatus::HostRoot, b"");
        assert_eq!(a.look_up(&guard).map(|item| item.path()), Answer::Found(&b"/a/web.service"[..]));
        assert_eq!(b.look_up(&guard).map(|item| item.path()), Answer::Found(&b"/b/web.service"[..]));
        assert!(matches!(gone.look_up(&guard), Answer::Absent));
        assert_eq!([&a, &gone, &root].map(Process::has_cgroup), [true, true, false]);

        let more = [b"c", b"a", b"d", b"b", b"b"].map(|comm| process(comm, known, b"/b/web.service"));
        let all = [&more[..], &[a, root]].concat();
        let picture = picture(2, &all, &guard);
        let rows: Vec<_> =
            picture.lines().skip(2).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(rows[0], "5 b/web.service /b/web.service docker yes b (2), a, c, and 1 more");
        assert_eq!(rows[1], "1 (the host itself) docker - kthreadd");
        assert_eq!(rows[2], "and 1 more: netipc demo --rows 3 shows them all");
    }
}
