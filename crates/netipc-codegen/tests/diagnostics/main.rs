//! Every diagnostic: a sound schema with one thing changed, and what the author is told about it.

use netipc_codegen::schema::{parse, parse_standard};

mod enums;
mod growth;
mod lookups;
mod rules;
mod tables;

/// A lookup with enumerations, a rule and a table, in which nothing is wrong.
const LOOKUP: &str = include_str!("lookup.toml");

/// A schema with every kind of field, in which nothing is wrong.
const SOUND: &str = r#"[service]
name = "demo-service"
method = 0x8001
batchable = false
idempotent = true
request = "query"
reply = "answer"
doc = "A service."

[service.snapshot]
list = "items"
hash = "hash"
name = "label"

[record.query]
doc = "What is asked."
trailing = "tolerated"
requirements = ["DEMO-Q-01"]

[[record.query.field]]
name = "version"
type = "u16"
at = 0
value = 1
doc = "Version."

[[record.query.field]]
name = "spare"
type = "u16"
at = 2
reserved = true
doc = "For later."

[[record.query.field]]
name = "text"
type = "string"
at = 4
offset = 12
min_length = 1
max_length = 9
nul_inside = "rejected"
doc = "The question."
example = "why"

[record.answer]
doc = "What is answered."
trailing = "tolerated"

[[record.answer.field]]
name = "count"
type = "u32"
doc = "How many items."

[[record.answer.field]]
name = "spare"
type = "u32"
reserved = true
doc = "For later."

[[record.answer.field]]
name = "items"
type = "list"
of = "entry"
count = "count"
gaps = "tolerated"
doc = "The items."

[record.entry]
doc = "One item."
trailing = "tolerated"

[[record.entry.field]]
name = "hash"
type = "u32"
doc = "Hash."
example = 1

[[record.entry.field]]
name = "label"
type = "string"
nul_inside = "tolerated"
doc = "Label."
"#;

/// All that is found in a schema.
fn found_in(schema: &str) -> Vec<String> {
    match parse("demo.toml", schema) {
        Ok(_) => Vec::new(),
        Err(findings) => findings.list().iter().map(ToString::to_string).collect(),
    }
}

/// Changes the first `old` behind the first `after` of a sound schema, and gives all that is found.
fn found(sound: &str, after: &str, old: &str, new: &str) -> Vec<String> {
    let (head, tail) = sound.split_at(sound.find(after).expect("the place is there"));
    assert!(tail.contains(old), "`{old}` is not behind `{after}`");
    found_in(&format!("{head}{}", tail.replacen(old, new, 1)))
}

/// One test for each diagnostic (NIPC-COD-18): behind `after`, `old` becomes `new`; then exactly these findings are told.
macro_rules! diagnostics {
    ($sound:ident; $($name:ident: $after:literal, $old:literal => $new:literal, [$($finding:literal),+ $(,)?];)*) => {$(
        #[test]
        fn $name() {
            assert_eq!($crate::found($sound, $after, $old, $new), [$(concat!("demo.toml:", $finding)),+]);
        }
    )*};
}
use diagnostics;

#[test]
fn nothing_is_wrong_with_the_sound_schemas() {
    assert_eq!(found_in(SOUND), [""; 0]);
    assert_eq!(found_in(LOOKUP), [""; 0]);
}

/// What is found when `old` becomes `new` everywhere.
fn found_everywhere(old: &str, new: &str) -> Vec<String> {
    found_in(&SOUND.replace(old, new))
}

/// NIPC-ENV-11: names and method codes of the standard services are for nobody else, and all of them are known.
#[test]
fn standard_services_are_refused_as_services_of_users() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/services");
    for entry in std::fs::read_dir(directory).expect("the schemas are there") {
        let path = entry.expect("the directory can be read").path();
        let text = std::fs::read_to_string(&path).expect("the schema can be read");
        let service = parse_standard("standard.toml", &text).unwrap_or_else(|findings| panic!("{findings}"));
        // NIPC-EVO-08
        assert_eq!(service.version, 1, "{}", service.name);
        assert!(service.records.iter().all(|record| record.size_field().is_none()), "{}", service.name);
        let findings = parse("standard.toml", &text).expect_err("a user cannot have it").to_string();
        assert!(findings.contains(&format!("`{}` is the name of a standard service", service.name)), "{findings}");
        assert!(findings.contains(&format!("`method` is {}, which only", service.method)), "{findings}");
        assert_eq!(findings.lines().count(), 2, "{findings}");
    }
}

