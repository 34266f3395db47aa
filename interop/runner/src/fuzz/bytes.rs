//! Mutations of byte strings.

use super::rng::Rng;

/// No question is longer.
pub(super) const LONGEST: usize = 1 << 14;

/// Changes `bytes` in a few places; `other` lends parts of itself.
pub(super) fn mutate(rng: &mut Rng, bytes: &mut Vec<u8>, other: &[u8]) {
    for _ in 0..=rng.below(3) {
        step(rng, bytes, other);
    }
    bytes.truncate(LONGEST);
}

fn step(rng: &mut Rng, bytes: &mut Vec<u8>, other: &[u8]) {
    if bytes.is_empty() {
        bytes.extend(&other[..rng.below(other.len() + 1)]);
        return;
    }
    match rng.below(13) {
        0 => {
            let at = rng.below(bytes.len());
            bytes[at] ^= 1 << rng.below(8);
        }
        1 => {
            let at = rng.below(bytes.len());
            bytes[at] = *rng.pick(&[0, 1, 0x7f, 0x80, 0xff, b'a']).unwrap_or(&0);
        }
        2 => overwrite(rng, bytes, 2),
        3 | 4 => overwrite(rng, bytes, 4),
        5 => overwrite(rng, bytes, 8),
        6 | 7 => nudge(rng, bytes),
        8 => {
            let length = match rng.below(2) {
                0 => rng.below(bytes.len() + 1),
                _ => bytes.len() - 1 - rng.below(bytes.len().min(9)),
            };
            bytes.truncate(length);
        }
        9 => {
            let more = 1 + rng.below(17);
            let fill = if rng.one_in(2) { 0 } else { rng.next() as u8 };
            bytes.resize(bytes.len() + more, fill);
        }
        10 => splice(rng, bytes, other),
        11 => repeat(rng, bytes),
        _ => {
            let at = rng.below(bytes.len());
            let length = 1 + rng.below(16);
            let length = aligned(rng, length).min(bytes.len() - at);
            bytes.drain(at..at + length);
        }
    }
}

/// A number at a place where one may stand.
fn overwrite(rng: &mut Rng, bytes: &mut [u8], size: usize) {
    let slots = bytes.len() / size;
    if slots > 0 {
        let at = rng.below(slots) * size;
        let number = match rng.below(3) {
            // Lengths and offsets near the size of the whole.
            0 => (bytes.len() as u64).wrapping_add(rng.below(17) as u64).wrapping_sub(8),
            _ => rng.number(8 * size as u32),
        };
        bytes[at..at + size].copy_from_slice(&number.to_le_bytes()[..size]);
    }
}

/// An offset, length or count, a little more or less.
fn nudge(rng: &mut Rng, bytes: &mut [u8]) {
    let size = if rng.one_in(3) { 2 } else { 4 };
    let slots = bytes.len() / size;
    if slots == 0 {
        return;
    }
    let at = rng.below(slots) * size;
    let mut number = [0; 8];
    number[..size].copy_from_slice(&bytes[at..at + size]);
    let step = *rng.pick(&[1_i64, -1, 8, -8, 7, 16, -16]).unwrap_or(&1);
    let number = u64::from_le_bytes(number).wrapping_add_signed(step);
    bytes[at..at + size].copy_from_slice(&number.to_le_bytes()[..size]);
}

/// The beginning of one, the end of the other.
fn splice(rng: &mut Rng, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = rng.below(bytes.len() + 1);
    let at = aligned(rng, at).min(bytes.len());
    let from = if rng.one_in(2) { at.min(other.len()) } else { rng.below(other.len() + 1) };
    bytes.truncate(at);
    bytes.extend(&other[from..]);
}

/// A part once more: directory entries, items, rows.
fn repeat(rng: &mut Rng, bytes: &mut Vec<u8>) {
    let at = rng.below(bytes.len());
    let at = aligned(rng, at).min(bytes.len() - 1);
    let length = *rng.pick(&[8_usize, 8, 16, 32, 64]).unwrap_or(&8);
    let part: Vec<u8> = bytes[at..(at + length).min(bytes.len())].to_vec();
    if rng.one_in(2) {
        bytes.splice(at..at, part);
    } else {
        let to = rng.below(bytes.len() / 8 + 1) * 8;
        let end = (to + part.len()).min(bytes.len());
        if to < end {
            bytes[to..end].copy_from_slice(&part[..end - to]);
        }
    }
}

/// Mostly a multiple of 8.
fn aligned(rng: &mut Rng, at: usize) -> usize {
    if rng.one_in(4) { at } else { at & !7 }
}
