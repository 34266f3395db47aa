//! CGROUPS_LOOKUP: paths of control groups, and what is known of each (`spec/codec.md`, sections 5 and 6).

use std::borrow::Cow;

use crate::answers::{Lookup, Short};
use crate::decode::{Content, Place, Record, last_end};
use crate::encode;
use crate::json::{self, Json};
use crate::labels::{self, Label};
use crate::offence::{Offence, Problem, Refusal};
use crate::targets::Message;

const REQUEST: &str = "cgroups-lookup request";
const KEY: &str = "cgroups-lookup key";
const REPLY: &str = "cgroups-lookup reply";
const ITEM: &str = "cgroups-lookup item";
const LABEL: &str = "cgroups-lookup label";

const MESSAGE_FIXED_PART: usize = 16;
const ITEM_FIXED_PART: usize = 28;

const STATUS_KNOWN: u16 = 0;
const STATUS_LAST_ANSWER: u16 = 2;
const STATUS_PAYLOAD_EXCEEDED: u16 = 3;
const STATUS_OVERSIZED_ITEM: u16 = 4;
const STATUS_LAST: u16 = 4;

const PATH: Content = Content::NO_NUL_NOT_EMPTY;
const NAME: Content = Content::NO_NUL;

pub(crate) struct Request<'a> {
    keys: Vec<Key<'a>>,
}

pub(crate) struct Key<'a> {
    path: Cow<'a, [u8]>,
}

pub(crate) struct Reply<'a> {
    generation: u64,
    items: Vec<Item<'a>>,
}

pub(crate) struct Item<'a> {
    status: u16,
    orchestrator: u16,
    path: Cow<'a, [u8]>,
    name: Cow<'a, [u8]>,
    labels: Vec<Label<'a>>,
}

impl<'a> Message<'a> for Request<'a> {
    /// NIPC-LKP-01, NIPC-LKP-03
    fn decode(payload: &'a [u8]) -> Result<Self, Offence> {
        let record = Record::payload(REQUEST, payload);
        record.fixed_part(MESSAGE_FIXED_PART)?;
        record.constant_u16("layout_version", 0, 1)?;
        record.constant_u16("flags", 2, 0)?;
        let item_count = record.u32(4);
        record.constant_u32("reserved", 8, 0)?;
        record.constant_u32("reserved_too", 12, 0)?;
        let keys = record.list("keys", MESSAGE_FIXED_PART, item_count, KEY, Key::decode)?;
        Ok(Self { keys })
    }

    fn encode(&self, budget: usize, out: &mut Vec<u8>) -> Result<(), Offence> {
        let begin = out.len();
        out.extend(1_u16.to_le_bytes());
        out.extend(0_u16.to_le_bytes());
        out.extend((self.keys.len() as u32).to_le_bytes());
        out.extend([0; 8]);
        encode::list(out, begin, budget, &self.keys, Key::encode)
    }

    fn from_json(json: &mut Json<'_>) -> Result<Self, Refusal> {
        let keys = json.array("{\"keys\":", |json| {
            let path = json.bytes("{\"path\":")?;
            json.text("}")?;
            Ok(Key { path })
        })?;
        json.text("}")?;
        Ok(Self { keys })
    }

    fn to_json(&self, out: &mut Vec<u8>) {
        json::array(out, "{\"keys\":", &self.keys, |key, out| {
            json::bytes(out, "{\"path\":", &key.path);
            out.push(b'}');
        });
        out.push(b'}');
    }
}

impl<'a> Key<'a> {
    /// NIPC-CGL-01
    fn decode(record: Record<'a>) -> Result<Self, Offence> {
        Ok(Self { path: Cow::Borrowed(record.rest("path", 0, &PATH)?) })
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), Offence> {
        encode::valid(KEY, "path", &self.path, &PATH)?;
        out.extend_from_slice(&self.path);
        out.push(0);
        Ok(())
    }
}

impl<'a> Message<'a> for Reply<'a> {
    /// NIPC-LKP-02, NIPC-LKP-03, NIPC-LKP-09
    fn decode(payload: &'a [u8]) -> Result<Self, Offence> {
        let record = Record::payload(REPLY, payload);
        record.fixed_part(MESSAGE_FIXED_PART)?;
        record.constant_u16("layout_version", 0, 1)?;
        record.constant_u16("flags", 2, 0)?;
        let items = record.list("items", MESSAGE_FIXED_PART, record.u32(4), ITEM, Item::decode)?;
        Ok(Self { generation: record.u64(8), items })
    }

    fn encode(&self, budget: usize, out: &mut Vec<u8>) -> Result<(), Offence> {
        let begin = out.len();
        out.extend(1_u16.to_le_bytes());
        out.extend(0_u16.to_le_bytes());
        out.extend((self.items.len() as u32).to_le_bytes());
        out.extend(self.generation.to_le_bytes());
        encode::list(out, begin, budget, &self.items, Item::encode)
    }

    fn from_json(json: &mut Json<'_>) -> Result<Self, Refusal> {
        let generation = json.u64("{\"generation\":")?;
        let items = json.array(",\"items\":", Item::from_json)?;
        json.text("}")?;
        Ok(Self { generation, items })
    }

    fn to_json(&self, out: &mut Vec<u8>) {
        json::number(out, "{\"generation\":", self.generation);
        json::array(out, ",\"items\":", &self.items, Item::to_json);
        out.push(b'}');
    }
}

