//! Lists: directories, and what is in them.

use std::collections::BTreeSet;

use super::decode::{kind_number, load, record_name};
use super::encode::{counter, head_of, listed};
use super::fault::{Fault, bytes_of, step};
use super::offence::Problem;
use super::records::{Scope, example, image};
use super::value::Value;
use super::{Ask, Outcome, Page, Vector};
use crate::model::{Field, Kind, Number, Record};

const ENTRY: u64 = 8;

/// The faults of the directory of a record; none when it has no list. `image` is a sound one with two items.
pub(super) fn faults(scope: &Scope<'_>, image: &[u8]) -> Vec<Fault> {
    let record = scope.record;
    let Some(list) = record.list() else { return Vec::new() };
    let (Some(item), Some(count)) = (scope.service.item_of(record, &list.name), counter(record, list)) else {
        return Vec::new();
    };
    let mut maker = Maker { scope, image, list, faults: Vec::new() };
    maker.counts(count);
    for index in 0..2 {
        maker.entry(item, index);
    }
    maker.faults
}

struct Maker<'a, 'm> {
    scope: &'a Scope<'m>,
    image: &'a [u8],
    list: &'m Field,
    faults: Vec<Fault>,
}

impl Maker<'_, '_> {
    fn at(&self, index: u64) -> u64 {
        u64::from(self.scope.record.size) + ENTRY * index
    }

    fn push(
        &mut self,
        topic: String,
        what: String,
        order: u32,
        item: Option<u64>,
        problem: Problem,
        patches: Vec<(u64, Vec<u8>)>,
    ) {
        let offset = self.at(item.unwrap_or_default());
        let name = &self.list.name;
        self.faults.push(Fault {
            id: format!("{name}/{}/{topic}", problem.name()),
            what,
            rank: (step::LIST, item.map_or(0, |item| item + 1), order),
            patches,
            cut: None,
            record: record_name(self.scope.service, self.scope.record),
            field: name.clone(),
            offset,
            item,
            problem,
            requirements: self.scope.cites(Some(self.list), &["NIPC-COD-10", "NIPC-COD-11"]),
        });
    }

    fn counts(&mut self, count: &Field) {
        let number = kind_number(&count.kind);
        let room = (self.image.len() as u64 - self.at(0)) / ENTRY;
        for more in BTreeSet::from([room + 1, number.max() / 8, number.max() / 8 + 1, number.max()]) {
            let what = format!("There is no room for a directory of {more} entries.");
            let patches = vec![(count.at.into(), bytes_of(more, number))];
            self.push(more.to_string(), what, 0, None, Problem::Truncated, patches);
        }
    }

    fn entry(&mut self, item: &Record, index: u64) {
        let at = self.at(index);
        let (start, length) = (load(self.image, at, Number::U32), load(self.image, at + 4, Number::U32));
        let area = self.image.len() as u64 - self.at(2);
        for wrong in BTreeSet::from([start + 1, start + 4, start + 7, (1 << 32) - 1]) {
            let what = format!("Item {index} starts at {wrong}, which is no multiple of 8.");
            let patches = vec![(at, bytes_of(wrong, Number::U32))];
            self.push(format!("item-{index}-{wrong}"), what, 1, Some(index), Problem::Unaligned, patches);
        }
        if index > 0 {
            for wrong in BTreeSet::from([0, start - 8]) {
                let what = format!("Item {index} starts at {wrong}, within the one before it.");
                let patches = vec![(at, bytes_of(wrong, Number::U32))];
                self.push(format!("item-{index}-{wrong}"), what, 2, Some(index), Problem::StartsEarly, patches);
            }
        }
        let gaps = matches!(self.list.kind, Kind::List { gaps: true, .. });
        if !gaps {
            let what = format!("There is a gap before item {index}.");
            let patches = vec![(at, bytes_of(start + 8, Number::U32))];
            self.push(format!("item-{index}-{}", start + 8), what, 3, Some(index), Problem::Misplaced, patches);
        }
        for long in BTreeSet::from([area - start + 1, (1 << 31) - start, (1 << 32) - 1]) {
            let what = format!("Item {index} has {long} bytes and ends behind the record.");
            let patches = vec![(at + 4, bytes_of(long, Number::U32))];
            self.push(format!("item-{index}-length-{long}"), what, 4, Some(index), Problem::OutOfBounds, patches);
        }
        if gaps {
            for far in BTreeSet::from([area.next_multiple_of(8), (1 << 32) - 8]) {
                let what = format!("Item {index} starts at {far}, behind the record.");
                let patches = vec![(at, bytes_of(far, Number::U32))];
                self.push(format!("item-{index}-offset-{far}"), what, 4, Some(index), Problem::OutOfBounds, patches);
            }
        }
        self.short_item(item, index, start, length);
    }

