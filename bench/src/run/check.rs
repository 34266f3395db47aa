//! What can be checked of what drivers report.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Outcome;
use crate::plan::{Cell, Plan};
use crate::protocol::Load;
use crate::sample::Measured;

/// Rows of the plan that are neither there as often as they should be nor absent for a reason.
pub fn missing(plan: &Plan, outcome: &Outcome) -> Vec<String> {
    let measured: BTreeSet<_> = outcome.samples.iter().map(|sample| (sample.key(), sample.repetition)).collect();
    let absent: BTreeSet<_> = outcome.absences.iter().map(|absence| absence.row.as_str()).collect();
    let mut missing = Vec::new();
    for cell in &plan.cells {
        let row = cell.key().to_string();
        let repetitions = if cell.rate == Load::Idle { 1 } else { plan.effort.repetitions };
        let is_complete = (1..=repetitions).all(|repetition| measured.contains(&(cell.key(), repetition)));
        if !is_complete && !absent.contains(row.as_str()) {
            missing.push(row);
        }
    }
    missing
}

/// What cannot be about the report of a window, if anything.
///
/// `window` is how long it was to be, and `elapsed` how long the runner has waited for it.
pub(super) fn plausible(cell: &Cell, measured: &Measured, window: Duration, elapsed: Duration) -> Result<(), String> {
    let Measured { latencies, client, server, .. } = measured;
    if latencies.len() != client.requests {
        return Err(format!("the client reports {} latencies of {} requests", latencies.len(), client.requests));
    }
    match cell.rate {
        Load::Idle if client.requests > 0 => return Err(format!("{} requests while idle", client.requests)),
        Load::Max | Load::Rate(_) if client.requests == 0 => return Err("not one request was answered".to_owned()),
        Load::Rate(rate) => {
            let due = client.requests + client.unsent;
            // Both count what is due in the window, one of them perhaps the moment of its end.
            let expected = rate * u64::try_from(window.as_millis()).unwrap_or(u64::MAX) / 1000;
            if due.abs_diff(expected) > 1 {
                return Err(format!("{due} requests were due, and at this rate it should be {expected}"));
            }
        }
        _ => {}
    }
    let took = Duration::from_nanos(client.elapsed_ns);
    if took + Duration::from_millis(1) < window && !matches!(cell.rate, Load::Rate(_)) {
        return Err(format!("the client took {took:?} for a window of {window:?}"));
    }
    if took > elapsed {
        return Err(format!("the client took {took:?}, and the runner waited {elapsed:?}"));
    }
    match server {
        Some(server) if cell.scenario.work.is_countable() && server.sent != client.sent => {
            Err(format!("the client has had {} answers, and the server has given {}", client.sent, server.sent))
        }
        _ => Ok(()),
    }
}
