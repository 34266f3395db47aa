//! Who runs a cgroup and what a person would call it, guessed from the path alone.
//!
//! The path is all there is: no runtime is asked and no file is read, so the answer is the same on every host and for
//! every caller. Who keeps cgroups in a way not listed here gets [`Orchestrator::Unknown`] and its path as the name.

use std::fmt;

/// Who runs the processes of a cgroup, with the numbers that the lookup services put on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
#[non_exhaustive]
pub enum Orchestrator {
    /// Nobody whose habits are known here.
    Unknown = 0,
    /// A systemd unit.
    Systemd = 1,
    /// Docker Engine.
    Docker = 2,
    /// Kubernetes, through whichever container runtime.
    Kubernetes = 3,
    /// A virtual machine: libvirt, systemd-vmspawn, Proxmox.
    Kvm = 4,
    /// LXC, Incus, LXD or libvirt's LXC driver.
    Lxc = 5,
    /// Podman.
    Podman = 6,
    /// systemd-nspawn, or another machine registered with systemd-machined.
    Nspawn = 7,
}

impl Orchestrator {
    /// The number on the wire.
    pub fn code(self) -> u16 {
        self as u16
    }

    /// Its name in the specification.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Systemd => "systemd",
            Self::Docker => "docker",
            Self::Kubernetes => "k8s",
            Self::Kvm => "kvm",
            Self::Lxc => "lxc",
            Self::Podman => "podman",
            Self::Nspawn => "nspawn",
        }
    }
}

impl fmt::Display for Orchestrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What the path of a cgroup tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who runs it.
    pub orchestrator: Orchestrator,
    /// What a person would call it. Bytes, because a cgroup may be named with any.
    pub name: Vec<u8>,
    /// The container that it belongs to, where the path gives its identifier and is not one that any user can make up.
    pub container: Option<Container>,
}

/// A container, as the path of a cgroup in it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Its identifier: 64 hexadecimal digits, so it is safe in the path of a file.
    pub id: String,
    /// What lies below the container, as in the name; mostly nothing.
    pub below: Vec<u8>,
}

/// Guesses who runs the cgroup at `path` and what to call it.
///
/// The name is that of the thing which owns the cgroup, in the words of its own tool, followed by what lies below it:
///
/// | path | name |
/// | --- | --- |
/// | `/system.slice/nginx.service` | `nginx.service` |
/// | `/user.slice/user-1000.slice/user@1000.service/app.slice/dbus.service` | `user@1000/dbus.service` |
/// | `/docker/<64 hex digits>`, `/system.slice/docker-<64 hex digits>.scope` | `docker-` and 12 of the digits |
/// | `/kubepods.slice/kubepods-pod<uid>.slice/cri-containerd-<id>.scope` | `pod-<uid>/` and 12 digits |
/// | `/system.slice/containerd.service/kubepods-pod<uid>.slice:cri-containerd:<id>` | `pod-<uid>/` and 12 digits |
/// | `/machine.slice/machine-qemu\x2d3\x2dweb.scope/libvirt/vcpu0` | `web/libvirt/vcpu0` |
/// | `/anything/else` | `anything/else` |
///
/// Identifiers of 32 hexadecimal digits or more are cut to 12 wherever they stand, as container engines do.
///
/// Where containers are nested the innermost one counts, except that whatever a Kubernetes pod starts is Kubernetes'.
/// A unit of a systemd inside a container belongs to the container.
///
/// Users name the cgroups below their own as they like, so what looks like a container there is called one, but its
/// identifier is not passed on: it may well be that of somebody else's container.
pub fn identify(path: &[u8]) -> Identity {
    let parts: Vec<&[u8]> = path.split(|&byte| byte == b'/').filter(|part| !part.is_empty()).collect();
    let owner = kubernetes(&parts)
        .or_else(|| (0..parts.len()).rev().find_map(|at| container(&parts, at)))
        .or_else(|| systemd(&parts));
    let depth = owner.as_ref().map_or(0, |owner| owner.depth);
    let below: Vec<_> = parts[depth..].iter().map(|part| if is_hex(part, 32) { short(part) } else { part }).collect();
    let below = below.join(&b'/');
    let Some(Owner { orchestrator, name, container, .. }) = owner else {
        return Identity { orchestrator: Orchestrator::Unknown, name: below, container: None };
    };
    let name = if below.is_empty() { name } else { [&name, &b"/"[..], &below].concat() };
    let container = container.filter(|_| !parts[..depth].iter().any(|part| is_of_user(part)));
    Identity { orchestrator, name, container: container.map(|id| Container { id, below }) }
}

