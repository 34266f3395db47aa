//! Reference tables for the specification.

use crate::errors::ErrorKind;
use crate::model::{
    Demand, Enumeration, Field, Kind, Literal, LookupParts, Must, Place, Record, Rule, Service, StringRule, Test,
};
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
    for each in &service.enums {
        text.blank();
        enumeration(each, &mut text);
    }
    for each in &service.records {
        text.blank();
        record(each, service, &mut text);
    }
    if let Some(parts) = service.lookup_parts() {
        text.blank();
        lookup(&parts, &mut text);
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

fn enumeration(enumeration: &Enumeration, text: &mut Text) {
    let others = if enumeration.open { "passes through unchanged" } else { "is rejected" };
    let (name, number) = (&enumeration.name, enumeration.number.name());
    text.line(format!("**`{name}`**, {number}: {} Every other value {others}.", enumeration.doc));
    text.blank();
    text.line("| value | name | meaning |");
    text.line("| ---: | --- | --- |");
    for value in &enumeration.values {
        text.line(format!("| {} | `{}` | {} |", value.code, value.name, value.doc));
    }
}

fn record(record: &Record, service: &Service, text: &mut Text) {
    let requirements = parenthesised(&record.requirements);
    let is_row = service.is_row(&record.name);
    let what = if is_row { "row of" } else { "fixed part" };
    text.line(format!("**`{}`**, {what} {} bytes: {}{requirements}", record.name, record.size, record.doc));
    text.blank();
    text.line("| offset | type | field | rule | meaning |");
    text.line("| ---: | --- | --- | --- | --- |");
    for field in &record.fields {
        row(field, record, is_row, text);
    }
    if is_row {
        return;
    }
    text.blank();
    let strings = record.strings().filter(|(_, rule)| rule.place != Place::Rest).count();
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
    for each in &record.rules {
        text.line(format!("- {}", rule(each, record, service)));
    }
    let behind = if record.list().is_some() {
        "the last entry"
    } else if record.table().is_some() {
        "the last string of the last row, or without rows behind the last string"
    } else if record.strings().next().is_some() {
        "the last string"
    } else {
        "the fixed part"
    };
    let verdict = if record.trailing { "accepted and ignored" } else { "rejected" };
    text.line(format!("- Bytes behind {behind} are {verdict}; none are written."));
}

/// What a lookup makes of its records.
fn lookup(parts: &LookupParts<'_>, text: &mut Text) {
    let lookup = parts.lookup;
    let echo: Vec<_> = lookup.echo.iter().map(|name| format!("`{name}`")).collect();
    text.line(format!(
        "The entry of `{}` at each position answers the entry of `{}` at that position, and repeats its {}. All replies that \
         one logical answer is made of have the same `{}`.",
        lookup.items,
        lookup.keys,
        echo.join(", "),
        lookup.generation
    ));
    text.blank();
    text.line(format!("| `{}` | what it means for who asked |", lookup.status));
    text.line("| --- | --- |");
    for value in &parts.status.values {
        let meaning = if value.name == lookup.exceeded {
            "no answer, for want of room in this reply: ask again"
        } else if value.name == lookup.oversized {
            "no answer: it does not fit even alone"
        } else {
            "an answer"
        };
        text.line(format!("| `{}` | {meaning} |", value.name));
    }
    text.blank();
    if let Some(test) = &lookup.retry_later {
        text.line(format!("An answer whose {} may soon be followed by a better one.", sentence(test)));
    }
    text.line(format!(
        "A short record is an entry with the `{}` `{}` or `{}`: the rules leave nothing in it but what repeats the key.",
        lookup.status, lookup.exceeded, lookup.oversized
    ));
}

/// A rule that holds for some records only.
fn rule(rule: &Rule, record: &Record, service: &Service) -> String {
    let when: Vec<_> = rule.when.iter().map(sentence).collect();
    let then: Vec<_> = rule.then.iter().map(|demand| demanded(demand, record, service)).collect();
    format!("When {}: {}.{}", when.join(" and "), then.join(", "), parenthesised(&rule.requirements))
}

fn sentence(test: &Test) -> String {
    let verb = if test.equal { "is" } else { "is not" };
    format!("`{}` {verb} `{}`", test.field, test.value)
}

fn demanded(demand: &Demand, record: &Record, service: &Service) -> String {
    let name = &demand.field;
    match (&demand.must, record.field(name).map(|field| &field.kind)) {
        (Must::Number(value), _) => format!("`{name}` is {value}"),
        (Must::Value(value), Some(Kind::Enum { name: of, .. })) => {
            let values = service.enumeration(of).map_or(&[][..], |of| &of.values);
            let code = values.iter().find(|each| each.name == *value).map_or(0, |each| each.code);
            format!("`{name}` is {code} (`{value}`)")
        }
        (Must::Present, _) => format!("`{name}` is not empty"),
        _ => format!("`{name}` is empty"),
    }
}

fn row(field: &Field, record: &Record, is_row: bool, text: &mut Text) {
    let (ty, rule) = match &field.kind {
        Kind::Number { number, .. } => (number.name().to_owned(), "any value".to_owned()),
        Kind::Enum { number, name, .. } => (number.name().to_owned(), format!("a value of `{name}`")),
        Kind::Constant { number, reserved: true, .. } => (number.name().to_owned(), "0, reserved".to_owned()),
        Kind::Constant { number, value, .. } => (number.name().to_owned(), format!("{value}")),
        Kind::Size { number } => (number.name().to_owned(), "bytes of the fixed part".to_owned()),
        Kind::Count { number, list } => (number.name().to_owned(), format!("number of entries in `{list}`")),
        Kind::String(rule) => ("string".to_owned(), string_rule(rule, record, is_row)),
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
    let since = field.added.as_ref().map_or_else(String::new, |added| {
        let default = match &added.default {
            None => String::new(),
            Some(Literal::Number(number)) => format!("; {number} before"),
            Some(Literal::Value(name)) => format!("; `{name}` before"),
            Some(Literal::Text(text)) => format!("; \"{}\" before", text.escape_default()),
        };
        format!(" Since version {}{default}.", added.since)
    });
    let doc = &field.doc;
    text.line(format!("| {} | {ty} | `{}` | {rule} | {doc}{unit}{since}{requirements} |", field.at, field.name));
}

fn string_rule(rule: &StringRule, record: &Record, is_row: bool) -> String {
    let place = match rule.place {
        _ if is_row => "bytes right behind those of the string before".to_owned(),
        Place::At(at) => format!("bytes at offset {at}"),
        Place::Behind if record.size_field().is_some() => "bytes behind the fixed part".to_owned(),
        Place::Behind => format!("bytes at offset {} or later", record.size),
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
