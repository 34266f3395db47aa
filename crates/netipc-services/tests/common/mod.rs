//! What the tests of the services share.
#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use netipc_proto::codec::{BuildError, Writer};
use netipc_proto::service::Service;
use netipc_services::cgroups_snapshot::{ItemFields, OwnedItem, OwnedReply};
use netipc_services::{CgroupsSnapshot, Increment, StringReverse};
use proptest::prelude::*;

/// The payload of a golden vector.
pub(crate) fn golden(name: &str) -> Vec<u8> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/vectors/golden/payloads/");
    let path = format!("{dir}{name}.bin");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The request payload for `query`.
pub(crate) fn request<S: Service>(query: S::Query<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    S::encode_request(query, Writer::new(&mut bytes, usize::MAX)).unwrap();
    bytes
}

/// A service whose replies can be built without looking at the request.
pub(crate) trait Unasked: Service {
    /// Some request.
    fn question() -> Vec<u8>;
}

impl Unasked for Increment {
    fn question() -> Vec<u8> {
        request::<Self>(0)
    }
}

impl Unasked for StringReverse {
    fn question() -> Vec<u8> {
        request::<Self>(b"")
    }
}

impl Unasked for CgroupsSnapshot {
    fn question() -> Vec<u8> {
        request::<Self>(())
    }
}

/// The reply payload that `fill` builds within `budget`, whatever the request.
pub(crate) fn reply<S: Unasked>(
    budget: usize,
    fill: impl for<'a> FnOnce(&mut S::ReplyBuilder<'a>),
) -> Result<Vec<u8>, BuildError> {
    reply_to::<S>(&S::question(), budget, fill)
}

/// The reply payload that `fill` builds within `budget`; what was in the buffer before is checked to be still there.
pub(crate) fn reply_to<S: Service>(
    request: &[u8],
    budget: usize,
    fill: impl for<'a> FnOnce(&mut S::ReplyBuilder<'a>),
) -> Result<Vec<u8>, BuildError> {
    let request = S::decode_request(request).unwrap();
    let before = b"bytes of the envelope";
    // Stale bytes behind the end must never come to light.
    let mut bytes = before.to_vec();
    bytes.extend([0xee; 4096]);
    bytes.truncate(before.len());

    let mut builder = S::reply_builder(&request, Writer::new(&mut bytes, budget));
    fill(&mut builder);
    let result = S::finish_reply(builder);
    assert_eq!(&bytes[..before.len()], before);
    let payload = bytes.split_off(before.len());
    assert!(payload.len() <= budget, "{} bytes within {budget}", payload.len());
    assert!(result.is_ok() || payload.is_empty(), "a failed reply left {} bytes", payload.len());
    result.map(|()| payload)
}

/// The payload of a snapshot, with `hint` items announced.
pub(crate) fn snapshot(value: &OwnedReply, budget: usize, hint: usize) -> Result<Vec<u8>, BuildError> {
    reply::<CgroupsSnapshot>(budget, |out| {
        out.systemd_enabled(value.systemd_enabled).generation(value.generation).reserve(hint);
        for item in &value.items {
            let _ = out.push(item.fields());
        }
    })
}

/// An item with short strings.
pub(crate) fn item(name: &'static str, path: &'static str) -> OwnedItem {
    OwnedItem { hash: 1, options: 2, enabled: 1, name: name.into(), path: path.into() }
}

/// The items of the golden snapshot.
pub(crate) fn golden_items() -> [ItemFields<'static>; 3] {
    let item = |hash, options, enabled, name, path| ItemFields { hash, options, enabled, name, path };
    [
        item(100, 0, 1, b"init.scope", b"/sys/fs/cgroup/init.scope"),
        item(200, 2, 0, b"system.slice/docker-abc.scope", b"/sys/fs/cgroup/system.slice/docker-abc.scope"),
        item(300, 0, 1, b"", b""),
    ]
}

/// Any snapshot of up to `items` items.
pub(crate) fn any_snapshot(items: usize) -> impl Strategy<Value = OwnedReply> {
    let text = || prop::collection::vec(any::<u8>(), 0..20);
    let item = (any::<u32>(), any::<u32>(), any::<u32>(), text(), text())
        .prop_map(|(hash, options, enabled, name, path)| OwnedItem { hash, options, enabled, name, path });
    (any::<u32>(), any::<u64>(), prop::collection::vec(item, 0..=items))
        .prop_map(|(systemd_enabled, generation, items)| OwnedReply { systemd_enabled, generation, items })
}

/// One change to a payload.
#[derive(Debug, Clone)]
pub(crate) enum Mutation {
    /// A byte becomes another.
    Byte(prop::sample::Index, u8),
    /// An aligned word becomes a small or a huge number.
    Word(prop::sample::Index, u32),
    /// An aligned word changes by a little.
    Nudge(prop::sample::Index, i32),
    /// The end is cut off.
    Truncate(prop::sample::Index),
    /// Bytes are added at the end.
    Extend(Vec<u8>),
}

pub(crate) fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let index = any::<prop::sample::Index>;
    let word = prop_oneof![0..300_u32, Just(u32::MAX), Just(u32::MAX - 7), Just(1 << 31)];
    let mutation = prop_oneof![
        2 => (index(), any::<u8>()).prop_map(|(at, value)| Mutation::Byte(at, value)),
        4 => (index(), word).prop_map(|(at, value)| Mutation::Word(at, value)),
        4 => (index(), -16..=16_i32).prop_map(|(at, by)| Mutation::Nudge(at, by)),
        1 => index().prop_map(Mutation::Truncate),
        1 => prop::collection::vec(any::<u8>(), 1..40).prop_map(Mutation::Extend),
    ];
    prop::collection::vec(mutation, 0..4)
}

pub(crate) fn mutate(bytes: &mut Vec<u8>, mutations: &[Mutation]) {
    for mutation in mutations {
        match mutation {
            Mutation::Extend(more) => bytes.extend(more),
            _ if bytes.is_empty() => {}
            Mutation::Truncate(at) => bytes.truncate(at.index(bytes.len())),
            Mutation::Byte(at, value) => {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
            Mutation::Word(at, value) => change_word(bytes, at, |_| *value),
            Mutation::Nudge(at, by) => change_word(bytes, at, |old| old.wrapping_add_signed(*by)),
        }
    }
}

fn change_word(bytes: &mut [u8], at: &prop::sample::Index, change: impl Fn(u32) -> u32) {
    let (words, _) = bytes.as_chunks_mut::<4>();
    if !words.is_empty() {
        let word = &mut words[at.index(words.len())];
        *word = change(u32::from_ne_bytes(*word)).to_ne_bytes();
    }
}
