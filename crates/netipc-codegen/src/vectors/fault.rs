//! One broken rule each: what is done to sound bytes, and what must be reported.

use std::collections::BTreeSet;

use super::decode::{enumeration, kind_number, load, record_name};
use super::encode::counter;
use super::offence::Problem;
use super::records::{Scope, unnamed};
use crate::model::{Field, Kind, Number, Place, Record, StringRule, TABLE_ALIGN};

/// Where in the order of NIPC-COD-24 a rule is checked: the step, the place within it, and the order there.
pub(super) type Rank = (u32, u64, u32);

/// The steps of a record.
pub(super) mod step {
    pub(crate) const SIZE: u32 = 0;
    pub(crate) const FIELD: u32 = 1;
    pub(crate) const LIST: u32 = 2;
    pub(crate) const OVERLAP: u32 = 3;
    pub(crate) const TABLE: u32 = 4;
    pub(crate) const END: u32 = 5;
}

/// A rule that is broken by changing a few bytes of a record that is sound.
pub(super) struct Fault {
    pub(super) id: String,
    pub(super) what: String,
    pub(super) rank: Rank,
    /// Bytes to overwrite, with their place in the record; those beyond its end are appended.
    pub(super) patches: Vec<(u64, Vec<u8>)>,
    /// How long the record is to be, when it is to be cut.
    pub(super) cut: Option<u64>,
    pub(super) record: String,
    pub(super) field: String,
    pub(super) offset: u64,
    pub(super) item: Option<u64>,
    pub(super) problem: Problem,
    pub(super) requirements: BTreeSet<String>,
}

impl Fault {
    pub(super) fn apply(&self, bytes: &mut Vec<u8>) {
        for (at, patch) in &self.patches {
            let (start, end) = (*at as usize, *at as usize + patch.len());
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[start..end].copy_from_slice(patch);
        }
        if let Some(cut) = self.cut {
            bytes.truncate(cut as usize);
        }
    }

    /// Whether both can be in one record and still be what they are.
    pub(super) fn can_meet(&self, other: &Self) -> bool {
        let ranges = |fault: &Self| {
            let patches = fault.patches.iter().map(|(at, patch)| *at..*at + patch.len() as u64);
            patches.collect::<Vec<_>>()
        };
        let (ours, theirs) = (ranges(self), ranges(other));
        let apart = ours.iter().all(|a| theirs.iter().all(|b| a.end <= b.start || b.end <= a.start));
        // More bytes could make room for what has none.
        let in_bounds = !matches!(self.problem, Problem::Truncated | Problem::OutOfBounds);
        let sized = in_bounds || other.problem != Problem::TrailingBytes;
        // A reference that leads elsewhere makes good what was wrong where it led.
        let led_away = other.problem == Problem::Overlap && other.field == self.field;
        apart && sized && !led_away && self.cut.is_none() && other.cut.is_none() && self.rank < other.rank
    }
}

/// The faults of a record, its list apart. `image` is a sound one.
pub(super) fn of(scope: &Scope<'_>, image: &[u8]) -> Vec<Fault> {
    let mut maker = Maker { scope, image, faults: Vec::new() };
    maker.size();
    for field in &scope.record.fields {
        match &field.kind {
            Kind::Constant { number, value, .. } => maker.constant(field, *number, *value),
            Kind::Enum { .. } => maker.unlisted(field),
            Kind::String(rule) => maker.string(field, rule),
            Kind::Number { .. } | Kind::Size { .. } | Kind::Count { .. } => {}
            Kind::List { .. } => {}
            Kind::Table { .. } => maker.table(field),
        }
    }
    maker.overlaps();
    maker.end();
    maker.faults
}

struct Maker<'a, 'm> {
    scope: &'a Scope<'m>,
    image: &'a [u8],
    faults: Vec<Fault>,
}

