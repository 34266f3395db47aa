//! What must not bring a server down, or hold it up.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/raw.rs"]
mod raw;
mod support;

use std::panic::panic_any;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use netipc::services::{Increment, StringReverse};
use netipc::{Client, ClientConfig, Deadline, Endpoint, Error, Header, RunningServer, Server, ServerConfig, Session};
use netipc::{HandlerError, SessionConfig, State};
use support::{PATIENCE, Watchdog, patience};
use tempfile::TempDir;

fn serve(
    dir: &TempDir,
    change: impl FnOnce(&mut ServerConfig),
    handler: impl Fn(u64) -> Result<u64, HandlerError> + Send + Sync + 'static,
) -> RunningServer {
    let mut config = ServerConfig::default();
    change(&mut config);
    Server::<Increment>::bind(endpoint(dir), config, move |request, reply| {
        reply.value(handler(request.value)?)?;
        Ok(())
    })
    .unwrap()
    .spawn()
    .unwrap()
}

fn endpoint(dir: &TempDir) -> Endpoint {
    Endpoint::new(dir.path(), "resilient").unwrap()
}

fn session(dir: &TempDir) -> Session {
    Session::connect(&endpoint(dir), &SessionConfig::default(), patience(), None).unwrap()
}

fn ask(session: &mut Session, id: u64) {
    session.send(&Header::request(1, 8, id), &id.to_ne_bytes(), patience(), None).unwrap();
}

/// Panics again when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("and once more");
    }
}

#[test]
fn a_panic_whose_payload_panics_costs_one_answer() {
    // NIPC-L2S-06, NIPC-L2S-12
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let server =
        serve(&dir, |config| config.max_workers = 2, |value| if value == 0 { panic_any(Bomb) } else { Ok(value) });
    let mut client = Client::<Increment>::new(endpoint(&dir), ClientConfig::default());
    assert_eq!(client.refresh(), State::Ready);
    for _ in 0..5 {
        assert!(matches!(client.call(0), Err(Error::Rejected(netipc::Status::INTERNAL_ERROR))));
        assert_eq!(client.call(7).unwrap().value, 7);
    }
    server.stop().unwrap();
}

#[test]
fn a_stop_does_not_wait_for_more_than_the_drain_allows() {
    // NIPC-L2S-20, NIPC-L2S-21
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let (entered, inside) = mpsc::channel();
    let (release, gate) = mpsc::channel::<()>();
    let (entered, gate) = (Mutex::new(entered), Mutex::new(gate));
    let change = |config: &mut ServerConfig| {
        config.max_workers = 1;
        config.drain_timeout = Duration::from_millis(50);
    };
    let server = serve(&dir, change, move |value| {
        entered.lock().unwrap().send(()).unwrap();
        // Until the test lets it go, which it does after the stop.
        let _ = gate.lock().unwrap().recv();
        Ok(value)
    });
    let mut sessions: Vec<Session> = (0..5).map(|_| session(&dir)).collect();
    for session in &mut sessions {
        (1..=4).for_each(|id| ask(session, id));
    }
    inside.recv_timeout(PATIENCE).unwrap();
    // One handler never returns, nineteen requests wait behind it, and the only worker is taken.
    server.stop().unwrap();
    assert!(!endpoint(&dir).socket_path().exists());
    drop(release);
}

#[test]
fn requests_that_have_arrived_are_answered_before_a_stop_ends() {
    // NIPC-L2S-20
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let (entered, inside) = mpsc::channel();
    let (release, gate) = mpsc::channel::<()>();
    let (entered, gate) = (Mutex::new(entered), Mutex::new(gate));
    let first = AtomicUsize::new(0);
    let server = serve(
        &dir,
        |config| config.max_workers = 4,
        move |value| {
            if first.fetch_add(1, Ordering::SeqCst) == 0 {
                entered.lock().unwrap().send(()).unwrap();
                let _ = gate.lock().unwrap().recv_timeout(PATIENCE);
            }
            Ok(value)
        },
    );
    let mut busy = session(&dir);
    let mut idle = session(&dir);
    (1..=100).for_each(|id| ask(&mut busy, id));
    inside.recv_timeout(PATIENCE).unwrap();
    server.handle().stop();
    // The idle session learns of the end while the busy one still works.
    assert!(matches!(idle.receive(patience(), None), Err(Error::Disconnected { .. })));
    release.send(()).unwrap();
    for id in 1..=100 {
        assert_eq!(busy.receive(patience(), None).unwrap().header.message_id, id);
    }
    assert!(matches!(busy.receive(patience(), None), Err(Error::Disconnected { .. })));
    server.stop().unwrap();
}

