//! Where a schema says what.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use super::declaration::Declarations;
use super::diagnostic::Source;

/// A position in a schema file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column } = self;
        write!(f, "{file}:{line}:{column}")
    }
}

/// What a schema declares, by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Item<'n> {
    Service,
    /// One of the keys of the service.
    Key(&'static str),
    Enum(&'n str),
    Value(&'n str, &'n str),
    Record(&'n str),
    Field(&'n str, &'n str),
    /// The rule at this position of the record.
    Rule(&'n str, usize),
}

/// The places of everything that a schema declares.
pub(crate) struct Places<'s> {
    source: &'s Source,
    items: HashMap<Item<'s>, Range<usize>>,
}

impl<'s> Places<'s> {
    pub(crate) fn new(source: &'s Source, declarations: &'s Declarations) -> Self {
        let mut items = HashMap::new();
        if let Some(service) = &declarations.service {
            items.insert(Item::Service, service.span.clone());
            let keys = [
                ("name", service.name.as_ref().map(|name| name.span())),
                ("method", service.method.as_ref().map(|method| method.span())),
                ("version", service.version.as_ref().map(|version| version.span())),
                ("batchable", service.batchable.as_ref().map(|batchable| batchable.span())),
                ("lookup", service.lookup.as_ref().map(|lookup| lookup.span.clone())),
            ];
            items.extend(keys.into_iter().filter_map(|(key, span)| Some((Item::Key(key), span?))));
        }
        for each in &declarations.enums {
            let name = each.name.get_ref();
            items.insert(Item::Enum(name), each.name.span());
            items.extend(each.values.iter().map(|value| (Item::Value(name, value.name.get_ref()), value.name.span())));
        }
        for record in &declarations.records {
            let name = record.name.get_ref();
            items.insert(Item::Record(name), record.name.span());
            let fields = record.fields.iter();
            items.extend(fields.map(|field| (Item::Field(name, field.name.get_ref()), field.name.span())));
            let rules = record.rules.iter().enumerate();
            items.extend(rules.map(|(index, rule)| (Item::Rule(name, index), rule.span.clone())));
        }
        Self { source, items }
    }

    /// Where the item is declared; where the service is, when it is not.
    pub(crate) fn of(&self, item: &Item<'_>) -> Place {
        let span = self.items.get(item).or_else(|| self.items.get(&Item::Service));
        let (line, column) = self.source.position(span.map_or(0, |span| span.start));
        Place { file: self.source.path().to_owned(), line, column }
    }
}
