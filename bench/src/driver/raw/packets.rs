//! Sequenced-packet sockets.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind, connect, listen,
    recv, send, socket_with,
};

use super::{Thread, answer};
use crate::driver::failure::{Failure, expect};
use crate::driver::server::Served;
use crate::driver::window::{Call, Done};
use crate::protocol::{Task, Work};

const MOST: usize = 4096;

/// One end of a connection.
struct End {
    socket: OwnedFd,
    flags: RecvFlags,
    packet: Vec<u8>,
}

fn path(task: &Task) -> PathBuf {
    task.run_dir.join(&task.service)
}

fn open() -> Result<OwnedFd, Errno> {
    socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
}

fn dial(path: &PathBuf) -> Result<OwnedFd, Errno> {
    let socket = open()?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket)
}

impl End {
    fn new(socket: OwnedFd, task: &Task) -> Self {
        let flags = if task.work == Work::RawSeqpacketSpin { RecvFlags::DONTWAIT } else { RecvFlags::empty() };
        Self { socket, flags, packet: vec![0; (task.size as usize).clamp(8, MOST)] }
    }

    fn send(&mut self, value: u64) -> Result<(), Failure> {
        self.packet[..8].copy_from_slice(&value.to_ne_bytes());
        let sent = send(&self.socket, &self.packet, SendFlags::NOSIGNAL)?;
        expect(sent, self.packet.len())
    }

    /// None when the peer has gone, or `stop` is set.
    fn receive(&mut self, stop: &AtomicBool) -> Result<Option<u64>, Failure> {
        loop {
            match recv(&self.socket, &mut *self.packet, self.flags) {
                Ok((0, _)) | Err(Errno::CONNRESET) => return Ok(None),
                Ok((length, _)) => {
                    expect(length, self.packet.len())?;
                    let mut value = [0; 8];
                    value.copy_from_slice(&self.packet[..8]);
                    return Ok(Some(u64::from_ne_bytes(value)));
                }
                Err(Errno::AGAIN) if stop.load(Ordering::Relaxed) => return Ok(None),
                Err(Errno::AGAIN) => std::hint::spin_loop(),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

/// One client after the other, each until it hangs up.
pub(super) fn serve(task: &Task, served: Served) -> Result<Thread, Failure> {
    let listener = open()?;
    let path = path(task);
    bind(&listener, &SocketAddrUnix::new(&path)?)?;
    listen(&listener, 128)?;
    let task = task.clone();
    // A connection wakes who waits for one. If it fails, nobody waits.
    let rouse = move || drop(dial(&path));
    Ok(Thread::spawn(rouse, move |stop| {
        while !stop.load(Ordering::SeqCst) {
            let mut end = End::new(accept_with(&listener, SocketFlags::CLOEXEC)?, &task);
            while let Some(value) = end.receive(stop)? {
                served.add(1);
                end.send(answer(value))?;
            }
        }
        Ok(())
    }))
}

static NEVER: AtomicBool = AtomicBool::new(false);

pub(super) struct Packets {
    end: End,
    value: u64,
}

impl Packets {
    pub(super) fn connect(task: &Task) -> Result<Self, Failure> {
        Ok(Self { end: End::new(dial(&path(task))?, task), value: 0 })
    }
}

impl Call for Packets {
    #[inline]
    fn call(&mut self) -> Result<Done, Failure> {
        self.value += 1;
        self.end.send(self.value)?;
        expect(self.end.receive(&NEVER)?, Some(answer(self.value)))?;
        Ok(Done::quick(1))
    }
}

/// A connection for each packet.
pub(super) struct Connects {
    task: Task,
    path: PathBuf,
    value: u64,
}

impl Connects {
    pub(super) fn new(task: &Task) -> Self {
        Self { task: task.clone(), path: path(task), value: 0 }
    }
}

impl Call for Connects {
    fn call(&mut self) -> Result<Done, Failure> {
        self.value += 1;
        let mut end = End::new(dial(&self.path)?, &self.task);
        end.send(self.value)?;
        let value = end.receive(&NEVER)?;
        let at = Instant::now();
        expect(value, Some(answer(self.value)))?;
        Ok(Done::at(1, at))
    }
}
