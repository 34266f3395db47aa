//! When the requests of an open loop are due.
//!
//! A client at a fixed rate does not ask whether the last answer has come: each request has a moment at which it should
//! be sent, and its latency counts from there. A server that stalls for 10 ms so shows in every request that was due
//! meanwhile, and not in one alone.

use std::thread;
use std::time::{Duration, Instant};

/// The moments of a rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    rate: u64,
}

impl Schedule {
    pub(super) fn new(rate: u64) -> Self {
        Self { rate: rate.max(1) }
    }

    /// When request `index` is due, from the start. Counted from the index each time, so no error adds up.
    pub(super) fn due(self, index: u64) -> Duration {
        let nanos = u128::from(index) * 1_000_000_000 / u128::from(self.rate);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many are due before `elapsed`.
    pub(super) fn count_before(self, elapsed: Duration) -> u64 {
        let count = (elapsed.as_nanos() * u128::from(self.rate)).div_ceil(1_000_000_000);
        u64::try_from(count).unwrap_or(u64::MAX)
    }
}

/// Waits for moments, and remembers what that took.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Pacer {
    pub(super) spun: Duration,
    pub(super) sleeps: u64,
}

/// A sleep may end so much too late; the rest is spent looking at the clock.
const OVERSLEEP: Duration = Duration::from_micros(200);

impl Pacer {
    /// Returns at `due`, or at once when that has passed.
    pub(super) fn wait_until(&mut self, due: Instant) {
        let early = due.saturating_duration_since(Instant::now());
        if early.is_zero() {
            return;
        }
        if early > OVERSLEEP {
            thread::sleep(early - OVERSLEEP);
            self.sleeps += 1;
        }
        let began = Instant::now();
        let mut now = began;
        while now < due {
            std::hint::spin_loop();
            now = Instant::now();
        }
        self.spun += now - began;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_do_not_drift() {
        let schedule = Schedule::new(3);
        assert_eq!(schedule.due(0), Duration::ZERO);
        assert_eq!(schedule.due(1), Duration::from_nanos(333_333_333));
        assert_eq!(schedule.due(2), Duration::from_nanos(666_666_666));
        assert_eq!(schedule.due(3), Duration::from_secs(1));
        assert_eq!(schedule.due(3_000_000_003), Duration::from_secs(1_000_000_001));
        assert_eq!(Schedule::new(u64::MAX).due(u64::MAX), Duration::from_secs(1));
    }

    #[test]
    fn as_many_are_due_as_have_a_moment_before() {
        for rate in [1, 3, 7, 1000, 99_999, 1_000_000] {
            let schedule = Schedule::new(rate);
            for elapsed in [0, 1, 999, 1_000_000, 333_333_333, 333_333_334, 1_000_000_000, 7_777_777_777] {
                let elapsed = Duration::from_nanos(elapsed);
                let count = schedule.count_before(elapsed);
                assert!(count == 0 || schedule.due(count - 1) < elapsed, "{rate} {elapsed:?}");
                // Moments are cut to whole nanoseconds, the count is not.
                assert!(schedule.due(count) + Duration::from_nanos(1) >= elapsed, "{rate} {elapsed:?}");
            }
        }
        assert_eq!(Schedule::new(1000).count_before(Duration::from_secs(2)), 2000);
        assert_eq!(Schedule::new(0).count_before(Duration::from_secs(2)), 2);
    }

    #[test]
    fn waiting_ends_no_sooner_than_asked() {
        let mut pacer = Pacer::default();
        let due = Instant::now() + Duration::from_millis(2);
        pacer.wait_until(due);
        assert!(Instant::now() >= due);
        assert_eq!(pacer.sleeps, 1);
        pacer.wait_until(due);
        assert_eq!(pacer.sleeps, 1, "what has passed is not waited for");
    }
}