    /// An entry that is shorter than the fixed part of its item.
    fn short_item(&mut self, item: &Record, index: u64, start: u64, length: u64) {
        let base = u64::from(if item.size_field().is_some() { item.base_size() } else { item.size });
        let name = record_name(self.scope.service, item);
        for short in
            [0, 1, base.saturating_sub(1)].into_iter().filter(|n| *n < base.min(length)).collect::<BTreeSet<_>>()
        {
            self.faults.push(Fault {
                id: format!("{}/short-item/item-{index}-{short}", self.list.name),
                what: format!("Item {index} has {short} bytes, its fixed part takes {base}."),
                rank: (step::LIST, index + 1, 5),
                patches: vec![(self.at(index) + 4, bytes_of(short, Number::U32))],
                cut: None,
                record: name.clone(),
                field: name.clone(),
                offset: self.at(2) + start,
                item: Some(index),
                problem: Problem::Truncated,
                requirements: self.scope.cites(Some(self.list), &["NIPC-COD-10"]),
            });
        }
    }
}

/// Lists of several lengths, and those with bytes between their items.
pub(super) fn make(scope: &Scope<'_>, page: &mut Page) {
    let Some(list) = scope.record.list() else { return };
    let Some(item) = scope.service.item_of(scope.record, &list.name) else { return };
    for count in [0, 1, 3, 32] {
        let items = (0..count).map(|number| example(scope.service, item, number)).collect();
        let value = scope.example().with(&list.name, Value::Array(items));
        let bytes = scope.image(&value);
        let outcome = Outcome::Decoded(value.clone(), bytes.clone());
        push(scope, list, &format!("{count}-items/decode"), Ask::Check(bytes.clone()), outcome, "canonical", page);
        let ask = Ask::Encode(bytes.len() as u64, value);
        push(scope, list, &format!("{count}-items/encode"), ask, Outcome::Encoded(bytes), "edge", page);
    }
    if matches!(list.kind, Kind::List { gaps: true, .. }) {
        for (topic, gap_before, gap) in [("first", 0, 8), ("second", 1, 8), ("second-wide", 1, 64)] {
            let value = scope.example();
            let bytes = with_gap(scope, item, &value, gap_before, gap);
            let outcome = Outcome::Decoded(value.clone(), image(scope.service, scope.record, &value));
            push(scope, list, &format!("tolerated/gap-{topic}"), Ask::Check(bytes), outcome, "tolerated", page);
        }
    }
}

/// A list of two items with `gap` bytes before one of them.
fn with_gap(scope: &Scope<'_>, item: &Record, value: &Value, before: usize, gap: usize) -> Vec<u8> {
    let list = scope.record.list().map_or("", |list| &list.name);
    let pieces: Vec<_> = value.array(list).iter().map(|value| image(scope.service, item, value)).collect();
    let mut with_filler = pieces.clone();
    with_filler.insert(before, vec![0xee; gap]);
    let whole = listed(scope.record, &head_of(scope.record, value, pieces.len()), &with_filler);
    // The entry of the filler is taken out; its bytes stay.
    let entry = scope.record.size as usize + 8 * before;
    [&whole[..entry], &whole[entry + 8..]].concat()
}

fn push(scope: &Scope<'_>, list: &Field, topic: &str, ask: Ask, outcome: Outcome, flag: &'static str, page: &mut Page) {
    page.push(Vector {
        id: scope.id(&format!("{}/{topic}", list.name)),
        what: format!("The list `{}`: {}.", list.name, topic.replace(['-', '/'], " ")),
        target: scope.target.to_owned(),
        ask,
        outcome,
        flags: BTreeSet::from([flag]),
        requirements: scope.cites(Some(list), &["NIPC-COD-10", "NIPC-COD-11", "NIPC-COD-12"]),
    });
}
