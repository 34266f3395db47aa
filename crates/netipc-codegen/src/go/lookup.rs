//! Lookups: the wider descriptor, and the builder that answers keys.

mod builder;

use super::builder::add_all;
use super::write::{has_rules, len_of};
use super::{Query, Shape, Uses, enums, grouped};
use crate::model::{Demand, Field, Kind, LookupParts, Must, Service};
use crate::text::{Style, Text};

/// What a record of a lookup has beside what every record of its form has.
pub(super) fn print(shape: &Shape<'_>, parts: &LookupParts<'_>, text: &mut Text) {
    let lookup = Lookup::new(shape.service, parts);
    if shape.is_reply() {
        lookup.builder(text);
        lookup.encode_reply(text);
    }
    if shape.record.name == parts.item.name {
        lookup.retry_later(text);
        lookup.short(text);
    }
}

pub(super) fn encode_request(service: &Service, parts: &LookupParts<'_>, text: &mut Text) {
    Lookup::new(service, parts).encode_request(text);
}

/// The methods by which clients are generic over lookups.
pub(super) fn descriptor(service: &Service, parts: &LookupParts<'_>, text: &mut Text, uses: &mut Uses) {
    Lookup::new(service, parts).descriptor(text, uses);
}

struct Lookup<'m> {
    parts: &'m LookupParts<'m>,
    key: Shape<'m>,
    item: Shape<'m>,
    request: Shape<'m>,
    reply: Shape<'m>,
}

impl<'m> Lookup<'m> {
    fn new(service: &'m Service, parts: &'m LookupParts<'m>) -> Self {
        let role = |name: &str| Shape::new(service, service.record(name).unwrap_or(parts.item));
        Self {
            parts,
            key: Shape::new(service, parts.key),
            item: Shape::new(service, parts.item),
            request: role(&service.request),
            reply: role(&service.reply),
        }
    }

    /// The type of a key, as a caller passes it.
    fn key_type(&self) -> String {
        Query::of(&self.key).ty(&self.key)
    }

    /// The struct of values of a key that a caller passed as `key`.
    fn key_values(&self) -> String {
        Query::of(&self.key).values(&self.key, "key")
    }

    fn status(&self, value: &str) -> String {
        enums::constant(self.parts.status, value)
    }

    /// The name of the function that makes a short record.
    fn short_name(&self) -> String {
        format!("short{}", self.item.view)
    }

    fn encode_request(&self, text: &mut Text) {
        text.comment(
            "//",
            "EncodeRequest appends the request payload for keys; see [service.Service]. An overflow tells what all keys take.",
        );
        let head = format!(
            "func (Service) EncodeRequest(dst []byte, budget int, keys []{}) ([]byte, error) {{",
            self.key_type()
        );
        text.block(head, "}", |text| {
            text.line("out := codec.NewWriter(dst, budget)");
            text.comment("//", "The writer remembers what did not fit, and Finish reports it.");
            text.line(format!("_, _ = out.Extend({})", self.request.size()));
            text.line("items := codec.NewItemsWriter(&out)");
            text.line("items.Grow(&out, len(keys))");
            if Query::of(&self.key) == Query::Fields {
                add_all(&self.key, "keys", "items.Add(&out, ", "out.Finish(err)", text);
            } else {
                self.add_bare_keys(text);
            }
            text.line("count := items.Finish(&out)");
            text.block(format!("if head := out.Head({}); head != nil {{", self.request.size()), "}", |text| {
                text.line(format!("put{}Head(head, count)", self.request.view));
            });
            text.line("return out.Finish(nil)");
        });
        text.blank();
    }

    fn add_bare_keys(&self, text: &mut Text) {
        text.block("for _, key := range keys {", "}", |text| {
            text.line(format!("item := {}", self.key_values()));
            if has_rules(&self.key) {
                text.block("if err := item.check(); err != nil {", "}", |text| text.line("return out.Finish(err)"));
            }
            let add = format!("if buf, err := items.Add(&out, {}); err == nil {{", len_of(&self.key, "item"));
            text.block(add, "}", |text| text.line("item.put(buf)"));
        });
    }

