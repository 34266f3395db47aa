//! Checking the bytes of a record, and the struct of its values.

use super::record::at_function;
use super::{Out, Shape, all_of, enums, literal, member, number_ty, quoted, rules};
use crate::model::{Field, Kind, Literal, Number, Place};
use crate::text::{Style, Text};

pub(super) fn print(shape: &Shape<'_>, out: &mut Out<'_>) {
    rules::read(shape, out);
    check(shape, out);
    view(shape, out);
    if shape.is_message() {
        decode(shape, out);
    }
    for field in shape.record.values() {
        match field.kind {
            Kind::List { .. } => items_at(shape, field, out),
            Kind::Table { .. } => rows_at(shape, field, out),
            _ => {}
        }
    }
}

/// The bytes of a string that its writer did not know.
pub(super) fn absent_text(field: &Field) -> Option<&str> {
    match field.added.as_ref()?.default.as_ref()? {
        Literal::Text(text) => Some(text),
        _ => None,
    }
}

fn width(number: Number) -> String {
    format!("sizeof({})", number_ty(number))
}

/// The function that checks every rule of the record, in the order of NIPC-COD-24.
fn check(shape: &Shape<'_>, out: &mut Out<'_>) {
    let record = shape.record;
    let strings = record.strings().count();
    let mut terms = vec![start(shape)];
    for field in &record.fields {
        terms.extend(check_field(shape, field));
    }
    if strings > 1 {
        terms.push(format!("netipc_reader_disjoint(&in, strings, {strings})"));
    }
    let behind = if strings > 0 { format!("netipc_reader_behind(&in, strings, {strings})") } else { shape.size() };
    if let Some(table) = record.table()
        && let Some(row) = shape.items_of(table)
    {
        let count = count_of(shape, table, "in.fixed");
        terms.push(format!(
            "netipc_reader_table(&in, \"{}\", {count}, {behind}, &{}, &end)",
            table.name,
            row.private("rule")
        ));
    }
    if !record.trailing && record.rest().is_none() {
        let end = match (record.list(), record.table(), strings) {
            (Some(_), _, _) | (_, Some(_), _) => "end".to_owned(),
            (None, None, 0) => "in.fixed.len".to_owned(),
            _ => behind,
        };
        terms.push(format!("netipc_reader_ends(&in, {end})"));
    }
    if !record.rules.is_empty() {
        let strings = if strings > 0 { ", strings" } else { "" };
        terms.push(format!("{}(&in{strings})", shape.private("rules")));
    }
    let parameters = ["netipc_bytes bytes", "netipc_decode_error *error"];
    out.private("bool", &shape.private("check"), &parameters, |text| {
        text.line("netipc_reader in;");
        if strings > 0 {
            text.line(format!("netipc_extent strings[{strings}];"));
        }
        if record.list().is_some() || record.table().is_some() {
            text.line("size_t end;");
        }
        all_of(terms, text);
    });
}

fn start(shape: &Shape<'_>) -> String {
    let name = shape.private("name");
    match shape.record.size_field() {
        None => format!("netipc_reader_start(&in, {name}, bytes, {}, error)", shape.size()),
        Some(size) => {
            let sizes = shape.private("sizes");
            let versions = shape.record.versions().len();
            let (field, at) = (&size.name, shape.at(size));
            format!("netipc_reader_start_growing(&in, {name}, bytes, \"{field}\", {at}, {sizes}, {versions}, error)")
        }
    }
}

fn check_field(shape: &Shape<'_>, field: &Field) -> Option<String> {
    let name = &field.name;
    Some(match &field.kind {
        Kind::Number { .. } | Kind::Size { .. } | Kind::Count { .. } | Kind::Table { .. } => return None,
        Kind::Enum { number, .. } => {
            let of = shape.enumeration(field).filter(|of| !of.open)?;
            let (at, codes) = (shape.at(field), enums::codes(of));
            format!("netipc_reader_listed(&in, \"{name}\", {at}, {}, {codes})", width(*number))
        }
        Kind::Constant { number, value, .. } => {
            let (at, width) = (shape.at(field), width(*number));
            format!("netipc_reader_constant(&in, \"{name}\", {at}, {width}, {})", literal(*value))
        }
        Kind::String(rule) => {
            let (strings, extent) = (shape.string_rule(field), format!("&strings[{}]", shape.string_index(field)));
            if rule.place == Place::Rest {
                format!("netipc_reader_rest(&in, {strings}, {extent})")
            } else {
                format!("netipc_reader_string(&in, {}, {strings}, {extent})", shape.at(field))
            }
        }
        Kind::List { gaps, .. } => {
            let item = shape.items_of(field)?;
            let at = shape.place(field);
            let check = item.private("check");
            format!("netipc_reader_items(&in, \"{name}\", netipc_load_u32(in.fixed, {at}, 0), {gaps}, {check}, &end)")
        }
    })
}

/// The number that counts the rows of a table or the items of a list.
pub(super) fn count_of(shape: &Shape<'_>, field: &Field, fixed: &str) -> String {
    let (Kind::Table { count, .. } | Kind::List { count, .. }) = &field.kind else { return String::new() };
    match shape.record.field(count).map(|counter| &counter.kind) {
        Some(Kind::Count { number, .. }) => load(*number, fixed, &shape.place(field), "0"),
        _ => String::new(),
    }
}

fn load(number: Number, from: &str, at: &str, absent: &str) -> String {
    format!("netipc_load_{}({from}, {at}, {absent})", number.name())
}

