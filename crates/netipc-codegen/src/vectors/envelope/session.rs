//! What a session makes of packets.

use super::super::Page;
use super::super::value::Value;
use super::chunker::packets;
use super::layout::{HEADER, chunk, header};
use super::{batch, patched, run};

const TARGET: &str = "session";
const PAYLOAD: u64 = 160;
const ITEMS: u64 = 4;
const PACKET: u64 = 96;

pub(super) fn page() -> Page {
    let mut page = Page::new("What a session makes of the packets that come: every receive check, and their order.");
    first_packets(&mut page);
    parts(&mut page);
    continuations(&mut page);
    batches(&mut page);
    ids_in_flight(&mut page);
    page
}

fn script(role: &str, sent: &[Vec<u8>], packets: &[Vec<u8>]) -> Value {
    let list = |list: &[Vec<u8>]| Value::byte_strings(list.iter().map(Vec::as_slice));
    Value::object([
        ("role", Value::word(role)),
        ("request_payload", PAYLOAD.into()),
        ("response_payload", PAYLOAD.into()),
        ("items", ITEMS.into()),
        ("packet_size", PACKET.into()),
        ("sent", list(sent)),
        ("packets", list(packets)),
    ])
}

fn outcome(events: Vec<Value>, in_flight: &[u64]) -> Value {
    let ids = in_flight.iter().map(|id| (*id).into()).collect();
    Value::object([("events", Value::Array(events)), ("in_flight", Value::Array(ids))])
}

fn message(header: &[u8], payload: &[u8]) -> Value {
    Value::object([("message", header.into()), ("payload", payload.into())])
}

fn violation(problem: &str) -> Value {
    Value::object([("violation", Value::word(problem))])
}

fn partial() -> Value {
    Value::word("partial")
}

fn request(payload: u64, items: u64) -> Vec<u8> {
    header(1, 0, 1, 0, payload, items, 7)
}

fn response(payload: u64, id: u64) -> Vec<u8> {
    header(2, 0, 1, 0, payload, 1, id)
}

/// A first packet to a server, and the one event that it makes.
fn serve(topic: &str, packet: &[u8], event: Value, cited: &[&str], page: &mut Page) {
    let script = script("server", &[], &[packet.to_vec()]);
    let what = format!("A server gets one packet: {}.", topic.replace(['/', '-'], " "));
    page.push(run(TARGET, &format!("server/{topic}"), &what, script, outcome(vec![event], &[]), cited));
}

/// A fault of a first packet: bytes to overwrite, or the length of the packet.
type Fault = (&'static str, Option<(usize, &'static [u8])>, Option<usize>, &'static str, &'static str);

/// In the order of judgement.
const FIRST: [Fault; 13] = [
    ("one-byte", None, Some(1), "short", "NIPC-RCV-02"),
    ("short", None, Some(31), "short", "NIPC-RCV-02"),
    ("magic", Some((0, &[0x42])), None, "magic", "NIPC-ENV-03"),
    ("header-len", Some((6, &[31, 0])), None, "header_len", "NIPC-ENV-03"),
    ("kind-0", Some((8, &[0, 0])), None, "kind", "NIPC-ENV-04"),
    ("version", Some((4, &[0, 0])), None, "version", "NIPC-ENV-05"),
    ("response", Some((8, &[2, 0])), None, "unexpected_kind", "NIPC-RCV-07"),
    ("control", Some((8, &[3, 0])), None, "unexpected_kind", "NIPC-RCV-07"),
    ("payload-one-more", Some((16, &[161, 0, 0, 0])), None, "payload_too_large", "NIPC-RCV-03"),
    ("payload-max", Some((16, &[0xff; 4])), None, "payload_too_large", "NIPC-ENV-08"),
    ("items-one-more", Some((20, &[5, 0, 0, 0])), None, "too_many_items", "NIPC-RCV-04"),
    ("items-max", Some((20, &[0xff; 4])), None, "too_many_items", "NIPC-RCV-04"),
    ("longer-than-message", None, Some(41), "packet_too_long", "NIPC-RCV-05"),
];

