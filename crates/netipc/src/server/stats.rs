//! What a server counts.

use std::sync::atomic::{AtomicU64, Ordering};

use netipc_proto::header::Status;

use crate::shm::fault::RegionFault;

/// A view of a server at one moment. Counters start at 0 and count from the bind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerStatus {
    /// Sessions that exist now.
    pub sessions: usize,
    /// Threads that serve those over sockets.
    pub workers: usize,
    /// Sessions over shared memory among them, each with a thread of its own.
    pub shm_sessions: usize,
    /// Clients that wanted shared memory, and could have had it if the memory could have been made.
    pub shm_fallbacks: u64,
    /// Why the last of them did without.
    pub shm_fault: Option<RegionFault>,
    /// Handshakes that succeeded.
    pub accepted: u64,
    /// Handshakes that were refused with a status.
    pub rejected: u64,
    /// Connections that ended before their handshake did: silent, broken or gone.
    pub dropped: u64,
    /// Requests answered with status OK; a batch counts as one.
    pub answered: u64,
    /// Requests answered with another status.
    pub failed: u64,
    /// Sessions ended because the peer broke the protocol.
    pub violations: u64,
    /// Sessions ended because the peer did not finish a message, or did not read, in time.
    pub stalled: u64,
    /// Sessions ended because the operating system failed on their sockets.
    pub broken: u64,
    /// The response payload that later sessions are granted.
    pub max_response_payload: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    answered: AtomicU64,
    failed: AtomicU64,
    violations: AtomicU64,
    stalled: AtomicU64,
    broken: AtomicU64,
}

impl Counters {
    pub(crate) fn answered(&self, status: Status) {
        let counter = if status.is_ok() { &self.answered } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn violated(&self) {
        self.violations.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn broken(&self) {
        self.broken.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stalled(&self) {
        self.stalled.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn fill(&self, status: &mut ServerStatus) {
        status.answered = self.answered.load(Ordering::Relaxed);
        status.failed = self.failed.load(Ordering::Relaxed);
        status.violations = self.violations.load(Ordering::Relaxed);
        status.stalled = self.stalled.load(Ordering::Relaxed);
        status.broken = self.broken.load(Ordering::Relaxed);
    }
}
