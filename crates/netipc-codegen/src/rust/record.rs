//! The constants and the view of a record.

use super::{Shape, Uses, value_doc, with_requirements};
use crate::model::{Field, Kind, Place, Record, StringRule};
use crate::text::{Style, Text};

pub(super) fn print(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    constants(shape, text, uses);
    if shape.record.is_plain() {
        plain(shape, text, uses);
    } else {
        view(shape, text, uses);
    }
    if shape.is_item() {
        item(shape, text, uses);
    }
}

/// A private module with the record's name in errors, its size, and the places and rules of its fields.
fn constants(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    let record = shape.record;
    text.comment("///", format!("Layout of [`{}`].", shape.view));
    text.block(format!("mod {} {{", record.name), "}", |text| {
        text.comment("///", "What errors call it.");
        text.line(format!("pub(super) const RECORD: &str = \"{} {}\";", shape.service.name, record.name));
        text.comment("///", "Bytes of its fixed part.");
        text.line(format!("pub(super) const SIZE: usize = {};", record.size));
        if record.size_field().is_some() {
            let versions = record.versions();
            let sizes = versions.iter().map(|(_, size)| size.to_string()).collect();
            text.comment("///", "The same in each version that has another, from the first on.");
            text.assign(format!("pub(super) const SIZES: [u64; {}] =", versions.len()), "[", sizes, "];", Style::Fill);
            text.comment("///", "What of it every writer sends.");
            text.line(format!("pub(super) const BASE: usize = {};", record.base_size()));
        }
        text.blank();
        let placed: Vec<_> = record.fields.iter().filter(|field| field.kind.size() > 0).collect();
        if !placed.is_empty() {
            text.comment("///", "Where its fields start.");
            text.block("pub(super) mod at {", "}", |text| {
                for field in placed {
                    text.line(format!("pub(crate) const {}: usize = {};", field.name.to_uppercase(), field.at));
                }
            });
        }
        if record.strings().next().is_some() {
            string_rules(record, text, uses);
        }
    });
    text.blank();
}

/// The module of constants with the rules of the record's strings.
pub(super) fn string_rules(record: &Record, text: &mut Text, uses: &mut Uses) {
    uses.codec(&["Placement", "StringRule"]);
    text.blank();
    text.comment("///", "The rules of its strings.");
    text.block("pub(super) mod rule {", "}", |text| {
        text.line("use super::super::{Placement, StringRule};");
        text.blank();
        for (field, rule) in record.strings() {
            string_rule(field, rule, record.base_size(), text);
        }
    });
}

fn string_rule(field: &Field, rule: &StringRule, size: u32, text: &mut Text) {
    let place = match rule.place {
        Place::At(at) => format!("Placement::At({at})"),
        Place::Behind | Place::Rest => format!("Placement::From({size})"),
    };
    let members = vec![
        format!("placement: {place}"),
        format!("least: {}", rule.min_length),
        format!("most: {}", rule.max_length.map_or_else(|| "u32::MAX".to_owned(), |most| most.to_string())),
        format!("interior_nul: {}", rule.nul_inside),
    ];
    let left = format!("pub(crate) const {}: StringRule =", field.name.to_uppercase());
    text.assign(left, "StringRule {", members, "};", Style::Spaced);
}

/// A struct of values.
fn plain(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    let record = shape.record;
    text.comment("///", with_requirements(record.doc.clone(), &record.requirements));
    text.line("#[derive(Debug, Clone, Copy, PartialEq, Eq)]");
    if record.values().next().is_none() {
        text.line(format!("pub struct {};", shape.view));
    } else {
        text.block(format!("pub struct {} {{", shape.view), "}", |text| {
            for field in record.values() {
                text.comment("///", value_doc(field));
                text.line(format!("pub {}: {},", field.name, shape.value_type(field, "")));
            }
        });
    }
    text.blank();
    text.block(format!("impl {} {{", shape.view), "}", |text| {
        decode(shape, text, uses);
        if !shape.is_answer() {
            super::write::methods(shape, text, uses);
        }
    });
    text.blank();
    super::write::encode(shape, text, uses);
}

