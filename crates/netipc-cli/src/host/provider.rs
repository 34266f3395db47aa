//! Keeps a current snapshot of a host at next to no cost.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::scan::{Bounds, scan};
use super::snapshot::Snapshot;
use super::watch::Watch;
use super::{Host, HostError};

/// How often a [`Provider`] walks the host.
///
/// A walk is due when a cgroup came or went since the last one, and otherwise rarely. Whatever happens on the host, walks
/// take at most a twentieth of one CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Two walks are at least this far apart, so that a burst of changes is seen in one.
    pub settle: Duration,
    /// Walk at least this often although nothing was reported: for what cannot be watched, such as a hierarchy that is
    /// mounted later.
    pub idle: Duration,
    /// The same where not everything can be watched, for lack of inotify watches.
    pub blind: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { settle: Duration::from_millis(100), idle: Duration::from_secs(60), blind: Duration::from_secs(5) }
    }
}

/// The cgroups of a host, kept up to date on demand: nothing runs while nobody asks.
///
/// Can be asked from any number of threads. One of them walks when that is due; the others get the last snapshot meanwhile.
pub struct Provider {
    host: Host,
    bounds: Bounds,
    pace: Pace,
    warn: Box<dyn Fn(&HostError) + Send + Sync>,
    current: RwLock<Arc<Snapshot>>,
    walker: Mutex<Walker>,
}

/// What only the thread that walks may touch.
struct Walker {
    watch: Watch,
    changed: bool,
    finished: Instant,
    took: Duration,
    failing: bool,
}

impl Provider {
    /// Walks `host` once, so that there is a snapshot from the start. `warn` is told when a later walk fails for the first
    /// time after a success; the last good snapshot stays.
    ///
    /// # Errors
    /// The host cannot be looked at.
    pub fn new(
        host: Host,
        bounds: Bounds,
        pace: Pace,
        warn: impl Fn(&HostError) + Send + Sync + 'static,
    ) -> Result<Self, HostError> {
        let mut walker = Walker {
            watch: Watch::new(),
            changed: false,
            finished: Instant::now(),
            took: Duration::ZERO,
            failing: false,
        };
        let first = walker.walk(&host, bounds, first_generation())?;
        Ok(Self {
            host,
            bounds,
            pace,
            warn: Box::new(warn),
            current: RwLock::new(Arc::new(first)),
            walker: Mutex::new(walker),
        })
    }

    /// The current snapshot. Walks the host first when that is due.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        let walker = match self.walker.try_lock() {
            Ok(walker) => walker,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return self.current(),
        };
        self.refresh(walker);
        self.current()
    }

    /// Whether cgroups may be there that the current snapshot lacks: one came or went since the last walk, a walk is under
    /// way, or the host cannot be watched, so that nobody knows.
    pub fn is_behind(&self) -> bool {
        let mut walker = match self.walker.try_lock() {
            Ok(walker) => walker,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return true,
        };
        walker.notice();
        walker.changed || !walker.watch.is_complete()
    }

    /// The machine that it looks at.
    pub fn host(&self) -> &Host {
        &self.host
    }

    fn refresh(&self, mut walker: MutexGuard<'_, Walker>) {
        if !walker.is_due(self.pace) {
            return;
        }
        let before = self.current();
        match walker.walk(&self.host, self.bounds, before.generation.wrapping_add(1)) {
            Ok(after) if after.same_data(&before) => walker.failing = false,
            Ok(after) => {
                walker.failing = false;
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(after);
            }
            Err(error) => {
                if !std::mem::replace(&mut walker.failing, true) {
                    (self.warn)(&error);
                }
            }
        }
    }

    fn current(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("host", &self.host).field("pace", &self.pace).finish_non_exhaustive()
    }
}

impl Walker {
    fn is_due(&mut self, pace: Pace) -> bool {
        self.notice();
        let rest = pace.settle.max(self.took * 19);
        let patience = match (self.changed, self.watch.is_complete()) {
            (true, _) => rest,
            (false, true) => pace.idle.max(rest),
            (false, false) => pace.blind.max(rest),
        };
        self.finished.elapsed() >= patience
    }

    /// Takes in what was reported.
    fn notice(&mut self) {
        // A watch that cannot be read is worth no more than none.
        self.changed |= self.watch.changed().unwrap_or(true);
    }

    fn walk(&mut self, host: &Host, bounds: Bounds, generation: u64) -> Result<Snapshot, HostError> {
        let began = Instant::now();
        self.changed = false;
        self.watch.begin();
        let outcome = host.hierarchies().and_then(|hierarchies| {
            scan(&hierarchies, bounds, |directory| self.watch.add(directory))
                .map_err(|error| HostError::Unreadable { path: error.mount, source: error.source })
        });
        self.finished = Instant::now();
        self.took = self.finished - began;
        Ok(Snapshot::new(outcome?, host.runs_systemd(), generation))
    }
}

/// A reader that keeps a snapshot across a restart of the provider must not take the new one's data for its own, so
/// providers begin at the time of day in milliseconds.
fn first_generation() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(1).max(1)
}
