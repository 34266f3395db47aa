//! Values: every field at its limits, and every rule that a value can break.

use std::collections::BTreeSet;

use super::decode::{broken, code, record_name};
use super::encode::listed_len;
use super::fault::behind_strings;
use super::offence::{Offence, Problem};
use super::records::{Hosted, Scope, codes, example, image, repair, requirements, some_text, unnamed};
use super::value::Value;
use super::{Ask, Outcome, Page, Vector};
use crate::model::{Demand, Field, Kind, Must, Record, Rule, StringRule, TABLE_ALIGN};

pub(super) fn make(scope: &Scope<'_>, page: &mut Page) {
    let base = scope.example();
    push_valid(scope, "example", "A typical value.", None, &base, page);
    for field in scope.record.values() {
        for (topic, value) in candidates(scope, field) {
            let mut whole = base.with(&field.name, value.clone());
            repair(scope.service, scope.record, &mut whole);
            // Where a rule demands something else, the value is a matter of the vectors about rules.
            if whole.get(&field.name) == Some(&value) && broken(scope.service, scope.record, &whole).is_none() {
                let what = format!("`{}`: {}.", field.name, topic.replace('-', " "));
                push_valid(scope, &format!("{}/{topic}", field.name), &what, Some(field), &whole, page);
            }
        }
    }
    budgets(scope, &base, page);
    let mut faults = Vec::new();
    for field in scope.record.values() {
        contents(scope, field, &base, &mut faults);
    }
    for rule in &scope.record.rules {
        rules(scope, rule, &base, &mut faults);
    }
    // Several rules may demand the same of the same values.
    let mut seen = BTreeSet::new();
    faults.retain(|fault| seen.insert(fault.topic.clone()));
    for fault in &faults {
        push_broken(scope, fault, page);
    }
    if let Some(fault) = faults.first() {
        without_room(scope, fault, page);
    }
}

/// Values of one field that are within its own limits.
fn candidates(scope: &Scope<'_>, field: &Field) -> Vec<(String, Value)> {
    match &field.kind {
        Kind::Number { number, .. } => {
            let most = number.max();
            let numbers = BTreeSet::from([0, 1, most / 2, most / 2 + 1, most - 1, most]);
            numbers.into_iter().map(|number| (number.to_string(), number.into())).collect()
        }
        Kind::Enum { name, .. } => {
            let open = scope.service.enumeration(name).is_some_and(|of| of.open);
            let mut numbers = codes(scope.service, field);
            if open {
                numbers.extend(unnamed(scope.service, field));
            }
            numbers.into_iter().map(|number| (number.to_string(), number.into())).collect()
        }
        Kind::String(rule) => texts(rule).into_iter().map(|(topic, text)| (topic, text.into())).collect(),
        Kind::Table { .. } => rows(scope, field),
        _ => Vec::new(),
    }
}

/// Strings of many lengths and of all bytes, all of them allowed.
fn texts(rule: &StringRule) -> Vec<(String, Vec<u8>)> {
    let (least, most) = (rule.min_length as usize, rule.max_length.map_or(300, |most| most as usize));
    let lengths = [least, least + 1, 2, 7, 8, 9, 255, 256, most.saturating_sub(1), most];
    let lengths: BTreeSet<_> = lengths.into_iter().filter(|length| (least..=most).contains(length)).collect();
    let mut texts: Vec<_> = lengths
        .into_iter()
        .map(|length| (format!("{length}-bytes"), (b'a'..=b'z').cycle().take(length).collect()))
        .collect();
    let mut add = |topic: &str, text: Vec<u8>| {
        if (least..=most).contains(&text.len()) && (rule.nul_inside || !text.contains(&0)) {
            texts.push((topic.to_owned(), text));
        }
    };
    add("all-bytes-but-nul", (1..=255).collect());
    add("not-utf-8", vec![0xff, 0xfe, 0xc3]);
    add("nul-first", b"\0ab".to_vec());
    add("nul-last", b"ab\0".to_vec());
    add("nuls-only", vec![0; 3]);
    texts
}