/// `user-1000.slice` or `user@1000.service`: what is below may have been made by that user.
fn is_of_user(part: &[u8]) -> bool {
    (part.starts_with(b"user-") && part.ends_with(b".slice"))
        || (part.starts_with(b"user@") && part.ends_with(b".service"))
}

/// Whoever owns the first `depth` components of a path.
struct Owner {
    orchestrator: Orchestrator,
    name: Vec<u8>,
    depth: usize,
    /// Its identifier, if it is a container.
    container: Option<String>,
}

/// `kubepods` of the kubelet and what it holds, for the systemd driver (`kubepods-burstable-pod<uid>.slice`) and the
/// cgroupfs driver (`kubepods/burstable/pod<uid>`), also below a cgroup root of the kubelet's own. Where the kubelet has the
/// systemd driver and the runtime has not, a container is `kubepods-burstable-pod<uid>.slice:cri-containerd:<id>`.
fn kubernetes(parts: &[&[u8]]) -> Option<Owner> {
    let start = parts.iter().position(|part| is_kubepods(part) || undriven(part).is_some())?;
    if let Some((uid, id)) = undriven(parts[start]) {
        let name = [b"pod-", &uid[..], b"/", short(id)].concat();
        let container = text_of(id);
        return Some(Owner { orchestrator: Orchestrator::Kubernetes, name, depth: start + 1, container });
    }
    let mut name = parts[start].to_vec();
    let mut depth = start + 1;
    let mut container = None;
    while let Some(&part) = parts.get(depth) {
        let bare = part.strip_suffix(b".slice").unwrap_or(part);
        if let Some(uid) = pod_uid(bare) {
            name = [&b"pod-"[..], &uid].concat();
        } else if let Some((role, id)) = container_id(part) {
            name = [&name, &b"/"[..], role, short(id)].concat();
            container = if role.is_empty() { text_of(id) } else { None };
            depth += 1;
            break;
        } else if bare.ends_with(b"besteffort") || bare.ends_with(b"burstable") {
            name = if part.len() == bare.len() { [&name, &b"/"[..], part].concat() } else { part.to_vec() };
        } else {
            break;
        }
        depth += 1;
    }
    Some(Owner { orchestrator: Orchestrator::Kubernetes, name, depth, container })
}

fn is_kubepods(part: &[u8]) -> bool {
    let bare = part.strip_suffix(b".slice").unwrap_or(part);
    bare == b"kubepods" || bare.ends_with(b"-kubepods")
}

/// The pod and the container of `<slice>:<runtime>:<id>`, which is meant for systemd but was made a directory as it is.
fn undriven(part: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut fields = part.split(|&byte| byte == b':');
    let (slice, _runtime, id) = (fields.next()?.strip_suffix(b".slice")?, fields.next()?, fields.next()?);
    let of_kubelet = slice.split(|&byte| byte == b'-').any(|level| level == b"kubepods");
    if !of_kubelet || !is_id(id) || fields.next().is_some() {
        return None;
    }
    Some((pod_uid(slice)?, id))
}

/// `pod<uid>` at the end of a component; the systemd driver writes the dashes of the uid as underscores.
fn pod_uid(bare: &[u8]) -> Option<Vec<u8>> {
    let uid = match bare.strip_prefix(b"pod") {
        Some(uid) => uid,
        None => bare.rsplit(|&byte| byte == b'-').next()?.strip_prefix(b"pod")?,
    };
    let plausible = uid.len() >= 16 && uid.iter().all(|byte| byte.is_ascii_hexdigit() || b"-_".contains(byte));
    plausible.then(|| uid.iter().map(|&byte| if byte == b'_' { b'-' } else { byte }).collect())
}

/// A container below a pod: `<id>`, `<runtime>-<id>`, `<runtime>-<id>.scope`, or the monitor beside it. The runtime is left
/// out of the name, since it is the same for every container of a node. Gives the role of a monitor, and the identifier.
fn container_id(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let bare = part.strip_suffix(b".scope").unwrap_or(part);
    let id = bare.rsplit(|&byte| byte == b'-').next()?;
    let monitor: &[u8] = if bare.starts_with(b"crio-conmon-") { b"conmon-" } else { b"" };
    is_id(id).then_some((monitor, id))
}

/// The container or machine that begins exactly at component `at`.
fn container(parts: &[&[u8]], at: usize) -> Option<Owner> {
    let part = parts[at];
    let parent = at.checked_sub(1).map(|above| parts[above]);
    let (orchestrator, name, container) =
        docker(part, parent, parts.first().copied()).or_else(|| podman(part)).or_else(|| {
            let grandparent = at.checked_sub(2).map(|above| parts[above]);
            let (orchestrator, name) = machine(part, parent, grandparent).or_else(|| lxc(part, parent))?;
            Some((orchestrator, name, None))
        })?;
    Some(Owner { orchestrator, name, depth: at + 1, container })
}

