//! Testees against each other, over mutated and random questions.
//!
//! A disagreement is made as small as it gets before it is shown. Two with answers of the same kind are shown once.

mod bytes;
mod generator;
mod question;
mod reduce;
mod rng;
mod scripts;
mod values;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::cli::FuzzOptions;
use crate::conformance::show_question;
use crate::frame::{Response, Verdict};
use crate::testee::{Batch, Failure, Misdeed, Testee};
use crate::{services, vectors};
use generator::Generator;
use question::{Body, Question};

/// Questions that are asked at once.
const BATCH: usize = 512;

/// Batches that are under way; fixed, so that what is learnt when does not depend on the machine.
const WINDOW: usize = 3;

/// Time between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(5);

/// How often a testee is started in order to make a question smaller at which it dies.
const DEATHS: usize = 60;

/// Asks until the time is over, and shows what testees disagree about. Says whether that is nothing.
///
/// # Errors
///
/// Files that cannot be read, testees that cannot be started.
pub fn run(options: &FuzzOptions) -> Result<bool> {
    let services = services(&options.schemas)?;
    let mut vectors = vectors::load(&options.list.vectors)?;
    vectors.retain(|vector| options.list.admits(&vector.id));
    let generator = Generator::new(options.seed, &services, &vectors);
    if generator.is_empty() {
        bail!("no vector to start from; --only admits none");
    }
    let commands = &options.testees.testees;
    if commands.len() < 2 {
        bail!("there must be two testees or more; add `--testee reference='PATH-OF-THIS-PROGRAM reference'`");
    }
    let testees = commands.iter().map(|command| Testee::start(command, options.testees.timeout));
    let testees = testees.collect::<Result<Vec<_>>>()?;
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted)).context("cannot watch for signals")?;
    }
    Campaign { options, generator, testees, interrupted, asked: 0, findings: BTreeSet::new() }.run()
}

struct Campaign<'a> {
    options: &'a FuzzOptions,
    generator: Generator<'a>,
    testees: Vec<Testee>,
    interrupted: Arc<AtomicBool>,
    /// Questions that were answered by all.
    asked: u64,
    /// Kinds of disagreements that were shown.
    findings: BTreeSet<String>,
}

/// The answers of each testee to one batch.
type Answers = Vec<Vec<Response>>;

