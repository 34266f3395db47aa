//! CGROUPS_SNAPSHOT: an empty request, and all control groups as the reply (`spec/codec.md`, section 4).

use std::borrow::Cow;

use crate::decode::{Content, Place, Record};
use crate::encode;
use crate::json::{self, Json};
use crate::offence::{Offence, Refusal};
use crate::targets::Message;

const REQUEST: &str = "cgroups-snapshot request";
const REPLY: &str = "cgroups-snapshot reply";
const ITEM: &str = "cgroups-snapshot item";

const REQUEST_SIZE: usize = 4;
const REPLY_FIXED_PART: usize = 24;
const ITEM_FIXED_PART: usize = 32;

pub(crate) struct Request;

pub(crate) struct Reply<'a> {
    systemd_enabled: u32,
    generation: u64,
    items: Vec<Item<'a>>,
}

struct Item<'a> {
    hash: u32,
    options: u32,
    enabled: u32,
    name: Cow<'a, [u8]>,
    path: Cow<'a, [u8]>,
}

impl Message<'_> for Request {
    /// NIPC-SNAP-01
    fn decode(payload: &[u8]) -> Result<Self, Offence> {
        let record = Record::payload(REQUEST, payload);
        record.fixed_part(REQUEST_SIZE)?;
        record.constant_u16("layout_version", 0, 1)?;
        record.constant_u16("flags", 2, 0)?;
        Ok(Self)
    }

    fn encode(&self, budget: usize, out: &mut Vec<u8>) -> Result<(), Offence> {
        encode::fits(REQUEST_SIZE, budget)?;
        out.extend(1_u16.to_le_bytes());
        out.extend(0_u16.to_le_bytes());
        Ok(())
    }

    fn from_json(json: &mut Json<'_>) -> Result<Self, Refusal> {
        json.text("{}")?;
        Ok(Self)
    }

    fn to_json(&self, out: &mut Vec<u8>) {
        json::text(out, "{}");
    }
}

impl<'a> Message<'a> for Reply<'a> {
    /// NIPC-SNAP-02
    fn decode(payload: &'a [u8]) -> Result<Self, Offence> {
        let record = Record::payload(REPLY, payload);
        record.fixed_part(REPLY_FIXED_PART)?;
        record.constant_u16("layout_version", 0, 1)?;
        record.constant_u16("flags", 2, 0)?;
        let item_count = record.u32(4);
        let systemd_enabled = record.u32(8);
        record.constant_u32("reserved", 12, 0)?;
        let generation = record.u64(16);
        let items = record.list("items", REPLY_FIXED_PART, item_count, ITEM, Item::decode)?;
        Ok(Self { systemd_enabled, generation, items })
    }

    fn encode(&self, budget: usize, out: &mut Vec<u8>) -> Result<(), Offence> {
        let begin = out.len();
        out.extend(1_u16.to_le_bytes());
        out.extend(0_u16.to_le_bytes());
        out.extend((self.items.len() as u32).to_le_bytes());
        out.extend(self.systemd_enabled.to_le_bytes());
        out.extend(0_u32.to_le_bytes());
        out.extend(self.generation.to_le_bytes());
        encode::list(out, begin, budget, &self.items, |item, out| {
            item.encode(out);
            Ok(())
        })
    }

    fn from_json(json: &mut Json<'_>) -> Result<Self, Refusal> {
        let systemd_enabled = json.u32("{\"systemd_enabled\":")?;
        let generation = json.u64(",\"generation\":")?;
        let items = json.array(",\"items\":", Item::from_json)?;
        json.text("}")?;
        Ok(Self { systemd_enabled, generation, items })
    }

    fn to_json(&self, out: &mut Vec<u8>) {
        json::number(out, "{\"systemd_enabled\":", self.systemd_enabled.into());
        json::number(out, ",\"generation\":", self.generation);
        json::array(out, ",\"items\":", &self.items, Item::to_json);
        out.push(b'}');
    }
}

