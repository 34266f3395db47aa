//! Differences between the rules of two records.

use super::Comparison;
use crate::model::{Demand, Record, Rule, Test};
use crate::schema::Item;

/// One thing that a rule demands, in the names of the new schema.
#[derive(PartialEq)]
struct Clause {
    when: Vec<Test>,
    demand: Demand,
}

/// What is demanded must stay the same, but for fields that older programs do not know.
pub(super) fn compare<'c>(comparison: &mut Comparison<'c>, old: &'c Record, new: &'c Record) {
    let rename = |name: &str| -> String {
        let position = old.fields.iter().position(|field| field.name == name);
        let (at, size) = position.map_or((u32::MAX, 0), |index| (old.fields[index].at, old.fields[index].kind.size()));
        let same = new.fields.iter().find(|field| field.at == at && (field.kind.size() == 0) == (size == 0));
        same.map_or_else(|| name.to_owned(), |field| field.name.clone())
    };
    let was = clauses(old, rename);
    let is = clauses(new, str::to_owned);
    for (index, clause) in &is {
        let known = new.field(&clause.demand.field).is_none_or(|field| field.since() <= comparison.old.version);
        if known && was.iter().all(|(_, other)| other != clause) {
            let message = format!("{}: new readers refuse what old writers send", sentence("now", clause, new));
            let places = (Item::Record(&old.name), Item::Rule(&new.name, *index));
            comparison.breaks(&places.0, &places.1, message);
        }
    }
    for (index, clause) in &was {
        // What is gone is told already.
        let kept = new.field(&clause.demand.field).is_some();
        if kept && is.iter().all(|(_, other)| other != clause) {
            let message = format!("{}: old readers refuse what new writers send", sentence("no longer", clause, new));
            let places = (Item::Rule(&old.name, *index), Item::Record(&new.name));
            comparison.breaks(&places.0, &places.1, message);
        }
    }
}

fn clauses(record: &Record, rename: impl Fn(&str) -> String) -> Vec<(usize, Clause)> {
    let clause = |rule: &Rule, demand: &Demand| {
        let when = rule.when.iter().map(|test| Test { field: rename(&test.field), ..test.clone() });
        let mut when: Vec<_> = when.collect();
        // Their order means nothing.
        when.sort_by(|a, b| (&a.field, &a.value).cmp(&(&b.field, &b.value)));
        Clause { when, demand: Demand { field: rename(&demand.field), must: demand.must.clone() } }
    };
    let rules = record.rules.iter().enumerate();
    rules
        .flat_map(|(index, rule)| rule.then.iter().map(move |demand| (index, rule, demand)))
        .map(|(index, rule, demand)| (index, clause(rule, demand)))
        .collect()
}

fn sentence(when: &str, clause: &Clause, record: &Record) -> String {
    let tests = clause.when.iter().map(|test| {
        let verb = if test.equal { "is" } else { "is not" };
        format!("`{}` {verb} `{}`", test.field, test.value)
    });
    let tests: Vec<_> = tests.collect();
    format!(
        "a rule of record `{}` {when} demands something of `{}` when {}",
        record.name,
        clause.demand.field,
        tests.join(" and ")
    )
}
