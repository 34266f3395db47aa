//! Processes that a test starts and kills: the test binary itself, in another role.
//!
//! The crate has one test that calls [`role`] and plays that role; without one it passes at once. A child says lines
//! that begin with `@` on its standard output; everything else there is the test harness talking.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::{self, ChildStdin, ChildStdout, Command, Stdio};

use rustix::process::{Signal, set_parent_process_death_signal};

const ROLE: &str = "NETIPC_TEST_ROLE";

/// A running child. Killed and reaped when dropped.
pub struct Child {
    process: process::Child,
    said: BufReader<ChildStdout>,
    input: Option<ChildStdin>,
}

impl Child {
    /// Starts this binary's test `test` in `role`, with `vars` in its environment.
    pub fn spawn(test: &str, role: &str, vars: &[(&str, &OsStr)]) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--test-threads=1", "--nocapture"])
            .env(ROLE, role)
            .envs(vars.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stdout.take().unwrap());
        let input = process.stdin.take();
        Self { process, said, input }
    }

    /// What the child says next; `None` when it has ended.
    pub fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.said.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            if let Some(said) = line.strip_prefix('@') {
                return Some(said.trim_end().to_owned());
            }
        }
    }

    /// Waits until the child says this.
    pub fn expect(&mut self, wanted: &str) {
        assert_eq!(self.line().as_deref(), Some(wanted));
    }

    /// Gives the child a line on its standard input.
    pub fn tell(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Whether it is gone.
    pub fn has_ended(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }

    /// SIGKILL; returns when the child is gone.
    pub fn kill(&mut self) {
        // Fails only when it has ended already.
        let _ = self.process.kill();
        self.process.wait().unwrap();
    }

    /// Closes the child's standard input and waits for its end; whether it succeeded.
    pub fn finish(mut self) -> bool {
        self.input = None;
        self.process.wait().unwrap().success()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The role that this process was started for. It dies with the thread that started it.
pub fn role() -> Option<String> {
    let role = std::env::var(ROLE).ok()?;
    set_parent_process_death_signal(Some(Signal::KILL)).unwrap();
    Some(role)
}

/// Tells the parent something.
pub fn say(line: &str) {
    // The harness leaves its own line unfinished.
    let mut out = std::io::stdout().lock();
    write!(out, "\n@{line}\n").unwrap();
    out.flush().unwrap();
}

/// The next line from the parent; `None` when it has closed its end.
pub fn hear() -> Option<String> {
    let mut line = String::new();
    (std::io::stdin().lock().read_line(&mut line).unwrap() > 0).then(|| line.trim_end().to_owned())
}

/// A variable that the parent gave.
pub fn var(name: &str) -> String {
    std::env::var(name).unwrap()
}
