//! Peers that break every rule there is. Nothing may crash, hang, read too far, or harm anybody else.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use netipc::services::Increment;
use netipc::{Error, ErrorKind, RunningServer, State};

use crate::raw::{
    Bed, Field, Noise, at, batch, batch_payload, eventually, increment, incremented, request, set, set_all,
};
use crate::region::{REQUESTS, RESPONSES, RawRegion, Way, word};
use crate::{RawClient, RawServer, client, increments, patient, regions};

/// What the client of a hostile server learns.
fn learns(answer: impl FnOnce(&RawRegion, &[u8]) + Send) -> Error {
    let bed = Bed::new();
    let listener = bed.listener();
    thread::scope(|scope| {
        let bed = &bed;
        scope.spawn(move || {
            let server = RawServer::accept(bed, &listener);
            let request = server.region.receive_after(REQUESTS, 0);
            answer(&server.region, &request);
            server.socket.end();
        });
        let mut client = client(bed);
        let error = client.call(41).unwrap_err();
        assert!(!client.is_ready());
        error
    })
}

/// The server ends the session of a hostile client, without a word, and counts it.
fn is_thrown_out(bed: &Bed, server: &RunningServer, attack: impl FnOnce(&RawRegion)) {
    let before = server.handle().status().violations;
    let peer = RawClient::connect(bed);
    assert_eq!(peer.region.call(&increment(1, 1)), incremented(1, 2));
    attack(&peer.region);
    peer.end(bed);
    eventually("it is counted", || server.handle().status().violations == before + 1);
}

/// What a peer may write, given a message that would be right.
const NONSENSE: [fn(&RawRegion, Way, &[u8]); 12] = [
    // A length of nothing, of more than the area, of everything, and of less than a header.
    |region, way, _| region.announce(way, 0),
    |region, way, _| region.announce(way, region.get(way.capacity) + 1),
    |region, way, _| region.announce(way, u32::MAX),
    |region, way, _| region.announce(way, 31),
    // More than one message at a time, and one that was there already.
    |region, way, message| {
        region.u64(way.sequence).fetch_add(1, Ordering::SeqCst);
        region.send(way, message);
    },
    |region, way, _| {
        region.u64(way.sequence).store(u64::MAX - 1, Ordering::SeqCst);
        region.ring(way);
    },
    // A header that says less, and one that says more, than what is there.
    |region, way, message| region.send(way, &set(message.to_vec(), Field::U32(at::PAYLOAD_LEN, 7))),
    |region, way, message| region.send(way, &set(message.to_vec(), Field::U32(at::PAYLOAD_LEN, 9))),
    |region, way, message| region.send(way, &set(message.to_vec(), Field::U32(at::MAGIC, 1))),
    |region, way, message| region.send(way, &set(message.to_vec(), Field::U16(at::VERSION, 2))),
    |region, way, message| region.send(way, &set(message.to_vec(), Field::U16(at::KIND, 3))),
    // A directory that points behind its payload.
    |region, way, message| {
        let payload = [0, 9].map(u32::to_ne_bytes).concat();
        let message = [&message[..32], &payload].concat();
        region.send(way, &batch(message, 1));
    },
];

// NIPC-SHM-11, NIPC-SHM-13, NIPC-SHM-14
#[test]
fn clients_write_nonsense() {
    let bed = Bed::new();
    let server = increments(&bed, |_| {});
    let mut bystander = client(&bed);
    for attack in NONSENSE {
        is_thrown_out(&bed, &server, |region| attack(region, REQUESTS, &increment(2, 1)));
        assert_eq!(bystander.call(1).unwrap().value, 2);
    }
    assert_eq!(bystander.status().counters.connects, 1);
    assert_eq!(regions(&bed), 1);
}

// NIPC-SHM-11, NIPC-SHM-13, NIPC-SHM-14
#[test]
fn servers_write_nonsense() {
    for attack in NONSENSE {
        let error = learns(move |region, request| {
            let id = crate::raw::u64_at(request, at::MESSAGE_ID);
            attack(region, RESPONSES, &incremented(id, 42));
        });
        assert!(matches!(error.kind(), ErrorKind::InvalidMessage | ErrorKind::PeerMisbehaved), "{error}");
    }
    // An answer to nothing, and one of another method.
    let error = learns(|region, _| region.send(RESPONSES, &incremented(99, 42)));
    assert!(error.to_string().contains("99"), "{error}");
    let error = learns(|region, _| region.send(RESPONSES, &crate::raw::response(9, 1, &[0; 8])));
    assert!(error.to_string().contains("method 9"), "{error}");
}

