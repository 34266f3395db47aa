//! The runner: starts drivers, tells them what to do, and believes them only what can be checked.

mod check;
mod process;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use thiserror::Error;

use crate::machine::{Ticks, cpus};
use crate::plan::{Cell, Plan};
use crate::protocol::{Command, Load, Role, Task};
use crate::sample::{Measured, Sample};
use crate::scenario::Placement;
use crate::sys::syscalls::{self, Counter};
use crate::sys::usage::Usage;
use process::Process;

pub use check::missing;

/// What a run brought.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// In the order in which they were measured.
    pub samples: Vec<Sample>,
    /// Rows that are not there, and why.
    pub absences: Vec<Absence>,
    /// Why system calls were not counted, if they were not.
    pub uncounted: Option<String>,
}

/// A row that a driver cannot do, or that the machine has no room for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// The row.
    pub row: String,
    /// Why.
    pub reason: String,
}

/// Why a run failed. It then has no result: half a matrix is none.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Failure {
    /// It was told to end.
    #[error("interrupted")]
    Interrupted,
    /// A driver cannot be started, or does not speak the protocol, or says that something went wrong.
    #[error("{row}: the {role} {driver} {what}")]
    Driver {
        /// Which row.
        row: String,
        /// Which side.
        role: Role,
        /// Name of the driver.
        driver: String,
        /// What it did.
        what: String,
    },
    /// What the drivers report cannot be.
    #[error("{row}: {what}")]
    Implausible {
        /// Which row.
        row: String,
        /// What cannot be.
        what: String,
    },
    /// Rows are missing.
    #[error("{} rows are missing, the first is {}", .0.len(), .0.first().map_or("", String::as_str))]
    Incomplete(Vec<String>),
    /// The operating system refused something.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it did not work.
        source: io::Error,
    },
}

/// Where a run is.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// How many rows were measured.
    pub done: usize,
    /// How many there will be.
    pub total: usize,
    /// What is measured now.
    pub row: &'a str,
}

/// Long enough for a slow answer; a driver that says nothing for so long hangs.
const SILENCE: Duration = Duration::from_secs(60);

/// How long system calls are counted.
const COUNTING: Duration = Duration::from_millis(40);

/// Measures every row of a plan, as often as it says.
///
/// `watch` is told before each row. Once `interrupted` is set the run ends within a fraction of a second. However it ends, no
/// process and no file of it is left.
///
/// # Errors
///
/// See [`Failure`].
pub fn run(plan: &Plan, interrupted: &AtomicBool, mut watch: impl FnMut(Step<'_>)) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    let tracepoint = syscalls::tracepoint().map_err(|reason| outcome.uncounted = Some(reason)).ok();
    let sequence = plan.sequence();
    let idle = |cell: &&Cell| cell.rate == Load::Idle;
    let total = sequence.iter().filter(|cell| !idle(cell)).count() * plan.effort.repetitions as usize
        + sequence.iter().filter(|cell| idle(cell)).count();
    let mut done = 0;
    for repetition in 1..=plan.effort.repetitions {
        for cell in sequence.iter().filter(|cell| repetition == 1 || !idle(cell)) {
            let row = cell.key().to_string();
            watch(Step { done, total, row: &row });
            done += 1;
            let bench = Bench { plan, cell, interrupted, tracepoint: tracepoint.filter(|_| repetition == 1) };
            match bench.measure(repetition)? {
                Ok(sample) => outcome.samples.push(sample),
                Err(reason) if repetition == 1 => outcome.absences.push(Absence { row, reason }),
                Err(_known) => {}
            }
        }
    }
    let missing = missing(plan, &outcome);
    if missing.is_empty() { Ok(outcome) } else { Err(Failure::Incomplete(missing)) }
}

/// One row, once.
struct Bench<'a> {
    plan: &'a Plan,
    cell: &'a Cell,
    interrupted: &'a AtomicBool,
    tracepoint: Option<u64>,
}

/// Both sides, ready.
struct Pair<'a> {
    client: Process<'a>,
    server: Option<Process<'a>>,
}

impl<'a> Bench<'a> {
    /// A sample, or why there cannot be one.
    fn measure(&self, repetition: u32) -> Result<Result<Sample, String>, Failure> {
        let cpus = match self.cpus() {
            Ok(cpus) => cpus,
            Err(reason) => return Ok(Err(reason)),
        };
        let run_dir = run_dir()?;
        let mut pair = match self.prepare(&run_dir, cpus)? {
            Ok(pair) => pair,
            Err(reason) => return Ok(Err(reason)),
        };
        let (before, own, at) = (Ticks::now(), Usage::now(), Instant::now());
        let mut measured = self.window(&mut pair, self.plan.effort.window_of(self.cell.rate), self.cell.rate)?;
        let (elapsed, after) = (at.elapsed(), Ticks::now());
        check::plausible(self.cell, &measured, self.plan.effort.window_of(self.cell.rate), elapsed)
            .map_err(|what| Failure::Implausible { row: self.row(), what })?;
        let used = measured.client.cpu_us + measured.server.map_or(0, |server| server.cpu_us);
        let used = Duration::from_micros(used + Usage::now().since(&own).cpu_us);
        let noise = after.noise_since(before, elapsed, used);
        if let Some(tracepoint) = self.tracepoint.filter(|_| self.cell.rate == Load::Max) {
            measured.syscalls = Some(self.count(&mut pair, tracepoint)?);
        }
        self.dismiss(pair)?;
        close(run_dir)?;
        Ok(Ok(Sample::new(self.cell, repetition, &measured, noise)))
    }

