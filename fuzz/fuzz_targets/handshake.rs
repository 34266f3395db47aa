//! Any HELLO against a policy, and any HELLO_ACK against a proposal.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| netipc_proto::fuzzing::handshake(data));