#[test]
fn clients_come_in_while_every_worker_is_busy() {
    // NIPC-HS-17, NIPC-L2S-12
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let (release, gate) = mpsc::channel::<()>();
    let (entered, inside) = mpsc::channel();
    let (entered, gate) = (Mutex::new(entered), Mutex::new(gate));
    let server = serve(
        &dir,
        |config| config.max_workers = 1,
        move |value| {
            entered.lock().unwrap().send(()).unwrap();
            let _ = gate.lock().unwrap().recv_timeout(PATIENCE);
            Ok(value)
        },
    );
    let mut busy = session(&dir);
    ask(&mut busy, 1);
    inside.recv_timeout(PATIENCE).unwrap();
    let mut client = Client::<Increment>::new(endpoint(&dir), ClientConfig::default());
    assert_eq!(client.refresh(), State::Ready);
    drop(release);
    assert_eq!(client.call(5).unwrap().value, 5);
    server.stop().unwrap();
}

#[test]
fn no_half_message_outlives_its_deadline() {
    // NIPC-CHK-12, NIPC-L2S-15: the deadline falls into every phase of a worker's turn, again and again.
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let change = |config: &mut ServerConfig| {
        config.listener.half_message_timeout = Duration::from_millis(3);
        config.listener.packet_size = 64;
    };
    let server = serve(&dir, change, Ok);
    let packets = raw::chunked(&raw::request(raw::INCREMENT, 1, &[0; 100]), 64);
    let path = endpoint(&dir).socket_path().to_path_buf();
    let halves: Vec<raw::Raw> = (0..300)
        .map(|round| {
            let hello = raw::set(raw::hello(), raw::Field::U32(raw::at::hello::PACKET, 64));
            let (half, _ack) = raw::Raw::session_with(&path, &hello);
            half.send(&packets[0]);
            // The second part comes at about the time of the deadline.
            std::thread::sleep(Duration::from_micros(2500 + 10 * (round % 100)));
            let _ = half.try_send(&packets[1]);
            half
        })
        .collect();
    raw::eventually("every half message ends its session", || server.handle().status().sessions == 0);
    drop(halves);
    server.stop().unwrap();
}

#[test]
fn peers_in_another_pid_namespace_are_served() {
    // NIPC-UDS-17, NIPC-EP-08
    const ROLE: &str = "NETIPC_TEST_NAMESPACE_DIR";
    if let Some(dir) = std::env::var_os(ROLE) {
        let mut client = Client::<Increment>::new(Endpoint::new(dir, "resilient").unwrap(), ClientConfig::default());
        assert_eq!(client.refresh(), State::Ready, "{:?}", client.status());
        assert_eq!(client.status().peer.unwrap().pid, 0, "the server is not visible from here");
        assert_eq!(client.call(5).unwrap().value, 5);
        return;
    }
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let server = serve(&dir, |_| {}, Ok);
    let mut unshare = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        unshare.arg("--map-root-user");
    }
    let output = unshare
        .args(["--pid", "--fork"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "peers_in_another_pid_namespace_are_served"])
        .env(ROLE, dir.path())
        .output()
        .expect("`unshare` of util-linux makes the namespace");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "this needs the right to make a pid namespace: {said}");
    server.stop().unwrap();
}

#[test]
fn a_pipeline_cut_short_by_a_panic_mixes_no_replies_up() {
    // NIPC-L2C-11, NIPC-L2C-16
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let server = serve(&dir, |_| {}, Ok);
    let mut client = Client::<Increment>::new(endpoint(&dir), ClientConfig::default());
    client.refresh();
    let cut = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        client.call_pipelined(0..100, 50, |index, _| assert!(index < 3, "enough"))
    }));
    assert!(cut.is_err());
    match client.call(1000) {
        Ok(reply) => assert_eq!(reply.value, 1000),
        Err(error) => assert!(matches!(error, Error::NotReady { .. }), "{error}"),
    }
    assert_eq!(client.refresh(), State::Ready);
    assert_eq!(client.call(2000).unwrap().value, 2000);
    server.stop().unwrap();
}

#[test]
fn an_abort_keeps_a_refresh_from_connecting() {
    // NIPC-L2C-09
    let dir = tempfile::tempdir().unwrap();
    let server = serve(&dir, |_| {}, Ok);
    let mut client = Client::<Increment>::new(endpoint(&dir), ClientConfig::default());
    client.refresh();
    let abort = client.abort_handle();
    abort.abort();
    assert_eq!(client.refresh(), State::Broken);
    assert!(matches!(client.status().cause.as_deref(), Some(Error::Aborted)));
    assert!(matches!(client.call(1), Err(Error::Aborted)));
    abort.clear();
    assert_eq!(client.refresh(), State::Ready);
    assert_eq!(client.call(1).unwrap().value, 1);
    server.stop().unwrap();
}

