//! What became of a service: which differences between two schemas break the understanding between programs of either, and
//! which do not (NIPC-EVO-09).
//!
//! Programs of the old and of the new schema meet in both directions: an old consumer asks a new provider, and a new
//! consumer an old one. A change is compatible when each reads what the other writes as it was meant.
//!
//! ```
//! # let old = include_str!("../tests/schemas/probe_1.toml");
//! # let new = &include_str!("../tests/schemas/probe_3.toml").replace("code = 1", "code = 2");
//! let report = netipc_codegen::compat::check(("old.toml", old), ("new.toml", new))?;
//! assert!(!report.is_compatible());
//! for change in &report.changes {
//!     println!("{change}");
//! }
//! # Ok::<(), netipc_codegen::schema::Diagnostics>(())
//! ```

mod kinds;
mod rules;

use std::fmt;

use crate::model::{Enumeration, Field, Kind, Literal, LookupParts, Record, Service};
use crate::schema::{Author, Diagnostics, Item, Place, Places, Source, declared};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Whether programs of both schemas do not understand each other any more.
    pub breaking: bool,
    /// Where the old schema says it; where it says what it belongs to, when it is new.
    pub old: Place,
    /// The same of the new one.
    pub new: Place,
    /// What changed, and who suffers.
    pub message: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.breaking { "breaks" } else { "compatible" };
        write!(f, "{verdict}: {}, {}: {}", self.old, self.new, self.message)
    }
}

/// All differences that programs could notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// In the order of the records.
    pub changes: Vec<Change>,
}

impl Report {
    /// Whether programs of both schemas understand each other.
    #[must_use]
    pub fn is_compatible(&self) -> bool {
        self.changes.iter().all(|change| !change.breaking)
    }
}

/// Compares two schemas of a service, each given as path and text.
///
/// # Errors
///
/// What is wrong with the first one that is wrong by itself.
pub fn check(old: (&str, &str), new: (&str, &str)) -> Result<Report, Diagnostics> {
    let (old, new) = (Source::new(old.0, old.1), Source::new(new.0, new.1));
    let (old_service, old_declarations) = declared(Author::User, &old)?;
    let (new_service, new_declarations) = declared(Author::User, &new)?;
    let mut comparison = Comparison {
        old: &old_service,
        new: &new_service,
        places: (Places::new(&old, &old_declarations), Places::new(&new, &new_declarations)),
        compared: Vec::new(),
        changes: Vec::new(),
    };
    comparison.service();
    Ok(Report { changes: comparison.changes })
}

struct Comparison<'c> {
    old: &'c Service,
    new: &'c Service,
    places: (Places<'c>, Places<'c>),
    /// Pairs of enumerations and records that were compared, so that each is told of once.
    compared: Vec<(String, String)>,
    changes: Vec<Change>,
}

impl<'c> Comparison<'c> {
    fn tell(&mut self, breaking: bool, old: &Item<'_>, new: &Item<'_>, message: impl Into<String>) {
        let (old, new) = (self.places.0.of(old), self.places.1.of(new));
        self.changes.push(Change { breaking, old, new, message: message.into() });
    }

    fn breaks(&mut self, old: &Item<'_>, new: &Item<'_>, message: impl Into<String>) {
        self.tell(true, old, new, message);
    }

    /// Whether the two were not compared before.
    fn is_first(&mut self, old: &str, new: &str) -> bool {
        let pair = (old.to_owned(), new.to_owned());
        let is_first = !self.compared.contains(&pair);
        if is_first {
            self.compared.push(pair);
        }
        is_first
    }

    fn service(&mut self) {
        let (old, new) = (self.old, self.new);
        let mut key = |key, differs: bool, breaking, message: String| {
            if differs {
                self.tell(breaking, &Item::Key(key), &Item::Key(key), message);
            }
        };
        let name = format!("the name was `{}` and is `{}`: the endpoint is not found", old.name, new.name);
        key("name", old.name != new.name, true, name);
        let method = format!("`method` was {:#06x} and is {:#06x}: requests are refused", old.method, new.method);
        key("method", old.method != new.method, true, method);
        let version = format!("`version` was {} and is {}: versions only go up", old.version, new.version);
        key("version", old.version > new.version, true, version);
        let batchable = match new.batchable {
            true => "requests can be batched now: old providers refuse batches",
            false => "requests cannot be batched any more: new providers refuse batches",
        };
        key("batchable", old.batchable != new.batchable, true, batchable.to_owned());
        for (old_name, new_name) in [(&old.request, &new.request), (&old.reply, &new.reply)] {
            if let (Some(old), Some(new)) = (old.record(old_name), new.record(new_name)) {
                self.record(old, new);
            }
        }
        self.lookup();
    }

