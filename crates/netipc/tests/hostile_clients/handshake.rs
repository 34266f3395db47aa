//! HELLOs in every wrong form.

use netipc::ServerConfig;

use crate::raw::{Bed, Field, GOLDEN_TOKEN, Got, Raw, at, golden, hello, incremented, rejection, set, set_all};
use crate::raw::{eventually, u32_at, u64_at};
use crate::{assert_served, increment_server};

/// What a server does about a HELLO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Accept,
    Reject(u16),
    Close,
}
use Field::{U16, U32, U64};
use Verdict::{Accept, Close, Reject};

const MAX_REQUEST: u32 = 4096;
const MAX_RESPONSE: u32 = 8192;

fn limits(config: &mut ServerConfig) {
    config.listener.max_request_payload = Some(MAX_REQUEST);
    config.listener.max_response_payload = Some(MAX_RESPONSE);
}

/// Sends a HELLO and checks every byte of what comes back, to the end.
#[track_caller]
fn check(bed: &Bed, hello: &[u8], verdict: Verdict, case: &dyn std::fmt::Debug) -> Option<Vec<u8>> {
    let client = bed.connect();
    client.send(hello);
    match (verdict, client.receive()) {
        (Accept, Got::Packet(ack)) => {
            assert_eq!((ack.len(), ack[at::STATUS]), (80, 0), "{case:?}");
            return Some(ack);
        }
        (Reject(status), Got::Packet(ack)) => {
            // NIPC-HS-02, NIPC-HS-03, NIPC-HS-19
            assert_eq!(ack, rejection(status), "{case:?}");
            assert_eq!(client.receive(), Got::End, "{case:?}");
        }
        (Close, Got::End) => {}
        (verdict, got) => panic!("{case:?} must lead to {verdict:?}, not to {got:?}"),
    }
    None
}

#[test]
fn every_header_field_wrong() {
    // NIPC-HS-05, NIPC-HS-06, NIPC-HS-13, NIPC-ENV-03, NIPC-ENV-04, NIPC-ENV-05
    let bed = Bed::new();
    let server = increment_server(&bed, limits);
    let table: &[(&[Field], Verdict)] = &[
        (&[U32(at::MAGIC, 0)], Close),
        (&[U32(at::MAGIC, 0x4e49_5042)], Close),
        (&[U32(at::MAGIC, 0x4350_494e)], Close),
        (&[U32(at::MAGIC, 0x4e43_484b)], Close),
        (&[U16(at::VERSION, 0)], Reject(3)),
        (&[U16(at::VERSION, 2)], Reject(3)),
        (&[U16(at::VERSION, 0xffff)], Reject(3)),
        (&[U16(at::VERSION, 2), U32(at::MAGIC, 1)], Close),
        (&[U16(at::VERSION, 2), U16(at::HEADER_LEN, 40)], Close),
        (&[U16(at::VERSION, 2), U16(at::KIND, 1)], Close),
        (&[U16(at::VERSION, 2), U16(at::KIND, 4)], Close),
        (&[U16(at::VERSION, 2), U16(at::CODE, 2)], Close),
        (&[U16(at::HEADER_LEN, 0)], Close),
        (&[U16(at::HEADER_LEN, 31)], Close),
        (&[U16(at::HEADER_LEN, 33)], Close),
        (&[U16(at::HEADER_LEN, 0xffff)], Close),
        (&[U16(at::KIND, 0)], Close),
        (&[U16(at::KIND, 1)], Close),
        (&[U16(at::KIND, 2)], Close),
        (&[U16(at::KIND, 4)], Close),
        (&[U16(at::KIND, 0xffff)], Close),
        (&[U16(at::CODE, 0)], Close),
        (&[U16(at::CODE, 2)], Close),
        (&[U16(at::CODE, 3)], Close),
        (&[U16(at::CODE, 0xffff)], Close),
        (&[U16(at::FLAGS, 1)], Accept),
        (&[U16(at::FLAGS, 0xffff)], Accept),
        (&[U16(at::STATUS, 2)], Accept),
        (&[U16(at::STATUS, 0xffff)], Accept),
        (&[U32(at::PAYLOAD_LEN, 0)], Accept),
        (&[U32(at::PAYLOAD_LEN, 43)], Accept),
        (&[U32(at::PAYLOAD_LEN, u32::MAX)], Accept),
        (&[U32(at::ITEM_COUNT, 0)], Accept),
        (&[U32(at::ITEM_COUNT, u32::MAX)], Accept),
        (&[U64(at::MESSAGE_ID, u64::MAX)], Accept),
    ];
    for (fields, verdict) in table {
        check(&bed, &set_all(hello(), fields), *verdict, fields);
    }
    assert_served(&bed);
    bed.assert_only(&server, 0);
    let count = |wanted: fn(&Verdict) -> bool| table.iter().filter(|(_, verdict)| wanted(verdict)).count() as u64;
    let accepted = count(|verdict| *verdict == Accept) + 1;
    let rejected = count(|verdict| matches!(verdict, Reject(_)));
    let dropped = count(|verdict| *verdict == Close);
    eventually("each is counted once", || {
        let status = server.handle().status();
        (status.accepted, status.rejected, status.dropped) == (accepted, rejected, dropped)
    });
}

