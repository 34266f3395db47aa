//! Measures netipc, beside what the machine can do at best.
//!
//! A *runner* ([`run()`]) starts a fresh pair of *drivers* ([`driver`]) for every row, one for each side of the call, and tells
//! them over a text protocol ([`protocol`]) what to do. What they report becomes [`Sample`]s, and those a [`report`]. What is
//! measured is in `scenarios.toml`; `docs/benchmarks.md` says how, and how to read the result.
//!
//! Must not contain: anything that netipc itself needs, or an opinion about how fast it should be.
#![deny(unsafe_code)]

pub mod driver;
pub mod machine;
pub mod plan;
pub mod protocol;
pub mod report;
pub mod run;
pub mod sample;
pub mod scenario;
mod sys;

pub use plan::{Driver, Effort, Plan, Selection};
pub use report::{About, Report};
pub use run::{Failure, Outcome, Step, run};
pub use sample::Sample;
pub use scenario::Catalogue;
