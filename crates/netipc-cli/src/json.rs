//! The JSON that the command prints: compact, one line, keys in a fixed order.

use serde_json::{Value, json};

use netipc::services::{apps_lookup, cgroups_lookup, cgroups_snapshot};

/// A byte string: a JSON string when it is UTF-8, else `{"hex":".."}`.
pub(crate) fn bytes(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::from(text),
        Err(_) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({ "hex": hex })
        }
    }
}

/// A snapshot, with the names of its fields.
pub(crate) fn snapshot(reply: &cgroups_snapshot::Reply<'_>) -> Value {
    let items: Vec<_> = reply.items().iter().map(|item| snapshot_item(&item)).collect();
    json!({"generation": reply.generation(), "systemd_enabled": reply.systemd_enabled(), "items": items})
}

/// One cgroup of a snapshot.
pub(crate) fn snapshot_item(item: &cgroups_snapshot::Item<'_>) -> Value {
    json!({
        "hash": item.hash(),
        "options": item.options(),
        "enabled": item.enabled(),
        "name": bytes(item.name()),
        "path": bytes(item.path()),
    })
}

/// The answers to paths, with the names and values that the message has also where a path is not known.
pub(crate) fn cgroups_lookup(reply: &cgroups_lookup::Reply<'_>) -> Value {
    let items: Vec<_> = reply
        .items()
        .iter()
        .map(|item| {
            json!({
                "status": item.status().name(),
                "orchestrator": item.orchestrator().code(),
                "path": bytes(item.path()),
                "name": bytes(item.name()),
                "labels": labels(item.labels().iter().map(|label| (label.key, label.value))),
            })
        })
        .collect();
    json!({"generation": reply.generation(), "items": items})
}

/// The answers to process ids, likewise: without a process its cgroup is `known`, empty, and of no use.
pub(crate) fn apps_lookup(reply: &apps_lookup::Reply<'_>) -> Value {
    let items: Vec<_> = reply
        .items()
        .iter()
        .map(|item| {
            json!({
                "status": item.status().name(),
                "cgroup_status": item.cgroup_status().name(),
                "orchestrator": item.orchestrator().code(),
                "pid": item.pid(),
                "ppid": item.ppid(),
                "uid": item.uid(),
                "starttime": item.starttime(),
                "comm": bytes(item.comm()),
                "cgroup_path": bytes(item.cgroup_path()),
                "cgroup_name": bytes(item.cgroup_name()),
                "labels": labels(item.labels().iter().map(|label| (label.key, label.value))),
            })
        })
        .collect();
    json!({"generation": reply.generation(), "items": items})
}

/// Pairs, since a key may stand there twice.
fn labels<'a>(labels: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Vec<Value> {
    labels.map(|(key, value)| json!([bytes(key), bytes(value)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_told_in_hexadecimal() {
        assert_eq!(bytes("h\u{e9}\n".as_bytes()).to_string(), "\"h\u{e9}\\n\"");
        assert_eq!(bytes(b"").to_string(), "\"\"");
        assert_eq!(bytes(b"\xff\x00a").to_string(), r#"{"hex":"ff0061"}"#);
    }
}
