//! A client without its service: connection, recovery and growth. Payloads are bytes here.

use std::sync::Arc;
use std::time::Duration;

use netipc_proto::error::Violation;
use netipc_proto::growth::{Growth, Payloads, Rounds};
use netipc_proto::handshake::Disposition;
use netipc_proto::header::{Header, Status};

use crate::abort::Abort;
use crate::client::config::ClientConfig;
use crate::client::lookup::LookupLimits;
use crate::client::status::{ClientCounters, ClientStatus, Fallback, State};
use crate::clock::Deadline;
use crate::connection::{Connection, Envelope};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::session::{Message, Session};
use crate::uds::dial::{Dialled, RUNNABLE, dial};

#[derive(Debug)]
pub(crate) struct Link {
    endpoint: Endpoint,
    config: ClientConfig,
    abort: Abort,
    growth: Growth,
    session: Option<Session>,
    state: State,
    cause: Option<Arc<Error>>,
    /// Kept until a reset, and not offered meanwhile.
    fallback: Option<Fallback>,
    /// Goes up for as long as the client lives, so no session sees an id twice.
    next_id: u64,
    counters: ClientCounters,
}

/// What a failed attempt allows a call to do.
#[derive(Debug)]
pub(crate) enum Cure {
    /// Connect anew and send what is not answered again.
    Resend,
    /// A response of this session's limit was too small.
    GrowResponse,
    /// A request needs so many bytes.
    GrowRequest(u32),
}

/// How often one logical call may still be cured.
#[derive(Debug)]
pub(crate) struct Patience {
    rounds: Rounds,
    idempotent: bool,
    may_resend: bool,
}

impl Patience {
    /// Several calls share this, and each has a resend of its own: whether those at stake still have it.
    pub(crate) fn allow_resend(&mut self, unspent: bool) {
        self.may_resend = self.idempotent && unspent;
    }

    /// As much as at the start, as far as growing goes.
    pub(crate) fn renew(&mut self, link: &Link) {
        self.rounds = Rounds::new(link.agreed_payloads());
    }
}

