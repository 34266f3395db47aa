//! A decoder for every service, which interprets the model: slow, plain, and written from the specification alone.
//!
//! It follows the order of NIPC-COD-24 step by step, and knows nothing of how the generated decoders go about it.

use super::offence::{Offence, Problem};
use super::value::Value;
use crate::model::{
    Demand, Enumeration, Field, Kind, Literal, Must, Number, Place, Record, Rule, Service, StringRule, TABLE_ALIGN,
};

/// Bytes of a directory entry, and what items start at multiples of.
const ENTRY: u64 = 8;

/// What `bytes` say as the record called `record` of `service`.
///
/// # Errors
///
/// The first rule that they break, in the order of NIPC-COD-24.
pub fn decode(service: &Service, record: &Record, bytes: &[u8]) -> Result<Value, Offence> {
    let reader = Reader::new(service, record, bytes)?;
    let mut values = Vec::new();
    let mut strings = Vec::new();
    for field in record.fields.iter().filter(|field| !is_list(field)) {
        reader.field(field, &mut strings)?;
    }
    for field in record.fields.iter().filter(|field| is_list(field)) {
        values.push((field.name.clone(), reader.list(field)?.0));
    }
    reader.disjoint(&strings)?;
    if let Some(table) = record.table() {
        values.push((table.name.clone(), reader.table(table, &strings)?.0));
    }
    reader.end(&strings)?;
    for field in record.values() {
        let value = match values.iter().position(|(name, _)| *name == field.name) {
            Some(at) => values.remove(at).1,
            None => reader.value(field, &strings),
        };
        values.push((field.name.clone(), value));
    }
    let value = Value::Object(in_order(record, values));
    match broken(service, record, &value) {
        None => Ok(value),
        Some(Broken { field, problem, .. }) => Err(reader.offence(&field.name, reader.place(field), problem)),
    }
}

fn is_list(field: &Field) -> bool {
    matches!(field.kind, Kind::List { .. })
}

fn in_order(record: &Record, mut values: Vec<(String, Value)>) -> Vec<(String, Value)> {
    values.sort_by_key(|(name, _)| record.fields.iter().position(|field| field.name == *name));
    values
}

/// What errors call a record.
pub(super) fn record_name(service: &Service, record: &Record) -> String {
    format!("{} {}", service.name, record.name)
}

/// The number at byte `at`; 0 where there is none.
pub(super) fn load(bytes: &[u8], at: u64, number: Number) -> u64 {
    let at = at as usize;
    let bytes = bytes.get(at..at + number.size() as usize).unwrap_or_default();
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// The first demand of a rule with a condition that `value` does not meet.
pub(super) fn broken<'m>(service: &Service, record: &'m Record, value: &Value) -> Option<Broken<'m>> {
    let holds = |rule: &&Rule| {
        rule.when.iter().all(|test| {
            let named = code(service, record, &test.field, &test.value);
            (Some(value.number(&test.field)) == named) == test.equal
        })
    };
    let demands = record.rules.iter().filter(holds).flat_map(|rule| &rule.then);
    let mut broken = demands.filter_map(|demand| {
        let problem = unmet(service, record, demand, value)?;
        Some(Broken { field: record.field(&demand.field)?, must: &demand.must, problem })
    });
    broken.next()
}

/// A demand that is not met.
pub(super) struct Broken<'m> {
    pub(super) field: &'m Field,
    pub(super) must: &'m Must,
    pub(super) problem: Problem,
}

fn unmet(service: &Service, record: &Record, demand: &Demand, value: &Value) -> Option<Problem> {
    let (is_met, problem) = match &demand.must {
        Must::Number(number) => (value.number(&demand.field) == *number, Problem::ConstantWhen),
        Must::Value(name) => {
            let named = code(service, record, &demand.field, name);
            (Some(value.number(&demand.field)) == named, Problem::ConstantWhen)
        }
        Must::Empty => {
            let is_empty = value.bytes(&demand.field).is_empty() && value.array(&demand.field).is_empty();
            (is_empty, Problem::NotEmptyWhen)
        }
        Must::Present => (!value.bytes(&demand.field).is_empty(), Problem::EmptyWhen),
    };
    (!is_met).then_some(problem)
}

