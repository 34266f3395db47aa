//! Every kind of change of a schema, and what is told of it (NIPC-EVO-09).
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use netipc_codegen::compat::{Report, check};

const PROBE: &str = include_str!("schemas/probe_3.toml");
const PROBE_AT_FIRST: &str = include_str!("schemas/probe_1.toml");
const LOOKUP: &str = include_str!("diagnostics/lookup.toml");

fn report(old: &str, new: &str) -> Report {
    check(("old", old), ("new", new)).unwrap_or_else(|findings| panic!("{findings}"))
}

fn told(old: &str, new: &str) -> Vec<String> {
    report(old, new).changes.iter().map(ToString::to_string).collect()
}

/// One test for each kind of change: behind `after`, `old` becomes `new`; then exactly these changes are told.
macro_rules! changes {
    ($schema:ident; $($name:ident: $after:literal, $old:literal => $new:literal, [$($change:literal),* $(,)?];)*) => {$(
        #[test]
        fn $name() {
            let (head, tail) = $schema.split_at($schema.find($after).expect("the place is there"));
            assert!(tail.contains($old), "`{}` is not behind `{}`", $old, $after);
            let new = format!("{head}{}", tail.replacen($old, $new, 1));
            let none: &[&str] = &[$($change),*];
            assert_eq!(told($schema, &new), none);
        }
    )*};
}

#[test]
fn a_schema_is_compatible_with_itself() {
    for schema in [PROBE, LOOKUP] {
        assert_eq!(told(schema, schema), [""; 0]);
    }
}

#[test]
fn fields_that_were_appended_are_compatible() {
    let report = report(PROBE_AT_FIRST, PROBE);
    assert!(report.is_compatible(), "{report:?}");
    let first = report.changes.first().unwrap();
    assert_eq!(
        first.to_string(),
        "compatible: old:27:9, new:51:8: field `most` was added to record `question` in version 2"
    );
    assert_eq!(report.changes.len(), 8);
}

#[test]
fn a_schema_that_is_wrong_is_not_compared() {
    let findings = check(("old", PROBE), ("new", "")).unwrap_err();
    assert!(findings.to_string().starts_with("new:1:1: the schema has no `service`"), "{findings}");
}

