//! Random values of a service's records.

use netipc_codegen::model::{Field, Kind, Number, Record, Service, StringRule};
use netipc_codegen::vectors::{Value, repair};

use super::rng::Rng;

/// A random value of a record; half of those with rules between fields are made to follow them.
pub(super) fn random(rng: &mut Rng, service: &Service, record: &Record) -> Value {
    let members = record.values().map(|field| (field.name.clone(), field_value(rng, service, record, field)));
    let mut value = Value::Object(members.collect());
    if rng.one_in(2) {
        repair(service, record, &mut value);
    }
    value
}

fn field_value(rng: &mut Rng, service: &Service, record: &Record, field: &Field) -> Value {
    let several = |rng: &mut Rng, most: usize| match service.item_of(record, &field.name) {
        Some(of) => Value::Array((0..rng.below(most + 1)).map(|_| random(rng, service, of)).collect()),
        None => Value::Array(Vec::new()),
    };
    match &field.kind {
        Kind::Number { number, .. } => rng.number(8 * number.size()).into(),
        Kind::Enum { number, name, .. } => code(rng, service, name, *number).into(),
        Kind::String(rule) => text(rng, rule).into(),
        Kind::List { .. } => several(rng, 5),
        Kind::Table { .. } => several(rng, 3),
        Kind::Constant { .. } | Kind::Size { .. } | Kind::Count { .. } => Value::Null,
    }
}

fn code(rng: &mut Rng, service: &Service, name: &str, number: Number) -> u64 {
    let values = service.enumeration(name).map_or(&[][..], |of| &of.values);
    match rng.pick(values) {
        // The first value is often the one with most to say.
        Some(_) if rng.one_in(2) => values[0].code,
        Some(value) if !rng.one_in(12) => value.code,
        _ => rng.number(8 * number.size()),
    }
}

fn text(rng: &mut Rng, rule: &StringRule) -> Vec<u8> {
    let least = rule.min_length as usize;
    let most = rule.max_length.map_or(40, |most| most as usize);
    let length = match rng.below(8) {
        0 => least,
        1 => most,
        2 => most + rng.below(2),
        3 => rng.below(3),
        _ => least + rng.below(most - least.min(most) + 1),
    };
    let with_nul = rng.one_in(10);
    let byte = |rng: &mut Rng| match rng.below(6) {
        0 if with_nul => 0,
        1 => 1 + (rng.next() % 255) as u8,
        _ => b'a' + (rng.next() % 26) as u8,
    };
    (0..length).map(|_| byte(rng)).collect()
}

/// What a provider may answer to `keys` keys; now and then too much or too little.
pub(super) fn answers(rng: &mut Rng, service: &Service, keys: usize) -> Value {
    let count = match rng.below(10) {
        0 => keys + 1 + rng.below(2),
        1 => keys.saturating_sub(1),
        _ => keys,
    };
    let answers = (0..count).map(|_| answer(rng, service)).collect();
    Value::object([("generation", rng.number(64).into()), ("answers", Value::Array(answers))])
}

fn answer(rng: &mut Rng, service: &Service) -> Value {
    let Some(parts) = service.lookup_parts() else { return Value::Null };
    let finals: Vec<_> = parts.final_statuses().collect();
    let status = match rng.pick(&finals) {
        Some(_) if rng.one_in(2) => finals[0],
        Some(status) => status,
        None => return Value::Null,
    };
    let mut item = random(rng, service, parts.item);
    item.set(&parts.lookup.status, status.code.into());
    for field in parts.item.values() {
        // What an enumeration without a name becomes depends on the types of a language.
        if let Kind::Enum { name, .. } = &field.kind
            && let Some(of) = service.enumeration(name).filter(|of| !of.open)
            && of.values.iter().all(|value| value.code != item.number(&field.name))
        {
            item.set(&field.name, of.values[0].code.into());
        }
    }
    if !rng.one_in(6) {
        repair(service, parts.item, &mut item);
    }
    let mut answer = Value::object([]).with_member(&parts.lookup.status, status.code.into());
    for field in parts.free_fields(&status.name) {
        answer = answer.with_member(&field.name, item.get(&field.name).cloned().unwrap_or(Value::Null));
    }
    answer
}
