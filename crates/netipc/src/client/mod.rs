//! Level 2: typed clients.

mod batch;
mod config;
mod link;
mod lookup;
mod pipeline;
mod status;

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use netipc_proto::codec::Writer;
use netipc_proto::header::Header;
use netipc_proto::service::Service;

pub use batch::BatchReply;
pub use config::ClientConfig;
pub use lookup::LookupLimits;
pub use status::{ClientCounters, ClientStatus, Fallback, State};

use crate::abort::Abort;
use crate::connection::Envelope;
use crate::endpoint::Endpoint;
use crate::error::Error;
use link::Link;

/// Calls one service.
///
/// Making a client does no I/O. [`Client::refresh`] connects it, and connects it again after a loss; call it in every
/// turn of a collector's loop and make calls while [`Client::is_ready`]. A call never waits beyond its timeout. After a
/// loss of the connection it reconnects and sends the request once more: delivery is *at least once*.
///
/// `Send`; one thread uses it at a time, and [`Client::abort_handle`] ends its calls from any other. Implements
/// `spec/level2.md`, section 1.
pub struct Client<S> {
    link: Link,
    request: Vec<u8>,
    /// The answer to the last lookup that took more than one request.
    stitched: Vec<u8>,
    tally: Tally,
    service: PhantomData<fn() -> S>,
}

impl<S: Service> Client<S> {
    /// A client in state [`State::Disconnected`]. No I/O.
    pub fn new(endpoint: Endpoint, config: ClientConfig) -> Self {
        Self {
            link: Link::new(endpoint, config),
            request: Vec::new(),
            stitched: Vec::new(),
            tally: Tally::default(),
            service: PhantomData,
        }
    }

    /// Connects, unless there is a live session already. Waits for the server's handshake at most
    /// [`ClientConfig::connect_timeout`].
    ///
    /// It need not succeed: the state tells, [`Client::status`] tells why, and the next refresh tries again. After
    /// [`State::AuthFailed`] and [`State::Incompatible`] it does nothing until [`Client::reset`].
    pub fn refresh(&mut self) -> State {
        // Once in a collector's turn is often enough to give back what a large lookup needed.
        self.stitched = Vec::new();
        self.link.refresh()
    }

    /// Whether calls can be made. A cached flag: no I/O.
    pub fn is_ready(&self) -> bool {
        self.link.state() == State::Ready
    }

    /// Where it stands, on what terms, and what it did. No I/O.
    pub fn status(&self) -> ClientStatus {
        let mut status = self.link.status();
        status.counters.calls = self.tally.calls;
        status.counters.call_failures = self.tally.failures;
        status
    }

    /// Which endpoint it calls.
    pub fn endpoint(&self) -> &Endpoint {
        self.link.endpoint()
    }

    /// Ends what the client waits for, from any thread. Sticky: see [`Abort`].
    pub fn abort_handle(&self) -> Abort {
        self.link.abort().clone()
    }

    /// Forgets the session, a refusal, a profile that could not run, and how far limits had grown. The next refresh connects anew.
    pub fn reset(&mut self) {
        self.link.close();
    }

    /// Calls the service and waits for its reply, which is valid until the client is used again.
    ///
    /// # Errors
    ///
    /// - `NotReady` at once, without I/O, when there is no session
    /// - `Timeout` and `Aborted` end the session; the call is not repeated
    /// - `Disconnected` when the session was lost, and lost again after a reconnect
    /// - `NotFound`, `Denied`, `Incompatible` and so on when the reconnect failed
    /// - `Rejected` with the status of the server; the session goes on
    /// - `LimitExceeded` when request or reply do not fit, however far limits may grow
    /// - `InvalidMessage` when the reply breaks the rules of its message; the session goes on
    /// - `PeerMisbehaved` when the server breaks the protocol
    pub fn call(&mut self, query: S::Query<'_>) -> Result<S::Reply<'_>, Error> {
        self.call_within(query, Duration::ZERO)
    }

    /// As [`Client::call`], with a timeout of its own; zero stands for [`ClientConfig::call_timeout`].
    ///
    /// # Errors
    ///
    /// As [`Client::call`].
    pub fn call_within(&mut self, query: S::Query<'_>, timeout: Duration) -> Result<S::Reply<'_>, Error> {
        let envelope = self.exchange(query, timeout);
        let reply = envelope.and_then(|envelope| Ok(S::decode_reply(self.link.message(&envelope)?.payload)?));
        self.tally.count(reply.is_ok());
        reply
    }

    fn exchange(&mut self, query: S::Query<'_>, timeout: Duration) -> Result<Envelope, Error> {
        self.link.check_ready()?;
        self.request.clear();
        S::encode_request(query, Writer::new(&mut self.request, self.link.request_ceiling()))?;
        let deadline = self.link.deadline(timeout);
        let header = request_header::<S>(&self.request);
        self.link.exchange(header, &self.request, S::IDEMPOTENT, deadline)
    }
}

/// How calls ended.
#[derive(Debug, Default)]
struct Tally {
    calls: u64,
    failures: u64,
}

impl Tally {
    fn count(&mut self, succeeded: bool) {
        if succeeded {
            self.calls += 1;
        } else {
            self.failures += 1;
        }
    }
}

/// The header of a single request; its id is given when it is sent.
fn request_header<S: Service>(payload: &[u8]) -> Header {
    // The writer's budget was a u32, and no payload exceeds it.
    Header::request(S::METHOD, u32::try_from(payload.len()).unwrap_or(u32::MAX), 0)
}

impl<S> fmt::Debug for Client<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", self.link.endpoint())
            .field("state", &self.link.state())
            .finish_non_exhaustive()
    }
}
