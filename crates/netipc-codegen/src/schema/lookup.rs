//! Lookups: which parts of request and reply are keys, answers, outcomes and generation.

use toml::Spanned;

use super::check::text;
use super::declaration::LookupDecl;
use super::diagnostic::Findings;
use super::{enums, rules};
use crate::model::{Demand, Field, Kind, Lookup, LookupParts, Must, Number, Record, Rule, Service, StringRule, Test};

/// Adds the lookup to the service, or reports why it is none.
pub(super) fn check(decl: &LookupDecl, service: &mut Service, findings: &mut Findings<'_>) {
    let Some(lookup) = parts(decl, service, findings) else { return };
    service.lookup = Some(lookup);
    let Some(parts) = service.lookup_parts() else { return };
    check_echo(decl, &parts, findings);
    check_statuses(decl, &parts, service, findings);
    if findings.is_empty() {
        let short = short(decl, &parts, findings);
        if let Some(lookup) = &mut service.lookup {
            lookup.short = short;
        }
    }
}

/// The lookup, when all its names name what they should.
fn parts(decl: &LookupDecl, service: &Service, findings: &mut Findings<'_>) -> Option<Lookup> {
    let (request, reply) = (service.record(&service.request)?, service.record(&service.reply)?);
    let key = list(decl.keys.as_ref()?, "keys", request, service, findings);
    let item = list(decl.items.as_ref()?, "items", reply, service, findings);
    check_generation(decl.generation.as_ref()?, reply, findings);
    let (key, item) = (key?, item?);
    if key.table().is_some() {
        let message = format!("record `{}` is a key and has a table", key.name);
        findings.report(&decl.span, message, "use keys of numbers, enums and strings");
    }
    if findings.is_empty() {
        check_only(decl, request, &[decl.keys.as_ref()?], findings);
        check_only(decl, reply, &[decl.items.as_ref()?, decl.generation.as_ref()?], findings);
    }
    check_status(decl, item, service, findings)?;
    let retry_later = match decl.retry_later.as_slice() {
        [] => None,
        [setting] => rules::test(&item.name, setting, true, &item.fields, &service.enums, findings),
        [_, (name, _), ..] => {
            findings.report(&name.span(), "`retry_later` of the lookup has several fields", "name one");
            None
        }
    };
    findings.is_empty().then(|| Lookup {
        keys: text(decl.keys.as_ref()),
        items: text(decl.items.as_ref()),
        generation: text(decl.generation.as_ref()),
        echo: decl.echo.iter().map(|name| name.get_ref().clone()).collect(),
        status: text(decl.status.as_ref()),
        exceeded: text(decl.exceeded.as_ref()),
        oversized: text(decl.oversized.as_ref()),
        retry_later,
        short: Vec::new(),
    })
}

/// The record of the items of the list called `name`, which must be one of `record`.
fn list<'m>(
    name: &Spanned<String>,
    what: &str,
    record: &Record,
    service: &'m Service,
    findings: &mut Findings<'_>,
) -> Option<&'m Record> {
    let is_list = record.list().is_some_and(|field| field.name == *name.get_ref());
    if !is_list {
        let message =
            format!("the lookup's {what} are `{}`, which is no list of record `{}`", name.get_ref(), record.name);
        findings.report(&name.span(), message, "name its field of type `list`");
        return None;
    }
    service.item_of(record, name.get_ref())
}

fn check_generation(name: &Spanned<String>, reply: &Record, findings: &mut Findings<'_>) {
    let kind = reply.field(name.get_ref()).map(|field| &field.kind);
    if !matches!(kind, Some(Kind::Number { number: Number::U64, .. })) {
        let message = format!("the lookup's generation is `{}`, which is no u64 of the reply", name.get_ref());
        findings.report(&name.span(), message, "name a field of type `u64` without a fixed value");
    }
}

/// A record of a lookup has these values and no others: they would be lost where replies are put together.
fn check_only(decl: &LookupDecl, record: &Record, names: &[&Spanned<String>], findings: &mut Findings<'_>) {
    for field in record.values().filter(|field| names.iter().all(|name| *name.get_ref() != field.name)) {
        let message = format!("record `{}` of a lookup has `{}` beside its list", record.name, field.name);
        findings.report(&decl.span, message, "put it into the items, or make it reserved");
    }
}

fn check_status(decl: &LookupDecl, item: &Record, service: &Service, findings: &mut Findings<'_>) -> Option<()> {
    let status = decl.status.as_ref()?;
    let enumeration = match item.field(status.get_ref()).map(|field| &field.kind) {
        Some(Kind::Enum { name, .. }) => service.enumeration(name).filter(|enumeration| !enumeration.open),
        _ => None,
    };
    let Some(enumeration) = enumeration else {
        let message = format!("the lookup's status is `{}`, which is no enum of the item", status.get_ref());
        let remedy = format!("name a field of record `{}` of an enum with `unlisted = \"rejected\"`", item.name);
        findings.report(&status.span(), message, remedy);
        return None;
    };
    let (exceeded, oversized) = (decl.exceeded.as_ref()?, decl.oversized.as_ref()?);
    for value in [exceeded, oversized] {
        if !enums::has_value(enumeration, value.get_ref()) {
            enums::unknown_value(enumeration, value, findings);
        }
    }
    if exceeded.get_ref() == oversized.get_ref() {
        let message = format!("`exceeded` and `oversized` are both `{}`", oversized.get_ref());
        findings.report(&oversized.span(), message, "a client asks again for one, and not for the other");
    }
    Some(())
}

