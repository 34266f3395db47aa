//! Shared memory (profile SHM_HYBRID): its bytes, hostile peers, attacked and stale files, doing without, and Level 2.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod attacks;
mod calls;
mod fallback;
mod hostile;
mod leaks;
mod peers;
#[path = "../support/raw.rs"]
mod raw;
#[path = "../support/region.rs"]
mod region;
mod stale;
#[path = "../support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::time::Duration;

use netipc::services::Increment;
use netipc::{Client, ClientConfig, Profiles, RunningServer, ServerConfig, State};

use raw::{Bed, Field, Raw, at, hello, set_all, u64_at};
use region::{HYBRID, RawRegion, file_name};

/// Both profiles.
const BOTH: Profiles = Profiles(3);
/// Longer than the watchdog's patience: what ends by it has failed.
const HOUR: Duration = Duration::from_secs(3600);

/// The file of a session.
fn file(bed: &Bed, session: u64) -> PathBuf {
    bed.endpoint().run_dir().join(file_name("test", session))
}

/// Region files there are.
fn regions(bed: &Bed) -> usize {
    bed.files().iter().filter(|name| name.to_str().unwrap().ends_with(".ipcshm")).count()
}

fn over_memory(config: &mut ServerConfig) {
    config.listener.supported = BOTH;
}

fn increments(bed: &Bed, change: impl FnOnce(&mut ServerConfig)) -> RunningServer {
    bed.server::<Increment>(
        |config| {
            over_memory(config);
            change(config);
        },
        |request, reply| Ok(reply.value(request.value + 1)?),
    )
}

/// A client that offers shared memory and gives a call all the time in the world.
fn patient(config: &mut ClientConfig) {
    config.session.supported = BOTH;
    config.call_timeout = HOUR;
}

/// Its session has shared memory.
fn client(bed: &Bed) -> Client<Increment> {
    let client = bed.ready_client::<Increment>(patient);
    assert_eq!(client.status().agreed.unwrap().profile, Profiles::SHM_HYBRID, "{:?}", client.status());
    client
}

/// A HELLO that offers shared memory besides the socket.
fn hybrid_hello() -> Vec<u8> {
    set_all(hello(), &[Field::U32(at::hello::SUPPORTED, 1 | HYBRID)])
}

/// An existing client: a socket, and the region of its session.
struct RawClient {
    socket: Raw,
    region: RawRegion,
    ack: Vec<u8>,
}

impl RawClient {
    fn connect(bed: &Bed) -> Self {
        Self::with(bed, &hybrid_hello())
    }

    fn with(bed: &Bed, hello: &[u8]) -> Self {
        let (socket, ack) = Raw::session_with(&bed.path(), hello);
        assert_eq!(raw::u32_at(&ack, at::ack::SELECTED), HYBRID);
        let region = RawRegion::open(&file(bed, u64_at(&ack, at::ack::SESSION_ID)));
        Self { socket, region, ack }
    }

    /// The server has ended the session, and taken the file away.
    #[track_caller]
    fn end(self, bed: &Bed) {
        self.socket.end();
        let path = file(bed, u64_at(&self.ack, at::ack::SESSION_ID));
        raw::eventually("the file goes", || !path.exists());
    }
}

/// An existing server that has accepted one client: a socket, and the region that it made.
struct RawServer {
    socket: Raw,
    region: RawRegion,
}

impl RawServer {
    const SESSION: u64 = 1;

    /// Grants what is asked for, over shared memory that is ready before.
    fn accept(bed: &Bed, listener: &raw::RawListener) -> Self {
        Self::accept_with(bed, listener, |_| {})
    }

    fn accept_with(bed: &Bed, listener: &raw::RawListener, prepare: impl FnOnce(&RawRegion)) -> Self {
        let (socket, hello) = listener.accept_hello();
        let path = file(bed, Self::SESSION);
        let _ = std::fs::remove_file(&path);
        let region = RawRegion::create(&path, 1088, 65600);
        prepare(&region);
        socket.send(&hybrid_ack(&hello));
        Self { socket, region }
    }

    /// Answers increments until it has answered so many.
    fn answer(&self, count: u64) {
        for _ in 0..count {
            // In these tests both directions start alike, and every request has one response.
            let own = self.region.sequence(region::RESPONSES);
            let request = self.region.receive_after(region::REQUESTS, own);
            let id = u64_at(&request, at::MESSAGE_ID);
            self.region.send(region::RESPONSES, &raw::incremented(id, u64_at(&request, 32) + 1));
        }
    }
}

/// Grants everything, over shared memory.
fn hybrid_ack(hello: &[u8]) -> Vec<u8> {
    let fields = [
        Field::U32(at::ack::SERVER_SUPPORTED, 1 | HYBRID),
        Field::U32(at::ack::INTERSECTION, 1 | HYBRID),
        Field::U32(at::ack::SELECTED, HYBRID),
        Field::U64(at::ack::SESSION_ID, RawServer::SESSION),
    ];
    set_all(raw::ack_to(hello), &fields)
}

/// How a client stands: state, profile, and what it does without.
fn stands(client: &Client<Increment>) -> (State, Option<Profiles>, Option<Profiles>) {
    let status = client.status();
    (status.state, status.agreed.map(|agreed| agreed.profile), status.fallback.map(|fallback| fallback.profile))
}
