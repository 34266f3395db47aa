//! Messages cut into packets and put together again.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| netipc_proto::fuzzing::chunks(data));
