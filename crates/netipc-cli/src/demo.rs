//! `netipc demo`: providers in processes of their own, this process as their consumer, and a provider that dies.
//!
//! Three acts: the consumer looks up every process of this machine and keeps a cache of its cgroups; it tells how long that
//! takes; its provider is killed and started again while the cache goes on answering. Every number is measured, and the
//! demo succeeds only if all of it held.
//!
//! Everything lives in a private directory that is gone afterwards, however the demo ends. The providers end with their
//! standard input, so they do not outlive even a demo that was killed.

mod child;
mod processes;
mod speed;
mod stage;

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use netipc::services::{AppsLookup, CgroupsSnapshot};
use netipc::{Answer, Cache, Client, Endpoint, ErrorKind, LookupLimits, Refresh, Service};

use crate::cli::Demo;
use crate::failure::Failure;
use crate::host::Host;
use crate::latency::human;
use crate::output;
use crate::value::{AVAILABLE, names};
use child::Child;
use processes::Process;
use stage::{PATIENCE, Stage, config};

/// How often the consumer refreshes while its provider is away.
const REFRESH: Duration = Duration::from_millis(2);

pub(crate) fn run(demo: &Demo) -> Result<(), Failure> {
    let stage = Stage::open()?;
    // The providers are dropped first, and take their sockets away.
    let directory = tempfile::Builder::new().prefix("netipc-demo-").tempdir().map_err(|error| {
        Failure::io(format!(
            "cannot make a private directory for the demo: {error}; set TMPDIR to where one can be made"
        ))
    })?;
    let run_dir = directory.path();
    let mut host = start_host(demo, &stage, run_dir)?;
    let _numbers = Child::start(
        &["serve".as_ref(), "increment".as_ref(), "--profiles".as_ref(), profiles().as_ref()],
        run_dir,
        &stage.sender,
    )?;
    stage.await_ready(2)?;

    let mut cache = Cache::<CgroupsSnapshot>::new(Endpoint::new(run_dir, CgroupsSnapshot::NAME)?, config());
    let mut apps = stage.client::<AppsLookup>(run_dir, AVAILABLE)?;
    let processes = meet(demo, &stage, &host, &mut cache, &mut apps)?;
    output::line(&format!("\n{}", speed::table(&stage, run_dir, std::process::id())?))?;
    if let Some(each) = speed::cached(&stage, &cache.reader(), &processes)? {
        output::line(&format!("{} for one lookup in the cache, which needs no other process", human(each)))?;
    }
    outage(demo, &stage, run_dir, &mut host, &mut cache, &processes)?;
    let again = look_up_all(demo, &stage, &mut apps)?.len();
    if again == 0 && !processes.is_empty() {
        return Err(broken("the client for processes has reconnected and finds none"));
    }
    output::line(&format!("the client for processes has reconnected as well: {again} processes\n\nall of it held"))
}

fn start_host(demo: &Demo, stage: &Stage, run_dir: &Path) -> Result<Child, Failure> {
    let root = demo.host.root.as_os_str();
    let profiles = profiles();
    let serve =
        ["serve".as_ref(), "host".as_ref(), "--host-root".as_ref(), root, "--profiles".as_ref(), profiles.as_ref()];
    Child::start(&serve, run_dir, &stage.sender)
}

/// All that this build has.
fn profiles() -> String {
    names(AVAILABLE).join(",")
}

/// The first act: everything is there.
fn meet(
    demo: &Demo,
    stage: &Stage,
    host: &Child,
    cache: &mut Cache<CgroupsSnapshot>,
    apps: &mut Client<AppsLookup>,
) -> Result<Vec<Process>, Failure> {
    let began = Instant::now();
    cache.refresh_within(stage.check()?)?;
    let refreshed = began.elapsed();
    let began = Instant::now();
    let processes = look_up_all(demo, stage, apps)?;
    let looked_up = began.elapsed();
    let status = cache.status();
    output::line(&format!(
        "process {} serves the cgroups and processes of this machine; process {} consumes them\n\n{} cgroups, into the cache \
         in {}; {} processes, looked up in {}\n\n{}",
        host.id(),
        std::process::id(),
        status.items,
        human(refreshed),
        processes.len(),
        human(looked_up),
        processes::picture(demo.rows, &processes, &cache.read()),
    ))?;
    Ok(processes)
}

