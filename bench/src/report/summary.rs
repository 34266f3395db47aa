//! Medians of what was measured several times, and how far they are from what the machine does at best.

use std::collections::BTreeMap;

use crate::plan::Key;
use crate::sample::Sample;
use crate::scenario::{Basis, Catalogue};

/// A row of the report.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// What it is.
    pub key: Key,
    /// How often it was measured.
    pub repetitions: usize,
    /// In how many of these something else had a part.
    pub noisy: usize,
    /// Whether the client could not keep up with its rate.
    pub saturated: bool,
    /// Requests per second.
    pub throughput: Spread,
    /// Items per second.
    pub items: Spread,
    /// In nanoseconds, as all latencies.
    pub p50: Spread,
    /// 95 of 100.
    pub p95: Spread,
    /// 99 of 100.
    pub p99: Spread,
    /// 999 of 1000.
    pub p999: Spread,
    /// The slowest.
    pub max: Spread,
    /// Percent of a CPU.
    pub client_cpu: Spread,
    /// Percent of a CPU.
    pub server_cpu: Spread,
    /// How often threads of both sides went to sleep or were interrupted, for one request; in an idle row, altogether.
    pub switches: Spread,
    /// System calls of both sides for one request.
    pub syscalls: Option<f64>,
    /// What the machine does at best.
    pub raw: Option<RawLimit>,
}

/// The median of some values, and the least and greatest of them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spread {
    /// In the middle.
    pub median: f64,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub greatest: f64,
}

/// What a row is compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct RawLimit {
    /// Name of its scenario.
    pub name: String,
    /// How many times as long the row takes, or as little it gets done: 1 is as good as the machine.
    pub ratio: f64,
}

impl Spread {
    /// Of some values; zeros when there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (Some(&least), Some(&greatest)) = (values.first(), values.last()) else { return Self::default() };
        let middle = values.len() / 2;
        let median =
            if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) };
        Self { median, least, greatest }
    }
}

/// One row for all samples of a kind, in the order of the definitions.
pub fn summarise(samples: &[Sample], catalogue: &Catalogue) -> Vec<Row> {
    let mut groups: BTreeMap<Key, Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        groups.entry(sample.key()).or_default().push(sample);
    }
    let mut rows: Vec<Row> = groups.into_iter().map(|(key, samples)| row(key, &samples)).collect();
    let place = |name: &str| catalogue.scenarios.iter().position(|scenario| scenario.name == name);
    rows.sort_by_key(|row| place(&row.key.scenario).unwrap_or(usize::MAX));
    let raw: Vec<_> = rows.iter().map(|row| raw_limit(row, &rows, catalogue)).collect();
    for (row, raw) in rows.iter_mut().zip(raw) {
        row.raw = raw;
    }
    rows
}

fn row(key: Key, samples: &[&Sample]) -> Row {
    let spread = |of: fn(&Sample) -> f64| Spread::of(samples.iter().map(|sample| of(sample)));
    Row {
        key,
        repetitions: samples.len(),
        noisy: samples.iter().filter(|sample| sample.is_noisy()).count(),
        saturated: samples.iter().any(|sample| sample.is_saturated()),
        throughput: spread(Sample::throughput),
        items: spread(Sample::item_throughput),
        p50: spread(|sample| sample.p50_ns as f64),
        p95: spread(|sample| sample.p95_ns as f64),
        p99: spread(|sample| sample.p99_ns as f64),
        p999: spread(|sample| sample.p999_ns as f64),
        max: spread(|sample| sample.max_ns as f64),
        client_cpu: spread(|sample| sample.client_cpu),
        server_cpu: spread(|sample| sample.server_cpu),
        switches: spread(switches),
        syscalls: samples.iter().find_map(|sample| sample.syscalls),
        raw: None,
    }
}

fn switches(sample: &Sample) -> f64 {
    let client = sample.client_sleeps + sample.client_preempted;
    let server = sample.server_sleeps + sample.server_preempted;
    (client + server) as f64 / sample.requests.max(1) as f64
}

/// The best of the row's raw limits at the same rate and placement. The latencies of a row that cannot keep up are those of a
/// queue, which are compared with nothing.
fn raw_limit(row: &Row, rows: &[Row], catalogue: &Catalogue) -> Option<RawLimit> {
    if row.saturated {
        return None;
    }
    let scenario = catalogue.find(&row.key.scenario)?;
    let candidates = rows.iter().filter(|raw| {
        scenario.raw.contains(&raw.key.scenario)
            && raw.key.rate == row.key.rate
            && raw.key.placement == row.key.placement
            && !raw.saturated
    });
    let limits = candidates.map(|raw| RawLimit {
        name: raw.key.scenario.clone(),
        ratio: match scenario.basis {
            Basis::Latency => row.p50.median / raw.p50.median.max(1.0),
            Basis::Throughput => raw.throughput.median / row.throughput.median.max(1e-9),
        },
    });
    limits.max_by(|a, b| a.ratio.total_cmp(&b.ratio))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_has_as_many_on_either_side() {
        let odd = Spread::of([5.0, 1.0, 3.0]);
        assert_eq!(odd, Spread { median: 3.0, least: 1.0, greatest: 5.0 });
        assert_eq!(Spread::of([4.0, 2.0]).median, 3.0);
        assert_eq!(Spread::of([]), Spread::default());
    }
}
