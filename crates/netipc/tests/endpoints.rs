//! Endpoints: names, permissions, taking paths over, connecting.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs::{self, File};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use netipc::services::Increment;
use netipc::{
    Abort, Client, ClientConfig, Deadline, Endpoint, Error, Listener, ListenerConfig, Occupant, Operation, Presence,
    Server, ServerConfig, Session, SessionConfig, State, Waiting,
};
use rustix::fs::{FlockOperation, Mode, flock};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SocketAddrUnix, SocketFlags, SocketType};
use rustix::process::umask;
use rustix::thread::set_thread_res_uid;
use support::child::{self, Child};
use support::{Watchdog, alone, patience};
use tempfile::TempDir;

const SERVICE: &str = "endpoint-test";

fn endpoint(dir: &Path) -> Endpoint {
    Endpoint::new(dir, SERVICE).unwrap()
}

/// A run directory of its own and the endpoint in it.
fn place() -> (TempDir, Endpoint) {
    let dir = tempfile::tempdir().unwrap();
    let endpoint = endpoint(dir.path());
    (dir, endpoint)
}

fn bind(endpoint: &Endpoint) -> Result<Listener, Error> {
    Listener::bind(endpoint, ListenerConfig::default())
}

fn occupant(endpoint: &Endpoint) -> Occupant {
    match bind(endpoint) {
        Err(Error::AddressInUse { occupant, endpoint: named }) => {
            assert_eq!(named, *endpoint);
            occupant
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("{endpoint} was free"),
    }
}

/// A session comes about and carries a message.
fn is_reachable(listener: &mut Listener) {
    let endpoint = listener.endpoint().clone();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut client = Session::connect(&endpoint, &SessionConfig::default(), patience(), None).unwrap();
            client.send(&netipc::Header::request(1, 2, 1), b"hi", patience(), None).unwrap();
            client.receive(patience(), None).unwrap_err();
        });
        let mut server = listener.accept(patience(), None).unwrap();
        assert_eq!(server.receive(patience(), None).unwrap().payload, b"hi");
    });
}

/// A socket of another program.
fn raw(path: &Path, kind: SocketType, backlog: Option<i32>) -> OwnedFd {
    let socket = rustix::net::socket(AddressFamily::UNIX, kind, None).unwrap();
    rustix::net::bind(&socket, &SocketAddrUnix::new(path).unwrap()).unwrap();
    if let Some(backlog) = backlog {
        rustix::net::listen(&socket, backlog).unwrap();
    }
    socket
}

fn raw_connect(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
    rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket)
}

/// A socket file that nobody serves.
fn stale(path: &Path) {
    drop(raw(path, SocketType::SEQPACKET, Some(1)));
}

fn inode(path: &Path) -> (u64, u64) {
    let stat = fs::symlink_metadata(path).unwrap();
    (stat.dev(), stat.ino())
}

fn names(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
}

// NIPC-EP-02, NIPC-EP-03: the longest path works, the next one tells both numbers.
#[test]
fn paths_are_used_as_given() {
    let _watchdog = Watchdog::start();
    let dir = tempfile::tempdir().unwrap();
    let room = 107 - dir.path().as_os_str().len() - "/".len() - "/x.sock".len();
    let deep = dir.path().join("d".repeat(room));
    fs::create_dir(&deep).unwrap();
    let longest = Endpoint::new(&deep, "x").unwrap();
    assert_eq!(longest.socket_path().as_os_str().len(), 107);
    is_reachable(&mut bind(&longest).unwrap());
    let error = Endpoint::new(&deep, "xy").unwrap_err().to_string();
    assert!(error.contains("108") && error.contains("107"), "{error}");

    let slashed = Endpoint::new(format!("{}/./", dir.path().display()), "a").unwrap();
    assert_eq!(slashed.socket_path().as_os_str().to_str().unwrap(), format!("{}/./a.sock", dir.path().display()));
    is_reachable(&mut bind(&slashed).unwrap());
}

