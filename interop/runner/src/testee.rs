//! A testee: a program that is asked on its standard input and answers on its standard output.

use std::fmt;
use std::io::{BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::cli::TesteeCommand;
use crate::frame::{Request, Response};

/// How long a testee has to end after it closed its output, until it is killed.
const GRACE: Duration = Duration::from_secs(2);

/// Questions that are asked at once.
#[derive(Debug)]
pub struct Batch {
    bytes: Vec<u8>,
    count: usize,
}

impl Batch {
    /// The frames of some requests.
    #[must_use]
    pub fn new(requests: &[Request]) -> Arc<Self> {
        let mut bytes = Vec::new();
        requests.iter().for_each(|request| request.write(&mut bytes));
        Arc::new(Self { bytes, count: requests.len() })
    }
}

/// Why a batch was not answered as a whole.
#[derive(Debug)]
pub struct Failure {
    /// The answers that came before.
    pub answered: Vec<Response>,
    /// What happened at the question behind them.
    pub what: Misdeed,
}

/// What a testee did instead of answering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misdeed {
    /// It ended.
    Died(String),
    /// It was silent for too long.
    Hung(Duration),
    /// It wrote something that is no response.
    Garbage(String),
}

impl Misdeed {
    /// A word for it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Died(_) => "died",
            Self::Hung(_) => "hung",
            Self::Garbage(_) => "garbage",
        }
    }
}

impl fmt::Display for Misdeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Died(how) => write!(f, "it died: {how}"),
            Self::Hung(time) => write!(f, "it hung: no answer within {time:?}"),
            Self::Garbage(what) => write!(f, "it wrote garbage: {what}"),
        }
    }
}

/// What the reading thread tells of one batch.
struct Answers {
    responses: Vec<Response>,
    /// What ended the output, when the batch is not complete.
    end: Option<String>,
    garbage: bool,
}

/// A running testee.
#[derive(Debug)]
pub struct Testee {
    command: TesteeCommand,
    timeout: Duration,
    child: Child,
    questions: Sender<Arc<Batch>>,
    answers: Receiver<Answers>,
    /// Responses that came, for the watchdog.
    progress: Arc<AtomicU64>,
}

impl Testee {
    /// Starts the program.
    ///
    /// # Errors
    ///
    /// A program that cannot be started.
    pub fn start(command: &TesteeCommand, timeout: Duration) -> Result<Self> {
        let mut program = Command::new(&command.program);
        program.args(&command.arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child =
            program.spawn().with_context(|| format!("cannot start testee {}: {}", command.name, command.program))?;
        let (stdin, stdout) = child.stdin.take().zip(child.stdout.take()).context("a testee without pipes")?;
        let (questions, to_write) = channel();
        let (counts, to_read) = channel();
        let (told, answers) = channel();
        let progress = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&progress);
        // Both end with the testee: its pipes break, or the channels do when it is dropped.
        thread::spawn(move || write(stdin, &to_write, &counts));
        thread::spawn(move || read(stdout, &to_read, &told, &counter));
        Ok(Self { command: command.clone(), timeout, child, questions, answers, progress })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.command.name
    }

    /// Starts it anew. Batches that were under way are forgotten.
    ///
    /// # Errors
    ///
    /// A program that cannot be started.
    pub fn restart(&mut self) -> Result<()> {
        *self = Self::start(&self.command, self.timeout)?;
        Ok(())
    }

    /// Asks, without waiting. There is one [`receive`](Self::receive) for each call.
    pub fn send(&self, batch: &Arc<Batch>) {
        // A testee that is gone is found out when its answers are missing.
        let _ = self.questions.send(Arc::clone(batch));
    }

    /// The answers to the batch that was sent first of those that are not answered yet.
    ///
    /// # Errors
    ///
    /// The testee died, hung or wrote garbage; it must be started anew then.
    pub fn receive(&mut self) -> Result<Vec<Response>, Failure> {
        let mut hung = false;
        loop {
            let before = self.progress.load(Ordering::Relaxed);
            match self.answers.recv_timeout(self.timeout) {
                Ok(Answers { responses, end: None, .. }) => return Ok(responses),
                Ok(Answers { responses, end: Some(end), garbage }) => {
                    let what = match (hung, garbage) {
                        (true, _) => Misdeed::Hung(self.timeout),
                        (false, true) => Misdeed::Garbage(end),
                        (false, false) => Misdeed::Died(self.last_words(&end)),
                    };
                    return Err(Failure { answered: responses, what });
                }
                Err(RecvTimeoutError::Timeout) => {
                    if self.progress.load(Ordering::Relaxed) == before {
                        hung = true;
                        // Its output ends by that, and the reading thread tells how far it came.
                        let _ = self.child.kill();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let what = Misdeed::Died(self.last_words("it was not running any more"));
                    return Err(Failure { answered: Vec::new(), what });
                }
            }
        }
    }

    /// Asks and waits.
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive).
    pub fn ask(&mut self, requests: &[Request]) -> Result<Vec<Response>, Failure> {
        self.send(&Batch::new(requests));
        self.receive()
    }

    /// How it ended, when it does.
    fn last_words(&mut self, end: &str) -> String {
        match self.status() {
            Some(status) => format!("{end} ({status})"),
            None => end.to_owned(),
        }
    }

    fn status(&mut self) -> Option<ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < GRACE {
            match self.child.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(2)),
                Ok(status) => return status,
                Err(_) => return None,
            }
        }
        None
    }
}

impl Drop for Testee {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn write(mut stdin: ChildStdin, batches: &Receiver<Arc<Batch>>, counts: &Sender<usize>) {
    for batch in batches {
        if counts.send(batch.count).is_err() || stdin.write_all(&batch.bytes).is_err() {
            return;
        }
    }
}

fn read(stdout: ChildStdout, counts: &Receiver<usize>, told: &Sender<Answers>, progress: &AtomicU64) {
    let mut input = BufReader::with_capacity(1 << 16, stdout);
    for count in counts {
        let mut answers = Answers { responses: Vec::with_capacity(count), end: None, garbage: false };
        while answers.responses.len() < count && answers.end.is_none() {
            match Response::read(&mut input) {
                Ok(Some(response)) => {
                    answers.responses.push(response);
                    progress.fetch_add(1, Ordering::Relaxed);
                }
                Ok(None) => answers.end = Some("its output ended".to_owned()),
                Err(error) => {
                    answers.garbage = error.kind() == std::io::ErrorKind::InvalidData;
                    answers.end = Some(error.to_string());
                }
            }
        }
        let ended = answers.end.is_some();
        if told.send(answers).is_err() || ended {
            return;
        }
    }
}
