//! What refresher and readers may see of each other, in every order in which they can meet.
//!
//! The place is taken for what it promises to be, one step to read and one to replace; what is explored is everything that
//! is built on it.

use std::cell::Cell;
use std::ops::Deref;
use std::time::Instant;

use loom::sync::{Arc, Mutex};
use loom::thread;
use netipc_proto::codec::Writer;
use netipc_proto::service::Service;
use netipc_services::CgroupsSnapshot;
use netipc_services::cgroups_snapshot::ItemFields;

use crate::cache::place::Place;
use crate::cache::shelf::{Shelf, View};
use crate::cache::snapshot::Image;
use crate::error::Error;

struct Step<T>(Mutex<Arc<T>>);

struct Held<T>(Arc<T>);

impl<T> Deref for Held<T> {
    type Target = Arc<T>;

    fn deref(&self) -> &Arc<T> {
        &self.0
    }
}

impl<T> Place<T> for Step<T> {
    type Guard = Held<T>;

    fn new(value: T) -> Self {
        Self(Mutex::new(Arc::new(value)))
    }

    fn read(&self) -> Held<T> {
        Held(Arc::clone(&self.0.lock().unwrap_or_else(|error| error.into_inner())))
    }

    fn replace(&self, value: T) {
        *self.0.lock().unwrap_or_else(|error| error.into_inner()) = Arc::new(value);
    }
}

/// A snapshot of one item whose hash is the generation.
fn payload(generation: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let request = CgroupsSnapshot::decode_request(&[1, 0, 0, 0]).expect("the request of the specification");
    let mut builder = CgroupsSnapshot::reply_builder(&request, Writer::new(&mut bytes, 1024));
    builder.generation(generation.into()).systemd_enabled(0);
    let item = ItemFields { hash: generation, options: 0, enabled: 0, name: b"a", path: b"" };
    builder.push(item).expect("it fits");
    CgroupsSnapshot::finish_reply(builder).expect("it is whole");
    bytes
}

/// Looks once; what it saw is never older than what was seen before.
fn look(shelf: &Shelf<Step<View>>, seen: &Cell<(u64, u64)>) {
    let view = shelf.read();
    let status = view.status();
    let generation = status.generation.unwrap_or(0);
    let refreshes = status.counters.published + status.counters.failures;
    assert!((generation, refreshes) >= seen.get());
    seen.set((generation, refreshes));
    // One view is of one refresh: published, published, failed.
    assert_eq!((generation, status.counters.failures), [(0, 0), (1, 0), (2, 0), (2, 1)][refreshes as usize]);
    assert_eq!((status.down.is_some(), status.is_ready()), (refreshes == 3, refreshes > 0));
    if let Some(image) = &view.image {
        let found = image.find::<CgroupsSnapshot>(generation as u32, b"a");
        assert_eq!(found.map(|item| u64::from(item.hash())), Some(generation));
        // What is held, what is on the shelf, and what the other reader holds.
        assert!((1..=3).contains(&status.copies));
    }
}

/// NIPC-CACHE-03, NIPC-CACHE-04, NIPC-CACHE-15
#[test]
fn views_are_whole_and_in_order_and_leave_nothing_behind() {
    let payloads = [payload(1), payload(2)];
    loom::model(move || {
        let shelf = Arc::new(Shelf::<Step<View>>::new());
        let reader = {
            let shelf = Arc::clone(&shelf);
            thread::spawn(move || {
                let seen = Cell::new((0, 0));
                look(&shelf, &seen);
                look(&shelf, &seen);
            })
        };
        for payload in &payloads {
            shelf.publish(Image::new::<CgroupsSnapshot>(payload, shelf.census()), Instant::now());
        }
        shelf.fail(&Error::WouldBlock);
        // What a refresh has published is what is read after it.
        assert_eq!(shelf.read().status().generation, Some(2));
        reader.join().expect("the reader saw nothing wrong");
        assert_eq!(shelf.read().status().copies, 1);
    });
}
