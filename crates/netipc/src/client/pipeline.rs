//! Many calls in flight on one session.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use netipc_proto::codec::Writer;
use netipc_proto::error::Violation;
use netipc_proto::header::Header;
use netipc_proto::service::Service;

use crate::client::link::{Cure, Link, Patience, check_response, ends_session};
use crate::client::{Client, request_header};
use crate::clock::Deadline;
use crate::error::{Error, Waiting};
use crate::sys::wait::Interest;

/// The message id of a call that is not sent yet: above all others, so that calls in order have ids in order.
const UNSENT: u64 = u64::MAX;

/// A call that is not answered yet.
#[derive(Debug)]
struct Pending {
    index: usize,
    header: Header,
    payload: Vec<u8>,
    deadline: Deadline,
    /// Whether a loss has cost it its one resend.
    resent: bool,
}

impl<S: Service> Client<S> {
    /// Calls the service for each query, with up to `window` calls in flight, and hands over each reply as it comes.
    ///
    /// `on_reply` gets the position of the query and its outcome, exactly once for each query that was taken from
    /// `queries`; replies may come in another order than queries. Each call has the default timeout, counted from when
    /// it was sent first. After a loss the calls that are not answered are sent again, each at most
    /// once.
    ///
    /// # Errors
    ///
    /// What ended the session for good. Calls that were in flight then got `Disconnected` with that cause, and the rest
    /// of `queries` was not taken.
    pub fn call_pipelined<'q, Q, F>(&mut self, queries: Q, window: usize, mut on_reply: F) -> Result<(), Error>
    where
        Q: IntoIterator<Item = S::Query<'q>>,
        F: FnMut(usize, Result<S::Reply<'_>, Error>),
    {
        self.link.check_ready()?;
        let mut run = Run {
            queries: queries.into_iter().enumerate(),
            window: window.max(1),
            pending: VecDeque::new(),
            spare: Vec::new(),
            patience: self.link.patience(S::IDEMPOTENT),
            offender: None,
            growing: None,
        };
        while let Err(error) = run.advance(self, &mut on_reply) {
            let offender = run.take_offender();
            let (payload_len, deadline) = match run.pending.get(offender.unwrap_or(0)) {
                Some(call) => (call.header.payload_len, call.deadline),
                None => (0, Deadline::NEVER),
            };
            let cure = self.link.cure_for(&error, payload_len);
            run.patience_for(offender, &self.link);
            if let Some(Cure::Resend) = cure {
                let unspent = run.spend_resends();
                run.patience.allow_resend(unspent);
            }
            if let Err(error) = self.link.recover(error, cure, &mut run.patience, deadline) {
                let alone = offender.filter(|_| self.is_ready()).and_then(|at| run.pending.remove(at));
                let Some(call) = alone else { return Err(run.fail(self, error, offender, &mut on_reply)) };
                // Nothing can help this call, and nothing stands in the way of the others.
                self.tally.count(false);
                on_reply(call.index, Err(error));
            }
            run.pending.iter_mut().for_each(|call| call.header.message_id = UNSENT);
        }
        Ok(())
    }
}

struct Run<Q> {
    queries: std::iter::Enumerate<Q>,
    window: usize,
    /// In the order of their ids.
    pending: VecDeque<Pending>,
    /// Buffers of calls that were answered.
    spare: Vec<Vec<u8>>,
    patience: Patience,
    /// The id of the call whose response, or request, was what went wrong.
    offender: Option<u64>,
    /// The index of the call that limits grow for.
    growing: Option<usize>,
}

impl<'q, Q> Run<Q> {
    /// Each call may make limits grow as often as a call alone may.
    fn patience_for(&mut self, offender: Option<usize>, link: &Link) {
        let index = offender.and_then(|at| self.pending.get(at)).map(|call| call.index);
        if index.is_some() && index != self.growing {
            self.growing = index;
            self.patience.renew(link);
        }
    }

    /// Its place among the pending calls.
    fn take_offender(&mut self) -> Option<usize> {
        let id = self.offender.take()?;
        self.pending.iter().position(|call| call.header.message_id == id)
    }

    /// Takes from each call that is in flight its one resend; whether all of them still had it.
    fn spend_resends(&mut self) -> bool {
        let mut unspent = true;
        for call in self.pending.iter_mut().filter(|call| call.header.message_id != UNSENT) {
            unspent &= !std::mem::replace(&mut call.resent, true);
        }
        unspent
    }

