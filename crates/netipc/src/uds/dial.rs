//! The client's way to a session: connect, then one packet each way.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use netipc_proto::chunk::MIN_PACKET_SIZE;
use netipc_proto::handshake::{ACK_PACKET_LEN, Proposal};
use netipc_proto::profile::Profiles;
use netipc_proto::session::{Role, Session as Core};
use rustix::io::Errno;

use crate::abort::Abort;
use crate::clock::Deadline;
use crate::connection::Connection;
use crate::endpoint::Endpoint;
use crate::error::{Error, Operation, Waiting};
use crate::sys::credentials::peer_credentials;
use crate::sys::socket::{self, Packet};
use crate::sys::wait::{Interest, Wake, wait};

/// What this build can run.
pub(crate) const RUNNABLE: Profiles = Profiles::BASELINE;

/// First and longest pause before a full backlog is tried again.
const BACKLOG_PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// Connects and shakes hands under one deadline. A `packet_size` of 0 in the proposal stands for
/// the largest packet that the socket takes.
pub(crate) fn dial(
    endpoint: &Endpoint,
    mut proposal: Proposal,
    half_message_timeout: Duration,
    deadline: Deadline,
    abort: Option<&Abort>,
) -> Result<Connection, Error> {
    let fail = |operation| move |errno| Error::io(operation, Some(endpoint), errno);
    proposal.supported = runnable(proposal.supported)?;
    let socket = socket::open().map_err(fail(Operation::CreateSocket))?;
    connect(&socket, endpoint, deadline, abort)?;
    let largest = socket::max_packet(socket.as_fd()).map_err(fail(Operation::ReadSocket))?;
    proposal.packet_size = packet_size(proposal.packet_size, largest)?;
    let peer = peer_credentials(socket.as_fd()).map_err(fail(Operation::ReadSocket))?;
    match socket::send(socket.as_fd(), Packet { head: &proposal.hello(), body: &[] }) {
        // What a server that hangs up has to say is read below.
        Ok(()) | Err(Errno::PIPE | Errno::CONNRESET) => {}
        Err(errno) => return Err(Error::io(Operation::Send, Some(endpoint), errno)),
    }
    let mut ack = [0; ACK_PACKET_LEN + 1];
    let length = receive_ack(&socket, &mut ack, endpoint, deadline, abort)?;
    let agreed = proposal
        .accept(&ack[..length.min(ack.len())], RUNNABLE)
        .map_err(|refusal| Error::Handshake { endpoint: endpoint.clone(), refusal })?;
    let core = Core::new(Role::Client, &agreed, half_message_timeout);
    Ok(Connection::new(Arc::new(socket), core, agreed, peer, largest, endpoint.clone()))
}

/// The packet size to offer: what is configured, within what the kernel takes.
pub(crate) fn packet_size(configured: u32, largest: usize) -> Result<u32, Error> {
    let largest = u32::try_from(largest).unwrap_or(u32::MAX);
    match configured {
        0 => Ok(largest),
        MIN_PACKET_SIZE.. => Ok(configured.min(largest)),
        _ => Err(Error::misuse(format!(
            "a packet size of {configured} bytes leaves no room behind a header: configure {MIN_PACKET_SIZE} or more"
        ))),
    }
}

/// What a side may offer of what is configured.
pub(crate) fn runnable(configured: Profiles) -> Result<Profiles, Error> {
    let offered = configured & RUNNABLE;
    if offered.is_empty() {
        return Err(Error::misuse(format!(
            "none of the configured profiles ({configured}) can run here: this build has {RUNNABLE}"
        )));
    }
    Ok(offered)
}

fn connect(socket: &OwnedFd, endpoint: &Endpoint, deadline: Deadline, abort: Option<&Abort>) -> Result<(), Error> {
    let mut pause = BACKLOG_PAUSE.0;
    loop {
        if let Some(abort) = abort {
            abort.check()?;
        }
        match socket::connect(socket.as_fd(), endpoint.socket_path()) {
            Ok(()) => return Ok(()),
            Err(Errno::AGAIN) => backlog_pause(endpoint, pause, deadline, abort)?,
            Err(Errno::INTR) => continue,
            Err(errno @ (Errno::NOENT | Errno::CONNREFUSED)) => {
                return Err(Error::NotFound { endpoint: endpoint.clone(), source: errno.into() });
            }
            Err(errno @ (Errno::ACCESS | Errno::PERM)) => {
                return Err(Error::Denied { endpoint: endpoint.clone(), source: errno.into() });
            }
            Err(errno) => return Err(Error::io(Operation::Connect, Some(endpoint), errno)),
        }
        pause = (pause * 2).min(BACKLOG_PAUSE.1);
    }
}

/// A full backlog cannot be waited for by event: the socket is not connected yet.
fn backlog_pause(endpoint: &Endpoint, pause: Duration, deadline: Deadline, abort: Option<&Abort>) -> Result<(), Error> {
    if deadline.has_passed() {
        return Err(Error::Timeout { waiting_for: Waiting::Backlog, limit: deadline.limit() });
    }
    let until = Deadline::after(pause).min(deadline);
    match abort {
        None => std::thread::sleep(until.at().map_or(pause, |at| at.saturating_duration_since(Instant::now()))),
        Some(abort) => {
            wait(abort.wait_object()?, Interest::Read, until.at(), None)
                .map_err(|errno| Error::io(Operation::Wait, Some(endpoint), errno))?;
        }
    }
    Ok(())
}

fn receive_ack(
    socket: &OwnedFd,
    buffer: &mut [u8],
    endpoint: &Endpoint,
    deadline: Deadline,
    abort: Option<&Abort>,
) -> Result<usize, Error> {
    loop {
        let wake = wait(socket.as_fd(), Interest::Read, deadline.at(), abort.map(Abort::wait_object).transpose()?)
            .map_err(|errno| Error::io(Operation::Wait, Some(endpoint), errno))?;
        match wake {
            Wake::Aborted => return Err(Error::Aborted),
            Wake::TimedOut => {
                return Err(Error::Timeout { waiting_for: Waiting::Handshake, limit: deadline.limit() });
            }
            Wake::Ready => match socket::receive(socket.as_fd(), buffer) {
                Ok(0) => return Err(Error::Disconnected { cause: None }),
                Ok(length) => return Ok(length),
                Err(Errno::AGAIN) => {}
                Err(errno) => return Err(Error::io(Operation::Receive, Some(endpoint), errno)),
            },
        }
    }
}
