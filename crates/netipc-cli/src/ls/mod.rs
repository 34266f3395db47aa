//! `netipc ls`: what is in a run directory.

mod sockets;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use comfy_table::CellAlignment;
use netipc::{Endpoint, Error, ErrorKind, Presence};
use serde_json::{Value, json};

use crate::cli::Ls;
use crate::failure::Failure;
use crate::table::{self, printable};
use crate::{json, output, run_dir};
use sockets::Sockets;

/// How long a cleaner waits for a server that is about to bind.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) fn run(ls: &Ls) -> Result<(), Failure> {
    let directory = run_dir::choose(ls.run_dir.as_deref());
    let Listing { services, orphaned } = list(&directory)?;
    let sockets = Sockets::read();
    let rows: Vec<_> =
        services.iter().chain(&orphaned).map(|service| Row::new(ls, &directory, service, &sockets)).collect();
    show(ls, &directory, &rows)?;
    // What one endpoint refuses keeps nobody from the others.
    rows.into_iter().find_map(|row| row.failure).map_or(Ok(()), |error| Err(error.into()))
}

fn show(ls: &Ls, directory: &Path, rows: &[Row]) -> Result<(), Failure> {
    if ls.json || !io::IsTerminal::is_terminal(&io::stdout()) {
        let endpoints: Vec<_> = rows.iter().map(Row::json).collect();
        return output::line(
            &json!({"run_dir": json::bytes(directory.as_os_str().as_bytes()), "endpoints": endpoints}).to_string(),
        );
    }
    if rows.is_empty() {
        return output::line(&format!("no endpoint in {}", directory.display()));
    }
    output::line(&table(rows))
}

/// What a run directory holds, both sorted.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Names of sockets without their ending.
    pub(crate) services: Vec<Vec<u8>>,
    /// Names of services that have shared memory and no socket.
    orphaned: BTreeSet<Vec<u8>>,
}

pub(crate) fn list(directory: &Path) -> Result<Listing, Failure> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Failure::new(
            ErrorKind::NotFound,
            format!("there is no run directory {}; choose another with --run-dir", directory.display()),
        ),
        io::ErrorKind::PermissionDenied => Failure::new(
            ErrorKind::Denied,
            format!("the run directory {} may not be read: {error}", directory.display()),
        ),
        _ => Failure::io(format!("cannot list the run directory {}: {error}", directory.display())),
    };
    let mut listing = Listing::default();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let name = name.as_bytes();
        if let Some(service) = name.strip_suffix(b".sock") {
            listing.services.push(service.to_vec());
        } else if let Some(service) = owner(name) {
            listing.orphaned.insert(service.to_vec());
        }
    }
    listing.services.sort();
    listing.orphaned.retain(|service| listing.services.binary_search(service).is_err());
    Ok(listing)
}

/// The service with a session that has shared memory of this name: `{service}-{16 hexadecimal digits}.ipcshm`.
fn owner(file: &[u8]) -> Option<&[u8]> {
    let (service, session) = file.strip_suffix(b".ipcshm")?.split_last_chunk::<16>()?;
    session.iter().all(u8::is_ascii_hexdigit).then_some(service)?.strip_suffix(b"-")
}

/// What is known of one endpoint.
#[derive(Debug, Default)]
struct Row {
    service: Vec<u8>,
    state: State,
    /// More about the state, for people.
    remark: Option<String>,
    /// Process that listens; 0 when it is in another namespace.
    pid: Option<i32>,
    /// Of the socket file.
    uid: Option<u32>,
    mode: Option<u32>,
    sessions: Option<usize>,
    /// Files of shared memory that a living server has; unknown when nobody looked.
    regions: Option<usize>,
    /// Those that a dead one left behind.
    leftovers: Vec<Vec<u8>>,
    /// Those of them that are gone now.
    removed: Vec<Vec<u8>>,
    /// Why it could not be looked at, or cleaned.
    failure: Option<Error>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    Alive,
    Stale,
    Removed,
    Foreign,
    Denied,
    #[default]
    Unknown,
    /// There is no socket.
    Gone,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Stale => "stale",
            Self::Removed => "removed",
            Self::Foreign => "foreign",
            Self::Denied => "denied",
            Self::Unknown => "unknown",
            Self::Gone => "gone",
        }
    }
}

impl Row {
    fn new(ls: &Ls, directory: &Path, service: &[u8], sockets: &Sockets) -> Self {
        let mut row = Self { service: service.to_vec(), ..Self::default() };
        let name = std::str::from_utf8(service).unwrap_or_default();
        let endpoint = match Endpoint::new(directory, name) {
            Ok(endpoint) => endpoint,
            Err(error) => return Self { state: State::Foreign, remark: Some(error.to_string()), ..row },
        };
        if let Ok(metadata) = fs::symlink_metadata(endpoint.socket_path()) {
            (row.uid, row.mode) = (Some(metadata.uid()), Some(metadata.mode() & 0o7777));
        }
        let listens = sockets.listens(endpoint.socket_path());
        if ls.no_probe {
            row.state = match row.mode {
                None => State::Gone,
                Some(_) if listens => State::Alive,
                Some(_) => State::Unknown,
            };
        } else {
            row.find_regions(&endpoint);
            let found = if ls.clean { endpoint.remove_stale(LOCK_TIMEOUT) } else { endpoint.probe() };
            match found {
                Ok(presence) => row.judge(presence, ls.clean),
                Err(error) => row.fail(error),
            }
            if ls.clean {
                let before = std::mem::take(&mut row.leftovers);
                row.find_regions(&endpoint);
                row.removed = before.into_iter().filter(|file| !row.leftovers.contains(file)).collect();
            }
        }
        // Who listens in another network namespace is not in our table, and neither are its sessions.
        if row.state == State::Alive && listens {
            row.sessions = Some(sockets.sessions(endpoint.socket_path()));
        }
        row
    }

