//! Vectors, read from their files, as questions with the answers demanded.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::frame::{Op, Request, Response, Verdict, unhex};

/// One vector.
#[derive(Debug, Clone)]
pub struct Vector {
    /// Its id.
    pub id: String,
    /// A sentence about it.
    pub what: String,
    /// What is asked.
    pub op: Op,
    /// The requirements that it is about.
    pub requirements: Vec<String>,
    /// The questions, with the answers that they must get.
    pub questions: Vec<(Request, Response)>,
}

#[derive(Deserialize)]
struct File {
    vectors: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    what: String,
    op: String,
    target: String,
    hex: Option<String>,
    budget: Option<u32>,
    value: Option<Value>,
    canonical: Option<String>,
    request: Option<String>,
    answers: Option<Value>,
    script: Option<Value>,
    outcome: Option<Value>,
    offence: Option<Value>,
    requirements: Vec<String>,
}

/// All vectors in the directory `home`, in the order of their files.
///
/// # Errors
///
/// A directory without vectors, a file that cannot be read, and a vector that lacks what its operation takes.
pub fn load(home: &Path) -> Result<Vec<Vector>> {
    let entries = fs::read_dir(home).with_context(|| format!("cannot read {}", home.display()))?;
    let mut paths: Vec<_> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.retain(|path| {
        path.extension().is_some_and(|e| e == "json") && path.file_stem().is_some_and(|s| s != "schema")
    });
    paths.sort();
    let mut vectors = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let file: File = serde_json::from_str(&text).with_context(|| format!("{} has no vectors", path.display()))?;
        for entry in file.vectors {
            let id = entry.id.clone();
            vectors.push(entry.vector().with_context(|| format!("{}: vector {id}", path.display()))?);
        }
    }
    if vectors.is_empty() {
        bail!("no vectors in {}; name their directory with --vectors", home.display());
    }
    Ok(vectors)
}

impl Entry {
    fn vector(self) -> Result<Vector> {
        let (op, questions) = match self.op.as_str() {
            "check" => (Op::Check, self.check()?),
            "encode" => {
                let value = self.value.as_ref().context("has no value")?;
                let body = [&self.budget()?[..], value.to_string().as_bytes()].concat();
                (Op::Encode, vec![self.bytes(Op::Encode, body)?])
            }
            "answer" => {
                let request = bytes(self.request.as_ref(), "request")?;
                let answers = self.answers.as_ref().context("has no answers")?.to_string();
                let length = (request.len() as u32).to_le_bytes();
                let body = [&self.budget()?[..], &length, &request, answers.as_bytes()].concat();
                (Op::Answer, vec![self.bytes(Op::Answer, body)?])
            }
            "run" => {
                let script = self.script.as_ref().context("has no script")?.to_string();
                let outcome = self.outcome.as_ref().context("has no outcome")?.to_string();
                (Op::Run, vec![(self.request(Op::Run, script.into_bytes()), done(outcome.into_bytes()))])
            }
            other => bail!("has operation `{other}`"),
        };
        Ok(Vector { id: self.id, what: self.what, op, requirements: self.requirements, questions })
    }

    fn request(&self, op: Op, body: Vec<u8>) -> Request {
        Request { op, target: self.target.clone(), body }
    }

    fn budget(&self) -> Result<[u8; 4]> {
        Ok(self.budget.context("has no budget")?.to_le_bytes())
    }

    /// The answer when it is an offence.
    fn refused(&self) -> Option<Response> {
        let body = self.offence.as_ref()?.to_string().into_bytes();
        Some(Response { verdict: Verdict::Refused, body })
    }

    fn bytes(&self, op: Op, body: Vec<u8>) -> Result<(Request, Response)> {
        let expected = match self.refused() {
            Some(refused) => refused,
            None => done(bytes(self.hex.as_ref(), "hex")?),
        };
        Ok((self.request(op, body), expected))
    }

    /// What holds for *check* holds for *decode* too.
    fn check(&self) -> Result<Vec<(Request, Response)>> {
        let body = bytes(self.hex.as_ref(), "hex")?;
        let (decoded, checked) = match self.refused() {
            Some(refused) => (refused.clone(), refused),
            None => {
                let value = self.value.as_ref().context("has no value")?.to_string().into_bytes();
                let canonical = bytes(self.canonical.as_ref().or(self.hex.as_ref()), "hex")?;
                let length = (value.len() as u32).to_le_bytes();
                (done(value.clone()), done([&length[..], &value, &canonical].concat()))
            }
        };
        Ok(vec![(self.request(Op::Decode, body.clone()), decoded), (self.request(Op::Check, body), checked)])
    }
}

fn done(body: Vec<u8>) -> Response {
    Response { verdict: Verdict::Done, body }
}

fn bytes(text: Option<&String>, name: &str) -> Result<Vec<u8>> {
    let text = text.with_context(|| format!("has no {name}"))?;
    unhex(text).with_context(|| format!("{name} is not hexadecimal"))
}
