//! Reference tables for the specification.

use crate::errors::ErrorKind;
use crate::model::{Field, Kind, Place, Record, Service, StringRule};
use crate::text::Text;

/// The service in one table, then a table of fields and the rules of each record.
#[must_use]
pub fn service(service: &Service) -> String {
    let mut text = Text::new();
    text.line("| method | endpoint name | request | reply | batchable | resent after a loss |");
    text.line("| ---: | --- | --- | --- | --- | --- |");
    text.line(format!(
        "| {} | `{}` | `{}` | `{}` | {} | {} |",
        service.method,
        service.name,
        service.request,
        service.reply,
        yes_no(service.batchable),
        yes_no(service.idempotent)
    ));
    for each in &service.records {
        text.blank();
        record(each, &mut text);
    }
    if let Some(key) = &service.snapshot {
        text.blank();
        text.line(format!(
            "An entry of `{}` is identified by its `{}` and its `{}` together.",
            key.list, key.hash, key.name
        ));
    }
    text.render()
}

/// The table of error kinds.
#[must_use]
pub fn error_kinds(kinds: &[ErrorKind]) -> String {
    let mut text = Text::new();
    text.line("| code | kind | name | at fault | meaning |");
    text.line("| ---: | --- | --- | --- | --- |");
    for kind in kinds {
        let camel = crate::rust::camel(&kind.name);
        text.line(format!("| {} | `{camel}` | `{}` | {} | {} |", kind.code, kind.name, kind.fault, kind.doc));
    }
    text.render()
}

fn record(record: &Record, text: &mut Text) {
    let requirements = parenthesised(&record.requirements);
    text.line(format!("**`{}`**, fixed part {} bytes: {}{requirements}", record.name, record.size, record.doc));
    text.blank();
    text.line("| offset | type | field | rule | meaning |");
    text.line("| ---: | --- | --- | --- | --- |");
    for field in &record.fields {
        row(field, record, text);
    }
    text.blank();
    let strings = record.strings().count();
    if strings > 0 {
        text.line("- A string is stored as u32 offset, counted from the start of the record, and u32 length; a NUL follows its bytes.");
    }
    if strings > 1 {
        let names: Vec<_> = record.strings().map(|(field, _)| format!("`{}`", field.name)).collect();
        text.line(format!(
            "- Canonical order of the strings, without gaps: {}. They must not overlap.",
            names.join(", ")
        ));
    }
    let behind = if record.list().is_some() {
        "the last entry"
    } else if strings > 0 {
        "the last string"
    } else {
        "the fixed part"
    };
    let verdict = if record.trailing { "accepted and ignored" } else { "rejected" };
    text.line(format!("- Bytes behind {behind} are {verdict}; none are written."));
}

fn row(field: &Field, record: &Record, text: &mut Text) {
    let (ty, rule) = match &field.kind {
        Kind::Number { number, .. } => (number.name().to_owned(), "any value".to_owned()),
        Kind::Enum { number, name, .. } => (number.name().to_owned(), format!("a value of `{name}`")),
        Kind::Constant { number, reserved: true, .. } => (number.name().to_owned(), "0, reserved".to_owned()),
        Kind::Constant { number, value, .. } => (number.name().to_owned(), format!("{value}")),
        Kind::Count { number, list } => (number.name().to_owned(), format!("number of entries in `{list}`")),
        Kind::String(rule) => ("string".to_owned(), string_rule(rule, record.size)),
        Kind::List { record, gaps, .. } => {
            let gaps = if *gaps { "accepted" } else { "rejected" };
            let rule = format!(
                "directory of u32 offset, u32 length; offsets count from its end, are multiples of 8, ascend without \
                 overlap; gaps {gaps}"
            );
            (format!("list of `{record}`"), rule)
        }
        Kind::Table { record, .. } => {
            let rule = "at the next multiple of 8 behind the strings, zero bytes before it; for each row the u32 offset and \
                        u32 length of its strings; then all strings in that order, without gaps, a NUL behind each; no \
                        byte when there are no rows";
            (format!("table of `{record}`"), rule.to_owned())
        }
    };
    let unit = field.unit.as_ref().map_or_else(String::new, |unit| format!(" In {unit}."));
    let requirements = parenthesised(&field.requirements);
    text.line(format!("| {} | {ty} | `{}` | {rule} | {}{unit}{requirements} |", field.at, field.name, field.doc));
}

fn string_rule(rule: &StringRule, size: u32) -> String {
    let place = match rule.place {
        Place::At(at) => format!("bytes at offset {at}"),
        Place::Behind => format!("bytes at offset {size} or later"),
        Place::Rest => "all bytes up to the NUL that ends the record".to_owned(),
    };
    let length = match (rule.min_length, rule.max_length) {
        (0, None) => "any length".to_owned(),
        (least, None) => format!("{least} bytes or more"),
        (0, Some(most)) => format!("up to {most} bytes"),
        (least, Some(most)) => format!("{least} to {most} bytes"),
    };
    let nul = if rule.nul_inside { "accepted" } else { "rejected" };
    format!("{place}; {length}; NUL inside {nul}")
}

fn parenthesised(requirements: &[String]) -> String {
    if requirements.is_empty() { String::new() } else { format!(" ({})", requirements.join(", ")) }
}

fn yes_no(truth: bool) -> &'static str {
    if truth { "yes" } else { "no" }
}
