//! The Rust driver: one side of a measurement, told by lines on its standard input what to do.
//!
//! Must not contain: anything about other rows, or about what the figures are good for.

mod cache;
mod client;
mod codec;
mod data;
mod failure;
mod lookups;
mod numbers;
mod pace;
mod pipelines;
mod random;
mod raw;
mod recorder;
mod server;
mod sessions;
mod snapshots;
mod window;

use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::protocol::{Command, Figures, Load, Reply, Role, Task, VERSION};
use crate::sys::usage::Usage;
use client::Client;
use failure::Failure;
use recorder::Recorder;
use server::Server;
use window::Window;

/// Speaks the protocol on standard input and output until it is told to quit, or nobody is there to tell it.
pub fn main() -> ExitCode {
    let commands = listen();
    let mut out = io::stdout().lock();
    match talk(&commands, &mut out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let reply = match failure {
                Failure::Absent(reason) => Reply::Absent(reason),
                Failure::Failed(reason) => Reply::Failed(reason),
            };
            // If the runner has gone, nobody is left to tell.
            let _ = say(&mut out, &reply);
            ExitCode::FAILURE
        }
    }
}

/// Reads ahead, so that the end of the runner ends this process whatever it is busy with.
fn listen() -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            let is_last = line.trim() == Command::Quit.to_string();
            if sender.send(line).is_err() || is_last {
                return;
            }
        }
        std::process::exit(1);
    });
    receiver
}

fn talk(commands: &Receiver<String>, out: &mut impl Write) -> Result<(), Failure> {
    say(out, &Reply::Driver { version: VERSION, language: "rust".to_owned() })?;
    let Ok(line) = commands.recv() else { return Ok(()) };
    match line.parse::<Command>()? {
        Command::Quit => Ok(()),
        Command::Prepare(task) => {
            prepare(&task)?;
            match task.role {
                Role::Server => serve(&task, commands, out),
                Role::Client => call(&task, commands, out),
            }
        }
        other => Err(Failure::failed(format!("`{other}` before prepare"))),
    }
}

fn prepare(task: &Task) -> Result<(), Failure> {
    if let Some(cpu) = task.cpu {
        let mut set = CpuSet::new();
        set.set(cpu);
        sched_setaffinity(None, &set).map_err(|errno| Failure::failed(format!("cannot run on CPU {cpu}: {errno}")))?;
    }
    // A thousand sessions need as many descriptors, and the usual limit is just below.
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).map_err(|errno| Failure::failed(format!("cannot raise the limit: {errno}")))
}

fn serve(task: &Task, commands: &Receiver<String>, out: &mut impl Write) -> Result<(), Failure> {
    let server = Server::prepare(task)?;
    say(out, &Reply::Ready)?;
    let mut began: Option<(Instant, Usage, u64)> = None;
    while let Ok(line) = commands.recv() {
        match line.parse::<Command>()? {
            Command::Start { .. } => began = Some((Instant::now(), Usage::now(), server.served())),
            Command::Stop => {
                let Some((at, usage, served)) = began.take() else {
                    return Err(Failure::failed("`stop` before start"));
                };
                let mut figures = figures(&usage, at.elapsed());
                figures.sent = server.served();
                figures.items = figures.sent - served;
                server.check()?;
                say(out, &Reply::Report(figures))?;
            }
            Command::Quit => break,
            Command::Prepare(_) => return Err(Failure::failed("a second `prepare`")),
        }
    }
    server.stop()
}

fn call(task: &Task, commands: &Receiver<String>, out: &mut impl Write) -> Result<(), Failure> {
    let mut client = Client::prepare(task)?;
    say(out, &Reply::Ready)?;
    while let Ok(line) = commands.recv() {
        match line.parse::<Command>()? {
            Command::Start { millis, load } => {
                let usage = Usage::now();
                let window = Window::new(Duration::from_millis(millis), load);
                let recorder = client.run(&window)?;
                let mut figures = figures(&usage, window.elapsed());
                recorder.fill(&mut figures);
                figures.sent = client.sent();
                report(out, &recorder, figures)?;
            }
            Command::Quit => break,
            other => return Err(Failure::failed(format!("`{other}` makes no sense to a client"))),
        }
    }
    Ok(())
}

fn figures(since: &Usage, elapsed: Duration) -> Figures {
    let used = Usage::now().since(since);
    Figures {
        elapsed_ns: u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX),
        cpu_us: used.cpu_us,
        voluntary: used.voluntary,
        involuntary: used.involuntary,
        ..Figures::default()
    }
}

fn report(out: &mut impl Write, recorder: &Recorder, figures: Figures) -> Result<(), Failure> {
    let mut lines = String::new();
    for (ns, count) in recorder.latencies() {
        lines.push_str(&format!("{}\n", Reply::Latency { ns, count }));
    }
    out.write_all(lines.as_bytes())?;
    say(out, &Reply::Report(figures))
}

fn say(out: &mut impl Write, reply: &Reply) -> Result<(), Failure> {
    writeln!(out, "{reply}")?;
    Ok(out.flush()?)
}

/// Whether a window has requests in it at all.
fn is_idle(load: Load) -> bool {
    load == Load::Idle
}
