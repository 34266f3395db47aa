//! Questions of which every part can be changed.

use serde_json::Value;

use crate::frame::{Op, Request};

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Question {
    pub(super) target: String,
    pub(super) body: Body,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    /// To check bytes.
    Check(Vec<u8>),
    /// To encode a value within a budget.
    Encode(u32, Value),
    /// To answer a request within a budget.
    Answer(u32, Vec<u8>, Value),
    /// To run a script.
    Run(Value),
}

impl Question {
    pub(super) fn request(&self) -> Request {
        let (op, body) = match &self.body {
            Body::Check(bytes) => (Op::Check, bytes.clone()),
            Body::Encode(budget, value) => {
                (Op::Encode, [&budget.to_le_bytes()[..], value.to_string().as_bytes()].concat())
            }
            Body::Answer(budget, request, answers) => {
                let length = (request.len() as u32).to_le_bytes();
                let body = [&budget.to_le_bytes()[..], &length, request, answers.to_string().as_bytes()].concat();
                (Op::Answer, body)
            }
            Body::Run(script) => (Op::Run, script.to_string().into_bytes()),
        };
        Request { op, target: self.target.clone(), body }
    }
}
