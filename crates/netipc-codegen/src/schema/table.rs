//! Typed, span-keeping access to a TOML table that knows which keys it may have.

use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Findings, one_of};

/// A word or a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scalar {
    Word(String),
    Number(u64),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "\"{word}\""),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

/// A table of which keys are taken one by one; what is left at the end is unknown.
pub(crate) struct Table<'t> {
    /// What it describes, for messages: "field `x`", "the service".
    what: String,
    span: Range<usize>,
    entries: &'t DeTable<'t>,
    known: Vec<&'static str>,
}

impl<'t> Table<'t> {
    pub(crate) fn new(what: impl Into<String>, span: Range<usize>, entries: &'t DeTable<'t>) -> Self {
        Self { what: what.into(), span, entries, known: Vec::new() }
    }

    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    pub(crate) fn rename(&mut self, what: impl Into<String>) {
        self.what = what.into();
    }

    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    fn take(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.known.push(key);
        self.entries.get(key)
    }

    /// The value of a key that must be there; its absence is reported.
    pub(crate) fn required<T>(&self, key: &str, value: Option<T>, findings: &mut Findings<'_>) -> Option<T> {
        if value.is_none() && !self.entries.contains_key(key) {
            findings.report(&self.span, format!("{} has no `{key}`", self.what), format!("add `{key} = ..`"));
        }
        value
    }

    pub(crate) fn string(&mut self, key: &'static str, findings: &mut Findings<'_>) -> Option<Spanned<String>> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(Spanned::new(value.span(), text.trim().to_owned())),
            other => {
                wrong_type(key, value.span(), other, "a string", "put it in quotes", findings);
                None
            }
        }
    }

    pub(crate) fn number(&mut self, key: &'static str, findings: &mut Findings<'_>) -> Option<Spanned<u64>> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::Integer(number) => {
                if let Ok(number) = u64::from_str_radix(number.as_str(), number.radix()) {
                    return Some(Spanned::new(value.span(), number));
                }
                too_large(key, value.span(), number, findings);
                None
            }
            other => {
                wrong_type(key, value.span(), other, "a number", "use a number without quotes", findings);
                None
            }
        }
    }

    /// A word or a number.
    pub(crate) fn scalar(&mut self, key: &'static str, findings: &mut Findings<'_>) -> Option<Spanned<Scalar>> {
        let value = self.take(key)?;
        scalar(key, value, findings)
    }

    pub(crate) fn boolean(&mut self, key: &'static str, findings: &mut Findings<'_>) -> Option<Spanned<bool>> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::Boolean(truth) => Some(Spanned::new(value.span(), *truth)),
            other => {
                wrong_type(key, value.span(), other, "true or false", "use one of them without quotes", findings);
                None
            }
        }
    }

    /// A string that must be one of `words`; gives its position among them.
    pub(crate) fn word(&mut self, key: &'static str, words: &[&str], findings: &mut Findings<'_>) -> Option<usize> {
        let value = self.string(key, findings)?;
        let position = words.iter().position(|word| *word == value.get_ref());
        if position.is_none() {
            let message = format!("`{key}` of {} is `{}`, which is not a choice", self.what, value.get_ref());
            findings.report(&value.span(), message, format!("use {}", one_of(words)));
        }
        position
    }

    pub(crate) fn strings(&mut self, key: &'static str, findings: &mut Findings<'_>) -> Vec<Spanned<String>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            wrong_type(key, value.span(), value.get_ref(), "a list of strings", "put it in brackets", findings);
            return Vec::new();
        };
        let mut strings = Vec::new();
        for element in array.iter() {
            match element.get_ref() {
                DeValue::String(text) => strings.push(Spanned::new(element.span(), text.trim().to_owned())),
                other => wrong_type(key, element.span(), other, "a list of strings", "put it in quotes", findings),
            }
        }
        strings
    }

    pub(crate) fn table(&mut self, key: &'static str, what: &str, findings: &mut Findings<'_>) -> Option<Table<'t>> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::Table(entries) => Some(Table::new(what, value.span(), entries)),
            other => {
                wrong_type(key, value.span(), other, "a table", "write it as `[..]`", findings);
                None
            }
        }
    }

    /// The tables of an array of tables, in the order of the file.
    pub(crate) fn tables(&mut self, key: &'static str, what: &str, findings: &mut Findings<'_>) -> Vec<Table<'t>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            wrong_type(key, value.span(), value.get_ref(), "an array of tables", "write it as `[[..]]`", findings);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for element in array.iter() {
            match element.get_ref() {
                DeValue::Table(entries) => tables.push(Table::new(what, element.span(), entries)),
                other => {
                    wrong_type(key, element.span(), other, "an array of tables", "write it as `[[..]]`", findings);
                }
            }
        }
        tables
    }

    /// All entries as named tables, in the order of the file.
    pub(crate) fn named_tables(&mut self, findings: &mut Findings<'_>) -> Vec<(Spanned<String>, Table<'t>)> {
        let mut tables = Vec::new();
        for (key, value) in self.entries.iter() {
            let name = Spanned::new(key.span(), key.get_ref().to_string());
            match value.get_ref() {
                DeValue::Table(entries) => {
                    tables.push((name, Table::new(format!("{} `{}`", self.what, key.get_ref()), key.span(), entries)));
                }
                other => wrong_type(key.get_ref(), value.span(), other, "a table", "write it as `[..]`", findings),
            }
        }
        tables.sort_by_key(|(name, _)| name.span().start);
        tables
    }

    /// All entries, which must be words or numbers, in the order of the file.
    pub(crate) fn scalars(&mut self, findings: &mut Findings<'_>) -> Vec<(Spanned<String>, Spanned<Scalar>)> {
        let mut scalars = Vec::new();
        for (key, value) in self.entries.iter() {
            let name = Spanned::new(key.span(), key.get_ref().to_string());
            if let Some(value) = scalar(name.get_ref(), value, findings) {
                scalars.push((name, value));
            }
        }
        scalars.sort_by_key(|(name, _)| name.span().start);
        scalars
    }

    /// Reports the keys that nobody asked for.
    pub(crate) fn finish(self, findings: &mut Findings<'_>) {
        for key in self.entries.keys() {
            if self.known.contains(&key.get_ref().as_ref()) {
                continue;
            }
            let message = format!("{} has no key `{}`", self.what, key.get_ref());
            let remedy = match nearest(key.get_ref(), &self.known) {
                Some(word) => format!("did you mean `{word}`?"),
                None => format!("use {}", one_of(&self.known)),
            };
            findings.report(&key.span(), message, remedy);
        }
    }
}

