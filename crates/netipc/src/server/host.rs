//! The threads of sessions over shared memory.
//!
//! Each waits for its one session, serves it, and ends with it. The thread is there before the client is told that it has
//! shared memory, so a session never begins that nobody can serve.

use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Weak};
use std::thread;

use crate::connection::Connection;
use crate::error::Error;
use crate::server::desk::{Desk, Next, Scratch};
use crate::server::engine::{Engine, lock};
use crate::shm::fault::{RegionFault, RegionStep};
use crate::sys::map;
use crate::sys::wait::Interest;
use crate::uds::door::{Host, Hosts};

impl Engine {
    /// What starts a thread for each session.
    pub(super) fn hosts(self: &Arc<Self>) -> Hosts {
        let engine: Weak<Self> = Arc::downgrade(self);
        Hosts::new(move || {
            // Whoever asks belongs to the engine.
            let engine = engine.upgrade().ok_or(RegionFault::Full { allowed: 0 })?;
            engine.start_host()
        })
    }

    fn start_host(self: Arc<Self>) -> Result<Host, RegionFault> {
        let (host, sessions) = sync_channel(1);
        let mut hosts = lock(&self.hosts);
        let engine = Arc::clone(&self);
        thread::Builder::new()
            .name("netipc-shm".into())
            .spawn(move || engine.host(&sessions))
            .map_err(|error| RegionFault::Os { step: RegionStep::SpawnThread, source: error.into() })?;
        *hosts += 1;
        drop(hosts);
        Ok(host)
    }

    fn host(self: Arc<Self>, sessions: &Receiver<(u64, Connection)>) {
        let _leaving = Leaving(&self);
        map::admit();
        // None when the client was gone before it had its answer.
        if let Ok((key, connection)) = sessions.recv() {
            let _seat = Occupied(&self, key);
            if self.is_stopping() {
                connection.refuse_more();
            }
            self.serve_alone(connection);
        }
    }

    fn serve_alone(&self, connection: Connection) {
        let mut desk = Desk::new(connection);
        let mut scratch = Scratch::default();
        loop {
            match desk.serve(&self.house, &mut scratch) {
                Next::Wait(..) => {
                    if desk.wait().is_err() {
                        return self.house.counters.broken();
                    }
                }
                Next::Yield => {}
                // The last answer stays in the client's memory.
                Next::Linger | Next::Close => return,
            }
        }
    }
}

impl Desk {
    /// Waits for the next request, or for the end.
    fn wait(&mut self) -> Result<(), Error> {
        self.connection_mut().wait(Interest::Read, None, None).map(drop)
    }
}

/// A session that its thread has.
struct Occupied<'a>(&'a Engine, u64);

impl Drop for Occupied<'_> {
    fn drop(&mut self) {
        self.0.unseat(self.1);
    }
}

/// What such a thread does last, however it leaves.
struct Leaving<'a>(&'a Engine);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.fail(Error::Bug("the thread of a session panicked"));
        }
        *lock(&self.0.hosts) -= 1;
        self.0.host_left.notify_all();
    }
}
