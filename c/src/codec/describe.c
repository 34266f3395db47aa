/*
 * Sentences for errors, the same as in the other languages.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "netipc/codec/error.h"

/* Text that grows in memory of the caller, and counts on where that ends. */
typedef struct sentence {
    char *text;
    size_t size;
    size_t len;
} sentence;

static sentence start(char *text, size_t size)
{
    if (size > 0) {
        text[0] = '\0';
    }
    return (sentence){.text = text, .size = size};
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void add(sentence *to, const char *format, ...)
{
    bool has_room = to->len < to->size;
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(has_room ? to->text + to->len : NULL, has_room ? to->size - to->len : 0, format, arguments);
    va_end(arguments);
    if (len > 0) {
        to->len += (size_t)len;
    }
}

static void add_listed(sentence *to, const netipc_offence *problem)
{
    add(to, "must be ");
    for (size_t i = 0; i < problem->listed_count; i++) {
        add(to, "%s%" PRIu64, i == 0 ? "" : ", ", problem->listed[i]);
    }
}

static void add_condition(sentence *to, const netipc_offence *problem)
{
    switch (problem->code) {
    case NETIPC_CODEC_CONSTANT_WHEN:
        add(to, "must be %" PRIu64 " when %s, got %" PRIu64, problem->allowed, problem->text, problem->got);
        break;
    case NETIPC_CODEC_NOT_EMPTY_WHEN:
        add(to, "must be empty when %s, has length %" PRIu64, problem->text, problem->got);
        break;
    default:
        add(to, "must not be empty when %s", problem->text);
        break;
    }
}

static void add_problem(sentence *to, const netipc_offence *problem)
{
    const uint64_t got = problem->got;
    const uint64_t allowed = problem->allowed;
    switch (problem->code) {
    case NETIPC_CODEC_NONE:
        add(to, "is right");
        break;
    case NETIPC_CODEC_TRUNCATED:
        add(to, "needs %" PRIu64 " bytes, got %" PRIu64, allowed, got);
        break;
    case NETIPC_CODEC_TRAILING_BYTES:
        add(to, "must end after %" PRIu64 " bytes, got %" PRIu64, allowed, got);
        break;
    case NETIPC_CODEC_CONSTANT:
        add(to, "must be %" PRIu64 ", got %" PRIu64, allowed, got);
        break;
    case NETIPC_CODEC_FIXED_SIZE:
        add_listed(to, problem);
        add(to, " or more, got %" PRIu64, got);
        break;
    case NETIPC_CODEC_UNLISTED:
        add_listed(to, problem);
        add(to, ", got %" PRIu64, got);
        break;
    case NETIPC_CODEC_CONSTANT_WHEN:
    case NETIPC_CODEC_NOT_EMPTY_WHEN:
    case NETIPC_CODEC_EMPTY_WHEN:
        add_condition(to, problem);
        break;
    case NETIPC_CODEC_TOO_MANY:
        add(to, "must have %" PRIu64 " rows or fewer, got %" PRIu64, allowed, got);
        break;
    case NETIPC_CODEC_PADDING:
        add(to, "must have zero bytes before it, got 0x%02" PRIx64 " at position %" PRIu64, got, problem->at);
        break;
    case NETIPC_CODEC_STARTS_EARLY:
        add(to, "must start at offset %" PRIu64 " or later, got %" PRIu64, allowed, got);
        break;
    case NETIPC_CODEC_MISPLACED:
        add(to, "must start at offset %" PRIu64 ", got %" PRIu64, allowed, got);
        break;
    case NETIPC_CODEC_UNALIGNED:
        add(to, "must start at a multiple of %" PRIu64 ", got offset %" PRIu64, allowed, got);
        break;
    case NETIPC_CODEC_OUT_OF_BOUNDS:
        add(to, "must end at offset %" PRIu64 " or before, ends at %" PRIu64, allowed, got);
        break;
    case NETIPC_CODEC_TOO_SHORT:
        add(to, "must have %" PRIu64 " bytes or more, got %" PRIu64, allowed, got);
        break;
    case NETIPC_CODEC_TOO_LONG:
        add(to, "must have %" PRIu64 " bytes or fewer, got %" PRIu64, allowed, got);
        break;
    case NETIPC_CODEC_UNTERMINATED:
        add(to, "must be followed by a NUL byte, got 0x%02" PRIx64, got);
        break;
    case NETIPC_CODEC_INTERIOR_NUL:
        add(to, "must not contain a NUL byte, has one at position %" PRIu64, problem->at);
        break;
    case NETIPC_CODEC_OVERLAP:
        add(to, "shares bytes with field `%s`", problem->text);
        break;
    }
}

size_t netipc_decode_error_describe(const netipc_decode_error *error, char *text, size_t size)
{
    sentence to = start(text, size);
    add(&to, "%s", error->record);
    if (error->item >= 0) {
        add(&to, " %" PRId64, error->item);
    }
    if (strcmp(error->field, error->record) != 0) {
        add(&to, ": field `%s`", error->field);
    }
    add(&to, " at byte %zu ", error->offset);
    add_problem(&to, &error->problem);
    return to.len;
}

size_t netipc_build_error_describe(const netipc_build_error *error, char *text, size_t size)
{
    sentence to = start(text, size);
    switch (error->code) {
    case NETIPC_BUILD_DONE:
        add(&to, "the payload is built");
        break;
    case NETIPC_BUILD_OVERFLOW:
        add(&to, "the payload needs %zu bytes, %zu are allowed", error->needed, error->budget);
        break;
    case NETIPC_BUILD_INVALID:
        add(&to, "%s: field `%s` ", error->record, error->field);
        add_problem(&to, &error->problem);
        break;
    case NETIPC_BUILD_MISSING:
        add(&to, "%s: field `%s` was given no value; set it before the end", error->record, error->field);
        break;
    case NETIPC_BUILD_ANSWERS:
        add(&to, "%s: %zu answers to %zu keys; give each key one answer", error->record, error->got, error->keys);
        break;
    }
    return to.len;
}
