//! One row measured once, as it is kept.

use std::io::{Read, Write};

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::plan::{Cell, Key};
use crate::protocol::{Figures, Load};
use crate::scenario::Placement;

/// A line of `results.csv`.
///
/// Times are in nanoseconds, shares of a CPU in percent (two busy threads are 200).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sample {
    /// Name of the scenario.
    pub scenario: String,
    /// Who asked.
    pub client: String,
    /// Who answered; empty when nobody had to.
    pub server: String,
    /// How fast.
    pub rate: Load,
    /// Where.
    #[serde(with = "placement")]
    pub placement: Placement,
    /// Which time, from 1.
    pub repetition: u32,
    /// How long.
    pub elapsed_ns: u64,
    /// Answered.
    pub requests: u64,
    /// Due, but not sent before the end.
    pub unsent: u64,
    /// Of all requests.
    pub items: u64,
    /// Median latency.
    pub p50_ns: u64,
    /// 95 of 100 were faster.
    pub p95_ns: u64,
    /// 99 of 100.
    pub p99_ns: u64,
    /// 999 of 1000.
    pub p999_ns: u64,
    /// The slowest.
    pub max_ns: u64,
    /// Of the client, without waiting for the moment to send.
    pub client_cpu: f64,
    /// Of the server.
    pub server_cpu: f64,
    /// How often a thread of the client went to sleep, except until the moment to send.
    pub client_sleeps: u64,
    /// How often a thread of the client was interrupted.
    pub client_preempted: u64,
    /// How often a thread of the server went to sleep.
    pub server_sleeps: u64,
    /// How often a thread of the server was interrupted.
    pub server_preempted: u64,
    /// System calls for one request on both sides together; none where they cannot be counted.
    pub syscalls: Option<f64>,
    /// What the hypervisor took, of all CPUs together.
    pub steal: f64,
    /// What other processes took, of all CPUs together.
    pub foreign: f64,
}

/// Above this, in percent of the machine, other processes were a part of what was measured.
const FOREIGN: f64 = 5.0;
/// The same for the hypervisor.
const STEAL: f64 = 1.0;

/// What a row was measured under.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Noise {
    /// What the hypervisor took, in percent of all CPUs.
    pub steal: f64,
    /// What other processes took, in percent of all CPUs.
    pub foreign: f64,
}

/// What both sides reported of a window.
#[derive(Debug, Clone)]
pub struct Measured {
    /// All latencies.
    pub latencies: Histogram<u64>,
    /// Of the client.
    pub client: Figures,
    /// Of the server, if there is one.
    pub server: Option<Figures>,
    /// System calls for one request.
    pub syscalls: Option<f64>,
}

impl Sample {
    /// Puts together what was measured of a cell.
    pub fn new(cell: &Cell, repetition: u32, measured: &Measured, noise: Noise) -> Self {
        let Key { scenario, client, server, rate, placement } = cell.key();
        let Measured { latencies, client: asked, server: answered, syscalls } = measured;
        let answered = answered.unwrap_or_default();
        let at = |q| latencies.value_at_quantile(q);
        Self {
            scenario,
            client,
            server,
            rate,
            placement,
            repetition,
            elapsed_ns: asked.elapsed_ns,
            requests: asked.requests,
            unsent: asked.unsent,
            items: asked.items,
            p50_ns: at(0.5),
            p95_ns: at(0.95),
            p99_ns: at(0.99),
            p999_ns: at(0.999),
            max_ns: latencies.max(),
            client_cpu: cpu(asked),
            server_cpu: cpu(&answered),
            client_sleeps: asked.voluntary.saturating_sub(asked.sleeps),
            client_preempted: asked.involuntary,
            server_sleeps: answered.voluntary,
            server_preempted: answered.involuntary,
            syscalls: *syscalls,
            steal: rounded(noise.steal),
            foreign: rounded(noise.foreign),
        }
    }

