//! From declarations to the model: offsets are resolved, references and rules are checked.

use std::collections::HashSet;
use std::ops::Range;

use toml::Spanned;

use super::declaration::{Declarations, FieldDecl, RecordDecl, ServiceDecl, SnapshotDecl, TypeDecl};
use super::diagnostic::Findings;
use super::{Author, enums, growth, lookup, names, rules, tail};
use crate::model::{Enumeration, Field, Kind, Number, Place, Record, Service, SnapshotKey, StringRule};

/// Greatest fixed part of a record; more is surely a mistake, and generated code keeps it on the stack.
const MAX_RECORD: u32 = 4096;

/// The least method code of a service that is not a standard one (NIPC-ENV-11).
const FIRST_USER_METHOD: u64 = 0x8000;

/// Builds the model, or reports why there is none.
///
/// References are looked at only when everything is sound by itself, so that one mistake is told once.
pub(crate) fn check(
    declarations: &Declarations,
    author: Author,
    source: &str,
    findings: &mut Findings<'_>,
) -> Option<Service> {
    let enums: Vec<_> = declarations.enums.iter().map(|decl| enums::check(decl, findings)).collect();
    // Sizes follow from enumerations, so where these are wrong places mean nothing.
    let placed = findings.is_empty();
    let decl = declarations.service.as_ref()?;
    let version = growth::version(decl, findings);
    let records =
        declarations.records.iter().map(|record| check_record(record, version, &enums, placed, findings)).collect();
    let mut service = check_service(decl, source, records, findings);
    service.version = version;
    if author == Author::User {
        check_identity(decl, findings);
    }
    service.enums = enums;
    if findings.is_empty() {
        check_record_names(declarations, findings);
        enums::check_use(&declarations.enums, &service, findings);
        tail::check_lists(&declarations.records, &service.records, findings);
        tail::check_rows(&declarations.records, &service, findings);
        if decl.lookup.is_some() {
            growth::check_lookup(&declarations.records, &service, findings);
        }
        check_roles(decl, &declarations.records, &service, findings);
    }
    if findings.is_empty()
        && let Some(decl) = &decl.lookup
    {
        lookup::check(decl, &mut service, findings);
    }
    if findings.is_empty()
        && let Some(snapshot) = &decl.snapshot
    {
        check_snapshot(snapshot, &service, findings);
    }
    findings.is_empty().then_some(service)
}

fn check_service(decl: &ServiceDecl, source: &str, records: Vec<Record>, findings: &mut Findings<'_>) -> Service {
    if let Some(name) = &decl.name {
        names::check(name, &names::SERVICE, "service", findings);
    }
    let method = decl.method.as_ref().map_or(0, |method| {
        u16::try_from(*method.get_ref()).ok().filter(|method| *method > 0).unwrap_or_else(|| {
            let message = format!("`method` is {}, which is no method code", method.get_ref());
            findings.report(&method.span(), message, "use a code from 0x8000 to 0xffff");
            0
        })
    });
    check_doc(decl.doc.as_ref(), "the service", findings);
    Service {
        name: text(decl.name.as_ref()),
        source: source.to_owned(),
        doc: text(decl.doc.as_ref()),
        method,
        version: 1,
        batchable: decl.batchable.as_ref().is_some_and(|truth| *truth.get_ref()),
        idempotent: decl.idempotent.as_ref().is_some_and(|truth| *truth.get_ref()),
        request: text(decl.request.as_ref()),
        reply: text(decl.reply.as_ref()),
        snapshot: decl.snapshot.as_ref().map(|snapshot| SnapshotKey {
            list: text(snapshot.list.as_ref()),
            hash: text(snapshot.hash.as_ref()),
            name: text(snapshot.name.as_ref()),
            generation: snapshot.generation.as_ref().map(|generation| generation.get_ref().clone()),
        }),
        lookup: None,
        enums: Vec::new(),
        records,
    }
}

/// Names and method codes of the standard services are taken (NIPC-ENV-11).
fn check_identity(decl: &ServiceDecl, findings: &mut Findings<'_>) {
    if let Some(name) = &decl.name
        && names::STANDARD_SERVICES.contains(&name.get_ref().as_str())
    {
        let message = format!("`{}` is the name of a standard service", name.get_ref());
        findings.report(&name.span(), message, "use another name; both would have the same endpoint");
    }
    if let Some(method) = &decl.method
        && (1..FIRST_USER_METHOD).contains(method.get_ref())
    {
        let message = format!("`method` is {}, which only a standard service can have", method.get_ref());
        findings.report(&method.span(), message, "use a code from 0x8000 to 0xffff");
    }
}

