//! Requests in every wrong form.

use netipc::RunningServer;
use netipc::services::CgroupsSnapshot;

use crate::raw::{
    Bed, CONTROL, Field, Got, INCREMENT, Noise, RESPONSE, Raw, STRING_REVERSE, at, batch, batch_payload, failure,
    golden, hello, increment, incremented, message, request, response, set, set_all, text,
};
use crate::{FAILS, PANICS, assert_served, increment_server, reverse_server};
use Field::{U16, U32, U64};

/// Agreed by [`hello`].
const MAX_PAYLOAD: u32 = 4096;
const MAX_ITEMS: u32 = 16;

/// What a server does about a request.
#[derive(Debug, Clone)]
enum Outcome {
    /// It answers so, and goes on.
    Answer(Vec<u8>),
    /// It says status 5 and ends the session.
    OverLimit,
    /// It ends the session without a word.
    Close,
}
use Outcome::{Answer, Close, OverLimit};

/// A session of its own for one request with message id 7.
#[track_caller]
fn check(bed: &Bed, packet: &[u8], outcome: &Outcome, case: &dyn std::fmt::Debug) {
    let session = bed.session();
    session.send(packet);
    match (outcome, session.receive()) {
        (Answer(answer), Got::Packet(got)) => {
            assert_eq!(&got, answer, "{case:?}");
            session.check_increment(8);
        }
        (OverLimit, Got::Packet(got)) => {
            assert_eq!(got, failure(INCREMENT, 7, 5), "{case:?}");
            assert_eq!(session.receive(), Got::End, "{case:?}");
        }
        (Close, Got::End) => {}
        (outcome, got) => panic!("{case:?} must lead to {outcome:?}, not to {got:?}"),
    }
}

fn violations(server: &RunningServer) -> u64 {
    server.handle().status().violations
}

#[test]
fn every_header_field_wrong() {
    // NIPC-L2S-02 to NIPC-L2S-04, NIPC-L2S-08, NIPC-L2S-09, NIPC-ENV-06, NIPC-ENV-07, NIPC-ENV-10, NIPC-RCV-03 to
    // NIPC-RCV-05, NIPC-RCV-07
    let bed = Bed::new();
    let server = increment_server(&bed, |_| {});
    let ok = || Answer(incremented(7, 42));
    let table: Vec<(Field, Outcome)> = vec![
        (U32(at::MAGIC, 0), Close),
        (U32(at::MAGIC, 0x4e43_484b), Close),
        (U16(at::VERSION, 0), Close),
        (U16(at::VERSION, 2), Close),
        (U16(at::HEADER_LEN, 31), Close),
        (U16(at::HEADER_LEN, 33), Close),
        (U16(at::KIND, 0), Close),
        (U16(at::KIND, RESPONSE), Close),
        (U16(at::KIND, CONTROL), Close),
        (U16(at::KIND, 4), Close),
        (U16(at::KIND, 0xffff), Close),
        (U16(at::FLAGS, 2), ok()),
        (U16(at::FLAGS, 0xfffe), ok()),
        // 8 bytes of directory whose one item starts at 41.
        (U16(at::FLAGS, 1), Close),
        (U16(at::CODE, 0), Answer(failure(0, 7, 4))),
        (U16(at::CODE, 2), Answer(failure(2, 7, 4))),
        (U16(at::CODE, 3), Answer(failure(3, 7, 4))),
        (U16(at::CODE, 0xffff), Answer(failure(0xffff, 7, 4))),
        (U16(at::STATUS, 1), ok()),
        (U16(at::STATUS, 6), ok()),
        (U16(at::STATUS, 0xffff), ok()),
        (U32(at::PAYLOAD_LEN, 0), Close),
        (U32(at::PAYLOAD_LEN, 7), Close),
        (U32(at::PAYLOAD_LEN, MAX_PAYLOAD + 1), OverLimit),
        (U32(at::PAYLOAD_LEN, 0x8000_0000), OverLimit),
        (U32(at::PAYLOAD_LEN, u32::MAX - 32), OverLimit),
        (U32(at::PAYLOAD_LEN, u32::MAX), OverLimit),
        (U32(at::ITEM_COUNT, 0), ok()),
        (U32(at::ITEM_COUNT, 2), ok()),
        (U32(at::ITEM_COUNT, MAX_ITEMS), ok()),
        (U32(at::ITEM_COUNT, MAX_ITEMS + 1), OverLimit),
        (U32(at::ITEM_COUNT, u32::MAX), OverLimit),
        (U64(at::MESSAGE_ID, 0), Answer(incremented(0, 42))),
        (U64(at::MESSAGE_ID, u64::MAX), Answer(incremented(u64::MAX, 42))),
    ];
    for (field, outcome) in &table {
        check(&bed, &set(increment(7, 41), *field), outcome, field);
        assert_served(&bed);
    }
    bed.assert_only(&server, 0);
    let closed = table.iter().filter(|(_, outcome)| matches!(outcome, Close)).count() as u64;
    assert_eq!(violations(&server), closed, "what was answered is no violation to the counters");
}

