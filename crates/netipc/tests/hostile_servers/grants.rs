//! Grants of sizes that no memory can hold.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use netipc::services::{Increment, StringReverse};
use netipc::{ErrorKind, State};

use crate::raw::{Bed, Field, STRING_REVERSE, ack_to, at, incremented, response, set, set_all, text, u64_at};
use crate::{kind_of, server};
use Field::U32;

thread_local! {
    /// The largest piece of memory that this thread asked for.
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

struct Watched;

impl Watched {
    fn note(size: usize) {
        // Nothing is noted while the thread ends.
        let _ = LARGEST.try_with(|largest| largest.set(largest.get().max(size)));
    }
}

// SAFETY: everything is passed on unchanged to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::note(layout.size());
        // SAFETY: the caller's promises are handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: `ptr` came from `System` with this layout.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::note(layout.size());
        // SAFETY: the caller's promises are handed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        Self::note(new_size);
        // SAFETY: the caller's promises are handed on, and `ptr` came from `System`.
        unsafe { System.realloc(ptr, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// The client, which runs in the thread of the test, needs room for a packet, and for what arrived.
#[track_caller]
fn assert_modest() {
    let largest = LARGEST.get();
    assert!(largest <= 512 << 10, "{largest} bytes at once");
}

const ABSURD: [Field; 3] = [
    U32(at::ack::RESPONSE_PAYLOAD, u32::MAX),
    U32(at::ack::RESPONSE_ITEMS, u32::MAX),
    U32(at::ack::REQUEST_ITEMS, u32::MAX),
];

#[test]
fn no_memory_for_a_number() {
    // NIPC-HS-27, NIPC-CHK-13, NIPC-RCV-11
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        let (peer, hello) = listener.accept_hello();
        peer.send(&set_all(ack_to(&hello), &ABSURD));
        for value in [1, 2] {
            let id = u64_at(&peer.packet(), at::MESSAGE_ID);
            peer.send(&incremented(id, value));
        }
        // As much as is allowed, announced, but for a few bytes.
        let id = u64_at(&peer.packet(), at::MESSAGE_ID);
        peer.send(&set(incremented(id, 3), U32(at::PAYLOAD_LEN, 1 << 20)));
        peer.end();
    });
    let mut client = bed.ready_client::<Increment>(|_| {});
    let agreed = client.status().agreed.unwrap();
    assert_eq!((agreed.response.max_payload, agreed.granted_response_payload), (1 << 20, u32::MAX));
    for value in [1, 2] {
        assert_eq!(client.call(0).unwrap().value, value);
    }
    assert_eq!(kind_of(client.call_within(0, std::time::Duration::from_millis(30))), ErrorKind::Timeout);
    server.join().unwrap();
    assert_modest();
}

#[test]
fn a_batch_of_billions() {
    // NIPC-BAT-07, NIPC-RCV-11
    for items in [4_u32, 0x2000_0000, 0x2000_0001, u32::MAX] {
        let bed = Bed::new();
        let server = server(&bed, move |listener| {
            let (peer, hello) = listener.accept_hello();
            peer.send(&set_all(ack_to(&hello), &ABSURD));
            peer.packet();
            peer.send(&crate::raw::batch(incremented(1, 8), items));
            peer.end();
        });
        let mut client = bed.ready_client::<Increment>(|_| {});
        assert_eq!(kind_of(client.call_batch(&[1])), ErrorKind::InvalidMessage);
        assert_eq!(client.status().state, State::Broken);
        server.join().unwrap();
    }
    assert_modest();
}

#[test]
fn a_response_over_the_own_ceiling() {
    // NIPC-L2C-21, NIPC-L2C-24, NIPC-HS-27: within the grant, so it is no offence, but there is no room to grow.
    let bed = Bed::new();
    let server = server(&bed, |listener| {
        loop {
            let (peer, hello) = listener.accept_hello();
            peer.send(&set_all(ack_to(&hello), &ABSURD));
            let crate::raw::Got::Packet(request) = peer.receive() else { break };
            let head = response(STRING_REVERSE, u64_at(&request, at::MESSAGE_ID), &text(b"x"));
            peer.send(&set(head, U32(at::PAYLOAD_LEN, 3 << 20)));
            peer.end();
        }
    });
    let mut client = bed.ready_client::<StringReverse>(|_| {});
    let error = client.call(b"x").unwrap_err();
    assert!(matches!(error, netipc::Error::LimitExceeded { got: 3_145_728, allowed: 1_048_576, .. }), "{error:?}");
    drop(client);
    server.join().unwrap();
    assert_modest();
}
