//! What every act of the demo needs: the end that a person or the clock brings, and clients that do not wait long.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use netipc::{Client, ClientConfig, Endpoint, ErrorKind, Profiles, Service};

use super::child::Event;
use crate::failure::Failure;
use crate::latency::human;
use crate::serve::HOST_CEILING;
use crate::{connect, interrupt};

/// How long the providers may take to start, and a call to be answered.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
/// Nothing waits longer than until then. With what the providers' end may take, all is over within 15 seconds.
const CURFEW: Duration = Duration::from_secs(13);

pub(super) struct Stage {
    interrupted: Arc<AtomicBool>,
    events: Receiver<Event>,
    /// For who has something to tell.
    pub(super) sender: Sender<Event>,
    began: Instant,
}

impl Stage {
    /// From here on a signal ends the demo in good order.
    pub(super) fn open() -> Result<Self, Failure> {
        let (sender, events) = channel();
        let interrupted = Arc::new(AtomicBool::new(false));
        let (flag, signals) = (Arc::clone(&interrupted), sender.clone());
        interrupt::watch(move || {
            flag.store(true, Ordering::Relaxed);
            // Once nobody waits for events any more the flag is what counts.
            let _ = signals.send(Event::Interrupted);
        })?;
        Ok(Self { interrupted, events, sender, began: Instant::now() })
    }

    /// Whether the demo is to go on, and how long what comes next may take.
    pub(super) fn check(&self) -> Result<Duration, Failure> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(interruption());
        }
        let left = CURFEW.saturating_sub(self.began.elapsed());
        if left.is_zero() {
            let message = format!("the demo was not over after {}: this machine is too busy for it", human(CURFEW));
            return Err(Failure::new(ErrorKind::Timeout, message));
        }
        Ok(left.min(PATIENCE))
    }

    /// A provider that cannot start has said why on the error stream, which is ours too.
    pub(super) fn await_ready(&self, providers: usize) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        for _ in 0..providers {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(Event::Ready) => {}
                Ok(Event::Interrupted) => return Err(interruption()),
                Ok(Event::Gone) => {
                    return Err(Failure::new(
                        ErrorKind::Disconnected,
                        "a provider ended before it could serve; it says why",
                    ));
                }
                Err(_) => {
                    return Err(Failure::new(
                        ErrorKind::Timeout,
                        format!("no provider was ready within {}", human(PATIENCE)),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Waits until a provider that was killed has been told of.
    pub(super) fn await_gone(&self) -> Result<(), Failure> {
        match self.events.recv_timeout(self.check()?) {
            Ok(Event::Gone) => Ok(()),
            Ok(Event::Interrupted) => Err(interruption()),
            other => Err(Failure::new(ErrorKind::Bug, format!("a killed provider went on: {other:?}"))),
        }
    }

    /// A client over these profiles that is connected.
    pub(super) fn client<S: Service>(&self, run_dir: &Path, profiles: Profiles) -> Result<Client<S>, Failure> {
        let mut config = config();
        config.connect_timeout = self.check()?;
        config.call_timeout = config.connect_timeout;
        config.session.supported = profiles;
        connect::open(Endpoint::new(run_dir, S::NAME)?, config)
    }
}

/// How clients and the cache of the demo behave.
pub(super) fn config() -> ClientConfig {
    let mut config = ClientConfig::default();
    config.connect_timeout = PATIENCE;
    config.call_timeout = PATIENCE;
    config.growth_ceiling = HOST_CEILING;
    config
}

fn interruption() -> Failure {
    Failure::new(ErrorKind::Aborted, "interrupted; the demo has cleaned up")
}
