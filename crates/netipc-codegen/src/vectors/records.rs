//! Vectors of one side of a service: the record itself, and the record of its items.

use std::collections::BTreeSet;

use super::decode::{broken, code, enumeration, kind_number};
use super::encode::{head_of, listed, piece};
use super::fault::Fault;
use super::offence::Offence;
use super::value::Value;
use super::{Ask, Golden, Outcome, Page, Vector, fault, lists, tolerated, variants};
use crate::model::{Field, Kind, Must, Record, Service, StringRule};

/// The vectors of `top`, which is what `target` is about.
pub(super) fn make(service: &Service, top: &Record, target: &str, page: &mut Page) {
    let mut records = vec![top];
    records.extend(top.list().and_then(|list| service.item_of(top, &list.name)));
    for record in records {
        let scope = Scope { service, top, record, target };
        variants::make(&scope, page);
        tolerated::make(&scope, page);
        let image = scope.image(&scope.example());
        let mut faults = fault::of(&scope, &image);
        faults.extend(lists::faults(&scope, &image));
        push_faults(&scope, &image, faults, page);
    }
    lists::make(&Scope { service, top, record: top, target }, page);
}

/// Bytes of existing peers: they are canonical, and what they say is for the interpreter to find out.
pub(super) fn golden(service: &Service, top: &Record, golden: &Golden, page: &mut Page) {
    let outcome = match super::decode(service, top, &golden.bytes) {
        Ok(value) => Outcome::Decoded(value, golden.bytes.clone()),
        Err(offence) => Outcome::Refused(offence),
    };
    page.push(Vector {
        id: format!("{}/golden/{}", golden.target, golden.name),
        what: format!("What existing peers write: {}.", golden.name),
        target: golden.target.clone(),
        ask: Ask::Check(golden.bytes.clone()),
        outcome,
        flags: BTreeSet::from(["canonical", "golden"]),
        requirements: requirements([&top.requirements[..], &ids(&["NIPC-COD-13", "NIPC-COD-14"])]),
    });
}

/// Every fault alone, then each one with the next in the order of the checks, and with the last.
fn push_faults(scope: &Scope<'_>, image: &[u8], mut faults: Vec<Fault>, page: &mut Page) {
    for fault in &faults {
        page.push(scope.faulty(image, &[fault]));
    }
    // One for each way to break something.
    let mut seen = BTreeSet::new();
    faults.retain(|fault| seen.insert((fault.record.clone(), fault.field.clone(), fault.problem, fault.rank)));
    faults.sort_by_key(|fault| fault.rank);
    for (position, first) in faults.iter().enumerate() {
        let later = &faults[position + 1..];
        let mut others: Vec<&Fault> = later.iter().filter(|other| first.can_meet(other)).take(2).collect();
        let last = later.iter().rev().find(|other| first.can_meet(other));
        others.extend(last.filter(|last| others.iter().all(|other| other.id != last.id)));
        for other in others {
            page.push(scope.faulty(image, &[first, other]));
        }
    }
}

/// A record of one side, and how its bytes stand in a whole payload.
pub(super) struct Scope<'m> {
    pub(super) service: &'m Service,
    /// What the target is about.
    pub(super) top: &'m Record,
    /// The record that is looked at: `top` or its item.
    pub(super) record: &'m Record,
    pub(super) target: &'m str,
}

/// Bytes of a record in a whole payload.
pub(super) struct Hosted {
    pub(super) bytes: Vec<u8>,
    /// Where the record starts.
    pub(super) base: u64,
    /// Its position in the list.
    pub(super) item: Option<u64>,
}

impl<'m> Scope<'m> {
    pub(super) fn is_top(&self) -> bool {
        self.record.name == self.top.name
    }

    pub(super) fn id(&self, topic: &str) -> String {
        format!("{}/{}/{topic}", self.target, self.record.name)
    }

    /// A typical value of the record.
    pub(super) fn example(&self) -> Value {
        example(self.service, self.record, 0)
    }

    /// The canonical bytes of a value of the record, or what would be if the value were valid.
    pub(super) fn image(&self, value: &Value) -> Vec<u8> {
        image(self.service, self.record, value)
    }

    /// The payload with the record made of `raw`; an item stands behind a sound one.
    pub(super) fn host(&self, raw: &[u8]) -> Hosted {
        if self.is_top() {
            return Hosted { bytes: raw.to_vec(), base: 0, item: None };
        }
        let first = self.image(&example(self.service, self.record, 1));
        let head = head_of(self.top, &example(self.service, self.top, 0), 2);
        let bytes = listed(self.top, &head, &[first, raw.to_vec()]);
        Hosted { base: (bytes.len() - raw.len()) as u64, bytes, item: Some(1) }
    }

    /// The value of the payload with the record's value at the same place.
    pub(super) fn host_value(&self, value: &Value) -> Value {
        match self.top.list() {
            Some(list) if !self.is_top() => {
                let items = vec![example(self.service, self.record, 1), value.clone()];
                example(self.service, self.top, 0).with(&list.name, Value::Array(items))
            }
            _ => value.clone(),
        }
    }

