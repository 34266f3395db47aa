//! How a server judges a HELLO.

use netipc_proto::handshake::{Answer, Fault, Gate, HELLO_PACKET_LEN, Hello, HelloAck, Proposal, ServerPolicy, answer};
use netipc_proto::header::{HEADER_LEN, Header, HeaderError, Kind, Status};
use netipc_proto::limits::Limits;
use netipc_proto::profile::Profiles;
use proptest::prelude::*;

use crate::common::patched;

const POLICY: ServerPolicy = ServerPolicy {
    supported: Profiles::BASELINE,
    preferred: Profiles::NONE,
    auth_token: 5,
    max_request_payload: 4096,
    max_response_payload: 8192,
    packet_size: 65536,
};

fn reject(packet: &[u8], gate: Gate) -> (Status, Fault) {
    match answer(&POLICY, packet, 1, gate) {
        Answer::Reject { status, reason, ack } => {
            assert_eq!(ack, HelloAck::REJECTION.packet(status), "NIPC-HS-03");
            (status, reason)
        }
        other => panic!("{other:?}"),
    }
}

fn close(packet: &[u8]) -> Fault {
    match answer(&POLICY, packet, 1, Gate::Open) {
        Answer::Close { reason } => reason,
        other => panic!("{other:?}"),
    }
}

/// NIPC-HS-04, NIPC-HS-05, NIPC-HS-06, NIPC-HS-07, NIPC-HS-08, NIPC-HS-09, NIPC-HS-10, NIPC-HS-11, NIPC-HS-12: a packet
/// in which everything is wrong is put right one field at a time; each step shows the next fault of the order.
#[test]
fn order_of_checks() {
    let mut packet = vec![0xee; HEADER_LEN];
    assert_eq!(close(&packet[..31]), Fault::Header(HeaderError::Short { got: 31 }));
    assert_eq!(close(&[]), Fault::Header(HeaderError::Short { got: 0 }));
    assert_eq!(close(&packet), Fault::Header(HeaderError::Magic { got: 0xeeee_eeee }));
    packet = patched(&packet, 0, 0x4e49_5043u32.to_ne_bytes());
    assert_eq!(close(&packet), Fault::Header(HeaderError::HeaderLen { got: 0xeeee }));
    packet = patched(&packet, 6, 32u16.to_ne_bytes());
    assert_eq!(close(&packet), Fault::Header(HeaderError::Kind { got: 0xeeee }));
    let version = Fault::Header(HeaderError::Version { got: 0xeeee });
    packet = patched(&packet, 8, 1u16.to_ne_bytes());
    assert_eq!(close(&packet), version, "a request of another version is no HELLO of another version");
    packet = patched(&packet, 8, 3u16.to_ne_bytes());
    assert_eq!(close(&packet), version);
    packet = patched(&packet, 12, 1u16.to_ne_bytes());
    assert_eq!(reject(&packet, Gate::Open), (Status::INCOMPATIBLE, version));
    packet = patched(&packet, 4, 1u16.to_ne_bytes());
    let other_kind = patched(&packet, 8, 1u16.to_ne_bytes());
    assert_eq!(close(&other_kind), Fault::NotHello { kind: Kind::Request, code: 1 });
    let other_code = patched(&packet, 12, 2u16.to_ne_bytes());
    assert_eq!(close(&other_code), Fault::NotHello { kind: Kind::Control, code: 2 });

    assert_eq!(close(&packet), Fault::Short { got: 0 });
    packet.resize(HELLO_PACKET_LEN - 1, 0xee);
    assert_eq!(close(&packet), Fault::Short { got: 43 });
    packet.push(0xee);
    assert_eq!(reject(&packet, Gate::Denied), (Status::INCOMPATIBLE, Fault::Layout { got: 0xeeee }));
    packet = patched(&packet, 32, 1u16.to_ne_bytes());
    assert_eq!(close(&packet), Fault::Padding { got: 0xeeee_eeee });
    packet = patched(&packet, 32 + 28, [0; 4]);
    order_of_grants(packet);
}

