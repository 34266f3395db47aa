//! Growth: fields that came in a later version (NIPC-EVO-01).

use super::{LOOKUP, diagnostics, found};

/// A service that has grown twice.
const PROBE: &str = include_str!("../schemas/probe_3.toml");

/// A lookup whose items can grow.
const EXAMPLE: &str = include_str!("../../../../examples/ip-to-asn/ip-to-asn.toml");

#[test]
fn nothing_is_wrong_with_the_service_that_has_grown() {
    assert_eq!(found(PROBE, "", "[service]", "[service]"), [""; 0]);
}

diagnostics! { PROBE;
    version_zero: "", "version = 3" => "version = 0", [
        "6:11: `version` is 0, which is no version; use a number from 1 to 65535; it starts with 1",
    ];
    version_too_large: "", "version = 3" => "version = 65536", [
        "6:11: `version` is 65536, which is no version; use a number from 1 to 65535; it starts with 1",
    ];
    since_a_version_to_come: "name = \"except\"", "since = 3" => "since = 4", [
        "62:9: field `except` is there since 4, but the service has version 3; set `version = 4` in `[service]`",
        "68:8: field `flags` of version 3 stands behind one of version 4; append fields to the end of the fixed \
         part",
    ];
    since_no_version: "name = \"most\"", "since = 2" => "since = 0", [
        "53:9: field `most` is there since 0, but the service has version 3; versions start with 1",
    ];
    field_before_older_ones: "name = \"except\"", "since = 3\ndefault = \"broken\"" => "", [
        "59:8: field `except` of version 1 stands behind one of version 2; append fields to the end of the \
         fixed part",
    ];
    field_of_a_record_that_cannot_grow: "record.question", "type = \"size\"" => "type = \"u16\"", [
        "51:8: field `most` was added, but record `question` cannot grow; only a record with a field of type \
         `size` from version 1 on can",
    ];
    two_sizes: "record.answer", "type = \"u16\"\ndoc = \"How busy the reader is.\"\nexample = 1" => "type = \"size\"\ndoc = \"Again.\"", [
        "84:8: record `answer` tells its size twice; keep one field of type `size`",
    ];
    size_added_later: "record.question", "type = \"size\"" => "type = \"size\"\nsince = 2\ndefault = 1", [
        "33:8: field `size` cannot be added later; append numbers, enums and strings only",
    ];
    list_added_later: "record.answer", "count = \"count\"" => "count = \"count\"\nsince = 3", [
        "103:8: field `probes` cannot be added later; append numbers, enums and strings only",
    ];
    rest_added_later: "record.reading", "nul_inside = \"tolerated\"\nsince = 3" => "rest = true\nnul_inside = \"tolerated\"\nsince = 3", [
        "115:8: record `reading` cannot grow, because a string takes its rest; drop field `size`, or `note`",
        "164:8: field `note` cannot be added later; append numbers, enums and strings only",
        "164:8: string `note` takes the rest of the record, which has more than it; keep only numbers beside \
         it, or drop `rest`",
    ];
    string_at_a_fixed_offset: "name = \"place\"", "nul_inside" => "offset = 40\nnul_inside", [
        "115:8: record `reading` cannot grow, because a string of it has a fixed offset; drop field `size`, or \
         `place`",
    ];
    default_of_a_field_from_the_start: "name = \"first\"", "example = 3" => "default = 3", [
        "48:11: field `first` has a default and was there from the start; drop `default`; every writer sends \
         the field",
    ];
    no_default: "name = \"most\"", "default = 10\n" => "", [
        "51:8: field `most` was added and has no default; add `default = ..`: what it is when an older writer \
         left it out",
    ];
    default_of_a_constant: "name = \"layout\"", "since = 3" => "since = 3\ndefault = 9", [
        "160:11: field `layout` has only one value and a default; drop `default`",
    ];
    default_too_large: "name = \"weight\"", "default = 1" => "default = 0x1_0000_0000", [
        "152:11: field `weight` cannot be 4294967296 by default; use a number up to 4294967295",
    ];
    default_of_another_type: "name = \"weight\"", "default = 1" => "default = \"one\"", [
        "152:11: field `weight` cannot be \"one\" by default; use a number up to 4294967295",
    ];
    default_neither_word_nor_number: "name = \"weight\"", "default = 1" => "default = true", [
        "152:11: `default` must be a word or a number, got type boolean; use one of them",
    ];
    default_of_no_value: "name = \"except\"", "default = \"broken\"" => "default = \"lost\"", [
        "63:11: enum `state` has no value `lost`; use `fine` or `broken`",
    ];
    default_no_name: "name = \"except\"", "default = \"broken\"" => "default = 1", [
        "63:11: field `except` cannot be 1 by default; use the name of a value of enum `state`",
    ];
    default_against_the_string_rules: "name = \"unit\"", "default = \"K\"" => "default = \"kelvin\"", [
        "144:11: field `unit` cannot be \"kelvin\" by default; use a string that meets the rules of the field",
    ];
    default_against_a_rule: "record.reading.rule", "weight = 1" => "weight = 2", [
        "171:1: the default of field `weight` breaks a rule; let the rule demand the default, which older \
         writers mean",
    ];
    empty_default_against_a_rule: "record.reading.rule", "note = \"empty\"" => "note = \"present\"", [
        "171:1: the default of field `note` breaks a rule; let the rule demand the default, which older writers \
         mean",
    ];
    unknown_type_with_size_offered: "name = \"most\"", "type = \"u64\"" => "type = \"u65\"", [
        "52:8: field `most` has type `u65`, which does not exist; use `u8`, `u16`, `u32`, `u64`, `size`, \
         `enum`, `string`, `list` or `table`",
    ];
}

diagnostics! { EXAMPLE;
    key_that_can_grow: "record.address", "doc = \"The other half.\"\nexample = 1" => "doc = \"The other half.\"\n\n[[record.address.field]]\nname = \"size\"\ntype = \"size\"\ndoc = \"Size.\"", [
        "88:8: record `address` is the key of a lookup, which cannot grow; drop the field; items of replies can \
         grow",
    ];
    request_of_a_lookup_that_can_grow: "record.request", "type = \"u32\"\nreserved = true" => "type = \"u16\"\nreserved = true\ndoc = \"Spare.\"\n\n[[record.request.field]]\nname = \"size\"\ntype = \"size\"", [
        "65:8: record `request` is the request of a lookup, which cannot grow; drop the field; items of replies \
         can grow",
    ];
    reply_of_a_lookup_that_can_grow: "record.reply", "type = \"u32\"\nreserved = true" => "type = \"u16\"\nreserved = true\ndoc = \"Spare.\"\n\n[[record.reply.field]]\nname = \"size\"\ntype = \"size\"", [
        "104:8: record `reply` is the reply of a lookup, which cannot grow; drop the field; items of replies \
         can grow",
    ];
}

diagnostics! { LOOKUP;
    record_with_a_table_that_can_grow: "record.person", "[[record.person.field]]\nname = \"tags\"" => "[[record.person.field]]\nname = \"size\"\ntype = \"size\"\ndoc = \"Size.\"\n\n[[record.person.field]]\nname = \"tags\"", [
        "161:8: record `person` cannot grow, because it has a table; drop field `size`, or `tags`",
    ];
}
