//! The golden vectors, in both directions: they decode to what their index says, and what we emit is the same bytes.

use core::time::Duration;

use netipc_proto::batch::{Batch, BatchBuilder};
use netipc_proto::chunk::ChunkHeader;
use netipc_proto::handshake::{Answer, Gate, Hello, HelloAck, Proposal, ServerPolicy, answer};
use netipc_proto::header::{FLAG_BATCH, HEADER_LEN, Header, Kind, Status};
use netipc_proto::limits::Limits;
use netipc_proto::profile::Profiles;
use netipc_proto::session::{Received, Role, Session};
use netipc_proto::time::Time;

use crate::common::agreed;

macro_rules! golden {
    ($name:literal) => {
        &include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/vectors/golden/", $name))[..]
    };
}

const TOKEN: u64 = 0xDEAD_BEEF_CAFE_BABE;

const fn limits(max_payload: u32, max_items: u32) -> Limits {
    Limits { max_payload, max_items }
}

/// NIPC-ENV-01, NIPC-ENV-02
#[test]
fn header() {
    let bytes = golden!("payloads/header.bin");
    let expected = Header {
        kind: Kind::Request,
        flags: FLAG_BATCH,
        code: 2,
        status: Status::OK,
        payload_len: 12345,
        item_count: 42,
        message_id: TOKEN,
    };
    assert_eq!(Header::decode(bytes), Ok(expected));
    assert_eq!(expected.encode(), bytes);
}

/// NIPC-CHK-03
#[test]
fn chunk_header() {
    let bytes = golden!("payloads/chunk_header.bin");
    let expected =
        ChunkHeader { message_id: 0x1234_5678_90AB_CDEF, total_len: 100_000, index: 3, count: 10, payload_len: 8192 };
    assert_eq!(ChunkHeader::decode(bytes), Ok(expected));
    assert_eq!(expected.encode(), bytes);
}

/// NIPC-HS-01
#[test]
fn hello() {
    let bytes = golden!("payloads/hello.bin");
    let expected = Hello {
        layout_version: 1,
        flags: 0,
        supported: Profiles(5),
        preferred: Profiles(4),
        request: limits(4096, 100),
        response: limits(1_048_576, 1),
        padding: 0,
        auth_token: 0xAABB_CCDD_EEFF_0011,
        packet_size: 65536,
    };
    assert_eq!(Hello::decode(bytes), Some(expected));
    assert_eq!(expected.encode(), bytes);
}

/// NIPC-HS-02
#[test]
fn hello_ack() {
    let bytes = golden!("payloads/hello_ack.bin");
    let expected = HelloAck {
        layout_version: 1,
        flags: 0,
        server_supported: Profiles(7),
        intersection: Profiles(5),
        selected: Profiles(4),
        request: limits(2048, 50),
        response: limits(65536, 1),
        packet_size: 32768,
        padding: 0,
        session_id: 1,
    };
    assert_eq!(HelloAck::decode(bytes), Some(expected));
    assert_eq!(expected.encode(), bytes);
}

/// What the client of the `ack_*` vectors proposes.
fn proposal() -> Proposal {
    Proposal {
        supported: Profiles::BASELINE,
        preferred: Profiles::NONE,
        request: limits(2048, 4),
        response: limits(777, 3),
        response_ceiling: 1 << 20,
        auth_token: TOKEN,
        packet_size: 32768,
    }
}

/// What the server of the `ack_*` vectors grants.
fn policy() -> ServerPolicy {
    ServerPolicy {
        supported: Profiles(3),
        preferred: Profiles::NONE,
        auth_token: TOKEN,
        max_request_payload: 4096,
        max_response_payload: 8192,
        packet_size: 65536,
    }
}

/// NIPC-HS-14, NIPC-HS-15: the grants of an existing server and ours are the same bytes.
#[test]
fn ack_ok_baseline() {
    let bytes = golden!("packets/ack_ok_baseline.bin");
    let Answer::Accept { agreed, ack } = answer(&policy(), &proposal().hello(), 1, Gate::Open) else {
        panic!("it must be accepted");
    };
    assert_eq!(ack, bytes);
    let client = proposal().accept(bytes, Profiles::BASELINE).unwrap();
    assert_eq!(client, agreed);
    assert_eq!(client.request, limits(2048, 4));
    assert_eq!(client.response, limits(8192, 4));
    assert_eq!((client.packet_size, client.session_id), (32768, 1));
}

fn rejects(hello: &[u8], expected: Status, bytes: &[u8]) {
    match answer(&policy(), hello, 1, Gate::Open) {
        Answer::Reject { status, ack, .. } => {
            assert_eq!(status, expected);
            assert_eq!(ack, bytes);
        }
        other => panic!("{other:?}"),
    }
    let refusal = proposal().accept(bytes, Profiles::BASELINE).unwrap_err();
    assert_eq!(refusal.status(), Some(expected));
}

/// NIPC-HS-03
#[test]
fn ack_reject() {
    let reject = |proposal: Proposal, status, bytes| rejects(&proposal.hello(), status, bytes);
    reject(
        Proposal { supported: Profiles::SHM_RING, ..proposal() },
        Status::UNSUPPORTED,
        golden!("packets/ack_reject_unsupported.bin"),
    );
    reject(
        Proposal { auth_token: 1, ..proposal() },
        Status::AUTH_FAILED,
        golden!("packets/ack_reject_auth_failed.bin"),
    );
    reject(
        Proposal { request: limits(4097, 1), ..proposal() },
        Status::LIMIT_EXCEEDED,
        golden!("packets/ack_reject_limit_exceeded.bin"),
    );
    reject(
        Proposal { packet_size: 32, ..proposal() },
        Status::INCOMPATIBLE,
        golden!("packets/ack_reject_incompatible_packet.bin"),
    );
    let mut layout = proposal().hello();
    layout[HEADER_LEN] = 2;
    rejects(&layout, Status::INCOMPATIBLE, golden!("packets/ack_reject_incompatible_layout.bin"));
    let mut version = proposal().hello();
    version[4] = 2;
    rejects(&version, Status::INCOMPATIBLE, golden!("packets/ack_reject_header_version.bin"));
}

