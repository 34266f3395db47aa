//! `netipc top`: what the servers of a run directory tell of themselves.

mod picture;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use netipc::inspect::{Inspect, OwnedReport, Question, prometheus};
use netipc::{Abort, Client, ClientConfig, Endpoint, Error, ErrorKind, Profiles, ServerStatus, State, Status};
use serde_json::{Value, json};

use crate::cli::Top;
use crate::failure::Failure;
use crate::interrupt::Pause;
use crate::{config, ls, output, run_dir, value};

pub(crate) fn run(top: &Top) -> Result<(), Failure> {
    let aborts = Aborts::default();
    let pause = Pause::new({
        let aborts = aborts.clone();
        move || aborts.abort()
    })?;
    let mut watch = Watch::new(top, aborts)?;
    if top.prometheus {
        watch.look(top)?;
        return watch.expose();
    }
    let live = !top.options.json && io::stdout().is_terminal();
    let looks = top.count.or((!live).then_some(1));
    let mut done = 0;
    // The first picture of a rate needs a time to have passed.
    watch.look(top)?;
    while pause.wait(top.interval) {
        watch.look(top)?;
        if live && top.count.is_none() {
            redraw(&picture::draw(top, &watch.servers))?;
        } else if output::wants_json(&top.options) {
            output::line(&watch.json())?;
        } else {
            output::line(&picture::draw(top, &watch.servers))?;
        }
        done += 1;
        if looks == Some(done) {
            break;
        }
    }
    Ok(())
}

/// Puts a picture where the last one was, as much of it as the terminal has lines for.
fn redraw(picture: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let height = rustix::termios::tcgetwinsize(&stdout).map_or(0, |size| usize::from(size.ws_row));
    // A terminal that does not tell its height gets everything; the last line stays free for the cursor.
    let lines = if height > 1 { height - 1 } else { usize::MAX };
    let mut frame = String::from("\x1b[H");
    for line in picture.lines().take(lines) {
        frame += line;
        frame += "\x1b[K\n";
    }
    write!(stdout, "{frame}\x1b[J")
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::io(format!("cannot write to the standard output: {error}")))
}

/// What ends the calls that are under way when a signal comes, and those that would follow.
#[derive(Clone, Default)]
struct Aborts(Arc<Mutex<(bool, Vec<Abort>)>>);

impl Aborts {
    fn abort(&self) {
        let mut aborts = self.lock();
        aborts.0 = true;
        aborts.1.iter().for_each(Abort::abort);
    }

    fn add(&self, abort: Abort) {
        let mut aborts = self.lock();
        if aborts.0 {
            abort.abort();
        }
        aborts.1.push(abort);
    }

    fn lock(&self) -> MutexGuard<'_, (bool, Vec<Abort>)> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All servers that are looked at.
struct Watch {
    directory: PathBuf,
    servers: Vec<Server>,
    aborts: Aborts,
}

/// One server, and what it told.
struct Server {
    service: String,
    client: Client<Inspect>,
    /// The last two reports.
    before: Option<Told>,
    now: Option<Told>,
    /// Why there is none now.
    failure: Option<Error>,
}

struct Told {
    report: OwnedReport,
    at: Instant,
}

impl Watch {
    fn new(top: &Top, aborts: Aborts) -> Result<Self, Failure> {
        let directory = run_dir::choose(top.options.run_dir.as_deref());
        let mut watch = Self { directory, servers: Vec::new(), aborts };
        for service in &top.services {
            watch.add(top, service)?;
        }
        Ok(watch)
    }

    fn add(&mut self, top: &Top, service: &str) -> Result<(), Failure> {
        let mut config: ClientConfig = config::client(&top.options, 1)?;
        if top.options.profiles.is_none() {
            // Who only looks takes no shared memory from those who need it.
            config.session.supported = Profiles::BASELINE;
        }
        if top.options.timeout.is_none() {
            // One server that hangs must not hold up the others for long.
            (config.connect_timeout, config.call_timeout) = (PATIENCE, PATIENCE);
        }
        let client = Client::new(Endpoint::new(self.directory.clone(), service)?, config);
        self.aborts.add(client.abort_handle());
        self.servers.push(Server { service: service.to_owned(), client, before: None, now: None, failure: None });
        Ok(())
    }

    /// Asks everybody, newcomers too.
    fn look(&mut self, top: &Top) -> Result<(), Failure> {
        if top.services.is_empty() {
            for service in services(&self.directory)? {
                if self.servers.iter().all(|server| server.service != service) {
                    self.add(top, &service)?;
                }
            }
            self.servers.sort_by(|a, b| a.service.cmp(&b.service));
        }
        for server in &mut self.servers {
            server.look(top.rows);
        }
        // One that has gone for good is shown once.
        if top.services.is_empty() {
            self.servers.retain(|server| server.now.is_some() || server.before.is_some() || !server.is_gone());
        }
        Ok(())
    }

