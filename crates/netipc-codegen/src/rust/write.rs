//! The struct of values that a record is built from, and how it is written.

use super::{Shape, Uses, value_doc};
use crate::model::{Field, Kind, Record, StringRule};
use crate::text::Text;

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
        check(shape, text, uses);
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

fn check(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    uses.codec(&["check_string"]);
    text.comment("///", "Checks the rules that do not depend on where the values go.");
    text.block("fn check(&self) -> Result<(), BuildError> {", "}", |text| {
        text.line(format!(
            "let invalid = |field, problem| BuildError::Invalid {{ record: {}, field, problem }};",
            shape.constant("RECORD")
        ));
        for (field, _) in shape.record.strings().filter(|(_, rule)| string_has_rules(rule)) {
            let rule = shape.constant(&format!("rule::{}", field.name.to_uppercase()));
            text.line(format!(
                "check_string(self.{0}, &{rule}).map_err(|problem| invalid(\"{0}\", problem))?;",
                field.name
            ));
        }
        text.line("Ok(())");
    });
    text.blank();
}

fn size(shape: &Shape<'_>, text: &mut Text) {
    text.comment("///", "Bytes that it takes.");
    text.block("fn size(&self) -> usize {", "}", |text| {
        let mut size = shape.constant("SIZE");
        for (field, _) in shape.record.strings() {
            size.push_str(&format!(".saturating_add(self.{}.len() + 1)", field.name));
        }
        text.line(size);
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
            text.line(format!("store(&mut fixed, {}, self.{});", shape.at(field), field.name));
        }
        if strings.is_empty() {
            text.line("out.bytes(&fixed)");
            return;
        }
        let mut place = shape.constant("SIZE");
        for field in &strings {
            text.line(format!("let {} = {place};", field.name));
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
            text.line(format!("store(&mut fixed, {}, {value}_{});", shape.at(field), number.name()));
        }
    }
}

pub(super) fn store_string(shape: &Shape<'_>, field: &Field, offset: &str, len: &str, text: &mut Text) {
    let at = shape.at(field);
    text.line(format!("store(&mut fixed, {at}, {offset} as u32);"));
    text.line(format!("store(&mut fixed, {at} + 4, {len} as u32);"));
}
