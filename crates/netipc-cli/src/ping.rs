//! `netipc ping`: how long calls take, one after the other.

use std::thread;
use std::time::Instant;

use netipc::services::{CgroupsSnapshot, Increment, StringReverse};
use netipc::{Error, Service};

use crate::cli::{Method, Ping};
use crate::connect::Connection;
use crate::failure::Failure;
use crate::latency::Latencies;
use crate::output;

pub(crate) fn run(ping: &Ping) -> Result<(), Failure> {
    match ping.method {
        Method::Increment => measure::<Increment>(ping, |connection| {
            let allowance = connection.allowance();
            connection.client.call_within(0, allowance).map(drop)
        }),
        Method::StringReverse => measure::<StringReverse>(ping, |connection| {
            let allowance = connection.allowance();
            connection.client.call_within(b"netipc!\n", allowance).map(drop)
        }),
        Method::CgroupsSnapshot => measure::<CgroupsSnapshot>(ping, |connection| {
            let allowance = connection.allowance();
            connection.client.call_within((), allowance).map(drop)
        }),
    }
}

fn measure<S: Service>(ping: &Ping, call: impl Fn(&mut Connection<S>) -> Result<(), Error>) -> Result<(), Failure> {
    let mut connection = Connection::<S>::open(&ping.options, ping.service.name(), 1)?;
    let mut latencies = Latencies::new();
    let mut due = Instant::now();
    for _ in 0..ping.count {
        let early = due.saturating_duration_since(Instant::now());
        if !early.is_zero() {
            thread::sleep(early);
        }
        let began = Instant::now();
        call(&mut connection)?;
        latencies.record(began.elapsed());
        // A call that took longer than the interval delays those after it, and no burst makes up for it.
        due = (due + ping.interval).max(Instant::now());
    }
    report::<S>(ping, &connection, &latencies)
}

fn report<S: Service>(ping: &Ping, connection: &Connection<S>, latencies: &Latencies) -> Result<(), Failure> {
    let status = connection.client.status();
    let profile = status.agreed.map(|agreed| agreed.profile.to_string());
    // Why it is not the profile that both sides wanted.
    let fault = status.fallback.map(|fallback| fallback.fault.to_string());
    if ping.options.json {
        let mut times = latencies.json();
        times["profile"] = profile.into();
        if let Some(fault) = fault {
            times["fallback"] = fault.into();
        }
        return output::line(&times.to_string());
    }
    let endpoint = connection.client.endpoint();
    let profile = profile.unwrap_or_else(|| "no profile".to_owned());
    output::line(&format!("{} calls to {endpoint} over {profile}: {}", latencies.count(), latencies.summary()))?;
    if let Some(fault) = fault {
        output::line(&fault)?;
    }
    latencies.bars().iter().try_for_each(|bar| output::line(bar))
}