changes! { PROBE;
    documentation_and_examples: "record.reading", "doc = \"How it is.\"" => "doc = \"Its state.\"", [];
    fields_swapped: "record.question", "name = \"except\"\ntype = \"enum\"\nof = \"state\"\nsince = 3\ndefault = \"broken\"\ndoc = \"None of this state.\"\nexample = \"broken\"\n\n[[record.question.field]]\nname = \"flags\"\ntype = \"u16\"\nsince = 3\nreserved = true\ndoc = \"For later.\"" => "name = \"flags\"\ntype = \"u16\"\nsince = 3\nreserved = true\ndoc = \"For later.\"\n\n[[record.question.field]]\nname = \"except\"\ntype = \"enum\"\nof = \"state\"\nsince = 3\ndefault = \"broken\"\ndoc = \"None of this state.\"\nexample = \"broken\"", [
        "breaks: old:59:8, new:66:8: field `except` of record `question` is at another place: readers misread it",
    ];
    service_name: "", "name = \"probe\"" => "name = \"probes\"", [
        "breaks: old:4:8, new:4:8: the name was `probe` and is `probes`: the endpoint is not found",
    ];
    method: "", "method = 0x8004" => "method = 0x8005", [
        "breaks: old:5:10, new:5:10: `method` was 0x8004 and is 0x8005: requests are refused",
    ];
    version_that_only_rises: "", "version = 3" => "version = 4", [];
    what_may_be_sent_again: "", "idempotent = true" => "idempotent = false", [];
    field_removed: "record.question", "\n[[record.question.field]]\nname = \"flags\"\ntype = \"u16\"\nsince = 3\nreserved = true\ndoc = \"For later.\"\n" => "", [
        "breaks: old:68:8, new:28:9: field `flags` of record `question` was removed: old readers need it",
    ];
    field_inserted: "record.reading", "[[record.reading.field]]\nname = \"value\"" => "[[record.reading.field]]\nname = \"other\"\ntype = \"u32\"\ndoc = \"Other.\"\n\n[[record.reading.field]]\nname = \"value\"", [
        "breaks: old:126:8, new:131:8: field `value` of record `reading` is at another place: readers misread it",
    ];
    field_added_to_a_version_that_is_out: "name = \"flags\"", "doc = \"For later.\"" => "doc = \"For later.\"\n\n[[record.question.field]]\nname = \"late\"\ntype = \"u16\"\nsince = 3\ndefault = 0\ndoc = \"Late.\"", [
        "breaks: old:28:9, new:75:8: field `late` was added to record `question` since 3, but version 3 is \
         there without it",
    ];
    type_changed_to_a_shorter_one: "record.reading", "name = \"value\"\ntype = \"u32\"" => "name = \"value\"\ntype = \"u16\"\ndoc = \"Half.\"\n\n[[record.reading.field]]\nname = \"rest\"\ntype = \"u16\"", [
        "breaks: old:126:8, new:126:8: field `value` of record `reading` was a u32 and is a u16: readers \
         misread it",
    ];
    type_changed_to_one_as_long: "record.answer", "name = \"load\"\ntype = \"u16\"\ndoc = \"How busy the reader is.\"\nexample = 1" => "name = \"load\"\ntype = \"enum\"\nof = \"state\"\ndoc = \"How busy the reader is.\"", [
        "breaks: old:84:8, new:84:8: field `load` of record `answer` was a u16 and is a u16 of an enum: readers \
         misread it",
    ];
    field_renamed: "record.answer", "name = \"load\"" => "name = \"business\"", [
        "compatible: old:84:8, new:84:8: field `business` of record `answer` was called `load`: a change of \
         source code, when it means the same",
    ];
    since_changed: "name = \"weight\"", "since = 2" => "since = 3", [
        "breaks: old:149:8, new:149:8: field `weight` of record `reading` was there since 2 and is since 3",
    ];
    default_changed: "name = \"most\"", "default = 10" => "default = 11", [
        "breaks: old:51:8, new:51:8: field `most` of record `question` has another default: readers disagree on \
         what older writers mean",
    ];
    constant_changed: "name = \"layout\"", "value = 9" => "value = 8", [
        "breaks: old:157:8, new:157:8: field `layout` of record `reading` was always 9 and is always 8: readers \
         refuse each other",
    ];
    constant_freed: "name = \"flags\"", "reserved = true" => "default = 0", [
        "breaks: old:68:8, new:68:8: field `flags` of record `question` was always 0 and can be anything: old \
         readers refuse that",
    ];
    number_bound: "record.answer", "doc = \"How busy the reader is.\"\nexample = 1" => "reserved = true\ndoc = \"How busy the reader is.\"", [
        "breaks: old:84:8, new:84:8: field `load` of record `answer` could be anything and is always 0: new \
         readers refuse the rest",
    ];
    longer_strings_demanded: "name = \"place\"", "nul_inside" => "min_length = 1\nnul_inside", [
        "breaks: old:131:8, new:131:8: field `place` of record `reading` must have 1 bytes or more, no longer \
         0: new readers refuse shorter ones",
    ];
    longer_strings_allowed: "name = \"unit\"", "max_length = 4" => "max_length = 5", [
        "breaks: old:138:8, new:138:8: field `unit` of record `reading` can have up to 5 bytes, no longer 4: \
         old readers refuse the longer ones",
    ];
    shorter_strings_demanded: "name = \"unit\"", "max_length = 4" => "max_length = 3", [
        "breaks: old:138:8, new:138:8: field `unit` of record `reading` can have up to 3 bytes, no longer 4: \
         new readers refuse longer ones",
    ];
    nul_allowed: "name = \"place\"", "rejected" => "tolerated", [
        "breaks: old:131:8, new:131:8: field `place` of record `reading` treats a NUL inside in another way: \
         old readers refuse it",
    ];
    nul_forbidden: "name = \"note\"", "tolerated" => "rejected", [
        "breaks: old:164:8, new:164:8: field `note` of record `reading` treats a NUL inside in another way: new \
         readers refuse it",
    ];
    trailing_tolerated: "record.question", "trailing = \"rejected\"" => "trailing = \"tolerated\"", [
        "compatible: old:28:9, new:28:9: bytes behind the content of record `question` are tolerated by new \
         readers",
    ];
    gaps_tolerated: "record.answer", "gaps = \"rejected\"" => "gaps = \"tolerated\"", [
        "compatible: old:103:8, new:103:8: gaps between the items of field `probes` of record `answer` are \
         tolerated by new readers",
    ];
    value_of_a_closed_enum_added: "enum.state", "doc = \"It does not.\"" => "doc = \"It does not.\"\n\n[[enum.state.value]]\nname = \"lost\"\ncode = 2\ndoc = \"Nobody knows.\"", [
        "breaks: old:13:7, new:29:8: value `lost` was added to enum `state`: old readers refuse it",
    ];
    value_code_changed: "name = \"broken\"", "code = 1" => "code = 2", [
        "breaks: old:13:7, new:24:8: value `broken` was added to enum `state`: old readers refuse it",
        "breaks: old:24:8, new:13:7: value `broken` was removed from enum `state`: new readers refuse it",
    ];
    enum_opened: "enum.state", "unlisted = \"rejected\"" => "unlisted = \"tolerated\"", [
        "breaks: old:13:7, new:13:7: enum `state` treats unlisted numbers in another way: old readers refuse \
         them",
    ];
    rule_of_added_fields_dropped: "record.reading.rule", "weight = 1, " => "", [
        "breaks: old:171:1, new:110:9: a rule of record `reading` no longer demands something of `weight` when \
         `state` is `broken`: old readers refuse what new writers send",
    ];
    rule_added: "record.reading.rule", "weight = 1" => "value = 0, weight = 1", [
        "breaks: old:110:9, new:171:1: a rule of record `reading` now demands something of `value` when `state` \
         is `broken`: new readers refuse what old writers send",
    ];
}