fn first_packets(page: &mut Page) {
    let sound = [request(8, 1), vec![9; 8]].concat();
    serve("sound", &sound, message(&sound[..32], &[9; 8]), &["NIPC-RCV-07", "NIPC-RCV-10"], page);
    for (position, first) in FIRST.iter().enumerate() {
        let apply = |(_, patch, length, ..): &Fault, mut packet: Vec<u8>| {
            if let Some((at, bytes)) = patch {
                packet = patched(&packet, *at, bytes);
            }
            if let Some(length) = length {
                packet.resize(*length, 0xee);
            }
            packet
        };
        serve(first.0, &apply(first, sound.clone()), violation(first.3), &[first.4, "NIPC-RCV-07"], page);
        for second in &FIRST[position + 1..] {
            let apart = match (first.1, second.1) {
                (Some((a, first)), Some((b, second))) => a + first.len() <= b || b + second.len() <= a,
                (None, None) => false,
                // A payload that is too large makes no packet too long, and a cut packet lacks what would be wrong.
                _ => first.2.is_none_or(|length| length > 40),
            };
            if apart {
                let both = apply(second, apply(first, sound.clone()));
                let topic = format!("{}+{}", first.0, second.0);
                serve(&topic, &both, violation(first.3), &[first.4, "NIPC-RCV-07"], page);
            }
        }
    }
    edges(page);
}

fn edges(page: &mut Page) {
    for payload in [0, 1, 63, 64] {
        let head = request(payload, 1);
        let body = vec![3; payload as usize];
        let topic = format!("whole/{payload}");
        serve(&topic, &[&head[..], &body].concat(), message(&head, &body), &["NIPC-RCV-03", "NIPC-CHK-01"], page);
    }
    let head = request(PAYLOAD, 1);
    let body = vec![3; PAYLOAD as usize];
    let long = [&head[..], &body].concat();
    serve("whole/in-one-long-packet", &long, message(&head, &body), &["NIPC-RCV-06", "NIPC-RCV-03"], page);
    let part = &long[..97];
    serve("first-part-too-long", part, violation("packet_too_long"), &["NIPC-RCV-06"], page);
    for items in [0, 2, ITEMS] {
        let head = request(2, items);
        let packet = [&head[..], b"ab"].concat();
        serve(
            &format!("single-with-count-{items}"),
            &packet,
            message(&head, b"ab"),
            &["NIPC-ENV-10", "NIPC-RCV-04"],
            page,
        );
    }
    for (topic, at, bytes) in [("flags", 10, [0xfe, 0xff]), ("status", 14, [9, 9]), ("code", 12, [0xff, 0xff])] {
        let head = patched(&request(2, 1), at, &bytes);
        let packet = [&head[..], b"ab"].concat();
        serve(&format!("ignored-{topic}"), &packet, message(&head, b"ab"), &["NIPC-ENV-06", "NIPC-ENV-07"], page);
    }
    let head = patched(&request(2, 0), 10, &[1, 0]);
    serve("batch-flag-without-items", &[&head[..], b"ab"].concat(), message(&head, b"ab"), &["NIPC-BAT-06"], page);
}

/// Messages in several packets that are sound.
fn parts(page: &mut Page) {
    let head = request(PAYLOAD, 1);
    let body: Vec<u8> = (0..PAYLOAD as u8).collect();
    for (topic, first) in [("full", 64), ("short-first", 10), ("empty-first", 0), ("one-byte-left", 31)] {
        let all = split(&head, &body, first);
        let mut events = vec![partial(); all.len() - 1];
        events.push(message(&head, &body));
        let script = script("server", &[], &all);
        let what = format!("A message in several packets, {first} payload bytes in the first one.");
        let cited = ["NIPC-CHK-05", "NIPC-CHK-06", "NIPC-CHK-11"];
        page.push(run(TARGET, &format!("parts/{topic}"), &what, script, outcome(events, &[]), &cited));
    }
    let two = [split(&head, &body, 64), split(&head, &body, 64)].concat();
    let once = [partial(), partial(), message(&head, &body)];
    let script = script("server", &[], &two);
    let events = [once.clone(), once].concat();
    page.push(run(
        TARGET,
        "parts/twice",
        "Two messages in several packets each.",
        script,
        outcome(events, &[]),
        &["NIPC-CHK-04"],
    ));
}

