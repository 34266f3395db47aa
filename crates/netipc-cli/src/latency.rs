//! Round-trip times: collecting, summing up, drawing.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// Times of many calls, to about 0.1 %, from a nanosecond to a minute.
#[derive(Debug)]
pub(crate) struct Latencies {
    histogram: Histogram<u64>,
}

/// Times above this are counted as this.
const LONGEST: u64 = 60_000_000_000;

impl Latencies {
    pub(crate) fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST, 3);
        // The bounds are constants that the library takes; the unit tests run this line.
        Self { histogram: histogram.unwrap_or_else(|error| unreachable!("{error}")) }
    }

    pub(crate) fn record(&mut self, took: Duration) {
        self.histogram.saturating_record(u64::try_from(took.as_nanos()).unwrap_or(LONGEST));
    }

    pub(crate) fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// `q` from 0 to 1.
    pub(crate) fn quantile(&self, q: f64) -> Duration {
        Duration::from_nanos(self.histogram.value_at_quantile(q))
    }

    /// In microseconds, for programs.
    pub(crate) fn json(&self) -> Value {
        let us = |nanoseconds: u64| nanoseconds as f64 / 1e3;
        json!({
            "count": self.count(),
            "min_us": us(self.histogram.min()),
            "median_us": us(self.histogram.value_at_quantile(0.5)),
            "mean_us": (self.histogram.mean() / 10.0).round() / 100.0,
            "p90_us": us(self.histogram.value_at_quantile(0.9)),
            "p99_us": us(self.histogram.value_at_quantile(0.99)),
            "max_us": us(self.histogram.max()),
        })
    }

    /// `min 1.2 us, median ..`
    pub(crate) fn summary(&self) -> String {
        let at = |q| human(self.quantile(q));
        format!(
            "min {}, median {}, p90 {}, p99 {}, max {}",
            human(Duration::from_nanos(self.histogram.min())),
            at(0.5),
            at(0.9),
            at(0.99),
            human(Duration::from_nanos(self.histogram.max())),
        )
    }

    /// One line for each power of two between the fastest and the slowest call.
    pub(crate) fn bars(&self) -> Vec<String> {
        const WIDTH: u64 = 50;
        let (low, high) = (self.histogram.min().max(1).ilog2(), self.histogram.max().max(1).ilog2());
        let counts: Vec<_> =
            (low..=high).map(|power| (power, self.histogram.count_between(1 << power, (2 << power) - 1))).collect();
        let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
        counts
            .into_iter()
            .map(|(power, count)| {
                let bar = "#".repeat(usize::try_from((count * WIDTH).div_ceil(most)).unwrap_or(0));
                let below = human(Duration::from_nanos(2 << power));
                format!("  < {below:>9} {count:>9} {bar}").trim_end().to_owned()
            })
            .collect()
    }
}

/// Three significant digits, in the unit that suits.
pub(crate) fn human(time: Duration) -> String {
    let nanoseconds = time.as_nanos() as f64;
    let (value, unit) = match nanoseconds {
        n if n < 1e3 => (n, "ns"),
        n if n < 1e6 => (n / 1e3, "us"),
        n if n < 1e9 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    let digits = match value {
        v if unit == "ns" || v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_three_digits() {
        let told = |nanoseconds| human(Duration::from_nanos(nanoseconds));
        assert_eq!(told(17), "17 ns");
        assert_eq!(told(1_234), "1.23 us");
        assert_eq!(told(45_678), "45.7 us");
        assert_eq!(told(999_000_000), "999 ms");
        assert_eq!(told(30_000_000_000), "30.0 s");
    }

    #[test]
    fn the_histogram_covers_every_call() {
        let mut latencies = Latencies::new();
        for nanoseconds in [900, 1_000, 1_100, 70_000] {
            latencies.record(Duration::from_nanos(nanoseconds));
        }
        latencies.record(Duration::from_secs(1_000_000));
        assert_eq!(latencies.count(), 5);
        let bars = latencies.bars();
        assert_eq!(bars.len() as u32, LONGEST.ilog2() - 900_u64.ilog2() + 1);
        let counted: u64 = bars.iter().map(|bar| bar.split_whitespace().nth(3).unwrap().parse::<u64>().unwrap()).sum();
        assert_eq!(counted, 5);
        assert_eq!(latencies.json()["count"], 5);
        assert!(latencies.summary().starts_with("min 900 ns, median 1.10 us"), "{}", latencies.summary());
    }

    #[test]
    fn no_call_gives_an_empty_histogram() {
        let latencies = Latencies::new();
        assert_eq!(latencies.count(), 0);
        assert!(latencies.bars().len() <= 1);
    }
}
