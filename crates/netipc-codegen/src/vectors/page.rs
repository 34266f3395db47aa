//! A file of vectors.

use std::collections::BTreeSet;

use super::value::{Hex, Value};
use super::{Ask, Disagreement, FLAGS, Outcome, Vector};
use crate::model::{Record, Service};

/// A file of vectors that is being made.
#[derive(Debug, Clone, Default)]
pub struct Page {
    about: String,
    vectors: Vec<Vector>,
}

impl Page {
    /// No vectors yet.
    pub(crate) fn new(about: impl Into<String>) -> Self {
        Self { about: about.into(), vectors: Vec::new() }
    }

    pub(crate) fn push(&mut self, vector: Vector) {
        self.vectors.push(vector);
    }

    /// Asks the interpreter for its opinion of every vector.
    pub(crate) fn settle(&self, service: &Service) -> Result<(), Disagreement> {
        self.check_ids()?;
        for vector in &self.vectors {
            let side = vector.target.rsplit('/').next().unwrap_or_default();
            let record = if side == "request" { &service.request } else { &service.reply };
            let Some(record) = service.record(record) else { continue };
            let found = interpret(service, record, &vector.ask);
            if found != vector.outcome {
                let message = format!("expected {:?}, the interpreter says {found:?}", vector.outcome);
                return Err(Disagreement { id: vector.id.clone(), message });
            }
        }
        Ok(())
    }

    pub(crate) fn check_ids(&self) -> Result<(), Disagreement> {
        let mut ids = BTreeSet::new();
        match self.vectors.iter().find(|vector| !ids.insert(&vector.id)) {
            None => Ok(()),
            Some(twice) => Err(Disagreement {
                id: twice.id.clone(),
                message: "stands there twice; give one another id".to_owned(),
            }),
        }
    }

    /// The file.
    pub(crate) fn print(&self) -> String {
        let mut out = String::from("{\n  \"$schema\": \"schema.json\",\n");
        out.push_str(
            "  \"generated\": \"by netipc-codegen; change the generator or the schema and generate again\",\n",
        );
        out.push_str(&format!("  \"about\": {},\n", quoted(&self.about)));
        let used: BTreeSet<_> = self.vectors.iter().flat_map(|vector| &vector.flags).collect();
        let flags = FLAGS.iter().filter(|(flag, _)| used.contains(flag));
        let flags: Vec<_> = flags.map(|(flag, means)| format!("    \"{flag}\": {}", quoted(means))).collect();
        out.push_str(&format!("  \"flags\": {{\n{}\n  }},\n  \"vectors\": [\n", flags.join(",\n")));
        let vectors: Vec<_> = self.vectors.iter().map(print).collect();
        out.push_str(&vectors.join(",\n"));
        out.push_str("\n  ]\n}\n");
        out
    }
}

fn interpret(service: &Service, record: &Record, ask: &Ask) -> Outcome {
    let result = match ask {
        Ask::Check(bytes) => super::decode(service, record, bytes).and_then(|value| {
            super::encode(service, record, &value, u64::MAX).map(|bytes| Outcome::Decoded(value, bytes))
        }),
        Ask::Encode(budget, value) => super::encode(service, record, value, *budget).map(Outcome::Encoded),
        Ask::Answer(budget, request, answers) => {
            super::answer(service, request, answers, *budget).map(Outcome::Encoded)
        }
        Ask::Run(script) => Ok(Outcome::Ran(script.clone())),
    };
    result.unwrap_or_else(Outcome::Refused)
}

fn print(vector: &Vector) -> String {
    let mut members = vec![
        ("id", quoted(&vector.id)),
        ("what", quoted(&vector.what)),
        ("op", quoted(op(&vector.ask))),
        ("target", quoted(&vector.target)),
    ];
    match &vector.ask {
        Ask::Check(bytes) => members.push(("hex", hex(bytes))),
        Ask::Encode(budget, value) => members.extend([("budget", budget.to_string()), ("value", value.to_string())]),
        Ask::Answer(budget, request, answers) => members.extend([
            ("budget", budget.to_string()),
            ("request", hex(request)),
            ("answers", answers.to_string()),
        ]),
        Ask::Run(script) => members.push(("script", script.to_string())),
    }
    let result = if matches!(vector.outcome, Outcome::Refused(_)) { "invalid" } else { "valid" };
    members.push(("result", quoted(result)));
    match &vector.outcome {
        Outcome::Decoded(value, canonical) => {
            members.push(("value", value.to_string()));
            if !matches!(&vector.ask, Ask::Check(bytes) if bytes == canonical) {
                members.push(("canonical", hex(canonical)));
            }
        }
        Outcome::Encoded(bytes) => members.push(("hex", hex(bytes))),
        Outcome::Ran(outcome) => members.push(("outcome", outcome.to_string())),
        Outcome::Refused(offence) => members.push(("offence", offence.value().to_string())),
    }
    let list = |words: Vec<String>| format!("[{}]", words.join(", "));
    if !vector.flags.is_empty() {
        members.push(("flags", list(vector.flags.iter().map(|flag| quoted(flag)).collect())));
    }
    members.push(("requirements", list(vector.requirements.iter().map(|id| quoted(id)).collect())));
    let lines: Vec<_> = members.into_iter().map(|(name, value)| format!("      \"{name}\": {value}")).collect();
    format!("    {{\n{}\n    }}", lines.join(",\n"))
}

fn op(ask: &Ask) -> &'static str {
    match ask {
        Ask::Check(_) => "check",
        Ask::Encode(..) => "encode",
        Ask::Answer(..) => "answer",
        Ask::Run(_) => "run",
    }
}

fn hex(bytes: &[u8]) -> String {
    format!("\"{}\"", Hex(bytes))
}

/// A JSON string of text that has neither control characters nor quotes that need more than a backslash.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl Value {
    /// An array of byte strings.
    #[must_use]
    pub fn byte_strings<'a>(strings: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self::Array(strings.into_iter().map(Self::from).collect())
    }
}
