/* Strings that take the rest of a record, tables, enumerations, and rules that hold for some records only. */
#include "gazette.h"
#include "motto.h"
#include "probe.h"

/* A string that takes the rest of its record has no reference, only its NUL. */
static void string_that_takes_the_rest(void)
{
    payload expected = {.len = 0};
    ADD(&expected, 4, 3);
    ADD_TEXT(&expected, "a\0b\0");
    const gazette_search search = {.most = 3, .words = {(const uint8_t *)"a\0b", 3}};
    gazette_search view;
    start_writing(expected.len);
    CHECK(gazette_search_encode(&search, &out, NULL));
    CHECK_WRITTEN(expected);
    CHECK(gazette_search_decode(out.data, out.len, &view, NULL));
    CHECK_EQ(view.most, 3);
    CHECK_TEXT(view.words, "a\0b");
    CHECK(!gazette_search_decode(out.data, 4, &view, &decode_error));
    CHECK_OFFENCE("words", 4, NETIPC_CODEC_TRUNCATED);
    CHECK(!gazette_search_decode(out.data, 7, &view, &decode_error));
    CHECK_OFFENCE("words", 4, NETIPC_CODEC_UNTERMINATED);
    motto_saying saying;
    CHECK(motto_saying_decode((const uint8_t *)"Carpe diem", 11, &saying, NULL));
    CHECK_TEXT(saying.words, "Carpe diem");
    CHECK(!motto_saying_decode((const uint8_t *)"a\0b", 4, &saying, &decode_error));
    CHECK_OFFENCE("words", 0, NETIPC_CODEC_INTERIOR_NUL);
    CHECK(!motto_saying_decode(NULL, 0, &saying, &decode_error));
    CHECK_OFFENCE("words", 0, NETIPC_CODEC_TRUNCATED);
}

/* NIPC-COD-22, NIPC-COD-23: enumerations and rules of a record that is all numbers. */
static void plain_record_with_a_rule(void)
{
    motto_occasion occasion = {.mood = MOTTO_MOOD_SOLEMN};
    motto_occasion view;
    start_writing(2);
    CHECK(motto_occasion_encode(&occasion, &out, NULL));
    CHECK_MEM(out.data, "\2\0", 2);
    CHECK(!motto_occasion_decode((const uint8_t *)"\2\4", 2, &view, &decode_error));
    CHECK_OFFENCE("guests", 1, NETIPC_CODEC_CONSTANT_WHEN);
    CHECK_STR(decode_error.problem.text, "`mood` is `solemn`");
    CHECK(!motto_occasion_decode((const uint8_t *)"\3\0", 2, &view, &decode_error));
    CHECK_OFFENCE("mood", 0, NETIPC_CODEC_UNLISTED);
    occasion.guests = 4;
    start_writing(2);
    CHECK(!motto_occasion_encode(&occasion, &out, &build_error));
    CHECK_INVALID("motto occasion", "guests", NETIPC_CODEC_CONSTANT_WHEN);
    occasion.mood = (motto_mood)3;
    CHECK(!motto_occasion_encode(&occasion, &out, &build_error));
    CHECK_INVALID("motto occasion", "mood", NETIPC_CODEC_UNLISTED);
}

static const gazette_tag TAGS[] = {{{(const uint8_t *)"rain", 4}}, {{(const uint8_t *)"grass", 5}}};

static gazette_article_fields article(void)
{
    return (gazette_article_fields){.sort = GAZETTE_SORT_STORY, .language = GAZETTE_LANGUAGE_LATIN,
        .title = netipc_bytes_of("Rain"), .text = netipc_bytes_of("Pluit."), .tags = TAGS, .tags_count = 2};
}

static bool issue(const gazette_article_fields *one)
{
    gazette_issue_builder builder;
    start_writing(sizeof probe_memory);
    gazette_issue_builder_start(&builder, &out);
    gazette_issue_builder_set_language(&builder, 7);
    return gazette_issue_builder_push(&builder, one, &build_error) && gazette_issue_builder_finish(&builder, NULL);
}

