//! Vectors of the structures of fixed size.

use std::collections::BTreeSet;

use super::super::offence::Offence;
use super::super::value::Value;
use super::super::{Ask, Golden, Outcome, Page, Vector};
use super::layout::{CHUNK_HEADER, HEADER, HELLO, HELLO_ACK, Layout};
use super::{ids, of, patched};

pub(super) fn header(golden: &[Golden]) -> Page {
    let mut page = Page::new("The header of a message: every field at its limits, every check.");
    let base = HEADER.value(&[1, 0, 5, 0, 8, 1, 42]);
    structure(&HEADER, &base, &["kind"], golden, &["NIPC-ENV-01", "NIPC-ENV-02"], &mut page);
    for kind in 1..=3_u64 {
        valid(&HEADER, &format!("kind/{kind}"), &base.with("kind", kind.into()), &["NIPC-ENV-04"], &mut page);
    }
    for kind in [0, 4, 256, 65535_u64] {
        let value = base.with("kind", kind.into());
        let topic = format!("kind/{kind}");
        refused(&HEADER, &topic, Ask::Check(HEADER.encode(&value)), "kind", &["NIPC-ENV-04"], &mut page);
        let ask = Ask::Encode(32, value);
        refused(&HEADER, &format!("{topic}/encode"), ask, "kind", &["NIPC-ENV-04"], &mut page);
    }
    let bytes = HEADER.encode(&base);
    let faults: [(&str, usize, &[u8]); 4] = [
        ("magic", 0, &[0x43, 0x50, 0x49, 0x4f]),
        ("header_len", 6, &[33, 0]),
        ("kind", 8, &[9, 0]),
        ("version", 4, &[2, 0]),
    ];
    for set in 1..16_usize {
        let wrong: Vec<_> = (0..4).filter(|bit| set >> bit & 1 == 1).collect();
        let broken = wrong.iter().fold(bytes.clone(), |bytes, at| patched(&bytes, faults[*at].1, faults[*at].2));
        let names: Vec<_> = wrong.iter().map(|at| faults[*at].0).collect();
        let topic = format!("wrong/{}", names.join("+"));
        let cited = ["NIPC-ENV-03", "NIPC-ENV-04", "NIPC-ENV-05", "NIPC-RCV-07"];
        refused(&HEADER, &topic, Ask::Check(broken), names[0], &cited, &mut page);
    }
    for (name, at, size) in [("magic", 0, 4), ("version", 4, 2), ("header_len", 6, 2)] {
        for wrong in [0_u64, 31, u64::MAX] {
            let broken = patched(&bytes, at, &wrong.to_le_bytes()[..size]);
            refused(&HEADER, &format!("{name}/{wrong}"), Ask::Check(broken), name, &["NIPC-ENV-03"], &mut page);
        }
    }
    page
}

pub(super) fn chunk_header(golden: &[Golden]) -> Page {
    let mut page = Page::new("The header of a chunk: every field at its limits, every check.");
    let base = CHUNK_HEADER.value(&[9, 220, 1, 3, 64]);
    structure(&CHUNK_HEADER, &base, &[], golden, &["NIPC-CHK-03"], &mut page);
    let bytes = CHUNK_HEADER.encode(&base);
    let faults: [(&str, usize, &[u8]); 3] = [("magic", 0, &[0x43]), ("version", 4, &[2, 0]), ("flags", 6, &[0, 1])];
    for set in 1..8_usize {
        let wrong: Vec<_> = (0..3).filter(|bit| set >> bit & 1 == 1).collect();
        let broken = wrong.iter().fold(bytes.clone(), |bytes, at| patched(&bytes, faults[*at].1, faults[*at].2));
        let names: Vec<_> = wrong.iter().map(|at| faults[*at].0).collect();
        let topic = format!("wrong/{}", names.join("+"));
        refused(&CHUNK_HEADER, &topic, Ask::Check(broken), names[0], &["NIPC-CHK-07"], &mut page);
    }
    page
}

