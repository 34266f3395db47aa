//! What one run measures, how long, and in which order.

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::protocol::Load;
use crate::scenario::{Catalogue, DefinitionError, Placement, Scenario};

/// A program that speaks the protocol, and the name of its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driver {
    /// Unique among the drivers of a run; `rust` is the built-in one.
    pub name: String,
    /// What is run.
    pub program: PathBuf,
    /// With which arguments.
    pub arguments: Vec<String>,
}

/// How long everything takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// How often each row is measured.
    pub repetitions: u32,
    /// How long each time.
    pub window: Duration,
    /// How long requests are made before that do not count.
    pub warm_up: Duration,
    /// How long a session is watched that does nothing. Once: nothing about it varies.
    pub idle: Duration,
}

/// Which rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Names of scenarios, with `*` for any part; all when empty. Their raw limits come along.
    pub scenarios: Vec<String>,
    /// Rates; all when empty.
    pub rates: Vec<Load>,
    /// Placements; all when empty.
    pub placements: Vec<Placement>,
}

/// One row of the report to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// What is measured.
    pub scenario: Scenario,
    /// Who asks.
    pub client: Driver,
    /// Who answers; none where nobody has to.
    pub server: Option<Driver>,
    /// How fast.
    pub rate: Load,
    /// Where.
    pub placement: Placement,
}

/// What identifies a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the client's driver.
    pub client: String,
    /// Name of the server's driver, empty where there is none.
    pub server: String,
    /// How fast.
    pub rate: Load,
    /// Where.
    pub placement: Placement,
}

/// All rows of a run, in the order of the definitions.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Each once.
    pub cells: Vec<Cell>,
    /// How long.
    pub effort: Effort,
}

/// Why there is nothing to run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The definitions make no sense.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// A filter matches nothing.
    #[error("no scenario is called {0}; see --list")]
    NoScenario(String),
    /// All filters together leave nothing.
    #[error("no scenario has these rates and placements; see --list")]
    Empty,
    /// Two drivers have one name.
    #[error("two drivers are called {0}")]
    TwoDrivers(String),
    /// There is no driver.
    #[error("a run needs a driver")]
    NoDriver,
}

/// A raw limit is measured again before a row when so many others have come in between: the machine may have changed.
const FRESH: usize = 4;

/// What starting and stopping drivers takes, for the estimate.
const OVERHEAD: Duration = Duration::from_millis(60);

impl Effort {
    /// What a record is made of.
    pub fn full() -> Self {
        Self {
            repetitions: 5,
            window: Duration::from_millis(600),
            warm_up: Duration::from_millis(100),
            idle: Duration::from_secs(60),
        }
    }

    /// Enough to see whether it works, and roughly how fast.
    pub fn quick() -> Self {
        Self {
            repetitions: 1,
            window: Duration::from_millis(200),
            warm_up: Duration::from_millis(50),
            idle: Duration::from_secs(3),
        }
    }

    /// How long a row is measured each time.
    pub fn window_of(&self, rate: Load) -> Duration {
        match rate {
            Load::Idle => self.idle,
            // A slow rate has few requests, and the slowest of them are looked for.
            Load::Rate(rate) if rate <= 1000 => self.window * 3 / 2,
            _ => self.window,
        }
    }
}

impl Plan {
    /// All rows that are selected, for every pair of drivers where other languages have a part.
    ///
    /// # Errors
    ///
    /// See [`PlanError`].
    pub fn new(
        catalogue: &Catalogue,
        selection: &Selection,
        drivers: &[Driver],
        effort: Effort,
    ) -> Result<Self, PlanError> {
        let first = drivers.first().ok_or(PlanError::NoDriver)?;
        for (at, driver) in drivers.iter().enumerate() {
            if drivers[..at].iter().any(|other| other.name == driver.name) {
                return Err(PlanError::TwoDrivers(driver.name.clone()));
            }
        }
        let chosen = selection.chosen(catalogue)?;
        let mut cells = Vec::new();
        for scenario in &catalogue.scenarios {
            if !chosen.contains(&scenario.name.as_str()) {
                continue;
            }
            let drivers = if scenario.only_rust { std::slice::from_ref(first) } else { drivers };
            for placement in selection.placements(scenario) {
                for rate in selection.rates(scenario) {
                    push_pairs(&mut cells, scenario, drivers, rate, placement);
                }
            }
        }
        if cells.is_empty() { Err(PlanError::Empty) } else { Ok(Self { cells, effort }) }
    }

