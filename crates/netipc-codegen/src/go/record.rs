//! The constants, the checks and the view of a record.

use super::names::{exported, local, unexported};
use super::{Shape, go_suffix, grouped, is_rest, number_of, quoted, returned, told, value_doc, with_requirements};
use super::{enums, rules};
use crate::model::{Field, Kind, Literal, Place, Record, StringRule};
use crate::text::{Style, Text};

pub(super) fn print(shape: &Shape<'_>, text: &mut Text) {
    constants(shape, text);
    if shape.record.is_plain() {
        plain(shape, text);
    } else {
        view(shape, text);
    }
    check(shape, text);
}

/// What errors call the record.
pub(super) fn names(shape: &Shape<'_>, text: &mut Text) {
    text.comment("//", format!("{} is what errors call {}.", shape.error_name(), shape.link()));
    text.line(format!("const {} = \"{} {}\"", shape.error_name(), shape.service.name, shape.record.name));
    text.blank();
}

fn constants(shape: &Shape<'_>, text: &mut Text) {
    let record = shape.record;
    names(shape, text);
    if record.size > 0 || record.rest().is_some() {
        text.comment("//", format!("{} is the size of its fixed part in bytes.", shape.size()));
        text.line(format!("const {} = {}", shape.size(), record.size));
        text.blank();
    }
    if record.size_field().is_some() {
        let sizes = record.versions().iter().map(|(_, size)| size.to_string()).collect();
        let name = format!("{}Sizes", shape.prefix);
        text.comment("//", format!("{name} are the same in each version that has another, from the first on."));
        text.group(format!("var {name} = []uint64{{"), sizes, "}", Style::Fill);
        text.blank();
        for field in record.fields.iter().filter(|field| matches!(field.kind, Kind::String(_))) {
            absent(shape, field, text);
        }
        text.blank();
    }
    string_rules(shape, text);
}

/// The bytes of an added string when its writer did not know it.
fn absent(shape: &Shape<'_>, field: &Field, text: &mut Text) {
    let default = field.added.as_ref().and_then(|added| added.default.as_ref());
    if let (Some(Literal::Text(value)), Some(name)) = (default, shape.absent(field)) {
        text.line(format!("var {name} = []byte({})", quoted(value)));
    }
}

/// The variable with the rules of the record's strings.
pub(super) fn string_rules(shape: &Shape<'_>, text: &mut Text) {
    let strings: Vec<_> = shape.record.strings().collect();
    if strings.is_empty() {
        return;
    }
    let name = format!("{}Rules", shape.prefix);
    let members: Vec<_> = strings.iter().map(|(field, _)| unexported(&field.name)).collect();
    text.comment("//", format!("{name} are the rules of its strings."));
    text.block(format!("var {name} = struct{{ {} codec.StringRule }}{{", members.join(", ")), "}", |text| {
        let rows: Vec<_> = strings
            .iter()
            .zip(&members)
            .map(|((_, rule), member)| (format!("{member}:"), string_rule(rule, shape.record.base_size())))
            .collect();
        super::members(&rows, text);
    });
    text.blank();
}

fn string_rule(rule: &StringRule, size: u32) -> String {
    let mut parts = Vec::new();
    match rule.place {
        Place::At(at) => parts.extend([format!("Start: {at}"), "Exact: true".to_owned()]),
        Place::Behind | Place::Rest => parts.push(format!("Start: {size}")),
    }
    if rule.min_length > 0 {
        parts.push(format!("Least: {}", rule.min_length));
    }
    parts.push(rule.max_length.map_or_else(|| "Most: codec.NoLimit".to_owned(), |most| format!("Most: {most}")));
    if rule.nul_inside {
        parts.push("InteriorNUL: true".to_owned());
    }
    format!("codec.StringRule{{{}}},", parts.join(", "))
}

/// A struct of values.
fn plain(shape: &Shape<'_>, text: &mut Text) {
    let (record, view) = (shape.record, &shape.view);
    text.comment("//", with_requirements(told(view, "holds", &record.doc), &record.requirements));
    if record.values().next().is_none() {
        text.line(format!("type {view} struct{{}}"));
    } else {
        super::values::members(shape, &record.values().collect::<Vec<_>>(), view, text);
    }
    text.blank();
    decode(shape, text, &format!("view{view}(b)"));
    text.comment("//", format!("view{view} reads bytes that were checked before."));
    let argument = if record.values().next().is_none() { "_" } else { "b" };
    text.block(format!("func view{view}({argument} []byte) {view} {{"), "}", |text| {
        let values =
            record.values().map(|field| format!("{}: {}", shape.member(field), load(shape, field, "b"))).collect();
        text.group(format!("return {view}{{"), values, "}", Style::Keyed);
    });
    text.blank();
}

