//! Mutations of scripts and of the envelope's values, which are JSON.

use serde_json::Value;

use super::bytes;
use super::rng::Rng;
use crate::frame::{hex, unhex};

/// Changes a script of `target` in a few places, so that it stays one that a testee must be able to run.
pub(super) fn mutate(rng: &mut Rng, target: &str, script: &mut Value, other: &Value) {
    for _ in 0..=rng.below(2) {
        match target {
            "chunker" => chunker(rng, script),
            "session" => session(rng, script, other),
            _ => member(rng, target, script, other),
        }
    }
}

/// One member, whatever it is.
fn member(rng: &mut Rng, target: &str, script: &mut Value, other: &Value) {
    let Some(members) = script.as_object_mut() else { return };
    let names: Vec<_> = members.keys().cloned().collect();
    // Packets have the most in them.
    let name = match names.last() {
        Some(last) if rng.one_in(2) => last,
        _ => match rng.pick(&names) {
            Some(name) => name,
            None => return,
        },
    };
    let lent = other.get(name).cloned().unwrap_or(Value::Null);
    let Some(value) = members.get_mut(name) else { return };
    match (&*value, name.as_str()) {
        (Value::String(_), "gate") => *value = (*rng.pick(&["open", "denied", "full"]).unwrap_or(&"open")).into(),
        (Value::String(text), _) => *value = string(rng, text, lent.as_str()).into(),
        (Value::Number(_), "padding") => {}
        // A client proposes packets that its transport can send.
        (Value::Number(_), "packet_size") if target == "handshake-client" => *value = rng.number(32).max(33).into(),
        (Value::Number(_), name) => *value = rng.number(bits(name)).into(),
        (Value::Array(items), _) => {
            let mut items = items.clone();
            array(rng, &mut items, lent.as_array().map_or(&[][..], Vec::as_slice));
            *value = items.into();
        }
        _ => {}
    }
}

/// How many bits a number of the envelope has.
fn bits(name: &str) -> u32 {
    match name {
        "kind" | "flags" | "code" | "transport_status" | "layout_version" => 16,
        "message_id" | "auth_token" | "session_id" => 64,
        _ => 32,
    }
}

fn string(rng: &mut Rng, text: &str, other: Option<&str>) -> String {
    let mut content = unhex(text).unwrap_or_default();
    let other = other.and_then(unhex).unwrap_or_default();
    bytes::mutate(rng, &mut content, &other);
    hex(&content)
}

/// An array of byte strings.
fn array(rng: &mut Rng, items: &mut Vec<Value>, other: &[Value]) {
    let at = rng.below(items.len() + 1);
    match rng.below(5) {
        0 if !items.is_empty() => {
            items.remove(at.min(items.len() - 1));
        }
        1 if !items.is_empty() => {
            let again = items[rng.below(items.len())].clone();
            items.insert(at, again);
        }
        2 => {
            if let Some(item) = rng.pick(other) {
                items.insert(at, item.clone());
            }
        }
        _ => {
            if let Some(item) = items.get_mut(at) {
                let lent = rng.pick(other).and_then(Value::as_str);
                *item = string(rng, item.as_str().unwrap_or_default(), lent).into();
            }
        }
    }
    items.truncate(16);
}

/// Another payload with a header that tells of it, or another packet size.
fn chunker(rng: &mut Rng, script: &mut Value) {
    if rng.one_in(2) {
        let bits = if rng.one_in(2) { 7 } else { 31 };
        script["packet_size"] = (33 + rng.number(bits)).into();
        return;
    }
    let length = rng.below(600);
    let payload: Vec<u8> = (0..length).map(|_| rng.next() as u8).collect();
    let mut header = script["header"].as_str().and_then(unhex).unwrap_or_default();
    if header.len() == 32 {
        header[16..20].copy_from_slice(&(length as u32).to_le_bytes());
        header[24..].copy_from_slice(&rng.next().to_le_bytes());
    }
    script["header"] = hex(&header).into();
    script["payload"] = hex(&payload).into();
}

/// Other packets; limits only where no request was sent that they could forbid.
fn session(rng: &mut Rng, script: &mut Value, other: &Value) {
    let nothing_sent = script["sent"].as_array().is_none_or(Vec::is_empty);
    if nothing_sent && rng.one_in(4) {
        match rng.below(4) {
            0 => script["request_payload"] = rng.number(32).into(),
            1 => script["response_payload"] = rng.number(32).into(),
            2 => script["items"] = rng.number(32).max(1).into(),
            _ => script["packet_size"] = (33 + rng.below(400)).into(),
        }
        return;
    }
    let lent = other["packets"].as_array().map_or(&[][..], Vec::as_slice);
    let mut packets = script["packets"].as_array().cloned().unwrap_or_default();
    array(rng, &mut packets, lent);
    // An empty packet is the end of the stream, which no session is told of.
    packets.retain(|packet| packet.as_str() != Some(""));
    script["packets"] = packets.into();
}
