//! Scripts of the handshake.

use netipc_proto::handshake::{Answer, Disposition, Gate, Proposal, Refusal, ServerPolicy, answer};
use netipc_proto::limits::Agreed;
use netipc_proto::profile::Profiles;

use crate::envelope::read_limits;
use crate::json::{Json, Malformed, Reader};

/// What a server answers to one packet.
pub(crate) fn server(json: &mut Reader<'_>) -> Result<Json, Malformed> {
    json.begin()?;
    let policy = ServerPolicy {
        supported: Profiles(json.number("supported")?),
        preferred: Profiles(json.number("preferred")?),
        auth_token: json.number("auth_token")?,
        max_request_payload: json.number("max_request")?,
        max_response_payload: json.number("max_response")?,
        packet_size: json.number("packet_size")?,
    };
    let session_id = json.number("session_id")?;
    let gate = match json.word("gate")? {
        "open" => Gate::Open,
        "denied" => Gate::Denied,
        "full" => Gate::Full,
        _ => return Err(json.malformed("no such gate")),
    };
    let packet = json.bytes("packet")?;
    json.end()?;

    let mut out = Json::default();
    out.begin();
    match answer(&policy, &packet, session_id, gate) {
        Answer::Accept { ack, .. } => show_answer("accept", 0, &ack, &mut out),
        Answer::Reject { status, ack, .. } => show_answer("reject", status.0, &ack, &mut out),
        Answer::Close { .. } => out.word("answer", "close"),
    }
    out.end();
    Ok(out)
}

fn show_answer(answer: &str, status: u16, packet: &[u8], out: &mut Json) {
    out.word("answer", answer);
    out.number("status", status.into());
    out.bytes("packet", packet);
}

/// What a client makes of an answer.
pub(crate) fn client(json: &mut Reader<'_>) -> Result<Json, Malformed> {
    json.begin()?;
    let mut proposal = Proposal {
        supported: Profiles(json.number("supported")?),
        preferred: Profiles(json.number("preferred")?),
        request: read_limits("request", json)?,
        response: read_limits("response", json)?,
        auth_token: json.number("auth_token")?,
        packet_size: json.number("packet_size")?,
        ..Proposal::default()
    };
    proposal.response_ceiling = json.number("response_ceiling")?;
    let runnable = Profiles(json.number("runnable")?);
    let packet = json.bytes("packet")?;
    json.end()?;

    let mut out = Json::default();
    out.begin();
    match proposal.accept(&packet, runnable) {
        Ok(agreed) => out.object("agreed", |out| show_agreed(&agreed, out)),
        Err(refusal) => {
            out.word("refused", problem(&refusal));
            let state = match refusal.disposition() {
                Disposition::AuthFailed => "auth_failed",
                Disposition::Incompatible => "incompatible",
                Disposition::Disconnected => "disconnected",
            };
            out.word("state", state);
        }
    }
    out.end();
    Ok(out)
}

fn show_agreed(agreed: &Agreed, out: &mut Json) {
    out.number("profile", agreed.profile.0.into());
    out.number("server_supported", agreed.server_supported.0.into());
    out.number("request_payload", agreed.request.max_payload.into());
    out.number("request_items", agreed.request.max_items.into());
    out.number("response_payload", agreed.response.max_payload.into());
    out.number("response_items", agreed.response.max_items.into());
    out.number("packet_size", agreed.packet_size.into());
    out.number("session_id", agreed.session_id);
}

fn problem(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Header(_) => "header",
        Refusal::Version { .. } => "version",
        Refusal::NotAck { .. } => "not_ack",
        Refusal::Rejected { .. } => "rejected",
        Refusal::Short { .. } => "short",
        Refusal::Layout { .. } => "layout",
        Refusal::Flags { .. } => "flags",
        Refusal::Profile { .. } => "profile",
        Refusal::PacketSize { .. } => "packet_size",
        Refusal::RequestPayload { .. } => "request_payload",
        _ => "unknown",
    }
}