// NIPC-EP-01: before any I/O.
#[test]
fn bad_names_make_no_endpoint() {
    for service in ["", ".", "..", "a/b", "a b", "a\n", "\u{fc}", "a\0"] {
        assert!(matches!(Endpoint::new("/run/x", service), Err(Error::ApiMisuse(_))), "{service:?}");
    }
    for run_dir in ["", "/run/a\0b", "\0"] {
        assert!(matches!(Endpoint::new(run_dir, "a"), Err(Error::ApiMisuse(_))), "{run_dir:?}");
    }
}

// NIPC-EP-11, NIPC-EP-14
#[test]
fn a_stale_socket_is_taken_over() {
    let _watchdog = Watchdog::start();
    for kind in [SocketType::SEQPACKET, SocketType::STREAM] {
        let (dir, endpoint) = place();
        drop(raw(endpoint.socket_path(), kind, Some(1)));
        let mut listener = bind(&endpoint).unwrap();
        is_reachable(&mut listener);
        drop(listener);
        assert_eq!(names(dir.path()), [] as [PathBuf; 0]);
    }
}

// NIPC-EP-12, NIPC-EP-13, NIPC-EP-15
#[test]
fn a_live_server_keeps_its_path() {
    let _watchdog = Watchdog::start();
    let (_dir, endpoint) = place();
    let mut listener = bind(&endpoint).unwrap();
    let file = inode(endpoint.socket_path());
    for _ in 0..3 {
        assert!(matches!(occupant(&endpoint), Occupant::Server));
    }
    assert_eq!(inode(endpoint.socket_path()), file);
    is_reachable(&mut listener);
}

// NIPC-EP-12: other programs live, too.
#[test]
fn a_server_of_another_kind_keeps_its_path() {
    let (_dir, endpoint) = place();
    let server = raw(endpoint.socket_path(), SocketType::STREAM, Some(1));
    let file = inode(endpoint.socket_path());
    let found = occupant(&endpoint);
    assert!(matches!(found, Occupant::Unknown(cause) if cause.code() == Errno::PROTOTYPE.raw_os_error()), "{found:?}");
    assert_eq!(inode(endpoint.socket_path()), file);
    drop(server);
}

// NIPC-EP-13
#[test]
fn the_probe_hangs_up_at_once() {
    let _watchdog = Watchdog::start();
    let (_dir, endpoint) = place();
    let server = raw(endpoint.socket_path(), SocketType::SEQPACKET, Some(5));
    assert!(matches!(occupant(&endpoint), Occupant::Server));
    let probe = rustix::net::accept(&server).unwrap();
    assert_eq!(rustix::net::recv(&probe, &mut [0; 100][..], RecvFlags::empty()).unwrap().1, 0);
}

/// Connects until the backlog is full. The connections live as long as what is returned.
fn fill(path: &Path) -> Vec<OwnedFd> {
    let mut crowd = Vec::new();
    loop {
        match raw_connect(path) {
            Ok(socket) => crowd.push(socket),
            Err(Errno::AGAIN) => return crowd,
            Err(errno) => panic!("{errno}"),
        }
    }
}

// NIPC-EP-12, NIPC-EP-13, NIPC-EP-16
#[test]
fn a_full_backlog_is_alive() {
    let _watchdog = Watchdog::start();
    let (_dir, endpoint) = place();
    let server = raw(endpoint.socket_path(), SocketType::SEQPACKET, Some(1));
    let file = inode(endpoint.socket_path());
    let crowd = fill(endpoint.socket_path());
    assert!(matches!(occupant(&endpoint), Occupant::Server));
    assert_eq!(inode(endpoint.socket_path()), file);

    let limit = Duration::from_millis(30);
    let got = Session::connect(&endpoint, &SessionConfig::default(), Deadline::after(limit), None);
    assert!(matches!(got, Err(Error::Timeout { waiting_for: Waiting::Backlog, limit: l }) if l == limit), "{got:?}");

    // Ends at once when the caller gives up: there is no deadline that could end it.
    let abort = Abort::new();
    thread::scope(|scope| {
        let waiting =
            scope.spawn(|| Session::connect(&endpoint, &SessionConfig::default(), Deadline::NEVER, Some(&abort)));
        abort.abort();
        assert!(matches!(waiting.join().unwrap(), Err(Error::Aborted)));
    });

    // And goes on when there is room again.
    thread::scope(|scope| {
        let waiting = scope.spawn(|| Session::connect(&endpoint, &SessionConfig::default(), patience(), None));
        let before = crowd.len();
        drop(crowd);
        for _ in 0..before {
            drop(rustix::net::accept(&server).unwrap());
        }
        drop(rustix::net::accept(&server).unwrap());
        assert!(matches!(waiting.join().unwrap(), Err(Error::Disconnected { .. })));
    });
}

