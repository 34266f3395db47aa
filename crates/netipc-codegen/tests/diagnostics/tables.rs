//! Tables, their rows, and strings that take the rest of a record.

use super::{LOOKUP, diagnostics};

diagnostics! { LOOKUP;
    table_of_no_record: "record.person", "of = \"tag\"" => "of = \"tags\"", [
        "163:6: table `tags` is of `tags`, which is no record; add `[record.tags]`",
        "172:9: record `tag` is not used; remove it, or name it as request, reply, item or row",
    ];
    table_without_counter: "record.person", "count = \"tag_count\"" => "count = \"tags_count\"", [
        "164:9: table `tags` is counted by `tags_count`, which is no field here; name a field of type `u8`, `u16` or \
         `u32` of the same record",
    ];
    table_counted_by_a_string: "record.person", "count = \"tag_count\"" => "count = \"address\"", [
        "164:9: table `tags` is counted by `address`, which cannot count; name a field of type `u8`, `u16` or `u32` \
         without a fixed value",
    ];
    table_keys: "record.person", "of = \"tag\"\ncount = \"tag_count\"\n" => "", [
        "160:1: field `tags` has no `of`; add `of = ..`",
        "160:1: field `tags` has no `count`; add `count = ..`",
    ];
    row_with_a_number: "[record.tag]", "[[record.tag.field]]" => "[[record.tag.field]]\nname = \"n\"\ntype = \"u32\"\ndoc = \"N.\"\n\n[[record.tag.field]]", [
        "163:6: table `tags` is of record `tag`, which is no row; use a record of strings only, without `offset`, \
         `rest` and rules",
    ];
    row_with_a_tail: "[record.tag]", "trailing = \"rejected\"" => "trailing = \"tolerated\"", [
        "163:6: record `tag` is a row, which nothing can follow; set `trailing = \"rejected\"` for `tag`",
    ];
    row_that_is_an_item_too: "record.query", "of = \"key\"" => "of = \"tag\"", [
        "78:9: record `key` is not used; remove it, or name it as request, reply, item or row",
        "163:6: record `tag` is a row and something else too; give the table a record of its own",
    ];
    table_beside_a_list: "record.answer", "[[record.answer.field]]\nname = \"people\"" => "[[record.answer.field]]\nname = \"tags\"\ntype = \"table\"\nof = \"tag\"\ncount = \"count\"\ndoc = \"Tags.\"\n\n[[record.answer.field]]\nname = \"people\"", [
        "112:8: table `tags` is not all that its record has of lists and tables; keep one of them; items of a list \
         can have a table",
        "122:9: list `people` is counted by `count`, which cannot count; name a field of type `u32` without a fixed \
         value",
    ];
    table_that_counts_64_bits: "record.person", "name = \"tag_count\"\ntype = \"u16\"" => "name = \"tag_count\"\ntype = \"u64\"", [
        "142:8: field `tag_count` at 6 does not start at a multiple of 8; put a reserved field before it, or wider \
         fields first",
        "164:9: table `tags` is counted by `tag_count`, which cannot count; name a field of type `u8`, `u16` or \
         `u32` without a fixed value",
    ];
    row_that_is_a_request: "", "request = \"query\"" => "request = \"tag\"", [
        "55:9: record `query` is not used; remove it, or name it as request, reply, item or row",
        "163:6: record `tag` is a row and something else too; give the table a record of its own",
    ];
    two_tables: "[[record.person.rule]]", "[[record.person.rule]]" => "[[record.person.field]]\nname = \"more_count\"\ntype = \"u32\"\ndoc = \"How many more.\"\n\n[[record.person.field]]\nname = \"more\"\ntype = \"table\"\nof = \"tag\"\ncount = \"more_count\"\ndoc = \"More.\"\n\n[[record.person.rule]]", [
        "173:8: table `more` is not all that its record has of lists and tables; keep one of them; items of a list \
         can have a table",
    ];
    rest_with_an_offset: "record.key", "rest = true" => "rest = true\noffset = 0", [
        "86:10: string `name` takes the rest of the record and has an offset; drop `offset`; it starts behind the \
         fixed part",
    ];
    rest_beside_another_string: "record.key", "[[record.key.field]]" => "[[record.key.field]]\nname = \"first\"\ntype = \"string\"\nnul_inside = \"rejected\"\ndoc = \"First.\"\n\n[[record.key.field]]", [
        "89:8: string `name` takes the rest of the record, which has more than it; keep only numbers beside it, or \
         drop `rest`",
    ];
    rest_with_a_tail: "record.key", "trailing = \"rejected\"" => "trailing = \"tolerated\"", [
        "83:8: string `name` takes the rest of the record, and nothing can follow; set `trailing = \"rejected\"` for \
         the record",
    ];
    rest_that_is_no_boolean: "record.key", "rest = true" => "rest = \"yes\"", [
        "85:8: `rest` must be true or false, got type string; use one of them without quotes",
    ];
}
