//! The type by which clients and servers are generic over a service.

use super::{Shape, Uses, camel};
use crate::model::{Kind, Service};
use crate::text::Text;

pub(super) fn print(service: &Service, text: &mut Text, uses: &mut Uses) {
    uses.codec(&["BuildError", "DecodeError", "Writer"]);
    uses.service.insert("Service");
    let name = camel(&service.name);
    text.comment("///", format!("The `{}` service.", service.name));
    text.line("#[derive(Debug)]");
    text.line(format!("pub enum {name} {{}}"));
    text.blank();

    let (Some(request), Some(reply)) = (service.record(&service.request), service.record(&service.reply)) else {
        return;
    };
    let (request, reply) = (Shape::new(service, request), Shape::new(service, reply));
    let builder = reply.builder();
    text.block(format!("impl Service for {name} {{"), "}", |text| {
        text.line(format!("const NAME: &'static str = \"{}\";", service.name));
        text.line(format!("const METHOD: u16 = {};", code(service.method)));
        text.line(format!("const BATCHABLE: bool = {};", service.batchable));
        text.line(format!("const IDEMPOTENT: bool = {};", service.idempotent));
        text.blank();
        text.line(format!("type Query<'a> = {};", query_type(service, &request)));
        text.line(format!("type Request<'a> = {};", request.view_type("'a")));
        text.line(format!("type Reply<'a> = {};", reply.view_type("'a")));
        text.line(format!("type ReplyBuilder<'a> = {builder}<'a>;"));
        text.blank();
        match service.lookup_parts() {
            Some(parts) => {
                let keys = Shape::new(service, parts.key);
                let ty = Query::of(&keys).ty(&keys, "'_").replace("&'_ ", "&");
                let head = format!("fn encode_request(query: &[{ty}], out: Writer<'_>) -> Result<(), BuildError> {{");
                method(head, "Self::encode_keys(query, out)".to_owned(), text);
            }
            None => encode_request(&request, text),
        }
        method(
            format!("fn decode_request(payload: &[u8]) -> Result<{}, DecodeError> {{", request.view_type("'_")),
            format!("{}::decode(payload)", request.view),
            text,
        );
        let (binding, arguments) = if service.lookup.is_some() { ("request", "request, out") } else { ("_", "out") };
        let request_type = "&Self::Request<'r>";
        method(
            format!("fn reply_builder<'r: 'a, 'a>({binding}: {request_type}, out: Writer<'a>) -> {builder}<'a> {{"),
            format!("{builder}::new({arguments})"),
            text,
        );
        method(
            format!("fn finish_reply(builder: {builder}<'_>) -> Result<(), BuildError> {{"),
            "builder.finish()".to_owned(),
            text,
        );
        method(
            format!("fn decode_reply(payload: &[u8]) -> Result<{}, DecodeError> {{", reply.view_type("'_")),
            format!("{}::decode(payload)", reply.view),
            text,
        );
    });
    text.blank();
    if let Some(parts) = service.lookup_parts() {
        super::lookup::descriptor(&reply, &parts, text, uses);
    }
}

/// What a caller passes.
fn query_type(service: &Service, request: &Shape<'_>) -> String {
    match service.lookup_parts() {
        Some(parts) => {
            let key = Shape::new(service, parts.key);
            format!("&'a [{}]", Query::of(&key).ty(&key, "'a"))
        }
        None => Query::of(request).ty(request, "'a"),
    }
}

fn method(head: String, body: String, text: &mut Text) {
    text.line("#[inline]");
    text.block(head, "}", |text| text.line(body));
    text.blank();
}

fn encode_request(request: &Shape<'_>, text: &mut Text) {
    let query = Query::of(request);
    let pattern = match query {
        Query::Nothing => "(): ()".to_owned(),
        Query::Value | Query::Fields => format!("query: {}", query.ty(request, "'_").replace("&'_ ", "&")),
    };
    text.line("#[inline]");
    text.block(
        format!("fn encode_request({pattern}, mut out: Writer<'_>) -> Result<(), BuildError> {{"),
        "}",
        |text| {
            let fields = request.fields_name();
            match query {
                Query::Nothing => text.line(format!("let result = {fields}.write(&mut out);")),
                Query::Value => {
                    let field = request.record.values().next().map_or("", |field| &field.name);
                    let member = if field == "query" { "query".to_owned() } else { format!("{field}: query") };
                    text.line(format!("let query = {fields} {{ {member} }};"));
                    text.line(write_query(request));
                }
                Query::Fields => text.line(write_query(request)),
            }
            text.line("out.end(result)");
        },
    );
    text.blank();
}

fn write_query(request: &Shape<'_>) -> &'static str {
    if super::write::has_rules(request.record) {
        "let result = query.check().and_then(|()| query.write(&mut out));"
    } else {
        "let result = query.write(&mut out);"
    }
}

/// What a caller passes: as little as says it all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Query {
    /// The request carries no value.
    Nothing,
    /// The request carries one value, passed bare.
    Value,
    /// The request carries several, passed as a struct.
    Fields,
}

impl Query {
    pub(super) fn of(request: &Shape<'_>) -> Self {
        match request.record.values().count() {
            0 => Self::Nothing,
            1 => Self::Value,
            _ => Self::Fields,
        }
    }

    pub(super) fn ty(self, request: &Shape<'_>, lifetime: &str) -> String {
        match self {
            Self::Nothing => "()".to_owned(),
            Self::Value => {
                request.record.values().next().map_or_else(String::new, |field| request.input_type(field, lifetime))
            }
            Self::Fields => request.fields_type(lifetime),
        }
    }
}

/// Method codes of user services are easier to recognise in hexadecimal.
fn code(method: u16) -> String {
    if method >= 0x8000 { format!("{method:#06x}") } else { method.to_string() }
}

/// A literal with the field's example.
pub(super) fn example(service: &Service, kind: &Kind) -> String {
    match kind {
        Kind::Number { example, .. } => grouped(*example),
        Kind::Enum { name, example, .. } => {
            service.enumeration(name).map_or_else(String::new, |of| super::enums::path(of, example))
        }
        Kind::Table { .. } => "&[]".to_owned(),
        Kind::String(rule) => format!("b\"{}\"", rule.example.as_bytes().escape_ascii()),
        Kind::Constant { .. } | Kind::Size { .. } | Kind::Count { .. } | Kind::List { .. } => String::new(),
    }
}

/// Digits in groups of three, as people write long numbers.
pub(super) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join("_")
}
