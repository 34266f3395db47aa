//! Level 3: a local copy of a snapshot, with fast lookup.
//!
//! It stands on the client alone, and knows nothing of sessions or sockets.

mod index;
#[cfg(test)]
mod model;
mod place;
mod reader;
mod shelf;
mod snapshot;
mod status;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use netipc_proto::service::{Service, Snapshot};

pub use reader::{Answer, ReadGuard, Reader};
pub use status::{CacheCounters, CacheStatus, Down};

use crate::abort::Abort;
use crate::client::{Client, ClientConfig, ClientStatus};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::trace::event;
use shelf::Shelf;
use snapshot::Image;

/// Keeps the last good snapshot of a service, for lookups that need no other process.
///
/// The owner calls [`Cache::refresh`] in its loop. Any number of threads look things up through [`Reader`]s: they never
/// wait, not for a refresh and not for each other, and each sees one whole snapshot. A refresh that fails, however it
/// does, leaves the snapshot as it was; its age and why there is no newer one are in the [status](ReadGuard::status).
///
/// Implements `spec/level3.md`. Works for every service whose schema has `[service.snapshot]`.
///
/// # Example
///
/// ```
/// use netipc::services::CgroupsSnapshot;
/// use netipc::services::cgroups_snapshot::ItemFields;
/// use netipc::{Answer, Cache, ClientConfig, Endpoint, Server, ServerConfig};
///
/// # let run_dir = tempfile::tempdir()?;
/// # let run_dir = run_dir.path();
/// let endpoint = Endpoint::new(run_dir, "cgroups-snapshot")?;
/// let provider = Server::<CgroupsSnapshot>::bind(endpoint.clone(), ServerConfig::default(), |_, reply| {
///     reply.generation(1).systemd_enabled(1);
///     reply.push(ItemFields { hash: 7, options: 0, enabled: 1, name: b"web", path: b"/sys/fs/cgroup/web" })?;
///     Ok(())
/// })?
/// .spawn()?;
///
/// let mut cache = Cache::<CgroupsSnapshot>::new(endpoint, ClientConfig::default());
/// let reader = cache.reader();                       // a clone for every thread
/// assert!(matches!(reader.read().lookup(7, b"web"), Answer::NoSnapshot));
///
/// if let Err(error) = cache.refresh() {
///     eprintln!("the snapshot is as old as it was: {error}");
/// }
/// let guard = reader.read();                         // one whole snapshot for as long as it lives
/// if let Answer::Found(item) = guard.lookup(7, b"web") {
///     assert_eq!(item.path(), b"/sys/fs/cgroup/web");
/// }
/// assert!(matches!(guard.lookup_name(b"db"), Answer::Absent));
/// # drop(provider);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Cache<S> {
    client: Client<S>,
    shelf: Arc<Shelf>,
}

/// What a refresh that succeeded has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refresh {
    /// Readers see a new snapshot from now on.
    Published,
    /// The provider sent the same bytes again. The snapshot stays, and is young again.
    Unchanged,
}

impl<S: Snapshot> Cache<S> {
    /// A cache without a snapshot. No I/O.
    ///
    /// The largest snapshot that it takes is [`ClientConfig::growth_ceiling`], 1 MiB by default.
    pub fn new(endpoint: Endpoint, config: ClientConfig) -> Self {
        Self { client: Client::new(endpoint, config), shelf: Arc::new(Shelf::new()) }
    }

    /// Asks the provider for `query` and publishes what it answers. Connects first when there is no session.
    ///
    /// All of it takes at most `timeout`; zero stands for [`ClientConfig::call_timeout`]. Readers see the new snapshot when
    /// this returns [`Refresh::Published`].
    ///
    /// # Errors
    ///
    /// As [`Client::call`] and as connecting. The last good snapshot stays, so who can live with its age may ignore them.
    pub fn refresh_with(&mut self, query: S::Query<'_>, timeout: Duration) -> Result<Refresh, Error> {
        let asked = Instant::now();
        let current = self.shelf.read().image.clone();
        let census = self.shelf.census();
        let fetched = self.client.fetch(query, timeout, |payload| {
            if current.is_some_and(|current| current.is_of(payload)) {
                return Ok(None);
            }
            S::decode_reply(payload)?;
            Ok(Some(Image::new::<S>(payload, census)))
        });
        match fetched {
            Ok(Some(image)) => {
                event!(DEBUG, endpoint = %self.endpoint(), items = image.len(), "a snapshot was published");
                self.shelf.publish(image, asked);
                Ok(Refresh::Published)
            }
            Ok(None) => {
                self.shelf.confirm(asked);
                Ok(Refresh::Unchanged)
            }
            Err(error) => {
                event!(WARN, endpoint = %self.endpoint(), %error, "a refresh failed, the snapshot stays as it was");
                self.shelf.fail(&error);
                Err(error)
            }
        }
    }

    /// Another way to look things up, for another thread.
    pub fn reader(&self) -> Reader<S> {
        Reader::new(Arc::clone(&self.shelf))
    }

    /// The snapshot as it is now, or that there is none. Never waits.
    pub fn read(&self) -> ReadGuard<S> {
        ReadGuard::new(self.shelf.read())
    }

    /// Age, generation, whether the provider is down, and counters. Never waits.
    pub fn status(&self) -> CacheStatus {
        self.shelf.read().status()
    }

    /// How the connection is.
    pub fn client_status(&self) -> ClientStatus {
        self.client.status()
    }

    /// Which endpoint is asked.
    pub fn endpoint(&self) -> &Endpoint {
        self.client.endpoint()
    }

    /// Ends a refresh from any thread. Sticky: see [`Abort`].
    pub fn abort_handle(&self) -> Abort {
        self.client.abort_handle()
    }

    /// Forgets the connection, and a refusal by the provider that would otherwise stay. The snapshot is kept.
    pub fn reset(&mut self) {
        self.client.reset();
    }
}

impl<S> Cache<S>
where
    S: Snapshot + for<'q> Service<Query<'q> = ()>,
{
    /// As [`Cache::refresh_with`], for a service that is asked for nothing in particular, within
    /// [`ClientConfig::call_timeout`].
    ///
    /// # Errors
    ///
    /// As [`Cache::refresh_with`].
    pub fn refresh(&mut self) -> Result<Refresh, Error> {
        self.refresh_with((), Duration::ZERO)
    }

    /// As [`Cache::refresh`], within `timeout`.
    ///
    /// # Errors
    ///
    /// As [`Cache::refresh_with`].
    pub fn refresh_within(&mut self, timeout: Duration) -> Result<Refresh, Error> {
        self.refresh_with((), timeout)
    }
}

impl<S> fmt::Debug for Cache<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("client", &self.client).field("status", &self.shelf.read().status()).finish()
    }
}
