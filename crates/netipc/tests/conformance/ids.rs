//! Message ids and directions: what each side may send, and what a client believes.

use netipc::{Error, ErrorKind, Header};

use crate::bed::{CODE, Pair, Transport, pair, request, response, round_trip};
use crate::support::patience;

// NIPC-RCV-12
pub fn an_id_in_flight_is_refused<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = pair::<T>(|_, _| {});
    client.send(&request(7, b"first"), b"first", patience(), None).unwrap();
    let again = client.send(&request(7, b"second"), b"second", patience(), None);
    assert!(matches!(again, Err(Error::ApiMisuse(_))), "{again:?}");
    assert!(again.unwrap_err().to_string().contains('7'));
    assert_eq!(server.receive(patience(), None).unwrap().payload, b"first");
    assert!(matches!(server.try_receive(), Err(Error::WouldBlock)));
    server.send(&response(7, b"answer"), b"answer", patience(), None).unwrap();
    client.receive(patience(), None).unwrap();
    // Answered: the id is free again.
    round_trip(&mut client, &mut server, 7);
}

// NIPC-RCV-08, NIPC-RCV-09
pub fn answers_to_nothing_end_the_session<T: Transport>() {
    let Pair { mut client, mut server, mut bed } = pair::<T>(|_, _| {});
    client.send(&request(2, &[]), &[], patience(), None).unwrap();
    server.receive(patience(), None).unwrap();
    server.send(&response(1, &[]), &[], patience(), None).unwrap();
    assert_eq!(client.receive(patience(), None).unwrap_err().kind(), ErrorKind::PeerMisbehaved);

    // An answer that was given already counts as unknown, too.
    let (mut client, mut server) = bed.connect();
    round_trip(&mut client, &mut server, 5);
    client.send(&request(6, &[]), &[], patience(), None).unwrap();
    server.receive(patience(), None).unwrap();
    server.send(&response(5, &[]), &[], patience(), None).unwrap();
    let error = client.receive(patience(), None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PeerMisbehaved);
    assert!(error.to_string().contains('5'), "{error}");
    assert!(client.send(&request(7, &[]), &[], patience(), None).is_err(), "a broken session sends nothing");
}

// NIPC-RCV-12
pub fn each_side_sends_its_own_kind<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = pair::<T>(|_, _| {});
    let got = client.send(&response(1, &[]), &[], patience(), None);
    assert!(matches!(got, Err(Error::ApiMisuse(_))), "{got:?}");
    let got = server.send(&request(1, &[]), &[], patience(), None);
    assert!(matches!(got, Err(Error::ApiMisuse(_))), "{got:?}");
    round_trip(&mut client, &mut server, 1);
}

// NIPC-ENV-06: bits without a meaning do no harm.
pub fn unknown_flags_are_ignored<T: Transport>() {
    let Pair { mut client, mut server, bed: _bed } = pair::<T>(|_, _| {});
    let header = Header { flags: 0xfffe, ..Header::request(CODE, 0, u64::MAX) };
    client.send(&header, &[], patience(), None).unwrap();
    let message = server.receive(patience(), None).unwrap();
    assert!(!message.header.is_batch());
    assert_eq!(message.header.message_id, u64::MAX);
}
