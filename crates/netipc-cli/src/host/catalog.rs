//! All that is known of the cgroups of a host, in versions.
//!
//! A lookup may take several requests, and all of its answers must be of one generation of the data. So nothing is read
//! for a single request: a catalog is made of a snapshot and of what is known of its containers by then, and serves all
//! requests until another differs from it. It gets the next generation only then.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};
use std::time::{Duration, Instant};

use super::metadata::{Details, Reader, Reading};
use super::orchestrator::{Container, Orchestrator};
use super::provider::Provider;
use super::snapshot::{Cgroup, Snapshot};

/// How many containers are looked into on one host; the others keep the names that their paths give.
const MOST_CONTAINERS: usize = 16_384;

/// When a [`Registry`] looks again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Two catalogs are at least this far apart. On a host where cgroups come and go all the time, lookups of several
    /// requests would hardly ever be of one generation otherwise.
    pub settle: Duration,
    /// How long a container that has just come may take to get its name.
    pub grace: Duration,
    /// When to look again at a container that was looked at: it may have been renamed, or got its name late.
    pub recheck: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { settle: Duration::from_secs(1), grace: Duration::from_secs(5), recheck: Duration::from_secs(60) }
    }
}

/// One version of what is known.
#[derive(Debug)]
pub struct Catalog {
    generation: u64,
    snapshot: Arc<Snapshot>,
    /// One for each cgroup of the snapshot.
    entries: Vec<Entry>,
}

/// What is known of a cgroup beyond its path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    /// Nothing, and the path says enough.
    Plain,
    /// Nothing yet.
    Waiting,
    /// What an engine says of the container; the name includes what lies below that.
    Described { name: Vec<u8>, details: Arc<Details> },
}

/// What a catalog says of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding<'a> {
    /// There is such a cgroup.
    Known {
        /// Who runs it.
        orchestrator: Orchestrator,
        /// What people call it.
        name: &'a [u8],
        /// What its orchestrator says of it.
        labels: &'a [(Vec<u8>, Vec<u8>)],
    },
    /// There is such a cgroup, and its name may still come.
    NotYet,
    /// There is no such cgroup.
    Absent,
}

impl Catalog {
    /// The version: moves on when, and only when, some finding differs. A registry that starts anew begins at another
    /// number.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// What is known of the cgroup at `path`, which is compared byte by byte with those that were seen, and never opened.
    pub fn find(&self, path: &[u8]) -> Finding<'_> {
        let cgroups = &self.snapshot.cgroups;
        let Ok(index) = cgroups.binary_search_by(|cgroup| cgroup.path.as_slice().cmp(path)) else {
            return Finding::Absent;
        };
        let Cgroup { orchestrator, ref name, .. } = cgroups[index];
        match &self.entries[index] {
            Entry::Plain => Finding::Known { orchestrator, name, labels: &[] },
            Entry::Waiting => Finding::NotYet,
            Entry::Described { name, details } => Finding::Known { orchestrator, name, labels: &details.labels },
        }
    }

    /// Whether there is a cgroup at `path`.
    pub fn contains(&self, path: &[u8]) -> bool {
        self.find(path) != Finding::Absent
    }
}

/// Keeps a current catalog of a host. Like [`Provider`], it works when it is asked and from any number of threads.
pub struct Registry {
    provider: Arc<Provider>,
    patience: Patience,
    current: RwLock<Arc<Catalog>>,
    keeper: Mutex<Keeper>,
}

/// What only the thread that makes a catalog may touch.
struct Keeper {
    /// By who runs them as well: engines do not answer for one another, whatever a path claims.
    containers: HashMap<(Orchestrator, String), Known>,
    made: Instant,
    /// When the first of the containers is to be looked at again.
    due: Option<Instant>,
}

/// What is known of a container.
struct Known {
    since: Since,
    /// When to look again, if ever.
    due: Option<Instant>,
    state: State,
}

/// When a container was first seen.
#[derive(Clone, Copy)]
enum Since {
    /// It was there before us, so its name has had its time.
    Ever,
    Time(Instant),
}

#[derive(Clone)]
enum State {
    Nameless,
    Waiting,
    Described(Arc<Details>),
}

