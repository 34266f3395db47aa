//! The struct of values that a record is built from, and how it is written.

use super::{Shape, Uses, value_doc};
use crate::model::{Field, Kind, Record, StringRule};
use crate::text::{Style, Text};

/// The struct of borrowed values of a record with strings.
pub(super) fn print(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    fields(shape, text);
    let head = format!("impl {} {{", shape.fields_type("'_"));
    text.block(head, "}", |text| methods(shape, text, uses));
    text.blank();
}

/// The private methods by which builders write a record.
pub(super) fn methods(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    if has_rules(shape.record) {
        check(shape, text);
    }
    if shape.is_item() || !shape.record.is_plain() {
        size(shape, text);
    }
    write(shape, text, uses);
}

/// Whether a value can break a rule of its own, whatever the budget.
pub(super) fn has_rules(record: &Record) -> bool {
    record.strings().any(|(_, rule)| string_has_rules(rule))
}

fn string_has_rules(rule: &StringRule) -> bool {
    rule.min_length > 0 || rule.max_length.is_some() || !rule.nul_inside
}

fn fields(shape: &Shape<'_>, text: &mut Text) {
    text.comment("///", format!("The values of [`{}`], as a builder takes them.", shape.view));
    text.line("#[derive(Debug, Clone, Copy, PartialEq, Eq)]");
    text.block(format!("pub struct {} {{", shape.fields_type("'a")), "}", |text| {
        for field in shape.record.values() {
            text.comment("///", value_doc(field));
            text.line(format!("pub {}: {},", field.name, shape.value_type(field, "'a")));
        }
    });
    text.blank();
}

fn check(shape: &Shape<'_>, text: &mut Text) {
    text.comment("///", "Checks the rules that do not depend on where the values go.");
    text.block("fn check(&self) -> Result<(), BuildError> {", "}", |text| {
        let mut checks: Vec<_> = shape.record.strings().filter(|(_, rule)| string_has_rules(rule)).collect();
        let last = checks.pop();
        for (field, end) in
            checks.into_iter().map(|(field, _)| (field, ")?;")).chain(last.map(|(field, _)| (field, ")")))
        {
            let open = format!("{}::{}.check(", shape.constant("rule"), field.name.to_uppercase());
            let name = &field.name;
            let arguments = vec![shape.constant("RECORD"), format!("\"{name}\""), format!("self.{name}")];
            text.group(open, arguments, end, Style::Tight);
        }
    });
    text.blank();
}

fn size(shape: &Shape<'_>, text: &mut Text) {
    text.comment("///", "Bytes that it takes.");
    text.block("fn size(&self) -> usize {", "}", |text| {
        let strings = shape.record.strings();
        let terms = strings.map(|(field, _)| format!(".saturating_add(self.{}.len() + 1)", field.name));
        text.group(shape.constant("SIZE"), terms.collect(), "", Style::Chain);
    });
    text.blank();
}

fn write(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    let record = shape.record;
    text.line("#[inline]");
    text.block("fn write(&self, out: &mut Writer<'_>) -> Result<(), BuildError> {", "}", |text| {
        let strings: Vec<_> = record.strings().map(|(field, _)| field).collect();
        if !strings.is_empty() {
            text.comment("//", "All or nothing; the budget also keeps every offset below 2^32.");
            text.line("out.claim(self.size())?;");
        }
        text.line(format!("let mut fixed = [0; {}];", shape.constant("SIZE")));
        store_constants(shape, text, uses);
        for field in record.values().filter(|field| matches!(field.kind, Kind::Number { .. })) {
            store(shape.at(field), format!("self.{}", field.name), text);
        }
        if strings.is_empty() {
            text.line("out.bytes(&fixed)");
            return;
        }
        let mut place = shape.constant("SIZE");
        for field in &strings {
            text.assign(format!("let {} =", field.name), place, Vec::new(), ";", Style::Tight);
            place = format!("{0} + self.{0}.len() + 1", field.name);
            store_string(shape, field, &field.name, &format!("self.{}.len()", field.name), text);
        }
        text.line("out.bytes(&fixed)?;");
        let (last, rest) = strings.split_last().map_or((None, &[][..]), |(last, rest)| (Some(last), rest));
        for field in rest {
            text.line(format!("out.terminated(self.{})?;", field.name));
        }
        if let Some(last) = last {
            text.line(format!("out.terminated(self.{})", last.name));
        }
    });
    text.blank();
}

/// The fields that are always the same; zeros are there already.
pub(super) fn store_constants(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    uses.codec(&["store"]);
    for field in &shape.record.fields {
        if let Kind::Constant { number, value, .. } = field.kind
            && value != 0
        {
            store(shape.at(field), format!("{value}_{}", number.name()), text);
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