impl Maker<'_, '_> {
    fn push(&mut self, topic: String, what: String, rank: Rank, patches: Vec<(u64, Vec<u8>)>, about: About<'_>) {
        let scope = self.scope;
        let field = about.field.map_or_else(|| record_name(scope.service, about.record), |field| field.name.clone());
        let name = match about.field {
            None => "record".to_owned(),
            Some(field) if about.record.name == scope.record.name => field.name.clone(),
            Some(field) => format!("{}.{}", about.record.name, field.name),
        };
        let problem = about.problem.name();
        self.faults.push(Fault {
            id: format!("{name}/{problem}/{topic}"),
            what,
            rank,
            patches,
            cut: None,
            record: record_name(scope.service, about.record),
            field,
            offset: about.offset,
            item: None,
            problem: about.problem,
            requirements: scope.cites(about.field, &[]),
        });
    }

    /// At a field of the record itself.
    fn at(
        &mut self,
        field: &Field,
        topic: &str,
        what: String,
        order: u32,
        problem: Problem,
        patches: Vec<(u64, Vec<u8>)>,
    ) {
        let at = field.at.into();
        let about = About { record: self.scope.record, field: Some(field), offset: at, problem };
        self.push(topic.to_owned(), what, (step::FIELD, at, order), patches, about);
    }

    fn size(&mut self) {
        let record = self.scope.record;
        let base = u64::from(if record.size_field().is_some() { record.base_size() } else { record.size });
        let lengths: BTreeSet<_> = [0, 1, base / 2, base.saturating_sub(1)].into_iter().filter(|n| *n < base).collect();
        for length in lengths {
            let about = About { record, field: None, offset: 0, problem: Problem::Truncated };
            let what = format!("The record has {length} bytes, its fixed part takes {base}.");
            self.push(format!("{length}-bytes"), what, (step::SIZE, 0, 0), Vec::new(), about);
            if let Some(fault) = self.faults.last_mut() {
                fault.cut = Some(length);
            }
        }
        if let Some(field) = record.size_field() {
            self.growth(field);
        }
    }

    fn growth(&mut self, field: &Field) {
        let record = self.scope.record;
        let known: Vec<u64> = record.versions().iter().map(|(_, size)| (*size).into()).collect();
        let number = kind_number(&field.kind);
        let unknown: BTreeSet<_> = known.iter().flat_map(|size| [size - 1, size + 1]).chain([0]).collect();
        let newest = u64::from(record.size);
        let about = |problem| About { record, field: Some(field), offset: field.at.into(), problem };
        for size in unknown.into_iter().filter(|size| *size < newest && !known.contains(size)) {
            let what = format!("The fixed part is said to have {size} bytes, as in no version.");
            let patches = vec![(field.at.into(), bytes_of(size, number))];
            self.push(size.to_string(), what, (step::SIZE, 0, 1), patches, about(Problem::FixedSize));
        }
        let beyond = self.image.len() as u64 + 1;
        for size in [beyond, number.max()].into_iter().filter(|size| *size > newest) {
            let what = format!("The fixed part is said to have {size} bytes, more than the record.");
            let patches = vec![(field.at.into(), bytes_of(size, number))];
            self.push(size.to_string(), what, (step::SIZE, 0, 2), patches, about(Problem::Truncated));
        }
    }

    fn constant(&mut self, field: &Field, number: Number, value: u64) {
        let most = number.max();
        let high = 1 << (8 * number.size() - 1);
        let others = [value.wrapping_add(1) & most, value.wrapping_sub(1) & most, value ^ high, most];
        for other in others.into_iter().filter(|other| *other != value).collect::<BTreeSet<_>>() {
            let what = format!("`{}` must be {value} and is {other}.", field.name);
            let patches = vec![(field.at.into(), bytes_of(other, number))];
            self.at(field, &other.to_string(), what, 0, Problem::Constant, patches);
        }
    }

    fn unlisted(&mut self, field: &Field) {
        if enumeration(self.scope.service, field).is_none_or(|of| of.open) {
            return;
        }
        for code in unnamed(self.scope.service, field) {
            let what = format!("`{}` is {code}, which has no name.", field.name);
            let patches = vec![(field.at.into(), bytes_of(code, kind_number(&field.kind)))];
            self.at(field, &code.to_string(), what, 0, Problem::Unlisted, patches);
        }
    }

