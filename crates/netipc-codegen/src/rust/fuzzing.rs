//! Entry points for fuzzers: bytes in, every invariant of the codec asserted.

use super::{Options, Shape, camel, snake};
use crate::model::{Kind, Record, Service};
use crate::text::{Style, Text};

/// The module with one entry point for each service.
#[must_use]
pub fn fuzzing(services: &[Service], source: &str, options: &Options) -> String {
    let mut text = Text::new();
    super::generated_from(source, &mut text);
    text.blank();
    text.comment("//!", "Entry points for fuzzers.");
    text.line("//!");
    text.comment(
        "//!",
        "Each takes any bytes as a request and as a reply. What a decoder accepts must encode again, to no more bytes, and \
         decode to equal values; the canonical form must encode to itself.",
    );
    text.blank();
    text.line("use alloc::vec::Vec;");
    text.blank();
    text.line(format!("use {}::codec::{{BuildError, Writer}};", options.runtime));
    text.line(format!("use {}::service::Service;", options.runtime));
    text.blank();
    let mut services: Vec<_> = services.iter().collect();
    services.sort_by_key(|service| snake(&service.name));
    let names = services.iter().map(|service| camel(&service.name)).collect();
    text.group("use crate::{", names, "};", Style::Fill);
    text.blank();
    for service in services {
        entry(service, &mut text);
    }
    encoded(&mut text);
    text.render()
}

fn entry(service: &Service, text: &mut Text) {
    let name = camel(&service.name);
    let (Some(request), Some(reply)) = (service.record(&service.request), service.record(&service.reply)) else {
        return;
    };
    text.comment("///", format!("Checks the codec of `{}` on `data`.", service.name));
    text.line("///");
    text.comment("///", "# Panics\n\nWhen an invariant does not hold.");
    text.block(format!("pub fn {}(data: &[u8]) {{", snake(&service.name)), "}", |text| {
        text.block(format!("if let Ok(request) = {name}::decode_request(data) {{"), "}", |text| {
            let query = query(&Shape::new(service, request));
            let encode = |query: &str| format!("encoded(|out| {name}::encode_request({query}, out))");
            text.line(format!("let bytes = {};", encode(&query)));
            text.line("assert!(bytes.len() <= data.len());");
            text.line(format!("let again = {name}::decode_request(&bytes).expect(\"the canonical form decodes\");"));
            text.line("assert_eq!(again, request);");
            let again = query.replace("request", "again");
            text.line(format!("assert_eq!({}, bytes);", encode(&again)));
        });
        text.block(format!("if let Ok(reply) = {name}::decode_reply(data) {{"), "}", |text| {
            fill(service, reply, text);
            text.line("let bytes = encoded(|out| fill(reply, out));");
            text.line("assert!(bytes.len() <= data.len());");
            text.line(format!("let again = {name}::decode_reply(&bytes).expect(\"the canonical form decodes\");"));
            text.line("assert_eq!(again, reply);");
            text.line("assert_eq!(encoded(|out| fill(again, out)), bytes);");
        });
    });
    text.blank();
}

/// The query that asks what a decoded request asks.
fn query(request: &Shape<'_>) -> String {
    let values: Vec<_> = request.record.values().collect();
    match values.as_slice() {
        [] => "()".to_owned(),
        [field] if request.record.is_plain() => format!("request.{}", field.name),
        [field] => format!("request.{}()", field.name),
        _ if request.record.is_plain() => "request".to_owned(),
        _ => "request.fields()".to_owned(),
    }
}

/// A closure that builds a reply again from its view.
fn fill(service: &Service, reply: &Record, text: &mut Text) {
    let name = camel(&service.name);
    let shape = Shape::new(service, reply);
    let values: Vec<_> = reply.values().collect();
    let open = format!("let fill = |reply: <{name} as Service>::Reply<'_>, out: Writer<'_>| {{");
    text.block(open, "};", |text| {
        if values.is_empty() {
            text.line("let _ = reply;");
            text.line(format!("{name}::finish_reply({name}::reply_builder(out))"));
            return;
        }
        text.line(format!("let mut builder = {name}::reply_builder(out);"));
        match (shape.item(), values.as_slice()) {
            (Some(item), _) => {
                for field in values.iter().filter(|field| matches!(field.kind, Kind::Number { .. })) {
                    text.line(format!("builder.{0}(reply.{0}());", field.name));
                }
                let list = reply.list().map_or("", |list| &list.name);
                let fields = if item.record.is_plain() { "item" } else { "item.fields()" };
                text.block(format!("for item in reply.{list}() {{"), "}", |text| {
                    text.line(format!("builder.push({fields})?;"));
                });
            }
            (None, [field]) if reply.is_plain() => text.line(format!("builder.{0}(reply.{0})?;", field.name)),
            (None, [field]) => text.line(format!("builder.{0}(reply.{0}())?;", field.name)),
            (None, _) if reply.is_plain() => text.line("builder.set(reply)?;"),
            (None, _) => text.line("builder.set(reply.fields())?;"),
        }
        text.line(format!("{name}::finish_reply(builder)"));
    });
}

fn encoded(text: &mut Text) {
    let head = "fn encoded(encode: impl FnOnce(Writer<'_>) -> Result<(), BuildError>) -> Vec<u8> {";
    text.block(head, "}", |text| {
        text.line("let mut bytes = Vec::new();");
        text.line("encode(Writer::new(&mut bytes, usize::MAX)).expect(\"what decodes also encodes\");");
        text.line("bytes");
    });
}
