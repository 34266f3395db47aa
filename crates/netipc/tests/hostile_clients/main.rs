//! Clients that break every rule, against a server that must not mind.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod chunks;
mod crowd;
mod handshake;
mod requests;
mod stalls;

#[path = "../support/raw.rs"]
mod raw;

use netipc::services::{Increment, StringReverse};
use netipc::{HandlerError, RunningServer, ServerConfig};

use raw::Bed;

/// The query that the handler of [`increment_server`] fails.
const FAILS: u64 = 666;
/// The query that the handler of [`increment_server`] panics at.
const PANICS: u64 = 667;

fn increment_server(bed: &Bed, change: impl FnOnce(&mut ServerConfig)) -> RunningServer {
    bed.server::<Increment>(change, |request, reply| match request.value {
        FAILS => Err(HandlerError::new("this number is not to be increased")),
        PANICS => panic!("this number makes the handler panic"),
        value => Ok(reply.value(value.wrapping_add(1))?),
    })
}

fn reverse_server(bed: &Bed, change: impl FnOnce(&mut ServerConfig)) -> RunningServer {
    bed.server::<StringReverse>(change, |request, reply| {
        let mut text = request.text().to_vec();
        text.reverse();
        Ok(reply.text(&text)?)
    })
}

/// A client of ours gets its answer, whatever else goes on.
#[track_caller]
fn assert_served(bed: &Bed) {
    let mut client = bed.ready_client::<Increment>(|_| {});
    assert_eq!(client.call(41).unwrap().value, 42);
}
