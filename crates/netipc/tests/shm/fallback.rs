//! Memory that cannot be had: the session goes over the socket, and both sides say why.

use std::fs;
use std::process::Command;

use netipc::services::Increment;
use netipc::{Endpoint, ErrorKind, Profiles, RegionFault, RegionStep, RunningServer, Server, ServerConfig, State};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::raw::{Bed, Field, at, eventually, hello, set_all};
use crate::support::{alone, child};
use crate::{client, increments, over_memory, patient, regions, stands};

/// A client that offers shared memory gets a session over the socket, and the server knows why.
fn goes_without(bed: &Bed, server: &RunningServer) -> RegionFault {
    let before = server.handle().status().shm_fallbacks;
    let mut client = bed.ready_client::<Increment>(patient);
    assert_eq!(client.call(1).unwrap().value, 2);
    assert_eq!(stands(&client), (State::Ready, Some(Profiles::BASELINE), None));
    assert_eq!(client.status().agreed.unwrap().server_supported, Profiles::BASELINE, "it is not offered either");
    assert_eq!(regions(bed), 0, "nothing is left of what was begun");
    told(server, before + 1)
}

/// What the server says once it has done without so often. It says so soon after the client is told.
fn told(server: &RunningServer, fallbacks: u64) -> RegionFault {
    eventually("it is counted", || server.handle().status().shm_fallbacks == fallbacks);
    server.handle().status().shm_fault.unwrap()
}

fn has_it(bed: &Bed) {
    assert_eq!(client(bed).call(1).unwrap().value, 2);
}

fn limit(resource: Resource, most: Option<u64>) {
    let maximum = getrlimit(resource).maximum;
    setrlimit(resource, Rlimit { current: most, maximum }).unwrap();
}

// NIPC-SHM-05: also without the signal that a file beyond the limit raises.
#[test]
fn a_limit_on_file_sizes() {
    alone("fallback::a_limit_on_file_sizes", || {
        let bed = Bed::new();
        let server = increments(&bed, |_| {});
        limit(Resource::Fsize, Some(4096));
        assert_eq!(goes_without(&bed, &server), RegionFault::FileSizeLimit { got: 66752, allowed: 4096 });
        limit(Resource::Fsize, None);
        has_it(&bed);
    });
}

// NIPC-SHM-05
#[test]
fn a_limit_on_address_space() {
    alone("fallback::a_limit_on_address_space", || {
        let bed = Bed::new();
        let server = increments(&bed, |config| config.listener.max_response_payload = Some(1 << 30));
        // Threads that are needed anyway are there, and so is the memory of the client.
        bed.ready_client::<Increment>(|_| {}).call(1).unwrap();
        let pages = fs::read_to_string("/proc/self/statm").unwrap();
        let used = pages.split(' ').next().unwrap().parse::<u64>().unwrap() * rustix::param::page_size() as u64;
        limit(Resource::As, Some(used + (256 << 20)));
        let fault = goes_without(&bed, &server);
        assert!(matches!(fault, RegionFault::Os { step: RegionStep::Map | RegionStep::Allocate, .. }), "{fault:?}");
    });
}

// NIPC-SHM-05, NIPC-SHM-08: the cap, and that it is one of sessions that there are.
#[test]
fn a_cap_on_sessions() {
    let bed = Bed::new();
    let server = increments(&bed, |config| config.listener.max_shm_sessions = 2);
    let (mut first, second) = (client(&bed), client(&bed));
    let mut third = bed.ready_client::<Increment>(patient);
    assert_eq!(stands(&third), (State::Ready, Some(Profiles::BASELINE), None));
    assert_eq!(third.call(1).unwrap().value, 2);
    let fault = told(&server, 1);
    assert_eq!(fault, RegionFault::Full { allowed: 2 });
    assert!(fault.to_string().contains('2'));
    let status = server.handle().status();
    assert_eq!((status.sessions, status.shm_sessions), (3, 2));
    drop(second);
    eventually("the place is free", || server.handle().status().shm_sessions == 1);
    has_it(&bed);
    assert_eq!(first.call(1).unwrap().value, 2);
}

// NIPC-SHM-08, NIPC-PRF-06: nothing else is left, so there is no profile at all.
#[test]
fn nothing_else_to_offer() {
    let bed = Bed::new();
    let server = increments(&bed, |config| {
        config.listener.supported = Profiles::SHM_HYBRID;
        config.listener.max_shm_sessions = 0;
    });
    let peer = bed.connect();
    peer.send(&set_all(hello(), &[Field::U32(at::hello::SUPPORTED, 3)]));
    assert_eq!(crate::raw::u16_at(&peer.packet(), at::STATUS), 4);
    assert_eq!(told(&server, 1), RegionFault::Full { allowed: 0 });
}

