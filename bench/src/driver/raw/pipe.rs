//! A pipe in each direction.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use rustix::fs::{CWD, Mode, mkfifoat};

use super::{Thread, answer};
use crate::driver::failure::{Failure, expect};
use crate::driver::server::Served;
use crate::driver::window::{Call, Done};
use crate::protocol::Task;

fn paths(task: &Task) -> (PathBuf, PathBuf) {
    (task.run_dir.join("requests"), task.run_dir.join("replies"))
}

fn message(task: &Task) -> Vec<u8> {
    vec![0; (task.size as usize).clamp(8, 4096)]
}

fn put(message: &mut [u8], value: u64) {
    message[..8].copy_from_slice(&value.to_ne_bytes());
}

fn value(message: &[u8]) -> u64 {
    let mut value = [0; 8];
    value.copy_from_slice(&message[..8]);
    u64::from_ne_bytes(value)
}

pub(super) fn serve(task: &Task, served: Served) -> Result<Thread, Failure> {
    let (requests, replies) = paths(task);
    mkfifoat(CWD, &requests, Mode::RUSR | Mode::WUSR)?;
    mkfifoat(CWD, &replies, Mode::RUSR | Mode::WUSR)?;
    let mut message = message(task);
    // Without a client the thread waits for one to open the pipes: this opens and closes them. Held open for both, so
    // that no order of the two can block.
    let held = (requests.clone(), replies.clone());
    let rouse = move || {
        let open = |path: &PathBuf| OpenOptions::new().read(true).write(true).open(path);
        drop((open(&held.0), open(&held.1)));
    };
    Ok(Thread::spawn(rouse, move |stop| {
        let (mut requests, mut replies) = (File::open(requests)?, OpenOptions::new().write(true).open(replies)?);
        while !stop.load(Ordering::SeqCst) {
            match requests.read_exact(&mut message) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(error.into()),
            }
            let reply = answer(value(&message));
            put(&mut message, reply);
            served.add(1);
            replies.write_all(&message)?;
        }
        Ok(())
    }))
}

pub(super) struct Pipes {
    requests: File,
    replies: File,
    message: Vec<u8>,
    value: u64,
}

impl Pipes {
    pub(super) fn open(task: &Task) -> Result<Self, Failure> {
        let (requests, replies) = paths(task);
        // In the order of the server, since each waits for the other.
        let requests = OpenOptions::new().write(true).open(requests)?;
        Ok(Self { requests, replies: File::open(replies)?, message: message(task), value: 0 })
    }
}

impl Call for Pipes {
    #[inline]
    fn call(&mut self) -> Result<Done, Failure> {
        self.value += 1;
        put(&mut self.message, self.value);
        self.requests.write_all(&self.message)?;
        self.replies.read_exact(&mut self.message)?;
        expect(value(&self.message), answer(self.value))?;
        Ok(Done::quick(1))
    }
}
