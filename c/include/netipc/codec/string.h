/**
 * Byte strings of records: their rules, and how views find them.
 */
#ifndef NETIPC_CODEC_STRING_H
#define NETIPC_CODEC_STRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"
#include "netipc/bytes.h"
#include "netipc/codec/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The rules of one string field, for generated code. Lengths do not count the NUL. */
typedef struct netipc_string_rule {
    /** What errors call the field. */
    const char *field;
    /** Where it may start at the earliest, counted from the start of the record. */
    uint32_t start;
    /** Whether it may start only there. */
    bool only_there;
    /** Whether NUL bytes may be part of it. */
    bool interior_nul;
    /** Least length. */
    uint32_t min_len;
    /** Greatest length. */
    uint32_t max_len;
    /** Length of what it is when its writer did not know it. */
    uint32_t absent_len;
} netipc_string_rule;

/** Whether two byte strings are the same. */
NETIPC_API bool netipc_bytes_equal(netipc_bytes left, netipc_bytes right);

/** The bytes of a C string, without its NUL. */
NETIPC_API netipc_bytes netipc_bytes_of(const char *text);

/** Checks the rules that hold wherever the string stands: length and NULs inside. Fills `problem` if one is broken. */
NETIPC_API bool netipc_string_content(const netipc_string_rule *rule, netipc_bytes text, netipc_offence *problem);

/** Checks a string that is to be written into `record` (NIPC-COD-16). */
NETIPC_API bool netipc_string_check(const netipc_string_rule *rule, const char *record, netipc_bytes text,
                                    netipc_build_error *error);

/**
 * The string whose offset and length stand at byte `at` of `fixed`, the fixed part of `record`, which was decoded
 * before.
 *
 * Bytes that were never decoded give some string inside `record`, or an empty one.
 */
NETIPC_API netipc_bytes netipc_string_at(netipc_bytes record, netipc_bytes fixed, size_t at);

/** The same, or the `len` bytes at `absent` when the fixed part ends before offset and length (NIPC-EVO-04). */
NETIPC_API netipc_bytes netipc_string_or(netipc_bytes record, netipc_bytes fixed, size_t at, const char *absent,
                                         size_t len);

/** The string that takes all of `record` behind its first `at` bytes but the last byte; empty when there are none. */
NETIPC_API netipc_bytes netipc_string_rest(netipc_bytes record, size_t at);

/** Copies the bytes of `text` and a NUL to `to`, which has room for them, and says where they are now. */
NETIPC_API netipc_bytes netipc_string_copy(netipc_bytes text, uint8_t *to);

#ifdef __cplusplus
}
#endif

#endif
