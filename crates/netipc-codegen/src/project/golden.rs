//! Bytes of existing peers that become vectors.

use std::fs;
use std::io;
use std::path::Path;

use super::{Error, GOLDEN};
use crate::vectors::Golden;

/// What each file is about: where it is, its name, and the target of its vector.
const FILES: [(&str, &str, &str); 54] = [
    ("payloads", "header", "header"),
    ("payloads", "chunk_header", "chunk-header"),
    ("payloads", "hello", "hello"),
    ("payloads", "hello_ack", "hello-ack"),
    ("payloads", "cgroups_req", "cgroups-snapshot/request"),
    ("payloads", "cgroups_resp", "cgroups-snapshot/reply"),
    ("payloads", "cgroups_resp_empty", "cgroups-snapshot/reply"),
    ("payloads", "cgroups_lookup_req", "cgroups-lookup/request"),
    ("payloads", "cgroups_lookup_req_empty", "cgroups-lookup/request"),
    ("payloads", "cgroups_lookup_resp_known_with_labels", "cgroups-lookup/reply"),
    ("payloads", "cgroups_lookup_resp_known_no_labels", "cgroups-lookup/reply"),
    ("payloads", "cgroups_lookup_resp_unknown_retry", "cgroups-lookup/reply"),
    ("payloads", "cgroups_lookup_resp_unknown_permanent", "cgroups-lookup/reply"),
    ("payloads", "cgroups_lookup_resp_payload_exceeded", "cgroups-lookup/reply"),
    ("payloads", "cgroups_lookup_resp_oversized_item", "cgroups-lookup/reply"),
    ("payloads", "cgroups_lookup_resp_empty", "cgroups-lookup/reply"),
    ("payloads", "apps_lookup_req", "apps-lookup/request"),
    ("payloads", "apps_lookup_req_empty", "apps-lookup/request"),
    ("payloads", "apps_lookup_resp_known_full", "apps-lookup/reply"),
    ("payloads", "apps_lookup_resp_known_retry", "apps-lookup/reply"),
    ("payloads", "apps_lookup_resp_known_permanent", "apps-lookup/reply"),
    ("payloads", "apps_lookup_resp_known_host_root", "apps-lookup/reply"),
    ("payloads", "apps_lookup_resp_unknown_pid", "apps-lookup/reply"),
    ("payloads", "apps_lookup_resp_payload_exceeded", "apps-lookup/reply"),
    ("payloads", "apps_lookup_resp_oversized_item", "apps-lookup/reply"),
    ("payloads", "apps_lookup_resp_empty", "apps-lookup/reply"),
    ("payloads", "increment_0", "increment/request"),
    ("payloads", "increment_42", "increment/request"),
    ("payloads", "increment_max", "increment/reply"),
    ("payloads", "string_reverse_hello", "string-reverse/request"),
    ("payloads", "string_reverse_empty", "string-reverse/request"),
    ("payloads", "string_reverse_utf8", "string-reverse/reply"),
    ("payloads", "batch_increment_3", "batch"),
    ("payloads", "batch_increment_1", "batch"),
    ("payloads", "batch_string_reverse_2", "batch"),
    ("payloads", "batch_compacted", "batch"),
    ("packets", "ack_ok_baseline", "handshake-client"),
    ("packets", "ack_reject_unsupported", "handshake-client"),
    ("packets", "ack_reject_auth_failed", "handshake-client"),
    ("packets", "ack_reject_limit_exceeded", "handshake-client"),
    ("packets", "ack_reject_incompatible_packet", "handshake-client"),
    ("packets", "ack_reject_incompatible_layout", "handshake-client"),
    ("packets", "ack_reject_header_version", "handshake-client"),
    ("packets", "resp_unsupported", "header"),
    ("packets", "resp_malformed_payload", "header"),
    ("packets", "resp_handler_failure", "header"),
    ("packets", "batch_increment_resp", "header"),
    ("packets", "increment_resp", "header"),
    ("packets", "client_increment_request", "header"),
    ("packets", "client_snapshot_request", "header"),
    ("packets", "client_apps_request", "header"),
    ("packets", "client_apps_hello", "handshake-server"),
    ("packets", "client_snapshot_hello", "handshake-server"),
    ("packets", "client_increment_hello", "handshake-server"),
];

/// The golden bytes of the project at `root`; none when it has no directory of them.
pub(super) fn read(root: &Path) -> Result<Vec<Golden>, Error> {
    let home = root.join(GOLDEN);
    if !home.exists() {
        return Ok(Vec::new());
    }
    let read = |(dir, name, target): &(&str, &str, &str)| {
        let path = Path::new(GOLDEN).join(dir).join(format!("{name}.bin"));
        let bytes = fs::read(root.join(&path)).map_err(|source: io::Error| Error::Io { path, source })?;
        Ok(Golden { name: (*name).to_owned(), target: (*target).to_owned(), bytes })
    };
    FILES.iter().map(read).collect()
}