impl Campaign<'_> {
    fn run(mut self) -> Result<bool> {
        let start = Instant::now();
        let mut next_progress = PROGRESS;
        let mut under_way: VecDeque<Vec<Question>> = VecDeque::new();
        while !self.is_over(start) {
            while under_way.len() < WINDOW {
                let questions: Vec<_> = (0..BATCH).map(|_| self.generator.next()).collect();
                let requests: Vec<_> = questions.iter().map(Question::request).collect();
                let batch = Batch::new(&requests);
                self.testees.iter().for_each(|testee| testee.send(&batch));
                under_way.push_back(questions);
            }
            let Some(questions) = under_way.pop_front() else { break };
            match self.receive() {
                Ok(answers) => {
                    let news = self.compare(&questions, &answers);
                    if !news.is_empty() {
                        // Nothing else may be under way while single questions are asked.
                        self.restart()?;
                        under_way.clear();
                        for (question, kind) in news {
                            self.show_disagreement(question, kind)?;
                        }
                    }
                }
                Err((testee, failure)) => {
                    under_way.clear();
                    if self.interrupted.load(Ordering::Relaxed) {
                        // The signal reached the testees too.
                        break;
                    }
                    self.show_misdeed(testee, &failure, &questions)?;
                    self.restart()?;
                }
            }
            if start.elapsed() >= next_progress {
                next_progress = start.elapsed() + PROGRESS;
                eprintln!("{}", self.progress(start));
            }
        }
        crate::say!("{}", self.progress(start));
        if self.interrupted.load(Ordering::Relaxed) {
            crate::say!("interrupted");
        }
        crate::say!("{} disagreements", self.findings.len());
        Ok(self.findings.is_empty())
    }

    fn is_over(&self, start: Instant) -> bool {
        start.elapsed() >= self.options.seconds
            || self.interrupted.load(Ordering::Relaxed)
            || self.findings.len() >= self.options.stop_after
            || self.options.questions.is_some_and(|most| self.asked >= most)
    }

    fn progress(&self, start: Instant) -> String {
        let seconds = start.elapsed().as_secs_f64();
        let executions = self.asked * self.testees.len() as u64;
        format!(
            "{seconds:.0} s: {} questions to {} testees, {:.0} executions per second, corpus {}, {} disagreements",
            self.asked,
            self.testees.len(),
            executions as f64 / seconds.max(0.001),
            self.generator.len(),
            self.findings.len()
        )
    }

    /// The answers of all testees to one batch, or the first that has none.
    fn receive(&mut self) -> Result<Answers, (usize, Failure)> {
        let mut answers = Vec::new();
        for (index, testee) in self.testees.iter_mut().enumerate() {
            answers.push(testee.receive().map_err(|failure| (index, failure))?);
        }
        Ok(answers)
    }

    fn restart(&mut self) -> Result<()> {
        self.testees.iter_mut().try_for_each(Testee::restart)
    }

    /// Learns from the answers; gives the questions that testees disagree about in a new way.
    fn compare(&mut self, questions: &[Question], answers: &Answers) -> Vec<(Question, String)> {
        let mut news = Vec::new();
        for (index, question) in questions.iter().enumerate() {
            let responses: Vec<_> = answers.iter().filter_map(|answers| answers.get(index)).collect();
            if let Some(kind) = self.disagreement(question, &responses) {
                if self.findings.insert(kind.clone()) {
                    news.push((question.clone(), kind));
                }
            } else if let Some(known) = responses.iter().find(|response| response.verdict != Verdict::NotKnown) {
                self.generator.learn(question, known);
            }
            self.asked += 1;
        }
        news
    }

    /// What kind of disagreement it is, if it is one. Who does not know the question has no say.
    fn disagreement(&self, question: &Question, responses: &[&Response]) -> Option<String> {
        let known = || responses.iter().filter(|response| response.verdict != Verdict::NotKnown);
        let first = known().next()?;
        if known().all(|response| response == first) {
            return None;
        }
        let named = self.testees.iter().zip(responses);
        let kinds: Vec<_> =
            named.map(|(testee, response)| format!("{} {}", testee.name(), response.signature())).collect();
        let request = question.request();
        Some(format!("{} {}: {}", request.op.name(), request.target, kinds.join("; ")))
    }

    fn show_disagreement(&mut self, question: Question, kind: String) -> Result<()> {
        let small = reduce::reduce(question, |smaller| {
            let asked = self.ask(smaller);
            asked.is_some_and(|responses| {
                let responses: Vec<_> = responses.iter().collect();
                self.disagreement(smaller, &responses).is_some_and(|found| found == kind)
            })
        });
        let responses = self.ask(&small);
        crate::say!("DISAGREEMENT {} {}", small.request().op.name(), small.target);
        show(&small);
        for (testee, response) in self.testees.iter().zip(responses.iter().flatten()) {
            crate::say!("  {:<9} {}", testee.name(), response.show(small.request().op));
        }
        Ok(())
    }

    /// The answers of all testees to one question; none when one of them fails, which is started anew then.
    fn ask(&mut self, question: &Question) -> Option<Vec<Response>> {
        let batch = Batch::new(&[question.request()]);
        self.testees.iter().for_each(|testee| testee.send(&batch));
        match self.receive() {
            Ok(answers) => Some(answers.into_iter().flatten().collect()),
            Err(_) => {
                // If it cannot be started again, the next question finds that out.
                let _ = self.restart();
                None
            }
        }
    }

    fn show_misdeed(&mut self, index: usize, failure: &Failure, questions: &[Question]) -> Result<()> {
        let Some(question) = questions.get(failure.answered.len()) else { return Ok(()) };
        let name = self.testees[index].name().to_owned();
        let request = question.request();
        if !self.findings.insert(format!("{} {}: {name} {}", request.op.name(), request.target, failure.what.name())) {
            return Ok(());
        }
        let small = match failure.what {
            Misdeed::Hung(_) => question.clone(),
            Misdeed::Died(_) | Misdeed::Garbage(_) => self.smaller_misdeed(index, question.clone())?,
        };
        crate::say!("FAILURE of {name} at {} {}: {}", request.op.name(), request.target, failure.what);
        show(&small);
        Ok(())
    }

    /// A smaller question at which the testee fails all the same; the same one when it depends on those before.
    fn smaller_misdeed(&mut self, index: usize, question: Question) -> Result<Question> {
        self.testees[index].restart()?;
        let testee = &mut self.testees[index];
        let mut starts = 0;
        Ok(reduce::reduce(question, |smaller| {
            if starts == DEATHS {
                return false;
            }
            let failed = testee.ask(&[smaller.request()]).is_err();
            if failed {
                starts += 1;
                return testee.restart().is_ok();
            }
            false
        }))
    }
}

/// A question in a form in which it can be asked again, and read.
fn show(question: &Question) {
    crate::say!("  asked     {}", show_question(&question.request()));
    if !matches!(question.body, Body::Check(_)) {
        crate::say!("  frame     {}", generator::frame(question));
    }
}
