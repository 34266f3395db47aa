//! Sequences of operations on the two ends of a session.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| netipc_proto::fuzzing::session_ops(data));