/// The enumeration of a field.
pub(super) fn enumeration<'m>(service: &'m Service, field: &Field) -> Option<&'m Enumeration> {
    match &field.kind {
        Kind::Enum { name, .. } => service.enumeration(name),
        _ => None,
    }
}

/// The number of a named value of the enumeration that a field holds.
pub(super) fn code(service: &Service, record: &Record, field: &str, value: &str) -> Option<u64> {
    let values = &enumeration(service, record.field(field)?)?.values;
    values.iter().find(|known| known.name == value).map(|known| known.code)
}

/// What a rule of strings says of the bytes of one, wherever they stand.
pub(super) fn content(rule: &StringRule, text: &[u8]) -> Option<Problem> {
    if (text.len() as u64) < u64::from(rule.min_length) {
        return Some(Problem::TooShort);
    }
    if rule.max_length.is_some_and(|most| text.len() as u64 > u64::from(most)) {
        return Some(Problem::TooLong);
    }
    (!rule.nul_inside && text.contains(&0)).then_some(Problem::InteriorNul)
}

/// The bytes of one string: its name, where its reference stands, where it starts, and where its NUL ends.
struct Extent<'m> {
    name: &'m str,
    at: u64,
    start: u64,
    end: u64,
}

struct Reader<'a> {
    service: &'a Service,
    record: &'a Record,
    bytes: &'a [u8],
    /// Bytes of the fixed part as its writer made it.
    size: u64,
    /// Whether the writer knows fields that the schema lacks.
    newer: bool,
}

impl<'a> Reader<'a> {
    fn new(service: &'a Service, record: &'a Record, bytes: &'a [u8]) -> Result<Self, Offence> {
        let mut reader = Self { service, record, bytes, size: u64::from(record.size), newer: false };
        let base = if record.size_field().is_some() { record.base_size() } else { record.size };
        if reader.len() < u64::from(base) {
            return Err(reader.whole(0, Problem::Truncated));
        }
        if let Some(field) = record.size_field() {
            let size = load(bytes, field.at.into(), kind_number(&field.kind));
            reader.newer = size > u64::from(record.size);
            let known = record.versions().iter().any(|(_, known)| u64::from(*known) == size);
            if !known && !reader.newer {
                return Err(reader.offence(&field.name, field.at.into(), Problem::FixedSize));
            }
            if size > reader.len() {
                return Err(reader.offence(&field.name, field.at.into(), Problem::Truncated));
            }
            reader.size = size;
        }
        Ok(reader)
    }

    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn offence(&self, field: &str, offset: u64, problem: Problem) -> Offence {
        let record = record_name(self.service, self.record);
        Offence::Decode { record, field: field.to_owned(), offset, item: None, problem }
    }

    fn whole(&self, offset: u64, problem: Problem) -> Offence {
        self.offence(&record_name(self.service, self.record), offset, problem)
    }

    /// Whether the writer knew the field.
    fn has(&self, field: &Field) -> bool {
        u64::from(field.at + field.kind.size()) <= self.size
    }

    /// Where what a field says stands: for what is counted, its count.
    fn place(&self, field: &Field) -> u64 {
        let counter = match &field.kind {
            Kind::List { count, .. } | Kind::Table { count, .. } => self.record.field(count),
            _ => None,
        };
        counter.unwrap_or(field).at.into()
    }

