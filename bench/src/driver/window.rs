//! The time in which requests count, and the loops that make them.

use std::thread;
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::pace::Schedule;
use super::recorder::Recorder;
use crate::protocol::Load;

#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    start: Instant,
    length: Duration,
    load: Load,
}

/// What a request brought.
#[derive(Debug, Clone, Copy)]
pub(super) struct Done {
    items: u64,
    /// When the answer was there, if checking it took a while after that.
    at: Option<Instant>,
}

impl Done {
    /// Checking the answer took no time to speak of.
    pub(super) fn quick(items: u64) -> Self {
        Self { items, at: None }
    }

    /// Checking the answer began now, and is not part of the latency.
    pub(super) fn at(items: u64, at: Instant) -> Self {
        Self { items, at: Some(at) }
    }
}

/// Makes one request at a time.
pub(super) trait Call: Send {
    /// Requests that are so short that a clock would be most of what is measured are timed by so many.
    const GROUP: u64 = 1;

    /// Makes [`Call::GROUP`] requests and checks the answers.
    fn call(&mut self) -> Result<Done, Failure>;
}

/// Fills a window with requests.
pub(super) trait Drive: Send {
    fn drive(&mut self, window: &Window, recorder: &mut Recorder) -> Result<(), Failure>;
}

impl<C: Call> Drive for C {
    fn drive(&mut self, window: &Window, recorder: &mut Recorder) -> Result<(), Failure> {
        match window.load {
            Load::Idle => {
                window.rest(recorder);
                Ok(())
            }
            Load::Max => window.fill(self, recorder),
            Load::Rate(rate) => window.pace(self, Schedule::new(rate), recorder),
        }
    }
}

impl Window {
    /// Begins now.
    pub(super) fn new(length: Duration, load: Load) -> Self {
        Self { start: Instant::now(), length, load }
    }

    pub(super) fn load(&self) -> Load {
        self.load
    }

    pub(super) fn end(&self) -> Instant {
        self.start + self.length
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// No requests.
    pub(super) fn rest(&self, recorder: &mut Recorder) {
        thread::sleep(self.end().saturating_duration_since(Instant::now()));
        recorder.pacer.sleeps += 1;
    }

    /// The next request when the last is answered; at least one.
    fn fill<C: Call>(&self, calls: &mut C, recorder: &mut Recorder) -> Result<(), Failure> {
        let end = self.end();
        let mut began = Instant::now();
        loop {
            let done = calls.call()?;
            // One look at the clock for each request, unless the answer was looked at in between.
            let now = Instant::now();
            recorder.record(done.at.unwrap_or(now) - began, C::GROUP, done.items);
            if now >= end {
                return Ok(());
            }
            began = now;
        }
    }

    /// Each request at its moment, or as soon after as the last one is answered. The latency counts from the moment.
    fn pace<C: Call>(&self, calls: &mut C, schedule: Schedule, recorder: &mut Recorder) -> Result<(), Failure> {
        let total = schedule.count_before(self.length);
        for index in 0..total {
            let due = self.start + schedule.due(index);
            recorder.pacer.wait_until(due);
            let done = calls.call()?;
            let now = Instant::now();
            recorder.record(done.at.unwrap_or(now).saturating_duration_since(due), 1, done.items);
            if now >= self.end() {
                recorder.unsent += total - index - 1;
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so long for each request.
    struct Slow(Duration);

    impl Call for Slow {
        fn call(&mut self) -> Result<Done, Failure> {
            let until = Instant::now() + self.0;
            while Instant::now() < until {
                std::hint::spin_loop();
            }
            Ok(Done::quick(1))
        }
    }

    fn driven(mut calls: impl Drive, millis: u64, load: Load) -> Recorder {
        let mut recorder = Recorder::new();
        calls.drive(&Window::new(Duration::from_millis(millis), load), &mut recorder).unwrap();
        recorder
    }

    #[test]
    fn every_request_that_is_due_is_sent_or_missed() {
        for (took, rate) in [(1, 1000), (5_000, 1000), (20_000, 5000)] {
            let recorder = driven(Slow(Duration::from_micros(took)), 20, Load::Rate(rate));
            assert_eq!(recorder.requests() + recorder.unsent, rate * 20 / 1000);
        }
    }

    #[test]
    fn a_stall_shows_in_all_that_were_due_meanwhile() {
        // Due every millisecond, and each takes five: the n-th ends no sooner than 5 n, and was due at n - 1.
        let recorder = driven(Slow(Duration::from_millis(5)), 20, Load::Rate(1000));
        let slowest = recorder.latencies().last().unwrap().0;
        let count = recorder.requests();
        assert!(slowest >= 5_000_000 * count - 1_000_000 * (count - 1), "{slowest} after {count}");
    }

    #[test]
    fn at_most_speed_there_is_at_least_one_request() {
        assert!(driven(Slow(Duration::ZERO), 0, Load::Max).requests() >= 1);
        assert_eq!(driven(Slow(Duration::ZERO), 1, Load::Idle).requests(), 0);
    }
}
