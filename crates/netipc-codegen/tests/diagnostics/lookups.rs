//! Lookups: keys, answers, outcomes, generation.

use super::{LOOKUP, diagnostics, found_in};

#[test]
fn nothing_to_answer_with() {
    let findings =
        ["demo.toml:10:1: enum `state` has no value for an answer; add one beside `exceeded` and `oversized`"];
    assert_eq!(
        found_in(&without(
            &without(
                &LOOKUP.replace("\"found\"", "\"later\""),
                "[[enum.state.value]]",
                "[[enum.state.value]]\nname = \"later\"\ncode = 2"
            ),
            "retry_later",
            "\n[enum.state]"
        )),
        findings
    );
}

#[test]
fn status_named_like_a_record() {
    let findings = [
        "demo.toml:10:1: status `person` has the name of a record; rename one; generated types take their names from \
         both",
    ];
    assert_eq!(found_in(&LOOKUP.replace("\"found\"", "\"person\"")), findings);
}

#[test]
fn status_named_like_the_generation() {
    let findings = [
        "demo.toml:10:1: status `edition` has the name of the generation; rename one; builders have a method for each",
    ];
    assert_eq!(found_in(&LOOKUP.replace("\"asleep\"", "\"edition\"")), findings);
}

#[test]
fn request_of_a_list_without_lookup() {
    let findings =
        ["demo.toml:6:11: the request `query` has a list, which only lookups can have; ask for one thing a request, \
         or add `[service.lookup]`"];
    assert_eq!(found_in(&without(LOOKUP, "[service.lookup]", "[enum.state]")), findings);
}

/// The schema without what is from `start` up to `end`.
fn without(schema: &str, start: &str, end: &str) -> String {
    let (head, tail) = schema.split_at(schema.find(start).expect("the start is there"));
    let rest = &tail[tail.find(end).expect("the end is there")..];
    format!("{head}{rest}")
}

