//! The two small hash functions that the protocol names.
//!
//! Neither resists an attacker: they name things, they do not protect tables.
//!
//! ```
//! assert_eq!(netipc_proto::hash::djb2(b""), 5381);
//! assert_eq!(netipc_proto::hash::fnv1a64(b""), 0xcbf2_9ce4_8422_2325);
//! ```

/// djb2: what providers put into the `hash` field of a snapshot item, computed over the item's name.
#[must_use]
pub const fn djb2(bytes: &[u8]) -> u32 {
    let mut hash: u32 = 5381;
    let mut i = 0;
    while i < bytes.len() {
        hash = hash.wrapping_mul(33).wrapping_add(bytes[i] as u32);
        i += 1;
    }
    hash
}

/// FNV-1a with 64 bits: names kernel objects after a run directory.
#[must_use]
pub const fn fnv1a64(bytes: &[u8]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        i += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn djb2_known_values() {
        assert_eq!(djb2(b"a"), 5381 * 33 + 97);
        assert_eq!(djb2(b"ab"), (5381 * 33 + 97) * 33 + 98);
        // Wraps at 32 bits.
        let long = djb2(b"/system.slice/docker-abc.scope");
        let wide =
            b"/system.slice/docker-abc.scope".iter().fold(5381u128, |h, b| (h * 33 + u128::from(*b)) % (1 << 32));
        assert_eq!(u128::from(long), wide);
    }

    #[test]
    fn fnv1a64_known_values() {
        // Published test values of the FNV-1a specification.
        assert_eq!(fnv1a64(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a64(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
