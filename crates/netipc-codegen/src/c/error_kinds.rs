//! The error taxonomy as a C enumeration.

use crate::errors::ErrorKind;
use crate::text::Text;

/// The header with the enumeration of error kinds.
#[must_use]
pub fn error_kinds_header(kinds: &[ErrorKind], source: &str) -> String {
    let mut text = Text::new();
    let includes = ["<stdbool.h>", "<stdint.h>", "", "\"netipc/api.h\""].map(str::to_owned);
    super::header("NETIPC_KIND_H", source, &includes, &mut text, |text| {
        text.block_comment(
            "Who or what is at fault; the same kinds, codes and names in every language. (NIPC-ERR-01)\n\nCodes and names are \
             never reused or renumbered; later versions may add some.",
        );
        text.block("typedef enum netipc_kind {", "} netipc_kind;", |text| {
            text.block_comment("No error.");
            text.line("NETIPC_KIND_NONE = 0,");
            for kind in kinds {
                text.block_comment(&kind.doc);
                text.line(format!("{} = {},", constant(kind), kind.code));
            }
        });
        text.blank();
        text.block_comment(
            "The name of the kind in text, such as JSON and logs: `\"io\"`. (NIPC-ERR-02)\n\nA constant string: `\"none\"` of \
             `NETIPC_KIND_NONE`, `\"unknown\"` of a number that is no kind. Safe to call from any thread.",
        );
        text.line("NETIPC_API const char *netipc_kind_name(netipc_kind kind);");
        text.blank();
        text.block_comment(
            "Finds the kind with the number `code`. False, and `*kind` as it was, when no kind of this version has it.",
        );
        text.line("NETIPC_API bool netipc_kind_from_code(uint16_t code, netipc_kind *kind);");
    });
    text.render()
}

/// The functions of that header.
#[must_use]
pub fn error_kinds_source(kinds: &[ErrorKind], source: &str) -> String {
    let mut text = Text::new();
    super::generated_from(source, &mut text);
    text.line("#include \"netipc/kind.h\"");
    text.blank();
    text.line("#include <stddef.h>");
    text.blank();
    text.line("const char *netipc_kind_name(netipc_kind kind)");
    text.block("{", "}", |text| {
        text.line("switch (kind) {");
        text.line("case NETIPC_KIND_NONE: return \"none\";");
        for kind in kinds {
            text.line(format!("case {}: return \"{}\";", constant(kind), kind.name));
        }
        text.line("}");
        text.line("return \"unknown\";");
    });
    text.blank();
    text.line("bool netipc_kind_from_code(uint16_t code, netipc_kind *kind)");
    text.block("{", "}", |text| {
        let items = kinds.iter().map(constant).collect();
        text.group("static const netipc_kind kinds[] = {", items, "};", crate::text::Style::Fill);
        text.block("for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {", "}", |text| {
            text.block("if ((uint16_t)kinds[i] == code) {", "}", |text| {
                text.line("*kind = kinds[i];");
                text.line("return true;");
            });
        });
        text.line("return false;");
    });
    text.render()
}

fn constant(kind: &ErrorKind) -> String {
    format!("NETIPC_KIND_{}", kind.name.to_uppercase())
}