#[test]
fn every_payload_field_wrong() {
    // NIPC-HS-04 to NIPC-HS-11, NIPC-HS-13, NIPC-PRF-02
    let bed = Bed::new();
    let server = increment_server(&bed, limits);
    let table: &[(Field, Verdict)] = &[
        (U16(at::LAYOUT, 0), Reject(3)),
        (U16(at::LAYOUT, 2), Reject(3)),
        (U16(at::LAYOUT, 0xffff), Reject(3)),
        (U16(at::LAYOUT_FLAGS, 1), Accept),
        (U16(at::LAYOUT_FLAGS, 0xffff), Accept),
        (U32(at::hello::SUPPORTED, 0), Reject(4)),
        (U32(at::hello::SUPPORTED, 2), Reject(4)),
        (U32(at::hello::SUPPORTED, 0x1e), Reject(4)),
        (U32(at::hello::SUPPORTED, 0xffff_fffe), Reject(4)),
        (U32(at::hello::SUPPORTED, 3), Accept),
        (U32(at::hello::SUPPORTED, u32::MAX), Accept),
        (U32(at::hello::PREFERRED, 1), Accept),
        (U32(at::hello::PREFERRED, 0x8000_0010), Accept),
        (U32(at::hello::REQUEST_PAYLOAD, MAX_REQUEST), Accept),
        (U32(at::hello::REQUEST_PAYLOAD, MAX_REQUEST + 1), Reject(5)),
        (U32(at::hello::REQUEST_PAYLOAD, u32::MAX), Reject(5)),
        (U32(at::hello::REQUEST_PAYLOAD, 0), Accept),
        (U32(at::hello::REQUEST_ITEMS, 0), Accept),
        (U32(at::hello::REQUEST_ITEMS, u32::MAX), Accept),
        (U32(at::hello::RESPONSE_PAYLOAD, 0), Accept),
        (U32(at::hello::RESPONSE_PAYLOAD, u32::MAX), Accept),
        (U32(at::hello::RESPONSE_ITEMS, 0), Accept),
        (U32(at::hello::RESPONSE_ITEMS, u32::MAX), Accept),
        (U32(at::hello::PADDING, 1), Close),
        (U32(at::hello::PADDING, 0x8000_0000), Close),
        (U64(at::hello::TOKEN, 1), Reject(2)),
        (U64(at::hello::TOKEN, 1 << 63), Reject(2)),
        (U64(at::hello::TOKEN, u64::MAX), Reject(2)),
        (U32(at::hello::PACKET, 0), Reject(3)),
        (U32(at::hello::PACKET, 32), Reject(3)),
        (U32(at::hello::PACKET, 33), Accept),
        (U32(at::hello::PACKET, u32::MAX), Accept),
    ];
    for (field, verdict) in table {
        check(&bed, &set(hello(), *field), *verdict, field);
    }
    assert_served(&bed);
    bed.assert_only(&server, 0);
}

#[test]
fn every_length() {
    // NIPC-HS-01, NIPC-HS-05, NIPC-HS-13, NIPC-RCV-01, NIPC-RCV-02
    let bed = Bed::new();
    let server = increment_server(&bed, |_| {});
    for length in 0..=128_usize {
        let mut packet = hello();
        packet.resize(length, 0xa5);
        check(&bed, &packet, if length < 76 { Close } else { Accept }, &length);
        // The version is judged before the payload. NIPC-HS-06
        if length >= 6 {
            let verdict = if length < 32 { Close } else { Reject(3) };
            check(&bed, &set(packet, U16(at::VERSION, 2)), verdict, &length);
        }
    }
    let mut long = hello();
    long.resize(100_000, 0xa5);
    check(&bed, &long, Accept, &"a very long HELLO");
    assert_served(&bed);
    bed.assert_only(&server, 0);
}

