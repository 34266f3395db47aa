//! Runs named steps one after another and sums them up.
//!
//! A failing step does not stop the later ones: one run costs minutes, so it
//! should tell everything it can.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::project::Project;

/// How a step ended when it did not fail.
pub(crate) enum Outcome {
    /// Everything the step stands for was done; the text is its result in a
    /// few words, for the summary.
    Passed(String),
    /// The step could not do its work, and why.
    NotRun(String),
}

/// Prints `problems`, one a line; fails when there is any.
pub(crate) fn settle(problems: &[String]) -> Result<()> {
    for problem in problems {
        println!("problem: {problem}");
    }
    match problems.len() {
        0 => Ok(()),
        1 => bail!("a problem, see above"),
        count => bail!("{count} problems, see above"),
    }
}

/// A named part of a run.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    name: &'static str,
    action: fn(&Project) -> Result<Outcome>,
}

impl Step {
    pub(crate) const fn new(name: &'static str, action: fn(&Project) -> Result<Outcome>) -> Self {
        Self { name, action }
    }
}

enum Verdict {
    Passed,
    Allowed,
    Failed,
}

struct Record {
    name: &'static str,
    verdict: Verdict,
    detail: String,
    took: Duration,
}

/// Runs `steps` (those named in `only`, or all when it is empty) and prints
/// a summary; the exit code is a failure when any step failed or did not run
/// without being in `allow_not_run`.
pub(crate) fn run(project: &Project, steps: &[Step], only: &[String], allow_not_run: &[String]) -> Result<ExitCode> {
    for name in only.iter().chain(allow_not_run) {
        if !steps.iter().any(|step| step.name == name) {
            let known: Vec<&str> = steps.iter().map(|step| step.name).collect();
            bail!("no step is called {name}; the steps are {}", known.join(", "));
        }
    }
    let chosen: Vec<&Step> =
        steps.iter().filter(|step| only.is_empty() || only.iter().any(|n| n == step.name)).collect();
    let mut records = Vec::new();
    for (index, step) in chosen.iter().enumerate() {
        println!("\n==> {}/{} {}", index + 1, chosen.len(), step.name);
        let start = Instant::now();
        let (verdict, detail) = match (step.action)(project) {
            Ok(Outcome::Passed(detail)) => (Verdict::Passed, detail),
            Ok(Outcome::NotRun(why)) => {
                let allowed = allow_not_run.iter().any(|name| name == step.name);
                let verdict = if allowed { Verdict::Allowed } else { Verdict::Failed };
                (verdict, format!("not run: {why}"))
            }
            Err(error) => (Verdict::Failed, format!("{error:#}")),
        };
        let record = Record { name: step.name, verdict, detail, took: start.elapsed() };
        println!("{}", record.line());
        records.push(record);
    }
    println!("\n{}", summary(&records));
    let failed = records.iter().any(|record| matches!(record.verdict, Verdict::Failed));
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Record {
    fn line(&self) -> String {
        let word = match self.verdict {
            Verdict::Passed => "ok",
            Verdict::Allowed => "not run (allowed)",
            Verdict::Failed => "FAILED",
        };
        format!("<== {} {word} in {:.1} s: {}", self.name, self.took.as_secs_f64(), self.detail)
    }
}

fn summary(records: &[Record]) -> String {
    let mut text = String::from("summary\n");
    let width = records.iter().map(|record| record.name.len()).max().unwrap_or(0);
    for record in records {
        let word = match record.verdict {
            Verdict::Passed => "ok     ",
            Verdict::Allowed => "not run",
            Verdict::Failed => "FAILED ",
        };
        let first_line = record.detail.lines().next().unwrap_or("");
        text.push_str(
            &format!("  {word} {:width$} {:>7.1} s  {first_line}\n", record.name, record.took.as_secs_f64(),),
        );
    }
    let total: Duration = records.iter().map(|record| record.took).sum();
    let failed: Vec<&str> =
        records.iter().filter(|record| matches!(record.verdict, Verdict::Failed)).map(|record| record.name).collect();
    text.push_str(&match failed.as_slice() {
        [] => format!("all steps are well after {:.0} s", total.as_secs_f64()),
        names => format!("failed after {:.0} s: {}", total.as_secs_f64(), names.join(", ")),
    });
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(_: &Project) -> Result<Outcome> {
        Ok(Outcome::Passed("fine".into()))
    }

    fn unable(_: &Project) -> Result<Outcome> {
        Ok(Outcome::NotRun("no compiler".into()))
    }

    fn fail(_: &Project) -> Result<Outcome> {
        bail!("broken")
    }

    const STEPS: &[Step] = &[Step::new("pass", pass), Step::new("unable", unable), Step::new("fail", fail)];

    fn ran(only: &[&str], allowed: &[&str]) -> Result<bool> {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let code = run(&Project::at("/nowhere"), STEPS, &owned(only), &owned(allowed))?;
        Ok(format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS))
    }

    #[test]
    fn a_failure_fails_the_run() {
        assert!(!ran(&[], &["unable"]).unwrap());
        assert!(ran(&["pass"], &[]).unwrap());
    }

    #[test]
    fn an_unrun_step_fails_unless_allowed() {
        assert!(!ran(&["pass", "unable"], &[]).unwrap());
        assert!(ran(&["pass", "unable"], &["unable"]).unwrap());
    }

    #[test]
    fn an_unknown_step_is_named() {
        let error = ran(&["nonsense"], &[]).unwrap_err().to_string();
        assert!(error.contains("nonsense") && error.contains("pass, unable, fail"), "{error}");
    }

    #[test]
    fn the_summary_names_what_failed() {
        let record =
            |name, verdict| Record { name, verdict, detail: "first\nsecond".into(), took: Duration::from_secs(2) };
        let text = summary(&[record("good", Verdict::Passed), record("bad", Verdict::Failed)]);
        assert!(text.ends_with("failed after 4 s: bad"), "{text}");
        assert!(!text.contains("second"), "{text}");
    }
}