/// The function that makes the struct of bytes that were checked.
fn view(shape: &Shape<'_>, out: &mut Out<'_>) {
    let record = shape.record;
    let values: Vec<_> = record.values().collect();
    out.private(&shape.ty(), &shape.private("view"), &["netipc_bytes bytes"], |text| {
        if values.is_empty() {
            text.line("(void)bytes;");
            text.line(format!("return ({}){{.nothing = 0}};", shape.ty()));
            return;
        }
        let mut fixed = "bytes";
        if let Some(size) = record.size_field()
            && (values.iter().any(|field| field.added.is_some()) || record.list().is_some())
        {
            text.line(format!("netipc_bytes fixed = netipc_fixed_part(bytes, {});", shape.at(size)));
            fixed = "fixed";
        }
        if let Some(table) = record.table() {
            references(shape, table, text);
        }
        text.block(format!("return ({}){{", shape.ty()), "};", |text| {
            for field in &values {
                text.line(format!(".{} = {},", member(&field.name), value(shape, field, fixed)));
            }
        });
    });
}

/// Where the strings before a table are.
fn references(shape: &Shape<'_>, _table: &Field, text: &mut Text) {
    let places: Vec<_> = shape.record.strings().map(|(field, _)| shape.at(field)).collect();
    if !places.is_empty() {
        text.assign("static const size_t references[] =", "{", places, "};", Style::Aligned);
    }
}

fn value(shape: &Shape<'_>, field: &Field, fixed: &str) -> String {
    match &field.kind {
        Kind::Number { number, .. } => load(*number, fixed, &shape.at(field), &shape.default(field)),
        Kind::Enum { number, .. } => {
            let loaded = load(*number, fixed, &shape.at(field), &shape.default(field));
            match shape.enumeration(field) {
                Some(of) if enums::is_enum(of) => format!("({}){loaded}", shape.value_ty(field)),
                _ => loaded,
            }
        }
        Kind::String(rule) if rule.place == Place::Rest => format!("netipc_string_rest(bytes, {})", shape.size()),
        Kind::String(_) => match absent_text(field) {
            Some(text) => {
                let at = shape.at(field);
                format!("netipc_string_or(bytes, {fixed}, {at}, {}, {})", quoted(text), text.len())
            }
            None => format!("netipc_string_at(bytes, {fixed}, {})", shape.at(field)),
        },
        Kind::List { .. } => {
            let at = if fixed == "fixed" { "fixed.len".to_owned() } else { shape.size() };
            format!("netipc_items_view(bytes, {at}, {})", count_of(shape, field, "bytes"))
        }
        Kind::Table { .. } => {
            let strings = shape.record.strings().count();
            let references = if strings > 0 { "references" } else { "NULL" };
            let columns = shape.items_of(field).map_or(0, |row| row.record.strings().count());
            let count = count_of(shape, field, "bytes");
            format!("netipc_rows_view(bytes, {}, {references}, {strings}, {count}, {columns})", shape.size())
        }
        Kind::Constant { .. } | Kind::Size { .. } | Kind::Count { .. } => String::new(),
    }
}

fn decode(shape: &Shape<'_>, out: &mut Out<'_>) {
    let ty = shape.ty();
    let trailing = match (shape.record.trailing, shape.record.size_field()) {
        (true, _) => "ignored",
        (false, None) => "refused",
        (false, Some(_)) => "refused, unless its writer is newer",
    };
    let borrows = if shape.record.is_plain() { "" } else { " The view borrows the bytes." };
    let doc = format!(
        "Checks every rule of the record in `len` bytes at `bytes`, and reads it. Bytes behind its content are \
         {trailing}.{borrows}\n\n@return false, with the first broken rule in `error` unless that is `NULL`."
    );
    let parameters = ["const uint8_t *bytes", "size_t len", &format!("{ty} *view"), "netipc_decode_error *error"];
    out.function(&doc, "bool", &format!("{ty}_decode"), &parameters, |text| {
        text.line("netipc_bytes record = {.data = bytes, .len = len};");
        text.block(format!("if (!{}(record, error)) {{", shape.private("check")), "}", |text| {
            text.line("return false;");
        });
        text.line(format!("*view = {}(record);", shape.private("view")));
        text.line("return true;");
    });
}

fn items_at(shape: &Shape<'_>, field: &Field, out: &mut Out<'_>) {
    let Some(item) = shape.items_of(field) else { return };
    let (ty, list, item_ty) = (shape.ty(), member(&field.name), item.ty());
    let name = at_function(shape, field);
    let doc = format!(
        "Reads the item at `index` of `view->{list}`; false when there are not that many, so that this goes over all of \
         them:\n\n`for (size_t i = 0; {name}(&view, i, &item); i++)`"
    );
    let parameters = [&format!("const {ty} *view"), "size_t index", &format!("{item_ty} *item")];
    out.function(&doc, "bool", &name, &parameters, |text| {
        text.block(format!("if (index >= view->{list}.count) {{"), "}", |text| text.line("return false;"));
        text.line(format!("*item = {}(netipc_items_bytes(&view->{list}, index));", item.private("view")));
        text.line("return true;");
    });
}

fn rows_at(shape: &Shape<'_>, field: &Field, out: &mut Out<'_>) {
    let Some(row) = shape.items_of(field) else { return };
    let (ty, table, row_ty) = (shape.ty(), member(&field.name), row.ty());
    let doc = format!("Reads the row at `index` of `view->{table}`; false when there are not that many.");
    let parameters = [&format!("const {ty} *view"), "size_t index", &format!("{row_ty} *row")];
    out.function(&doc, "bool", &at_function(shape, field), &parameters, |text| {
        text.block(format!("if (index >= view->{table}.count) {{"), "}", |text| text.line("return false;"));
        for (index, (string, _)) in row.record.strings().enumerate() {
            let string = member(&string.name);
            text.line(format!("row->{string} = netipc_rows_string(&view->{table}, index, {index});"));
        }
        text.line("return true;");
    });
}
