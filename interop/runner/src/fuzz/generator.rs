//! Makes questions, and remembers those that brought something new.

use std::collections::{BTreeMap, HashSet};

use netipc_codegen::model::Service;
use netipc_codegen::vectors;
use serde_json::Value;

use super::question::{Body, Question};
use super::rng::Rng;
use super::{bytes, scripts, values};
use crate::frame::{Op, Response, Verdict, hex};
use crate::reference::find;
use crate::vectors::Vector;

/// Bytes of the count that every question about a batch starts with.
pub(super) const COUNT: usize = 4;

/// Questions that are kept of one target and operation, those of the vectors apart.
const KEPT: usize = 4000;

/// Everything that was learnt so far.
pub(super) struct Generator<'s> {
    rng: Rng,
    services: &'s [Service],
    /// Questions to start from, by target and operation.
    corpus: Vec<Seeds>,
    /// Answers of a kind that was seen.
    seen: HashSet<(String, Op, String)>,
}

/// Questions of one target and one operation.
struct Seeds {
    target: String,
    op: Op,
    questions: Vec<Question>,
    learnt: usize,
}

impl<'s> Generator<'s> {
    pub(super) fn new(seed: u64, services: &'s [Service], vectors: &[Vector]) -> Self {
        let mut corpus: BTreeMap<(String, Op), Vec<Question>> = BTreeMap::new();
        for question in vectors.iter().filter_map(question) {
            let op = question.request().op;
            corpus.entry((question.target.clone(), op)).or_default().push(question);
        }
        let seeds = |((target, op), questions)| Seeds { target, op, questions, learnt: 0 };
        let corpus = corpus.into_iter().map(seeds).collect();
        Self { rng: Rng::new(seed), services, corpus, seen: HashSet::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.corpus.is_empty()
    }

    /// Questions in the corpus.
    pub(super) fn len(&self) -> usize {
        self.corpus.iter().map(|seeds| seeds.questions.len()).sum()
    }

    /// The next question.
    pub(super) fn next(&mut self) -> Question {
        let rng = &mut self.rng;
        let at = rng.below(self.corpus.len());
        let seeds = &self.corpus[at];
        let (Some(first), Some(second)) = (rng.pick(&seeds.questions), rng.pick(&seeds.questions)) else {
            return Question { target: String::new(), body: Body::Check(Vec::new()) };
        };
        match find(self.services, &seeds.target) {
            Some((service, record)) if seeds.op == Op::Encode || (seeds.op == Op::Answer && rng.one_in(2)) => {
                structured(rng, seeds, service, record)
            }
            _ => mutated(rng, first, second),
        }
    }

    /// Keeps a question whose answer is of a new kind.
    pub(super) fn learn(&mut self, question: &Question, response: &Response) {
        let request = question.request();
        let key = (request.target, request.op, response.signature());
        if response.verdict == Verdict::NotKnown || !self.seen.insert(key.clone()) {
            // What is done with a value is never old, but only a few of those are kept.
            if response.verdict != Verdict::Done || !self.rng.one_in(200) {
                return;
            }
        }
        let seeds = self.corpus.iter_mut().find(|seeds| seeds.target == key.0 && seeds.op == key.1);
        if let Some(seeds) = seeds.filter(|seeds| seeds.learnt < KEPT) {
            seeds.questions.push(question.clone());
            seeds.learnt += 1;
        }
    }
}

/// The question of a vector.
fn question(vector: &Vector) -> Option<Question> {
    let (request, _) = vector.questions.last()?;
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
    let body = match request.op {
        Op::Decode | Op::Check => Body::Check(request.body.clone()),
        Op::Encode => {
            let (budget, rest) = request.body.split_first_chunk()?;
            Body::Encode(u32::from_le_bytes(*budget), json(rest)?)
        }
        Op::Answer => {
            let (budget, rest) = request.body.split_first_chunk()?;
            let (length, rest) = rest.split_first_chunk()?;
            let (asked, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            Body::Answer(u32::from_le_bytes(*budget), asked.to_vec(), json(rest)?)
        }
        Op::Run => Body::Run(json(&request.body)?),
    };
    Some(Question { target: request.target.clone(), body })
}

/// A question that differs a little from `first`; `second` lends parts of itself.
fn mutated(rng: &mut Rng, first: &Question, second: &Question) -> Question {
    let mut question = first.clone();
    match (&mut question.body, &second.body) {
        (Body::Check(content), Body::Check(other)) => {
            bytes::mutate(rng, content, other);
            if first.target == "batch" && content.len() < COUNT {
                content.resize(COUNT, 0);
            }
            // Not every implementation keeps padding.
            let padding = match first.target.as_str() {
                "hello" => 28..32,
                "hello-ack" => 36..40,
                _ => 0..0,
            };
            if let Some(padding) = content.get_mut(padding) {
                padding.fill(0);
            }
        }
        (Body::Encode(budget, value), Body::Encode(_, other)) => {
            scripts::mutate(rng, &first.target, value, other);
            if rng.one_in(4) {
                *budget = rng.below(512) as u32;
            }
        }
        (Body::Answer(budget, request, _), Body::Answer(_, other, _)) => {
            if rng.one_in(3) {
                bytes::mutate(rng, request, other);
            }
            *budget = near(rng, *budget);
        }
        (Body::Run(script), Body::Run(other)) => scripts::mutate(rng, &first.target, script, other),
        _ => {}
    }
    question
}

fn near(rng: &mut Rng, budget: u32) -> u32 {
    match rng.below(4) {
        0 => rng.below(2048) as u32,
        1 => budget.wrapping_add(rng.below(33) as u32).wrapping_sub(16),
        _ => budget,
    }
}

/// A question made of random values.
fn structured(rng: &mut Rng, seeds: &Seeds, service: &Service, record: &netipc_codegen::model::Record) -> Question {
    let parse = |value: &vectors::Value| serde_json::from_str(&value.to_string()).unwrap_or(Value::Null);
    let target = seeds.target.clone();
    let parts = service.lookup.as_ref().zip(service.record(&service.request));
    if let (Op::Answer, Some((lookup, asked))) = (seeds.op, parts) {
        let value = values::random(rng, service, asked);
        let keys = value.array(&lookup.keys).len();
        let request = vectors::encode(service, asked, &value, u32::MAX.into()).unwrap_or_default();
        let answers = values::answers(rng, service, keys);
        let full = vectors::answer(service, &request, &answers, u32::MAX.into());
        let size = full.map_or(256, |bytes| bytes.len());
        let budget = budget(rng, size);
        return Question { target, body: Body::Answer(budget, request, parse(&answers)) };
    }
    let value = values::random(rng, service, record);
    let size = vectors::encode(service, record, &value, u32::MAX.into()).map_or(64, |bytes| bytes.len());
    Question { target, body: Body::Encode(budget(rng, size), parse(&value)) }
}

/// A budget for something that takes `size` bytes.
fn budget(rng: &mut Rng, size: usize) -> u32 {
    let budget = match rng.below(6) {
        0 => size,
        1 => size.saturating_sub(1 + rng.below(9)),
        2 | 3 => rng.below(size + 64),
        _ => 1 << 20,
    };
    budget as u32
}

/// The bytes of a question for people who want to ask it again.
pub(super) fn frame(question: &Question) -> String {
    let mut bytes = Vec::new();
    question.request().write(&mut bytes);
    hex(&bytes)
}
