//! A line: a word, and fields that have names.

use std::str::FromStr;

use thiserror::Error;

/// The version of the protocol that this is.
pub const VERSION: u32 = 1;

/// A line that has no meaning.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Malformed {
    /// It begins with an unknown word.
    #[error("the line {0:?} begins with no word of the protocol")]
    Word(String),
    /// A field has no `=`.
    #[error("{0:?} is no field: expected name=value")]
    NoField(String),
    /// A field that must be there is not.
    #[error("the field {0} is missing")]
    Missing(&'static str),
    /// A value makes no sense.
    #[error("{field}={value} makes no sense: {reason}")]
    Value {
        /// Name of the field.
        field: String,
        /// What it says.
        value: String,
        /// Why not.
        reason: String,
    },
}

/// `name=value` pairs with single spaces between. Unknown ones are passed over, so that the protocol may grow.
pub(super) struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Malformed> {
        let fields = text
            .split_ascii_whitespace()
            .map(|field| field.split_once('=').ok_or_else(|| Malformed::NoField(field.to_owned())));
        Ok(Self(fields.collect::<Result<_, _>>()?))
    }

    pub(super) fn required<T>(&self, name: &'static str) -> Result<T, Malformed>
    where
        T: FromStr<Err: ToString>,
    {
        self.optional(name)?.ok_or(Malformed::Missing(name))
    }

    pub(super) fn optional<T>(&self, name: &'static str) -> Result<Option<T>, Malformed>
    where
        T: FromStr<Err: ToString>,
    {
        let found = self.0.iter().find(|(found, _)| *found == name);
        found.map(|(_, value)| parse(name, value)).transpose()
    }
}

pub(super) fn number(field: &str, value: &str) -> Result<u64, Malformed> {
    parse(field, value)
}

fn parse<T: FromStr<Err: ToString>>(field: &str, value: &str) -> Result<T, Malformed> {
    value.parse().map_err(|error: T::Err| Malformed::Value {
        field: field.to_owned(),
        value: value.to_owned(),
        reason: error.to_string(),
    })
}