#[test]
fn the_first_fault_decides() {
    // NIPC-HS-04, NIPC-HS-12: with all faults from one row on, the answer is that of the row.
    let bed = Bed::new();
    let server = increment_server(&bed, |config| {
        limits(config);
        config.listener.max_sessions = 0;
    });
    let faults = [
        (U32(at::MAGIC, 7), Close),
        (U16(at::CODE, 2), Close),
        (U16(at::LAYOUT, 9), Reject(3)),
        (U32(at::hello::PADDING, 9), Close),
        (U32(at::hello::SUPPORTED, 2), Reject(4)),
        (U64(at::hello::TOKEN, 9), Reject(2)),
        (U32(at::hello::REQUEST_PAYLOAD, 1 << 20), Reject(5)),
        (U32(at::hello::PACKET, 32), Reject(3)),
    ];
    for first in 0..=faults.len() {
        let rest = &faults[first..];
        let fields: Vec<Field> = rest.iter().map(|(field, _)| *field).collect();
        let verdict = rest.first().map_or(Reject(6), |(_, verdict)| *verdict);
        check(&bed, &set_all(hello(), &fields), verdict, &rest);
    }
    bed.assert_only(&server, 0);
    eventually("all are counted", || server.handle().status().rejected == 6);
    assert_eq!(server.handle().status().accepted, 0);
}

#[test]
fn grants() {
    // NIPC-HS-14, NIPC-HS-15, NIPC-HS-16, NIPC-PRF-01, NIPC-PRF-04
    let bed = Bed::new();
    let server = increment_server(&bed, |config| {
        limits(config);
        config.listener.packet_size = 40_000;
    });
    let ask = |fields: &[Field]| check(&bed, &set_all(hello(), fields), Accept, &fields).unwrap();
    let mut last = 0;
    for (items, granted) in [(0, 1), (1, 1), (9, 9), (u32::MAX, u32::MAX)] {
        for payload in [0, 1, MAX_REQUEST] {
            let ack = ask(&[
                U32(at::hello::REQUEST_PAYLOAD, payload),
                U32(at::hello::REQUEST_ITEMS, items),
                U32(at::hello::RESPONSE_PAYLOAD, 7),
                U32(at::hello::RESPONSE_ITEMS, 3),
                U32(at::hello::SUPPORTED, u32::MAX),
                U32(at::hello::PREFERRED, 0x12),
            ]);
            assert_eq!(ack[at::LAYOUT..at::LAYOUT + 4], [1, 0, 0, 0]);
            for profiles in [at::ack::SERVER_SUPPORTED, at::ack::INTERSECTION, at::ack::SELECTED] {
                assert_eq!(u32_at(&ack, profiles), 1);
            }
            assert_eq!(u32_at(&ack, at::ack::REQUEST_PAYLOAD), payload);
            assert_eq!(u32_at(&ack, at::ack::REQUEST_ITEMS), granted);
            assert_eq!(u32_at(&ack, at::ack::RESPONSE_PAYLOAD), MAX_RESPONSE);
            assert_eq!(u32_at(&ack, at::ack::RESPONSE_ITEMS), granted);
            assert_eq!(u32_at(&ack, at::ack::PADDING), 0);
            let id = u64_at(&ack, at::ack::SESSION_ID);
            assert!(id > last, "{id} after {last}");
            last = id;
        }
    }
    for (size, granted) in [(33, 33), (39_999, 39_999), (40_001, 40_000), (u32::MAX, 40_000)] {
        let ack = ask(&[U32(at::hello::PACKET, size)]);
        assert_eq!(u32_at(&ack, at::ack::PACKET), granted);
    }
    bed.assert_only(&server, 0);
}

#[test]
fn golden_rejections() {
    // NIPC-HS-03; the bytes that existing servers send.
    let bed = Bed::new();
    let server = increment_server(&bed, |config| {
        limits(config);
        config.listener.auth_token = GOLDEN_TOKEN;
    });
    let good = set(hello(), U64(at::hello::TOKEN, GOLDEN_TOKEN));
    for (file, field) in [
        ("ack_reject_unsupported.bin", U32(at::hello::SUPPORTED, 2)),
        ("ack_reject_auth_failed.bin", U64(at::hello::TOKEN, 1)),
        ("ack_reject_limit_exceeded.bin", U32(at::hello::REQUEST_PAYLOAD, 1 << 24)),
        ("ack_reject_incompatible_packet.bin", U32(at::hello::PACKET, 8)),
        ("ack_reject_incompatible_layout.bin", U16(at::LAYOUT, 2)),
        ("ack_reject_header_version.bin", U16(at::VERSION, 2)),
    ] {
        let client = bed.connect();
        client.send(&set(good.clone(), field));
        assert_eq!(client.packet(), golden(file), "{file}");
        client.orderly_end();
    }
    bed.assert_only(&server, 0);
}

