//! The server's side of the world.

use core::time::Duration;

use netipc_proto::error::Violation;
use netipc_proto::handshake::{Answer, Fault, Gate, ServerPolicy, answer};
use netipc_proto::header::{Header, Status};
use netipc_proto::session::{Received, Role, Session};
use netipc_proto::time::Time;

use super::link::{Link, Outbox, Random};
use super::plan::Plan;
use crate::common::HALF;

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// How the server ended its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Rejected(Status),
    Closed(Fault),
    Violation(Violation),
    PeerGone,
    Timeout,
    /// The simulation took it out.
    Lost,
}

#[derive(Debug)]
pub(crate) struct Server {
    policy: ServerPolicy,
    plan: Plan,
    random: Random,
    pub(crate) session: Option<Session>,
    deadline: Option<Time>,
    outbox: Outbox,
    /// Requests that were received and not answered yet.
    waiting: Vec<Header>,
    /// Requests received, in their order.
    pub(crate) received: Vec<u64>,
    pub(crate) end: Option<End>,
}

impl Server {
    pub(crate) fn new(policy: ServerPolicy, plan: Plan, seed: u64) -> Server {
        Server {
            policy,
            plan,
            random: Random::new(seed),
            session: None,
            deadline: Some(Time::ZERO + HANDSHAKE_TIMEOUT),
            outbox: Outbox::default(),
            waiting: Vec::new(),
            received: Vec::new(),
            end: None,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        if self.end.is_some() {
            return None;
        }
        self.deadline.or_else(|| self.session.as_ref().and_then(Session::deadline))
    }

    /// Answers one of the waiting requests now and then, in any order.
    pub(crate) fn poll(&mut self, link: &mut Link, now: Time) {
        if self.end.is_some() {
            return;
        }
        let idle = self.received.len() == self.plan.calls.len();
        if let Some(session) = &mut self.session
            && !self.waiting.is_empty()
            && (idle || self.random.below(3) == 0 || self.waiting.len() >= self.plan.window)
        {
            let request = self.waiting.swap_remove(self.random.below(self.waiting.len()));
            let response = &self.plan.calls[request.message_id as usize].1;
            let header = response.header(request.response(0));
            let chunker = session.begin_send(&header).expect("the plan is within the limits");
            self.outbox.push(chunker, response.payload.clone());
        }
        self.outbox.flush(link, now);
    }

    /// Whether there is something to do without a packet.
    pub(crate) fn is_busy(&self) -> bool {
        self.end.is_none() && !self.waiting.is_empty()
    }

    pub(crate) fn receive(&mut self, packet: Option<&[u8]>, link: &mut Link, now: Time) {
        if self.end.is_some() {
            return;
        }
        let Some(packet) = packet else {
            return self.finish(End::PeerGone, link, now);
        };
        let Some(session) = &mut self.session else {
            return self.handshake(packet, link, now);
        };
        match session.on_packet(packet, now) {
            Ok(Received::Whole(header)) => self.request(header, &packet[32..]),
            Ok(Received::Assembled(header)) => {
                let payload = session.take_assembled();
                self.request(header, &payload);
            }
            Ok(Received::Partial) => {}
            Err(violation) => self.finish(End::Violation(violation), link, now),
        }
    }

    fn handshake(&mut self, packet: &[u8], link: &mut Link, now: Time) {
        self.deadline = None;
        match answer(&self.policy, packet, 1, Gate::Open) {
            Answer::Accept { agreed, ack } => {
                self.session = Some(Session::new(Role::Server, &agreed, HALF));
                link.send(now, ack.to_vec());
            }
            Answer::Reject { status, ack, .. } => {
                link.send(now, ack.to_vec());
                self.finish(End::Rejected(status), link, now);
            }
            Answer::Close { reason } => self.finish(End::Closed(reason), link, now),
        }
    }

    fn request(&mut self, header: Header, payload: &[u8]) {
        let request = &self.plan.calls[header.message_id as usize].0;
        assert_eq!(header, request.header(Header::request(header.code, 0, header.message_id)));
        assert_eq!(payload, request.payload);
        self.received.push(header.message_id);
        self.waiting.push(header);
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
        if let Some(session) = &mut self.session {
            assert_eq!(session.close(), [], "a server has nothing in flight");
            assert_eq!(session.held(), 0);
        }
        if end != End::Lost {
            link.end(now);
        }
    }
}