    fn string(&mut self, field: &Field, rule: &StringRule) {
        let at = u64::from(field.at);
        let name = &field.name;
        if rule.place == Place::Rest {
            let last = self.image.len() as u64 - 1;
            for (topic, byte) in [("1", 1), ("letter", b'x'), ("255", 255)] {
                let what = format!("`{name}` ends in the byte {byte}, not in a NUL.");
                self.at(field, topic, what, 2, Problem::Unterminated, vec![(last, vec![byte])]);
            }
            let what = format!("There is no byte for the NUL of `{name}`.");
            self.at(field, "no-nul", what, 0, Problem::Truncated, Vec::new());
            if let Some(fault) = self.faults.last_mut() {
                fault.cut = Some(self.scope.record.size.into());
            }
            return;
        }
        let (start, length) = (load(self.image, at, Number::U32), load(self.image, at + 4, Number::U32));
        let fixed = u64::from(self.scope.record.size);
        self.places(field, rule, start, fixed);
        let len = self.image.len() as u64;
        for length in [len - start, len - start + 1, (1 << 31) - start, (1 << 32) - 1 - start, (1 << 32) - 1] {
            let what = format!("`{name}` has {length} bytes and with its NUL ends behind the record.");
            let patches = vec![(at + 4, bytes_of(length, Number::U32))];
            self.at(field, &format!("length-{length}"), what, 1, Problem::OutOfBounds, patches);
        }
        if rule.place == Place::Behind {
            for start in BTreeSet::from([len - length, len, (1 << 32) - length - 1, (1 << 32) - 1]) {
                let what = format!("`{name}` starts at {start} and ends behind the record.");
                let patches = vec![(at, bytes_of(start, Number::U32))];
                self.at(field, &format!("offset-{start}"), what, 1, Problem::OutOfBounds, patches);
            }
        }
        for byte in [1, b'x', 255] {
            let what = format!("The byte behind `{name}` is {byte}, not a NUL.");
            let patches = vec![(start + length, vec![byte])];
            self.at(field, &format!("byte-{byte}"), what, 2, Problem::Unterminated, patches);
        }
        if length > 0 {
            let what = format!("`{name}` is said to be one byte shorter than it is.");
            let patches = vec![(at + 4, bytes_of(length - 1, Number::U32))];
            self.at(field, "shorter", what, 2, Problem::Unterminated, patches);
        }
    }

    fn places(&mut self, field: &Field, rule: &StringRule, start: u64, fixed: u64) {
        let name = &field.name;
        let (wrong, problem) = match rule.place {
            Place::At(place) => {
                let place = u64::from(place);
                (vec![0, place - 1, place + 1, (1 << 32) - 1], Problem::Misplaced)
            }
            _ => (vec![0, fixed / 2, fixed - 1], Problem::StartsEarly),
        };
        for place in wrong {
            let what = format!("`{name}` starts at {place} instead of {start}.");
            let patches = vec![(field.at.into(), bytes_of(place, Number::U32))];
            self.at(field, &place.to_string(), what, 0, problem, patches);
        }
    }

    /// Each string takes bytes of one before it.
    fn overlaps(&mut self) {
        let placed = |(_, rule): &(&Field, &StringRule)| rule.place == Place::Behind;
        let strings: Vec<_> = self.scope.record.strings().filter(placed).collect();
        let extent = |field: &Field| {
            let at = u64::from(field.at);
            (load(self.image, at, Number::U32), load(self.image, at + 4, Number::U32))
        };
        let mut found = Vec::new();
        for (position, (field, rule)) in strings.iter().enumerate() {
            for (other, _) in &strings[..position] {
                let (start, length) = extent(other);
                let fits = |length: u64| {
                    length >= rule.min_length.into() && rule.max_length.is_none_or(|most| length <= most.into())
                };
                if fits(length) {
                    found.push((*field, *other, "same", start, length));
                }
                if length > 0 && fits(length - 1) {
                    found.push((*field, *other, "tail", start + 1, length - 1));
                }
                if fits(0) {
                    found.push((*field, *other, "nul", start + length, 0));
                }
            }
        }
        for (field, other, topic, start, length) in found {
            let mut patch = bytes_of(start, Number::U32);
            patch.extend(bytes_of(length, Number::U32));
            let about = About {
                record: self.scope.record,
                field: Some(field),
                offset: field.at.into(),
                problem: Problem::Overlap,
            };
            let rank = (step::OVERLAP, field.at.into(), 0);
            let what = format!("`{}` takes bytes of `{}`: {topic}.", field.name, other.name);
            self.push(format!("{}-{topic}", other.name), what, rank, vec![(field.at.into(), patch)], about);
        }
    }

