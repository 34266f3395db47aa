//! Runs the built command in a run directory of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// A run directory that is empty at first.
pub(crate) struct RunDir(TempDir);

impl RunDir {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The names in it.
    pub(crate) fn entries(&self) -> Vec<PathBuf> {
        self.path().read_dir().unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    /// Runs `netipc` to its end in this run directory.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        let mut command = netipc(arguments);
        command.arg("--run-dir").arg(self.path());
        Outcome::of(command)
    }

    /// Starts `netipc serve` and waits until clients can connect.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Provider {
        serve_in(self.path(), arguments)
    }
}

/// As [`RunDir::serve`], in a directory that need not exist.
pub(crate) fn serve_in(run_dir: &Path, arguments: &[&str]) -> Provider {
    let mut command = netipc(&[&["serve"], arguments].concat());
    command.arg("--run-dir").arg(run_dir);
    Provider::start(command)
}

/// The command, shielded from the environment of the test.
pub(crate) fn netipc(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netipc"));
    command.args(arguments).env_remove("NETIPC_RUN_DIR").env_remove("XDG_RUNTIME_DIR").stdin(Stdio::null());
    command
}

/// A process that has ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    pub(crate) fn of(mut command: Command) -> Self {
        let Output { status, stdout, stderr } = command.output().unwrap();
        Self {
            code: status.code(),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }

    /// Checks that it failed in the way that people and programs can rely on: nothing on the standard output, one sentence
    /// on the error stream.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, words: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        let sentence = self.stderr.lines().next().unwrap();
        assert!(sentence.starts_with("netipc: ") && sentence.contains(words), "{self:?}");
    }

    /// Checks that it succeeded without a word on the error stream, and gives what it printed.
    #[track_caller]
    pub(crate) fn prints(&self) -> &str {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{self:?}");
        &self.stdout
    }
}

/// A provider that takes clients. Killed if the test leaves it running.
pub(crate) struct Provider {
    child: Child,
    stdin: Option<ChildStdin>,
    pub(crate) ready: Value,
}

impl Provider {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready = line.strip_prefix("READY ").unwrap_or_else(|| panic!("no READY line but {line:?}"));
        Self { stdin: child.stdin.take(), ready: serde_json::from_str(ready).unwrap(), child }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Waits for the end and gives the exit code; none after a signal that killed.
    pub(crate) fn wait(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // Both fail for a process that was waited for already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
