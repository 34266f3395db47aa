//! Level 2 over shared memory: everything that works over a socket, unchanged.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use netipc::services::{AppsLookup, Increment, StringReverse};
use netipc::{Client, ClientConfig, ErrorKind, HandlerError, Profiles, RunningServer, State};

use crate::raw::{Bed, eventually};
use crate::{BOTH, HOUR, client, increments, over_memory, patient, regions};

fn reverse(bed: &Bed, change: impl FnOnce(&mut netipc::ServerConfig)) -> RunningServer {
    bed.server::<StringReverse>(
        |config| {
            over_memory(config);
            change(config);
        },
        |request, reply| {
            let text: Vec<u8> = request.text().iter().rev().copied().collect();
            Ok(reply.text(&text)?)
        },
    )
}

fn reverser(bed: &Bed, change: impl FnOnce(&mut ClientConfig)) -> Client<StringReverse> {
    let client = bed.ready_client::<StringReverse>(|config| {
        patient(config);
        change(config);
    });
    assert!(is_over_memory(&client));
    client
}

fn is_over_memory<S: netipc::Service>(client: &Client<S>) -> bool {
    client.status().agreed.unwrap().profile == Profiles::SHM_HYBRID
}

// NIPC-L2C-21, NIPC-L2C-22: both limits grow by reconnecting, and the new session has shared memory, too.
#[test]
fn limits_grow() {
    let bed = Bed::new();
    let server = reverse(&bed, |_| {});
    let mut client = reverser(&bed, |_| {});
    for length in [10, 5000, 70_000, 300_000, 1_000_000, 10] {
        let text: Vec<u8> = (0..length).map(|i| (i / 251) as u8).collect();
        let reply = client.call(&text).unwrap();
        assert!(reply.text().iter().rev().eq(&text));
        assert!(is_over_memory(&client), "{length} bytes");
    }
    assert!(client.status().counters.growths >= 4);
    let error = client.call(&vec![0; 2 << 20]).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert!(client.is_ready());
    drop(client);
    eventually("sessions end", || server.handle().status().sessions == 0);
    assert_eq!(regions(&bed), 0);
}

// NIPC-L2C-14
#[test]
fn batches() {
    let bed = Bed::new();
    let _server = reverse(&bed, |_| {});
    let mut client = reverser(&bed, |config| config.session.max_batch_items = 50);
    for count in [0, 1, 2, 50] {
        let texts: Vec<Vec<u8>> = (0..count).map(|i: u8| vec![i; usize::from(i % 7)]).collect();
        let queries: Vec<&[u8]> = texts.iter().map(|text| &text[..]).collect();
        let reply = client.call_batch(&queries).unwrap();
        let answers: Vec<Vec<u8>> = reply.iter().map(|item| item.unwrap().text().to_vec()).collect();
        assert_eq!(answers, texts);
    }
}

// NIPC-L2C-16, NIPC-SHM-18: calls wait for their turn here, and come out as if many were in flight.
#[test]
fn pipelines() {
    let bed = Bed::new();
    let server = reverse(&bed, |_| {});
    let mut client = reverser(&bed, |_| {});
    for window in [1, 2, 64] {
        let texts: Vec<Vec<u8>> = (0..200_u16).map(|i| vec![i as u8; usize::from(i) * 13 % 900]).collect();
        let mut answers = vec![None; texts.len()];
        let queries = texts.iter().map(|text| &text[..]);
        client
            .call_pipelined(queries, window, |index, reply| {
                assert_eq!(answers[index].replace(reply.unwrap().text().to_vec()), None);
            })
            .unwrap();
        assert!(answers.into_iter().map(Option::unwrap).eq(texts));
    }
    // One that needs larger limits, in the middle of others.
    let long = vec![7; 200_000];
    let mut count = 0;
    client
        .call_pipelined([&b"a"[..], &long, b"b"], 3, |_, reply| {
            reply.unwrap();
            count += 1;
        })
        .unwrap();
    assert_eq!(count, 3);
    assert!(is_over_memory(&client));
    assert_eq!(server.handle().status().violations, 0);
}

