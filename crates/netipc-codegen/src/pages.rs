//! Putting generated tables into pages that people write.
//!
//! A page says where a table goes by the line `<!-- generated: NAME -->`; everything up to the line
//! `<!-- /generated -->` belongs to the generator.

use std::collections::BTreeMap;

/// The end of a generated part.
const END: &str = "<!-- /generated -->";

/// The tables there are, by name.
pub type Tables = BTreeMap<String, String>;

/// What is wrong with the markers of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkerError {
    /// Line of the marker, from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub message: String,
}

/// The page with all its tables up to date, and the names of those it holds.
///
/// # Errors
///
/// A marker that names no table, or one without an end.
pub fn insert(page: &str, tables: &Tables) -> Result<(String, Vec<String>), MarkerError> {
    let mut out = String::with_capacity(page.len());
    let mut names = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(name) = marker(line) else { continue };
        let Some(table) = tables.get(name) else {
            let known: Vec<_> = tables.keys().map(|name| format!("`{name}`")).collect();
            let message = format!("no table is called `{name}`; use one of {}", known.join(", "));
            return Err(MarkerError { line: number + 1, message });
        };
        out.push_str(table);
        if !lines.any(|(_, line)| line.trim() == END) {
            let message = format!("the part `{name}` has no end; add the line `{END}`");
            return Err(MarkerError { line: number + 1, message });
        }
        out.push_str(END);
        out.push('\n');
        names.push(name.to_owned());
    }
    Ok((out, names))
}

fn marker(line: &str) -> Option<&str> {
    line.trim().strip_prefix("<!-- generated:")?.strip_suffix("-->").map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables() -> Tables {
        Tables::from([("a".to_owned(), "| x |\n".to_owned())])
    }

    #[test]
    fn replaces_what_is_between_the_markers() {
        let page = "one\n<!-- generated: a -->\nold\nolder\n<!-- /generated -->\ntwo\n";
        let (new, names) = insert(page, &tables()).unwrap();
        assert_eq!(new, "one\n<!-- generated: a -->\n| x |\n<!-- /generated -->\ntwo\n");
        assert_eq!(names, ["a"]);
        assert_eq!(insert(&new, &tables()).unwrap().0, new);
    }

    #[test]
    fn names_a_marker_without_table() {
        let error = insert("x\n<!-- generated: b -->\n<!-- /generated -->\n", &tables()).unwrap_err();
        assert_eq!(error.line, 2);
        assert_eq!(error.message, "no table is called `b`; use one of `a`");
    }

    #[test]
    fn names_a_marker_without_end() {
        let error = insert("<!-- generated: a -->\n", &tables()).unwrap_err();
        assert_eq!(error.message, "the part `a` has no end; add the line `<!-- /generated -->`");
    }
}
