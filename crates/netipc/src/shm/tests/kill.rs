//! SIGKILL at every step of set-up, use and tear-down that another process can see.
//!
//! The victim is this test binary in another role; it kills itself at the point that it was given. No deadline of the
//! survivor can pass before the watchdog bites, so whatever ends its wait is an event.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use netipc_proto::profile::Profiles;
use netipc_services::Increment;
use rustix::process::{Signal, getpid, kill_process};

use super::support::child::{self, Child};
use super::support::{Held, PATIENCE, alone};
use crate::error::Error;
use crate::shm::plane::Step;
use crate::shm::points::Point;
use crate::{Client, ClientConfig, Endpoint, RunningServer, Server, ServerConfig, State};

const SET_UP: [Point; 7] =
    [Point::Created, Point::Locked, Point::Allocated, Point::Mapped, Point::Headed, Point::Watched, Point::Welcomed];
const SERVING: [Point; 10] = [
    Point::Asleep,
    Point::Request(Step::Seen),
    Point::Request(Step::Taken),
    Point::Response(Step::Copied),
    Point::Response(Step::Measured),
    Point::Response(Step::Published),
    Point::Response(Step::Signalled),
    Point::ResponseWoken,
    Point::Ending,
    Point::Unlinked,
];
const CLEANING: [Point; 2] = [Point::Found, Point::Cleared];
const CONNECTING: [Point; 5] = [Point::Greeted, Point::Acknowledged, Point::Opened, Point::Attached, Point::Watched];
const CALLING: [Point; 10] = [
    Point::Request(Step::Copied),
    Point::Request(Step::Measured),
    Point::Request(Step::Published),
    Point::Request(Step::Signalled),
    Point::RequestWoken,
    Point::Asleep,
    Point::Response(Step::Seen),
    Point::Response(Step::Taken),
    Point::Ending,
    Point::Unlinked,
];

/// Ends this process if it is a victim that has come to its end.
pub(crate) fn reach(point: Point) {
    static END: OnceLock<Option<(String, AtomicU32)>> = OnceLock::new();
    let end = END.get_or_init(|| {
        let point = std::env::var("NETIPC_TEST_POINT").ok()?;
        Some((point, AtomicU32::new(std::env::var("NETIPC_TEST_TURN").ok()?.parse().ok()?)))
    });
    let Some((last, turns)) = end else { return };
    if *last == format!("{point:?}") && turns.fetch_sub(1, Ordering::SeqCst) == 1 {
        kill_process(getpid(), Signal::KILL).unwrap();
        thread::park();
    }
}

fn endpoint(dir: &Path, service: &str) -> Endpoint {
    Endpoint::new(dir, service).unwrap()
}

fn serve(dir: &Path, service: &str) -> RunningServer {
    let mut config = ServerConfig::default();
    config.listener.supported = Profiles::BASELINE | Profiles::SHM_HYBRID;
    Server::<Increment>::bind(endpoint(dir, service), config, |request, reply| Ok(reply.value(request.value + 1)?))
        .unwrap()
        .spawn()
        .unwrap()
}

fn client(dir: &Path, service: &str) -> Client<Increment> {
    let mut config = ClientConfig::default();
    config.session.supported = Profiles::BASELINE | Profiles::SHM_HYBRID;
    // Longer than the watchdog's patience: a call that ends by time fails the test.
    config.call_timeout = Duration::from_secs(3600);
    config.connect_timeout = Duration::from_secs(3600);
    Client::new(endpoint(dir, service), config)
}

/// A client with a live session over shared memory.
fn ready(dir: &Path, service: &str) -> Client<Increment> {
    let mut client = client(dir, service);
    assert_eq!(client.refresh(), State::Ready, "{:?}", client.status());
    assert_eq!(client.status().agreed.unwrap().profile, Profiles::SHM_HYBRID);
    assert_eq!(client.call(1).unwrap().value, 2);
    client
}

fn victim(role: &str, dir: &Path, point: Point, turn: u32) -> Child {
    let (point, turn) = (format!("{point:?}"), turn.to_string());
    let vars =
        [("DIR", dir.as_os_str()), ("NETIPC_TEST_POINT", OsStr::new(&point)), ("NETIPC_TEST_TURN", OsStr::new(&turn))];
    Child::spawn("shm::tests::kill::child", role, &vars)
}

/// It has met its end; returns when the kernel has taken back all that it held.
fn is_dead(victim: &mut Child, point: Point, turn: u32) {
    assert_eq!(victim.line(), None, "{point:?} {turn}: it lives");
    victim.kill();
}

fn regions(dir: &Path) -> Vec<PathBuf> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    names.filter(|path| path.extension() == Some(OsStr::new("ipcshm"))).collect()
}

/// Asks again and again. The watchdog bounds it.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "it never came about: {what}");
        thread::yield_now();
    }
}