    /// The order of one repetition: each row with its raw limits just before it, unless they were measured a moment ago.
    pub fn sequence(&self) -> Vec<&Cell> {
        let mut sequence = Vec::new();
        let mut recent: VecDeque<&Cell> = VecDeque::new();
        let mut push = |cell, sequence: &mut Vec<_>| {
            sequence.push(cell);
            recent.push_back(cell);
            if recent.len() > FRESH {
                recent.pop_front();
            }
            recent.clone()
        };
        let mut seen = VecDeque::new();
        for cell in &self.cells {
            for raw in self.raw_of(cell) {
                if !seen.contains(&raw) {
                    seen = push(raw, &mut sequence);
                }
            }
            if !seen.contains(&cell) {
                seen = push(cell, &mut sequence);
            }
        }
        sequence
    }

    /// The raw limits at the same rate and placement, as far as there are any.
    fn raw_of<'p>(&'p self, cell: &'p Cell) -> impl Iterator<Item = &'p Cell> {
        self.cells.iter().filter(move |raw| {
            cell.scenario.raw.contains(&raw.scenario.name)
                && raw.rate == cell.rate
                && raw.placement == cell.placement
                && raw.scenario.work.is_raw()
        })
    }

    /// How long it will take, about.
    pub fn estimate(&self) -> Duration {
        let took = |cell: &&Cell| self.effort.window_of(cell.rate) + self.effort.warm_up + OVERHEAD;
        let (idle, busy): (Vec<_>, Vec<_>) = self.sequence().into_iter().partition(|cell| cell.rate == Load::Idle);
        idle.iter().map(took).sum::<Duration>() + busy.iter().map(took).sum::<Duration>() * self.effort.repetitions
    }
}

fn push_pairs(cells: &mut Vec<Cell>, scenario: &Scenario, drivers: &[Driver], rate: Load, placement: Placement) {
    let cell =
        |client: &Driver, server| Cell { scenario: scenario.clone(), client: client.clone(), server, rate, placement };
    for client in drivers {
        if scenario.work.has_server() {
            cells.extend(drivers.iter().map(|server| cell(client, Some(server.clone()))));
        } else {
            cells.push(cell(client, None));
        }
    }
}

impl Selection {
    /// Names of the scenarios that are asked for, and of their raw limits.
    fn chosen<'c>(&self, catalogue: &'c Catalogue) -> Result<Vec<&'c str>, PlanError> {
        let all = catalogue.scenarios.iter();
        if self.scenarios.is_empty() {
            return Ok(all.map(|scenario| scenario.name.as_str()).collect());
        }
        let mut chosen = Vec::new();
        for pattern in &self.scenarios {
            let before = chosen.len();
            let found = all.clone().filter(|scenario| matches(pattern, &scenario.name));
            chosen.extend(found.map(|scenario| scenario.name.as_str()));
            if chosen.len() == before {
                return Err(PlanError::NoScenario(pattern.clone()));
            }
        }
        let mut at = 0;
        while let Some(scenario) = chosen.get(at).and_then(|name| catalogue.find(name)) {
            for raw in &scenario.raw {
                if !chosen.contains(&raw.as_str()) {
                    chosen.push(raw);
                }
            }
            at += 1;
        }
        Ok(chosen)
    }

    fn rates(&self, scenario: &Scenario) -> Vec<Load> {
        let wanted = |rate: &&Load| self.rates.is_empty() || self.rates.contains(rate);
        scenario.rates.iter().filter(wanted).copied().collect()
    }

    fn placements(&self, scenario: &Scenario) -> Vec<Placement> {
        let wanted = |placement: &&Placement| self.placements.is_empty() || self.placements.contains(placement);
        scenario.placements.iter().filter(wanted).copied().collect()
    }
}

/// Whether `name` is what `pattern` says, in which `*` stands for anything.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == name };
    let Some(rest) = name.strip_prefix(head) else { return false };
    (0..=rest.len()).filter(|&at| rest.is_char_boundary(at)).any(|at| matches(tail, &rest[at..]))
}

