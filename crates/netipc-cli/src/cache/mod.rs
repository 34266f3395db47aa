//! `netipc cache`: a consumer that keeps a snapshot, as one sees it from outside.

mod measure;
mod watch;

use std::time::{Duration, Instant};

use comfy_table::Table;
use netipc::services::CgroupsSnapshot;
use netipc::services::cgroups_snapshot::Item;
use netipc::{Answer, Cache, CacheStatus, Endpoint, ReadGuard};
use serde_json::{Value, json};

use crate::cli::{CacheCommand, Wanted};
use crate::failure::Failure;
use crate::latency::human;
use crate::serve::HOST_CEILING;
use crate::table::{self, printable};
use crate::{config, json, output, run_dir};

pub(crate) fn run(command: &CacheCommand) -> Result<(), Failure> {
    let mut cache = open(command)?;
    if command.watch {
        return watch::run(command, cache);
    }
    let began = Instant::now();
    cache.refresh_within(allowance(command))?;
    let took = began.elapsed();
    let guard = cache.read();
    if command.measure {
        return measure::run(command, &cache, took);
    }
    if output::wants_json(&command.options) {
        let answers = if command.wanted.name.is_empty() { Value::Null } else { answers(&command.wanted, &guard) };
        let took = micros(took);
        return output::line(
            &json!({"refresh_us": took, "answers": answers, "status": status_json(&guard.status())}).to_string(),
        );
    }
    if !command.wanted.name.is_empty() {
        output::line(&format!("{}\n", answer_table(&command.wanted, &guard)))?;
    }
    output::line(&format!("{}, told in {}", summary(&guard.status()), human(took)))
}

fn open(command: &CacheCommand) -> Result<Cache<CgroupsSnapshot>, Failure> {
    let service = command.service.name().unwrap_or(<CgroupsSnapshot as netipc::Service>::NAME);
    let endpoint = Endpoint::new(run_dir::choose(command.options.run_dir.as_deref()), service)?;
    let mut config = config::client(&command.options, 1)?;
    config.growth_ceiling = HOST_CEILING;
    Ok(Cache::new(endpoint, config))
}

/// How long one refresh may take; zero stands for the default.
fn allowance(command: &CacheCommand) -> Duration {
    command.options.timeout.unwrap_or(Duration::ZERO)
}

/// Looks up what the user wants.
fn answer<'g>(wanted: &Wanted, guard: &'g ReadGuard<CgroupsSnapshot>, name: &str) -> Answer<Item<'g>> {
    match wanted.hash {
        Some(hash) => guard.lookup(hash, name.as_bytes()),
        None => guard.lookup_name(name.as_bytes()),
    }
}

/// What an answer is called, for people.
fn words<T>(answer: &Answer<T>) -> &'static str {
    match answer {
        Answer::Found(_) => "found",
        Answer::Absent => "not in this snapshot",
        Answer::NoSnapshot => "no snapshot yet",
    }
}

fn answer_table(wanted: &Wanted, guard: &ReadGuard<CgroupsSnapshot>) -> Table {
    let mut table = table::new(&["name", "answer", "hash", "enabled", "path"]);
    for name in &wanted.name {
        let answer = answer(wanted, guard, name);
        let mut row = vec![printable(name.as_bytes()), words(&answer).to_owned()];
        match answer {
            Answer::Found(item) => {
                row.extend([format!("{:#010x}", item.hash()), item.enabled().to_string(), printable(item.path())]);
            }
            _ => row.extend(["-"; 3].map(str::to_owned)),
        }
        table.add_row(row);
    }
    table
}

fn answers(wanted: &Wanted, guard: &ReadGuard<CgroupsSnapshot>) -> Value {
    let one = |name: &String| {
        let answer = answer(wanted, guard, name);
        let words = match answer {
            Answer::Found(_) => "found",
            Answer::Absent => "absent",
            Answer::NoSnapshot => "no_snapshot",
        };
        json!({"name": name, "answer": words, "item": answer.found().map(|item| json::snapshot_item(&item))})
    };
    wanted.name.iter().map(one).collect()
}

/// `30 cgroups, generation 7, 12 KiB`
fn summary(status: &CacheStatus) -> String {
    let generation = status.generation.map_or_else(String::new, |generation| format!(", generation {generation}"));
    format!("{} cgroups{generation}, {} of memory", status.items, memory(status.bytes))
}

fn memory(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

fn status_json(status: &CacheStatus) -> Value {
    let down = status.down.as_ref().map(|down| {
        let cause = &down.cause;
        json!({"for_us": micros(down.since.elapsed()), "kind": cause.kind().name(), "message": cause.to_string()})
    });
    json!({
        "ready": status.is_ready(),
        "items": status.items,
        "generation": status.generation,
        "bytes": status.bytes,
        "copies": status.copies,
        "age_us": status.age().map(micros),
        "down": down,
        "published": status.counters.published,
        "unchanged": status.counters.unchanged,
        "failures": status.counters.failures,
    })
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
