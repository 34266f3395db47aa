//! The example in a module's documentation: one request and one reply, encoded and decoded.

use super::descriptor::{Query, example};
use super::{Options, Shape, camel, snake};
use crate::model::{Field, Kind, Service};
use crate::text::{Style, Text};

pub(super) fn print(service: &Service, options: &Options, home: &str, file: &mut Text) {
    let (Some(request), Some(reply)) = (service.record(&service.request), service.record(&service.reply)) else {
        return;
    };
    let (request, reply) = (Shape::new(service, request), Shape::new(service, reply));
    let mut text = Text::new();
    code(service, options, home, &request, &reply, &mut text);
    file.line("//!");
    file.line("//! # Example");
    file.line("//!");
    file.line("//! ```");
    // Narrower, because the comment's prefix comes in front.
    for line in text.render_within(crate::text::WIDTH - 4).lines() {
        file.line(format!("//! {line}").trim_end());
    }
    file.line("//! ```");
}

fn code(service: &Service, options: &Options, home: &str, request: &Shape<'_>, reply: &Shape<'_>, text: &mut Text) {
    let name = camel(&service.name);
    text.line(format!("use {}::codec::Writer;", options.runtime));
    text.line(format!("use {}::service::Service;", options.runtime));
    text.line(format!("use {home}::{name};"));
    let fields: Vec<_> = [request_fields(request), reply_fields(reply)].into_iter().flatten().collect();
    for fields in fields {
        text.line(format!("use {home}::{}::{fields};", snake(&service.name)));
    }
    text.blank();
    text.line("let mut bytes = Vec::new();");
    encode(&name, request, text);
    let binding = if request.record.values().next().is_none() { "" } else { "let request = " };
    text.line(format!("{binding}{name}::decode_request(&bytes)?;"));
    for field in request.record.values() {
        assert_value("request", request, field, text);
    }
    text.blank();
    text.line("let mut bytes = Vec::new();");
    build(&name, reply, text);
    let binding = if reply.record.values().next().is_none() { "" } else { "let reply = " };
    text.line(format!("{binding}{name}::decode_reply(&bytes)?;"));
    for field in reply.record.values() {
        assert_value("reply", reply, field, text);
    }
    text.line("# Ok::<(), Box<dyn std::error::Error>>(())");
}

/// The struct that the example has to name for the request.
fn request_fields(request: &Shape<'_>) -> Option<String> {
    (Query::of(request) == Query::Fields).then(|| request.fields_name())
}

/// The struct that the example has to name for the reply.
fn reply_fields(reply: &Shape<'_>) -> Option<String> {
    match reply.item() {
        Some(item) => Some(item.fields_name()),
        None => (Query::of(reply) == Query::Fields).then(|| reply.fields_name()),
    }
}

fn encode(name: &str, request: &Shape<'_>, text: &mut Text) {
    match Query::of(request) {
        Query::Nothing => {
            text.line(format!("{name}::encode_request((), Writer::new(&mut bytes, 1024))?;"));
        }
        Query::Value => {
            let value = request.record.values().next().map_or_else(String::new, |field| example(&field.kind));
            text.line(format!("{name}::encode_request({value}, Writer::new(&mut bytes, 1024))?;"));
        }
        Query::Fields => {
            text.group(format!("let query = {} {{", request.fields_name()), values(request), "};", Style::Spaced);
            text.line(format!("{name}::encode_request(query, Writer::new(&mut bytes, 1024))?;"));
        }
    }
}

fn build(name: &str, reply: &Shape<'_>, text: &mut Text) {
    text.line(format!("let mut builder = {name}::reply_builder(Writer::new(&mut bytes, 1024));"));
    if let Some(item) = reply.item() {
        let setters = reply.record.values().filter(|field| matches!(field.kind, Kind::Number { .. }));
        let mut chain: Vec<_> = setters.map(|field| format!(".{}({})", field.name, example(&field.kind))).collect();
        if !chain.is_empty() {
            chain.push(";".to_owned());
            text.line(format!("builder{}", chain.concat()));
        }
        text.group(format!("builder.push({} {{", item.fields_name()), values(&item), "})?;", Style::Spaced);
    } else {
        let mut fields = reply.record.values();
        match (fields.next(), fields.next()) {
            (None, _) => {}
            (Some(field), None) => text.line(format!("builder.{}({})?;", field.name, example(&field.kind))),
            (Some(_), Some(_)) => {
                text.group(format!("builder.set({} {{", reply.fields_name()), values(reply), "})?;", Style::Spaced);
            }
        }
    }
    text.line(format!("{name}::finish_reply(builder)?;"));
}

fn values(shape: &Shape<'_>) -> Vec<String> {
    shape.record.values().map(|field| format!("{}: {}", field.name, example(&field.kind))).collect()
}

fn assert_value(binding: &str, shape: &Shape<'_>, field: &Field, text: &mut Text) {
    let call = if shape.record.is_plain() { field.name.clone() } else { format!("{}()", field.name) };
    match field.kind {
        Kind::List { .. } => text.line(format!("assert_eq!({binding}.{call}.len(), 1);")),
        _ => text.line(format!("assert_eq!({binding}.{call}, {});", example(&field.kind))),
    }
}