/// Whether a view needs the fixed part to tell its values.
pub(super) fn reads_fixed(record: &Record) -> bool {
    let elsewhere = |kind: &Kind| match kind {
        Kind::List { .. } => true,
        Kind::String(rule) => rule.place == Place::Rest,
        _ => false,
    };
    record.values().any(|field| !elsewhere(&field.kind))
}

/// Whether a view needs the fixed part as its writer made it, because some values may not be there.
pub(super) fn has_added(record: &Record) -> bool {
    record.values().any(|field| field.added.is_some())
}

/// A view that borrows the payload.
fn view(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    let record = shape.record;
    uses.fmt = true;
    let doc = with_requirements(record.doc.clone(), &record.requirements);
    text.comment("///", format!("{doc}\n\nA view of bytes that were checked completely; it borrows them."));
    text.line("#[derive(Clone, Copy)]");
    text.block(format!("pub struct {}<'a> {{", shape.view), "}", |text| {
        if reads_fixed(record) {
            text.line(format!("fixed: &'a [u8; {}],", shape.known_size()));
        }
        if has_added(record) {
            text.line("grown: &'a [u8],");
        }
        match record.list() {
            Some(list) => text.line(format!("{}: {},", list.name, shape.value_type(list, "'a"))),
            None => text.line("bytes: &'a [u8],"),
        }
    });
    text.blank();
    text.block(format!("impl<'a> {}<'a> {{", shape.view), "}", |text| {
        decode(shape, text, uses);
        for field in record.values() {
            accessor(shape, field, text, uses);
        }
        if shape.has_fields() {
            fields(shape, text);
        }
        super::owned::into_owned(shape, text);
    });
    text.blank();
    debug(shape, text, uses);
    equality(shape, text);
}

fn decode(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    let record = shape.record;
    let bytes = if record.is_plain() { "&[u8]" } else { "&'a [u8]" };
    uses.codec(&["Reader"]);
    let trailing = match (record.trailing, record.size_field()) {
        (true, _) => "ignored",
        (false, None) => "refused",
        (false, Some(_)) => "refused, unless its writer is newer",
    };
    text.comment(
        "///",
        format!(
            "Checks every rule of the record and reads it. Bytes behind its content are {trailing}.\n\n# Errors\n\nThe \
             first rule that `bytes` break."
        ),
    );
    text.line("#[inline]");
    text.block(format!("pub fn decode(bytes: {bytes}) -> Result<Self, DecodeError> {{"), "}", |text| {
        let mut arguments = vec![shape.constant("RECORD"), "bytes".to_owned()];
        let mut constructor = "new";
        if let Some(size) = record.size_field() {
            constructor = "growing";
            arguments.extend([format!("\"{}\"", size.name), shape.at(size), format!("&{}", shape.constant("SIZES"))]);
        }
        let open = format!("Reader::<{{ {} }}>::{constructor}(", shape.known_size());
        text.assign("let reader =", open, arguments, ")?;", Style::Tight);
        for field in &record.fields {
            check_field(shape, field, text, uses);
        }
        check_end(shape, text);
        super::rules::decode(shape, text, uses);
        construct(shape, text);
    });
    text.blank();
}

