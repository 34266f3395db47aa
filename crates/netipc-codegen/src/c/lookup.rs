//! Lookups: the request of keys, the builder that answers them, and replies put together of others.

use super::builder::{ERROR, builder_struct, finish_doc, names, setter, setter_members};
use super::record::print_struct;
use super::{Out, Shape, enums, literal, member, write};
use crate::model::{Demand, Field, Kind, LookupParts, Must, Number, Value};
use crate::text::{Style, Text};

/// What a record of a lookup has beside what every record of its form has.
pub(super) fn print(shape: &Shape<'_>, parts: &LookupParts<'_>, out: &mut Out<'_>) {
    let lookup = Lookup::new(shape, parts);
    if shape.record.name == shape.service.request {
        lookup.request(shape, out);
    }
    if shape.record.name == parts.item.name {
        lookup.retry_later(out);
    }
    if shape.record.name == shape.service.reply {
        lookup.short(out);
        lookup.form(shape, out);
        lookup.builder(shape, out);
        lookup.stitch(shape, out);
    }
}

pub(super) struct Lookup<'m> {
    pub(super) parts: &'m LookupParts<'m>,
    pub(super) key: Shape<'m>,
    pub(super) item: Shape<'m>,
    pub(super) request: Shape<'m>,
    pub(super) reply: Shape<'m>,
}

impl<'m> Lookup<'m> {
    pub(super) fn new(shape: &Shape<'m>, parts: &'m LookupParts<'m>) -> Self {
        Self {
            parts,
            key: shape.other(parts.key),
            item: shape.other(parts.item),
            request: shape.role(&shape.service.request),
            reply: shape.role(&shape.service.reply),
        }
    }

    pub(super) fn status(&self, value: &str) -> String {
        enums::constant(self.item.service, self.item.options, self.parts.status, value)
    }

    /// What public functions of the service as a whole start with.
    pub(super) fn service(&self) -> String {
        format!("{}{}", self.item.options.prefix, super::snake(&self.item.service.name))
    }

    fn request(&self, shape: &Shape<'_>, out: &mut Out<'_>) {
        let ty = shape.ty();
        let invalid = if write::has_rules(&self.key) { " or a key breaks a rule" } else { "" };
        let doc = format!(
            "Writes the request for `count` keys as a whole payload; `out` must be empty.\n\n@return false, with the reason in \
             `error` unless that is `NULL` and nothing in `out`, when it does not fit{invalid}."
        );
        let keys = format!("const {} *keys", self.key.ty());
        let parameters = [keys.as_str(), "size_t count", "netipc_writer *out", ERROR];
        out.function(&doc, "bool", &format!("{ty}_encode"), &parameters, |text| {
            text.line("/* What does not fit is counted on, so that the error tells what all of it takes. */");
            text.line(format!("netipc_writer_zeros(out, {});", shape.size()));
            text.line("netipc_items_writer items;");
            text.line("netipc_items_start(&items, out, count);");
            text.block("for (size_t i = 0; i < count; i++) {", "}", |text| {
                text.line("netipc_build_error why;");
                text.line(format!(
                    "if (!netipc_items_push(&items, out, &{}, &keys[i], &why) && why.code != NETIPC_BUILD_OVERFLOW) {{",
                    self.key.private("encoder")
                ));
                text.line("    return netipc_writer_refuse(out, &why, error);");
                text.line("}");
            });
            text.line(format!("uint8_t fixed[{}] = {{0}};", shape.size()));
            write::constants(shape, text);
            if let Some(list) = shape.record.list() {
                text.line(format!(
                    "netipc_store_u32(fixed + {}, netipc_items_finish(&items, out));",
                    shape.place(list)
                ));
            }
            text.line("netipc_writer_patch(out, 0, fixed, sizeof fixed);");
            text.line("return netipc_writer_finish(out, error);");
        });
    }

    fn retry_later(&self, out: &mut Out<'_>) {
        let Some(test) = &self.parts.lookup.retry_later else { return };
        let Some(field) = self.item.record.field(&test.field) else { return };
        let Some(of) = self.item.enumeration(field) else { return };
        let ty = self.item.ty();
        let value = enums::constant(self.item.service, self.item.options, of, &test.value);
        let doc = "Whether a better answer may be there when the key is looked up again later.";
        out.function(doc, "bool", &format!("{ty}_retry_later"), &[&format!("const {ty} *item")], |text| {
            text.line(format!("return item->{} == {value};", member(&field.name)));
        });
    }

