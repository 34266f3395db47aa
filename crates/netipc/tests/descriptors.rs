//! A process without free descriptors: what it has goes on, and what it could not take comes later.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use netipc::services::Increment;
use netipc::{
    Client, ClientConfig, Deadline, Endpoint, Error, Header, Listener, ListenerConfig, RunningServer, Server,
    ServerConfig, Session, SessionConfig, State, Waiting,
};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, setrlimit};
use support::child::{self, Child};
use support::{Watchdog, alone, patience};
use tempfile::TempDir;

/// Sessions that the starved server has descriptors for.
const ROOM: usize = 6;

fn endpoint(dir: &Path) -> Endpoint {
    Endpoint::new(dir, "starving").unwrap()
}

/// Leaves `room` descriptors of this process free. The limit is on their numbers, which may have gaps.
fn starve(room: usize) {
    let open = |number: u64| Path::new(&format!("/proc/self/fd/{number}")).symlink_metadata().is_ok();
    let last = (0..).filter(|&number| !open(number)).take(room).last().unwrap_or(0);
    let limit = last + 1;
    setrlimit(Resource::Nofile, Rlimit { current: Some(limit), maximum: Some(limit) }).unwrap();
}

/// Takes every free descriptor.
fn hoard() -> Vec<File> {
    let mut hoard = Vec::new();
    loop {
        match File::open("/dev/null") {
            Ok(file) => hoard.push(file),
            Err(error) => {
                assert_eq!(error.raw_os_error(), Some(Errno::MFILE.raw_os_error()));
                return hoard;
            }
        }
    }
}

fn serve(dir: &Path) -> RunningServer {
    Server::<Increment>::bind(endpoint(dir), ServerConfig::default(), |request, reply| {
        reply.value(request.value + 1)?;
        Ok(())
    })
    .unwrap()
    .spawn()
    .unwrap()
}

fn connect(dir: &Path, deadline: Deadline) -> Result<Session, Error> {
    Session::connect(&endpoint(dir), &SessionConfig::default(), deadline, None)
}

/// A session that works.
fn asks(session: &mut Session, id: u64) {
    session.send(&Header::request(1, 8, id), &41_u64.to_ne_bytes(), patience(), None).unwrap();
    assert_eq!(session.receive(patience(), None).unwrap().payload, 42_u64.to_ne_bytes());
}

