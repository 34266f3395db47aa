//! Asking as the runner does: through frames.

use std::path::Path;

use crate::frames::serve;

pub(crate) const DECODE: u8 = 1;
pub(crate) const ENCODE: u8 = 2;
pub(crate) const CHECK: u8 = 3;
pub(crate) const ANSWER: u8 = 4;

pub(crate) fn frame(op: u8, target: &str, body: &[u8]) -> Vec<u8> {
    let mut frame = (2 + target.len() + body.len()).to_le_bytes()[..4].to_vec();
    frame.extend([op, target.len() as u8]);
    frame.extend(target.as_bytes());
    frame.extend(body);
    frame
}

/// Result and body of the response to one request.
pub(crate) fn ask(op: u8, target: &str, body: &[u8]) -> (u8, Vec<u8>) {
    let mut response = Vec::new();
    serve(frame(op, target, body).as_slice(), &mut response).unwrap();
    let length = u32::from_le_bytes(*response.first_chunk().unwrap());
    assert_eq!(response.len(), 4 + length as usize);
    (response[4], response.split_off(5))
}

pub(crate) fn encode(target: &str, budget: u32, json: &str) -> (u8, Vec<u8>) {
    ask(ENCODE, target, &[&budget.to_le_bytes(), json.as_bytes()].concat())
}

pub(crate) fn golden(name: &str) -> Vec<u8> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/golden/payloads");
    std::fs::read(directory.join(name)).unwrap()
}

/// The text as a byte string of JSON.
pub(crate) fn hex(text: &str) -> String {
    let digits: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digits}\"")
}

/// A golden payload has this value and is what its encoder writes, with not a byte of budget to spare.
pub(crate) fn assert_golden(target: &str, name: &str, json: &str) {
    let bytes = golden(name);
    assert_eq!(ask(DECODE, target, &bytes), (0, json.as_bytes().to_vec()), "{name}");
    let checked = [&(json.len() as u32).to_le_bytes(), json.as_bytes(), &bytes].concat();
    assert_eq!(ask(CHECK, target, &bytes), (0, checked), "{name}");
    let length = bytes.len() as u32;
    let overflow = format!("{{\"error\":\"overflow\",\"needed\":{length},\"budget\":{}}}", length - 1);
    assert_eq!(encode(target, length, json), (0, bytes), "{name}");
    assert_eq!(encode(target, length - 1, json), (1, overflow.into_bytes()), "{name}");
}

/// Bytes that are accepted, though not canonical, decode to this and encode to those.
pub(crate) fn assert_tolerated(target: &str, bytes: &[u8], json: &str, canonical: &[u8]) {
    let checked = [&(json.len() as u32).to_le_bytes(), json.as_bytes(), canonical].concat();
    assert_eq!(ask(CHECK, target, bytes), (0, checked));
}

/// The offence of bytes: record, field, offset, item and problem, with commas.
pub(crate) fn offence(target: &str, bytes: &[u8]) -> String {
    let (result, json) = ask(DECODE, target, bytes);
    assert_eq!(ask(CHECK, target, bytes), (result, json.clone()));
    refused(result, json).strip_prefix("decode,").unwrap().to_owned()
}

/// The offence of a value: error, record, field and problem, with commas.
pub(crate) fn encode_offence(target: &str, json: &str) -> String {
    let (result, json) = encode(target, u32::MAX, json);
    refused(result, json)
}

fn refused(result: u8, json: Vec<u8>) -> String {
    let json = String::from_utf8(json).unwrap();
    assert_eq!(result, 1, "{json}");
    let values = json.trim_matches(['{', '}']).split(',').map(|member| member.split_once(':').unwrap().1);
    values.collect::<Vec<_>>().join(",").replace('"', "")
}

/// The bytes with some of them overwritten.
pub(crate) fn with(bytes: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes
}

/// The bytes with a u32 overwritten.
pub(crate) fn with_u32(bytes: &[u8], at: usize, new: u32) -> Vec<u8> {
    with(bytes, at, &new.to_le_bytes())
}