/// The packets of a message whose first one carries `first` payload bytes.
fn split(head: &[u8], body: &[u8], first: usize) -> Vec<Vec<u8>> {
    let room = PACKET as usize - 32;
    let (start, rest) = body.split_at(first);
    let parts: Vec<_> = rest.chunks(room).collect();
    let mut all = vec![[head, start].concat()];
    for (index, part) in (1..).zip(&parts) {
        let head = chunk(7, 32 + body.len() as u64, index, 1 + parts.len() as u64, part.len() as u64);
        all.push([&head[..], part].concat());
    }
    all
}

/// Faults of the first continuation, in the order of judgement.
const CONTINUATION: [Fault; 18] = [
    ("one-byte", None, Some(1), "chunk_short", "NIPC-CHK-07"),
    ("short", None, Some(31), "chunk_short", "NIPC-CHK-07"),
    ("magic", Some((0, &[0x43])), None, "chunk_magic", "NIPC-CHK-07"),
    ("version", Some((4, &[2, 0])), None, "chunk_version", "NIPC-CHK-07"),
    ("flags", Some((6, &[1, 0])), None, "chunk_flags", "NIPC-CHK-07"),
    ("message-id", Some((8, &[8])), None, "chunk_message_id", "NIPC-CHK-08"),
    ("message-id-high", Some((15, &[0x80])), None, "chunk_message_id", "NIPC-CHK-08"),
    ("index-0", Some((20, &[0])), None, "chunk_index", "NIPC-CHK-09"),
    ("index-2", Some((20, &[2])), None, "chunk_index", "NIPC-CHK-09"),
    ("count-2", Some((24, &[2])), None, "chunk_count", "NIPC-CHK-09"),
    ("count-4", Some((24, &[4])), None, "chunk_count", "NIPC-CHK-09"),
    ("total-less", Some((16, &[191])), None, "chunk_total", "NIPC-CHK-08"),
    ("total-more", Some((16, &[193])), None, "chunk_total", "NIPC-CHK-08"),
    ("len-0", Some((28, &[0])), None, "chunk_packet_len", "NIPC-CHK-10"),
    ("len-max", Some((28, &[0xff; 4])), None, "chunk_packet_len", "NIPC-CHK-10"),
    ("packet-longer", None, Some(97), "chunk_packet_len", "NIPC-CHK-10"),
    ("packet-shorter", None, Some(95), "chunk_packet_len", "NIPC-CHK-10"),
    ("packet-header-only", None, Some(32), "chunk_packet_len", "NIPC-CHK-10"),
];

