//! Lookups take no memory (NIPC-CACHE-14).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use netipc::services::CgroupsSnapshot;
use netipc::services::cgroups_snapshot::ItemFields;
use netipc::{Answer, Cache, ClientConfig, Endpoint, Server, ServerConfig};

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
fn lookups_take_no_memory() {
    let run_dir = tempfile::tempdir().unwrap();
    let endpoint = Endpoint::new(run_dir.path(), "test").unwrap();
    let provider = Server::<CgroupsSnapshot>::bind(endpoint.clone(), ServerConfig::default(), |_, reply| {
        reply.generation(1).systemd_enabled(1);
        for at in 0..100_u32 {
            // Half of them share a hash, so that every table is used.
            let hash = if at < 50 { at } else { 1000 };
            reply.push(ItemFields { hash, options: 0, enabled: 1, name: at.to_string().as_bytes(), path: b"" })?;
        }
        Ok(())
    })
    .unwrap()
    .spawn()
    .unwrap();
    let mut cache = Cache::<CgroupsSnapshot>::new(endpoint, ClientConfig::default());
    let reader = cache.reader();
    let names: Vec<String> = (0..100).map(|at| at.to_string()).collect();
    // What a thread needs once for all its reads.
    drop(reader.read());
    assert_eq!(allocations(|| assert_eq!(reader.read().lookup(0, b"0"), Answer::NoSnapshot)), 0);
    cache.refresh().unwrap();
    let count = allocations(|| {
        for (at, name) in (0..).zip(&names) {
            let hash = if at < 50 { at } else { 1000 };
            let guard = reader.read();
            assert_eq!(guard.lookup(hash, name.as_bytes()).map(|item| item.hash()), Answer::Found(hash));
            assert_eq!(guard.lookup_name(name.as_bytes()).map(|item| item.hash()), Answer::Found(hash));
            assert_eq!(guard.lookup(hash, b"nobody"), Answer::Absent);
        }
    });
    assert_eq!(count, 0);
    assert!(allocations(|| drop(std::hint::black_box(Box::new(1)))) > 0, "the counter counts");
    provider.stop().unwrap();
}
