//! Scripts of sessions and of what they are made of.

use std::time::Duration;

use netipc_proto::chunk::Chunker;
use netipc_proto::error::Violation;
use netipc_proto::hash::{djb2, fnv1a64};
use netipc_proto::header::{HEADER_LEN, Header};
use netipc_proto::limits::{Agreed, Limits};
use netipc_proto::profile::Profiles;
use netipc_proto::session::{Received, Role, Session};
use netipc_proto::time::Time;

use crate::envelope::{batch_problem, chunk_problem, header_problem};
use crate::json::{Json, Malformed, Reader};

/// The packets of a message.
pub(crate) fn chunker(json: &mut Reader<'_>) -> Result<Json, Malformed> {
    json.begin()?;
    let header = header(&json.bytes("header")?, json)?;
    let payload = json.bytes("payload")?;
    let packet_size = json.number("packet_size")?;
    json.end()?;
    if header.payload_len as usize != payload.len() {
        return Err(json.malformed("the header tells of another payload"));
    }
    let mut packets = Vec::new();
    let mut chunker = Chunker::new(header, packet_size);
    while let Some((head, body)) = chunker.packet() {
        packets.push([&head[..], &payload[body]].concat());
        chunker.advance();
    }
    let mut out = Json::default();
    out.begin();
    out.list("packets", &packets, |packet, out| out.hex(packet));
    out.end();
    Ok(out)
}

fn header(bytes: &[u8], json: &Reader<'_>) -> Result<Header, Malformed> {
    Header::decode(bytes).map_err(|error| json.malformed(error.to_string()))
}

/// What a session makes of packets.
pub(crate) fn session(json: &mut Reader<'_>) -> Result<Json, Malformed> {
    json.begin()?;
    let role = match json.word("role")? {
        "client" => Role::Client,
        "server" => Role::Server,
        _ => return Err(json.malformed("no such role")),
    };
    let agreed = agreed(json)?;
    let sent = json.list("sent", Reader::hex)?;
    let packets = json.list("packets", Reader::hex)?;
    json.end()?;

    let mut session = Session::new(role, &agreed, Duration::from_secs(30));
    for request in sent {
        let request = header(&request, json)?;
        session.begin_send(&request).map_err(|error| json.malformed(error.to_string()))?;
    }
    let mut out = Json::default();
    out.begin();
    let mut broken = false;
    out.list("events", &packets, |packet, out| {
        if !broken {
            broken = event(&mut session, packet, out).is_err();
        }
    });
    let mut ids: Vec<_> = session.in_flight().collect();
    ids.sort_unstable();
    out.list("in_flight", &ids, |id, out| out.bare_number(*id));
    out.end();
    Ok(out)
}

fn agreed(json: &mut Reader<'_>) -> Result<Agreed, Malformed> {
    let (request, response) = (json.number("request_payload")?, json.number("response_payload")?);
    let max_items = json.number("items")?;
    Ok(Agreed {
        profile: Profiles::BASELINE,
        server_supported: Profiles::BASELINE,
        request: Limits { max_payload: request, max_items },
        response: Limits { max_payload: response, max_items },
        granted_response_payload: response,
        packet_size: json.number("packet_size")?,
        session_id: 1,
    })
}

/// Shows what a packet brings.
fn event(session: &mut Session, packet: &[u8], out: &mut Json) -> Result<(), Violation> {
    match session.on_packet(packet, Time::ZERO) {
        Ok(Received::Partial) => out.bare_word("partial"),
        Ok(Received::Whole(header)) => show_message(&header, &packet[HEADER_LEN..], out),
        Ok(Received::Assembled(header)) => show_message(&header, session.assembled(), out),
        Err(violation) => {
            out.begin();
            out.word("violation", &problem(&violation));
            out.end();
            return Err(violation);
        }
    }
    Ok(())
}

fn show_message(header: &Header, payload: &[u8], out: &mut Json) {
    out.begin();
    out.bytes("message", &header.encode());
    out.bytes("payload", payload);
    out.end();
}

fn problem(violation: &Violation) -> String {
    match violation {
        Violation::Header(error) => header_problem(error).to_owned(),
        Violation::Batch(error) => format!("batch_{}", batch_problem(error)),
        Violation::Chunk(error) => format!("chunk_{}", chunk_problem(error)),
        Violation::UnexpectedKind { .. } => "unexpected_kind".to_owned(),
        Violation::PayloadTooLarge { .. } => "payload_too_large".to_owned(),
        Violation::TooManyItems { .. } => "too_many_items".to_owned(),
        Violation::PacketTooLong { .. } => "packet_too_long".to_owned(),
        Violation::UnknownMessageId { .. } => "unknown_message_id".to_owned(),
        _ => "unknown".to_owned(),
    }
}

/// Hashes of a byte string.
pub(crate) fn hash(json: &mut Reader<'_>) -> Result<Json, Malformed> {
    json.begin()?;
    let bytes = json.bytes("bytes")?;
    json.end()?;
    let mut out = Json::default();
    out.begin();
    out.number("djb2", djb2(&bytes).into());
    out.number("fnv1a64", fnv1a64(&bytes));
    out.end();
    Ok(out)
}
