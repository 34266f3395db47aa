//! An encoder for every service, which interprets the model: the canonical form of a value, or why there is none.

use super::decode::{broken, content, enumeration, kind_number, record_name};
use super::offence::{Offence, Problem};
use super::value::Value;
use crate::model::{Field, Kind, Place, Record, Service, TABLE_ALIGN};

/// Items start at multiples of this.
const ITEM_ALIGN: usize = 8;

/// The canonical bytes of `value` as the record called `record` of `service`, within `budget` bytes.
///
/// # Errors
///
/// The first value that breaks a rule; the overflow when what came before it has no room.
pub fn encode(service: &Service, record: &Record, value: &Value, budget: u64) -> Result<Vec<u8>, Offence> {
    let fits = |needed: usize| match needed as u64 <= budget {
        true => Ok(()),
        false => Err(Offence::Overflow { needed: needed as u64, budget }),
    };
    let invalid = |offence: Offence, given: usize| match fits(given) {
        Ok(()) => offence,
        Err(overflow) => overflow,
    };
    let Some(list) = record.list() else {
        check(service, record, value)?;
        let bytes = piece(service, record, value);
        return fits(bytes.len()).map(|()| bytes);
    };
    let head = check(service, record, value);
    head.map_err(|offence| invalid(offence, 0))?;
    let mut items = Vec::new();
    for item in value.array(&list.name) {
        let Some(of) = service.item_of(record, &list.name) else { break };
        check(service, of, item).map_err(|offence| invalid(offence, listed_len(record, &items)))?;
        items.push(piece(service, of, item));
    }
    fits(listed_len(record, &items))?;
    Ok(listed(record, &head_of(record, value, items.len()), &items))
}

/// Bytes of a record with a list of these items.
pub(super) fn listed_len(record: &Record, items: &[Vec<u8>]) -> usize {
    let area = items.iter().fold(0_usize, |end, item| end.next_multiple_of(ITEM_ALIGN) + item.len());
    record.size as usize + 8 * items.len() + area
}

/// A record with a list, made of its fixed part and of items of any content.
pub(super) fn listed(record: &Record, head: &[u8], items: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = head.to_vec();
    let (mut area, mut directory) = (Vec::new(), Vec::new());
    for item in items {
        area.resize(area.len().next_multiple_of(ITEM_ALIGN), 0);
        directory.extend_from_slice(&(area.len() as u32).to_le_bytes());
        directory.extend_from_slice(&(item.len() as u32).to_le_bytes());
        area.extend_from_slice(item);
    }
    bytes.resize(record.size as usize, 0);
    bytes.extend(directory);
    bytes.extend(area);
    bytes
}

/// The fixed part of a record with a list.
pub(super) fn head_of(record: &Record, value: &Value, items: usize) -> Vec<u8> {
    let mut fixed = fixed_part(record, value);
    let count = record.list().and_then(|list| counter(record, list));
    if let Some(count) = count {
        store(&mut fixed, count, items as u64);
    }
    fixed
}

/// The first rule that a value breaks whatever the budget; items of a list are not looked at.
fn check(service: &Service, record: &Record, value: &Value) -> Result<(), Offence> {
    let invalid = |record: &Record, field: &Field, problem| {
        let (record, field) = (record_name(service, record), field.name.clone());
        Err(Offence::Invalid { record, field, problem })
    };
    for field in &record.fields {
        let problem = match &field.kind {
            Kind::Enum { .. } => {
                let closed = enumeration(service, field).filter(|of| !of.open);
                let listed = closed.is_none_or(|of| of.values.iter().any(|v| v.code == value.number(&field.name)));
                (!listed).then_some(Problem::Unlisted)
            }
            Kind::String(rule) => content(rule, value.bytes(&field.name)),
            _ => None,
        };
        if let Some(problem) = problem {
            return invalid(record, field, problem);
        }
    }
    if let Some(table) = record.table()
        && let Some(row) = service.item_of(record, &table.name)
    {
        let rows = value.array(&table.name);
        let most = counter(record, table).map_or(0, |count| kind_number(&count.kind).max());
        if rows.len() as u64 > most {
            return invalid(record, table, Problem::TooMany);
        }
        for cells in rows {
            for (field, rule) in row.strings() {
                if let Some(problem) = content(rule, cells.bytes(&field.name)) {
                    return invalid(row, field, problem);
                }
            }
        }
    }
    match broken(service, record, value) {
        None => Ok(()),
        Some(broken) => invalid(record, broken.field, broken.problem),
    }
}

/// The canonical bytes of a record without a list.
pub(super) fn piece(service: &Service, record: &Record, value: &Value) -> Vec<u8> {
    let mut bytes = fixed_part(record, value);
    for (field, rule) in record.strings() {
        let text = value.bytes(&field.name);
        if rule.place != Place::Rest {
            let (start, length) = (bytes.len() as u32, text.len() as u32);
            bytes[field.at as usize..][..4].copy_from_slice(&start.to_le_bytes());
            bytes[field.at as usize + 4..][..4].copy_from_slice(&length.to_le_bytes());
        }
        terminated(text, &mut bytes);
    }
    if let Some(table) = record.table() {
        let rows = value.array(&table.name);
        if let Some(count) = counter(record, table) {
            store(&mut bytes, count, rows.len() as u64);
        }
        if let (Some(row), false) = (service.item_of(record, &table.name), rows.is_empty()) {
            table_of(row, rows, &mut bytes);
        }
    }
    bytes
}

pub(super) fn table_of(row: &Record, rows: &[Value], bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(TABLE_ALIGN as usize), 0);
    let cells: Vec<_> =
        rows.iter().flat_map(|row_value| row.strings().map(|(field, _)| row_value.bytes(&field.name))).collect();
    let mut end = bytes.len() + 8 * cells.len();
    for text in &cells {
        bytes.extend_from_slice(&(end as u32).to_le_bytes());
        bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        end += text.len() + 1;
    }
    cells.iter().for_each(|text| terminated(text, bytes));
}

pub(super) fn terminated(text: &[u8], bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(text);
    bytes.push(0);
}

/// The fixed part with all numbers but counts and references.
pub(super) fn fixed_part(record: &Record, value: &Value) -> Vec<u8> {
    let mut bytes = vec![0; record.size as usize];
    for field in &record.fields {
        match &field.kind {
            Kind::Number { .. } | Kind::Enum { .. } => store(&mut bytes, field, value.number(&field.name)),
            Kind::Constant { value, .. } => store(&mut bytes, field, *value),
            Kind::Size { .. } => store(&mut bytes, field, record.size.into()),
            Kind::Count { .. } | Kind::String(_) | Kind::List { .. } | Kind::Table { .. } => {}
        }
    }
    bytes
}

/// The field that counts a list or table.
pub(super) fn counter<'m>(record: &'m Record, field: &Field) -> Option<&'m Field> {
    match &field.kind {
        Kind::List { count, .. } | Kind::Table { count, .. } => record.field(count),
        _ => None,
    }
}

pub(super) fn store(bytes: &mut [u8], field: &Field, value: u64) {
    let size = kind_number(&field.kind).size() as usize;
    bytes[field.at as usize..][..size].copy_from_slice(&value.to_le_bytes()[..size]);
}
