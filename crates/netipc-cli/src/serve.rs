//! `netipc serve`: providers that run until they are told to stop.

use std::io::{self, Read};
use std::path::Path;
use std::process;
use std::thread;

use netipc::proto::hash::djb2;
use netipc::services::{CgroupsSnapshot, Increment, StringReverse, cgroups_snapshot};
use netipc::{Endpoint, HandlerError, Server, ServerConfig, ServerHandle, Service};
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cli::{Serve, ServeOptions};
use crate::failure::Failure;
use crate::host::{Bounds, Host, Pace, Provider, Snapshot};
use crate::run_dir::{self, RunDir};
use crate::{config, output, value};

/// Hosts with many thousands of cgroups fill more than clients and servers grow to by themselves.
pub(crate) const HOST_CEILING: u32 = 16 << 20;

pub(crate) fn run(serve: &Serve) -> Result<(), Failure> {
    match serve {
        Serve::Increment { serve, service } => Provision::new(serve, service.service.as_deref())?
            .provide::<Increment, _>(|request, reply| Ok(reply.value(request.value.wrapping_add(1))?)),
        Serve::StringReverse { serve, service } => Provision::new(serve, service.service.as_deref())?
            .provide::<StringReverse, _>(|request, reply| {
                let text = request.text();
                let room = reply.text_room(text.len())?;
                room.copy_from_slice(text);
                room.reverse();
                Ok(())
            }),
        Serve::CgroupsSnapshot { items, serve, service } => {
            let items = *items;
            Provision::new(serve, service.service.as_deref())?
                .provide::<CgroupsSnapshot, _>(move |_, reply| synthetic(items, reply))
        }
        Serve::Host { host, serve } => serve_host(&host.root, serve),
    }
}

fn serve_host(root: &Path, serve: &ServeOptions) -> Result<(), Failure> {
    let mut provision = Provision::new(serve, None)?;
    provision.config.growth_ceiling = HOST_CEILING;
    let warn = |error: &_| eprintln!("netipc: still serving what was seen last: {error}");
    let provider = Provider::new(Host::new(root), Bounds::default(), Pace::default(), warn)?;
    if provider.snapshot().truncated {
        eprintln!("netipc: this machine has more cgroups than are served, which are {}", Bounds::default().cgroups);
    }
    provision.provide::<CgroupsSnapshot, _>(move |_, reply| fill(&provider.snapshot(), reply))
}

/// All that providers have in common.
struct Provision<'a> {
    serve: &'a ServeOptions,
    service: Option<&'a str>,
    config: ServerConfig,
}

impl<'a> Provision<'a> {
    fn new(serve: &'a ServeOptions, service: Option<&'a str>) -> Result<Self, Failure> {
        Ok(Self { serve, service, config: config::server(&serve.options)? })
    }

    /// Binds, says so, and serves until a signal, or the end of the standard input if that counts.
    fn provide<S, H>(self, handler: H) -> Result<(), Failure>
    where
        S: Service,
        H: for<'r, 'b> Fn(S::Request<'r>, &mut S::ReplyBuilder<'b>) -> Result<(), HandlerError> + Send + Sync + 'static,
    {
        let directory = run_dir::choose(self.serve.options.run_dir.as_deref());
        let endpoint = Endpoint::new(directory, self.service.unwrap_or(S::NAME))?;
        // From here on a signal waits until there is something to stop.
        let signals = Signals::new([SIGTERM, SIGINT])
            .map_err(|error| Failure::io(format!("cannot watch for SIGTERM and SIGINT: {error}")))?;
        let run_dir = RunDir::provide(endpoint.run_dir())?;
        let ready = json!({
            "pid": process::id(),
            "services": [endpoint.service()],
            "run_dir": run_dir.path().to_string_lossy(),
            "profiles": value::names(self.config.listener.supported),
        });
        let server = Server::<S>::bind(endpoint, self.config, handler)?;
        stop_on_signal(signals, server.handle())?;
        if self.serve.until_eof {
            stop_on_eof(server.handle())?;
        }
        output::line(&format!("READY {ready}"))?;
        Ok(server.run()?)
    }
}

/// The first signal asks politely; a second one does not wait for handlers that are still busy.
fn stop_on_signal(mut signals: Signals, server: ServerHandle) -> Result<(), Failure> {
    watch("signals", move || {
        let mut stopping = false;
        for _ in &mut signals {
            if stopping {
                process::exit(1);
            }
            stopping = true;
            server.stop();
        }
    })
}

fn stop_on_eof(server: ServerHandle) -> Result<(), Failure> {
    watch("stdin", move || {
        let mut ignored = [0; 512];
        let mut stdin = io::stdin().lock();
        loop {
            match stdin.read(&mut ignored) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return server.stop(),
                Ok(_) => {}
            }
        }
    })
}

/// A thread that ends with the process.
fn watch(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(body);
    started.map(drop).map_err(|error| Failure::io(format!("cannot start a thread: {error}")))
}

fn synthetic(items: u32, reply: &mut cgroups_snapshot::ReplyBuilder<'_>) -> Result<(), HandlerError> {
    reply.systemd_enabled(1).generation(1).reserve(items as usize);
    for i in 0..items {
        let name = format!("cgroup-{i}");
        let path = format!("/synthetic/{name}");
        reply.push(cgroups_snapshot::ItemFields {
            hash: djb2(name.as_bytes()),
            options: 0,
            enabled: i % 2,
            name: name.as_bytes(),
            path: path.as_bytes(),
        })?;
    }
    Ok(())
}

fn fill(snapshot: &Snapshot, reply: &mut cgroups_snapshot::ReplyBuilder<'_>) -> Result<(), HandlerError> {
    reply.systemd_enabled(snapshot.systemd.into()).generation(snapshot.generation).reserve(snapshot.cgroups.len());
    for cgroup in &snapshot.cgroups {
        reply.push(cgroups_snapshot::ItemFields {
            hash: cgroup.hash,
            options: cgroup.options,
            enabled: cgroup.enabled.into(),
            name: &cgroup.name,
            path: &cgroup.path,
        })?;
    }
    Ok(())
}
