//! The bytes of the golden vectors, decoded and encoded.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use netipc_proto::codec::Writer;
use netipc_proto::service::Service;
use netipc_services::cgroups_snapshot::ItemFields;
use netipc_services::{CgroupsSnapshot, Increment, StringReverse};

fn golden(name: &str) -> Vec<u8> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/vectors/golden/payloads/");
    let path = format!("{dir}{name}.bin");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The request payload for `query`.
fn request<S: Service>(query: S::Query<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    S::encode_request(query, Writer::new(&mut bytes, 4096)).unwrap();
    bytes
}

/// The reply payload that `fill` builds.
fn reply<S: Service>(fill: impl for<'a> FnOnce(&mut S::ReplyBuilder<'a>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut builder = S::reply_builder(Writer::new(&mut bytes, 4096));
    fill(&mut builder);
    S::finish_reply(builder).unwrap();
    bytes
}

#[test]
fn increment() {
    for (name, value) in [("increment_0", 0), ("increment_42", 42), ("increment_max", u64::MAX)] {
        let bytes = golden(name);
        assert_eq!(Increment::decode_request(&bytes).unwrap().value, value);
        assert_eq!(Increment::decode_reply(&bytes).unwrap().value, value);
        assert_eq!(request::<Increment>(value), bytes);
        assert_eq!(reply::<Increment>(|out| out.value(value).unwrap()), bytes);
    }
}

#[test]
fn string_reverse() {
    for (name, text) in [
        ("string_reverse_empty", &b""[..]),
        ("string_reverse_hello", b"hello"),
        ("string_reverse_utf8", b"h\xc3\xa9llo"),
    ] {
        let bytes = golden(name);
        assert_eq!(StringReverse::decode_request(&bytes).unwrap().text(), text);
        assert_eq!(StringReverse::decode_reply(&bytes).unwrap().text(), text);
        assert_eq!(request::<StringReverse>(text), bytes);
        assert_eq!(reply::<StringReverse>(|out| out.text(text).unwrap()), bytes);
    }
}

#[test]
fn snapshot_request() {
    let bytes = golden("cgroups_req");
    CgroupsSnapshot::decode_request(&bytes).unwrap();
    assert_eq!(request::<CgroupsSnapshot>(()), bytes);
}

#[test]
fn snapshot_reply() {
    let items = [
        ItemFields { hash: 100, options: 0, enabled: 1, name: b"init.scope", path: b"/sys/fs/cgroup/init.scope" },
        ItemFields {
            hash: 200,
            options: 2,
            enabled: 0,
            name: b"system.slice/docker-abc.scope",
            path: b"/sys/fs/cgroup/system.slice/docker-abc.scope",
        },
        ItemFields { hash: 300, options: 0, enabled: 1, name: b"", path: b"" },
    ];
    check_snapshot("cgroups_resp", 1, 999, &items);
    check_snapshot("cgroups_resp_empty", 0, 42, &[]);
}

fn check_snapshot(name: &str, systemd_enabled: u32, generation: u64, items: &[ItemFields<'_>]) {
    let bytes = golden(name);
    let view = CgroupsSnapshot::decode_reply(&bytes).unwrap();
    assert_eq!(view.systemd_enabled(), systemd_enabled);
    assert_eq!(view.generation(), generation);
    assert!(view.items().iter().map(|item| item.fields()).eq(items.iter().copied()));
    for hint in [0, 1, 3, 100] {
        let built = reply::<CgroupsSnapshot>(|out| {
            out.generation(generation).systemd_enabled(systemd_enabled);
            out.reserve(hint);
            for item in items {
                out.push(*item).unwrap();
            }
        });
        assert_eq!(built, bytes);
    }
}
