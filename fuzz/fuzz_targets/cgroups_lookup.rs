//! The cgroups-lookup service: any bytes as its request and its reply.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| netipc_services::fuzzing::cgroups_lookup(data));
