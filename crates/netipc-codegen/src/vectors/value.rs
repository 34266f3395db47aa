//! Values as testees write them: canonical JSON.

use std::fmt::{self, Write as _};

/// A value; its [`Display`](fmt::Display) form is canonical JSON, without a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing: the position of what is in no list.
    Null,
    /// A number, or the number of an enumeration's value.
    Number(u64),
    /// A word of the specification, such as the name of a problem.
    Word(String),
    /// A byte string.
    Bytes(Vec<u8>),
    /// The items of a list, or the rows of a table.
    Array(Vec<Value>),
    /// A record: its fields in the order of the schema.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// A word.
    #[must_use]
    pub fn word(word: &str) -> Self {
        Self::Word(word.to_owned())
    }

    /// An object with these members.
    #[must_use]
    pub fn object<const N: usize>(members: [(&str, Self); N]) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The member called `name`, when this is an object that has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(member, _)| member == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The number called `name`; 0 when there is none.
    #[must_use]
    pub fn number(&self, name: &str) -> u64 {
        match self.get(name) {
            Some(Self::Number(number)) => *number,
            _ => 0,
        }
    }

    /// The byte string called `name`; empty when there is none.
    #[must_use]
    pub fn bytes(&self, name: &str) -> &[u8] {
        match self.get(name) {
            Some(Self::Bytes(bytes)) => bytes,
            _ => &[],
        }
    }

    /// The array called `name`; empty when there is none.
    #[must_use]
    pub fn array(&self, name: &str) -> &[Self] {
        match self.get(name) {
            Some(Self::Array(values)) => values,
            _ => &[],
        }
    }

    /// The same object with another value for the member called `name`, which it has.
    #[must_use]
    pub fn with(&self, name: &str, value: Self) -> Self {
        let mut copy = self.clone();
        copy.set(name, value);
        copy
    }

    /// Gives the member called `name` another value; without effect when there is no such member.
    pub fn set(&mut self, name: &str, value: Self) {
        if let Self::Object(members) = self
            && let Some((_, place)) = members.iter_mut().find(|(member, _)| member == name)
        {
            *place = value;
        }
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Number(number) => number.fmt(f),
            Self::Word(word) => write!(f, "\"{word}\""),
            Self::Bytes(bytes) => write!(f, "\"{}\"", Hex(bytes)),
            Self::Array(values) => {
                f.write_char('[')?;
                separated(values, f, |value, f| value.fmt(f))?;
                f.write_char(']')
            }
            Self::Object(members) => {
                f.write_char('{')?;
                separated(members, f, |(name, value), f| write!(f, "\"{name}\":{value}"))?;
                f.write_char('}')
            }
        }
    }
}

fn separated<T>(
    items: &[T],
    f: &mut fmt::Formatter<'_>,
    write: impl Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            f.write_char(',')?;
        }
        write(item, f)?;
    }
    Ok(())
}

/// Bytes as lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy)]
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_printed_without_spaces() {
        let row = Value::object([("key", b"\x00\xff".as_slice().into()), ("item", Value::Null)]);
        let value = Value::object([
            ("number", u64::MAX.into()),
            ("rows", Value::Array(vec![row.clone(), row])),
            ("problem", Value::word("too_long")),
        ]);
        assert_eq!(
            value.to_string(),
            r#"{"number":18446744073709551615,"rows":[{"key":"00ff","item":null},{"key":"00ff","item":null}],"problem":"too_long"}"#
        );
    }
}
