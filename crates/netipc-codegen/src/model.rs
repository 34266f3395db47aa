//! The checked model: what a schema means, free of notation and of any target language.
//!
//! Offsets are resolved, references hold, and every rule is data. A printer may know nothing but this.

mod lookup;

use serde::{Deserialize, Serialize};

pub use lookup::{Lookup, LookupParts};

/// Bytes that a string takes in the fixed part: a u32 offset and a u32 length.
pub const STRING_REF_SIZE: u32 = 8;

/// Tables start at multiples of this.
pub const TABLE_ALIGN: u32 = 8;

/// One service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Default endpoint name, lower-case words joined by hyphens.
    pub name: String,
    /// The schema file, as a reader of the generated code should look it up.
    pub source: String,
    /// What it is for: paragraphs separated by empty lines, the first one a summary.
    pub doc: String,
    /// Method code in the envelope.
    pub method: u16,
    /// Minor version: the greatest from which on a field can be there.
    pub version: u32,
    /// Whether several requests may travel in one batch.
    pub batchable: bool,
    /// Whether a request may be sent again when its answer was lost.
    pub idempotent: bool,
    /// Name of the request record.
    pub request: String,
    /// Name of the reply record.
    pub reply: String,
    /// How a cache finds items, when the reply is a snapshot.
    pub snapshot: Option<SnapshotKey>,
    /// How keys, answers and budgets belong together, when the service is a lookup.
    pub lookup: Option<Lookup>,
    /// All enumerations, in the order of the schema.
    pub enums: Vec<Enumeration>,
    /// All records, in the order of the schema.
    pub records: Vec<Record>,
}

/// What identifies an item of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotKey {
    /// The list field of the reply.
    pub list: String,
    /// The number field of the item that holds the hash.
    pub hash: String,
    /// The string field of the item that holds the name.
    pub name: String,
    /// The number field of the reply that tells versions of the data apart, if there is one.
    pub generation: Option<String>,
}

/// A set of named numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enumeration {
    /// Lower-case words joined by underscores.
    pub name: String,
    /// What it tells.
    pub doc: String,
    /// Its type on the wire.
    pub number: Number,
    /// Whether numbers without a name pass through unchanged; else a decoder rejects them.
    pub open: bool,
    /// The named values, by ascending code.
    pub values: Vec<Value>,
}

/// One value of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// Lower-case words joined by underscores.
    pub name: String,
    /// Its number on the wire.
    pub code: u64,
    /// What it means.
    pub doc: String,
}

/// A structure on the wire: a fixed part, then what its strings or its list need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Lower-case words joined by underscores.
    pub name: String,
    /// What it is.
    pub doc: String,
    /// Ids of the specification's requirements that it meets.
    pub requirements: Vec<String>,
    /// Bytes of the fixed part.
    pub size: u32,
    /// Whether bytes behind the described content are accepted.
    pub trailing: bool,
    /// The fields, by ascending offset.
    pub fields: Vec<Field>,
    /// What some fields demand of others.
    pub rules: Vec<Rule>,
}

/// A rule that holds for some records only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// When it holds: when all of these do.
    pub when: Vec<Test>,
    /// What it demands then.
    pub then: Vec<Demand>,
    /// Ids of the specification's requirements that it meets.
    pub requirements: Vec<String>,
}

/// Whether an enumeration field has a value, or has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Test {
    /// The field.
    pub field: String,
    /// Name of the value.
    pub value: String,
    /// Whether the field must have it; else it must not.
    pub equal: bool,
}

/// What a field must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand {
    /// The field.
    pub field: String,
    /// What it must hold.
    pub must: Must,
}

/// What a field must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Must {
    /// A number: this one.
    Number(u64),
    /// An enumeration: the value of this name.
    Value(String),
    /// A string or table: nothing.
    Empty,
    /// A string: one byte or more.
    Present,
}

/// One field of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Lower-case words joined by underscores.
    pub name: String,
    /// What it means.
    pub doc: String,
    /// What a number counts, if it counts something.
    pub unit: Option<String>,
    /// Ids of the specification's requirements that it meets.
    pub requirements: Vec<String>,
    /// Where it starts, counted from the start of the record.
    pub at: u32,
    /// What it holds, and the rules for it.
    pub kind: Kind,
    /// Since when it is there, when that is later than version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<Added>,
}

