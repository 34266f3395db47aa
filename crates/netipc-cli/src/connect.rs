//! A client that is connected, or the reason why not.

use std::time::{Duration, Instant};

use netipc::{Client, ClientConfig, Endpoint, Service};

use crate::cli::Options;
use crate::failure::Failure;
use crate::{config, run_dir};

/// A connected client, and what is left of the time that the user allows.
pub(crate) struct Connection<S> {
    pub(crate) client: Client<S>,
    timeout: Option<Duration>,
    began: Instant,
}

impl<S: Service> Connection<S> {
    /// Connects as the options say. `batch` is the largest batch that will be sent.
    pub(crate) fn open(options: &Options, service: Option<&str>, batch: u32) -> Result<Self, Failure> {
        let began = Instant::now();
        let endpoint = Endpoint::new(run_dir::choose(options.run_dir.as_deref()), service.unwrap_or(S::NAME))?;
        let client = open(endpoint, config::client(options, batch)?)?;
        Ok(Self { client, timeout: options.timeout, began })
    }

    /// How long the next call may take: what connecting left of the timeout, at first; the whole of it for every further
    /// call. Zero stands for the default.
    pub(crate) fn allowance(&mut self) -> Duration {
        let Some(timeout) = self.timeout else { return Duration::ZERO };
        let spent = self.began.elapsed();
        self.began = Instant::now() + timeout;
        // Zero would mean something else; the call that gets a nanosecond says that the time is up.
        timeout.saturating_sub(spent).max(Duration::from_nanos(1))
    }
}

/// Connects a client.
pub(crate) fn open<S: Service>(endpoint: Endpoint, config: ClientConfig) -> Result<Client<S>, Failure> {
    let mut client = Client::new(endpoint, config);
    client.refresh();
    if client.is_ready() {
        return Ok(client);
    }
    let status = client.status();
    Err(match status.cause {
        Some(cause) => Failure::from(&*cause),
        None => Failure::from(&netipc::Error::NotReady { state: status.state, cause: None }),
    })
}
