//! Runs programs: shown, watched and never left hanging.

use std::fs::File;
use std::io::{PipeReader, Read as _, Write as _};
use std::num::NonZero;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

/// The longest any single program of a task may run; a hung test must end
/// the run with its name on the screen, not with the patience of a CI server.
pub(crate) const LIMIT: Duration = Duration::from_secs(25 * 60);

/// The same for a program that runs all the others; each of those has its own limit.
pub(crate) const WHOLE_RUN_LIMIT: Duration = Duration::from_secs(85 * 60);

/// How many things can be done at once.
pub(crate) fn parallelism() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// `command` the way one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let mut words = Vec::new();
    for (key, value) in command.get_envs() {
        if let Some(value) = value
            && key != MARK
        {
            words.push(format!("{}={}", key.display(), quoted(&value.to_string_lossy())));
        }
    }
    words.push(match Path::new(command.get_program()).file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => command.get_program().to_string_lossy().into_owned(),
    });
    words.extend(command.get_args().map(|arg| quoted(&arg.to_string_lossy())));
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+%@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Runs `command` with its output on ours; fails unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("$ {}", shown(command));
    let family = Family::mark(command);
    let child = spawn(command.stdin(Stdio::null()))?;
    finish(child, command, &family, LIMIT)
}

/// Runs `command` with everything it prints in `file`.
pub(crate) fn logged(command: &mut Command, file: &Path, limit: Duration) -> Result<()> {
    let failed = || format!("cannot write {}", file.display());
    let out = File::create(file).with_context(failed)?;
    let errors = out.try_clone().with_context(failed)?;
    let family = Family::mark(command);
    let child = spawn(command.stdin(Stdio::null()).stdout(out).stderr(errors))?;
    finish(child, command, &family, limit)
}

/// Runs `command` and hands over what it prints on standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {}", shown(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{} ended with {}: {}", shown(command), output.status, said.trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} printed something that is not UTF-8", shown(command)))
}

/// Runs `command`, passes everything it prints through at once and calls
/// `line` for each whole line of it. Processes that outlive the command are
/// killed, and make the call fail: a test has to clean up after itself.
pub(crate) fn watch(command: &mut Command, line: impl FnMut(&str) + Send) -> Result<()> {
    watch_for(command, LIMIT, line)
}

/// The same with another limit.
pub(crate) fn watch_for(command: &mut Command, limit: Duration, line: impl FnMut(&str) + Send) -> Result<()> {
    println!("$ {}", shown(command));
    let family = Family::mark(command);
    // One pipe for both streams keeps headings and results in their order.
    let (reader, writer) = std::io::pipe().context("cannot create a pipe")?;
    let errors = writer.try_clone().context("cannot duplicate a pipe")?;
    let child = spawn(command.stdin(Stdio::null()).stdout(writer).stderr(errors))?;
    // `command` still holds our copies of the writing end; the reader would
    // never see the end of the stream with them open.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    std::thread::scope(|scope| {
        let passed = scope.spawn(|| pass_through(reader, line));
        let finished = finish(child, command, &family, limit);
        let left = family.kill();
        let passed = passed.join();
        finished?;
        match passed {
            Ok(result) => result?,
            Err(panic) => std::panic::resume_unwind(panic),
        }
        if !left.is_empty() {
            bail!("{} left processes running (killed now): {}", shown(command), left.join(", "));
        }
        Ok(())
    })
}

fn pass_through(mut reader: PipeReader, mut line: impl FnMut(&str)) -> Result<()> {
    let mut lines = Lines::default();
    let mut chunk = vec![0; 64 * 1024];
    let mut screen = std::io::stdout();
    loop {
        let count = reader.read(&mut chunk).context("cannot read a program's output")?;
        if count == 0 {
            return Ok(());
        }
        screen.write_all(&chunk[..count]).context("cannot write to standard output")?;
        screen.flush().context("cannot write to standard output")?;
        lines.feed(&chunk[..count], &mut line);
    }
}

#[derive(Default)]
struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    fn feed(&mut self, chunk: &[u8], line: &mut impl FnMut(&str)) {
        self.rest.extend_from_slice(chunk);
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            line(&String::from_utf8_lossy(&self.rest[..end]));
            self.rest.drain(..=end);
        }
    }
}

fn spawn(command: &mut Command) -> Result<Child> {
    command.spawn().with_context(|| format!("cannot run {}", shown(command)))
}

