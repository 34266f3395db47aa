//! Lookups: the second descriptor, and the builder that answers keys.

mod builder;

use super::descriptor::{Query, grouped};
use super::write::{has_rules, store, store_constants};
use super::{Shape, Uses, camel, enums};
use crate::model::{Demand, Field, Kind, LookupParts, Must};
use crate::text::{Style, Text};

/// What a record of a lookup has beside what every record of its form has.
pub(super) fn print(shape: &Shape<'_>, parts: &LookupParts<'_>, text: &mut Text, uses: &mut Uses) {
    let lookup = Lookup::new(shape, parts);
    if shape.record.name == shape.service.request {
        uses.codec(&["BuildError", "ItemsWriter", "Writer"]);
        lookup.request(shape, text, uses);
    }
    if shape.record.name == shape.service.reply {
        uses.codec(&["AnswersWriter", "BuildError", "Writer", "fixed_part"]);
        lookup.reply(shape, text, uses);
        lookup.builder(shape, text);
    }
    if shape.record.name == parts.key.name {
        uses.codec(&["Keyed", "Shortage"]);
        lookup.keyed(text);
    }
    if shape.record.name == parts.item.name {
        lookup.item(text);
    }
}

/// The implementation of the trait by which clients are generic over lookups.
pub(super) fn descriptor(shape: &Shape<'_>, parts: &LookupParts<'_>, text: &mut Text, uses: &mut Uses) {
    uses.codec(&["Stitcher"]);
    uses.service.extend(["Lookup", "Outcome"]);
    Lookup::new(shape, parts).descriptor(text);
}

struct Lookup<'m> {
    parts: &'m LookupParts<'m>,
    key: Shape<'m>,
    item: Shape<'m>,
    /// Names of the descriptor, the request and the reply.
    service: String,
    request: Shape<'m>,
    reply: Shape<'m>,
}

impl<'m> Lookup<'m> {
    fn new(shape: &Shape<'m>, parts: &'m LookupParts<'m>) -> Self {
        let service = shape.service;
        let role = |name: &str| Shape::new(service, service.record(name).unwrap_or(shape.record));
        Self {
            parts,
            key: Shape::new(service, parts.key),
            item: Shape::new(service, parts.item),
            service: camel(&service.name),
            request: role(&service.request),
            reply: role(&service.reply),
        }
    }

    /// The type of a key, as a caller passes it.
    fn key_type(&self, lifetime: &str) -> String {
        Query::of(&self.key).ty(&self.key, lifetime).replace("&'_ ", "&")
    }

    /// What a builder of requests takes, made of a key as a caller passes it.
    fn key_fields(&self) -> String {
        match self.key.record.values().next() {
            Some(field) if Query::of(&self.key) == Query::Value => {
                let member = if field.name == "key" { "key".to_owned() } else { format!("{}: key", field.name) };
                format!("{} {{ {member} }}", self.key.fields_name())
            }
            _ => "key".to_owned(),
        }
    }

    fn status(&self, value: &str) -> String {
        enums::path(self.parts.status, value)
    }

