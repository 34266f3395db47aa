//! What the test crates share: a watchdog, tests in a process of their own, and raw looks at this process.
#![allow(dead_code, unreachable_pub, reason = "every test crate uses some of it")]

pub mod child;

use std::io::Write as _;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use netipc::Deadline;
use rustix::event::{PollFd, PollFlags, Timespec};

/// Long enough for the busiest machine; a test that waits so long has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A deadline that only a failing test reaches.
pub fn patience() -> Deadline {
    Deadline::after(PATIENCE)
}

/// Ends the process when it is not dropped in time: a hung test fails instead of hanging.
pub struct Watchdog(#[expect(dead_code, reason = "its end is the signal")] Sender<()>);

impl Watchdog {
    /// Bites after twice [`PATIENCE`], so that an operation's own deadline is reported first.
    pub fn start() -> Self {
        Self::after(2 * PATIENCE)
    }

    /// Bites after this time.
    pub fn after(limit: Duration) -> Self {
        let (alive, watched) = mpsc::channel();
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        std::thread::spawn(move || {
            if watched.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                // Not `eprintln`: the harness would keep it for itself.
                let _ = writeln!(std::io::stderr(), "watchdog: {test} hangs");
                std::process::abort();
            }
        });
        Self(alive)
    }
}

/// Runs the body of the test with this full name in a process of its own, where nothing runs beside it.
pub fn alone(test: &str, body: impl FnOnce()) {
    alone_for(2 * PATIENCE, test, body);
}

/// As [`alone`], for one of very many rounds: seconds on an idle machine, minutes on a busy one.
pub fn alone_at_length(test: &str, body: impl FnOnce()) {
    alone_for(20 * PATIENCE, test, body);
}

fn alone_for(limit: Duration, test: &str, body: impl FnOnce()) {
    const ALONE: &str = "NETIPC_TEST_ALONE";
    if std::env::var(ALONE).as_deref() == Ok(test) {
        return body();
    }
    let _watchdog = Watchdog::after(limit);
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--test-threads=1", "--nocapture"])
        .env(ALONE, test)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{}\n{out}\n{err}", output.status);
}

/// How many descriptors this process has.
pub fn descriptors() -> usize {
    // One is the directory that is being read.
    std::fs::read_dir("/proc/self/fd").unwrap().count() - 1
}

/// What this process holds that could leak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    descriptors: usize,
    threads: usize,
    /// Mapped regions of shared memory.
    regions: usize,
}

impl Held {
    fn now() -> Self {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let regions = maps.lines().filter(|line| line.contains(".ipcshm")).count();
        Self { descriptors: descriptors(), threads: std::fs::read_dir("/proc/self/task").unwrap().count(), regions }
    }

    /// As it is once threads that are on their way have ended: no event tells of the end of a thread that nobody joins.
    pub fn settled() -> Self {
        let (mut last, mut same) = (Self::now(), 0);
        while same < 20 {
            std::thread::sleep(Duration::from_millis(2));
            let now = Self::now();
            same = if now == last { same + 1 } else { 0 };
            last = now;
        }
        last
    }

    /// It comes to be as it was.
    #[track_caller]
    pub fn assert_again(self) {
        let deadline = Instant::now() + PATIENCE / 2;
        while Self::now() != self {
            assert!(Instant::now() < deadline, "{:?} instead of {self:?}", Self::now());
            std::thread::yield_now();
        }
    }
}

/// What can be polled.
pub trait Pollable {
    /// The descriptor to poll.
    fn wait_fd(&self) -> BorrowedFd<'_>;
}

impl Pollable for netipc::Session {
    fn wait_fd(&self) -> BorrowedFd<'_> {
        self.wait_object().unwrap()
    }
}

impl Pollable for netipc::Listener {
    fn wait_fd(&self) -> BorrowedFd<'_> {
        self.as_fd()
    }
}

impl Pollable for OwnedFd {
    fn wait_fd(&self) -> BorrowedFd<'_> {
        self.as_fd()
    }
}

/// Which of `wanted` holds for `fd` within `limit`; errors and hang-ups show, too.
pub fn poll(what: &impl Pollable, wanted: PollFlags, limit: Duration) -> PollFlags {
    let limit = Timespec { tv_sec: limit.as_secs().try_into().unwrap(), tv_nsec: limit.subsec_nanos().into() };
    let fd = what.wait_fd();
    let mut fds = [PollFd::new(&fd, wanted)];
    rustix::event::poll(&mut fds, Some(&limit)).unwrap();
    fds[0].revents()
}

/// A deterministic source of numbers (splitmix64).
pub struct Numbers(pub u64);

impl Numbers {
    /// The next number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}
