//! The struct of values that a record is built from, and how it is written.

use super::{Shape, Uses, value_doc};
use crate::model::{Field, Kind, Place, Record, StringRule};
use crate::text::{Style, Text};

/// The struct of borrowed values of a record with strings.
pub(super) fn print(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    let doc = format!("The values of [`{}`], as a builder takes them.", shape.view);
    let values: Vec<_> = shape.record.values().collect();
    fields(shape, &shape.fields_type("'a"), &doc, &values, text);
    if shape.is_answer() {
        encode(shape, text, uses);
        return;
    }
    let head = format!("impl {} {{", shape.fields_type("'_"));
    text.block(head, "}", |text| methods(shape, text, uses));
    text.blank();
}

/// The private methods by which builders write a record.
pub(super) fn methods(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    if has_rules(shape.record) {
        check(shape, text, uses);
    }
    if shape.is_item() || !shape.record.is_plain() {
        size(shape, text, uses);
    }
    write(shape, text, uses);
}

/// The same methods, as what a lookup's builder needs of the record that answers a key.
pub(super) fn encode(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    if !shape.is_answer() {
        return;
    }
    uses.codec(&["Encode"]);
    text.block(format!("impl Encode for {} {{", shape.fields_type("'_")), "}", |text| {
        if !has_rules(shape.record) {
            text.block("fn check(&self) -> Result<(), BuildError> {", "}", |text| text.line("Ok(())"));
            text.blank();
        }
        methods(shape, text, uses);
    });
    text.blank();
}

/// Whether a value can break a rule of its own, whatever the budget.
pub(super) fn has_rules(record: &Record) -> bool {
    record.strings().any(|(_, rule)| string_has_rules(rule)) || record.table().is_some() || !record.rules.is_empty()
}

fn string_has_rules(rule: &StringRule) -> bool {
    rule.min_length > 0 || rule.max_length.is_some() || !rule.nul_inside
}

/// A struct of some values of a record.
pub(super) fn fields(shape: &Shape<'_>, name: &str, doc: &str, values: &[&Field], text: &mut Text) {
    text.comment("///", doc);
    text.line("#[derive(Debug, Clone, Copy, PartialEq, Eq)]");
    text.block(format!("pub struct {name} {{"), "}", |text| {
        for field in values {
            text.comment("///", value_doc(field));
            text.line(format!("pub {}: {},", field.name, shape.input_type(field, "'a")));
        }
    });
    text.blank();
}

fn check(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    let record = shape.record;
    if !shape.is_answer() {
        text.comment("///", "Checks the rules that do not depend on where the values go.");
    }
    text.block("fn check(&self) -> Result<(), BuildError> {", "}", |text| {
        let mut checks: Vec<_> = record
            .strings()
            .filter(|(_, rule)| string_has_rules(rule))
            .map(|(field, _)| {
                let open = format!("{}::{}.check(", shape.constant("rule"), field.name.to_uppercase());
                (open, vec![shape.constant("RECORD"), format!("\"{}\"", field.name), format!("self.{}", field.name)])
            })
            .collect();
        if let Some(table) = record.table()
            && let Some(row) = shape.items_of(table)
        {
            let open = format!("{}.check(", row.constant("ROW"));
            let most = format!("{}::MAX.into()", shape.counter_type(table));
            let most = if most.starts_with("u64") { "u64::MAX".to_owned() } else { most };
            let name = &table.name;
            checks.push((open, vec![shape.constant("RECORD"), format!("\"{name}\""), format!("self.{name}"), most]));
        }
        let last = if record.rules.is_empty() { checks.pop() } else { None };
        for (open, arguments) in checks {
            text.group(open, arguments, ")?;", Style::Tight);
        }
        super::rules::check(shape, text, uses);
        match last {
            Some((open, arguments)) => text.group(open, arguments, ")", Style::Tight),
            None => text.line("Ok(())"),
        }
    });
    text.blank();
}

