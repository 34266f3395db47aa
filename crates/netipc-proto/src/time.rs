//! Points in time, as numbers that the caller passes in.
//!
//! This module must not read a clock. Its one type counts nanoseconds since an epoch that the caller chose, which makes
//! every deadline of the protocol testable with invented time.
//!
//! ```
//! use core::time::Duration;
//! use netipc_proto::time::Time;
//!
//! let start = Time::from_nanos(5);
//! let deadline = start + Duration::from_nanos(10);
//! assert_eq!(deadline.saturating_duration_since(start), Duration::from_nanos(10));
//! assert_eq!(start.saturating_duration_since(deadline), Duration::ZERO);
//! ```

use core::ops::Add;
use core::time::Duration;

/// A point in time: nanoseconds since an arbitrary epoch, which must be the same for all calls on one object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The epoch.
    pub const ZERO: Time = Time(0);

    /// The latest point in time there is; a deadline that never comes.
    pub const MAX: Time = Time(u64::MAX);

    /// The time that lies `nanos` nanoseconds after the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Time {
        Time(nanos)
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero when it is not later.
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: Time) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Time;

    /// Saturates at [`Time::MAX`].
    fn add(self, duration: Duration) -> Time {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Time(self.0.saturating_add(nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addition_saturates() {
        assert_eq!(Time::from_nanos(1) + Duration::MAX, Time::MAX);
        assert_eq!(Time::MAX + Duration::from_nanos(1), Time::MAX);
        assert_eq!((Time::ZERO + Duration::from_secs(2)).as_nanos(), 2_000_000_000);
    }

    #[test]
    fn duration_never_underflows() {
        assert_eq!(Time::ZERO.saturating_duration_since(Time::MAX), Duration::ZERO);
        assert_eq!(Time::MAX.saturating_duration_since(Time::ZERO).as_nanos(), u128::from(u64::MAX));
    }
}