// NIPC-EP-10
#[test]
fn what_is_no_socket_is_left_alone() {
    type Make = fn(&Path, &Path);
    let makes: [(&str, Make); 6] = [
        ("regular file", |path, _| fs::write(path, "precious").unwrap()),
        ("directory", |path, _| fs::create_dir(path).unwrap()),
        ("symbolic link", |path, other| symlink(other, path).unwrap()),
        ("symbolic link", |path, other| {
            stale(other);
            symlink(other, path).unwrap();
        }),
        ("symbolic link", |path, _| symlink("nowhere", path).unwrap()),
        ("fifo", |path, _| {
            let kind = rustix::fs::FileType::Fifo;
            rustix::fs::mknodat(rustix::fs::CWD, path, kind, Mode::from_raw_mode(0o600), 0).unwrap();
        }),
    ];
    for (kind, make) in makes {
        let (dir, endpoint) = place();
        make(endpoint.socket_path(), &dir.path().join("other"));
        let before = (inode(endpoint.socket_path()), names(dir.path()).len());
        let found = occupant(&endpoint);
        assert!(matches!(found, Occupant::NotASocket(found) if found == kind), "{kind}: {found:?}");
        assert_eq!((inode(endpoint.socket_path()), names(dir.path()).len()), before, "{kind}");
    }
}

// NIPC-EP-18: the rules of a take-over without a server that takes over.
#[test]
fn only_what_is_stale_is_cleaned_away() {
    let (dir, endpoint) = place();
    assert!(matches!(endpoint.probe().unwrap(), Presence::Nobody));
    assert!(matches!(endpoint.remove_stale(Duration::ZERO).unwrap(), Presence::Nobody));

    stale(endpoint.socket_path());
    assert!(matches!(endpoint.probe().unwrap(), Presence::Stale));
    assert_eq!(names(dir.path()).len(), 1, "a probe removes nothing");
    assert!(matches!(endpoint.remove_stale(Duration::ZERO).unwrap(), Presence::Stale));
    assert!(names(dir.path()).is_empty());

    let listener = bind(&endpoint).unwrap();
    let Presence::Server(Some(owner)) = endpoint.remove_stale(Duration::ZERO).unwrap() else { panic!("it is served") };
    assert_eq!(u32::try_from(owner.pid).unwrap(), std::process::id());
    drop(listener);

    let other = raw(endpoint.socket_path(), SocketType::STREAM, Some(1));
    assert!(matches!(endpoint.remove_stale(Duration::ZERO).unwrap(), Presence::Unknown(_)));
    drop(other);
    fs::remove_file(endpoint.socket_path()).unwrap();
    fs::write(endpoint.socket_path(), "precious").unwrap();
    assert!(matches!(endpoint.remove_stale(Duration::ZERO).unwrap(), Presence::Foreign("regular file")));
    assert_eq!(names(dir.path()).len(), 1);

    // A server that is about to bind is not disturbed.
    let lock = File::open(dir.path()).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let error = endpoint.remove_stale(Duration::from_millis(5)).unwrap_err();
    assert!(matches!(error, Error::AddressInUse { occupant: Occupant::RunDirLock { .. }, .. }), "{error}");
}

// NIPC-EP-10: a link to a live server is not followed either.
#[test]
fn a_link_to_a_live_server_is_left_alone() {
    let _watchdog = Watchdog::start();
    let (dir, endpoint) = place();
    let mut live = bind(&Endpoint::new(dir.path(), "live").unwrap()).unwrap();
    symlink(live.endpoint().socket_path(), endpoint.socket_path()).unwrap();
    assert!(matches!(occupant(&endpoint), Occupant::NotASocket("symbolic link")));
    is_reachable(&mut live);
}

