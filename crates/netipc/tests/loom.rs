//! Publication and waking in shared memory, in every order that the memory model allows.
//!
//! Built and run with `RUSTFLAGS="--cfg loom"`. The algorithm is the file that the library uses; memory and futexes are
//! modelled. A wake-up that is lost shows as a deadlock. Every order with at most two preemptions is run: with more the
//! models take hours.
#![cfg(loom)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../src/shm/plane.rs"]
mod plane;

use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

use plane::{Lane, Look, Rest, before, is_lost, look, lose, publish, take};

const HEAD: usize = 8;
const WORDS: usize = 2;

fn model(run: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(run);
}

/// One direction, with its receiver's sleep.
struct Model {
    sequence: AtomicU64,
    length: AtomicU32,
    signal: AtomicU32,
    area: [AtomicU64; WORDS],
    calls: AtomicU32,
    lost: AtomicBool,
    /// The kernel's queue: looking at the words and beginning to sleep is one step.
    futex: Mutex<()>,
    woken: Condvar,
}

impl Model {
    fn new() -> Self {
        Self {
            sequence: AtomicU64::new(0),
            length: AtomicU32::new(0),
            signal: AtomicU32::new(0),
            area: [AtomicU64::new(0), AtomicU64::new(0)],
            calls: AtomicU32::new(0),
            lost: AtomicBool::new(false),
            futex: Mutex::new(()),
            woken: Condvar::new(),
        }
    }

    fn send(&self, own: u64, value: u64) {
        publish(self, own, &value.to_ne_bytes(), &value.to_ne_bytes());
        self.rouse();
    }

    fn sleep(&self, before: plane::Before) {
        let queue = self.futex.lock().unwrap();
        if self.signal.load(Ordering::Relaxed) == before.signal && self.calls.load(Ordering::Relaxed) == before.calls {
            drop(self.woken.wait(queue).unwrap());
        }
    }

    /// The next message, or the end, as a connection finds it.
    fn receive(&self, own: u64) -> Option<u64> {
        loop {
            let seen = before(self);
            let over = is_lost(self);
            match look(self, own) {
                Look::Message => return Some(self.value(own)),
                Look::Nothing if over => return None,
                Look::Nothing => self.sleep(seen),
                Look::Odd(got) => panic!("message {got} after {own}"),
            }
        }
    }

    fn value(&self, own: u64) -> u64 {
        let mut message = Vec::new();
        assert_eq!(take(self, own, u32::MAX, &mut message), Ok(16));
        let words: Vec<u64> = message.chunks(8).map(|word| u64::from_ne_bytes(word.try_into().unwrap())).collect();
        assert_eq!(words[0], words[1], "half of one message and half of another");
        words[0]
    }
}

impl Lane for Model {
    fn sequence(&self, order: Ordering) -> u64 {
        self.sequence.load(order)
    }

    fn set_sequence(&self, value: u64, order: Ordering) {
        self.sequence.store(value, order);
    }

    fn length(&self, order: Ordering) -> u32 {
        self.length.load(order)
    }

    fn set_length(&self, value: u32, order: Ordering) {
        self.length.store(value, order);
    }

    fn add_signal(&self, order: Ordering) {
        self.signal.fetch_add(1, order);
    }

    fn capacity(&self) -> u32 {
        (8 * WORDS) as u32
    }

    fn write(&self, head: &[u8], body: &[u8]) {
        assert_eq!((head.len(), body.len()), (HEAD, HEAD));
        for (word, bytes) in self.area.iter().zip([head, body]) {
            word.store(u64::from_ne_bytes(bytes.try_into().unwrap()), Ordering::Relaxed);
        }
    }

    fn read(&self, length: usize, out: &mut Vec<u8>) {
        for word in &self.area[..length / 8] {
            out.extend(word.load(Ordering::Relaxed).to_ne_bytes());
        }
    }

    fn fence(&self, order: Ordering) {
        fence(order);
    }
}

impl Rest for Model {
    fn signal(&self, order: Ordering) -> u32 {
        self.signal.load(order)
    }

    fn calls(&self, order: Ordering) -> u32 {
        self.calls.load(order)
    }

    fn add_call(&self, order: Ordering) {
        self.calls.fetch_add(1, order);
    }

    fn lost(&self, order: Ordering) -> bool {
        self.lost.load(order)
    }

    fn set_lost(&self, order: Ordering) {
        self.lost.store(true, order);
    }

    fn rouse(&self) {
        drop(self.futex.lock().unwrap());
        self.woken.notify_all();
    }
}

// NIPC-SHM-11, NIPC-SHM-12: whoever waits gets the whole message, and is not left asleep.
#[test]
fn a_message_wakes_its_receiver() {
    model(|| {
        let lane = Arc::new(Model::new());
        let sender = thread::spawn({
            let lane = Arc::clone(&lane);
            move || lane.send(0, 7)
        });
        assert_eq!(lane.receive(0), Some(7));
        sender.join().unwrap();
    });
}

// NIPC-SHM-11: taking turns, so that the area is written again.
#[test]
fn turns_keep_messages_apart() {
    model(|| {
        let (requests, responses) = (Arc::new(Model::new()), Arc::new(Model::new()));
        let server = thread::spawn({
            let (requests, responses) = (Arc::clone(&requests), Arc::clone(&responses));
            move || {
                for own in 0..2 {
                    let value = requests.receive(own).unwrap();
                    responses.send(own, value + 10);
                }
            }
        });
        for own in 0..2 {
            requests.send(own, own + 1);
            assert_eq!(responses.receive(own), Some(own + 11));
        }
        server.join().unwrap();
    });
}

// NIPC-SHM-15: a sender that publishes and dies. The watcher says so after it, and the message comes first.
#[test]
fn what_was_published_comes_before_the_end() {
    model(|| {
        let lane = Arc::new(Model::new());
        let peer = thread::spawn({
            let lane = Arc::clone(&lane);
            move || {
                lane.send(0, 7);
                lose(&*lane);
            }
        });
        assert_eq!(lane.receive(0), Some(7));
        assert_eq!(lane.receive(1), None);
        peer.join().unwrap();
    });
}

// NIPC-SHM-15: the watcher alone wakes whoever sleeps.
#[test]
fn the_end_wakes_its_receiver() {
    model(|| {
        let lane = Arc::new(Model::new());
        let watcher = thread::spawn({
            let lane = Arc::clone(&lane);
            move || lose(&*lane)
        });
        assert_eq!(lane.receive(0), None);
        watcher.join().unwrap();
    });
}

// NIPC-SHM-15, NIPC-SHM-16: a message and the end at once, from two threads. Either may be met first; nobody sleeps on.
#[test]
fn a_message_and_the_end_race() {
    model(|| {
        let lane = Arc::new(Model::new());
        let sender = thread::spawn({
            let lane = Arc::clone(&lane);
            move || lane.send(0, 7)
        });
        let watcher = thread::spawn({
            let lane = Arc::clone(&lane);
            move || lose(&*lane)
        });
        if lane.receive(0) == Some(7) {
            assert_eq!(lane.receive(1), None);
        }
        sender.join().unwrap();
        watcher.join().unwrap();
    });
}