// NIPC-SHM-01: the longest name that a socket can have is not too long for a region.
#[test]
fn a_name_longer_than_an_address() {
    let dir = tempfile::tempdir_in("/tmp").unwrap();
    let endpoint = Endpoint::new(dir.path(), "s".repeat(107 - dir.path().as_os_str().len() - 6)).unwrap();
    let server = Server::<Increment>::bind(
        endpoint.clone(),
        {
            let mut config = ServerConfig::default();
            over_memory(&mut config);
            config
        },
        |request, reply| Ok(reply.value(request.value + 1)?),
    )
    .unwrap()
    .spawn()
    .unwrap();
    let mut config = netipc::ClientConfig::default();
    patient(&mut config);
    let mut client = netipc::Client::<Increment>::new(endpoint, config);
    assert_eq!(client.refresh(), State::Ready);
    assert_eq!(stands(&client).1, Some(Profiles::SHM_HYBRID));
    assert_eq!(client.call(1).unwrap().value, 2);
    drop(client);
    server.stop().unwrap();
}

// NIPC-SHM-05: limits that a region cannot have.
#[test]
fn areas_that_are_too_large() {
    let bed = Bed::new();
    let server = increments(&bed, |config| config.listener.max_response_payload = Some(u32::MAX));
    assert_eq!(goes_without(&bed, &server), RegionFault::TooLarge { request: 1024, response: u32::MAX });
}

// NIPC-SHM-05, NIPC-SHM-17: descriptors run out, at every number; nobody fails for want of shared memory.
#[test]
fn a_limit_on_descriptors() {
    alone("fallback::a_limit_on_descriptors", || {
        let bed = Bed::new();
        let server = increments(&bed, |_| {});
        has_it(&bed);
        eventually("sessions end", || server.handle().status().sessions == 0);
        let before = crate::support::descriptors() as u64;
        let mut with = [0, 0];
        for spare in 0..10 {
            eventually("sessions end", || server.handle().status().sessions == 0);
            limit(Resource::Nofile, Some(before + spare));
            let mut client = bed.client::<Increment>(patient);
            if client.refresh() == State::Ready {
                let over_memory = stands(&client).1 == Some(Profiles::SHM_HYBRID);
                with[usize::from(over_memory)] += 1;
                match client.call(1) {
                    Ok(reply) => assert_eq!(reply.value, 2),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Io, "{error}"),
                }
            }
            drop(client);
            limit(Resource::Nofile, Some(4096));
        }
        assert!(with[0] > 0 && with[1] > 0, "{with:?}");
        eventually("sessions end", || server.handle().status().sessions == 0);
        assert_eq!((crate::support::descriptors() as u64, regions(&bed)), (before, 0));
        has_it(&bed);
    });
}

/// Plays a role in a process of its own and says how it went.
fn in_a_child(role: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["fallback::child", "--exact", "--test-threads=1", "--nocapture"])
        .env("NETIPC_TEST_ROLE", role)
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{role}: {}\n{out}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    out
}

// NIPC-SHM-05: a sandbox that does not know the calls.
#[test]
fn a_sandbox() {
    in_a_child("no fallocate");
    in_a_child("no mmap of files");
    in_a_child("no threads");
}

// NIPC-SHM-15, NIPC-SHM-16: a kernel that cannot wait for two words. All that wakes a waiter still does.
#[test]
fn an_old_kernel() {
    in_a_child("no futex_waitv");
}

// NIPC-SHM-05: needs a file system of its own, which not every machine lets a user have.
#[test]
fn a_full_file_system() {
    let out = in_a_child("full");
    println!("{out}");
}

#[test]
fn child() {
    let Some(role) = child::role() else { return };
    match &*role {
        "full" => on_a_full_file_system(),
        "no futex_waitv" => on_an_old_kernel(),
        "no fallocate" => {
            let fault = sandboxed(&[(libc::SYS_fallocate, None)]);
            assert!(matches!(fault, RegionFault::Os { step: RegionStep::Allocate, .. }), "{fault:?}");
        }
        "no mmap of files" => {
            // MAP_SHARED as the whole of the flags: what is asked for a region and for nothing else.
            let fault = sandboxed(&[(libc::SYS_mmap, Some((3, libc::MAP_SHARED as u32)))]);
            assert!(matches!(fault, RegionFault::Os { step: RegionStep::Map, .. }), "{fault:?}");
        }
        _ => {
            let fault = sandboxed(&[(libc::SYS_clone, None), (libc::SYS_clone3, None)]);
            assert!(matches!(fault, RegionFault::Os { step: RegionStep::SpawnThread, .. }), "{fault:?}");
        }
    }
}

