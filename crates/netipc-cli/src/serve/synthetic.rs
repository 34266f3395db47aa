//! Made-up data that every implementation of a service can make up likewise, for tests between them.

use netipc::HandlerError;
use netipc::proto::hash::djb2;
use netipc::services::{apps_lookup, cgroups_lookup, cgroups_snapshot};

/// Synthetic data never changes.
const GENERATION: u64 = 1;
const PARENT: &str = "/synthetic/";

/// The cgroups 0 to `items` - 1.
pub(super) fn cgroups_snapshot(items: u32, reply: &mut cgroups_snapshot::ReplyBuilder<'_>) -> Result<(), HandlerError> {
    reply.systemd_enabled(1).generation(GENERATION).reserve(items as usize);
    for i in 0..items {
        let name = name(i);
        let path = format!("{PARENT}{name}");
        reply.push(cgroups_snapshot::ItemFields {
            hash: djb2(name.as_bytes()),
            options: 0,
            enabled: i % 2,
            name: name.as_bytes(),
            path: path.as_bytes(),
        })?;
    }
    Ok(())
}

/// Knows the cgroups 0 to `items` - 1, and of every other that it does not exist.
pub(super) fn cgroups_lookup(
    items: u32,
    request: cgroups_lookup::Request<'_>,
    reply: &mut cgroups_lookup::ReplyBuilder<'_>,
) -> Result<(), HandlerError> {
    reply.generation(GENERATION);
    for key in request.keys() {
        if !reply.wants_more() {
            break;
        }
        match number_of(key.path()).filter(|i| *i < items) {
            Some(i) => reply.known(cgroups_lookup::KnownFields {
                orchestrator: cgroups_lookup::Orchestrator::DOCKER,
                name: name(i).as_bytes(),
                labels: &[cgroups_lookup::Label { key: b"index", value: i.to_string().as_bytes() }],
            })?,
            None => reply.unknown_permanent()?,
        }
    }
    Ok(())
}

/// Knows the processes 1 to `items`, each in the cgroup of the same number.
pub(super) fn apps_lookup(
    items: u32,
    request: apps_lookup::Request<'_>,
    reply: &mut apps_lookup::ReplyBuilder<'_>,
) -> Result<(), HandlerError> {
    reply.generation(GENERATION);
    for key in request.keys() {
        if !reply.wants_more() {
            break;
        }
        let pid = key.pid;
        if pid == 0 || pid > items {
            reply.unknown()?;
            continue;
        }
        let cgroup = name(pid);
        reply.known(apps_lookup::KnownFields {
            orchestrator: apps_lookup::Orchestrator::DOCKER,
            cgroup_status: apps_lookup::CgroupStatus::Known,
            ppid: 0,
            uid: 1000,
            starttime: 100 + u64::from(pid),
            // The longest, of the largest number, has just the 15 bytes that are allowed.
            comm: format!("proc-{pid}").as_bytes(),
            cgroup_path: format!("{PARENT}{cgroup}").as_bytes(),
            cgroup_name: cgroup.as_bytes(),
            labels: &[apps_lookup::Label { key: b"index", value: pid.to_string().as_bytes() }],
        })?;
    }
    Ok(())
}

fn name(i: u32) -> String {
    format!("cgroup-{i}")
}

/// The number of a cgroup, if its path is spelled exactly as ours are.
fn number_of(path: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(path).ok()?.strip_prefix(PARENT)?.strip_prefix("cgroup-")?;
    let number: u32 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_path_has_a_number() {
        assert_eq!(number_of(b"/synthetic/cgroup-0"), Some(0));
        assert_eq!(number_of(b"/synthetic/cgroup-4294967295"), Some(u32::MAX));
        for other in ["/synthetic/cgroup-", "/synthetic/cgroup-01", "/synthetic/cgroup-+1", "synthetic/cgroup-1", "/"] {
            assert_eq!(number_of(other.as_bytes()), None, "{other}");
        }
    }
}