    fn row(&self) -> String {
        self.cell.key().to_string()
    }

    /// The CPUs of server and client.
    fn cpus(&self) -> Result<(Option<usize>, Option<usize>), String> {
        match (self.cell.placement, cpus().as_slice()) {
            (Placement::Free, _) => Ok((None, None)),
            (Placement::Same, [first, ..]) => Ok((Some(*first), Some(*first))),
            (Placement::Split, [first, second, ..]) => Ok((Some(*first), Some(*second))),
            (Placement::Split, [only]) if self.cell.server.is_none() => Ok((None, Some(*only))),
            _ => Err("there are fewer CPUs than sides".to_owned()),
        }
    }

    fn prepare(
        &self,
        run_dir: &TempDir,
        (server_cpu, client_cpu): (Option<usize>, Option<usize>),
    ) -> Result<Result<Pair<'a>, String>, Failure> {
        let mut server = None;
        if let Some(driver) = &self.cell.server {
            let mut process = Process::start(driver, Role::Server, self.row(), self.interrupted)?;
            if let Err(reason) = process.prepare(self.task(Role::Server, run_dir, server_cpu))? {
                return Ok(Err(format!("the server {}: {reason}", driver.name)));
            }
            server = Some(process);
        }
        let driver = &self.cell.client;
        let mut client = Process::start(driver, Role::Client, self.row(), self.interrupted)?;
        match client.prepare(self.task(Role::Client, run_dir, client_cpu))? {
            Ok(()) => Ok(Ok(Pair { client, server })),
            Err(reason) => Ok(Err(format!("the client {}: {reason}", driver.name))),
        }
    }

    fn task(&self, role: Role, run_dir: &TempDir, cpu: Option<usize>) -> Task {
        let scenario = &self.cell.scenario;
        let warm_up = if self.cell.rate == Load::Idle { Duration::ZERO } else { self.plan.effort.warm_up };
        Task {
            role,
            work: scenario.work,
            transport: scenario.transport,
            level: scenario.level,
            run_dir: run_dir.path().to_owned(),
            service: "bench".to_owned(),
            cpu,
            size: scenario.size,
            mix: scenario.mix,
            order: scenario.order,
            sessions: scenario.sessions,
            depth: scenario.depth,
            refresh: scenario.refresh,
            warm_millis: millis(warm_up),
        }
    }

    /// Lets both sides count for a while.
    fn window(&self, pair: &mut Pair<'_>, length: Duration, load: Load) -> Result<Measured, Failure> {
        let start = Command::Start { millis: millis(length), load };
        if let Some(server) = &mut pair.server {
            server.say(&start)?;
        }
        pair.client.say(&start)?;
        let (latencies, client) = pair.client.report(length + SILENCE)?;
        let server = match &mut pair.server {
            None => None,
            Some(server) => {
                server.say(&Command::Stop)?;
                Some(server.report(SILENCE)?.1)
            }
        };
        Ok(Measured { latencies, client, server, syscalls: None })
    }

    /// System calls for one request. In windows of their own, whose times are thrown away: counting is slow. The first one has
    /// no requests, to know what the windows themselves cost; at a fixed rate there would be calls to wait for the moment, too.
    fn count(&self, pair: &mut Pair<'_>, tracepoint: u64) -> Result<f64, Failure> {
        let failed = |source| Failure::Io { what: "cannot count system calls".to_owned(), source };
        let pids = [Some(pair.client.id()), pair.server.as_ref().map(Process::id)];
        let counters = pids.into_iter().flatten().map(|pid| Counter::of(pid, tracepoint));
        let mut counters = counters.collect::<io::Result<Vec<_>>>().map_err(failed)?;
        let mut read = || counters.iter_mut().map(Counter::read).sum::<io::Result<u64>>().map_err(failed);
        self.window(pair, Duration::from_millis(1), Load::Idle)?;
        let empty = read()?;
        let measured = self.window(pair, COUNTING, self.cell.rate)?;
        let calls = (read()? - empty).saturating_sub(empty);
        Ok((calls as f64 / measured.client.requests.max(1) as f64 * 100.0).round() / 100.0)
    }

    /// The client first: a server that loses its client too early might take that for a fault.
    fn dismiss(&self, pair: Pair<'_>) -> Result<(), Failure> {
        pair.client.quit()?;
        pair.server.map_or(Ok(()), Process::quit)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Where `TMPDIR` says; else in memory where there is such a file system, as run directories are.
fn run_dir() -> Result<TempDir, Failure> {
    let memory = PathBuf::from("/dev/shm");
    let is_chosen = std::env::var_os("TMPDIR").is_some();
    let parent = if memory.is_dir() && !is_chosen { memory } else { std::env::temp_dir() };
    let failed = |source| Failure::Io { what: format!("cannot make a directory in {}", parent.display()), source };
    let made = tempfile::Builder::new().prefix("netipc-bench-").tempdir_in(&parent).map_err(failed)?;
    if made.path().to_string_lossy().contains(char::is_whitespace) {
        let source = io::Error::other("the protocol has no room for white space in a path");
        return Err(failed(source));
    }
    Ok(made)
}

fn close(run_dir: TempDir) -> Result<(), Failure> {
    let path = run_dir.path().to_owned();
    run_dir.close().map_err(|source| Failure::Io { what: format!("cannot remove {}", path.display()), source })
}
