//! Fixed-offset reads and writes of integers in host byte order.

/// The `u16` at `at`; with a constant offset into an array this is one load.
#[inline]
pub(crate) fn u16_at<const N: usize>(bytes: &[u8; N], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}

/// The `u32` at `at`.
#[inline]
pub(crate) fn u32_at<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The `u64` at `at`.
#[inline]
pub(crate) fn u64_at<const N: usize>(bytes: &[u8; N], at: usize) -> u64 {
    let b = &bytes[at..at + 8];
    u64::from_ne_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]])
}

/// Copies `value` to offset `at`.
#[inline]
pub(crate) fn put<const N: usize, const K: usize>(bytes: &mut [u8; N], at: usize, value: [u8; K]) {
    bytes[at..at + K].copy_from_slice(&value);
}

/// `n` rounded up to a multiple of 8; `None` when that does not fit.
#[inline]
pub(crate) fn align8(n: usize) -> Option<usize> {
    n.checked_next_multiple_of(8)
}
