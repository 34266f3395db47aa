//! `netipc call`: one answer for people and programs.

use comfy_table::CellAlignment;
use netipc::Error;
use netipc::services::{CgroupsSnapshot, Increment, StringReverse, cgroups_snapshot};
use serde_json::{Value, json};

use crate::cli::{Call, CallIncrement, CallStringReverse, Options};
use crate::connect::Connection;
use crate::failure::Failure;
use crate::host::identify;
use crate::table::{self, printable};
use crate::{json, lookup, output};

pub(crate) fn run(call: &Call) -> Result<(), Failure> {
    match call {
        Call::Increment(call) => increment(call),
        Call::StringReverse(call) => string_reverse(call),
        Call::CgroupsSnapshot { options, service } => snapshot(options, service.name()),
        Call::CgroupsLookup(call) => lookup::cgroups(call),
        Call::AppsLookup(call) => lookup::apps(call),
    }
}

fn increment(call: &CallIncrement) -> Result<(), Failure> {
    let mut connection = Connection::open(&call.options, call.service.name(), call.batch.unwrap_or(1))?;
    let items = u64::from(call.batch.or(call.pipeline).unwrap_or(1));
    let mut first = call.value;
    for _ in 0..call.count {
        let answer = match (call.batch, call.pipeline) {
            (Some(_), _) => json!({"values": batch(&mut connection, &counted_up(first, items))?}),
            (None, Some(_)) => json!({"values": pipeline(&mut connection, &counted_up(first, items))?}),
            (None, None) => {
                let allowance = connection.allowance();
                json!({"value": connection.client.call_within(first, allowance)?.value})
            }
        };
        output::line(&answer.to_string())?;
        first = first.wrapping_add(items);
    }
    Ok(())
}

fn counted_up(first: u64, items: u64) -> Vec<u64> {
    (0..items).map(|i| first.wrapping_add(i)).collect()
}

fn batch(connection: &mut Connection<Increment>, numbers: &[u64]) -> Result<Vec<u64>, Error> {
    let allowance = connection.allowance();
    let replies = connection.client.call_batch_within(numbers, allowance)?;
    replies.iter().map(|reply| Ok(reply?.value)).collect()
}

/// Replies may come in any order; the first failure is the answer.
fn pipeline(connection: &mut Connection<Increment>, numbers: &[u64]) -> Result<Vec<u64>, Error> {
    let mut values = vec![0; numbers.len()];
    let mut failure = None;
    connection.client.call_pipelined(numbers.iter().copied(), numbers.len(), |index, reply| match reply {
        Ok(reply) => values[index] = reply.value,
        Err(error) => failure = failure.take().or(Some(error)),
    })?;
    match failure {
        Some(error) => Err(error),
        None => Ok(values),
    }
}

fn string_reverse(call: &CallStringReverse) -> Result<(), Failure> {
    let mut connection = Connection::<StringReverse>::open(&call.options, call.service.name(), 1)?;
    let allowance = connection.allowance();
    let reply = connection.client.call_within(call.input.bytes(), allowance)?;
    output::line(&json!({"text": json::bytes(reply.text())}).to_string())
}

fn snapshot(options: &Options, service: Option<&str>) -> Result<(), Failure> {
    let mut connection = Connection::<CgroupsSnapshot>::open(options, service, 1)?;
    let allowance = connection.allowance();
    let reply = connection.client.call_within((), allowance)?;
    if output::wants_json(options) {
        return output::line(&Value::to_string(&json::snapshot(&reply)));
    }
    output::line(&snapshot_table(&reply))?;
    let (items, generation) = (reply.items().len(), reply.generation());
    let systemd = if reply.systemd_enabled() == 0 { "without systemd" } else { "with systemd" };
    output::line(&format!("{items} cgroups, generation {generation}, {systemd}"))
}

fn snapshot_table(reply: &cgroups_snapshot::Reply<'_>) -> String {
    let mut table = table::new(&["name", "path", "orchestrator", "enabled", "options"]);
    for item in reply.items() {
        table.add_row([
            printable(item.name()),
            printable(item.path()),
            identify(item.path()).orchestrator.to_string(),
            item.enabled().to_string(),
            format!("{:#x}", item.options()),
        ]);
    }
    for column in [3, 4] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}