impl<'a> Item<'a> {
    /// NIPC-SNAP-03, NIPC-SNAP-04, NIPC-SNAP-05, NIPC-SNAP-06
    fn decode(record: Record<'a>) -> Result<Self, Offence> {
        record.fixed_part(ITEM_FIXED_PART)?;
        record.constant_u16("layout_version", 0, 1)?;
        record.constant_u16("flags", 2, 0)?;
        let name = record.string("name", 16, Place::From(ITEM_FIXED_PART), &Content::ANY)?;
        let path = record.string("path", 24, Place::From(ITEM_FIXED_PART), &Content::ANY)?;
        record.apart(&[name, path])?;
        Ok(Self {
            hash: record.u32(4),
            options: record.u32(8),
            enabled: record.u32(12),
            name: Cow::Borrowed(name.bytes),
            path: Cow::Borrowed(path.bytes),
        })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let begin = out.len();
        out.extend(1_u16.to_le_bytes());
        out.extend(0_u16.to_le_bytes());
        out.extend(self.hash.to_le_bytes());
        out.extend(self.options.to_le_bytes());
        out.extend(self.enabled.to_le_bytes());
        out.resize(begin + ITEM_FIXED_PART, 0);
        encode::string(out, begin, 16, &self.name);
        encode::string(out, begin, 24, &self.path);
    }

    fn from_json(json: &mut Json<'_>) -> Result<Self, Refusal> {
        let hash = json.u32("{\"hash\":")?;
        let options = json.u32(",\"options\":")?;
        let enabled = json.u32(",\"enabled\":")?;
        let name = json.bytes(",\"name\":")?;
        let path = json.bytes(",\"path\":")?;
        json.text("}")?;
        Ok(Self { hash, options, enabled, name, path })
    }

