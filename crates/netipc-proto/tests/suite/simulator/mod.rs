//! A client and a server in a world with virtual time: packets take a while, pipes fill up, and either side can die or
//! fall silent at any moment. No socket, no clock, no sleep.

mod client;
mod link;
mod plan;
mod server;
mod world;

use core::time::Duration;

use netipc_proto::error::Violation;
use netipc_proto::handshake::{Proposal, Refusal, ServerPolicy};
use netipc_proto::header::Status;
use netipc_proto::limits::Limits;
use proptest::prelude::*;

use client::End as ClientEnd;
use plan::{Message, Plan};
use server::End as ServerEnd;
use world::{Loss, Side, World};

/// Two small calls, one that needs chunks both ways, and a batch.
fn mixed() -> Plan {
    Plan {
        calls: vec![
            (Message::single(8, 1), Message::single(8, 2)),
            (Message::single(300, 3), Message::single(500, 4)),
            (Message::batch(3, 20), Message::batch(3, 40)),
            (Message::single(0, 5), Message::single(0, 6)),
        ],
        window: 3,
    }
}

fn proposal() -> Proposal {
    let limits = Limits { max_payload: 1024, max_items: 8 };
    Proposal { request: limits, response: limits, auth_token: 3, packet_size: 96, ..Proposal::default() }
}

fn policy() -> ServerPolicy {
    ServerPolicy { auth_token: 3, ..ServerPolicy::default() }
}

/// NIPC-RCV-08: everything is answered, in whatever order the server answers.
#[test]
fn all_calls_are_answered() {
    for seed in 0..50 {
        let mut world = World::new(proposal(), policy(), mixed(), seed);
        world.drive();
        assert_eq!(world.client.end, Some(ClientEnd::Finished));
        assert_eq!(world.server.end, Some(ServerEnd::PeerGone));
        assert_eq!(world.client.answered(), 4);
        world.check();
    }
}

#[test]
fn responses_overtake_each_other() {
    let overtaken = (0..50).any(|seed| {
        let mut world = World::new(proposal(), policy(), mixed(), seed);
        world.drive();
        !world.client.order.is_sorted()
    });
    assert!(overtaken, "the simulation must exercise it");
}

/// NIPC-RCV-09, NIPC-CHK-12: whichever side is lost at whichever step, and however, the other
/// one comes to an end in bounded time, and each call is either answered or reported as lost.
#[test]
fn peer_lost_at_every_step() {
    for seed in 0..4 {
        let mut world = World::new(proposal(), policy(), mixed(), seed);
        world.drive();
        let steps = world.rounds;
        assert!(steps > 20);
        for step in 0..=steps {
            for side in [Side::Client, Side::Server] {
                for loss in [Loss::Crash, Loss::Silence, Loss::Cut] {
                    let mut world = World::new(proposal(), policy(), mixed(), seed);
                    world.lose(side, loss, step);
                    world.drive();
                    world.check();
                }
            }
        }
    }
}

/// NIPC-CHK-12: a server rids itself of half a message, and does not mind an idle session.
#[test]
fn half_message_is_bounded_idle_is_not() {
    let (mut halves, mut idle) = (0, 0);
    for step in 0..60 {
        let mut world = World::new(proposal(), policy(), mixed(), 1);
        world.lose(Side::Client, Loss::Silence, step);
        world.drive();
        match world.server.end {
            Some(ServerEnd::Violation(Violation::HalfMessage { got, expected, .. })) => {
                assert!(got < expected as usize);
                halves += 1;
            }
            None => idle += 1,
            _ => {}
        }
    }
    assert!(halves > 0 && idle > 0, "{halves} halves, {idle} idle");
}

/// Neither side waits for ever for a handshake.
#[test]
fn silent_handshake() {
    let mut world = World::new(proposal(), policy(), mixed(), 1);
    world.lose(Side::Client, Loss::Silence, 0);
    world.drive();
    assert_eq!(world.server.end, Some(ServerEnd::Timeout));
    let mut world = World::new(proposal(), policy(), mixed(), 1);
    world.lose(Side::Server, Loss::Silence, 0);
    world.drive();
    assert_eq!(world.client.end, Some(ClientEnd::Timeout));
    assert_eq!(world.client.answered(), 0);
}

/// NIPC-HS-03: the client learns why it was refused.
#[test]
fn refused_handshake() {
    let refused = |proposal: Proposal, status| {
        let mut world = World::new(proposal, policy(), mixed(), 1);
        world.drive();
        let expected = Refusal::Rejected { status, proposed_request: proposal.request.max_payload };
        assert_eq!(world.client.end, Some(ClientEnd::Refused(expected)));
        assert_eq!(world.server.end, Some(ServerEnd::Rejected(status)));
        world.check();
    };
    refused(Proposal { auth_token: 4, ..proposal() }, Status::AUTH_FAILED);
    refused(Proposal { packet_size: 32, ..proposal() }, Status::INCOMPATIBLE);
    let large = Limits { max_payload: (1 << 20) + 1, max_items: 1 };
    refused(Proposal { request: large, ..proposal() }, Status::LIMIT_EXCEEDED);
}

/// Time does not pass while everybody is busy, and the world ends when nothing can happen any more.
#[test]
fn virtual_time() {
    let mut world = World::new(proposal(), policy(), mixed(), 9);
    world.drive();
    let busy = world.now.saturating_duration_since(netipc_proto::time::Time::ZERO);
    assert!(busy > Duration::ZERO && busy < Duration::from_secs(1));
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let single = (0usize..700, any::<u8>()).prop_map(|(len, tag)| Message::single(len, tag));
    let message = prop_oneof![3 => single, 1 => (0u32..6, 0usize..60).prop_map(|(n, len)| Message::batch(n, len))];
    let calls = prop::collection::vec((message.clone(), message), 0..25);
    (calls, 1usize..12).prop_map(|(calls, window)| Plan { calls, window })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// NIPC-CHK-03, NIPC-RCV-08, NIPC-RCV-09: any traffic over any packet size arrives as it was sent, and whatever
    /// dies is reported.
    #[test]
    fn any_traffic(
        plan in any_plan(),
        packet_size in 33u32..400,
        seed in any::<u64>(),
        loss in prop::option::of((any::<bool>(), 0u32..3, 0usize..300)),
    ) {
        let calls = plan.calls.len();
        let mut world = World::new(Proposal { packet_size, ..proposal() }, policy(), plan, seed);
        if let Some((client, loss, step)) = loss {
            let side = if client { Side::Client } else { Side::Server };
            world.lose(side, [Loss::Crash, Loss::Silence, Loss::Cut][loss as usize], step);
        }
        world.drive();
        world.check();
        if loss.is_none() {
            prop_assert_eq!(world.client.answered(), calls);
            prop_assert_eq!(world.client.end, Some(ClientEnd::Finished));
        }
    }
}
