//! The type by which clients and servers are generic over a service.

use super::lookup;
use super::write::has_rules;
use super::{Query, Shape, Uses};
use crate::model::Service;
use crate::text::Text;

pub(super) fn print(service: &Service, text: &mut Text, uses: &mut Uses) {
    let (Some(request), Some(reply)) = (service.record(&service.request), service.record(&service.reply)) else {
        return;
    };
    let (request, reply) = (Shape::new(service, request), Shape::new(service, reply));
    let builder = reply.builder();
    let parts = service.lookup_parts();
    let query = match &parts {
        Some(parts) => {
            let key = Shape::new(service, parts.key);
            format!("[]{}", Query::of(&key).ty(&key))
        }
        None => Query::of(&request).ty(&request),
    };
    let interface = match &parts {
        Some(parts) => {
            let key = Shape::new(service, parts.key);
            format!("service.Lookup[{}, {}, {}, {builder}]", Query::of(&key).ty(&key), request.view, reply.view)
        }
        None => format!("service.Service[{query}, {}, {}, {builder}]", request.view, reply.view),
    };
    text.comment(
        "//",
        format!("Service describes the {} service to clients and servers. It has no state.", service.name),
    );
    text.line("type Service struct{}");
    text.blank();
    text.line(format!("var _ {interface} = Service{{}}"));
    text.blank();
    facts(service, text);
    let method = |name: &str, doc: &str, signature: String, body: String, text: &mut Text| {
        text.comment("//", format!("{name} {doc}"));
        text.block(format!("func (Service) {name}{signature} {{"), "}", |text| text.line(body));
        text.blank();
    };
    match &parts {
        Some(parts) => lookup::encode_request(service, parts, text),
        None => encode_request(&request, text),
    }
    method(
        "DecodeRequest",
        "checks a request payload completely; see [service.Service].",
        format!("(payload []byte) ({}, error)", request.view),
        format!("return Decode{}(payload)", request.view),
        text,
    );
    let (parameter, argument) = if parts.is_some() { ("request", ", request") } else { ("_", "") };
    method(
        "StartReply",
        "makes b ready for the reply to a request; see [service.Service].",
        format!("(b *{builder}, dst []byte, budget int, {parameter} {})", request.view),
        format!("b.Reset(dst, budget{argument})"),
        text,
    );
    method(
        "FinishReply",
        "ends the reply payload; see [service.Service].",
        format!("(b *{builder}) ([]byte, error)"),
        "return b.Finish()".to_owned(),
        text,
    );
    method(
        "DecodeReply",
        "checks a reply payload completely; see [service.Service].",
        format!("(payload []byte) ({}, error)", reply.view),
        format!("return Decode{}(payload)", reply.view),
        text,
    );
    if let Some(parts) = &parts {
        lookup::descriptor(service, parts, text, uses);
    }
}

fn facts(service: &Service, text: &mut Text) {
    let fact = |name: &str, doc: &str, ty: &str, value: String, text: &mut Text| {
        text.comment("//", format!("{name} {doc}."));
        text.line(format!("func (Service) {name}() {ty} {{ return {value} }}"));
        text.blank();
    };
    fact("Name", "returns the default name of endpoints", "string", format!("\"{}\"", service.name), text);
    fact("Method", "returns the method code", "uint16", code(service.method), text);
    let doc = "reports whether several requests may travel in one batch";
    fact("Batchable", doc, "bool", service.batchable.to_string(), text);
    let doc = "reports whether a request may be sent again after a loss";
    fact("Idempotent", doc, "bool", service.idempotent.to_string(), text);
}

fn encode_request(request: &Shape<'_>, text: &mut Text) {
    let query = Query::of(request);
    text.comment("//", "EncodeRequest appends the request payload for query; see [service.Service].");
    let parameter = if query == Query::Nothing { "_" } else { "query" };
    let head = format!(
        "func (Service) EncodeRequest(dst []byte, budget int, {parameter} {}) ([]byte, error) {{",
        query.ty(request)
    );
    text.block(head, "}", |text| {
        text.line("out := codec.NewWriter(dst, budget)");
        let values = query.values(request, "query");
        let variable = if query == Query::Fields { "query" } else { "fields" };
        if query != Query::Fields {
            text.line(format!("fields := {values}"));
        }
        if has_rules(request) {
            text.block(format!("if err := {variable}.check(); err != nil {{"), "}", |text| {
                text.line("return out.Finish(err)");
            });
        }
        text.line(format!("return out.Finish({variable}.write(&out))"));
    });
    text.blank();
}

/// Method codes of user services are easier to recognise in hexadecimal.
fn code(method: u16) -> String {
    if method >= 0x8000 { format!("{method:#06x}") } else { method.to_string() }
}
