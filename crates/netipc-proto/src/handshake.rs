//! The handshake: one packet each way, before a session.
//!
//! This module must not know sockets or deadlines; the caller gives a handshake both. The server judges a HELLO with
//! [`answer`], the client an ACK with [`Proposal::accept`].
//!
//! ```
//! use netipc_proto::handshake::{Answer, Gate, Proposal, ServerPolicy, answer};
//! use netipc_proto::profile::Profiles;
//!
//! let proposal = Proposal { auth_token: 7, ..Proposal::default() };
//! let policy = ServerPolicy { auth_token: 8, ..ServerPolicy::default() };
//! let Answer::Reject { status, ack, .. } = answer(&policy, &proposal.hello(), 1, Gate::Open) else {
//!     panic!("the tokens differ");
//! };
//! assert_eq!(status.name(), "auth_failed");
//! assert_eq!(proposal.accept(&ack, Profiles::BASELINE).unwrap_err().status(), Some(status));
//! ```

mod client;
mod server;
mod wire;

pub use client::{Disposition, Proposal, Refusal};
pub use server::{Answer, Fault, Gate, ServerPolicy, answer};
pub use wire::{ACK_LEN, ACK_PACKET_LEN, HELLO_LEN, HELLO_PACKET_LEN, Hello, HelloAck, LAYOUT_VERSION};
