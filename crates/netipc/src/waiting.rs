//! How long a waiter looks by itself before it lets the kernel wake it.
//!
//! To be woken costs microseconds, and tens of them in a virtual machine; a peer that answers at once needs less. So a
//! waiter looks for a while first, and for longer only while that has paid lately. This is the one place that decides it.

use std::hint;
use std::num::NonZero;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

/// Looks after which nothing is gained by one more.
const MOST: u32 = 2048;
/// Looks that are always made: fewer than a system call costs.
const LEAST: u32 = 16;

/// A sleep that was shorter would have been better spent looking.
pub(crate) const WORTH: Duration = Duration::from_micros(50);

/// What one waiter has learned.
#[derive(Debug)]
pub(crate) struct Patience {
    looks: u32,
}

impl Patience {
    pub(crate) fn new() -> Self {
        Self { looks: LEAST }
    }

    /// Looks until `is_there`, or until it is not worth while any more; whether it came.
    ///
    /// On a machine with one processor the peer cannot move while this looks, so it looks once.
    pub(crate) fn look(&mut self, mut is_there: impl FnMut() -> bool) -> bool {
        if is_there() {
            return true;
        }
        if !has_several_processors() {
            return false;
        }
        for _ in 0..self.looks {
            hint::spin_loop();
            if is_there() {
                self.looks = (self.looks * 2).min(MOST);
                return true;
            }
        }
        self.looks = (self.looks / 2).max(LEAST);
        false
    }

    /// A wait that went to sleep was over sooner than more looks would have taken, or not.
    pub(crate) fn slept(&mut self, briefly: bool) {
        if briefly {
            self.looks = (self.looks * 4).min(MOST);
        }
    }
}

fn has_several_processors() -> bool {
    static SEVERAL: OnceLock<bool> = OnceLock::new();
    *SEVERAL.get_or_init(|| thread::available_parallelism().map_or(1, NonZero::get) > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(patience: &mut Patience, comes_at: u32) -> u32 {
        let mut count = 0;
        patience.look(|| {
            count += 1;
            count > comes_at
        });
        count
    }

    #[test]
    fn looking_pays_or_stops() {
        let mut patience = Patience::new();
        assert_eq!(looks(&mut patience, 0), 1, "what is there needs no patience");
        if !has_several_processors() {
            assert_eq!(looks(&mut patience, u32::MAX), 1);
            return;
        }
        // In vain: it stays at the least.
        assert_eq!(looks(&mut patience, u32::MAX), LEAST + 1);
        assert_eq!(looks(&mut patience, u32::MAX), LEAST + 1);
        // It paid, or would have: it grows, within bounds.
        for _ in 0..20 {
            assert!(looks(&mut patience, LEAST) <= LEAST + 1);
        }
        assert_eq!(patience.looks, MOST);
        assert_eq!(looks(&mut patience, u32::MAX), MOST + 1);
        for _ in 0..20 {
            looks(&mut patience, u32::MAX);
        }
        assert_eq!(patience.looks, LEAST);
        patience.slept(false);
        assert_eq!(patience.looks, LEAST);
        for _ in 0..20 {
            patience.slept(true);
        }
        assert_eq!(patience.looks, MOST);
    }
}
