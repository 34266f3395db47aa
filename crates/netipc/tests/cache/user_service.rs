//! A user's own snapshot: it is asked for something, its records grow, and its key has other names and widths.

use std::time::Duration;

use netipc::{Answer, Cache, ClientConfig, Refresh};

use crate::berths::{Berths, ShipFields};
use crate::raw::Bed;

#[test]
fn any_schema_with_a_snapshot_gets_a_cache() {
    // NIPC-CACHE-08, NIPC-CACHE-11
    let bed = Bed::new();
    let _provider = bed.server::<Berths>(
        |_| {},
        |port, harbour| {
            harbour.tide(4).pilots(2);
            for (mark, callsign) in [(1 << 40, &b"PHAB"[..]), (1, b"PHAB"), (u64::MAX, b"DKBN")] {
                harbour.push(ShipFields { flag: port.number, mark, callsign, draught: 410 })?;
            }
            Ok(())
        },
    );
    let mut cache = Cache::<Berths>::new(bed.endpoint(), ClientConfig::default());
    assert_eq!(cache.refresh_with(7, Duration::from_secs(20)).unwrap(), Refresh::Published);
    let guard = cache.read();
    let ship = guard.lookup(1 << 40, b"PHAB").found().unwrap();
    assert_eq!((ship.flag(), ship.mark(), ship.draught()), (7, 1 << 40, 410));
    assert_eq!(guard.lookup(1, b"PHAB").map(|ship| ship.mark()), Answer::Found(1));
    assert_eq!(guard.lookup_name(b"PHAB").map(|ship| ship.mark()), Answer::Found(1 << 40));
    assert_eq!(guard.lookup(u64::MAX - 1, b"DKBN"), Answer::Absent);
    assert_eq!(guard.reply().unwrap().pilots(), 2);
    assert_eq!((guard.status().generation, guard.status().items), (Some(4), 3));

    // Another question, another snapshot.
    assert_eq!(cache.refresh_with(7, Duration::ZERO).unwrap(), Refresh::Unchanged);
    assert_eq!(cache.refresh_with(8, Duration::ZERO).unwrap(), Refresh::Published);
    assert_eq!(cache.read().lookup_name(b"DKBN").map(|ship| ship.flag()), Answer::Found(8));
}
