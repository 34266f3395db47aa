//! What holds for any value and for any bytes.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use netipc_proto::service::Service;
use netipc_services::cgroups_snapshot::{OwnedItem, OwnedReply};
use netipc_services::{CgroupsSnapshot, Increment, StringReverse, fuzzing};
use proptest::prelude::*;

mod common;
use common::{any_snapshot, golden, mutate, mutations, reply, request, snapshot};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(256))]

    /// NIPC-COD-14.
    #[test]
    fn increment_comes_back(value: u64) {
        prop_assert_eq!(Increment::decode_request(&request::<Increment>(value)).unwrap().value, value);
    }

    #[test]
    fn string_reverse_comes_back(text in prop::collection::vec(any::<u8>(), 0..300)) {
        let bytes = request::<StringReverse>(&text);
        prop_assert_eq!(bytes.len(), 9 + text.len());
        prop_assert_eq!(StringReverse::decode_request(&bytes).unwrap().text(), &text);
        let bytes = reply::<StringReverse>(1000, |out| out.text(&text).unwrap()).unwrap();
        prop_assert_eq!(StringReverse::decode_reply(&bytes).unwrap().into_owned().text, text);
    }

    #[test]
    fn snapshot_comes_back(value in any_snapshot(20), hint in 0..40_usize) {
        let bytes = snapshot(&value, usize::MAX, hint).unwrap();
        let view = CgroupsSnapshot::decode_reply(&bytes).unwrap();
        prop_assert_eq!(view.items().len(), value.items.len());
        prop_assert!(view.items().iter().rev().map(|item| item.into_owned()).eq(value.items.iter().rev().cloned()));
        prop_assert_eq!(view.into_owned(), value);
    }
}

proptest! {
    #![proptest_config(config(4096))]

    /// Bytes from anywhere: no panic, and what is accepted survives encoding.
    #[test]
    fn any_bytes(data in prop::collection::vec(any::<u8>(), 0..64)) {
        fuzzing::increment(&data);
        fuzzing::string_reverse(&data);
        fuzzing::cgroups_snapshot(&data);
    }

    #[test]
    fn changed_golden_bytes(which in 0..4_usize, mutations in mutations()) {
        let names = ["string_reverse_hello", "cgroups_req", "cgroups_resp", "cgroups_resp_empty"];
        let mut bytes = golden(names[which]);
        mutate(&mut bytes, &mutations);
        fuzzing::increment(&bytes);
        fuzzing::string_reverse(&bytes);
        fuzzing::cgroups_snapshot(&bytes);
    }

    /// The decoder agrees with one that was written apart from it, on what to accept and on what it says.
    #[test]
    fn decoder_agrees_with_the_naive_one(value in any_snapshot(4), mutations in mutations()) {
        let mut bytes = snapshot(&value, usize::MAX, 0).unwrap();
        mutate(&mut bytes, &mutations);
        let decoded = CgroupsSnapshot::decode_reply(&bytes).ok().map(|view| view.into_owned());
        prop_assert_eq!(decoded, naive(&bytes));
    }
}

/// Little but the sentences of the specification, one after the other; slow and obvious.
fn naive(bytes: &[u8]) -> Option<OwnedReply> {
    let word = |bytes: &[u8], at: usize| Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let half = |bytes: &[u8], at: usize| Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let require = |holds: bool| holds.then_some(());

    require(bytes.len() >= 24)?;
    require(half(bytes, 0)? == 1 && half(bytes, 2)? == 0 && word(bytes, 12)? == 0)?;
    let count = word(bytes, 4)? as u128;
    require(24 + 8 * count <= bytes.len() as u128)?;
    let area = &bytes[24 + 8 * count as usize..];

    let mut taken = vec![false; area.len()];
    let mut last = None;
    let mut items = Vec::new();
    for index in 0..count as usize {
        let (offset, length) = (word(bytes, 24 + 8 * index)? as usize, word(bytes, 28 + 8 * index)? as usize);
        require(offset.is_multiple_of(8) && length >= 32 && offset + length <= area.len())?;
        require(last < Some(offset))?;
        require(!taken[offset..offset + length].contains(&true))?;
        taken[offset..offset + length].fill(true);
        last = Some(offset);

        let item = &area[offset..offset + length];
        require(half(item, 0)? == 1 && half(item, 2)? == 0)?;
        let mut used = vec![false; item.len()];
        let mut string = |at: usize| {
            let (start, len) = (word(item, at)? as usize, word(item, at + 4)? as usize);
            require(start >= 32 && start + len < item.len() && item[start + len] == 0)?;
            require(!used[start..=start + len].contains(&true))?;
            used[start..=start + len].fill(true);
            Some(item[start..start + len].to_vec())
        };
        let (name, path) = (string(16)?, string(24)?);
        items.push(OwnedItem { hash: word(item, 4)?, options: word(item, 8)?, enabled: word(item, 12)?, name, path });
    }
    let generation = u64::from_ne_bytes(bytes[16..24].try_into().ok()?);
    Some(OwnedReply { systemd_enabled: word(bytes, 8)?, generation, items })
}
