//! Cutting messages into packets.

use super::super::Page;
use super::super::value::Value;
use super::layout::{chunk, header};
use super::{flagged, run};

pub(super) fn page() -> Page {
    let mut page = Page::new("The packets of a message.");
    let cases: [(u64, u64); 18] = [
        (0, 96),
        (1, 96),
        (63, 96),
        (64, 96),
        (65, 96),
        (127, 96),
        (128, 96),
        (129, 96),
        (188, 96),
        (0, 33),
        (1, 33),
        (2, 33),
        (5, 33),
        (300, 64),
        (300, 331),
        (300, 332),
        (300, 333),
        (300, 4_294_967_295),
    ];
    for (payload, packet) in cases {
        let head = header(2, 0, 5, 0, payload, 1, 0x1234_5678_9abc_def0);
        let bytes: Vec<u8> = (0..payload).map(|at| at as u8).collect();
        let packets = packets(&head, &bytes, packet as usize, 0x1234_5678_9abc_def0);
        let script = Value::object([
            ("header", head.as_slice().into()),
            ("payload", bytes.into()),
            ("packet_size", packet.into()),
        ]);
        let outcome = Value::object([("packets", Value::byte_strings(packets.iter().map(Vec::as_slice)))]);
        let what = format!("A payload of {payload} bytes in packets of {packet}.");
        let cited = ["NIPC-CHK-01", "NIPC-CHK-02", "NIPC-CHK-03", "NIPC-CHK-04"];
        let vector = run("chunker", &format!("{payload}-in-{packet}"), &what, script, outcome, &cited);
        page.push(flagged(vector, &["edge"]));
    }
    page
}

/// The packets of a message: the first one opens it, every other one continues it.
pub(super) fn packets(head: &[u8], payload: &[u8], packet: usize, id: u64) -> Vec<Vec<u8>> {
    let mut parts: Vec<&[u8]> = payload.chunks(packet - 32).collect();
    if parts.is_empty() {
        parts.push(&[]);
    }
    let (total, count) = (32 + payload.len() as u64, parts.len() as u64);
    let head_of = |index: u64, part: &[u8]| match index {
        0 => head.to_vec(),
        _ => chunk(id, total, index, count, part.len() as u64),
    };
    (0..count).zip(&parts).map(|(index, part)| [head_of(index, part), part.to_vec()].concat()).collect()
}