/// Processor time that a process has used, in clock ticks of 10 ms.
fn ticks(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// A server that has no descriptor left, and all the sessions that it took.
fn starved(role: &str) -> (TempDir, Child, Vec<Session>) {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Child::spawn("child", role, &[("DIR", dir.path().as_os_str())]);
    server.expect("starving");
    let sessions: Vec<Session> = (0..ROOM).map(|_| connect(dir.path(), patience()).unwrap()).collect();
    (dir, server, sessions)
}

fn sessions_go_on_and_the_next_waits(role: &str) {
    let _watchdog = Watchdog::start();
    let (dir, server, mut sessions) = starved(role);
    let before = ticks(server.id());
    // Nobody can shake hands with one more. The deadline is also the time in which the server must not spin.
    let window = Duration::from_millis(500);
    let late = connect(dir.path(), Deadline::after(window));
    assert!(matches!(late, Err(Error::Timeout { waiting_for: Waiting::Handshake, .. })), "{late:?}");
    let spent = ticks(server.id()) - before;
    assert!(spent < 20, "{spent} ticks of processor time in {window:?}, for nothing");
    for (session, id) in sessions.iter_mut().zip(1..) {
        asks(session, id);
    }
    // When one leaves, the next comes in; and so for every one.
    for round in 0..3 * ROOM {
        thread::scope(|scope| {
            let next = scope.spawn(|| connect(dir.path(), patience()).unwrap());
            drop(sessions.remove(0));
            let mut next = next.join().unwrap();
            asks(&mut next, 1);
            sessions.push(next);
        });
        asks(&mut sessions[round % ROOM], 100 + round as u64);
    }
    assert!(server.finish(), "the server has stopped in order");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

// NIPC-UDS-18
#[test]
fn a_starved_server_goes_on() {
    sessions_go_on_and_the_next_waits("server");
}

// NIPC-UDS-18
#[test]
fn a_starved_listener_goes_on() {
    sessions_go_on_and_the_next_waits("listener");
}

// NIPC-UDS-18: descriptors that become free elsewhere in the process are found, too.
#[test]
fn accepting_resumes_by_itself() {
    let _watchdog = Watchdog::start();
    for role in ["server", "listener"] {
        let (dir, mut server, sessions) = starved(role);
        thread::scope(|scope| {
            let next = scope.spawn(|| connect(dir.path(), patience()).unwrap());
            // Most likely it has met the full table by now; it has to come out the same in any case.
            let late = connect(dir.path(), Deadline::after(Duration::from_millis(20)));
            assert!(late.is_err());
            server.tell("relieve");
            asks(&mut next.join().unwrap(), 1);
        });
        drop(sessions);
    }
}

// NIPC-EP-14: stopping needs no descriptor.
#[test]
fn a_starved_server_leaves_nothing_behind() {
    alone("a_starved_server_leaves_nothing_behind", || {
        let dir = tempfile::tempdir().unwrap();
        starve(20);
        let server = serve(dir.path());
        let listener =
            Listener::bind(&Endpoint::new(dir.path(), "second").unwrap(), ListenerConfig::default()).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
        let hoard = hoard();
        server.stop().unwrap();
        drop(listener);
        drop(hoard);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    });
}

// NIPC-ERR-04, NIPC-ERR-05, NIPC-L2C-01, NIPC-L2C-04
#[test]
fn who_cannot_start_says_why() {
    alone("who_cannot_start_says_why", || {
        let dir = tempfile::tempdir().unwrap();
        let _server = serve(dir.path());
        starve(16);
        let mut hoard = hoard();
        let cause = |error: &Error| match error {
            Error::Io { source, .. } => source.code(),
            error => panic!("{error}"),
        };
        let mut client = Client::<Increment>::new(endpoint(dir.path()), ClientConfig::default());
        assert!(client.status().state == State::Disconnected && client.status().cause.is_none());
        assert_eq!(client.refresh(), State::Disconnected);
        assert_eq!(cause(client.status().cause.as_ref().unwrap()), Errno::MFILE.raw_os_error());
        // Whatever step of a bind fails, it fails so, and leaves nothing behind.
        let second = Endpoint::new(dir.path(), "second").unwrap();
        let listener = loop {
            match Listener::bind(&second, ListenerConfig::default()) {
                Ok(listener) => break listener,
                Err(error) => assert_eq!(cause(&error), Errno::MFILE.raw_os_error()),
            }
            assert!(!second.socket_path().exists());
            drop(hoard.pop());
        };
        drop(listener);
        assert_eq!(client.refresh(), State::Ready);
        assert_eq!(client.call(41).unwrap().value, 42);
    });
}

// NIPC-L2C-02: a session that is there needs no more descriptors.
#[test]
fn a_starved_client_goes_on() {
    alone("a_starved_client_goes_on", || {
        let dir = tempfile::tempdir().unwrap();
        let _server = serve(dir.path());
        starve(30);
        let mut client = Client::<Increment>::new(endpoint(dir.path()), ClientConfig::default());
        assert_eq!(client.refresh(), State::Ready);
        let mut session = connect(dir.path(), patience()).unwrap();
        let _hoard = hoard();
        for value in 0..10 {
            assert_eq!(client.refresh(), State::Ready);
            assert_eq!(client.call(value).unwrap().value, value + 1);
            asks(&mut session, value);
        }
    });
}

/// Serves every guest in a thread of its own.
fn listen(dir: &Path) {
    let mut listener = Listener::bind(&endpoint(dir), ListenerConfig::default()).unwrap();
    thread::spawn(move || {
        loop {
            // An accept that fails for want of descriptors must not show here.
            let mut guest = listener.accept(Deadline::NEVER, None).unwrap();
            thread::spawn(move || {
                loop {
                    let Ok(request) = guest.receive(Deadline::NEVER, None) else { return };
                    let (header, value) = (request.header, u64::from_ne_bytes(request.payload.try_into().unwrap()));
                    guest.send(&header.response(8), &(value + 1).to_ne_bytes(), patience(), None).unwrap();
                }
            });
        }
    });
}

/// One of the children that the tests above start.
#[test]
fn child() {
    let Some(role) = child::role() else { return };
    let dir = PathBuf::from(child::var("DIR"));
    let server = if role == "server" {
        Some(serve(&dir))
    } else {
        listen(&dir);
        None
    };
    let mut spare = Some([(); 4].map(|()| File::open("/dev/null").unwrap()));
    starve(ROOM);
    child::say("starving");
    while child::hear().is_some() {
        drop(spare.take());
    }
    if let Some(server) = server {
        server.stop().unwrap();
    } else {
        fs::remove_file(endpoint(&dir).socket_path()).unwrap();
    }
}
