//! Headers, handshake payloads and batches.

use netipc_proto::batch::{Batch, BatchBuilder, BatchError};
use netipc_proto::chunk::{ChunkError, ChunkHeader};
use netipc_proto::handshake::{Hello, HelloAck};
use netipc_proto::header::{Header, HeaderError, Kind, Status};
use netipc_proto::limits::Limits;
use netipc_proto::profile::Profiles;

use crate::json::{Json, Malformed, Reader};
use crate::offence;
use crate::side::Outcome;

/// What bytes say, as JSON; none when there is no such target.
pub(crate) fn decode(target: &str, bytes: &[u8]) -> Option<Outcome> {
    Some(both(target, bytes)?.map(|sound| sound.json))
}

/// What bytes say, and the bytes that say it again.
pub(crate) fn check(target: &str, bytes: &[u8]) -> Option<Outcome> {
    let both = both(target, bytes)?;
    Some(both.map(|Sound { json, bytes }| [&(json.len() as u32).to_le_bytes()[..], &json, &bytes].concat()))
}

/// What bytes say, as JSON, and the bytes that say it again.
struct Sound {
    json: Vec<u8>,
    bytes: Vec<u8>,
}

impl Sound {
    fn new(bytes: impl Into<Vec<u8>>, show: impl FnOnce(&mut Json)) -> Self {
        Self { json: shown(show), bytes: bytes.into() }
    }
}

fn both(target: &str, bytes: &[u8]) -> Option<Result<Sound, Vec<u8>>> {
    Some(match target {
        "header" => match Header::decode(bytes) {
            Ok(header) => Ok(Sound::new(header.encode(), |json| show_header(&header, json))),
            Err(error) => Err(offence::envelope(target, header_problem(&error))),
        },
        "chunk-header" => match ChunkHeader::decode(bytes) {
            Ok(header) => Ok(Sound::new(header.encode(), |json| show_chunk(&header, json))),
            Err(error) => Err(offence::envelope("chunk", chunk_problem(&error))),
        },
        "hello" => match Hello::decode(bytes) {
            Some(hello) => Ok(Sound::new(hello.encode(), |json| show_hello(&hello, json))),
            None => Err(offence::envelope(target, "short")),
        },
        "hello-ack" => match HelloAck::decode(bytes) {
            Some(ack) => Ok(Sound::new(ack.encode(), |json| show_ack(&ack, json))),
            None => Err(offence::envelope(target, "short")),
        },
        "batch" => batch(bytes),
        _ => return None,
    })
}

fn batch(bytes: &[u8]) -> Result<Sound, Vec<u8>> {
    let refused = |problem| offence::envelope("batch", problem);
    let (count, payload) = bytes.split_first_chunk().ok_or_else(|| refused("truncated"))?;
    let batch = Batch::parse(payload, u32::from_le_bytes(*count)).map_err(|error| refused(batch_problem(&error)))?;
    let items: Vec<_> = batch.iter().collect();
    Ok(Sound::new(built(&items, usize::MAX)?, |json| json.list("items", &items, |item, json| json.hex(item))))
}

fn built<T: AsRef<[u8]>>(items: &[T], budget: usize) -> Outcome {
    let overflow = |_| offence::envelope("batch", "overflow");
    let mut bytes = Vec::new();
    let mut builder = BatchBuilder::new(&mut bytes, budget, items.len() as u32).map_err(overflow)?;
    for item in items {
        builder.push(item.as_ref()).map_err(overflow)?;
    }
    builder.finish();
    Ok(bytes)
}

/// The bytes of a value; none when there is no such target.
pub(crate) fn encode(target: &str, budget: usize, json: &mut Reader<'_>) -> Result<Option<Outcome>, Malformed> {
    if !matches!(target, "header" | "chunk-header" | "hello" | "hello-ack" | "batch") {
        return Ok(None);
    }
    json.begin()?;
    let outcome = match target {
        "header" => match read_header(json)? {
            Some(header) => Ok(header.encode().to_vec()),
            None => Err(offence::envelope(target, "kind")),
        },
        "chunk-header" => Ok(read_chunk(json)?.encode().to_vec()),
        "hello" => Ok(read_hello(json)?.encode().to_vec()),
        "hello-ack" => Ok(read_ack(json)?.encode().to_vec()),
        _ => built(&json.list("items", Reader::hex)?, budget),
    };
    json.end()?;
    Ok(Some(outcome))
}

fn shown(show: impl FnOnce(&mut Json)) -> Vec<u8> {
    let mut json = Json::default();
    json.begin();
    show(&mut json);
    json.end();
    json.into_bytes()
}

fn show_header(header: &Header, json: &mut Json) {
    json.number("kind", header.kind as u64);
    json.number("flags", header.flags.into());
    json.number("code", header.code.into());
    json.number("transport_status", header.status.0.into());
    json.number("payload_len", header.payload_len.into());
    json.number("item_count", header.item_count.into());
    json.number("message_id", header.message_id);
}

