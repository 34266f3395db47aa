//! The client's side of the world.

use core::time::Duration;

use netipc_proto::error::Violation;
use netipc_proto::handshake::{Proposal, Refusal};
use netipc_proto::header::Header;
use netipc_proto::profile::Profiles;
use netipc_proto::session::{Received, Role, Session};
use netipc_proto::time::Time;

use super::link::{Link, Outbox};
use super::plan::Plan;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
const METHOD: u16 = 1;

/// How the client ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Finished,
    Refused(Refusal),
    Violation(Violation),
    PeerGone,
    Timeout,
    /// The simulation took it out.
    Lost,
}

#[derive(Debug)]
pub(crate) struct Client {
    proposal: Proposal,
    plan: Plan,
    session: Option<Session>,
    started: bool,
    next: usize,
    outbox: Outbox,
    deadline: Time,
    /// Ids in the order of their answers.
    pub(crate) order: Vec<u64>,
    /// Ids that died with the session.
    pub(crate) dead: Vec<u64>,
    pub(crate) end: Option<End>,
}

impl Client {
    pub(crate) fn new(proposal: Proposal, plan: Plan) -> Client {
        Client {
            proposal,
            plan,
            session: None,
            started: false,
            next: 0,
            outbox: Outbox::default(),
            deadline: Time::ZERO + CONNECT_TIMEOUT,
            order: Vec::new(),
            dead: Vec::new(),
            end: None,
        }
    }

    pub(crate) fn answered(&self) -> usize {
        self.order.len()
    }

    /// Calls that were begun.
    pub(crate) fn begun(&self) -> usize {
        self.next
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        let half = self.session.as_ref().and_then(Session::deadline);
        self.end.is_none().then(|| half.map_or(self.deadline, |half| half.min(self.deadline)))
    }

    /// Does what can be done without a packet.
    pub(crate) fn poll(&mut self, link: &mut Link, now: Time) {
        if self.end.is_some() {
            return;
        }
        if !self.started {
            self.started = true;
            link.send(now, self.proposal.hello().to_vec());
        }
        if self.session.is_some() {
            self.fill_window();
        }
        self.outbox.flush(link, now);
        if self.session.is_some() && self.order.len() == self.plan.calls.len() {
            self.finish(End::Finished, link, now);
        }
    }

    fn fill_window(&mut self) {
        let Some(session) = &mut self.session else { return };
        while session.in_flight_len() < self.plan.window && self.next < self.plan.calls.len() {
            let request = &self.plan.calls[self.next].0;
            let header = request.header(Header::request(METHOD, 0, self.next as u64));
            let chunker = session.begin_send(&header).expect("the plan is within the limits");
            self.outbox.push(chunker, request.payload.clone());
            self.next += 1;
        }
    }

    pub(crate) fn receive(&mut self, packet: Option<&[u8]>, link: &mut Link, now: Time) {
        if self.end.is_some() {
            return;
        }
        let Some(packet) = packet else {
            return self.finish(End::PeerGone, link, now);
        };
        let Some(session) = &mut self.session else {
            match self.proposal.accept(packet, Profiles::BASELINE) {
                Ok(agreed) => {
                    self.session = Some(Session::new(Role::Client, &agreed, CALL_TIMEOUT));
                    self.deadline = now + CALL_TIMEOUT;
                }
                Err(refusal) => self.finish(End::Refused(refusal), link, now),
            }
            return;
        };
        match session.on_packet(packet, now) {
            Ok(Received::Whole(header)) => self.answer(&header, &packet[32..]),
            Ok(Received::Assembled(header)) => {
                let payload = session.take_assembled();
                self.answer(&header, &payload);
            }
            Ok(Received::Partial) => {}
            Err(violation) => self.finish(End::Violation(violation), link, now),
        }
    }

    fn answer(&mut self, header: &Header, payload: &[u8]) {
        let (request, response) = &self.plan.calls[header.message_id as usize];
        let request = request.header(Header::request(METHOD, 0, header.message_id));
        assert_eq!(*header, response.header(request.response(0)));
        assert_eq!(payload, response.payload);
        assert!(!self.order.contains(&header.message_id), "answered twice");
        self.order.push(header.message_id);
    }

    pub(crate) fn tick(&mut self, link: &mut Link, now: Time) {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        let half = self.session.as_mut().and_then(|session| session.on_deadline(now).err());
        self.finish(half.map_or(End::Timeout, End::Violation), link, now);
    }

    pub(crate) fn finish(&mut self, end: End, link: &mut Link, now: Time) {
        self.end = Some(end);
        self.dead = self.session.as_mut().map(Session::close).unwrap_or_default();
        if end != End::Lost {
            link.end(now);
        }
    }
}
