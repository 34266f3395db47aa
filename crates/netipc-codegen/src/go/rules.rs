//! Rules that hold for some records only, checked when a record is read and when it is written.

use super::names::{exported, local};
use super::record::wide;
use super::{Shape, enums, grouped};
use crate::model::{Demand, Enumeration, Field, Kind, Must, Number, Record, Rule};
use crate::text::{Style, Text};

/// Whether a rule depends on the field.
pub(super) fn decides(record: &Record, field: &Field) -> bool {
    record.rules.iter().flat_map(|rule| &rule.when).any(|test| test.field == field.name)
}

/// Whether a rule demands something of the field.
pub(super) fn demands_of(record: &Record, field: &Field) -> bool {
    record.rules.iter().flat_map(|rule| &rule.then).any(|demand| demand.field == field.name)
}

/// The checks of a record that is decoded; what its fields hold is in local variables or in the reader.
pub(super) fn decode(shape: &Shape<'_>, text: &mut Text) {
    let access = Access {
        test: |field, value| (local(&field.name), format!("uint64({value})")),
        number: |shape, field| if decides(shape.record, field) { local(&field.name) } else { wide(shape, field) },
        len: |shape, field| match shape.counter(field) {
            Some((counter, _)) => format!("int({})", wide(shape, counter)),
            None => format!("{}.Len()", local(&field.name)),
        },
        subject: |shape, field| vec![format!("\"{}\"", field.name), shape.place(field)],
        checker: "r",
    };
    for rule in &shape.record.rules {
        block(shape, rule, &access, text);
    }
}

/// The checks of a record that is written, in `f`.
pub(super) fn check(shape: &Shape<'_>, text: &mut Text) {
    let access = Access {
        test: |field, value| (format!("f.{}", exported(&field.name)), value.to_owned()),
        number: |shape, field| {
            let value = format!("f.{}", shape.member(field));
            let is_wide = matches!(field.kind, Kind::Number { number: Number::U64, .. });
            if is_wide { value } else { format!("uint64({value})") }
        },
        len: |shape, field| format!("len(f.{})", shape.member(field)),
        subject: |_, field| vec![format!("\"{}\"", field.name)],
        checker: "c",
    };
    for rule in &shape.record.rules {
        block(shape, rule, &access, text);
    }
}

/// How to get at what a field holds, and whom to tell.
struct Access {
    /// An enumeration that decides, and one of its values, so that they can be compared.
    test: fn(&Field, &str) -> (String, String),
    /// A number, or the number of an enumeration, as u64.
    number: fn(&Shape<'_>, &Field) -> String,
    /// The length of a string or table.
    len: fn(&Shape<'_>, &Field) -> String,
    /// The first arguments of a check.
    subject: fn(&Shape<'_>, &Field) -> Vec<String>,
    /// What has the checks as methods.
    checker: &'static str,
}

fn block(shape: &Shape<'_>, rule: &Rule, access: &Access, text: &mut Text) {
    let condition = rule.when.iter().filter_map(|test| {
        let field = shape.record.field(&test.field)?;
        let operator = if test.equal { "==" } else { "!=" };
        let value = enums::constant(enumeration(shape, field)?, &test.value);
        let (left, right) = (access.test)(field, &value);
        Some(format!("{left} {operator} {right}"))
    });
    let condition: Vec<_> = condition.collect();
    text.block(format!("if {} {{", condition.join(" && ")), "}", |text| {
        text.line(format!("const when = \"{}\"", sentence(rule)));
        for demand in &rule.then {
            if let Some(field) = shape.record.field(&demand.field) {
                verdict(shape, field, demand, access, text);
            }
        }
    });
}

fn verdict(shape: &Shape<'_>, field: &Field, demand: &Demand, access: &Access, text: &mut Text) {
    let mut arguments = (access.subject)(shape, field);
    let method = match (&demand.must, &field.kind) {
        (Must::Number(value), _) => {
            arguments.extend([(access.number)(shape, field), grouped(*value)]);
            "ConstantWhen"
        }
        (Must::Value(name), Kind::Enum { .. }) => {
            let value = enumeration(shape, field).map_or_else(String::new, |of| enums::constant(of, name));
            arguments.extend([(access.number)(shape, field), format!("uint64({value})")]);
            "ConstantWhen"
        }
        (Must::Present, _) => {
            arguments.push((access.len)(shape, field));
            "PresentWhen"
        }
        _ => {
            arguments.push((access.len)(shape, field));
            "EmptyWhen"
        }
    };
    arguments.push("when".to_owned());
    text.group(format!("{}.{method}(", access.checker), arguments, ")", Style::Tight);
}

fn enumeration<'m>(shape: &Shape<'m>, field: &Field) -> Option<&'m Enumeration> {
    match &field.kind {
        Kind::Enum { name, .. } => shape.service.enumeration(name),
        _ => None,
    }
}

/// When the rule holds, as errors say it.
fn sentence(rule: &Rule) -> String {
    let tests = rule.when.iter().map(|test| {
        let verb = if test.equal { "is" } else { "is not" };
        format!("`{}` {verb} `{}`", test.field, test.value)
    });
    tests.collect::<Vec<_>>().join(" and ")
}