/// Tables of several sizes.
fn rows(scope: &Scope<'_>, field: &Field) -> Vec<(String, Value)> {
    let Some(row) = scope.service.item_of(scope.record, &field.name) else { return Vec::new() };
    let row_of = |number| example(scope.service, row, number);
    let mut tables: Vec<_> = [0, 1, 3, 40]
        .map(|count: u64| (format!("{count}-rows"), Value::Array((0..count).map(row_of).collect())))
        .into_iter()
        .collect();
    tables.push(("equal-rows".to_owned(), Value::Array(vec![row_of(0), row_of(0)])));
    for (string, rule) in row.strings() {
        for (topic, text) in texts(rule) {
            let table = vec![row_of(0).with(&string.name, text.into()), row_of(1)];
            tables.push((format!("{}-{topic}", string.name), Value::Array(table)));
        }
    }
    tables
}

fn push_valid(scope: &Scope<'_>, topic: &str, what: &str, field: Option<&Field>, value: &Value, page: &mut Page) {
    let Hosted { bytes, .. } = scope.host(&scope.image(value));
    let whole = scope.host_value(value);
    let mut ids = vec!["NIPC-COD-13", "NIPC-COD-14"];
    if scope.top.list().is_some() {
        ids.push("NIPC-COD-12");
    }
    let cited = scope.cites(field, &ids);
    page.push(Vector {
        id: scope.id(&format!("{topic}/decode")),
        what: what.to_owned(),
        target: scope.target.to_owned(),
        ask: Ask::Check(bytes.clone()),
        outcome: Outcome::Decoded(whole.clone(), bytes.clone()),
        flags: BTreeSet::from(["canonical"]),
        requirements: cited.clone(),
    });
    page.push(Vector {
        id: scope.id(&format!("{topic}/encode")),
        what: format!("{what} The budget is just enough."),
        target: scope.target.to_owned(),
        ask: Ask::Encode(bytes.len() as u64, whole),
        outcome: Outcome::Encoded(bytes),
        flags: BTreeSet::from(["edge"]),
        requirements: cited,
    });
}

/// The same value within several budgets.
fn budgets(scope: &Scope<'_>, value: &Value, page: &mut Page) {
    let bytes = scope.host(&scope.image(value)).bytes;
    let needed = bytes.len() as u64;
    for budget in [0, 1, u64::from(scope.top.size), needed / 2, needed - 1, needed + 1, u32::MAX.into()]
        .into_iter()
        .collect::<BTreeSet<_>>()
    {
        let outcome = match needed <= budget {
            true => Outcome::Encoded(bytes.clone()),
            false => Outcome::Refused(Offence::Overflow { needed, budget }),
        };
        page.push(Vector {
            id: scope.id(&format!("budget/{budget}")),
            what: format!("A payload of {needed} bytes, of which {budget} are allowed."),
            target: scope.target.to_owned(),
            ask: Ask::Encode(budget, scope.host_value(value)),
            outcome,
            flags: BTreeSet::from(["edge"]),
            requirements: scope.cites(None, &["NIPC-COD-15"]),
        });
    }
}

/// A value that breaks a rule whatever the budget.
struct Broken<'m> {
    topic: String,
    what: String,
    value: Value,
    record: &'m Record,
    field: &'m Field,
    problem: Problem,
    /// Where the field starts in the record; none when no bytes can say it.
    offset: Option<u64>,
    requirements: Vec<String>,
}

/// Strings and rows that break the rules of their content, enumerations that break theirs.
fn contents<'m>(scope: &Scope<'m>, field: &'m Field, base: &Value, faults: &mut Vec<Broken<'m>>) {
    let record = scope.record;
    let mut push =
        |topic: String, what: String, value: Value, record: &'m Record, field: &'m Field, problem, offset| {
            let requirements = field.requirements.clone();
            faults.push(Broken { topic, what, value, record, field, problem, offset, requirements });
        };
    match &field.kind {
        Kind::String(rule) => {
            for (topic, text, problem) in bad_texts(rule) {
                let what = format!("`{}`: {}.", field.name, topic.replace('-', " "));
                let value = base.with(&field.name, text.into());
                push(
                    format!("{}/{}/{topic}", field.name, problem.name()),
                    what,
                    value,
                    record,
                    field,
                    problem,
                    Some(field.at.into()),
                );
            }
        }
        Kind::Enum { name, .. } if scope.service.enumeration(name).is_some_and(|of| !of.open) => {
            for number in unnamed(scope.service, field) {
                let what = format!("`{}` is {number}, which has no name.", field.name);
                let value = base.with(&field.name, number.into());
                push(
                    format!("{}/unlisted-value/{number}", field.name),
                    what,
                    value,
                    record,
                    field,
                    Problem::Unlisted,
                    None,
                );
            }
        }
        Kind::Table { .. } => {
            let Some(row) = scope.service.item_of(record, &field.name) else { return };
            for index in 0..2 {
                for (position, (string, rule)) in row.strings().enumerate() {
                    for (topic, text, problem) in bad_texts(rule) {
                        let what = format!("`{}` of row {index}: {}.", string.name, topic.replace('-', " "));
                        let mut rows: Vec<_> = (0..2).map(|number| example(scope.service, row, number)).collect();
                        rows[index].set(&string.name, text.into());
                        let value = base.with(&field.name, Value::Array(rows));
                        let behind = behind_strings(record, &scope.image(&value));
                        let references = (index * row.strings().count() + position) as u64;
                        let offset = behind.next_multiple_of(TABLE_ALIGN.into()) + 8 * references;
                        let topic = format!("{}.{}/{}/row-{index}-{topic}", row.name, string.name, problem.name());
                        push(topic, what, value, row, string, problem, Some(offset));
                    }
                }
            }
        }
        _ => {}
    }
}

