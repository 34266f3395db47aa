//! The glue of a testee: values as canonical JSON, read and shown, for every record of every service.
//!
//! It goes through the public interface of the generated services and nothing else.

use super::descriptor::Query;
use super::{Options, Shape, camel, snake};
use crate::model::{Field, Kind, LookupParts, Record, Service, Value};
use crate::text::{Style, Text};

/// The module with the targets of these services. `options.home` is where the services are.
#[must_use]
pub fn testee(services: &[Service], source: &str, options: &Options) -> String {
    let mut text = Text::new();
    super::generated_from(source, &mut text);
    text.blank();
    text.comment("//!", "What the testee knows of each service: its values as JSON, its encoders and decoders.");
    text.blank();
    text.line("use crate::side::Target;");
    text.blank();
    let mut services: Vec<_> = services.iter().collect();
    services.sort_by_key(|service| snake(&service.name));
    text.comment("///", "The target called `name`, when it is one of a service.");
    text.block("pub(crate) fn target(name: &str) -> Option<Target> {", "}", |text| {
        text.block("Some(match name {", "})", |text| {
            for service in &services {
                let module = snake(&service.name);
                let answer =
                    if service.lookup.is_some() { format!(".answering({module}::answer)") } else { String::new() };
                text.line(format!("\"{}/request\" => Target::of::<{module}::RequestSide>(),", service.name));
                text.line(format!("\"{}/reply\" => Target::of::<{module}::ReplySide>(){answer},", service.name));
            }
            text.line("_ => return None,");
        });
    });
    for service in services {
        text.blank();
        module(service, options, &mut text);
    }
    text.render()
}

fn module(service: &Service, options: &Options, text: &mut Text) {
    let (Some(request), Some(reply)) = (service.record(&service.request), service.record(&service.reply)) else {
        return;
    };
    text.block(format!("mod {} {{", snake(&service.name)), "}", |text| {
        let home = options.home.as_deref().unwrap_or("crate");
        let (module, name) = (snake(&service.name), camel(&service.name));
        text.line(format!("use {}::codec::{{BuildError, DecodeError, Writer}};", options.runtime));
        let traits = if service.lookup.is_some() { "{Lookup as _, Service as _}" } else { "Service as _" };
        text.line(format!("use {}::service::{traits};", options.runtime));
        text.line(format!("use {home}::{name};"));
        text.line(format!("use {home}::{module} as service;"));
        text.blank();
        let mut runtime = vec!["Json", "Malformed", "Reader", "Side"];
        if reply.list().is_some() {
            runtime.push("first_invalid");
        }
        if service.lookup.is_some() {
            runtime.extend(["Refusal", "answered"]);
        }
        if service.records.iter().flat_map(|record| &record.fields).any(|field| is_closed(service, field)) {
            runtime.push("unlisted");
        }
        runtime.sort_unstable();
        let runtime = runtime.into_iter().map(str::to_owned).collect();
        text.group("use crate::side::{", runtime, "};", Style::Fill);
        text.blank();
        for record in &service.records {
            values(service, record, text);
        }
        for (side, record) in [("Request", request), ("Reply", reply)] {
            self::side(service, side, record, text);
        }
        if let Some(parts) = service.lookup_parts() {
            answers(service, &parts, text);
        }
    });
}

fn is_closed(service: &Service, field: &Field) -> bool {
    match &field.kind {
        Kind::Enum { name, .. } => service.enumeration(name).is_some_and(|of| !of.open),
        _ => false,
    }
}

/// A struct that owns the values of a record, with all that JSON needs.
fn values(service: &Service, record: &Record, text: &mut Text) {
    let shape = Shape::new(service, record);
    let fields: Vec<_> = record.values().collect();
    let name = format!("{}Value", shape.view);
    declare(&shape, &name, &fields, text);
    text.block(format!("impl {name} {{"), "}", |text| {
        of_view(&shape, &fields, text);
        read(&shape, &fields, true, text);
        show(&fields, text);
        let is_built = !service.is_row(&record.name) && record.list().is_none() && !fields.is_empty();
        let is_key = service.lookup_parts().is_some_and(|parts| parts.key.name == record.name);
        let is_bare = Query::of(&shape) == Query::Value && !shape.is_item();
        if is_built && !is_bare && !(is_key && Query::of(&shape) == Query::Value) {
            with_fields(&shape, &shape.fields_name(), &fields, false, text);
        }
    });
    text.blank();
}

