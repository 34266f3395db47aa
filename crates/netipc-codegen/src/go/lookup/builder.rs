//! The builder that answers the keys of a request, with a method for each status that a provider can answer with.

use super::Lookup;
use crate::go::builder::{FINISH_DOC, set_value};
use crate::go::names::{exported, lower};
use crate::go::values::members;
use crate::go::write::{has_rules, kept, len_of};
use crate::model::Value;
use crate::text::{Style, Text};

impl Lookup<'_> {
    pub(super) fn builder(&self, text: &mut Text) {
        let Some(generation) = self.reply.record.field(&self.parts.lookup.generation) else { return };
        for status in self.parts.final_statuses() {
            self.answer_fields(status, text);
        }
        let (builder, key) = (self.reply.builder(), &self.key.view);
        text.comment(
            "//",
            format!(
                "{builder} builds {} within a byte budget: one answer for each key of the request, in their order. Reset makes \
                 it ready; before that it has no room.\n\nRoom is kept for short records of the keys that follow. An answer that does not fit even alone \
                 in the whole budget becomes such a record, and the next key gets its chance. Else, when the first key has no \
                 room, the reply is an overflow; when a later one has none, it and all behind it are to be asked for again. \
                 (NIPC-LKP-10 to NIPC-LKP-16)",
                self.reply.link()
            ),
        );
        text.block(format!("type {builder} struct {{"), "}", |text| {
            let rows = [
                ("answers".to_owned(), "codec.AnswersWriter".to_owned()),
                ("keys".to_owned(), format!("codec.Items[{key}]")),
                (kept(generation), "codec.Value[uint64]".to_owned()),
            ];
            crate::go::members(&rows, text);
        });
        text.blank();
        self.reset(text);
        set_value(&self.reply, generation, text);
        text.comment(
            "//",
            "WantsMore reports whether the answer to another key can change the reply; if not, the handler can stop.",
        );
        text.line(format!("func (b *{builder}) WantsMore() bool {{ return b.answers.WantsMore() }}"));
        text.blank();
        for status in self.parts.final_statuses() {
            self.answer(status, text);
        }
        self.place(text);
        self.finish(&kept(generation), text);
    }

    fn answer_fields(&self, status: &Value, text: &mut Text) {
        let free = self.parts.free_fields(&status.name);
        if free.is_empty() {
            return;
        }
        let name = answer_type(status);
        let doc = format!("{name} has what an answer `{}` tells.", status.name);
        text.comment("//", doc);
        members(&self.item, &free, &name, text);
        text.blank();
    }

    fn reset(&self, text: &mut Text) {
        let (builder, request) = (self.reply.builder(), &self.request.view);
        text.comment(
            "//",
            "Reset starts the reply to request at the end of dst, of at most budget bytes. What the builder was used for before \
             does not matter. The payload of the request must be left alone until the reply is finished.",
        );
        let head = format!("func (b *{builder}) Reset(dst []byte, budget int, request {request}) {{");
        text.block(head, "}", |text| {
            text.block(format!("*b = {builder}{{"), "}", |text| {
                let (record, size) = (self.reply.error_name(), self.reply.size());
                let rows = [
                    ("answers:".to_owned(), format!("codec.NewAnswersWriter({record}, dst, budget, {size}),")),
                    ("keys:".to_owned(), format!("request.{}(),", exported(&self.parts.lookup.keys))),
                ];
                crate::go::members(&rows, text);
            });
            if self.item.record.is_plain() {
                text.block("for range b.keys.Len() {", "}", |text| {
                    text.line(format!("b.answers.Expect({})", self.item.size()));
                });
            } else {
                text.block("for key := range b.keys.All() {", "}", |text| {
                    let key = self.key.fields_of("key");
                    let status = self.status(&self.parts.lookup.exceeded);
                    text.line(format!("short := {}({key}, {status})", self.short_name()));
                    text.line("b.answers.Expect(short.size())");
                });
            }
            text.line("b.answers.Start()");
        });
        text.blank();
    }

    fn answer(&self, status: &Value, text: &mut Text) {
        let free = self.parts.free_fields(&status.name);
        let (builder, name) = (self.reply.builder(), exported(&status.name));
        let invalid = if has_rules(&self.item) && !free.is_empty() {
            ", or a [*codec.InvalidError] when a rule is broken; the key can be answered otherwise then"
        } else {
            ""
        };
        text.comment(
            "//",
            format!(
                "{name} answers the next key: {} It returns a [*codec.OverflowError] when the reply cannot be given within \
                 the budget, a [*codec.AnswersError] when every key has its answer{invalid}.",
                lower(&status.doc)
            ),
        );
        let argument = if free.is_empty() { String::new() } else { format!("fields {}", answer_type(status)) };
        text.block(format!("func (b *{builder}) {name}({argument}) error {{"), "}", |text| {
            text.line("index, err := b.answers.Next()");
            text.block("if err != nil {", "}", |text| text.line("return err"));
            text.line("key := b.keys.At(index)");
            let call = if self.key.record.is_plain() { "" } else { "()" };
            let values = self.item.record.values().filter_map(|field| {
                let member = self.item.member(field);
                let value = if field.name == self.parts.lookup.status {
                    self.status(&status.name)
                } else if self.parts.lookup.echo.contains(&field.name) {
                    format!("key.{member}{call}")
                } else if free.iter().any(|free| free.name == field.name) {
                    format!("fields.{member}")
                } else {
                    let demand = self.parts.demands(&status.name).find(|demand| demand.field == field.name);
                    self.demanded(field, demand?)?
                };
                Some(format!("{member}: {value}"))
            });
            let open = format!("return b.answer({}, &{}{{", self.key.fields_of("key"), self.item.values());
            text.group(open, values.collect(), "})", Style::Keyed);
        });
        text.blank();
    }

    /// What becomes of an answer.
    fn place(&self, text: &mut Text) {
        let (builder, item, lookup) = (self.reply.builder(), self.item.values(), self.parts.lookup);
        let head = format!("func (b *{builder}) answer(key {}, item *{item}) error {{", self.key.values());
        text.block(head, "}", |text| {
            if has_rules(&self.item) {
                text.block("if err := item.check(); err != nil {", "}", |text| text.line("return err"));
            }
            text.line(format!("short := {}(key, {})", self.short_name(), self.status(&lookup.oversized)));
            let lens = [len_of(&self.item, "item"), len_of(&self.item, "short")].join(", ");
            text.line(format!("verdict, err := b.answers.Place({lens})"));
            text.block("if err != nil {", "}", |text| text.line("return err"));
            text.line("switch verdict {");
            for (verdict, item) in [("Fits", "item"), ("Oversized", "&short")] {
                text.line(format!("case codec.{verdict}:"));
                let mut add = Text::new();
                add.line(format!("return b.add({item})"));
                text.indent(add);
            }
            text.line("}");
            text.line("return nil");
        });
        text.blank();
        text.block(format!("func (b *{builder}) add(item *{item}) error {{"), "}", |text| {
            text.line(format!("buf, err := b.answers.Add({})", len_of(&self.item, "item")));
            text.block("if err != nil {", "}", |text| text.line("return err"));
            text.line("item.put(buf)");
            text.line("return nil");
        });
        text.blank();
    }

    fn finish(&self, generation: &str, text: &mut Text) {
        let builder = self.reply.builder();
        text.comment(
            "//",
            format!(
                "{FINISH_DOC} a [*codec.OverflowError] when the reply cannot be given within the budget, also when that error \
                 was ignored, a [*codec.MissingError] when a field was given no value, or a [*codec.AnswersError] when there \
                 are not as many answers as keys. Keys behind the one that had no room are to be asked for again."
            ),
        );
        text.line(format!("func (b *{builder}) Finish() ([]byte, error) {{ return b.answers.Finish(b.close()) }}"));
        text.blank();
        text.block(format!("func (b *{builder}) close() error {{"), "}", |text| {
            text.line("index, err := b.answers.Ready()");
            text.block("if err != nil {", "}", |text| text.line("return err"));
            text.block("for ; index < b.keys.Len(); index++ {", "}", |text| {
                let key = self.key.fields_of("b.keys.At(index)");
                let status = self.status(&self.parts.lookup.exceeded);
                text.line(format!("short := {}({key}, {status})", self.short_name()));
                text.block("if err := b.add(&short); err != nil {", "}", |text| text.line("return err"));
            });
            text.line(format!("value, ok := b.{generation}.Get()"));
            text.block("if !ok {", "}", |text| {
                let (record, field) = (self.reply.error_name(), &self.parts.lookup.generation);
                text.line(format!("return &codec.MissingError{{Record: {record}, Field: \"{field}\"}}"));
            });
            text.line(format!("head, count := b.answers.Head({})", self.reply.size()));
            text.block("if head != nil {", "}", |text| {
                text.line(format!("put{}Head(head, value, count)", self.reply.view));
            });
            text.line("return nil");
        });
        text.blank();
    }
}

/// The struct of the values of an answer with this status.
fn answer_type(status: &Value) -> String {
    format!("{}Fields", exported(&status.name))
}