fn bad_texts(rule: &StringRule) -> Vec<(String, Vec<u8>, Problem)> {
    let mut texts = Vec::new();
    if let Some(length) = rule.min_length.checked_sub(1) {
        texts.push((format!("{length}-bytes"), vec![b'x'; length as usize], Problem::TooShort));
    }
    if let Some(most) = rule.max_length {
        for length in [most + 1, most + 100] {
            texts.push((format!("{length}-bytes"), vec![b'x'; length as usize], Problem::TooLong));
        }
        texts.push(("too-long-with-a-nul".to_owned(), vec![0; most as usize + 1], Problem::TooLong));
    }
    if !rule.nul_inside {
        let fill = rule.min_length.max(3).min(rule.max_length.unwrap_or(u32::MAX)) as usize;
        for (topic, at) in [("first", 0), ("middle", fill / 2), ("last", fill - 1)] {
            let mut text = vec![b'x'; fill];
            text[at] = 0;
            texts.push((format!("nul-{topic}"), text, Problem::InteriorNul));
        }
    }
    texts
}

/// Every demand of a rule broken, under every condition under which it holds.
fn rules<'m>(scope: &Scope<'m>, rule: &'m Rule, base: &Value, faults: &mut Vec<Broken<'m>>) {
    for condition in conditions(scope, rule) {
        let mut sound = base.clone();
        for (field, code) in &condition {
            sound.set(field, (*code).into());
        }
        repair(scope.service, scope.record, &mut sound);
        let holds = condition.iter().all(|(field, code)| sound.number(field) == *code);
        if !holds || broken(scope.service, scope.record, &sound).is_some() {
            continue;
        }
        let tests: Vec<_> = condition.iter().map(|(field, code)| format!("{field}-{code}")).collect();
        for demand in &rule.then {
            let Some(field) = scope.record.field(&demand.field) else { continue };
            let Some((value, problem)) = break_demand(scope, field, demand, base) else { continue };
            let place = match &field.kind {
                Kind::Table { count, .. } => scope.record.field(count).map_or(field.at, |count| count.at),
                _ => field.at,
            };
            faults.push(Broken {
                topic: format!("{}/{}/{}", field.name, problem.name(), tests.join("-")),
                what: format!("`{}` is not what the rule for {} demands.", field.name, tests.join(" and ")),
                value: sound.with(&field.name, value),
                record: scope.record,
                field,
                problem,
                offset: Some(place.into()),
                requirements: [rule.requirements.clone(), field.requirements.clone()].concat(),
            });
        }
    }
}

/// The values of the fields that decide, for every way in which a rule can hold.
fn conditions(scope: &Scope<'_>, rule: &Rule) -> Vec<Vec<(String, u64)>> {
    let mut conditions = vec![Vec::new()];
    for test in &rule.when {
        let Some(field) = scope.record.field(&test.field) else { continue };
        let named = code(scope.service, scope.record, &test.field, &test.value);
        let codes = codes(scope.service, field);
        let codes = codes.into_iter().filter(|code| (Some(*code) == named) == test.equal);
        let longer = codes.flat_map(|code| {
            conditions.iter().map(move |condition: &Vec<_>| {
                let mut condition = condition.clone();
                condition.push((test.field.clone(), code));
                condition
            })
        });
        conditions = longer.collect();
    }
    conditions
}