fn size(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    if !shape.is_answer() {
        text.comment("///", "Bytes that it takes.");
    }
    text.block("fn size(&self) -> usize {", "}", |text| {
        let strings = shape.record.strings();
        let terms: Vec<_> =
            strings.map(|(field, _)| format!(".saturating_add(self.{}.len() + 1)", field.name)).collect();
        let Some(table) = shape.record.table() else {
            text.group(shape.constant("SIZE"), terms, "", Style::Chain);
            return;
        };
        uses.codec(&["table_size"]);
        text.assign("let end =", shape.constant("SIZE"), terms, ";", Style::Chain);
        text.line(format!("end.saturating_add(table_size(end, self.{}))", table.name));
    });
    text.blank();
}

fn write(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    let record = shape.record;
    text.line("#[inline]");
    text.block("fn write(&self, out: &mut Writer<'_>) -> Result<(), BuildError> {", "}", |text| {
        let strings: Vec<_> = record.strings().map(|(field, _)| field).collect();
        if !record.is_plain() {
            text.comment("//", "All or nothing; the budget also keeps every offset below 2^32.");
            text.line("out.claim(self.size())?;");
        }
        let mut steps = Vec::new();
        if record.size > 0 {
            text.line(format!("let mut fixed = [0; {}];", shape.constant("SIZE")));
            store_constants(shape, text, uses);
            for field in record.values() {
                store_value(shape, field, text);
            }
            let end = store_strings(shape, text);
            steps.push("out.bytes(&fixed)".to_owned());
            steps.extend(strings.iter().map(|field| format!("out.terminated(self.{})", field.name)));
            if let Some(table) = record.table() {
                uses.codec(&["write_table"]);
                steps.push(format!("write_table(out, {end}, self.{})", table.name));
            }
        } else {
            steps.extend(strings.iter().map(|field| format!("out.terminated(self.{})", field.name)));
        }
        let last = steps.pop().unwrap_or_default();
        for step in steps {
            text.line(format!("{step}?;"));
        }
        text.line(last);
    });
    text.blank();
}

fn store_value(shape: &Shape<'_>, field: &Field, text: &mut Text) {
    match &field.kind {
        Kind::Number { .. } => store(shape.at(field), format!("self.{}", field.name), text),
        Kind::Enum { .. } => store(shape.at(field), format!("self.{}.code()", field.name), text),
        Kind::Table { .. } => {
            let count = format!("self.{}.len() as {}", field.name, shape.counter_type(field));
            store(shape.place(field), count, text);
        }
        Kind::String(_) | Kind::Constant { .. } | Kind::Size { .. } | Kind::Count { .. } | Kind::List { .. } => {}
    }
}

/// The references of the strings, one behind the other. Gives the end of the last one.
fn store_strings(shape: &Shape<'_>, text: &mut Text) -> String {
    let mut end = shape.constant("SIZE");
    for (field, _) in shape.record.strings().filter(|(_, rule)| rule.place != Place::Rest) {
        text.assign(format!("let {} =", field.name), end, Vec::new(), ";", Style::Tight);
        end = format!("{0} + self.{0}.len() + 1", field.name);
        store_string(shape, field, &field.name, &format!("self.{}.len()", field.name), text);
    }
    end
}

/// The fields that are always the same; zeros are there already.
pub(super) fn store_constants(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    uses.codec(&["store"]);
    for field in &shape.record.fields {
        match field.kind {
            Kind::Constant { number, value, .. } if value != 0 => {
                store(shape.at(field), format!("{value}_{}", number.name()), text);
            }
            Kind::Size { number } => {
                store(shape.at(field), format!("{} as {}", shape.constant("SIZE"), number.name()), text);
            }
            _ => {}
        }
    }
}

pub(super) fn store_string(shape: &Shape<'_>, field: &Field, offset: &str, len: &str, text: &mut Text) {
    let at = shape.at(field);
    store(at.clone(), format!("{offset} as u32"), text);
    store(format!("{at} + 4"), format!("{len} as u32"), text);
}

pub(super) fn store(at: String, value: String, text: &mut Text) {
    text.group("store(", vec!["&mut fixed".to_owned(), at, value], ");", Style::Tight);
}
