//! What makes a service a lookup.

use serde::{Deserialize, Serialize};

use super::{Demand, Enumeration, Field, Kind, Must, Record, Service, Test, Value};

/// What makes a service a lookup: the request is a list of keys, the reply has one item for each of them, in their order.
///
/// An item whose status is `exceeded` or `oversized` is a *short record*: the echoed key and the status, all else as the
/// rules of the item demand for that status. Every other status is a final answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookup {
    /// The list of the request.
    pub keys: String,
    /// The list of the reply.
    pub items: String,
    /// The number of the reply that is equal in all parts of one logical answer.
    pub generation: String,
    /// The fields of the item that repeat the key's fields of the same names; all values of the key are among them.
    pub echo: Vec<String>,
    /// The closed enumeration of the item that tells the outcome.
    pub status: String,
    /// The status of a key that had no room any more in this reply, and is to be asked for again.
    pub exceeded: String,
    /// The status of a key whose item does not fit even alone.
    pub oversized: String,
    /// What an item looks like that may soon get a better answer; none when there is no such thing.
    pub retry_later: Option<Test>,
    /// What the rules of the item demand of a short record's other fields, in the order of the item.
    pub short: Vec<Demand>,
}

impl Service {
    /// The parts of a lookup, when the service is one.
    #[must_use]
    pub fn lookup_parts(&self) -> Option<LookupParts<'_>> {
        let lookup = self.lookup.as_ref()?;
        let (request, reply) = (self.record(&self.request)?, self.record(&self.reply)?);
        let key = self.item_of(request, &lookup.keys)?;
        let item = self.item_of(reply, &lookup.items)?;
        let status = match &item.field(&lookup.status)?.kind {
            Kind::Enum { name, .. } => self.enumeration(name)?,
            _ => return None,
        };
        Some(LookupParts { lookup, key, item, status })
    }
}

/// The records and the enumeration by which a lookup works.
#[derive(Debug, Clone, Copy)]
pub struct LookupParts<'m> {
    /// What the schema says of the lookup.
    pub lookup: &'m Lookup,
    /// The record of a key.
    pub key: &'m Record,
    /// The record of an item.
    pub item: &'m Record,
    /// The enumeration of outcomes.
    pub status: &'m Enumeration,
}

impl<'m> LookupParts<'m> {
    /// The statuses that a provider answers with; the others are for what does not fit.
    pub fn final_statuses(&self) -> impl Iterator<Item = &'m Value> + use<'m> {
        let lookup = self.lookup;
        self.status.values.iter().filter(|value| value.name != lookup.exceeded && value.name != lookup.oversized)
    }

    /// What the rules demand of an item with the status called `status`, whatever its other fields hold.
    pub fn demands(&self, status: &str) -> impl Iterator<Item = &'m Demand> + use<'m> {
        let (field, status) = (self.lookup.status.as_str(), status.to_owned());
        let holds = move |test: &Test| test.field == field && test.equal == (test.value == status);
        let rules = self.item.rules.iter().filter(move |rule| rule.when.iter().all(&holds));
        rules.flat_map(|rule| &rule.then)
    }

    /// The fields of an item that a provider sets when it answers with `status`: neither the status nor the key, nor what
    /// the status alone decides.
    pub fn free_fields(&self, status: &str) -> Vec<&'m Field> {
        let decided: Vec<_> = self.demands(status).filter(|demand| demand.must != Must::Present).collect();
        let is_free = |field: &&Field| {
            field.name != self.lookup.status
                && !self.lookup.echo.contains(&field.name)
                && !decided.iter().any(|demand| demand.field == field.name)
        };
        self.item.values().filter(is_free).collect()
    }
}
