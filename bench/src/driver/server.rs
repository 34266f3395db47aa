//! The side that answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use netipc::RunningServer;

use super::failure::Failure;
use super::{lookups, numbers, raw, snapshots};
use crate::protocol::{Task, Work};

/// Answers in threads of its own until it is stopped.
pub(super) struct Server {
    served: Served,
    serving: Box<dyn Serving>,
}

/// Counts what was answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Served(Arc<AtomicU64>);

/// Something that answers.
pub(super) trait Serving {
    /// Whether it still does.
    fn check(&self) -> Result<(), Failure> {
        Ok(())
    }

    fn stop(self: Box<Self>) -> Result<(), Failure>;
}

impl Served {
    #[inline]
    pub(super) fn add(&self, items: u64) {
        self.0.fetch_add(items, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Server {
    pub(super) fn prepare(task: &Task) -> Result<Self, Failure> {
        let served = Served::default();
        let serving: Box<dyn Serving> = match task.work {
            Work::PingPong if task.level == 1 => Box::new(numbers::Echo::bind(task, served.clone())?),
            Work::PingPong | Work::Batch | Work::Pipeline | Work::PipelineBatch | Work::Connect => {
                Box::new(numbers::serve(task, served.clone())?)
            }
            Work::Snapshot | Work::CacheLookup => Box::new(snapshots::serve(task, served.clone())?),
            Work::CgroupsLookup => Box::new(lookups::serve::<netipc::services::CgroupsLookup>(task)?),
            Work::AppsLookup => Box::new(lookups::serve::<netipc::services::AppsLookup>(task)?),
            work if work.is_raw() && work.has_server() => raw::serve(task, served.clone())?,
            work => return Err(Failure::Absent(format!("{work} has no server"))),
        };
        Ok(Self { served, serving })
    }

    pub(super) fn served(&self) -> u64 {
        self.served.count()
    }

    pub(super) fn check(&self) -> Result<(), Failure> {
        self.serving.check()
    }

    pub(super) fn stop(self) -> Result<(), Failure> {
        self.serving.stop()
    }
}

impl Serving for RunningServer {
    fn check(&self) -> Result<(), Failure> {
        let status = self.handle().status();
        let broken = status.violations + status.stalled + status.broken;
        if broken == 0 {
            return Ok(());
        }
        Err(Failure::failed(format!("{broken} sessions were ended: {status:?}")))
    }

    fn stop(self: Box<Self>) -> Result<(), Failure> {
        Ok((*self).stop()?)
    }
}