fn declare(shape: &Shape<'_>, name: &str, fields: &[&Field], text: &mut Text) {
    if fields.is_empty() {
        text.line(format!("pub(super) struct {name};"));
    } else {
        text.block(format!("pub(super) struct {name} {{"), "}", |text| {
            for field in fields {
                text.line(format!("{}: {},", field.name, owned_type(shape, field)));
            }
        });
    }
    text.blank();
}

fn owned_type(shape: &Shape<'_>, field: &Field) -> String {
    match &field.kind {
        Kind::String(_) => "Vec<u8>".to_owned(),
        Kind::List { .. } | Kind::Table { .. } => {
            format!("Vec<{}Value>", shape.items_of(field).map_or_else(String::new, |item| item.view))
        }
        kind => number_type(kind).to_owned(),
    }
}

fn number_type(kind: &Kind) -> &'static str {
    match kind {
        Kind::Number { number, .. } | Kind::Enum { number, .. } => number.name(),
        _ => "u64",
    }
}

fn of_view(shape: &Shape<'_>, fields: &[&Field], text: &mut Text) {
    let record = shape.record;
    let is_row = shape.service.is_row(&record.name);
    let call = if record.is_plain() || is_row { "" } else { "()" };
    let lifetime = if record.is_plain() { "" } else { "<'_>" };
    let view = if fields.is_empty() { "_" } else { "view" };
    let head = format!("fn of({view}: &service::{}{lifetime}) -> Self {{", shape.view);
    text.block(head, "}", |text| {
        let values = fields.iter().map(|field| {
            let name = &field.name;
            let value = match &field.kind {
                Kind::String(_) => format!("view.{name}{call}.to_vec()"),
                Kind::Enum { .. } => format!("view.{name}{call}.code()"),
                Kind::List { .. } | Kind::Table { .. } => {
                    let item = shape.items_of(field).map_or_else(String::new, |item| item.view);
                    format!("view.{name}().iter().map(|item| {item}Value::of(&item)).collect()")
                }
                _ => format!("view.{name}{call}"),
            };
            format!("{name}: {value}")
        });
        construct("Self", values.collect(), text);
    });
    text.blank();
}

fn construct(name: &str, values: Vec<String>, text: &mut Text) {
    if values.is_empty() {
        text.line(name);
    } else {
        text.group(format!("{name} {{"), values, "}", Style::Spaced);
    }
}

/// Reads the members, all of them or those that follow one that was read before.
fn read(shape: &Shape<'_>, fields: &[&Field], all: bool, text: &mut Text) {
    text.block("fn read(json: &mut Reader<'_>) -> Result<Self, Malformed> {", "}", |text| {
        if all {
            text.line("json.begin()?;");
        }
        let values: Vec<_> = fields
            .iter()
            .map(|field| {
                let name = &field.name;
                let value = match &field.kind {
                    Kind::String(_) => format!("json.bytes(\"{name}\")?"),
                    Kind::List { .. } | Kind::Table { .. } => {
                        let item = shape.items_of(field).map_or_else(String::new, |item| item.view);
                        format!("json.list(\"{name}\", {item}Value::read)?")
                    }
                    _ => format!("json.number(\"{name}\")?"),
                };
                format!("{name}: {value}")
            })
            .collect();
        text.comment("//", "Members of a literal are read in the order in which they stand.");
        if values.is_empty() {
            text.line("let value = Self;");
        } else {
            text.assign("let value =", "Self {", values, "};", Style::Spaced);
        }
        text.line("json.end()?;");
        text.line("Ok(value)");
    });
    text.blank();
}

fn show(fields: &[&Field], text: &mut Text) {
    text.block("fn show(&self, json: &mut Json) {", "}", |text| {
        text.line("json.begin();");
        for field in fields {
            let name = &field.name;
            match &field.kind {
                Kind::String(_) => text.line(format!("json.bytes(\"{name}\", &self.{name});")),
                Kind::List { .. } | Kind::Table { .. } => {
                    text.line(format!("json.list(\"{name}\", &self.{name}, |item, json| item.show(json));"));
                }
                kind => {
                    text.line(format!("json.number(\"{name}\", {});", wide(kind, &format!("self.{name}"))));
                }
            }
        }
        text.line("json.end();");
    });
    text.blank();
}

