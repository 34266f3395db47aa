//! `netipc demo`: providers in processes of their own, this process as their consumer, and what passes between them about
//! this machine.
//!
//! Everything lives in a private directory that is gone afterwards, however the demo ends. The providers end with their
//! standard input, so they do not outlive even a demo that was killed.

mod apps;
mod child;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use comfy_table::CellAlignment;
use netipc::services::{AppsLookup, CgroupsSnapshot, Increment, cgroups_snapshot};
use netipc::{Agreed, Client, ClientConfig, Endpoint, Error, ErrorKind, LookupLimits, Service};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cli::Demo;
use crate::failure::Failure;
use crate::host::{Host, identify};
use crate::latency::{Latencies, human};
use crate::serve::HOST_CEILING;
use crate::table::{self, printable};
use crate::{connect, output};
use child::{Child, Event};

/// How long the providers may take to start, and a call to be answered.
const PATIENCE: Duration = Duration::from_secs(3);
/// A measurement ends after this many calls or this long.
const CALLS: u64 = 5_000;
const MEASURING: Duration = Duration::from_secs(2);
/// Most calls before those that count.
const WARM_UP: u64 = 100;

pub(crate) fn run(demo: &Demo) -> Result<(), Failure> {
    let (sender, events) = channel();
    let interrupted = Interruption::watch(sender.clone())?;
    // The providers are dropped first, and take their sockets away.
    let directory = tempfile::Builder::new().prefix("netipc-demo-").tempdir().map_err(|error| {
        Failure::io(format!(
            "cannot make a private directory for the demo: {error}; set TMPDIR to where one can be made"
        ))
    })?;
    let root = demo.host.root.as_os_str();
    let host = ["serve".as_ref(), "host".as_ref(), "--host-root".as_ref(), root];
    let host = Child::start(&host, directory.path(), &sender)?;
    let _numbers = Child::start(&["serve".as_ref(), "increment".as_ref()], directory.path(), &sender)?;
    await_ready(&events, 2)?;

    let mut snapshots = client::<CgroupsSnapshot>(directory.path())?;
    let mut apps = client::<AppsLookup>(directory.path())?;
    let mut numbers = client::<Increment>(directory.path())?;
    let provider = host.id();
    output::line(&picture(demo, provider, &snapshots.call(())?)?)?;
    let pids = pids(demo)?;
    output::line(&apps::picture(demo.rows, provider, &apps.lookup(&pids)?))?;
    if let Some(agreed) = snapshots.status().agreed {
        output::line(&terms(&agreed))?;
    }
    let whole = measure(&interrupted, || snapshots.call(()).map(drop))?;
    output::line(&told(CgroupsSnapshot::NAME, &whole, ""))?;
    let all = measure(&interrupted, || apps.lookup(&pids).map(drop))?;
    output::line(&told(AppsLookup::NAME, &all, &format!(" for {} processes each", pids.len())))?;
    let one = measure(&interrupted, || apps.lookup(&pids[..pids.len().min(1)]).map(drop))?;
    output::line(&told(AppsLookup::NAME, &one, " for one process each"))?;
    let small = measure(&interrupted, || numbers.call(41).map(drop))?;
    output::line(&told(Increment::NAME, &small, ""))
}

/// Whether a person has asked for the end.
struct Interruption(Arc<AtomicBool>);

impl Interruption {
    fn watch(events: Sender<Event>) -> Result<Self, Failure> {
        let failed = |error| Failure::io(format!("cannot watch for SIGTERM and SIGINT: {error}"));
        let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(failed)?;
        let interrupted = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&interrupted);
        let watch = move || {
            for _ in &mut signals {
                flag.store(true, Ordering::Relaxed);
                // Once nobody waits for events any more the flag is what counts.
                let _ = events.send(Event::Interrupted);
            }
        };
        thread::Builder::new().name("signals".into()).spawn(watch).map_err(failed)?;
        Ok(Self(interrupted))
    }

    fn check(&self) -> Result<(), Failure> {
        if self.0.load(Ordering::Relaxed) { Err(interruption()) } else { Ok(()) }
    }
}