fn check_record(
    decl: &RecordDecl,
    version: u32,
    enums: &[Enumeration],
    mut placed: bool,
    findings: &mut Findings<'_>,
) -> Record {
    let record_name = decl.name.get_ref();
    names::check(&decl.name, &names::RECORD, "record", findings);
    check_doc(decl.doc.as_ref(), &format!("record `{record_name}`"), findings);
    let mut fields: Vec<Field> = Vec::new();
    let mut seen = HashSet::new();
    let mut end = 0_u32;
    for field in &decl.fields {
        names::check(&field.name, &names::FIELD, "field", findings);
        check_doc(field.doc.as_ref(), &format!("field `{}`", field.name.get_ref()), findings);
        if !seen.insert(field.name.get_ref()) {
            let message = format!("record `{record_name}` has two fields `{}`", field.name.get_ref());
            findings.report(&field.name.span(), message, "rename one of them");
        }
        let kind = check_kind(field, enums, findings);
        let size = kind.size();
        placed = placed && enums::is_resolved(&kind) && is_placed(field, &kind, end, findings);
        fields.push(Field {
            name: field.name.get_ref().clone(),
            doc: text(field.doc.as_ref()),
            unit: field.unit.as_ref().map(|unit| unit.get_ref().clone()),
            requirements: requirements(&field.requirements, findings),
            at: end,
            added: growth::added(field, &kind, version, enums, findings),
            kind,
        });
        end += size;
    }
    let has_rest = fields.iter().any(|field| matches!(&field.kind, Kind::String(rule) if rule.place == Place::Rest));
    if (end == 0 && !has_rest) || end > MAX_RECORD {
        let message = format!("the fixed part of record `{record_name}` has {end} bytes");
        let remedy = format!("give it fields that take 1 to {MAX_RECORD} bytes");
        findings.report(&decl.name.span(), message, remedy);
    }
    tail::resolve_counts(decl, &mut fields, findings);
    tail::check_strings(decl, &fields, end, findings);
    tail::check_tail(decl, &fields, findings);
    let rules = rules::check(decl, &fields, enums, findings);
    growth::check(decl, &fields, &rules, findings);
    Record {
        name: record_name.clone(),
        doc: text(decl.doc.as_ref()),
        requirements: requirements(&decl.requirements, findings),
        size: end,
        trailing: decl.trailing.unwrap_or(true),
        fields,
        rules,
    }
}

fn check_kind(field: &FieldDecl, enums: &[Enumeration], findings: &mut Findings<'_>) -> Kind {
    let name = field.name.get_ref();
    match &field.ty {
        TypeDecl::Number { name: ty, value, reserved, example } => {
            let number = number(ty.get_ref());
            let is_reserved = reserved.as_ref().is_some_and(|truth| *truth.get_ref());
            for given in [value, example].into_iter().flatten().filter(|given| *given.get_ref() > number.max()) {
                let message = format!("field `{name}` is a {}, which cannot hold {}", number.name(), given.get_ref());
                let remedy = format!("use a value up to {} or a wider type", number.max());
                findings.report(&given.span(), message, remedy);
            }
            if let (Some(value), true) = (value, is_reserved) {
                let message = format!("field `{name}` is reserved and has a value");
                findings.report(&value.span(), message, "drop `value`; reserved fields are 0");
            }
            if let (Some(example), true) = (example, is_reserved || value.is_some()) {
                let message = format!("field `{name}` has only one value and an example");
                findings.report(&example.span(), message, "drop `example`");
            }
            match value {
                Some(value) => Kind::Constant { number, value: *value.get_ref(), reserved: false },
                None if is_reserved => Kind::Constant { number, value: 0, reserved: true },
                None => Kind::Number { number, example: example.as_ref().map_or(0, |example| *example.get_ref()) },
            }
        }
        TypeDecl::Size => Kind::Size { number: Number::U16 },
        TypeDecl::Enum { of, example } => enums::kind(name, of.as_ref(), example.as_ref(), enums, findings),
        TypeDecl::String { offset, rest, min_length, max_length, nul_inside, example } => {
            let min_length = length(min_length.as_ref(), name, findings).unwrap_or(0);
            let place = length(offset.as_ref(), name, findings).map_or(Place::Behind, Place::At);
            if let (Some(offset), true) = (offset, *rest) {
                let message = format!("string `{name}` takes the rest of the record and has an offset");
                findings.report(&offset.span(), message, "drop `offset`; it starts behind the fixed part");
            }
            let rule = StringRule {
                place: if *rest { Place::Rest } else { place },
                min_length,
                max_length: length(max_length.as_ref(), name, findings),
                nul_inside: nul_inside.unwrap_or(true),
                example: example.as_ref().map_or_else(String::new, |example| example.get_ref().clone()),
            };
            let span = max_length.as_ref().map_or(field.name.span(), Spanned::span);
            check_lengths(name, &span, &rule, example.as_ref(), findings);
            Kind::String(rule)
        }
        TypeDecl::List { of, count, gaps } => {
            Kind::List { record: text(of.as_ref()), count: text(count.as_ref()), gaps: gaps.unwrap_or(true) }
        }
        TypeDecl::Table { of, count } => Kind::Table { record: text(of.as_ref()), count: text(count.as_ref()) },
    }
}

