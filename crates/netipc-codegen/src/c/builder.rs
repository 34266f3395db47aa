//! What a handler fills to make a reply.

use super::{Out, Shape, member, value_doc, write};
use crate::model::{Field, Kind, Place};
use crate::text::Text;

pub(super) fn print(shape: &Shape<'_>, out: &mut Out<'_>) {
    match (shape.record.list(), shape.record.values().count()) {
        (Some(list), _) => {
            if let Some(item) = shape.items_of(list) {
                items(shape, list, &item, out);
            }
        }
        (None, 0) => fixed(shape, out),
        (None, _) => whole(shape, out),
    }
}

/// The builder's type, its name, and a parameter that points to it.
pub(super) fn names(shape: &Shape<'_>) -> (String, String) {
    let ty = format!("{}_builder", shape.ty());
    let parameter = format!("{ty} *builder");
    (ty, parameter)
}

pub(super) const ERROR: &str = "netipc_build_error *error";

pub(super) fn builder_struct(ty: &str, doc: &str, members: &[String], out: &mut Out<'_>) {
    out.names.define(ty);
    out.names.members(ty, members.iter().filter_map(|member| member.rsplit([' ', '*']).next()));
    out.header.block_comment(doc);
    out.header.block(format!("typedef struct {ty} {{"), format!("}} {ty};"), |text| {
        for member in members {
            text.line(format!("{member};"));
        }
    });
    out.header.blank();
}

fn start(ty: &str, out: &mut Out<'_>, body: impl FnOnce(&mut Text)) {
    let doc = "Starts the reply. `out` must be empty, and stay until the reply is finished.";
    let parameters = [&format!("{ty} *builder"), "netipc_writer *out"];
    out.function(doc, "void", &format!("{ty}_start"), &parameters, body);
}

/// The builder of a record without any value: there is nothing to fill.
fn fixed(shape: &Shape<'_>, out: &mut Out<'_>) {
    let (ty, builder) = names(shape);
    let doc = "Builds a reply that has no values. Members are private.";
    builder_struct(&ty, doc, &["netipc_writer *out".to_owned()], out);
    start(&ty, out, |text| {
        text.line("builder->out = out;");
        text.line("/* The writer remembers what did not fit, and finishing reports it. */");
        text.line(format!("const {} values = {{.nothing = 0}};", shape.ty()));
        text.line(format!("netipc_writer_record(out, &{}, &values, NULL);", shape.private("encoder")));
    });
    let doc = "Ends the reply.\n\n@return false when it did not fit; nothing stays in the writer then.";
    out.function(doc, "bool", &format!("{ty}_finish"), &[&builder, ERROR], |text| {
        text.line("return netipc_writer_finish(builder->out, error);");
    });
}

/// The builder of a record that is written in one go.
fn whole(shape: &Shape<'_>, out: &mut Out<'_>) {
    let (ty, builder) = names(shape);
    let members = ["netipc_writer *out".to_owned(), "bool written".to_owned()];
    builder_struct(
        &ty,
        &format!("Builds a `{}` within a byte budget. Members are private.", shape.ty()),
        &members,
        out,
    );
    start(&ty, out, |text| {
        text.line("builder->out = out;");
        text.line("builder->written = false;");
    });
    set(shape, &ty, &builder, out);
    let values: Vec<_> = shape.record.values().collect();
    if let [field] = values.as_slice()
        && matches!(&field.kind, Kind::String(rule) if rule.place != Place::Rest)
        && !write::has_rules(shape)
    {
        room(shape, field, &ty, &builder, out);
    }
    let first = values.first().map_or("", |field| &field.name);
    let doc = finish_doc(Some("nothing was written"));
    out.function(&doc, "bool", &format!("{ty}_finish"), &[&builder, ERROR], |text| {
        text.block("if (builder->written) {", "}", |text| {
            text.line("return netipc_writer_finish(builder->out, error);");
        });
        refuse_missing(shape, first, text);
    });
}

/// Ends a reply that has no value for a field.
fn refuse_missing(shape: &Shape<'_>, field: &str, text: &mut Text) {
    text.line("netipc_build_error why;");
    text.line(format!("netipc_build_missing(&why, {}, \"{field}\");", shape.private("name")));
    text.line("return netipc_writer_refuse(builder->out, &why, error);");
}

fn set(shape: &Shape<'_>, ty: &str, builder: &str, out: &mut Out<'_>) {
    let invalid = if write::has_rules(shape) { " or breaks a rule" } else { "" };
    let doc =
        format!("Writes the reply, which consists of the last call.\n\n@return false when it does not fit{invalid}.");
    let values = format!("const {} *values", shape.fields_ty());
    out.function(&doc, "bool", &format!("{ty}_set"), &[builder, &values, ERROR], |text| {
        if write::has_rules(shape) {
            text.block(format!("if (!{}(values, error)) {{", shape.private("valid")), "}", |text| {
                text.line("return false;");
            });
        }
        text.line("netipc_writer_restart(builder->out);");
        text.line("builder->written = true;");
        let claim = format!("netipc_writer_claim(builder->out, {}(values), error)", shape.private("size"));
        text.block(format!("if (!{claim}) {{"), "}", |text| text.line("return false;"));
        text.line(format!("{}(values, builder->out);", shape.private("write")));
        text.line("return true;");
    });
}

