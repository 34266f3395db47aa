//! APPS_LOOKUP: process ids, and what is known of each (`spec/codec.md`, sections 5 and 7).

use std::borrow::Cow;

use crate::answers::{Lookup, Short};
use crate::decode::{Content, Place, Record, last_end};
use crate::encode;
use crate::json::{self, Json};
use crate::labels::{self, Label};
use crate::offence::{Offence, Problem, Refusal};
use crate::targets::Message;

const REQUEST: &str = "apps-lookup request";
const KEY: &str = "apps-lookup key";
const REPLY: &str = "apps-lookup reply";
const ITEM: &str = "apps-lookup item";
const LABEL: &str = "apps-lookup label";

const MESSAGE_FIXED_PART: usize = 16;
const KEY_SIZE: usize = 8;
const ITEM_FIXED_PART: usize = 60;

const STATUS_KNOWN: u16 = 0;
const STATUS_LAST_ANSWER: u16 = 1;
const STATUS_PAYLOAD_EXCEEDED: u16 = 2;
const STATUS_OVERSIZED_ITEM: u16 = 3;
const STATUS_LAST: u16 = 3;

const CGROUP_KNOWN: u16 = 0;
const CGROUP_UNKNOWN_PERMANENT: u16 = 2;
const CGROUP_HOST_ROOT: u16 = 3;
const CGROUP_LAST: u16 = 3;

const UID_NOT_SET: u32 = 0xffff_ffff;

const COMM: Content = Content { shortest: 0, longest: 15, nul: false };
const CGROUP_PATH: Content = Content::NO_NUL;
const CGROUP_NAME: Content = Content::NO_NUL;

pub(crate) struct Request {
    keys: Vec<Key>,
}

pub(crate) struct Key {
    pid: u32,
}

pub(crate) struct Reply<'a> {
    generation: u64,
    items: Vec<Item<'a>>,
}

pub(crate) struct Item<'a> {
    status: u16,
    orchestrator: u16,
    cgroup_status: u16,
    pid: u32,
    ppid: u32,
    uid: u32,
    starttime: u64,
    comm: Cow<'a, [u8]>,
    cgroup_path: Cow<'a, [u8]>,
    cgroup_name: Cow<'a, [u8]>,
    labels: Vec<Label<'a>>,
}

impl Message<'_> for Request {
    /// NIPC-LKP-01, NIPC-LKP-03
    fn decode(payload: &[u8]) -> Result<Self, Offence> {
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
        encode::list(out, begin, budget, &self.keys, |key, out| {
            out.extend(key.pid.to_le_bytes());
            out.extend(0_u32.to_le_bytes());
            Ok(())
        })
    }

    fn from_json(json: &mut Json<'_>) -> Result<Self, Refusal> {
        let keys = json.array("{\"keys\":", |json| {
            let pid = json.u32("{\"pid\":")?;
            json.text("}")?;
            Ok(Key { pid })
        })?;
        json.text("}")?;
        Ok(Self { keys })
    }

    fn to_json(&self, out: &mut Vec<u8>) {
        json::array(out, "{\"keys\":", &self.keys, |key, out| {
            json::number(out, "{\"pid\":", key.pid.into());
            out.push(b'}');
        });
        out.push(b'}');
    }
}