impl<'a> Item<'a> {
    /// NIPC-CGL-02, NIPC-CGL-03, NIPC-CGL-04, NIPC-LKP-04, NIPC-LKP-05
    fn decode(record: Record<'a>) -> Result<Self, Offence> {
        record.fixed_part(ITEM_FIXED_PART)?;
        record.constant_u16("layout_version", 0, 1)?;
        let status = record.closed_u16("status", 2, STATUS_LAST)?;
        let orchestrator = record.u16(4);
        record.constant_u16("reserved", 6, 0)?;
        let path = record.string("path", 8, Place::From(ITEM_FIXED_PART), &PATH)?;
        let name = record.string("name", 16, Place::From(ITEM_FIXED_PART), &NAME)?;
        let label_count = record.u16(24);
        record.constant_u16("reserved_too", 26, 0)?;
        record.apart(&[path, name])?;
        let strings_end = last_end(&[path, name], ITEM_FIXED_PART);
        let table = labels::decode(&record, LABEL, label_count, strings_end)?;
        record.ends_at(table.end)?;
        let item = Self {
            status,
            orchestrator,
            path: Cow::Borrowed(path.bytes),
            name: Cow::Borrowed(name.bytes),
            labels: table.labels,
        };
        match item.broken_rule() {
            None => Ok(item),
            Some((field, problem)) => {
                let at = match field {
                    "orchestrator" => 4,
                    "name" => 16,
                    _ => table.start,
                };
                Err(record.offence(field, at, problem))
            }
        }
    }

    fn of_status(status: u16) -> Self {
        Self { status, orchestrator: 0, path: Cow::Borrowed(b""), name: Cow::Borrowed(b""), labels: Vec::new() }
    }

    /// NIPC-CGL-05: the first rule with a condition that does not hold.
    fn broken_rule(&self) -> Option<(&'static str, Problem)> {
        if self.status == STATUS_KNOWN {
            None
        } else if self.orchestrator != 0 {
            Some(("orchestrator", Problem::ConstantWhen))
        } else if !self.name.is_empty() {
            Some(("name", Problem::NotEmptyWhen))
        } else if !self.labels.is_empty() {
            Some(("labels", Problem::NotEmptyWhen))
        } else {
            None
        }
    }

    fn valid(&self) -> Result<(), Offence> {
        encode::listed(ITEM, "status", self.status, STATUS_LAST)?;
        encode::valid(ITEM, "path", &self.path, &PATH)?;
        encode::valid(ITEM, "name", &self.name, &NAME)?;
        labels::valid(&self.labels, ITEM, LABEL)?;
        match self.broken_rule() {
            None => Ok(()),
            Some((field, problem)) => Err(Offence::Invalid { record: ITEM, field, problem }),
        }
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), Offence> {
        self.valid()?;
        let begin = out.len();
        out.extend(1_u16.to_le_bytes());
        out.extend(self.status.to_le_bytes());
        out.extend(self.orchestrator.to_le_bytes());
        out.resize(begin + 24, 0);
        out.extend((self.labels.len() as u16).to_le_bytes());
        out.resize(begin + ITEM_FIXED_PART, 0);
        encode::string(out, begin, 8, &self.path);
        encode::string(out, begin, 16, &self.name);
        labels::encode(&self.labels, out, begin);
        Ok(())
    }

    fn from_json(json: &mut Json<'_>) -> Result<Self, Refusal> {
        let status = json.closed("{\"status\":")?;
        let orchestrator = json.u16(",\"orchestrator\":")?;
        let path = json.bytes(",\"path\":")?;
        let name = json.bytes(",\"name\":")?;
        let labels = labels::from_json(json)?;
        json.text("}")?;
        Ok(Self { status, orchestrator, path, name, labels })
    }

    fn to_json(&self, out: &mut Vec<u8>) {
        json::number(out, "{\"status\":", self.status.into());
        json::number(out, ",\"orchestrator\":", self.orchestrator.into());
        json::bytes(out, ",\"path\":", &self.path);
        json::bytes(out, ",\"name\":", &self.name);
        labels::to_json(&self.labels, out);
        out.push(b'}');
    }
}

impl<'a> Lookup<'a> for Reply<'a> {
    type Key = Key<'a>;
    type Item = Item<'a>;

    fn keys(request: &'a [u8]) -> Result<Vec<Key<'a>>, Offence> {
        Ok(Request::decode(request)?.keys)
    }

    fn answer(json: &mut Json<'_>) -> Result<Item<'a>, Refusal> {
        let mut item = Item::of_status(json.closed("{\"status\":")?);
        if item.status == STATUS_KNOWN {
            item.orchestrator = json.u16(",\"orchestrator\":")?;
            item.name = json.bytes(",\"name\":")?;
            item.labels = labels::from_json(json)?;
        }
        json.text("}")?;
        Ok(item)
    }

    fn short(status: Short) -> Item<'a> {
        Item::of_status(match status {
            Short::PayloadExceeded => STATUS_PAYLOAD_EXCEEDED,
            Short::OversizedItem => STATUS_OVERSIZED_ITEM,
        })
    }

    fn set_key(item: &mut Item<'a>, key: &Key<'a>) {
        item.path = key.path.clone();
    }

    fn judge(answer: &Item<'a>) -> Result<(), Offence> {
        encode::listed(ITEM, "status", answer.status, STATUS_LAST_ANSWER)
    }

    fn encode(item: &Item<'a>, out: &mut Vec<u8>) -> Result<(), Offence> {
        item.encode(out)
    }
}

#[cfg(test)]
mod tests;