fn order_of_grants(mut packet: Vec<u8>) {
    let no_profile = Fault::NoProfile { client: Profiles(0xeeee_eeee), server: Profiles::BASELINE };
    assert_eq!(reject(&packet, Gate::Denied), (Status::UNSUPPORTED, no_profile));
    packet = patched(&packet, 32 + 4, 1u32.to_ne_bytes());
    assert_eq!(reject(&packet, Gate::Denied), (Status::AUTH_FAILED, Fault::NotAllowed));
    assert_eq!(reject(&packet, Gate::Full), (Status::AUTH_FAILED, Fault::Token));
    packet = patched(&packet, 32 + 32, 5u64.to_ne_bytes());
    assert_eq!(reject(&packet, Gate::Denied), (Status::AUTH_FAILED, Fault::NotAllowed));
    let too_large = Fault::RequestPayload { got: 0xeeee_eeee, allowed: 4096 };
    assert_eq!(reject(&packet, Gate::Full), (Status::LIMIT_EXCEEDED, too_large));
    packet = patched(&packet, 32 + 12, 4097u32.to_ne_bytes());
    assert_eq!(reject(&packet, Gate::Full).0, Status::LIMIT_EXCEEDED);
    packet = patched(&packet, 32 + 12, 4096u32.to_ne_bytes());
    packet = patched(&packet, 32 + 40, 32u32.to_ne_bytes());
    let too_small = Fault::PacketSize { got: 32, needed: 33 };
    assert_eq!(reject(&packet, Gate::Full), (Status::INCOMPATIBLE, too_small));
    packet = patched(&packet, 32 + 40, 33u32.to_ne_bytes());
    assert_eq!(reject(&packet, Gate::Full), (Status::INTERNAL_ERROR, Fault::Full));
    match answer(&POLICY, &packet, 7, Gate::Open) {
        Answer::Accept { agreed, .. } => {
            assert_eq!((agreed.packet_size, agreed.session_id), (33, 7));
            assert_eq!(agreed.request, Limits { max_payload: 4096, max_items: 0xeeee_eeee });
        }
        other => panic!("{other:?}"),
    }
}

/// NIPC-HS-08, NIPC-HS-09: a wrong token and a refused user look the same to the client, whichever bit is wrong.
#[test]
fn token() {
    let refused = reject(&hello(5), Gate::Denied).0;
    for bit in 0..64 {
        let (status, reason) = reject(&hello(5 ^ (1 << bit)), Gate::Open);
        assert_eq!((status, reason), (refused, Fault::Token));
    }
    assert!(matches!(answer(&POLICY, &hello(5), 1, Gate::Open), Answer::Accept { .. }));
}

fn hello(auth_token: u64) -> [u8; HELLO_PACKET_LEN] {
    Proposal { auth_token, ..Proposal::default() }.hello()
}

/// NIPC-HS-14: a payload of 0 stays 0, an item count of 0 counts as 1.
#[test]
fn zero_limits() {
    let zero = Limits { max_payload: 0, max_items: 0 };
    let proposal = Proposal { auth_token: 5, request: zero, response: zero, ..Proposal::default() };
    let packet = patched(&proposal.hello(), 32 + 16, [0; 4]);
    let Answer::Accept { agreed, ack } = answer(&POLICY, &packet, 1, Gate::Open) else {
        panic!("zero limits are legal");
    };
    assert_eq!(agreed.request, Limits { max_payload: 0, max_items: 1 });
    assert_eq!(agreed.response, Limits { max_payload: 8192, max_items: 1 });
    assert_eq!(proposal.accept(&ack, Profiles::BASELINE), Ok(agreed));
}

/// NIPC-PRF-01: selection follows the rule for every combination of the named profiles.
#[test]
fn selection() {
    let known = [0x01, 0x02, 0x10, 0x03, 0x11, 0x12, 0x13];
    let any = [0x00, 0x01, 0x02, 0x10, 0x03, 0x11, 0x12, 0x13, 0x1f, 0xffff_ffff];
    for (client, server) in any.iter().flat_map(|client| known.map(|server| (*client, server))) {
        for (liked, preferred) in any.iter().flat_map(|liked| any.map(|preferred| (*liked, preferred))) {
            check_selection(client, liked, server, preferred);
        }
    }
}

fn check_selection(client: u32, liked: u32, server: u32, preferred: u32) {
    let policy = ServerPolicy { supported: Profiles(server), preferred: Profiles(preferred), ..POLICY };
    let proposal =
        Proposal { supported: Profiles(client), preferred: Profiles(liked), auth_token: 5, ..Proposal::default() };
    // Written straight into the packet, because our client would not offer every bit.
    let packet = patched(&proposal.hello(), 32 + 4, client.to_ne_bytes());
    let both = client & server & liked & preferred;
    let pool = if both != 0 { both } else { client & server };
    match answer(&policy, &packet, 1, Gate::Open) {
        Answer::Accept { agreed, ack } => {
            assert_eq!(agreed.profile.0, 1 << pool.ilog2());
            let ack = HelloAck::decode(&ack[HEADER_LEN..]).unwrap();
            assert_eq!((ack.server_supported.0, ack.intersection.0), (server, client & server));
        }
        Answer::Reject { status, .. } => {
            assert_eq!(status, Status::UNSUPPORTED);
            assert_eq!(client & server, 0);
        }
        Answer::Close { reason } => panic!("{reason}"),
    }
}

