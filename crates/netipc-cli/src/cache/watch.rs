//! `netipc cache --watch`: a line for each refresh, and on through everything that happens to the provider.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use netipc::services::CgroupsSnapshot;
use netipc::{Cache, Error, ReadGuard, Refresh};
use serde_json::{Value, json};

use super::{allowance, answers, micros, status_json, summary, words};
use crate::cli::CacheCommand;
use crate::failure::Failure;
use crate::interrupt::Pause;
use crate::latency::human;
use crate::output;
use crate::table::printable;

pub(super) fn run(command: &CacheCommand, mut cache: Cache<CgroupsSnapshot>) -> Result<(), Failure> {
    let abort = cache.abort_handle();
    let pause = Pause::new(move || abort.abort())?;
    let start = Instant::now();
    let mut refreshes = 0;
    loop {
        let before = cache.read();
        let began = Instant::now();
        let outcome = cache.refresh_within(allowance(command));
        if pause.is_interrupted() {
            return Ok(());
        }
        let turn = Turn { at: start.elapsed(), took: began.elapsed(), outcome, before, after: cache.read() };
        output::line(&if output::wants_json(&command.options) { turn.json(command) } else { turn.line(command) })?;
        refreshes += 1;
        if command.count == Some(refreshes) || !pause.wait(command.interval.saturating_sub(began.elapsed())) {
            return Ok(());
        }
        // A refusal may have been lifted, and whoever watches wants to see it.
        if turn.outcome.is_err() {
            cache.reset();
        }
    }
}

/// One refresh, with the snapshots before and after it.
struct Turn {
    at: Duration,
    took: Duration,
    outcome: Result<Refresh, Error>,
    before: ReadGuard<CgroupsSnapshot>,
    after: ReadGuard<CgroupsSnapshot>,
}

impl Turn {
    fn line(&self, command: &CacheCommand) -> String {
        let status = self.after.status();
        let at = format!("{:8.3}s", self.at.as_secs_f64());
        let mut line = match &self.outcome {
            Ok(Refresh::Published) => {
                let (came, went) = self.changes();
                format!("{at}  published  {} (+{came} -{went}), told in {}", summary(&status), human(self.took))
            }
            Ok(_) => format!("{at}  unchanged  {}, told in {}", summary(&status), human(self.took)),
            Err(error) => {
                let down = status.down.as_ref().map_or(Duration::ZERO, |down| down.since.elapsed());
                let kept = status.age().map_or_else(
                    || "no snapshot yet".to_owned(),
                    |age| format!("keeping {} cgroups, {} old", status.items, human(age)),
                );
                format!("{at}  failed     down for {}, {kept}: {error}", human(down))
            }
        };
        for name in &command.wanted.name {
            let answer = super::answer(&command.wanted, &self.after, name);
            line += &format!("\n{:11}{}: {}", "", printable(name.as_bytes()), words(&answer));
        }
        line
    }

    fn json(&self, command: &CacheCommand) -> String {
        let outcome = match &self.outcome {
            Ok(Refresh::Published) => "published",
            Ok(_) => "unchanged",
            Err(_) => "failed",
        };
        let answers = if command.wanted.name.is_empty() { Value::Null } else { answers(&command.wanted, &self.after) };
        let (at, took, status) = (micros(self.at), micros(self.took), status_json(&self.after.status()));
        json!({"at_us": at, "refresh": outcome, "refresh_us": took, "answers": answers, "status": status}).to_string()
    }

    /// How many names are new, and how many are gone.
    fn changes(&self) -> (usize, usize) {
        let names = |guard: &'_ ReadGuard<CgroupsSnapshot>| -> HashSet<Vec<u8>> {
            guard.items().into_iter().flatten().map(|item| item.name().to_vec()).collect()
        };
        let (before, after) = (names(&self.before), names(&self.after));
        (after.difference(&before).count(), before.difference(&after).count())
    }
}
