//! Records that grow: newer versions of a service append fields to the fixed part (NIPC-EVO-01 to NIPC-EVO-07).
//!
//! Such a record says how long its fixed part is. A field that stands behind that has the default of the reader's schema.

use super::{Scalar, load};

/// The fixed part of a record that was decoded before, as long as the number at byte `at` says.
///
/// Total on purpose: bytes that were never decoded give an unspecified part, not a panic.
#[inline]
#[must_use]
pub fn grown_part(bytes: &[u8], at: usize) -> &[u8] {
    let size = bytes.get(at..).and_then(<[u8]>::first_chunk::<2>).map_or(0, |size| load::<u16, 2>(size, 0));
    bytes.get(..usize::from(size)).unwrap_or_default()
}

/// The number at byte `at` of a fixed part, or `default` when that ends before it.
#[inline]
#[must_use]
pub fn load_or<T: Scalar>(fixed: &[u8], at: usize, default: T) -> T {
    match fixed.get(at..).and_then(|bytes| bytes.get(..T::SIZE)) {
        Some(bytes) => T::load(bytes),
        None => default,
    }
}

/// The string whose offset and length stand at byte `at` of a fixed part, or `default` when that ends before them; in a
/// record that was decoded before.
///
/// Total on purpose: bytes that were never decoded give an empty string, not a panic.
#[inline]
#[must_use]
pub fn string_or<'a>(bytes: &'a [u8], fixed: &[u8], at: usize, default: &'static [u8]) -> &'a [u8] {
    let Some(reference) = fixed.get(at..).and_then(<[u8]>::first_chunk::<8>) else { return default };
    super::string_at(bytes, reference, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_has_its_default() {
        // NIPC-EVO-04
        let mut bytes = [6, 0, 9, 0, 7, 0, 8];
        bytes[..2].copy_from_slice(&6_u16.to_ne_bytes());
        let fixed = grown_part(&bytes, 0);
        assert_eq!(fixed, &bytes[..6]);
        assert_eq!(load_or(fixed, 5, 3_u8), 0);
        assert_eq!(load_or(fixed, 6, 3_u8), 3);
        assert_eq!(load_or(fixed, 5, 3_u16), 3);
        assert_eq!(string_or(&bytes, fixed, 2, b"no"), b"no");
    }

    #[test]
    fn bytes_that_were_never_decoded_do_no_harm() {
        assert_eq!(grown_part(&[], 0), b"");
        assert_eq!(grown_part(&[255, 255], 0), b"");
        assert_eq!(grown_part(&[1], usize::MAX), b"");
        assert_eq!(load_or(&[1], usize::MAX, 9_u64), 9);
        assert_eq!(string_or(&[], &[255; 8], 0, b"no"), b"");
    }
}