    fn field(&self, field: &'a Field, strings: &mut Vec<Extent<'a>>) -> Result<(), Offence> {
        if !self.has(field) {
            return Ok(());
        }
        let at = u64::from(field.at);
        let number = || load(self.bytes, at, kind_number(&field.kind));
        let problem = match &field.kind {
            Kind::Constant { value, .. } => (number() != *value).then_some(Problem::Constant),
            Kind::Enum { .. } => {
                let closed = enumeration(self.service, field).filter(|enumeration| !enumeration.open);
                let listed = |of: &Enumeration| of.values.iter().any(|value| value.code == number());
                closed.is_some_and(|of| !listed(of)).then_some(Problem::Unlisted)
            }
            Kind::String(rule) => match self.string(field, rule) {
                Ok(extent) => {
                    strings.push(extent);
                    None
                }
                Err(problem) => Some(problem),
            },
            _ => None,
        };
        problem.map_or(Ok(()), |problem| Err(self.offence(&field.name, at, problem)))
    }

    fn string(&self, field: &'a Field, rule: &StringRule) -> Result<Extent<'a>, Problem> {
        let at = u64::from(field.at);
        let (start, length) = match rule.place {
            Place::Rest => match self.bytes[self.size as usize..] {
                [] => return Err(Problem::Truncated),
                _ => (self.size, self.len() - self.size - 1),
            },
            _ => (load(self.bytes, at, Number::U32), load(self.bytes, at + 4, Number::U32)),
        };
        match rule.place {
            Place::At(place) if start != u64::from(place) => return Err(Problem::Misplaced),
            Place::Behind if start < self.size => return Err(Problem::StartsEarly),
            _ => {}
        }
        let end = self.text(start, length, rule)?;
        Ok(Extent { name: &field.name, at, start, end })
    }

    /// Checks the string of `length` bytes at `start`, its place apart, and says where its NUL ends.
    fn text(&self, start: u64, length: u64, rule: &StringRule) -> Result<u64, Problem> {
        let end = start + length;
        if end + 1 > self.len() {
            return Err(Problem::OutOfBounds);
        }
        if self.bytes[end as usize] != 0 {
            return Err(Problem::Unterminated);
        }
        match content(rule, &self.bytes[start as usize..end as usize]) {
            None => Ok(end + 1),
            Some(problem) => Err(problem),
        }
    }

    fn disjoint(&self, strings: &[Extent<'_>]) -> Result<(), Offence> {
        for (position, string) in strings.iter().enumerate() {
            if strings[..position].iter().any(|other| string.start < other.end && other.start < string.end) {
                return Err(self.offence(string.name, string.at, Problem::Overlap));
            }
        }
        Ok(())
    }

    /// The rows, and where the last one's strings end.
    fn table(&self, field: &Field, strings: &[Extent<'_>]) -> Result<(Value, u64), Offence> {
        let behind = strings.iter().map(|string| string.end).max().unwrap_or(self.size);
        let (Some(row), count) = (self.service.item_of(self.record, &field.name), self.count(field)) else {
            return Ok((Value::Array(Vec::new()), behind));
        };
        if count == 0 {
            return Ok((Value::Array(Vec::new()), behind));
        }
        let table = behind.next_multiple_of(TABLE_ALIGN.into());
        let references = count * row.strings().count() as u64;
        let mut end = table + references * ENTRY;
        if end > self.len() {
            return Err(self.offence(&field.name, table, Problem::Truncated));
        }
        if self.bytes[behind as usize..table as usize].iter().any(|byte| *byte != 0) {
            return Err(self.offence(&field.name, table, Problem::Padding));
        }
        let mut rows = Vec::new();
        let mut at = table;
        for _ in 0..count {
            let mut members = Vec::new();
            for (string, rule) in row.strings() {
                let (start, length) = (load(self.bytes, at, Number::U32), load(self.bytes, at + 4, Number::U32));
                let result = if start == end { self.text(start, length, rule) } else { Err(Problem::Misplaced) };
                end = result.map_err(|problem| Offence::Decode {
                    record: record_name(self.service, row),
                    field: string.name.clone(),
                    offset: at,
                    item: None,
                    problem,
                })?;
                members.push((string.name.clone(), self.bytes[start as usize..end as usize - 1].into()));
                at += ENTRY;
            }
            rows.push(Value::Object(members));
        }
        Ok((Value::Array(rows), end))
    }

    /// The items, and where the last one ends.
    fn list(&self, field: &Field) -> Result<(Value, u64), Offence> {
        let Kind::List { gaps, .. } = field.kind else { return Ok((Value::Null, self.size)) };
        let (Some(item), count) = (self.service.item_of(self.record, &field.name), self.count(field)) else {
            return Ok((Value::Null, self.size));
        };
        let area = self.size + count * ENTRY;
        if area > self.len() {
            return Err(self.offence(&field.name, self.size, Problem::Truncated));
        }
        let mut items = Vec::new();
        let mut previous = 0;
        for index in 0..count {
            let at = self.size + index * ENTRY;
            let (start, length) = (load(self.bytes, at, Number::U32), load(self.bytes, at + 4, Number::U32));
            let in_item = |offence| match offence {
                Offence::Decode { record, field, offset, problem, .. } => {
                    Offence::Decode { record, field, offset: offset + area + start, item: Some(index), problem }
                }
                other => other,
            };
            let problem = if start % ENTRY != 0 {
                Some(Problem::Unaligned)
            } else if start < previous {
                Some(Problem::StartsEarly)
            } else if !gaps && start != previous.next_multiple_of(ENTRY) {
                Some(Problem::Misplaced)
            } else {
                (area + start + length > self.len()).then_some(Problem::OutOfBounds)
            };
            if let Some(problem) = problem {
                let record = record_name(self.service, self.record);
                let field = field.name.clone();
                return Err(Offence::Decode { record, field, offset: at, item: Some(index), problem });
            }
            previous = start + length;
            let bytes = &self.bytes[(area + start) as usize..(area + previous) as usize];
            items.push(decode(self.service, item, bytes).map_err(in_item)?);
        }
        Ok((Value::Array(items), area + previous))
    }

    fn count(&self, field: &Field) -> u64 {
        match &field.kind {
            Kind::List { count, .. } | Kind::Table { count, .. } => {
                self.record.field(count).map_or(0, |count| load(self.bytes, count.at.into(), kind_number(&count.kind)))
            }
            _ => 0,
        }
    }

    /// Whether the record may end where it does.
    fn end(&self, strings: &[Extent<'_>]) -> Result<(), Offence> {
        if self.record.trailing || self.newer || self.record.rest().is_some() {
            return Ok(());
        }
        let end = match (self.record.list(), self.record.table()) {
            (Some(list), _) => self.list(list)?.1,
            (None, Some(table)) => self.table(table, strings)?.1,
            (None, None) => strings.iter().map(|string| string.end).max().unwrap_or(self.size),
        };
        if end == self.len() { Ok(()) } else { Err(self.whole(end, Problem::TrailingBytes)) }
    }

    /// What a field holds that is neither a list nor a table; its default when it is not there.
    fn value(&self, field: &Field, strings: &[Extent<'_>]) -> Value {
        if !self.has(field) {
            return self.default(field);
        }
        match &field.kind {
            Kind::String(_) => match strings.iter().find(|string| string.name == field.name) {
                Some(string) => self.bytes[string.start as usize..string.end as usize - 1].into(),
                None => Value::Bytes(Vec::new()),
            },
            kind => load(self.bytes, field.at.into(), kind_number(kind)).into(),
        }
    }

    fn default(&self, field: &Field) -> Value {
        match field.added.as_ref().and_then(|added| added.default.as_ref()) {
            Some(Literal::Number(number)) => (*number).into(),
            Some(Literal::Value(name)) => {
                Value::Number(code(self.service, self.record, &field.name, name).unwrap_or_default())
            }
            Some(Literal::Text(text)) => text.as_bytes().into(),
            None => Value::Null,
        }
    }
}

/// The type of the number that a field holds.
pub(super) fn kind_number(kind: &Kind) -> Number {
    match kind {
        Kind::Number { number, .. }
        | Kind::Enum { number, .. }
        | Kind::Constant { number, .. }
        | Kind::Size { number }
        | Kind::Count { number, .. } => *number,
        Kind::String(_) | Kind::List { .. } | Kind::Table { .. } => Number::U32,
    }
}
