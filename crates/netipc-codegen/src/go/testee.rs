//! What a testee needs of services: their values as JSON, and JSON as values.

use std::collections::{BTreeMap, BTreeSet};

use super::names::exported;
use super::{MODULE, Shape, generated_from, go_type, imports, package_name, render};
use crate::model::{Field, Kind, LookupParts, Number, Record, Service, Value};
use crate::text::Text;

/// The file with the services among a testee's targets.
#[must_use]
pub fn testee(services: &[Service], source: &str) -> String {
    let mut text = Text::new();
    generated_from(source, &mut text);
    text.blank();
    text.line("package main");
    text.blank();
    let paths = services.iter().map(|service| format!("{MODULE}/services/{}", package_name(service))).collect();
    imports(&BTreeSet::new(), &paths, &mut text);
    text.blank();
    registry(services, &mut text);
    for service in services {
        Glue::new(service).print(&mut text);
    }
    render(&text)
}

fn registry(services: &[Service], text: &mut Text) {
    text.comment("//", "serviceTargets are the payloads of all services.");
    text.block("var serviceTargets = map[string]target{", "}", |text| {
        let names: BTreeMap<_, _> = services
            .iter()
            .flat_map(|service| [("request", service), ("reply", service)])
            .map(|(role, service)| {
                (format!("\"{}/{role}\":", service.name), format!("{}{}", prefix(service), exported(role)))
            })
            .collect();
        let rows: Vec<_> = names.into_iter().map(|(name, variable)| (name, format!("{variable},"))).collect();
        super::members(&rows, text);
    });
    text.blank();
}

fn prefix(service: &Service) -> String {
    super::names::unexported(&service.name)
}

struct Glue<'m> {
    service: &'m Service,
    package: String,
}

impl<'m> Glue<'m> {
    fn new(service: &'m Service) -> Self {
        Self { service, package: package_name(service) }
    }

    fn print(&self, text: &mut Text) {
        let service = self.service;
        let (Some(request), Some(reply)) = (service.record(&service.request), service.record(&service.reply)) else {
            return;
        };
        let (request, reply) = (Shape::new(service, request), Shape::new(service, reply));
        let encode = super::testing::encode_request(&request, &format!("{}.", self.package));
        self.target("Request", &request, &encode, text);
        let encode = format!("{}.Encode{}", self.package, reply.view);
        self.target("Reply", &reply, &[encode], text);
        for record in &service.records {
            self.append(record, text);
            self.parse(record, text);
        }
        if let Some(parts) = service.lookup_parts() {
            self.answer(&request, &reply, &parts, text);
        }
    }

    /// The struct of values of a record, and what its functions are called.
    fn names(&self, record: &Record) -> (String, String) {
        let shape = Shape::new(self.service, record);
        let ty = if self.service.is_row(&record.name) { shape.view.clone() } else { shape.values() };
        (format!("{}.{ty}", self.package), format!("{}{}", exported(&self.service.name), shape.view))
    }

    fn target(&self, role: &str, shape: &Shape<'_>, encode: &[String], text: &mut Text) {
        let (ty, name) = self.names(shape.record);
        text.block(format!("var {}{role} = payload[{ty}]{{", prefix(self.service)), "}", |text| {
            let mut rows = Vec::new();
            if shape.record.is_plain() {
                rows.push(("decode:".to_owned(), format!("{}.Decode{},", self.package, shape.view)));
            } else {
                self.decode(&ty, &shape.view, text);
            }
            match encode {
                [function] if !function.starts_with("return") => {
                    rows.push(("encode:".to_owned(), format!("{function},")));
                }
                _ => {
                    super::members(&std::mem::take(&mut rows), text);
                    let fields = if shape.record.values().next().is_none() { "_" } else { "fields" };
                    let head = format!("encode: func(dst []byte, budget int, {fields} {ty}) ([]byte, error) {{");
                    text.block(head, "},", |text| encode.iter().for_each(|line| text.line(line)));
                }
            }
            rows.push(("append:".to_owned(), format!("append{name},")));
            rows.push(("parse:".to_owned(), format!("parse{name},")));
            if self.service.lookup.is_some() && role == "Reply" {
                rows.push(("answer:".to_owned(), format!("answer{},", exported(&self.service.name))));
            }
            super::members(&rows, text);
        });
        text.blank();
    }

    fn decode(&self, ty: &str, view: &str, text: &mut Text) {
        text.block(format!("decode: func(b []byte) ({ty}, error) {{"), "},", |text| {
            text.line(format!("view, err := {}.Decode{view}(b)", self.package));
            text.block("if err != nil {", "}", |text| text.line(format!("return {ty}{{}}, err")));
            text.line("return view.Clone(), nil");
        });
    }