    /// What identifies its row.
    pub fn key(&self) -> Key {
        Key {
            scenario: self.scenario.clone(),
            client: self.client.clone(),
            server: self.server.clone(),
            rate: self.rate,
            placement: self.placement,
        }
    }

    /// Requests per second.
    pub fn throughput(&self) -> f64 {
        per_second(self.requests, self.elapsed_ns)
    }

    /// Items per second.
    pub fn item_throughput(&self) -> f64 {
        per_second(self.items, self.elapsed_ns)
    }

    /// Whether something else had a part in it.
    pub fn is_noisy(&self) -> bool {
        self.steal > STEAL || self.foreign > FOREIGN
    }

    /// Whether the client could not keep up with its rate: more than a hundredth was not sent in time.
    pub fn is_saturated(&self) -> bool {
        self.unsent * 100 > self.requests + self.unsent
    }
}

fn per_second(count: u64, elapsed_ns: u64) -> f64 {
    if elapsed_ns == 0 { 0.0 } else { count as f64 * 1e9 / elapsed_ns as f64 }
}

fn cpu(figures: &Figures) -> f64 {
    let used = figures.cpu_us.saturating_sub(figures.pacing_us);
    if figures.elapsed_ns == 0 { 0.0 } else { rounded(used as f64 * 1e5 / figures.elapsed_ns as f64) }
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Writes samples as lines of text.
///
/// # Errors
///
/// As writing.
pub fn write(samples: &[Sample], to: impl Write) -> Result<(), csv::Error> {
    let mut writer = csv::Writer::from_writer(to);
    for sample in samples {
        writer.serialize(sample)?;
    }
    Ok(writer.flush()?)
}

/// Reads what [`write()`] has written.
///
/// # Errors
///
/// As reading, and for a line that is no sample.
pub fn read(from: impl Read) -> Result<Vec<Sample>, csv::Error> {
    csv::Reader::from_reader(from).deserialize().collect()
}

mod placement {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::scenario::Placement;

    pub(super) fn serialize<S: Serializer>(placement: &Placement, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(placement.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Placement, D::Error> {
        Placement::deserialize(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Sample {
        let text = "scenario,client,server,rate,placement,repetition,elapsed_ns,requests,unsent,items,p50_ns,p95_ns,p99_ns,\
                    p999_ns,max_ns,client_cpu,server_cpu,client_sleeps,client_preempted,server_sleeps,server_preempted,\
                    syscalls,steal,foreign\n\
                    uds-ping-pong,rust,go,10000,split,2,500000000,4990,10,4990,1,2,3,4,5,50.5,60.25,1,2,3,4,,0.5,4.5\n";
        read(text.as_bytes()).unwrap().remove(0)
    }

    #[test]
    fn a_line_comes_back_as_it_was() {
        let mut other = sample();
        other.rate = Load::Idle;
        other.syscalls = Some(2.5);
        let samples = [sample(), other];
        let mut text = Vec::new();
        write(&samples, &mut text).unwrap();
        assert_eq!(read(&*text).unwrap(), samples);
    }

    #[test]
    fn noise_and_saturation_have_bounds() {
        let mut sample = sample();
        assert_eq!(sample.throughput(), 9980.0);
        assert!(!sample.is_noisy() && !sample.is_saturated());
        sample.foreign = 5.5;
        assert!(sample.is_noisy());
        sample.foreign = 0.0;
        sample.steal = 1.5;
        assert!(sample.is_noisy());
        sample.unsent = 60;
        assert!(sample.is_saturated());
        sample.elapsed_ns = 0;
        assert_eq!(sample.throughput(), 0.0);
    }

    #[test]
    fn waiting_for_the_moment_is_no_cost_of_a_call() {
        let figures = Figures { elapsed_ns: 1_000_000_000, cpu_us: 700_000, pacing_us: 500_000, ..Figures::default() };
        assert_eq!(cpu(&figures), 20.0);
        assert_eq!(cpu(&Figures { cpu_us: 0, ..figures }), 0.0);
    }
}
