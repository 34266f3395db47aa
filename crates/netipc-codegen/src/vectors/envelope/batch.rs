//! Batches.

use std::collections::BTreeSet;

use super::super::offence::Offence;
use super::super::value::Value;
use super::super::{Ask, Golden, Outcome, Page, Vector};
use super::{ids, of, patched};

const TARGET: &str = "batch";

pub(super) fn page(golden: &[Golden]) -> Page {
    let mut page = Page::new("Payloads of batches. The bytes to decode begin with the count of items as u32.");
    let lists: [(&str, Vec<Vec<u8>>); 8] = [
        ("none", vec![]),
        ("one", vec![vec![7; 8]]),
        ("one-empty", vec![vec![]]),
        ("three", vec![vec![1; 8], vec![2; 8], vec![3; 8]]),
        ("odd-lengths", vec![b"ab".to_vec(), b"hello, there".to_vec(), b"x".to_vec()]),
        ("empty-between", vec![vec![1], vec![], vec![], vec![2; 9]]),
        ("aligned-end", vec![vec![9; 16], vec![9; 24]]),
        ("many", (0..100).map(|n| vec![n; usize::from(n) % 11]).collect()),
    ];
    for (topic, items) in &lists {
        sound(topic, items, &mut page);
    }
    tolerated(&mut page);
    refused(&mut page);
    for golden in of(golden, TARGET) {
        let items = items_of(&golden.bytes);
        let body = with_count(items.len() as u32, &golden.bytes);
        let outcome = Outcome::Decoded(value(&items), golden.bytes.clone());
        push(
            &format!("golden/{}", golden.name),
            Ask::Check(body),
            outcome,
            "golden",
            &["NIPC-BAT-01", "NIPC-BAT-05"],
            &mut page,
        );
    }
    page
}

fn sound(topic: &str, items: &[Vec<u8>], page: &mut Page) {
    let bytes = encode(items);
    let cited = ["NIPC-BAT-01", "NIPC-BAT-02", "NIPC-BAT-03", "NIPC-BAT-04"];
    let body = with_count(items.len() as u32, &bytes);
    let outcome = Outcome::Decoded(value(items), bytes.clone());
    push(&format!("{topic}/decode"), Ask::Check(body), outcome, "canonical", &cited, page);
    let needed = bytes.len() as u64;
    let encoded = |budget| Ask::Encode(budget, value(items));
    push(&format!("{topic}/encode"), encoded(needed), Outcome::Encoded(bytes.clone()), "edge", &cited, page);
    let roomy = Outcome::Encoded(bytes);
    push(&format!("{topic}/encode-with-room"), encoded(needed + 7), roomy, "canonical", &cited, page);
    for budget in [needed.saturating_sub(1), needed / 2, 0].into_iter().filter(|n| *n < needed).collect::<BTreeSet<_>>()
    {
        let offence = Offence::Envelope { part: TARGET, problem: "overflow" };
        let topic = format!("{topic}/budget-{budget}");
        push(&topic, encoded(budget), Outcome::Refused(offence), "edge", &["NIPC-BAT-12"], page);
    }
}

fn tolerated(page: &mut Page) {
    let items = vec![vec![1; 8], vec![2; 8]];
    let bytes = encode(&items);
    let mut add = |topic: &str, payload: Vec<u8>, items: &[Vec<u8>], count: u32| {
        let outcome = Outcome::Decoded(value(items), encode(items));
        push(
            &format!("tolerated/{topic}"),
            Ask::Check(with_count(count, &payload)),
            outcome,
            "tolerated",
            &["NIPC-BAT-10"],
            page,
        );
    };
    let behind = [&bytes[..], &[0xee; 13]].concat();
    add("bytes-behind", behind, &items, 2);
    let swapped = [entry(8, 8), entry(0, 8), bytes[16..].to_vec()].concat();
    add("any-order", swapped, &[items[1].clone(), items[0].clone()], 2);
    let overlap = [entry(0, 8), entry(0, 16), bytes[16..].to_vec()].concat();
    add("overlap", overlap, &[items[0].clone(), [vec![1; 8], vec![2; 8]].concat()], 2);
    let gap = [entry(0, 8), entry(16, 8), vec![1; 8], vec![0xee; 8], vec![2; 8]].concat();
    add("gap", gap, &items, 2);
    let dirty = [entry(0, 3), entry(8, 3), b"abc".to_vec(), vec![0xee; 5], b"def".to_vec()].concat();
    add("padding", dirty, &[b"abc".to_vec(), b"def".to_vec()], 2);
    let fewer = [entry(0, 0), bytes.clone()].concat();
    add("fewer-than-there-are", fewer, &[vec![]], 1);
    add("count-0", bytes.clone(), &[], 0);
    let at_end = [entry(8, 0), vec![5; 8]].concat();
    add("empty-at-the-end", at_end, &[vec![]], 1);
}