fn check_lengths(
    name: &str,
    span: &Range<usize>,
    rule: &StringRule,
    example: Option<&Spanned<String>>,
    findings: &mut Findings<'_>,
) {
    let (least, most) = (rule.min_length, rule.max_length.unwrap_or(u32::MAX));
    if least > most {
        let message = format!("string `{name}` must have at least {least} and at most {most} bytes");
        findings.report(span, message, "make `min_length` the smaller one");
        return;
    }
    let Some(example) = example else {
        if least > 0 {
            let message = format!("string `{name}` must not be empty and has no example");
            findings.report(span, message, "add `example = \"..\"` that meets the rules");
        }
        return;
    };
    let got = example.get_ref().len() as u64;
    if got < u64::from(least) || got > u64::from(most) || (!rule.nul_inside && example.get_ref().contains('\0')) {
        let message = format!("the example of string `{name}` breaks the string's own rules");
        findings.report(&example.span(), message, format!("use {least} to {most} bytes, NUL only where tolerated"));
    }
}

/// Whether the field is where it must be: behind the one before it, at a multiple of its alignment, and where `at` says.
/// Of each record only the first misplaced field is told, because it moves those behind it.
fn is_placed(field: &FieldDecl, kind: &Kind, end: u32, findings: &mut Findings<'_>) -> bool {
    let name = field.name.get_ref();
    if let Some(at) = &field.at
        && *at.get_ref() != u64::from(end)
    {
        let got = *at.get_ref();
        let hole = if got > u64::from(end) { ", or put a reserved field before it" } else { "" };
        let message = format!("field `{name}` is at {got}, but the field before it ends at {end}");
        findings.report(&at.span(), message, format!("set `at = {end}`{hole}"));
        return false;
    }
    if !end.is_multiple_of(kind.align()) {
        let message = format!("field `{name}` at {end} does not start at a multiple of {}", kind.align());
        findings.report(&field.name.span(), message, "put a reserved field before it, or wider fields first");
        return false;
    }
    true
}

/// Names that generated types derive from record names must not meet the service's own.
fn check_record_names(declarations: &Declarations, findings: &mut Findings<'_>) {
    let service = declarations.service.as_ref().and_then(|service| service.name.as_ref());
    for record in &declarations.records {
        let name = record.name.get_ref();
        if service.is_some_and(|service| service.get_ref().replace('-', "_") == *name) {
            let message = format!("record `{name}` has the name of the service");
            findings.report(&record.name.span(), message, "use another word");
        }
    }
}

