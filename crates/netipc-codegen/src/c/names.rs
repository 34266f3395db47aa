//! Names in C: one space for a whole program, and words that other languages leave free.

use std::collections::BTreeSet;
use std::fmt;

/// Words of C++ and names of macros that a schema may use and a member may not have.
const TAKEN: [&str; 51] = [
    "and",
    "and_eq",
    "asm",
    "assert",
    "bitand",
    "bitor",
    "catch",
    "class",
    "compl",
    "concept",
    "consteval",
    "constinit",
    "decltype",
    "delete",
    "errno",
    "explicit",
    "export",
    "friend",
    "linux",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "reflexpr",
    "requires",
    "setjmp",
    "static_assert",
    "stderr",
    "stdin",
    "stdout",
    "synchronized",
    "template",
    "this",
    "throw",
    "typeid",
    "typename",
    "unix",
    "using",
    "wchar_t",
    "xor",
    "xor_eq",
    "complex",
];

/// The member of a struct for a field, or a parameter for it.
pub(super) fn member(name: &str) -> String {
    if TAKEN.contains(&name) { format!("{name}_") } else { name.to_owned() }
}

/// Two things of a schema that would have one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash(String);

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Clash {}

/// What is defined so far.
#[derive(Default)]
pub(super) struct Names {
    defined: BTreeSet<String>,
    clash: Option<String>,
}

impl Names {
    pub(super) fn define(&mut self, name: &str) {
        if !self.defined.insert(name.to_owned()) && self.clash.is_none() {
            self.clash = Some(name.to_owned());
        }
    }

    /// The members of one struct, which have a space of their own.
    pub(super) fn members<'a>(&mut self, of: &str, members: impl IntoIterator<Item = &'a str>) {
        for member in members {
            self.define(&format!("{of}.{member}"));
        }
    }

    pub(super) fn conclude(self, source: &str) -> Result<(), Clash> {
        match self.clash {
            None => Ok(()),
            Some(name) => Err(Clash(format!(
                "{source}: two things of the schema would be called `{name}` in C; rename the record, field or value at fault"
            ))),
        }
    }
}
