//! The example in a module's documentation: one request and one reply, encoded and decoded.

use super::descriptor::{Query, example};
use super::{Options, Shape, camel, snake};
use crate::model::{Field, Kind, LookupParts, Service};
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
    let parts = service.lookup_parts();
    text.line(format!("use {}::codec::Writer;", options.runtime));
    text.line(format!("use {}::service::Service;", options.runtime));
    text.line(format!("use {home}::{name};"));
    let mut names: Vec<_> = match &parts {
        Some(parts) => lookup_names(service, parts),
        None => [request_fields(request), reply_fields(reply)].into_iter().flatten().collect(),
    };
    names.extend(enums_of_examples(service, request, reply));
    names.sort();
    names.dedup();
    match names.as_slice() {
        [] => {}
        [one] => text.line(format!("use {home}::{}::{one};", snake(&service.name))),
        _ => text.group(format!("use {home}::{}::{{", snake(&service.name)), names, "};", Style::Fill),
    }
    text.blank();
    text.line("let mut bytes = Vec::new();");
    match &parts {
        Some(parts) => {
            let key = key_example(&Shape::new(service, parts.key));
            text.line(format!("{name}::encode_request(&[{key}], Writer::new(&mut bytes, 1024))?;"));
        }
        None => encode(&name, request, text),
    }
    text.line(format!("let request = {name}::decode_request(&bytes)?;"));
    for field in request.record.values() {
        assert_value("request", request, field, text);
    }
    text.blank();
    text.line("let mut bytes = Vec::new();");
    text.line(format!("let mut builder = {name}::reply_builder(&request, Writer::new(&mut bytes, 1024));"));
    match &parts {
        Some(parts) => answer(service, reply, parts, text),
        None => build(reply, text),
    }
    text.line(format!("{name}::finish_reply(builder)?;"));
    let binding = if reply.record.values().next().is_none() { "" } else { "let reply = " };
    text.line(format!("{binding}{name}::decode_reply(&bytes)?;"));
    for field in reply.record.values() {
        assert_value("reply", reply, field, text);
    }
    text.line("# Ok::<(), Box<dyn std::error::Error>>(())");
}

/// The structs that the example of a lookup has to name.
fn lookup_names(service: &Service, parts: &LookupParts<'_>) -> Vec<String> {
    let mut names = Vec::new();
    let key = Shape::new(service, parts.key);
    if Query::of(&key) == Query::Fields {
        names.push(key.fields_name());
    }
    if let Some(status) = parts.final_statuses().next()
        && !parts.free_fields(&status.name).is_empty()
    {
        names.push(format!("{}Fields", camel(&status.name)));
    }
    names
}

/// The enumerations whose values the example has to name.
fn enums_of_examples(service: &Service, request: &Shape<'_>, reply: &Shape<'_>) -> Vec<String> {
    let fields: Vec<&Field> = match service.lookup_parts() {
        Some(parts) => {
            let status = parts.final_statuses().next();
            let free = status.map_or_else(Vec::new, |status| parts.free_fields(&status.name));
            parts.key.values().chain(free).collect()
        }
        None => {
            let item = reply.item();
            let item = item.iter().flat_map(|item| item.record.values());
            request.record.values().chain(reply.record.values()).chain(item).collect()
        }
    };
    let names = fields.into_iter().filter_map(|field| match &field.kind {
        Kind::Enum { name, .. } => Some(camel(name)),
        _ => None,
    });
    names.collect()
}

fn key_example(key: &Shape<'_>) -> String {
    match (Query::of(key), key.record.values().next()) {
        (Query::Value, Some(field)) => example(key.service, &field.kind),
        _ => format!("{} {{ {} }}", key.fields_name(), values(key).join(", ")),
    }
}

/// The first sort of answer there is.
fn answer(service: &Service, reply: &Shape<'_>, parts: &LookupParts<'_>, text: &mut Text) {
    let lookup = parts.lookup;
    let Some(status) = parts.final_statuses().next() else { return };
    if let Some(field) = reply.record.field(&lookup.generation) {
        text.line(format!("builder.{}({});", field.name, example(service, &field.kind)));
    }
    let free = parts.free_fields(&status.name);
    if free.is_empty() {
        text.line(format!("builder.{}()?;", status.name));
        return;
    }
    let values = free.iter().map(|field| format!("{}: {}", field.name, example(service, &field.kind))).collect();
    text.group(format!("builder.{}({}Fields {{", status.name, camel(&status.name)), values, "})?;", Style::Spaced);
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
            let value = request.record.values().next();
            let value = value.map_or_else(String::new, |field| example(request.service, &field.kind));
            text.line(format!("{name}::encode_request({value}, Writer::new(&mut bytes, 1024))?;"));
        }
        Query::Fields => {
            text.group(format!("let query = {} {{", request.fields_name()), values(request), "};", Style::Spaced);
            text.line(format!("{name}::encode_request(query, Writer::new(&mut bytes, 1024))?;"));
        }
    }
}

fn build(reply: &Shape<'_>, text: &mut Text) {
    if let Some(item) = reply.item() {
        let setters =
            reply.record.values().filter(|field| matches!(field.kind, Kind::Number { .. } | Kind::Enum { .. }));
        let mut chain: Vec<_> =
            setters.map(|field| format!(".{}({})", field.name, example(reply.service, &field.kind))).collect();
        if !chain.is_empty() {
            chain.push(";".to_owned());
            text.line(format!("builder{}", chain.concat()));
        }
        text.group(format!("builder.push({} {{", item.fields_name()), values(&item), "})?;", Style::Spaced);
    } else {
        let mut fields = reply.record.values();
        match (fields.next(), fields.next()) {
            (None, _) => {}
            (Some(field), None) => {
                text.line(format!("builder.{}({})?;", field.name, example(reply.service, &field.kind)));
            }
            (Some(_), Some(_)) => {
                text.group(format!("builder.set({} {{", reply.fields_name()), values(reply), "})?;", Style::Spaced);
            }
        }
    }
}

fn values(shape: &Shape<'_>) -> Vec<String> {
    shape.record.values().map(|field| format!("{}: {}", field.name, example(shape.service, &field.kind))).collect()
}

fn assert_value(binding: &str, shape: &Shape<'_>, field: &Field, text: &mut Text) {
    let call = if shape.record.is_plain() { field.name.clone() } else { format!("{}()", field.name) };
    match field.kind {
        Kind::List { .. } => text.line(format!("assert_eq!({binding}.{call}.len(), 1);")),
        Kind::Table { .. } => text.line(format!("assert!({binding}.{call}.is_empty());")),
        _ => text.line(format!("assert_eq!({binding}.{call}, {});", example(shape.service, &field.kind))),
    }
}
