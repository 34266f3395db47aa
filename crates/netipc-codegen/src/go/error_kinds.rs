//! The error taxonomy as a Go type.

use super::names::{exported, lower};
use super::{generated_from, render};
use crate::errors::ErrorKind;
use crate::text::Text;

/// The file with the type of error kinds, for the package called `package`.
#[must_use]
pub fn error_kinds(kinds: &[ErrorKind], source: &str, package: &str) -> String {
    let mut text = Text::new();
    generated_from(source, &mut text);
    text.blank();
    text.line(format!("package {package}"));
    text.blank();
    text.line("import \"strconv\"");
    text.blank();
    text.comment(
        "//",
        "Kind tells who or what is at fault; the same kinds, codes and names in every language. (NIPC-ERR-01)\n\nA Kind is an \
         error itself, so that errors.Is(err, InvalidMessage) tells whether err is of that kind. Codes and names are never \
         reused or renumbered.",
    );
    text.line("type Kind uint16");
    text.blank();
    text.comment("//", "The kinds, by code. Zero is none of them.");
    text.block("const (", ")", |text| {
        for kind in kinds {
            let name = exported(&kind.name);
            text.comment("//", format!("{name}: {}", lower(&kind.doc)));
            text.line(format!("{name} Kind = {}", kind.code));
        }
    });
    text.blank();
    methods(kinds, &mut text);
    render(&text)
}

fn methods(kinds: &[ErrorKind], text: &mut Text) {
    text.comment("//", "Code returns the number of the kind in every language.");
    text.line("func (k Kind) Code() uint16 { return uint16(k) }");
    text.blank();
    text.comment("//", "Error returns the name of the kind.");
    text.line("func (k Kind) Error() string { return k.String() }");
    text.blank();
    text.comment("//", "String returns the name of the kind in text, such as JSON and logs. (NIPC-ERR-02)");
    text.block("func (k Kind) String() string {", "}", |text| {
        text.line("switch k {");
        for kind in kinds {
            text.line(format!("case {}:", exported(&kind.name)));
            let mut result = Text::new();
            result.line(format!("return \"{}\"", kind.name));
            text.indent(result);
        }
        text.line("}");
        text.line("return \"kind \" + strconv.Itoa(int(k))");
    });
    text.blank();
    text.comment("//", "KindOf returns the kind that has this number, and whether one has.");
    text.block("func KindOf(code uint16) (Kind, bool) {", "}", |text| {
        text.line("switch k := Kind(code); k {");
        let names: Vec<_> = kinds.iter().map(|kind| exported(&kind.name)).collect();
        let rows: Vec<_> = names.chunks(6).map(|row| row.join(", ")).collect();
        text.line(format!("case {}:", rows.join(",\n\t\t")));
        let mut result = Text::new();
        result.line("return k, true");
        text.indent(result);
        text.line("}");
        text.line("return 0, false");
    });
}
