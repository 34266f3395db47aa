//! Connections that are no sessions: those that have not said HELLO yet, and those that are being seen off.

use std::collections::{BTreeSet, HashMap};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use crate::sys::poller::Poller;

/// Most closing connections that are seen off; more are closed at once.
const MAX_DEPARTURES: usize = 1024;

/// All of them, each with a deadline.
#[derive(Debug)]
pub(crate) struct Guests {
    all: HashMap<u64, Guest>,
    /// Tokens of those that arrive, which are in the order in which they came.
    arrivals: BTreeSet<u64>,
    deadlines: BTreeSet<(Instant, u64)>,
    next_token: u64,
}

#[derive(Debug)]
pub(crate) struct Guest {
    socket: Arc<OwnedFd>,
    deadline: Instant,
    arriving: bool,
}

impl Guest {
    pub(crate) fn is_arriving(&self) -> bool {
        self.arriving
    }

    pub(crate) fn socket(&self) -> &Arc<OwnedFd> {
        &self.socket
    }

    pub(crate) fn into_socket(self) -> Arc<OwnedFd> {
        self.socket
    }
}

impl AsFd for Guest {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Guests {
    /// Nobody yet; tokens in the poller start at `first_token`.
    pub(crate) fn new(first_token: u64) -> Self {
        Self { all: HashMap::new(), arrivals: BTreeSet::new(), deadlines: BTreeSet::new(), next_token: first_token }
    }

    pub(crate) fn get(&self, token: u64) -> Option<&Guest> {
        self.all.get(&token)
    }

    pub(crate) fn arrivals(&self) -> usize {
        self.arrivals.len()
    }

    pub(crate) fn oldest_arrival(&self) -> Option<u64> {
        self.arrivals.first().copied()
    }

    pub(crate) fn may_depart(&self) -> bool {
        self.all.len() - self.arrivals.len() < MAX_DEPARTURES
    }

    /// Watches a socket until `deadline`. One that the kernel has no room to watch is closed.
    pub(crate) fn add(&mut self, socket: Arc<OwnedFd>, deadline: Instant, arriving: bool, poller: &Poller) -> bool {
        let token = self.next_token;
        if poller.add_level(socket.as_fd(), token).is_err() {
            return false;
        }
        self.next_token += 1;
        self.deadlines.insert((deadline, token));
        if arriving {
            self.arrivals.insert(token);
        }
        self.all.insert(token, Guest { socket, deadline, arriving });
        true
    }

    pub(crate) fn remove(&mut self, token: u64) -> Option<Guest> {
        let guest = self.all.remove(&token)?;
        self.deadlines.remove(&(guest.deadline, token));
        self.arrivals.remove(&token);
        Some(guest)
    }

    /// Somebody whose deadline has passed.
    pub(crate) fn expired(&self, now: Instant) -> Option<u64> {
        self.deadlines.first().filter(|(at, _)| *at <= now).map(|&(_, token)| token)
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|&(at, _)| at)
    }

    /// Those that are being seen off; the others are closed.
    pub(crate) fn into_departing(self) -> impl Iterator<Item = Arc<OwnedFd>> {
        self.all.into_values().filter(|guest| !guest.arriving).map(Guest::into_socket)
    }
}
