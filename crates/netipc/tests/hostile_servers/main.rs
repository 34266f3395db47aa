//! Servers that break every rule, against a client that must not mind.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod chunks;
mod endings;
mod grants;
mod handshake;
mod limits;

#[path = "../support/raw.rs"]
mod raw;

use std::thread::{self, JoinHandle};

use netipc::services::Increment;
use netipc::{Client, Error, ErrorKind, State};

use raw::{Bed, RawListener};

/// A server that does what the script says, in a thread of its own. Joining it brings a failed assertion home.
fn server(bed: &Bed, script: impl FnOnce(RawListener) + Send + 'static) -> JoinHandle<()> {
    let listener = bed.listener();
    thread::spawn(move || script(listener))
}

/// A client that has just called for `refresh`.
fn refreshed(bed: &Bed) -> Client<Increment> {
    let mut client = bed.client(|_| {});
    client.refresh();
    client
}

fn kind_of<T>(result: Result<T, Error>) -> ErrorKind {
    result.map(drop).expect_err("it must fail").kind()
}

/// The state of a client and the kind of its reason.
fn condition(client: &Client<Increment>) -> (State, Option<ErrorKind>) {
    let status = client.status();
    assert_eq!(client.is_ready(), status.state == State::Ready);
    assert_eq!(status.agreed.is_some(), status.state == State::Ready);
    (status.state, status.cause.map(|cause| cause.kind()))
}