// NIPC-EP-14
#[test]
fn only_its_own_file_is_removed() {
    let (dir, endpoint) = place();
    let path = endpoint.socket_path();
    let listener = bind(&endpoint).unwrap();
    fs::remove_file(path).unwrap();
    fs::write(path, "of somebody else").unwrap();
    drop(listener);
    assert_eq!(fs::read_to_string(path).unwrap(), "of somebody else");
    fs::remove_file(path).unwrap();

    // A second server on the path that was taken away: the first must not take it from the second.
    let first = bind(&endpoint).unwrap();
    fs::remove_file(path).unwrap();
    let mut second = bind(&endpoint).unwrap();
    drop(first);
    is_reachable(&mut second);
    drop(second);
    assert_eq!(names(dir.path()), [] as [PathBuf; 0]);
}

// NIPC-EP-14, NIPC-L2S-21: also of servers that never ran, and of those that ran.
#[test]
fn servers_leave_nothing_behind() {
    let _watchdog = Watchdog::start();
    let (dir, endpoint) = place();
    let server = || Server::<Increment>::bind(endpoint.clone(), ServerConfig::default(), |_, _| Ok(())).unwrap();
    let unused = server();
    let handle = unused.handle();
    drop(unused);
    assert_eq!(names(dir.path()), [] as [PathBuf; 0]);
    let running = server().spawn().unwrap();
    assert_eq!(names(dir.path()), [endpoint.socket_path()]);
    running.stop().unwrap();
    assert_eq!(names(dir.path()), [] as [PathBuf; 0]);
    drop(handle);
}

/// Looks at the mode of a path again and again; the bits outside `allowed` that it ever had.
fn widest(path: &Path, allowed: u32, done: &AtomicBool) -> u32 {
    let mut excess = 0;
    while !done.load(Ordering::Relaxed) {
        if let Ok(stat) = fs::symlink_metadata(path) {
            excess |= stat.permissions().mode() & 0o7777 & !allowed;
        }
    }
    excess
}

// NIPC-EP-04, NIPC-EP-05, NIPC-EP-06
#[test]
fn fault_13_modes_do_not_depend_on_the_umask() {
    alone("fault_13_modes_do_not_depend_on_the_umask", || {
        for mask in [0o000, 0o022, 0o077, 0o177, 0o777] {
            let (_dir, endpoint) = place();
            umask(Mode::from_raw_mode(mask));
            for mode in [None, Some(0o600), Some(0o660), Some(0o666), Some(0o777), Some(0o400)] {
                let mut config = ListenerConfig::default();
                config.mode = mode.unwrap_or(config.mode);
                let listener = Listener::bind(&endpoint, config).unwrap();
                let stat = fs::symlink_metadata(endpoint.socket_path()).unwrap();
                assert!(stat.file_type().is_socket());
                assert_eq!(stat.permissions().mode() & 0o7777, mode.unwrap_or(0o600), "umask {mask:o}");
                drop(listener);
            }
            let after = umask(Mode::from_raw_mode(0o022));
            assert_eq!(after, Mode::from_raw_mode(mask), "the umask is of the whole process");
        }
    });
}

// NIPC-EP-06
#[test]
fn modes_are_never_wider() {
    alone("modes_are_never_wider", || {
        umask(Mode::empty());
        let (_dir, endpoint) = place();
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let watcher = scope.spawn(|| widest(endpoint.socket_path(), 0o600, &done));
            for _ in 0..2000 {
                drop(bind(&endpoint).unwrap());
            }
            done.store(true, Ordering::Relaxed);
            assert_eq!(watcher.join().unwrap(), 0);
        });
    });
}

/// The numbers of the open descriptors that would survive an exec.
fn inheritable() -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc/self/fdinfo").unwrap() {
        let path = entry.unwrap().path();
        // The descriptor of this very listing is gone by now.
        let Ok(info) = fs::read_to_string(&path) else { continue };
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
        if u32::from_str_radix(flags, 8).unwrap() & 0o2_000_000 == 0 {
            found.push(path.display().to_string());
        }
    }
    found.sort();
    found
}

