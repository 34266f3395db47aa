//! A driver that runs.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command as Program, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use rustix::process::{Pid, Signal, kill_process_group};

use super::{Failure, SILENCE};
use crate::plan::Driver;
use crate::protocol::{Command, Figures, Reply, Role, Task, VERSION};

/// How often a wait looks whether the run is to end. Seldom, since every look is work on a machine that is measured.
const LOOK: Duration = Duration::from_millis(200);

/// Dropping it kills the driver, unless it has quit.
pub(super) struct Process<'a> {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    name: String,
    role: Role,
    row: String,
    interrupted: &'a AtomicBool,
}

impl<'a> Process<'a> {
    /// Starts a driver and hears its greeting.
    pub(super) fn start(
        driver: &Driver,
        role: Role,
        row: String,
        interrupted: &'a AtomicBool,
    ) -> Result<Self, Failure> {
        let mut program = Program::new(&driver.program);
        program.args(&driver.arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        // A signal from the terminal is for the runner, which ends its drivers in order.
        program.process_group(0);
        let mut child = program.spawn().map_err(|error| Failure::Driver {
            row: row.clone(),
            role,
            driver: driver.name.clone(),
            what: format!("cannot be started from {}: {error}", driver.program.display()),
        })?;
        let (sender, lines) = channel();
        if let Some(output) = child.stdout.take() {
            // Ends with the driver's output, or with this end of the channel.
            thread::spawn(move || {
                BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
            });
        }
        let input = child.stdin.take();
        let mut process = Self { child, input, lines, name: driver.name.clone(), role, row, interrupted };
        match process.hear(SILENCE)? {
            Reply::Driver { version: VERSION, .. } => Ok(process),
            Reply::Driver { version, .. } => {
                Err(process.failure(format!("speaks version {version} of the protocol, and this is {VERSION}")))
            }
            other => Err(process.failure(format!("says {other:?} before its greeting"))),
        }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Makes it ready, or says why it cannot be.
    pub(super) fn prepare(&mut self, task: Task) -> Result<Result<(), String>, Failure> {
        self.say(&Command::Prepare(Box::new(task)))?;
        match self.hear(SILENCE)? {
            Reply::Ready => Ok(Ok(())),
            Reply::Absent(reason) => Ok(Err(reason)),
            other => Err(self.failure(format!("says {other:?} instead of being ready"))),
        }
    }

    pub(super) fn say(&mut self, command: &Command) -> Result<(), Failure> {
        let Some(input) = &mut self.input else { return Err(self.failure("was told to quit before".to_owned())) };
        let said = writeln!(input, "{command}").and_then(|()| input.flush());
        // Why it does not listen is in what it says, if it says anything.
        match said {
            Ok(()) => Ok(()),
            Err(error) => Err(self.last_word(format!("does not listen: {error}"))),
        }
    }

    /// Its latencies and figures.
    pub(super) fn report(&mut self, patience: Duration) -> Result<(Histogram<u64>, Figures), Failure> {
        let mut latencies = Histogram::new(3).unwrap_or_else(|error| unreachable!("three digits: {error}"));
        let until = Instant::now() + patience;
        loop {
            match self.hear(until.saturating_duration_since(Instant::now()))? {
                Reply::Latency { ns, count } => latencies.record_n(ns, count).map_err(|error| {
                    self.failure(format!("reports a latency of {ns} ns, which cannot be recorded: {error}"))
                })?,
                Reply::Report(figures) => return Ok((latencies, figures)),
                other => return Err(self.failure(format!("says {other:?} instead of a report"))),
            }
        }
    }

    /// Ends it, and sees that it ended well.
    pub(super) fn quit(mut self) -> Result<(), Failure> {
        self.say(&Command::Quit)?;
        self.input = None;
        let until = Instant::now() + SILENCE;
        loop {
            match self.lines.recv_timeout(LOOK) {
                Ok(line) => return Err(self.failure(format!("says {line:?} instead of quitting"))),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) if self.interrupted.load(Ordering::Relaxed) => {
                    return Err(Failure::Interrupted);
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() > until => {
                    return Err(self.failure("does not quit".to_owned()));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        match self.child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(self.failure(format!("ended with {status}"))),
            Err(error) => Err(self.failure(format!("cannot be waited for: {error}"))),
        }
    }

    fn hear(&mut self, patience: Duration) -> Result<Reply, Failure> {
        let until = Instant::now() + patience;
        loop {
            if self.interrupted.load(Ordering::Relaxed) {
                return Err(Failure::Interrupted);
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left.min(LOOK)) {
                Ok(line) => return self.understand(&line),
                Err(RecvTimeoutError::Disconnected) => return Err(self.failure("has ended".to_owned())),
                Err(RecvTimeoutError::Timeout) if left.is_zero() => {
                    return Err(self.failure(format!("has said nothing for {} s", patience.as_secs())));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn understand(&self, line: &str) -> Result<Reply, Failure> {
        match line.parse() {
            Ok(Reply::Failed(reason)) => Err(self.failure(format!("failed: {reason}"))),
            Ok(reply) => Ok(reply),
            Err(error) => Err(self.failure(format!("cannot be understood: {error}"))),
        }
    }

    /// What it says of its own end, else what was seen of it.
    fn last_word(&mut self, seen: String) -> Failure {
        match self.hear(LOOK) {
            Err(failure) => failure,
            Ok(_) => self.failure(seen),
        }
    }

    fn failure(&self, what: String) -> Failure {
        Failure::Driver { row: self.row.clone(), role: self.role, driver: self.name.clone(), what }
    }
}

impl Drop for Process<'_> {
    fn drop(&mut self) {
        // One that has been waited for is not touched again: its number may be another's by now.
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        // With all that it has started itself. It fails when they are gone, which is what is wanted.
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}
