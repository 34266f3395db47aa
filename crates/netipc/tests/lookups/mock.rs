//! A server of `apps-lookup` that says whatever a test wants, in bytes made by hand.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use netipc::{Abort, Deadline, Endpoint, Header, Listener, ListenerConfig, Status};
use tempfile::TempDir;

pub(crate) const KNOWN: u16 = 0;
pub(crate) const UNKNOWN: u16 = 1;
pub(crate) const EXCEEDED: u16 = 2;
pub(crate) const OVERSIZED: u16 = 3;
/// Known, in a cgroup whose path makes the item one of 112 bytes. Not on the wire.
pub(crate) const LARGE: u16 = 100;

/// What the mock answers to one request.
pub(crate) enum Say {
    /// A generation, and the items.
    Items(u64, Vec<(u16, u32)>),
    Status(Status),
}

pub(crate) struct Mock {
    pub(crate) endpoint: Endpoint,
    requests: Receiver<Vec<u32>>,
    abort: Abort,
    server: Option<JoinHandle<()>>,
    _dir: TempDir,
}

impl Mock {
    /// Answers with what `say` makes of the number of the request and its keys.
    pub(crate) fn serve(max_response: u32, mut say: impl FnMut(usize, &[u32]) -> Say + Send + 'static) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let endpoint = Endpoint::new(dir.path(), "mock").unwrap();
        let mut config = ListenerConfig::default();
        config.max_response_payload = Some(max_response);
        let mut listener = Listener::bind(&endpoint, config).unwrap();
        let abort = Abort::new();
        let (asked, requests) = channel();
        let stop = abort.clone();
        let server = std::thread::spawn(move || {
            let mut count = 0;
            while let Ok(mut session) = listener.accept(Deadline::NEVER, Some(&stop)) {
                serve_session(&mut session, &stop, &asked, &mut count, &mut say);
            }
        });
        Self { endpoint, requests, abort, server: Some(server), _dir: dir }
    }

    /// The keys of every request so far.
    pub(crate) fn requests(&self) -> Vec<Vec<u32>> {
        self.requests.try_iter().collect()
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.abort.abort();
        let ended = self.server.take().map(JoinHandle::join);
        assert!(std::thread::panicking() || ended.is_none_or(|ended| ended.is_ok()));
    }
}

fn serve_session(
    session: &mut netipc::Session,
    stop: &Abort,
    asked: &Sender<Vec<u32>>,
    count: &mut usize,
    say: &mut impl FnMut(usize, &[u32]) -> Say,
) {
    let limit = Deadline::after(Duration::from_secs(60));
    loop {
        let (header, keys) = match session.receive(limit, Some(stop)) {
            Ok(message) => (message.header, keys(message.payload)),
            Err(_) => return,
        };
        let _ = asked.send(keys.clone());
        let said = say(*count, &keys);
        *count += 1;
        let (header, payload) = match said {
            Say::Items(generation, items) => {
                let payload = reply(generation, &items);
                (header.response(payload.len() as u32), payload)
            }
            Say::Status(status) => (header.failure(status), Vec::new()),
        };
        send(session, &header, &payload, limit);
    }
}

fn send(session: &mut netipc::Session, header: &Header, payload: &[u8], limit: Deadline) {
    // A client that has enough of it may be gone.
    let _ = session.send(header, payload, limit, None);
}

fn keys(payload: &[u8]) -> Vec<u32> {
    let word = |at: usize| u32::from_ne_bytes(payload[at..at + 4].try_into().unwrap());
    let count = word(4) as usize;
    (0..count).map(|i| word(16 + 8 * count + word(16 + 8 * i) as usize)).collect()
}

fn reply(generation: u64, items: &[(u16, u32)]) -> Vec<u8> {
    let mut payload = vec![0; 16 + 8 * items.len()];
    payload[0..2].copy_from_slice(&1_u16.to_ne_bytes());
    payload[4..8].copy_from_slice(&(items.len() as u32).to_ne_bytes());
    payload[8..16].copy_from_slice(&generation.to_ne_bytes());
    let area = payload.len();
    for (i, &(status, pid)) in items.iter().enumerate() {
        payload.resize((payload.len() - area).next_multiple_of(8) + area, 0);
        let (offset, item) = (payload.len() - area, item(status, pid));
        payload[16 + 8 * i..20 + 8 * i].copy_from_slice(&(offset as u32).to_ne_bytes());
        payload[20 + 8 * i..24 + 8 * i].copy_from_slice(&(item.len() as u32).to_ne_bytes());
        payload.extend_from_slice(&item);
    }
    payload
}

/// A known process is called `x` and runs in the root cgroup, unless it is a large one.
fn item(status: u16, pid: u32) -> Vec<u8> {
    let path: &[u8] = if status == LARGE { &[b'p'; 48] } else { b"" };
    let root = status == KNOWN;
    let status = if status == LARGE { KNOWN } else { status };
    let comm: &[u8] = if status == KNOWN { b"x" } else { b"" };
    let mut item = vec![0; 60];
    let mut put = |at: usize, bytes: &[u8]| item[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &1_u16.to_ne_bytes());
    put(2, &status.to_ne_bytes());
    put(6, &(if root { 3_u16 } else { 0 }).to_ne_bytes());
    put(8, &pid.to_ne_bytes());
    put(16, &(if status == KNOWN { 7 } else { u32::MAX }).to_ne_bytes());
    put(32, &60_u32.to_ne_bytes());
    put(36, &(comm.len() as u32).to_ne_bytes());
    put(40, &(61 + comm.len() as u32).to_ne_bytes());
    put(44, &(path.len() as u32).to_ne_bytes());
    put(48, &(62 + comm.len() as u32 + path.len() as u32).to_ne_bytes());
    item.extend_from_slice(comm);
    item.push(0);
    item.extend_from_slice(path);
    item.extend_from_slice(&[0; 2]);
    item
}
