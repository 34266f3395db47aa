//! `netipc call` for lookups.

use comfy_table::{CellAlignment, Table};
use netipc::services::{AppsLookup, CgroupsLookup, apps_lookup, cgroups_lookup};
use netipc::{ErrorKind, LookupLimits};

use crate::cli::{CallAppsLookup, CallCgroupsLookup};
use crate::connect::Connection;
use crate::failure::Failure;
use crate::table::{self, printable};
use crate::{json, output};

pub(crate) fn cgroups(call: &CallCgroupsLookup) -> Result<(), Failure> {
    let paths = call.paths.clone().read()?;
    check_count(paths.len())?;
    let keys: Vec<_> = paths.iter().map(Vec::as_slice).collect();
    let mut connection = Connection::<CgroupsLookup>::open(&call.options, call.service.name(), 1)?;
    let allowance = connection.allowance();
    let reply = connection.client.lookup_within(&keys, allowance)?;
    if output::wants_json(&call.options) {
        return output::line(&json::cgroups_lookup(&reply).to_string());
    }
    output::line(&cgroups_table(&reply).to_string())?;
    output::line(&format!("{} cgroups, generation {}", reply.items().len(), reply.generation()))
}

pub(crate) fn apps(call: &CallAppsLookup) -> Result<(), Failure> {
    let pids = call.pids.clone().read()?;
    check_count(pids.len())?;
    let mut connection = Connection::<AppsLookup>::open(&call.options, call.service.name(), 1)?;
    let allowance = connection.allowance();
    let reply = connection.client.lookup_within(&pids, allowance)?;
    if output::wants_json(&call.options) {
        return output::line(&json::apps_lookup(&reply).to_string());
    }
    output::line(&apps_table(&reply).to_string())?;
    output::line(&format!("{} processes, generation {}", reply.items().len(), reply.generation()))
}

/// Told here, since no option of ours would help.
fn check_count(keys: usize) -> Result<(), Failure> {
    let most = LookupLimits::default().max_keys;
    if keys <= most {
        return Ok(());
    }
    let message = format!("{keys} keys are too many for one lookup, which takes {most}; give them in several calls");
    Err(Failure::new(ErrorKind::LimitExceeded, message))
}

/// What says nothing in a row.
const NOTHING: &str = "-";

fn cgroups_table(reply: &cgroups_lookup::Reply<'_>) -> Table {
    let mut table = table::new(&["path", "status", "orchestrator", "name", "labels"]);
    for item in reply.items() {
        let mut row = vec![printable(item.path()), item.status().to_string()];
        if item.status() == cgroups_lookup::Status::Known {
            row.push(item.orchestrator().to_string());
            row.push(printable(item.name()));
            row.push(labels(item.labels().iter().map(|label| (label.key, label.value))));
        } else {
            row.extend([NOTHING; 3].map(str::to_owned));
        }
        table.add_row(row);
    }
    table
}

/// Without the labels, which would leave no room for the rest.
fn apps_table(reply: &apps_lookup::Reply<'_>) -> Table {
    let mut table = table::new(&["pid", "status", "ppid", "uid", "comm", "orchestrator", "cgroup", "path"]);
    for item in reply.items() {
        let mut row = vec![item.pid().to_string(), item.status().to_string()];
        if item.status() == apps_lookup::Status::Known {
            row.push(item.ppid().to_string());
            row.push(if item.uid() == UNSET { NOTHING.to_owned() } else { item.uid().to_string() });
            row.push(printable(item.comm()));
            row.push(item.orchestrator().to_string());
            row.push(match item.cgroup_status() {
                apps_lookup::CgroupStatus::Known => printable(item.cgroup_name()),
                other => format!("({other})"),
            });
            row.push(printable(item.cgroup_path()));
        } else {
            row.extend([NOTHING; 6].map(str::to_owned));
        }
        table.add_row(row);
    }
    for column in [0, 2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The user id of a process that has none to tell.
const UNSET: u32 = u32::MAX;

/// `key=value` pairs on a line.
fn labels<'a>(labels: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> String {
    let pairs: Vec<_> = labels.map(|(key, value)| format!("{}={}", printable(key), printable(value))).collect();
    pairs.join(" ")
}

#[cfg(test)]
mod tests {
    use netipc::Service;
    use netipc::proto::codec::Writer;

    use super::*;

    #[test]
    fn rows_of_unknown_keys_say_nothing_but_that() {
        let (mut request, mut reply) = (Vec::new(), Vec::new());
        CgroupsLookup::encode_request(&[b"/a\x1b", b"/b"], Writer::new(&mut request, 4096)).unwrap();
        let request = CgroupsLookup::decode_request(&request).unwrap();
        let mut builder = CgroupsLookup::reply_builder(&request, Writer::new(&mut reply, 4096));
        builder.generation(1);
        let labels =
            [cgroups_lookup::Label { key: b"k", value: b"v" }, cgroups_lookup::Label { key: b"l", value: b"" }];
        let orchestrator = cgroups_lookup::Orchestrator(77);
        builder.known(cgroups_lookup::KnownFields { orchestrator, name: b"web", labels: &labels }).unwrap();
        builder.unknown_retry_later().unwrap();
        CgroupsLookup::finish_reply(builder).unwrap();
        let table = cgroups_table(&CgroupsLookup::decode_reply(&reply).unwrap()).to_string();
        let rows: Vec<Vec<_>> = table.lines().skip(2).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["/a\\x1b", "known", "77", "web", "k=v", "l="]);
        assert_eq!(rows[1], ["/b", "unknown_retry_later", "-", "-", "-"]);
    }

    #[test]
    fn processes_are_told_in_the_order_of_the_keys() {
        let (mut request, mut reply) = (Vec::new(), Vec::new());
        AppsLookup::encode_request(&[9, 7], Writer::new(&mut request, 4096)).unwrap();
        let request = AppsLookup::decode_request(&request).unwrap();
        let mut builder = AppsLookup::reply_builder(&request, Writer::new(&mut reply, 4096));
        builder.generation(1);
        builder.unknown().unwrap();
        builder
            .known(apps_lookup::KnownFields {
                orchestrator: apps_lookup::Orchestrator::UNKNOWN,
                cgroup_status: apps_lookup::CgroupStatus::HostRoot,
                ppid: 2,
                uid: UNSET,
                starttime: 3,
                comm: b"kworker/0:1",
                cgroup_path: b"",
                cgroup_name: b"",
                labels: &[],
            })
            .unwrap();
        AppsLookup::finish_reply(builder).unwrap();
        let table = apps_table(&AppsLookup::decode_reply(&reply).unwrap()).to_string();
        let rows: Vec<Vec<_>> = table.lines().skip(2).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["9", "unknown", "-", "-", "-", "-", "-", "-"]);
        assert_eq!(rows[1], ["7", "known", "2", "-", "kworker/0:1", "unknown", "(host_root)"]);
    }
}
