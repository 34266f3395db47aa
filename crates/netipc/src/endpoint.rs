//! Endpoints: a run directory and a service name.

use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, OsError};
use crate::shm::stale;
use crate::sys::credentials::PeerCredentials;
use crate::sys::socket::MAX_PATH;
use crate::uds::takeover;

/// Where a service is found: `{run_dir}/{service}.sock`.
///
/// The directory is used as given: it is neither created nor normalised. Who may write to it may
/// replace the endpoint, so it should belong to the user of the provider. Clones share their parts.
///
/// Implements `spec/endpoints.md`, NIPC-EP-01 to NIPC-EP-03.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    run_dir: Arc<Path>,
    service: Arc<str>,
    socket: Arc<Path>,
}

impl Endpoint {
    /// Checks the service name and the length of the socket path.
    ///
    /// # Errors
    ///
    /// [`Error::ApiMisuse`] when the name is empty, `.`, `..` or has a byte outside
    /// `[A-Za-z0-9._-]`, when the run directory is empty or has a NUL, or when the socket path is longer than 107 bytes.
    pub fn new(run_dir: impl Into<PathBuf>, service: impl Into<String>) -> Result<Self, Error> {
        let (run_dir, service) = (run_dir.into(), service.into());
        check_service(&service)?;
        if run_dir.as_os_str().is_empty() {
            return Err(Error::misuse("the run directory is empty: name a directory"));
        }
        if run_dir.as_os_str().as_bytes().contains(&0) {
            return Err(Error::misuse("the run directory has a NUL in its name, which no file can have"));
        }
        let socket = run_dir.join(format!("{service}.sock"));
        let length = socket.as_os_str().len();
        if length > MAX_PATH {
            return Err(Error::misuse(format!(
                "the socket path {} has {length} bytes, a socket address holds {MAX_PATH}: use a shorter run directory",
                socket.display()
            )));
        }
        Ok(Self { run_dir: run_dir.into(), service: service.into(), socket: socket.into() })
    }

    /// The directory that holds the socket.
    pub fn run_dir(&self) -> &Path {
        &self.run_dir
    }

    /// The service name.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The path of the Unix socket.
    pub fn socket_path(&self) -> &Path {
        &self.socket
    }

    /// Tells whether anybody serves the endpoint, by a connection that is closed at once. Does not wait.
    ///
    /// A server counts such a connection among those it [dropped](crate::ServerStatus::dropped).
    ///
    /// # Errors
    ///
    /// `Io` when the file cannot even be looked at.
    pub fn probe(&self) -> Result<Presence, Error> {
        takeover::probe(self)
    }

    /// The files of shared memory of this endpoint's sessions, each with whether it is in use, in the order of their names.
    ///
    /// One that is not was left behind by a server that has died, and the next one removes it. What cannot be found out
    /// counts as in use. Does not block.
    ///
    /// Implements `spec/shm.md`, NIPC-SHM-07.
    pub fn regions(&self) -> Vec<(PathBuf, bool)> {
        stale::list(&self.run_dir, &self.service)
    }

    /// Removes the socket file of a server that has died, and the shared memory that it left behind, as a new server would.
    /// Nothing else is ever removed, and nothing while a server lives.
    ///
    /// Holds the lock that servers take while they bind, and waits for it at most `lock_timeout`. Gives what was there:
    /// [`Presence::Stale`] has been removed.
    ///
    /// Implements `spec/endpoints.md`, NIPC-EP-18.
    ///
    /// # Errors
    ///
    /// `NotFound` without a run directory, `AddressInUse` when the lock is not to be had, `Io` for what the operating system
    /// refuses.
    pub fn remove_stale(&self, lock_timeout: Duration) -> Result<Presence, Error> {
        takeover::remove_stale(self, lock_timeout)
    }
}

/// What is at an endpoint.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Presence {
    /// No file.
    Nobody,
    /// A server that listens, and who it is unless its backlog was full.
    Server(Option<PeerCredentials>),
    /// A socket whose server has died.
    Stale,
    /// A file of another kind.
    Foreign(&'static str),
    /// A socket that could not be asked, for this reason; somebody may listen.
    Unknown(OsError),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.display().fmt(f)
    }
}

fn check_service(service: &str) -> Result<(), Error> {
    if matches!(service, "" | "." | "..") {
        return Err(Error::misuse(format!("the service name {service:?} cannot name a file: choose another")));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    match service.chars().find(|&c| !allowed(c)) {
        None => Ok(()),
        Some(c) => Err(Error::misuse(format!(
            "the service name {service:?} has {c:?}: only letters, digits, '.', '_' and '-' are allowed"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_lengths_are_checked() {
        // NIPC-EP-01, NIPC-EP-02
        for good in ["a", "cgroups-snapshot", "A.b_c-9", "...", ".a"] {
            Endpoint::new("/run/x", good).unwrap();
        }
        for bad in ["", ".", "..", "a/b", "a b", "\u{e9}", "a\0"] {
            assert!(matches!(Endpoint::new("/run/x", bad), Err(Error::ApiMisuse(_))), "{bad:?}");
        }
        assert!(matches!(Endpoint::new("", "a"), Err(Error::ApiMisuse(_))));
        let room = MAX_PATH - "/".len() - "/a.sock".len();
        Endpoint::new(format!("/{}", "d".repeat(room)), "a").unwrap();
        assert!(Endpoint::new(format!("/{}", "d".repeat(room + 1)), "a").is_err());
    }

    #[test]
    fn the_socket_lies_in_the_run_directory() {
        let endpoint = Endpoint::new("/run/netdata", "apps-lookup").unwrap();
        assert_eq!(endpoint.to_string(), "/run/netdata/apps-lookup.sock");
    }
}
