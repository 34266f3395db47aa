//! A payload limit that later handshakes grant, raised by what traffic teaches.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use netipc_proto::growth::Learned;

/// A limit that is read for every message and raised now and then. NIPC-L2S-18, NIPC-L2S-19.
#[derive(Debug)]
pub(crate) struct LearnedLimit {
    current: AtomicU32,
    learned: Mutex<Learned>,
}

impl LearnedLimit {
    pub(crate) fn new(learned: Learned) -> Self {
        Self { current: AtomicU32::new(learned.limit()), learned: Mutex::new(learned) }
    }

    pub(crate) fn current(&self) -> u32 {
        self.current.load(Ordering::Relaxed)
    }

    /// A payload of this length was wanted or seen.
    pub(crate) fn saw(&self, length: u32) {
        // Most lengths are within the limit and teach nothing.
        if length > self.current() {
            self.raise(|learned| learned.saw(length));
        }
    }

    /// A payload did not fit the limit that its session had agreed on.
    pub(crate) fn overflowed(&self, agreed: u32) {
        self.raise(|learned| learned.overflowed(agreed));
    }

    fn raise(&self, teach: impl FnOnce(&mut Learned) -> bool) {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        if teach(&mut learned) {
            self.current.store(learned.limit(), Ordering::Relaxed);
        }
    }
}
