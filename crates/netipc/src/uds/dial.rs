//! The client's way to a session: connect, then one packet each way.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use netipc_proto::chunk::MIN_PACKET_SIZE;
use netipc_proto::handshake::{ACK_PACKET_LEN, Proposal};
use netipc_proto::limits::Agreed;
use netipc_proto::profile::Profiles;
use netipc_proto::session::{Role, Session as Core};
use rustix::io::Errno;

use crate::abort::Abort;
use crate::clock::Deadline;
use crate::connection::Connection;
use crate::endpoint::Endpoint;
use crate::error::{Error, Operation, Waiting};
use crate::shm::channel::Channel;
use crate::shm::fault::RegionFault;
use crate::shm::points::{Point, reach};
use crate::shm::region::{self, Region};
use crate::sys::credentials::peer_credentials;
use crate::sys::socket::{self, Packet};
use crate::sys::wait::{Interest, Wake, wait};

/// What this build can run.
pub(crate) const RUNNABLE: Profiles = Profiles(Profiles::BASELINE.0 | Profiles::SHM_HYBRID.0);

/// Pause before a region that is not there yet is looked for again.
const ATTACH_PAUSE: Duration = Duration::from_millis(5);

/// First and longest pause before a full backlog is tried again.
const BACKLOG_PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// What a handshake that succeeded led to.
pub(crate) enum Dialled {
    Session(Box<Connection>),
    /// The server chose a profile whose memory cannot be had on this side; the connection is closed. NIPC-SHM-17.
    Unattached {
        profile: Profiles,
        fault: RegionFault,
    },
}

/// Connects and shakes hands under one deadline. A `packet_size` of 0 in the proposal stands for
/// the largest packet that the socket takes.
pub(crate) fn dial(
    endpoint: &Endpoint,
    mut proposal: Proposal,
    half_message_timeout: Duration,
    deadline: Deadline,
    abort: Option<&Abort>,
) -> Result<Dialled, Error> {
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
    reach(Point::Greeted);
    let mut ack = [0; ACK_PACKET_LEN + 1];
    let length = receive_ack(&socket, &mut ack, endpoint, deadline, abort)?;
    let agreed = proposal
        .accept(&ack[..length.min(ack.len())], RUNNABLE)
        .map_err(|refusal| Error::Handshake { endpoint: endpoint.clone(), refusal })?;
    reach(Point::Acknowledged);
    let socket = Arc::new(socket);
    let core = Core::new(Role::Client, &unpacketed(agreed), half_message_timeout);
    let channel = match agreed.profile {
        Profiles::SHM_HYBRID => match attach(&socket, endpoint, agreed.session_id, peer.uid, (deadline, abort))? {
            Ok(channel) => Some(channel),
            Err(fault) => return Ok(Dialled::Unattached { profile: agreed.profile, fault }),
        },
        _ => None,
    };
    let connection = Connection::new(socket, core, agreed, peer, largest, endpoint.clone());
    Ok(Dialled::Session(Box::new(match channel {
        Some(channel) => connection.over(channel),
        None => connection,
    })))
}

/// The terms by which messages are judged: in shared memory there are no packets, and every message comes whole.
pub(crate) fn unpacketed(agreed: Agreed) -> Agreed {
    let packet_size = if agreed.profile == Profiles::SHM_HYBRID { u32::MAX } else { agreed.packet_size };
    Agreed { packet_size, ..agreed }
}

/// Attaches to the region that the server has made, or is about to make. NIPC-SHM-09.
///
/// Half of the time that is left is for this, so that the other half can be used to do without.
fn attach(
    socket: &Arc<OwnedFd>,
    endpoint: &Endpoint,
    session_id: u64,
    server_uid: u32,
    (deadline, abort): (Deadline, Option<&Abort>),
) -> Result<Result<Channel, RegionFault>, Error> {
    let path = region::path(endpoint.run_dir(), endpoint.service(), session_id);
    let left = deadline.at().map(|at| at.saturating_duration_since(Instant::now()));
    let until = left.map_or(Deadline::NEVER, |left| Deadline::after(left / 2));
    loop {
        let fault = match Region::attach(&path, server_uid) {
            Ok(region) => return Ok(Channel::new(region, Role::Client, Arc::clone(socket))),
            Err(fault) => fault,
        };
        if !fault.may_pass() || until.has_passed() {
            return Ok(Err(fault));
        }
        let pause = Deadline::after(ATTACH_PAUSE).min(until);
        match wait(socket.as_fd(), Interest::Read, pause.at(), abort.map(Abort::wait_object).transpose()?) {
            Ok(Wake::TimedOut) => {}
            Ok(Wake::Aborted) => return Err(Error::Aborted),
            // Nothing is ever sent here: the server has hung up.
            Ok(Wake::Ready) if socket::has_hung_up(socket.as_fd()) => return Err(Error::Disconnected { cause: None }),
            Ok(Wake::Ready) => std::thread::sleep(ATTACH_PAUSE),
            Err(errno) => return Err(Error::io(Operation::Wait, Some(endpoint), errno)),
        }
    }
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
