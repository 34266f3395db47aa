//! Bytes that no encoder writes and every decoder accepts.

use std::collections::BTreeSet;

use super::encode::{counter, fixed_part, store, table_of, terminated};
use super::fault::bytes_of;
use super::records::{Hosted, Scope, image};
use super::value::Value;
use super::{Ask, Outcome, Page, Vector};
use crate::model::{Field, Kind, Literal, Number, Place, TABLE_ALIGN};

/// What stands where no byte means anything.
const FILLER: u8 = 0xee;

pub(super) fn make(scope: &Scope<'_>, page: &mut Page) {
    let value = scope.example();
    let record = scope.record;
    if record.trailing {
        for more in [1_usize, 8, 100] {
            let mut raw = scope.image(&value);
            raw.resize(raw.len() + more, FILLER);
            push(scope, &format!("trailing-{more}"), "Bytes follow the content.", "NIPC-COD-05", &raw, &value, page);
        }
    }
    let placed = record.strings().filter(|(_, rule)| rule.place == Place::Behind).count();
    if placed > 0 && placed == record.strings().count() && record.list().is_none() {
        let forward: Vec<_> = (0..placed).collect();
        for gap in [1, 8, 13] {
            let raw = arranged(scope, &value, &forward, gap);
            push(
                scope,
                &format!("gaps-{gap}"),
                "There are gaps before the strings.",
                "NIPC-COD-07",
                &raw,
                &value,
                page,
            );
        }
        for order in orders(placed) {
            let topic: Vec<_> = order.iter().map(ToString::to_string).collect();
            let topic = format!("strings-{}", topic.join("-"));
            let raw = arranged(scope, &value, &order, 0);
            push(scope, &topic, "The strings stand in another order.", "NIPC-COD-07", &raw, &value, page);
        }
    }
    if record.size_field().is_some() && record.list().is_none() {
        versions(scope, &value, page);
    }
}

/// All orders of a few things but the ascending one.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for next in 0..count {
        orders = orders
            .iter()
            .flat_map(|order: &Vec<usize>| {
                (0..=order.len()).map(move |at| {
                    let mut order = order.clone();
                    order.insert(at, next);
                    order
                })
            })
            .collect();
    }
    orders.retain(|order| !order.is_sorted());
    orders.truncate(6);
    orders
}

/// The record with its strings in this order, and a gap before each of them.
fn arranged(scope: &Scope<'_>, value: &Value, order: &[usize], gap: usize) -> Vec<u8> {
    let mut bytes = fixed_part(scope.record, value);
    let strings: Vec<_> = scope.record.strings().map(|(field, _)| field).collect();
    for field in order.iter().map(|position| strings[*position]) {
        bytes.resize(bytes.len() + gap, FILLER);
        place(field, value, &mut bytes);
    }
    if let Some(table) = scope.record.table() {
        let rows = value.array(&table.name);
        if let Some(count) = counter(scope.record, table) {
            store(&mut bytes, count, rows.len() as u64);
        }
        if let (Some(row), false) = (scope.service.item_of(scope.record, &table.name), rows.is_empty()) {
            bytes.resize(bytes.len().next_multiple_of(TABLE_ALIGN as usize), 0);
            table_of(row, rows, &mut bytes);
        }
    }
    bytes
}

fn place(field: &Field, value: &Value, bytes: &mut Vec<u8>) {
    let text = value.bytes(&field.name);
    let reference = [bytes_of(bytes.len() as u64, Number::U32), bytes_of(text.len() as u64, Number::U32)].concat();
    bytes[field.at as usize..][..8].copy_from_slice(&reference);
    terminated(text, bytes);
}

/// The record as older and newer versions write it.
fn versions(scope: &Scope<'_>, value: &Value, page: &mut Page) {
    let record = scope.record;
    let Some(size_field) = record.size_field() else { return };
    let mut sizes: Vec<u32> =
        record.versions().iter().map(|(_, size)| *size).filter(|size| *size < record.size).collect();
    sizes.extend([record.size + 1, record.size + 16]);
    for size in sizes {
        let mut bytes = fixed_part(record, value);
        bytes.resize(size as usize, FILLER);
        store(&mut bytes, size_field, size.into());
        let mut seen = value.clone();
        for field in record.values() {
            let there = field.at + field.kind.size() <= size;
            match (&field.kind, there) {
                (Kind::String(_), true) => place(field, value, &mut bytes),
                (_, true) => {}
                (_, false) => seen.set(&field.name, default(scope, field)),
            }
        }
        if size > record.size {
            bytes.push(FILLER);
        }
        let what = format!("The fixed part has {size} bytes, in this version {}.", record.size);
        push(scope, &format!("size-{size}"), &what, "NIPC-EVO-03", &bytes, &seen, page);
    }
}

fn default(scope: &Scope<'_>, field: &Field) -> Value {
    match field.added.as_ref().and_then(|added| added.default.as_ref()) {
        Some(Literal::Number(number)) => (*number).into(),
        Some(Literal::Value(name)) => {
            super::decode::code(scope.service, scope.record, &field.name, name).unwrap_or_default().into()
        }
        Some(Literal::Text(text)) => text.as_bytes().into(),
        None => Value::Null,
    }
}

fn push(scope: &Scope<'_>, topic: &str, what: &str, id: &str, raw: &[u8], value: &Value, page: &mut Page) {
    let Hosted { bytes, .. } = scope.host(raw);
    let whole = scope.host_value(value);
    let canonical = image(scope.service, scope.top, &whole);
    page.push(Vector {
        id: scope.id(&format!("tolerated/{topic}")),
        what: what.to_owned(),
        target: scope.target.to_owned(),
        ask: Ask::Check(bytes),
        outcome: Outcome::Decoded(whole, canonical),
        flags: BTreeSet::from(["tolerated"]),
        requirements: scope.cites(None, &[id, "NIPC-COD-13"]),
    });
}
