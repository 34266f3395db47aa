//! Enumerations and the fields that hold them.

use super::{LOOKUP, diagnostics, found_in};

#[test]
fn enum_name() {
    let findings = [
        "demo.toml:45:7: `Mood` is no name for an enum; use lower-case words that start with a letter, joined by `_`",
        "demo.toml:130:8: `Mood` is no name for a field; use lower-case words that start with a letter, joined by `_`",
    ];
    assert_eq!(found_in(&LOOKUP.replace("mood", "Mood")), findings);
}

#[test]
fn value_name() {
    let findings = [
        "demo.toml:51:8: `Plain` is no name for a value; use lower-case words that start with a letter, joined by `_`",
    ];
    assert_eq!(found_in(&LOOKUP.replace("\"plain\"", "\"Plain\"")), findings);
}

#[test]
fn value_name_that_is_taken() {
    let findings =
        ["demo.toml:51:8: `finish` cannot name a value, because generated code needs the word; use another word"];
    assert_eq!(found_in(&LOOKUP.replace("\"plain\"", "\"finish\"")), findings);
}

#[test]
fn value_name_that_is_a_keyword() {
    let findings =
        ["demo.toml:51:8: `continue` cannot name a value, because generated code needs the word; use another word"];
    assert_eq!(found_in(&LOOKUP.replace("\"plain\"", "\"continue\"")), findings);
}

diagnostics! { LOOKUP;
    enum_without_values: "[enum.mood]", "[[enum.mood.value]]\nname = \"plain\"\ncode = 0\ndoc = \"As always.\"\n" => "", [
        "45:7: enum `mood` has no values; add `[[enum.mood.value]]`",
    ];
    enum_without_type: "[enum.mood]", "type = \"u16\"\n" => "", [
        "45:7: enum `mood` has no `type`; add `type = ..`",
    ];
    enum_without_unlisted: "[enum.mood]", "unlisted = \"tolerated\"\n" => "", [
        "45:7: enum `mood` has no `unlisted`; add `unlisted = ..`",
    ];
    enum_of_no_number: "[enum.mood]", "type = \"u16\"" => "type = \"string\"", [
        "47:8: enum `mood` has type `string`, which is no number; use `u8`, `u16`, `u32` or `u64`",
    ];
    enum_open_in_a_word_of_its_own: "[enum.mood]", "unlisted = \"tolerated\"" => "unlisted = \"open\"", [
        "48:12: `unlisted` of enum `mood` is `open`, which is not a choice; use `tolerated` or `rejected`",
    ];
    value_without_code: "[enum.mood]", "code = 0\n" => "", [
        "50:1: value `plain` has no `code`; add `code = ..`",
    ];
    two_values_of_one_name: "enum.state", "name = \"asleep\"" => "name = \"found\"", [
        "31:8: enum `state` has two values `found`; rename one of them",
    ];
    codes_out_of_order: "enum.state", "code = 1" => "code = 0", [
        "32:8: `code` is 0, out of order; use 1 or more; codes ascend",
    ];
    code_too_large: "[enum.mood]", "code = 0" => "code = 65536", [
        "52:8: enum `mood` is a u16, which cannot hold 65536; use a code up to 65535 or a wider type",
    ];
    unknown_key_of_a_value: "[enum.mood]", "code = 0" => "code = 0\nnumber = 1", [
        "53:1: value `plain` has no key `number`; use `name`, `code` or `doc`",
    ];
    empty_doc_of_a_value: "[enum.mood]", "doc = \"As always.\"" => "doc = \"\"", [
        "53:7: `doc` of value `plain` is empty; say what it means; readers see it",
    ];
    enum_that_is_not_used: "[enum.mood]", "[enum.mood]" => "[enum.extra]\ndoc = \"A.\"\ntype = \"u16\"\nunlisted = \"rejected\"\n[[enum.extra.value]]\nname = \"a\"\ncode = 1\ndoc = \"A.\"\n\n[enum.mood]", [
        "45:7: enum `extra` is not used; remove it, or use it for a field",
    ];
    enum_named_like_a_record: "[enum.mood]", "[enum.mood]" => "[enum.tag]\ndoc = \"A.\"\ntype = \"u16\"\nunlisted = \"rejected\"\n[[enum.tag.value]]\nname = \"a\"\ncode = 1\ndoc = \"A.\"\n\n[enum.mood]", [
        "45:7: enum `tag` has the name of a record; use another word",
    ];
    enum_named_like_the_service: "", "name = \"demo-service\"" => "name = \"mood\"", [
        "45:7: enum `mood` has the name of the service; use another word",
    ];
    field_of_no_enum: "record.person", "of = \"mood\"" => "of = \"moods\"", [
        "132:6: field `mood` is of enum `moods`, which does not exist; add `[enum.moods]`",
    ];
    field_without_enum: "record.person", "of = \"mood\"\n" => "", [
        "129:1: field `mood` has no `of`; add `of = ..`",
    ];
    example_that_is_no_value: "record.person", "example = \"plain\"" => "example = \"merry\"", [
        "134:11: enum `mood` has no value `merry`; use `plain`",
    ];
}