    /// What a lookup makes of its records. Positions and codes count, not names.
    fn lookup(&mut self) {
        let (old, new) = (self.old.lookup_parts(), self.new.lookup_parts());
        let message = match (&old, &new) {
            (None, None) => return,
            (Some(_), None) => "it was a lookup and is none: keys are not looked up any more".to_owned(),
            (None, Some(_)) => "it was no lookup and is one: old providers do not answer key by key".to_owned(),
            (Some(old), Some(new)) => {
                let place = |record: &Record, field: &str| record.field(field).map(|field| field.at);
                let code = |values: &Enumeration, name: &str| {
                    values.values.iter().find(|value| value.name == name).map(|value| value.code)
                };
                let echo = |parts: &LookupParts<'_>| {
                    let echo = parts.lookup.echo.iter();
                    echo.map(|name| (place(parts.key, name), place(parts.item, name))).collect::<Vec<_>>()
                };
                let (was, is) = (old.lookup, new.lookup);
                let differs = [
                    ("`echo`", echo(old) != echo(new)),
                    ("`status`", place(old.item, &was.status) != place(new.item, &is.status)),
                    ("`exceeded`", code(old.status, &was.exceeded) != code(new.status, &is.exceeded)),
                    ("`oversized`", code(old.status, &was.oversized) != code(new.status, &is.oversized)),
                ];
                let differs: Vec<_> = differs.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect();
                if differs.is_empty() {
                    return;
                }
                format!("{} of the lookup means another field or value: answers are misunderstood", differs.join(", "))
            }
        };
        self.breaks(&Item::Key("lookup"), &Item::Key("lookup"), message);
    }

    /// Two records in the same role; what they are called does not matter.
    fn record(&mut self, old: &'c Record, new: &'c Record) {
        if !self.is_first(&old.name, &new.name) {
            return;
        }
        let places = (Item::Record(&old.name), Item::Record(&new.name));
        let name = &new.name;
        if old.name != new.name {
            let message = format!("record `{}` is called `{name}` now: a change of source code only", old.name);
            self.tell(false, &places.0, &places.1, message);
        }
        match (old.trailing, new.trailing) {
            (true, false) => {
                let message = format!("bytes behind the content of record `{name}` are refused by new readers");
                self.breaks(&places.0, &places.1, message);
            }
            (false, true) => {
                let message = format!("bytes behind the content of record `{name}` are tolerated by new readers");
                self.tell(false, &places.0, &places.1, message);
            }
            _ => {}
        }
        let was: Vec<_> = fixed(old).collect();
        let is: Vec<_> = fixed(new).collect();
        for (index, old_field) in was.iter().enumerate() {
            let Some(new_field) = is.get(index) else {
                let message = format!("field `{}` of record `{name}` was removed: old readers need it", old_field.name);
                self.breaks(&Item::Field(&old.name, &old_field.name), &places.1, message);
                continue;
            };
            if !self.field((old, old_field), (new, new_field)) {
                // What follows is displaced, which is the same mistake.
                return;
            }
        }
        for field in is.into_iter().skip(was.len()) {
            self.added(&old.name, new, field);
        }
        self.tails(old, new);
        rules::compare(self, old, new);
    }

    /// A field of the fixed part that the old schema does not have.
    fn added(&mut self, old: &str, new: &'c Record, field: &'c Field) {
        let (name, record, since) = (&field.name, &new.name, field.since());
        let places = (Item::Record(old), Item::Field(record, name));
        if since > self.old.version {
            let message = format!("field `{name}` was added to record `{record}` in version {since}");
            self.tell(false, &places.0, &places.1, message);
        } else if since > 1 {
            let version = self.old.version;
            let message = format!(
                "field `{name}` was added to record `{record}` since {since}, but version {version} is there without it"
            );
            self.breaks(&places.0, &places.1, message);
        } else {
            let message = format!("field `{name}` was added to record `{record}` without `since`: readers misread it");
            self.breaks(&places.0, &places.1, message);
        }
    }

    /// What takes no room in the fixed part: a list, a table, or a string that takes the rest.
    fn tails(&mut self, old: &'c Record, new: &'c Record) {
        let tail = |record: &'c Record| record.fields.iter().find(|field| field.kind.size() == 0);
        match (tail(old), tail(new)) {
            (None, None) => {}
            (Some(was), Some(is)) => {
                self.field((old, was), (new, is));
            }
            (Some(was), None) => {
                let message = format!("field `{}` of record `{}` was removed: old readers need it", was.name, new.name);
                self.breaks(&Item::Field(&old.name, &was.name), &Item::Record(&new.name), message);
            }
            (None, Some(is)) => {
                let message = format!("field `{}` was added to record `{}`: readers misread it", is.name, new.name);
                self.breaks(&Item::Record(&old.name), &Item::Field(&new.name, &is.name), message);
            }
        }
    }

    /// Two fields at the same place. Gives whether what is behind them can be compared.
    fn field(&mut self, old: (&'c Record, &'c Field), new: (&'c Record, &'c Field)) -> bool {
        let ((old_record, old), (record, new)) = (old, new);
        let places = (Item::Field(&old_record.name, &old.name), Item::Field(&record.name, &new.name));
        let what = format!("field `{}` of record `{}`", new.name, record.name);
        if old.name != new.name && record.field(&old.name).is_some() {
            let message =
                format!("field `{}` of record `{}` is at another place: readers misread it", old.name, record.name);
            self.breaks(&places.0, &Item::Field(&record.name, &old.name), message);
            return false;
        }
        if old.name != new.name {
            let message = format!("{what} was called `{}`: a change of source code, when it means the same", old.name);
            self.tell(false, &places.0, &places.1, message);
        }
        if kinds::type_name(&old.kind) != kinds::type_name(&new.kind) {
            let (was, is) = (kinds::type_name(&old.kind), kinds::type_name(&new.kind));
            self.breaks(&places.0, &places.1, format!("{what} was a {was} and is a {is}: readers misread it"));
            return old.kind.size() == new.kind.size();
        }
        if old.since() != new.since() {
            let message = format!("{what} was there since {} and is since {}", old.since(), new.since());
            self.breaks(&places.0, &places.1, message);
        } else if let (Some(was), Some(is)) = (default(old), default(new))
            && was != is
        {
            let message = format!("{what} has another default: readers disagree on what older writers mean");
            self.breaks(&places.0, &places.1, message);
        }
        for (breaking, message) in kinds::differences(&what, &old.kind, &new.kind) {
            self.tell(breaking, &places.0, &places.1, message);
        }
        match (&old.kind, &new.kind) {
            (Kind::Enum { name: old, .. }, Kind::Enum { name: new, .. }) => {
                if let (Some(old), Some(new)) = (self.old.enumeration(old), self.new.enumeration(new)) {
                    self.enumeration(old, new);
                }
            }
            (Kind::List { record: old, .. }, Kind::List { record: new, .. })
            | (Kind::Table { record: old, .. }, Kind::Table { record: new, .. }) => {
                if let (Some(old), Some(new)) = (self.old.record(old), self.new.record(new)) {
                    self.record(old, new);
                }
            }
            _ => {}
        }
        true
    }

    fn enumeration(&mut self, old: &'c Enumeration, new: &'c Enumeration) {
        // The colon keeps it apart from records, which have a name space of their own.
        if !self.is_first(&format!("enum:{}", old.name), &format!("enum:{}", new.name)) {
            return;
        }
        let places = (Item::Enum(&old.name), Item::Enum(&new.name));
        let name = &new.name;
        if old.open != new.open {
            let who = if new.open { "old" } else { "new" };
            let message = format!("enum `{name}` treats unlisted numbers in another way: {who} readers refuse them");
            self.breaks(&places.0, &places.1, message);
        }
        for value in &new.values {
            match old.values.iter().find(|each| each.code == value.code) {
                None => {
                    let refused = if old.open { "" } else { ": old readers refuse it" };
                    let message = format!("value `{}` was added to enum `{name}`{refused}", value.name);
                    self.tell(!old.open, &places.0, &Item::Value(name, &value.name), message);
                }
                Some(was) if was.name != value.name => {
                    let places = (Item::Value(&old.name, &was.name), Item::Value(name, &value.name));
                    let swapped = old.values.iter().any(|each| each.name == value.name);
                    let verdict = if swapped {
                        "numbers mean something else"
                    } else {
                        "a change of source code, when it means the same"
                    };
                    let message =
                        format!("value `{}` of enum `{name}` was called `{}`: {verdict}", value.name, was.name);
                    self.tell(swapped, &places.0, &places.1, message);
                }
                Some(_) => {}
            }
        }
        for value in old.values.iter().filter(|value| new.values.iter().all(|each| each.code != value.code)) {
            let refused = if new.open { "" } else { ": new readers refuse it" };
            let message = format!("value `{}` was removed from enum `{name}`{refused}", value.name);
            self.tell(!new.open, &Item::Value(&old.name, &value.name), &places.1, message);
        }
    }
}

/// The fields that take room in the fixed part.
fn fixed(record: &Record) -> impl Iterator<Item = &Field> {
    record.fields.iter().filter(|field| field.kind.size() > 0)
}

fn default(field: &Field) -> Option<&Literal> {
    field.added.as_ref()?.default.as_ref()
}