fn check_field(shape: &Shape<'_>, field: &Field, text: &mut Text, uses: &mut Uses) {
    let (name, at) = (&field.name, shape.at(field));
    // What was added may not be there, and is its default then.
    let default = shape.default(field);
    let or = if field.added.is_some() { "_or" } else { "" };
    match &field.kind {
        Kind::Number { .. } | Kind::Size { .. } | Kind::Count { .. } | Kind::Table { .. } => {}
        Kind::Enum { number, name: of, .. } => {
            let left = super::rules::decides(shape.record, field).then(|| format!("let {name}: {} =", number.name()));
            let closed = shape.service.enumeration(of).is_some_and(|enumeration| !enumeration.open);
            let open = match (&left, closed) {
                (Some(_), true) => format!("reader.listed{or}("),
                (None, true) => format!("reader.listed{or}::<{}>(", number.name()),
                (Some(_), false) => format!("reader.load{or}("),
                (None, false) => return,
            };
            let (mut arguments, close) = if closed {
                (vec![format!("\"{name}\""), at, format!("&{}::CODES", super::camel(of))], ")?;")
            } else {
                (vec![at], ");")
            };
            arguments.extend(default);
            text.assign(left.unwrap_or_default(), open, arguments, close, Style::Tight);
        }
        Kind::Constant { number, value, .. } => {
            let arguments = vec![format!("\"{name}\""), at, format!("{value}_{}", number.name())];
            text.group(format!("reader.constant{or}("), arguments, ")?;", Style::Tight);
        }
        Kind::String(rule) if rule.place == Place::Rest => {
            let rule = shape.constant(&format!("rule::{}", name.to_uppercase()));
            let demanded = super::rules::demands_of(shape.record, field);
            let left = if demanded { format!("let {name} =") } else { String::new() };
            text.assign(left, "reader.rest(", vec![format!("\"{name}\""), format!("&{rule}")], ")?;", Style::Tight);
        }
        Kind::String(_) => {
            let rule = shape.constant(&format!("rule::{}", name.to_uppercase()));
            let place_matters = shape.record.strings().count() > 1
                || !shape.record.trailing
                || shape.record.table().is_some()
                || super::rules::demands_of(shape.record, field);
            let left = if place_matters { format!("let {name} =") } else { String::new() };
            let mut arguments = vec![format!("\"{name}\""), at, format!("&{rule}")];
            arguments.extend(default);
            text.assign(left, format!("reader.string{or}("), arguments, ")?;", Style::Tight);
        }
        Kind::List { count, gaps, .. } => {
            uses.codec(&["Items", "ItemsRule"]);
            let counter = shape.record.fields.iter().find(|field| field.name == *count);
            let Some(counter) = counter else { return };
            let (at, rule) = (shape.at(counter), format!("ItemsRule {{ gaps: {gaps} }}"));
            let arguments = vec![format!("\"{name}\""), format!("reader.load({at})"), format!("&{rule}")];
            text.assign(format!("let {name} ="), "reader.items(", arguments, ")?;", Style::Tight);
        }
    }
}

/// Strings must not overlap, and the record may have to end somewhere.
fn check_end(shape: &Shape<'_>, text: &mut Text) {
    let record = shape.record;
    let strings: Vec<_> = record.strings().map(|(field, _)| field).collect();
    if strings.len() > 1 {
        let items = strings.iter().map(|field| field.name.clone()).collect();
        text.group("reader.disjoint(&[", items, "])?;", Style::Tight);
    }
    if let Some(table) = record.table() {
        check_table(shape, table, &strings, text);
        return;
    }
    if record.trailing || record.rest().is_some() {
        return;
    }
    let end = match (record.list(), strings.split_first()) {
        (Some(list), _) => format!("{}.end()", list.name),
        (None, None) if record.size_field().is_some() => "reader.size()".to_owned(),
        (None, None) => shape.constant("SIZE"),
        (None, Some((first, rest))) => {
            let mut end = format!("{}.end()", first.name);
            for field in rest {
                end.push_str(&format!(".max({}.end())", field.name));
            }
            end
        }
    };
    text.line(format!("reader.ends({end})?;"));
}

/// The table stands behind all strings, and the record may have to end with it.
fn check_table(shape: &Shape<'_>, table: &Field, strings: &[&Field], text: &mut Text) {
    let Some(row) = shape.items_of(table) else { return };
    let count = shape.count_of(table, "reader.load", "");
    let strings: Vec<_> = strings.iter().map(|field| field.name.clone()).collect();
    let arguments = vec![
        format!("\"{}\"", table.name),
        count,
        format!("&[{}]", strings.join(", ")),
        format!("&{}", row.constant("ROW")),
    ];
    if shape.record.trailing {
        text.group("reader.table(", arguments, ")?;", Style::Tight);
        return;
    }
    text.group("reader.ends(reader.table(", arguments, ")?)?;", Style::Tight);
}

