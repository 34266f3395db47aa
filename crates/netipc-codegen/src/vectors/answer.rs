//! What a lookup's builder answers within its budget, as NIPC-LKP-10 to NIPC-LKP-16 say.

use super::decode::{code, decode};
use super::encode::{encode, head_of, listed, piece};
use super::offence::Offence;
use super::value::Value;
use crate::model::{Kind, LookupParts, Must, Service};

/// The bytes of the reply to `request` with these answers, within `budget` bytes.
///
/// `answers` has the members of an item that a provider sets, and the status; the rest follows.
///
/// # Errors
///
/// What is wrong with the request or with an answer, or that the reply cannot be given.
pub fn answer(service: &Service, request: &[u8], answers: &Value, budget: u64) -> Result<Vec<u8>, Offence> {
    let (Some(parts), Some(asked), Some(reply)) =
        (service.lookup_parts(), service.record(&service.request), service.record(&service.reply))
    else {
        return Ok(Vec::new());
    };
    let lookup = parts.lookup;
    let keys = decode(service, asked, request)?;
    let keys = keys.array(&lookup.keys);
    let size = |item: &Value| piece(service, parts.item, item).len() as u64;
    let shorts: Vec<_> = keys.iter().map(|key| size(&short(service, &parts, key, &lookup.exceeded))).collect();
    let fixed = u64::from(reply.size);
    // What a reply of items of these sizes takes.
    let whole = |sizes: &[u64]| {
        fixed + 8 * sizes.len() as u64 + sizes.iter().fold(0_u64, |end, size| end.next_multiple_of(8) + size)
    };
    let mut overflow = (whole(&shorts) > budget).then(|| whole(&shorts));

    let mut items: Vec<Value> = Vec::new();
    let mut given = 0_u64;
    let mut full = false;
    for answer in answers.array("answers") {
        let Some(key) = keys.get(given as usize) else {
            given += 1;
            continue;
        };
        let item = complete(service, &parts, key, answer);
        check(service, &parts, &item)?;
        if overflow.is_some() {
            break;
        }
        if !full {
            let mut sizes: Vec<_> = items.iter().map(&size).collect();
            sizes.push(size(&item));
            let alone = whole(&sizes[sizes.len() - 1..]);
            sizes.extend_from_slice(&shorts[sizes.len()..]);
            if whole(&sizes) <= budget {
                items.push(item);
            } else if alone > budget {
                items.push(short(service, &parts, key, &lookup.oversized));
            } else if items.is_empty() {
                overflow = Some(whole(&sizes));
                break;
            } else {
                full = true;
            }
        }
        given += 1;
    }
    if let Some(needed) = overflow {
        return Err(Offence::Overflow { needed, budget });
    }
    let count = keys.len() as u64;
    if given > count || (given < count && !full) {
        return Err(Offence::Answers { got: given, keys: count });
    }
    items.extend(keys[items.len()..].iter().map(|key| short(service, &parts, key, &lookup.exceeded)));
    let mut head = Value::Object(Vec::new());
    if let Value::Object(members) = &mut head {
        members.push((lookup.generation.clone(), answers.number("generation").into()));
    }
    let items: Vec<_> = items.iter().map(|item| piece(service, parts.item, item)).collect();
    Ok(listed(reply, &head_of(reply, &head, items.len()), &items))
}

/// The rules of an item by itself, asked of the encoder.
fn check(service: &Service, parts: &LookupParts<'_>, item: &Value) -> Result<(), Offence> {
    encode(service, parts.item, item, u64::MAX).map(|_| ())
}

/// The item that says only that `key` got no answer.
fn short(service: &Service, parts: &LookupParts<'_>, key: &Value, status: &str) -> Value {
    let code = code(service, parts.item, &parts.lookup.status, status).unwrap_or_default();
    complete(service, parts, key, &Value::object([]).with_member(&parts.lookup.status, code.into()))
}

/// The item that an answer makes: the echoed key, what the answer says, and what the status decides.
fn complete(service: &Service, parts: &LookupParts<'_>, key: &Value, answer: &Value) -> Value {
    let status = parts.lookup.status.as_str();
    let named = parts.status.values.iter().find(|value| value.code == answer.number(status));
    let demands: Vec<_> = named.map(|value| parts.demands(&value.name).collect()).unwrap_or_default();
    let members = parts.item.values().map(|field| {
        let demanded = demands.iter().find(|demand| demand.field == field.name && demand.must != Must::Present);
        let source = if parts.lookup.echo.contains(&field.name) { key } else { answer };
        let value = match (source.get(&field.name), demanded.map(|demand| &demand.must)) {
            (Some(value), _) => value.clone(),
            (None, Some(Must::Number(number))) => (*number).into(),
            (None, Some(Must::Value(name))) => code(service, parts.item, &field.name, name).unwrap_or_default().into(),
            (None, _) if matches!(field.kind, Kind::String(_)) => Value::Bytes(Vec::new()),
            (None, _) if matches!(field.kind, Kind::Table { .. }) => Value::Array(Vec::new()),
            (None, _) => 0.into(),
        };
        (field.name.clone(), value)
    });
    Value::Object(members.collect())
}

impl Value {
    /// The same object with one more member.
    #[must_use]
    pub fn with_member(mut self, name: &str, value: Self) -> Self {
        if let Self::Object(members) = &mut self {
            members.push((name.to_owned(), value));
        }
        self
    }
}
