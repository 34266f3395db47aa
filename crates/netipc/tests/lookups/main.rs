//! Lookups: one logical answer, however many requests it takes, from servers of ours and from servers that misbehave.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod mock;
mod ours;
mod theirs;

#[path = "../support/raw.rs"]
mod raw;
#[path = "../support/mod.rs"]
mod support;

use netipc::services::AppsLookup;
use netipc::{Client, ClientConfig, Endpoint, State};

/// A client that has a session, with limits as `change` wants them.
fn client(endpoint: &Endpoint, change: impl FnOnce(&mut ClientConfig)) -> Client<AppsLookup> {
    let mut config = ClientConfig::default();
    change(&mut config);
    let mut client = Client::new(endpoint.clone(), config);
    assert_eq!(client.refresh(), State::Ready, "{:?}", client.status());
    client
}
