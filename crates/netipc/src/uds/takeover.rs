//! Taking over a socket path without ever stealing it from a living server.
//!
//! From the probe to `listen` the run directory is locked, and again for the unlink at close, so
//! that of two servers that start at once exactly one wins. Existing servers take no lock: against
//! them a window remains between the probe and the unlink, which `spec/endpoints.md` documents.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::fs::{AtFlags, CWD, FileType, Mode, Stat};
use rustix::io::Errno;

use crate::clock;
use crate::endpoint::{Endpoint, Presence};
use crate::error::{Error, Occupant, Operation};
use crate::shm::stale;
use crate::sys::credentials::peer_credentials;
use crate::sys::lock::{DirLock, LockableDir};
use crate::sys::socket;

/// How long a close waits for the lock; the path stays behind as a stale one when it is not had.
const UNLINK_WAIT: Duration = Duration::from_secs(1);

/// A path that this process has bound. Unlinked on drop if it is still the same file.
///
/// Must be dropped before the listening descriptor: that keeps the inode number from being reused.
#[derive(Debug)]
pub(crate) struct BoundPath {
    endpoint: Endpoint,
    /// Kept open: a server that stops for want of descriptors must be able to lock and unlink all the same.
    dir: LockableDir,
    device: u64,
    inode: u64,
}

/// Binds and listens at the endpoint, replacing a socket that nobody serves.
///
/// NIPC-EP-04 and following.
pub(crate) fn bind(
    endpoint: &Endpoint,
    mode: u32,
    backlog: i32,
    lock_timeout: Duration,
) -> Result<(OwnedFd, BoundPath), Error> {
    let dir = open_dir(endpoint)?;
    let (listener, stat) = {
        let _lock = lock(&dir, endpoint, lock_timeout)?;
        bind_locked(endpoint, mode, backlog)?
    };
    Ok((listener, BoundPath { endpoint: endpoint.clone(), dir, device: stat.st_dev, inode: stat.st_ino }))
}

/// From the probe to `listen`; the caller holds the lock.
fn bind_locked(endpoint: &Endpoint, mode: u32, backlog: i32) -> Result<(OwnedFd, Stat), Error> {
    let fail = |operation| move |errno| Error::io(operation, Some(endpoint), errno);
    free_path(endpoint)?;
    let listener = socket::open().map_err(fail(Operation::CreateSocket))?;
    // A socket file gets the mode of its descriptor less the umask: it is never too wide, not
    // even between bind and chmod, and the process umask stays alone.
    let mode = Mode::from_raw_mode(mode);
    rustix::fs::fchmod(&listener, mode).map_err(fail(Operation::SetMode))?;
    socket::bind(listener.as_fd(), endpoint.socket_path()).map_err(|errno| match errno {
        // Somebody without the lock was faster than this bind.
        Errno::ADDRINUSE => in_use(endpoint, Occupant::Newcomer),
        errno => Error::io(Operation::Bind, Some(endpoint), errno),
    })?;
    let stat = lstat(endpoint).map_err(fail(Operation::Stat))?;
    let finish = || {
        rustix::fs::chmodat(CWD, endpoint.socket_path(), mode, AtFlags::empty()).map_err(fail(Operation::SetMode))?;
        socket::listen(listener.as_fd(), backlog).map_err(fail(Operation::Listen))
    };
    if let Err(error) = finish() {
        unlink_own(endpoint, stat.st_dev, stat.st_ino);
        return Err(error);
    }
    Ok((listener, stat))
}

/// Removes the socket file if it is still the one that this process made; the caller holds the lock. NIPC-EP-14.
fn unlink_own(endpoint: &Endpoint, device: u64, inode: u64) {
    if lstat(endpoint).is_ok_and(|stat| (stat.st_dev, stat.st_ino) == (device, inode)) {
        // A failure leaves a stale socket, which the next server takes over.
        let _ = rustix::fs::unlink(endpoint.socket_path());
    }
}