#[test]
fn user_methods_begin_at_0x8000() {
    // NIPC-ENV-11
    assert!(found(SOUND, "", "method = 0x8001", "method = 0x8000").is_empty());
    assert!(found(SOUND, "", "method = 0x8001", "method = 0xffff").is_empty());
}

#[test]
fn record_name() {
    let finding = "demo.toml:68:9: `Entry` is no name for a record; use lower-case words that start with a letter, joined \
                   by `_`";
    assert_eq!(found_everywhere("entry", "Entry"), [finding]);
}

#[test]
fn record_name_with_an_affix() {
    let finding = "demo.toml:68:9: `entry_fields` cannot name a record, because generated types have such names; drop \
                   `owned`, `builder` or `fields` from it";
    assert_eq!(found_everywhere("entry", "entry_fields"), [finding]);
}

#[test]
fn empty_file() {
    let findings = parse("demo.toml", "").expect_err("nothing is no schema");
    let [service, record] = findings.list() else { panic!("{findings}") };
    assert_eq!(service.to_string(), "demo.toml:1:1: the schema has no `service`; add `service = ..`");
    assert_eq!(record.to_string(), "demo.toml:1:1: the schema has no `record`; add `record = ..`");
}

/// Columns count characters, not bytes.
#[test]
fn column_behind_wide_characters() {
    let findings =
        parse("demo.toml", "service = { doc = \"\u{e9}\u{4e16}\", x = 1 }\n[record]").expect_err("wrong key");
    assert!(
        findings.list().iter().any(|finding| finding.column == 25 && finding.message.contains("`x`")),
        "{findings}"
    );
}

