//! The world: both sides, the links between them, and time.

use netipc_proto::handshake::{Proposal, ServerPolicy};
use netipc_proto::time::Time;

use super::client::{Client, End as ClientEnd};
use super::link::Link;
use super::plan::Plan;
use super::server::{End as ServerEnd, Server};

/// A run that takes more rounds than this is stuck.
const MAX_ROUNDS: usize = 20_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// How a side is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// It dies: what it sent still arrives, then the end.
    Crash,
    /// It dies, and what it sent dies with it.
    Cut,
    /// It lives on and does nothing.
    Silence,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: Time,
    pub(crate) rounds: usize,
    pub(crate) client: Client,
    pub(crate) server: Server,
    upstream: Link,
    downstream: Link,
    loss: Option<(Side, Loss, usize)>,
}

impl World {
    pub(crate) fn new(proposal: Proposal, policy: ServerPolicy, plan: Plan, seed: u64) -> World {
        World {
            now: Time::ZERO,
            rounds: 0,
            client: Client::new(proposal, plan.clone()),
            server: Server::new(policy, plan, seed ^ 0x55),
            upstream: Link::new(seed),
            downstream: Link::new(!seed),
            loss: None,
        }
    }

    /// Loses `side` before round `step`.
    pub(crate) fn lose(&mut self, side: Side, loss: Loss, step: usize) {
        self.loss = Some((side, loss, step));
    }

    /// Runs until nothing can happen any more.
    pub(crate) fn drive(&mut self) {
        while self.step() {
            self.rounds += 1;
            assert!(self.rounds < MAX_ROUNDS, "the world is stuck: {self:#?}");
        }
    }

    /// One round: everybody does what it can, then time moves to the next event.
    fn step(&mut self) -> bool {
        if let Some((side, loss, step)) = self.loss
            && step == self.rounds
        {
            self.take_out(side, loss);
        }
        self.client.poll(&mut self.upstream, self.now);
        self.server.poll(&mut self.downstream, self.now);
        let events =
            [self.upstream.arrival(), self.downstream.arrival(), self.client.deadline(), self.server.deadline()];
        let Some(next) = events.into_iter().flatten().min() else {
            return false;
        };
        if self.server.is_busy() && self.downstream.has_room() {
            return true;
        }
        self.now = self.now.max(next);
        if let Some(packet) = self.upstream.take(self.now) {
            self.server.receive(packet.as_deref(), &mut self.downstream, self.now);
        }
        if let Some(packet) = self.downstream.take(self.now) {
            self.client.receive(packet.as_deref(), &mut self.upstream, self.now);
        }
        self.client.tick(&mut self.upstream, self.now);
        self.server.tick(&mut self.downstream, self.now);
        true
    }

    fn take_out(&mut self, side: Side, loss: Loss) {
        let link = match side {
            Side::Client => &mut self.upstream,
            Side::Server => &mut self.downstream,
        };
        match side {
            Side::Client if self.client.end.is_none() => self.client.finish(ClientEnd::Lost, link, self.now),
            Side::Server if self.server.end.is_none() => self.server.finish(ServerEnd::Lost, link, self.now),
            _ => return,
        }
        match loss {
            Loss::Crash => link.end(self.now),
            Loss::Cut => link.cut(self.now),
            Loss::Silence => link.silence(),
        }
    }

    /// What must hold at the end of every run.
    pub(crate) fn check(&self) {
        let client = &self.client;
        assert!(client.end.is_some(), "a client never waits for ever");
        // Every call that was begun is either answered or reported as dead, never both and never neither.
        let mut ids: Vec<u64> = client.order.iter().chain(&client.dead).copied().collect();
        ids.sort_unstable();
        assert!(ids.into_iter().eq(0..client.begun() as u64));
        assert!(client.order.iter().all(|id| self.server.received.contains(id)), "no answer without a request");
        assert!(self.server.received.is_sorted(), "requests keep their order");
        assert!(!matches!(client.end, Some(ClientEnd::Violation(_))) || self.loss.is_some());
        if self.server.end.is_none() {
            // Only an idle session outlives its peer's silence.
            assert!(matches!(self.loss, Some((Side::Client, Loss::Silence, _))), "{:?}", self.loss);
            assert!(self.server.session.as_ref().is_some_and(|session| session.deadline().is_none()));
        }
    }
}
