//! Enumerations: a number type with constants.

use super::names::{exported, unexported};
use super::{Uses, go_type, named, told};
use crate::model::Enumeration;
use crate::text::{Style, Text};

/// The constant of one value.
pub(super) fn constant(enumeration: &Enumeration, value: &str) -> String {
    format!("{}{}", exported(&enumeration.name), exported(value))
}

/// The variable with the numbers of a closed enumeration.
pub(super) fn codes(enumeration: &Enumeration) -> String {
    format!("{}Codes", unexported(&enumeration.name))
}

pub(super) fn print(enumeration: &Enumeration, text: &mut Text, uses: &mut Uses) {
    let name = exported(&enumeration.name);
    let others = if enumeration.open {
        "Numbers without a name pass through unchanged. (NIPC-COD-22)"
    } else {
        "Decoders and encoders refuse numbers without a name. (NIPC-COD-22)"
    };
    text.comment("//", format!("{}\n\n{others}", told(&name, "is", &enumeration.doc)));
    text.line(format!("type {name} {}", go_type(enumeration.number)));
    text.blank();
    text.comment("//", format!("The values of [{name}]."));
    text.block("const (", ")", |text| {
        for value in &enumeration.values {
            let constant = constant(enumeration, &value.name);
            text.comment("//", named(&constant, &value.doc));
            text.line(format!("{constant} {name} = {}", value.code));
        }
    });
    text.blank();
    if !enumeration.open {
        let numbers = enumeration.values.iter().map(|value| value.code.to_string()).collect();
        text.group(format!("var {} = []uint64{{", codes(enumeration)), numbers, "}", Style::Fill);
        text.blank();
    }
    string(enumeration, &name, text, uses);
}

fn string(enumeration: &Enumeration, name: &str, text: &mut Text, uses: &mut Uses) {
    uses.standard.insert("strconv");
    let receiver: String = unexported(&enumeration.name).chars().take(1).collect();
    text.comment("//", "String returns the name of the value in the specification, or its number when it has none.");
    text.block(format!("func ({receiver} {name}) String() string {{"), "}", |text| {
        text.line(format!("switch {receiver} {{"));
        for value in &enumeration.values {
            text.line(format!("case {}:", constant(enumeration, &value.name)));
            let mut body = Text::new();
            body.line(format!("return \"{}\"", value.name));
            text.indent(body);
        }
        text.line("}");
        text.line(format!("return strconv.FormatUint(uint64({receiver}), 10)"));
    });
    text.blank();
}