/// NIPC-BAT-01, NIPC-BAT-02, NIPC-BAT-03, NIPC-BAT-05
#[test]
fn batches() {
    let one = 1u64.to_le_bytes();
    let (two, three, seven) = (2u64.to_le_bytes(), 3u64.to_le_bytes(), 7u64.to_le_bytes());
    let ab = golden_string(b"ab");
    let hello = golden_string(b"hello");
    rebuilds(golden!("payloads/batch_increment_3.bin"), 3, &[&one, &two, &three]);
    rebuilds(golden!("payloads/batch_increment_1.bin"), 1, &[&seven]);
    rebuilds(golden!("payloads/batch_string_reverse_2.bin"), 2, &[&ab, &hello]);
    // Four slots were reserved for it: NIPC-BAT-11.
    rebuilds(golden!("payloads/batch_compacted.bin"), 4, &[b"xyz", b"12345678"]);
}

fn rebuilds(bytes: &[u8], slots: u32, items: &[&[u8]]) {
    let parsed = Batch::parse(bytes, items.len() as u32).unwrap();
    assert!(parsed.iter().eq(items.iter().copied()));
    let mut out = Vec::new();
    let mut builder = BatchBuilder::new(&mut out, 4096, slots).unwrap();
    for item in items {
        builder.push(item).unwrap();
    }
    assert_eq!(builder.finish(), items.len() as u32);
    assert_eq!(out, bytes);
}

fn golden_string(text: &[u8]) -> Vec<u8> {
    [&8u32.to_le_bytes()[..], &(text.len() as u32).to_le_bytes(), text, &[0]].concat()
}

/// A session that is past its handshake, with requests 1 to 10 in flight.
fn sessions() -> (Session, Session) {
    let agreed = agreed(4096, 4096, 16, 65536);
    let mut client = Session::new(Role::Client, &agreed, Duration::from_secs(1));
    for id in 1..=10 {
        client.begin_send(&Header::request(1, 0, id)).unwrap();
    }
    (client, Session::new(Role::Server, &agreed, Duration::from_secs(1)))
}

fn client_takes(bytes: &[u8], expected: Header) {
    let (mut client, _) = sessions();
    assert_eq!(client.on_packet(bytes, Time::ZERO), Ok(Received::Whole(expected)));
    assert_eq!(expected.encode(), bytes[..HEADER_LEN]);
}

/// NIPC-L2S-02, NIPC-L2S-03
#[test]
fn responses() {
    let request = |code, id| Header::request(code, 8, id);
    client_takes(golden!("packets/increment_resp.bin"), request(1, 5).response(8));
    client_takes(golden!("packets/batch_increment_resp.bin"), request(1, 7).response(48).batch(3));
    client_takes(golden!("packets/resp_unsupported.bin"), request(3, 6).failure(Status::UNSUPPORTED));
    client_takes(golden!("packets/resp_malformed_payload.bin"), request(1, 10).failure(Status::BAD_ENVELOPE));
    client_takes(golden!("packets/resp_handler_failure.bin"), request(1, 9).failure(Status::INTERNAL_ERROR));
}

/// NIPC-ENV-07, NIPC-ENV-09
#[test]
fn requests() {
    let cases = [
        (golden!("packets/client_snapshot_request.bin"), Header::request(2, 4, 1)),
        (golden!("packets/client_apps_request.bin"), Header::request(5, 48, 1)),
        (golden!("packets/client_increment_request.bin"), Header::request(1, 8, 1)),
    ];
    for (bytes, expected) in cases {
        let (_, mut server) = sessions();
        assert_eq!(server.on_packet(bytes, Time::ZERO), Ok(Received::Whole(expected)));
        assert_eq!(expected.encode(), bytes[..HEADER_LEN]);
    }
}

/// NIPC-HS-01: HELLOs of existing clients are accepted, and the same proposal from us is the same bytes.
#[test]
fn client_hellos() {
    let hellos = [
        golden!("packets/client_snapshot_hello.bin"),
        golden!("packets/client_apps_hello.bin"),
        golden!("packets/client_increment_hello.bin"),
    ];
    for bytes in hellos {
        let hello = Hello::decode(&bytes[HEADER_LEN..]).unwrap();
        let proposal = Proposal {
            supported: hello.supported,
            preferred: hello.preferred,
            request: hello.request,
            response: hello.response,
            response_ceiling: 1 << 20,
            auth_token: hello.auth_token,
            packet_size: hello.packet_size,
        };
        assert_eq!(proposal.hello(), bytes);
        let policy = ServerPolicy { auth_token: hello.auth_token, packet_size: 212_960, ..ServerPolicy::default() };
        let Answer::Accept { agreed, ack } = answer(&policy, bytes, 3, Gate::Open) else {
            panic!("an existing client must be accepted");
        };
        assert_eq!(agreed.request, hello.request);
        assert_eq!(agreed.packet_size, hello.packet_size.min(212_960));
        assert_eq!(proposal.accept(&ack, Profiles::BASELINE), Ok(agreed));
    }
}