    fn descriptor(&self, text: &mut Text, uses: &mut Uses) {
        let (lookup, key) = (self.parts.lookup, self.key_type());
        let reply = &self.reply.view;
        let items = format!("reply.{}()", super::names::exported(&lookup.items));
        method(
            "RequestLen",
            "returns the size of a request without keys in bytes",
            "() int",
            &[&format!("return {}", self.request.size())],
            text,
        );
        method(
            "ReplyLen",
            "returns the size of a reply without items in bytes",
            "() int",
            &[&format!("return {}", self.reply.size())],
            text,
        );
        self.keys(&key, text);
        method(
            "Len",
            "returns how many items the reply has",
            &format!("(reply {reply}) int"),
            &[&format!("return {items}.Len()")],
            text,
        );
        let generation = format!("return reply.{}()", super::names::exported(&lookup.generation));
        method(
            "Generation",
            "returns the generation of the reply",
            &format!("(reply {reply}) uint64"),
            &[&generation],
            text,
        );
        self.outcome(reply, &items, text);
        self.echoes(reply, &items, &key, text, uses);
        let signature = format!("(reply {reply}, index int) []byte");
        method(
            "ItemBytes",
            "returns the bytes of the item at index, for a [codec.Stitcher]",
            &signature,
            &[&format!("return {items}.Bytes(index)")],
            text,
        );
        self.stitching(&key, text);
        let body = format!("return {reply}{{payload}}");
        method(
            "ViewReply",
            "returns the view of a reply that was decoded or stitched before",
            &format!("(payload []byte) {reply}"),
            &[&body],
            text,
        );
    }

    /// What is asked about a single key.
    fn keys(&self, key: &str, text: &mut Text) {
        let values = self.key_values();
        let is_bare = Query::of(&self.key) != Query::Fields;
        let declare = format!("item := {values}");
        let variable = if is_bare { "item" } else { "key" };
        let check = format!("return {variable}.check()");
        let (name, doc) = ("CheckKey", "checks the rules of a key");
        match (has_rules(&self.key), is_bare) {
            (false, _) => method(name, doc, &format!("({key}) error"), &["return nil"], text),
            (true, true) => method(name, doc, &format!("(key {key}) error"), &[&declare, &check], text),
            (true, false) => method(name, doc, &format!("(key {key}) error"), &[&check], text),
        }
        let (name, doc) = ("KeyLen", "returns the size of the key's item in a request, in bytes");
        let size = format!("return {}", len_of(&self.key, variable));
        match (self.key.record.is_plain(), is_bare) {
            (true, _) => method(name, doc, &format!("({key}) int"), &[&size], text),
            (false, true) => method(name, doc, &format!("(key {key}) int"), &[&declare, &size], text),
            (false, false) => method(name, doc, &format!("(key {key}) int"), &[&size], text),
        }
        let (name, doc) = ("ShortLen", "returns the size of the item that says that the key got no answer, in bytes");
        let short = format!("short := {}({values}, {})", self.short_name(), self.status(&self.parts.lookup.exceeded));
        if self.item.record.is_plain() {
            method(name, doc, &format!("({key}) int"), &[&format!("return {}", self.item.size())], text);
        } else {
            method(name, doc, &format!("(key {key}) int"), &[&short, "return short.size()"], text);
        }
    }

    fn outcome(&self, reply: &str, items: &str, text: &mut Text) {
        let lookup = self.parts.lookup;
        text.comment("//", "Outcome returns what the item at index means.");
        let head = format!("func (Service) Outcome(reply {reply}, index int) service.Outcome {{");
        text.block(head, "}", |text| {
            text.line(format!("items := {items}"));
            text.block("if index < 0 || index >= items.Len() {", "}", |text| text.line("return service.Final"));
            text.line(format!("switch items.At(index).{} {{", self.get(&lookup.status)));
            for (status, outcome) in [(&lookup.exceeded, "Exceeded"), (&lookup.oversized, "Oversized")] {
                text.line(format!("case {}:", self.status(status)));
                let mut result = Text::new();
                result.line(format!("return service.{outcome}"));
                text.indent(result);
            }
            text.line("}");
            text.line("return service.Final");
        });
        text.blank();
    }

    /// A value of the item's view.
    fn get(&self, field: &str) -> String {
        let member = super::names::exported(field);
        if self.item.record.is_plain() { member } else { format!("{member}()") }
    }

    fn echoes(&self, reply: &str, items: &str, key: &str, text: &mut Text, uses: &mut Uses) {
        let is_bare = Query::of(&self.key) == Query::Value;
        text.comment("//", "Echoes reports whether the item at index is there and repeats key.");
        let head = format!("func (Service) Echoes(reply {reply}, index int, key {key}) bool {{");
        text.block(head, "}", |text| {
            text.line(format!("items := {items}"));
            text.block("if index < 0 || index >= items.Len() {", "}", |text| text.line("return false"));
            text.line("item := items.At(index)");
            let terms = self.parts.lookup.echo.iter().map(|name| {
                let member = super::names::exported(name);
                let key = if is_bare { "key".to_owned() } else { format!("key.{member}") };
                let item = format!("item.{}", self.get(name));
                match self.item.record.field(name).map(|field| &field.kind) {
                    Some(Kind::String(_)) => {
                        uses.standard.insert("bytes");
                        format!("bytes.Equal({item}, {key})")
                    }
                    _ => format!("{item} == {key}"),
                }
            });
            super::values::conjunction(&terms.collect::<Vec<_>>(), text);
        });
        text.blank();
    }

