//! Growth: fields that came in a later version of the service, behind those that were there (NIPC-EVO-01).

use toml::Spanned;

use super::declaration::{FieldDecl, RecordDecl, ServiceDecl, TypeDecl};
use super::diagnostic::Findings;
use super::enums;
use super::table::Scalar;
use crate::model::{Added, Demand, Enumeration, Field, Kind, Literal, Must, Place, Rule, Service, StringRule};

/// The greatest minor version, so that any language has a type for it.
const MAX_VERSION: u64 = u16::MAX as u64;

/// The minor version of the service.
pub(super) fn version(decl: &ServiceDecl, findings: &mut Findings<'_>) -> u32 {
    let Some(version) = &decl.version else { return 1 };
    if !(1..=MAX_VERSION).contains(version.get_ref()) {
        let message = format!("`version` is {}, which is no version", version.get_ref());
        findings.report(&version.span(), message, format!("use a number from 1 to {MAX_VERSION}; it starts with 1"));
        // So that no field is told to be too new.
        return MAX_VERSION as u32;
    }
    *version.get_ref() as u32
}

/// How a field came later than its record.
pub(super) fn added(
    field: &FieldDecl,
    kind: &Kind,
    version: u32,
    enums: &[Enumeration],
    findings: &mut Findings<'_>,
) -> Option<Added> {
    let name = field.name.get_ref();
    let since = field.since.as_ref().map_or(1, |since| {
        let got = *since.get_ref();
        if (1..=u64::from(version)).contains(&got) {
            return got as u32;
        }
        let message = format!("field `{name}` is there since {got}, but the service has version {version}");
        let remedy = match got {
            0 => "versions start with 1".to_owned(),
            _ => format!("set `version = {got}` in `[service]`"),
        };
        findings.report(&since.span(), message, remedy);
        got.clamp(1, MAX_VERSION) as u32
    });
    if since == 1 {
        if let (Some(default), true) = (&field.default, field.since.is_none()) {
            let message = format!("field `{name}` has a default and was there from the start");
            findings.report(&default.span(), message, "drop `default`; every writer sends the field");
        }
        return None;
    }
    let can_be_added = match kind {
        Kind::Number { .. } | Kind::Enum { .. } | Kind::Constant { .. } => true,
        Kind::String(rule) => rule.place == Place::Behind,
        Kind::Size { .. } | Kind::Count { .. } | Kind::List { .. } | Kind::Table { .. } => false,
    };
    if !can_be_added {
        let message = format!("field `{name}` cannot be added later");
        findings.report(&field.name.span(), message, "append numbers, enums and strings only");
        return None;
    }
    Some(Added { since, default: default(field, kind, enums, findings) })
}

/// The value of the field when it is not there.
fn default(field: &FieldDecl, kind: &Kind, enums: &[Enumeration], findings: &mut Findings<'_>) -> Option<Literal> {
    let name = field.name.get_ref();
    if let Kind::Constant { .. } = kind {
        if let Some(default) = &field.default {
            let message = format!("field `{name}` has only one value and a default");
            findings.report(&default.span(), message, "drop `default`");
        }
        return None;
    }
    let Some(default) = &field.default else {
        let message = format!("field `{name}` was added and has no default");
        findings.report(&field.name.span(), message, "add `default = ..`: what it is when an older writer left it out");
        return None;
    };
    let remedy = match (kind, default.get_ref()) {
        (Kind::Number { number, .. }, Scalar::Number(got)) if *got <= number.max() => {
            return Some(Literal::Number(*got));
        }
        (Kind::Number { number, .. }, _) => format!("use a number up to {}", number.max()),
        (Kind::Enum { name, .. }, value) => {
            let enumeration = enums.iter().find(|enumeration| enumeration.name == *name);
            match (enumeration, value) {
                (Some(of), Scalar::Word(word)) if enums::has_value(of, word) => {
                    return Some(Literal::Value(word.clone()));
                }
                (Some(of), Scalar::Word(word)) => {
                    enums::unknown_value(of, &Spanned::new(default.span(), word.clone()), findings);
                    return None;
                }
                _ => format!("use the name of a value of enum `{name}`"),
            }
        }
        (Kind::String(rule), Scalar::Word(text)) if accepts(rule, text) => return Some(Literal::Text(text.clone())),
        _ => "use a string that meets the rules of the field".to_owned(),
    };
    let message = format!("field `{name}` cannot be {} by default", default.get_ref());
    findings.report(&default.span(), message, remedy);
    None
}