// NIPC-L2C-25: keys are split over requests and answers put together.
#[test]
fn lookups() {
    let bed = Bed::new();
    let _server = bed.server::<AppsLookup>(over_memory, |_, reply| {
        reply.generation(3);
        while reply.wants_more() {
            reply.unknown()?;
        }
        Ok(())
    });
    let mut client = bed.ready_client::<AppsLookup>(patient);
    let pids: Vec<u32> = (0..3000).collect();
    let reply = client.call(&pids).unwrap();
    assert!(reply.items().into_iter().map(|item| item.pid()).eq(pids));
    assert!(is_over_memory(&client));
}

/// A service whose handler waits until it is told to go on.
fn held_up(bed: &Bed) -> (RunningServer, std::sync::mpsc::Receiver<()>, std::sync::mpsc::Sender<()>) {
    let (entered, seen) = channel();
    let (go, gone) = channel::<()>();
    let (entered, gone) = (std::sync::Mutex::new(entered), std::sync::Mutex::new(gone));
    let server = bed.server::<Increment>(over_memory, move |request, reply| {
        if request.value == 0 {
            let _ = entered.lock().unwrap().send(());
            let _ = gone.lock().unwrap().recv();
        }
        Ok(reply.value(request.value + 1)?)
    });
    (server, seen, go)
}

// NIPC-L2C-07, NIPC-L2C-08: a call has its time, and no more; the session is over then.
#[test]
fn deadlines() {
    let bed = Bed::new();
    let (server, _entered, go) = held_up(&bed);
    let mut client = client(&bed);
    let short = Duration::from_millis(20);
    let error = client.call_within(0, short).map(drop).unwrap_err();
    assert!(matches!(error, netipc::Error::Timeout { limit, .. } if limit == short), "{error}");
    assert_eq!(client.status().state, State::Broken);
    go.send(()).unwrap();
    assert_eq!(client.refresh(), State::Ready);
    assert_eq!(client.call(1).unwrap().value, 2);
    eventually("the old session ends", || server.handle().status().sessions == 1);
    assert_eq!(regions(&bed), 1);
}

// NIPC-L2C-09
#[test]
fn aborts() {
    let bed = Bed::new();
    let (_server, entered, go) = held_up(&bed);
    let mut client = client(&bed);
    for _ in 0..20 {
        let abort = client.abort_handle();
        thread::scope(|scope| {
            let call = scope.spawn(|| client.call(0).map(drop).unwrap_err().kind());
            entered.recv().unwrap();
            abort.abort();
            assert_eq!(call.join().unwrap(), ErrorKind::Aborted);
        });
        go.send(()).unwrap();
        assert_eq!(client.call(1).unwrap_err().kind(), ErrorKind::Aborted, "it is sticky");
        client.abort_handle().clear();
        assert_eq!(client.refresh(), State::Ready);
        assert_eq!(client.call(1).unwrap().value, 2);
    }
}

// NIPC-L2C-17: sent again after a loss, once.
#[test]
fn losses() {
    let bed = Bed::new();
    let mut server = increments(&bed, |_| {});
    let mut client = client(&bed);
    for round in 1..5 {
        server.stop().unwrap();
        assert_eq!(regions(&bed), 0);
        server = increments(&bed, |_| {});
        assert_eq!(client.call(round).unwrap().value, round + 1);
        assert!(is_over_memory(&client));
        assert_eq!(client.status().counters.resends, round);
    }
    server.stop().unwrap();
    assert!(matches!(client.call(1).unwrap_err().kind(), ErrorKind::Disconnected | ErrorKind::NotFound));
    assert_eq!(client.refresh(), State::NotFound);
}

