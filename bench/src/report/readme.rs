//! The table of a page that shows a record in a few lines.

use std::fmt::Write;
use std::path::Path;

use super::figure::{rate, three, time};
use super::summary::{Row, summarise};
use super::{Report, ReportError};
use crate::protocol::Load;
use crate::scenario::{Catalogue, Placement};

/// The marks between which the table stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks;

/// `<!-- bench: PATH -->` names the record, or `none`.
const BEGIN: &str = "<!-- bench: ";
const END: &str = "<!-- bench end -->";

/// What is shown, and what it is in the words of a reader.
const SHOWN: [(&str, Placement, &str); 9] = [
    ("uds-ping-pong", Placement::Split, "small call over a socket"),
    ("shm-ping-pong", Placement::Split, "small call over shared memory"),
    ("uds-pipeline-d16", Placement::Split, "16 small calls in flight, socket"),
    ("uds-batch-ping-pong", Placement::Split, "2 to 1000 small calls in one message"),
    ("uds-connect", Placement::Split, "connect, handshake, first call"),
    ("uds-snapshot-1000", Placement::Split, "snapshot of 1000 items"),
    ("cgroups-lookup-known-256", Placement::Split, "lookup of 256 cgroups by path"),
    ("lookup-10000-random", Placement::Split, "lookup in a local snapshot of 10 000 items"),
    ("lookup-10000-random-refreshing", Placement::Free, "the same, 4 readers, while it is refreshed"),
];

impl Marks {
    /// The path of the record that `page` names, from the top of the tree; none without marks, or for `none`.
    pub fn record(self, page: &str) -> Option<&str> {
        let (_, rest) = page.split_once(BEGIN)?;
        let (path, _) = rest.split_once(" -->")?;
        (path != "none").then_some(path)
    }

    /// `page` with another table.
    fn replaced(self, page: &str, table: &str) -> Option<String> {
        let begin = page.find(BEGIN)?;
        let body = begin + page[begin..].find("-->")? + "-->".len();
        let end = body + page[body..].find(END)?;
        Some(format!("{}\n{table}{}", &page[..body], &page[end..]))
    }
}

/// `page` with the table of the record that it names; `root` is the top of the tree. A page without marks stays as it is.
///
/// # Errors
///
/// A record that cannot be read.
pub fn fill(page: &str, root: &Path, catalogue: &Catalogue) -> Result<String, ReportError> {
    let table = match Marks.record(page) {
        Some(path) => table(&Report::read(&root.join(path))?, catalogue),
        None => "No record has been made yet.\n".to_owned(),
    };
    Ok(Marks.replaced(page, &table).unwrap_or_else(|| page.to_owned()))
}

fn table(report: &Report, catalogue: &Catalogue) -> String {
    let rows = summarise(&report.samples, catalogue);
    let driver = report.about.drivers.first().map_or("", String::as_str);
    let machine = &report.about.machine;
    let kind = if machine.virtual_machine { "a virtual machine" } else { "a machine" };
    let mut text = format!(
        "Measured on {} on {kind} with {} CPUs ({}, {}), one side on each CPU where there are two sides.\n\n",
        report.about.date, machine.cpus, machine.cpu, machine.kernel
    );
    text.push_str("| | a second | median | 99 % | CPU | x raw limit |\n| --- | --: | --: | --: | --: | --: |\n");
    for (name, placement, words) in SHOWN {
        let found = rows.iter().find(|row| is_shown(row, name, placement, driver));
        if let Some(row) = found {
            let _ = writeln!(text, "| {words} | {} |", figures(row).join(" | "));
        }
    }
    text
}

fn is_shown(row: &Row, name: &str, placement: Placement, driver: &str) -> bool {
    let key = &row.key;
    key.scenario == name
        && key.rate == Load::Max
        && key.placement == placement
        && key.client == driver
        && key.server == driver
}

fn figures(row: &Row) -> [String; 5] {
    [
        rate(row.items.median),
        time(row.p50.median),
        time(row.p99.median),
        format!("{:.0} % + {:.0} %", row.client_cpu.median, row.server_cpu.median),
        row.raw.as_ref().map_or_else(|| "-".to_owned(), |raw| three(raw.ratio)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let catalogue = Catalogue::built_in().unwrap();
        let page = "a\n<!-- bench: none -->\nold\n<!-- bench end -->\nb\n";
        let filled = fill(page, Path::new("/"), &catalogue).unwrap();
        assert_eq!(filled, "a\n<!-- bench: none -->\nNo record has been made yet.\n<!-- bench end -->\nb\n");
        assert_eq!(fill(&filled, Path::new("/"), &catalogue).unwrap(), filled);
        assert_eq!(fill("no marks\n", Path::new("/"), &catalogue).unwrap(), "no marks\n");
        assert_eq!(Marks.record("<!-- bench: bench/record/x -->"), Some("bench/record/x"));
        assert!(fill("<!-- bench: missing -->\n<!-- bench end -->", Path::new("/nonexistent"), &catalogue).is_err());
    }
}