fn scalar(key: &str, value: &Spanned<DeValue<'_>>, findings: &mut Findings<'_>) -> Option<Spanned<Scalar>> {
    let scalar = match value.get_ref() {
        DeValue::String(text) => Scalar::Word(text.trim().to_owned()),
        DeValue::Integer(number) => match u64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Scalar::Number(number),
            Err(_) => {
                too_large(key, value.span(), number, findings);
                return None;
            }
        },
        other => {
            wrong_type(key, value.span(), other, "a word or a number", "use one of them", findings);
            return None;
        }
    };
    Some(Spanned::new(value.span(), scalar))
}

fn too_large(key: &str, span: Range<usize>, number: impl fmt::Display, findings: &mut Findings<'_>) {
    let message = format!("`{key}` is {number}, which is no unsigned number of 64 bits");
    findings.report(&span, message, "use a value from 0 to 2^64 - 1");
}

fn wrong_type(
    key: &str,
    span: Range<usize>,
    got: &DeValue<'_>,
    wanted: &str,
    remedy: &str,
    findings: &mut Findings<'_>,
) {
    let message = format!("`{key}` must be {wanted}, got type {}", got.type_str());
    findings.report(&span, message, remedy);
}

/// The known word that looks most like `word`, if one is close.
fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let (distance, best) = known.iter().map(|known| (distance(word, known), *known)).min()?;
    (distance <= 1 + word.len() / 4).then_some(best)
}

/// Single-character edits between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
