//! All vectors, each testee against what they demand.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::cli::RunOptions;
use crate::exclusions::Exclusions;
use crate::frame::{Request, Response, Verdict, hex};
use crate::testee::{Batch, Testee};
use crate::vectors::{self, Vector};

/// Questions that are asked at once.
const BATCH: usize = 256;

/// Batches that are under way.
const WINDOW: usize = 3;

/// How often a testee is started anew after it died, hung or wrote garbage.
const RESTARTS: usize = 20;

/// What became of the vectors.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
    excluded: usize,
}

/// Asks every testee all vectors and prints what differs. Says whether nothing does.
///
/// # Errors
///
/// Files that cannot be read, testees that cannot be started.
pub fn run(options: &RunOptions) -> Result<bool> {
    let exclusions = Exclusions::load(&options.exclusions)?;
    let mut vectors = vectors::load(&options.list.vectors)?;
    vectors.retain(|vector| options.list.admits(&vector.id));
    let mut sum = Count::default();
    for command in &options.testees.testees {
        let mut testee = Testee::start(command, options.testees.timeout)?;
        let outcomes = ask_all(&mut testee, &vectors)?;
        let mut count = judge(testee.name(), &vectors, &outcomes, &exclusions, options.show);
        if options.list.only.is_empty() {
            let ids: Vec<_> = vectors.iter().map(|vector| vector.id.as_str()).collect();
            for idle in exclusions.idle(testee.name(), &ids) {
                crate::say!("FAIL {} {}: it is excluded, and there is no such vector", testee.name(), idle.vectors);
                count.failed += 1;
            }
        }
        crate::say!("{}: {} passed, {} failed, {} excluded", testee.name(), count.passed, count.failed, count.excluded);
        sum.passed += count.passed;
        sum.failed += count.failed;
    }
    crate::say!("{} passed, {} failed", sum.passed, sum.failed);
    Ok(sum.failed == 0)
}

/// What a testee made of a question.
type Outcome = Result<Response, String>;

/// The outcome of every question of every vector, in their order.
fn ask_all(testee: &mut Testee, vectors: &[Vector]) -> Result<Vec<Outcome>> {
    let requests: Vec<Request> =
        vectors.iter().flat_map(|vector| &vector.questions).map(|(request, _)| request.clone()).collect();
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(requests.len());
    let (mut sent, mut under_way, mut restarts) = (0, 0, 0);
    while outcomes.len() < requests.len() {
        while under_way < WINDOW && sent < requests.len() {
            let end = (sent + BATCH).min(requests.len());
            testee.send(&Batch::new(&requests[sent..end]));
            sent = end;
            under_way += 1;
        }
        match testee.receive() {
            Ok(responses) => outcomes.extend(responses.into_iter().map(Ok)),
            Err(failure) => {
                outcomes.extend(failure.answered.into_iter().map(Ok));
                outcomes.push(Err(failure.what.to_string()));
                restarts += 1;
                if restarts > RESTARTS {
                    let rest = requests.len() - outcomes.len();
                    let message = format!("not asked any more: the testee failed {restarts} times");
                    outcomes.extend(std::iter::repeat_n(Err(message), rest));
                    return Ok(outcomes);
                }
                testee.restart()?;
                (sent, under_way) = (outcomes.len(), 1);
                // One is taken off below, none is under way.
            }
        }
        under_way -= 1;
    }
    Ok(outcomes)
}

fn judge(testee: &str, vectors: &[Vector], outcomes: &[Outcome], exclusions: &Exclusions, show: usize) -> Count {
    let mut count = Count::default();
    let mut outcomes = outcomes.iter();
    let mut unknown: BTreeMap<&str, usize> = BTreeMap::new();
    for vector in vectors {
        let mut wrong = None;
        for (request, expected) in &vector.questions {
            let Some(outcome) = outcomes.next() else { continue };
            if outcome.as_ref() != Ok(expected) && wrong.is_none() {
                wrong = Some((request, expected, outcome));
            }
        }
        let complaint = match (wrong, exclusions.find(testee, &vector.id)) {
            (None, None) => {
                count.passed += 1;
                continue;
            }
            (Some(_), Some(_)) => {
                count.excluded += 1;
                continue;
            }
            (None, Some(exclusion)) => {
                format!("it is excluded ({}) and passes; remove the exclusion", exclusion.reason)
            }
            (Some((request, _, Ok(response))), None) if response.verdict == Verdict::NotKnown => {
                *unknown.entry(request.target.as_str()).or_default() += 1;
                count.failed += 1;
                continue;
            }
            (Some((request, expected, outcome)), None) => complaint(request, expected, outcome),
        };
        count.failed += 1;
        if count.failed <= show {
            crate::say!("FAIL {testee} {}: {}\n  {complaint}", vector.id, vector.what);
        }
    }
    for (target, number) in unknown {
        crate::say!("FAIL {testee}: it does not know `{target}` or an operation on it, which {number} vectors need");
    }
    count
}

fn complaint(request: &Request, expected: &Response, outcome: &Outcome) -> String {
    let got = match outcome {
        Ok(response) => response.show(request.op),
        Err(misdeed) => misdeed.clone(),
    };
    let lines = [
        format!("asked    {} {} {}", request.op.name(), request.target, show_question(request)),
        format!("expected {}", expected.show(request.op)),
        format!("got      {got}"),
    ];
    lines.join("\n  ")
}

/// The body of a request as a person wants to read it.
#[must_use]
pub fn show_question(request: &Request) -> String {
    use crate::frame::Op;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let number = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes);
    let shown = match request.op {
        Op::Decode | Op::Check => None,
        Op::Run => Some(text(&request.body)),
        Op::Encode => {
            request.body.split_first_chunk().map(|(budget, json)| format!("budget {} {}", number(budget), text(json)))
        }
        Op::Answer => request.body.split_first_chunk().and_then(|(budget, rest)| {
            let (length, rest) = rest.split_first_chunk()?;
            let (asked, json) = rest.split_at_checked(number(length) as usize)?;
            Some(format!("budget {} request {} {}", number(budget), hex(asked), text(json)))
        }),
    };
    shown.unwrap_or_else(|| hex(&request.body))
}
