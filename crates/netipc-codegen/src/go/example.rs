//! The example in a package's documentation: one request and one reply, encoded and decoded.

use std::collections::BTreeSet;

use super::builder::Set;
use super::names::exported;
use super::write::{header_values, setter};
use super::{Options, Query, Shape, enums, generated_from, grouped, imports, quoted, render};
use crate::model::{Field, Kind, LookupParts, Service};
use crate::text::{Style, Text};

/// The test file with the example of a service.
#[must_use]
pub fn example(service: &Service, options: &Options) -> String {
    let package = options.package_of(service);
    let mut text = Text::new();
    generated_from(&service.source, &mut text);
    text.blank();
    text.line(format!("package {package}_test"));
    text.blank();
    imports(&BTreeSet::from(["fmt", "log"]), &BTreeSet::from([options.path(service)]), &mut text);
    text.blank();
    text.comment("//", "A request and its reply, encoded by one side and decoded by the other.");
    if let (Some(request), Some(reply)) = (service.record(&service.request), service.record(&service.reply)) {
        let (request, reply) = (Shape::new(service, request), Shape::new(service, reply));
        let mut example = Example { package, output: Vec::new() };
        text.block("func Example() {", "}", |text| {
            example.request(&request, text);
            example.reply(&reply, text);
            text.line("// Output:");
            for line in &example.output {
                text.line(format!("// {line}"));
            }
        });
    }
    render(&text)
}

struct Example {
    package: String,
    /// What the example prints.
    output: Vec<String>,
}

impl Example {
    fn request(&mut self, request: &Shape<'_>, text: &mut Text) {
        text.line(format!("var descriptor {}.Service", self.package));
        let query = match request.service.lookup_parts() {
            Some(parts) => {
                let key = Shape::new(request.service, parts.key);
                let query = self.query(&key);
                match Query::of(&key) {
                    Query::Fields => {
                        // The elements of such a literal need no type.
                        let ty = format!("{}.{}", self.package, key.values());
                        format!("[]{ty}{{{}}}", query.trim_start_matches(&ty))
                    }
                    bare => format!("[]{}{{{query}}}", bare.ty(&key)),
                }
            }
            None => self.query(request),
        };
        text.line(format!("payload, err := descriptor.EncodeRequest(nil, 1024, {query})"));
        fail(text);
        text.line("request, err := descriptor.DecodeRequest(payload)");
        fail(text);
        for field in request.record.values() {
            self.print("request", request, field, text);
        }
        text.blank();
    }

    fn reply(&mut self, reply: &Shape<'_>, text: &mut Text) {
        text.line(format!("var builder {}.{}", self.package, reply.builder()));
        text.line("descriptor.StartReply(&builder, nil, 1024, request)");
        match reply.service.lookup_parts() {
            Some(parts) => self.answer(reply, &parts, text),
            None => self.build(reply, text),
        }
        text.line("payload, err = descriptor.FinishReply(&builder)");
        fail(text);
        if reply.record.values().next().is_none() {
            text.block("if _, err := descriptor.DecodeReply(payload); err != nil {", "}", |text| {
                text.line("log.Fatal(err)");
            });
            return;
        }
        text.line("reply, err := descriptor.DecodeReply(payload)");
        fail(text);
        for field in reply.record.values() {
            self.print("reply", reply, field, text);
        }
    }

    /// What a caller passes.
    fn query(&self, request: &Shape<'_>) -> String {
        match (Query::of(request), request.record.values().next()) {
            (Query::Nothing, _) => "struct{}{}".to_owned(),
            (Query::Value, Some(field)) => self.value(request, field).unwrap_or_else(|| "nil".to_owned()),
            _ => {
                let fields: Vec<_> = request.record.values().collect();
                format!("{}.{}{{{}}}", self.package, request.values(), self.members(request, &fields).join(", "))
            }
        }
    }