#[test]
fn table_of_errors() {
    let kind =
        |code: u32, name: &str| format!("[[kind]]\ncode = {code}\nname = \"{name}\"\nfault = \"us\"\ndoc = \"Bad.\"\n");
    let found = |text: String| {
        let findings = netipc_codegen::errors::parse("errors.toml", &text).expect_err("the table is wrong");
        findings.list().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let order = "errors.toml:7:8: `code` is 3, out of order or too large; use 4 or more, up to 65535; codes ascend";
    assert_eq!(found(kind(3, "io") + &kind(3, "bug")), [order]);
    let twice = "errors.toml:8:8: two kinds are called `io`; rename the later one; names are never reused";
    assert_eq!(found(kind(3, "io") + &kind(4, "io")), [twice]);
    let key = "errors.toml:6:1: the kind has no key `codes`; did you mean `code`?";
    assert_eq!(found(kind(3, "io") + "codes = 4\n"), [key]);
}

diagnostics! { SOUND;
    syntax: "", "method = 0x8001" => "method = ", [
        "3:10: this is not TOML: string values must be quoted, expected literal string; see https://toml.io",
    ];
    two_syntax_errors: "", "method = 0x8001\nbatchable = false" => "method = \nbatchable = no", [
        "3:10: this is not TOML: string values must be quoted, expected literal string; see https://toml.io",
        "4:13: this is not TOML: invalid float, expected `nan`; see https://toml.io",
    ];
    unknown_key_with_a_close_one: "", "batchable" => "batchabel", [
        "1:1: the service has no `batchable`; add `batchable = ..`",
        "4:1: the service has no key `batchabel`; did you mean `batchable`?",
    ];
    unknown_key: "record.entry", "doc = \"Hash.\"" => "doc = \"Hash.\"\ncolour = 3", [
        "76:1: field `hash` has no key `colour`; use `name`, `at`, `doc`, `unit`, `requirements`, `since`, `default`, \
         `type`, `value`, `reserved` or `example`",
    ];
    key_of_another_type: "record.entry", "doc = \"Hash.\"" => "doc = \"Hash.\"\nmax_length = 3", [
        "76:1: field `hash` has no key `max_length`; use `name`, `at`, `doc`, `unit`, `requirements`, `since`, \
         `default`, `type`, `value`, `reserved` or `example`",
    ];
    unknown_table: "", "[service.snapshot]" => "[notes]\nx = 1\n\n[service.snapshot]", [
        "10:2: the schema has no key `notes`; use `service`, `enum` or `record`",
    ];
    missing_key: "record.entry", "trailing = \"tolerated\"\n" => "", [
        "68:9: record `entry` has no `trailing`; add `trailing = ..`",
    ];
    missing_service: "", "[service]" => "[service2]", [
        "1:2: the schema has no key `service2`; did you mean `service`?",
        "10:2: the service has no `name`; add `name = ..`",
        "10:2: the service has no `method`; add `method = ..`",
        "10:2: the service has no `batchable`; add `batchable = ..`",
        "10:2: the service has no `idempotent`; add `idempotent = ..`",
        "10:2: the service has no `request`; add `request = ..`",
        "10:2: the service has no `reply`; add `reply = ..`",
        "10:2: the service has no `doc`; add `doc = ..`",
    ];
    missing_record: "", "request = \"query\"" => "request = \"enquiry\"", [
        "6:11: the request is `enquiry`, which is no record; add `[record.enquiry]`",
        "15:9: record `query` is not used; remove it, or name it as request, reply, item or row",
    ];
    missing_reply_record: "", "reply = \"answer\"" => "reply = \"reply\"", [
        "7:9: the reply is `reply`, which is no record; add `[record.reply]`",
        "45:9: record `answer` is not used; remove it, or name it as request, reply, item or row",
    ];
    missing_snapshot_key: "snapshot", "hash = \"hash\"\n" => "", [
        "10:1: the snapshot key has no `hash`; add `hash = ..`",
    ];
    missing_type: "record.entry", "type = \"u32\"\n" => "", [
        "72:1: field `hash` has no `type`; add `type = ..`",
    ];
    missing_list_keys: "record.answer", "of = \"entry\"\ncount = \"count\"\n" => "", [
        "60:1: field `items` has no `of`; add `of = ..`",
        "60:1: field `items` has no `count`; add `count = ..`",
    ];
    not_a_string: "", "doc = \"A service.\"" => "doc = 7", [
        "8:7: `doc` must be a string, got type integer; put it in quotes",
    ];
    not_a_number: "", "method = 0x8001" => "method = \"0x8001\"", [
        "3:10: `method` must be a number, got type string; use a number without quotes",
    ];
    not_a_boolean: "", "idempotent = true" => "idempotent = \"yes\"", [
        "5:14: `idempotent` must be true or false, got type string; use one of them without quotes",
    ];
    not_a_table: "", "[service.snapshot]\nlist = \"items\"\nhash = \"hash\"\nname = \"label\"" => "snapshot = \"items\"", [
        "10:12: `snapshot` must be a table, got type string; write it as `[..]`",
    ];
    not_a_list: "", "requirements = [\"DEMO-Q-01\"]" => "requirements = \"DEMO-Q-01\"", [
        "18:16: `requirements` must be a list of strings, got type string; put it in brackets",
    ];
    not_a_list_of_strings: "", "requirements = [\"DEMO-Q-01\"]" => "requirements = [1]", [
        "18:17: `requirements` must be a list of strings, got type integer; put it in quotes",
    ];
    not_an_array_of_tables: "record.entry", "\n[[record.entry.field]]\nname = \"hash\"\ntype = \"u32\"\ndoc = \"Hash.\"\nexample = 1\n\n[[record.entry.field]]\nname = \"label\"\ntype = \"string\"\nnul_inside = \"tolerated\"\ndoc = \"Label.\"\n" => "field = 3\n", [
        "71:9: `field` must be an array of tables, got type integer; write it as `[[..]]`",
    ];
    negative_number: "record.query", "value = 1" => "value = -1", [
        "24:9: `value` is -1, which is no unsigned number of 64 bits; use a value from 0 to 2^64 - 1",
    ];
    not_a_word: "record.query", "trailing = \"tolerated\"" => "trailing = \"ignored\"", [
        "17:12: `trailing` of record `query` is `ignored`, which is not a choice; use `tolerated` or `rejected`",
    ];
    unknown_type: "record.query", "type = \"u16\"" => "type = \"u24\"", [
        "22:8: field `version` has type `u24`, which does not exist; use `u8`, `u16`, `u32`, `u64`, `size`, `enum`, \
         `string`, `list` or `table`",
    ];
    service_name: "", "name = \"demo-service\"" => "name = \"Demo_Service\"", [
        "2:8: `Demo_Service` is no name for a service; use lower-case words that start with a letter, joined by `-`",
    ];
    field_name: "record.entry", "name = \"hash\"" => "name = \"1st\"", [
        "73:8: `1st` is no name for a field; use lower-case words that start with a letter, joined by `_`",
    ];
    name_that_is_a_keyword: "record.entry", "name = \"label\"" => "name = \"type\"", [
        "79:8: `type` cannot name a field, because generated code needs the word; use another word",
    ];
    name_that_is_taken: "record.entry", "name = \"label\"" => "name = \"finish\"", [
        "79:8: `finish` cannot name a field, because generated code needs the word; use another word",
    ];
    record_named_like_the_service: "", "name = \"demo-service\"" => "name = \"entry\"", [
        "68:9: record `entry` has the name of the service; use another word",
    ];
    two_fields_of_one_name: "record.query", "name = \"spare\"" => "name = \"version\"", [
        "28:8: record `query` has two fields `version`; rename one of them",
    ];
    hole: "record.query", "at = 2" => "at = 3", [
        "30:6: field `spare` is at 3, but the field before it ends at 2; set `at = 2`, or put a reserved field \
         before it",
    ];
    overlap: "record.query", "at = 2" => "at = 1", [
        "30:6: field `spare` is at 1, but the field before it ends at 2; set `at = 2`",
    ];
    misaligned: "record.answer", "name = \"spare\"\ntype = \"u32\"" => "name = \"spare\"\ntype = \"u16\"", [
        "61:8: field `items` at 6 does not start at a multiple of 8; put a reserved field before it, or wider \
         fields first",
    ];
    method_zero: "", "method = 0x8001" => "method = 0", [
        "3:10: `method` is 0, which is no method code; use a code from 0x8000 to 0xffff",
    ];
    method_too_large: "", "method = 0x8001" => "method = 0x1_0000", [
        "3:10: `method` is 65536, which is no method code; use a code from 0x8000 to 0xffff",
    ];
    // NIPC-ENV-11
    method_of_a_standard_service: "", "method = 0x8001" => "method = 4", [
        "3:10: `method` is 4, which only a standard service can have; use a code from 0x8000 to 0xffff",
    ];
    greatest_method_for_standard_services: "", "method = 0x8001" => "method = 0x7fff", [
        "3:10: `method` is 32767, which only a standard service can have; use a code from 0x8000 to 0xffff",
    ];
    name_of_a_standard_service: "", "name = \"demo-service\"" => "name = \"increment\"", [
        "2:8: `increment` is the name of a standard service; use another name; both would have the same endpoint",
    ];
    value_too_large: "record.query", "value = 1" => "value = 65536", [
        "24:9: field `version` is a u16, which cannot hold 65536; use a value up to 65535 or a wider type",
    ];
    example_too_large: "record.entry", "example = 1" => "example = 4294967296", [
        "76:11: field `hash` is a u32, which cannot hold 4294967296; use a value up to 4294967295 or a wider type",
    ];
    reserved_with_value: "record.query", "reserved = true" => "reserved = true\nvalue = 0", [
        "32:9: field `spare` is reserved and has a value; drop `value`; reserved fields are 0",
    ];
    constant_with_example: "record.query", "value = 1" => "value = 1\nexample = 1", [
        "25:11: field `version` has only one value and an example; drop `example`",
    ];
    string_limits_crossed: "record.query", "max_length = 9" => "max_length = 0", [
        "40:14: string `text` must have at least 1 and at most 0 bytes; make `min_length` the smaller one",
    ];
    string_limit_too_large: "record.query", "max_length = 9" => "max_length = 4294967296", [
        "40:14: string `text` has a limit of 4294967296, above what a u32 holds; use at most 4294967295",
    ];
    string_without_needed_example: "record.query", "example = \"why\"\n" => "", [
        "40:14: string `text` must not be empty and has no example; add `example = \"..\"` that meets the rules",
    ];
    example_against_the_rules: "record.query", "example = \"why\"" => "example = \"wherefore?\"", [
        "43:11: the example of string `text` breaks the string's own rules; use 1 to 9 bytes, NUL only where \
         tolerated",
    ];
    string_offset_without_place: "record.query", "offset = 12" => "offset = 16", [
        "35:8: string `text` must start at 16, where the canonical form has no place; only the first string can \
         have an `offset`, and it is 12",
    ];
    list_not_last: "record.answer", "doc = \"The items.\"" => "doc = \"The items.\"\n\n[[record.answer.field]]\nname = \"more\"\ntype = \"u64\"\ndoc = \"More.\"", [
        "61:8: list `items` is not the last field of record `answer`; move it to the end; a record has one list at \
         most",
    ];
    list_of_no_record: "record.answer", "of = \"entry\"" => "of = \"item\"", [
        "63:6: list `items` is of `item`, which is no record; add `[record.item]`",
        "68:9: record `entry` is not used; remove it, or name it as request, reply, item or row",
    ];
    list_within_a_list: "record.answer", "of = \"entry\"" => "of = \"answer\"", [
        "63:6: list `items` is of record `answer`, which has a list itself; use items of numbers and strings only",
        "68:9: record `entry` is not used; remove it, or name it as request, reply, item or row",
    ];
    list_without_counter: "record.answer", "count = \"count\"" => "count = \"number\"", [
        "64:9: list `items` is counted by `number`, which is no field here; name a field of type `u32` of the same \
         record",
    ];
    list_with_a_counter_that_cannot_count: "record.answer", "count = \"count\"" => "count = \"spare\"", [
        "64:9: list `items` is counted by `spare`, which cannot count; name a field of type `u32` without a fixed \
         value",
    ];
    strings_beside_a_list: "record.answer", "name = \"spare\"\ntype = \"u32\"\nreserved = true" => "name = \"title\"\ntype = \"string\"\nnul_inside = \"tolerated\"", [
        "45:9: record `answer` has strings and a list; put the strings into the items, or the list into another \
         record",
        "61:8: field `items` at 12 does not start at a multiple of 8; put a reserved field before it, or wider \
         fields first",
    ];
    request_with_a_list: "", "request = \"query\"" => "request = \"answer\"", [
        "6:11: the request `answer` has a list, which only lookups can have; ask for one thing a request, or \
         add `[service.lookup]`",
        "15:9: record `query` is not used; remove it, or name it as request, reply, item or row",
    ];
    batch_of_lists: "", "batchable = false" => "batchable = true", [
        "1:1: a reply with a list cannot be batched; set `batchable = false`; the list is the batch",
    ];
    unused_record: "", "request = \"query\"" => "request = \"entry\"", [
        "15:9: record `query` is not used; remove it, or name it as request, reply, item or row",
    ];
    empty_record: "record.entry", "[[record.entry.field]]\nname = \"hash\"\ntype = \"u32\"\ndoc = \"Hash.\"\nexample = 1\n\n[[record.entry.field]]\nname = \"label\"\ntype = \"string\"\nnul_inside = \"tolerated\"\ndoc = \"Label.\"\n" => "", [
        "68:9: the fixed part of record `entry` has 0 bytes; give it fields that take 1 to 4096 bytes",
    ];
    snapshot_list: "snapshot", "list = \"items\"" => "list = \"count\"", [
        "11:8: the snapshot's list is `count`, which is no list of the reply; name the field of type `list` of the \
         reply",
    ];
    snapshot_hash: "snapshot", "hash = \"hash\"" => "hash = \"label\"", [
        "12:8: the snapshot's hash is `label`, which is no number of the item; name a number of record `entry` \
         without a fixed value",
    ];
    snapshot_name: "snapshot", "name = \"label\"" => "name = \"hash\"", [
        "13:8: the snapshot's name is `hash`, which is no string of the item; name a string of record `entry`",
    ];
    snapshot_generation: "snapshot", "name = \"label\"" => "name = \"label\"\ngeneration = \"items\"", [
        "14:14: the snapshot's generation is `items`, which is no number of the reply; name a number of the reply without \
         a fixed value, or drop the key",
    ];
    empty_doc: "", "doc = \"A service.\"" => "doc = \"\"", [
        "8:7: `doc` of the service is empty; say what it means; readers see it",
    ];
    requirement_id: "", "\"DEMO-Q-01\"" => "\"demo 1\"", [
        "18:17: `demo 1` is no requirement id; write it as `NIPC-AREA-01`",
    ];
    several_wrong_keys: "", "method = 0x8001\nbatchable = false\nidempotent = true" => "method = 1.5\nbatchable = 1\nidempotent = true\nretry = 3", [
        "3:10: `method` must be a number, got type float; use a number without quotes",
        "4:13: `batchable` must be true or false, got type integer; use one of them without quotes",
        "6:1: the service has no key `retry`; did you mean `reply`?",
    ];
    several_wrong_values: "", "method = 0x8001\nbatchable = false\nidempotent = true\nrequest = \"query\"\nreply = \"answer\"\ndoc = \"A service.\"" => "method = 0\nbatchable = false\nidempotent = true\nrequest = \"query\"\nreply = \"answer\"\ndoc = \"\"", [
        "3:10: `method` is 0, which is no method code; use a code from 0x8000 to 0xffff",
        "8:7: `doc` of the service is empty; say what it means; readers see it",
    ];
}
