//! SIGKILL of either side at random points: the survivor sees it at once, nothing leaks, the next start succeeds.
//!
//! No deadline of a survivor can pass before the watchdog bites, so whatever ends its wait is an event. The seeds are
//! fixed, but what a kill meets depends on the machine too: that is the point.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use netipc::services::StringReverse;
use netipc::{
    Client, ClientConfig, Deadline, Endpoint, Error, ErrorKind, Header, Listener, ListenerConfig, RunningServer,
    Server, ServerConfig, Session, SessionConfig, State,
};
use support::child::{self, Child};
use support::{Numbers, PATIENCE, alone, descriptors, patience};

/// Kills in each test.
const KILLS: u64 = 100;
/// The longest that a victim lives after it has begun its work.
const LIFE: Duration = Duration::from_millis(4);
/// Several packets at the default packet size.
const LONG: usize = 600_000;

fn endpoint(dir: &Path) -> Endpoint {
    Endpoint::new(dir, "crash-test").unwrap()
}

fn serve(dir: &Path) -> RunningServer {
    Server::<StringReverse>::bind(endpoint(dir), ServerConfig::default(), |request, reply| {
        let reversed: Vec<u8> = request.text().iter().rev().copied().collect();
        reply.text(&reversed)?;
        Ok(())
    })
    .unwrap()
    .spawn()
    .unwrap()
}

fn client(dir: &Path) -> Client<StringReverse> {
    let mut config = ClientConfig::default();
    // Longer than the watchdog's patience: a call that ends by time fails the test.
    config.call_timeout = Duration::from_secs(3600);
    config.connect_timeout = Duration::from_secs(3600);
    Client::new(endpoint(dir), config)
}

/// Works until it fails: `work` tells what is going on when the kill comes.
fn work(client: &mut Client<StringReverse>, work: u64) -> Error {
    let long = vec![b'x'; LONG];
    loop {
        let result = match work {
            0 => client.call(b"abc").map(|reply| assert_eq!(reply.text(), b"cba")),
            1 => client.call(&long).map(|reply| assert_eq!(reply.text().len(), LONG)),
            _ => {
                client.reset();
                match client.refresh() {
                    State::Ready => Ok(()),
                    _ => Err((*client.status().cause.unwrap()).clone()),
                }
            }
        };
        if let Err(error) = result {
            return error;
        }
    }
}

fn spawn(role: &str, dir: &Path) -> Child {
    let mut child = Child::spawn("child", role, &[("DIR", dir.as_os_str())]);
    child.expect("at work");
    child
}

/// Kills the child at some moment of the near future, while `meanwhile` runs.
fn kill_soon<R>(numbers: &mut Numbers, child: &mut Child, meanwhile: impl FnOnce() -> R) -> R {
    let life = Duration::from_nanos(numbers.below(LIFE.as_nanos() as u64));
    thread::scope(|scope| {
        scope.spawn(|| {
            // Not to wait for anything: it draws the moment of death.
            thread::sleep(life);
            child.kill();
        });
        meanwhile()
    })
}

fn numbers(test: &str, seed: u64) -> Numbers {
    println!("{test}: seed {seed}");
    Numbers(seed)
}

// NIPC-UDS-07, NIPC-UDS-13, NIPC-EP-11, NIPC-L2C-02, NIPC-L2C-17
#[test]
fn of_a_server_under_calls() {
    alone("of_a_server_under_calls", || {
        let mut numbers = numbers("of_a_server_under_calls", 11);
        let dir = tempfile::tempdir().unwrap();
        let mut survivor = client(dir.path());
        assert_eq!(survivor.refresh(), State::NotFound);
        let mut server = spawn("server", dir.path());
        assert_eq!(survivor.refresh(), State::Ready);
        let mut before = None;
        for round in 0..KILLS {
            let error = kill_soon(&mut numbers, &mut server, || work(&mut survivor, round % 3));
            // The second when it was the reconnect that failed.
            let expected = [ErrorKind::Disconnected, ErrorKind::NotFound];
            assert!(expected.contains(&error.kind()), "round {round}: {error}");
            assert!(!survivor.is_ready());
            assert_eq!(survivor.refresh(), State::NotFound, "{:?}", survivor.status());
            assert!(endpoint(dir.path()).socket_path().exists(), "a killed server cannot clean up");

            server = spawn("server", dir.path());
            assert_eq!(survivor.refresh(), State::Ready, "{:?}", survivor.status());
            assert_eq!(survivor.call(b"again").unwrap().text(), b"niaga");
            assert_eq!(survivor.status().peer.unwrap().pid, server.id() as i32);
            assert_eq!(*before.get_or_insert_with(descriptors), descriptors(), "round {round}");
        }
    });
}

