//! Headers, HELLO and HELLO_ACK: what decodes, encodes to the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| netipc_proto::fuzzing::header(data));
