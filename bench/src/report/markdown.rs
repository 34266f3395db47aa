//! The page of a record.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::figure::{rate, three, time};
use super::summary::{Row, Spread};
use super::{About, Reasons, Report};
use crate::protocol::Load;
use crate::scenario::Catalogue;

/// Everything.
pub(super) fn page(
    report: &Report,
    rows: &[Row],
    (catalogue, reasons): (&Catalogue, &Reasons),
    plots: &[&str],
) -> String {
    let about = &report.about;
    let mut page = format!("# Benchmark of {}\n\n", about.date);
    page.push_str(&heading(about));
    for plot in plots {
        let _ = write!(page, "\n![{}]({plot})\n", plot.trim_end_matches(".svg"));
    }
    page.push('\n');
    page.push_str(&tables(about, rows, catalogue));
    let why = reasons.table(rows, about.drivers.first().map_or("", String::as_str));
    if !why.is_empty() {
        page.push_str(&why);
        page.push('\n');
    }
    page.push_str(&absences(about));
    page
}

fn heading(about: &About) -> String {
    let machine = &about.machine;
    let kind = if machine.virtual_machine { "virtual machine" } else { "physical machine" };
    let mut text = String::from("| | |\n| --- | --- |\n");
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "| {name} | {value} |");
    };
    line("machine", format!("{kind}, {} CPUs, {}", machine.cpus, machine.cpu));
    line("kernel", machine.kernel.clone());
    line("governor, clock", format!("{}, {}", machine.governor, machine.clock));
    line("netipc", format!("{}, {} build", about.version, about.build));
    line("drivers", about.drivers.join(", "));
    line("effort", format!("{} times {} ms; idle {} s", about.repetitions, about.window_ms, about.idle_ms / 1000));
    text.push_str(
        "\nMade by `netipc bench`; docs/benchmarks.md says how each figure came about. Figures are medians of all repetitions,\n\
         with the least and the greatest in brackets. CPU is in percent of one CPU, client + server. *x raw* is how many times\n\
         its raw limit a row takes. `noisy 2/5` marks a row in which other processes or the hypervisor had\n\
         a part, in 2 of 5 repetitions; `late` one whose client could not keep up with its rate.\n",
    );
    text
}

/// The tables alone.
pub(super) fn tables(about: &About, rows: &[Row], catalogue: &Catalogue) -> String {
    let is_raw = |row: &Row| row.key.scenario.starts_with("raw-");
    let mut text = String::new();
    section(&mut text, "The machine, without netipc", rows.iter().filter(|row| is_raw(row)));
    let pairs: BTreeSet<_> = rows.iter().filter(|row| !is_raw(row)).map(pair).collect();
    let first = about.drivers.first().map_or("", String::as_str);
    for (client, server) in pairs {
        let title = match (client, server) {
            (client, "") => format!("In one process: {client}"),
            (client, server) => format!("From {client} to {server}"),
        };
        section(&mut text, &title, rows.iter().filter(|row| !is_raw(row) && pair(row) == (client, server)));
    }
    if about.drivers.len() > 1 {
        matrix(&mut text, about, rows, catalogue, first);
    }
    text
}

fn pair(row: &Row) -> (&str, &str) {
    (&row.key.client, &row.key.server)
}

/// Names of columns, and which of them hold numbers.
struct Columns {
    names: &'static [&'static str],
    numbers: std::ops::Range<usize>,
}

const ALL: Columns = Columns {
    names: &[
        "scenario",
        "rate",
        "CPUs",
        "requests/s",
        "items/s",
        "p50",
        "p95",
        "p99",
        "p99.9",
        "max",
        "CPU",
        "switches",
        "syscalls",
        "x raw",
        "raw limit",
        "",
    ],
    numbers: 3..14,
};

/// What fits a terminal.
const BRIEF: Columns = Columns {
    names: &["scenario", "rate", "CPUs", "requests/s", "items/s", "p50", "p99", "CPU", "x raw", "raw limit", ""],
    numbers: 3..9,
};

fn section<'r>(text: &mut String, title: &str, rows: impl Iterator<Item = &'r Row>) {
    let lines: Vec<_> = rows.map(cells).collect();
    if !lines.is_empty() {
        let _ = write!(text, "## {title}\n\n{}\n", table(&ALL, &lines));
    }
}

/// The columns of [`BRIEF`] alone, and medians without ranges.
pub(super) fn brief(rows: &[Row]) -> String {
    let lines: Vec<_> = rows
        .iter()
        .map(|row| {
            let cells = cells(row);
            let kept = BRIEF.names.iter().map(|name| {
                let cell = ALL.names.iter().position(|column| column == name).map_or("", |at| cells[at].as_str());
                cell.split(" (").next().unwrap_or_default().to_owned()
            });
            kept.collect()
        })
        .collect();
    table(&BRIEF, &lines)
}