    fn expose(&self) -> Result<(), Failure> {
        let status = |server: &Server| {
            let told = server.now.as_ref()?;
            Some((server.service.clone(), ServerStatus::from_report(&told.report)))
        };
        let servers: Vec<(String, ServerStatus)> = self.servers.iter().filter_map(status).collect();
        for server in &self.servers {
            if let Some(error) = &server.failure {
                eprintln!("netipc: {}: {}", server.service, why(error));
            }
        }
        if servers.is_empty() {
            return Err(self.servers.iter().find_map(|server| server.failure.as_ref()).map_or_else(
                || Failure::new(ErrorKind::NotFound, format!("no endpoint in {}", self.directory.display())),
                Failure::from,
            ));
        }
        output::line(prometheus(&servers).trim_end())
    }

    fn json(&self) -> String {
        let servers: Vec<_> = self.servers.iter().map(Server::json).collect();
        json!({"servers": servers}).to_string()
    }
}

const PATIENCE: Duration = Duration::from_secs(1);

/// Names that can be endpoints.
fn services(directory: &Path) -> Result<Vec<String>, Failure> {
    let names = ls::list(directory)?.services;
    let valid =
        |name: Vec<u8>| String::from_utf8(name).ok().filter(|name| Endpoint::new(directory, name.as_str()).is_ok());
    Ok(names.into_iter().filter_map(valid).collect())
}

impl Server {
    fn look(&mut self, rows: u32) {
        self.before = self.now.take();
        match self.ask(Question { most: rows, after: 0 }) {
            Ok(report) => {
                self.now = Some(Told { report, at: Instant::now() });
                self.failure = None;
            }
            Err(error) => self.failure = Some(error),
        }
    }

    fn ask(&mut self, question: Question) -> Result<OwnedReport, Error> {
        // A refusal may be lifted.
        if matches!(self.client.refresh(), State::AuthFailed | State::Incompatible) {
            let cause = self.client.status().cause;
            self.client.reset();
            return Err(
                cause.map_or(Error::NotReady { state: State::Disconnected, cause: None }, |cause| (*cause).clone())
            );
        }
        if let Some(cause) = self.client.status().cause.filter(|_| !self.client.is_ready()) {
            return Err((*cause).clone());
        }
        Ok(self.client.call(question)?.into_owned())
    }

    fn is_gone(&self) -> bool {
        self.failure.as_ref().is_some_and(|error| error.kind() == ErrorKind::NotFound)
    }

    /// Per second, between the last two reports.
    fn rate(&self, counter: impl Fn(&OwnedReport) -> u64) -> Option<f64> {
        let (before, now) = (self.before.as_ref()?, self.now.as_ref()?);
        // A server that was started anew counts from 0 again.
        let more = counter(&now.report).checked_sub(counter(&before.report))?;
        Some(more as f64 / (now.at - before.at).as_secs_f64())
    }

    fn json(&self) -> Value {
        let Some(told) = &self.now else {
            let failure = self.failure.as_ref();
            let error = failure.map(|error| json!({"kind": error.kind().name(), "message": why(error)}));
            return json!({"service": self.service, "error": error});
        };
        let report = &told.report;
        let sessions: Vec<_> = report
            .sessions
            .iter()
            .map(|session| {
                json!({
                    "id": session.id, "pid": session.pid, "uid": session.uid, "gid": session.gid,
                    "profile": value::names(Profiles(session.profile)), "reason": session.reason.name(),
                    "packet_size": session.packet_size,
                    "max_request": session.max_request, "max_response": session.max_response,
                    "age_ms": session.age, "idle_ms": session.idle,
                    "answered": session.answered, "failed": session.failed,
                })
            })
            .collect();
        json!({
            "service": self.service,
            "implementation": report.implementation.name(),
            "uptime_ms": report.uptime,
            "sessions": report.open, "max_sessions": report.max_sessions, "workers": report.workers,
            "shm_sessions": report.shm_sessions, "shm_fallbacks": report.shm_fallbacks,
            "profiles": value::names(Profiles(report.profiles)),
            "max_request": report.max_request, "max_response": report.max_response,
            "accepted": report.accepted, "rejected": report.rejected, "dropped": report.dropped,
            "answered": report.answered, "failed": report.failed,
            "violations": report.violations, "stalled": report.stalled, "broken": report.broken,
            "answered_per_second": self.rate(|report| report.answered),
            "failed_per_second": self.rate(|report| report.failed),
            "withheld": report.withheld != 0,
            "session_list": sessions,
        })
    }
}

/// A sentence for people who look at many servers at once.
fn why(error: &Error) -> String {
    match error {
        Error::Rejected(Status::UNSUPPORTED) => {
            "tells nothing of itself: it is of another library, or configured so".to_owned()
        }
        Error::NotFound { .. } => "nobody serves it any more".to_owned(),
        error => error.to_string(),
    }
}