/// Leaves the path free, or says who has it; the caller holds the lock.
fn free_path(endpoint: &Endpoint) -> Result<(), Error> {
    match probe(endpoint)? {
        Presence::Nobody => Ok(()),
        Presence::Stale => rustix::fs::unlink(endpoint.socket_path())
            .map_err(|errno| Error::io(Operation::Unlink, Some(endpoint), errno)),
        Presence::Server(_) => Err(in_use(endpoint, Occupant::Server)),
        Presence::Foreign(kind) => Err(in_use(endpoint, Occupant::NotASocket(kind))),
        Presence::Unknown(source) => Err(in_use(endpoint, Occupant::Unknown(source))),
    }
}

/// Looks at what is at the endpoint, and asks the socket there whether anybody listens. NIPC-EP-10 to NIPC-EP-13.
pub(crate) fn probe(endpoint: &Endpoint) -> Result<Presence, Error> {
    let stat = match lstat(endpoint) {
        Err(Errno::NOENT) => return Ok(Presence::Nobody),
        Err(errno) => return Err(Error::io(Operation::Stat, Some(endpoint), errno)),
        Ok(stat) => stat,
    };
    let kind = FileType::from_raw_mode(stat.st_mode);
    if kind != FileType::Socket {
        return Ok(Presence::Foreign(describe(kind)));
    }
    let probe = match socket::open() {
        Ok(probe) => probe,
        Err(errno) => return Ok(Presence::Unknown(errno.into())),
    };
    Ok(match socket::connect(probe.as_fd(), endpoint.socket_path()) {
        Err(Errno::CONNREFUSED) => Presence::Stale,
        Ok(()) => Presence::Server(peer_credentials(probe.as_fd()).ok()),
        // Somebody listens, and the backlog is full.
        Err(Errno::AGAIN) => Presence::Server(None),
        Err(errno) => Presence::Unknown(errno.into()),
    })
}

/// Removes the socket and the shared memory if nobody listens there, under the lock of the directory; what was there.
/// NIPC-EP-18.
pub(crate) fn remove_stale(endpoint: &Endpoint, lock_timeout: Duration) -> Result<Presence, Error> {
    let dir = open_dir(endpoint)?;
    let _lock = lock(&dir, endpoint, lock_timeout)?;
    let presence = probe(endpoint)?;
    if let Presence::Stale = presence {
        rustix::fs::unlink(endpoint.socket_path())
            .map_err(|errno| Error::io(Operation::Unlink, Some(endpoint), errno))?;
    }
    if let Presence::Stale | Presence::Nobody = presence {
        stale::clear_all(endpoint.run_dir(), endpoint.service());
    }
    Ok(presence)
}

fn open_dir(endpoint: &Endpoint) -> Result<LockableDir, Error> {
    LockableDir::open(endpoint.run_dir()).map_err(|errno| match errno {
        Errno::NOENT => Error::NotFound { endpoint: endpoint.clone(), source: errno.into() },
        errno => Error::io(Operation::LockRunDir, Some(endpoint), errno),
    })
}

fn lock<'d>(dir: &'d LockableDir, endpoint: &Endpoint, timeout: Duration) -> Result<DirLock<'d>, Error> {
    dir.lock(clock::after(timeout)).map_err(|errno| match errno {
        Errno::AGAIN => in_use(endpoint, Occupant::RunDirLock { waited: timeout }),
        errno => Error::io(Operation::LockRunDir, Some(endpoint), errno),
    })
}

fn in_use(endpoint: &Endpoint, occupant: Occupant) -> Error {
    Error::AddressInUse { endpoint: endpoint.clone(), occupant }
}

fn lstat(endpoint: &Endpoint) -> Result<Stat, Errno> {
    rustix::fs::lstat(endpoint.socket_path())
}

fn describe(kind: FileType) -> &'static str {
    match kind {
        FileType::RegularFile => "regular file",
        FileType::Directory => "directory",
        FileType::Symlink => "symbolic link",
        FileType::Fifo => "fifo",
        _ => "file that is no socket",
    }
}

impl BoundPath {
    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl Drop for BoundPath {
    fn drop(&mut self) {
        let Ok(_lock) = self.dir.lock(clock::after(UNLINK_WAIT)) else { return };
        unlink_own(&self.endpoint, self.device, self.inode);
    }
}
