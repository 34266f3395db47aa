//! What may be sent again after a loss, and what may not.

use netipc::{ErrorKind, State};

use crate::raw::{Bed, Got, at, failure, request, response, u64_at};
use crate::{Once, kind_of, server};

fn once(id: u64, value: u64) -> Vec<u8> {
    request(0x8001, id, &value.to_ne_bytes())
}

fn counted(id: u64, value: u64) -> Vec<u8> {
    response(0x8001, id, &value.to_ne_bytes())
}

#[test]
fn what_must_not_be_repeated_is_not() {
    // NIPC-L2C-19
    for read in [false, true] {
        let bed = Bed::new();
        let server = server(&bed, move |listener| {
            let peer = listener.accept_session();
            if read {
                assert_eq!(peer.packet(), once(1, 5));
            } else {
                peer.await_input();
            }
            drop(peer);
            // Only the refresh comes back, and brings nothing along.
            let peer = listener.accept_session();
            assert_eq!(peer.packet(), once(2, 6));
            peer.send(&counted(2, 7));
            peer.end();
        });
        let mut client = bed.ready_client::<Once>(|_| {});
        assert_eq!(kind_of(client.call(5)), ErrorKind::Disconnected);
        let status = client.status();
        assert_eq!((status.state, status.counters.resends, status.counters.connects), (State::Broken, 0, 1));
        assert_eq!(client.refresh(), State::Ready);
        assert_eq!(client.call(6).unwrap().value, 7);
        drop(client);
        server.join().unwrap();
    }
}

#[test]
fn a_pipeline_that_must_not_be_repeated_is_not() {
    // NIPC-L2C-18 to NIPC-L2C-20: what was answered counts, the rest fails, each call once.
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let peer = listener.accept_session();
        for id in 1..=3 {
            assert_eq!(peer.packet(), once(id, id * 10));
        }
        peer.send(&counted(2, 21));
        peer.shut_down_write();
        while let Got::Packet(_) = peer.receive() {}
        assert!(!listener.has_caller());
    });
    let mut client = bed.ready_client::<Once>(|_| {});
    let mut outcomes = Vec::new();
    let result = client.call_pipelined([10, 20, 30], 3, |index, reply| {
        outcomes.push((index, reply.map(|reply| reply.value).map_err(|error| error.kind())));
    });
    assert_eq!(kind_of(result), ErrorKind::Disconnected);
    outcomes.sort_unstable_by_key(|(index, _)| *index);
    let lost = Err(ErrorKind::Disconnected);
    assert_eq!(outcomes, [(0, lost), (1, Ok(21)), (2, lost)]);
    assert_eq!(client.status().state, State::Broken);
    server.join().unwrap();
}

#[test]
fn growth_is_no_reason_to_repeat_either() {
    // NIPC-L2C-19, NIPC-L2C-21: the server has acted, although its answer did not fit.
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let peer = listener.accept_session();
        assert_eq!(peer.packet(), once(1, 5));
        peer.send(&failure(0x8001, 1, 5));
        peer.end();
        // The next call has the room that this one lacked.
        let (peer, hello) = listener.accept_hello();
        assert_eq!(crate::raw::u32_at(&hello, at::hello::RESPONSE_PAYLOAD), 131_072);
        peer.send(&crate::raw::ack_to(&hello));
        assert_eq!(u64_at(&peer.packet(), at::PAYLOAD), 6);
        peer.send(&counted(2, 7));
        peer.end();
    });
    let mut client = bed.ready_client::<Once>(|_| {});
    assert_eq!(kind_of(client.call(5)), ErrorKind::LimitExceeded);
    assert_eq!(client.status().state, State::Broken);
    assert_eq!(client.refresh(), State::Ready);
    assert_eq!(client.call(6).unwrap().value, 7);
    drop(client);
    server.join().unwrap();
}

#[test]
fn a_batch_is_sent_again_as_a_whole() {
    // NIPC-L2C-14, NIPC-L2C-17
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let peer = listener.accept_session();
        let first = peer.packet();
        drop(peer);
        let peer = listener.accept_session();
        let second = peer.packet();
        assert_eq!(first[32..], second[32..]);
        assert_eq!((u64_at(&first, at::MESSAGE_ID), u64_at(&second, at::MESSAGE_ID)), (1, 2));
        let values = crate::raw::batch_payload(&[8_u64, 9].map(u64::to_ne_bytes));
        peer.send(&crate::raw::batch(response(1, 2, &values), 2));
        peer.end();
    });
    let mut client = bed.ready_client::<netipc::services::Increment>(|config| config.session.max_batch_items = 2);
    let replies = client.call_batch(&[7, 8]).unwrap();
    let values: Vec<u64> = replies.iter().map(|reply| reply.unwrap().value).collect();
    assert_eq!(values, [8, 9]);
    drop(client);
    server.join().unwrap();
}

#[test]
fn message_ids_never_come_twice() {
    // NIPC-L2C-10: over calls, losses, pipelines and refreshes.
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let mut last = 0;
        for session in 0.. {
            let peer = listener.accept_session();
            let mut turns = 0;
            while let Got::Packet(request) = peer.receive() {
                let id = u64_at(&request, at::MESSAGE_ID);
                assert!(id > last, "{id} after {last}");
                last = id;
                turns += 1;
                if turns == 6 && session < 3 {
                    break;
                }
                peer.send(&crate::raw::incremented(id, u64_at(&request, at::PAYLOAD) + 1));
            }
            if turns == 0 {
                break;
            }
        }
    });
    let mut client = bed.ready_client::<netipc::services::Increment>(|_| {});
    for value in 0..9 {
        assert_eq!(client.call(value).unwrap().value, value + 1);
    }
    let mut seen = 0;
    client
        .call_pipelined(100..106, 2, |index, reply| {
            assert_eq!(reply.unwrap().value, 101 + index as u64);
            seen += 1;
        })
        .unwrap();
    assert_eq!(seen, 6);
    assert_eq!(client.refresh(), State::Ready);
    assert_eq!(client.call(7).unwrap().value, 8);
    assert_eq!(client.status().counters.connects, 4);
    drop(client);
    // A session without a request ends the server.
    let last = bed.connect();
    last.send(&crate::raw::hello());
    last.shut_down_write();
    server.join().unwrap();
}