#[test]
fn golden_handshakes() {
    // The HELLOs of existing clients, and the ACK that an existing server gives to one.
    let bed = Bed::new();
    let server = increment_server(&bed, |config| {
        limits(config);
        config.listener.auth_token = GOLDEN_TOKEN;
    });
    let ask = [
        U32(at::hello::REQUEST_PAYLOAD, 2048),
        U32(at::hello::REQUEST_ITEMS, 4),
        U32(at::hello::RESPONSE_PAYLOAD, 777),
        U32(at::hello::RESPONSE_ITEMS, 3),
        U64(at::hello::TOKEN, GOLDEN_TOKEN),
        U32(at::hello::PACKET, 32768),
    ];
    let (first, ack) = Raw::session_with(&bed.path(), &set_all(hello(), &ask));
    // That server had shared memory to offer as well.
    assert_eq!(ack, set(golden("ack_ok_baseline.bin"), U32(at::ack::SERVER_SUPPORTED, 1)));
    for file in ["client_snapshot_hello.bin", "client_apps_hello.bin", "client_increment_hello.bin"] {
        let (session, ack) = Raw::session_with(&bed.path(), &golden(file));
        assert!(u32_at(&ack, at::ack::PACKET) < 212_992, "{file}: the kernel cannot carry what they propose");
        session.send(&golden("client_increment_request.bin"));
        assert_eq!(session.packet(), incremented(1, 42), "{file}");
    }
    drop(first);
    bed.assert_only(&server, 0);
}

#[test]
fn a_rejection_is_readable_although_more_was_sent() {
    // NIPC-HS-19, NIPC-UDS-15
    let bed = Bed::new();
    let server = increment_server(&bed, |_| {});
    for _ in 0..20 {
        let client = bed.connect();
        client.send(&set(hello(), U64(at::hello::TOKEN, 3)));
        for id in 0..50 {
            // The server may be gone meanwhile.
            let _ = client.try_send(&crate::raw::increment(id, 1));
        }
        assert_eq!(client.packet(), rejection(2));
        client.orderly_end();
    }
    bed.assert_only(&server, 0);
}

#[test]
fn requests_may_follow_the_hello_at_once() {
    // A HELLO is one packet; what is queued behind it belongs to the session.
    let bed = Bed::new();
    let server = increment_server(&bed, |_| {});
    let client = bed.connect();
    client.send_all(&[hello(), crate::raw::increment(1, 1), crate::raw::increment(2, 2)]);
    assert_eq!(client.packet().len(), 80);
    assert_eq!(client.packet(), incremented(1, 2));
    assert_eq!(client.packet(), incremented(2, 3));
    bed.assert_only(&server, 1);
}

#[test]
fn the_allow_list_is_judged_with_the_token() {
    // NIPC-HS-09, NIPC-EP-08
    let own_uid = rustix::process::geteuid().as_raw();
    let own_gid = rustix::process::getegid().as_raw();
    let serve = |uids: Vec<u32>, gids: Vec<u32>, token: u64, verdict: Verdict| {
        let bed = Bed::new();
        let server = increment_server(&bed, |config| {
            config.listener.allow_uids = uids.clone();
            config.listener.allow_gids = gids.clone();
        });
        check(&bed, &set(hello(), U64(at::hello::TOKEN, token)), verdict, &(&uids, &gids, token));
        // No common profile is said first, to strangers too. NIPC-HS-04
        check(&bed, &set(hello(), U32(at::hello::SUPPORTED, 2)), Reject(4), &"profiles come first");
        bed.assert_only(&server, 0);
    };
    serve(vec![own_uid + 1], vec![], 0, Reject(2));
    serve(vec![], vec![own_gid + 1], 0, Reject(2));
    serve(vec![own_uid + 1], vec![own_gid + 1], 0, Reject(2));
    serve(vec![own_uid + 1, own_uid], vec![], 0, Accept);
    serve(vec![own_uid + 1], vec![own_gid], 0, Accept);
    serve(vec![own_uid], vec![own_gid], 1, Reject(2));
}

#[test]
fn the_session_limit_is_told_and_passes() {
    // NIPC-HS-12, NIPC-L2S-16
    let bed = Bed::new();
    let server = increment_server(&bed, |config| config.listener.max_sessions = 2);
    let (first, second) = (bed.session(), bed.session());
    check(&bed, &hello(), Reject(6), &"a third session");
    // The lasting reason counts more.
    check(&bed, &set(hello(), U64(at::hello::TOKEN, 3)), Reject(2), &"a stranger");
    first.check_increment(1);
    drop(first);
    bed.assert_only(&server, 1);
    let third = bed.session();
    third.check_increment(1);
    second.check_increment(1);
    check(&bed, &hello(), Reject(6), &"a fourth session");
    drop((second, third));
    bed.assert_only(&server, 0);
    assert_served(&bed);
}
