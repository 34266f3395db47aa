//! What refresher and readers share.
//!
//! Snapshot, age and counters are one value that is replaced as a whole, so no reader ever sees the age of one refresh
//! with the snapshot of another. Only the refresher replaces it, and it does so once for each refresh.

use std::sync::Arc;
use std::time::Instant;

use crate::cache::place::{Place, Swap, SwapGuard};
use crate::cache::snapshot::{Census, Image};
use crate::cache::status::{CacheCounters, CacheStatus, Down};
use crate::error::Error;

/// All that readers see.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    /// The last good snapshot.
    pub(super) image: Option<Arc<Image>>,
    /// When the provider was asked that last said that it is so.
    confirmed: Option<Instant>,
    down: Option<Down>,
    counters: CacheCounters,
}

impl View {
    pub(super) fn status(&self) -> CacheStatus {
        CacheStatus {
            items: self.image.as_ref().map_or(0, |image| image.len()),
            bytes: self.image.as_ref().map_or(0, |image| image.bytes()),
            copies: self.image.as_ref().map_or(0, |image| image.copies()),
            generation: self.image.as_ref().and_then(|image| image.generation()),
            confirmed: self.confirmed,
            down: self.down.clone(),
            counters: self.counters,
        }
    }
}

#[derive(Debug)]
pub(super) struct Shelf<P = Swap<View>> {
    place: P,
    census: Census,
}

impl<P: Place<View>> Shelf<P> {
    pub(super) fn new() -> Self {
        Self { place: P::new(View::default()), census: Census::default() }
    }

    pub(super) fn read(&self) -> P::Guard {
        self.place.read()
    }

    /// Counts the images that are made for this shelf.
    pub(super) fn census(&self) -> &Census {
        &self.census
    }

    /// Readers see this snapshot from now on. The one before goes when its last reader does.
    pub(super) fn publish(&self, image: Image, asked: Instant) {
        let mut view = self.answered(asked);
        view.image = Some(Arc::new(image));
        view.counters.published += 1;
        self.place.replace(view);
    }

    /// The snapshot is still what the provider says.
    pub(super) fn confirm(&self, asked: Instant) {
        let mut view = self.answered(asked);
        view.counters.unchanged += 1;
        self.place.replace(view);
    }

    /// There is nothing newer.
    pub(super) fn fail(&self, error: &Error) {
        let mut view = View::clone(&self.place.read());
        view.counters.failures += 1;
        // An abort was our own wish and says nothing of the provider.
        if !matches!(error, Error::Aborted) {
            let since = view.down.map_or_else(Instant::now, |down| down.since);
            view.down = Some(Down { since, cause: Arc::new(error.clone()) });
        }
        self.place.replace(view);
    }

    /// The provider looked at what it knows after it was asked, so the age since then is never too small.
    fn answered(&self, asked: Instant) -> View {
        View { confirmed: Some(asked), down: None, ..View::clone(&self.place.read()) }
    }
}

/// What a reader holds.
pub(super) type ViewGuard = SwapGuard<View>;
