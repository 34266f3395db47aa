//! Hashes of byte strings.

use super::super::Page;
use super::super::value::Value;
use super::run;

pub(super) fn page() -> Page {
    let mut page = Page::new("Hashes of byte strings.");
    let strings: [(&str, Vec<u8>); 9] = [
        ("empty", vec![]),
        ("a", b"a".to_vec()),
        ("foobar", b"foobar".to_vec()),
        ("nul", vec![0]),
        ("high-bytes", vec![0xff; 3]),
        ("all-bytes", (0..=255).collect()),
        ("path", b"/system.slice/docker-abc.scope".to_vec()),
        ("not-utf-8", vec![0xc3, 0x28, 0x80]),
        ("long", vec![b'x'; 1000]),
    ];
    for (topic, bytes) in strings {
        let (djb2, fnv1a) = (djb2(&bytes), fnv1a64(&bytes));
        let script = Value::object([("bytes", bytes.into())]);
        let outcome = Value::object([("djb2", djb2.into()), ("fnv1a64", fnv1a.into())]);
        page.push(run("hash", topic, "Both hashes of a byte string.", script, outcome, &["NIPC-SNAP-07"]));
    }
    page
}

/// h = 5381, then for each byte h = h x 33 + byte, modulo 2^32.
fn djb2(bytes: &[u8]) -> u64 {
    bytes.iter().fold(5381, |hash, byte| (hash * 33 + u64::from(*byte)) % (1 << 32))
}

/// Offset basis and prime of the 64-bit FNV-1a.
fn fnv1a64(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (u128::from(hash ^ u64::from(*byte)) * 0x100_0000_01b3 % (1 << 64)) as u64;
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}
