//! Typed calls from end to end: single, batch, pipelined, over real sockets.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
use std::time::Duration;

use netipc::services::{CgroupsSnapshot, Increment, StringReverse, cgroups_snapshot};
use netipc::{Client, ClientConfig, Endpoint, Error, RunningServer, Server, ServerConfig, Service, State};
use tempfile::TempDir;

fn endpoint<S: Service>(dir: &TempDir) -> Endpoint {
    Endpoint::new(dir.path(), S::NAME).unwrap()
}

fn increment(dir: &TempDir, config: ServerConfig) -> RunningServer {
    Server::<Increment>::bind(endpoint::<Increment>(dir), config, |request, reply| {
        reply.value(request.value.wrapping_add(1))?;
        Ok(())
    })
    .unwrap()
    .spawn()
    .unwrap()
}

fn reverse(dir: &TempDir) -> RunningServer {
    Server::<StringReverse>::bind(endpoint::<StringReverse>(dir), ServerConfig::default(), |request, reply| {
        let text: Vec<u8> = request.text().iter().rev().copied().collect();
        reply.text(&text)?;
        Ok(())
    })
    .unwrap()
    .spawn()
    .unwrap()
}

fn client<S: Service>(dir: &TempDir, change: impl FnOnce(&mut ClientConfig)) -> Client<S> {
    let mut config = ClientConfig::default();
    change(&mut config);
    let mut client = Client::new(endpoint::<S>(dir), config);
    assert_eq!(client.refresh(), State::Ready, "{:?}", client.status());
    client
}

#[test]
fn single_calls() {
    let dir = tempfile::tempdir().unwrap();
    let _server = increment(&dir, ServerConfig::default());
    let mut client = client::<Increment>(&dir, |_| {});
    for value in [0, 41, u64::MAX] {
        assert_eq!(client.call(value).unwrap().value, value.wrapping_add(1));
    }
    assert_eq!(client.status().counters.calls, 3);
}

#[test]
fn batches_of_every_size() {
    // NIPC-L2C-14, NIPC-L2C-15, NIPC-L2S-10
    let dir = tempfile::tempdir().unwrap();
    let _server = increment(&dir, ServerConfig::default());
    let mut client = client::<Increment>(&dir, |config| config.session.max_batch_items = 1000);
    for size in [0_u64, 1, 2, 3, 999, 1000] {
        let queries: Vec<u64> = (0..size).collect();
        let replies = client.call_batch(&queries).unwrap();
        assert_eq!(replies.len() as u64, size);
        let values: Vec<u64> = replies.iter().map(|reply| reply.unwrap().value).collect();
        assert_eq!(values, (1..=size).collect::<Vec<_>>());
    }
    let queries = vec![0; 1001];
    assert!(matches!(client.call_batch(&queries), Err(Error::LimitExceeded { got: 1001, allowed: 1000, .. })));
    assert!(client.is_ready());
}

#[test]
fn pipelines_of_every_width() {
    // NIPC-L2C-16
    let dir = tempfile::tempdir().unwrap();
    let _server = increment(&dir, ServerConfig::default());
    let mut client = client::<Increment>(&dir, |_| {});
    for window in [1, 2, 16, 500] {
        let mut seen = vec![None; 1000];
        client.call_pipelined(0..1000, window, |index, reply| seen[index] = Some(reply.unwrap().value)).unwrap();
        assert!(seen.iter().enumerate().all(|(i, value)| *value == Some(i as u64 + 1)));
    }
}

#[test]
fn large_texts_grow_the_limits() {
    // NIPC-L2C-21 to NIPC-L2C-24, NIPC-UDS-03
    let dir = tempfile::tempdir().unwrap();
    let _server = reverse(&dir);
    let mut client = client::<StringReverse>(&dir, |_| {});
    for size in [0_usize, 1, 1015, 1016, 65_000, 65_536, 300_000, (1 << 20) - 9] {
        let text: Vec<u8> = (0..size).map(|i| i as u8).collect();
        let reversed: Vec<u8> = text.iter().rev().copied().collect();
        assert_eq!(client.call(&text).unwrap().text(), reversed, "{size}");
    }
    let text = vec![b'x'; 1 << 20];
    assert!(matches!(client.call(&text), Err(Error::LimitExceeded { allowed: 1_048_576, .. })));
    assert!(client.is_ready());
    assert_eq!(client.call(b"still here").unwrap().text(), b"ereh llits");
}

#[test]
fn snapshots_arrive_whole() {
    let dir = tempfile::tempdir().unwrap();
    let _server =
        Server::<CgroupsSnapshot>::bind(endpoint::<CgroupsSnapshot>(&dir), ServerConfig::default(), |_, reply| {
            reply.generation(7).systemd_enabled(1);
            for i in 0..5000_u32 {
                let name = format!("cgroup-{i}");
                let fields = cgroups_snapshot::ItemFields {
                    hash: i,
                    options: 0,
                    enabled: i % 2,
                    name: name.as_bytes(),
                    path: b"/x",
                };
                reply.push(fields)?;
            }
            Ok(())
        })
        .unwrap()
        .spawn()
        .unwrap();
    let mut client = client::<CgroupsSnapshot>(&dir, |_| {});
    let reply = client.call(()).unwrap();
    assert_eq!((reply.generation(), reply.items().len()), (7, 5000));
    assert!(reply.items().into_iter().enumerate().all(|(i, item)| item.name() == format!("cgroup-{i}").as_bytes()));
}

#[test]
fn a_timeout_breaks_the_session_and_a_refresh_mends_it() {
    // NIPC-L2C-08
    let dir = tempfile::tempdir().unwrap();
    let _server = Server::<Increment>::bind(endpoint::<Increment>(&dir), ServerConfig::default(), |request, reply| {
        if request.value == 0 {
            std::thread::sleep(Duration::from_millis(300));
        }
        reply.value(request.value)?;
        Ok(())
    })
    .unwrap()
    .spawn()
    .unwrap();
    let mut client = client::<Increment>(&dir, |_| {});
    assert!(matches!(client.call_within(0, Duration::from_millis(20)), Err(Error::Timeout { .. })));
    assert_eq!(client.status().state, State::Broken);
    assert!(matches!(client.call(1), Err(Error::NotReady { .. })));
    assert_eq!(client.refresh(), State::Ready);
    assert_eq!(client.call(1).unwrap().value, 1);
}

#[test]
fn a_pipeline_grows_for_its_largest_call() {
    // NIPC-L2C-16, NIPC-L2C-22
    let dir = tempfile::tempdir().unwrap();
    let _server = reverse(&dir);
    let mut client = client::<StringReverse>(&dir, |_| {});
    let texts: Vec<Vec<u8>> = (0..200_usize).map(|i| vec![i as u8; i * i * i * 7 % 90_000]).collect();
    let mut seen = vec![false; texts.len()];
    client
        .call_pipelined(texts.iter().map(Vec::as_slice), 16, |index, reply| {
            assert_eq!(reply.unwrap().text(), texts[index]);
            assert!(!std::mem::replace(&mut seen[index], true), "{index} answered twice");
        })
        .unwrap();
    assert!(seen.iter().all(|seen| *seen));
}