    fn append(&self, record: &Record, text: &mut Text) {
        let (ty, name) = self.names(record);
        let fields: Vec<_> = record.values().collect();
        let parameter = if fields.is_empty() { "_" } else { "f" };
        text.block(format!("func append{name}(dst []byte, {parameter} {ty}) []byte {{"), "}", |text| {
            let mut before = "{".to_owned();
            for field in &fields {
                let (key, value) = (format!("`{before}\"{}\":`", field.name), format!("f.{}", exported(&field.name)));
                ",".clone_into(&mut before);
                match &field.kind {
                    Kind::String(_) => text.line(format!("dst = appendBytes(dst, {key}, {value})")),
                    Kind::List { .. } | Kind::Table { .. } => {
                        let item = self.item(record, field).1;
                        text.line(format!("dst = appendList(dst, {key}, {value}, append{item})"));
                    }
                    Kind::Number { number: Number::U64, .. } => {
                        text.line(format!("dst = appendNumber(dst, {key}, {value})"));
                    }
                    _ => text.line(format!("dst = appendNumber(dst, {key}, uint64({value}))")),
                }
            }
            let end = if fields.is_empty() { "{}" } else { "}" };
            text.line(format!("return append(dst, \"{end}\"...)"));
        });
        text.blank();
    }

    fn parse(&self, record: &Record, text: &mut Text) {
        let (ty, name) = self.names(record);
        let fields: Vec<_> = record.values().collect();
        text.block(format!("func parse{name}(p *parser) (f {ty}) {{"), "}", |text| {
            let mut before = "{";
            for field in &fields {
                self.member(record, field, before, text);
                before = ",";
            }
            let end = if fields.is_empty() { "{}" } else { "}" };
            text.line(format!("p.expect(\"{end}\")"));
            text.line("return f");
        });
        text.blank();
    }

    /// Reads one member of an object into `f`.
    fn member(&self, record: &Record, field: &Field, before: &str, text: &mut Text) {
        let key = format!("`{before}\"{}\":`", field.name);
        let member = format!("f.{}", exported(&field.name));
        text.line(format!("p.expect({key})"));
        let value = match &field.kind {
            Kind::String(_) => "p.bytes()".to_owned(),
            Kind::List { .. } | Kind::Table { .. } => format!("parseList(p, parse{})", self.item(record, field).1),
            Kind::Enum { name, number, .. } => {
                format!("{}.{}(p.number({}))", self.package, exported(name), bits(go_type(*number)))
            }
            _ => {
                let ty = Shape::new(self.service, record).value_type(field);
                let number = format!("p.number({})", bits(&ty));
                if ty == "uint64" { number } else { format!("{ty}({number})") }
            }
        };
        text.line(format!("{member} = {value}"));
    }

    fn item(&self, record: &Record, field: &Field) -> (String, String) {
        self.service.item_of(record, &field.name).map_or_else(Default::default, |item| self.names(item))
    }

    /// The reply that the builder makes for a request.
    fn answer(&self, request: &Shape<'_>, reply: &Shape<'_>, parts: &LookupParts<'_>, text: &mut Text) {
        let (package, lookup) = (&self.package, parts.lookup);
        let head = format!(
            "func answer{}(dst []byte, budget int, request []byte, p *parser) ([]byte, error) {{",
            exported(&self.service.name)
        );
        text.block(head, "}", |text| {
            text.line(format!("view, err := {package}.Decode{}(request)", request.view));
            text.block("if err != nil {", "}", |text| text.line("return nil, err"));
            text.line(format!("var b {package}.{}", reply.builder()));
            text.line("b.Reset(dst, budget, view)");
            text.line(format!("p.expect(`{{\"{}\":`)", lookup.generation));
            text.line(format!("b.Set{}(p.number(64))", exported(&lookup.generation)));
            text.line("p.expect(`,\"answers\":`)");
            text.block(
                format!("err = p.answers(`{{\"{}\":`, func(status uint64) error {{", lookup.status),
                "})",
                |text| {
                    text.line(format!("switch {package}.{}(status) {{", exported(&parts.status.name)));
                    for status in parts.final_statuses() {
                        text.line(format!("case {package}.{}:", super::enums::constant(parts.status, &status.name)));
                        let mut body = Text::new();
                        self.answer_with(parts, status, &mut body);
                        text.indent(body);
                    }
                    text.line("}");
                    text.line("p.fail(\"a status that no provider gives\")");
                    text.line("return nil");
                },
            );
            text.block("if err != nil {", "}", |text| text.line("return nil, err"));
            text.line("return b.Finish()");
        });
        text.blank();
    }

    fn answer_with(&self, parts: &LookupParts<'_>, status: &Value, text: &mut Text) {
        let free = parts.free_fields(&status.name);
        let name = exported(&status.name);
        if free.is_empty() {
            text.line("p.expect(\"}\")");
            text.line(format!("return b.{name}()"));
            return;
        }
        text.line(format!("var f {}.{name}Fields", self.package));
        for field in free {
            self.member(parts.item, field, ",", text);
        }
        text.line("p.expect(\"}\")");
        text.line(format!("return b.{name}(f)"));
    }
}

fn bits(ty: &str) -> &str {
    ty.trim_start_matches("uint")
}
