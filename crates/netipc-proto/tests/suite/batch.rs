//! Batch payloads.

use netipc_proto::batch::{Batch, BatchBuilder, BatchError, BatchFull};
use proptest::prelude::*;

fn directory(entries: &[(u32, u32)], area: usize) -> Vec<u8> {
    let mut payload: Vec<u8> =
        entries.iter().flat_map(|(offset, length)| [offset.to_ne_bytes(), length.to_ne_bytes()].concat()).collect();
    payload.resize(payload.len() + area, 0xcc);
    payload
}

fn build(items: &[Vec<u8>], slots: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut builder = BatchBuilder::new(&mut out, usize::MAX, slots).unwrap();
    for item in items {
        builder.push(item).unwrap();
    }
    builder.finish();
    out
}

fn any_items() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..12)
}

proptest! {
    /// NIPC-BAT-01, NIPC-BAT-02, NIPC-BAT-03, NIPC-BAT-04
    #[test]
    fn round_trip(items in any_items()) {
        let payload = build(&items, items.len() as u32);
        let batch = Batch::parse(&payload, items.len() as u32).unwrap();
        prop_assert!(batch.iter().eq(items.iter().map(Vec::as_slice)));
        prop_assert_eq!(batch.is_empty(), items.is_empty());
        // Canonical: packed, so the length follows from the items alone.
        let packed: usize = items.iter().map(|item| item.len().next_multiple_of(8)).sum();
        prop_assert_eq!(payload.len(), 8 * items.len() + packed);
    }

    /// NIPC-BAT-11
    #[test]
    fn unused_slots_leave_no_trace(items in any_items(), spare in 0u32..9) {
        let exact = build(&items, items.len() as u32);
        prop_assert_eq!(build(&items, items.len() as u32 + spare), exact);
    }

    /// NIPC-BAT-03. Fault 9 of the existing peers: stale bytes of an old buffer in the padding.
    #[test]
    fn no_stale_bytes_in_padding(items in any_items(), spare in 0u32..3, refused in 0usize..90) {
        let mut out = vec![0xaa; 2000];
        out.clear();
        let mut builder = BatchBuilder::new(&mut out, 1000, items.len() as u32 + spare + 1).unwrap();
        for item in &items {
            // A writer that fails half-way, and one that writes too much, must leave nothing behind either.
            let half = builder.push_with(|out, budget| {
                out.resize(out.len() + refused, 0xbb);
                Err(BatchFull::Bytes { needed: usize::MAX, budget })
            });
            prop_assert!(half.is_err());
            builder.push(item).unwrap();
        }
        let greedy = builder.push_with(|out, budget| {
            out.resize(out.len() + budget + 1, 0xbb);
            Ok::<(), BatchFull>(())
        });
        prop_assert!(greedy.is_err());
        builder.finish();
        prop_assert_eq!(out, build(&items, items.len() as u32));
    }

    /// NIPC-BAT-12
    #[test]
    fn budget_is_never_exceeded(items in any_items(), budget in 0usize..400, start in 0usize..40) {
        let mut out = vec![0x5a; start];
        let slots = items.len() as u32;
        let Ok(mut builder) = BatchBuilder::new(&mut out, budget, slots) else {
            prop_assert!(8 * items.len() > budget);
            return Ok(());
        };
        let mut taken = Vec::new();
        for item in &items {
            let used: usize = taken.iter().map(|item: &Vec<u8>| item.len().next_multiple_of(8)).sum();
            let fits = 8 * items.len() + used + item.len().next_multiple_of(8) <= budget;
            let pushed = builder.push(item);
            prop_assert_eq!(pushed.is_ok(), fits);
            if fits {
                taken.push(item.clone());
            } else if let Err(BatchFull::Bytes { needed, budget }) = pushed {
                prop_assert!(needed == item.len() && needed > budget);
            }
        }
        prop_assert_eq!(builder.finish() as usize, taken.len());
        prop_assert!(out.len() - start <= budget);
        prop_assert!(out[..start].iter().all(|byte| *byte == 0x5a));
        prop_assert_eq!(&out[start..], build(&taken, taken.len() as u32));
    }

    /// NIPC-BAT-07, NIPC-BAT-08, NIPC-BAT-09: a change of one byte never panics, and what still parses stays in bounds.
    #[test]
    fn mutation(items in any_items(), at in any::<prop::sample::Index>(), change in 1u8.., count in 0u32..14) {
        let mut payload = build(&items, items.len() as u32);
        if !payload.is_empty() {
            let at = at.index(payload.len());
            payload[at] ^= change;
        }
        if let Ok(batch) = Batch::parse(&payload, count) {
            for (index, item) in batch.iter().enumerate() {
                prop_assert!(item.len() <= payload.len());
                prop_assert_eq!(batch.item(index), Some(item));
            }
        }
    }
}

