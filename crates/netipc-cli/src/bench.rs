//! `netipc bench`: figures.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use netipc_bench::report::ReportError;
use netipc_bench::run::{Failure as RunFailure, Step};
use netipc_bench::scenario::Placement;
use netipc_bench::{About, Catalogue, Driver, Effort, Plan, Report, Selection};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::cli::{Bench, BenchPlacement};
use crate::failure::Failure;
use crate::output;

/// Where records are kept, in a clone of the project.
const RECORDS: &str = "bench/record";
/// By which such a clone is known.
const SCENARIOS: &str = "bench/scenarios.toml";

pub(crate) fn run(bench: &Bench) -> Result<(), Failure> {
    let catalogue = Catalogue::built_in().map_err(|error| told(&error))?;
    let mut drivers = vec![built_in()?];
    drivers.extend(bench.driver.iter().cloned());
    let plan = Plan::new(&catalogue, &selection(bench), &drivers, effort(bench))
        .map_err(|error| Failure::usage(error.to_string()))?;
    if bench.list {
        return list(&plan, &catalogue);
    }
    if bench.record {
        check_record()?;
    }
    let outcome = measure(&plan)?;
    let names = drivers.into_iter().map(|driver| driver.name).collect();
    let about = About::this(&plan, &catalogue, &outcome, names);
    let report = Report::new(about, outcome.samples);
    keep(bench, &report, &catalogue)?;
    for line in report.brief(&catalogue).lines() {
        output::line(line)?;
    }
    for absence in &report.about.absent_row {
        output::line(&format!("absent: {}: {}", absence.row, absence.reason))?;
    }
    Ok(())
}

/// This program itself.
fn built_in() -> Result<Driver, Failure> {
    let program = std::env::current_exe().map_err(|error| Failure::io(format!("cannot find this program: {error}")))?;
    Ok(Driver { name: "rust".to_owned(), program, arguments: vec!["bench-driver".to_owned()] })
}

fn selection(bench: &Bench) -> Selection {
    let placements = bench.placement.iter().map(|placement| match placement {
        BenchPlacement::Split => Placement::Split,
        BenchPlacement::Same => Placement::Same,
        BenchPlacement::Free => Placement::Free,
    });
    let placements = placements.collect();
    Selection { scenarios: bench.scenarios.clone(), rates: bench.rate.clone(), placements }
}

fn effort(bench: &Bench) -> Effort {
    let mut effort = if bench.quick { Effort::quick() } else { Effort::full() };
    if let Some(repetitions) = bench.repeat {
        effort.repetitions = repetitions;
    }
    effort
}

fn list(plan: &Plan, catalogue: &Catalogue) -> Result<(), Failure> {
    for cell in &plan.cells {
        output::line(&cell.key().to_string())?;
    }
    for absent in &catalogue.absent {
        output::line(&format!("absent: {}: {}", absent.name, absent.reason))?;
    }
    output::line(&format!("{} rows, about {}", plan.cells.len(), minutes(plan.estimate())))
}

fn minutes(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}

/// Before half an hour is spent.
fn check_record() -> Result<(), Failure> {
    if cfg!(debug_assertions) {
        return Err(Failure::usage("a record needs a release build: cargo run --release -- bench --record"));
    }
    if !Path::new(SCENARIOS).is_file() {
        return Err(Failure::usage(format!(
            "there is no {SCENARIOS} here; run this at the top of a clone of the project"
        )));
    }
    Ok(())
}

/// With a bar on the standard error stream, if that is a terminal.
fn measure(plan: &Plan) -> Result<netipc_bench::Outcome, Failure> {
    if cfg!(debug_assertions) {
        eprintln!("netipc: this is a debug build, whose figures say nothing about speed");
    }
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register(signal, Arc::clone(&interrupted))
            .map_err(|error| Failure::io(format!("cannot watch for SIGINT and SIGTERM: {error}")))?;
    }
    let bar = ProgressBar::no_length();
    // The template is a constant, and the tests run this line.
    let style = ProgressStyle::with_template("{pos}/{len} [{bar:30}] {eta} left: {msg}")
        .unwrap_or_else(|error| unreachable!("{error}"));
    bar.set_style(style);
    let outcome = netipc_bench::run(plan, &interrupted, |Step { done, total, row }| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
        bar.set_message(row.to_owned());
    });
    bar.finish_and_clear();
    outcome.map_err(|error: RunFailure| told(&error))
}

fn keep(bench: &Bench, report: &Report, catalogue: &Catalogue) -> Result<(), Failure> {
    let directory: Option<PathBuf> =
        if bench.record { Some(Path::new(RECORDS).join(report.name())) } else { bench.out.clone() };
    let Some(directory) = directory else { return Ok(()) };
    report.write(catalogue, &directory).map_err(|error: ReportError| told(&error))?;
    output::line(&format!("written to {}", directory.display()))
}

fn told(error: &dyn std::error::Error) -> Failure {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    Failure::io(text)
}