#[test]
fn every_length() {
    // NIPC-RCV-01, NIPC-RCV-02, NIPC-RCV-05, NIPC-L2S-05
    let bed = Bed::new();
    let server = increment_server(&bed, |_| {});
    for length in 0..=128_usize {
        // The header tells the truth: only the payload may be unusable. Bytes behind the number are tolerated.
        let mut honest = increment(7, 41);
        honest.resize(length, 0xa5);
        if length >= 32 {
            honest = set(honest, U32(at::PAYLOAD_LEN, length as u32 - 32));
        }
        let outcome = match length {
            0..32 => Close,
            32..40 => Answer(failure(INCREMENT, 7, 1)),
            _ => Answer(incremented(7, 42)),
        };
        check(&bed, &honest, &outcome, &("honest", length));
        // The header says 8. Less is half a message, which `chunks` tests.
        let mut lying = increment(7, 41);
        lying.resize(length, 0xa5);
        match length {
            0..32 | 41.. => check(&bed, &lying, &Close, &("lying", length)),
            40 => check(&bed, &lying, &Answer(incremented(7, 42)), &("lying", length)),
            _ => {}
        }
    }
    assert_served(&bed);
    bed.assert_only(&server, 0);
}

#[test]
fn golden_answers() {
    // NIPC-L2S-02 to NIPC-L2S-06, NIPC-BAT-01 to NIPC-BAT-03; the bytes that existing servers send.
    let bed = Bed::new();
    let server = increment_server(&bed, |_| {});
    let session = bed.session();
    let three = batch_payload(&[1_u64, 2, 3].map(u64::to_ne_bytes));
    for (packet, file) in [
        (increment(5, 42), "increment_resp.bin"),
        (request(STRING_REVERSE, 6, &[0; 8]), "resp_unsupported.bin"),
        (batch(request(INCREMENT, 7, &three), 3), "batch_increment_resp.bin"),
        (increment(9, FAILS), "resp_handler_failure.bin"),
        (increment(9, PANICS), "resp_handler_failure.bin"),
        (request(INCREMENT, 10, &[1, 2, 3, 4]), "resp_malformed_payload.bin"),
    ] {
        session.send(&packet);
        assert_eq!(session.packet(), golden(file), "{file}");
    }
    assert_eq!((server.handle().status().answered, server.handle().status().failed), (2, 4));
}

#[test]
fn failures_keep_session_and_order() {
    // NIPC-L2S-01, NIPC-L2S-04 to NIPC-L2S-06, NIPC-L2S-12
    let bed = Bed::new();
    let server = increment_server(&bed, |_| {});
    let (session, neighbour) = (bed.session(), bed.session());
    let mut expected = Vec::new();
    for round in 0..40 {
        let id = round * 5;
        session.send_all(&[
            increment(id, id),
            increment(id + 1, FAILS),
            increment(id + 2, PANICS),
            request(9, id + 3, b"what"),
            request(INCREMENT, id + 4, b""),
        ]);
        expected.extend([
            incremented(id, id + 1),
            failure(INCREMENT, id + 1, 6),
            failure(INCREMENT, id + 2, 6),
            failure(9, id + 3, 4),
            failure(INCREMENT, id + 4, 1),
        ]);
        neighbour.check_increment(id);
    }
    for (i, answer) in expected.iter().enumerate() {
        assert_eq!(&session.packet(), answer, "answer {i}");
    }
    bed.assert_only(&server, 2);
}

