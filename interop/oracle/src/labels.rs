//! The table of labels that an item of both lookups ends with (NIPC-LKP-06, NIPC-LKP-07, NIPC-COD-20, NIPC-COD-21).

use std::borrow::Cow;

use crate::decode::{Content, Place, Record};
use crate::encode;
use crate::json::{self, Json};
use crate::offence::{Offence, Problem, Refusal};

const ROW: usize = 16;
const KEY: Content = Content::NO_NUL_NOT_EMPTY;
const VALUE: Content = Content::NO_NUL;

/// One row.
pub(crate) struct Label<'a> {
    key: Cow<'a, [u8]>,
    value: Cow<'a, [u8]>,
}

/// All rows, with their place in the record.
pub(crate) struct Table<'a> {
    pub(crate) labels: Vec<Label<'a>>,
    pub(crate) start: usize,
    /// Behind the NUL of the last string.
    pub(crate) end: usize,
}

/// Judges a table of `count` rows behind strings that end at `strings_end`.
pub(crate) fn decode<'a>(
    record: &Record<'a>,
    row_name: &'static str,
    count: u16,
    strings_end: usize,
) -> Result<Table<'a>, Offence> {
    let mut labels = Vec::new();
    if count == 0 {
        return Ok(Table { labels, start: strings_end, end: strings_end });
    }
    let start = strings_end.next_multiple_of(8);
    let mut end = start + ROW * usize::from(count);
    if record.len() < end {
        return Err(record.offence("labels", start, Problem::Truncated));
    }
    if !record.are_zero(strings_end, start) {
        return Err(record.offence("labels", start, Problem::Padding));
    }
    let row = record.row(row_name);
    for position in 0..usize::from(count) {
        let at = start + ROW * position;
        let key = row.string("key", at, Place::Only(end), &KEY)?;
        let value = row.string("value", at + 8, Place::Only(key.end), &VALUE)?;
        end = value.end;
        labels.push(Label { key: Cow::Borrowed(key.bytes), value: Cow::Borrowed(value.bytes) });
    }
    Ok(Table { labels, start, end })
}

/// NIPC-COD-16, for a table whose rows are counted by a u16.
pub(crate) fn valid(labels: &[Label<'_>], record: &'static str, row_name: &'static str) -> Result<(), Offence> {
    if labels.len() > usize::from(u16::MAX) {
        return Err(Offence::Invalid { record, field: "labels", problem: Problem::TooMany });
    }
    for label in labels {
        encode::valid(row_name, "key", &label.key, &KEY)?;
        encode::valid(row_name, "value", &label.value, &VALUE)?;
    }
    Ok(())
}

/// Appends padding and table to a record that starts at `begin`.
pub(crate) fn encode(labels: &[Label<'_>], out: &mut Vec<u8>, begin: usize) {
    if labels.is_empty() {
        return;
    }
    encode::pad(out, begin);
    let table = out.len() - begin;
    out.resize(out.len() + ROW * labels.len(), 0);
    for (position, label) in labels.iter().enumerate() {
        let at = table + ROW * position;
        encode::string(out, begin, at, &label.key);
        encode::string(out, begin, at + 8, &label.value);
    }
}

pub(crate) fn from_json(json: &mut Json<'_>) -> Result<Vec<Label<'static>>, Refusal> {
    json.array(",\"labels\":", |json| {
        let key = json.bytes("{\"key\":")?;
        let value = json.bytes(",\"value\":")?;
        json.text("}")?;
        Ok(Label { key, value })
    })
}

pub(crate) fn to_json(labels: &[Label<'_>], out: &mut Vec<u8>) {
    json::array(out, ",\"labels\":", labels, |label, out| {
        json::bytes(out, "{\"key\":", &label.key);
        json::bytes(out, ",\"value\":", &label.value);
        out.push(b'}');
    });
}