// NIPC-EP-07
#[test]
fn no_descriptor_survives_an_exec() {
    alone("no_descriptor_survives_an_exec", || {
        let (dir, endpoint) = place();
        let before = inheritable();
        let server = Server::<Increment>::bind(endpoint.clone(), ServerConfig::default(), |request, reply| {
            reply.value(request.value)?;
            Ok(())
        })
        .unwrap()
        .spawn()
        .unwrap();
        let mut client = Client::<Increment>::new(endpoint, ClientConfig::default());
        assert_eq!(client.refresh(), State::Ready);
        client.call(1).unwrap();
        let mut listener = bind(&Endpoint::new(dir.path(), "second").unwrap()).unwrap();
        is_reachable(&mut listener);
        let abort = Abort::new();
        assert!(listener.accept(Deadline::after(Duration::ZERO), Some(&abort)).is_err());
        assert_eq!(inheritable(), before);
        server.stop().unwrap();
    });
}

// NIPC-EP-17, NIPC-ERR-05: and the library makes no directory.
#[test]
fn a_missing_run_directory() {
    let dir = tempfile::tempdir().unwrap();
    let missing = endpoint(&dir.path().join("missing"));
    let error = bind(&missing).unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
    assert!(error.to_string().contains("missing"), "{error}");
    let error = Session::connect(&missing, &SessionConfig::default(), patience(), None).unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
    assert_eq!(names(dir.path()), [] as [PathBuf; 0]);

    File::create(dir.path().join("file")).unwrap();
    let no_dir = endpoint(&dir.path().join("file"));
    for error in [
        bind(&no_dir).unwrap_err(),
        Session::connect(&no_dir, &SessionConfig::default(), patience(), None).unwrap_err(),
    ] {
        match error {
            Error::Io { endpoint: Some(named), source, .. } => {
                assert_eq!((named, source.code()), (no_dir.clone(), Errno::NOTDIR.raw_os_error()));
            }
            error => panic!("{error}"),
        }
    }
}

// NIPC-EP-17
#[test]
fn connects_that_find_nobody() {
    let (_dir, endpoint) = place();
    let connect = || Session::connect(&endpoint, &SessionConfig::default(), patience(), None).unwrap_err();
    let cause = |error: Error| match error {
        Error::NotFound { endpoint: named, source } if named == endpoint => source.code(),
        error => panic!("{error}"),
    };
    assert_eq!(cause(connect()), Errno::NOENT.raw_os_error());
    stale(endpoint.socket_path());
    assert_eq!(cause(connect()), Errno::CONNREFUSED.raw_os_error());
    fs::remove_file(endpoint.socket_path()).unwrap();

    let _stream = raw(endpoint.socket_path(), SocketType::STREAM, Some(1));
    match connect() {
        Error::Io { operation: Operation::Connect, endpoint: Some(named), source } => {
            assert_eq!((named, source.code()), (endpoint.clone(), Errno::PROTOTYPE.raw_os_error()));
        }
        error => panic!("{error}"),
    }
}

// NIPC-PRF-05: a configuration that cannot work leaves nothing behind.
#[test]
fn bad_configurations_bind_nothing() {
    let (dir, endpoint) = place();
    for change in [
        (|config| config.supported = netipc::Profiles::NONE) as fn(&mut ListenerConfig),
        |config| config.supported = netipc::Profiles::SHM_FUTEX | netipc::Profiles::RESERVED,
        |config| config.packet_size = 1,
        |config| config.packet_size = 32,
    ] {
        let mut config = ListenerConfig::default();
        change(&mut config);
        assert!(matches!(Listener::bind(&endpoint, config), Err(Error::ApiMisuse(_))));
        assert_eq!(names(dir.path()), [] as [PathBuf; 0]);
    }
}

/// Runs `body` in a process of its own as user 65534; not at all when this is not root.
fn as_nobody(test: &str, prepare: impl FnOnce(&Path), body: impl FnOnce(&Endpoint) + Send) {
    if !rustix::process::geteuid().is_root() {
        eprintln!("{test}: NOT RUN, it needs root to become another user");
        return;
    }
    alone(test, || {
        let (dir, endpoint) = place();
        prepare(dir.path());
        thread::scope(|scope| {
            let other = scope.spawn(|| {
                // Of this thread alone, and with the user id go its capabilities.
                let nobody = rustix::process::Uid::from_raw(65534);
                set_thread_res_uid(nobody, nobody, nobody).unwrap();
                body(&endpoint);
            });
            other.join().unwrap();
        });
    });
}