/// Who runs a container, what to call it, and its identifier unless it is only something beside one.
type Contained = (Orchestrator, Vec<u8>, Option<String>);

fn docker(part: &[u8], parent: Option<&[u8]>, first: Option<&[u8]>) -> Option<Contained> {
    // Amazon's agent and GitHub's runner give their containers to Docker under a parent of their own.
    let keeper = parent == Some(b"docker") || matches!(first, Some(b"ecs" | b"actions_job"));
    let id = match unit_of(part, b"docker-") {
        Some(id) if is_id(id) => id,
        _ if keeper && is_id(part) => part,
        _ if part == b"docker" => return Some((Orchestrator::Docker, part.to_vec(), None)),
        _ => return None,
    };
    Some((Orchestrator::Docker, [b"docker-", short(id)].concat(), text_of(id)))
}

fn podman(part: &[u8]) -> Option<Contained> {
    let bare = part.strip_suffix(b".scope").or(part.strip_suffix(b".slice")).unwrap_or(part);
    let mut container = None;
    let name = if let Some(at) = bare.windows(11).position(|window| window == b"libpod_pod_") {
        let id = &bare[at + 11..];
        is_id(id).then(|| [b"podman-pod-", short(id)].concat())?
    } else if bare == b"libpod_parent" {
        bare.to_vec()
    } else {
        let rest = bare.strip_prefix(b"libpod-")?;
        let (role, id) = match rest.iter().position(|&byte| byte == b'-') {
            Some(dash) => rest.split_at(dash + 1),
            None => (&b""[..], rest),
        };
        container = if role.is_empty() { text_of(id) } else { None };
        is_id(id).then(|| [b"podman-", role, short(id)].concat())?
    };
    Some((Orchestrator::Podman, name, container))
}

/// Machines of libvirt, systemd-machined and Proxmox.
fn machine(part: &[u8], parent: Option<&[u8]>, grandparent: Option<&[u8]>) -> Option<(Orchestrator, Vec<u8>)> {
    if let Some(escaped) = unit_of(part, b"machine-") {
        let whole = unescape_unit(escaped);
        return Some(match driver_of(&whole) {
            Some((orchestrator, name)) => (orchestrator, name.to_vec()),
            None => (Orchestrator::Nspawn, whole),
        });
    }
    if let Some(bare) = part.strip_suffix(b".libvirt-qemu") {
        let name = driver_of(bare).map_or(bare, |(_, name)| name);
        return Some((Orchestrator::Kvm, name.to_vec()));
    }
    if let Some(bare) = part.strip_suffix(b".libvirt-lxc") {
        let name = driver_of(bare).map_or(bare, |(_, name)| name);
        return Some((Orchestrator::Lxc, name.to_vec()));
    }
    for (prefix, orchestrator) in
        [(&b"systemd-nspawn@"[..], Orchestrator::Nspawn), (&b"systemd-vmspawn@"[..], Orchestrator::Kvm)]
    {
        if let Some(instance) = part.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(b".service")) {
            return Some((orchestrator, unescape_unit(instance)));
        }
    }
    if grandparent == Some(b"libvirt") && matches!(parent, Some(b"qemu")) {
        return Some((Orchestrator::Kvm, part.to_vec()));
    }
    if parent == Some(b"qemu.slice") {
        return Some((Orchestrator::Kvm, part.strip_suffix(b".scope")?.to_vec()));
    }
    None
}

