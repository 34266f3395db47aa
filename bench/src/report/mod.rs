//! From samples to what people read: tables, plots, and the directory of a record.

mod figure;
mod markdown;
mod plot;
mod readme;
mod summary;
mod why;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::machine::{self, Machine};
use crate::plan::{Effort, Plan};
use crate::run::{Absence, Outcome};
use crate::sample::{self, Sample};
use crate::scenario::{Absent, Catalogue};

pub use plot::PlotError;
pub use readme::{Marks, fill};
pub use summary::{RawLimit, Row, Spread, summarise};
pub use why::Reasons;

/// How, when and on what a record was made: `run.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct About {
    /// The day, in UTC.
    pub date: String,
    /// Of netipc.
    pub version: String,
    /// How it was compiled: `release`, or `debug`, which says nothing about speed.
    pub build: String,
    /// Names of the drivers; the first one has measured the machine.
    pub drivers: Vec<String>,
    /// How often each row was measured.
    pub repetitions: u32,
    /// How long each time, in milliseconds.
    pub window_ms: u64,
    /// How long idle sessions were watched, in milliseconds.
    pub idle_ms: u64,
    /// Why system calls were not counted, if they were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncounted: Option<String>,
    /// On what.
    pub machine: Machine,
    /// Rows that a driver or the machine has no place for.
    #[serde(default)]
    pub absent_row: Vec<Absence>,
    /// Scenarios that do not exist.
    #[serde(default)]
    pub absent_scenario: Vec<Absent>,
}

/// A record: what was measured, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// How.
    pub about: About,
    /// What.
    pub samples: Vec<Sample>,
    /// The text of `why.toml`: why rows are as far from their raw limits as they are.
    pub why: String,
}

/// Why a record cannot be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A file.
    #[error("cannot use {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// `results.csv`.
    #[error("{RESULTS} makes no sense")]
    Results(#[from] csv::Error),
    /// `run.toml` cannot be read.
    #[error("{ABOUT} makes no sense")]
    About(#[from] toml::de::Error),
    /// `run.toml` cannot be written.
    #[error("{ABOUT} cannot be written")]
    Serialise(#[from] toml::ser::Error),
    /// `why.toml`.
    #[error("{WHY} makes no sense")]
    Why(#[source] toml::de::Error),
    /// A plot cannot be drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
}

const RESULTS: &str = "results.csv";
const ABOUT: &str = "run.toml";
const WHY: &str = "why.toml";

impl About {
    /// Of a run of this program, on this machine, today.
    pub fn this(plan: &Plan, catalogue: &Catalogue, outcome: &Outcome, drivers: Vec<String>) -> Self {
        let Effort { repetitions, window, idle, .. } = plan.effort;
        let millis = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self {
            date: machine::today(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            build: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
            drivers,
            repetitions,
            window_ms: millis(window),
            idle_ms: millis(idle),
            uncounted: outcome.uncounted.clone(),
            machine: Machine::this(),
            absent_row: outcome.absences.clone(),
            absent_scenario: catalogue.absent.clone(),
        }
    }
}

impl Report {
    /// Of a run just made, with the reasons that are known so far.
    pub fn new(about: About, samples: Vec<Sample>) -> Self {
        Self { about, samples, why: why::BUILT_IN.to_owned() }
    }

    /// The name of its directory: date and machine.
    pub fn name(&self) -> String {
        format!("{}-{}", self.about.date, self.about.machine.slug())
    }

    /// Writes everything into a directory, which is made if need be: the samples, how they came about, tables, plots.
    ///
    /// # Errors
    ///
    /// See [`ReportError`].
    pub fn write(&self, catalogue: &Catalogue, directory: &Path) -> Result<(), ReportError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            |source| ReportError::File { path, source }
        };
        fs::create_dir_all(directory).map_err(failed(directory))?;
        let mut results = Vec::new();
        sample::write(&self.samples, &mut results)?;
        let mut files = vec![
            (RESULTS.to_owned(), results),
            (ABOUT.to_owned(), toml::to_string(&self.about)?.into_bytes()),
            (WHY.to_owned(), self.why.clone().into_bytes()),
        ];
        files.extend(self.pages(catalogue)?.into_iter().map(|(name, text)| (name, text.into_bytes())));
        for (name, bytes) in files {
            let path = directory.join(name);
            fs::write(&path, bytes).map_err(failed(&path))?;
        }
        Ok(())
    }

    /// Reads a record that was written.
    ///
    /// # Errors
    ///
    /// See [`ReportError`].
    pub fn read(directory: &Path) -> Result<Self, ReportError> {
        let read = |name: &str| {
            let path = directory.join(name);
            fs::read_to_string(&path).map_err(|source| ReportError::File { path, source })
        };
        Ok(Self {
            about: toml::from_str(&read(ABOUT)?)?,
            samples: sample::read(read(RESULTS)?.as_bytes())?,
            why: read(WHY)?,
        })
    }

    /// What is made of the samples and reasons, by name of the file.
    ///
    /// # Errors
    ///
    /// A plot that cannot be drawn, or reasons that make no sense.
    pub fn pages(&self, catalogue: &Catalogue) -> Result<Vec<(String, String)>, ReportError> {
        let reasons = Reasons::parse(&self.why).map_err(ReportError::Why)?;
        let rows = summarise(&self.samples, catalogue);
        let plots = plot::all(&rows)?;
        let names: Vec<&str> = plots.iter().map(|(name, _)| name.as_str()).collect();
        let mut pages = vec![("README.md".to_owned(), markdown::page(self, &rows, (catalogue, &reasons), &names))];
        pages.extend(plots);
        Ok(pages)
    }

    /// One table with the columns that matter most, for a terminal.
    pub fn brief(&self, catalogue: &Catalogue) -> String {
        markdown::brief(&summarise(&self.samples, catalogue))
    }
}
