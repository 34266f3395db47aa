//! Servers at work: many sessions, few threads, and an end in order.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod crowd;
mod limits;
mod stop;

#[path = "../support/raw.rs"]
mod raw;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use netipc::services::Increment;
use netipc::{RunningServer, ServerConfig};

use raw::{Bed, PATIENCE};

/// Lets a test decide when a handler goes on.
#[derive(Debug)]
struct Gate {
    entered: Receiver<u64>,
    open: Sender<()>,
}

impl Gate {
    /// Waits until a handler is at the gate.
    fn await_entry(&self) -> u64 {
        self.entered.recv_timeout(PATIENCE).unwrap()
    }

    fn open(&self) {
        self.open.send(()).unwrap();
    }
}

/// A server of increments whose handler waits at the gate for values from 1000 on.
fn gated(bed: &Bed, change: impl FnOnce(&mut ServerConfig)) -> (RunningServer, Gate) {
    let (enter, entered) = channel();
    let (open, opened) = channel();
    let opened = Arc::new(Mutex::new(opened));
    let server = bed.server::<Increment>(change, move |request, reply| {
        if request.value >= 1000 {
            enter.send(request.value).unwrap();
            // A test that is over lets everybody go.
            let _ = opened.lock().unwrap().recv();
        }
        Ok(reply.value(request.value + 1)?)
    });
    (server, Gate { entered, open })
}