#[test]
fn a_limit_is_told_before_the_end_although_more_was_sent() {
    // NIPC-L2S-08, NIPC-UDS-15: a close with unread input would destroy the answer.
    let bed = Bed::new();
    let server = increment_server(&bed, |_| {});
    let too_long = set(increment(7, 41), U32(at::PAYLOAD_LEN, MAX_PAYLOAD + 1));
    let too_many = batch(request(INCREMENT, 7, &[0; 17 * 8]), 17);
    for offence in [&too_long, &too_many] {
        for _ in 0..20 {
            let session = bed.session();
            session.send_all(&[&increment(5, 1), &increment(6, 2), offence]);
            for id in 100..150 {
                // Input that nobody will look at; the server may be gone meanwhile.
                let _ = session.try_send(&increment(id, 1));
            }
            assert_eq!(session.packet(), incremented(5, 2));
            assert_eq!(session.packet(), incremented(6, 3));
            assert_eq!(session.packet(), failure(INCREMENT, 7, 5));
            session.orderly_end();
        }
    }
    bed.assert_only(&server, 0);
}

#[test]
fn answers_before_a_violation_are_readable_although_more_was_sent() {
    // NIPC-UDS-15, NIPC-L2S-09: one bad packet takes nothing back that was answered before it.
    let bed = Bed::new();
    let server = increment_server(&bed, |_| {});
    for _ in 0..20 {
        let session = bed.session();
        session.send_all(&[increment(5, 1), increment(6, 2), b"garbage".to_vec()]);
        for id in 100..150 {
            let _ = session.try_send(&increment(id, 1));
        }
        assert_eq!(session.packet(), incremented(5, 2));
        assert_eq!(session.packet(), incremented(6, 3));
        session.orderly_end();
    }
    bed.assert_only(&server, 0);
}

#[test]
fn the_last_request_of_a_burst_ends_the_session_too() {
    // NIPC-L2S-08: however many requests are served in one go, the one that ends the session ends it.
    let bed = Bed::new();
    let (gate, opened) = std::sync::mpsc::channel::<()>();
    let opened = std::sync::Mutex::new(opened);
    let server = bed.server::<netipc::services::Increment>(
        |_| {},
        move |request, reply| {
            if request.value == 0 {
                opened.lock().unwrap().recv().unwrap();
            }
            Ok(reply.value(request.value + 1)?)
        },
    );
    for before in 1..70_u64 {
        let session = bed.session();
        for id in 0..before {
            session.send(&increment(id, id));
        }
        session.send(&set(increment(before, 1), U32(at::PAYLOAD_LEN, MAX_PAYLOAD + 1)));
        gate.send(()).unwrap();
        for id in 0..before {
            assert_eq!(session.packet(), incremented(id, id + 1));
        }
        assert_eq!(session.packet(), failure(INCREMENT, before, 5));
        session.orderly_end();
    }
    bed.assert_only(&server, 0);
}

#[test]
fn a_response_over_the_limit_is_told_before_the_end() {
    // NIPC-L2S-07, NIPC-L2S-11
    let bed = Bed::new();
    let server = reverse_server(&bed, |config| config.listener.max_response_payload = Some(64));
    let fits = text(&[b'a'; 64 - 9]);
    let exceeds = text(&[b'a'; 64 - 8]);
    let session = bed.session();
    session.send(&request(STRING_REVERSE, 1, &fits));
    assert_eq!(session.packet(), response(STRING_REVERSE, 1, &fits));
    session.send_all(&[request(STRING_REVERSE, 2, &exceeds), request(STRING_REVERSE, 3, &fits)]);
    assert_eq!(session.packet(), failure(STRING_REVERSE, 2, 5));
    session.orderly_end();
    // Items that fit one by one, but not together.
    let session = bed.session();
    let items = batch_payload(&[&text(b"abcdefgh"), &text(b"abcdefgh"), &text(b"abcdefgh")]);
    session.send(&batch(request(STRING_REVERSE, 4, &items), 3));
    assert_eq!(session.packet(), failure(STRING_REVERSE, 4, 5));
    session.orderly_end();
    bed.assert_only(&server, 0);
}