/// A service with a session next to the one that dies, whose name begins with that one's.
struct Bystander {
    server: RunningServer,
    client: Client<Increment>,
}

impl Bystander {
    fn new(dir: &Path) -> Self {
        Self { server: serve(dir, "victim-too"), client: ready(dir, "victim-too") }
    }

    fn check(&mut self) {
        assert_eq!(self.client.call(5).unwrap().value, 6);
        assert_eq!(self.client.status().counters.connects, 1, "it was never disturbed");
        assert_eq!(self.server.handle().status().shm_sessions, 1);
    }
}

// NIPC-SHM-06, NIPC-SHM-15, NIPC-SHM-16
#[test]
fn of_a_server_at_every_point() {
    alone("shm::tests::kill::of_a_server_at_every_point", || {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let mut bystander = Bystander::new(dir);
        let before = Held::settled();
        for point in SET_UP.into_iter().chain(SERVING) {
            for turn in [1, 2] {
                let mut server = victim("server", dir, point, turn);
                server.expect("at work");
                let (attempts, errors) = use_up(dir);
                is_dead(&mut server, point, turn);
                assert!(errors.iter().all(was_told_at_once), "{point:?} {turn}: {errors:?}");
                let left = regions(dir).len();
                // The bystander's, and those of sessions that the server had not come to end yet.
                assert!(left <= 1 + attempts, "{point:?} {turn}: {left} files of {attempts} sessions");
                let next = serve(dir, "victim");
                assert_eq!(regions(dir).len(), 1, "{point:?} {turn}: the next start leaves only what lives");
                ready(dir, "victim");
                eventually("sessions end", || next.handle().status().sessions == 0);
                next.stop().unwrap();
                bystander.check();
                drop(server);
                before.assert_again();
            }
        }
    });
}

/// Makes sessions and calls until the server has died of it: how often it tried, and the errors on the way.
fn use_up(dir: &Path) -> (usize, Vec<Error>) {
    let (mut attempts, mut errors) = (0, Vec::new());
    let mut client = client(dir, "victim");
    loop {
        attempts += 1;
        match client.refresh() {
            State::Ready => {}
            State::NotFound => return (attempts, errors),
            _ => {
                errors.push((*client.status().cause.unwrap()).clone());
                continue;
            }
        }
        for value in 0..5 {
            match client.call(value) {
                Ok(reply) => assert_eq!(reply.value, value + 1),
                Err(error) => {
                    errors.push(error);
                    break;
                }
            }
        }
        // Ends the session, which the server has to see to as well.
        client.reset();
    }
}

/// What a survivor hears of a death: not that its time is up.
fn was_told_at_once(error: &Error) -> bool {
    matches!(error, Error::Disconnected { .. } | Error::NotFound { .. })
}

// NIPC-SHM-06: a death in the middle of cleaning up after another one.
#[test]
fn of_a_server_that_cleans_up() {
    alone("shm::tests::kill::of_a_server_that_cleans_up", || {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let mut bystander = Bystander::new(dir);
        for point in CLEANING {
            for turn in [1, 2] {
                for session in [7, 8, 9] {
                    fs::write(dir.join(format!("victim-{session:016x}.ipcshm")), b"junk").unwrap();
                }
                let mut server = victim("server", dir, point, turn);
                is_dead(&mut server, point, turn);
                assert!(regions(dir).len() > 1);
                serve(dir, "victim").stop().unwrap();
                assert_eq!(regions(dir).len(), 1);
                bystander.check();
            }
        }
    });
}

// NIPC-SHM-15, NIPC-SHM-16
#[test]
fn of_a_client_at_every_point() {
    alone("shm::tests::kill::of_a_client_at_every_point", || {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let mut bystander = Bystander::new(dir);
        let server = serve(dir, "victim");
        ready(dir, "victim");
        eventually("the session ends", || server.handle().status().sessions == 0);
        let before = Held::settled();
        for point in CONNECTING.into_iter().chain(CALLING) {
            for turn in [1, 3] {
                let mut client = victim("client", dir, point, turn);
                is_dead(&mut client, point, turn);
                eventually("the session ends", || {
                    let status = server.handle().status();
                    (status.sessions, status.shm_sessions) == (0, 0)
                });
                drop(client);
                before.assert_again();
                assert_eq!(regions(dir).len(), 1, "{point:?} {turn}");
                bystander.check();
            }
        }
        server.stop().unwrap();
    });
}

/// One of the victims.
#[test]
fn child() {
    let Some(role) = child::role() else { return };
    let dir = PathBuf::from(child::var("DIR"));
    if role == "server" {
        let _server = serve(&dir, "victim");
        child::say("at work");
        child::hear();
        return;
    }
    for _ in 0..10 {
        let mut client = client(&dir, "victim");
        client.refresh();
        for value in 0..5 {
            let _ = client.call(value);
        }
    }
    child::say("survived");
}