/// Lends the values as the struct `target` that an encoder takes; those of an answer can be `spare`, and are only counted
/// then.
fn with_fields(shape: &Shape<'_>, target: &str, fields: &[&Field], answer: bool, text: &mut Text) {
    let borrows = fields.iter().any(|field| matches!(field.kind, Kind::String(_) | Kind::Table { .. }));
    let lifetime = if borrows { "<'_>" } else { "" };
    text.block("fn with_fields(", ") -> Result<(), BuildError> {", |text| {
        text.line("&self,");
        let closed = fields.iter().any(|field| is_closed(shape.service, field));
        if answer {
            text.line(if closed { "spare: bool," } else { "_: bool," });
        }
        text.line(format!("take: impl FnOnce(service::{target}{lifetime}) -> Result<(), BuildError>,"));
    });
    text.indented(|text| {
        for table in fields.iter().filter(|field| matches!(field.kind, Kind::Table { .. })) {
            rows(shape, table, text);
        }
        for field in fields.iter().filter(|field| is_closed(shape.service, field)) {
            named(shape, field, answer, text);
        }
        let values = fields.iter().map(|field| match is_closed(shape.service, field) {
            true => field.name.clone(),
            false => format!("{}: {}", field.name, passed(shape, field)),
        });
        text.group(format!("take(service::{target} {{"), values.collect(), "})", Style::Spaced);
    });
    text.line("}");
    text.blank();
}

fn rows(shape: &Shape<'_>, table: &Field, text: &mut Text) {
    let Some(row) = shape.items_of(table) else { return };
    let cells: Vec<_> = row.record.values().map(|field| format!("{0}: &row.{0}", field.name)).collect();
    let open = format!("self.{}.iter().map(|row| service::{} {{", table.name, row.view);
    text.assign(format!("let {}: Vec<_> =", table.name), open, cells, "}).collect();", Style::Spaced);
}

/// A local variable with the value of a closed enumeration, which the implementation's types cannot do without a name.
fn named(shape: &Shape<'_>, field: &Field, answer: bool, text: &mut Text) {
    let (name, Kind::Enum { name: of, .. }) = (&field.name, &field.kind) else { return };
    let record = format!("{} {}", shape.service.name, shape.record.name);
    let got = wide(&field.kind, &format!("self.{name}"));
    text.line(format!("let {name} = service::{}::from_code(self.{name});", camel(of)));
    if answer {
        text.line(format!("let {name} = {name}.or(spare.then_some(service::{}::ALL[0]));", camel(of)));
    }
    let arguments = vec![format!("\"{record}\""), format!("\"{name}\""), got];
    text.assign(format!("let {name} ="), format!("{name}.ok_or(unlisted("), arguments, "))?;", Style::Tight);
}

/// A number as u64.
fn wide(kind: &Kind, number: &str) -> String {
    if number_type(kind) == "u64" { number.to_owned() } else { format!("{number}.into()") }
}

/// A value as an encoder takes it, of the struct `self`.
fn passed(shape: &Shape<'_>, field: &Field) -> String {
    let name = &field.name;
    match &field.kind {
        Kind::Enum { name: of, .. } if is_closed(shape.service, field) => format!(
            "service::{}::from_code(self.{name}).ok_or(unlisted(\"{} {}\", \"{name}\", {}))?",
            camel(of),
            shape.service.name,
            shape.record.name,
            wide(&field.kind, &format!("self.{name}"))
        ),
        Kind::Enum { name: of, .. } => format!("service::{}(self.{name})", camel(of)),
        Kind::String(_) => format!("&self.{name}"),
        Kind::Table { .. } => format!("&{name}"),
        _ => format!("self.{name}"),
    }
}

