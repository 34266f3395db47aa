//! How a record is written from the struct of its values.

use super::{Out, Shape, all_of, enums, literal, member, number_ty, rules, unless};
use crate::model::{Field, Kind, Number, Place, Record, StringRule};
use crate::text::{Style, Text};

pub(super) fn print(shape: &Shape<'_>, out: &mut Out<'_>) {
    if has_rules(shape) {
        valid(shape, out);
    }
    size(shape, out);
    write(shape, out);
    let check = if has_rules(shape) { shape.private("valid") } else { "NULL".to_owned() };
    let members = vec![check, shape.private("size"), shape.private("write")];
    let left = format!("static const netipc_encoder {} =", shape.private("encoder"));
    out.source.assign(left, "{", members, "};", Style::Aligned);
    out.source.blank();
    if shape.is_message() {
        encode(shape, out);
    }
}

/// Whether a value can break a rule of its own, whatever the budget.
pub(super) fn has_rules(shape: &Shape<'_>) -> bool {
    let record = shape.record;
    record.strings().any(|(_, rule)| string_has_rules(rule))
        || record.table().is_some()
        || !record.rules.is_empty()
        || record.values().any(|field| shape.enumeration(field).is_some_and(|of| !of.open))
}

fn string_has_rules(rule: &StringRule) -> bool {
    rule.min_length > 0 || rule.max_length.is_some() || !rule.nul_inside
}

/// The check that an enumeration has a value with a name.
pub(super) fn listed(shape: &Shape<'_>, field: &Field, value: &str) -> Option<String> {
    let of = shape.enumeration(field).filter(|of| !of.open)?;
    let (record, name, got) = (shape.private("name"), &field.name, rules::wide(shape, field, value));
    Some(format!("netipc_build_listed(error, {record}, \"{name}\", {got}, {})", enums::codes(of)))
}

fn own_rules(shape: &Shape<'_>) -> Vec<String> {
    let record = shape.record;
    let name = shape.private("name");
    let value = |field: &Field| format!("item->{}", member(&field.name));
    let mut checks: Vec<_> = record.values().filter_map(|field| listed(shape, field, &value(field))).collect();
    let strings = record.strings().filter(|(_, rule)| string_has_rules(rule));
    checks.extend(strings.map(|(field, _)| {
        format!("netipc_string_check({}, {name}, {}, error)", shape.string_rule(field), value(field))
    }));
    if let Some(table) = record.table()
        && let Some(row) = shape.items_of(table)
    {
        let (rows, count) = (value(table), format!("item->{}_count", table.name));
        let most = counter(record, table).map_or(u64::MAX, Number::max);
        let (rule, field) = (row.private("rule"), &table.name);
        checks.push(format!(
            "netipc_table_check(&{rule}, {name}, \"{field}\", {rows}, {count}, {}, error)",
            literal(most)
        ));
    }
    checks
}

fn counter(record: &Record, table: &Field) -> Option<Number> {
    let Kind::Table { count, .. } = &table.kind else { return None };
    match record.field(count)?.kind {
        Kind::Count { number, .. } => Some(number),
        _ => None,
    }
}

fn valid(shape: &Shape<'_>, out: &mut Out<'_>) {
    let parameters = ["const void *values", "netipc_build_error *error"];
    out.private("bool", &shape.private("valid"), &parameters, |text| {
        text.line(format!("const {} *item = values;", shape.fields_ty()));
        let checks = own_rules(shape);
        if shape.record.rules.is_empty() {
            all_of(checks, text);
            return;
        }
        for check in checks {
            unless(&check, "false", text);
        }
        rules::written(shape, text);
        text.line("return true;");
    });
}

fn size(shape: &Shape<'_>, out: &mut Out<'_>) {
    let record = shape.record;
    out.private("size_t", &shape.private("size"), &["const void *values"], |text| {
        if record.is_plain() {
            text.line("(void)values;");
            text.line(format!("return {};", shape.size()));
            return;
        }
        text.line(format!("const {} *item = values;", shape.fields_ty()));
        text.line(format!("size_t end = {};", shape.size()));
        for (field, _) in record.strings() {
            text.line(format!("end = netipc_add(end, netipc_add(item->{}.len, 1));", member(&field.name)));
        }
        match record.table().and_then(|table| Some((table, shape.items_of(table)?))) {
            Some((table, row)) => {
                let (rows, columns) = (rows(table), row.record.strings().count());
                text.line(format!("return netipc_add(end, netipc_table_size(end, {rows}, {columns}));"));
            }
            None => text.line("return end;"),
        }
    });
}