/// NIPC-PRF-02, NIPC-PRF-03: bits that do not exist or are reserved are never granted, even when both sides have them.
#[test]
fn reserved_bits() {
    let policy = ServerPolicy { supported: Profiles(u32::MAX), preferred: Profiles(u32::MAX), ..POLICY };
    for mask in [0x08u32, 0x20, 0x8000_0000, 0xffff_ffe8] {
        let packet = patched(&hello(5), 32 + 4, mask.to_ne_bytes());
        assert!(matches!(answer(&policy, &packet, 1, Gate::Open), Answer::Reject { status: Status::UNSUPPORTED, .. }));
        let packet = patched(&hello(5), 32 + 4, (mask | 1).to_ne_bytes());
        let Answer::Accept { agreed, .. } = answer(&policy, &packet, 1, Gate::Open) else {
            panic!("unknown bits do not disturb");
        };
        assert_eq!(agreed.profile, Profiles::BASELINE);
    }
    let offered = Proposal { supported: Profiles(u32::MAX), ..Proposal::default() }.hello();
    let hello = Hello::decode(&offered[HEADER_LEN..]).unwrap();
    assert_eq!(hello.supported, Profiles::OFFERABLE);
}

/// A profile for which the server could not make the memory leaves the whole answer.
#[test]
fn dropped_profile() {
    let both = Profiles::BASELINE | Profiles::SHM_HYBRID;
    let proposal = Proposal { supported: both, auth_token: 5, ..Proposal::default() };
    let policy = ServerPolicy { supported: both, ..POLICY };
    let Answer::Accept { agreed, .. } = answer(&policy, &proposal.hello(), 1, Gate::Open) else { panic!() };
    assert_eq!(agreed.profile, Profiles::SHM_HYBRID);
    let policy = ServerPolicy { supported: both.without(agreed.profile), ..policy };
    let Answer::Accept { agreed, ack } = answer(&policy, &proposal.hello(), 1, Gate::Open) else { panic!() };
    assert_eq!((agreed.profile, agreed.server_supported), (Profiles::BASELINE, Profiles::BASELINE));
    assert_eq!(HelloAck::decode(&ack[HEADER_LEN..]).unwrap().intersection, Profiles::BASELINE);
    let policy = ServerPolicy { supported: Profiles::NONE, ..policy };
    let answer = answer(&policy, &proposal.hello(), 1, Gate::Open);
    assert!(matches!(answer, Answer::Reject { status: Status::UNSUPPORTED, .. }));
}

proptest! {
    /// NIPC-HS-13: what must be ignored changes nothing.
    #[test]
    fn ignored_fields(
        (flags, status, len, items, id) in (any::<u16>(), any::<u16>(), any::<u32>(), any::<u32>(), any::<u64>()),
        hello_flags in any::<u16>(),
        tail in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let mut packet = patched(&hello(5), 10, flags.to_ne_bytes());
        packet = patched(&packet, 14, status.to_ne_bytes());
        packet = patched(&packet, 16, len.to_ne_bytes());
        packet = patched(&packet, 20, items.to_ne_bytes());
        packet = patched(&packet, 24, id.to_ne_bytes());
        packet = patched(&packet, 34, hello_flags.to_ne_bytes());
        packet.extend(tail);
        prop_assert_eq!(answer(&POLICY, &packet, 3, Gate::Open), answer(&POLICY, &hello(5), 3, Gate::Open));
    }

    /// NIPC-HS-14, NIPC-HS-15: what is granted follows from both sides by the table.
    #[test]
    fn grants(
        request in (0u32..=4096, any::<u32>()),
        response in (any::<u32>(), any::<u32>()),
        (theirs, ours) in (33u32.., 33u32..),
        maximum in any::<u32>(),
    ) {
        let proposal = Proposal {
            auth_token: 5,
            request: Limits { max_payload: request.0, max_items: request.1 },
            response: Limits { max_payload: response.0, max_items: response.1 },
            response_ceiling: u32::MAX,
            packet_size: theirs,
            ..Proposal::default()
        };
        let policy = ServerPolicy { max_response_payload: maximum, packet_size: ours, ..POLICY };
        let Answer::Accept { agreed, ack } = answer(&policy, &proposal.hello(), 11, Gate::Open) else {
            return Err(TestCaseError::fail("it fits"));
        };
        let items = request.1.max(1);
        prop_assert_eq!(agreed.request, Limits { max_payload: request.0, max_items: items });
        prop_assert_eq!(agreed.response, Limits { max_payload: maximum, max_items: items });
        prop_assert_eq!((agreed.packet_size, agreed.session_id), (theirs.min(ours), 11));
        prop_assert_eq!(proposal.accept(&ack, Profiles::BASELINE), Ok(agreed));
        let header = Header::decode(&ack).unwrap();
        prop_assert_eq!((header.payload_len, header.item_count, header.message_id, header.flags), (48, 1, 0, 0));
    }
}
