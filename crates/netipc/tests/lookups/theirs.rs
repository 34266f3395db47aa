//! Against servers that behave as existing ones do, or worse.

use std::time::Duration;

use netipc::services::AppsLookup;
use netipc::services::apps_lookup::Status;
use netipc::{Client, Error, ErrorKind, LookupLimits, State, Status as Transport};

use crate::client;
use crate::mock::{EXCEEDED, KNOWN, LARGE, Mock, OVERSIZED, Say, UNKNOWN};
use crate::support::Watchdog;

fn all(status: u16, keys: &[u32]) -> Vec<(u16, u32)> {
    keys.iter().map(|&pid| (status, pid)).collect()
}

/// What came for each key, in order.
fn look_up(client: &mut Client<AppsLookup>, keys: &[u32]) -> Vec<(u32, Status)> {
    let reply = client.lookup(keys).unwrap();
    reply.items().into_iter().map(|item| (item.pid(), item.status())).collect()
}

fn known(keys: &[u32]) -> Vec<(u32, Status)> {
    keys.iter().map(|&pid| (pid, Status::Known)).collect()
}

#[test]
fn a_full_reply_is_asked_for_the_rest() {
    // NIPC-L2C-29
    let _watchdog = Watchdog::start();
    let mock = Mock::serve(1 << 16, |_, keys| {
        let mut items = all(EXCEEDED, keys);
        items.iter_mut().take(3).for_each(|item| item.0 = KNOWN);
        Say::Items(1, items)
    });
    let keys: Vec<u32> = (1..=10).collect();
    assert_eq!(look_up(&mut client(&mock.endpoint, |_| {}), &keys), known(&keys));
    let sizes: Vec<usize> = mock.requests().iter().map(Vec::len).collect();
    assert_eq!(sizes, [10, 7, 4, 1]);
}

#[test]
fn a_first_item_called_oversized_is_asked_for_alone() {
    // NIPC-L2C-31
    let _watchdog = Watchdog::start();
    // What existing servers do: with 1 key all is well, with more the first is in the way.
    let mock = Mock::serve(1 << 16, |_, keys| {
        let mut items = all(KNOWN, keys);
        if keys.len() > 1 {
            items[0].0 = OVERSIZED;
        }
        Say::Items(1, items)
    });
    let keys: Vec<u32> = (1..=10).collect();
    assert_eq!(look_up(&mut client(&mock.endpoint, |_| {}), &keys), known(&keys));
    let sizes: Vec<usize> = mock.requests().iter().map(Vec::len).collect();
    assert_eq!(sizes, [10, 1], "the other answers were good and are kept");
}

#[test]
fn what_is_oversized_alone_or_further_behind_is_believed() {
    // NIPC-L2C-31
    let _watchdog = Watchdog::start();
    let mock = Mock::serve(1 << 16, |_, keys| {
        Say::Items(1, keys.iter().map(|&pid| (if pid % 3 == 1 { OVERSIZED } else { KNOWN }, pid)).collect())
    });
    let keys = [1, 2, 3, 4, 5];
    let statuses = look_up(&mut client(&mock.endpoint, |_| {}), &keys);
    let oversized: Vec<u32> =
        statuses.iter().filter(|(_, status)| *status == Status::OversizedItem).map(|(pid, _)| *pid).collect();
    assert_eq!(oversized, [1, 4]);
    assert_eq!(mock.requests(), [vec![1, 2, 3, 4, 5], vec![1]]);
}

#[test]
fn a_reply_without_room_for_the_first_halves_the_keys() {
    // NIPC-L2C-30
    let _watchdog = Watchdog::start();
    let mock = Mock::serve(1 << 16, |_, keys| Say::Items(1, all(if keys.len() > 3 { EXCEEDED } else { KNOWN }, keys)));
    let keys: Vec<u32> = (1..=10).collect();
    assert_eq!(look_up(&mut client(&mock.endpoint, |_| {}), &keys), known(&keys));
    let sizes: Vec<usize> = mock.requests().iter().map(Vec::len).collect();
    assert_eq!(sizes, [10, 5, 2, 3, 4, 2, 3], "more again once answers have come");
}

#[test]
fn a_limit_that_growth_does_not_cure_halves_the_keys() {
    // NIPC-L2C-30
    let _watchdog = Watchdog::start();
    let mock = Mock::serve(1 << 16, |_, keys| {
        if keys.len() > 4 { Say::Status(Transport::LIMIT_EXCEEDED) } else { Say::Items(1, all(UNKNOWN, keys)) }
    });
    let keys: Vec<u32> = (1..=9).collect();
    let reply = look_up(&mut client(&mock.endpoint, |_| {}), &keys);
    assert!(reply.iter().zip(&keys).all(|(got, &pid)| *got == (pid, Status::Unknown)));
    let sizes: Vec<usize> = mock.requests().iter().map(Vec::len).collect();
    assert_eq!(sizes, [9, 4, 5, 2, 3]);
}

#[test]
fn one_key_that_gets_no_room_ends_the_lookup() {
    // NIPC-L2C-30
    let _watchdog = Watchdog::start();
    for say in [
        |_: usize, keys: &[u32]| Say::Items(1, all(EXCEEDED, keys)),
        |_, _: &[u32]| Say::Status(Transport::LIMIT_EXCEEDED),
    ] {
        let mock = Mock::serve(1 << 16, say);
        let mut client = client(&mock.endpoint, |_| {});
        let error = client.lookup(&[1, 2, 3, 4]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error}");
        assert!(client.is_ready());
        assert!(mock.requests().len() < 20);
    }
}

