//! Tables for people.

use std::fmt::Write;

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle, presets};

/// Nothing but a line below the header: easy on the eye, and on whoever copies a row.
const STYLE: TableStyle = presets::NOTHING.header_separator(LineStyle::none().fill('\u{2500}').junction('\u{2500}'));

/// Narrower terminals are not real, such as those of programs that give no size.
const NARROWEST: u16 = 20;

/// A table that fits the terminal.
pub(crate) fn new(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_header(header.to_vec());
    if table.width().is_some_and(|width| width >= NARROWEST) {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table
}

/// Bytes made fit for a terminal: what is no text, or would move the cursor, becomes `\x..`.
pub(crate) fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    escape(&mut text, byte);
                }
            } else {
                text.push(c);
            }
        }
        for &byte in chunk.invalid() {
            escape(&mut text, byte);
        }
    }
    text
}

fn escape(text: &mut String, byte: u8) {
    // Writing to a string does not fail.
    let _ = write!(text, "\\x{byte:02x}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_that_could_steer_it() {
        assert_eq!(printable(b"plain \xc3\xa9"), "plain \u{e9}");
        assert_eq!(printable(b"\x1b[2J\n\xff\xc2\x9b"), "\\x1b[2J\\x0a\\xff\\xc2\\x9b");
    }
}