#[test]
fn failing_items_fail_their_batch() {
    // NIPC-L2S-03, NIPC-L2S-10, NIPC-L2S-11
    let bed = Bed::new();
    let server = increment_server(&bed, |_| {});
    let session = bed.session();
    let good = 1_u64.to_ne_bytes().to_vec();
    for (bad, status) in
        [(FAILS.to_ne_bytes().to_vec(), 6), (PANICS.to_ne_bytes().to_vec(), 6), (vec![1, 2, 3], 1), (Vec::new(), 1)]
    {
        for place in 0..3 {
            let mut items = vec![good.clone(); 3];
            items[place] = bad.clone();
            session.send(&batch(request(INCREMENT, 7, &batch_payload(&items)), 3));
            assert_eq!(session.packet(), failure(INCREMENT, 7, status), "{bad:?} at {place}");
        }
    }
    session.check_increment(8);
    drop(session);
    bed.assert_only(&server, 0);
}

#[test]
fn batches_for_a_service_without_batches() {
    // NIPC-L2S-05
    let bed = Bed::new();
    let server = bed.server::<CgroupsSnapshot>(
        |_| {},
        |_, reply| {
            reply.generation(1).systemd_enabled(0);
            Ok(())
        },
    );
    let session = bed.session();
    let query = [1, 0, 0, 0];
    session.send(&batch(request(2, 1, &batch_payload(&[query])), 1));
    assert_eq!(session.packet(), failure(2, 1, 1));
    // The flag without items is a single message. NIPC-BAT-06
    session.send(&batch(request(2, 2, &query), 0));
    let answer = session.packet();
    assert_eq!(answer.len(), 32 + 24);
    assert_eq!(answer[..32], response(2, 2, &[0; 24])[..32]);
    bed.assert_only(&server, 1);
}

#[test]
fn batch_directories() {
    // NIPC-BAT-04 to NIPC-BAT-10, NIPC-BAT-13, NIPC-RCV-11
    let bed = Bed::new();
    let server = increment_server(&bed, |_| {});
    let entries = |entries: &[(u32, u32)], area: &[u8]| {
        let mut payload = Vec::new();
        for (offset, length) in entries {
            payload.extend_from_slice(&offset.to_ne_bytes());
            payload.extend_from_slice(&length.to_ne_bytes());
        }
        payload.extend_from_slice(area);
        batch(request(INCREMENT, 7, &payload), entries.len() as u32)
    };
    let area = [1_u64, 2, 3].map(u64::to_ne_bytes).concat();
    let sums = |values: &[u64]| {
        let values: Vec<[u8; 8]> = values.iter().map(|value| value.to_ne_bytes()).collect();
        Answer(batch(response(INCREMENT, 7, &batch_payload(&values)), values.len() as u32))
    };
    let table = [
        (entries(&[(0, 8), (8, 8), (16, 8)], &area), sums(&[2, 3, 4])),
        (entries(&[(8, 8)], &area), sums(&[3])),
        (entries(&[(16, 8), (0, 8)], &area), sums(&[4, 2])),
        (entries(&[(0, 8), (0, 8)], &area), sums(&[2, 2])),
        (entries(&[(0, 24), (8, 9)], &area), sums(&[2, 3])),
        (entries(&[(0, 0)], &area), Answer(failure(INCREMENT, 7, 1))),
        (entries(&[(24, 0)], &area), Answer(failure(INCREMENT, 7, 1))),
        (entries(&[(4, 8)], &area), Close),
        (entries(&[(1, 0)], &area), Close),
        (entries(&[(32, 0)], &area), Close),
        (entries(&[(24, 1)], &area), Close),
        (entries(&[(16, 9)], &area), Close),
        (entries(&[(0, u32::MAX)], &area), Close),
        (entries(&[(0xffff_fff8, 8)], &area), Close),
        (entries(&[(0xffff_fff8, 16)], &area), Close),
        (entries(&[(0, 8)], &[]), Close),
        // The directory does not fit.
        (batch(request(INCREMENT, 7, &area), 4), Close),
        (batch(request(INCREMENT, 7, &[]), 1), Close),
        (batch(request(INCREMENT, 7, &area), 16), Close),
        (batch(request(INCREMENT, 7, &41_u64.to_ne_bytes()), 0), Answer(incremented(7, 42))),
    ];
    for (i, (packet, outcome)) in table.iter().enumerate() {
        check(&bed, packet, outcome, &("case", i));
    }
    // A count whose directory length would overflow 32 bits, where the session allows such a count.
    for items in [0x2000_0000, 0x2000_0001, u32::MAX] {
        let (session, _) = Raw::session_with(&bed.path(), &set(hello(), U32(at::hello::REQUEST_ITEMS, u32::MAX)));
        session.send(&batch(request(INCREMENT, 7, &area), items));
        session.orderly_end();
    }
    assert_served(&bed);
    bed.assert_only(&server, 0);
}