fn on_an_old_kernel() {
    sandbox(&[(libc::SYS_futex_waitv, None)]);
    let bed = Bed::new();
    let server = increments(&bed, |_| {});
    let mut caller = client(&bed);
    for value in 0..200 {
        assert_eq!(caller.call(value).unwrap().value, value + 1);
    }
    // A peer that goes, while the server sleeps.
    drop(caller);
    eventually("the session ends", || server.handle().status().sessions == 0);
    // A stop while it sleeps, and a client that sleeps through neither that nor an abort.
    let idle = client(&bed);
    let mut config = netipc::SessionConfig::default();
    config.supported = crate::BOTH;
    let mut waiting = netipc::Session::connect(&bed.endpoint(), &config, netipc::Deadline::NEVER, None).unwrap();
    let abort = netipc::Abort::new();
    for _ in 0..20 {
        std::thread::scope(|scope| {
            let wait = scope.spawn(|| waiting.receive(netipc::Deadline::NEVER, Some(&abort)).map(drop));
            std::thread::yield_now();
            abort.abort();
            assert_eq!(wait.join().unwrap().unwrap_err().kind(), ErrorKind::Aborted);
        });
        abort.clear();
    }
    std::thread::scope(|scope| {
        let wait = scope.spawn(|| waiting.receive(netipc::Deadline::NEVER, None).map(drop));
        server.stop().unwrap();
        assert_eq!(wait.join().unwrap().unwrap_err().kind(), ErrorKind::Disconnected);
    });
    drop(idle);
}

fn on_a_full_file_system() {
    use rustix::thread::UnshareFlags;
    // SAFETY: other threads of this process go on in the namespaces that they are in; none of them matters here.
    let unshared = unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWUSER | UnshareFlags::NEWNS) };
    let dir = tempfile::tempdir().unwrap();
    let mounted = unshared.is_ok()
        && rustix::mount::mount("none", dir.path(), "tmpfs", rustix::mount::MountFlags::empty(), c"size=128k").is_ok();
    if !mounted {
        println!("not run: no mount namespace to be had");
        return;
    }
    let endpoint = Endpoint::new(dir.path(), "full").unwrap();
    let mut config = ServerConfig::default();
    over_memory(&mut config);
    let server =
        Server::<Increment>::bind(endpoint.clone(), config, |request, reply| Ok(reply.value(request.value + 1)?));
    let server = server.unwrap().spawn().unwrap();
    let connect = || {
        let mut config = netipc::ClientConfig::default();
        patient(&mut config);
        let mut client = netipc::Client::<Increment>::new(endpoint.clone(), config);
        assert_eq!(client.refresh(), State::Ready);
        assert_eq!(client.call(1).unwrap().value, 2);
        client
    };
    let (first, second) = (connect(), connect());
    let profiles = [&first, &second].map(|client| client.status().agreed.unwrap().profile);
    assert_eq!(profiles, [Profiles::SHM_HYBRID, Profiles::BASELINE]);
    let fault = told(&server, 1);
    assert!(matches!(fault, RegionFault::Os { step: RegionStep::Allocate, source } if source.code() == libc::ENOSPC));
    drop((first, second));
    eventually("sessions end", || server.handle().status().sessions == 0);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "the socket");
    // There is room again.
    assert_eq!(connect().status().agreed.unwrap().profile, Profiles::SHM_HYBRID);
    server.stop().unwrap();
    println!("ran on a full file system");
}

/// What a server does without when these system calls fail with EPERM (with this value as this argument, if told).
fn sandboxed(calls: &[(i64, Option<(u32, u32)>)]) -> RegionFault {
    let bed = Bed::new();
    let server = increments(&bed, |_| {});
    // What has to be there already: workers, and whatever else is made once.
    has_it(&bed);
    bed.ready_client::<Increment>(|_| {}).call(1).unwrap();
    let keeper = client(&bed);
    sandbox(calls);
    let before = server.handle().status().shm_fallbacks;
    let mut client = bed.ready_client::<Increment>(patient);
    assert_eq!(client.call(1).unwrap().value, 2);
    assert_eq!(stands(&client), (State::Ready, Some(Profiles::BASELINE), None));
    assert_eq!(regions(&bed), 1, "the one of the session from before");
    drop(keeper);
    told(&server, before + 1)
}

/// Installs a filter for all threads of this process.
fn sandbox(calls: &[(i64, Option<(u32, u32)>)]) {
    const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let mut program = Vec::new();
    for &(call, argument) in calls {
        // The number of the call, and the low half of the argument: offsets into `seccomp_data`.
        let rest = if argument.is_some() { 3 } else { 1 };
        program.push(step(LOAD, 0, 0, 0));
        program.push(step(EQUAL, 0, rest, call as u32));
        if let Some((index, value)) = argument {
            program.push(step(LOAD, 0, 0, 16 + 8 * index));
            program.push(step(EQUAL, 0, 1, value));
        }
        program.push(step(RETURN, 0, 0, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32));
    }
    program.push(step(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW));
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    rustix::thread::set_no_new_privs(true).unwrap();
    // SAFETY: the program is live and as long as it says; the kernel checks and copies it.
    let installed = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_TSYNC,
            &raw const filter,
        )
    };
    assert_eq!(installed, 0, "{}", std::io::Error::last_os_error());
}
