//! Who is at the other end of a socket, as the kernel recorded it.
//!
//! References: unix(7), SO_PEERCRED.
#![allow(unsafe_code)]

use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::Errno;

/// Kernel-verified identity of the process that opened the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerCredentials {
    /// Process id, as seen from this process's pid namespace; 0 when the peer is not visible in it.
    pub pid: i32,
    /// Effective user id at connect (client) or listen (server).
    pub uid: u32,
    /// Effective group id at connect (client) or listen (server).
    pub gid: u32,
}

/// Asks the kernel itself: rustix has no place for the pid 0 of a peer in another namespace, and takes it for a failure.
pub(crate) fn peer_credentials(socket: BorrowedFd<'_>) -> Result<PeerCredentials, Errno> {
    let mut raw = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut length = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: `raw` and `length` are live, writable and properly aligned for the call; the kernel writes at most `length`
    // bytes, which is the size of `raw`, and every bit pattern is a valid `ucred`. The descriptor is borrowed, so open.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut raw).cast::<libc::c_void>(),
            &raw mut length,
        )
    };
    if result == 0 {
        Ok(PeerCredentials { pid: raw.pid, uid: raw.uid, gid: raw.gid })
    } else {
        Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO))
    }
}