/// A value that does not meet a demand.
fn break_demand(scope: &Scope<'_>, field: &Field, demand: &Demand, base: &Value) -> Option<(Value, Problem)> {
    let other = |number: u64| if number == 0 { 1 } else { number - 1 };
    Some(match (&demand.must, &field.kind) {
        (Must::Number(number), _) => (other(*number).into(), Problem::ConstantWhen),
        (Must::Value(name), _) => {
            let demanded = code(scope.service, scope.record, &field.name, name)?;
            let free = codes(scope.service, field).into_iter().find(|code| *code != demanded)?;
            (free.into(), Problem::ConstantWhen)
        }
        // A string that must never be empty is too short, whatever the condition.
        (Must::Present, Kind::String(rule)) if rule.min_length > 0 => return None,
        (Must::Present, _) => (Value::Bytes(Vec::new()), Problem::EmptyWhen),
        (Must::Empty, Kind::Table { .. }) => {
            let rows = base.array(&field.name).to_vec();
            (Value::Array(rows), Problem::NotEmptyWhen)
        }
        (Must::Empty, Kind::String(rule)) => (some_text(rule).into(), Problem::NotEmptyWhen),
        (Must::Empty, _) => return None,
    })
}

fn push_broken(scope: &Scope<'_>, fault: &Broken<'_>, page: &mut Page) {
    let mut cited = scope.cites(None, fault.problem.requirements());
    cited.extend(requirements([&fault.requirements]));
    if let Some(offset) = fault.offset {
        let Hosted { bytes, base, item } = scope.host(&scope.image(&fault.value));
        let mut cited = cited.clone();
        cited.extend(["NIPC-COD-06", "NIPC-COD-25"].map(str::to_owned));
        page.push(Vector {
            id: scope.id(&format!("{}/decode", fault.topic)),
            what: fault.what.clone(),
            target: scope.target.to_owned(),
            ask: Ask::Check(bytes),
            outcome: Outcome::Refused(Offence::Decode {
                record: record_name(scope.service, fault.record),
                field: fault.field.name.clone(),
                offset: base + offset,
                item,
                problem: fault.problem,
            }),
            flags: BTreeSet::new(),
            requirements: cited,
        });
    }
    cited.insert("NIPC-COD-16".to_owned());
    page.push(Vector {
        id: scope.id(&format!("{}/encode", fault.topic)),
        what: fault.what.clone(),
        target: scope.target.to_owned(),
        ask: Ask::Encode(u32::MAX.into(), scope.host_value(&fault.value)),
        outcome: Outcome::Refused(invalid(scope, fault)),
        flags: BTreeSet::new(),
        requirements: cited,
    });
}

fn invalid(scope: &Scope<'_>, fault: &Broken<'_>) -> Offence {
    let record = record_name(scope.service, fault.record);
    Offence::Invalid { record, field: fault.field.name.clone(), problem: fault.problem }
}

/// A value that breaks a rule, within budgets that are too small.
fn without_room(scope: &Scope<'_>, fault: &Broken<'_>, page: &mut Page) {
    // What stands before the broken item, when it is one.
    let before = match scope.is_top() {
        true => None,
        false => {
            let first = image(scope.service, scope.record, &example(scope.service, scope.record, 1));
            Some(listed_len(scope.top, &[first]) as u64)
        }
    };
    let budgets: Vec<u64> = match before {
        None => vec![0, 1],
        Some(before) => vec![0, before - 1, before],
    };
    for budget in budgets {
        let outcome = match before.filter(|needed| *needed > budget) {
            Some(needed) => Offence::Overflow { needed, budget },
            None => invalid(scope, fault),
        };
        page.push(Vector {
            id: scope.id(&format!("{}/budget-{budget}", fault.topic)),
            what: format!("{} Only {budget} bytes are allowed.", fault.what),
            target: scope.target.to_owned(),
            ask: Ask::Encode(budget, scope.host_value(&fault.value)),
            outcome: Outcome::Refused(outcome),
            flags: BTreeSet::from(["order", "edge"]),
            requirements: scope.cites(Some(fault.field), &["NIPC-COD-15", "NIPC-COD-16"]),
        });
    }
}
