//! How a client judges a HELLO_ACK.

use netipc_proto::ErrorKind;
use netipc_proto::handshake::{ACK_PACKET_LEN, Disposition, HelloAck, Proposal, Refusal};
use netipc_proto::header::{HEADER_LEN, HeaderError, Kind, Status};
use netipc_proto::limits::Limits;
use netipc_proto::profile::Profiles;
use proptest::prelude::*;

use crate::common::patched;

const PROPOSAL: Proposal = Proposal {
    supported: Profiles(0x11),
    preferred: Profiles::NONE,
    request: Limits { max_payload: 1024, max_items: 4 },
    response: Limits { max_payload: 65536, max_items: 4 },
    response_ceiling: 100_000,
    auth_token: 0,
    packet_size: 4096,
};

fn refuse(packet: &[u8]) -> Refusal {
    PROPOSAL.accept(packet, Profiles::BASELINE).unwrap_err()
}

/// An ACK that is accepted.
fn sound() -> HelloAck {
    HelloAck {
        layout_version: 1,
        flags: 0,
        server_supported: Profiles::BASELINE,
        intersection: Profiles::BASELINE,
        selected: Profiles::BASELINE,
        request: Limits { max_payload: 1024, max_items: 4 },
        response: Limits { max_payload: 65536, max_items: 4 },
        packet_size: 4096,
        padding: 0,
        session_id: 9,
    }
}

/// NIPC-HS-21, NIPC-HS-22, NIPC-HS-23, NIPC-HS-24, NIPC-HS-25: a packet in which everything is wrong is put right one
/// field at a time; each step shows the next refusal of the order.
#[test]
fn order_of_checks() {
    let mut packet = vec![0xee; HEADER_LEN];
    assert_eq!(refuse(&packet[..31]), Refusal::Header(HeaderError::Short { got: 31 }));
    assert_eq!(refuse(&packet), Refusal::Header(HeaderError::Magic { got: 0xeeee_eeee }));
    packet = patched(&packet, 0, 0x4e49_5043u32.to_ne_bytes());
    assert_eq!(refuse(&packet), Refusal::Header(HeaderError::HeaderLen { got: 0xeeee }));
    packet = patched(&packet, 6, 32u16.to_ne_bytes());
    assert_eq!(refuse(&packet), Refusal::Header(HeaderError::Kind { got: 0xeeee }));
    packet = patched(&packet, 8, 1u16.to_ne_bytes());
    assert_eq!(refuse(&packet), Refusal::Version { got: 0xeeee });
    packet = patched(&packet, 4, 1u16.to_ne_bytes());
    assert_eq!(refuse(&packet), Refusal::NotAck { kind: Kind::Request, code: 0xeeee });
    packet = patched(&packet, 8, 3u16.to_ne_bytes());
    assert_eq!(refuse(&packet), Refusal::NotAck { kind: Kind::Control, code: 0xeeee });
    packet = patched(&packet, 12, 2u16.to_ne_bytes());
    let rejected = Refusal::Rejected { status: Status(0xeeee), proposed_request: 1024 };
    assert_eq!(refuse(&packet), rejected, "NIPC-HS-22: without a payload");
    packet = patched(&packet, 14, [0; 2]);
    assert_eq!(refuse(&packet), Refusal::Short { got: 0 });
    packet.resize(ACK_PACKET_LEN - 1, 0xee);
    assert_eq!(refuse(&packet), Refusal::Short { got: 47 });
    packet.push(0xee);
    assert_eq!(refuse(&packet), Refusal::Layout { got: 0xeeee });
    packet = patched(&packet, 32, 1u16.to_ne_bytes());
    assert_eq!(refuse(&packet), Refusal::Flags { got: 0xeeee });
    packet = patched(&packet, 34, [0; 2]);
    order_of_grants(packet);
}

fn order_of_grants(mut packet: Vec<u8>) {
    for selected in [0xeeee_eeeeu32, 0, 3, 0x11, 0x02, 0x08] {
        packet = patched(&packet, 32 + 12, selected.to_ne_bytes());
        let refusal = Refusal::Profile { got: Profiles(selected), offered: Profiles::BASELINE };
        assert_eq!(refuse(&packet), refusal);
    }
    // Offered, but this build cannot run it; then one that can.
    packet = patched(&packet, 32 + 12, 0x10u32.to_ne_bytes());
    assert!(matches!(refuse(&packet), Refusal::Profile { got: Profiles::SHM_RING, .. }));
    packet = patched(&packet, 32 + 12, 1u32.to_ne_bytes());
    // A packet size above the proposed one counts as that, so the next offence is the request payload.
    assert_eq!(refuse(&packet), Refusal::RequestPayload { got: 0xeeee_eeee, proposed: 1024 });
    for got in [0u32, 32] {
        packet = patched(&packet, 32 + 32, got.to_ne_bytes());
        assert_eq!(refuse(&packet), Refusal::PacketSize { got, needed: 33 });
    }
    packet = patched(&packet, 32 + 32, 33u32.to_ne_bytes());
    assert_eq!(refuse(&packet), Refusal::RequestPayload { got: 0xeeee_eeee, proposed: 1024 });
    packet = patched(&packet, 32 + 16, 1025u32.to_ne_bytes());
    assert_eq!(refuse(&packet), Refusal::RequestPayload { got: 1025, proposed: 1024 });
    packet = patched(&packet, 32 + 16, 1024u32.to_ne_bytes());
    let agreed = PROPOSAL.accept(&packet, Profiles::BASELINE).unwrap();
    assert_eq!(agreed.request.max_payload, 1024);
    assert_eq!(agreed.response.max_payload, 100_000, "NIPC-HS-27: the local ceiling");
    assert_eq!(agreed.granted_response_payload, 0xeeee_eeee);
    assert_eq!(agreed.packet_size, 33);
    packet = patched(&packet, 32 + 32, u32::MAX.to_ne_bytes());
    assert_eq!(PROPOSAL.accept(&packet, Profiles::BASELINE).unwrap().packet_size, 4096);
}