fn construct(shape: &Shape<'_>, text: &mut Text) {
    let record = shape.record;
    if !record.is_plain() {
        let rest = record.list().map_or("bytes", |list| &list.name);
        let fixed = if reads_fixed(record) { "fixed: reader.fixed(), " } else { "" };
        let grown = if has_added(record) { "grown: reader.grown(), " } else { "" };
        text.line(format!("Ok(Self {{ {fixed}{grown}{rest} }})"));
        return;
    }
    let values: Vec<_> =
        record.values().map(|field| format!("{}: {}", field.name, load_value(shape, field, &From::READER))).collect();
    if values.is_empty() {
        text.line("Ok(Self)");
    } else {
        text.group("Ok(Self {", values, "})", Style::Spaced);
    }
}

fn accessor(shape: &Shape<'_>, field: &Field, text: &mut Text, uses: &mut Uses) {
    text.comment("///", value_doc(field));
    text.line("#[inline]");
    text.line("#[must_use]");
    let head = format!("pub fn {}(&self) -> {} {{", field.name, shape.value_type(field, "'a"));
    text.block(head, "}", |text| match &field.kind {
        Kind::List { .. } => text.line(format!("self.{}", field.name)),
        Kind::Table { .. } => {
            uses.codec(&["Rows", "load"]);
            let strings: Vec<_> = shape.record.strings().map(|(field, _)| shape.at(field)).collect();
            let count = shape.count_of(field, "load", "self.fixed, ");
            let count = count.replace(".into()", "");
            let arguments = vec![
                "self.bytes".to_owned(),
                "self.fixed".to_owned(),
                format!("&[{}]", strings.join(", ")),
                format!("{count} as usize"),
            ];
            text.group("Rows::view(", arguments, ")", Style::Tight);
        }
        Kind::String(rule) if rule.place == Place::Rest => {
            uses.codec(&["rest_of"]);
            text.line(format!("rest_of(self.bytes, {})", shape.constant("SIZE")));
        }
        Kind::String(_) => {
            let Some(default) = shape.default(field) else {
                uses.codec(&["string_at"]);
                text.line(format!("string_at(self.bytes, self.fixed, {})", shape.at(field)));
                return;
            };
            uses.codec(&["string_or"]);
            let arguments = vec!["self.bytes".to_owned(), "self.grown".to_owned(), shape.at(field), default];
            text.group("string_or(", arguments, ")", Style::Tight);
        }
        Kind::Number { .. } | Kind::Enum { .. } | Kind::Constant { .. } | Kind::Size { .. } | Kind::Count { .. } => {
            uses.codec(&[From::VIEW.function(field)]);
            text.line(load_value(shape, field, &From::VIEW));
        }
    });
    text.blank();
}

/// Where a value is loaded from.
struct From {
    /// What the function is called on.
    receiver: &'static str,
    /// What it is given: the part of the fixed part that is always there, and all of it.
    fixed: &'static str,
    grown: &'static str,
}

impl From {
    const READER: Self = Self { receiver: "reader.", fixed: "", grown: "" };
    const VIEW: Self = Self { receiver: "", fixed: "self.fixed, ", grown: "self.grown, " };
    const PARTS: Self = Self { receiver: "", fixed: "fixed, ", grown: "grown, " };

    fn function(&self, field: &Field) -> &'static str {
        if field.added.is_some() { "load_or" } else { "load" }
    }
}

/// The value of a number or enumeration.
fn load_value(shape: &Shape<'_>, field: &Field, from: &From) -> String {
    let call = format!("{}{}", from.receiver, from.function(field));
    let load = match shape.default(field) {
        Some(default) => format!("{call}({}{}, {default})", from.grown, shape.at(field)),
        None => format!("{call}({}{})", from.fixed, shape.at(field)),
    };
    let Kind::Enum { name, .. } = &field.kind else { return load };
    match shape.service.enumeration(name) {
        // Decoding refused every other code.
        Some(of) if !of.open => super::enums::closed_value(of, &load),
        _ => format!("{}({load})", super::camel(name)),
    }
}

