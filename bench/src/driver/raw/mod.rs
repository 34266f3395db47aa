//! What the machine does at best, without netipc: the raw limits.
//!
//! They go through the same loops, clocks and checks as all else, in two processes where there are two sides.
//!
//! Must not contain: netipc, except for made-up data.

mod line;
mod local;
mod packets;
mod pipe;
mod rkyv;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use super::failure::Failure;
use super::server::{Served, Serving};
use super::window::Drive;
use crate::protocol::{Task, Work};

pub(super) fn serve(task: &Task, served: Served) -> Result<Box<dyn Serving>, Failure> {
    Ok(match task.work {
        Work::RawLine | Work::RawLineWake | Work::RawFutex => Box::new(line::serve(task, served)?),
        Work::RawSeqpacket | Work::RawSeqpacketSpin | Work::RawConnect => Box::new(packets::serve(task, served)?),
        Work::RawPipe => Box::new(pipe::serve(task, served)?),
        work => return Err(Failure::Absent(format!("{work} has no server"))),
    })
}

pub(super) fn connect(task: &Task) -> Result<Box<dyn Drive>, Failure> {
    Ok(match task.work {
        Work::RawLine | Work::RawLineWake | Work::RawFutex => Box::new(line::Lines::open(task)?),
        Work::RawSeqpacket | Work::RawSeqpacketSpin => Box::new(packets::Packets::connect(task)?),
        Work::RawConnect => Box::new(packets::Connects::new(task)),
        Work::RawPipe => Box::new(pipe::Pipes::open(task)?),
        Work::RawCopy => Box::new(local::Copies::new(task)?),
        Work::RawHash => Box::new(local::Hashes::new(task)),
        Work::RawRkyvCgroups => Box::new(rkyv::Lookups::<rkyv::Cgroups>::new(task)),
        Work::RawRkyvApps => Box::new(rkyv::Lookups::<rkyv::Apps>::new(task)),
        work => return Err(Failure::Absent(format!("no client does {work}"))),
    })
}

/// A thread that answers until it is told to stop.
struct Thread {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<(), Failure>>,
    /// Gets the thread out of what it sleeps in.
    rouse: Box<dyn Fn()>,
}

impl Thread {
    fn spawn(
        rouse: impl Fn() + 'static,
        body: impl FnOnce(&AtomicBool) -> Result<(), Failure> + Send + 'static,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        Self { stop, thread: thread::spawn(move || body(&seen)), rouse: Box::new(rouse) }
    }
}

impl Serving for Thread {
    fn check(&self) -> Result<(), Failure> {
        if self.thread.is_finished() { Err(Failure::failed("the server has ended")) } else { Ok(()) }
    }

    fn stop(self: Box<Self>) -> Result<(), Failure> {
        self.stop.store(true, Ordering::SeqCst);
        (self.rouse)();
        self.thread.join().unwrap_or_else(|_panic| Err(Failure::failed("the server panicked")))
    }
}

/// The answer to a number: the next one, as everywhere.
fn answer(value: u64) -> u64 {
    value.wrapping_add(1)
}