fn refused(page: &mut Page) {
    let bytes = encode(&[vec![1; 8], vec![2; 8]]);
    let mut add = |topic: &str, count: u32, payload: Vec<u8>, problem, cited: &str| {
        let outcome = Outcome::Refused(Offence::Envelope { part: TARGET, problem });
        push(topic, Ask::Check(with_count(count, &payload)), outcome, "edge", &[cited], page);
    };
    for count in [5, 6, 0x1fff_ffff, 0x2000_0000, 0x2000_0001, 0x8000_0000, u32::MAX] {
        add(&format!("truncated/count-{count}"), count, bytes.clone(), "truncated", "NIPC-BAT-07");
    }
    for length in [0, 1, 7, 8, 15] {
        add(&format!("truncated/length-{length}"), 2, bytes[..length].to_vec(), "truncated", "NIPC-BAT-07");
    }
    for index in 0..2 {
        for offset in [1, 2, 4, 7, 9, u32::MAX] {
            let broken = patched(&bytes, 8 * index, &offset.to_le_bytes());
            add(&format!("misaligned/{index}-{offset}"), 2, broken, "misaligned", "NIPC-BAT-08");
        }
        for length in [17, 0x7fff_ffff, u32::MAX] {
            let broken = patched(&bytes, 8 * index + 4, &length.to_le_bytes());
            add(&format!("out-of-bounds/{index}-length-{length}"), 2, broken, "out_of_bounds", "NIPC-BAT-09");
        }
        for offset in [16, 24, 0xffff_fff8] {
            let broken = patched(&bytes, 8 * index, &u32::to_le_bytes(offset));
            add(&format!("out-of-bounds/{index}-offset-{offset}"), 2, broken, "out_of_bounds", "NIPC-BAT-09");
        }
    }
    let both = [entry(9, 99), entry(0, 99), vec![0; 16]].concat();
    add("order/misaligned-and-out-of-bounds", 2, both, "misaligned", "NIPC-BAT-08");
    let first = [entry(0, 99), entry(9, 0), vec![0; 16]].concat();
    add("order/first-entry-first", 2, first, "out_of_bounds", "NIPC-BAT-09");
}

fn push(topic: &str, ask: Ask, outcome: Outcome, flag: &'static str, cited: &[&str], page: &mut Page) {
    page.push(Vector {
        id: format!("{TARGET}/{topic}"),
        what: format!("A batch: {}.", topic.replace(['/', '-'], " ")),
        target: TARGET.to_owned(),
        ask,
        outcome,
        flags: BTreeSet::from([flag]),
        requirements: ids(cited),
    });
}

fn value(items: &[Vec<u8>]) -> Value {
    Value::object([("items", Value::byte_strings(items.iter().map(Vec::as_slice)))])
}

fn entry(offset: u32, length: u32) -> Vec<u8> {
    [offset.to_le_bytes(), length.to_le_bytes()].concat()
}

fn with_count(count: u32, payload: &[u8]) -> Vec<u8> {
    [&count.to_le_bytes()[..], payload].concat()
}

/// The payload of a batch: the directory, then the items, each one padded.
pub(super) fn encode(items: &[Vec<u8>]) -> Vec<u8> {
    let (mut directory, mut area) = (Vec::new(), Vec::new());
    for item in items {
        directory.extend(entry(area.len() as u32, item.len() as u32));
        area.extend(item);
        area.resize(area.len().next_multiple_of(8), 0);
    }
    [directory, area].concat()
}

/// The items of a canonical payload: its first item starts right behind the directory.
fn items_of(payload: &[u8]) -> Vec<Vec<u8>> {
    let number =
        |at: usize| u32::from_le_bytes([payload[at], payload[at + 1], payload[at + 2], payload[at + 3]]) as usize;
    (1..=payload.len() / 8)
        .map(|count| {
            let entries = (0..count).map(|index| (number(8 * index), number(8 * index + 4)));
            entries
                .map(|(at, len)| payload.get(8 * count + at..8 * count + at + len).unwrap_or_default().to_vec())
                .collect()
        })
        .find(|items: &Vec<Vec<u8>>| encode(items) == payload)
        .unwrap_or_default()
}
