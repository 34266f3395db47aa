//! Decodes any bytes as a request and as a reply.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netipc_proto::service::Service as _;
use netipc_services::CgroupsSnapshot;

fuzz_target!(|payload: &[u8]| {
    let _ = CgroupsSnapshot::decode_request(payload);
    let _ = CgroupsSnapshot::decode_reply(payload);
});
