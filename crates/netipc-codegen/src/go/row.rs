//! The row of a table: a struct of its strings.

use super::names::exported;
use super::{Shape, Uses, told, value_doc, with_requirements};
use crate::text::{Style, Text};

pub(super) fn print(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    super::record::names(shape, text);
    super::record::string_rules(shape, text);
    rule(shape, text);
    value(shape, text, uses);
    table(shape, text);
}

fn rule(shape: &Shape<'_>, text: &mut Text) {
    text.comment("//", format!("{}Row has the rules of a row, in the order of its strings.", shape.prefix));
    text.block(format!("var {}Row = codec.RowRule{{", shape.prefix), "}", |text| {
        text.line(format!("Record: {},", shape.error_name()));
        text.block("Strings: []codec.RowString{", "},", |text| {
            for (field, _) in shape.record.strings() {
                text.line(format!("{{Field: \"{}\", Rule: &{}}},", field.name, shape.rule(field)));
            }
        });
    });
    text.blank();
}

fn value(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    uses.standard.insert("bytes");
    let (record, view, receiver) = (shape.record, &shape.view, shape.receiver());
    let names: Vec<_> = record.strings().map(|(field, _)| exported(&field.name)).collect();
    text.comment("//", with_requirements(told(view, "holds", &record.doc), &record.requirements));
    text.block(format!("type {view} struct {{"), "}", |text| {
        for (field, _) in record.strings() {
            text.comment("//", value_doc(field));
            text.line(format!("{} []byte", exported(&field.name)));
        }
    });
    text.blank();
    text.block(format!("func view{view}(s codec.RowStrings) {view} {{"), "}", |text| {
        let values = names.iter().enumerate().map(|(index, name)| format!("{name}: s.At({index})"));
        text.group(format!("return {view}{{"), values.collect(), "}", Style::Keyed);
    });
    text.blank();
    text.comment("//", "Clone returns a copy that outlives the payload.");
    text.block(format!("func ({receiver} {view}) Clone() {view} {{"), "}", |text| {
        let values = names.iter().map(|name| format!("{name}: bytes.Clone({receiver}.{name})")).collect();
        text.group(format!("return {view}{{"), values, "}", Style::Keyed);
    });
    text.blank();
    text.comment("//", format!("Equal reports whether {receiver} and other have the same strings."));
    text.block(format!("func ({receiver} {view}) Equal(other {view}) bool {{"), "}", |text| {
        let terms: Vec<_> = names.iter().map(|name| format!("bytes.Equal({receiver}.{name}, other.{name})")).collect();
        super::values::conjunction(&terms, text);
    });
    text.blank();
}

/// How tables of such rows are written.
fn table(shape: &Shape<'_>, text: &mut Text) {
    let (record, view, count) = (shape.record, &shape.view, shape.record.strings().count());
    text.block(format!("func check{view}Table(c *codec.Checker, rows []{view}) {{"), "}", |text| {
        text.block("for i := range rows {", "}", |text| {
            for (field, _) in record.strings() {
                let member = exported(&field.name);
                let arguments = vec![
                    shape.error_name(),
                    format!("\"{}\"", field.name),
                    format!("&{}", shape.rule(field)),
                    format!("rows[i].{member}"),
                ];
                text.group("c.RowText(", arguments, ")", Style::Tight);
            }
        });
    });
    text.blank();
    text.comment(
        "//",
        format!("len{view}Table returns how many bytes a table takes behind strings that end at byte behind."),
    );
    text.block(format!("func len{view}Table(behind int, rows []{view}) int {{"), "}", |text| {
        text.line(format!("n := codec.TableLen(behind, len(rows), {count})"));
        text.block("for i := range rows {", "}", |text| {
            let mut terms = vec!["n".to_owned()];
            terms.extend(record.strings().map(|(field, _)| format!("len(rows[i].{})+1", exported(&field.name))));
            text.group("n = codec.Sum(", terms, ")", Style::Tight);
        });
        text.line("return n");
    });
    text.blank();
    text.block(format!("func put{view}Table(b []byte, behind int, rows []{view}) {{"), "}", |text| {
        text.line(format!("w := codec.NewTableWriter(b, behind, len(rows), {count})"));
        text.block("for i := range rows {", "}", |text| {
            for (field, _) in record.strings() {
                text.line(format!("w.Put(rows[i].{})", exported(&field.name)));
            }
        });
    });
    text.blank();
}
