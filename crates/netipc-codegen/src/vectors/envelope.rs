//! Vectors of the envelope: headers, batches, chunks, the handshake, sessions, hashes.
//!
//! They come from the tables of the specification pages, with encoders of their own.

mod batch;
mod chunker;
mod client;
mod hash;
mod layout;
mod layouts;
mod server;
mod session;

use std::collections::BTreeSet;

use super::value::Value;
use super::{Ask, Disagreement, Golden, Outcome, Page, Vector};

/// The files of vectors of the envelope: name and content.
///
/// # Errors
///
/// An id that stands there twice, which is a fault of this module.
pub fn pages(golden: &[Golden]) -> Result<Vec<(String, String)>, Disagreement> {
    let pages = [
        ("header", layouts::header(golden)),
        ("chunk-header", layouts::chunk_header(golden)),
        ("hello", layouts::hello(golden)),
        ("hello-ack", layouts::hello_ack(golden)),
        ("batch", batch::page(golden)),
        ("handshake-server", server::page(golden)),
        ("handshake-client", client::page(golden)),
        ("chunker", chunker::page()),
        ("session", session::page()),
        ("hash", hash::page()),
    ];
    let print = |(name, page): (&str, Page)| {
        page.check_ids()?;
        Ok((format!("{name}.json"), page.print()))
    };
    pages.into_iter().map(print).collect()
}

/// The golden bytes of one target.
fn of<'g>(golden: &'g [Golden], target: &'g str) -> impl Iterator<Item = &'g Golden> {
    golden.iter().filter(move |golden| golden.target == target)
}

fn ids(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

/// A vector of a script.
fn run(target: &str, topic: &str, what: &str, script: Value, outcome: Value, requirements: &[&str]) -> Vector {
    Vector {
        id: format!("{target}/{topic}"),
        what: what.to_owned(),
        target: target.to_owned(),
        ask: Ask::Run(script),
        outcome: Outcome::Ran(outcome),
        flags: BTreeSet::new(),
        requirements: ids(requirements),
    }
}

/// The same vector with flags.
fn flagged(vector: Vector, flags: &[&'static str]) -> Vector {
    Vector { flags: flags.iter().copied().collect(), ..vector }
}

/// Bytes with some of them overwritten.
fn patched(bytes: &[u8], at: usize, patch: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + patch.len()].copy_from_slice(patch);
    bytes
}