changes! { LOOKUP;
    lookup_status_swapped: "", "exceeded = \"later\"\noversized = \"never\"" => "exceeded = \"never\"\noversized = \"later\"", [
        "breaks: old:10:1, new:10:1: `exceeded`, `oversized` of the lookup means another field or value: \
         answers are misunderstood",
    ];
    hint_to_come_back: "", "retry_later = { outcome_code = \"asleep\" }\n" => "", [];
    value_of_an_open_enum_added: "enum.mood", "doc = \"As always.\"" => "doc = \"As always.\"\n\n[[enum.mood.value]]\nname = \"merry\"\ncode = 1\ndoc = \"Good.\"", [
        "compatible: old:45:7, new:56:8: value `merry` was added to enum `mood`",
    ];
    enum_closed: "enum.mood", "tolerated" => "rejected", [
        "breaks: old:45:7, new:45:7: enum `mood` treats unlisted numbers in another way: new readers refuse them",
    ];
    gaps_refused: "record.query", "gaps = \"tolerated\"" => "gaps = \"rejected\"", [
        "breaks: old:71:8, new:71:8: gaps between the items of field `names` of record `query` are refused by \
         new readers",
    ];
    trailing_refused: "record.answer", "trailing = \"tolerated\"" => "trailing = \"rejected\"", [
        "breaks: old:91:9, new:91:9: bytes behind the content of record `answer` are refused by new readers",
    ];
}

/// What was the new schema is the old one now: nothing may be taken away again.
#[test]
fn going_back_breaks() {
    let changes = told(PROBE, PROBE_AT_FIRST);
    assert_eq!(changes[0], "breaks: old:6:11, new:3:1: `version` was 3 and is 1: versions only go up");
    assert!(
        changes
            .iter()
            .any(|change| change.ends_with("field `most` of record `question` was removed: old readers need it"))
    );
}

#[test]
fn batches_and_lookups_are_for_good() {
    let weather = include_str!("schemas/weather.toml");
    let single = weather.replace("batchable = true", "batchable = false");
    let place = "new:6:13: requests ";
    assert!(told(weather, &single)[0].contains(&format!("{place}cannot be batched any more: new providers refuse")));
    assert!(told(&single, weather)[0].contains(&format!("{place}can be batched now: old providers refuse")));
}

/// Only the numbers travel.
#[test]
fn values_can_be_renamed_but_not_swapped() {
    let changes = told(PROBE, &PROBE.replace("\"fine\"", "\"well\""));
    let change = "compatible: old:19:8, new:19:8: value `well` of enum `state` was called `fine`: a change of source code, when \
                  it means the same";
    assert_eq!(changes, [change]);
    let swapped =
        PROBE.replacen("\"fine\"", "\"?\"", 1).replacen("\"broken\"", "\"fine\"", 1).replacen("\"?\"", "\"broken\"", 1);
    let report = report(PROBE, &swapped);
    assert!(report.changes[0].message.ends_with("numbers mean something else"), "{report:?}");
    assert!(!report.is_compatible());
}
