//! Rules that hold for some records only, checked when a record is read and when it is written.

use super::enums;
use super::{Shape, Uses};
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

/// The checks of a record that is decoded; what its fields hold is in local variables or in `reader`.
pub(super) fn decode(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    let access = Access {
        test: |field, value| (field.name.clone(), format!("{value}.code()")),
        number: |shape, field, number| match shape.default(field) {
            Some(default) => format!("reader.load_or::<{}>({}, {default})", number.name(), shape.at(field)),
            None => format!("reader.load::<{}>({})", number.name(), shape.at(field)),
        },
        len: |shape, field| match &field.kind {
            Kind::Table { .. } => {
                format!("{} as usize", shape.count_of(field, "reader.load", "").replace(".into()", ""))
            }
            _ => format!("{}.len()", field.name),
        },
    };
    for rule in &shape.record.rules {
        block(shape, rule, &access, text, uses, |field, verdict, text| {
            let arguments = vec![format!("\"{}\"", field.name), shape.place(field), verdict];
            text.group("reader.judge(", arguments, ")?;", Style::Tight);
        });
    }
}

/// The checks of a record that is written, in `self`.
pub(super) fn check(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    let access = Access {
        test: |field, value| (format!("self.{}", field.name), value.to_owned()),
        number: |_, field, _| match &field.kind {
            Kind::Enum { .. } => format!("self.{}.code()", field.name),
            _ => format!("self.{}", field.name),
        },
        len: |_, field| format!("self.{}.len()", field.name),
    };
    for rule in &shape.record.rules {
        uses.codec(&["judge"]);
        block(shape, rule, &access, text, uses, |field, verdict, text| {
            let arguments = vec![shape.constant("RECORD"), format!("\"{}\"", field.name), verdict];
            text.group("judge(", arguments, ")?;", Style::Tight);
        });
    }
}

/// How to get at what a field holds.
struct Access {
    /// An enumeration that decides, and one of its values, so that they can be compared.
    test: fn(&Field, &str) -> (String, String),
    /// A number, or the code of an enumeration, of this type.
    number: fn(&Shape<'_>, &Field, Number) -> String,
    /// The length of a string or table.
    len: fn(&Shape<'_>, &Field) -> String,
}

fn block(
    shape: &Shape<'_>,
    rule: &Rule,
    access: &Access,
    text: &mut Text,
    uses: &mut Uses,
    judge: impl Fn(&Field, String, &mut Text),
) {
    uses.codec(&["When"]);
    let condition = rule.when.iter().filter_map(|test| {
        let field = shape.record.field(&test.field)?;
        let operator = if test.equal { "==" } else { "!=" };
        let value = enums::path(enumeration(shape, field)?, &test.value);
        let (left, right) = (access.test)(field, &value);
        Some(format!("{left} {operator} {right}"))
    });
    let condition: Vec<_> = condition.collect();
    text.block(format!("if {} {{", condition.join(" && ")), "}", |text| {
        // A constant, because its name cannot meet that of a field.
        text.line(format!("const WHEN: When = When(\"{}\");", sentence(rule)));
        for demand in &rule.then {
            if let Some(field) = shape.record.field(&demand.field) {
                judge(field, verdict(shape, field, demand, access), text);
            }
        }
    });
}

fn verdict(shape: &Shape<'_>, field: &Field, demand: &Demand, access: &Access) -> String {
    let wide = |number: Number| {
        let got = (access.number)(shape, field, number);
        if number == Number::U64 { got } else { format!("{got}.into()") }
    };
    match (&demand.must, &field.kind) {
        (Must::Number(value), Kind::Number { number, .. }) => {
            format!("WHEN.constant({}, {})", wide(*number), super::descriptor::grouped(*value))
        }
        (Must::Value(name), Kind::Enum { number, .. }) => {
            let value =
                enumeration(shape, field).map_or_else(String::new, |of| format!("{}.code()", enums::path(of, name)));
            let value = if *number == Number::U64 { value } else { format!("{value}.into()") };
            format!("WHEN.constant({}, {value})", wide(*number))
        }
        (Must::Present, _) => format!("WHEN.present({})", (access.len)(shape, field)),
        _ => format!("WHEN.empty({})", (access.len)(shape, field)),
    }
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