impl Cell {
    /// What identifies it.
    pub fn key(&self) -> Key {
        Key {
            scenario: self.scenario.name.clone(),
            client: self.client.name.clone(),
            server: self.server.as_ref().map_or_else(String::new, |server| server.name.clone()),
            rate: self.rate,
            placement: self.placement,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, client, server, rate, placement } = self;
        write!(f, "{scenario} at {rate} {placement}, ")?;
        if server.is_empty() { write!(f, "{client}") } else { write!(f, "{client} to {server}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn driver(name: &str) -> Driver {
        Driver { name: name.into(), program: name.into(), arguments: Vec::new() }
    }

    fn plan(scenarios: &[&str], drivers: &[&str]) -> Result<Plan, PlanError> {
        let scenarios = scenarios.iter().map(ToString::to_string).collect();
        let selection = Selection { scenarios, rates: vec![Load::Max], placements: vec![Placement::Split] };
        let drivers: Vec<_> = drivers.iter().map(|name| driver(name)).collect();
        Plan::new(&Catalogue::built_in().unwrap(), &selection, &drivers, Effort::quick())
    }

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("uds-*", "uds-ping-pong") && matches("*-codec-*-16", "apps-lookup-codec-known-16"));
        assert!(matches("*", "") && matches("a*", "a") && matches("x", "x"));
        assert!(!matches("uds", "uds-idle") && !matches("*pong", "uds-ping-pong-l1") && !matches("", "x"));
    }

    #[test]
    fn every_pair_of_drivers_has_a_row() {
        let plan = plan(&["uds-ping-pong"], &["rust", "go", "c"]).unwrap();
        let pairs = plan.cells.iter().filter(|cell| cell.scenario.name == "uds-ping-pong").count();
        assert_eq!(pairs, 9);
        let raw = plan.cells.iter().filter(|cell| cell.scenario.work.is_raw()).count();
        assert_eq!(raw, 2, "the machine is measured by one driver");
    }

    #[test]
    fn raw_limits_come_along_and_just_before() {
        let plan = plan(&["uds-ping-pong", "shm-ping-pong"], &["rust"]).unwrap();
        let names: Vec<_> = plan.sequence().iter().map(|cell| cell.scenario.name.as_str()).collect();
        let place = |name: &str| names.iter().rposition(|other| *other == name).unwrap();
        assert!(place("raw-seqpacket") < place("uds-ping-pong"));
        assert!(place("uds-ping-pong") - place("raw-seqpacket") <= FRESH);
        assert!(place("shm-ping-pong") - place("raw-line-64") <= FRESH);
    }

    #[test]
    fn every_row_is_in_the_sequence() {
        let catalogue = Catalogue::built_in().unwrap();
        let plan = Plan::new(&catalogue, &Selection::default(), &[driver("rust")], Effort::full()).unwrap();
        let sequence = plan.sequence();
        for cell in &plan.cells {
            assert!(sequence.contains(&cell), "{}", cell.key());
            let last = sequence.iter().position(|other| *other == cell).unwrap();
            for raw in plan.raw_of(cell) {
                let before = sequence[..=last].iter().rposition(|other| *other == raw);
                assert!(before.is_some_and(|at| last - at <= FRESH), "{} is not fresh for {}", raw.key(), cell.key());
            }
        }
    }

    #[test]
    fn it_takes_no_longer_than_promised() {
        let catalogue = Catalogue::built_in().unwrap();
        let took = |effort| Plan::new(&catalogue, &Selection::default(), &[driver("rust")], effort).unwrap().estimate();
        assert!(took(Effort::quick()) < Duration::from_secs(180), "{:?}", took(Effort::quick()));
        assert!(took(Effort::full()) < Duration::from_secs(1800), "{:?}", took(Effort::full()));
    }

    #[test]
    fn nonsense_is_named() {
        assert!(plan(&["uds-ping"], &["rust"]).unwrap_err().to_string().contains("uds-ping"));
        assert!(plan(&["uds-idle"], &["rust"]).unwrap_err().to_string().contains("rates and placements"));
        assert!(plan(&[], &["rust", "rust"]).unwrap_err().to_string().contains("two drivers"));
        assert!(plan(&[], &[]).is_err());
    }
}
