//! The events of the feature `tracing`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use netipc::services::{CgroupsSnapshot, Increment};
use netipc::{Cache, Client, ClientConfig, Endpoint, HandlerError, Server, ServerConfig};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes every event of ours as one line.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    #[track_caller]
    fn has(&self, words: &[&str]) {
        let lines = self.0.lock().unwrap();
        assert!(lines.iter().any(|line| words.iter().all(|word| line.contains(word))), "{words:?} in {lines:#?}");
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "netipc"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn what_happens_is_told() {
    let lines = Lines::default();
    tracing::subscriber::set_global_default(lines.clone()).unwrap();
    let run_dir = tempfile::tempdir().unwrap();
    let endpoint = Endpoint::new(run_dir.path(), "increment").unwrap();

    let mut client = Client::<Increment>::new(endpoint.clone(), ClientConfig::default());
    client.refresh();
    lines.has(&["DEBUG", "a client changed its state", "without a server", "NotFound"]);

    let server = Server::<Increment>::bind(endpoint.clone(), ServerConfig::default(), |request, _| {
        assert!(request.value > 0, "so that it panics");
        Err(HandlerError::new("because of the test"))
    });
    let server = server.unwrap().spawn().unwrap();
    lines.has(&["INFO", "a server was bound", "increment.sock"]);
    client.refresh();
    lines.has(&["DEBUG", "a client changed its state", "state=ready"]);
    client.call(1).unwrap_err();
    lines.has(&["WARN", "a handler failed", "because of the test"]);
    lines.has(&["WARN", "a call failed", "status"]);
    client.call(0).unwrap_err();
    lines.has(&["ERROR", "a handler panicked"]);
    lines.has(&["DEBUG", "a session began", "profile=baseline"]);
    server.stop().unwrap();
    lines.has(&["DEBUG", "a session ended", "failed=2"]);

    let mut cache = Cache::<CgroupsSnapshot>::new(endpoint, ClientConfig::default());
    cache.refresh().unwrap_err();
    lines.has(&["WARN", "a refresh failed"]);
}