    /// The first sort of answer there is.
    fn answer(&self, reply: &Shape<'_>, parts: &LookupParts<'_>, text: &mut Text) {
        let Some(status) = parts.final_statuses().next() else { return };
        if let Some(field) = reply.record.field(&parts.lookup.generation) {
            self.set(reply, field, text);
        }
        let item = Shape::new(reply.service, parts.item);
        let free = parts.free_fields(&status.name);
        let name = exported(&status.name);
        if free.is_empty() {
            text.line(format!("err = builder.{name}()"));
        } else {
            let open = format!("err = builder.{name}({}.{name}Fields{{", self.package);
            text.group(open, self.members(&item, &free), "})", Style::Keyed);
        }
        fail(text);
    }

    fn build(&self, reply: &Shape<'_>, text: &mut Text) {
        if let Some(item) = reply.item() {
            for field in header_values(reply.record) {
                self.set(reply, field, text);
            }
            let fields: Vec<_> = item.record.values().collect();
            let open = format!("err = builder.Add({}.{}{{", self.package, item.values());
            text.group(open, self.members(&item, &fields), "})", Style::Keyed);
            fail(text);
            return;
        }
        match Set::of(reply) {
            Set::Nothing => {}
            Set::One(field) => {
                let value = self.value(reply, field).unwrap_or_default();
                text.line(format!("err = builder.{}({value})", setter(field)));
                fail(text);
            }
            Set::All(fields) => {
                let open = format!("err = builder.Set({}.{}{{", self.package, reply.values());
                text.group(open, self.members(reply, &fields), "})", Style::Keyed);
                fail(text);
            }
        }
    }

    fn set(&self, shape: &Shape<'_>, field: &Field, text: &mut Text) {
        if let Some(value) = self.value(shape, field) {
            text.line(format!("builder.{}({value})", setter(field)));
        }
    }

    fn members(&self, shape: &Shape<'_>, fields: &[&Field]) -> Vec<String> {
        let member = |field: &&Field| Some(format!("{}: {}", shape.member(field), self.value(shape, field)?));
        fields.iter().filter_map(member).collect()
    }

    /// A literal with the field's example; nothing when that is left out.
    fn value(&self, shape: &Shape<'_>, field: &Field) -> Option<String> {
        match &field.kind {
            Kind::Number { example, .. } => Some(grouped(*example)),
            Kind::Enum { name, example, .. } => {
                let of = shape.service.enumeration(name)?;
                Some(format!("{}.{}", self.package, enums::constant(of, example)))
            }
            Kind::String(rule) => Some(format!("[]byte({})", quoted(&rule.example))),
            _ => None,
        }
    }

    fn print(&mut self, variable: &str, shape: &Shape<'_>, field: &Field, text: &mut Text) {
        let call = if shape.record.is_plain() { "" } else { "()" };
        let value = format!("{variable}.{}{call}", shape.member(field));
        let name = &field.name;
        let (verb, value, printed) = match &field.kind {
            Kind::Number { example, .. } => ("%d", value, example.to_string()),
            Kind::Enum { example, .. } => ("%v", value, example.clone()),
            Kind::String(rule) if rule.example.bytes().all(|byte| matches!(byte, b' '..=b'~')) => {
                ("%q", value, quoted(&rule.example))
            }
            Kind::String(rule) => ("%d bytes", format!("len({value})"), format!("{} bytes", rule.example.len())),
            Kind::List { .. } => ("%d", format!("{value}.Len()"), "1".to_owned()),
            _ => ("%d", format!("{value}.Len()"), "0".to_owned()),
        };
        text.line(format!("fmt.Printf(\"{variable}: {name} %s\\n\", {value})").replace("%s", verb));
        self.output.push(format!("{variable}: {name} {printed}"));
    }
}

fn fail(text: &mut Text) {
    text.block("if err != nil {", "}", |text| text.line("log.Fatal(err)"));
}
