//! What a client has counted in a window.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::pace::Pacer;
use crate::protocol::Figures;

/// Times above this are counted as this.
const LONGEST: u64 = 60_000_000_000;

#[derive(Debug)]
pub(super) struct Recorder {
    histogram: Histogram<u64>,
    pub(super) items: u64,
    pub(super) unsent: u64,
    pub(super) pacer: Pacer,
}

impl Recorder {
    pub(super) fn new() -> Self {
        // The bounds are constants that the library takes.
        let histogram = Histogram::new_with_bounds(1, LONGEST, 3).unwrap_or_else(|error| unreachable!("{error}"));
        Self { histogram, items: 0, unsent: 0, pacer: Pacer::default() }
    }

    /// `count` requests took `took` together and brought `items`.
    #[inline]
    pub(super) fn record(&mut self, took: Duration, count: u64, items: u64) {
        let each = u64::try_from(took.as_nanos()).unwrap_or(LONGEST) / count.max(1);
        self.histogram.saturating_record_n(each.max(1), count);
        self.items += items;
    }

    pub(super) fn requests(&self) -> u64 {
        self.histogram.len()
    }

    /// Adds what another thread has counted meanwhile.
    pub(super) fn merge(&mut self, other: &Self) {
        self.histogram += &other.histogram;
        self.items += other.items;
        self.unsent += other.unsent;
        self.pacer.spun += other.pacer.spun;
        self.pacer.sleeps += other.pacer.sleeps;
    }

    /// Each time with its count.
    pub(super) fn latencies(&self) -> impl Iterator<Item = (u64, u64)> {
        self.histogram.iter_recorded().map(|value| (value.value_iterated_to(), value.count_at_value()))
    }

    pub(super) fn fill(&self, figures: &mut Figures) {
        figures.requests = self.requests();
        figures.items = self.items;
        figures.unsent = self.unsent;
        figures.pacing_us = u64::try_from(self.pacer.spun.as_micros()).unwrap_or(u64::MAX);
        figures.sleeps = self.pacer.sleeps;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(times: &[(u64, u64)]) -> Recorder {
        let mut recorder = Recorder::new();
        for &(ns, count) in times {
            recorder.record(Duration::from_nanos(ns * count), count, 2 * count);
        }
        recorder
    }

    #[test]
    fn merged_threads_are_as_one() {
        let mut merged = recorded(&[(100, 3), (2_000, 1)]);
        let mut other = recorded(&[(100, 1), (900, 2), (120_000_000_000, 1)]);
        other.unsent = 5;
        merged.merge(&other);
        let all = recorded(&[(100, 4), (2_000, 1), (900, 2), (120_000_000_000, 1)]);
        assert_eq!(merged.latencies().collect::<Vec<_>>(), all.latencies().collect::<Vec<_>>());
        assert_eq!((merged.requests(), merged.items, merged.unsent), (8, 16, 5));
        let last = merged.latencies().last().unwrap();
        assert!(last.0 >= LONGEST && last.0 < LONGEST + LONGEST / 500, "{last:?}");
    }

    #[test]
    fn a_group_counts_for_each_of_its_requests() {
        let mut recorder = Recorder::new();
        recorder.record(Duration::from_nanos(640), 64, 64);
        recorder.record(Duration::ZERO, 1, 1);
        assert_eq!(recorder.latencies().collect::<Vec<_>>(), [(1, 1), (10, 64)]);
        let mut figures = Figures::default();
        recorder.fill(&mut figures);
        assert_eq!((figures.requests, figures.items), (65, 65));
    }
}
