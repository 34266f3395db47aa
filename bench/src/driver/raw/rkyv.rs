//! The same lookups in rkyv: serialised, and read in place after validation, both ways.
//!
//! It is spared what the services do besides: the items are made before, and only serialised again each time.

use std::time::Instant;

use rkyv::rancor::Error;
use rkyv::util::AlignedVec;
use rkyv::{Archive, Serialize, access, to_bytes};

use crate::driver::data;
use crate::driver::failure::{Failure, expect};
use crate::driver::window::{Call, Done};
use crate::protocol::{Mix, Task};

#[derive(Debug, Archive, Serialize)]
struct Label {
    key: Vec<u8>,
    value: Vec<u8>,
}

#[derive(Debug, Archive, Serialize)]
struct PathItem {
    status: u16,
    orchestrator: u16,
    path: Vec<u8>,
    name: Vec<u8>,
    labels: Vec<Label>,
}

#[derive(Debug, Archive, Serialize)]
struct PathReply {
    generation: u64,
    items: Vec<PathItem>,
}

#[derive(Debug, Archive, Serialize)]
struct PidItem {
    status: u16,
    orchestrator: u16,
    cgroup_status: u16,
    pid: u32,
    ppid: u32,
    uid: u32,
    starttime: u64,
    comm: Vec<u8>,
    cgroup_path: Vec<u8>,
    cgroup_name: Vec<u8>,
    labels: Vec<Label>,
}

#[derive(Debug, Archive, Serialize)]
struct PidReply {
    generation: u64,
    items: Vec<PidItem>,
}

/// A request with its reply, ready to be serialised.
pub(super) trait Message: Send {
    fn new(count: u32, mix: Mix) -> Self;

    /// One lookup: how many keys arrived, how many items came back, and when.
    fn exchange(&self) -> Result<(usize, usize, Instant), Error>;

    fn len(&self) -> usize;
}

pub(super) struct Lookups<M>(M);

impl<M: Message> Lookups<M> {
    pub(super) fn new(task: &Task) -> Self {
        Self(M::new(task.size, task.mix))
    }
}

impl<M: Message> Call for Lookups<M> {
    fn call(&mut self) -> Result<Done, Failure> {
        let (keys, items, at) = self.0.exchange().map_err(|error| Failure::failed(error.to_string()))?;
        expect((keys, items), (self.0.len(), self.0.len()))?;
        Ok(Done::at(items as u64, at))
    }
}

pub(super) struct Cgroups {
    request: Vec<Vec<u8>>,
    reply: PathReply,
}

pub(super) struct Apps {
    request: Vec<u32>,
    reply: PidReply,
}

fn labels(index: u32) -> Vec<Label> {
    vec![Label { key: b"index".to_vec(), value: index.to_string().into_bytes() }]
}

impl Message for Cgroups {
    fn new(count: u32, mix: Mix) -> Self {
        let path = |i| format!("{}{}", data::PARENT, data::name(i)).into_bytes();
        let item = |i| {
            let known = i < count;
            PathItem {
                status: u16::from(!known),
                orchestrator: 2,
                path: path(i),
                name: if known { data::name(i).into_bytes() } else { Vec::new() },
                labels: if known { labels(i) } else { Vec::new() },
            }
        };
        Self {
            request: data::numbers(count, mix).map(path).collect(),
            reply: PathReply { generation: 1, items: data::numbers(count, mix).map(item).collect() },
        }
    }

    fn exchange(&self) -> Result<(usize, usize, Instant), Error> {
        let request: AlignedVec = to_bytes::<Error>(&self.request)?;
        let keys = access::<rkyv::Archived<Vec<Vec<u8>>>, Error>(&request)?.len();
        let reply: AlignedVec = to_bytes::<Error>(&self.reply)?;
        let items = access::<ArchivedPathReply, Error>(&reply)?.items.len();
        Ok((keys, items, Instant::now()))
    }

    fn len(&self) -> usize {
        self.request.len()
    }
}

impl Message for Apps {
    fn new(count: u32, mix: Mix) -> Self {
        let item = |i: u32| {
            let known = i < count;
            let text = |prefix: &str| if known { format!("{prefix}{}", i + 1).into_bytes() } else { Vec::new() };
            PidItem {
                status: u16::from(!known),
                orchestrator: 2,
                cgroup_status: 0,
                pid: i + 1,
                ppid: 0,
                uid: 1000,
                starttime: 101 + u64::from(i),
                comm: text("proc-"),
                cgroup_path: text("/synthetic/cgroup-"),
                cgroup_name: text("cgroup-"),
                labels: if known { labels(i + 1) } else { Vec::new() },
            }
        };
        Self {
            request: data::numbers(count, mix).map(|i| i + 1).collect(),
            reply: PidReply { generation: 1, items: data::numbers(count, mix).map(item).collect() },
        }
    }

    fn exchange(&self) -> Result<(usize, usize, Instant), Error> {
        let request: AlignedVec = to_bytes::<Error>(&self.request)?;
        let keys = access::<rkyv::Archived<Vec<u32>>, Error>(&request)?.len();
        let reply: AlignedVec = to_bytes::<Error>(&self.reply)?;
        let items = access::<ArchivedPidReply, Error>(&reply)?.items.len();
        Ok((keys, items, Instant::now()))
    }

    fn len(&self) -> usize {
        self.request.len()
    }
}
