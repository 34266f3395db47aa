//! Reads what libFuzzer prints.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// The figures of one finished run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Log {
    pub(super) runs: u64,
    per_second: u64,
    /// Edges of the control flow: those reached, and all that have a counter.
    edges: u64,
    counters: u64,
    /// Edges told apart by how often they were taken, and comparisons.
    features: u64,
    inputs: u64,
}

impl Log {
    pub(super) const HEADING: &str = "target                 executions  per second   edges  features  inputs";

    pub(super) fn read(text: &str, took: Duration) -> Result<Self> {
        let counters = text
            .lines()
            .find_map(|line| line.split_once(" inline 8-bit counters)"))
            .and_then(|(before, _)| before.rsplit_once('('))
            .and_then(|(_, count)| count.parse().ok())
            .unwrap_or(0);
        if counters == 0 {
            bail!("the program was built without coverage counters");
        }
        let done = text.lines().rfind(|line| line.contains("DONE")).context("no run was done")?;
        let runs = stat(text, "number_of_executed_units")?;
        Ok(Self {
            runs,
            // Our own clock: libFuzzer counts whole seconds, of which a short run has none.
            per_second: runs * 1000 / u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1),
            edges: figure(done, "cov: ")?,
            counters,
            features: figure(done, "ft: ")?,
            inputs: figure(done, "corp: ")?,
        })
    }

    pub(super) fn row(&self, target: &str) -> String {
        let Self { runs, per_second, edges, counters, features, inputs } = self;
        format!(
            "{target:20} {runs:>12} {per_second:>11} {:>7} {features:>9} {inputs:>7}",
            format!("{edges}/{counters}"),
        )
    }
}

fn stat(text: &str, name: &str) -> Result<u64> {
    let prefix = format!("stat::{name}:");
    let value = text.lines().rev().find_map(|line| line.strip_prefix(&prefix));
    value.and_then(|value| value.trim().parse().ok()).with_context(|| format!("{name} is missing"))
}

fn figure(line: &str, name: &str) -> Result<u64> {
    let value = line.split_once(name).map(|(_, rest)| rest);
    let digits = value.and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
    digits.and_then(|d| d.parse().ok()).with_context(|| format!("{name:?} is missing in {line:?}"))
}

/// What a failed run said: from the panic on, without the list of inputs
/// tried before, and how to see it again.
pub(super) fn complaint(text: &str, target: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let first = lines
        .iter()
        .position(|line| line.contains("panicked at") || line.contains("ERROR: libFuzzer"))
        .unwrap_or(lines.len().saturating_sub(40));
    let mut said = lines[first..lines.len().min(first + 40)].join("\n");
    let saved = text.lines().find_map(|line| line.split_once("Test unit written to "));
    if let Some((_, path)) = saved {
        said.push_str(&format!(
            "\nthe input is kept in {path}; see it fail again with\n  \
             cargo xtask fuzz {target} --input {path}"
        ));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "\
INFO: Seed: 1
INFO: Loaded 1 modules   (912 inline 8-bit counters): 912 [0x1, 0x2),
#2\tINITED cov: 10 ft: 11 corp: 1/1b exec/s: 0 rss: 30Mb
#200000\tDONE   cov: 31 ft: 62 corp: 12/1Kb lim: 4096 exec/s: 66666 rss: 40Mb
Done 200000 runs in 3 second(s)
stat::number_of_executed_units: 200000
stat::average_exec_per_sec:     66666
";

    #[test]
    fn the_figures_of_a_run() {
        let log = Log::read(RUN, Duration::from_millis(500)).unwrap();
        let Log { runs, per_second, edges, counters, features, inputs } = log;
        assert_eq!([runs, per_second, edges, counters, features, inputs], [200_000, 400_000, 31, 912, 62, 12]);
    }

    #[test]
    fn a_program_without_counters_is_refused() {
        let error = Log::read(&RUN.replace("912 inline", "0 inline"), Duration::ZERO).unwrap_err();
        assert!(error.to_string().contains("without coverage"), "{error}");
    }

    #[test]
    fn a_crash_tells_its_panic_and_its_input() {
        let text = "#1\tNEW\nthread 'x' panicked at a.rs:1:\nboom\n\
            Test unit written to fuzz/artifacts/header/crash-1\n";
        let said = complaint(text, "header");
        assert!(said.starts_with("thread 'x' panicked"), "{said}");
        assert!(said.ends_with("fuzz header --input fuzz/artifacts/header/crash-1"), "{said}");
    }
}
