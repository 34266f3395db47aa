//! What is made of a fixed record, byte for byte.
//!
//! After a change that is meant: `UPDATE_GOLDEN=1 cargo test -p netipc-bench --test report`, and look at the difference.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::fs;
use std::path::{Path, PathBuf};

use netipc_bench::report::{Report, fill, summarise};
use netipc_bench::scenario::Placement;
use netipc_bench::{Catalogue, protocol::Load};

fn record() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/record")
}

fn check(name: &str, text: &str) {
    let path = record().join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(text == expected, "{name} is not what it was; it is now:\n{text}");
}

#[test]
fn pages_are_as_they_were() {
    let catalogue = Catalogue::built_in().unwrap();
    let report = Report::read(&record()).unwrap();
    let pages = report.pages(&catalogue).unwrap();
    let names: Vec<_> = pages.iter().map(|page| page.0.as_str()).collect();
    assert_eq!(names, ["README.md", "throughput.svg", "latency.svg", "cpu.svg"]);
    for (name, text) in &pages {
        check(name, text);
    }
    check("brief.txt", &report.brief(&catalogue));
}

#[test]
fn a_page_shows_the_record_that_it_names() {
    let page = "before\n<!-- bench: record -->\n<!-- bench end -->\nafter\n";
    let filled = fill(page, &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"), &Catalogue::built_in().unwrap());
    check("short.md", &filled.unwrap());
}

#[test]
fn a_record_is_written_as_it_was_read() {
    let report = Report::read(&record()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let written = directory.path().join("a/b");
    report.write(&Catalogue::built_in().unwrap(), &written).unwrap();
    assert_eq!(Report::read(&written).unwrap(), report);
    assert_eq!(
        fs::read_to_string(written.join("results.csv")).unwrap(),
        fs::read_to_string(record().join("results.csv")).unwrap()
    );
    fs::remove_file(written.join("run.toml")).unwrap();
    assert!(Report::read(&written).unwrap_err().to_string().contains("run.toml"));
}

#[test]
fn rows_are_medians_beside_the_fastest_raw_limit() {
    let catalogue = Catalogue::built_in().unwrap();
    let rows = summarise(&Report::read(&record()).unwrap().samples, &catalogue);
    let row = |name: &str, rate, placement| {
        let found = rows.iter().find(|row| {
            let key = &row.key;
            let is_own = key.client == "rust" && (key.server == "rust" || key.server.is_empty());
            is_own && key.scenario == name && key.rate == rate && key.placement == placement
        });
        found.unwrap_or_else(|| panic!("no row {name}"))
    };
    let ping = row("uds-ping-pong", Load::Max, Placement::Split);
    assert_eq!((ping.p50.median, ping.p50.least, ping.p50.greatest), (22_000.0, 20_000.0, 30_000.0));
    assert_eq!((ping.repetitions, ping.noisy), (3, 1));
    let raw = ping.raw.as_ref().unwrap();
    assert_eq!((raw.name.as_str(), raw.ratio), ("raw-seqpacket-spin", 22_000.0 / 5_000.0));
    let pipeline = row("uds-pipeline-d16", Load::Max, Placement::Split).raw.as_ref().unwrap();
    assert_eq!(pipeline.ratio, 0.4, "twice and a half as many requests as one by one");
    assert_eq!(row("uds-ping-pong", Load::Max, Placement::Same).raw, None, "no raw limit was measured there");
    let late = row("uds-ping-pong", Load::Rate(100_000), Placement::Split);
    assert!(late.saturated && late.raw.is_none());
}
