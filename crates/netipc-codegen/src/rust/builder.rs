//! What a handler fills to make a reply.

use super::write::{has_rules, store, store_constants, store_string};
use super::{Shape, Uses, value_doc};
use crate::model::{Field, Kind, Place};
use crate::text::{Style, Text};

pub(super) fn print(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    match (shape.item(), shape.record.values().count()) {
        (Some(item), _) => list(shape, &item, text, uses),
        (None, 0) => fixed(shape, text),
        (None, _) => whole(shape, text, uses),
    }
}

/// The builder of a record without any value: there is nothing to fill.
fn fixed(shape: &Shape<'_>, text: &mut Text) {
    head(shape, &["out: Writer<'a>"], text);
    text.block(format!("impl<'a> {}<'a> {{", shape.builder()), "}", |text| {
        new_doc(text);
        text.block("pub fn new(mut out: Writer<'a>) -> Self {", "}", |text| {
            text.comment("//", "The writer remembers what did not fit, and `finish` reports it.");
            text.line(format!("let _ = {}.write(&mut out);", shape.view));
            text.line("Self { out }");
        });
        text.blank();
        text.comment("///", "Ends the record.\n\n# Errors\n\n[`BuildError::Overflow`] when it did not fit.");
        text.block("pub fn finish(self) -> Result<(), BuildError> {", "}", |text| {
            text.line("self.out.end(Ok(()))");
        });
    });
    text.blank();
}

/// The builder of a record that is written in one go.
fn whole(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    let values: Vec<_> = shape.record.values().collect();
    head(shape, &["out: Writer<'a>", "written: bool"], text);
    text.block(format!("impl<'a> {}<'a> {{", shape.builder()), "}", |text| {
        new_doc(text);
        text.block("pub fn new(out: Writer<'a>) -> Self {", "}", |text| {
            text.line("Self { out, written: false }");
        });
        text.blank();
        match values.as_slice() {
            [field] => {
                set_one(shape, field, text);
                let is_placed = matches!(&field.kind, Kind::String(rule) if rule.place != Place::Rest);
                if is_placed && !has_rules(shape.record) {
                    room(shape, field, text, uses);
                }
            }
            _ => set_all(shape, text),
        }
        let field = values.first().map_or("", |field| &field.name);
        finish_whole(shape, field, text);
    });
    text.blank();
}

fn set_one(shape: &Shape<'_>, field: &Field, text: &mut Text) {
    let name = &field.name;
    text.comment("///", format!("Sets `{name}`. {SET_DOC}\n\n{}", value_doc(field)));
    set_errors(shape, text);
    text.line("#[inline]");
    let ty = shape.input_type(field, "");
    text.block(format!("pub fn {name}(&mut self, {name}: {ty}) -> Result<(), BuildError> {{"), "}", |text| {
        text.line(format!("let fields = {} {{ {name} }};", shape.fields_name()));
        set_body(shape, text);
    });
    text.blank();
}

fn set_all(shape: &Shape<'_>, text: &mut Text) {
    text.comment("///", format!("Writes the record.\n\n{SET_DOC}"));
    set_errors(shape, text);
    text.line("#[inline]");
    let ty = shape.fields_type("'_");
    text.block(format!("pub fn set(&mut self, fields: {ty}) -> Result<(), BuildError> {{"), "}", |text| {
        set_body(shape, text);
    });
    text.blank();
}

const SET_DOC: &str = "The reply consists of the last call.";

fn set_errors(shape: &Shape<'_>, text: &mut Text) {
    let invalid = if has_rules(shape.record) { " [`BuildError::Invalid`] when a rule is broken." } else { "" };
    errors(format!("[`BuildError::Overflow`] when it does not fit.{invalid}"), text);
}

fn errors(doc: String, text: &mut Text) {
    text.line("///");
    text.comment("///", format!("# Errors\n\n{doc}"));
}

fn set_body(shape: &Shape<'_>, text: &mut Text) {
    if has_rules(shape.record) {
        text.line("fields.check()?;");
    }
    text.line("self.out.restart();");
    text.line("self.written = true;");
    text.line("fields.write(&mut self.out)");
}

/// Lends the place of the string, so that a handler can compute it there.
fn room(shape: &Shape<'_>, field: &Field, text: &mut Text, uses: &mut Uses) {
    let (name, size) = (&field.name, shape.constant("SIZE"));
    text.comment(
        "///",
        format!("Like [`{name}`](Self::{name}), but lends the `len` bytes, all zero, to be filled in place."),
    );
    set_errors(shape, text);
    let head = format!("pub fn {name}_room(&mut self, len: usize) -> Result<&mut [u8], BuildError> {{");
    text.block(head, "}", |text| {
        text.line("self.out.restart();");
        text.line("self.written = true;");
        text.line(format!("self.out.claim({size}.saturating_add(len).saturating_add(1))?;"));
        text.line(format!("let mut fixed = [0; {size}];"));
        store_constants(shape, text, uses);
        store_string(shape, field, &size, "len", text);
        text.line("self.out.bytes(&fixed)?;");
        text.line("self.out.room(len)");
    });
    text.blank();
}

fn finish_whole(shape: &Shape<'_>, field: &str, text: &mut Text) {
    text.comment("///", "Ends the reply.");
    finish_errors(Some("when nothing was written"), text);
    text.line("#[inline]");
    text.block("pub fn finish(self) -> Result<(), BuildError> {", "}", |text| {
        text.block("if self.written {", "}", |text| text.line("return self.out.end(Ok(()));"));
        let record = shape.constant("RECORD");
        text.line(format!("self.out.end(Err(BuildError::Missing {{ record: {record}, field: \"{field}\" }}))"));
    });
}

