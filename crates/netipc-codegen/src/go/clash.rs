//! Two things of a schema that Go would know by one name.
//!
//! Names of records, fields and values are joined and change their case on the way to Go, so that different ones can meet:
//! the value `known` of an enumeration `item` is `ItemKnown`, and so is a record `item_known`. What was printed says it all.

use std::collections::BTreeSet;
use std::fmt;

/// Two things of a schema that would have one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    source: String,
    name: String,
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, name } = self;
        write!(
            f,
            "{source}: two things of the schema would be called `{name}` in Go; rename the record, field or value at fault"
        )
    }
}

impl std::error::Error for Clash {}

/// The code, unless it declares one name twice.
pub(super) fn check(code: String, source: &str) -> Result<String, Clash> {
    let mut declared = BTreeSet::new();
    let mut scope = None;
    for line in code.lines() {
        let Some(name) = declaration(line, &mut scope) else { continue };
        if !declared.insert(name.clone()) {
            return Err(Clash { source: source.to_owned(), name });
        }
    }
    Ok(code)
}

/// What a line declares; members with the name of their type in front. `scope` is the block of members that is open.
fn declaration(line: &str, scope: &mut Option<String>) -> Option<String> {
    if let Some(inner) = line.strip_prefix('\t') {
        let of = scope.as_ref()?;
        let name = word(inner).filter(|_| inner.contains(' '))?;
        return Some(format!("{of}{name}"));
    }
    let (keyword, rest) = line.split_once(' ')?;
    *scope = match keyword {
        "const" if rest == "(" => Some(String::new()),
        "type" if rest.ends_with("struct {") => Some(format!("{}.", word(rest)?)),
        _ => None,
    };
    match keyword {
        "const" | "type" | "var" => word(rest).filter(|name| *name != "_").map(str::to_owned),
        "func" => match rest.strip_prefix('(') {
            None => word(rest).map(str::to_owned),
            Some(method) => {
                let (receiver, method) = method.split_once(") ")?;
                let receiver = receiver.rsplit([' ', '*']).next()?;
                Some(format!("{receiver}.{}", word(method)?))
            }
        },
        _ => None,
    }
}

/// The name that the text starts with.
fn word(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    text.get(..end).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clash(code: &str) -> Option<String> {
        check(code.to_owned(), "x.toml").err().map(|clash| clash.name)
    }

    #[test]
    fn declarations_of_every_sort_can_clash() {
        assert_eq!(clash("type A struct{}\nconst (\n\t// A: a.\n\tA B = 1\n)\n").unwrap(), "A");
        assert_eq!(clash("func a() {}\nvar a = 1\n").unwrap(), "a");
        assert_eq!(clash("type A struct {\n\tX int\n}\nfunc (a A) X() int {\n\treturn 1\n}\n").unwrap(), "A.X");
        assert_eq!(clash("func (a *A) X() {}\nfunc (A) X() {}\n").unwrap(), "A.X");
    }

    #[test]
    fn other_lines_declare_nothing() {
        assert_eq!(clash("var _ X = 1\nvar _ X = 2\nfunc f() {\n\ta := 1\n}\nfunc g() {\n\ta := 1\n}\n"), None);
        assert_eq!(clash("type A struct {\n\tX int\n}\ntype B struct {\n\tX int\n}\n"), None);
    }

    #[test]
    fn the_schema_is_named() {
        let error = check("const a = 1\nvar a = 2\n".to_owned(), "x.toml").unwrap_err().to_string();
        assert_eq!(
            error,
            "x.toml: two things of the schema would be called `a` in Go; rename the record, field or value at fault"
        );
    }
}
