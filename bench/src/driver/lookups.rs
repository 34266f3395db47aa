//! Lookups of many keys.

use std::time::Instant;

use netipc::proto::service::Lookup;
use netipc::services::{AppsLookup, CgroupsLookup, apps_lookup, cgroups_lookup};
use netipc::{Client, HandlerError, RunningServer, Server};

use super::data;
use super::failure::{Failure, expect};
use super::sessions;
use super::window::{Call, Done};
use crate::protocol::{Mix, Task};

const GENERATION: u64 = 1;

/// A lookup service with made-up data: the server knows the numbers below `count`.
pub(super) trait MadeUp: Lookup {
    /// Keys of a task. They live as long as the process, so that no lookup has to collect them anew.
    fn keys(count: u32, mix: Mix) -> Vec<Self::Key<'static>>;

    fn answer(count: u32, request: &Self::Request<'_>, reply: &mut Self::ReplyBuilder<'_>) -> Result<(), HandlerError>;

    /// Fails unless `reply` is what [`MadeUp::answer`] must give.
    fn check(reply: &Self::Reply<'_>, count: u32, keys: &[Self::Key<'static>]) -> Result<(), Failure>;
}

pub(super) fn serve<S: MadeUp>(task: &Task) -> Result<RunningServer, Failure> {
    let count = task.size;
    let server = Server::<S>::bind(sessions::endpoint(task)?, sessions::server(task), move |request, reply| {
        S::answer(count, &request, reply)
    })?;
    Ok(server.spawn()?)
}

/// The same lookup again and again.
pub(super) struct Lookups<S: MadeUp> {
    client: Client<S>,
    count: u32,
    keys: Vec<S::Key<'static>>,
}

impl<S: MadeUp> Lookups<S> {
    pub(super) fn connect(task: &Task) -> Result<Self, Failure> {
        Ok(Self { client: sessions::client(task)?, count: task.size, keys: S::keys(task.size, task.mix) })
    }
}

impl<S: MadeUp> Call for Lookups<S>
where
    S::Key<'static>: Send,
{
    fn call(&mut self) -> Result<Done, Failure> {
        let reply = self.client.lookup(&self.keys)?;
        let at = Instant::now();
        S::check(&reply, self.count, &self.keys)?;
        Ok(Done::at(self.keys.len() as u64, at))
    }
}

impl MadeUp for CgroupsLookup {
    fn keys(count: u32, mix: Mix) -> Vec<&'static [u8]> {
        let path = |i| format!("{}{}", data::PARENT, data::name(i));
        data::numbers(count, mix).map(|i| path(i).leak().as_bytes()).collect()
    }

    fn answer(
        count: u32,
        request: &cgroups_lookup::Request<'_>,
        reply: &mut cgroups_lookup::ReplyBuilder<'_>,
    ) -> Result<(), HandlerError> {
        reply.generation(GENERATION);
        for key in request.keys() {
            if !reply.wants_more() {
                break;
            }
            let path = key.path();
            match data::number_of(path).filter(|i| *i < count) {
                Some(_) => reply.known(cgroups_lookup::KnownFields {
                    orchestrator: cgroups_lookup::Orchestrator::DOCKER,
                    name: &path[data::PARENT.len()..],
                    labels: &[cgroups_lookup::Label { key: b"index", value: index_text(path) }],
                })?,
                None => reply.unknown_permanent()?,
            }
        }
        Ok(())
    }

    fn check(reply: &cgroups_lookup::Reply<'_>, count: u32, keys: &[&'static [u8]]) -> Result<(), Failure> {
        expect(reply.generation(), GENERATION)?;
        expect(reply.items().len(), keys.len())?;
        for (item, &path) in reply.items().iter().zip(keys) {
            let known = data::number_of(path).is_some_and(|i| i < count);
            let right = if known {
                let mut labels = item.labels().iter();
                item.status() == cgroups_lookup::Status::Known
                    && item.orchestrator() == cgroups_lookup::Orchestrator::DOCKER
                    && item.name() == &path[data::PARENT.len()..]
                    && labels.next().is_some_and(|label| label.key == b"index" && label.value == index_text(path))
                    && labels.next().is_none()
            } else {
                item.status() == cgroups_lookup::Status::UnknownPermanent
            };
            if !right || item.path() != path {
                return Err(Failure::wrong(item, String::from_utf8_lossy(path)));
            }
        }
        Ok(())
    }
}

