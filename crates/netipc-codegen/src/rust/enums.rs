//! Enumerations: closed ones are an `enum`, open ones a number with named constants.

use super::{Uses, camel};
use crate::model::{Enumeration, Value};
use crate::text::{Style, Text};

pub(super) fn print(enumeration: &Enumeration, text: &mut Text, uses: &mut Uses) {
    uses.fmt = true;
    if enumeration.open { open(enumeration, text) } else { closed(enumeration, text) }
}

/// The value of a closed enumeration whose code `load` reads from a record that was decoded before.
pub(super) fn closed_value(enumeration: &Enumeration, load: &str) -> String {
    let name = camel(&enumeration.name);
    let first = enumeration.values.first().map_or_else(String::new, |value| path(enumeration, &value.name));
    format!("{name}::from_code({load}).unwrap_or({first})")
}

/// One value, as code names it.
pub(super) fn path(enumeration: &Enumeration, value: &str) -> String {
    let name = if enumeration.open { value.to_uppercase() } else { camel(value) };
    format!("{}::{name}", camel(&enumeration.name))
}

fn closed(enumeration: &Enumeration, text: &mut Text) {
    let (name, number) = (camel(&enumeration.name), enumeration.number.name());
    let values = &enumeration.values;
    text.comment("///", &enumeration.doc);
    text.line("#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]");
    text.line(format!("#[repr({number})]"));
    text.block(format!("pub enum {name} {{"), "}", |text| {
        for value in values {
            text.comment("///", &value.doc);
            text.line(format!("{} = {},", camel(&value.name), value.code));
        }
    });
    text.blank();
    text.block(format!("impl {name} {{"), "}", |text| {
        text.comment("///", "All of them, by ascending code.");
        let all = values.iter().map(|value| format!("Self::{}", camel(&value.name))).collect();
        text.assign(format!("pub const ALL: [Self; {}] =", values.len()), "[", all, "];", Style::Tight);
        text.blank();
        text.comment("///", "Their codes.");
        let codes = values.iter().map(|value| value.code.to_string()).collect();
        text.assign(format!("const CODES: [u64; {}] =", values.len()), "[", codes, "];", Style::Fill);
        text.blank();
        text.comment("///", "Its number on the wire.");
        text.line("#[inline]");
        text.line("#[must_use]");
        text.block(format!("pub const fn code(self) -> {number} {{"), "}", |text| {
            text.line(format!("self as {number}"));
        });
        text.blank();
        text.comment("///", "The value with the number `code`.");
        text.line("#[inline]");
        text.line("#[must_use]");
        text.block(format!("pub const fn from_code(code: {number}) -> Option<Self> {{"), "}", |text| {
            matches(
                "match code {",
                values,
                |value| format!("{} => Some(Self::{})", value.code, camel(&value.name)),
                text,
            );
        });
        text.blank();
        text.comment("///", "Its name in the specification.");
        text.line("#[must_use]");
        text.block("pub const fn name(self) -> &'static str {", "}", |text| {
            text.block("match self {", "}", |text| {
                for value in values {
                    text.line(format!("Self::{} => \"{}\",", camel(&value.name), value.name));
                }
            });
        });
    });
    text.blank();
    display(&name, text, |text| text.line("f.write_str(self.name())"));
}

fn open(enumeration: &Enumeration, text: &mut Text) {
    let (name, number) = (camel(&enumeration.name), enumeration.number.name());
    let values = &enumeration.values;
    text.comment("///", format!("{}\n\nNumbers without a name pass through unchanged.", enumeration.doc));
    text.line("#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]");
    text.line(format!("pub struct {name}(pub {number});"));
    text.blank();
    text.block(format!("impl {name} {{"), "}", |text| {
        for value in values {
            text.comment("///", &value.doc);
            text.line(format!("pub const {}: Self = Self({});", value.name.to_uppercase(), value.code));
        }
        text.blank();
        text.comment("///", "All that have a name, by ascending number.");
        let all = values.iter().map(|value| format!("Self::{}", value.name.to_uppercase())).collect();
        text.assign(format!("pub const ALL: [Self; {}] =", values.len()), "[", all, "];", Style::Tight);
        text.blank();
        text.comment("///", "The number.");
        text.line("#[inline]");
        text.line("#[must_use]");
        text.block(format!("pub const fn code(self) -> {number} {{"), "}", |text| text.line("self.0"));
        text.blank();
        text.comment("///", "Its name in the specification, if it has one.");
        text.line("#[must_use]");
        text.block("pub const fn name(self) -> Option<&'static str> {", "}", |text| {
            matches(
                "match self {",
                values,
                |value| format!("Self::{} => Some(\"{}\")", value.name.to_uppercase(), value.name),
                text,
            );
        });
    });
    text.blank();
    display(&name, text, |text| {
        text.block("match self.name() {", "}", |text| {
            text.line("Some(name) => f.write_str(name),");
            text.line("None => self.0.fmt(f),");
        });
    });
}

fn matches(head: &str, values: &[Value], arm: impl Fn(&Value) -> String, text: &mut Text) {
    text.block(head, "}", |text| {
        for value in values {
            text.line(format!("{},", arm(value)));
        }
        text.line("_ => None,");
    });
}

fn display(name: &str, text: &mut Text, body: impl FnOnce(&mut Text)) {
    text.block(format!("impl fmt::Display for {name} {{"), "}", |text| {
        text.block("fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {", "}", body);
    });
    text.blank();
}