impl Link {
    pub(crate) fn new(endpoint: Endpoint, config: ClientConfig) -> Self {
        let growth = Growth::new(config.payloads(), config.growth_ceiling);
        Self {
            endpoint,
            config,
            abort: Abort::new(),
            growth,
            session: None,
            state: State::Disconnected,
            cause: None,
            fallback: None,
            next_id: 1,
            counters: ClientCounters::default(),
        }
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(crate) fn abort(&self) -> &Abort {
        &self.abort
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    pub(crate) fn status(&self) -> ClientStatus {
        ClientStatus {
            state: self.state,
            cause: self.cause.clone(),
            fallback: self.fallback,
            agreed: self.session.as_ref().map(|session| *session.agreed()),
            peer: self.session.as_ref().map(Session::peer),
            counters: self.counters,
        }
    }

    pub(crate) fn close(&mut self) {
        self.session = None;
        self.state = State::Disconnected;
        self.cause = None;
        self.fallback = None;
        self.growth.refused();
    }

    /// Connects unless there is a live session, or a refusal that only a reset can cure.
    pub(crate) fn refresh(&mut self) -> State {
        if self.abort.is_aborted() {
            self.interrupt();
            return self.state;
        }
        let settled = match self.state {
            State::AuthFailed | State::Incompatible => true,
            State::Ready => self.is_alive(),
            _ => false,
        };
        if !settled {
            // The outcome is in the state, with its cause.
            let _ = self.connect(Deadline::NEVER);
        } else if let Some(session) = &mut self.session {
            // Once in a collector's turn is often enough to give back what a large response needed.
            session.connection().release();
        }
        self.state
    }

    /// An abort ends the session, and keeps a new one from being made.
    fn interrupt(&mut self) {
        if self.session.take().is_some() {
            self.state = State::Broken;
        }
        // A refusal that only a reset can cure keeps its reason.
        if !matches!(self.state, State::AuthFailed | State::Incompatible) {
            self.cause = Some(Arc::new(Error::Aborted));
        }
    }

    /// Whether the peer is still there. Nothing can have been sent: no call is in flight.
    fn is_alive(&mut self) -> bool {
        self.session.as_mut().is_some_and(|session| matches!(session.try_receive(), Err(Error::WouldBlock)))
    }

    pub(crate) fn deadline(&self, timeout: Duration) -> Deadline {
        Deadline::after(if timeout.is_zero() { self.config.call_timeout } else { timeout })
    }

    pub(crate) fn check_ready(&mut self) -> Result<(), Error> {
        self.abort.check()?;
        if self.session.as_ref().is_some_and(|session| session.in_flight().next().is_some()) {
            // A panic in its callback cut a pipeline short; replies that nobody waits for may still come.
            self.lose_after(&Error::Disconnected { cause: None });
        }
        match self.state {
            State::Ready => Ok(()),
            state => Err(Error::NotReady { state, cause: self.cause.clone() }),
        }
    }

    /// Largest request that could ever be sent.
    pub(crate) fn request_ceiling(&self) -> usize {
        self.config.growth_ceiling.max(self.config.session.max_request_payload) as usize
    }

    pub(crate) fn patience(&self, idempotent: bool) -> Patience {
        Patience { rounds: Rounds::new(self.agreed_payloads()), idempotent, may_resend: idempotent }
    }

    pub(crate) fn session(&mut self) -> Result<&mut Session, Error> {
        self.session.as_mut().ok_or(Error::Bug("a client is ready without a session"))
    }

    /// The message of the envelope that was received last.
    pub(crate) fn message(&self, envelope: &Envelope) -> Result<Message<'_>, Error> {
        let session = self.session.as_ref().ok_or(Error::Bug("a client has a reply without a session"))?;
        Ok(session.message(envelope))
    }

    pub(crate) fn take_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    fn granted_response(&self) -> u32 {
        self.session.as_ref().map_or(0, |session| session.agreed().granted_response_payload)
    }

    pub(crate) fn agreed_payloads(&self) -> Payloads {
        match &self.session {
            None => Payloads { request: 0, response: 0 },
            Some(session) => Payloads {
                request: session.agreed().request.max_payload,
                response: session.agreed().response.max_payload,
            },
        }
    }

    /// Sends one request and waits for its response, whatever has to be done for it within the deadline.
    pub(crate) fn exchange(
        &mut self,
        request: Header,
        payload: &[u8],
        idempotent: bool,
        deadline: Deadline,
    ) -> Result<Envelope, Error> {
        let mut patience = self.patience(idempotent);
        loop {
            let error = match self.attempt(request, payload, deadline) {
                Ok(envelope) => return Ok(envelope),
                Err(error) => error,
            };
            let cure = self.cure_for(&error, request.payload_len);
            self.recover(error, cure, &mut patience, deadline)?;
        }
    }

    fn attempt(&mut self, mut request: Header, payload: &[u8], deadline: Deadline) -> Result<Envelope, Error> {
        request.message_id = self.take_id();
        let abort = self.abort.clone();
        let session = self.session()?;
        session.send(&request, payload, deadline, Some(&abort))?;
        let envelope = session.receive_envelope(deadline, Some(&abort))?;
        if envelope.header.message_id != request.message_id {
            // In flight all the same: left over from a pipeline that a panic cut short.
            return Err(Violation::UnknownMessageId { got: envelope.header.message_id }.into());
        }
        check_response(&request, &envelope.header)?;
        Ok(envelope)
    }

    /// What can be done about a failed attempt, if anything.
    pub(crate) fn cure_for(&self, error: &Error, payload_len: u32) -> Option<Cure> {
        let agreed = self.agreed_payloads();
        match error {
            Error::Disconnected { .. } => Some(Cure::Resend),
            Error::Rejected(Status::LIMIT_EXCEEDED) => Some(Cure::GrowResponse),
            // Within the grant, and only our own ceiling is in the way.
            Error::Violation(Violation::PayloadTooLarge { got, .. }) if *got <= self.granted_response() => {
                Some(Cure::GrowResponse)
            }
            Error::LimitExceeded { .. } if payload_len > agreed.request && self.growth.can_carry(payload_len) => {
                Some(Cure::GrowRequest(payload_len))
            }
            _ => None,
        }
    }

    /// Makes a new session for another attempt, or says why the call ends here.
    pub(crate) fn recover(
        &mut self,
        error: Error,
        cure: Option<Cure>,
        patience: &mut Patience,
        deadline: Deadline,
    ) -> Result<(), Error> {
        let agreed = self.agreed_payloads();
        match &cure {
            Some(Cure::Resend) if std::mem::take(&mut patience.may_resend) => {
                self.reconnect(deadline)?;
                self.counters.resends += 1;
                return Ok(());
            }
            None | Some(Cure::Resend) => {
                self.lose_after(&error);
                return Err(error);
            }
            Some(Cure::GrowResponse) => self.growth.response_too_small(agreed.response),
            Some(Cure::GrowRequest(needed)) => self.growth.request_too_small(*needed),
        };
        // A response that did not fit means that the server has acted: only the next call may use the larger limit.
        let acted = matches!(cure, Some(Cure::GrowResponse)) && !patience.idempotent;
        if acted || !patience.rounds.start() {
            self.lose_after(&error);
            return Err(limit_error(error, agreed));
        }
        self.counters.growths += 1;
        self.reconnect(deadline)?;
        if self.agreed_payloads() != agreed {
            return Ok(());
        }
        // The new session is as good as the old one was: the client stays ready.
        Err(limit_error(error, agreed))
    }

    /// Connects again after a call that the session did not survive.
    pub(crate) fn revive(&mut self, deadline: Deadline) -> Result<(), Error> {
        if self.state == State::Ready { Ok(()) } else { self.reconnect(deadline) }
    }

    /// Connects anew with a larger request proposal; a server that refuses it gets the one that is configured.
    pub(crate) fn widen(&mut self, wanted: u32, deadline: Deadline) -> Result<(), Error> {
        if wanted <= self.agreed_payloads().request || !self.growth.request_too_small(wanted) {
            return Ok(());
        }
        self.counters.growths += 1;
        match self.reconnect(deadline) {
            Err(error) if is_refused_proposal(&error) => self.reconnect(deadline),
            result => result,
        }
    }

    /// Ends the session because of what a payload says.
    pub(crate) fn reject(&mut self, violation: Violation) -> Error {
        let error = Error::Violation(violation);
        self.lose_after(&error);
        error
    }

    pub(crate) fn lookup_limits(&self) -> LookupLimits {
        self.config.lookup
    }

    fn reconnect(&mut self, deadline: Deadline) -> Result<(), Error> {
        self.session = None;
        let result = self.connect(deadline);
        // It was the call that ended here, not only the attempt to connect.
        if result.is_err() && (deadline.has_passed() || self.abort.is_aborted()) {
            self.state = State::Broken;
        }
        result
    }

    /// Gives the session up if the error was its end.
    fn lose_after(&mut self, error: &Error) {
        if ends_session(error) {
            self.session = None;
            self.state = State::Broken;
            self.cause = Some(Arc::new(error.clone()));
        }
    }

    fn connect(&mut self, deadline: Deadline) -> Result<(), Error> {
        self.session = None;
        self.state = State::Connecting;
        let deadline = Deadline::after(self.config.connect_timeout).min(deadline);
        match self.dial(deadline) {
            Ok(connection) => {
                self.session = Some(Session::new(*connection));
                self.state = State::Ready;
                self.cause = None;
                self.counters.connects += 1;
                Ok(())
            }
            Err(error) => {
                self.state = state_after(&error);
                self.cause = Some(Arc::new(error.clone()));
                self.counters.connect_failures += 1;
                if let Error::Handshake { .. } = &error {
                    self.growth.refused();
                }
                Err(error)
            }
        }
    }

    /// Connects, a second time if the first session could not be had for want of its memory. NIPC-SHM-17.
    fn dial(&mut self, deadline: Deadline) -> Result<Box<Connection>, Error> {
        loop {
            let mut proposal = self.config.proposal(self.growth.proposal());
            if let Some(Fallback { profile, fault }) = self.fallback {
                proposal.supported = proposal.supported.without(profile);
                if (proposal.supported & RUNNABLE).is_empty() {
                    return Err(Error::Region { endpoint: self.endpoint.clone(), fault });
                }
            }
            // Half a response is bounded by the deadline of its call.
            match dial(&self.endpoint, proposal, Duration::MAX, deadline, Some(&self.abort))? {
                Dialled::Session(connection) => return Ok(connection),
                Dialled::Unattached { profile, fault } => self.fallback = Some(Fallback { profile, fault }),
            }
        }
    }
}

/// Whether a session is of no use any more once a call on it has failed so.
pub(crate) fn ends_session(error: &Error) -> bool {
    match error {
        // The server closes after it said this.
        Error::Rejected(status) => *status == Status::LIMIT_EXCEEDED,
        Error::InvalidMessage(_) | Error::LimitExceeded { .. } | Error::ApiMisuse(_) => false,
        _ => true,
    }
}

/// What a call reports when growing did not help: both numbers, as far as they are known.
fn limit_error(error: Error, agreed: Payloads) -> Error {
    let (got, allowed) = match error {
        Error::Violation(Violation::PayloadTooLarge { got, allowed }) => (got.into(), allowed),
        // The server does not tell how much more than the limit it would have been.
        Error::Rejected(_) => (u64::from(agreed.response) + 1, agreed.response),
        other => return other,
    };
    Error::LimitExceeded { what: "a response payload of at least so many bytes", got, allowed: allowed.into() }
}

/// Whether the server refused the limits that were proposed.
pub(crate) fn is_refused_proposal(error: &Error) -> bool {
    matches!(error, Error::Handshake { refusal, .. } if refusal.status() == Some(Status::LIMIT_EXCEEDED))
}

/// NIPC-L2C-04.
fn state_after(error: &Error) -> State {
    match error {
        Error::NotFound { .. } => State::NotFound,
        Error::Handshake { refusal, .. } => match refusal.disposition() {
            Disposition::AuthFailed => State::AuthFailed,
            Disposition::Incompatible => State::Incompatible,
            Disposition::Disconnected => State::Disconnected,
        },
        _ => State::Disconnected,
    }
}

/// Judges the header of the response to a request. NIPC-L2C-11 to NIPC-L2C-14.
pub(crate) fn check_response(request: &Header, response: &Header) -> Result<(), Error> {
    if response.code != request.code {
        return Err(Violation::WrongCode { got: response.code, expected: request.code }.into());
    }
    match response.status {
        Status::OK => {}
        status @ (Status::BAD_ENVELOPE | Status::UNSUPPORTED | Status::LIMIT_EXCEEDED | Status::INTERNAL_ERROR) => {
            return Err(Error::Rejected(status));
        }
        status => return Err(Violation::UnexpectedStatus { got: status }.into()),
    }
    let items = |header: &Header| if header.is_batch() { header.item_count } else { 0 };
    if items(response) != items(request) {
        return Err(Violation::WrongItemCount { got: items(response), expected: items(request) }.into());
    }
    Ok(())
}
