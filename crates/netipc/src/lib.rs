//! Typed inter-process calls on one host.
//!
//! A *provider* process serves a typed service at an [`Endpoint`]; any number of *consumer* processes call it. Processes
//! may start in any order, crash and come back: a [`Client`] never blocks beyond its deadline and reconnects by itself, a
//! [`Server`] takes its endpoint over from a predecessor that died.
//!
//! ```
//! use netipc::services::Increment;
//! use netipc::{Client, ClientConfig, Endpoint, Server, ServerConfig};
//!
//! # let run_dir = tempfile::tempdir()?;
//! # let run_dir = run_dir.path();
//! let endpoint = Endpoint::new(run_dir, "increment")?;
//! let server = Server::<Increment>::bind(endpoint.clone(), ServerConfig::default(), |request, reply| {
//!     reply.value(request.value + 1)?;
//!     Ok(())
//! })?
//! .spawn()?;
//!
//! let mut client = Client::<Increment>::new(endpoint, ClientConfig::default());
//! client.refresh();
//! if client.is_ready() {
//!     assert_eq!(client.call(41)?.value, 42);
//! }
//! server.stop()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Layers
//!
//! | layer | here | knows |
//! | --- | --- | --- |
//! | L1 transport | [`Listener`], [`Session`] | endpoints, handshake, messages; not what is in them |
//! | codec | [`services`], [`codec`] | payloads; no sockets |
//! | L2 typed calls | [`Client`], [`Server`] | both |
//! | L3 snapshot | [`Cache`], [`Reader`] | L2; keeps the last good copy of what a service tells |
//!
//! The protocol itself is in [`proto`], without I/O; the normative text is in `spec/`.
//!
//! # Features
//!
//! - `tracing` (off by default): events for the subscribers of the `tracing` crate, with the target `netipc`: servers that
//!   start, sessions that begin and end, handlers that fail, clients that change their state, calls that fail, snapshots that
//!   are published. Without the feature they leave no code behind.
//! # Shared memory
//!
//! Messages cross the socket, or shared memory where both sides offer it: put [`Profiles::SHM_HYBRID`] into
//! [`SessionConfig::supported`] and [`ListenerConfig::supported`]. A session for which the memory cannot be had goes over
//! the socket, and [`ClientStatus::fallback`] and [`ServerStatus::shm_fault`] tell why. The price is a thread for each such
//! session of a server, one that watches peers, and a handler for SIGBUS in the process.
//!
//! # Threads
//!
//! Everything is `Send`. A client, session, listener or cache is used by one thread at a time; [`Abort`], [`Reader`] and
//! [`ServerHandle`] work from any.
//!
//! After a fork without exec the child must not use or drop what it inherited of this crate: sockets, files and threads
//! belong to the parent.
#![deny(unsafe_code)]
#![cfg_attr(
    not(feature = "tracing"),
    allow(unused_variables, reason = "some exist for events alone; checked with the feature")
)]

// Unit tests use what the other tests share, which knows this crate by its name.
#[cfg(test)]
extern crate self as netipc;

mod abort;
mod cache;
mod client;
mod clock;
mod connection;
mod endpoint;
mod error;
pub mod inspect;
mod limits;
mod listener;
mod server;
mod session;
mod shm;
mod sys;
mod trace;
mod uds;
mod waiting;

pub use netipc_proto as proto;
pub use netipc_proto::codec;
pub use netipc_proto::error::ErrorKind;
pub use netipc_proto::header::{Header, Status};
pub use netipc_proto::limits::{Agreed, Limits};
pub use netipc_proto::profile::Profiles;
pub use netipc_proto::service::{HandlerError, Service, Snapshot};
pub use netipc_services as services;

pub use abort::Abort;
pub use cache::{Answer, Cache, CacheCounters, CacheStatus, Down, ReadGuard, Reader, Refresh};
pub use client::{BatchReply, Client, ClientConfig, ClientCounters, ClientStatus, Fallback, LookupLimits, State};
pub use clock::Deadline;
pub use endpoint::{Endpoint, Presence};
pub use error::{Error, Occupant, Operation, OsError, Waiting};
pub use listener::{Listener, ListenerConfig};
pub use server::{RunningServer, Server, ServerConfig, ServerHandle, ServerStatus};
pub use session::{Message, Session, SessionConfig};
pub use shm::fault::{HeaderFault, RegionFault, RegionStep};
pub use sys::credentials::PeerCredentials;
pub use sys::wait::Interest;

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/getting-started.md")]
mod getting_started {}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/operations.md")]
mod operations {}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/faq.md")]
mod faq {}
