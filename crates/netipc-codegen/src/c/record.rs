//! The struct of a record's values, its layout, and what can be done with it.

use super::{Out, Shape, builder, copy, enums, literal, lookup, member, read, value_doc, with_requirements, write};
use crate::model::{Field, Kind, Place, StringRule};
use crate::text::{Style, Text};

pub(super) fn print(shape: &Shape<'_>, out: &mut Out<'_>) {
    layout(shape, out);
    value_struct(shape, out);
    if shape.is_row() {
        return;
    }
    if shape.has_fields() {
        fields_struct(shape, out);
    }
    read::print(shape, out);
    if shape.is_written() {
        write::print(shape, out);
    }
    if shape.is_message() || shape.is_item() {
        copy::print(shape, out);
    }
    if let Some(parts) = shape.service.lookup_parts() {
        lookup::print(shape, &parts, out);
    } else if shape.record.name == shape.service.reply {
        builder::print(shape, out);
    }
    same(shape, out);
}

/// Private constants: the record's name in errors, its size, and the places and rules of its fields.
fn layout(shape: &Shape<'_>, out: &mut Out<'_>) {
    let record = shape.record;
    let name = enums::record_name(shape.service, &record.name);
    out.source.line(format!("static const char {}[] = \"{name}\";", shape.private("name")));
    if !shape.is_row() {
        let mut members = vec![(shape.size(), record.size)];
        members.extend(
            record.fields.iter().filter(|field| field.kind.size() > 0).map(|field| (shape.at(field), field.at)),
        );
        for (name, _) in &members {
            out.names.define(name);
        }
        let last = members.len() - 1;
        out.source.blank();
        out.source.block("enum {", "};", |text| {
            for (index, (name, value)) in members.iter().enumerate() {
                text.line(format!("{name} = {value}{}", if index < last { "," } else { "" }));
            }
        });
    }
    if record.size_field().is_some() {
        out.source.blank();
        let sizes = record.versions().iter().map(|(_, size)| size.to_string()).collect();
        let left = format!("static const uint64_t {}[] =", shape.private("sizes"));
        out.source.assign(left, "{", sizes, "};", Style::Aligned);
    }
    if record.strings().next().is_some() {
        string_rules(shape, &mut out.source);
    }
    out.source.blank();
}

fn string_rules(shape: &Shape<'_>, text: &mut Text) {
    let record = shape.record;
    text.blank();
    text.block(format!("static const netipc_string_rule {}[] = {{", shape.private("strings")), "};", |text| {
        for (field, rule) in record.strings() {
            let members = string_rule(field, rule, record.base_size());
            text.group("{", members, "},", Style::Aligned);
        }
    });
    if shape.is_row() {
        let count = record.strings().count();
        text.blank();
        let members = vec![shape.private("name"), shape.private("strings"), count.to_string()];
        let left = format!("static const netipc_row_rule {} =", shape.private("rule"));
        text.assign(left, "{", members, "};", Style::Aligned);
    }
}

fn string_rule(field: &Field, rule: &StringRule, size: u32) -> Vec<String> {
    let mut members = vec![format!(".field = \"{}\"", field.name)];
    match rule.place {
        Place::At(at) => members.extend([format!(".start = {at}"), ".only_there = true".to_owned()]),
        Place::Behind | Place::Rest => members.push(format!(".start = {size}")),
    }
    if rule.nul_inside {
        members.push(".interior_nul = true".to_owned());
    }
    if rule.min_length > 0 {
        members.push(format!(".min_len = {}", rule.min_length));
    }
    let most = rule.max_length.map_or_else(|| "UINT32_MAX".to_owned(), |most| literal(most.into()));
    members.push(format!(".max_len = {most}"));
    if let Some(text) = read::absent_text(field)
        && !text.is_empty()
    {
        members.push(format!(".absent_len = {}", text.len()));
    }
    members
}

fn value_struct(shape: &Shape<'_>, out: &mut Out<'_>) {
    let record = shape.record;
    let mut doc = with_requirements(record.doc.clone(), &record.requirements);
    if !record.is_plain() && !shape.is_row() {
        let mut parts = Vec::new();
        if record.strings().next().is_some() {
            parts.push("strings");
        }
        if record.list().is_some() {
            parts.push("items");
        }
        if record.table().is_some() {
            parts.push("rows");
        }
        doc.push_str(&format!(
            "\n\nWhat a decoder made borrows the payload: {} are valid as long as that.",
            parts.join(" and ")
        ));
    }
    let fields: Vec<_> = record.values().collect();
    print_struct(shape, &shape.ty(), &doc, &fields, false, out);
}

/// What is written, where that is not what is read.
fn fields_struct(shape: &Shape<'_>, out: &mut Out<'_>) {
    let fields: Vec<_> = shape.record.values().collect();
    let doc = format!("The values of `{}`, as it is written from them.", shape.ty());
    print_struct(shape, &shape.fields_ty(), &doc, &fields, true, out);
}

/// A struct of some values of a record; `written` from, or read.
pub(super) fn print_struct(
    shape: &Shape<'_>,
    name: &str,
    doc: &str,
    fields: &[&Field],
    written: bool,
    out: &mut Out<'_>,
) {
    out.names.define(name);
    let mut members = Vec::new();
    out.header.block_comment(doc);
    out.header.block(format!("typedef struct {name} {{"), format!("}} {name};"), |text| {
        for field in fields {
            let doc = value_doc(field);
            let called = member(&field.name);
            match (&field.kind, shape.items_of(field)) {
                (Kind::Table { .. }, Some(row)) if written => {
                    text.block_comment(doc);
                    text.line(format!("const {} *{called};", row.ty()));
                    text.block_comment(format!("How many there are in `{called}`."));
                    text.line(format!("size_t {}_count;", field.name));
                    members.push(format!("{}_count", field.name));
                }
                (Kind::Table { .. } | Kind::List { .. }, _) => {
                    text.block_comment(format!("{doc} `{}` gives each of them.", at_function(shape, field)));
                    text.line(format!("{} {called};", shape.value_ty(field)));
                }
                _ => {
                    text.block_comment(doc);
                    text.line(format!("{} {called};", shape.value_ty(field)));
                }
            }
            members.push(called);
        }
        if fields.is_empty() {
            text.block_comment("Always 0: there are no values, and C wants a member.");
            text.line("uint8_t nothing;");
        }
    });
    out.names.members(name, members.iter().map(String::as_str));
    out.header.blank();
}

/// The function that gives the items of a list or the rows of a table.
pub(super) fn at_function(shape: &Shape<'_>, field: &Field) -> String {
    format!("{}_{}_at", shape.ty(), field.name)
}

/// What tells the items of a snapshot apart.
fn same(shape: &Shape<'_>, out: &mut Out<'_>) {
    let Some(key) = &shape.service.snapshot else { return };
    let Some(reply) = shape.service.record(&shape.service.reply) else { return };
    if shape.service.item_of(reply, &key.list).is_none_or(|item| item.name != shape.record.name) {
        return;
    }
    let (ty, hash, name) = (shape.ty(), member(&key.hash), member(&key.name));
    let doc = format!("Whether two items of a snapshot stand for the same: `{hash}` and `{name}` are equal.");
    let (left, right) = (format!("const {ty} *left"), format!("const {ty} *right"));
    out.function(&doc, "bool", &format!("{ty}_same"), &[&left, &right], |text| {
        text.line(format!("return left->{hash} == right->{hash} && netipc_bytes_equal(left->{name}, right->{name});"));
    });
}