// NIPC-L2S-20: what has arrived is answered before the server is gone; idle sessions end at once.
#[test]
fn stops() {
    let bed = Bed::new();
    let (server, entered, go) = held_up(&bed);
    let mut caller = client(&bed);
    let idle = client(&bed);
    let handle = server.handle().clone();
    thread::scope(|scope| {
        let call = scope.spawn(move || caller.call(0).map(|reply| reply.value));
        entered.recv().unwrap();
        handle.stop();
        eventually("the idle session ends", || handle.status().sessions == 1);
        go.send(()).unwrap();
        assert_eq!(call.join().unwrap().unwrap(), 1);
    });
    server.stop().unwrap();
    assert_eq!(bed.files().len(), 0);
    drop(idle);
}

// NIPC-L2S-20, NIPC-L2S-21: a handler that never returns is left alone; nobody waits for it.
#[test]
fn stops_with_a_handler_that_does_not_return() {
    let bed = Bed::new();
    let (entered, seen) = channel();
    let (go, gone) = channel::<()>();
    let (entered, gone) = (std::sync::Mutex::new(entered), std::sync::Mutex::new(gone));
    let server = bed.server::<Increment>(
        |config| {
            over_memory(config);
            config.drain_timeout = Duration::from_millis(20);
        },
        move |_, _| {
            entered.lock().unwrap().send(()).unwrap();
            let _ = gone.lock().unwrap().recv();
            Err(HandlerError::new("too late"))
        },
    );
    let mut caller = client(&bed);
    thread::scope(|scope| {
        let call = scope.spawn(move || caller.call(0).map(drop));
        seen.recv().unwrap();
        server.stop().unwrap();
        assert!(matches!(call.join().unwrap().unwrap_err().kind(), ErrorKind::Disconnected | ErrorKind::NotFound));
    });
    go.send(()).unwrap();
    eventually("its thread ends, and with it the region", || bed.files().is_empty());
}

// NIPC-L2S-06: a handler that fails or panics answers with a status, and the session goes on.
#[test]
fn failures() {
    let bed = Bed::new();
    let _server = bed.server::<Increment>(over_memory, |request, reply| match request.value {
        0 => Err(HandlerError::new("no")),
        1 => panic!("no"),
        value => Ok(reply.value(value)?),
    });
    let mut client = client(&bed);
    for value in [0, 1, 0] {
        assert_eq!(client.call(value).unwrap_err().kind(), ErrorKind::Rejected);
        assert!(client.is_ready());
    }
    assert_eq!(client.call(2).unwrap().value, 2);
    assert_eq!(client.status().counters.connects, 1);
}

// NIPC-L2S-12, NIPC-L2S-13: a handler that takes its time holds up its own session only, whatever the number of workers.
#[test]
fn sessions_do_not_wait_for_each_other() {
    const SESSIONS: usize = 20;
    let bed = Bed::new();
    let together = Arc::new(Barrier::new(SESSIONS));
    let server = bed.server::<Increment>(
        |config| {
            over_memory(config);
            config.max_workers = 1;
        },
        move |request, reply| {
            together.wait();
            Ok(reply.value(request.value)?)
        },
    );
    let mut clients: Vec<Client<Increment>> = (0..SESSIONS).map(|_| client(&bed)).collect();
    thread::scope(|scope| {
        for client in &mut clients {
            scope.spawn(|| assert_eq!(client.call(1).unwrap().value, 1));
        }
    });
    assert_eq!(server.handle().status().shm_sessions, SESSIONS);
}

// NIPC-SHM-18: many clients of both kinds at once.
#[test]
fn a_crowd() {
    let bed = Bed::new();
    let server = increments(&bed, |config| config.listener.max_shm_sessions = 6);
    let over_memory = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                for _ in 0..5 {
                    let mut client = bed.ready_client::<Increment>(|config| {
                        config.session.supported = BOTH;
                        config.call_timeout = HOUR;
                    });
                    over_memory.fetch_add(u64::from(is_over_memory(&client)), Ordering::SeqCst);
                    for value in 0..100 {
                        assert_eq!(client.call(value).unwrap().value, value + 1);
                    }
                }
            });
        }
    });
    assert!(over_memory.into_inner() >= 6);
    eventually("sessions end", || server.handle().status().sessions == 0);
    let status = server.handle().status();
    assert_eq!((status.answered, status.violations, status.broken), (5000, 0, 0));
}
