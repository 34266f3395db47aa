//! Random numbers from a seed, the same ones everywhere and for ever.

/// A generator of the `SplitMix64` kind.
#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

impl Rng {
    /// Starts at `seed`.
    #[must_use]
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 when that is 0.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        if limit == 0 { 0 } else { (self.next() % limit as u64) as usize }
    }

    /// True in one of `times` cases.
    pub(super) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of `items`; none when there are none.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let at = self.below(items.len());
        items.get(at)
    }

    /// A number of `bits` bits that tends to break things.
    pub(super) fn number(&mut self, bits: u32) -> u64 {
        let most = u64::MAX >> (64 - bits);
        let number = match self.below(8) {
            0 => 0,
            1 => most,
            2 => most / 2 + self.below(2) as u64,
            3 => 1 << self.below(bits as usize),
            4 => (1_u64 << self.below(bits as usize)).wrapping_sub(1),
            5 => most - self.below(32) as u64,
            6 => self.below(300) as u64,
            _ => self.next(),
        };
        number & most
    }
}
