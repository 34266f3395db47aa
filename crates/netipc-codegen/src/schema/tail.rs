//! What records have behind their fixed part: strings, a table, one string without a reference, or a list.

use super::declaration::{RecordDecl, TypeDecl};
use super::diagnostic::{Findings, one_of};
use crate::model::{Field, Kind, Number, Place, Record, Service};

/// Finds the field that counts each list or table and makes it a count.
pub(super) fn resolve_counts(decl: &RecordDecl, fields: &mut [Field], findings: &mut Findings<'_>) {
    for (position, field) in decl.fields.iter().enumerate() {
        let (count, what, numbers) = match &field.ty {
            TypeDecl::List { count: Some(count), .. } => (count, "list", &[Number::U32][..]),
            TypeDecl::Table { count: Some(count), .. } => (count, "table", &[Number::U8, Number::U16, Number::U32][..]),
            _ => continue,
        };
        let list = field.name.get_ref();
        if what == "list" && position + 1 != decl.fields.len() {
            let message = format!("list `{list}` is not the last field of record `{}`", decl.name.get_ref());
            findings.report(&field.name.span(), message, "move it to the end; a record has one list at most");
        }
        let types: Vec<_> = numbers.iter().map(|number| number.name()).collect();
        let types = one_of(&types);
        let Some(counter) = fields.iter_mut().find(|field| field.name == *count.get_ref()) else {
            let message = format!("{what} `{list}` is counted by `{}`, which is no field here", count.get_ref());
            findings.report(&count.span(), message, format!("name a field of type {types} of the same record"));
            continue;
        };
        match counter.kind {
            Kind::Number { number, .. } if numbers.contains(&number) => {
                counter.kind = Kind::Count { number, list: list.clone() };
            }
            _ => {
                let message = format!("{what} `{list}` is counted by `{}`, which cannot count", count.get_ref());
                findings.report(&count.span(), message, format!("name a field of type {types} without a fixed value"));
            }
        }
    }
}

pub(super) fn check_strings(decl: &RecordDecl, fields: &[Field], size: u32, findings: &mut Findings<'_>) {
    let mut strings = 0;
    for (field, declared) in fields.iter().zip(&decl.fields) {
        let Kind::String(rule) = &field.kind else { continue };
        strings += 1;
        let Place::At(at) = rule.place else { continue };
        if at != size || strings > 1 {
            let message = format!("string `{}` must start at {at}, where the canonical form has no place", field.name);
            let remedy = format!("only the first string can have an `offset`, and it is {size}");
            findings.report(&declared.name.span(), message, remedy);
        }
    }
    if strings > 0 && fields.iter().any(|field| matches!(field.kind, Kind::List { .. })) {
        let message = format!("record `{}` has strings and a list", decl.name.get_ref());
        findings.report(&decl.name.span(), message, "put the strings into the items, or the list into another record");
    }
}

/// What a record has behind its fixed part: strings and a table, or one string without a reference, or a list.
pub(super) fn check_tail(decl: &RecordDecl, fields: &[Field], findings: &mut Findings<'_>) {
    let is_rest = |field: &Field| matches!(&field.kind, Kind::String(rule) if rule.place == Place::Rest);
    let is_table = |field: &Field| matches!(field.kind, Kind::Table { .. });
    let mut tables = 0;
    for (field, declared) in fields.iter().zip(&decl.fields) {
        if is_rest(field) {
            let others = fields.iter().filter(|field| !matches!(field.kind, Kind::Number { .. } | Kind::Enum { .. }));
            if others.filter(|field| !matches!(field.kind, Kind::Constant { .. })).count() > 1 {
                let message = format!("string `{}` takes the rest of the record, which has more than it", field.name);
                findings.report(&declared.name.span(), message, "keep only numbers beside it, or drop `rest`");
            } else if decl.trailing == Some(true) {
                let message = format!("string `{}` takes the rest of the record, and nothing can follow", field.name);
                findings.report(&declared.name.span(), message, "set `trailing = \"rejected\"` for the record");
            }
        }
        if is_table(field) {
            tables += 1;
            let has_list = fields.iter().any(|field| matches!(field.kind, Kind::List { .. }));
            if tables > 1 || has_list {
                let message = format!("table `{}` is not all that its record has of lists and tables", field.name);
                findings.report(&declared.name.span(), message, "keep one of them; items of a list can have a table");
            }
        }
    }
}

/// The records that rows of tables are made of.
pub(super) fn check_rows(decls: &[RecordDecl], service: &Service, findings: &mut Findings<'_>) {
    for field in decls.iter().flat_map(|decl| &decl.fields) {
        let TypeDecl::Table { of: Some(of), .. } = &field.ty else { continue };
        let table = field.name.get_ref();
        let Some(row) = service.record(of.get_ref()) else {
            let message = format!("table `{table}` is of `{}`, which is no record", of.get_ref());
            findings.report(&of.span(), message, format!("add `[record.{}]`", of.get_ref()));
            continue;
        };
        let is_string = |field: &Field| matches!(&field.kind, Kind::String(rule) if rule.place == Place::Behind);
        if !row.fields.iter().all(is_string) || !row.rules.is_empty() {
            let message = format!("table `{table}` is of record `{}`, which is no row", row.name);
            findings.report(&of.span(), message, "use a record of strings only, without `offset`, `rest` and rules");
        } else if row.trailing {
            let message = format!("record `{}` is a row, which nothing can follow", row.name);
            findings.report(&of.span(), message, format!("set `trailing = \"rejected\"` for `{}`", row.name));
        } else if row.name == service.request || row.name == service.reply || service.is_item(&row.name) {
            let message = format!("record `{}` is a row and something else too", row.name);
            findings.report(&of.span(), message, "give the table a record of its own");
        }
    }
}

/// The records that lists are made of.
pub(super) fn check_lists(decls: &[RecordDecl], records: &[Record], findings: &mut Findings<'_>) {
    for field in decls.iter().flat_map(|decl| &decl.fields) {
        let TypeDecl::List { of: Some(of), .. } = &field.ty else { continue };
        let list = field.name.get_ref();
        match records.iter().find(|record| record.name == *of.get_ref()) {
            None => {
                let message = format!("list `{list}` is of `{}`, which is no record", of.get_ref());
                findings.report(&of.span(), message, format!("add `[record.{}]`", of.get_ref()));
            }
            Some(item) if item.list().is_some() => {
                let message = format!("list `{list}` is of record `{}`, which has a list itself", item.name);
                findings.report(&of.span(), message, "use items of numbers and strings only");
            }
            Some(_) => {}
        }
    }
}