/// What the testee does with a request or a reply.
fn side(service: &Service, side: &str, record: &Record, text: &mut Text) {
    let shape = Shape::new(service, record);
    let (name, value) = (camel(&service.name), format!("{}Value", shape.view));
    text.line(format!("pub(super) enum {side}Side {{}}"));
    text.blank();
    text.block(format!("impl Side for {side}Side {{"), "}", |text| {
        text.line(format!("type Value = {value};"));
        text.blank();
        text.block(format!("fn decode(bytes: &[u8]) -> Result<{value}, DecodeError> {{"), "}", |text| {
            text.line(format!("{name}::decode_{}(bytes).map(|view| {value}::of(&view))", side.to_lowercase()));
        });
        text.blank();
        text.block(format!("fn read(json: &mut Reader<'_>) -> Result<{value}, Malformed> {{"), "}", |text| {
            text.line(format!("{value}::read(json)"));
        });
        text.blank();
        text.block(format!("fn show(value: &{value}, json: &mut Json) {{"), "}", |text| text.line("value.show(json);"));
        text.blank();
        let used = record.values().next().is_some();
        let argument = if used { "value" } else { "_" };
        let head = format!("fn encode({argument}: &{value}, out: Writer<'_>) -> Result<(), BuildError> {{");
        text.block(head, "}", |text| {
            if side == "Request" { encode_request(&shape, text) } else { encode_reply(&shape, text) }
        });
    });
    text.blank();
}

fn encode_request(request: &Shape<'_>, text: &mut Text) {
    let name = camel(&request.service.name);
    if let Some(parts) = request.service.lookup_parts() {
        keys(request, &parts, text);
        text.line(format!("{name}::encode_keys(&keys, out)"));
        return;
    }
    match (Query::of(request), request.record.values().next()) {
        (Query::Nothing, _) | (_, None) => text.line(format!("{name}::encode_request((), out)")),
        (Query::Value, Some(field)) => {
            text.line(format!("{name}::encode_request({}, out)", of_value(request, field)));
        }
        (Query::Fields, _) => {
            text.line(format!("value.with_fields(|fields| {name}::encode_request(fields, out))"));
        }
    }
}

/// A value of `value`, as an encoder takes it.
fn of_value(shape: &Shape<'_>, field: &Field) -> String {
    passed(shape, field).replace("self.", "value.")
}

fn keys(request: &Shape<'_>, parts: &LookupParts<'_>, text: &mut Text) {
    let key = Shape::new(request.service, parts.key);
    let list = &parts.lookup.keys;
    let ty = Query::of(&key).ty(&key, "'_");
    text.line(format!("let mut keys: Vec<{ty}> = Vec::new();"));
    text.block(format!("for value in &value.{list} {{"), "}", |text| {
        match (Query::of(&key), key.record.values().next()) {
            (Query::Value, Some(field)) => text.line(format!("keys.push({});", of_value(&key, field))),
            _ => {
                let values = key.record.values().map(|field| format!("{}: {}", field.name, of_value(&key, field)));
                text.group(
                    format!("keys.push(service::{} {{", key.fields_name()),
                    values.collect(),
                    "});",
                    Style::Spaced,
                );
            }
        }
    });
}

fn encode_reply(reply: &Shape<'_>, text: &mut Text) {
    let name = camel(&reply.service.name);
    if let Some(parts) = reply.service.lookup_parts() {
        let items = &parts.lookup.items;
        text.line(format!("let mut whole = {name}::stitcher(out, value.{items}.len());"));
        let push = "item.with_fields(|fields| whole.push(&fields))";
        text.line(format!("let refused = first_invalid(&value.{items}, |item| {push});"));
        text.line(format!("{name}::finish_stitched(whole, value.{}).and(refused)", parts.lookup.generation));
        return;
    }
    let values: Vec<_> = reply.record.values().collect();
    if values.is_empty() {
        text.line(format!("service::{}::new(out).finish()", reply.builder()));
        return;
    }
    text.line(format!("let mut builder = service::{}::new(out);", reply.builder()));
    match (reply.record.list(), values.as_slice()) {
        (Some(list), _) => {
            for field in values.iter().filter(|field| matches!(field.kind, Kind::Number { .. } | Kind::Enum { .. })) {
                text.line(format!("builder.{}({});", field.name, of_value(reply, field)));
            }
            let push = "item.with_fields(|fields| builder.push(fields))";
            text.line(format!("let refused = first_invalid(&value.{}, |item| {push});", list.name));
            text.line("builder.finish().and(refused)");
            return;
        }
        (None, [field]) => {
            text.line(format!("let given = builder.{}({});", field.name, of_value(reply, field)));
        }
        (None, _) => text.line("let given = value.with_fields(|fields| builder.set(fields));"),
    }
    text.line("given.and_then(|()| builder.finish())");
}