/// A view that borrows the payload.
fn view(shape: &Shape<'_>, text: &mut Text) {
    let (record, view) = (shape.record, &shape.view);
    let doc = with_requirements(told(view, "holds", &record.doc), &record.requirements);
    text.comment(
        "//",
        format!(
            "{doc}\n\nIt is a view of bytes that were checked completely, and valid as long as they are left alone."
        ),
    );
    text.line(format!("type {view} struct{{ b []byte }}"));
    text.blank();
    decode(shape, text, &format!("{view}{{b}}"));
    if shape.is_item() {
        text.line(format!("func view{view}(b []byte) {view} {{ return {view}{{b}} }}"));
        text.blank();
    }
    for field in record.values() {
        accessor(shape, field, text);
    }
}

fn decode(shape: &Shape<'_>, text: &mut Text, result: &str) {
    let (record, view) = (shape.record, &shape.view);
    let trailing = match (record.trailing, record.size_field()) {
        (true, _) => "ignored",
        (false, None) => "refused",
        (false, Some(_)) => "refused, unless its writer is newer",
    };
    text.comment(
        "//",
        format!(
            "Decode{view} checks every rule of the record and reads it. Bytes behind its content are {trailing}. The error, \
             if any, is a [*codec.DecodeError] with the first rule that b breaks."
        ),
    );
    text.block(format!("func Decode{view}(b []byte) ({view}, error) {{"), "}", |text| {
        text.block(format!("if err := check{view}(b); err != nil {{"), "}", |text| {
            text.line(format!("return {view}{{}}, err"));
        });
        text.line(format!("return {result}, nil"));
    });
    text.blank();
}

fn check(shape: &Shape<'_>, text: &mut Text) {
    let record = shape.record;
    text.block(format!("func check{}(b []byte) *codec.DecodeError {{", shape.view), "}", |text| {
        match record.size_field() {
            Some(size) => {
                let name = format!("{}Sizes", shape.prefix);
                let arguments =
                    [&shape.error_name(), "b", &format!("\"{}\"", size.name), &size.at.to_string(), &name].join(", ");
                text.line(format!("r := codec.NewGrowingReader({arguments})"));
            }
            None if record.size == 0 && record.rest().is_none() => {
                text.line(format!("r := codec.NewReader({}, 0, b)", shape.error_name()));
            }
            None => text.line(format!("r := codec.NewReader({}, {}, b)", shape.error_name(), shape.size())),
        }
        for field in &record.fields {
            check_field(shape, field, text);
        }
        check_end(shape, text);
        rules::decode(shape, text);
        text.line("return r.Err()");
    });
    text.blank();
}

/// A number of the fixed part, or what it is when its writer did not know it, as u64.
pub(super) fn wide(shape: &Shape<'_>, field: &Field) -> String {
    let Some(number) = number_of(field) else { return String::new() };
    let (suffix, at) = (go_suffix(number), field.at);
    if field.added.is_none() {
        return format!("r.{suffix}({at})");
    }
    let absent = match &field.kind {
        Kind::Constant { value, .. } => grouped(*value),
        _ => shape.absent(field).unwrap_or_default(),
    };
    let load = format!("codec.{suffix}Or(r.Grown(), {at}, {absent})");
    if suffix == "Uint64" { load } else { format!("uint64({load})") }
}

fn check_field(shape: &Shape<'_>, field: &Field, text: &mut Text) {
    let (name, at) = (&field.name, field.at);
    match &field.kind {
        Kind::Number { .. } | Kind::Size { .. } | Kind::Count { .. } | Kind::Table { .. } => {}
        Kind::Enum { name: of, .. } => {
            let mut value = wide(shape, field);
            if rules::decides(shape.record, field) {
                let variable = local(name);
                text.line(format!("{variable} := {value}"));
                value = variable;
            }
            if let Some(of) = shape.service.enumeration(of).filter(|of| !of.open) {
                let arguments = vec![format!("\"{name}\""), at.to_string(), value, enums::codes(of)];
                text.group("r.Listed(", arguments, ")", Style::Tight);
            }
        }
        Kind::Constant { value, .. } => {
            let arguments = vec![format!("\"{name}\""), at.to_string(), wide(shape, field), grouped(*value)];
            text.group("r.Constant(", arguments, ")", Style::Tight);
        }
        Kind::String(_) => {
            let left = if extent_matters(shape.record, field) { format!("{} := ", local(name)) } else { String::new() };
            let rule = format!("&{}", shape.rule(field));
            if is_rest(field) {
                text.line(format!("{left}r.Rest(\"{name}\", {rule})"));
                return;
            }
            let mut arguments = vec![format!("\"{name}\""), at.to_string(), rule];
            arguments.extend(shape.absent(field));
            let or = if field.added.is_some() { "Or" } else { "" };
            text.group(format!("{left}r.Text{or}("), arguments, ")", Style::Tight);
        }
        Kind::List { gaps, .. } => {
            let (Some((counter, _)), Some(item)) = (shape.counter(field), shape.items_of(field)) else { return };
            let left = if shape.record.trailing { "" } else { "end := " };
            let arguments =
                vec![format!("\"{name}\""), wide(shape, counter), gaps.to_string(), format!("check{}", item.view)];
            text.group(format!("{left}r.Items("), arguments, ")", Style::Tight);
        }
    }
}

