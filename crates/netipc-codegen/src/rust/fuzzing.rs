//! Entry points for fuzzers: bytes in, every invariant of the codec asserted.

use super::descriptor::Query;
use super::{Options, Shape, camel, snake};
use crate::model::{Field, Kind, LookupParts, Record, Service};
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
    let lookup = services.iter().any(|service| service.lookup.is_some());
    let names = if lookup { "{Lookup, Service}" } else { "Service" };
    text.line(format!("use {}::service::{names};", options.runtime));
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
        if let Some(parts) = service.lookup_parts() {
            lookup(service, &parts, text);
            return;
        }
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
    // By its path, because builders of several services have the same name.
    let builder = format!("crate::{}::{}::new(out)", snake(&service.name), shape.builder());
    text.block(open, "};", |text| {
        if values.is_empty() {
            text.line("let _ = reply;");
            text.line(format!("{builder}.finish()"));
            return;
        }
        text.line(format!("let mut builder = {builder};"));
        match (shape.item(), values.as_slice()) {
            (Some(item), _) => {
                for field in values.iter().filter(|field| matches!(field.kind, Kind::Number { .. } | Kind::Enum { .. }))
                {
                    text.line(format!("builder.{0}(reply.{0}());", field.name));
                }
                let list = reply.list().map_or("", |list| &list.name);
                text.block(format!("for item in reply.{list}() {{"), "}", |text| {
                    let fields: Vec<_> = item.record.values().collect();
                    let whole = if item.record.is_plain() { "item" } else { "item.fields()" };
                    let name = format!("crate::{}::{}", snake(&service.name), item.fields_name());
                    push("builder.push(", &item, &name, &fields, item.has_fields().then_some(whole), text);
                });
            }
            (None, [field]) if reply.is_plain() => text.line(format!("builder.{0}(reply.{0})?;", field.name)),
            (None, [field]) => text.line(format!("builder.{0}(reply.{0}())?;", field.name)),
            (None, _) if reply.is_plain() => text.line("builder.set(reply)?;"),
            (None, _) => text.line("builder.set(reply.fields())?;"),
        }
        text.line("builder.finish()");
    });
}

/// A call that takes what `item` holds: as a `whole`, or as the struct `name` of these fields.
fn push(call: &str, item: &Shape<'_>, name: &str, fields: &[&Field], whole: Option<&str>, text: &mut Text) {
    if let Some(whole) = whole {
        text.line(format!("{call}{whole})?;"));
        return;
    }
    for table in fields.iter().filter(|field| matches!(field.kind, Kind::Table { .. })) {
        text.line(format!("let {0}: Vec<_> = item.{0}().iter().collect();", table.name));
    }
    let values = fields.iter().map(|field| match field.kind {
        Kind::Table { .. } => format!("{0}: &{0}", field.name),
        _ => format!("{0}: item.{0}{1}", field.name, call_of(item)),
    });
    text.group(format!("{call}{name} {{"), values.collect(), "})?;", Style::Spaced);
}

