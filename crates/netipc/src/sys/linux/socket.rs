//! Non-blocking, close-on-exec SOCK_SEQPACKET sockets.
//!
//! References: unix(7), socket(2), sendmsg(2), sendmmsg(2), recv(2).

use std::io::IoSlice;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, MMsgHdr, RecvFlags, SendAncillaryBuffer, SendFlags, Shutdown, SocketAddrUnix, SocketFlags,
    SocketType, sockopt,
};

/// The longest path a socket address holds, without its NUL.
pub(crate) const MAX_PATH: usize = 107;

/// What the kernel takes off SO_SNDBUF before it accepts a packet.
const SEND_BUFFER_OVERHEAD: usize = 32;

/// Most packets that one system call sends.
pub(crate) const SEND_BATCH: usize = 16;

const FLAGS: SocketFlags = SocketFlags::NONBLOCK.union(SocketFlags::CLOEXEC);
const SEND: SendFlags = SendFlags::NOSIGNAL.union(SendFlags::DONTWAIT);

/// One packet: a fixed head and the slice of the payload that follows it.
#[derive(Clone, Copy)]
pub(crate) struct Packet<'a> {
    pub(crate) head: &'a [u8],
    pub(crate) body: &'a [u8],
}

pub(crate) fn open() -> Result<OwnedFd, Errno> {
    rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, FLAGS, None)
}

/// EAGAIN means that the listener's backlog is full: the socket may be used to try again.
pub(crate) fn connect(socket: BorrowedFd<'_>, path: &Path) -> Result<(), Errno> {
    rustix::net::connect(socket, &SocketAddrUnix::new(path)?)
}

pub(crate) fn bind(socket: BorrowedFd<'_>, path: &Path) -> Result<(), Errno> {
    rustix::net::bind(socket, &SocketAddrUnix::new(path)?)
}

pub(crate) fn listen(socket: BorrowedFd<'_>, backlog: i32) -> Result<(), Errno> {
    rustix::net::listen(socket, backlog)
}

pub(crate) fn accept(listener: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    rustix::net::accept_with(listener, FLAGS)
}

/// Sends one packet whole or not at all.
pub(crate) fn send(socket: BorrowedFd<'_>, packet: Packet<'_>) -> Result<(), Errno> {
    let parts = [IoSlice::new(packet.head), IoSlice::new(packet.body)];
    loop {
        match rustix::net::sendmsg(socket, &parts, &mut SendAncillaryBuffer::default(), SEND) {
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Sends packets in order with one system call for up to [`SEND_BATCH`] of them.
///
/// Returns how many went out, at least one; each went whole. An error says that none did.
pub(crate) fn send_many(socket: BorrowedFd<'_>, packets: &[Packet<'_>]) -> Result<usize, Errno> {
    if let [packet] = packets {
        return send(socket, *packet).map(|()| 1);
    }
    let count = packets.len().min(SEND_BATCH);
    let mut parts = [[IoSlice::new(&[]), IoSlice::new(&[])]; SEND_BATCH];
    for (slot, packet) in parts.iter_mut().zip(&packets[..count]) {
        *slot = [IoSlice::new(packet.head), IoSlice::new(packet.body)];
    }
    let mut control: [SendAncillaryBuffer<'_, '_, '_>; SEND_BATCH] = Default::default();
    let mut messages: Vec<MMsgHdr<'_>> =
        parts[..count].iter().zip(&mut control).map(|(parts, control)| MMsgHdr::new(parts, control)).collect();
    loop {
        match rustix::net::sendmmsg(socket, &mut messages, SEND) {
            Err(Errno::INTR) => {}
            result => return result,
        }
    }
}

/// Receives one packet and returns its real length, which exceeds the buffer's when the packet
/// was cut. 0 means end of stream.
///
/// A reset is reported by the kernel before packets that are still queued, and only once; it is
/// taken as end of stream only when nothing is queued behind it.
pub(crate) fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<usize, Errno> {
    let mut resets = 0;
    let mut is_final = false;
    loop {
        match rustix::net::recv(socket, &mut *buffer, RecvFlags::DONTWAIT | RecvFlags::TRUNC) {
            // The kernel looks at the queue first and for the end then: what a peer sent just before it closed may have
            // come in between. Once the end is seen nothing more can come, so the next look is the last.
            Ok((_, 0)) if !is_final && has_hung_up(socket) => is_final = true,
            Ok((_, length)) => return Ok(length),
            Err(Errno::INTR) => {}
            Err(Errno::CONNRESET | Errno::PIPE) if resets == 0 => resets += 1,
            Err(Errno::CONNRESET | Errno::PIPE) => return Ok(0),
            Err(error) => return Err(error),
        }
    }
}

/// Whether the peer will send no more.
pub(crate) fn has_hung_up(socket: BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(socket, PollFlags::RDHUP)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    // A failure leaves the end as it was seen.
    poll(&mut fds, Some(&now)).is_ok() && !fds[0].revents().is_empty()
}

/// Reads and throws away what has arrived, up to a bound; whether the peer has hung up.
pub(crate) fn discard(socket: impl AsFd) -> bool {
    const BURST: usize = 64;
    for _ in 0..BURST {
        match receive(socket.as_fd(), &mut [0; 1]) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(Errno::AGAIN) => return false,
            Err(_) => return true,
        }
    }
    false
}

/// Ends the connection in both directions, also for a thread that uses it.
pub(crate) fn shutdown_both(socket: BorrowedFd<'_>) {
    // Fails only when the peer is gone already.
    let _ = rustix::net::shutdown(socket, Shutdown::Both);
}

pub(crate) fn shutdown_write(socket: BorrowedFd<'_>) {
    // Fails only when the peer is gone already, which is what the caller wants to tell it.
    let _ = rustix::net::shutdown(socket, Shutdown::Write);
}

/// The peer can send no more. What it has sent stays readable, and the end of the stream follows.
pub(crate) fn shutdown_read(socket: BorrowedFd<'_>) {
    // Fails only when the peer is gone already, and then the end follows anyway.
    let _ = rustix::net::shutdown(socket, Shutdown::Read);
}

/// The largest packet that the kernel lets this socket send.
pub(crate) fn max_packet(socket: BorrowedFd<'_>) -> Result<usize, Errno> {
    Ok(sockopt::socket_send_buffer_size(socket)?.saturating_sub(SEND_BUFFER_OVERHEAD))
}