/// The digits at the end of a path or name.
fn index_text(name: &[u8]) -> &[u8] {
    let dash = name.iter().rposition(|&byte| byte == b'-').map_or(0, |at| at + 1);
    &name[dash..]
}

impl MadeUp for AppsLookup {
    fn keys(count: u32, mix: Mix) -> Vec<u32> {
        data::numbers(count, mix).map(|i| i + 1).collect()
    }

    fn answer(
        count: u32,
        request: &apps_lookup::Request<'_>,
        reply: &mut apps_lookup::ReplyBuilder<'_>,
    ) -> Result<(), HandlerError> {
        reply.generation(GENERATION);
        let mut digits = Digits::default();
        let (mut comm, mut path) = (*b"proc-..........", *b"/synthetic/cgroup-..........");
        for key in request.keys() {
            if !reply.wants_more() {
                break;
            }
            let pid = key.pid;
            if pid == 0 || pid > count {
                reply.unknown()?;
                continue;
            }
            let number = digits.of(pid);
            let comm = joined(&mut comm, 5, number);
            let cgroup_path = joined(&mut path, 18, number);
            reply.known(apps_lookup::KnownFields {
                orchestrator: apps_lookup::Orchestrator::DOCKER,
                cgroup_status: apps_lookup::CgroupStatus::Known,
                ppid: 0,
                uid: 1000,
                starttime: 100 + u64::from(pid),
                comm,
                cgroup_path,
                cgroup_name: &cgroup_path[data::PARENT.len()..],
                labels: &[apps_lookup::Label { key: b"index", value: number }],
            })?;
        }
        Ok(())
    }

    fn check(reply: &apps_lookup::Reply<'_>, count: u32, keys: &[u32]) -> Result<(), Failure> {
        expect(reply.generation(), GENERATION)?;
        expect(reply.items().len(), keys.len())?;
        let mut digits = Digits::default();
        for (item, &pid) in reply.items().iter().zip(keys) {
            let right = if pid <= count {
                let number = digits.of(pid);
                item.status() == apps_lookup::Status::Known
                    && item.starttime() == 100 + u64::from(pid)
                    && item.uid() == 1000
                    && item.comm().strip_prefix(b"proc-") == Some(number)
                    && item.cgroup_path().strip_prefix(b"/synthetic/cgroup-") == Some(number)
                    && item.cgroup_name().strip_prefix(b"cgroup-") == Some(number)
                    && item.labels().iter().all(|label| label.key == b"index" && label.value == number)
            } else {
                item.status() == apps_lookup::Status::Unknown
            };
            if !right || item.pid() != pid {
                return Err(Failure::wrong(item, pid));
            }
        }
        Ok(())
    }
}

/// Decimal digits, without the memory that formatting takes.
#[derive(Debug, Default)]
struct Digits([u8; 10]);

impl Digits {
    fn of(&mut self, mut number: u32) -> &[u8] {
        let mut at = self.0.len();
        loop {
            at -= 1;
            self.0[at] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                return &self.0[at..];
            }
        }
    }
}

/// `number` behind the first `prefix` bytes of `buffer`.
fn joined<'b>(buffer: &'b mut [u8], prefix: usize, number: &[u8]) -> &'b [u8] {
    buffer[prefix..prefix + number.len()].copy_from_slice(number);
    &buffer[..prefix + number.len()]
}