/// All values at once.
fn fields(shape: &Shape<'_>, text: &mut Text) {
    text.comment("///", "All values at once, as a builder takes them.");
    text.line("#[must_use]");
    text.block(format!("pub fn fields(&self) -> {} {{", shape.fields_type("'a")), "}", |text| {
        let values = shape.record.values().map(|field| format!("{0}: self.{0}()", field.name)).collect();
        text.group(format!("{} {{", shape.fields_name()), values, "}", Style::Spaced);
    });
    text.blank();
}

pub(super) fn debug(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    text.block(format!("impl fmt::Debug for {}<'_> {{", shape.view), "}", |text| {
        text.block("fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {", "}", |text| {
            let is_row = shape.service.is_row(&shape.record.name);
            let mut calls: Vec<_> = shape
                .record
                .values()
                .map(|field| match field.kind {
                    Kind::String(_) if is_row => format!(".field(\"{0}\", &Quoted(self.{0}))", field.name),
                    Kind::String(_) => {
                        uses.codec(&["Quoted"]);
                        format!(".field(\"{0}\", &Quoted(self.{0}()))", field.name)
                    }
                    _ => format!(".field(\"{0}\", &self.{0}())", field.name),
                })
                .collect();
            calls.push(".finish()".to_owned());
            text.group(format!("f.debug_struct(\"{}\")", shape.view), calls, "", Style::Chain);
        });
    });
    text.blank();
}

/// Views are equal when their values are, wherever these stand in the bytes.
fn equality(shape: &Shape<'_>, text: &mut Text) {
    text.block(format!("impl PartialEq for {}<'_> {{", shape.view), "}", |text| {
        text.block("fn eq(&self, other: &Self) -> bool {", "}", |text| {
            if shape.has_fields() {
                text.line("self.fields() == other.fields()");
                return;
            }
            let mut terms = shape.record.values().map(|field| format!("self.{0}() == other.{0}()", field.name));
            let first = terms.next().unwrap_or_default();
            text.group(first, terms.map(|term| format!(" && {term}")).collect(), "", Style::Chain);
        });
    });
    text.blank();
    text.line(format!("impl Eq for {}<'_> {{}}", shape.view));
    text.blank();
}

/// What makes the record the item of a list.
fn item(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    uses.codec(&["Record"]);
    if reads_fixed(shape.record) {
        uses.codec(&["fixed_part"]);
    }
    text.block(format!("impl<'a> Record<'a> for {} {{", shape.view_type("'a")), "}", |text| {
        text.line("#[inline]");
        text.block("fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {", "}", |text| {
            text.line(format!("{}::decode(bytes)", shape.view));
        });
        text.blank();
        text.line("#[inline]");
        text.block("fn view(bytes: &'a [u8]) -> Self {", "}", |text| {
            let grown = shape.record.size_field().filter(|_| has_added(shape.record));
            let grown = grown.map(|size| format!("grown_part(bytes, {})", shape.at(size)));
            if grown.is_some() {
                uses.codec(&["grown_part"]);
            }
            if !shape.record.is_plain() {
                let fixed = if reads_fixed(shape.record) { "fixed: fixed_part(bytes), " } else { "" };
                let grown = grown.map_or_else(String::new, |grown| format!("grown: {grown}, "));
                text.line(format!("Self {{ {fixed}{grown}bytes }}"));
                return;
            }
            text.line(format!("let fixed = fixed_part::<{{ {} }}>(bytes);", shape.known_size()));
            if let Some(grown) = grown {
                text.line(format!("let grown = {grown};"));
            }
            for field in shape.record.values() {
                uses.codec(&[From::PARTS.function(field)]);
            }
            let value = |field| load_value(shape, field, &From::PARTS);
            let values = shape.record.values().map(|field| format!("{}: {}", field.name, value(field)));
            text.group("Self {", values.collect(), "}", Style::Spaced);
        });
    });
    text.blank();
}
