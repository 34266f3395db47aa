//! The JSON that the command prints: compact, one line, keys in a fixed order.

use serde_json::{Value, json};

use netipc::services::cgroups_snapshot;

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
    let items: Vec<_> = reply
        .items()
        .iter()
        .map(|item| {
            json!({
                "hash": item.hash(),
                "options": item.options(),
                "enabled": item.enabled(),
                "name": bytes(item.name()),
                "path": bytes(item.path()),
            })
        })
        .collect();
    json!({"generation": reply.generation(), "systemd_enabled": reply.systemd_enabled(), "items": items})
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