/// NIPC-HS-30, NIPC-ERR-07: what a rejection means for the client.
#[test]
fn rejections() {
    let cases = [
        (1, ErrorKind::Rejected, Disposition::Disconnected),
        (2, ErrorKind::Denied, Disposition::AuthFailed),
        (3, ErrorKind::Incompatible, Disposition::Incompatible),
        (4, ErrorKind::Incompatible, Disposition::Incompatible),
        (5, ErrorKind::Rejected, Disposition::Disconnected),
        (6, ErrorKind::Rejected, Disposition::Disconnected),
        (7, ErrorKind::Rejected, Disposition::Disconnected),
        (0xffff, ErrorKind::Rejected, Disposition::Disconnected),
    ];
    for (status, kind, disposition) in cases {
        let status = Status(status);
        let full = HelloAck::REJECTION.packet(status);
        for packet in [&full[..], &full[..HEADER_LEN], &full[..40]] {
            let refusal = refuse(packet);
            assert_eq!((refusal.status(), refusal.kind(), refusal.disposition()), (Some(status), kind, disposition));
            assert!(refusal.to_string().contains(&status.to_string()));
        }
    }
    assert!(refuse(&HelloAck::REJECTION.packet(Status::LIMIT_EXCEEDED)).to_string().contains("1024"));
}

/// NIPC-HS-23, NIPC-ERR-07: kinds and states of answers that are no rejections.
#[test]
fn other_refusals() {
    let ok = sound().packet(Status::OK);
    let cases = [
        (patched(&ok, 4, [2, 0]), ErrorKind::Incompatible, Disposition::Incompatible),
        (patched(&ok, 32, [2, 0]), ErrorKind::Incompatible, Disposition::Incompatible),
        (patched(&ok, 34, [1, 0]), ErrorKind::PeerMisbehaved, Disposition::Disconnected),
        (patched(&ok, 0, [1, 0]), ErrorKind::InvalidMessage, Disposition::Disconnected),
        (ok[..79].to_vec(), ErrorKind::InvalidMessage, Disposition::Disconnected),
        (patched(&ok, 12, [1, 0]), ErrorKind::PeerMisbehaved, Disposition::Disconnected),
        (patched(&ok, 32 + 12, [2, 0]), ErrorKind::PeerMisbehaved, Disposition::Disconnected),
        (patched(&ok, 32 + 32, [32, 0, 0, 0]), ErrorKind::PeerMisbehaved, Disposition::Disconnected),
        (patched(&ok, 32 + 16, [0, 0, 1, 0]), ErrorKind::PeerMisbehaved, Disposition::Disconnected),
    ];
    for (packet, kind, disposition) in cases {
        let refusal = refuse(&packet);
        assert_eq!((refusal.kind(), refusal.disposition(), refusal.status()), (kind, disposition, None), "{refusal}");
    }
}

/// NIPC-HS-29
#[test]
fn at_least_one_item_is_proposed() {
    let zero = Limits { max_payload: 0, max_items: 0 };
    let hello = Proposal { request: zero, response: zero, ..PROPOSAL }.hello();
    assert_eq!(hello[32 + 12..32 + 28], [0u32, 1, 0, 1].map(u32::to_ne_bytes).concat());
}

/// A server that grants no items at all still takes single messages.
#[test]
fn granted_items_count_at_least_one() {
    let none = Limits { max_payload: 10, max_items: 0 };
    let ack = HelloAck { request: none, response: none, ..sound() };
    let agreed = PROPOSAL.accept(&ack.packet(Status::OK), Profiles::BASELINE).unwrap();
    assert_eq!((agreed.request.max_items, agreed.response.max_items), (1, 1));
}

proptest! {
    /// NIPC-HS-26: what must be ignored changes nothing.
    #[test]
    fn ignored_fields(
        (flags, len, items, id) in (any::<u16>(), any::<u32>(), any::<u32>(), any::<u64>()),
        (supported, intersection, padding) in (any::<u32>(), any::<u32>(), any::<u32>()),
        tail in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let ack = HelloAck {
            server_supported: Profiles(supported),
            intersection: Profiles(intersection),
            padding,
            ..sound()
        };
        let mut packet = patched(&ack.packet(Status::OK), 10, flags.to_ne_bytes());
        packet = patched(&packet, 16, len.to_ne_bytes());
        packet = patched(&packet, 20, items.to_ne_bytes());
        packet = patched(&packet, 24, id.to_ne_bytes());
        packet.extend(tail);
        let agreed = PROPOSAL.accept(&packet, Profiles::BASELINE).unwrap();
        let mut expected = PROPOSAL.accept(&sound().packet(Status::OK), Profiles::BASELINE).unwrap();
        expected.server_supported = Profiles(supported);
        prop_assert_eq!(agreed, expected);
    }

    /// NIPC-HS-27
    #[test]
    fn response_limit(granted in any::<u32>(), ceiling in any::<u32>()) {
        let ack = HelloAck { response: Limits { max_payload: granted, max_items: 1 }, ..sound() };
        let proposal = Proposal { response_ceiling: ceiling, ..PROPOSAL };
        let agreed = proposal.accept(&ack.packet(Status::OK), Profiles::BASELINE).unwrap();
        prop_assert_eq!(agreed.response.max_payload, granted.min(ceiling));
        prop_assert_eq!(agreed.granted_response_payload, granted);
    }
}