    /// The record that says nothing but that a key got no answer.
    fn short(&self, out: &mut Out<'_>) {
        let (fields, key) = (self.item.fields_ty(), format!("const {} *key", self.key.ty()));
        let status =
            format!("{} status", super::type_name(self.item.service, self.item.options, &self.parts.status.name));
        let lookup = self.parts.lookup;
        out.source.line("/* The record that says nothing but that a key got no answer. */");
        out.private(&fields, "short_item", &[&key, &status], |text| {
            let values = self.item.record.values().filter_map(|field| {
                let demand = lookup.short.iter().find(|demand| demand.field == field.name);
                let value = match demand {
                    _ if field.name == lookup.status => "status".to_owned(),
                    Some(demand) => self.demanded(field, demand)?,
                    None => format!("key->{}", member(&field.name)),
                };
                Some(format!(".{} = {value}", member(&field.name)))
            });
            let values: Vec<_> = values.collect();
            text.block(format!("return ({fields}){{"), "};", |text| {
                for value in values {
                    text.line(format!("{value},"));
                }
            });
        });
    }

    /// What a rule demands of a field, as code; nothing of a string or table, which is empty when nobody sets it.
    fn demanded(&self, field: &Field, demand: &Demand) -> Option<String> {
        match (&demand.must, self.item.enumeration(field)) {
            (Must::Number(value), _) => Some(literal(*value)),
            (Must::Value(value), Some(of)) => Some(enums::constant(self.item.service, self.item.options, of, value)),
            _ => None,
        }
    }

    /// What the runtime must know to answer keys.
    fn form(&self, shape: &Shape<'_>, out: &mut Out<'_>) {
        let lookup = self.parts.lookup;
        let (key, fields) = (self.key.ty(), self.item.fields_ty());
        let view = self.key.private("view");
        out.private("size_t", "answer_short_size", &["netipc_bytes bytes"], |text| {
            text.line(format!("const {key} key = {view}(bytes);"));
            text.line(format!("const {fields} item = short_item(&key, {});", self.status(&lookup.exceeded)));
            text.line(format!("return {}(&item);", self.item.private("size")));
        });
        let parameters = ["netipc_bytes bytes", "netipc_shortage why", "netipc_writer *out"];
        out.private("void", "answer_write_short", &parameters, |text| {
            text.line(format!("const {key} key = {view}(bytes);"));
            text.line(format!("const {fields} item = short_item(&key, why == NETIPC_SHORTAGE_EXCEEDED"));
            text.line(format!("    ? {}", self.status(&lookup.exceeded)));
            text.line(format!("    : {});", self.status(&lookup.oversized)));
            text.line(format!("{}(&item, out);", self.item.private("write")));
        });
        let members =
            vec![shape.private("name"), shape.size(), "answer_short_size".to_owned(), "answer_write_short".to_owned()];
        out.source.assign("static const netipc_answers_form answer_form =", "{", members, "};", Style::Aligned);
        out.source.blank();
        self.head(shape, out);
    }

    /// The fixed part of a reply.
    fn head(&self, shape: &Shape<'_>, out: &mut Out<'_>) {
        let generation = shape.record.field(&self.parts.lookup.generation);
        let parameters = ["netipc_writer *out", "uint64_t generation", "uint32_t count"];
        out.private("void", "answer_head", &parameters, |text| {
            text.line(format!("uint8_t fixed[{}] = {{0}};", shape.size()));
            write::constants(shape, text);
            if let Some(field) = generation {
                write::store(shape, field, Number::U64, "generation", text);
            }
            if let Some(list) = shape.record.list() {
                text.line(format!("netipc_store_u32(fixed + {}, count);", shape.place(list)));
            }
            text.line("netipc_writer_patch(out, 0, fixed, sizeof fixed);");
        });
    }