fn finish_errors(missing: Option<&str>, text: &mut Text) {
    let missing = missing.map_or_else(String::new, |missing| format!("[`BuildError::Missing`] {missing}, "));
    errors(
        format!(
            "{missing}[`BuildError::Overflow`] when something did not fit, also when that error was ignored. Nothing stays \
             in the buffer then."
        ),
        text,
    );
}

/// The builder of a record with a list: header values in any order, items one by one.
fn list(shape: &Shape<'_>, item: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    uses.codec(&["ItemsWriter"]);
    let Some(list) = shape.record.list() else { return };
    let values: Vec<_> =
        shape.record.values().filter(|field| matches!(field.kind, Kind::Number { .. } | Kind::Enum { .. })).collect();
    let mut members = vec!["out: Writer<'a>".to_owned(), format!("{}: ItemsWriter", list.name)];
    members.extend(values.iter().map(|field| format!("{}: Option<{}>", field.name, shape.value_type(field, ""))));
    head(shape, &members.iter().map(String::as_str).collect::<Vec<_>>(), text);
    text.block(format!("impl<'a> {}<'a> {{", shape.builder()), "}", |text| {
        list_new(shape, list, &values, text);
        for field in &values {
            setter(shape, field, text);
        }
        push(list, item, text);
        finish_list(shape, list, &values, text, uses);
    });
    text.blank();
}

fn list_new(shape: &Shape<'_>, list: &Field, values: &[&Field], text: &mut Text) {
    new_doc(text);
    text.block("pub fn new(mut out: Writer<'a>) -> Self {", "}", |text| {
        text.comment("//", "The writer remembers what did not fit, and `finish` reports it.");
        text.line(format!("let _ = out.zeros({});", shape.constant("SIZE")));
        text.line(format!("let {} = ItemsWriter::new(&out);", list.name));
        let mut members = vec!["out".to_owned(), list.name.clone()];
        members.extend(values.iter().map(|field| format!("{}: None", field.name)));
        text.group("Self {", members, "}", Style::Spaced);
    });
    text.blank();
}

pub(super) fn setter(shape: &Shape<'_>, field: &Field, text: &mut Text) {
    let name = &field.name;
    text.comment("///", format!("Sets `{name}`, which must be done before the end.\n\n{}", value_doc(field)));
    let ty = shape.value_type(field, "");
    text.block(format!("pub fn {name}(&mut self, {name}: {ty}) -> &mut Self {{"), "}", |text| {
        text.line(format!("self.{name} = Some({name});"));
        text.line("self");
    });
    text.blank();
}

fn push(list: &Field, item: &Shape<'_>, text: &mut Text) {
    let name = &list.name;
    text.comment(
        "///",
        "Makes room for `additional` more items at once.\n\nSaves moving bytes later; what fits stays the same.",
    );
    text.block("pub fn reserve(&mut self, additional: usize) -> &mut Self {", "}", |text| {
        text.line(format!("self.{name}.reserve(&mut self.out, additional);"));
        text.line("self");
    });
    text.blank();
    text.comment(
        "///",
        format!(
            "Appends to `{name}`.\n\nAfter an overflow nothing fits any more, so that no item is left out unnoticed."
        ),
    );
    let rules = has_rules(item.record);
    let invalid =
        if rules { " [`BuildError::Invalid`] when a rule is broken; the item can be left out then." } else { "" };
    errors(format!("[`BuildError::Overflow`] when the item does not fit.{invalid}"), text);
    let head = format!("pub fn push(&mut self, item: {}) -> Result<(), BuildError> {{", item.fields_type("'_"));
    text.block(head, "}", |text| {
        if rules {
            text.line("item.check()?;");
        }
        text.line(format!("self.{name}.push(&mut self.out, item.size(), |out| item.write(out))"));
    });
    text.blank();
}

fn finish_list(shape: &Shape<'_>, list: &Field, values: &[&Field], text: &mut Text, uses: &mut Uses) {
    text.comment("///", "Ends the reply.");
    finish_errors((!values.is_empty()).then_some("when a field was given no value"), text);
    text.block("pub fn finish(mut self) -> Result<(), BuildError> {", "}", |text| {
        text.line("let result = self.close();");
        text.line("self.out.end(result)");
    });
    text.blank();
    text.block("fn close(&mut self) -> Result<(), BuildError> {", "}", |text| {
        if !values.is_empty() {
            let record = shape.constant("RECORD");
            text.line(format!("let missing = |field| BuildError::Missing {{ record: {record}, field }};"));
        }
        text.line(format!("let mut fixed = [0; {}];", shape.constant("SIZE")));
        store_constants(shape, text, uses);
        for field in values {
            let name = &field.name;
            text.line(format!("let {name} = self.{name}.ok_or(missing(\"{name}\"))?;"));
            let code = if matches!(field.kind, Kind::Enum { .. }) { ".code()" } else { "" };
            store(shape.at(field), format!("{name}{code}"), text);
        }
        for field in shape.record.fields.iter().filter(|field| matches!(field.kind, Kind::Count { .. })) {
            store(shape.at(field), format!("self.{}.finish(&mut self.out)", list.name), text);
        }
        text.line("self.out.patch(0, &fixed);");
        text.line("Ok(())");
    });
}

fn head(shape: &Shape<'_>, members: &[&str], text: &mut Text) {
    text.comment("///", format!("Builds {} within a byte budget.", shape.link()));
    text.line("#[derive(Debug)]");
    text.block(format!("pub struct {}<'a> {{", shape.builder()), "}", |text| {
        for member in members {
            text.line(format!("{member},"));
        }
    });
    text.blank();
}

fn new_doc(text: &mut Text) {
    text.comment("///", "Starts at the end of what `out` holds.");
    text.line("#[inline]");
    text.line("#[must_use]");
}