#[test]
fn huge_time_limits_are_no_limits() {
    let dir = tempfile::tempdir().unwrap();
    let change = |config: &mut ServerConfig| {
        config.listener.handshake_timeout = Duration::MAX;
        config.listener.half_message_timeout = Duration::MAX;
        config.listener.lock_timeout = Duration::MAX;
        config.write_stall_timeout = Duration::MAX;
    };
    let server = serve(&dir, change, Ok);
    let mut config = ClientConfig::default();
    config.call_timeout = Duration::MAX;
    config.connect_timeout = Duration::MAX;
    let mut client = Client::<Increment>::new(endpoint(&dir), config);
    client.refresh();
    assert_eq!(client.call(1).unwrap().value, 1);
    assert!(Deadline::after(Duration::MAX).at().is_none());
    server.stop().unwrap();
}

#[test]
fn after_the_drain_no_request_is_handled_and_every_client_sees_the_end() {
    // NIPC-L2S-20
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let handled = Arc::new(AtomicUsize::new(0));
    let (entered, inside) = mpsc::channel();
    let (release, gate) = mpsc::channel::<()>();
    let (entered, gate) = (Mutex::new(entered), Mutex::new(gate));
    let count = Arc::clone(&handled);
    let server = serve(
        &dir,
        |config| config.drain_timeout = Duration::from_millis(50),
        move |value| {
            count.fetch_add(1, Ordering::SeqCst);
            entered.lock().unwrap().send(()).unwrap();
            let _ = gate.lock().unwrap().recv_timeout(PATIENCE);
            Ok(value)
        },
    );
    let mut busy = session(&dir);
    (1..=10).for_each(|id| ask(&mut busy, id));
    inside.recv_timeout(PATIENCE).unwrap();
    let handle = server.handle().clone();
    server.stop().unwrap();
    // The handler is still in its first request.
    assert!(matches!(busy.receive(patience(), None), Err(Error::Disconnected { .. })));
    drop(release);
    raw::eventually("the worker leaves", || handle.status().workers == 0);
    assert_eq!((handled.load(Ordering::SeqCst), handle.status().sessions), (1, 0));
}

#[test]
fn limits_grow_again_after_the_server_was_restarted() {
    // NIPC-L2C-17, NIPC-L2C-24
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let serve = || {
        Server::<StringReverse>::bind(endpoint(&dir), ServerConfig::default(), |request, reply| {
            Ok(reply.text(request.text())?)
        })
        .unwrap()
        .spawn()
        .unwrap()
    };
    let text = vec![b'x'; 70_000];
    let server = serve();
    let mut client = Client::<StringReverse>::new(endpoint(&dir), ClientConfig::default());
    client.refresh();
    assert_eq!(client.call(&text).unwrap().text(), text);
    server.stop().unwrap();
    // The new one has learned nothing yet.
    let server = serve();
    assert_eq!(client.call(&text).unwrap().text(), text);
    server.stop().unwrap();
}

#[test]
fn each_call_of_a_pipeline_may_grow_the_limits() {
    // NIPC-L2C-24: ten growths in all, one for each call.
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let server = Server::<StringReverse>::bind(endpoint(&dir), ServerConfig::default(), |request, reply| {
        Ok(reply.text(request.text())?)
    })
    .unwrap()
    .spawn()
    .unwrap();
    let mut client = Client::<StringReverse>::new(endpoint(&dir), ClientConfig::default());
    client.refresh();
    let texts: Vec<Vec<u8>> = (0..10).map(|i| vec![b'x'; 1500 << i]).collect();
    let mut seen = 0;
    let count = |index: usize, reply: Result<netipc::services::string_reverse::Text<'_>, Error>| {
        assert_eq!(reply.unwrap().text().len(), 1500 << index);
        seen += 1;
    };
    client.call_pipelined(texts.iter().map(Vec::as_slice), 4, count).unwrap();
    assert_eq!(seen, 10);
    server.stop().unwrap();
}

#[test]
fn an_abort_ends_a_pipeline_whose_replies_keep_coming() {
    // NIPC-L2C-09
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let server = serve(&dir, |_| {}, Ok);
    let mut client = Client::<Increment>::new(endpoint(&dir), ClientConfig::default());
    client.refresh();
    let abort = client.abort_handle();
    let mut answered = 0;
    let result = client.call_pipelined(0..1000, 200, |index, reply| {
        if index == 5 {
            abort.abort();
        }
        answered += usize::from(reply.is_ok());
    });
    assert!(matches!(result, Err(Error::Aborted)));
    assert_eq!(answered, 6);
    server.stop().unwrap();
}