/// How a field came later than its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// The minor version of the service that has it first.
    pub since: u32,
    /// What a reader takes it for when the writer did not know it; none for what has no value.
    pub default: Option<Literal>,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Literal {
    /// A number.
    Number(u64),
    /// The value of this name of an enumeration.
    Value(String),
    /// The bytes of a string.
    Text(String),
}

/// What a field holds, and the rules for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A number that passes through unchanged.
    Number {
        /// Its type.
        number: Number,
        /// A typical value, for documentation.
        example: u64,
    },
    /// A number with a meaning of its own.
    Enum {
        /// Its type.
        number: Number,
        /// The enumeration.
        name: String,
        /// Name of a typical value, for documentation.
        example: String,
    },
    /// A number that is always the same.
    Constant {
        /// Its type.
        number: Number,
        /// Its value.
        value: u64,
        /// Whether it only keeps room for later.
        reserved: bool,
    },
    /// Bytes of the fixed part, by which readers of other versions find what is behind it.
    Size {
        /// Its type.
        number: Number,
    },
    /// The number of items of a list, or of rows of a table.
    Count {
        /// Its type.
        number: Number,
        /// The list or table field.
        list: String,
    },
    /// Bytes behind the fixed part, which a NUL follows.
    String(StringRule),
    /// A directory right behind the fixed part, then the items.
    List {
        /// The record of each item.
        record: String,
        /// The field that holds their number.
        count: String,
        /// Whether bytes that belong to no item are accepted between items.
        gaps: bool,
    },
    /// Rows of strings behind the strings of the record.
    ///
    /// When there are rows, the table starts at the next multiple of [`TABLE_ALIGN`], counted from the start of the record,
    /// with zero bytes before it: for each row the references of its strings, counted from the start of the record too.
    /// The strings of all rows follow right behind it in that order, without gaps, each with its NUL. Without rows there
    /// is nothing.
    Table {
        /// The record that each row is; strings are all it has.
        record: String,
        /// The field that holds their number.
        count: String,
    },
}

/// The rules of a string. Two strings of a record never share a byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StringRule {
    /// Where its bytes start.
    pub place: Place,
    /// Least length, without the NUL.
    pub min_length: u32,
    /// Greatest length, without the NUL; none when only the message limits it.
    pub max_length: Option<u32>,
    /// Whether NUL bytes inside it are accepted.
    pub nul_inside: bool,
    /// A typical value, for documentation.
    pub example: String,
}

/// Where the bytes of a string start, counted from the start of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Exactly here.
    At(u32),
    /// Anywhere behind the fixed part; written right behind the string before it.
    Behind,
    /// Right behind the fixed part, up to the end of the record: nothing refers to it, the record's length tells its own.
    Rest,
}

/// Type of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Number {
    /// 8 bits, unsigned.
    U8,
    /// 16 bits, unsigned.
    U16,
    /// 32 bits, unsigned.
    U32,
    /// 64 bits, unsigned.
    U64,
}

impl Number {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::U8, Self::U16, Self::U32, Self::U64];

    /// Its name in schemas and in the specification.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
        }
    }

    /// Bytes it takes; it starts at a multiple of that.
    #[must_use]
    pub fn size(self) -> u32 {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::U32 => 4,
            Self::U64 => 8,
        }
    }

    /// The greatest value.
    #[must_use]
    pub fn max(self) -> u64 {
        u64::MAX >> (64 - 8 * self.size())
    }
}

impl Service {
    /// The record called `name`.
    #[must_use]
    pub fn record(&self, name: &str) -> Option<&Record> {
        self.records.iter().find(|record| record.name == name)
    }

    /// Whether the record called `name` is the item of a list.
    #[must_use]
    pub fn is_item(&self, name: &str) -> bool {
        let mut fields = self.records.iter().flat_map(|record| &record.fields);
        fields.any(|field| matches!(&field.kind, Kind::List { record, .. } if record == name))
    }

    /// Whether the record called `name` is the row of a table.
    #[must_use]
    pub fn is_row(&self, name: &str) -> bool {
        let mut fields = self.records.iter().flat_map(|record| &record.fields);
        fields.any(|field| matches!(&field.kind, Kind::Table { record, .. } if record == name))
    }