/// What a provider says of a key, and the builder that is told.
fn answers(service: &Service, parts: &LookupParts<'_>, text: &mut Text) {
    let item = Shape::new(service, parts.item);
    let finals: Vec<_> = parts.final_statuses().collect();
    let told = |value: &Value| !parts.free_fields(&value.name).is_empty();
    text.block("enum AnswerValue {", "}", |text| {
        for value in &finals {
            let name = camel(&value.name);
            text.line(if told(value) { format!("{name}({name}Value),") } else { format!("{name},") });
        }
    });
    text.blank();
    for value in finals.iter().filter(|value| told(value)) {
        let free = parts.free_fields(&value.name);
        let name = format!("{}Value", camel(&value.name));
        declare(&item, &name, &free, text);
        text.block(format!("impl {name} {{"), "}", |text| {
            read(&item, &free, false, text);
            with_fields(&item, &format!("{}Fields", camel(&value.name)), &free, true, text);
        });
        text.blank();
    }
    let status = &parts.lookup.status;
    let builder = Shape::new(service, service.record(&service.reply).unwrap_or(parts.item)).builder();
    text.block("impl AnswerValue {", "}", |text| {
        text.block("fn read(json: &mut Reader<'_>) -> Result<Self, Malformed> {", "}", |text| {
            text.line("json.begin()?;");
            text.block(format!("match json.number::<u64>(\"{status}\")? {{"), "}", |text| {
                for value in &finals {
                    let name = camel(&value.name);
                    text.line(match told(value) {
                        true => format!("{} => {name}Value::read(json).map(Self::{name}),", value.code),
                        false => format!("{} => json.end().map(|()| Self::{name}),", value.code),
                    });
                }
                text.line(format!("_ => Err(json.malformed(\"a provider cannot answer with this `{status}`\")),"));
            });
        });
        text.blank();
        let head =
            format!("fn give(&self, spare: bool, builder: &mut service::{builder}<'_>) -> Result<(), BuildError> {{");
        text.block(head, "}", |text| {
            text.block("match self {", "}", |text| {
                for value in &finals {
                    let (name, method) = (camel(&value.name), &value.name);
                    text.line(match told(value) {
                        true => {
                            format!(
                                "Self::{name}(value) => value.with_fields(spare, |fields| builder.{method}(fields)),"
                            )
                        }
                        false => format!("Self::{name} => builder.{method}(),"),
                    });
                }
            });
        });
    });
    text.blank();
    answer(service, parts, text);
}

fn answer(service: &Service, parts: &LookupParts<'_>, text: &mut Text) {
    let name = camel(&service.name);
    text.comment("///", "The reply to `request` with the answers of `json`, within a budget.");
    text.block("pub(super) fn answer(", ") -> Result<Result<(), Refusal>, Malformed> {", |text| {
        text.line("request: &[u8],");
        text.line("json: &mut Reader<'_>,");
        text.line("out: Writer<'_>,");
    });
    text.indented(|text| {
        text.line("json.begin()?;");
        text.line("let generation = json.number(\"generation\")?;");
        text.line("let answers = json.list(\"answers\", AnswerValue::read)?;");
        text.line("json.end()?;");
        text.block(format!("let request = match {name}::decode_request(request) {{"), "};", |text| {
            text.line("Ok(request) => request,");
            text.line("Err(error) => return Ok(Err(error.into())),");
        });
        text.line(format!("let mut builder = {name}::reply_builder(&request, out);"));
        text.line(format!("builder.{}(generation);", parts.lookup.generation));
        text.line(format!("let keys = request.{}().len();", parts.lookup.keys));
        text.line("let invalid = answered(&answers, keys, |answer, spare| answer.give(spare, &mut builder));");
        text.line(format!("let finished = {name}::finish_reply(builder);"));
        text.line("Ok(invalid.and(finished).map_err(Refusal::from))");
    });
    text.line("}");
}
