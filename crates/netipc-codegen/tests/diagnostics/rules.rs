//! Rules that hold for some records only.

use super::{LOOKUP, diagnostics};

diagnostics! { LOOKUP;
    rule_that_always_holds: "[[record.person.rule]]", "unless = { outcome_code = \"found\" }\n" => "", [
        "167:1: the rule of record `person` does not say when it holds; add `when = { FIELD = \"VALUE\" }` or \
         `unless = { .. }`",
    ];
    rule_that_demands_nothing: "[record.tag]", "[record.tag]" => "[[record.person.rule]]\nwhen = { outcome_code = \"found\" }\n\n[record.tag]", [
        "172:1: the rule of record `person` demands nothing; add `then = { FIELD = .. }`",
    ];
    unknown_key_of_a_rule: "[[record.person.rule]]", "unless =" => "if =", [
        "168:1: the rule has no key `if`; use `when`, `unless`, `then` or `requirements`",
    ];
    test_of_no_field: "[[record.person.rule]]", "outcome_code = \"found\"" => "outcome = \"found\"", [
        "168:12: record `person` has no field `outcome`; name one of its fields",
    ];
    test_of_a_number: "[[record.person.rule]]", "outcome_code = \"found\"" => "age = 3", [
        "168:12: `age` = 3 cannot decide anything; name a field of type `enum` and one of its values",
    ];
    test_of_an_enum_by_number: "[[record.person.rule]]", "outcome_code = \"found\"" => "outcome_code = 0", [
        "168:12: `outcome_code` = 0 cannot decide anything; name a field of type `enum` and one of its values",
    ];
    test_of_no_value: "[[record.person.rule]]", "outcome_code = \"found\"" => "outcome_code = \"lost\"", [
        "168:27: enum `state` has no value `lost`; use `found`, `asleep`, `later` or `never`",
    ];
    test_of_two_values: "[[record.person.rule]]", "outcome_code = \"found\"" => "outcome_code = [\"found\", \"asleep\"]", [
        "168:27: `outcome_code` must be a word or a number, got type array; use one of them",
    ];
    demand_of_no_field: "[[record.person.rule]]", "age = 0" => "ages = 0", [
        "169:26: record `person` has no field `ages`; name one of its fields",
    ];
    demand_of_no_value: "[[record.person.rule]]", "mood = \"plain\"" => "mood = \"merry\"", [
        "169:17: enum `mood` has no value `merry`; use `plain`",
    ];
    demand_of_a_number_by_word: "[[record.person.rule]]", "age = 0" => "age = \"empty\"", [
        "169:32: field `age` cannot be demanded to be \"empty\"; use a number up to 65535",
    ];
    demand_too_large: "[[record.person.rule]]", "age = 0" => "age = 65536", [
        "169:32: field `age` cannot be demanded to be 65536; use a number up to 65535",
    ];
    demand_of_an_enum_by_number: "[[record.person.rule]]", "mood = \"plain\"" => "mood = 0", [
        "169:17: field `mood` cannot be demanded to be 0; use the name of a value of enum `mood`",
    ];
    demand_of_a_string_by_text: "[[record.person.rule]]", "address = \"empty\"" => "address = \"nowhere\"", [
        "169:45: field `address` cannot be demanded to be \"nowhere\"; use \"empty\" or \"present\"",
    ];
    demand_that_a_string_is_empty_that_cannot_be: "record.person", "name = \"address\"\ntype = \"string\"\n" => "name = \"address\"\ntype = \"string\"\nmin_length = 1\nexample = \"x\"\n", [
        "171:45: field `address` cannot be demanded to be \"empty\"; its `min_length` says that it is never empty",
    ];
    demand_that_a_table_is_there: "[[record.person.rule]]", "tags = \"empty\"" => "tags = \"present\"", [
        "169:61: field `tags` cannot be demanded to be \"present\"; use \"empty\"",
    ];
    demand_of_a_count: "[[record.person.rule]]", "tags = \"empty\"" => "tags = \"empty\", tag_count = 0", [
        "169:82: field `tag_count` cannot be demanded to be 0; demand something of numbers, enums, strings and \
         tables only",
    ];
    requirement_of_a_rule: "[[record.person.rule]]", "\"DEMO-R-01\"" => "\"DEMO 1\"", [
        "170:17: `DEMO 1` is no requirement id; write it as `NIPC-AREA-01`",
    ];
}
