//! Messages of every size around the boundaries of packets, chunks and limits.

use std::collections::BTreeSet;
use std::thread;

use netipc::{Error, Session};

use crate::bed::{Pair, Transport, echo, pair, pattern, request, response, round_trip, sized};
use crate::support::patience;

/// Payload lengths at which a sender or receiver may be off by one.
fn boundaries(packet: usize, limit: usize) -> BTreeSet<usize> {
    let body = packet - 32;
    let mut lengths = BTreeSet::from([0, 1, 7, 8, limit - 1, limit]);
    for edge in [packet - 32, packet, 2 * body, 3 * body, 17 * body] {
        lengths.extend([edge.saturating_sub(1), edge, edge + 1]);
    }
    lengths.retain(|&length| length <= limit);
    lengths
}

fn echo_boundaries<T: Transport>(packet_size: u32, limit: u32) {
    let Pair { mut client, mut server, bed: _bed } = sized::<T>(packet_size, limit);
    let packet = client.agreed().packet_size;
    assert_eq!(packet, server.agreed().packet_size);
    assert!(packet_size == 0 || packet == packet_size);
    thread::scope(|scope| {
        scope.spawn(|| echo(&mut server));
        for (id, length) in (1..).zip(boundaries(packet as usize, limit as usize)) {
            let payload = pattern(id, length);
            client.send(&request(id, &payload), &payload, patience(), None).unwrap();
            let message = client.receive(patience(), None).unwrap();
            assert_eq!(message.header, response(id, &payload));
            assert!(message.payload == payload, "{length} bytes over packets of {packet}");
        }
        drop(client);
    });
}

// NIPC-CHK-01, NIPC-CHK-02, NIPC-CHK-03, NIPC-RCV-03, NIPC-HS-11
pub fn smallest_packets<T: Transport>() {
    echo_boundaries::<T>(33, 300);
}

// NIPC-CHK-01, NIPC-CHK-02, NIPC-CHK-03
pub fn small_packets<T: Transport>() {
    echo_boundaries::<T>(96, 3000);
}

// NIPC-CHK-01, NIPC-CHK-02, NIPC-CHK-03
pub fn page_packets<T: Transport>() {
    echo_boundaries::<T>(4096, 200_000);
}

// NIPC-UDS-02, NIPC-UDS-03: chunked messages pass at the default packet size of both sides.
pub fn fault_04_default_packets<T: Transport>() {
    let Pair { client, server, .. } = pair::<T>(|_, _| {});
    assert_eq!(client.agreed().packet_size, T::default_packet_size(&client));
    assert_eq!(server.agreed().packet_size, T::default_packet_size(&client));
    echo_boundaries::<T>(0, 1 << 20);
}

// NIPC-HS-15: the smaller of both.
pub fn packet_size_is_the_smaller<T: Transport>() {
    for (ours, theirs, agreed) in [(96, 4096, 96), (4096, 96, 96), (33, 33, 33)] {
        let Pair { mut client, mut server, .. } = pair::<T>(|listener, config| {
            listener.packet_size = theirs;
            config.packet_size = ours;
        });
        assert_eq!((client.agreed().packet_size, server.agreed().packet_size), (agreed, agreed));
        round_trip(&mut client, &mut server, 1);
    }
}

/// One byte more than allowed is refused with both numbers, and nothing of it leaves.
fn refused(session: &mut Session, header: netipc::Header, payload: &[u8], limit: u64) {
    let got = session.send(&header, payload, patience(), None);
    assert!(
        matches!(got, Err(Error::LimitExceeded { got, allowed, .. }) if got == limit + 1 && allowed == limit),
        "{got:?}"
    );
    let got = session.try_send(&header, payload);
    assert!(matches!(got, Err(Error::LimitExceeded { .. })), "{got:?}");
}

// NIPC-RCV-12, NIPC-RCV-03, NIPC-ERR-03
pub fn limits_are_exact<T: Transport>() {
    for limit in [8_u32, 100, 5000] {
        let Pair { mut client, mut server, bed: _bed } = sized::<T>(96, limit);
        let most = pattern(1, limit as usize);
        let excess = pattern(1, limit as usize + 1);
        refused(&mut client, request(1, &excess), &excess, limit.into());
        // The refused id was not used up.
        client.send(&request(1, &most), &most, patience(), None).unwrap();
        assert!(server.receive(patience(), None).unwrap().payload == most);
        refused(&mut server, response(1, &excess), &excess, limit.into());
        server.send(&response(1, &most), &most, patience(), None).unwrap();
        assert!(client.receive(patience(), None).unwrap().payload == most);
        round_trip(&mut client, &mut server, 2);
    }
}

// NIPC-HS-14, NIPC-RCV-03: a limit of 0 admits empty payloads only.
pub fn a_limit_of_zero<T: Transport>() {
    let Pair { mut client, mut server, .. } = pair::<T>(|_, config| config.max_request_payload = 0);
    assert_eq!(client.agreed().request.max_payload, 0);
    refused(&mut client, request(1, &[1]), &[1], 0);
    client.send(&request(1, &[]), &[], patience(), None).unwrap();
    assert_eq!(server.receive(patience(), None).unwrap().payload, []);
    server.send(&response(1, b"answer"), b"answer", patience(), None).unwrap();
    assert_eq!(client.receive(patience(), None).unwrap().payload, b"answer");
}

// NIPC-HS-27: the client's ceiling is below what the server grants, and the server does not know.
pub fn responses_above_the_clients_ceiling<T: Transport>() {
    let Pair { mut client, mut server, .. } = pair::<T>(|_, config| config.max_response_payload = 100);
    assert_eq!(client.agreed().response.max_payload, 100);
    assert_eq!(server.agreed().response.max_payload, 65536);
    client.send(&request(1, &[]), &[], patience(), None).unwrap();
    server.receive(patience(), None).unwrap();
    let payload = pattern(1, 101);
    server.send(&response(1, &payload), &payload, patience(), None).unwrap();
    let error = client.receive(patience(), None).unwrap_err();
    assert_eq!(error.kind(), netipc::ErrorKind::PeerMisbehaved);
    assert!(error.to_string().contains("101") && error.to_string().contains("100"), "{error}");
}

// NIPC-ENV-01: `payload_len` tells the bytes that follow, so a header that lies about its payload never leaves.
pub fn headers_must_tell_the_length<T: Transport>() {
    let Pair { mut client, mut server, .. } = sized::<T>(96, 1000);
    for (told, given) in [(10, 9), (9, 10), (0, 1), (1, 0), (500, 499), (500, 10), (10, 500)] {
        let header = netipc::Header::request(crate::bed::CODE, told, 1);
        let payload = pattern(1, given);
        for result in [
            client.send(&header, &payload, patience(), None),
            client.try_send(&header, &payload),
            client.send_many(&[(header, &payload), (header, &payload)], patience(), None),
        ] {
            assert!(matches!(result, Err(Error::ApiMisuse(_))), "{told} told, {given} given: {result:?}");
        }
    }
    round_trip(&mut client, &mut server, 1);
}