fn accepts(rule: &StringRule, text: &str) -> bool {
    let (least, most) = (rule.min_length as usize, rule.max_length.unwrap_or(u32::MAX) as usize);
    (least..=most).contains(&text.len()) && (rule.nul_inside || !text.contains('\0'))
}

/// What growth demands of a record as a whole.
pub(super) fn check(decl: &RecordDecl, fields: &[Field], rules: &[Rule], findings: &mut Findings<'_>) {
    let name = decl.name.get_ref();
    let is_size = |field: &FieldDecl| matches!(field.ty, TypeDecl::Size);
    let sizes: Vec<_> = decl.fields.iter().filter(|field| is_size(field)).collect();
    if let [_, second, ..] = sizes.as_slice() {
        let message = format!("record `{name}` tells its size twice");
        findings.report(&second.name.span(), message, "keep one field of type `size`");
    }
    check_order(decl, fields, sizes.is_empty(), findings);
    let Some(size) = sizes.first() else { return };
    for (field, declared) in fields.iter().zip(&decl.fields) {
        let offence = match &field.kind {
            Kind::Table { .. } => "it has a table",
            Kind::String(rule) if rule.place == Place::Rest => "a string takes its rest",
            Kind::String(rule) if rule.place != Place::Behind => "a string of it has a fixed offset",
            _ => continue,
        };
        let message = format!("record `{name}` cannot grow, because {offence}");
        let remedy = format!("drop field `{}`, or `{}`", size.name.get_ref(), declared.name.get_ref());
        findings.report(&size.name.span(), message, remedy);
    }
    check_demands(decl, fields, rules, findings);
}

/// Fields stand in the order in which they came.
fn check_order(decl: &RecordDecl, fields: &[Field], is_frozen: bool, findings: &mut Findings<'_>) {
    let mut newest = 1;
    for (field, declared) in fields.iter().zip(&decl.fields) {
        let span = declared.name.span();
        if field.kind.size() == 0 {
            continue;
        }
        if field.since() < newest {
            let (name, since) = (&field.name, field.since());
            let message = format!("field `{name}` of version {since} stands behind one of version {newest}");
            findings.report(&span, message, "append fields to the end of the fixed part");
            return;
        }
        if field.since() > 1 && is_frozen {
            let (name, record) = (&field.name, decl.name.get_ref());
            let message = format!("field `{name}` was added, but record `{record}` cannot grow");
            findings.report(&span, message, "only a record with a field of type `size` from version 1 on can");
            return;
        }
        newest = field.since();
    }
}

/// A record of an older writer must not break a rule by what it lacks (NIPC-EVO-04).
fn check_demands(decl: &RecordDecl, fields: &[Field], rules: &[Rule], findings: &mut Findings<'_>) {
    for (rule, declared) in rules.iter().zip(&decl.rules) {
        for demand in &rule.then {
            let field = fields.iter().find(|field| field.name == demand.field);
            let default = field.and_then(|field| field.added.as_ref()?.default.as_ref());
            if default.is_some_and(|default| !meets(default, demand)) {
                let message = format!("the default of field `{}` breaks a rule", demand.field);
                findings.report(&declared.span, message, "let the rule demand the default, which older writers mean");
            }
        }
    }
}

fn meets(default: &Literal, demand: &Demand) -> bool {
    match (default, &demand.must) {
        (Literal::Number(number), Must::Number(must)) => number == must,
        (Literal::Value(value), Must::Value(must)) => value == must,
        (Literal::Text(text), Must::Empty) => text.is_empty(),
        (Literal::Text(text), Must::Present) => !text.is_empty(),
        _ => false,
    }
}

/// Records of a lookup that cannot grow: heads are made anew where replies are put together, and an older provider could not
/// repeat what was added to a key.
pub(super) fn check_lookup(decls: &[RecordDecl], service: &Service, findings: &mut Findings<'_>) {
    let request = service.record(&service.request);
    let key = request.and_then(|request| service.item_of(request, &request.list()?.name));
    for decl in decls {
        let name = decl.name.get_ref();
        let role = if key.is_some_and(|key| key.name == *name) {
            "the key of a lookup"
        } else if *name == service.request {
            "the request of a lookup"
        } else if *name == service.reply {
            "the reply of a lookup"
        } else {
            continue;
        };
        if let Some(size) = decl.fields.iter().find(|field| matches!(field.ty, TypeDecl::Size)) {
            let message = format!("record `{name}` is {role}, which cannot grow");
            findings.report(&size.name.span(), message, "drop the field; items of replies can grow");
        }
    }
}
