//! Structures of fixed size: which field stands where.

use super::super::value::Value;

/// A structure of numbers only.
pub(super) struct Layout {
    pub(super) target: &'static str,
    pub(super) size: usize,
    /// Where numbers stand that are always the same, their bytes, and the number.
    pub(super) constants: &'static [(usize, usize, u64)],
    /// Name, place and bytes of the others.
    pub(super) fields: &'static [(&'static str, usize, usize)],
}

pub(super) const HEADER: Layout = Layout {
    target: "header",
    size: 32,
    constants: &[(0, 4, 0x4e49_5043), (4, 2, 1), (6, 2, 32)],
    fields: &[
        ("kind", 8, 2),
        ("flags", 10, 2),
        ("code", 12, 2),
        ("transport_status", 14, 2),
        ("payload_len", 16, 4),
        ("item_count", 20, 4),
        ("message_id", 24, 8),
    ],
};

pub(super) const CHUNK_HEADER: Layout = Layout {
    target: "chunk-header",
    size: 32,
    constants: &[(0, 4, 0x4e43_484b), (4, 2, 1), (6, 2, 0)],
    fields: &[
        ("message_id", 8, 8),
        ("total_message_len", 16, 4),
        ("chunk_index", 20, 4),
        ("chunk_count", 24, 4),
        ("chunk_payload_len", 28, 4),
    ],
};

pub(super) const HELLO: Layout = Layout {
    target: "hello",
    size: 44,
    constants: &[],
    fields: &[
        ("layout_version", 0, 2),
        ("flags", 2, 2),
        ("supported", 4, 4),
        ("preferred", 8, 4),
        ("request_payload", 12, 4),
        ("request_items", 16, 4),
        ("response_payload", 20, 4),
        ("response_items", 24, 4),
        ("padding", 28, 4),
        ("auth_token", 32, 8),
        ("packet_size", 40, 4),
    ],
};

pub(super) const HELLO_ACK: Layout = Layout {
    target: "hello-ack",
    size: 48,
    constants: &[],
    fields: &[
        ("layout_version", 0, 2),
        ("flags", 2, 2),
        ("server_supported", 4, 4),
        ("intersection", 8, 4),
        ("selected", 12, 4),
        ("request_payload", 16, 4),
        ("request_items", 20, 4),
        ("response_payload", 24, 4),
        ("response_items", 28, 4),
        ("packet_size", 32, 4),
        ("padding", 36, 4),
        ("session_id", 40, 8),
    ],
};

impl Layout {
    /// A value with these numbers, in the order of the fields.
    pub(super) fn value(&self, numbers: &[u64]) -> Value {
        let members =
            self.fields.iter().zip(numbers).map(|((name, ..), number)| ((*name).to_owned(), (*number).into()));
        Value::Object(members.collect())
    }

    pub(super) fn encode(&self, value: &Value) -> Vec<u8> {
        let mut bytes = vec![0; self.size];
        let fields = self.fields.iter().map(|(name, at, size)| (*at, *size, value.number(name)));
        for (at, size, number) in self.constants.iter().copied().chain(fields) {
            bytes[at..at + size].copy_from_slice(&number.to_le_bytes()[..size]);
        }
        bytes
    }

    pub(super) fn decode(&self, bytes: &[u8]) -> Value {
        let number = |at: usize, size: usize| {
            bytes[at..at + size].iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        };
        let numbers: Vec<_> = self.fields.iter().map(|(_, at, size)| number(*at, *size)).collect();
        self.value(&numbers)
    }
}

/// A message header.
pub(super) fn header(
    kind: u64,
    flags: u64,
    code: u64,
    status: u64,
    payload_len: u64,
    item_count: u64,
    id: u64,
) -> Vec<u8> {
    HEADER.encode(&HEADER.value(&[kind, flags, code, status, payload_len, item_count, id]))
}

/// The header of a chunk.
pub(super) fn chunk(id: u64, total: u64, index: u64, count: u64, len: u64) -> Vec<u8> {
    CHUNK_HEADER.encode(&CHUNK_HEADER.value(&[id, total, index, count, len]))
}
