//! What several topics need.

use core::time::Duration;

use netipc_proto::chunk::Chunker;
use netipc_proto::header::Header;
use netipc_proto::limits::{Agreed, Limits};
use netipc_proto::profile::Profiles;
use netipc_proto::session::{Role, Session};

/// Time given to a message that is half there.
pub(crate) const HALF: Duration = Duration::from_secs(30);

/// Limits as a handshake could have agreed on them.
pub(crate) fn agreed(request: u32, response: u32, items: u32, packet_size: u32) -> Agreed {
    Agreed {
        profile: Profiles::BASELINE,
        server_supported: Profiles::BASELINE,
        request: Limits { max_payload: request, max_items: items },
        response: Limits { max_payload: response, max_items: items },
        granted_response_payload: response,
        packet_size,
        session_id: 1,
    }
}

/// Both ends of a session.
pub(crate) fn pair(agreed: &Agreed) -> (Session, Session) {
    (Session::new(Role::Client, agreed, HALF), Session::new(Role::Server, agreed, HALF))
}

/// The packets of a message.
pub(crate) fn packets(mut chunker: Chunker, payload: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    while let Some((head, body)) = chunker.packet() {
        out.push([&head[..], &payload[body]].concat());
        chunker.advance();
    }
    out
}

/// A message that fits one packet.
pub(crate) fn whole(header: Header, payload: &[u8]) -> Vec<u8> {
    [&header.encode()[..], payload].concat()
}

/// Bytes that differ from place to place, so that a part in the wrong place is seen.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..len as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// The packet with `bytes` at `at`.
pub(crate) fn patched<const N: usize>(packet: &[u8], at: usize, bytes: [u8; N]) -> Vec<u8> {
    let mut packet = packet.to_vec();
    packet[at..at + N].copy_from_slice(&bytes);
    packet
}
