//! All processes of the machine, looked up in another process and grouped by cgroup.

use std::collections::{BTreeMap, HashMap};

use comfy_table::CellAlignment;
use netipc::services::apps_lookup::{CgroupStatus, Orchestrator, Reply, Status};

use crate::table::{self, printable};

/// So many commands of a cgroup are named.
const COMMANDS: usize = 3;

/// The processes of one cgroup, or those that no cgroup is known of.
struct Group<'a> {
    status: CgroupStatus,
    orchestrator: Orchestrator,
    name: &'a [u8],
    path: &'a [u8],
    processes: usize,
    /// How many processes run each.
    commands: HashMap<&'a [u8], usize>,
}

/// A table of the cgroups that have processes, those with the most first and no more than `rows`, and a sentence above it.
pub(super) fn picture(rows: usize, provider: u32, reply: &Reply<'_>) -> String {
    let groups = groups(reply);
    let mut table = table::new(&["processes", "name", "path", "orchestrator", "commands"]);
    for group in groups.iter().take(rows) {
        table.add_row([
            group.processes.to_string(),
            group.name(),
            printable(group.path),
            group.orchestrator.to_string(),
            group.commands(),
        ]);
    }
    if let Some(column) = table.column_mut(0) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let processes: usize = groups.iter().map(|group| group.processes).sum();
    let ended = match reply.items().len() - processes {
        0 => String::new(),
        ended => format!(", {ended} more ended or hidden"),
    };
    let mut picture = format!(
        "\n{processes} processes by cgroup, looked up by process {provider} (generation {}{ended})\n\n{table}",
        reply.generation(),
    );
    let more = groups.len().saturating_sub(rows);
    if more > 0 {
        picture += &format!("\nand {more} more: netipc demo --rows {} shows them all", groups.len());
    }
    picture
}

fn groups<'a>(reply: &Reply<'a>) -> Vec<Group<'a>> {
    let mut groups = BTreeMap::new();
    for item in reply.items().iter().filter(|item| item.status() == Status::Known) {
        let status = item.cgroup_status();
        let group = groups.entry((item.cgroup_path(), status.code())).or_insert_with(|| Group {
            status,
            orchestrator: item.orchestrator(),
            name: item.cgroup_name(),
            path: item.cgroup_path(),
            processes: 0,
            commands: HashMap::new(),
        });
        group.processes += 1;
        *group.commands.entry(item.comm()).or_default() += 1;
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    // Stable, so that equals stay in the order of their paths.
    groups.sort_by_key(|group| std::cmp::Reverse(group.processes));
    groups
}

impl Group<'_> {
    fn name(&self) -> String {
        match self.status {
            CgroupStatus::Known => printable(self.name),
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
    use netipc::Service;
    use netipc::proto::codec::Writer;
    use netipc::services::AppsLookup;
    use netipc::services::apps_lookup::KnownFields;

    use super::*;

    #[test]
    fn groups_with_the_most_processes_come_first() {
        let pids: Vec<_> = (0..8).collect();
        let (mut request, mut reply) = (Vec::new(), Vec::new());
        AppsLookup::encode_request(&pids, Writer::new(&mut request, 4096)).unwrap();
        let request = AppsLookup::decode_request(&request).unwrap();
        let mut builder = AppsLookup::reply_builder(&request, Writer::new(&mut reply, 4096));
        builder.generation(7);
        builder.unknown().unwrap();
        let root = KnownFields {
            orchestrator: Orchestrator::UNKNOWN,
            cgroup_status: CgroupStatus::HostRoot,
            ppid: 0,
            uid: 0,
            starttime: 1,
            comm: b"kthreadd",
            cgroup_path: b"",
            cgroup_name: b"",
            labels: &[],
        };
        builder.known(root).unwrap();
        for comm in [b"c", b"a", b"d", b"b", b"b"] {
            let (orchestrator, cgroup_status) = (Orchestrator::DOCKER, CgroupStatus::Known);
            let web =
                KnownFields { orchestrator, cgroup_status, comm, cgroup_path: b"/x", cgroup_name: b"web", ..root };
            builder.known(web).unwrap();
        }
        builder
            .known(KnownFields { cgroup_status: CgroupStatus::UnknownPermanent, cgroup_path: b"/x", ..root })
            .unwrap();
        AppsLookup::finish_reply(builder).unwrap();
        let reply = AppsLookup::decode_reply(&reply).unwrap();

        let picture = picture(2, 42, &reply);
        assert!(
            picture.contains("7 processes by cgroup, looked up by process 42 (generation 7, 1 more ended"),
            "{picture}"
        );
        let rows: Vec<_> =
            picture.lines().skip(5).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(rows[0], "5 web /x docker b (2), a, c, and 1 more");
        assert_eq!(rows[1], "1 (the host itself) unknown kthreadd");
        assert_eq!(rows[2], "and 1 more: netipc demo --rows 3 shows them all");
    }
}
