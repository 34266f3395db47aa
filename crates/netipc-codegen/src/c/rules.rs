//! Rules that hold for some records only, checked when a record is read and when it is written.

use super::read::count_of;
use super::{Out, Shape, enums, literal, member, number_ty};
use crate::model::{Demand, Field, Kind, Must, Rule};
use crate::text::{Style, Text, WIDTH};

/// The function that checks the rules of a record that is read.
pub(super) fn read(shape: &Shape<'_>, out: &mut Out<'_>) {
    if shape.record.rules.is_empty() {
        return;
    }
    let mut parameters = vec!["const netipc_reader *in"];
    if shape.record.strings().next().is_some() {
        parameters.push("const netipc_extent *strings");
    }
    let demanded_strings = demands(shape).any(|field| matches!(field.kind, Kind::String(_)));
    out.private("bool", &shape.private("rules"), &parameters, |text| {
        if parameters.len() > 1 && !demanded_strings {
            text.line("(void)strings;");
        }
        for field in deciding(shape) {
            text.line(format!("const uint64_t {} = {};", local(field), number(shape, field)));
        }
        blocks(shape, local, text, |field, demand| {
            let (name, at) = (&field.name, shape.place(field));
            let len = || match &field.kind {
                Kind::String(_) => format!("strings[{}].len", shape.string_index(field)),
                _ => count_of(shape, field, "in->fixed"),
            };
            match &demand.must {
                Must::Empty => format!("netipc_reader_empty_when(in, \"{name}\", {at}, {}, when)", len()),
                Must::Present => format!("netipc_reader_present_when(in, \"{name}\", {at}, {}, when)", len()),
                Must::Number(_) | Must::Value(_) => {
                    let (got, allowed) = (number(shape, field), allowed(shape, field, demand));
                    format!("netipc_reader_constant_when(in, \"{name}\", {at}, {got}, {allowed}, when)")
                }
            }
        });
        text.line("return true;");
    });
}

/// The checks of values that are written, which `values` points to.
pub(super) fn written(shape: &Shape<'_>, text: &mut Text) {
    let record = shape.private("name");
    blocks(
        shape,
        |field| format!("item->{}", member(&field.name)),
        text,
        |field, demand| {
            let (name, value) = (&field.name, format!("item->{}", member(&field.name)));
            let len = match field.kind {
                Kind::String(_) => format!("{value}.len"),
                _ => format!("item->{}_count", field.name),
            };
            match &demand.must {
                Must::Empty => format!("netipc_build_empty_when(error, {record}, \"{name}\", {len}, when)"),
                Must::Present => format!("netipc_build_present_when(error, {record}, \"{name}\", {len}, when)"),
                Must::Number(_) | Must::Value(_) => {
                    let got = wide(shape, field, &value);
                    let allowed = allowed(shape, field, demand);
                    format!("netipc_build_constant_when(error, {record}, \"{name}\", {got}, {allowed}, when)")
                }
            }
        },
    );
}

/// An enumeration or number as a u64.
pub(super) fn wide(shape: &Shape<'_>, field: &Field, value: &str) -> String {
    match shape.enumeration(field) {
        Some(of) if enums::is_enum(of) => format!("(uint64_t){value}"),
        _ => value.to_owned(),
    }
}

/// The variable with what a field holds.
fn local(field: &Field) -> String {
    match field.name.as_str() {
        "strings" | "when" => format!("{}_", field.name),
        name => member(name),
    }
}

fn demands<'m>(shape: &Shape<'m>) -> impl Iterator<Item = &'m Field> {
    let record = shape.record;
    record.rules.iter().flat_map(|rule| &rule.then).filter_map(|demand| record.field(&demand.field))
}

/// The fields that rules depend on.
fn deciding<'m>(shape: &Shape<'m>) -> impl Iterator<Item = &'m Field> {
    let record = shape.record;
    let decides = |field: &&Field| record.rules.iter().flat_map(|rule| &rule.when).any(|test| test.field == field.name);
    record.fields.iter().filter(decides)
}

/// What stands in the fixed part that is read.
fn number(shape: &Shape<'_>, field: &Field) -> String {
    let (Kind::Number { number, .. } | Kind::Enum { number, .. }) = &field.kind else { return String::new() };
    format!("netipc_load(in->fixed, {}, sizeof({}), {})", shape.at(field), number_ty(*number), shape.default(field))
}

fn allowed(shape: &Shape<'_>, field: &Field, demand: &Demand) -> String {
    match (&demand.must, shape.enumeration(field)) {
        (Must::Value(value), Some(of)) => enums::constant(shape.service, shape.options, of, value),
        (Must::Number(value), _) => literal(*value),
        _ => String::new(),
    }
}

fn blocks(
    shape: &Shape<'_>,
    test: impl Fn(&Field) -> String,
    text: &mut Text,
    check: impl Fn(&Field, &Demand) -> String,
) {
    for rule in &shape.record.rules {
        let tests = rule.when.iter().filter_map(|one| {
            let field = shape.record.field(&one.field)?;
            let value = enums::constant(shape.service, shape.options, shape.enumeration(field)?, &one.value);
            Some(format!("{} {} {value}", test(field), if one.equal { "==" } else { "!=" }))
        });
        let tests: Vec<_> = tests.collect();
        // Where lines are too long each test has one, with the operator in front.
        let whole = format!("if ({}) {{", tests.join(" && "));
        let open = match tests.split_last() {
            Some((last, others)) if whole.len() + 4 > WIDTH && !others.is_empty() => {
                for (index, test) in others.iter().enumerate() {
                    text.line(format!("{}{test}", if index == 0 { "if (" } else { "    && " }));
                }
                format!("    && {last}) {{")
            }
            _ => whole,
        };
        text.block(open, "}", |text| {
            text.line(format!("static const char when[] = \"{}\";", sentence(rule)));
            let checks = rule.then.iter().filter_map(|demand| Some(check(shape.record.field(&demand.field)?, demand)));
            let checks: Vec<_> = checks.map(|check| format!("!{check}")).collect();
            refuse_unless(checks, text);
        });
    }
}

/// Returns false when one of the conditions holds.
fn refuse_unless(checks: Vec<String>, text: &mut Text) {
    if let [check] = checks.as_slice() {
        text.block(format!("if ({check}) {{"), "}", |text| text.line("return false;"));
        return;
    }
    let last = checks.len().saturating_sub(1);
    for (index, check) in checks.into_iter().enumerate() {
        let open = if index == 0 { "if (" } else { "    || " };
        let close = if index == last { ") {" } else { "" };
        let (function, arguments) = check.split_once('(').unwrap_or((&check, ""));
        let arguments = super::split_arguments(arguments.strip_suffix(')').unwrap_or(arguments));
        text.group(format!("{open}{function}("), arguments, format!("){close}"), Style::Aligned);
    }
    let mut inner = Text::new();
    inner.line("return false;");
    text.indent(inner);
    text.line("}");
}

/// When the rule holds, as errors say it.
fn sentence(rule: &Rule) -> String {
    let tests = rule.when.iter().map(|test| {
        let verb = if test.equal { "is" } else { "is not" };
        format!("`{}` {verb} `{}`", test.field, test.value)
    });
    tests.collect::<Vec<_>>().join(" and ")
}
