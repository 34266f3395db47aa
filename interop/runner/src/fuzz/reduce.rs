//! Makes a question smaller that testees disagree about.

use serde_json::Value;

use super::generator::COUNT;
use super::question::{Body, Question};
use crate::frame::{hex, unhex};

/// Questions that are tried at most.
const TRIES: usize = 1500;

/// The smallest question found of which `still` holds, which holds of `question`.
pub(super) fn reduce(question: Question, mut still: impl FnMut(&Question) -> bool) -> Question {
    let mut best = question;
    let mut tries = 0;
    'again: loop {
        for candidate in candidates(&best) {
            if tries == TRIES {
                return best;
            }
            tries += 1;
            if still(&candidate) {
                best = candidate;
                continue 'again;
            }
        }
        return best;
    }
}

/// Smaller questions, the smallest ones first.
fn candidates(question: &Question) -> Vec<Question> {
    let with = |body| Question { target: question.target.clone(), body };
    match &question.body {
        Body::Check(bytes) => {
            let least = if question.target == "batch" { COUNT } else { 0 };
            let shorter = shorter(bytes).into_iter().filter(|bytes| bytes.len() >= least);
            shorter.map(|bytes| with(Body::Check(bytes))).collect()
        }
        Body::Encode(budget, value) => {
            let smaller = values(value, &question.target).into_iter().map(|value| with(Body::Encode(*budget, value)));
            let budgets = numbers(u64::from(*budget)).into_iter();
            smaller.chain(budgets.map(|budget| with(Body::Encode(budget as u32, value.clone())))).collect()
        }
        Body::Answer(budget, request, answers) => {
            let requests =
                shorter(request).into_iter().map(|request| with(Body::Answer(*budget, request, answers.clone())));
            // The fields of an answer hang together by its status, so only whole ones are left out.
            let mut fewer = Vec::new();
            for at in 0..answers["answers"].as_array().map_or(0, Vec::len) {
                let mut answers = answers.clone();
                answers["answers"].as_array_mut().map(|answers| answers.remove(at));
                fewer.push(with(Body::Answer(*budget, request.clone(), answers)));
            }
            fewer.into_iter().chain(requests).collect()
        }
        Body::Run(script) => {
            values(script, &question.target).into_iter().map(|script| with(Body::Run(script))).collect()
        }
    }
}

/// Byte strings with a part left out, or with zeros.
fn shorter(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut candidates = Vec::new();
    let mut size = bytes.len();
    while size > 0 {
        for at in (0..bytes.len()).step_by(size) {
            let end = (at + size).min(bytes.len());
            candidates.push([&bytes[..at], &bytes[end..]].concat());
        }
        size /= 2;
    }
    for at in (0..bytes.len()).filter(|at| bytes[*at] != 0) {
        let mut zeroed = bytes.to_vec();
        zeroed[at] = 0;
        candidates.push(zeroed);
    }
    candidates
}

fn numbers(number: u64) -> Vec<u64> {
    [0, 1, number / 2, number.saturating_sub(1)].into_iter().filter(|smaller| *smaller < number).collect()
}

/// Values with one part made smaller. Members stay, because testees read them by position.
fn values(value: &Value, target: &str) -> Vec<Value> {
    match value {
        Value::Number(number) => numbers(number.as_u64().unwrap_or_default()).into_iter().map(Value::from).collect(),
        Value::String(text) => match unhex(text).filter(|_| text.len() > 4 || text.is_empty()) {
            Some(bytes) => shorter(&bytes).into_iter().map(|bytes| hex(&bytes).into()).collect(),
            None => Vec::new(),
        },
        Value::Array(items) => {
            let mut candidates = Vec::new();
            for at in 0..items.len() {
                let mut fewer = items.clone();
                fewer.remove(at);
                candidates.push(fewer.into());
            }
            for (at, item) in items.iter().enumerate() {
                candidates.extend(values(item, target).into_iter().map(|smaller| {
                    let mut items = items.clone();
                    items[at] = smaller;
                    Value::Array(items)
                }));
            }
            candidates
        }
        Value::Object(members) => {
            let mut candidates = Vec::new();
            for (name, member) in members.iter().filter(|(name, _)| is_free(target, name)) {
                candidates.extend(values(member, target).into_iter().map(|smaller| {
                    let mut members = members.clone();
                    members.insert(name.clone(), smaller);
                    Value::Object(members)
                }));
            }
            // An empty packet is the end of the stream, which no session is told of.
            let is_told =
                |value: &Value| value["packets"].as_array().is_none_or(|packets| !packets.contains(&"".into()));
            candidates.retain(is_told);
            candidates
        }
        Value::Null | Value::Bool(_) => Vec::new(),
    }
}

/// Whether a member of a script may have any value of its type.
fn is_free(target: &str, name: &str) -> bool {
    match target {
        "chunker" => false,
        "session" => name == "packets",
        "handshake-client" => name != "packet_size",
        _ => true,
    }
}
