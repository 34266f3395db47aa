//! How a record is checked and written.

use super::names::{exported, unexported};
use super::{Shape, enums, go_suffix, go_type, grouped, is_rest, rules};
use crate::model::{Field, Kind, Number, Record, StringRule};
use crate::text::{Style, Text};

pub(super) fn print(shape: &Shape<'_>, text: &mut Text) {
    if shape.record.list().is_some() {
        head(shape, text);
        return;
    }
    if has_rules(shape) {
        check(shape, text);
    }
    if !shape.record.is_plain() {
        size(shape, text);
    }
    put(shape, text);
    if writes_whole(shape) {
        write(shape, text);
    }
}

/// Whether a value can break a rule of its own, whatever the budget.
pub(super) fn has_rules(shape: &Shape<'_>) -> bool {
    let record = shape.record;
    record.strings().any(|(_, rule)| string_has_rules(rule))
        || record.table().is_some()
        || !record.rules.is_empty()
        || closed(shape).next().is_some()
}

fn string_has_rules(rule: &StringRule) -> bool {
    rule.min_length > 0 || rule.max_length.is_some() || !rule.nul_inside
}

/// The fields of closed enumerations, which Go's types do not keep from holding other numbers, with the numbers they can hold.
pub(super) fn closed<'m>(shape: &Shape<'m>) -> impl Iterator<Item = (&'m Field, String)> + use<'m> {
    let service = shape.service;
    shape.record.values().filter_map(move |field| {
        let Kind::Enum { name, .. } = &field.kind else { return None };
        let of = service.enumeration(name).filter(|of| !of.open)?;
        Some((field, enums::codes(of)))
    })
}

/// Whether the record is a request or reply by itself.
fn writes_whole(shape: &Shape<'_>) -> bool {
    (shape.service.request == shape.record.name || shape.is_reply()) && shape.record.list().is_none()
}

/// Bytes that it takes, as code.
pub(super) fn len_of(shape: &Shape<'_>, value: &str) -> String {
    match (shape.record.is_plain(), shape.record.size) {
        (true, 0) => "0".to_owned(),
        (true, _) => shape.size(),
        (false, _) => format!("{value}.size()"),
    }
}

fn check(shape: &Shape<'_>, text: &mut Text) {
    let record = shape.record;
    text.comment("//", "check checks the rules that do not depend on where the values go.");
    text.block(format!("func (f *{}) check() error {{", shape.values()), "}", |text| {
        text.line(format!("c := codec.NewChecker({})", shape.error_name()));
        for (field, codes) in closed(shape) {
            let value = format!("uint64(f.{})", shape.member(field));
            text.group("c.Listed(", vec![format!("\"{}\"", field.name), value, codes], ")", Style::Tight);
        }
        for (field, _) in record.strings().filter(|(_, rule)| string_has_rules(rule)) {
            let arguments = vec![
                format!("\"{}\"", field.name),
                format!("&{}", shape.rule(field)),
                format!("f.{}", shape.member(field)),
            ];
            text.group("c.Text(", arguments, ")", Style::Tight);
        }
        if let Some(table) = record.table()
            && let (Some((_, number)), Some(row)) = (shape.counter(table), shape.items_of(table))
        {
            let member = shape.member(table);
            let most = grouped(number.max());
            text.line(format!("c.Rows(\"{}\", len(f.{member}), {most})", table.name));
            text.line(format!("check{}Table(&c, f.{member})", row.view));
        }
        rules::check(shape, text);
        text.line("return c.Err()");
    });
    text.blank();
}

fn size(shape: &Shape<'_>, text: &mut Text) {
    text.comment("//", "size returns how many bytes the record takes.");
    text.block(format!("func (f *{}) size() int {{", shape.values()), "}", |text| {
        let mut terms = vec![shape.size()];
        terms.extend(shape.record.strings().map(|(field, _)| format!("len(f.{})+1", shape.member(field))));
        let Some((table, row)) = shape.record.table().and_then(|table| Some((table, shape.items_of(table)?))) else {
            text.group("return codec.Sum(", terms, ")", Style::Tight);
            return;
        };
        let member = shape.member(table);
        if terms.len() == 1 {
            text.line(format!("return codec.Sum({0}, len{1}Table({0}, f.{member}))", shape.size(), row.view));
            return;
        }
        text.group("end := codec.Sum(", terms, ")", Style::Tight);
        text.line(format!("return codec.Sum(end, len{}Table(end, f.{member}))", row.view));
    });
    text.blank();
}

fn put(shape: &Shape<'_>, text: &mut Text) {
    let record = shape.record;
    let is_empty = record.size == 0 && record.rest().is_none();
    text.comment("//", "put writes the record to b, which has as many zero bytes as it takes.");
    let (receiver, argument) = match (record.values().next().is_none(), is_empty) {
        (_, true) => ("", "_"),
        (true, false) => ("", "b"),
        (false, _) => ("f ", "b"),
    };
    text.block(format!("func ({receiver}*{}) put({argument} []byte) {{", shape.values()), "}", |text| {
        constants(shape, "b", text);
        for field in record.values() {
            put_value(shape, field, text);
        }
        put_strings(shape, text);
    });
    text.blank();
}

fn put_value(shape: &Shape<'_>, field: &Field, text: &mut Text) {
    let member = shape.member(field);
    match &field.kind {
        Kind::Number { number, .. } => store("b", field.at, *number, &format!("f.{member}"), text),
        Kind::Enum { number, .. } => {
            store("b", field.at, *number, &format!("{}(f.{member})", go_type(*number)), text);
        }
        Kind::Table { .. } => {
            if let Some((counter, number)) = shape.counter(field) {
                store("b", counter.at, number, &format!("{}(len(f.{member}))", go_type(number)), text);
            }
        }
        Kind::String(_) | Kind::Constant { .. } | Kind::Size { .. } | Kind::Count { .. } | Kind::List { .. } => {}
    }
}

/// The strings, one behind the other, then the table.
fn put_strings(shape: &Shape<'_>, text: &mut Text) {
    let strings: Vec<_> = shape.record.strings().map(|(field, _)| field).collect();
    let table = shape.record.table().and_then(|table| Some((table, shape.items_of(table)?)));
    let mut end = shape.size();
    let mut is_declared = false;
    for (index, field) in strings.iter().enumerate() {
        let member = shape.member(field);
        if is_rest(field) {
            text.line(format!("copy(b[{end}:], f.{member})"));
            return;
        }
        let call = format!("codec.PutText(b, {}, {end}, f.{member})", field.at);
        let is_used = index + 1 < strings.len() || table.is_some();
        match (is_used, is_declared) {
            (true, false) => text.line(format!("end := {call}")),
            (true, true) => text.line(format!("end = {call}")),
            (false, _) => text.line(call),
        }
        is_declared = true;
        "end".clone_into(&mut end);
    }
    if let Some((table, row)) = table {
        text.line(format!("put{}Table(b, {end}, f.{})", row.view, shape.member(table)));
    }
}

fn write(shape: &Shape<'_>, text: &mut Text) {
    text.comment("//", "write appends the record to out.");
    let receiver = if shape.record.is_plain() && shape.record.size == 0 { "" } else { "f " };
    text.block(format!("func ({receiver}*{}) write(out *codec.Writer) error {{", shape.values()), "}", |text| {
        if receiver.is_empty() {
            text.line("return out.Claim(0)");
            return;
        }
        text.line(format!("b, err := out.Extend({})", len_of(shape, "f")));
        text.block("if err != nil {", "}", |text| text.line("return err"));
        text.line("f.put(b)");
        text.line("return nil");
    });
    text.blank();
}

/// The function that fills the fixed part of a record with a list.
fn head(shape: &Shape<'_>, text: &mut Text) {
    let name = format!("put{}Head", shape.view);
    text.comment("//", format!("{name} writes the fixed part to head, which has as many zero bytes as it takes."));
    let header: Vec<_> = header_values(shape.record).collect();
    let count = shape.record.fields.iter().find(|field| matches!(field.kind, Kind::Count { .. }));
    let mut parameters = vec!["head []byte".to_owned()];
    parameters
        .extend(header.iter().map(|field| format!("{} {}", super::names::local(&field.name), shape.value_type(field))));
    parameters.push("count uint32".to_owned());
    text.group(format!("func {name}("), parameters, ") {", Style::Tight);
    let mut body = Text::new();
    constants(shape, "head", &mut body);
    for field in header {
        let value = super::names::local(&field.name);
        match &field.kind {
            Kind::Enum { number, .. } => {
                store("head", field.at, *number, &format!("{}({value})", go_type(*number)), &mut body);
            }
            Kind::Number { number, .. } => store("head", field.at, *number, &value, &mut body),
            _ => {}
        }
    }
    if let Some(field) = count {
        store("head", field.at, Number::U32, "count", &mut body);
    }
    text.indent(body);
    text.line("}");
    text.blank();
}

/// The values of a record with a list that are in its fixed part.
pub(super) fn header_values(record: &Record) -> impl Iterator<Item = &Field> {
    record.values().filter(|field| matches!(field.kind, Kind::Number { .. } | Kind::Enum { .. }))
}

/// The fields that are always the same; zeros are there already.
fn constants(shape: &Shape<'_>, bytes: &str, text: &mut Text) {
    for field in &shape.record.fields {
        match field.kind {
            Kind::Constant { number, value, .. } if value != 0 => {
                store(bytes, field.at, number, &grouped(value), text);
            }
            Kind::Size { number } => store(bytes, field.at, number, &shape.size(), text),
            _ => {}
        }
    }
}

fn store(bytes: &str, at: u32, number: Number, value: &str, text: &mut Text) {
    text.line(format!("codec.Put{}({bytes}, {at}, {value})", go_suffix(number)));
}

/// Name of the unexported field in which a builder keeps a value.
pub(super) fn kept(field: &Field) -> String {
    let name = unexported(&field.name);
    if ["out", "items", "written", "answers", "keys"].contains(&name.as_str()) { format!("{name}Value") } else { name }
}

/// Name of the method that sets a value.
pub(super) fn setter(field: &Field) -> String {
    format!("Set{}", exported(&field.name))
}