    fn table(&mut self, field: &Field) {
        let record = self.scope.record;
        let (Some(row), Some(count)) = (self.scope.service.item_of(record, &field.name), counter(record, field)) else {
            return;
        };
        let behind = behind_strings(record, self.image);
        let table = behind.next_multiple_of(TABLE_ALIGN.into());
        let rows = load(self.image, count.at.into(), kind_number(&count.kind));
        let about = |problem| About { record, field: Some(field), offset: table, problem };

        let number = kind_number(&count.kind);
        let row_size = 8 * row.strings().count() as u64;
        let room = (self.image.len() as u64 - table) / row_size;
        for more in [room + 1, number.max() / 2, number.max()] {
            let what = format!("There is no room for the {more} rows that `{}` tells of.", count.name);
            let patches = vec![(count.at.into(), bytes_of(more, number))];
            self.push(more.to_string(), what, (step::TABLE, 0, 0), patches, about(Problem::Truncated));
        }
        for at in behind..table {
            let what = format!("A byte before `{}`, at {at} of the record, is not zero.", field.name);
            let rank = (step::TABLE, 1, 0);
            self.push(format!("byte-{at}"), what, rank, vec![(at, vec![1])], about(Problem::Padding));
        }
        for index in 0..rows {
            for (position, (string, _)) in row.strings().enumerate() {
                self.cell(row, string, index, table + index * row_size + 8 * position as u64);
            }
        }
    }

    /// The string of a row, whose reference stands at `at`.
    fn cell(&mut self, row: &Record, string: &Field, index: u64, at: u64) {
        let (start, length) = (load(self.image, at, Number::U32), load(self.image, at + 4, Number::U32));
        let what = |what: &str| format!("`{}` of row {index} {what}.", string.name);
        let len = self.image.len() as u64;
        let mut add = |topic: String, what: String, order: u32, problem: Problem, patch: (u64, Vec<u8>)| {
            let about = About { record: row, field: Some(string), offset: at, problem };
            let topic = format!("row-{index}-{topic}");
            self.push(topic, what, (step::TABLE, at, order), vec![patch], about);
        };
        for place in [start - 1, start + 1, 0, (1 << 32) - 1] {
            let patch = (at, bytes_of(place, Number::U32));
            add(
                format!("{place}"),
                what(&format!("starts at {place} instead of {start}")),
                0,
                Problem::Misplaced,
                patch,
            );
        }
        for length in [len - start, (1 << 32) - 1] {
            let patch = (at + 4, bytes_of(length, Number::U32));
            add(format!("{length}"), what(&format!("has {length} bytes")), 1, Problem::OutOfBounds, patch);
        }
        let patch = (start + length, vec![b'x']);
        add("byte".to_owned(), what("is not followed by a NUL"), 2, Problem::Unterminated, patch);
    }

    fn end(&mut self) {
        let record = self.scope.record;
        if record.trailing || record.rest().is_some() {
            return;
        }
        let len = self.image.len() as u64;
        for more in [1_usize, 7, 8] {
            let about = About { record, field: None, offset: len, problem: Problem::TrailingBytes };
            let what = format!("{more} bytes follow where the record must end.");
            self.push(format!("{more}-bytes"), what, (step::END, 0, 0), vec![(len, vec![0; more])], about);
        }
    }
}

/// What a fault is about.
#[derive(Clone, Copy)]
struct About<'m> {
    record: &'m Record,
    field: Option<&'m Field>,
    offset: u64,
    problem: Problem,
}

pub(super) fn bytes_of(value: u64, number: Number) -> Vec<u8> {
    value.to_le_bytes()[..number.size() as usize].to_vec()
}

/// Where the last string of a record ends, its NUL included.
pub(super) fn behind_strings(record: &Record, image: &[u8]) -> u64 {
    let ends = record.strings().filter(|(_, rule)| rule.place != Place::Rest).map(|(string, _)| {
        let at = u64::from(string.at);
        load(image, at, Number::U32) + load(image, at + 4, Number::U32) + 1
    });
    ends.max().unwrap_or(record.size.into())
}
