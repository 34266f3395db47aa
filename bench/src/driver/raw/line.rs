//! Shared memory: one cache line in each direction, looked at again and again or slept on.
//!
//! A message of 8 bytes is one word, so a round trip is two transfers of a line. A message of 64 bytes is the words of one
//! line of which the last says that the others are there. The client's line begins at word 0, the server's at word 32.

use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use rustix::io::Errno;
use rustix::thread::futex::{self, Flags};

use super::{Thread, answer};
use crate::driver::failure::{Failure, expect};
use crate::driver::server::Served;
use crate::driver::window::{Call, Done};
use crate::protocol::{Task, Work};
use crate::sys::shared::Shared;

const FILE: &str = "page";

/// Where a side's line begins.
const CLIENT: usize = 0;
const SERVER: usize = 32;

/// One direction of the page.
#[derive(Debug, Clone)]
struct Lane {
    page: Arc<Shared>,
    first: usize,
    /// How many words a message has.
    words: usize,
    wait: Wait,
}

/// How a side waits for the other, and wakes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// Looks until it is there.
    Look,
    /// The same, but wakes the other side for every message although it never sleeps.
    LookAndWake,
    /// Sleeps at once.
    Sleep,
}

impl Lane {
    fn new(page: &Arc<Shared>, first: usize, task: &Task) -> Self {
        let wait = match task.work {
            Work::RawLineWake => Wait::LookAndWake,
            Work::RawFutex => Wait::Sleep,
            _ => Wait::Look,
        };
        Self { page: Arc::clone(page), first, words: (task.size as usize / 8).clamp(1, 8), wait }
    }

    fn futex(&self) -> &AtomicU32 {
        self.page.futex(usize::from(self.first == SERVER))
    }

    /// All words carry the value, so that a message of which only a part was there would show.
    #[inline]
    fn send(&self, value: u64) -> Result<(), Failure> {
        let last = self.words - 1;
        for word in 0..last {
            self.page.word(self.first + word).store(value, Ordering::Relaxed);
        }
        self.page.word(self.first + last).store(value, Ordering::Release);
        if self.wait != Wait::Look {
            self.futex().fetch_add(1, Ordering::Release);
            futex::wake(self.futex(), Flags::empty(), 1)?;
        }
        Ok(())
    }

    /// Waits for another value than `before`; none once `stop` is set.
    #[inline]
    fn receive(&self, before: u64, stop: &AtomicBool) -> Result<Option<u64>, Failure> {
        let word = self.page.word(self.first + self.words - 1);
        loop {
            let turn = self.futex().load(Ordering::Acquire);
            let value = word.load(Ordering::Acquire);
            if value != before {
                for word in 0..self.words - 1 {
                    expect(self.page.word(self.first + word).load(Ordering::Relaxed), value)?;
                }
                return Ok(Some(value));
            }
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            if self.wait == Wait::Sleep {
                match futex::wait(self.futex(), Flags::empty(), turn, None) {
                    Ok(()) | Err(Errno::AGAIN | Errno::INTR) => {}
                    Err(errno) => return Err(errno.into()),
                }
            } else {
                spin_loop();
            }
        }
    }
}

pub(super) fn serve(task: &Task, served: Served) -> Result<Thread, Failure> {
    let page = Arc::new(Shared::create(&task.run_dir.join(FILE))?);
    let (requests, replies) = (Lane::new(&page, CLIENT, task), Lane::new(&page, SERVER, task));
    let rouse = move || {
        page.futex(0).fetch_add(1, Ordering::SeqCst);
        // A thread that is not woken would be waited for in vain; it fails for bad addresses only.
        let _ = futex::wake(page.futex(0), Flags::empty(), 1);
    };
    Ok(Thread::spawn(rouse, move |stop| {
        let mut before = 0;
        while let Some(value) = requests.receive(before, stop)? {
            before = value;
            served.add(1);
            replies.send(answer(value))?;
        }
        Ok(())
    }))
}

pub(super) struct Lines {
    requests: Lane,
    replies: Lane,
    value: u64,
    answered: u64,
}

impl Lines {
    pub(super) fn open(task: &Task) -> Result<Self, Failure> {
        let page = Arc::new(Shared::open(&task.run_dir.join(FILE))?);
        let (requests, replies) = (Lane::new(&page, CLIENT, task), Lane::new(&page, SERVER, task));
        Ok(Self { requests, replies, value: 0, answered: 0 })
    }
}

/// A client has no end but that of its window.
static NEVER: AtomicBool = AtomicBool::new(false);

impl Call for Lines {
    #[inline]
    fn call(&mut self) -> Result<Done, Failure> {
        self.value += 1;
        self.requests.send(self.value)?;
        let Some(value) = self.replies.receive(self.answered, &NEVER)? else {
            return Err(Failure::failed("stopped"));
        };
        self.answered = value;
        expect(value, answer(self.value))?;
        Ok(Done::quick(1))
    }
}
