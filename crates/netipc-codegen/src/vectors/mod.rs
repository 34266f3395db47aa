//! Vectors: questions to every implementation, with the answers that the specification demands.
//!
//! ```text
//! model --+-- makers: bytes or values that break one rule, or none, and what is expected of them
//!         |                                  | must agree, else nothing is generated
//!         +-- interpreter: decode, encode, answer
//! ```
//!
//! The interpreter ([`decode()`], [`encode()`], [`answer()`]) knows the rules of every service from its model alone. The makers
//! do not ask it what to expect; they say it, because they know what they broke. Vectors of the envelope come from tables
//! here, with encoders of their own: nothing of this module depends on an implementation that the vectors test.
//!
//! [`service`] makes the pages of any service, so that users' services get vectors as well:
//!
//! ```
//! let schema = r#"
//!     [service]
//!     name = "uptime"
//!     method = 0x8001
//!     batchable = true
//!     idempotent = true
//!     request = "unit"
//!     reply = "unit"
//!     doc = "Tells how long a unit has been up."
//!     [record.unit]
//!     doc = "Which unit."
//!     trailing = "rejected"
//!     [[record.unit.field]]
//!     name = "name"
//!     type = "string"
//!     min_length = 1
//!     example = "cron.service"
//!     nul_inside = "rejected"
//!     doc = "Its name."
//! "#;
//! let service = netipc_codegen::schema::parse("uptime.toml", schema)?;
//! let pages = netipc_codegen::vectors::service(&service, &[])?;
//! let (name, text) = &pages[0];
//! assert_eq!(name, "uptime-request.json");
//! assert!(text.contains(r#""problem":"too_short""#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod answers;
mod decode;
mod encode;
mod envelope;
mod fault;
mod lists;
mod offence;
mod page;
mod records;
mod tolerated;
mod value;
mod variants;

use std::collections::BTreeSet;
use std::fmt;

pub use answer::answer;
pub use decode::decode;
pub use encode::encode;
pub use envelope::pages as envelope;
pub use offence::{Offence, Problem};
pub use page::Page;
pub use records::repair;
pub use value::{Hex, Value};

use crate::model::Service;

/// The JSON schema of vector files.
pub const SCHEMA: &str = include_str!("schema.json");

/// Bytes that existing peers made, for a target of the same name as that of vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Golden {
    /// Name of the file, without extension.
    pub name: String,
    /// What the bytes are, such as `apps-lookup/reply`.
    pub target: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A vector whose makers and the interpreter disagree, or that stands there twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// Id of the vector.
    pub id: String,
    /// What was expected, and what came of it.
    pub message: String,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vector {}: {}", self.id, self.message)
    }
}

impl std::error::Error for Disagreement {}

/// What a vector asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ask {
    /// To decode these bytes, and to encode again what they say.
    Check(Vec<u8>),
    /// To encode this value within a budget.
    Encode(u64, Value),
    /// To answer this request within a budget.
    Answer(u64, Vec<u8>, Value),
    /// To run a script.
    Run(Value),
}

/// What must come of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The bytes say this, and these are the canonical ones.
    Decoded(Value, Vec<u8>),
    /// These bytes.
    Encoded(Vec<u8>),
    /// This came of a script.
    Ran(Value),
    /// They are refused.
    Refused(Offence),
}

/// One question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vector {
    pub(crate) id: String,
    pub(crate) what: String,
    pub(crate) target: String,
    pub(crate) ask: Ask,
    pub(crate) outcome: Outcome,
    pub(crate) flags: BTreeSet<&'static str>,
    pub(crate) requirements: BTreeSet<String>,
}

/// What flags mean.
pub(crate) const FLAGS: [(&str, &str); 5] = [
    ("canonical", "The bytes are what an encoder makes of the value."),
    ("edge", "A value, a length or a budget at the edge of what is allowed, or one beyond."),
    ("golden", "The bytes come from peers that exist."),
    ("order", "Several rules are broken; the order of the checks decides which one is reported."),
    ("tolerated", "No encoder writes these bytes, but a decoder must accept them."),
];

/// The vector files of one service: name and content.
///
/// # Errors
///
/// A vector about which its makers and the interpreter disagree, which is a fault of this module or of the schema's rules.
pub fn service(service: &Service, golden: &[Golden]) -> Result<Vec<(String, String)>, Disagreement> {
    let mut files = Vec::new();
    for (side, record) in [("request", &service.request), ("reply", &service.reply)] {
        let Some(record) = service.record(record) else { continue };
        let target = format!("{}/{side}", service.name);
        let about = format!("The {side} of `{}`: every field at its limits, every rule broken once.", service.name);
        let mut page = Page::new(about);
        records::make(service, record, &target, &mut page);
        for golden in golden.iter().filter(|golden| golden.target == target) {
            records::golden(service, record, golden, &mut page);
        }
        page.settle(service)?;
        files.push((format!("{}-{side}.json", service.name), page.print()));
    }
    if service.lookup.is_some() {
        let about = format!("What the builder of `{}` answers within its budget.", service.name);
        let mut page = Page::new(about);
        answers::make(service, &mut page);
        page.settle(service)?;
        files.push((format!("{}-answer.json", service.name), page.print()));
    }
    Ok(files)
}