fn rows(table: &Field) -> String {
    format!("item->{}, item->{}_count", member(&table.name), table.name)
}

fn write(shape: &Shape<'_>, out: &mut Out<'_>) {
    let record = shape.record;
    let parameters = ["const void *values", "netipc_writer *out"];
    out.private("void", &shape.private("write"), &parameters, |text| {
        if record.values().next().is_none() {
            text.line("(void)values;");
        } else {
            text.line(format!("const {} *item = values;", shape.fields_ty()));
        }
        if record.size > 0 {
            text.line(format!("uint8_t fixed[{}] = {{0}};", shape.size()));
            constants(shape, text);
            for field in record.values() {
                store_value(shape, field, text);
            }
        }
        let end = store_strings(shape, text);
        if record.size > 0 {
            text.line("netipc_writer_put(out, fixed, sizeof fixed);");
        }
        for (field, _) in record.strings() {
            text.line(format!("netipc_writer_string(out, item->{});", member(&field.name)));
        }
        if let Some(table) = record.table()
            && let Some(row) = shape.items_of(table)
        {
            text.line(format!("netipc_table_write(out, {end}, {}, {});", rows(table), row.record.strings().count()));
        }
    });
}

fn store_value(shape: &Shape<'_>, field: &Field, text: &mut Text) {
    let value = format!("item->{}", member(&field.name));
    match &field.kind {
        Kind::Number { number, .. } | Kind::Enum { number, .. } => store(shape, field, *number, &value, text),
        Kind::Table { .. } => {
            let Some(number) = counter(shape.record, field) else { return };
            let at = shape.place(field);
            text.line(format!(
                "netipc_store_{}(fixed + {at}, ({})item->{}_count);",
                number.name(),
                number_ty(number),
                field.name
            ));
        }
        Kind::String(_) | Kind::Constant { .. } | Kind::Size { .. } | Kind::Count { .. } | Kind::List { .. } => {}
    }
}

/// A number or enumeration at its place in `fixed`.
pub(super) fn store(shape: &Shape<'_>, field: &Field, number: Number, value: &str, text: &mut Text) {
    let cast = match shape.enumeration(field) {
        Some(of) if enums::is_enum(of) => format!("({})", number_ty(number)),
        _ => String::new(),
    };
    text.line(format!("netipc_store_{}(fixed + {}, {cast}{value});", number.name(), shape.at(field)));
}

/// The references of the strings, one behind the other. Gives the variable with the end of the last one.
fn store_strings(shape: &Shape<'_>, text: &mut Text) -> String {
    let placed: Vec<_> = shape.record.strings().filter(|(_, rule)| rule.place != Place::Rest).collect();
    if placed.is_empty() {
        return shape.size();
    }
    text.line(format!("size_t end = {};", shape.size()));
    let last = placed.len() - 1;
    for (index, (field, _)) in placed.iter().enumerate() {
        let name = member(&field.name);
        text.line(format!("netipc_store_string(fixed + {}, end, item->{name}.len);", shape.at(field)));
        if index < last || shape.record.table().is_some() {
            text.line(format!("end += item->{name}.len + 1;"));
        }
    }
    "end".to_owned()
}

/// The fields that are always the same; zeros are there already.
pub(super) fn constants(shape: &Shape<'_>, text: &mut Text) {
    for field in &shape.record.fields {
        match field.kind {
            Kind::Constant { number, value, .. } if value != 0 => {
                let at = shape.at(field);
                text.line(format!("netipc_store_{}(fixed + {at}, {});", number.name(), literal(value)));
            }
            Kind::Size { .. } => {
                text.line(format!("netipc_store_u16(fixed + {}, {});", shape.at(field), shape.size()));
            }
            _ => {}
        }
    }
}

/// The function that writes a whole payload.
fn encode(shape: &Shape<'_>, out: &mut Out<'_>) {
    let ty = shape.ty();
    let invalid = if has_rules(shape) { " or breaks a rule" } else { "" };
    let doc = format!(
        "Writes the record as a whole payload; `out` must be empty.\n\n@return false, with the reason in `error` unless that \
         is `NULL` and nothing in `out`, when it does not fit{invalid}."
    );
    let values = format!("const {} *values", shape.fields_ty());
    let parameters = [values.as_str(), "netipc_writer *out", "netipc_build_error *error"];
    out.function(&doc, "bool", &format!("{ty}_encode"), &parameters, |text| {
        text.line("netipc_build_error why;");
        let encoder = shape.private("encoder");
        text.line(format!("return netipc_writer_record(out, &{encoder}, values, &why)"));
        text.line("    || netipc_writer_refuse(out, &why, error);");
    });
}