    fn builder(&self, shape: &Shape<'_>, out: &mut Out<'_>) {
        let (ty, builder) = names(shape);
        let Some(generation) = shape.record.field(&self.parts.lookup.generation) else { return };
        for status in self.parts.final_statuses() {
            self.answer_struct(status, &ty, out);
        }
        let mut members = vec!["netipc_answers answers_".to_owned()];
        members.extend(setter_members(shape, generation));
        builder_struct(&ty, BUILDER, &members, out);
        let request = format!("const {} *request", self.request.ty());
        let doc = "Starts the reply to the keys of `request`, whose payload must stay until the reply is finished, as must \
                   `out`, which must be empty.";
        let keys = member(&self.parts.lookup.keys);
        out.function(doc, "void", &format!("{ty}_start"), &[&builder, &request, "netipc_writer *out"], |text| {
            text.line("memset(builder, 0, sizeof *builder);");
            text.line(format!("netipc_answers_start(&builder->answers_, &answer_form, request->{keys}, out);"));
        });
        setter(shape, generation, out);
        let doc = "Whether the answer to another key can change the reply; if not, the handler can stop.";
        let constant = format!("const {builder}");
        out.function(doc, "bool", &format!("{ty}_wants_more"), &[&constant], |text| {
            text.line("return netipc_answers_wants_more(&builder->answers_);");
        });
        for status in self.parts.final_statuses() {
            self.answer(status, &ty, &builder, out);
        }
        self.finish(shape, &ty, &builder, generation, out);
    }

    /// The struct of what an answer with this status tells.
    pub(super) fn answer_ty(&self, status: &Value) -> String {
        format!("{}_{}_fields", self.service(), status.name)
    }

    fn answer_struct(&self, status: &Value, builder: &str, out: &mut Out<'_>) {
        let free = self.parts.free_fields(&status.name);
        if !free.is_empty() {
            let doc = format!("What an answer `{0}` tells, as `{builder}_{0}` takes it.", status.name);
            print_struct(&self.item, &self.answer_ty(status), &doc, &free, true, out);
        }
    }

    fn answer(&self, status: &Value, ty: &str, builder: &str, out: &mut Out<'_>) {
        let free = self.parts.free_fields(&status.name);
        let invalid = if write::has_rules(&self.item) && !free.is_empty() {
            " or when a rule is broken; in that case the key can be answered otherwise"
        } else {
            ""
        };
        let doc = format!(
            "Answers the next key: {}\n\n@return false when the reply cannot be given within the budget, when every key has its \
             answer,{invalid}.",
            lower_first(&status.doc)
        )
        .replace("answer,.", "answer.")
        .replace("budget, when", if invalid.is_empty() { "budget or when" } else { "budget, when" });
        let fields = format!("const {} *fields", self.answer_ty(status));
        let mut parameters = vec![builder];
        if !free.is_empty() {
            parameters.push(&fields);
        }
        parameters.push(ERROR);
        out.function(&doc, "bool", &format!("{ty}_{}", status.name), &parameters, |text| {
            text.line("netipc_bytes bytes;");
            text.block("if (!netipc_answers_next(&builder->answers_, &bytes, error)) {", "}", |text| {
                text.line("return false;");
            });
            text.line(format!("const {} key = {}(bytes);", self.key.ty(), self.key.private("view")));
            text.block(format!("const {} item = {{", self.item.fields_ty()), "};", |text| {
                for field in self.item.record.values() {
                    self.answer_value(field, status, &free, text);
                }
            });
            let encoder = self.item.private("encoder");
            text.line(format!("return netipc_answers_push(&builder->answers_, &{encoder}, &item, error);"));
        });
    }

    fn answer_value(&self, field: &Field, status: &Value, free: &[&Field], text: &mut Text) {
        let name = member(&field.name);
        let is_table = matches!(field.kind, Kind::Table { .. });
        if field.name == self.parts.lookup.status {
            text.line(format!(".{name} = {},", self.status(&status.name)));
        } else if self.parts.lookup.echo.contains(&field.name) {
            text.line(format!(".{name} = key.{name},"));
        } else if free.iter().any(|free| free.name == field.name) {
            text.line(format!(".{name} = fields->{name},"));
            if is_table {
                text.line(format!(".{0}_count = fields->{0}_count,", field.name));
            }
        } else if let Some(demand) = self.parts.demands(&status.name).find(|demand| demand.field == field.name)
            && let Some(value) = self.demanded(field, demand)
        {
            text.line(format!(".{name} = {value},"));
        }
    }