    /// Goes on until all is answered or the session fails.
    fn advance<S, F>(&mut self, client: &mut Client<S>, on_reply: &mut F) -> Result<(), Error>
    where
        S: Service,
        Q: Iterator<Item = S::Query<'q>>,
        F: FnMut(usize, Result<S::Reply<'_>, Error>),
    {
        loop {
            self.fill(client, on_reply)?;
            if self.pending.is_empty() {
                return Ok(());
            }
            self.send(client)?;
            if !self.take_replies(client, on_reply)? {
                self.wait(client)?;
            } else if let Some(late) = self.pending.front().filter(|call| call.deadline.has_passed()) {
                return Err(Error::Timeout { waiting_for: Waiting::Message, limit: late.deadline.limit() });
            }
        }
    }

    /// Takes queries until the window is full. One that cannot be sent at all is answered here.
    fn fill<S, F>(&mut self, client: &mut Client<S>, on_reply: &mut F) -> Result<(), Error>
    where
        S: Service,
        Q: Iterator<Item = S::Query<'q>>,
        F: FnMut(usize, Result<S::Reply<'_>, Error>),
    {
        while self.pending.len() < self.window {
            let Some((index, query)) = self.queries.next() else { break };
            let mut payload = self.spare.pop().unwrap_or_default();
            payload.clear();
            match S::encode_request(query, Writer::new(&mut payload, client.link.request_ceiling())) {
                Ok(()) => {
                    let header = Header { message_id: UNSENT, ..request_header::<S>(&payload) };
                    let deadline = client.link.deadline(Duration::ZERO);
                    self.pending.push_back(Pending { index, header, payload, deadline, resent: false });
                }
                Err(error) => {
                    client.tally.count(false);
                    on_reply(index, Err(error.into()));
                }
            }
        }
        Ok(())
    }

    /// Sends what is new, up to the first call that is too large for the session.
    ///
    /// That one, and with it a reconnect, waits until all before it are answered, so that none is sent twice.
    fn send<S: Service>(&mut self, client: &mut Client<S>) -> Result<(), Error> {
        let allowed = client.link.session()?.agreed().request.max_payload;
        let first = self.pending.partition_point(|call| call.header.message_id != UNSENT);
        let fitting = self.pending.range(first..).take_while(|call| call.header.payload_len <= allowed).count();
        let end = first + fitting;
        if end == 0 {
            let got = self.pending.front().map_or(0, |call| call.header.payload_len);
            self.offender = Some(UNSENT);
            return Err(Error::LimitExceeded { what: "a payload", got: got.into(), allowed: allowed.into() });
        }
        for call in self.pending.range_mut(first..end) {
            call.header.message_id = client.link.take_id();
        }
        let messages: Vec<(Header, &[u8])> =
            self.pending.range(first..end).map(|call| (call.header, &*call.payload)).collect();
        client.link.session()?.connection().push_many(&messages)
    }

    /// Hands over every reply that is here; whether there was one.
    fn take_replies<S, F>(&mut self, client: &mut Client<S>, on_reply: &mut F) -> Result<bool, Error>
    where
        S: Service,
        F: FnMut(usize, Result<S::Reply<'_>, Error>),
    {
        let mut any = false;
        loop {
            client.link.abort().check()?;
            let session = client.link.session()?;
            let envelope = match session.poll_envelope() {
                Ok(Some(envelope)) => envelope,
                Ok(None) => return Ok(any),
                Err(error) => {
                    self.offender = session.connection().offender().map(|header| header.message_id);
                    return Err(error);
                }
            };
            let id = envelope.header.message_id;
            let at = self.pending.binary_search_by_key(&id, |call| call.header.message_id);
            let Ok(at) = at else { return Err(Violation::UnknownMessageId { got: id }.into()) };
            let verdict = check_response(&self.pending[at].header, &envelope.header);
            if let Err(error) = &verdict
                && ends_session(error)
            {
                self.offender = Some(id);
                return Err(error.clone());
            }
            let Some(call) = self.pending.remove(at) else { continue };
            let payload = client.link.message(&envelope)?.payload;
            let reply = verdict.and_then(|()| S::decode_reply(payload).map_err(Error::from));
            client.tally.count(reply.is_ok());
            on_reply(call.index, reply);
            self.spare.push(call.payload);
            any = true;
        }
    }

    fn wait<S: Service>(&mut self, client: &mut Client<S>) -> Result<(), Error> {
        let abort = client.link.abort().clone();
        let deadline = self.pending.front().map_or(Deadline::NEVER, |call| call.deadline);
        let session = client.link.session()?;
        let (interest, waiting_for) =
            if session.flush()? { (Interest::Read, Waiting::Message) } else { (Interest::ReadWrite, Waiting::Room) };
        session.wait(interest, waiting_for, deadline, Some(&abort))?;
        session.flush()?;
        Ok(())
    }

    /// Gives every call that is still open its end.
    fn fail<S, F>(&mut self, client: &mut Client<S>, error: Error, offender: Option<usize>, on_reply: &mut F) -> Error
    where
        S: Service,
        F: FnMut(usize, Result<S::Reply<'_>, Error>),
    {
        let cause = Arc::new(error.clone());
        for (at, call) in self.pending.drain(..).enumerate() {
            client.tally.count(false);
            let own = match &error {
                error if offender == Some(at) => error.clone(),
                Error::Timeout { .. } if call.deadline.has_passed() => error.clone(),
                Error::Aborted | Error::Disconnected { .. } => error.clone(),
                _ => Error::Disconnected { cause: Some(Arc::clone(&cause)) },
            };
            on_reply(call.index, Err(own));
        }
        error
    }
}