/// Waits for `child`, and kills it with all its family when it takes longer
/// than `limit`.
fn finish(mut child: Child, command: &Command, family: &Family, limit: Duration) -> Result<()> {
    let (ended, waiting) = mpsc::channel::<()>();
    let late = std::thread::scope(|scope| {
        let watchdog = scope.spawn(move || {
            let late = waiting.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
            if late {
                family.kill();
            }
            late
        });
        let status = child.wait();
        drop(ended);
        let late = watchdog.join().unwrap_or(false);
        (status, late)
    });
    match late {
        (_, true) => {
            bail!("{} did not end within {} s and was killed", shown(command), limit.as_secs())
        }
        (status, false) => {
            let status = status.with_context(|| format!("cannot wait for {}", shown(command)))?;
            if !status.success() {
                bail!("{} ended with {status}", shown(command));
            }
            Ok(())
        }
    }
}

/// A program and everything it started, however deep and even when the
/// parents are gone: all carry one unique variable in their environment.
///
/// A member may be one of us and have a family of its own, which is a part of
/// this one: its mark begins with ours.
struct Family {
    mark: String,
}

const MARK: &str = "XTASK_FAMILY";

impl Family {
    fn mark(command: &mut Command) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let parent = std::env::var(MARK).unwrap_or_default();
        let value = format!("{parent}/{}-{number}/", std::process::id());
        command.env(MARK, &value);
        Self { mark: format!("{MARK}={value}") }
    }

    /// The members that run now, as process id and command line.
    fn members(&self) -> Vec<(Pid, String)> {
        let Ok(processes) = std::fs::read_dir("/proc") else {
            return Vec::new();
        };
        let member = |entry: std::fs::DirEntry| {
            let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
            let environment = std::fs::read(entry.path().join("environ")).ok()?;
            let marked = environment.split(|byte| *byte == 0).any(|v| v.starts_with(self.mark.as_bytes()));
            let words = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let words = String::from_utf8_lossy(&words).replace('\0', " ");
            marked.then(|| (pid, words.trim_end().to_owned()))
        };
        processes.flatten().filter_map(member).collect()
    }

    /// Kills every member and tells which there were. It looks again until
    /// none is left, since one may start another while we look.
    fn kill(&self) -> Vec<String> {
        let mut killed = Vec::new();
        for _ in 0..200 {
            let members = self.members();
            if members.is_empty() {
                break;
            }
            for (pid, words) in members {
                let name = format!("{} ({words})", pid.as_raw_nonzero());
                // A member that is gone already is what we want.
                if kill_process(pid, Signal::KILL).is_ok() && !killed.contains(&name) {
                    killed.push(name);
                }
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        killed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_as_typed() {
        let mut command = Command::new("/usr/bin/cargo");
        command.args(["doc", "-p", "a b"]).env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(shown(&command), "RUSTDOCFLAGS='-D warnings' cargo doc -p 'a b'");
    }

    #[test]
    fn lines_are_whole_however_they_arrive() {
        let mut seen = Vec::new();
        let mut lines = Lines::default();
        for chunk in ["on", "e\ntw", "o\n\nrest"] {
            lines.feed(chunk.as_bytes(), &mut |line: &str| {
                seen.push(line.to_owned());
            });
        }
        assert_eq!(seen, ["one", "two", ""]);
    }

    #[test]
    fn watched_output_ends_with_the_program() {
        let mut seen = Vec::new();
        watch(Command::new("sh").args(["-c", "echo out; echo err >&2"]), |line| {
            seen.push(line.to_owned());
        })
        .unwrap();
        assert_eq!(seen, ["out", "err"]);
    }

    #[test]
    fn a_failing_program_is_named_with_its_status() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err().to_string();
        assert!(error.contains("sh -c 'exit 3' ended with exit status: 3"), "{error}");
    }

    #[test]
    fn a_program_past_its_time_is_killed_with_its_children() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & wait"]).stdout(Stdio::piped());
        let family = Family::mark(&mut command);
        let mut child = command.spawn().unwrap();
        let mut held = child.stdout.take().unwrap();
        let error = finish(child, &command, &family, Duration::from_millis(200)).unwrap_err();
        assert!(error.to_string().contains("was killed"), "{error}");
        // The pipe reaches its end only when the sleeping grandchild is gone too.
        assert_eq!(held.read(&mut [0; 1]).unwrap(), 0);
    }

    #[test]
    fn processes_left_behind_are_named_and_killed() {
        let error = watch(Command::new("sh").args(["-c", "sleep 600 & exit 0"]), |_| ());
        let error = error.unwrap_err().to_string();
        assert!(error.contains("left processes running") && error.contains("sleep 600"), "{error}");
    }
}
