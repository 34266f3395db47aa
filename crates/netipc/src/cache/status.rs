//! What a cache tells of itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::Error;

/// A view of a cache at one moment. Counters start at 0 with the cache.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CacheStatus {
    /// Items of the snapshot, duplicates included.
    pub items: usize,
    /// Memory of the snapshot, in bytes: the payload as it was received, and the index.
    pub bytes: usize,
    /// Snapshots in memory: the present one, and older ones that guards still hold.
    pub copies: usize,
    /// The provider's version of the data; none without a snapshot, or when the service has no such number.
    pub generation: Option<u64>,
    /// When the provider last said that the data is so; none before the first time.
    pub confirmed: Option<Instant>,
    /// Since when and why there is no news from the provider; none when the last refresh succeeded, or was never tried.
    pub down: Option<Down>,
    /// What the cache did.
    pub counters: CacheCounters,
}

impl CacheStatus {
    /// Whether there is a snapshot. Once true it stays so.
    pub fn is_ready(&self) -> bool {
        self.confirmed.is_some()
    }

    /// How long ago the provider last said that the data is so.
    pub fn age(&self) -> Option<Duration> {
        self.confirmed.map(|at| at.elapsed())
    }
}

/// A provider that does not answer, or not well.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Down {
    /// When the first refresh failed after the last one that succeeded.
    pub since: Instant,
    /// Why the last one did.
    pub cause: Arc<Error>,
}

/// What a cache did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheCounters {
    /// Refreshes that brought a new snapshot. Differs between two snapshots, and so tells them apart.
    pub published: u64,
    /// Refreshes that brought the same bytes again.
    pub unchanged: u64,
    /// Refreshes that failed.
    pub failures: u64,
}