diagnostics! { LOOKUP;
    missing_lookup_keys: "service.lookup", "keys = \"names\"\nitems = \"people\"\ngeneration = \"edition\"\necho = [\"name\"]\nstatus = \"outcome_code\"\nexceeded = \"later\"\noversized = \"never\"\n" => "", [
        "10:1: the lookup has no `keys`; add `keys = ..`",
        "10:1: the lookup has no `items`; add `items = ..`",
        "10:1: the lookup has no `generation`; add `generation = ..`",
        "10:1: the lookup has no `status`; add `status = ..`",
        "10:1: the lookup has no `exceeded`; add `exceeded = ..`",
        "10:1: the lookup has no `oversized`; add `oversized = ..`",
        "10:1: the lookup has no `echo`; add `echo = ..`",
    ];
    unknown_key_of_a_lookup: "service.lookup", "echo = [\"name\"]" => "echos = [\"name\"]", [
        "10:1: the lookup has no `echo`; add `echo = ..`",
        "14:1: the lookup has no key `echos`; did you mean `echo`?",
    ];
    keys_that_are_no_list: "service.lookup", "keys = \"names\"" => "keys = \"count\"", [
        "11:8: the lookup's keys are `count`, which is no list of record `query`; name its field of type `list`",
    ];
    items_that_are_no_list: "service.lookup", "items = \"people\"" => "items = \"edition\"", [
        "12:9: the lookup's items are `edition`, which is no list of record `answer`; name its field of type `list`",
    ];
    generation_that_is_no_number: "service.lookup", "generation = \"edition\"" => "generation = \"count\"", [
        "13:14: the lookup's generation is `count`, which is no u64 of the reply; name a field of type `u64` without \
         a fixed value",
    ];
    status_that_is_no_enum: "service.lookup", "status = \"outcome_code\"" => "status = \"age\"", [
        "15:10: the lookup's status is `age`, which is no enum of the item; name a field of record `person` of an \
         enum with `unlisted = \"rejected\"`",
    ];
    status_of_an_open_enum: "service.lookup", "status = \"outcome_code\"" => "status = \"mood\"", [
        "15:10: the lookup's status is `mood`, which is no enum of the item; name a field of record `person` of an \
         enum with `unlisted = \"rejected\"`",
    ];
    status_that_does_not_exist: "service.lookup", "exceeded = \"later\"" => "exceeded = \"full\"", [
        "16:12: enum `state` has no value `full`; use `found`, `asleep`, `later` or `never`",
    ];
    two_roles_of_one_status: "service.lookup", "oversized = \"never\"" => "oversized = \"later\"", [
        "17:13: `exceeded` and `oversized` are both `later`; a client asks again for one, and not for the other",
    ];
    retry_later_of_no_value: "service.lookup", "{ outcome_code = \"asleep\" }" => "{ outcome_code = \"tired\" }", [
        "18:32: enum `state` has no value `tired`; use `found`, `asleep`, `later` or `never`",
    ];
    retry_later_of_two_fields: "service.lookup", "{ outcome_code = \"asleep\" }" => "{ outcome_code = \"asleep\", mood = \"plain\" }", [
        "18:42: `retry_later` of the lookup has several fields; name one",
    ];
    retry_later_by_word: "service.lookup", "retry_later = { outcome_code = \"asleep\" }" => "retry_later = \"asleep\"", [
        "18:15: `retry_later` must be a table, got type string; write it as `[..]`",
    ];
    echo_of_no_field: "service.lookup", "echo = [\"name\"]" => "echo = [\"age\"]", [
        "14:9: `age` is not in both the key and the item; name a field that records `key` and `person` have",
    ];
    echo_of_less_than_the_key: "record.key", "[[record.key.field]]\nname = \"name\"" => "[[record.key.field]]\nname = \"age\"\ntype = \"u16\"\ndoc = \"Age.\"\n\n[[record.key.field]]\nname = \"name\"", [
        "10:1: `age` of the key is not repeated by the item; add \"age\" to `echo`",
    ];
    echo_of_another_type: "record.key", "type = \"string\"\nrest = true\nmin_length = 1\nnul_inside = \"rejected\"\ndoc = \"The name.\"\nexample = \"ann\"" => "type = \"u32\"\ndoc = \"The name.\"", [
        "14:9: `name` of the item cannot hold whatever that of the key holds; give both the same type, and the item \
         no stricter rules",
    ];
    echo_with_stricter_rules: "record.person", "min_length = 1" => "min_length = 2", [
        "14:9: `name` of the item cannot hold whatever that of the key holds; give both the same type, and the item \
         no stricter rules",
    ];
    echo_under_a_rule: "[[record.person.rule]]", "age = 0" => "age = 0, name = \"present\"", [
        "14:9: `name` of the item repeats the key and is subject to a rule; drop the rule; every key gets its item",
    ];
    key_with_a_table: "record.key", "[[record.key.field]]\nname = \"name\"\ntype = \"string\"\nrest = true" => "[[record.key.field]]\nname = \"n\"\ntype = \"u32\"\ndoc = \"N.\"\n\n[[record.key.field]]\nname = \"more\"\ntype = \"table\"\nof = \"tag\"\ncount = \"n\"\ndoc = \"More.\"\n\n[[record.key.field]]\nname = \"name\"\ntype = \"string\"", [
        "10:1: record `key` is a key and has a table; use keys of numbers, enums and strings",
    ];
    value_beside_the_list: "record.query", "reserved = true\n" => "", [
        "10:1: record `query` of a lookup has `spare` beside its list; put it into the items, or make it reserved",
    ];
    value_beside_generation_and_list: "record.answer", "reserved = true\n" => "", [
        "10:1: record `answer` of a lookup has `spare` beside its list; put it into the items, or make it reserved",
    ];
    short_record_that_is_not_decided: "[[record.person.rule]]", "age = 0, " => "", [
        "10:1: the rules do not say what `age` is when `outcome_code` is `later` or `never`; add a rule of record \
         `person` that demands the same of both",
    ];
    short_records_that_differ: "[[record.person.rule]]", "age = 0, address = \"empty\", tags = \"empty\" }" => "address = \"empty\", tags = \"empty\" }\n\n[[record.person.rule]]\nwhen = { outcome_code = \"later\" }\nthen = { age = 1 }\n\n[[record.person.rule]]\nwhen = { outcome_code = \"never\" }\nthen = { age = 2 }\n\n[[record.person.rule]]\nwhen = { outcome_code = \"asleep\" }\nthen = { age = 0 }", [
        "10:1: the rules do not say what `age` is when `outcome_code` is `later` or `never`; add a rule of record \
         `person` that demands the same of both",
    ];
    short_record_against_another_rule: "[record.tag]", "[record.tag]" => "[[record.person.rule]]\nwhen = { mood = \"plain\" }\nthen = { age = 7 }\n\n[record.tag]", [
        "10:1: when `outcome_code` is `later`, two rules demand different things of `age`; let one of them hold for \
         other statuses only",
    ];
}
