//! Learning that a person, or the system, wants the command to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::failure::Failure;

/// Does something on each SIGTERM and SIGINT, in a thread of its own, instead of ending the process.
pub(crate) fn watch(mut act: impl FnMut() + Send + 'static) -> Result<(), Failure> {
    let failed = |error| Failure::io(format!("cannot watch for SIGTERM and SIGINT: {error}"));
    let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(failed)?;
    let body = move || {
        for _ in &mut signals {
            act();
        }
    };
    thread::Builder::new().name("signals".into()).spawn(body).map(drop).map_err(failed)
}

/// Sleep that a signal ends.
#[derive(Debug)]
pub(crate) struct Pause {
    interrupted: Arc<AtomicBool>,
    signals: Receiver<()>,
}

impl Pause {
    /// From here on signals end pauses, and do `also` what is to end with them.
    pub(crate) fn new(also: impl Fn() + Send + 'static) -> Result<Self, Failure> {
        let (sender, signals) = channel();
        let interrupted = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&interrupted);
        watch(move || {
            flag.store(true, Ordering::SeqCst);
            also();
            // Without a pause there is nobody to wake.
            let _ = sender.send(());
        })?;
        Ok(Self { interrupted, signals })
    }

    /// Whether there has been a signal.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }

    /// Waits; whether all that time has passed without a signal.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        !self.is_interrupted() && matches!(self.signals.recv_timeout(time), Err(RecvTimeoutError::Timeout))
    }
}