    fn descriptor(&self, text: &mut Text) {
        let (lookup, name) = (self.parts.lookup, &self.service);
        let (key, key_fields) = (self.key_type("'_"), self.key_fields());
        let (reply, items) = (self.reply.view_type("'_"), format!("reply.{}()", lookup.items));
        text.block(format!("impl Lookup for {name} {{"), "}", |text| {
            text.line(format!("type Key<'a> = {};", self.key_type("'a")));
            text.blank();
            text.line(format!("const REQUEST_LEN: usize = {};", self.request.constant("SIZE")));
            text.line(format!("const REPLY_LEN: usize = {};", self.reply.constant("SIZE")));
            text.blank();
            let head = format!("fn encode_keys(keys: &[{key}], mut out: Writer<'_>) -> Result<(), BuildError> {{");
            text.block(head, "}", |text| {
                text.line(format!("let result = {}::write(keys, &mut out);", self.request.view));
                text.line("out.end(result)");
            });
            text.blank();
            if has_rules(self.key.record) {
                let head = format!("fn check_key(key: {key}) -> Result<(), BuildError> {{");
                method(&head, &format!("{key_fields}.check()"), text);
            } else {
                method(&format!("fn check_key(_: {key}) -> Result<(), BuildError> {{"), "Ok(())", text);
            }
            method(&format!("fn key_len(key: {key}) -> usize {{"), &format!("{key_fields}.size()"), text);
            let short =
                |status: &str| format!("{}::short({key_fields}, {})", self.item.fields_name(), self.status(status));
            let size = format!("{}.size()", short(&lookup.exceeded));
            method(&format!("fn short_len(key: {key}) -> usize {{"), &size, text);
            method(&format!("fn len(reply: &{reply}) -> usize {{"), &format!("{items}.len()"), text);
            let generation = format!("reply.{}()", lookup.generation);
            method(&format!("fn generation(reply: &{reply}) -> u64 {{"), &generation, text);
            self.outcome(&reply, &items, text);
            let head = format!("fn echoes(reply: &{reply}, index: usize, key: {key}) -> bool {{");
            method(&head, &format!("{items}.get(index).is_some_and(|item| {})", self.echoes()), text);
            // Through `Self`, so that the lifetime is bound as in the trait.
            let head = "fn item_bytes<'a>(reply: &Self::Reply<'a>, index: usize) -> &'a [u8] {";
            method(head, &format!("{items}.bytes(index)"), text);
            let head =
                format!("fn push_oversized(stitcher: &mut Stitcher<'_>, key: {key}) -> Result<(), BuildError> {{");
            text.block(head, "}", |text| text.line(format!("stitcher.push(&{})", short(&lookup.oversized))));
            text.blank();
            let head = "fn finish_stitched(stitcher: Stitcher<'_>, generation: u64) -> Result<(), BuildError> {";
            let body = format!("stitcher.finish(|count| {}::head(generation, count))", self.reply.view);
            text.block(head, "}", |text| text.line(body));
            text.blank();
            let head = format!("fn view_reply(payload: &[u8]) -> {reply} {{");
            method(&head, &format!("{}::view(payload)", self.reply.view), text);
        });
        text.blank();
    }

    fn outcome(&self, reply: &str, items: &str, text: &mut Text) {
        let lookup = self.parts.lookup;
        text.line("#[inline]");
        text.block(format!("fn outcome(reply: &{reply}, index: usize) -> Outcome {{"), "}", |text| {
            let status = self.get("item", &lookup.status);
            text.block(format!("match {items}.get(index).map(|item| {status}) {{"), "}", |text| {
                text.line(format!("Some({}) => Outcome::Exceeded,", self.status(&lookup.exceeded)));
                text.line(format!("Some({}) => Outcome::Oversized,", self.status(&lookup.oversized)));
                text.line("_ => Outcome::Final,");
            });
        });
        text.blank();
    }

    /// A value of the item's view.
    fn get(&self, item: &str, field: &str) -> String {
        if self.item.record.is_plain() { format!("{item}.{field}") } else { format!("{item}.{field}()") }
    }

    fn echoes(&self) -> String {
        let bare = Query::of(&self.key) == Query::Value;
        let terms = self.parts.lookup.echo.iter().map(|field| {
            let key = if bare { "key".to_owned() } else { format!("key.{field}") };
            format!("{} == {key}", self.get("item", field))
        });
        terms.collect::<Vec<_>>().join(" && ")
    }

    /// How the request is written.
    fn request(&self, shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
        let key = self.key_type("'_");
        text.block(format!("impl {} {{", shape.view_type("'_")), "}", |text| {
            let head = format!("fn write(keys: &[{key}], out: &mut Writer<'_>) -> Result<(), BuildError> {{");
            text.block(head, "}", |text| {
                text.comment("//", "What does not fit is counted on, so that the error tells what all of it takes.");
                text.line(format!("let _ = out.zeros({});", shape.constant("SIZE")));
                text.line("let mut items = ItemsWriter::new(out);");
                text.line("items.reserve(out, keys.len());");
                text.block("for &key in keys {", "}", |text| {
                    let fields = self.key_fields();
                    if fields != "key" {
                        text.line(format!("let key = {fields};"));
                    }
                    if has_rules(self.key.record) {
                        text.line("key.check()?;");
                    }
                    text.line("let _ = items.push(out, key.size(), |out| key.write(out));");
                });
                text.line("let count = items.finish(out);");
                store_head(shape, "", text, uses);
                text.line("out.patch(0, &fixed);");
                text.line("Ok(())");
            });
        });
        text.blank();
    }