/// All processes of the machine, as far as one lookup takes them.
fn look_up_all(demo: &Demo, stage: &Stage, apps: &mut Client<AppsLookup>) -> Result<Vec<Process>, Failure> {
    let table = Host::new(&demo.host.root).process_table()?;
    let mut pids = table.pids().map_err(|error| Failure::io(format!("cannot list the processes: {error}")))?;
    pids.truncate(LookupLimits::default().max_keys);
    Ok(processes::known(&apps.lookup_within(&pids, stage.check()?)?))
}

/// The last act: the provider is killed, and started again.
fn outage(
    demo: &Demo,
    stage: &Stage,
    run_dir: &Path,
    host: &mut Child,
    cache: &mut Cache<CgroupsSnapshot>,
    processes: &[Process],
) -> Result<(), Failure> {
    cache.refresh_within(stage.check()?)?;
    let before = found(cache, processes);
    let killed = host.id();
    host.kill()?;
    stage.await_gone()?;
    let began = Instant::now();
    let error = match cache.refresh_within(stage.check()?) {
        Err(error) => error,
        Ok(_) => return Err(broken("a refresh succeeded without a provider")),
    };
    let noticed = began.elapsed();
    let answered = found(cache, processes);
    let status = cache.status();
    let (Some(age), Some(down)) = (status.age(), &status.down) else {
        return Err(broken("the cache has lost its snapshot, or does not know that the provider is down"));
    };
    output::line(&format!(
        "\nSIGKILL to process {killed}; noticed in {} ({})\nthe cache still finds the cgroups of {answered} of {before} processes; \
         its snapshot is {} old, the provider down for {}",
        human(noticed),
        error.kind().name(),
        human(age),
        human(down.since.elapsed()),
    ))?;
    if answered != before {
        return Err(broken("the cache answers less than before"));
    }
    if before == 0 {
        output::line("no process here has a cgroup of its own to be found, so that the cache answers was not shown")?;
    }
    let again = revive(demo, stage, run_dir, host, cache, processes)?;
    if again == 0 && before > 0 {
        return Err(broken("the cache has reconnected and finds nothing"));
    }
    Ok(())
}

/// Starts the provider again, while the consumer refreshes in its loop; how many processes find their cgroup then.
fn revive(
    demo: &Demo,
    stage: &Stage,
    run_dir: &Path,
    host: &mut Child,
    cache: &mut Cache<CgroupsSnapshot>,
    processes: &[Process],
) -> Result<usize, Failure> {
    let began = Instant::now();
    *host = start_host(demo, stage, run_dir)?;
    let outcome = loop {
        match cache.refresh_within(stage.check()?) {
            Ok(outcome) => break outcome,
            Err(error) if began.elapsed() > PATIENCE => return Err(Failure::from(error)),
            Err(_) => thread::sleep(REFRESH),
        }
    };
    let reconnected = began.elapsed();
    let status = cache.status();
    let age = status.age().unwrap_or_default();
    if status.down.is_some() || outcome != Refresh::Published {
        return Err(broken("the cache has reconnected and has no news"));
    }
    let found = found(cache, processes);
    output::line(&format!(
        "started again as process {}: reconnected in {}, after {} refreshes that failed; {} cgroups, {} old, of which {} processes \
         find theirs",
        host.id(),
        human(reconnected),
        status.counters.failures,
        status.items,
        human(age),
        found,
    ))?;
    Ok(found)
}

/// How many processes find their cgroup in the cache.
fn found(cache: &Cache<CgroupsSnapshot>, processes: &[Process]) -> usize {
    let guard = cache.read();
    let in_cgroups = processes.iter().filter(|process| process.has_cgroup());
    in_cgroups.filter(|process| matches!(process.look_up(&guard), Answer::Found(_))).count()
}

fn broken(what: &str) -> Failure {
    Failure::new(ErrorKind::Bug, format!("{what}; please report it"))
}
