//! What a driver has counted.

use std::fmt;
use std::str::FromStr;

use super::line::{Fields, Malformed};

/// What a driver has counted between start and stop, except for latencies, which come in lines of their own before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Requests that were answered; none on a server that cannot tell.
    pub requests: u64,
    /// Items of these requests; the same where a request has one.
    pub items: u64,
    /// How long that took, in nanoseconds.
    pub elapsed_ns: u64,
    /// Items since the driver is prepared, warming up included: sent by a client, answered by a server.
    pub sent: u64,
    /// CPU time of the process, user and system, in microseconds.
    pub cpu_us: u64,
    /// How often a thread of the process gave its CPU up.
    pub voluntary: u64,
    /// How often it was taken away.
    pub involuntary: u64,
    /// CPU time that was spent on waiting for the moment to send, in microseconds: no cost of a call. Part of `cpu_us`.
    pub pacing_us: u64,
    /// How often a thread slept until the moment to send: part of `voluntary`.
    pub sleeps: u64,
    /// Requests that should have been sent before the end of the window, and were not.
    pub unsent: u64,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, items, elapsed_ns, sent, cpu_us, voluntary, involuntary, .. } = self;
        write!(f, "requests={requests} items={items} elapsed_ns={elapsed_ns} sent={sent} cpu_us={cpu_us} ")?;
        write!(f, "voluntary={voluntary} involuntary={involuntary} ")?;
        write!(f, "pacing_us={} sleeps={}", self.pacing_us, self.sleeps)?;
        if self.unsent > 0 { write!(f, " unsent={}", self.unsent) } else { Ok(()) }
    }
}

impl FromStr for Figures {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let fields = Fields::parse(text)?;
        Ok(Self {
            requests: fields.required("requests")?,
            items: fields.required("items")?,
            elapsed_ns: fields.required("elapsed_ns")?,
            sent: fields.required("sent")?,
            cpu_us: fields.required("cpu_us")?,
            voluntary: fields.required("voluntary")?,
            involuntary: fields.required("involuntary")?,
            pacing_us: fields.optional("pacing_us")?.unwrap_or(0),
            sleeps: fields.optional("sleeps")?.unwrap_or(0),
            unsent: fields.optional("unsent")?.unwrap_or(0),
        })
    }
}
