//! The one place where operating-system time becomes protocol time.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use netipc_proto::time::Time;

/// Protocol time of an instant: nanoseconds since the first use in this process.
pub(crate) fn time(at: Instant) -> Time {
    Time::from_nanos(u64::try_from(at.saturating_duration_since(start()).as_nanos()).unwrap_or(u64::MAX))
}

/// The instant that a protocol time stands for.
pub(crate) fn instant(at: Time) -> Instant {
    start() + Duration::from_nanos(at.as_nanos())
}

/// So long from now. A duration beyond what the clock can tell ends in a far future that nobody lives to see.
pub(crate) fn after(duration: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
    let now = Instant::now();
    now.checked_add(duration).unwrap_or(now + CENTURY)
}

fn start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now)
}

/// A point in time that an operation must not outlast, and the length that the caller asked for.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    at: Option<Instant>,
    limit: Duration,
}

impl Deadline {
    /// No limit: only the peer or an abort ends the wait.
    pub const NEVER: Self = Self { at: None, limit: Duration::MAX };

    /// So long from now. A duration beyond what the clock can tell counts as no limit.
    pub fn after(limit: Duration) -> Self {
        Self { at: Instant::now().checked_add(limit), limit }
    }

    /// The instant, if there is a limit.
    pub fn at(&self) -> Option<Instant> {
        self.at
    }

    /// What the caller allowed, counted from when the deadline was made.
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// The earlier of two.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        match (self.at, other.at) {
            (Some(a), Some(b)) if b < a => other,
            (None, Some(_)) => other,
            _ => self,
        }
    }

    pub(crate) fn has_passed(&self) -> bool {
        self.at.is_some_and(|at| at <= Instant::now())
    }
}