/// What the service uses its records for.
fn check_roles(decl: &ServiceDecl, decls: &[RecordDecl], service: &Service, findings: &mut Findings<'_>) {
    for (role, name) in [("request", &decl.request), ("reply", &decl.reply)] {
        let Some(name) = name else { continue };
        match service.record(name.get_ref()) {
            None => {
                let message = format!("the {role} is `{}`, which is no record", name.get_ref());
                findings.report(&name.span(), message, format!("add `[record.{}]`", name.get_ref()));
            }
            Some(record) if role == "request" && record.list().is_some() && decl.lookup.is_none() => {
                let message = format!("the request `{}` has a list, which only lookups can have", record.name);
                findings.report(&name.span(), message, "ask for one thing a request, or add `[service.lookup]`");
            }
            Some(_) => {}
        }
    }
    for record in decls {
        let name = record.name.get_ref();
        if *name != service.request && *name != service.reply && !service.is_item(name) && !service.is_row(name) {
            let message = format!("record `{name}` is not used");
            findings.report(&record.name.span(), message, "remove it, or name it as request, reply, item or row");
        }
    }
    if decl.batchable.as_ref().is_some_and(|truth| *truth.get_ref())
        && service.record(&service.reply).is_some_and(|reply| reply.list().is_some())
    {
        let message = "a reply with a list cannot be batched";
        findings.report(&decl.span, message, "set `batchable = false`; the list is the batch");
    }
}

fn check_snapshot(decl: &SnapshotDecl, service: &Service, findings: &mut Findings<'_>) {
    let (Some(list), Some(hash), Some(name)) = (&decl.list, &decl.hash, &decl.name) else { return };
    let field =
        service.record(&service.reply).and_then(|reply| reply.list()).filter(|field| field.name == *list.get_ref());
    let Some(Kind::List { record, .. }) = field.map(|field| &field.kind) else {
        let message = format!("the snapshot's list is `{}`, which is no list of the reply", list.get_ref());
        findings.report(&list.span(), message, "name the field of type `list` of the reply");
        return;
    };
    let Some(item) = service.record(record) else { return };
    let kind = |key: &Spanned<String>| {
        item.fields.iter().find(|field| field.name == *key.get_ref()).map(|field| field.kind.clone())
    };
    if !matches!(kind(hash), Some(Kind::Number { .. })) {
        let message = format!("the snapshot's hash is `{}`, which is no number of the item", hash.get_ref());
        findings.report(&hash.span(), message, format!("name a number of record `{record}` without a fixed value"));
    }
    if !matches!(kind(name), Some(Kind::String(_))) {
        let message = format!("the snapshot's name is `{}`, which is no string of the item", name.get_ref());
        findings.report(&name.span(), message, format!("name a string of record `{record}`"));
    }
    let Some(generation) = &decl.generation else { return };
    let field = service.record(&service.reply).and_then(|reply| reply.field(generation.get_ref()));
    if !matches!(field.map(|field| &field.kind), Some(Kind::Number { .. })) {
        let message =
            format!("the snapshot's generation is `{}`, which is no number of the reply", generation.get_ref());
        findings.report(
            &generation.span(),
            message,
            "name a number of the reply without a fixed value, or drop the key",
        );
    }
}

pub(super) fn check_doc(doc: Option<&Spanned<String>>, what: &str, findings: &mut Findings<'_>) {
    if let Some(doc) = doc
        && doc.get_ref().is_empty()
    {
        findings.report(&doc.span(), format!("`doc` of {what} is empty"), "say what it means; readers see it");
    }
}

pub(super) fn requirements(ids: &[Spanned<String>], findings: &mut Findings<'_>) -> Vec<String> {
    for id in ids {
        if !names::is_requirement(id.get_ref()) {
            let message = format!("`{}` is no requirement id", id.get_ref());
            findings.report(&id.span(), message, "write it as `NIPC-AREA-01`");
        }
    }
    ids.iter().map(|id| id.get_ref().clone()).collect()
}

pub(super) fn number(name: &str) -> Number {
    Number::ALL.into_iter().find(|number| number.name() == name).unwrap_or(Number::U64)
}

fn length(value: Option<&Spanned<u64>>, name: &str, findings: &mut Findings<'_>) -> Option<u32> {
    let value = value?;
    let length = u32::try_from(*value.get_ref()).ok();
    if length.is_none() {
        let message = format!("string `{name}` has a limit of {}, above what a u32 holds", value.get_ref());
        findings.report(&value.span(), message, "use at most 4294967295");
    }
    length
}

pub(super) fn text(value: Option<&Spanned<String>>) -> String {
    value.map_or_else(String::new, |value| value.get_ref().clone())
}
