//! Where the value stands that readers see: replaced as a whole, read without waiting.

use std::ops::Deref;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

/// A place for one shared value.
///
/// What is put there is seen whole, or not at all, and in the order in which it was put there. Reading never waits. The
/// place keeps no value alive that was replaced; guards do.
pub(super) trait Place<T> {
    /// Keeps what was read.
    type Guard: Deref<Target: Deref<Target = T>>;

    /// A place with a value.
    fn new(value: T) -> Self;

    /// What is there now.
    fn read(&self) -> Self::Guard;

    /// Puts another value there.
    fn replace(&self, value: T);
}

/// The place that caches use. Readers of one value share no cache line that any of them writes.
pub(super) type Swap<T> = ArcSwap<T>;

/// What readers of a [`Swap`] hold.
pub(super) type SwapGuard<T> = Guard<Arc<T>>;

impl<T> Place<T> for Swap<T> {
    type Guard = SwapGuard<T>;

    fn new(value: T) -> Self {
        Self::from_pointee(value)
    }

    fn read(&self) -> SwapGuard<T> {
        self.load()
    }

    fn replace(&self, value: T) {
        self.store(Arc::new(value));
    }
}
