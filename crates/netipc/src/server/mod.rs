//! Level 2: typed servers.

mod answer;
mod config;
mod desk;
mod engine;
mod host;
mod porter;
mod stats;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;

use netipc_proto::growth::Learned;
use netipc_proto::limits::DEFAULT_RESPONSE_PAYLOAD;
use netipc_proto::service::{HandlerError, Service};

pub use config::ServerConfig;
pub use stats::ServerStatus;

use crate::endpoint::Endpoint;
use crate::error::{Error, Operation};
use crate::limits::LearnedLimit;
use crate::uds::reception::Reception;
use answer::Typed;
use desk::House;
use engine::Engine;

/// A bound service. [`Server::run`] or [`Server::spawn`] make it answer; dropping it gives the endpoint up.
///
/// Clients may connect from the bind on. Implements `spec/level2.md`, section 2.
pub struct Server<S> {
    engine: Arc<Engine>,
    endpoint: Endpoint,
    service: PhantomData<fn() -> S>,
}

/// Stops and watches a server, from any thread.
#[derive(Clone)]
pub struct ServerHandle {
    engine: Arc<Engine>,
}

/// A server that runs in threads of its own. Dropping it stops the server and waits for the drain.
#[derive(Debug)]
pub struct RunningServer {
    handle: ServerHandle,
    thread: Option<JoinHandle<Result<(), Error>>>,
}

impl<S: Service> Server<S> {
    /// Binds an endpoint.
    ///
    /// The handler is called from several threads at once, with one request each; a batch arrives item by item. Its
    /// reply is sent when it returns `Ok`. An error, or a panic, answers this request with a failure and harms nothing
    /// else. It may block: other sessions go on as long as [`ServerConfig::max_workers`] handlers do not block at once.
    ///
    /// # Errors
    ///
    /// As [`Listener::bind`](crate::Listener::bind).
    pub fn bind<H>(endpoint: Endpoint, config: ServerConfig, handler: H) -> Result<Self, Error>
    where
        H: for<'a, 'b> Fn(S::Request<'a>, &mut S::ReplyBuilder<'b>) -> Result<(), HandlerError> + Send + Sync + 'static,
    {
        let mut listener = config.listener.clone();
        // Memory for a request grows as its bytes arrive, so a large grant costs nothing.
        listener.max_request_payload.get_or_insert(config.growth_ceiling);
        let learned = Learned::new(listener.max_response_payload, DEFAULT_RESPONSE_PAYLOAD, config.growth_ceiling);
        let max_response = Arc::new(LearnedLimit::new(learned));
        let reception = Reception::bind(&endpoint, listener, Arc::clone(&max_response))?;
        let house = House {
            closed: AtomicBool::new(false),
            responder: Box::new(Typed::<S, H>::new(handler)),
            max_response,
            counters: stats::Counters::default(),
            write_stall_timeout: config.write_stall_timeout,
        };
        let engine = Arc::new(Engine::new(reception, house, &config)?);
        Ok(Self { engine, endpoint, service: PhantomData })
    }

    /// Where it is bound.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// A handle that outlives [`Server::run`].
    pub fn handle(&self) -> ServerHandle {
        ServerHandle { engine: Arc::clone(&self.engine) }
    }

    /// Serves until [`ServerHandle::stop`]. The endpoint is gone when this returns.
    ///
    /// A handler that is still busy after [`ServerConfig::drain_timeout`] is left alone: its thread ends when it returns.
    ///
    /// # Errors
    ///
    /// `Io` when the operating system refuses what serving needs.
    pub fn run(self) -> Result<(), Error> {
        self.engine.run()
    }

    /// Serves in threads of its own.
    ///
    /// # Errors
    ///
    /// `Io` when no thread can be started.
    pub fn spawn(self) -> Result<RunningServer, Error> {
        let handle = self.handle();
        let thread = std::thread::Builder::new()
            .name("netipc-server".into())
            .spawn(move || self.run())
            .map_err(|error| Error::io(Operation::SpawnThread, None, error))?;
        Ok(RunningServer { handle, thread: Some(thread) })
    }
}

impl<S> Drop for Server<S> {
    fn drop(&mut self) {
        // Handles may live on, and must not keep the endpoint of a server that never ran.
        self.engine.abandon();
    }
}

impl<S> fmt::Debug for Server<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl ServerHandle {
    /// Makes the server stop: no new sessions, the endpoint removed, requests that have arrived answered. Returns at
    /// once; safe in any thread, as often as you like.
    pub fn stop(&self) {
        self.engine.stop();
    }

    /// A view of the server now.
    pub fn status(&self) -> ServerStatus {
        self.engine.status()
    }
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle").field("status", &self.status()).finish()
    }
}

impl RunningServer {
    /// Stops and watches the server.
    pub fn handle(&self) -> &ServerHandle {
        &self.handle
    }

    /// Stops the server and waits for the drain.
    ///
    /// # Errors
    ///
    /// Why it had stopped by itself before, if it had.
    pub fn stop(mut self) -> Result<(), Error> {
        self.join()
    }

    fn join(&mut self) -> Result<(), Error> {
        self.handle.stop();
        match self.thread.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(_panic)) => Err(Error::Bug("the server's main thread panicked")),
        }
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        // A drop cannot report; `stop` does.
        let _ = self.join();
    }
}
