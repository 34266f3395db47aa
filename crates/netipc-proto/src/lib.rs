//! The plugin-ipc wire protocol as pure state machines.
//!
//! Bytes and the current [`time::Time`] go in; bytes, events and deadlines come out. The crate must never contain a
//! socket, a clock, a thread, a log call or the meaning of any payload: transports move packets, and services give
//! payloads their types.
//!
//! A connection starts with one packet each way ([`handshake`]), which yields [`limits::Agreed`]. A
//! [`session::Session`] then checks every packet received and turns every message sent into packets.
//!
//! ```
//! use core::time::Duration;
//! use netipc_proto::handshake::{Answer, Gate, Proposal, ServerPolicy, answer};
//! use netipc_proto::header::Header;
//! use netipc_proto::profile::Profiles;
//! use netipc_proto::session::{Received, Role, Session};
//! use netipc_proto::time::Time;
//!
//! let proposal = Proposal::default();
//! let policy = ServerPolicy::default();
//! let Answer::Accept { agreed, ack } = answer(&policy, &proposal.hello(), 1, Gate::Open) else {
//!     panic!("the defaults fit each other");
//! };
//! let client_agreed = proposal.accept(&ack, Profiles::BASELINE).unwrap();
//!
//! let timeout = Duration::from_secs(30);
//! let mut client = Session::new(Role::Client, &client_agreed, timeout);
//! let mut server = Session::new(Role::Server, &agreed, timeout);
//!
//! let payload = [7u8; 8];
//! let chunker = client.begin_send(&Header::request(1, 8, 1)).unwrap();
//! let (head, body) = chunker.packet().unwrap();
//! let packet = [&head[..], &payload[body]].concat();
//! let received = server.on_packet(&packet, Time::ZERO).unwrap();
//! assert_eq!(received, Received::Whole(Header::request(1, 8, 1)));
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod bytes;
mod in_flight;

pub mod batch;
pub mod chunk;
pub mod codec;
pub mod error;
#[doc(hidden)]
pub mod fuzzing;
pub mod growth;
pub mod handshake;
pub mod hash;
pub mod header;
pub mod limits;
pub mod profile;
pub mod service;
pub mod session;
pub mod time;

pub use error::ErrorKind;