    fn stitching(&self, key: &str, text: &mut Text) {
        let lookup = self.parts.lookup;
        let stitcher = format!("return codec.NewStitcher(dst, budget, {}, keys)", self.reply.size());
        let doc = "starts a reply to keys keys, made of the items of others";
        method("Stitch", doc, "(dst []byte, budget, keys int) codec.Stitcher", &[&stitcher], text);
        text.comment("//", "AddOversized appends the item that says that the answer to key does not fit.");
        text.block(format!("func (Service) AddOversized(s *codec.Stitcher, key {key}) error {{"), "}", |text| {
            text.line(format!(
                "item := {}({}, {})",
                self.short_name(),
                self.key_values(),
                self.status(&lookup.oversized)
            ));
            if has_rules(&self.item) {
                text.block("if err := item.check(); err != nil {", "}", |text| text.line("return err"));
            }
            text.line(format!("buf, err := s.Add({})", len_of(&self.item, "item")));
            text.block("if err != nil {", "}", |text| text.line("return err"));
            text.line("item.put(buf)");
            text.line("return nil");
        });
        text.blank();
        text.comment("//", "FinishStitched ends a stitched reply.");
        let head = "func (Service) FinishStitched(s *codec.Stitcher, generation uint64) ([]byte, error) {";
        text.block(head, "}", |text| {
            text.line(format!("head, count := s.Head({})", self.reply.size()));
            text.block("if head != nil {", "}", |text| {
                text.line(format!("put{}Head(head, generation, count)", self.reply.view));
            });
            text.line("return s.Finish(nil)");
        });
        text.blank();
    }

    /// What a rule demands of a field, as code; nothing when that is Go's zero value.
    fn demanded(&self, field: &Field, demand: &Demand) -> Option<String> {
        match (&demand.must, &field.kind) {
            (Must::Number(0), _) => None,
            (Must::Number(value), _) => Some(grouped(*value)),
            (Must::Value(value), Kind::Enum { name, .. }) => {
                let of = self.item.service.enumeration(name)?;
                Some(enums::constant(of, value))
            }
            _ => None,
        }
    }

    fn retry_later(&self, text: &mut Text) {
        let Some(test) = &self.parts.lookup.retry_later else { return };
        let Some(Kind::Enum { name, .. }) = self.item.record.field(&test.field).map(|field| &field.kind) else {
            return;
        };
        let Some(of) = self.item.service.enumeration(name) else { return };
        let receiver = self.item.receiver();
        text.comment(
            "//",
            "RetryLater reports whether a better answer may be there when the key is looked up again later.",
        );
        text.block(format!("func ({receiver} {}) RetryLater() bool {{", self.item.view), "}", |text| {
            let get = self.get(&test.field);
            text.line(format!("return {receiver}.{get} == {}", enums::constant(of, &test.value)));
        });
        text.blank();
    }

    /// The record that says nothing but that a key got no answer.
    fn short(&self, text: &mut Text) {
        let (lookup, name, values) = (self.parts.lookup, self.short_name(), self.item.values());
        let status = super::names::exported(&self.parts.status.name);
        text.comment("//", format!("{name} returns the record that says nothing but that a key got no answer."));
        text.block(format!("func {name}(key {}, status {status}) {values} {{", self.key.values()), "}", |text| {
            let members = self.item.record.values().filter_map(|field| {
                let member = self.item.member(field);
                if field.name == lookup.status {
                    return Some(format!("{member}: status"));
                }
                match lookup.short.iter().find(|demand| demand.field == field.name) {
                    Some(demand) => Some(format!("{member}: {}", self.demanded(field, demand)?)),
                    None => Some(format!("{member}: key.{member}")),
                }
            });
            text.group(format!("return {values}{{"), members.collect(), "}", Style::Keyed);
        });
        text.blank();
    }

    fn encode_reply(&self, text: &mut Text) {
        let items = format!("fields.{}", super::names::exported(&self.parts.lookup.items));
        let generation = format!("fields.{}", super::names::exported(&self.parts.lookup.generation));
        super::builder::encode_head(&self.reply, text, |text| {
            text.line(format!("s := Service{{}}.Stitch(dst, budget, len({items}))"));
            add_all(&self.item, &items, "s.Add(", "s.Finish(err)", text);
            text.line(format!("return Service{{}}.FinishStitched(&s, {generation})"));
        });
    }
}

fn method(name: &str, doc: &str, signature: &str, body: &[&str], text: &mut Text) {
    text.comment("//", format!("{name} {doc}."));
    let head = format!("func (Service) {name}{signature} {{");
    match body {
        [one] if head.len() + one.len() < 96 => text.line(format!("{head} {one} }}")),
        _ => text.block(head, "}", |text| body.iter().for_each(|line| text.line(*line))),
    }
    text.blank();
}