/// `qemu-3-web` or `lxc-3-web`, as libvirt registers its domains: driver, number of this run, name.
fn driver_of(machine: &[u8]) -> Option<(Orchestrator, &[u8])> {
    let (orchestrator, rest) = match machine.strip_prefix(b"qemu-") {
        Some(rest) => (Orchestrator::Kvm, rest),
        None => (Orchestrator::Lxc, machine.strip_prefix(b"lxc-")?),
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match &rest[digits..] {
        [b'-', name @ ..] if digits > 0 && !name.is_empty() => Some((orchestrator, name)),
        _ if !rest.is_empty() => Some((orchestrator, rest)),
        _ => None,
    }
}

/// `lxc.payload.NAME` since LXC 4.0.1, `lxc.payload/NAME` before it, `lxc/NAME` of old; likewise for the monitor beside it.
fn lxc(part: &[u8], parent: Option<&[u8]>) -> Option<(Orchestrator, Vec<u8>)> {
    let name = if let Some(name) = part.strip_prefix(b"lxc.payload.") {
        name.to_vec()
    } else if let Some(name) = part.strip_prefix(b"lxc.monitor.") {
        [b"lxc-monitor-", name].concat()
    } else {
        match parent {
            Some(b"lxc.monitor") => [b"lxc-monitor-", part].concat(),
            Some(b"lxc" | b"lxc.payload") => part.to_vec(),
            _ if [&b"lxc"[..], b"lxc.payload", b"lxc.monitor", b"lxc.pivot"].contains(&part) => part.to_vec(),
            _ => return None,
        }
    };
    Some((Orchestrator::Lxc, name))
}

/// The innermost unit of an unbroken chain of units from the top. Units have unique names within their manager; those of
/// a user's manager are prefixed with it.
fn systemd(parts: &[&[u8]]) -> Option<Owner> {
    let depth = parts.iter().take_while(|part| is_unit(part)).count();
    let unit = *parts[..depth].last()?;
    let manager = parts[..depth - 1]
        .iter()
        .rev()
        .find_map(|part| part.strip_suffix(b".service").filter(|instance| instance.starts_with(b"user@")));
    // systemd puts an underscore before a unit whose name the kernel or it itself would take for something else.
    let unit = unit.strip_prefix(b"_").unwrap_or(unit);
    let name = match manager {
        Some(manager) => [manager, b"/", unit].concat(),
        None => unit.to_vec(),
    };
    Some(Owner { orchestrator: Orchestrator::Systemd, name, depth, container: None })
}

/// Whether a component has the suffix of a unit that can own a cgroup.
pub(super) fn is_unit(part: &[u8]) -> bool {
    const SUFFIXES: [&[u8]; 6] = [b".service", b".scope", b".slice", b".socket", b".mount", b".swap"];
    SUFFIXES.iter().any(|suffix| part.len() > suffix.len() && part.ends_with(suffix))
}

/// What stands between `prefix` and `.scope`.
fn unit_of<'a>(part: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    part.strip_suffix(b".scope")?.strip_prefix(prefix).filter(|rest| !rest.is_empty())
}

/// Container engines name their containers with 256 random bits in hexadecimal.
fn is_id(text: &[u8]) -> bool {
    text.len() == 64 && is_hex(text, 64)
}

fn text_of(id: &[u8]) -> Option<String> {
    std::str::from_utf8(id).ok().map(str::to_owned)
}

fn is_hex(text: &[u8], least: usize) -> bool {
    text.len() >= least && text.iter().all(u8::is_ascii_hexdigit)
}

/// The 12 digits that the engines' own tools show.
fn short(id: &[u8]) -> &[u8] {
    &id[..id.len().min(12)]
}

/// Undoes the `\x2d` escapes of unit names.
///
/// References: `systemd-escape(1)`.
fn unescape_unit(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = match rest {
            [b'\\', b'x', high, low, after @ ..] => {
                hex_digit(*high).zip(hex_digit(*low)).map(|(high, low)| (high << 4 | low, after))
            }
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((first, tail));
        plain.push(byte);
        rest = after;
    }
    plain
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4b5e57f6eb2f42b9039b3d1e13929295f231749c510cbe341cd68036d9af97e2";
    const SLICE: &str = "kubepods-burstable-pod987bcab0_1b92_9eb2_c078_77b224215c92.slice";

    #[test]
    fn containers_of_a_runtime_without_the_systemd_driver() {
        for parent in ["", "/system.slice/containerd.service", "/system.slice/k3s.service", "/docker/x/kubelet.slice"] {
            for slice in [SLICE, &format!("kubelet-{SLICE}")] {
                let found = identify(format!("{parent}/{slice}:cri-containerd:{ID}/below").as_bytes());
                assert_eq!(found.orchestrator, Orchestrator::Kubernetes);
                assert_eq!(found.name, b"pod-987bcab0-1b92-9eb2-c078-77b224215c92/4b5e57f6eb2f/below");
                assert_eq!(found.container, Some(Container { id: ID.to_owned(), below: b"below".to_vec() }));
            }
        }
        let found = identify(format!("/user.slice/user-1000.slice/{SLICE}:cri-containerd:{ID}").as_bytes());
        assert_eq!((found.orchestrator, found.container), (Orchestrator::Kubernetes, None));
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        for part in [
            format!("{SLICE}:cri-containerd"),
            format!("{SLICE}:cri-containerd:"),
            format!("{SLICE}:cri-containerd:{}", &ID[1..]),
            format!("{SLICE}:cri-containerd:{ID}:more"),
            format!("kubepods-burstable.slice:cri-containerd:{ID}"),
            format!("web-pod987bcab0_1b92_9eb2_c078_77b224215c92.slice:cri-containerd:{ID}"),
            format!("system.slice:docker:{ID}"),
        ] {
            let found = identify(format!("/system.slice/containerd.service/{part}").as_bytes());
            assert_eq!((found.orchestrator, found.container), (Orchestrator::Systemd, None), "{part}");
        }
    }
}
