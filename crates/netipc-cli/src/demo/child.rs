//! A provider in a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{self, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::failure::Failure;

/// How long a provider may take to end before it is killed.
const GRACE: Duration = Duration::from_millis(500);

/// What happens while the demo waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// A provider takes clients.
    Ready,
    /// A provider ended.
    Gone,
    /// A person wants the demo to end.
    Interrupted,
}

/// A running provider. Dropping it ends it and waits until it is gone.
#[derive(Debug)]
pub(super) struct Child {
    process: process::Child,
    /// Closed to make the provider end.
    stdin: Option<ChildStdin>,
    /// Disconnected when the provider has closed its standard output, so ended.
    gone: Receiver<()>,
}

impl Child {
    /// Starts this very program with `arguments`. What becomes of it is told to `events`.
    pub(super) fn start(arguments: &[&OsStr], run_dir: &Path, events: &Sender<Event>) -> Result<Self, Failure> {
        let failed = |error| Failure::io(format!("cannot start a provider: {error}"));
        let program = std::env::current_exe().map_err(failed)?;
        let mut process = Command::new(program)
            .args(arguments)
            .arg("--until-eof")
            .arg("--run-dir")
            .arg(run_dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let stdin = process.stdin.take();
        let stdout = process.stdout.take();
        let (ended, gone) = channel();
        let child = Self { process, stdin, gone };
        let events = events.clone();
        let reader = thread::Builder::new().name("provider".into()).spawn(move || {
            let mut lines = stdout.into_iter().flat_map(|stdout| BufReader::new(stdout).lines());
            // A demo that has ended no longer listens, which is fine.
            while let Some(Ok(line)) = lines.next() {
                if line.starts_with("READY ") {
                    let _ = events.send(Event::Ready);
                }
            }
            let _ = events.send(Event::Gone);
            drop(ended);
        });
        reader.map(|_| child).map_err(failed)
    }

    /// SIGKILL. Returns when the process is gone.
    pub(super) fn kill(&mut self) -> Result<(), Failure> {
        let failed = |error| Failure::io(format!("cannot kill a provider: {error}"));
        self.process.kill().map_err(failed)?;
        self.process.wait().map(drop).map_err(failed)
    }

    /// The process id.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // Nothing is ever sent: it is the end of the channel that counts.
        let overdue = matches!(self.gone.recv_timeout(GRACE), Err(std::sync::mpsc::RecvTimeoutError::Timeout));
        // Fails only for a process that has ended already.
        let _ = if overdue { self.process.kill() } else { Ok(()) };
        let _ = self.process.wait();
    }
}
