//! Nothing is left, however often and however it ends.

use std::thread;
use std::time::Duration;

use netipc::services::Increment;
use netipc::{Client, ClientConfig, Endpoint, ErrorKind, Profiles, Server, ServerConfig, State};

use crate::raw::{Bed, eventually};
use crate::support::child::{self, Child};
use crate::support::{Held, Numbers, alone_at_length};
use crate::{increments, over_memory, patient, regions, stands};

/// Deaths in each of the two tests of random deaths.
const DEATHS: u64 = 500;
/// The longest that a victim lives after it has begun its work.
const LIFE: Duration = Duration::from_millis(3);

// NIPC-SHM-06: memory, descriptors, threads, files and places, each of which would be short long before the end.
#[test]
fn ten_thousand_sessions() {
    alone_at_length("leaks::ten_thousand_sessions", || {
        let bed = Bed::at_length();
        let server = increments(&bed, |_| {});
        let mut client = bed.client::<Increment>(patient);
        let mut session = |value| {
            assert_eq!(client.refresh(), State::Ready, "{:?}", client.status());
            assert_eq!(stands(&client).1, Some(Profiles::SHM_HYBRID), "{:?}", server.handle().status());
            if value % 3 == 0 {
                assert_eq!(client.call(value).unwrap().value, value + 1);
            }
            client.reset();
            // Not each time: several may be about to end when the next one begins, and fewer than there may be.
            if value % 16 == 0 {
                eventually("all sessions end", || server.handle().status().sessions == 0);
            }
        };
        session(0);
        let before = Held::settled();
        (0..10_000).for_each(session);
        before.assert_again();
        assert_eq!(regions(&bed), 0);
    });
}

fn endpoint(dir: &std::path::Path) -> Endpoint {
    Endpoint::new(dir, "test").unwrap()
}

fn spawn(role: &str, dir: &std::path::Path) -> Child {
    let mut child = Child::spawn("leaks::child", role, &[("DIR", dir.as_os_str())]);
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

fn hybrid_client(dir: &std::path::Path) -> Client<Increment> {
    let mut config = ClientConfig::default();
    patient(&mut config);
    config.connect_timeout = crate::HOUR;
    Client::new(endpoint(dir), config)
}

/// Calls, and connects again now and then, until it fails.
fn work(client: &mut Client<Increment>, calls: u64) -> netipc::Error {
    loop {
        for value in 0..calls {
            match client.call(value) {
                Ok(reply) => assert_eq!(reply.value, value + 1),
                Err(error) => return error,
            }
        }
        client.reset();
        if client.refresh() != State::Ready {
            return (*client.status().cause.unwrap()).clone();
        }
    }
}

// NIPC-SHM-06, NIPC-SHM-15, NIPC-SHM-16
#[test]
fn servers_that_die_at_random() {
    alone_at_length("leaks::servers_that_die_at_random", || {
        println!("seed 21");
        let mut numbers = Numbers(21);
        let bed = Bed::at_length();
        let dir = bed.endpoint().run_dir().to_owned();
        let mut survivor = hybrid_client(&dir);
        let mut before = None;
        let mut left = 0;
        for round in 0..DEATHS {
            let mut server = spawn("server", &dir);
            assert_eq!(regions(&bed), 0, "round {round}: the start removes what was left");
            assert_eq!(survivor.refresh(), State::Ready, "{:?}", survivor.status());
            let calls = [1, 5, 1000][round as usize % 3];
            let error = kill_soon(&mut numbers, &mut server, || work(&mut survivor, calls));
            // The second when it was the reconnect that failed.
            let expected = [ErrorKind::Disconnected, ErrorKind::NotFound];
            assert!(expected.contains(&error.kind()), "round {round}: {error}");
            assert_eq!(survivor.refresh(), State::NotFound, "{:?}", survivor.status());
            assert_eq!(survivor.status().fallback, None, "round {round}: a death is no reason to do without");
            left += regions(&bed);
            drop(server);
            before.get_or_insert_with(Held::settled).assert_again();
        }
        assert!(left > 0, "no death left a file behind");
    });
}

// NIPC-SHM-06, NIPC-SHM-15, NIPC-SHM-16
#[test]
fn clients_that_die_at_random() {
    alone_at_length("leaks::clients_that_die_at_random", || {
        println!("seed 22");
        let mut numbers = Numbers(22);
        let bed = Bed::at_length();
        let server = increments(&bed, |_| {});
        let mut bystander = crate::client(&bed);
        let mut before = None;
        for round in 0..DEATHS {
            let mut client = spawn(["caller", "connecter"][round as usize % 2], bed.endpoint().run_dir());
            kill_soon(&mut numbers, &mut client, || bystander.call(round).map(drop)).unwrap();
            drop(client);
            eventually("only the bystander is left", || {
                let status = server.handle().status();
                (status.sessions, status.shm_sessions) == (1, 1)
            });
            assert_eq!(regions(&bed), 1, "round {round}");
            before.get_or_insert_with(Held::settled).assert_again();
        }
        assert_eq!(bystander.status().counters.connects, 1, "it was never disturbed");
        assert_eq!(server.handle().status().violations, 0, "half a message was never taken for a whole");
    });
}

/// One of the victims.
#[test]
fn child() {
    let Some(role) = child::role() else { return };
    let dir = std::path::PathBuf::from(child::var("DIR"));
    if role == "server" {
        let mut config = ServerConfig::default();
        over_memory(&mut config);
        let server =
            Server::<Increment>::bind(endpoint(&dir), config, |request, reply| Ok(reply.value(request.value + 1)?));
        let _server = server.unwrap().spawn().unwrap();
        child::say("at work");
        child::hear();
        return;
    }
    let mut caller = hybrid_client(&dir);
    assert_eq!(caller.refresh(), State::Ready);
    child::say("at work");
    panic!("{}", work(&mut caller, if role == "caller" { u64::MAX } else { 2 }));
}
