//! Decodes any bytes as a request and as a reply.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netipc_proto::service::Service as _;
use netipc_services::StringReverse;

fuzz_target!(|payload: &[u8]| {
    let _ = StringReverse::decode_request(payload);
    let _ = StringReverse::decode_reply(payload);
});