/// With columns as wide as their cells, so that it can be read as it is.
fn table(columns: &Columns, lines: &[Vec<String>]) -> String {
    let width = |at: usize| {
        let cells = lines.iter().map(|line| line[at].chars().count());
        cells.chain([columns.names[at].len(), 3]).max().unwrap_or(3)
    };
    let widths: Vec<usize> = (0..columns.names.len()).map(width).collect();
    let mut text = String::new();
    let mut put = |cells: &[&str]| {
        for (at, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            let _ = if columns.numbers.contains(&at) {
                write!(text, "| {cell:>width$} ")
            } else {
                write!(text, "| {cell:width$} ")
            };
        }
        text.push_str("|\n");
    };
    put(columns.names);
    let rules: Vec<String> = (0..columns.names.len())
        .map(|at| {
            let (dashes, end) = if columns.numbers.contains(&at) { (widths[at] - 1, ":") } else { (widths[at], "") };
            format!("{}{end}", "-".repeat(dashes))
        })
        .collect();
    put(&rules.iter().map(String::as_str).collect::<Vec<_>>());
    for line in lines {
        put(&line.iter().map(String::as_str).collect::<Vec<_>>());
    }
    text
}

fn cells(row: &Row) -> Vec<String> {
    let idle = row.key.rate == Load::Idle;
    let busy = |text: String| if idle { "-".to_owned() } else { text };
    let at = |spread: &Spread| busy(time(spread.median));
    let items = if row.items == row.throughput { "-".to_owned() } else { busy(rate(row.items.median)) };
    vec![
        row.key.scenario.clone(),
        row.key.rate.to_string(),
        row.key.placement.to_string(),
        busy(ranged(&row.throughput, rate)),
        items,
        busy(ranged(&row.p50, time)),
        at(&row.p95),
        at(&row.p99),
        at(&row.p999),
        at(&row.max),
        format!("{} + {}", three(row.client_cpu.median), three(row.server_cpu.median)),
        three(row.switches.median),
        row.syscalls.map_or_else(|| "-".to_owned(), three),
        row.raw.as_ref().map_or_else(|| "-".to_owned(), |raw| three(raw.ratio)),
        row.raw.as_ref().map_or_else(|| "-".to_owned(), |raw| raw.name.clone()),
        marks(row),
    ]
}

fn ranged(spread: &Spread, shown: fn(f64) -> String) -> String {
    let Spread { median, least, greatest } = *spread;
    if least == greatest {
        shown(median)
    } else {
        format!("{} ({} to {})", shown(median), shown(least), shown(greatest))
    }
}

fn marks(row: &Row) -> String {
    let mut marks = Vec::new();
    if row.noisy > 0 {
        marks.push(format!("noisy {}/{}", row.noisy, row.repetitions));
    }
    if row.saturated {
        marks.push("late".to_owned());
    }
    marks.join(", ")
}

/// Medians of all pairs of drivers, scenario by scenario.
fn matrix(text: &mut String, about: &About, rows: &[Row], catalogue: &Catalogue, first: &str) {
    let _ = write!(text, "## All pairs\n\nMedian latency at most speed; rows are servers, columns clients.\n\n");
    for scenario in catalogue.scenarios.iter().filter(|scenario| !scenario.only_rust) {
        for &placement in &scenario.placements {
            let cell = |client: &str, server: &str| {
                let found = rows.iter().find(|row| {
                    row.key.scenario == scenario.name
                        && row.key.rate == Load::Max
                        && row.key.placement == placement
                        && pair(row) == (client, server)
                });
                found.map(|row| time(row.p50.median))
            };
            if cell(first, first).is_none() {
                continue;
            }
            let _ = write!(text, "| {} {placement} | {} |\n| ---", scenario.name, about.drivers.join(" | "));
            text.push_str(&" | --:".repeat(about.drivers.len()));
            text.push_str(" |\n");
            for server in &about.drivers {
                let line = about.drivers.iter().map(|client| cell(client, server).unwrap_or_else(|| "-".to_owned()));
                let _ = writeln!(text, "| {server} | {} |", line.collect::<Vec<_>>().join(" | "));
            }
            text.push('\n');
        }
    }
}

fn absences(about: &About) -> String {
    let mut text = String::from("## Not measured\n\n| what | why |\n| --- | --- |\n");
    let rows = about.absent_row.iter().map(|absence| (&absence.row, &absence.reason));
    for (what, why) in rows.chain(about.absent_scenario.iter().map(|absent| (&absent.name, &absent.reason))) {
        let _ = writeln!(text, "| {what} | {why} |");
    }
    if let Some(why) = &about.uncounted {
        let _ = writeln!(text, "| system calls for one request | {why} |");
    }
    text
}
