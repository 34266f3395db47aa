//! What holds for any value and for any bytes.

use netipc_proto::service::{Lookup, Service};
use netipc_services::{AppsLookup, CgroupsLookup, cgroups_lookup, fuzzing};
use proptest::prelude::*;

use crate::common::{golden, mutate, mutations};
use crate::sample::{Label, Sample, any_labels, cases, reply, request};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// NIPC-COD-14: what is encoded decodes to equal values.
fn comes_back<S: Sample<Question: PartialEq>>(cases: &[(S::Question, S::Answer)]) {
    let questions: Vec<_> = cases.iter().map(|(question, _)| question.clone()).collect();
    assert_eq!(S::questions(&S::decode_request(&request::<S>(&questions)).unwrap()), questions);
    let bytes = reply::<S>(cases, usize::MAX).unwrap();
    let items = S::items(&S::decode_reply(&bytes).unwrap());
    let expected = cases.iter().map(|(question, answer)| (S::item(question, answer), S::retry_later(answer)));
    assert!(items.into_iter().eq(expected));
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn cgroups_come_back(cases in cases::<CgroupsLookup>(12)) {
        comes_back::<CgroupsLookup>(&cases);
    }

    #[test]
    fn apps_come_back(cases in cases::<AppsLookup>(12)) {
        comes_back::<AppsLookup>(&cases);
    }
}

/// The golden vectors of both services.
const VECTORS: [&str; 8] = [
    "cgroups_lookup_req",
    "cgroups_lookup_resp_known_with_labels",
    "cgroups_lookup_resp_known_no_labels",
    "cgroups_lookup_resp_unknown_retry",
    "apps_lookup_req",
    "apps_lookup_resp_known_full",
    "apps_lookup_resp_known_permanent",
    "apps_lookup_resp_unknown_pid",
];

/// Walks over everything a view shows.
fn walk(bytes: &[u8]) {
    for (item, _) in CgroupsLookup::items(&CgroupsLookup::view_reply(bytes)) {
        std::hint::black_box(item);
    }
    let view = AppsLookup::view_reply(bytes);
    for index in 0..AppsLookup::len(&view) {
        std::hint::black_box((AppsLookup::outcome(&view, index), AppsLookup::item_bytes(&view, index)));
    }
    std::hint::black_box(AppsLookup::items(&view));
}

proptest! {
    #![proptest_config(config(2048))]

    /// Bytes from anywhere: no panic, and what is accepted survives encoding.
    #[test]
    fn any_bytes(data in prop::collection::vec(any::<u8>(), 0..200)) {
        fuzzing::cgroups_lookup(&data);
        fuzzing::apps_lookup(&data);
    }

    #[test]
    fn changed_golden_bytes(which in 0..VECTORS.len(), mutations in mutations()) {
        let mut bytes = golden(VECTORS[which]);
        mutate(&mut bytes, &mutations);
        fuzzing::cgroups_lookup(&bytes);
        fuzzing::apps_lookup(&bytes);
    }

    /// A view of bytes that were never decoded shows something, and never panics.
    #[test]
    fn views_of_any_bytes(which in 0..VECTORS.len(), mutations in mutations(), data in prop::collection::vec(any::<u8>(), 0..99)) {
        let mut bytes = golden(VECTORS[which]);
        mutate(&mut bytes, &mutations);
        walk(&bytes);
        walk(&data);
    }

    /// The decoder agrees with one that was written apart from it, on what to accept and on what it says.
    #[test]
    fn decoder_agrees_with_the_naive_one(cases in cases::<CgroupsLookup>(3), mutations in mutations()) {
        let mut bytes = reply::<CgroupsLookup>(&cases, usize::MAX).unwrap();
        mutate(&mut bytes, &mutations);
        let decoded = CgroupsLookup::decode_reply(&bytes).ok().map(|view| view.into_owned().items);
        prop_assert_eq!(decoded, naive(&bytes));
    }

    /// Tables: the same, with more labels and changes nearby.
    #[test]
    fn labels_agree_with_the_naive_ones(labels in any_labels(), name in 0..9_usize, mutations in mutations()) {
        let answer = crate::sample::CgroupAnswer::Known { orchestrator: 1, name: vec![b'n'; name], labels };
        let mut bytes = reply::<CgroupsLookup>(&[(b"/p".to_vec(), answer)], usize::MAX).unwrap();
        mutate(&mut bytes, &mutations);
        let decoded = CgroupsLookup::decode_reply(&bytes).ok().map(|view| view.into_owned().items);
        prop_assert_eq!(decoded, naive(&bytes));
    }
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize)
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn require(holds: bool) -> Option<()> {
    holds.then_some(())
}