impl Key {
    /// NIPC-APL-01
    fn decode(record: Record<'_>) -> Result<Self, Offence> {
        record.fixed_part(KEY_SIZE)?;
        record.constant_u32("reserved", 4, 0)?;
        record.ends_at(KEY_SIZE)?;
        Ok(Self { pid: record.u32(0) })
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
    /// NIPC-APL-02, NIPC-APL-03, NIPC-LKP-04, NIPC-LKP-05
    fn decode(record: Record<'a>) -> Result<Self, Offence> {
        record.fixed_part(ITEM_FIXED_PART)?;
        record.constant_u16("layout_version", 0, 1)?;
        let status = record.closed_u16("status", 2, STATUS_LAST)?;
        let cgroup_status = record.closed_u16("cgroup_status", 6, CGROUP_LAST)?;
        record.constant_u32("reserved", 20, 0)?;
        let comm = record.string("comm", 32, Place::From(ITEM_FIXED_PART), &COMM)?;
        let cgroup_path = record.string("cgroup_path", 40, Place::From(ITEM_FIXED_PART), &CGROUP_PATH)?;
        let cgroup_name = record.string("cgroup_name", 48, Place::From(ITEM_FIXED_PART), &CGROUP_NAME)?;
        let label_count = record.u16(56);
        record.constant_u16("reserved_too", 58, 0)?;
        let strings = [comm, cgroup_path, cgroup_name];
        record.apart(&strings)?;
        let table = labels::decode(&record, LABEL, label_count, last_end(&strings, ITEM_FIXED_PART))?;
        record.ends_at(table.end)?;
        let item = Self {
            status,
            orchestrator: record.u16(4),
            cgroup_status,
            pid: record.u32(8),
            ppid: record.u32(12),
            uid: record.u32(16),
            starttime: record.u64(24),
            comm: Cow::Borrowed(comm.bytes),
            cgroup_path: Cow::Borrowed(cgroup_path.bytes),
            cgroup_name: Cow::Borrowed(cgroup_name.bytes),
            labels: table.labels,
        };
        match item.broken_rule() {
            None => Ok(item),
            Some((field, problem)) => Err(record.offence(field, offset_of(field).unwrap_or(table.start), problem)),
        }
    }

    /// An item that has nothing but a status (NIPC-APL-04).
    fn of_status(status: u16) -> Self {
        Self {
            status,
            orchestrator: 0,
            cgroup_status: 0,
            pid: 0,
            ppid: 0,
            uid: UID_NOT_SET,
            starttime: 0,
            comm: Cow::Borrowed(b""),
            cgroup_path: Cow::Borrowed(b""),
            cgroup_name: Cow::Borrowed(b""),
            labels: Vec::new(),
        }
    }

    /// The first rule with a condition that does not hold, in the order of the table of the specification.
    fn broken_rule(&self) -> Option<(&'static str, Problem)> {
        if self.status == STATUS_KNOWN { self.broken_rule_of_known() } else { self.broken_rule_of_others() }
    }

    /// NIPC-APL-05, NIPC-APL-06
    fn broken_rule_of_known(&self) -> Option<(&'static str, Problem)> {
        if self.comm.is_empty() {
            return Some(("comm", Problem::EmptyWhen));
        }
        if self.cgroup_status == CGROUP_KNOWN && self.cgroup_path.is_empty() {
            return Some(("cgroup_path", Problem::EmptyWhen));
        }
        if self.cgroup_status != CGROUP_KNOWN {
            if self.orchestrator != 0 {
                return Some(("orchestrator", Problem::ConstantWhen));
            }
            if !self.cgroup_name.is_empty() {
                return Some(("cgroup_name", Problem::NotEmptyWhen));
            }
            if !self.labels.is_empty() {
                return Some(("labels", Problem::NotEmptyWhen));
            }
        }
        if self.cgroup_status == CGROUP_UNKNOWN_PERMANENT && self.cgroup_path.is_empty() {
            return Some(("cgroup_path", Problem::EmptyWhen));
        }
        if self.cgroup_status == CGROUP_HOST_ROOT && !self.cgroup_path.is_empty() {
            return Some(("cgroup_path", Problem::NotEmptyWhen));
        }
        None
    }

    /// NIPC-APL-04
    fn broken_rule_of_others(&self) -> Option<(&'static str, Problem)> {
        let constants = [
            ("orchestrator", self.orchestrator == 0),
            ("cgroup_status", self.cgroup_status == 0),
            ("ppid", self.ppid == 0),
            ("uid", self.uid == UID_NOT_SET),
            ("starttime", self.starttime == 0),
        ];
        let empty = [
            ("comm", self.comm.is_empty()),
            ("cgroup_path", self.cgroup_path.is_empty()),
            ("cgroup_name", self.cgroup_name.is_empty()),
            ("labels", self.labels.is_empty()),
        ];
        let broken = |rules: &[(&'static str, bool)], problem| {
            rules.iter().find(|(_, holds)| !holds).map(|(field, _)| (*field, problem))
        };
        broken(&constants, Problem::ConstantWhen).or_else(|| broken(&empty, Problem::NotEmptyWhen))
    }

    fn valid(&self) -> Result<(), Offence> {
        encode::listed(ITEM, "status", self.status, STATUS_LAST)?;
        encode::listed(ITEM, "cgroup_status", self.cgroup_status, CGROUP_LAST)?;
        encode::valid(ITEM, "comm", &self.comm, &COMM)?;
        encode::valid(ITEM, "cgroup_path", &self.cgroup_path, &CGROUP_PATH)?;
        encode::valid(ITEM, "cgroup_name", &self.cgroup_name, &CGROUP_NAME)?;
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
        out.extend(self.cgroup_status.to_le_bytes());
        out.extend(self.pid.to_le_bytes());
        out.extend(self.ppid.to_le_bytes());
        out.extend(self.uid.to_le_bytes());
        out.extend(0_u32.to_le_bytes());
        out.extend(self.starttime.to_le_bytes());
        out.resize(begin + 56, 0);
        out.extend((self.labels.len() as u16).to_le_bytes());
        out.resize(begin + ITEM_FIXED_PART, 0);
        encode::string(out, begin, 32, &self.comm);
        encode::string(out, begin, 40, &self.cgroup_path);
        encode::string(out, begin, 48, &self.cgroup_name);
        labels::encode(&self.labels, out, begin);
        Ok(())
    }

    fn from_json(json: &mut Json<'_>) -> Result<Self, Refusal> {
        let status = json.closed("{\"status\":")?;
        let orchestrator = json.u16(",\"orchestrator\":")?;
        let cgroup_status = json.closed(",\"cgroup_status\":")?;
        let pid = json.u32(",\"pid\":")?;
        let ppid = json.u32(",\"ppid\":")?;
        let uid = json.u32(",\"uid\":")?;
        let starttime = json.u64(",\"starttime\":")?;
        let comm = json.bytes(",\"comm\":")?;
        let cgroup_path = json.bytes(",\"cgroup_path\":")?;
        let cgroup_name = json.bytes(",\"cgroup_name\":")?;
        let labels = labels::from_json(json)?;
        json.text("}")?;
        Ok(Self {
            status,
            orchestrator,
            cgroup_status,
            pid,
            ppid,
            uid,
            starttime,
            comm,
            cgroup_path,
            cgroup_name,
            labels,
        })
    }

    fn to_json(&self, out: &mut Vec<u8>) {
        json::number(out, "{\"status\":", self.status.into());
        json::number(out, ",\"orchestrator\":", self.orchestrator.into());
        json::number(out, ",\"cgroup_status\":", self.cgroup_status.into());
        json::number(out, ",\"pid\":", self.pid.into());
        json::number(out, ",\"ppid\":", self.ppid.into());
        json::number(out, ",\"uid\":", self.uid.into());
        json::number(out, ",\"starttime\":", self.starttime);
        json::bytes(out, ",\"comm\":", &self.comm);
        json::bytes(out, ",\"cgroup_path\":", &self.cgroup_path);
        json::bytes(out, ",\"cgroup_name\":", &self.cgroup_name);
        labels::to_json(&self.labels, out);
        out.push(b'}');
    }
}

impl<'a> Lookup<'a> for Reply<'a> {
    type Key = Key;
    type Item = Item<'a>;

    fn keys(request: &'a [u8]) -> Result<Vec<Key>, Offence> {
        Ok(Request::decode(request)?.keys)
    }

    fn answer(json: &mut Json<'_>) -> Result<Item<'a>, Refusal> {
        let mut item = Item::of_status(json.closed("{\"status\":")?);
        if item.status == STATUS_KNOWN {
            item.orchestrator = json.u16(",\"orchestrator\":")?;
            item.cgroup_status = json.closed(",\"cgroup_status\":")?;
            item.ppid = json.u32(",\"ppid\":")?;
            item.uid = json.u32(",\"uid\":")?;
            item.starttime = json.u64(",\"starttime\":")?;
            item.comm = json.bytes(",\"comm\":")?;
            item.cgroup_path = json.bytes(",\"cgroup_path\":")?;
            item.cgroup_name = json.bytes(",\"cgroup_name\":")?;
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

    fn set_key(item: &mut Item<'a>, key: &Key) {
        item.pid = key.pid;
    }

    fn judge(answer: &Item<'a>) -> Result<(), Offence> {
        encode::listed(ITEM, "status", answer.status, STATUS_LAST_ANSWER)
    }

    fn encode(item: &Item<'a>, out: &mut Vec<u8>) -> Result<(), Offence> {
        item.encode(out)
    }
}

/// Where a field starts in the fixed part; none for the table, which is not in it.
fn offset_of(field: &str) -> Option<usize> {
    Some(match field {
        "orchestrator" => 4,
        "cgroup_status" => 6,
        "ppid" => 12,
        "uid" => 16,
        "starttime" => 24,
        "comm" => 32,
        "cgroup_path" => 40,
        "cgroup_name" => 48,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