/// What follows the name of a value: a view has methods, a plain record has members.
fn call_of(shape: &Shape<'_>) -> &'static str {
    if shape.record.is_plain() { "" } else { "()" }
}

/// A lookup's own checks: keys encode to themselves; the items of a reply do when they are put together again, and when a
/// provider answers the same.
fn lookup(service: &Service, parts: &LookupParts<'_>, text: &mut Text) {
    let name = camel(&service.name);
    let (key, item) = (Shape::new(service, parts.key), Shape::new(service, parts.item));
    let lookup = parts.lookup;
    let mut names = vec![camel(&parts.status.name)];
    if Query::of(&key) == Query::Fields {
        names.push(key.fields_name());
    }
    let answers = parts.final_statuses().filter(|status| !parts.free_fields(&status.name).is_empty());
    names.extend(answers.map(|status| format!("{}Fields", camel(&status.name))));
    names.sort();
    let module = snake(&service.name);
    match names.as_slice() {
        [name] => text.line(format!("use crate::{module}::{name};")),
        _ => text.group(format!("use crate::{module}::{{"), names, "};", Style::Fill),
    }
    text.blank();
    text.block(format!("if let Ok(request) = {name}::decode_request(data) {{"), "}", |text| {
        let map = match key_of(&key, "key") {
            whole if whole == "key" => String::new(),
            part => format!(".map(|key| {part})"),
        };
        let keys = format!("request.{}().iter(){map}.collect()", lookup.keys);
        text.line(format!("let keys: Vec<_> = {keys};"));
        text.line(format!("let bytes = encoded(|out| {name}::encode_keys(&keys, out));"));
        text.line("assert!(bytes.len() <= data.len());");
        text.line(format!("let again = {name}::decode_request(&bytes).expect(\"the canonical form decodes\");"));
        text.line("assert_eq!(again, request);");
    });
    text.block(format!("if let Ok(reply) = {name}::decode_reply(data) {{"), "}", |text| {
        text.block("let bytes = encoded(|out| {", "});", |text| {
            text.line(format!("let mut whole = {name}::stitcher(out, 0);"));
            text.block(format!("for index in 0..{name}::len(&reply) {{"), "}", |text| {
                text.line(format!("whole.copy({name}::item_bytes(&reply, index))?;"));
            });
            text.line(format!("{name}::finish_stitched(whole, {name}::generation(&reply))"));
        });
        text.line("assert!(bytes.len() <= data.len());");
        text.line(format!("let again = {name}::decode_reply(&bytes).expect(\"stitched items decode\");"));
        text.line("assert_eq!(again, reply);");
        text.line(format!("assert_eq!({name}::view_reply(&bytes), reply);"));
        text.blank();
        answer_again(service, parts, &key, &item, text);
    });
}

fn answer_again(service: &Service, parts: &LookupParts<'_>, key: &Shape<'_>, item: &Shape<'_>, text: &mut Text) {
    let (name, lookup) = (camel(&service.name), parts.lookup);
    let of_item = echoed(key, item, parts);
    text.line(format!("let mut items: Vec<_> = reply.{}().iter().collect();", lookup.items));
    let status = format!("item.{}{}", lookup.status, call_of(item));
    let short = [&lookup.exceeded, &lookup.oversized].map(|value| super::enums::path(parts.status, value)).join(" | ");
    text.block("items.retain(|item| {", "});", |text| {
        text.line(format!("let short = matches!({status}, {short});"));
        text.line(format!("!short && {name}::check_key({of_item}).is_ok()"));
    });
    text.line(format!("let keys: Vec<_> = items.iter().map(|item| {of_item}).collect();"));
    text.line(format!("let request = encoded(|out| {name}::encode_keys(&keys, out));"));
    text.line(format!("let request = {name}::decode_request(&request).expect(\"keys decode\");"));
    text.block("let bytes = encoded(|out| {", "});", |text| {
        text.line(format!("let mut builder = {name}::reply_builder(&request, out);"));
        text.line(format!("builder.{0}({name}::generation(&reply));", lookup.generation));
        text.block("for item in &items {", "}", |text| {
            text.block(format!("match {status} {{"), "}", |text| {
                for value in parts.final_statuses() {
                    let free = parts.free_fields(&value.name);
                    let pattern = super::enums::path(parts.status, &value.name);
                    if free.is_empty() {
                        text.line(format!("{pattern} => builder.{}()?,", value.name));
                        continue;
                    }
                    text.block(format!("{pattern} => {{"), "}", |text| {
                        let call = format!("builder.{}(", value.name);
                        push(&call, item, &format!("{}Fields", camel(&value.name)), &free, None, text);
                    });
                }
                text.line(format!("{short} => {{}}"));
            });
        });
        text.line(format!("{name}::finish_reply(builder)"));
    });
    text.line(format!("let again = {name}::decode_reply(&bytes).expect(\"the canonical form decodes\");"));
    text.line(format!("assert!(again.{}().iter().eq(items));", lookup.items));
}

/// A key as a caller passes it, made of its view.
fn key_of(key: &Shape<'_>, view: &str) -> String {
    match (Query::of(key), key.record.values().next()) {
        (Query::Value, Some(field)) => format!("{view}.{}{}", field.name, call_of(key)),
        _ if key.record.is_plain() => view.to_owned(),
        _ => format!("{view}.fields()"),
    }
}

/// A key as a caller passes it, made of the `item` that repeats it.
fn echoed(key: &Shape<'_>, item: &Shape<'_>, parts: &LookupParts<'_>) -> String {
    let call = call_of(item);
    match (Query::of(key), key.record.values().next()) {
        (Query::Value, Some(field)) => format!("item.{}{call}", field.name),
        _ => {
            let values = parts.key.values().map(|field| format!("{0}: item.{0}{call}", field.name));
            let values = values.collect::<Vec<_>>().join(", ");
            format!("{} {{ {values} }}", key.fields_name())
        }
    }
}

fn encoded(text: &mut Text) {
    let head = "fn encoded(encode: impl FnOnce(Writer<'_>) -> Result<(), BuildError>) -> Vec<u8> {";
    text.block(head, "}", |text| {
        text.line("let mut bytes = Vec::new();");
        text.line("encode(Writer::new(&mut bytes, usize::MAX)).expect(\"what decodes also encodes\");");
        text.line("bytes");
    });
}