/// Little but the sentences of the specification, one after the other; slow and obvious.
fn naive(bytes: &[u8]) -> Option<Vec<cgroups_lookup::OwnedItem>> {
    require(bytes.len() >= 16 && half(bytes, 0)? == 1 && half(bytes, 2)? == 0)?;
    let count = word(bytes, 4)?;
    require(16 + 8 * count as u128 <= bytes.len() as u128)?;
    let area = &bytes[16 + 8 * count..];
    let mut last_end = 0;
    let mut items = Vec::new();
    for index in 0..count {
        let (offset, length) = (word(bytes, 16 + 8 * index)?, word(bytes, 20 + 8 * index)?);
        require(offset.is_multiple_of(8) && offset >= last_end && offset + length <= area.len())?;
        last_end = offset + length;
        items.push(naive_item(&area[offset..last_end])?);
    }
    Some(items)
}

fn naive_item(item: &[u8]) -> Option<cgroups_lookup::OwnedItem> {
    require(item.len() >= 28 && half(item, 0)? == 1 && half(item, 6)? == 0 && half(item, 26)? == 0)?;
    let status = cgroups_lookup::Status::from_code(half(item, 2)?)?;
    let orchestrator = half(item, 4)?;
    let ((path_at, path_len), (name_at, name_len)) =
        ((word(item, 8)?, word(item, 12)?), (word(item, 16)?, word(item, 20)?));
    let (path, name) = (naive_string(item, path_at, path_len)?, naive_string(item, name_at, name_len)?);
    require(path_at >= 28 && name_at >= 28 && !path.is_empty())?;
    let (path_end, name_end) = (path_at + path_len + 1, name_at + name_len + 1);
    require(path_end <= name_at || name_end <= path_at)?;
    let (labels, end) = naive_labels(item, path_end.max(name_end), half(item, 24)?.into())?;
    require(end == item.len())?;
    require(status.code() == 0 || (orchestrator == 0 && name.is_empty() && labels.is_empty()))?;
    let labels = labels.into_iter().map(|(key, value)| cgroups_lookup::OwnedLabel { key, value }).collect();
    let orchestrator = cgroups_lookup::Orchestrator(orchestrator);
    Some(cgroups_lookup::OwnedItem { status, orchestrator, path, name, labels })
}

fn naive_labels(item: &[u8], strings_end: usize, count: usize) -> Option<(Vec<Label>, usize)> {
    let mut labels = Vec::new();
    if count == 0 {
        return Some((labels, strings_end));
    }
    let table = strings_end.next_multiple_of(8);
    require(item.get(strings_end..table)?.iter().all(|byte| *byte == 0))?;
    let mut end = table + 16 * count;
    for row in 0..count {
        let mut string = |at: usize| {
            require(word(item, at)? == end)?;
            let string = naive_string(item, end, word(item, at + 4)?)?;
            end += string.len() + 1;
            Some(string)
        };
        let (key, value) = (string(table + 16 * row)?, string(table + 16 * row + 8)?);
        require(!key.is_empty())?;
        labels.push((key, value));
    }
    Some((labels, end))
}

fn naive_string(item: &[u8], at: usize, len: usize) -> Option<Vec<u8>> {
    let bytes = item.get(at..=at.checked_add(len)?)?;
    require(bytes.iter().position(|byte| *byte == 0)? == len)?;
    Some(bytes[..len].to_vec())
}