/// A header; none when there is no such kind.
fn read_header(json: &mut Reader<'_>) -> Result<Option<Header>, Malformed> {
    let kind: u16 = json.number("kind")?;
    let header = Header {
        kind: match kind {
            1 => Kind::Request,
            2 => Kind::Response,
            _ => Kind::Control,
        },
        flags: json.number("flags")?,
        code: json.number("code")?,
        status: Status(json.number("transport_status")?),
        payload_len: json.number("payload_len")?,
        item_count: json.number("item_count")?,
        message_id: json.number("message_id")?,
    };
    Ok(Some(header).filter(|_| (1..=3).contains(&kind)))
}

fn show_chunk(header: &ChunkHeader, json: &mut Json) {
    json.number("message_id", header.message_id);
    json.number("total_message_len", header.total_len.into());
    json.number("chunk_index", header.index.into());
    json.number("chunk_count", header.count.into());
    json.number("chunk_payload_len", header.payload_len.into());
}

fn read_chunk(json: &mut Reader<'_>) -> Result<ChunkHeader, Malformed> {
    Ok(ChunkHeader {
        message_id: json.number("message_id")?,
        total_len: json.number("total_message_len")?,
        index: json.number("chunk_index")?,
        count: json.number("chunk_count")?,
        payload_len: json.number("chunk_payload_len")?,
    })
}

fn show_hello(hello: &Hello, json: &mut Json) {
    json.number("layout_version", hello.layout_version.into());
    json.number("flags", hello.flags.into());
    json.number("supported", hello.supported.0.into());
    json.number("preferred", hello.preferred.0.into());
    show_limits(&hello.request, &hello.response, json);
    json.number("padding", hello.padding.into());
    json.number("auth_token", hello.auth_token);
    json.number("packet_size", hello.packet_size.into());
}

fn read_hello(json: &mut Reader<'_>) -> Result<Hello, Malformed> {
    Ok(Hello {
        layout_version: json.number("layout_version")?,
        flags: json.number("flags")?,
        supported: Profiles(json.number("supported")?),
        preferred: Profiles(json.number("preferred")?),
        request: read_limits("request", json)?,
        response: read_limits("response", json)?,
        padding: json.number("padding")?,
        auth_token: json.number("auth_token")?,
        packet_size: json.number("packet_size")?,
    })
}

fn show_ack(ack: &HelloAck, json: &mut Json) {
    json.number("layout_version", ack.layout_version.into());
    json.number("flags", ack.flags.into());
    json.number("server_supported", ack.server_supported.0.into());
    json.number("intersection", ack.intersection.0.into());
    json.number("selected", ack.selected.0.into());
    show_limits(&ack.request, &ack.response, json);
    json.number("packet_size", ack.packet_size.into());
    json.number("padding", ack.padding.into());
    json.number("session_id", ack.session_id);
}

fn read_ack(json: &mut Reader<'_>) -> Result<HelloAck, Malformed> {
    Ok(HelloAck {
        layout_version: json.number("layout_version")?,
        flags: json.number("flags")?,
        server_supported: Profiles(json.number("server_supported")?),
        intersection: Profiles(json.number("intersection")?),
        selected: Profiles(json.number("selected")?),
        request: read_limits("request", json)?,
        response: read_limits("response", json)?,
        packet_size: json.number("packet_size")?,
        padding: json.number("padding")?,
        session_id: json.number("session_id")?,
    })
}

fn show_limits(request: &Limits, response: &Limits, json: &mut Json) {
    for (direction, limits) in [("request", request), ("response", response)] {
        json.number(&format!("{direction}_payload"), limits.max_payload.into());
        json.number(&format!("{direction}_items"), limits.max_items.into());
    }
}

/// The limits of one direction.
pub(crate) fn read_limits(direction: &str, json: &mut Reader<'_>) -> Result<Limits, Malformed> {
    let max_payload = json.number(&format!("{direction}_payload"))?;
    Ok(Limits { max_payload, max_items: json.number(&format!("{direction}_items"))? })
}

pub(crate) fn header_problem(error: &HeaderError) -> &'static str {
    match error {
        HeaderError::Short { .. } => "short",
        HeaderError::Magic { .. } => "magic",
        HeaderError::Version { .. } => "version",
        HeaderError::HeaderLen { .. } => "header_len",
        HeaderError::Kind { .. } => "kind",
        _ => "unknown",
    }
}

pub(crate) fn chunk_problem(error: &ChunkError) -> &'static str {
    match error {
        ChunkError::Short { .. } => "short",
        ChunkError::Magic { .. } => "magic",
        ChunkError::Version { .. } => "version",
        ChunkError::Flags { .. } => "flags",
        ChunkError::MessageId { .. } => "message_id",
        ChunkError::Index { .. } => "index",
        ChunkError::Count { .. } => "count",
        ChunkError::Total { .. } => "total",
        ChunkError::PacketLen { .. } => "packet_len",
        ChunkError::PartLen { .. } => "part_len",
        _ => "unknown",
    }
}

pub(crate) fn batch_problem(error: &BatchError) -> &'static str {
    match error {
        BatchError::Truncated { .. } => "truncated",
        BatchError::Misaligned { .. } => "misaligned",
        BatchError::OutOfBounds { .. } => "out_of_bounds",
        _ => "unknown",
    }
}