    fn fail(&mut self, error: Error) {
        self.state = if error.kind() == ErrorKind::Denied { State::Denied } else { State::Unknown };
        self.remark = Some(error.to_string());
        self.failure = Some(error);
    }

    fn find_regions(&mut self, endpoint: &Endpoint) {
        let mut in_use = 0;
        for (path, is_in_use) in endpoint.regions() {
            match path.file_name() {
                Some(name) if !is_in_use => self.leftovers.push(name.as_bytes().to_vec()),
                _ => in_use += 1,
            }
        }
        self.regions = Some(in_use);
    }

    fn judge(&mut self, presence: Presence, clean: bool) {
        self.state = match presence {
            Presence::Server(owner) => {
                self.pid = owner.map(|owner| owner.pid);
                State::Alive
            }
            Presence::Stale if clean => State::Removed,
            Presence::Stale => State::Stale,
            Presence::Nobody => State::Gone,
            Presence::Foreign(kind) => {
                self.remark = Some(kind.to_owned());
                State::Foreign
            }
            Presence::Unknown(error) => {
                self.remark = Some(error.to_string());
                match io::Error::from(error).kind() {
                    io::ErrorKind::PermissionDenied => State::Denied,
                    // EPROTOTYPE: it listens, for another kind of connection.
                    _ if error.code() == rustix::io::Errno::PROTOTYPE.raw_os_error() => State::Foreign,
                    _ => State::Unknown,
                }
            }
            _ => State::Unknown,
        };
    }

    fn json(&self) -> Value {
        let names = |files: &[Vec<u8>]| files.iter().map(|file| json::bytes(file)).collect::<Vec<_>>();
        json!({
            "service": json::bytes(&self.service),
            "state": self.state.name(),
            "remark": self.remark,
            "pid": self.pid,
            "uid": self.uid,
            "mode": self.mode.map(|mode| format!("{mode:04o}")),
            "sessions": self.sessions,
            "shared_memory": self.regions,
            "leftovers": names(&self.leftovers),
            "removed": names(&self.removed),
        })
    }

    fn memory(&self) -> String {
        let Some(in_use) = self.regions else { return "unknown".to_owned() };
        let counts = [(in_use, "in use"), (self.leftovers.len(), "left behind"), (self.removed.len(), "removed")];
        let told: Vec<_> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        if told.is_empty() { "-".to_owned() } else { told.join(", ") }
    }
}

fn table(rows: &[Row]) -> String {
    let users = Users::read();
    let mut table = table::new(&["service", "state", "process", "owner", "mode", "sessions", "shared memory"]);
    for row in rows {
        let or = |value: Option<String>, other: &str| value.unwrap_or_else(|| other.to_owned());
        let unknown = if row.state == State::Alive { "unknown" } else { "-" };
        let state = row
            .remark
            .as_ref()
            .map_or_else(|| row.state.name().to_owned(), |why| format!("{}: {why}", row.state.name()));
        table.add_row([
            printable(&row.service),
            state,
            or(row.pid.filter(|pid| *pid != 0).map(|pid| pid.to_string()), unknown),
            or(row.uid.map(|uid| users.name(uid)), "-"),
            or(row.mode.map(|mode| format!("{mode:04o}")), "-"),
            or(row.sessions.map(|sessions| sessions.to_string()), unknown),
            row.memory(),
        ]);
    }
    for column in [2, 5] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

/// Names of users, as far as the machine's own file has them.
struct Users(Vec<u8>);

impl Users {
    fn read() -> Self {
        Self(fs::read("/etc/passwd").unwrap_or_default())
    }

    fn name(&self, uid: u32) -> String {
        let number = uid.to_string();
        let name = self.0.split(|byte| *byte == b'\n').find_map(|line| {
            let mut fields = line.split(|byte| *byte == b':');
            let name = fields.next()?;
            (fields.nth(1)? == number.as_bytes()).then(|| printable(name))
        });
        name.unwrap_or(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_memory_is_told_by_its_name() {
        assert_eq!(owner(b"apps-lookup-0123456789abcdef.ipcshm"), Some(&b"apps-lookup"[..]));
        for other in
            ["apps-0123456789abcde.ipcshm", "apps-0123456789abcdeg.ipcshm", "apps0123456789abcdef.ipcshm", "x.ipcshm"]
        {
            assert_eq!(owner(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn users_have_names() {
        let users = Users(b"root:x:0:0:root:/root:/bin/sh\n\nbad\nsvc:x:10:1::/:/bin/false\n".to_vec());
        assert_eq!(users.name(0), "root");
        assert_eq!(users.name(10), "svc");
        assert_eq!(users.name(1), "1");
    }
}