/// Every value of the key stands in the item under the same name, and whatever the key may hold the item may hold.
fn check_echo(decl: &LookupDecl, parts: &LookupParts<'_>, findings: &mut Findings<'_>) {
    for name in &decl.echo {
        let (key, item) = (parts.key.field(name.get_ref()), parts.item.field(name.get_ref()));
        let (Some(key), Some(item)) = (key, item) else {
            let message = format!("`{}` is not in both the key and the item", name.get_ref());
            let remedy = format!("name a field that records `{}` and `{}` have", parts.key.name, parts.item.name);
            findings.report(&name.span(), message, remedy);
            continue;
        };
        if !can_echo(&key.kind, &item.kind) {
            let message = format!("`{}` of the item cannot hold whatever that of the key holds", item.name);
            findings.report(&name.span(), message, "give both the same type, and the item no stricter rules");
        }
        let mut demands = parts.item.rules.iter().flat_map(|rule| &rule.then);
        if demands.any(|demand| demand.field == item.name) || item.name == parts.lookup.status {
            let message = format!("`{}` of the item repeats the key and is subject to a rule", item.name);
            findings.report(&name.span(), message, "drop the rule; every key gets its item");
        }
    }
    if !findings.is_empty() {
        return;
    }
    for field in parts.key.values().filter(|field| !parts.lookup.echo.contains(&field.name)) {
        let message = format!("`{}` of the key is not repeated by the item", field.name);
        findings.report(&decl.span, message, format!("add \"{}\" to `echo`", field.name));
    }
}

fn can_echo(key: &Kind, item: &Kind) -> bool {
    let holds = |key: &StringRule, item: &StringRule| {
        item.min_length <= key.min_length
            && item.max_length.unwrap_or(u32::MAX) >= key.max_length.unwrap_or(u32::MAX)
            && (item.nul_inside || !key.nul_inside)
    };
    match (key, item) {
        (Kind::Number { number: key, .. }, Kind::Number { number: item, .. }) => key == item,
        (Kind::Enum { name: key, .. }, Kind::Enum { name: item, .. }) => key == item,
        (Kind::String(key), Kind::String(item)) => holds(key, item),
        _ => false,
    }
}

/// Providers have something to answer with, by names of their own.
fn check_statuses(decl: &LookupDecl, parts: &LookupParts<'_>, service: &Service, findings: &mut Findings<'_>) {
    if parts.final_statuses().next().is_none() {
        let message = format!("enum `{}` has no value for an answer", parts.status.name);
        findings.report(&decl.span, message, "add one beside `exceeded` and `oversized`");
    }
    for status in parts.final_statuses() {
        let taken = service.record(&status.name).is_some_and(|record| !record.is_plain());
        if taken && !parts.free_fields(&status.name).is_empty() {
            let message = format!("status `{}` has the name of a record", status.name);
            findings.report(&decl.span, message, "rename one; generated types take their names from both");
        }
        if parts.lookup.generation == status.name {
            let message = format!("status `{}` has the name of the generation", status.name);
            findings.report(&decl.span, message, "rename one; builders have a method for each");
        }
    }
}

/// What the rules demand of a short record: all but key and status, the same for both statuses, and no rule is broken.
fn short(decl: &LookupDecl, parts: &LookupParts<'_>, findings: &mut Findings<'_>) -> Vec<Demand> {
    let lookup = parts.lookup;
    let mut short = Vec::new();
    let is_open = |field: &&Field| field.name != lookup.status && !lookup.echo.contains(&field.name);
    for field in parts.item.values().filter(is_open) {
        let decided = |status: &str| parts.demands(status).find(|demand| demand.field == field.name).cloned();
        match (decided(&lookup.exceeded), decided(&lookup.oversized)) {
            (Some(demand), Some(other)) if demand == other && demand.must != Must::Present => short.push(demand),
            _ => {
                let message = format!(
                    "the rules do not say what `{}` is when `{}` is `{}` or `{}`",
                    field.name, lookup.status, lookup.exceeded, lookup.oversized
                );
                let remedy = format!("add a rule of record `{}` that demands the same of both", parts.item.name);
                findings.report(&decl.span, message, remedy);
            }
        }
    }
    for status in [&lookup.exceeded, &lookup.oversized] {
        if findings.is_empty() {
            check_short(decl, parts, status, &short, findings);
        }
    }
    short
}

fn check_short(
    decl: &LookupDecl,
    parts: &LookupParts<'_>,
    status: &str,
    short: &[Demand],
    findings: &mut Findings<'_>,
) {
    let value = |field: &str| short.iter().find(|demand| demand.field == field).map(|demand| &demand.must);
    let holds = |test: &Test| {
        let equal = match value(&test.field) {
            _ if test.field == parts.lookup.status => test.value == status,
            Some(Must::Value(name)) => *name == test.value,
            // The key's: may hold anything.
            _ => return true,
        };
        equal == test.equal
    };
    let applies = |rule: &&Rule| rule.when.iter().all(holds);
    for demand in parts.item.rules.iter().filter(applies).flat_map(|rule| &rule.then) {
        if value(&demand.field).is_some_and(|must| *must != demand.must) {
            let message = format!(
                "when `{}` is `{status}`, two rules demand different things of `{}`",
                parts.lookup.status, demand.field
            );
            findings.report(&decl.span, message, "let one of them hold for other statuses only");
        }
    }
}
