//! Enumerations: named numbers, and the fields that hold them.

use std::collections::HashSet;

use toml::Spanned;

use super::check::{check_doc, text};
use super::declaration::EnumDecl;
use super::diagnostic::{Findings, one_of};
use super::names;
use crate::model::{Enumeration, Kind, Number, Service, Value};

/// Builds one enumeration and reports what is wrong with it by itself.
pub(super) fn check(decl: &EnumDecl, findings: &mut Findings<'_>) -> Enumeration {
    let name = decl.name.get_ref();
    names::check(&decl.name, &names::RECORD, "enum", findings);
    check_doc(decl.doc.as_ref(), &format!("enum `{name}`"), findings);
    if decl.values.is_empty() {
        findings.report(
            &decl.name.span(),
            format!("enum `{name}` has no values"),
            format!("add `[[enum.{name}.value]]`"),
        );
    }
    let number = decl.ty.as_ref().and_then(|ty| number(name, ty, findings)).unwrap_or(Number::U64);
    let mut seen = HashSet::new();
    let mut least = 0;
    let mut values = Vec::new();
    for value in &decl.values {
        names::check(&value.name, &names::VALUE, "value", findings);
        check_doc(value.doc.as_ref(), &format!("value `{}`", value.name.get_ref()), findings);
        if !seen.insert(value.name.get_ref()) {
            let message = format!("enum `{name}` has two values `{}`", value.name.get_ref());
            findings.report(&value.name.span(), message, "rename one of them");
        }
        let Some(code) = &value.code else { continue };
        let got = *code.get_ref();
        if got > number.max() {
            let message = format!("enum `{name}` is a {}, which cannot hold {got}", number.name());
            findings.report(&code.span(), message, format!("use a code up to {} or a wider type", number.max()));
        } else if got < least {
            let message = format!("`code` is {got}, out of order");
            findings.report(&code.span(), message, format!("use {least} or more; codes ascend"));
        }
        least = got.saturating_add(1).max(least);
        values.push(Value { name: value.name.get_ref().clone(), code: got, doc: text(value.doc.as_ref()) });
    }
    Enumeration { name: name.clone(), doc: text(decl.doc.as_ref()), number, open: decl.open.unwrap_or(true), values }
}

fn number(name: &str, ty: &Spanned<String>, findings: &mut Findings<'_>) -> Option<Number> {
    let number = Number::ALL.into_iter().find(|number| number.name() == ty.get_ref());
    if number.is_none() {
        let message = format!("enum `{name}` has type `{}`, which is no number", ty.get_ref());
        findings.report(&ty.span(), message, format!("use {}", one_of(&Number::ALL.map(Number::name))));
    }
    number
}

/// What a field of an enumeration holds.
pub(super) fn kind(
    field: &str,
    of: Option<&Spanned<String>>,
    example: Option<&Spanned<String>>,
    enums: &[Enumeration],
    findings: &mut Findings<'_>,
) -> Kind {
    let enumeration = of.and_then(|of| enums.iter().find(|enumeration| enumeration.name == *of.get_ref()));
    let Some(enumeration) = enumeration else {
        if let Some(of) = of {
            let message = format!("field `{field}` is of enum `{}`, which does not exist", of.get_ref());
            findings.report(&of.span(), message, format!("add `[enum.{}]`", of.get_ref()));
        }
        return unresolved();
    };
    if let Some(example) = example
        && !has_value(enumeration, example.get_ref())
    {
        unknown_value(enumeration, example, findings);
    }
    let first = enumeration.values.first().map_or_else(String::new, |value| value.name.clone());
    Kind::Enum {
        number: enumeration.number,
        name: enumeration.name.clone(),
        example: example.map_or(first, |example| example.get_ref().clone()),
    }
}

/// What stands for a field of an enumeration that is not there; its size is not known.
fn unresolved() -> Kind {
    Kind::Enum { number: Number::U8, name: String::new(), example: String::new() }
}

/// Whether the size of a field is known.
pub(super) fn is_resolved(kind: &Kind) -> bool {
    *kind != unresolved()
}

pub(super) fn has_value(enumeration: &Enumeration, name: &str) -> bool {
    enumeration.values.iter().any(|value| value.name == name)
}

pub(super) fn unknown_value(enumeration: &Enumeration, value: &Spanned<String>, findings: &mut Findings<'_>) {
    let names: Vec<_> = enumeration.values.iter().map(|value| &value.name).collect();
    if names.is_empty() {
        // That it has none is told already.
        return;
    }
    let message = format!("enum `{}` has no value `{}`", enumeration.name, value.get_ref());
    findings.report(&value.span(), message, format!("use {}", one_of(&names)));
}

/// What only the whole schema tells: names that meet, and enumerations without a field.
pub(super) fn check_use(decls: &[EnumDecl], service: &Service, findings: &mut Findings<'_>) {
    for decl in decls {
        let name = decl.name.get_ref();
        if service.name.replace('-', "_") == *name {
            let message = format!("enum `{name}` has the name of the service");
            findings.report(&decl.name.span(), message, "use another word");
        } else if service.record(name).is_some() {
            findings.report(&decl.name.span(), format!("enum `{name}` has the name of a record"), "use another word");
        }
        let mut fields = service.records.iter().flat_map(|record| &record.fields);
        if findings.is_empty() && !fields.any(|field| matches!(&field.kind, Kind::Enum { name: of, .. } if of == name))
        {
            findings.report(
                &decl.name.span(),
                format!("enum `{name}` is not used"),
                "remove it, or use it for a field",
            );
        }
    }
}