    fn finish(&self, shape: &Shape<'_>, ty: &str, builder: &str, generation: &Field, out: &mut Out<'_>) {
        let doc = finish_doc(Some("there are not as many answers as keys, when `generation` was not set"))
            .replace("`generation`", &format!("`{}`", generation.name))
            .replace(
                "Ends the reply.",
                "Ends the reply. Keys behind the one that had no room are to be asked for again.",
            );
        out.function(&doc, "bool", &format!("{ty}_finish"), &[builder, ERROR], |text| {
            text.line("uint32_t count;");
            text.block("if (!netipc_answers_close(&builder->answers_, &count, error)) {", "}", |text| {
                text.line("return false;");
            });
            text.line("netipc_writer *out = builder->answers_.out;");
            text.block(format!("if (!builder->has_{}) {{", generation.name), "}", |text| {
                text.line("netipc_build_error why;");
                text.line(format!("netipc_build_missing(&why, {}, \"{}\");", shape.private("name"), generation.name));
                text.line("return netipc_writer_refuse(out, &why, error);");
            });
            text.line(format!("answer_head(out, builder->{}, count);", member(&generation.name)));
            text.line("return netipc_writer_finish(out, error);");
        });
    }

    /// Replies that are put together of the items of others.
    fn stitch(&self, shape: &Shape<'_>, out: &mut Out<'_>) {
        let service = self.service();
        let generation = &self.parts.lookup.generation;
        let doc = "Starts a reply to `keys` keys that is put together of items: `netipc_stitcher_copy` takes those of other \
                   replies. `out` must be empty. (NIPC-LKP-17)";
        let stitcher = "netipc_stitcher *stitcher";
        let parameters = [stitcher, "netipc_writer *out", "size_t keys"];
        out.function(doc, "void", &format!("{service}_stitch_start"), &parameters, |text| {
            text.line(format!("netipc_stitcher_start(stitcher, out, {}, keys);", shape.size()));
        });
        let item = format!("const {} *item", self.item.fields_ty());
        let doc = "Appends an item of any status.\n\n@return false when it does not fit or breaks a rule.";
        out.function(doc, "bool", &format!("{service}_stitch_item"), &[stitcher, &item, ERROR], |text| {
            text.line(format!(
                "return netipc_stitcher_push(stitcher, &{}, item, error);",
                self.item.private("encoder")
            ));
        });
        let key = format!("const {} *key", self.key.ty());
        let doc = "Appends the item that says that the answer to `key` does not fit.\n\n@return false when even that does not \
                   fit, or the key breaks a rule.";
        out.function(doc, "bool", &format!("{service}_stitch_oversized"), &[stitcher, &key, ERROR], |text| {
            let status = self.status(&self.parts.lookup.oversized);
            text.line(format!("const {} item = short_item(key, {status});", self.item.fields_ty()));
            text.line(format!(
                "return netipc_stitcher_push(stitcher, &{}, &item, error);",
                self.item.private("encoder")
            ));
        });
        let doc = format!(
            "Ends the reply, with its `{generation}`.\n\n@return false when something did not fit; nothing stays in the writer \
             then."
        );
        let parameters = [stitcher, "uint64_t generation", ERROR];
        out.function(&doc, "bool", &format!("{service}_stitch_finish"), &parameters, |text| {
            text.line("uint32_t count = netipc_items_finish(&stitcher->items, stitcher->out);");
            text.line("answer_head(stitcher->out, generation, count);");
            text.line("return netipc_writer_finish(stitcher->out, error);");
        });
    }
}

const BUILDER: &str = "Builds the reply within a byte budget: one answer for each key of the request, in their order. Members \
                       are private.\n\nRoom is kept for short records of the keys that follow. An answer that does not fit \
                       even alone in the whole budget becomes such a record, and the next key gets its chance. Else, when the \
                       first key has no room, the reply is an overflow; when a later one has none, it and all behind it are \
                       to be asked for again.";

fn lower_first(doc: &str) -> String {
    let mut chars = doc.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}