    /// Ids of the record, of a field, and others.
    pub(super) fn cites(&self, field: Option<&Field>, others: &[&str]) -> BTreeSet<String> {
        let of_field = field.map_or(&[][..], |field| &field.requirements);
        requirements([&self.record.requirements[..], of_field, &ids(others)])
    }

    /// A vector of bytes in which these faults are, the first of which is reported.
    fn faulty(&self, image: &[u8], faults: &[&Fault]) -> Vector {
        let mut raw = image.to_vec();
        faults.iter().for_each(|fault| fault.apply(&mut raw));
        let Hosted { bytes, base, item } = self.host(&raw);
        let first = faults[0];
        let offence = Offence::Decode {
            record: first.record.clone(),
            field: first.field.clone(),
            offset: base + first.offset,
            item: item.or(first.item),
            problem: first.problem,
        };
        let topics: Vec<_> = faults.iter().map(|fault| fault.id.as_str()).collect();
        let sentences: Vec<_> = faults.iter().map(|fault| fault.what.as_str()).collect();
        let mut cited = first.requirements.clone();
        cited.extend(self.record.requirements.iter().cloned());
        cited.extend(ids(first.problem.requirements()));
        cited.extend(ids(&["NIPC-COD-06", "NIPC-COD-25"]));
        let mut flags = BTreeSet::new();
        if faults.len() > 1 {
            flags.insert("order");
            cited.insert("NIPC-COD-24".to_owned());
        }
        Vector {
            id: self.id(&topics.join("+")),
            what: sentences.join(" "),
            target: self.target.to_owned(),
            ask: Ask::Check(bytes),
            outcome: Outcome::Refused(offence),
            flags,
            requirements: cited,
        }
    }
}

/// The canonical bytes of a value of any record, valid or not.
pub(super) fn image(service: &Service, record: &Record, value: &Value) -> Vec<u8> {
    let Some(list) = record.list() else { return piece(service, record, value) };
    let Some(item) = service.item_of(record, &list.name) else { return Vec::new() };
    let items: Vec<_> = value.array(&list.name).iter().map(|value| piece(service, item, value)).collect();
    listed(record, &head_of(record, value, items.len()), &items)
}

pub(super) fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

pub(super) fn requirements<const N: usize>(lists: [&[String]; N]) -> BTreeSet<String> {
    lists.into_iter().flatten().cloned().collect()
}

/// A typical value of a record; `number` makes several differ.
pub(super) fn example(service: &Service, record: &Record, number: u64) -> Value {
    let members = record.values().map(|field| {
        let of = service.item_of(record, &field.name);
        let several = || of.map_or(Vec::new(), |of| (0..2).map(|number| example(service, of, number)).collect());
        let value = match &field.kind {
            Kind::Enum { example, .. } => code(service, record, &field.name, example).unwrap_or_default().into(),
            Kind::Number { number: kind, example } => (example.wrapping_add(number) & kind.max()).into(),
            Kind::String(rule) => {
                let mut text = rule.example.clone();
                if number > 0 {
                    text.push_str(&number.to_string());
                }
                let most = rule.max_length.map_or(text.len(), |most| most as usize);
                text.as_bytes()[..text.len().min(most)].into()
            }
            Kind::List { .. } | Kind::Table { .. } => Value::Array(several()),
            Kind::Constant { .. } | Kind::Size { .. } | Kind::Count { .. } => Value::Null,
        };
        (field.name.clone(), value)
    });
    let mut value = Value::Object(members.collect());
    repair(service, record, &mut value);
    value
}

/// Gives fields the values that rules with conditions demand; they decide, not what was there.
///
/// Useful for values that were made at random: most of them break such a rule.
pub fn repair(service: &Service, record: &Record, value: &mut Value) {
    // One step for each field is enough, and more do not help where rules contradict each other.
    for _ in 0..=record.fields.len() {
        let Some(found) = broken(service, record, value) else { return };
        let name = &found.field.name;
        let mended = match (found.must, &found.field.kind) {
            (Must::Number(number), _) => (*number).into(),
            (Must::Value(of), _) => code(service, record, name, of).unwrap_or_default().into(),
            (Must::Present, Kind::String(rule)) => some_text(rule).into(),
            (_, Kind::Table { .. }) => Value::Array(Vec::new()),
            _ => Value::Bytes(Vec::new()),
        };
        value.set(name, mended);
    }
}

/// A string that is not empty.
pub(super) fn some_text(rule: &StringRule) -> Vec<u8> {
    match rule.example.as_bytes() {
        [] => vec![b'x'; rule.min_length.max(1) as usize],
        example => example.to_vec(),
    }
}

/// The numbers of a field's enumeration that have a name.
pub(super) fn codes(service: &Service, field: &Field) -> Vec<u64> {
    enumeration(service, field).map_or(Vec::new(), |of| of.values.iter().map(|value| value.code).collect())
}

/// Numbers without a name in a field's enumeration, in ascending order.
pub(super) fn unnamed(service: &Service, field: &Field) -> Vec<u64> {
    let (named, most) = (codes(service, field), kind_number(&field.kind).max());
    let next = named.iter().max().map_or(0, |code| code.saturating_add(1));
    let candidates = [next, 255, 256, most - 1, most];
    let free: BTreeSet<_> = candidates.into_iter().filter(|code| *code <= most && !named.contains(code)).collect();
    free.into_iter().collect()
}