fn continuations(page: &mut Page) {
    let head = request(PAYLOAD, 1);
    let body: Vec<u8> = (0..PAYLOAD as u8).collect();
    let sound = split(&head, &body, 64);
    let mut add = |topic: &str, second: Vec<u8>, problem: &str, cited: &[&str]| {
        let script = script("server", &[], &[sound[0].clone(), second]);
        let what = format!("A packet that does not continue the message: {}.", topic.replace(['-', '+'], " "));
        let outcome = outcome(vec![partial(), violation(problem)], &[]);
        page.push(run(TARGET, &format!("continuation/{topic}"), &what, script, outcome, cited));
    };
    let apply = |(_, patch, length, ..): &Fault, mut packet: Vec<u8>| {
        if let Some((at, bytes)) = patch {
            packet = patched(&packet, *at, bytes);
        }
        if let Some(length) = length {
            packet.resize(*length, 0xee);
        }
        packet
    };
    for (position, first) in CONTINUATION.iter().enumerate() {
        add(first.0, apply(first, sound[1].clone()), first.3, &[first.4]);
        for second in &CONTINUATION[position + 1..] {
            let apart = match (first.1, second.1) {
                (Some((a, first)), Some((b, second))) => a + first.len() <= b || b + second.len() <= a,
                _ => first.2.is_none(),
            };
            // A packet as short as its header says is wrong in another way.
            if apart && first.3 != second.3 {
                let both = apply(second, apply(first, sound[1].clone()));
                add(&format!("{}+{}", first.0, second.0), both, first.3, &[first.4, "NIPC-RCV-07"]);
            }
        }
    }
    // Header and packet agree on a part of the wrong length.
    for len in [0, 1, 63, 65] {
        let packet = [chunk(7, 32 + PAYLOAD, 1, 3, len), vec![1; len as usize]].concat();
        add(&format!("part-{len}"), packet, "chunk_part_len", &["NIPC-CHK-10", "NIPC-CHK-11"]);
    }
    add("another-message", sound[0].clone(), "chunk_magic", &["NIPC-CHK-04", "NIPC-CHK-07"]);
    add("repeated-later", sound[2].clone(), "chunk_index", &["NIPC-CHK-09"]);
    let last = packets(&head, &body, PACKET as usize, 7);
    let overrun = [chunk(7, 32 + PAYLOAD, 2, 3, 64), vec![1; 64]].concat();
    let script = script("server", &[], &[last[0].clone(), last[1].clone(), overrun]);
    let outcome = outcome(vec![partial(), partial(), violation("chunk_part_len")], &[]);
    page.push(run(
        TARGET,
        "continuation/overrun",
        "The last part is longer than what is left.",
        script,
        outcome,
        &["NIPC-CHK-11"],
    ));
}

fn batches(page: &mut Page) {
    let head = |payload: usize, items: u64| header(1, 1, 1, 0, payload as u64, items, 7);
    let payload = batch::encode(&[vec![1; 8], vec![2; 3]]);
    let mut add = |topic: &str, items: u64, payload: Vec<u8>, problem: Option<&str>, id: &str| {
        let head = head(payload.len(), items);
        let event = problem.map_or_else(|| message(&head, &payload), violation);
        serve(&format!("batch/{topic}"), &[head, payload.clone()].concat(), event, &[id], page);
    };
    add("sound", 2, payload.clone(), None, "NIPC-BAT-01");
    add("of-one", 1, batch::encode(&[vec![5; 8]]), None, "NIPC-BAT-05");
    add("of-one-empty", 1, batch::encode(&[vec![]]), None, "NIPC-BAT-04");
    add("truncated", 4, payload[..31].to_vec(), Some("batch_truncated"), "NIPC-BAT-07");
    add("no-payload", 1, Vec::new(), Some("batch_truncated"), "NIPC-BAT-07");
    add("misaligned", 2, patched(&payload, 8, &[9]), Some("batch_misaligned"), "NIPC-BAT-08");
    add("out-of-bounds", 2, patched(&payload, 12, &[9]), Some("batch_out_of_bounds"), "NIPC-BAT-09");
    let body = batch::encode(&vec![vec![4; 28]; 4]);
    let head = header(1, 1, 1, 0, body.len() as u64, 4, 7);
    let all = split(&head, &body, 64);
    let script_of = |all: &[Vec<u8>]| script("server", &[], all);
    let events = vec![partial(), partial(), message(&head, &body)];
    page.push(run(
        TARGET,
        "batch/in-parts",
        "A batch in several packets.",
        script_of(&all),
        outcome(events, &[]),
        &["NIPC-RCV-07"],
    ));
    let broken = patched(&body, 24, &[1]);
    let all = split(&head, &broken, 64);
    let events = vec![partial(), partial(), violation("batch_misaligned")];
    let what = "A batch in several packets with a wrong directory.";
    page.push(run(TARGET, "batch/in-parts-misaligned", what, script_of(&all), outcome(events, &[]), &["NIPC-BAT-08"]));
}