fn permit(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

// NIPC-EP-04, NIPC-EP-12, NIPC-EP-17
#[test]
fn the_mode_keeps_others_out() {
    let test = "the_mode_keeps_others_out";
    let mut listener = None;
    as_nobody(
        test,
        |dir| {
            permit(dir, 0o777);
            listener = Some(bind(&endpoint(dir)).unwrap());
        },
        |endpoint| {
            let error = Session::connect(endpoint, &SessionConfig::default(), patience(), None).unwrap_err();
            assert!(matches!(&error, Error::Denied { endpoint: named, .. } if named == endpoint), "{error}");
            let mut client = Client::<Increment>::new(endpoint.clone(), ClientConfig::default());
            assert_eq!(client.refresh(), State::Disconnected);
            // The probe is refused: whoever is there may be alive.
            let found = occupant(endpoint);
            let refused = Errno::ACCESS.raw_os_error();
            assert!(matches!(found, Occupant::Unknown(cause) if cause.code() == refused), "{found:?}");
            assert!(endpoint.socket_path().exists());
        },
    );
}

// NIPC-EP-17, NIPC-ERR-05
#[test]
fn a_closed_run_directory() {
    as_nobody(
        "a_closed_run_directory",
        |dir| permit(dir, 0o700),
        |endpoint| {
            let error = Session::connect(endpoint, &SessionConfig::default(), patience(), None).unwrap_err();
            assert!(matches!(error, Error::Denied { .. }), "{error}");
            let error = bind(endpoint).unwrap_err();
            let refused = Errno::ACCESS.raw_os_error();
            assert!(matches!(&error, Error::Io { source, .. } if source.code() == refused), "{error}");
            assert!(error.to_string().contains(SERVICE), "{error}");
        },
    );
}

// NIPC-ERR-05: it may be read but not written.
#[test]
fn a_run_directory_for_readers() {
    as_nobody(
        "a_run_directory_for_readers",
        |dir| permit(dir, 0o755),
        |endpoint| {
            let error = bind(endpoint).unwrap_err();
            let refused = Errno::ACCESS.raw_os_error();
            match &error {
                Error::Io { operation: Operation::Bind, source, .. } => assert_eq!(source.code(), refused),
                error => panic!("{error}"),
            }
        },
    );
}

// NIPC-UDS-17, NIPC-EP-08: what counts is what the kernel says, for both sides.
#[test]
fn peers_of_another_user() {
    let test = "peers_of_another_user";
    as_nobody(
        test,
        |dir| {
            permit(dir, 0o777);
            let mut config = ListenerConfig::default();
            config.mode = 0o666;
            config.allow_uids = vec![65534];
            let mut listener = Listener::bind(&endpoint(dir), config).unwrap();
            thread::spawn(move || {
                let session = listener.accept(patience(), None).unwrap();
                assert_eq!(session.peer().uid, 65534);
                // Stays until the client has looked.
                let _ = { session }.receive(patience(), None);
            });
        },
        |endpoint| {
            let client = Session::connect(endpoint, &SessionConfig::default(), patience(), None).unwrap();
            assert_eq!(client.peer().uid, 0);
        },
    );
}

// NIPC-EP-09
#[test]
fn the_lock_of_another_process() {
    let _watchdog = Watchdog::start();
    let (dir, endpoint) = place();
    let holder = || {
        let mut child = Child::spawn("child", "lock-holder", &[("DIR", dir.path().as_os_str())]);
        child.expect("locked");
        child
    };
    let mut config = ListenerConfig::default();
    config.lock_timeout = Duration::from_millis(40);
    let mut child = holder();
    match Listener::bind(&endpoint, config.clone()) {
        Err(error @ Error::AddressInUse { occupant: Occupant::RunDirLock { waited }, .. }) => {
            assert_eq!(waited, config.lock_timeout);
            assert!(error.to_string().contains("lock"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(names(dir.path()), [] as [PathBuf; 0]);

    // Released, or held by one that dies: the wait goes on from there.
    config.lock_timeout = Duration::MAX;
    thread::scope(|scope| {
        let waiting = scope.spawn(|| drop(Listener::bind(&endpoint, config.clone()).unwrap()));
        child.tell("release");
        waiting.join().unwrap();
    });
    let mut child = holder();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| drop(Listener::bind(&endpoint, config.clone()).unwrap()));
        child.kill();
        waiting.join().unwrap();
    });
}

// NIPC-EP-09: it is held while a server starts, not while it serves.
#[test]
fn the_lock_is_free_while_servers_serve() {
    let (dir, endpoint) = place();
    let _listener = bind(&endpoint).unwrap();
    let lock = File::open(dir.path()).unwrap();
    flock(&lock, FlockOperation::NonBlockingLockExclusive).unwrap();
    flock(&lock, FlockOperation::Unlock).unwrap();
    let _second = bind(&Endpoint::new(dir.path(), "second").unwrap()).unwrap();
}

/// What is at the path when a race begins.
fn lay_out(path: &Path, round: usize) {
    if !round.is_multiple_of(3) {
        stale(path);
    }
}

// NIPC-EP-15, NIPC-EP-09
#[test]
fn two_threads_race_for_a_path() {
    const ROUNDS: usize = 300;
    const RACERS: usize = 3;
    let _watchdog = Watchdog::start();
    let (dir, endpoint) = place();
    for round in 0..ROUNDS {
        lay_out(endpoint.socket_path(), round);
        let start = Barrier::new(RACERS);
        let outcomes: Vec<_> = thread::scope(|scope| {
            let race = || {
                start.wait();
                bind(&endpoint)
            };
            let racers: Vec<_> = (0..RACERS).map(|_| scope.spawn(race)).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        let mut winners: Vec<Listener> = Vec::new();
        for outcome in outcomes {
            match outcome {
                Ok(listener) => winners.push(listener),
                Err(Error::AddressInUse { occupant: Occupant::Server, .. }) => {}
                Err(error) => panic!("round {round}: {error}"),
            }
        }
        assert_eq!(winners.len(), 1, "round {round}");
        is_reachable(&mut winners[0]);
        drop(winners);
        assert_eq!(names(dir.path()), [] as [PathBuf; 0]);
    }
}

// NIPC-EP-15, NIPC-EP-09
#[test]
fn two_processes_race_for_a_path() {
    const ROUNDS: usize = 250;
    let _watchdog = Watchdog::start();
    let (dir, endpoint) = place();
    let vars = [("DIR", dir.path().as_os_str())];
    let mut racers = [Child::spawn("child", "racer", &vars), Child::spawn("child", "racer", &vars)];
    let mut wins = [0; 2];
    for round in 0..ROUNDS {
        lay_out(endpoint.socket_path(), round);
        for racer in &mut racers {
            racer.tell("go");
        }
        let outcomes = [0, 1].map(|racer| racers[racer].line().unwrap());
        let winner = usize::from(outcomes[1] == "won");
        assert_eq!((&*outcomes[winner], &*outcomes[1 - winner]), ("won", "in use"), "round {round}");
        wins[winner] += 1;
        let client = Session::connect(&endpoint, &SessionConfig::default(), patience(), None).unwrap();
        assert_eq!(client.peer().pid, racers[winner].id() as i32);
        drop(client);
        racers[winner].expect("served");
        assert_eq!(names(dir.path()), [] as [PathBuf; 0]);
    }
    println!("wins: {wins:?}");
}

/// One of the children that the tests above start.
#[test]
fn child() {
    let Some(role) = child::role() else { return };
    let dir = PathBuf::from(child::var("DIR"));
    match &*role {
        "lock-holder" => {
            let lock = File::open(dir).unwrap();
            flock(lock.as_fd(), FlockOperation::LockExclusive).unwrap();
            child::say("locked");
            child::hear();
        }
        "racer" => {
            while child::hear().is_some() {
                match bind(&endpoint(&dir)) {
                    Ok(mut listener) => {
                        child::say("won");
                        let mut session = listener.accept(patience(), None).unwrap();
                        session.receive(patience(), None).unwrap_err();
                        drop(listener);
                        child::say("served");
                    }
                    Err(Error::AddressInUse { occupant: Occupant::Server, .. }) => child::say("in use"),
                    Err(error) => child::say(&error.to_string()),
                }
            }
        }
        other => panic!("{other}"),
    }
}