    fn to_json(&self, out: &mut Vec<u8>) {
        json::number(out, "{\"hash\":", self.hash.into());
        json::number(out, ",\"options\":", self.options.into());
        json::number(out, ",\"enabled\":", self.enabled.into());
        json::bytes(out, ",\"name\":", &self.name);
        json::bytes(out, ",\"path\":", &self.path);
        out.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::*;

    const REQUEST: &str = "cgroups-snapshot/request";
    const REPLY: &str = "cgroups-snapshot/reply";

    fn item(numbers: [u32; 3], name: &str, path: &str) -> String {
        let ([hash, options, enabled], name, path) = (numbers, hex(name), hex(path));
        format!("{{\"hash\":{hash},\"options\":{options},\"enabled\":{enabled},\"name\":{name},\"path\":{path}}}")
    }

    fn reply(items: &[String]) -> String {
        format!("{{\"systemd_enabled\":1,\"generation\":999,\"items\":[{}]}}", items.join(","))
    }

    fn golden_items() -> [String; 3] {
        let docker = "system.slice/docker-abc.scope";
        [
            item([100, 0, 1], "init.scope", "/sys/fs/cgroup/init.scope"),
            item([200, 2, 0], docker, &format!("/sys/fs/cgroup/{docker}")),
            item([300, 0, 1], "", ""),
        ]
    }

    #[test]
    fn golden_vectors() {
        assert_golden(REQUEST, "cgroups_req.bin", "{}");
        assert_golden(REPLY, "cgroups_resp.bin", &reply(&golden_items()));
        assert_golden(REPLY, "cgroups_resp_empty.bin", "{\"systemd_enabled\":0,\"generation\":42,\"items\":[]}");
    }

    #[test]
    fn request() {
        // NIPC-SNAP-01
        let canonical = golden("cgroups_req.bin");
        assert_eq!(offence(REQUEST, &canonical[..3]), "cgroups-snapshot request,null,0,null,truncated");
        assert_eq!(offence(REQUEST, &[2, 0, 0, 0]), "cgroups-snapshot request,layout_version,0,null,constant");
        assert_eq!(offence(REQUEST, &[1, 0, 1, 0]), "cgroups-snapshot request,flags,2,null,constant");
        assert_tolerated(REQUEST, &[1, 0, 0, 0, 9], "{}", &canonical);
    }

    #[test]
    fn fixed_part_of_the_reply() {
        // NIPC-SNAP-02
        let empty = golden("cgroups_resp_empty.bin");
        let of = |bytes: &[u8]| offence(REPLY, bytes).strip_prefix("cgroups-snapshot reply,").unwrap().to_owned();
        assert_eq!(of(&empty[..23]), "null,0,null,truncated");
        assert_eq!(of(&with(&empty, 0, &[0])), "layout_version,0,null,constant");
        assert_eq!(of(&with(&empty, 3, &[1])), "flags,2,null,constant");
        assert_eq!(of(&with(&empty, 15, &[1])), "reserved,12,null,constant");
        // The first one in the order of the fields (NIPC-COD-24)
        assert_eq!(of(&with_u32(&with_u32(&empty, 4, 1), 12, 1)), "reserved,12,null,constant");
    }

    #[test]
    fn directory() {
        let whole = golden("cgroups_resp.bin");
        let of = |bytes: &[u8]| offence(REPLY, bytes).strip_prefix("cgroups-snapshot reply,items,").unwrap().to_owned();
        // NIPC-COD-10, NIPC-COD-02
        assert_eq!(of(&whole[..47]), "24,null,truncated");
        assert_eq!(of(&with_u32(&whole, 4, u32::MAX)), "24,null,truncated");
        assert_eq!(of(&with_u32(&whole, 32, 73)), "32,1,unaligned");
        assert_eq!(of(&with_u32(&whole, 44, 35)), "40,2,out_of_bounds");
        assert_eq!(of(&with_u32(&with_u32(&whole, 40, 0xffff_fff8), 44, u32::MAX)), "40,2,out_of_bounds");
        // NIPC-COD-11
        assert_eq!(of(&with_u32(&whole, 32, 64)), "32,1,starts_early");
        // NIPC-COD-24: alignment before order, order before end, an item before the next entry
        assert_eq!(of(&with_u32(&whole, 32, 65)), "32,1,unaligned");
        assert_eq!(of(&with(&whole, 32, &[0, 0, 0, 0, 255, 255, 255, 255])), "32,1,starts_early");
        assert_eq!(offence(REPLY, &with(&with_u32(&whole, 32, 64), 48, &[0])), ITEM_0_LAYOUT);
        // NIPC-COD-10: shorter than the fixed part of an item
        assert_eq!(offence(REPLY, &with_u32(&whole, 44, 31)), "cgroups-snapshot item,null,232,2,truncated");
    }

    const ITEM_0_LAYOUT: &str = "cgroups-snapshot item,layout_version,48,0,constant";

    #[test]
    fn items() {
        let whole = golden("cgroups_resp.bin");
        let of = |at, new| {
            let offence = offence(REPLY, &with_u32(&whole, at, new));
            offence.strip_prefix("cgroups-snapshot item,").unwrap().to_owned()
        };
        // NIPC-SNAP-03
        assert_eq!(of(120, 3), "layout_version,120,1,constant");
        assert_eq!(of(120, 0x0001_0001), "flags,122,1,constant");
        // NIPC-COD-07
        assert_eq!(of(64, 31), "name,64,0,starts_early");
        assert_eq!(of(64, 69), "name,64,0,out_of_bounds");
        assert_eq!(of(68, u32::MAX), "name,64,0,out_of_bounds");
        assert_eq!(of(68, 9), "name,64,0,unterminated");
        assert_eq!(of(76, 26), "path,72,0,out_of_bounds");
        // NIPC-COD-08: the name becomes all of the item
        assert_eq!(of(68, 36), "path,72,0,overlap");
        // Two empty strings that share their NUL
        assert_eq!(of(256, 32), "path,256,2,overlap");
    }

    #[test]
    fn tolerances() {
        // NIPC-SNAP-04, NIPC-SNAP-05, NIPC-COD-11: order of the strings, gaps, NULs inside, bytes behind
        let mut bytes = golden("cgroups_resp_empty.bin");
        bytes[4] = 1;
        bytes.extend([8, 0, 0, 0, 42, 0, 0, 0]);
        bytes.extend(b"-ignored");
        bytes.extend([1, 0, 0, 0, 7, 0, 0, 0, 255, 255, 255, 255, 2, 0, 0, 0]);
        bytes.extend([38, 0, 0, 0, 2, 0, 0, 0, 33, 0, 0, 0, 3, 0, 0, 0]);
        bytes.extend(b"-a\0b\0-xy\0-");
        bytes.extend(b"behind");
        let json = "{\"systemd_enabled\":0,\"generation\":42,\"items\":[{\"hash\":7,\"options\":4294967295,\
            \"enabled\":2,\"name\":\"7879\",\"path\":\"610062\"}]}";
        let (result, canonical) = encode(REPLY, u32::MAX, json);
        assert_eq!((result, canonical.len()), (0, 24 + 8 + 32 + 7));
        assert_tolerated(REPLY, &bytes, json, &canonical);
    }

    #[test]
    fn the_addition_that_does_not_fit() {
        // NIPC-COD-15: the length with this item as the last one
        let overflow = |budget: u32| {
            let (result, json) = encode(REPLY, budget, &reply(&golden_items()));
            assert_eq!(result, 1);
            String::from_utf8(json).unwrap()
        };
        assert_eq!(overflow(0), "{\"error\":\"overflow\",\"needed\":101,\"budget\":0}");
        assert_eq!(overflow(101), "{\"error\":\"overflow\",\"needed\":219,\"budget\":101}");
        assert_eq!(overflow(219), "{\"error\":\"overflow\",\"needed\":266,\"budget\":219}");
    }
}