/* NIPC-COD-20: a table of one string a row stands behind the strings, and its strings behind the table. */
static void items_with_a_table(void)
{
    payload expected = {.len = 0};
    ADD(&expected, 4, 7, 1, 0, 67);
    ADD(&expected, 2, 0);
    ADD(&expected, 1, 2, 0);
    ADD(&expected, 4, 1, 24, 4, 29, 6);
    ADD_TEXT(&expected, "Rain\0Pluit.\0\0\0\0\0");
    ADD(&expected, 4, 56, 4, 61, 5);
    ADD_TEXT(&expected, "rain\0grass\0");
    gazette_article_fields one = article();
    CHECK(issue(&one));
    CHECK_WRITTEN(expected);

    gazette_issue view;
    gazette_article read;
    gazette_tag tag;
    CHECK(gazette_issue_decode(out.data, out.len, &view, NULL));
    CHECK_EQ(view.language, 7);
    CHECK(gazette_language_name(view.language) == NULL);
    CHECK(gazette_issue_articles_at(&view, 0, &read));
    CHECK_EQ(read.tags.count, 2);
    CHECK(gazette_article_tags_at(&read, 1, &tag));
    CHECK_TEXT(tag.word, "grass");
    CHECK(!gazette_article_tags_at(&read, 2, &tag));
    gazette_article copy;
    CHECK(gazette_article_clone(&read, &copy));
    memset(probe_memory, 0xee, sizeof probe_memory);
    CHECK_TEXT(copy.text, "Pluit.");
    CHECK(gazette_article_tags_at(&copy, 0, &tag));
    CHECK_TEXT(tag.word, "rain");
    gazette_article_free(&copy);
    one.tags_count = 0;
    CHECK(issue(&one));
    CHECK_EQ(out.len, 8 + 8 + 36);
}

static void change(size_t at, uint8_t value)
{
    gazette_article_fields one = article();
    CHECK(issue(&one));
    out.data[at] = value;
    gazette_issue view;
    CHECK(!gazette_issue_decode(out.data, out.len, &view, &decode_error));
    CHECK_EQ(decode_error.item, 0);
}

/* NIPC-COD-21, NIPC-COD-25: the item starts at byte 16 of the issue, and its table at 40 of the item. */
static void table_rules_are_checked(void)
{
    change(16 + 37, 1);
    CHECK_OFFENCE("tags", 16 + 40, NETIPC_CODEC_PADDING);
    CHECK_EQ(decode_error.problem.at, 37);
    change(16 + 40, 57);
    CHECK_STR(decode_error.record, "gazette tag");
    CHECK_OFFENCE("word", 16 + 40, NETIPC_CODEC_MISPLACED);
    change(16 + 48 + 4, 6);
    CHECK_OFFENCE("word", 16 + 48, NETIPC_CODEC_OUT_OF_BOUNDS);
    change(16 + 2, 200);
    CHECK_STR(decode_error.record, "gazette article");
    CHECK_OFFENCE("tags", 16 + 40, NETIPC_CODEC_TRUNCATED);
    /* Bytes behind the table are tolerated where the schema says so. */
    gazette_article_fields one = article();
    CHECK(issue(&one));
    out.data[12] = 70;
    gazette_issue view;
    CHECK(gazette_issue_decode(out.data, out.len + 3, &view, NULL));
}

/* NIPC-COD-16, NIPC-COD-23: by decoder and builder alike. */
static void rules_hold_under_their_condition(void)
{
    gazette_article_fields one = article();
    one.sort = GAZETTE_SORT_NOTICE;
    CHECK(!issue(&one));
    CHECK_INVALID("gazette article", "text", NETIPC_CODEC_NOT_EMPTY_WHEN);
    one.text = netipc_bytes_of("");
    CHECK(issue(&one));
    one.sort = GAZETTE_SORT_STORY;
    CHECK(!issue(&one));
    CHECK_INVALID("gazette article", "text", NETIPC_CODEC_EMPTY_WHEN);
    CHECK_STR(build_error.problem.text, "`sort` is `story` and `language` is not `unknown`");
    one.language = GAZETTE_LANGUAGE_UNKNOWN;
    CHECK(issue(&one));
    const gazette_tag word = {netipc_bytes_of("a")};
    one = article();
    one.tags = &word;
    one.tags_count = 1;
    CHECK(!issue(&one));
    CHECK_INVALID("gazette tag", "word", NETIPC_CODEC_TOO_SHORT);
    gazette_tag many[256];
    for (size_t i = 0; i < 256; i++) {
        many[i] = TAGS[0];
    }
    one.tags = many;
    one.tags_count = 256;
    CHECK(!issue(&one));
    CHECK_INVALID("gazette article", "tags", NETIPC_CODEC_TOO_MANY);
    change(16, 100);
    CHECK_OFFENCE("text", 16 + 16, NETIPC_CODEC_NOT_EMPTY_WHEN);
}

int main(void)
{
    RUN(string_that_takes_the_rest);
    RUN(plain_record_with_a_rule);
    RUN(items_with_a_table);
    RUN(table_rules_are_checked);
    RUN(rules_hold_under_their_condition);
    return test_result();
}