impl Registry {
    /// Makes the first catalog.
    pub fn new(provider: Arc<Provider>, patience: Patience) -> Self {
        let now = Instant::now();
        let snapshot = provider.snapshot();
        let mut keeper = Keeper { containers: HashMap::new(), made: now, due: None };
        let root = provider.host().root();
        let entries = keeper.entries(&snapshot, Reader::new(root), &patience, Since::Ever);
        let first = Catalog { generation: snapshot.generation, snapshot, entries };
        Self { provider, patience, current: RwLock::new(Arc::new(first)), keeper: Mutex::new(keeper) }
    }

    /// The current catalog. Makes another first when that is due.
    pub fn catalog(&self) -> Arc<Catalog> {
        let current = self.current();
        let mut keeper = match self.keeper.try_lock() {
            Ok(keeper) => keeper,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return current,
        };
        let now = Instant::now();
        if now.duration_since(keeper.made) < self.patience.settle {
            // Another thread may have been faster than the lock.
            return self.current();
        }
        let current = self.current();
        let snapshot = self.provider.snapshot();
        let moved = snapshot.generation != current.snapshot.generation;
        if !moved && keeper.due.is_none_or(|due| now < due) {
            return current;
        }
        let reader = Reader::new(self.provider.host().root());
        let entries = keeper.entries(&snapshot, reader, &self.patience, Since::Time(now));
        keeper.made = Instant::now();
        if !moved && entries == current.entries {
            return current;
        }
        let next = Arc::new(Catalog { generation: current.generation.wrapping_add(1), snapshot, entries });
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&next);
        next
    }

    /// Whether a path that `catalog` lacks may be in the next one. On a host with more cgroups than are kept, not.
    pub fn may_come(&self, catalog: &Catalog) -> bool {
        let snapshot = self.provider.snapshot();
        let moved = snapshot.generation != catalog.snapshot.generation;
        !snapshot.truncated && (moved || self.provider.is_behind())
    }

    fn current(&self) -> Arc<Catalog> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("provider", &self.provider)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

impl Keeper {
    /// An entry for each cgroup. Looks at the containers that are new or due, and forgets those that are gone.
    fn entries(&mut self, snapshot: &Snapshot, reader: Reader<'_>, patience: &Patience, new: Since) -> Vec<Entry> {
        let now = Instant::now();
        let mut before = std::mem::take(&mut self.containers);
        let mut entries = Vec::with_capacity(snapshot.cgroups.len());
        for cgroup in &snapshot.cgroups {
            let Some(Container { id, below }) = &cgroup.container else {
                entries.push(Entry::Plain);
                continue;
            };
            let key = (cgroup.orchestrator, id.clone());
            if !self.containers.contains_key(&key) && self.containers.len() < MOST_CONTAINERS {
                let mut known =
                    before.remove(&key).unwrap_or(Known { since: new, due: Some(now), state: State::Nameless });
                if known.due.is_some_and(|due| due <= now) {
                    known.look(reader.read(cgroup.orchestrator, id), patience, now);
                }
                entries.push(known.state.entry(below));
                self.containers.insert(key, known);
            } else {
                entries.push(self.containers.get(&key).map_or(Entry::Plain, |known| known.state.entry(below)));
            }
        }
        self.due = self.containers.values().filter_map(|known| known.due).min();
        entries
    }
}

impl Known {
    fn look(&mut self, reading: Reading, patience: &Patience, now: Instant) {
        self.due = now.checked_add(patience.recheck);
        match (reading, &self.state) {
            (Reading::Found(details), _) => self.state = State::Described(Arc::new(details)),
            // Its files go before its cgroups do.
            (_, State::Described(_)) => {}
            (Reading::Missing, _) if self.is_young(patience, now) => {
                self.state = State::Waiting;
                self.due = Some(now);
            }
            (Reading::Missing | Reading::Closed, _) => self.state = State::Nameless,
        }
    }

    fn is_young(&self, patience: &Patience, now: Instant) -> bool {
        match self.since {
            Since::Ever => false,
            Since::Time(first) => now.duration_since(first) < patience.grace,
        }
    }
}

impl State {
    fn entry(&self, below: &[u8]) -> Entry {
        match self {
            Self::Nameless => Entry::Plain,
            Self::Waiting => Entry::Waiting,
            Self::Described(details) => {
                let name =
                    if below.is_empty() { details.name.clone() } else { [&details.name, &b"/"[..], below].concat() };
                Entry::Described { name, details: Arc::clone(details) }
            }
        }
    }
}