    /// The enumeration called `name`.
    #[must_use]
    pub fn enumeration(&self, name: &str) -> Option<&Enumeration> {
        self.enums.iter().find(|enumeration| enumeration.name == name)
    }

    /// The record of the items of the list or table called `field` in `record`.
    #[must_use]
    pub fn item_of(&self, record: &Record, field: &str) -> Option<&Record> {
        match &record.field(field)?.kind {
            Kind::List { record, .. } | Kind::Table { record, .. } => self.record(record),
            _ => None,
        }
    }
}

impl Record {
    /// The fields that a user of the record sees; constants and counts are the codec's own business.
    pub fn values(&self) -> impl Iterator<Item = &Field> {
        self.fields
            .iter()
            .filter(|field| !matches!(field.kind, Kind::Constant { .. } | Kind::Size { .. } | Kind::Count { .. }))
    }

    /// The field that tells the size of the fixed part, when the record can grow.
    #[must_use]
    pub fn size_field(&self) -> Option<&Field> {
        self.fields.iter().find(|field| matches!(field.kind, Kind::Size { .. }))
    }

    /// The versions in which fields were added, from 1 on, with the size of the fixed part in each.
    #[must_use]
    pub fn versions(&self) -> Vec<(u32, u32)> {
        let mut versions = vec![(1, 0)];
        for field in self.fields.iter().filter(|field| field.kind.size() > 0) {
            if versions.last().is_none_or(|(since, _)| *since < field.since()) {
                versions.push((field.since(), 0));
            }
            if let Some((_, size)) = versions.last_mut() {
                *size = field.at + field.kind.size();
            }
        }
        versions
    }

    /// Bytes of the fixed part in version 1, which every reader can count on.
    #[must_use]
    pub fn base_size(&self) -> u32 {
        self.versions().first().map_or(self.size, |(_, size)| *size)
    }

    /// The strings, with their rules.
    pub fn strings(&self) -> impl Iterator<Item = (&Field, &StringRule)> {
        self.fields.iter().filter_map(|field| match &field.kind {
            Kind::String(rule) => Some((field, rule)),
            _ => None,
        })
    }

    /// The field called `name`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The string that takes the rest of the record, if there is one.
    #[must_use]
    pub fn rest(&self) -> Option<(&Field, &StringRule)> {
        self.strings().find(|(_, rule)| rule.place == Place::Rest)
    }

    /// The table, if there is one.
    #[must_use]
    pub fn table(&self) -> Option<&Field> {
        self.fields.iter().find(|field| matches!(field.kind, Kind::Table { .. }))
    }

    /// The list, if there is one.
    #[must_use]
    pub fn list(&self) -> Option<&Field> {
        self.fields.iter().find(|field| matches!(field.kind, Kind::List { .. }))
    }

    /// Whether the fixed part is all there is.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        !self.fields.iter().any(|field| matches!(field.kind, Kind::String(_) | Kind::List { .. } | Kind::Table { .. }))
    }
}

impl Field {
    /// The version that has it first.
    #[must_use]
    pub fn since(&self) -> u32 {
        self.added.as_ref().map_or(1, |added| added.since)
    }
}

impl Kind {
    /// Bytes it takes in the fixed part.
    #[must_use]
    pub fn size(&self) -> u32 {
        match self {
            Self::Number { number, .. }
            | Self::Enum { number, .. }
            | Self::Constant { number, .. }
            | Self::Size { number }
            | Self::Count { number, .. } => number.size(),
            Self::String(rule) if rule.place == Place::Rest => 0,
            Self::String(_) => STRING_REF_SIZE,
            Self::List { .. } | Self::Table { .. } => 0,
        }
    }

    /// What a field of this kind starts at a multiple of.
    #[must_use]
    pub fn align(&self) -> u32 {
        match self {
            Self::Number { number, .. }
            | Self::Enum { number, .. }
            | Self::Constant { number, .. }
            | Self::Size { number }
            | Self::Count { number, .. } => number.size(),
            Self::String(rule) if rule.place == Place::Rest => 1,
            Self::String(_) => 4,
            Self::List { .. } => 8,
            Self::Table { .. } => 1,
        }
    }
}