// NIPC-SHM-14, NIPC-L2S-08: limits hold for what fits the area, too; the answer is the same as on a socket.
#[test]
fn limits_hold_inside_the_area() {
    let bed = Bed::new();
    let server = increments(&bed, |_| {});
    let fields = [Field::U32(at::hello::REQUEST_PAYLOAD, 8), Field::U32(at::hello::REQUEST_ITEMS, 2)];
    let hello = set_all(crate::hybrid_hello(), &fields);
    let items = [[0; 8]; 3];
    let too_much = [request(1, 7, &[0; 9]), batch(request(1, 7, &batch_payload(&items)), 3)];
    for message in too_much {
        let peer = RawClient::with(&bed, &hello);
        assert_eq!(peer.region.call(&increment(1, 1)), incremented(1, 2));
        assert_eq!(peer.region.get(word::REQUEST_CAPACITY), 64);
        let answer = peer.region.call(&message[..message.len().min(64)]);
        assert_eq!((answer.len(), answer[14], answer[24]), (32, 5, 7));
        peer.end(&bed);
    }
    assert_eq!(server.handle().status().failed, 2);
}

// NIPC-SHM-13: every word of the region changes all the time, while both sides are at work.
#[test]
fn a_scribbler_at_the_server() {
    let bed = Bed::new();
    let server = increments(&bed, |config| config.max_workers = 2);
    let mut bystander = client(&bed);
    for seed in 1..40 {
        let peer = RawClient::connect(&bed);
        scribble(&peer.region, seed, || {
            for id in 0..20 {
                peer.region.send(REQUESTS, &increment(id, id));
                assert_eq!(bystander.call(id).unwrap().value, id + 1);
            }
        });
        drop(peer);
    }
    assert_eq!(bystander.status().counters.connects, 1, "nobody else was harmed");
    drop(bystander);
    eventually("all sessions end", || server.handle().status().sessions == 0);
    assert_eq!(regions(&bed), 0);
    server.stop().unwrap();
}

// NIPC-SHM-13
#[test]
fn a_scribbler_at_the_client() {
    let bed = Bed::new();
    let listener = bed.listener();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let (bed, done) = (&bed, &done);
        scope.spawn(move || {
            for seed in 1.. {
                let (socket, hello) = listener.accept_hello();
                if done.load(Ordering::SeqCst) {
                    return;
                }
                let path = crate::file(bed, RawServer::SESSION);
                let _ = std::fs::remove_file(&path);
                let region = RawRegion::create(&path, 1088, 65600);
                socket.send(&crate::hybrid_ack(&hello));
                scribble(&region, seed, || {
                    for id in 0..20 {
                        region.send(RESPONSES, &incremented(id, id + 1));
                        thread::yield_now();
                    }
                });
            }
        });
        let mut client = bed.client::<Increment>(patient);
        let mut failures = 0;
        while failures < 60 {
            // A header that is scribbled over before it is attached makes the client do without.
            client.reset();
            if client.refresh() != State::Ready {
                continue;
            }
            while let Err(error) = client.call(1).map(drop) {
                failures += 1;
                assert_ne!(error.kind(), ErrorKind::Timeout, "{error}");
                if !client.is_ready() {
                    break;
                }
            }
        }
        done.store(true, Ordering::SeqCst);
        // The last one, who only ends the server.
        bed.connect().send(&crate::hybrid_hello());
    });
}

/// Writes to every word again and again while `meanwhile` runs.
fn scribble(region: &RawRegion, seed: u64, meanwhile: impl FnOnce()) {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut noise = Noise(seed * 0x9e37_79b9);
            while !over.load(Ordering::SeqCst) {
                let at = 4 * (noise.next() as usize % (region.size().min(2048) / 4));
                let value = match noise.next() % 4 {
                    0 => noise.next() as u32,
                    1 => noise.next() as u32 % 128,
                    2 => region.get(at).wrapping_add(1),
                    _ => u32::MAX,
                };
                // The own pair of offset and capacity is what these tests write by.
                if !(word::REQUEST_OFFSET..32).contains(&at) {
                    region.put(at, value);
                }
            }
        });
        meanwhile();
        over.store(true, Ordering::SeqCst);
    });
}
