//! What all providers have in common: binding, READY, and the end.

use std::io::{self, Read};
use std::path::PathBuf;
use std::process;
use std::thread;

use netipc::{Endpoint, Error, HandlerError, Server, ServerConfig, ServerHandle, Service};
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cli::ServeOptions;
use crate::failure::Failure;
use crate::run_dir::{self, RunDir};
use crate::{config, output, value};

/// Services that one process provides, bound one after the other and run together.
///
/// Dropping it, as when one of them cannot be bound, leaves nothing behind.
pub(super) struct Provision<'a> {
    // Before the run directory: sockets go first.
    bound: Vec<Bound>,
    run_dir: RunDir,
    directory: PathBuf,
    signals: Signals,
    serve: &'a ServeOptions,
    pub(super) config: ServerConfig,
}

/// A bound server, whatever its service.
struct Bound {
    service: String,
    handle: ServerHandle,
    run: Box<dyn FnOnce() -> Result<(), Error> + Send>,
}

impl<'a> Provision<'a> {
    pub(super) fn new(serve: &'a ServeOptions) -> Result<Self, Failure> {
        let config = config::server(&serve.options)?;
        // From here on a signal waits until there is something to stop.
        let signals = Signals::new([SIGTERM, SIGINT])
            .map_err(|error| Failure::io(format!("cannot watch for SIGTERM and SIGINT: {error}")))?;
        let directory = run_dir::choose(serve.options.run_dir.as_deref());
        let run_dir = RunDir::provide(&directory)?;
        Ok(Self { bound: Vec::new(), run_dir, directory, signals, serve, config })
    }

    /// Binds one more service, at the endpoint `name` if that is not its own.
    pub(super) fn bind<S, H>(&mut self, name: Option<&str>, handler: H) -> Result<(), Failure>
    where
        S: Service,
        H: for<'r, 'b> Fn(S::Request<'r>, &mut S::ReplyBuilder<'b>) -> Result<(), HandlerError> + Send + Sync + 'static,
    {
        let endpoint = Endpoint::new(self.directory.clone(), name.unwrap_or(S::NAME))?;
        let service = endpoint.service().to_owned();
        let server = Server::<S>::bind(endpoint, self.config.clone(), handler)?;
        self.bound.push(Bound { service, handle: server.handle(), run: Box::new(|| server.run()) });
        Ok(())
    }

    /// Says that clients can connect, and serves until a signal, or the end of the standard input if that counts.
    pub(super) fn run(self) -> Result<(), Failure> {
        // Dropped in reverse, so the sockets still go before their directory.
        let Self { run_dir, directory: _, bound, signals, serve, config } = self;
        let services: Vec<_> = bound.iter().map(|bound| bound.service.as_str()).collect();
        let ready = json!({
            "pid": process::id(),
            "services": services,
            "run_dir": run_dir.path().to_string_lossy(),
            "profiles": value::names(config.listener.supported),
        });
        let all = All(bound.iter().map(|bound| bound.handle.clone()).collect());
        stop_on_signal(signals, all.clone())?;
        if serve.until_eof {
            stop_on_eof(all.clone())?;
        }
        output::line(&format!("READY {ready}"))?;
        run_together(bound, &all)
    }
}

/// The handles of all servers.
#[derive(Clone)]
struct All(Vec<ServerHandle>);

impl All {
    fn stop(&self) {
        self.0.iter().for_each(ServerHandle::stop);
    }
}

/// Runs all servers until one of them ends, which ends the others. The first failure is told.
fn run_together(bound: Vec<Bound>, all: &All) -> Result<(), Failure> {
    thread::scope(|scope| {
        let mut threads = Vec::new();
        let mut outcome = Ok(());
        for Bound { service, run, .. } in bound {
            let body = move || {
                let result = run();
                all.stop();
                result
            };
            match thread::Builder::new().name(service).spawn_scoped(scope, body) {
                Ok(thread) => threads.push(thread),
                Err(error) => {
                    all.stop();
                    outcome = Err(no_thread(&error));
                    break;
                }
            }
        }
        for thread in threads {
            match thread.join() {
                Ok(result) => outcome = outcome.and(result.map_err(Failure::from)),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        outcome
    })
}

/// The first signal asks politely; a second one does not wait for handlers that are still busy.
fn stop_on_signal(mut signals: Signals, all: All) -> Result<(), Failure> {
    watch("signals", move || {
        let mut stopping = false;
        for _ in &mut signals {
            if stopping {
                process::exit(1);
            }
            stopping = true;
            all.stop();
        }
    })
}

fn stop_on_eof(all: All) -> Result<(), Failure> {
    watch("stdin", move || {
        let mut ignored = [0; 512];
        let mut stdin = io::stdin().lock();
        loop {
            match stdin.read(&mut ignored) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return all.stop(),
                Ok(_) => {}
            }
        }
    })
}

/// A thread that ends with the process.
fn watch(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(body);
    started.map(drop).map_err(|error| no_thread(&error))
}

fn no_thread(error: &io::Error) -> Failure {
    Failure::io(format!("cannot start a thread: {error}"))
}