#[test]
fn data_that_changes_once_starts_the_lookup_again() {
    // NIPC-L2C-33
    let _watchdog = Watchdog::start();
    let mock = Mock::serve(1 << 16, |count, keys| {
        let mut items = all(EXCEEDED, keys);
        items.iter_mut().take(4).for_each(|item| item.0 = KNOWN);
        Say::Items(if count < 2 { count as u64 } else { 9 }, items)
    });
    let keys: Vec<u32> = (1..=10).collect();
    let mut client = client(&mock.endpoint, |_| {});
    assert_eq!(look_up(&mut client, &keys), known(&keys));
    assert_eq!(client.lookup(&keys).unwrap().generation(), 9, "never mixed");
    let firsts = mock.requests().iter().filter(|keys| keys[0] == 1).count();
    assert_eq!(firsts, 3, "twice for the first lookup, once for the second");
}

#[test]
fn data_that_keeps_changing_ends_the_lookup() {
    // NIPC-L2C-33
    let _watchdog = Watchdog::start();
    let mock = Mock::serve(1 << 16, |count, keys| {
        let mut items = all(EXCEEDED, keys);
        items[0].0 = KNOWN;
        Say::Items(count as u64, items)
    });
    let mut client = client(&mock.endpoint, |_| {});
    let error = client.lookup(&[1, 2]).unwrap_err();
    assert!(matches!(error, Error::LimitExceeded { got: 4, allowed: 3, .. }), "{error}");
    assert_eq!(mock.requests().len(), 8);
    assert_eq!(client.lookup(&[1]).unwrap().items().len(), 1, "the session is sound");
}

#[test]
fn answers_to_something_else_end_the_session() {
    // NIPC-L2C-28
    let _watchdog = Watchdog::start();
    type Lie = fn(&[u32]) -> Vec<(u16, u32)>;
    let lies: [(&str, Lie); 5] = [
        ("one item less", |keys| all(KNOWN, &keys[1..])),
        ("one item more", |keys| all(KNOWN, &[keys, &[9]].concat())),
        ("another key", |keys| all(KNOWN, &keys.iter().map(|pid| pid + (pid % 2)).collect::<Vec<_>>())),
        ("the keys in another order", |keys| all(KNOWN, &keys.iter().rev().copied().collect::<Vec<_>>())),
        ("a hole", |keys| keys.iter().map(|&pid| (if pid == 2 { EXCEEDED } else { KNOWN }, pid)).collect()),
    ];
    for (what, lie) in lies {
        let mock = Mock::serve(1 << 16, move |_, keys| Say::Items(1, lie(keys)));
        let mut client = client(&mock.endpoint, |_| {});
        let error = client.lookup(&[1, 2, 3]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PeerMisbehaved, "{what}: {error}");
        assert_eq!(client.status().state, State::Broken, "{what}");
    }
}

#[test]
fn ceilings_hold() {
    // NIPC-L2C-35
    let _watchdog = Watchdog::start();
    let mock = Mock::serve(1 << 16, |_, keys| {
        let mut items = all(EXCEEDED, keys);
        items[0].0 = KNOWN;
        Say::Items(1, items)
    });
    let keys: Vec<u32> = (1..=10).collect();
    let ceiling = |change: fn(&mut LookupLimits)| {
        let mut client = client(&mock.endpoint, |config| change(&mut config.lookup));
        match client.lookup(&keys) {
            Err(Error::LimitExceeded { got, allowed, .. }) => (got, allowed),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(ceiling(|limits| limits.max_requests = 9), (10, 9));
    assert_eq!(ceiling(|limits| limits.max_keys = 9), (10, 9));
    assert_eq!(ceiling(|limits| limits.max_reply = 500).1, 500);
}

#[test]
fn one_deadline_covers_all_requests() {
    // NIPC-L2C-35, NIPC-L2C-07
    let _watchdog = Watchdog::start();
    let mock = Mock::serve(1 << 16, |_, keys| {
        std::thread::sleep(Duration::from_millis(30));
        let mut items = all(EXCEEDED, keys);
        items[0].0 = KNOWN;
        Say::Items(1, items)
    });
    let keys: Vec<u32> = (1..=100).collect();
    let mut client = client(&mock.endpoint, |_| {});
    assert!(matches!(client.lookup_within(&keys, Duration::from_millis(100)), Err(Error::Timeout { .. })));
    assert!(mock.requests().len() < 10);
}

#[test]
fn an_existing_builder_is_learned_from() {
    // NIPC-L2C-27, NIPC-L2C-31: a first item that does not fit beside the short records of all that follow is called
    // oversized, and what is behind it exceeded.
    let _watchdog = Watchdog::start();
    let mock = Mock::serve(1024, |_, keys| {
        let fits = 16 + 120 * keys.len() <= 1024;
        let mut items = all(if fits { LARGE } else { EXCEEDED }, keys);
        if !fits {
            items[0].0 = if 16 + 120 + 72 * (keys.len() - 1) <= 1024 { LARGE } else { OVERSIZED };
        }
        Say::Items(1, items)
    });
    let keys: Vec<u32> = (1..=3000).collect();
    assert_eq!(look_up(&mut client(&mock.endpoint, |_| {}), &keys), known(&keys));
    let requests = mock.requests().len();
    assert!(requests < 1500, "{requests} requests for 3000 keys");
}