/// Lends the place of the string, so that a handler can compute it there.
fn room(shape: &Shape<'_>, field: &Field, ty: &str, builder: &str, out: &mut Out<'_>) {
    let doc = format!(
        "Writes the reply with a `{}` of `len` zero bytes, to be filled in place.\n\n@return where they are; `NULL` when they \
         do not fit.",
        field.name
    );
    let name = format!("{ty}_room");
    out.function(&doc, "uint8_t *", &name, &[builder, "size_t len", ERROR], |text| {
        text.line("netipc_writer_restart(builder->out);");
        text.line("builder->written = true;");
        let size = format!("netipc_add(netipc_add({}, len), 1)", shape.size());
        text.block(format!("if (!netipc_writer_claim(builder->out, {size}, error)) {{"), "}", |text| {
            text.line("return NULL;");
        });
        text.line(format!("uint8_t fixed[{}] = {{0}};", shape.size()));
        write::constants(shape, text);
        text.line(format!("netipc_store_string(fixed + {}, {}, len);", shape.at(field), shape.size()));
        text.line("netipc_writer_put(builder->out, fixed, sizeof fixed);");
        text.line("return netipc_writer_zeros(builder->out, len + 1);");
    });
}

pub(super) fn finish_doc(missing: Option<&str>) -> String {
    let missing = missing.map_or_else(String::new, |missing| format!(" when {missing}, and"));
    format!(
        "Ends the reply.\n\n@return false{missing} when something did not fit, also when that was ignored; nothing stays in \
         the writer then."
    )
}

/// The setter of a value that is needed before the end.
pub(super) fn setter(shape: &Shape<'_>, field: &Field, out: &mut Out<'_>) {
    let (ty, builder) = names(shape);
    let doc = format!("Sets `{}`, which must be done before the end.\n\n{}", field.name, value_doc(field));
    let (name, value) = (&field.name, format!("{} value", shape.value_ty(field)));
    out.function(&doc, "void", &format!("{ty}_set_{name}"), &[&builder, &value], |text| {
        text.line(format!("builder->{} = value;", member(name)));
        text.line(format!("builder->has_{name} = true;"));
    });
}

/// The members that hold such a value.
pub(super) fn setter_members(shape: &Shape<'_>, field: &Field) -> [String; 2] {
    [format!("{} {}", shape.value_ty(field), member(&field.name)), format!("bool has_{}", field.name)]
}

/// The builder of a record with a list: header values in any order, items one by one.
fn items(shape: &Shape<'_>, list: &Field, item: &Shape<'_>, out: &mut Out<'_>) {
    let (ty, builder) = names(shape);
    let values: Vec<_> =
        shape.record.values().filter(|field| matches!(field.kind, Kind::Number { .. } | Kind::Enum { .. })).collect();
    let mut members = vec!["netipc_writer *out".to_owned(), "netipc_items_writer items_".to_owned()];
    members.extend(values.iter().flat_map(|field| setter_members(shape, field)));
    builder_struct(
        &ty,
        &format!("Builds a `{}` within a byte budget. Members are private.", shape.ty()),
        &members,
        out,
    );
    start(&ty, out, |text| {
        text.line("memset(builder, 0, sizeof *builder);");
        text.line("builder->out = out;");
        text.line("/* The writer remembers what did not fit, and finishing reports it. */");
        text.line(format!("netipc_writer_zeros(out, {});", shape.size()));
        text.line("netipc_items_start(&builder->items_, out, 0);");
    });
    for field in &values {
        setter(shape, field, out);
    }
    let invalid = if write::has_rules(item) { " or breaks a rule; in that case it can be left out" } else { "" };
    let doc = format!(
        "Appends to `{}`. After one that does not fit nothing fits any more, so that none is left out unnoticed.\n\n@return \
         false when the item does not fit{invalid}.",
        list.name
    );
    let values_parameter = format!("const {} *item", item.fields_ty());
    out.function(&doc, "bool", &format!("{ty}_push"), &[&builder, &values_parameter, ERROR], |text| {
        let encoder = item.private("encoder");
        text.line(format!("return netipc_items_push(&builder->items_, builder->out, &{encoder}, item, error);"));
    });
    finish_items(shape, list, &values, out);
}

fn finish_items(shape: &Shape<'_>, list: &Field, values: &[&Field], out: &mut Out<'_>) {
    let (ty, builder) = names(shape);
    let doc = finish_doc((!values.is_empty()).then_some("a value was not set"));
    out.function(&doc, "bool", &format!("{ty}_finish"), &[&builder, ERROR], |text| {
        for field in values {
            text.block(format!("if (!builder->has_{}) {{", field.name), "}", |text| {
                refuse_missing(shape, &field.name, text);
            });
            let value = format!("builder->{}", member(&field.name));
            if let Some(check) = write::listed(shape, field, &value) {
                text.block("{", "}", |text| {
                    text.line("netipc_build_error why;");
                    let check = check.replacen("error", "&why", 1);
                    text.block(format!("if (!{check}) {{"), "}", |text| {
                        text.line("return netipc_writer_refuse(builder->out, &why, error);");
                    });
                });
            }
        }
        text.line(format!("uint8_t fixed[{}] = {{0}};", shape.size()));
        write::constants(shape, text);
        for field in values {
            if let Kind::Number { number, .. } | Kind::Enum { number, .. } = field.kind {
                write::store(shape, field, number, &format!("builder->{}", member(&field.name)), text);
            }
        }
        let at = shape.place(list);
        text.line(format!("netipc_store_u32(fixed + {at}, netipc_items_finish(&builder->items_, builder->out));"));
        text.line("netipc_writer_patch(builder->out, 0, fixed, sizeof fixed);");
        text.line("return netipc_writer_finish(builder->out, error);");
    });
}
