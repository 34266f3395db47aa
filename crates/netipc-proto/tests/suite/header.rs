//! The message header.

use netipc_proto::header::{FLAG_BATCH, Header, HeaderError, Kind, MAX_PAYLOAD_LEN, Status};
use proptest::prelude::*;

use crate::common::patched;

fn any_header() -> impl Strategy<Value = Header> {
    let kind = prop_oneof![Just(Kind::Request), Just(Kind::Response), Just(Kind::Control)];
    (kind, any::<u16>(), any::<u16>(), any::<u16>(), any::<u32>(), any::<u32>(), any::<u64>()).prop_map(
        |(kind, flags, code, status, payload_len, item_count, message_id)| Header {
            kind,
            flags,
            code,
            status: Status(status),
            payload_len,
            item_count,
            message_id,
        },
    )
}

proptest! {
    /// NIPC-ENV-01
    #[test]
    fn round_trip(header in any_header(), tail in prop::collection::vec(any::<u8>(), 0..8)) {
        let packet = [&header.encode()[..], &tail].concat();
        prop_assert_eq!(Header::decode(&packet), Ok(header));
    }

    /// NIPC-ENV-03, NIPC-ENV-04: a change of one byte is refused, or shows in the decoded header.
    #[test]
    fn mutation_is_seen(header in any_header(), at in 0usize..32, change in 1u8..) {
        let mut bytes = header.encode();
        bytes[at] ^= change;
        match Header::decode(&bytes) {
            Ok(changed) => {
                prop_assert!(at >= 8);
                prop_assert_ne!(changed, header);
                prop_assert_eq!(changed.encode(), bytes);
            }
            Err(_) => prop_assert!(at < 10),
        }
    }
}

/// NIPC-RCV-02
#[test]
fn short() {
    let bytes = Header::request(1, 0, 1).encode();
    for len in 0..32 {
        assert_eq!(Header::decode(&bytes[..len]), Err(HeaderError::Short { got: len }));
    }
}

/// NIPC-ENV-03, NIPC-ENV-04, NIPC-RCV-07: with everything wrong, the first field in the order of the checks is named.
#[test]
fn order_of_checks() {
    let mut bytes = [0xee; 32].to_vec();
    assert_eq!(Header::decode(&bytes), Err(HeaderError::Magic { got: 0xeeee_eeee }));
    bytes = patched(&bytes, 0, 0x4e49_5043u32.to_ne_bytes());
    assert_eq!(Header::decode(&bytes), Err(HeaderError::HeaderLen { got: 0xeeee }));
    bytes = patched(&bytes, 6, 32u16.to_ne_bytes());
    assert_eq!(Header::decode(&bytes), Err(HeaderError::Kind { got: 0xeeee }));
    let known = patched(&bytes, 8, 1u16.to_ne_bytes());
    assert_eq!(Header::decode(&known), Err(HeaderError::Version { got: 0xeeee }));
    bytes = patched(&bytes, 4, 1u16.to_ne_bytes());
    for kind in [0u16, 4, 5, 256, u16::MAX] {
        let bytes = patched(&bytes, 8, kind.to_ne_bytes());
        assert_eq!(Header::decode(&bytes), Err(HeaderError::Kind { got: kind }));
    }
    for kind in 1u16..=3 {
        let bytes = patched(&bytes, 8, kind.to_ne_bytes());
        assert_eq!(Header::decode(&bytes).unwrap().kind as u16, kind);
    }
}

/// NIPC-ENV-05
#[test]
fn version_alone() {
    let bytes = patched(&Header::request(1, 0, 1).encode(), 4, 2u16.to_ne_bytes());
    assert_eq!(Header::decode(&bytes), Err(HeaderError::Version { got: 2 }));
    let length = patched(&bytes, 6, 33u16.to_ne_bytes());
    assert_eq!(Header::decode(&length), Err(HeaderError::HeaderLen { got: 33 }));
    let kind = patched(&bytes, 8, 9u16.to_ne_bytes());
    assert_eq!(Header::decode(&kind), Err(HeaderError::Kind { got: 9 }));
    let magic = patched(&bytes, 0, [0; 4]);
    assert_eq!(Header::decode(&magic), Err(HeaderError::Magic { got: 0 }));
}

/// NIPC-ENV-06, NIPC-ENV-10, NIPC-BAT-05, NIPC-BAT-06
#[test]
fn batch_flag() {
    let single = Header::request(1, 8, 1);
    assert!(!single.is_batch());
    assert!(!Header { item_count: 3, ..single }.is_batch());
    assert!(!Header { flags: FLAG_BATCH, item_count: 0, ..single }.is_batch());
    assert!(!Header { flags: !FLAG_BATCH, item_count: 3, ..single }.is_batch());
    assert!(Header { flags: 0xffff, item_count: 2, ..single }.is_batch());
    assert!(single.batch(1).is_batch());
    assert_eq!((single.batch(5).flags, single.batch(5).item_count), (FLAG_BATCH, 5));
}

/// NIPC-ENV-07, NIPC-ENV-09, NIPC-L2S-03: what we emit is canonical.
#[test]
fn constructors() {
    let request = Header::request(3, 17, 99);
    assert_eq!((request.flags, request.status, request.item_count), (0, Status::OK, 1));
    let odd = Header { item_count: 7, flags: 0xfffe, ..request };
    let response = odd.response(20);
    assert_eq!((response.kind, response.code, response.message_id), (Kind::Response, 3, 99));
    assert_eq!((response.flags, response.item_count, response.payload_len), (0, 1, 20));
    let failure = odd.batch(7).failure(Status::INTERNAL_ERROR);
    assert_eq!((failure.flags, failure.item_count, failure.payload_len), (0, 1, 0));
    assert_eq!(failure.status, Status::INTERNAL_ERROR);
}

/// NIPC-ENV-12
#[test]
fn statuses() {
    let names =
        ["ok", "bad_envelope", "auth_failed", "incompatible", "unsupported", "limit_exceeded", "internal_error"];
    for (value, name) in (0u16..).zip(names) {
        assert_eq!(Status(value).name(), name);
        assert_eq!(Status(value).is_ok(), value == 0);
        assert_eq!(Status(value).to_string(), format!("{value} ({name})"));
    }
    assert_eq!(Status(7).to_string(), "7 (unknown)");
    let strange = Header { status: Status(0xabcd), ..Header::request(1, 0, 1) };
    assert_eq!(Header::decode(&strange.encode()).unwrap().status, Status(0xabcd));
}

/// NIPC-ENV-08
#[test]
fn longest_payload() {
    assert_eq!(u64::from(MAX_PAYLOAD_LEN) + 32, u64::from(u32::MAX));
}
