//! Batches: what parses can be built again with the same items.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| netipc_proto::fuzzing::batch(data));