    fn reply(&self, shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
        let Some(Kind::List { count, .. }) = shape.record.list().map(|list| &list.kind) else { return };
        let Some(counter) = shape.record.field(count) else { return };
        let size = shape.constant("SIZE");
        text.block(format!("impl<'a> {} {{", shape.view_type("'a")), "}", |text| {
            text.comment("///", "The fixed part.");
            text.block(format!("fn head(generation: u64, count: u32) -> [u8; {size}] {{"), "}", |text| {
                store_head(shape, &self.parts.lookup.generation, text, uses);
                text.line("fixed");
            });
            text.blank();
            text.comment("///", "The view of bytes that were decoded or stitched before.");
            text.block("fn view(bytes: &'a [u8]) -> Self {", "}", |text| {
                text.line(format!("let fixed: &[u8; {size}] = fixed_part(bytes);"));
                let items = format!("Items::view(bytes, {size}, load(fixed, {}))", shape.at(counter));
                text.line(format!("Self {{ fixed, {}: {items} }}", self.parts.lookup.items));
            });
        });
        text.blank();
    }

    /// What a rule demands of a field, as code.
    fn demanded(&self, field: &Field, demand: &Demand) -> String {
        match (&demand.must, &field.kind) {
            (Must::Number(value), _) => grouped(*value),
            (Must::Value(value), Kind::Enum { name, .. }) => {
                let of = self.item.service.enumeration(name);
                of.map_or_else(String::new, |of| enums::path(of, value))
            }
            (_, Kind::String(_)) => "b\"\"".to_owned(),
            _ => "&[]".to_owned(),
        }
    }

    /// How a key of a request says that it got no answer.
    fn keyed(&self, text: &mut Text) {
        let (lookup, fields) = (self.parts.lookup, self.item.fields_type("'a"));
        text.block(format!("impl<'a> Keyed<'a> for {} {{", self.key.view_type("'a")), "}", |text| {
            text.line(format!("type Short = {fields};"));
            text.blank();
            text.block(format!("fn short(self, why: Shortage) -> {fields} {{"), "}", |text| {
                text.block("let status = match why {", "};", |text| {
                    text.line(format!("Shortage::Exceeded => {},", self.status(&lookup.exceeded)));
                    text.line(format!("Shortage::Oversized => {},", self.status(&lookup.oversized)));
                });
                let key = if self.key.record.is_plain() { "self" } else { "self.fields()" };
                text.line(format!("{}::short({key}, status)", self.item.fields_name()));
            });
        });
        text.blank();
    }

    fn item(&self, text: &mut Text) {
        let lookup = self.parts.lookup;
        if let Some(test) = &lookup.retry_later
            && let Some(Kind::Enum { name, .. }) = self.item.record.field(&test.field).map(|field| &field.kind)
            && let Some(of) = self.item.service.enumeration(name)
        {
            text.block(format!("impl {} {{", self.item.view_type("'_")), "}", |text| {
                text.comment("///", "Whether a better answer may be there when the key is looked up again later.");
                text.line("#[must_use]");
                text.block("pub fn retry_later(&self) -> bool {", "}", |text| {
                    text.line(format!("{} == {}", self.get("self", &test.field), enums::path(of, &test.value)));
                });
            });
            text.blank();
        }
        let (fields, key) = (self.item.fields_type("'a"), self.key.fields_type("'a"));
        let lifetime = if fields.contains('<') || key.contains('<') { "<'a>" } else { "" };
        text.block(format!("impl{lifetime} {fields} {{"), "}", |text| {
            text.comment("///", "The record that says nothing but that a key got no answer.");
            let status = camel(&self.parts.status.name);
            text.block(format!("fn short(key: {key}, status: {status}) -> Self {{"), "}", |text| {
                let values = self.item.record.values().map(|field| {
                    let demand = lookup.short.iter().find(|demand| demand.field == field.name);
                    match demand {
                        _ if field.name == lookup.status && field.name == "status" => "status".to_owned(),
                        _ if field.name == lookup.status => format!("{}: status", field.name),
                        Some(demand) => format!("{}: {}", field.name, self.demanded(field, demand)),
                        None => format!("{0}: key.{0}", field.name),
                    }
                });
                text.group("Self {", values.collect(), "}", Style::Spaced);
            });
        });
        text.blank();
    }
}

/// The fixed part of a request or reply, in `fixed`; `count` and `generation` are variables.
fn store_head(shape: &Shape<'_>, generation: &str, text: &mut Text, uses: &mut Uses) {
    text.line(format!("let mut fixed = [0; {}];", shape.constant("SIZE")));
    store_constants(shape, text, uses);
    for field in &shape.record.fields {
        match field.kind {
            Kind::Count { .. } => store(shape.at(field), "count".to_owned(), text),
            Kind::Number { .. } if field.name == generation => store(shape.at(field), "generation".to_owned(), text),
            _ => {}
        }
    }
}

fn method(head: &str, body: &str, text: &mut Text) {
    text.line("#[inline]");
    text.block(head, "}", |text| text.line(body));
    text.blank();
}
