//! How long calls take, over each transport that this build has, and lookups in the cache.

use std::path::Path;
use std::time::{Duration, Instant};

use comfy_table::CellAlignment;
use netipc::services::{AppsLookup, CgroupsSnapshot, Increment};
use netipc::{Answer, Client, Error, ErrorKind, Profiles, Reader, Service};

use super::processes::Process;
use super::stage::Stage;
use crate::failure::Failure;
use crate::latency::{Latencies, human};
use crate::table;
use crate::value::AVAILABLE;

/// A measurement ends after this many calls or this long.
const CALLS: u64 = 5_000;
const MEASURING: Duration = Duration::from_millis(400);
/// Most calls before those that count.
const WARM_UP: u64 = 100;

/// What was measured, line by line.
pub(super) fn table(stage: &Stage, run_dir: &Path, pid: u32) -> Result<String, Failure> {
    let mut table = table::new(&["transport", "call", "median", "p99", "calls"]);
    for profile in AVAILABLE.iter() {
        let mut numbers = client::<Increment>(stage, run_dir, profile)?;
        let mut apps = client::<AppsLookup>(stage, run_dir, profile)?;
        let mut snapshots = client::<CgroupsSnapshot>(stage, run_dir, profile)?;
        let measured = [
            ("a number", measure(stage, || numbers.call(41).map(drop))?),
            ("one process", measure(stage, || apps.lookup(&[pid]).map(drop))?),
            ("all cgroups", measure(stage, || snapshots.call(()).map(drop))?),
        ];
        for (call, latencies) in measured {
            table.add_row([
                profile.to_string(),
                call.to_owned(),
                human(latencies.quantile(0.5)),
                human(latencies.quantile(0.99)),
                latencies.count().to_string(),
            ]);
        }
    }
    for column in 2..5 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    Ok(table.to_string())
}

/// A client that has agreed on this profile and no other.
fn client<S: Service>(stage: &Stage, run_dir: &Path, profile: Profiles) -> Result<Client<S>, Failure> {
    let client = stage.client::<S>(run_dir, profile)?;
    match client.status().agreed {
        Some(agreed) if agreed.profile == profile => Ok(client),
        agreed => Err(Failure::new(
            ErrorKind::Incompatible,
            format!("a session over {profile} was wanted, and this came about: {agreed:?}"),
        )),
    }
}

fn measure(stage: &Stage, mut call: impl FnMut() -> Result<(), Error>) -> Result<Latencies, Failure> {
    let warm = Instant::now() + MEASURING / 10;
    for _ in 0..WARM_UP {
        stage.check()?;
        call()?;
        if Instant::now() > warm {
            break;
        }
    }
    let mut latencies = Latencies::new();
    let end = Instant::now() + MEASURING;
    let mut now = Instant::now();
    while latencies.count() < CALLS && now < end {
        stage.check()?;
        let began = now;
        call()?;
        now = Instant::now();
        latencies.record(now - began);
    }
    Ok(latencies)
}

/// The time of one lookup in the cache, out of many of all processes; none without a process.
pub(super) fn cached(
    stage: &Stage,
    reader: &Reader<CgroupsSnapshot>,
    all: &[Process],
) -> Result<Option<Duration>, Failure> {
    let began = Instant::now();
    let mut lookups = 0_u32;
    while began.elapsed() < MEASURING / 4 {
        stage.check()?;
        for process in all {
            lookups += u32::from(!matches!(process.look_up(&reader.read()), Answer::NoSnapshot));
        }
    }
    Ok((lookups > 0).then(|| began.elapsed() / lookups))
}
