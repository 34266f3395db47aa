//! Clients at work: states, losses, growth, many calls in flight, and other threads that interfere.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod growth;
mod pipeline;
mod resend;
mod states;

#[path = "../support/raw.rs"]
mod raw;

use std::thread::{self, JoinHandle};

use netipc::proto::codec::{BuildError, DecodeError, Writer};
use netipc::services::Increment;
use netipc::services::increment::{Number, NumberBuilder};
use netipc::{Error, ErrorKind, Service};

use raw::{Bed, RawListener};

/// Counts things that must not be counted twice: as [`Increment`], but never sent again. It has no batches.
#[derive(Debug)]
enum Once {}

impl Service for Once {
    const NAME: &'static str = "once";
    const METHOD: u16 = 0x8001;
    const BATCHABLE: bool = false;
    const IDEMPOTENT: bool = false;

    type Query<'a> = u64;
    type Request<'a> = Number;
    type Reply<'a> = Number;
    type ReplyBuilder<'a> = NumberBuilder<'a>;

    fn encode_request(query: u64, out: Writer<'_>) -> Result<(), BuildError> {
        Increment::encode_request(query, out)
    }

    fn decode_request(payload: &[u8]) -> Result<Number, DecodeError> {
        Number::decode(payload)
    }

    fn reply_builder<'r: 'a, 'a>(_: &Self::Request<'r>, out: Writer<'a>) -> NumberBuilder<'a> {
        NumberBuilder::new(out)
    }

    fn finish_reply(builder: NumberBuilder<'_>) -> Result<(), BuildError> {
        builder.finish()
    }

    fn decode_reply(payload: &[u8]) -> Result<Number, DecodeError> {
        Number::decode(payload)
    }
}

/// A server that does what the script says, in a thread of its own. Joining it brings a failed assertion home.
fn server(bed: &Bed, script: impl FnOnce(RawListener) + Send + 'static) -> JoinHandle<()> {
    let listener = bed.listener();
    thread::spawn(move || script(listener))
}

fn kind_of<T>(result: Result<T, Error>) -> ErrorKind {
    result.map(drop).expect_err("it must fail").kind()
}
