//! Enumerations: closed ones are an `enum`, open ones a number with named constants.

use super::{Options, Out, function, literal, number_ty, snake, type_name};
use crate::model::{Enumeration, Service};
use crate::text::{Style, Text};

/// One value, as code names it.
pub(super) fn constant(service: &Service, options: &Options, of: &Enumeration, value: &str) -> String {
    format!("{}_{value}", type_name(service, options, &of.name)).to_uppercase()
}

/// Whether the type is an `enum`, whose constants C keeps within `int`.
pub(super) fn is_enum(of: &Enumeration) -> bool {
    !of.open && fits_int(of)
}

fn fits_int(of: &Enumeration) -> bool {
    of.values.iter().all(|value| i32::try_from(value.code).is_ok())
}

/// The codes of a closed enumeration, and how many.
pub(super) fn codes(of: &Enumeration) -> String {
    format!("codes_{}, {}", of.name, of.values.len())
}

pub(super) fn print(service: &Service, of: &Enumeration, out: &mut Out<'_>) {
    let ty = type_name(service, out.options, &of.name);
    out.names.define(&ty);
    for value in &of.values {
        out.names.define(&constant(service, out.options, of, &value.name));
    }
    let doc =
        if of.open { format!("{}\n\nNumbers without a name pass through unchanged.", of.doc) } else { of.doc.clone() };
    let text = &mut out.header;
    text.block_comment(doc);
    let number = number_ty(of.number);
    if is_enum(of) {
        text.block(format!("typedef enum {ty} {{"), format!("}} {ty};"), |text| {
            values(service, out.options, of, text);
        });
    } else {
        text.line(format!("typedef {number} {ty};"));
        text.blank();
        if fits_int(of) {
            text.block("enum {", "};", |text| values(service, out.options, of, text));
        } else {
            for value in &of.values {
                text.block_comment(&value.doc);
                let name = constant(service, out.options, of, &value.name);
                text.line(format!("#define {name} (({ty}){})", literal(value.code)));
            }
        }
    }
    text.blank();
    name(service, of, &ty, out);
    if !of.open {
        let codes = of.values.iter().map(|value| literal(value.code)).collect();
        let left = format!("static const uint64_t codes_{}[] =", of.name);
        out.source.assign(left, "{", codes, "};", Style::Aligned);
        out.source.blank();
    }
}

fn values(service: &Service, options: &Options, of: &Enumeration, text: &mut Text) {
    let last = of.values.len().saturating_sub(1);
    for (index, value) in of.values.iter().enumerate() {
        text.block_comment(&value.doc);
        let comma = if index < last { "," } else { "" };
        text.line(format!("{} = {}{comma}", constant(service, options, of, &value.name), value.code));
    }
}

/// The function that gives the name of a value.
fn name(service: &Service, of: &Enumeration, ty: &str, out: &mut Out<'_>) {
    let options = out.options;
    let words = of.name.replace('_', " ");
    let article = if words.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    let doc = format!(
        "The name of {article} {words} in the specification, such as `\"{}\"`; `NULL` when it has none.",
        first(of)
    );
    let parameter = format!("{ty} value");
    out.names.define(&format!("{ty}_name"));
    out.header.block_comment(doc);
    let api = options.api.as_ref().map_or_else(String::new, |api| format!("{api} "));
    out.header.line(format!("{api}const char *{ty}_name({parameter});"));
    out.header.blank();
    function(&mut out.source, "const char *", &format!("{ty}_name"), &[&parameter], |text| {
        // A switch, so that the compiler reminds of a value that is missing.
        text.line("switch (value) {");
        for value in &of.values {
            text.line(format!("case {}:", constant(service, options, of, &value.name)));
            text.line(format!("    return \"{}\";", value.name));
        }
        if !is_enum(of) {
            text.line("default:");
            text.line("    break;");
        }
        text.line("}");
        text.line("return NULL;");
    });
}

fn first(of: &Enumeration) -> &str {
    of.values.first().map_or("", |value| &value.name)
}

/// The base name of the service, for messages.
pub(super) fn record_name(service: &Service, record: &str) -> String {
    debug_assert!(!snake(&service.name).is_empty());
    format!("{} {record}", service.name)
}
