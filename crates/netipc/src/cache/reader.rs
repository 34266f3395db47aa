//! Looking things up.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use netipc_proto::codec::Items;
use netipc_proto::service::Snapshot;

use crate::cache::shelf::{Shelf, ViewGuard};
use crate::cache::status::CacheStatus;

/// Looks things up in a [`Cache`](crate::Cache), from any thread.
///
/// Cheap to clone, and as cheap to share. Outlives the cache, whose last snapshot it then goes on showing.
pub struct Reader<S> {
    shelf: Arc<Shelf>,
    service: PhantomData<fn() -> S>,
}

/// What a lookup found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Answer<T> {
    /// This.
    Found(T),
    /// Nothing: the snapshot has no such item.
    Absent,
    /// Nobody knows: there has been no snapshot yet.
    NoSnapshot,
}

/// One snapshot, or none, as it was when it was read. Nothing about it changes while the guard lives.
///
/// What it lends is valid for as long as it lives. It keeps the memory of its snapshot, so let it go when done; the last
/// guard of an old snapshot frees it. To keep an item longer, copy it: generated items have `into_owned`.
pub struct ReadGuard<S> {
    view: ViewGuard,
    service: PhantomData<fn() -> S>,
}

impl<S: Snapshot> Reader<S> {
    pub(super) fn new(shelf: Arc<Shelf>) -> Self {
        Self { shelf, service: PhantomData }
    }

    /// The snapshot as it is now, or that there is none. Never waits.
    #[inline]
    pub fn read(&self) -> ReadGuard<S> {
        ReadGuard::new(self.shelf.read())
    }

    /// Age, generation, whether the provider is down, and counters. Never waits.
    pub fn status(&self) -> CacheStatus {
        self.shelf.read().status()
    }
}

impl<S: Snapshot> ReadGuard<S> {
    pub(super) fn new(view: ViewGuard) -> Self {
        Self { view, service: PhantomData }
    }

    /// The first item with this hash and this name. Takes the same time however many items there are, and no memory.
    ///
    /// The hash is the provider's: it is compared, never computed. Who does not have it uses
    /// [`lookup_name`](Self::lookup_name).
    #[inline]
    pub fn lookup(&self, hash: S::Hash, name: &[u8]) -> Answer<S::Item<'_>> {
        match &self.view.image {
            Some(image) => Answer::from_found(image.find::<S>(hash, name)),
            None => Answer::NoSnapshot,
        }
    }

    /// The first item with this name, whatever its hash. Somewhat slower than [`lookup`](Self::lookup).
    #[inline]
    pub fn lookup_name(&self, name: &[u8]) -> Answer<S::Item<'_>> {
        match &self.view.image {
            Some(image) => Answer::from_found(image.find_name::<S>(name)),
            None => Answer::NoSnapshot,
        }
    }

    /// The whole reply of the provider, when there is a snapshot.
    pub fn reply(&self) -> Option<S::Reply<'_>> {
        self.view.image.as_ref().map(|image| image.reply::<S>())
    }

    /// All items in the order of the provider, when there is a snapshot.
    pub fn items(&self) -> Option<Items<'_, S::Item<'_>>> {
        self.reply().map(|reply| S::items(&reply))
    }

    /// Age, generation, whether the provider is down, and counters, as of the same moment.
    pub fn status(&self) -> CacheStatus {
        self.view.status()
    }
}

impl<T> Answer<T> {
    fn from_found(found: Option<T>) -> Self {
        found.map_or(Self::Absent, Self::Found)
    }

    /// The item, for who does not care why there is none.
    pub fn found(self) -> Option<T> {
        match self {
            Self::Found(item) => Some(item),
            Self::Absent | Self::NoSnapshot => None,
        }
    }

    /// The same answer with something else found.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Self::Found(item) => Answer::Found(f(item)),
            Self::Absent => Answer::Absent,
            Self::NoSnapshot => Answer::NoSnapshot,
        }
    }
}

impl<S> Clone for Reader<S> {
    fn clone(&self) -> Self {
        Self { shelf: Arc::clone(&self.shelf), service: PhantomData }
    }
}

impl<S> fmt::Debug for Reader<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("status", &self.shelf.read().status()).finish()
    }
}

impl<S> fmt::Debug for ReadGuard<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadGuard").field("status", &self.view.status()).finish()
    }
}