pub(super) fn hello(golden: &[Golden]) -> Page {
    let mut page = Page::new("The payload of HELLO: every field at its limits. Nothing is judged here.");
    let base = HELLO.value(&[1, 0, 1, 0, 1024, 1, 65536, 1, 0, 7, 65536]);
    // Not every implementation keeps padding.
    structure(&HELLO, &base, &["padding"], golden, &["NIPC-HS-01"], &mut page);
    page
}

pub(super) fn hello_ack(golden: &[Golden]) -> Page {
    let mut page = Page::new("The payload of HELLO_ACK: every field at its limits. Nothing is judged here.");
    let base = HELLO_ACK.value(&[1, 0, 1, 1, 1, 1024, 1, 65536, 1, 65536, 0, 1]);
    structure(&HELLO_ACK, &base, &["padding"], golden, &["NIPC-HS-02"], &mut page);
    page
}

/// All fields but `special` at their limits, too few bytes, more bytes, golden ones.
fn structure(layout: &Layout, base: &Value, special: &[&str], golden: &[Golden], cited: &[&str], page: &mut Page) {
    valid(layout, "example", base, cited, page);
    for (name, _, size) in layout.fields.iter().filter(|(name, ..)| !special.contains(name)) {
        let most = u64::MAX >> (64 - 8 * size);
        for number in BTreeSet::from([0, 1, most / 2, most / 2 + 1, most - 1, most]) {
            valid(layout, &format!("{name}/{number}"), &base.with(name, number.into()), cited, page);
        }
    }
    let bytes = layout.encode(base);
    for length in [0, 1, layout.size / 2, layout.size - 1] {
        let ask = Ask::Check(bytes[..length].to_vec());
        let cited = [cited, &["NIPC-RCV-02"]].concat();
        refused(layout, &format!("short/{length}"), ask, "short", &cited, page);
    }
    let longer = [&bytes[..], &[0xee; 9]].concat();
    page.push(Vector {
        id: format!("{}/bytes-behind", layout.target),
        what: "Bytes behind the structure are not looked at.".to_owned(),
        target: layout.target.to_owned(),
        ask: Ask::Check(longer),
        outcome: Outcome::Decoded(base.clone(), bytes),
        flags: BTreeSet::from(["tolerated"]),
        requirements: ids(cited),
    });
    for golden in of(golden, layout.target) {
        let value = layout.decode(&golden.bytes);
        page.push(Vector {
            id: format!("{}/golden/{}", layout.target, golden.name),
            what: format!("What existing peers write: {}.", golden.name),
            target: layout.target.to_owned(),
            ask: Ask::Check(golden.bytes.clone()),
            outcome: Outcome::Decoded(value, golden.bytes[..layout.size].to_vec()),
            flags: BTreeSet::from(["golden"]),
            requirements: ids(cited),
        });
    }
}

fn valid(layout: &Layout, topic: &str, value: &Value, cited: &[&str], page: &mut Page) {
    let bytes = layout.encode(value);
    let vector = |form: &str, ask, outcome| Vector {
        id: format!("{}/{topic}/{form}", layout.target),
        what: format!("A sound structure: {}.", topic.replace('/', " ")),
        target: layout.target.to_owned(),
        ask,
        outcome,
        flags: BTreeSet::from(["canonical"]),
        requirements: ids(cited),
    };
    page.push(vector("decode", Ask::Check(bytes.clone()), Outcome::Decoded(value.clone(), bytes.clone())));
    page.push(vector("encode", Ask::Encode(layout.size as u64, value.clone()), Outcome::Encoded(bytes)));
}

fn refused(layout: &Layout, topic: &str, ask: Ask, problem: &'static str, cited: &[&str], page: &mut Page) {
    let flags: &[&'static str] = if topic.contains('+') { &["order"] } else { &[] };
    let part = if layout.target == "chunk-header" { "chunk" } else { layout.target };
    page.push(Vector {
        id: format!("{}/{topic}", layout.target),
        what: format!("Refused: {}.", topic.replace('/', " ")),
        target: layout.target.to_owned(),
        ask,
        outcome: Outcome::Refused(Offence::Envelope { part, problem }),
        flags: flags.iter().copied().collect(),
        requirements: ids(cited),
    });
}
