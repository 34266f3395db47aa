/* Sentences for errors, and what a decode error names. */
#include "netipc/services/apps_lookup.h"
#include "netipc/services/increment.h"
#include "netipc/services/string_reverse.h"
#include "support.h"

static char text[256];

static const char *sentence(netipc_offence problem)
{
    const netipc_decode_error error = {.record = "s r", .field = "f", .offset = 4, .item = -1, .problem = problem};
    size_t len = netipc_decode_error_describe(&error, text, sizeof text);
    CHECK_EQ(len, strlen(text));
    static const char start[] = "s r: field `f` at byte 4 ";
    CHECK(strncmp(text, start, strlen(start)) == 0);
    return text + strlen(start);
}

/* NIPC-COD-06, NIPC-ERR-03: the same sentences as in the other languages, with the numbers. */
static void every_problem_has_a_sentence(void)
{
    static const uint64_t listed[] = {8, 16};
    static const char when[] = "`a` is `b`";
#define SENTENCE(expected, ...) CHECK_STR(sentence((netipc_offence){__VA_ARGS__}), expected)
    SENTENCE("needs 8 bytes, got 7", .code = NETIPC_CODEC_TRUNCATED, .got = 7, .allowed = 8);
    SENTENCE("must end after 8 bytes, got 9", .code = NETIPC_CODEC_TRAILING_BYTES, .got = 9, .allowed = 8);
    SENTENCE("must be 1, got 2", .code = NETIPC_CODEC_CONSTANT, .got = 2, .allowed = 1);
    SENTENCE("must be 8, 16 or more, got 9", .code = NETIPC_CODEC_FIXED_SIZE, .got = 9, .listed = listed,
             .listed_count = 2);
    SENTENCE("must be 8, 16, got 9", .code = NETIPC_CODEC_UNLISTED, .got = 9, .listed = listed, .listed_count = 2);
    SENTENCE("must be 0 when `a` is `b`, got 7", .code = NETIPC_CODEC_CONSTANT_WHEN, .got = 7, .text = when);
    SENTENCE("must be empty when `a` is `b`, has length 3", .code = NETIPC_CODEC_NOT_EMPTY_WHEN, .got = 3,
             .text = when);
    SENTENCE("must not be empty when `a` is `b`", .code = NETIPC_CODEC_EMPTY_WHEN, .text = when);
    SENTENCE("must have 255 rows or fewer, got 256", .code = NETIPC_CODEC_TOO_MANY, .got = 256, .allowed = 255);
    SENTENCE("must have zero bytes before it, got 0x0a at position 61", .code = NETIPC_CODEC_PADDING, .got = 10,
             .at = 61);
    SENTENCE("must start at offset 12 or later, got 3", .code = NETIPC_CODEC_STARTS_EARLY, .got = 3, .allowed = 12);
    SENTENCE("must start at offset 8, got 9", .code = NETIPC_CODEC_MISPLACED, .got = 9, .allowed = 8);
    SENTENCE("must start at a multiple of 8, got offset 4", .code = NETIPC_CODEC_UNALIGNED, .got = 4, .allowed = 8);
    SENTENCE("must end at offset 9 or before, ends at 4294967296", .code = NETIPC_CODEC_OUT_OF_BOUNDS,
             .got = UINT64_C(4294967296), .allowed = 9);
    SENTENCE("must have 1 bytes or more, got 0", .code = NETIPC_CODEC_TOO_SHORT, .allowed = 1);
    SENTENCE("must have 15 bytes or fewer, got 16", .code = NETIPC_CODEC_TOO_LONG, .got = 16, .allowed = 15);
    SENTENCE("must be followed by a NUL byte, got 0xff", .code = NETIPC_CODEC_UNTERMINATED, .got = 255);
    SENTENCE("must not contain a NUL byte, has one at position 2", .code = NETIPC_CODEC_INTERIOR_NUL, .at = 2);
    SENTENCE("shares bytes with field `g`", .code = NETIPC_CODEC_OVERLAP, .text = "g");
#undef SENTENCE
}

static void builders_have_sentences_too(void)
{
    netipc_build_error error = {.code = NETIPC_BUILD_OVERFLOW, .needed = 9, .budget = 8};
    netipc_build_error_describe(&error, text, sizeof text);
    CHECK_STR(text, "the payload needs 9 bytes, 8 are allowed");
    error = (netipc_build_error){.code = NETIPC_BUILD_MISSING, .record = "s r", .field = "f"};
    netipc_build_error_describe(&error, text, sizeof text);
    CHECK_STR(text, "s r: field `f` was given no value; set it before the end");
    error = (netipc_build_error){.code = NETIPC_BUILD_ANSWERS, .record = "s r", .got = 1, .keys = 2};
    netipc_build_error_describe(&error, text, sizeof text);
    CHECK_STR(text, "s r: 1 answers to 2 keys; give each key one answer");
    error = (netipc_build_error){.code = NETIPC_BUILD_INVALID, .record = "s r", .field = "f",
        .problem = {.code = NETIPC_CODEC_TOO_SHORT, .allowed = 1}};
    netipc_build_error_describe(&error, text, sizeof text);
    CHECK_STR(text, "s r: field `f` must have 1 bytes or more, got 0");
}

static void sentences_are_cut_to_the_room(void)
{
    const netipc_build_error error = {.code = NETIPC_BUILD_OVERFLOW, .needed = 9, .budget = 8};
    size_t whole = netipc_build_error_describe(&error, NULL, 0);
    for (size_t room = 1; room < whole + 2; room++) {
        memset(text, 'z', sizeof text);
        CHECK_EQ(netipc_build_error_describe(&error, text, room), whole);
        CHECK_EQ(strlen(text), room <= whole ? room - 1 : whole);
        CHECK_EQ(text[room], 'z');
    }
}

/* NIPC-COD-25 */
static void errors_name_record_item_and_place(void)
{
    uint8_t bytes[256];
    size_t len = load_vector("payloads/apps_lookup_resp_known_host_root.bin", bytes, sizeof bytes);
    bytes[24 + 2] = 9;
    netipc_apps_lookup_reply reply;
    netipc_decode_error error;
    CHECK(!netipc_apps_lookup_reply_decode(bytes, len, &reply, &error));
    netipc_decode_error_describe(&error, text, sizeof text);
    CHECK_STR(text, "apps-lookup item 0: field `status` at byte 26 must be 0, 1, 2, 3, got 9");
    CHECK_STR(netipc_codec_problem_name(error.problem.code), "unlisted");
    netipc_increment_number number = {7};
    CHECK(!netipc_increment_number_decode(bytes, 7, &number, &error));
    netipc_decode_error_describe(&error, text, sizeof text);
    CHECK_STR(text, "increment number at byte 0 needs 8 bytes, got 7");
    /* What a function writes to on success is untouched when it fails. */
    CHECK_EQ(number.value, 7);
    CHECK(!netipc_increment_number_decode(NULL, 0, &number, NULL));
}

int main(void)
{
    RUN(every_problem_has_a_sentence);
    RUN(builders_have_sentences_too);
    RUN(sentences_are_cut_to_the_room);
    RUN(errors_name_record_item_and_place);
    return test_result();
}
