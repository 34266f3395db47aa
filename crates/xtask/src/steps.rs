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
    /// The step did its work but for the named parts, which could not run.
    Partly { done: String, not_run: Vec<String> },
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

    pub(crate) fn name(&self) -> &'static str {
        self.name
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

/// Which steps run, and which may stay unrun.
pub(crate) struct Choice<'a> {
    /// What runs unless `only` says something else.
    pub(crate) steps: &'a [Step],
    /// What runs as part of a step, and alone when `only` names it.
    pub(crate) parts: &'a [Step],
    /// The names of what runs; none stands for all `steps`.
    pub(crate) only: &'a [String],
    /// The names of what does not fail the run by staying unrun.
    pub(crate) allow_not_run: &'a [String],
}

/// Runs the steps chosen and prints a summary; the exit code is a failure when
/// any step failed, or did not run without leave.
pub(crate) fn run(project: &Project, choice: &Choice<'_>) -> Result<ExitCode> {
    let known: Vec<&Step> = choice.steps.iter().chain(choice.parts).collect();
    for name in choice.only.iter().chain(choice.allow_not_run) {
        if !known.iter().any(|step| step.name == name) {
            let names: Vec<&str> = known.iter().map(|step| step.name).collect();
            bail!("no step is called {name}; the steps are {}", names.join(", "));
        }
    }
    let chosen: Vec<&Step> = match choice.only {
        [] => choice.steps.iter().collect(),
        only => known.into_iter().filter(|step| only.iter().any(|name| name == step.name)).collect(),
    };
    let mut records = Vec::new();
    for (index, step) in chosen.iter().enumerate() {
        println!("\n==> {}/{} {}", index + 1, chosen.len(), step.name);
        let record = step.record(project, choice.allow_not_run);
        println!("{}", record.line());
        records.push(record);
    }
    println!("\n{}", summary(&records));
    let failed = records.iter().any(|record| matches!(record.verdict, Verdict::Failed));
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Runs one step for somebody who knows it by `name` and wants an exit code; that is `not_run` when it could not run.
pub(crate) fn run_one(project: &Project, steps: &[Step], name: &str, not_run: u8) -> Result<ExitCode> {
    let Some(step) = steps.iter().find(|step| step.name == name) else {
        let names: Vec<&str> = steps.iter().map(|step| step.name).collect();
        bail!("no part is called {name}; the parts are {}", names.join(", "));
    };
    let record = step.record(project, &[name.to_owned()]);
    println!("{}", record.line());
    Ok(match record.verdict {
        Verdict::Passed => ExitCode::SUCCESS,
        Verdict::Allowed => ExitCode::from(not_run),
        Verdict::Failed => ExitCode::FAILURE,
    })
}

impl Step {
    fn record(&self, project: &Project, allow_not_run: &[String]) -> Record {
        let start = Instant::now();
        let unless = |allowed: bool| if allowed { Verdict::Allowed } else { Verdict::Failed };
        let (verdict, detail) = match (self.action)(project) {
            Ok(Outcome::Passed(detail)) => (Verdict::Passed, detail),
            Ok(Outcome::Partly { done, not_run }) => {
                (unless(not_run.iter().all(|name| allow_not_run.contains(name))), done)
            }
            Ok(Outcome::NotRun(why)) => {
                (unless(allow_not_run.iter().any(|name| name == self.name)), format!("not run: {why}"))
            }
            Err(error) => (Verdict::Failed, format!("{error:#}")),
        };
        Record { name: self.name, verdict, detail, took: start.elapsed() }
    }
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

    fn partly(_: &Project) -> Result<Outcome> {
        Ok(Outcome::Partly { done: "some".into(), not_run: vec!["unable".into()] })
    }

    const STEPS: &[Step] = &[Step::new("pass", pass), Step::new("partly", partly), Step::new("fail", fail)];
    const PARTS: &[Step] = &[Step::new("unable", unable)];

    fn ran(only: &[&str], allowed: &[&str]) -> Result<bool> {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (only, allowed) = (owned(only), owned(allowed));
        let choice = Choice { steps: STEPS, parts: PARTS, only: &only, allow_not_run: &allowed };
        let code = run(&Project::at("/nowhere"), &choice)?;
        Ok(code == ExitCode::SUCCESS)
    }

    #[test]
    fn a_failure_fails_the_run() {
        assert!(!ran(&[], &["unable"]).unwrap());
        assert!(ran(&["pass"], &[]).unwrap());
    }

    #[test]
    fn an_unrun_step_fails_unless_allowed() {
        for step in ["unable", "partly"] {
            assert!(!ran(&["pass", step], &[]).unwrap());
            assert!(ran(&["pass", step], &["unable"]).unwrap());
        }
        assert!(!ran(&["unable"], &["partly"]).unwrap());
    }

    #[test]
    fn an_unknown_step_is_named() {
        let error = ran(&["nonsense"], &[]).unwrap_err().to_string();
        assert!(error.contains("nonsense") && error.contains("pass, partly, fail, unable"), "{error}");
    }

    #[test]
    fn a_step_alone_has_three_ends() {
        let run = |name| run_one(&Project::at("/nowhere"), &[STEPS, PARTS].concat(), name, 77);
        assert_eq!(run("pass").unwrap(), ExitCode::SUCCESS);
        assert_eq!(run("unable").unwrap(), ExitCode::from(77));
        assert_eq!(run("fail").unwrap(), ExitCode::FAILURE);
        assert!(run("nonsense").unwrap_err().to_string().contains("pass, partly, fail, unable"));
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
