//! Codecs do not allocate: not when they decode (NIPC-COD-03), and not when they encode into a buffer with room.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use netipc_proto::codec::Writer;
use netipc_proto::service::Service;
use netipc_services::cgroups_lookup::{KnownFields, Label, Orchestrator};
use netipc_services::{AppsLookup, CgroupsLookup, CgroupsSnapshot, Increment, StringReverse};

mod common;
use common::{golden, golden_items};

/// The system's allocator, which counts the allocations of each thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches only a cell of this thread.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`, and `alloc` got the memory from the same allocator.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations(run: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    run();
    ALLOCATIONS.get() - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

#[test]
fn decoding() {
    let (number, text, snapshot) = (golden("increment_42"), golden("string_reverse_hello"), golden("cgroups_resp"));
    let count = allocations(|| {
        assert_eq!(Increment::decode_request(&number).unwrap().value, 42);
        assert_eq!(StringReverse::decode_request(&text).unwrap().text(), b"hello");
        let view = CgroupsSnapshot::decode_reply(&snapshot).unwrap();
        assert!(view.items().iter().map(|item| item.fields()).eq(golden_items()));
        CgroupsSnapshot::decode_reply(&snapshot[..200]).unwrap_err();
    });
    assert_eq!(count, 0);
}

#[test]
fn decoding_lookups() {
    let requests = [golden("cgroups_lookup_req"), golden("apps_lookup_req")];
    let replies = [golden("cgroups_lookup_resp_known_with_labels"), golden("apps_lookup_resp_known_full")];
    let count = allocations(|| {
        assert_eq!(CgroupsLookup::decode_request(&requests[0]).unwrap().keys().len(), 2);
        assert_eq!(AppsLookup::decode_request(&requests[1]).unwrap().keys().len(), 3);
        let view = CgroupsLookup::decode_reply(&replies[0]).unwrap();
        assert_eq!(
            view.items().iter().flat_map(|item| item.labels()).map(|label| label.value.len()).sum::<usize>(),
            10
        );
        let view = AppsLookup::decode_reply(&replies[1]).unwrap();
        assert_eq!(view.items().iter().flat_map(|item| item.labels()).count(), 2);
        AppsLookup::decode_reply(&replies[1][..180]).unwrap_err();
    });
    assert_eq!(count, 0);
}

#[test]
fn answering_lookups() {
    let mut buffer = Vec::with_capacity(1000);
    let request = golden("cgroups_lookup_req");
    let count = allocations(|| {
        CgroupsLookup::encode_request(&[b"/a"], Writer::new(&mut buffer, 100)).unwrap();
        let request = CgroupsLookup::decode_request(&request).unwrap();
        let mut builder = CgroupsLookup::reply_builder(&request, Writer::new(&mut buffer, 400));
        let labels = [Label { key: b"k", value: b"v" }];
        let known = KnownFields { orchestrator: Orchestrator::LXC, name: b"n", labels: &labels };
        builder.generation(1).known(known).unwrap();
        builder.unknown_retry_later().unwrap();
        CgroupsLookup::finish_reply(builder).unwrap();
    });
    assert_eq!(count, 0);
    CgroupsLookup::decode_reply(&buffer[27..]).unwrap();
}

#[test]
fn encoding() {
    let mut buffer = Vec::with_capacity(1000);
    let request = golden("cgroups_req");
    let request = CgroupsSnapshot::decode_request(&request).unwrap();
    let count = allocations(|| {
        Increment::encode_request(1, Writer::new(&mut buffer, 100)).unwrap();
        StringReverse::encode_request(b"hello", Writer::new(&mut buffer, 100)).unwrap();
        let mut builder = CgroupsSnapshot::reply_builder(&request, Writer::new(&mut buffer, 400));
        builder.systemd_enabled(1).generation(999);
        for item in golden_items() {
            builder.push(item).unwrap();
        }
        CgroupsSnapshot::finish_reply(builder).unwrap();
    });
    assert_eq!(count, 0);
    assert_eq!(&buffer[8 + 14..], golden("cgroups_resp"));
}
