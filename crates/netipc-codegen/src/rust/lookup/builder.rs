//! The builder that answers the keys of a request, with a method for each status that a provider can answer with.

use super::Lookup;
use crate::model::{Kind, Value};
use crate::rust::write::{fields, has_rules};
use crate::rust::{Shape, camel};
use crate::text::{Style, Text};

impl Lookup<'_> {
    /// The builder, with a method for each status that a provider can answer with.
    pub(super) fn builder(&self, shape: &Shape<'_>, text: &mut Text) {
        let (name, keys) = (shape.builder(), self.key.view_type("'a"));
        let generation = &self.parts.lookup.generation;
        for status in self.parts.final_statuses() {
            self.answer_fields(status, text);
        }
        text.comment("///", builder_doc(&shape.view));
        text.line("#[derive(Debug)]");
        text.block(format!("pub struct {name}<'a> {{"), "}", |text| {
            text.line(format!("answers: AnswersWriter<'a, {keys}>,"));
            text.line(format!("{generation}: Option<u64>,"));
        });
        text.blank();
        text.block(format!("impl<'a> {name}<'a> {{"), "}", |text| {
            self.new_builder(shape, text);
            if let Some(field) = shape.record.field(generation) {
                crate::rust::builder::setter(shape, field, text);
            }
            text.comment(
                "///",
                "Whether the answer to another key can change the reply; if not, the handler can stop.",
            );
            text.line("#[must_use]");
            text.block("pub fn wants_more(&self) -> bool {", "}", |text| text.line("self.answers.wants_more()"));
            text.blank();
            for status in self.parts.final_statuses() {
                self.answer(status, text);
            }
            self.finish(shape, text);
        });
        text.blank();
    }

    fn answer_fields(&self, status: &Value, text: &mut Text) {
        let free = self.parts.free_fields(&status.name);
        if !free.is_empty() {
            let doc = format!("What an answer `{}` tells, as [`{}`] takes it.", status.name, self.reply.builder());
            fields(&self.item, &self.answer_type(status, "'a"), &doc, &free, text);
        }
    }

    /// The struct of the values of an answer with this status.
    fn answer_type(&self, status: &Value, lifetime: &str) -> String {
        let free = self.parts.free_fields(&status.name);
        let borrows = free.iter().any(|field| matches!(field.kind, Kind::String(_) | Kind::Table { .. }));
        let lifetime = if borrows { format!("<{lifetime}>") } else { String::new() };
        format!("{}Fields{lifetime}", camel(&status.name))
    }

    fn new_builder(&self, shape: &Shape<'_>, text: &mut Text) {
        text.comment("///", "Starts at the end of what `out` holds, for the keys of `request`.");
        text.line("#[must_use]");
        let head = format!("pub fn new(request: &{}, out: Writer<'a>) -> Self {{", self.request.view_type("'a"));
        text.block(head, "}", |text| {
            let (record, size) = (shape.constant("RECORD"), shape.constant("SIZE"));
            let keys = format!("request.{}()", self.parts.lookup.keys);
            text.line(format!("let answers = AnswersWriter::new({record}, out, {size}, {keys});"));
            text.line(format!("Self {{ answers, {}: None }}", self.parts.lookup.generation));
        });
        text.blank();
    }

    fn answer(&self, status: &Value, text: &mut Text) {
        let free = self.parts.free_fields(&status.name);
        let invalid = if has_rules(self.item.record) && !free.is_empty() {
            " [`BuildError::Invalid`] when a rule is broken; the key can be answered otherwise then."
        } else {
            ""
        };
        text.comment(
            "///",
            format!(
                "Answers the next key: {}\n\n# Errors\n\n[`BuildError::Overflow`] when the reply cannot be given within the \
                 budget, [`BuildError::Answers`] when every key has its answer.{invalid}",
                lower_first(&status.doc)
            ),
        );
        let name = &status.name;
        let argument =
            if free.is_empty() { String::new() } else { format!(", fields: {}", self.answer_type(status, "'_")) };
        text.block(format!("pub fn {name}(&mut self{argument}) -> Result<(), BuildError> {{"), "}", |text| {
            let key = if self.key.record.is_plain() { "" } else { "()" };
            let values = self.item.record.values().map(|field| {
                let value = if field.name == self.parts.lookup.status {
                    self.status(name)
                } else if self.parts.lookup.echo.contains(&field.name) {
                    format!("key.{}{key}", field.name)
                } else if free.iter().any(|free| free.name == field.name) {
                    format!("fields.{}", field.name)
                } else {
                    let demand = self.parts.demands(name).find(|demand| demand.field == field.name);
                    demand.map_or_else(String::new, |demand| self.demanded(field, demand))
                };
                format!("{}: {value}", field.name)
            });
            let open = format!("self.answers.push(|key| {} {{", self.item.fields_name());
            text.group(open, values.collect(), "})", Style::Spaced);
        });
        text.blank();
    }

    fn finish(&self, shape: &Shape<'_>, text: &mut Text) {
        let generation = &self.parts.lookup.generation;
        text.comment(
            "///",
            "Ends the reply. Keys behind the one that had no room are to be asked for again.\n\n# \
             Errors\n\n[`BuildError::Overflow`] when the reply cannot be given within the budget, also when that error was \
             ignored, [`BuildError::Missing`] when a field was given no value, [`BuildError::Answers`] when there are not as \
             many answers as keys. Nothing stays in the buffer then.",
        );
        text.block("pub fn finish(self) -> Result<(), BuildError> {", "}", |text| {
            let (record, view) = (shape.constant("RECORD"), &shape.view);
            text.line(format!("let missing = BuildError::Missing {{ record: {record}, field: \"{generation}\" }};"));
            text.line(format!("let {generation} = self.{generation};"));
            let head = format!("Ok({view}::head({generation}.ok_or(missing)?, count))");
            text.line(format!("self.answers.finish(|count| {head})"));
        });
    }
}

fn builder_doc(view: &str) -> String {
    format!(
        "Builds [`{view}`] within a byte budget: one answer for each key of the request, in their order.\n\nRoom is kept for \
         short records of the keys that follow. An answer that does not fit even alone in the whole budget becomes such a \
         record, and the next key gets its chance. Else, when the first key has no room, the reply is an overflow; when a \
         later one has none, it and all behind it are to be asked for again."
    )
}

fn lower_first(doc: &str) -> String {
    let mut chars = doc.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}