/// NIPC-BAT-07
#[test]
fn directory_longer_than_payload() {
    assert_eq!(Batch::parse(&[0; 15], 2).unwrap_err(), BatchError::Truncated { items: 2, got: 15 });
    assert_eq!(Batch::parse(&[], 1).unwrap_err(), BatchError::Truncated { items: 1, got: 0 });
    // 8 x 2^29 is 2^32: it would be 0 in 32 bits.
    for items in [1 << 29, (1 << 29) + 1, u32::MAX] {
        assert_eq!(Batch::parse(&[0; 64], items).unwrap_err(), BatchError::Truncated { items, got: 64 });
    }
    assert!(Batch::parse(&[0; 16], 2).is_ok());
}

/// NIPC-BAT-08
#[test]
fn misaligned() {
    for offset in (1..24).filter(|offset| offset % 8 != 0) {
        let payload = directory(&[(0, 8), (offset, 0)], 32);
        assert_eq!(Batch::parse(&payload, 2).unwrap_err(), BatchError::Misaligned { index: 1, offset });
    }
}

/// NIPC-BAT-09
#[test]
fn out_of_bounds() {
    let cases = [(0, 25), (24, 1), (32, 0), (u32::MAX - 7, 8), (u32::MAX - 7, u32::MAX), (0, u32::MAX), (8, 17)];
    for (offset, length) in cases {
        let payload = directory(&[(offset, length)], 24);
        let expected = BatchError::OutOfBounds { index: 0, offset, length, area: 24 };
        assert_eq!(Batch::parse(&payload, 1).unwrap_err(), expected);
    }
    for (offset, length) in [(0, 24), (24, 0), (16, 8), (8, 16)] {
        assert!(Batch::parse(&directory(&[(offset, length)], 24), 1).is_ok());
    }
}

/// NIPC-BAT-10, NIPC-BAT-04
#[test]
fn tolerated() {
    // A gap, an overlap, descending order, an empty item, odd padding and bytes after the last item.
    let payload = directory(&[(24, 5), (0, 16), (8, 3), (40, 0)], 41);
    let batch = Batch::parse(&payload, 4).unwrap();
    let lengths: Vec<usize> = batch.iter().map(<[u8]>::len).collect();
    assert_eq!(lengths, [5, 16, 3, 0]);
    assert_eq!(batch.item(4), None);
}

/// NIPC-BAT-12
#[test]
fn slots_run_out() {
    let mut out = Vec::new();
    let mut builder = BatchBuilder::new(&mut out, 64, 1).unwrap();
    assert!(builder.is_empty());
    builder.push(b"x").unwrap();
    assert_eq!(builder.push(b"y"), Err(BatchFull::Slots { slots: 1 }));
    assert_eq!(builder.len(), 1);
    builder.finish();
    assert_eq!(Batch::parse(&out, 1).unwrap().item(0), Some(&b"x"[..]));
    assert_eq!(BatchBuilder::new(&mut out, 15, 2).unwrap_err(), BatchFull::Bytes { needed: 16, budget: 15 });
}