/// What a client knows of its requests.
fn ids_in_flight(page: &mut Page) {
    let sent: Vec<_> =
        [9, 7, 8, u64::MAX].iter().map(|id| HEADER.encode(&HEADER.value(&[1, 0, 1, 0, 0, 1, *id]))).collect();
    let mut add = |topic: &str, what: &str, packets: Vec<Vec<u8>>, events: Vec<Value>, left: &[u64], cited: &[&str]| {
        let script = script("client", &sent, &packets);
        page.push(run(TARGET, &format!("client/{topic}"), what, script, outcome(events, left), cited));
    };
    let whole = |id: u64| response(0, id);
    let seen = |id: u64| message(&whole(id), &[]);
    let max = u64::MAX;
    add("nothing-comes", "Four requests and no response.", vec![], vec![], &[7, 8, 9, max], &["NIPC-RCV-08"]);
    let order = vec![whole(8), whole(max), whole(9), whole(7)];
    let events = vec![seen(8), seen(max), seen(9), seen(7)];
    add("any-order", "Responses in another order than the requests.", order, events, &[], &["NIPC-RCV-08"]);
    let twice = vec![whole(7), whole(7)];
    let unknown = violation("unknown_message_id");
    let events = vec![seen(7), unknown.clone()];
    add(
        "answered-twice",
        "A second response to one request.",
        twice,
        events,
        &[8, 9, max],
        &["NIPC-RCV-08", "NIPC-RCV-09"],
    );
    add("unknown-id", "A response to no request.", vec![whole(6)], vec![unknown], &[7, 8, 9, max], &["NIPC-RCV-08"]);
    let kind = violation("unexpected_kind");
    let all = [7, 8, 9, max];
    add("request", "A request where responses belong.", vec![request(0, 1)], vec![kind], &all, &["NIPC-RCV-07"]);
    let failure = header(2, 1, 1, 6, 0, 3, 8);
    let events = vec![message(&failure, &[])];
    add(
        "failed-batch",
        "A failure with the flag and the count of a batch, without payload.",
        vec![failure],
        events,
        &[7, 9, max],
        &["NIPC-RCV-13"],
    );
    let claims = header(2, 1, 1, 0, 0, 3, 8);
    let events = vec![violation("batch_truncated")];
    add(
        "empty-batch",
        "An answer of a batch without a directory.",
        vec![claims],
        events,
        &all,
        &["NIPC-RCV-13", "NIPC-BAT-07"],
    );
    let failed = header(2, 1, 1, 6, 3, 3, 8);
    let events = vec![violation("batch_truncated")];
    let packet = [&failed[..], b"abc"].concat();
    add(
        "failed-batch-with-payload",
        "A failure of a batch with a payload is judged.",
        vec![packet],
        events,
        &all,
        &["NIPC-RCV-13"],
    );
    let both = [&header(2, 1, 1, 0, 3, 3, 6)[..], b"abc"].concat();
    let events = vec![violation("batch_truncated")];
    add("directory-before-id", "The directory is judged before the id.", vec![both], events, &all, &["NIPC-RCV-07"]);
    let head = response(PAYLOAD, 9);
    let body = vec![5; PAYLOAD as usize];
    let parts = packets(&head, &body, PACKET as usize, 9);
    let events = vec![partial(), partial(), message(&head, &body)];
    add(
        "in-parts",
        "A response in several packets.",
        parts.clone(),
        events,
        &[7, 8, max],
        &["NIPC-RCV-08", "NIPC-CHK-05"],
    );
    let broken = vec![parts[0].clone(), whole(7)];
    let events = vec![partial(), violation("chunk_magic")];
    add("mixed", "Another response between the packets of one.", broken, events, &all, &["NIPC-CHK-04", "NIPC-RCV-09"]);
    let stranger = packets(&response(PAYLOAD, 5), &body, PACKET as usize, 5);
    let events = vec![partial(), partial(), violation("unknown_message_id")];
    add("unknown-id-in-parts", "The id is judged when the message is whole.", stranger, events, &all, &["NIPC-RCV-07"]);
}