// NIPC-UDS-07, NIPC-UDS-13: a session that waits without a deadline.
#[test]
fn of_a_server_that_is_waited_for() {
    alone("of_a_server_that_is_waited_for", || {
        let mut numbers = numbers("of_a_server_that_is_waited_for", 12);
        let dir = tempfile::tempdir().unwrap();
        let endpoint = endpoint(dir.path());
        let mut config = SessionConfig::default();
        config.max_request_payload = 1 << 20;
        let long = vec![7; 1 << 20];
        let before = descriptors();
        for round in 0..KILLS / 2 {
            let mut server = spawn("mute", dir.path());
            let ended = kill_soon(&mut numbers, &mut server, || {
                let mut session = Session::connect(&endpoint, &config, Deadline::NEVER, None)?;
                if round % 2 == 0 {
                    // Nobody reads it: this waits for room.
                    session.send(&Header::request(1, 1 << 20, 1), &long, Deadline::NEVER, None)?;
                }
                session.receive(Deadline::NEVER, None).map(drop)
            });
            let kind = ended.unwrap_err().kind();
            assert!(matches!(kind, ErrorKind::Disconnected | ErrorKind::NotFound), "round {round}: {kind:?}");
        }
        assert_eq!(descriptors(), before);
        drop(Listener::bind(&endpoint, ListenerConfig::default()).unwrap());
    });
}

// NIPC-L2S-12, NIPC-UDS-13
#[test]
fn of_clients_under_calls() {
    alone("of_clients_under_calls", || {
        let mut numbers = numbers("of_clients_under_calls", 13);
        let dir = tempfile::tempdir().unwrap();
        let server = serve(dir.path());
        let handle = server.handle().clone();
        let mut bystander = client(dir.path());
        assert_eq!(bystander.refresh(), State::Ready);
        bystander.call(b"warm up").unwrap();
        let mut before = None;
        for round in 0..KILLS {
            let mut victim = spawn(["caller", "long caller", "connecter"][round as usize % 3], dir.path());
            kill_soon(&mut numbers, &mut victim, || {
                for _ in 0..20 {
                    assert_eq!(bystander.call(b"abc").unwrap().text(), b"cba");
                }
            });
            // A status has no event to wait for.
            wait_until(|| handle.status().sessions == 1);
            assert_eq!(bystander.call(b"abc").unwrap().text(), b"cba");
            wait_until(|| *before.get_or_insert_with(descriptors) == descriptors());
        }
        assert_eq!(bystander.status().counters.connects, 1, "the bystander was never disturbed");
        drop(bystander);
        server.stop().unwrap();
    });
}

// NIPC-EP-09, NIPC-EP-11, NIPC-EP-14: a death between lock and listen, and between lock and unlink.
#[test]
fn of_a_server_that_starts_or_stops() {
    alone("of_a_server_that_starts_or_stops", || {
        let mut numbers = numbers("of_a_server_that_starts_or_stops", 14);
        let dir = tempfile::tempdir().unwrap();
        let endpoint = endpoint(dir.path());
        let mut left_behind = 0;
        for round in 0..KILLS {
            let mut victim = spawn("binder", dir.path());
            kill_soon(&mut numbers, &mut victim, || ());
            let names: Vec<PathBuf> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
            assert!(names.iter().all(|name| name == endpoint.socket_path()), "round {round}: {names:?}");
            left_behind += names.len();
            // No lock outlives its holder, so there is nothing to wait for.
            let mut config = ListenerConfig::default();
            config.lock_timeout = Duration::ZERO;
            let mut next = Listener::bind(&endpoint, config).unwrap();
            thread::scope(|scope| {
                scope.spawn(|| Session::connect(&endpoint, &SessionConfig::default(), patience(), None).unwrap());
                next.accept(patience(), None).unwrap();
            });
        }
        println!("{left_behind} of {KILLS} left their socket behind");
    });
}

/// Asks again and again. The watchdog bounds it.
fn wait_until(mut holds: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while !holds() {
        assert!(std::time::Instant::now() < deadline, "it never came about");
        thread::yield_now();
    }
}

/// One of the children that the tests above start and kill.
#[test]
fn child() {
    let Some(role) = child::role() else { return };
    let dir = PathBuf::from(child::var("DIR"));
    match &*role {
        "server" => {
            let _server = serve(&dir);
            child::say("at work");
            child::hear();
        }
        "mute" => {
            let mut listener = Listener::bind(&endpoint(&dir), ListenerConfig::default()).unwrap();
            child::say("at work");
            let mut guests = Vec::new();
            while let Ok(guest) = listener.accept(Deadline::NEVER, None) {
                guests.push(guest);
            }
        }
        "binder" => {
            child::say("at work");
            loop {
                drop(Listener::bind(&endpoint(&dir), ListenerConfig::default()).unwrap());
            }
        }
        kind => {
            let mut caller = client(&dir);
            assert_eq!(caller.refresh(), State::Ready);
            child::say("at work");
            let kind = ["caller", "long caller", "connecter"].iter().position(|&name| name == kind).unwrap();
            panic!("{}", work(&mut caller, kind as u64));
        }
    }
}
