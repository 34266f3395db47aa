//! Telling the author of a schema what is wrong, where, and what to do.

use std::error::Error;
use std::fmt;
use std::ops::Range;

/// A schema file.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    path: String,
    text: String,
}

impl Source {
    pub(crate) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of a byte, both from 1; columns count characters.
    pub(crate) fn position(&self, byte: usize) -> (usize, usize) {
        let before = self.text.get(..byte).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// One thing that is wrong with a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message, remedy } = self;
        write!(f, "{file}:{line}:{column}: {message}; {remedy}")
    }
}

/// Everything that is wrong with a schema, in the order of the file; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics(pub(crate) Vec<Diagnostic>);

impl Diagnostics {
    /// The findings.
    #[must_use]
    pub fn list(&self) -> &[Diagnostic] {
        &self.0
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl Error for Diagnostics {}

/// Collects findings about one file.
#[derive(Debug)]
pub(crate) struct Findings<'s> {
    source: &'s Source,
    found: Vec<(usize, Diagnostic)>,
}

impl<'s> Findings<'s> {
    pub(crate) fn new(source: &'s Source) -> Self {
        Self { source, found: Vec::new() }
    }

    pub(crate) fn report(&mut self, span: &Range<usize>, message: impl Into<String>, remedy: impl Into<String>) {
        let (line, column) = self.source.position(span.start);
        let file = self.source.path.clone();
        let diagnostic = Diagnostic { file, line, column, message: message.into(), remedy: remedy.into() };
        self.found.push((span.start, diagnostic));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The value, unless something was found.
    pub(crate) fn conclude<T>(mut self, value: Option<T>) -> Result<T, Diagnostics> {
        self.found.sort_by_key(|(at, _)| *at);
        let found: Vec<_> = self.found.into_iter().map(|(_, diagnostic)| diagnostic).collect();
        match value {
            Some(value) if found.is_empty() => Ok(value),
            _ => Err(Diagnostics(found)),
        }
    }
}

/// `a, b or c`, each in backquotes.
pub(crate) fn one_of<S: AsRef<str>>(words: &[S]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{}`", word.as_ref())).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