/// Whether something else depends on where a string is, or on its length.
fn extent_matters(record: &Record, field: &Field) -> bool {
    rules::demands_of(record, field)
        || (!is_rest(field)
            && (record.strings().filter(|(field, _)| !is_rest(field)).count() > 1
                || record.table().is_some()
                || (!record.trailing && record.list().is_none())))
}

/// Strings must not overlap, and the record may have to end somewhere.
fn check_end(shape: &Shape<'_>, text: &mut Text) {
    let record = shape.record;
    let strings: Vec<_> = record.strings().map(|(field, _)| local(&field.name)).collect();
    if strings.len() > 1 {
        text.group("r.Disjoint(", strings.clone(), ")", Style::Tight);
    }
    if let Some(table) = record.table() {
        let (Some((counter, _)), Some(row)) = (shape.counter(table), shape.items_of(table)) else { return };
        let mut arguments = vec![format!("\"{}\"", table.name), wide(shape, counter), format!("&{}Row", row.prefix)];
        arguments.extend(strings);
        let (open, close) = if record.trailing { ("r.Table(", ")") } else { ("r.Ends(r.Table(", "))") };
        text.group(open, arguments, close, Style::Tight);
        return;
    }
    if record.trailing || record.rest().is_some() {
        return;
    }
    let end = match (record.list(), strings.as_slice()) {
        (Some(_), _) => "end".to_owned(),
        (None, []) if record.size_field().is_some() => "r.Size()".to_owned(),
        (None, []) if record.size == 0 => "0".to_owned(),
        (None, []) => shape.size(),
        (None, [one]) => format!("{one}.End()"),
        (None, several) => format!("codec.End({})", several.join(", ")),
    };
    text.line(format!("r.Ends({end})"));
}

fn accessor(shape: &Shape<'_>, field: &Field, text: &mut Text) {
    let (receiver, member) = (shape.receiver(), shape.member(field));
    text.comment("//", returned(&member, &value_doc(field)));
    let head = format!("func ({receiver} {}) {member}() {} {{", shape.view, shape.value_type(field));
    text.block(head, "}", |text| match &field.kind {
        Kind::List { .. } => {
            let (Some((counter, _)), Some(item)) = (shape.counter(field), shape.items_of(field)) else { return };
            let at = match shape.record.size_field() {
                Some(size) => format!("len(codec.Grown({receiver}.b, {}))", size.at),
                None => shape.size(),
            };
            let count = format!("codec.Uint32({receiver}.b, {})", counter.at);
            let arguments = vec![format!("{receiver}.b"), at, count, format!("view{}", item.view)];
            text.group("return codec.ItemsAt(", arguments, ")", Style::Tight);
        }
        Kind::Table { .. } => {
            let (Some((counter, number)), Some(row)) = (shape.counter(field), shape.items_of(field)) else { return };
            let mut arguments = vec![
                format!("{receiver}.b"),
                base_size(shape),
                format!("int(codec.{}({receiver}.b, {}))", go_suffix(number), counter.at),
                row.record.strings().count().to_string(),
                format!("view{}", row.view),
            ];
            arguments.extend(shape.record.strings().map(|(field, _)| field.at.to_string()));
            text.group("return codec.RowsAt(", arguments, ")", Style::Tight);
        }
        Kind::String(_) if is_rest(field) => text.line(format!("return codec.Rest({receiver}.b, {})", shape.size())),
        Kind::String(_) => match (shape.absent(field), shape.record.size_field()) {
            (Some(absent), Some(size)) => {
                let grown = format!("codec.Grown({receiver}.b, {})", size.at);
                text.line(format!("return codec.TextOr({receiver}.b, {grown}, {}, {absent})", field.at));
            }
            _ => text.line(format!("return codec.Text({receiver}.b, {})", field.at)),
        },
        _ => text.line(format!("return {}", load(shape, field, &format!("{receiver}.b")))),
    });
    text.blank();
}

/// The value of a number or enumeration in the bytes of its record.
fn load(shape: &Shape<'_>, field: &Field, bytes: &str) -> String {
    let Some(number) = number_of(field) else { return String::new() };
    let (suffix, at) = (go_suffix(number), field.at);
    let load = match (shape.absent(field), shape.record.size_field()) {
        (Some(absent), Some(size)) => {
            format!("codec.{suffix}Or(codec.Grown({bytes}, {}), {at}, {absent})", size.at)
        }
        _ => format!("codec.{suffix}({bytes}, {at})"),
    };
    match &field.kind {
        Kind::Enum { name, .. } => format!("{}({load})", exported(name)),
        _ => load,
    }
}

/// The bytes of the fixed part that every writer sends.
fn base_size(shape: &Shape<'_>) -> String {
    match shape.record.size_field() {
        Some(_) => shape.record.base_size().to_string(),
        None => shape.size(),
    }
}
