//! The error taxonomy as a Rust enum.

use super::camel;
use crate::errors::ErrorKind;
use crate::text::Text;

/// The module with the enum of error kinds.
#[must_use]
pub fn error_kinds(kinds: &[ErrorKind], source: &str) -> String {
    let mut text = Text::new();
    super::generated_from(source, &mut text);
    text.blank();
    text.comment("//!", "The error kinds, one row each.");
    text.blank();
    text.line("use core::fmt;");
    text.blank();
    text.comment(
        "///",
        "Who or what is at fault; the same kinds, codes and names in every language. (NIPC-ERR-01)\n\nCodes and names are never \
         reused or renumbered.",
    );
    text.line("#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]");
    text.line("#[non_exhaustive]");
    text.line("#[repr(u16)]");
    text.block("pub enum ErrorKind {", "}", |text| {
        for kind in kinds {
            text.comment("///", &kind.doc);
            text.line(format!("{} = {},", camel(&kind.name), kind.code));
        }
    });
    text.blank();
    text.block("impl ErrorKind {", "}", |text| {
        text.comment("///", "All kinds, by code.");
        text.block(format!("pub const ALL: [Self; {}] = [", kinds.len()), "];", |text| {
            for kind in kinds {
                text.line(format!("Self::{},", camel(&kind.name)));
            }
        });
        text.blank();
        text.comment("///", "The number of the kind in every language.");
        text.line("#[must_use]");
        text.block("pub const fn code(self) -> u16 {", "}", |text| text.line("self as u16"));
        text.blank();
        text.comment("///", "The name of the kind in text, such as JSON and logs. (NIPC-ERR-02)");
        text.line("#[must_use]");
        text.block("pub const fn name(self) -> &'static str {", "}", |text| {
            text.block("match self {", "}", |text| {
                for kind in kinds {
                    text.line(format!("Self::{} => \"{}\",", camel(&kind.name), kind.name));
                }
            });
        });
        text.blank();
        text.comment("///", "The kind that has this number, if one has.");
        text.line("#[must_use]");
        text.block("pub const fn from_code(code: u16) -> Option<Self> {", "}", |text| {
            text.block("match code {", "}", |text| {
                for kind in kinds {
                    text.line(format!("{} => Some(Self::{}),", kind.code, camel(&kind.name)));
                }
                text.line("_ => None,");
            });
        });
    });
    text.blank();
    text.block("impl fmt::Display for ErrorKind {", "}", |text| {
        text.block("fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {", "}", |text| {
            text.line("f.write_str(self.name())");
        });
    });
    text.render()
}