#[test]
fn request_limits_of_zero_and_one() {
    // NIPC-HS-14, NIPC-RCV-03
    let bed = Bed::new();
    let server = increment_server(&bed, |_| {});
    let none = set(hello(), U32(at::hello::REQUEST_PAYLOAD, 0));
    let (session, _) = Raw::session_with(&bed.path(), &none);
    session.send(&request(INCREMENT, 7, &[]));
    assert_eq!(session.packet(), failure(INCREMENT, 7, 1));
    session.send(&request(INCREMENT, 8, &[0]));
    assert_eq!(session.packet(), failure(INCREMENT, 8, 5));
    session.orderly_end();
    let eight = set_all(hello(), &[U32(at::hello::REQUEST_PAYLOAD, 8), U32(at::hello::REQUEST_ITEMS, 0)]);
    let (session, _) = Raw::session_with(&bed.path(), &eight);
    session.check_increment(1);
    session.send(&set(increment(2, 0), U32(at::ITEM_COUNT, 2)));
    assert_eq!(session.packet(), failure(INCREMENT, 2, 5));
    session.orderly_end();
    bed.assert_only(&server, 0);
}

#[test]
fn a_request_is_handled_although_its_client_is_gone() {
    // NIPC-L2S-17
    let bed = Bed::new();
    let (seen, handled) = std::sync::mpsc::channel();
    let server = bed.server::<netipc::services::StringReverse>(
        |_| {},
        move |request, reply| {
            seen.send(request.text().len()).unwrap();
            Ok(reply.text(request.text())?)
        },
    );
    for length in [0, 10, 4000, 100_000] {
        for _ in 0..10 {
            let terms = [U32(at::hello::REQUEST_PAYLOAD, 1 << 20), U32(at::hello::PACKET, 8192)];
            let (session, _) = Raw::session_with(&bed.path(), &set_all(hello(), &terms));
            let message = request(STRING_REVERSE, 1, &text(&vec![b'x'; length]));
            session.send_all(&crate::raw::chunked(&message, 8192));
            drop(session);
            assert_eq!(handled.recv_timeout(crate::raw::PATIENCE).unwrap(), length);
        }
    }
    bed.assert_only(&server, 0);
}

#[test]
fn garbage_floods() {
    // NIPC-RCV-11, NIPC-L2S-12, NIPC-ERR-06
    let bed = Bed::new();
    let server =
        increment_server(&bed, |config| config.listener.half_message_timeout = std::time::Duration::from_millis(50));
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    let neighbour = bed.session();
    for round in 0..150 {
        let peer = if round % 3 == 0 { bed.connect() } else { bed.session() };
        for _ in 0..noise.next() % 8 {
            let length = (noise.next() % 300) as usize;
            let mut packet = noise.bytes(length);
            // Most of it looks like a message at first sight.
            if round % 2 == 0 && length >= 32 {
                let header = message(1 + (noise.next() % 3) as u16, 1, 0, noise.next(), &[]);
                packet[..16].copy_from_slice(&header[..16]);
            }
            if peer.try_send(&packet).is_err() {
                break;
            }
        }
        neighbour.check_increment(round);
    }
    assert_served(&bed);
    bed.assert_only(&server, 1);
}