fn interruption() -> Failure {
    Failure::new(ErrorKind::Aborted, "interrupted; the demo has cleaned up")
}

/// A provider that cannot start has said why on the error stream, which is ours too.
fn await_ready(events: &Receiver<Event>, providers: usize) -> Result<(), Failure> {
    let deadline = Instant::now() + PATIENCE;
    for _ in 0..providers {
        let left = deadline.saturating_duration_since(Instant::now());
        match events.recv_timeout(left) {
            Ok(Event::Ready) => {}
            Ok(Event::Interrupted) => return Err(interruption()),
            Ok(Event::Gone) => {
                return Err(Failure::new(
                    ErrorKind::Disconnected,
                    "a provider ended before it could serve; it says why",
                ));
            }
            Err(_) => {
                return Err(Failure::new(
                    ErrorKind::Timeout,
                    format!("no provider was ready within {}", human(PATIENCE)),
                ));
            }
        }
    }
    Ok(())
}

fn client<S: Service>(run_dir: &std::path::Path) -> Result<Client<S>, Failure> {
    let mut config = ClientConfig::default();
    config.connect_timeout = PATIENCE;
    config.call_timeout = PATIENCE;
    config.growth_ceiling = HOST_CEILING;
    connect::open(Endpoint::new(run_dir, S::NAME)?, config)
}

/// All processes of the machine, as far as one lookup takes them.
fn pids(demo: &Demo) -> Result<Vec<u32>, Failure> {
    let table = Host::new(&demo.host.root).process_table()?;
    let mut pids = table.pids().map_err(|error| Failure::io(format!("cannot list the processes: {error}")))?;
    pids.truncate(LookupLimits::default().max_keys);
    Ok(pids)
}

/// The table, and above it who tells this.
fn picture(demo: &Demo, provider: u32, reply: &cgroups_snapshot::Reply<'_>) -> Result<String, Failure> {
    let host = Host::new(&demo.host.root);
    let hierarchies = host.hierarchies()?;
    let items = reply.items();
    let mut table = table::new(&["name", "path", "orchestrator", "processes"]);
    for item in items.iter().take(demo.rows) {
        let processes = host.processes(&hierarchies, item.path());
        table.add_row([
            printable(item.name()),
            printable(item.path()),
            identify(item.path()).orchestrator.to_string(),
            processes.map_or_else(|| "-".to_owned(), |processes| processes.to_string()),
        ]);
    }
    if let Some(column) = table.column_mut(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut picture = format!(
        "{} cgroups of this machine, told by process {provider} to process {} (generation {}, {} systemd)\n\n{table}",
        items.len(),
        std::process::id(),
        reply.generation(),
        if reply.systemd_enabled() == 0 { "without" } else { "with" },
    );
    let more = items.len().saturating_sub(demo.rows);
    if more > 0 {
        picture += &format!("\nand {more} more: netipc demo --rows {} shows them all", items.len());
    }
    Ok(picture)
}

fn terms(agreed: &Agreed) -> String {
    format!(
        "\nsession  profile {}; requests up to {} bytes, responses up to {} bytes, packets up to {} bytes",
        agreed.profile, agreed.request.max_payload, agreed.response.max_payload, agreed.packet_size
    )
}

fn measure(interrupted: &Interruption, mut call: impl FnMut() -> Result<(), Error>) -> Result<Latencies, Failure> {
    let warm = Instant::now() + MEASURING / 10;
    for _ in 0..WARM_UP {
        interrupted.check()?;
        call()?;
        if Instant::now() > warm {
            break;
        }
    }
    let mut latencies = Latencies::new();
    let end = Instant::now() + MEASURING;
    let mut now = Instant::now();
    while latencies.count() < CALLS && now < end {
        interrupted.check()?;
        let began = now;
        call()?;
        now = Instant::now();
        latencies.record(now - began);
    }
    Ok(latencies)
}

fn told(name: &str, latencies: &Latencies, what: &str) -> String {
    format!(
        "latency  {name:<16} median {:>7}, p99 {:>7} of {} calls{what}",
        human(latencies.quantile(0.5)),
        human(latencies.quantile(0.99)),
        latencies.count()
    )
}
