//! How limits grow.

use netipc_proto::growth::{Growth, Learned, MAX_ROUNDS, Payloads, Rounds, doubled, next_pow2};
use netipc_proto::handshake::{Answer, Gate, Proposal, ServerPolicy, answer};
use netipc_proto::header::Status;
use netipc_proto::limits::Limits;
use netipc_proto::profile::Profiles;
use proptest::prelude::*;

const MIB: u32 = 1 << 20;

fn payloads(request: u32, response: u32) -> Payloads {
    Payloads { request, response }
}

/// NIPC-L2C-23
#[test]
fn powers() {
    let cases = [(0, 16), (1, 16), (16, 16), (17, 32), (1024, 1024), (1025, 2048), (1 << 31, 1 << 31)];
    for (n, power) in cases {
        assert_eq!(next_pow2(n), power);
    }
    assert_eq!(next_pow2((1 << 31) + 1), 1 << 31);
    assert_eq!(next_pow2(u32::MAX), 1 << 31);
    assert_eq!((doubled(0), doubled(8), doubled(1000), doubled(u32::MAX)), (16, 16, 2048, 1 << 31));
}

/// NIPC-L2C-21, NIPC-L2C-22, NIPC-L2C-23
#[test]
fn client_grows_to_its_ceiling() {
    let mut growth = Growth::new(payloads(1024, 65536), MIB);
    assert!(growth.response_too_small(65536));
    assert_eq!(growth.proposal(), payloads(1024, 131_072));
    // The limit that was agreed counts, not the one proposed.
    assert!(growth.response_too_small(500_000));
    assert_eq!(growth.proposal(), payloads(1024, MIB));
    assert!(!growth.response_too_small(MIB));
    assert!(growth.request_too_small(5000));
    assert_eq!(growth.proposal(), payloads(8192, MIB));
    assert!(!growth.request_too_small(5000));
    assert!(growth.can_carry(MIB) && !growth.can_carry(MIB + 1));
    assert!(growth.request_too_small(MIB + 1), "as far as the ceiling");
    assert_eq!(growth.proposal(), payloads(MIB, MIB));
}

/// NIPC-L2C-23: what is configured above the ceiling stays.
#[test]
fn configured_above_the_ceiling() {
    let configured = payloads(4 * MIB, 8 * MIB);
    let mut growth = Growth::new(configured, MIB);
    assert!(!growth.response_too_small(8 * MIB) && !growth.request_too_small(5 * MIB));
    assert_eq!(growth.proposal(), configured);
    assert!(growth.can_carry(4 * MIB) && !growth.can_carry(4 * MIB + 1));
}

fn proposal(payloads: Payloads) -> Proposal {
    Proposal {
        request: Limits { max_payload: payloads.request, max_items: 1 },
        response: Limits { max_payload: payloads.response, max_items: 1 },
        ..Proposal::default()
    }
}

/// NIPC-L2C-23. Fault 7 of the existing peers: a refused larger proposal poisons the client object for good.
#[test]
fn refused_proposal_goes_back_to_configured() {
    let policy = ServerPolicy { max_request_payload: 4096, ..ServerPolicy::default() };
    let configured = payloads(1024, 65536);
    let mut growth = Growth::new(configured, MIB);
    for needed in [5000, 100_000, 5000] {
        assert!(growth.request_too_small(needed));
        growth.response_too_small(65536);
        let larger = proposal(growth.proposal());
        let Answer::Reject { status, ack, .. } = answer(&policy, &larger.hello(), 1, Gate::Open) else {
            panic!("{needed} bytes are over the server's limit");
        };
        assert_eq!(status, Status::LIMIT_EXCEEDED);
        let refusal = larger.accept(&ack, Profiles::BASELINE).unwrap_err();
        assert_eq!(refusal.status(), Some(status));
        growth.refused();
        assert_eq!(growth.proposal(), configured);
        let again = proposal(growth.proposal());
        assert!(matches!(answer(&policy, &again.hello(), 2, Gate::Open), Answer::Accept { .. }));
    }
}

/// NIPC-L2C-24
#[test]
fn rounds_are_bounded() {
    let mut rounds = Rounds::new(payloads(16, 16));
    for round in 0..MAX_ROUNDS {
        assert!(rounds.start());
        assert!(rounds.progressed(payloads(16, 32 << round)));
    }
    assert!(!rounds.start() && !rounds.start());
    let mut rounds = Rounds::new(payloads(16, 64));
    assert!(rounds.start());
    assert!(rounds.progressed(payloads(32, 64)));
    assert!(!rounds.progressed(payloads(32, 64)), "a reconnect that changed nothing");
}

/// NIPC-L2S-18
#[test]
fn server_learns() {
    let mut learned = Learned::new(None, 65536, MIB);
    assert!(!learned.saw(0) && !learned.saw(65536));
    assert!(learned.saw(65537));
    assert_eq!(learned.limit(), 131_072);
    assert!(learned.overflowed(131_072));
    assert_eq!(learned.limit(), 262_144);
    assert!(!learned.overflowed(65536), "never falls");
    assert!(learned.saw(u32::MAX));
    assert_eq!((learned.limit(), learned.ceiling()), (MIB, MIB));
    let mut odd = Learned::new(None, 60_000, MIB);
    assert!(odd.saw(50_000), "the next power of two, also within the limit");
    assert_eq!(odd.limit(), 65536);
}

/// NIPC-L2S-18: what is configured is start and ceiling in one.
#[test]
fn server_with_a_configured_limit_learns_nothing() {
    let mut learned = Learned::new(Some(1000), 65536, MIB);
    assert!(!learned.saw(5000) && !learned.overflowed(1000));
    assert_eq!((learned.limit(), learned.ceiling()), (1000, 1000));
}

proptest! {
    /// NIPC-L2S-18, NIPC-L2C-23: limits never fall and never pass the ceiling.
    #[test]
    fn monotonic_and_bounded(
        seen in prop::collection::vec((any::<bool>(), any::<u32>()), 0..50),
        ceiling in any::<u32>(),
    ) {
        let mut learned = Learned::new(None, 4096, ceiling);
        let mut growth = Growth::new(payloads(4096, 4096), ceiling);
        for (overflow, n) in seen {
            let (before, proposed) = (learned.limit(), growth.proposal());
            let grew = if overflow { learned.overflowed(n) } else { learned.saw(n) };
            prop_assert_eq!(grew, learned.limit() > before);
            prop_assert!(learned.limit() >= before && learned.limit() <= ceiling.max(4096));
            let grew = if overflow { growth.response_too_small(n) } else { growth.request_too_small(n) };
            prop_assert_eq!(grew, growth.proposal() != proposed);
            let now = growth.proposal();
            prop_assert!(now.request >= proposed.request && now.response >= proposed.response);
            prop_assert!(now.request.max(now.response) <= ceiling.max(4096));
        }
    }
}
