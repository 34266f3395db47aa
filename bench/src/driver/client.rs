//! The side that asks, and measures.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use netipc::services::{AppsLookup, CgroupsLookup};

use super::failure::Failure;
use super::recorder::Recorder;
use super::window::{Drive, Window};
use super::{cache, codec, is_idle, lookups, numbers, pipelines, raw, snapshots};
use crate::protocol::{Load, Task, Work};

/// Whatever fills windows with requests, in as many threads as there are drives.
pub(super) struct Client {
    drives: Vec<Box<dyn Drive>>,
    background: Option<Box<dyn Background>>,
    sent: u64,
}

/// What goes on meanwhile, in a thread of its own.
pub(super) trait Background: Send {
    fn run(&mut self, stop: &AtomicBool) -> Result<(), Failure>;
}

impl Client {
    /// Connects and warms up.
    pub(super) fn prepare(task: &Task) -> Result<Self, Failure> {
        let mut background: Option<Box<dyn Background>> = None;
        let drives: Vec<Box<dyn Drive>> = match task.work {
            Work::PingPong if task.level == 1 => vec![Box::new(numbers::Frames::connect(task)?)],
            Work::PingPong => numbers::callers(task)?,
            Work::Batch => vec![Box::new(numbers::Batches::connect(task)?)],
            Work::Connect => vec![Box::new(numbers::Connects::new(task)?)],
            Work::Pipeline => vec![Box::new(pipelines::Calls::connect(task)?)],
            Work::PipelineBatch => vec![Box::new(pipelines::Batches::connect(task)?)],
            Work::Snapshot => vec![Box::new(snapshots::Snapshots::connect(task)?)],
            Work::CgroupsLookup => vec![Box::new(lookups::Lookups::<CgroupsLookup>::connect(task)?)],
            Work::AppsLookup => vec![Box::new(lookups::Lookups::<AppsLookup>::connect(task)?)],
            Work::CgroupsCodec => vec![Box::new(codec::Codec::<CgroupsLookup>::new(task))],
            Work::AppsCodec => vec![Box::new(codec::Codec::<AppsLookup>::new(task))],
            Work::CacheLookup => {
                let (readers, refresher) = cache::connect(task)?;
                background = refresher;
                readers
            }
            work if work.is_raw() => vec![raw::connect(task)?],
            work => return Err(Failure::Absent(format!("no client does {work}"))),
        };
        let mut client = Self { drives, background, sent: 0 };
        client.run(&Window::new(Duration::from_millis(task.warm_millis), Load::Max))?;
        Ok(client)
    }

    /// Items that were sent so far.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    pub(super) fn run(&mut self, window: &Window) -> Result<Recorder, Failure> {
        let recorder = self.drive(window)?;
        self.sent += recorder.items;
        Ok(recorder)
    }

    fn drive(&mut self, window: &Window) -> Result<Recorder, Failure> {
        if is_idle(window.load()) {
            let mut recorder = Recorder::new();
            window.rest(&mut recorder);
            return Ok(recorder);
        }
        let Self { drives, background, .. } = self;
        if let ([drive], None) = (drives.as_mut_slice(), &background) {
            let mut recorder = Recorder::new();
            drive.drive(window, &mut recorder)?;
            return Ok(recorder);
        }
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let background = background.as_mut().map(|background| scope.spawn(|| background.run(&stop)));
            let threads: Vec<_> = drives
                .iter_mut()
                .map(|drive| {
                    scope.spawn(move || {
                        let mut recorder = Recorder::new();
                        drive.drive(window, &mut recorder).map(|()| recorder)
                    })
                })
                .collect();
            let mut all = Ok(Recorder::new());
            for thread in threads {
                let one = thread.join().unwrap_or_else(|_panic| Err(Failure::failed("a thread panicked")));
                all = all.and_then(|mut all: Recorder| {
                    all.merge(&one?);
                    Ok(all)
                });
            }
            stop.store(true, Ordering::Relaxed);
            if let Some(thread) = background {
                thread.join().unwrap_or_else(|_panic| Err(Failure::failed("the background panicked")))?;
            }
            all
        })
    }
}
