/**
 * What can be wrong with a payload, and with a request to build one.
 */
#ifndef NETIPC_CODEC_ERROR_H
#define NETIPC_CODEC_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"
#include "netipc/kind.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The rule of the codec that does not hold. Later versions may add some. */
typedef enum netipc_codec_problem {
    /** No problem. */
    NETIPC_CODEC_NONE = 0,
    /** There are `got` bytes; the fixed part, directory, table or rest string needs `allowed`. */
    NETIPC_CODEC_TRUNCATED,
    /** There are `got` bytes; the record takes `allowed`. */
    NETIPC_CODEC_TRAILING_BYTES,
    /** A field that is always `allowed` is `got`. */
    NETIPC_CODEC_CONSTANT,
    /** The fixed part has `got` bytes, but in no version; the known ones are in `listed`, newer ones are larger. */
    NETIPC_CODEC_FIXED_SIZE,
    /** A closed enumeration is `got`, which is not in `listed`. */
    NETIPC_CODEC_UNLISTED,
    /** When `text` holds, a number must be `allowed`; it is `got`. */
    NETIPC_CODEC_CONSTANT_WHEN,
    /** When `text` holds, a string or table must be empty; it has `got` bytes or rows. */
    NETIPC_CODEC_NOT_EMPTY_WHEN,
    /** When `text` holds, a string must not be empty. */
    NETIPC_CODEC_EMPTY_WHEN,
    /** A table has `got` rows; its count can tell `allowed`. Builders only. */
    NETIPC_CODEC_TOO_MANY,
    /** The byte at `at` of the record, before a table, is `got` and not zero. */
    NETIPC_CODEC_PADDING,
    /** A string or item starts at offset `got`, before `allowed`. */
    NETIPC_CODEC_STARTS_EARLY,
    /** A string or item starts at offset `got`; its only place is `allowed`. */
    NETIPC_CODEC_MISPLACED,
    /** An item starts at offset `got`, which is no multiple of `allowed`. */
    NETIPC_CODEC_UNALIGNED,
    /** A string with its NUL, or an item, ends at offset `got`, behind `allowed`. */
    NETIPC_CODEC_OUT_OF_BOUNDS,
    /** A string has `got` bytes; it must have `allowed` or more. */
    NETIPC_CODEC_TOO_SHORT,
    /** A string has `got` bytes; it must have `allowed` or fewer. */
    NETIPC_CODEC_TOO_LONG,
    /** The byte behind a string is `got`, not NUL. */
    NETIPC_CODEC_UNTERMINATED,
    /** A string that must not contain a NUL has one at position `at`. */
    NETIPC_CODEC_INTERIOR_NUL,
    /** A string shares bytes with the field `text`. */
    NETIPC_CODEC_OVERLAP
} netipc_codec_problem;

/** A broken rule with its numbers; which of them mean something depends on `code`. All pointers are to constants. */
typedef struct netipc_offence {
    netipc_codec_problem code;
    /** What was found. */
    uint64_t got;
    /** What is allowed: the value, or the limit. */
    uint64_t allowed;
    /** A position in the string or record. */
    uint64_t at;
    /** The values that are allowed, when there are several. */
    const uint64_t *listed;
    /** How many these are. */
    size_t listed_count;
    /** The condition of the rule as a sentence, or the other field. */
    const char *text;
} netipc_offence;

/** The name of a problem in the specification: `"truncated"`; `"unknown"` of a number that is none. */
NETIPC_API const char *netipc_codec_problem_name(netipc_codec_problem code);

/**
 * Why a payload was refused: the first rule that it breaks, and where (NIPC-COD-06, NIPC-COD-24, NIPC-COD-25).
 *
 * Its kind is always `NETIPC_KIND_INVALID_MESSAGE`. It refers to constants only, so it may be copied and kept.
 */
typedef struct netipc_decode_error {
    /** The record in which the offence is, as the specification names it: `"apps-lookup item"`. */
    const char *record;
    /** The field that broke its rule; the same string as `record` when the record as a whole did. */
    const char *field;
    /** Where in the payload the field starts. */
    size_t offset;
    /** The position in its list when the record is an item of one; else -1. */
    int64_t item;
    /** The rule that was broken. */
    netipc_offence problem;
} netipc_decode_error;

/**
 * Writes what is wrong as a sentence, such as ``apps-lookup item 0: field `status` at byte 26 must be 0, 1, got 9``.
 *
 * Works as `snprintf`: never more than `size` bytes with the NUL; `text` may be `NULL` when `size` is 0.
 *
 * @return the bytes that the whole sentence has, without NUL.
 */
NETIPC_API size_t netipc_decode_error_describe(const netipc_decode_error *error, char *text, size_t size);

/** Why a payload could not be built. */
typedef enum netipc_build_problem {
    /** No error. */
    NETIPC_BUILD_DONE = 0,
    /** The payload does not fit: `needed` bytes for all that was asked for so far, `budget` are allowed. */
    NETIPC_BUILD_OVERFLOW,
    /** A value breaks the rule in `problem` (NIPC-COD-16). */
    NETIPC_BUILD_INVALID,
    /** `field` was never given a value (NIPC-COD-17). */
    NETIPC_BUILD_MISSING,
    /** There are `got` answers to `keys` keys (NIPC-LKP-16). */
    NETIPC_BUILD_ANSWERS
} netipc_build_problem;

/** Why a payload could not be built, with the numbers. It refers to constants only. */
typedef struct netipc_build_error {
    netipc_build_problem code;
    /** The record that was built; `NULL` of an overflow. */
    const char *record;
    /** The field at fault, when one is; else `NULL`. */
    const char *field;
    /** The broken rule, when `code` is `NETIPC_BUILD_INVALID`. */
    netipc_offence problem;
    /** Bytes that all that was asked for so far takes. */
    size_t needed;
    /** Bytes there may be. */
    size_t budget;
    /** Answers that were given. */
    size_t got;
    /** Keys of the request. */
    size_t keys;
} netipc_build_error;

/** `NETIPC_KIND_LIMIT_EXCEEDED` of an overflow, `NETIPC_KIND_API_MISUSE` of anything else that is an error. */
NETIPC_API netipc_kind netipc_build_error_kind(const netipc_build_error *error);

/** Like `netipc_decode_error_describe`. */
NETIPC_API size_t netipc_build_error_describe(const netipc_build_error *error, char *text, size_t size);

/** For generated code: fills `error`, if there is one, with a value that breaks a rule. Always false. */
NETIPC_API bool netipc_build_invalid(netipc_build_error *error, const char *record, const char *field,
                                     const netipc_offence *problem);

/** For generated code: checks that a number to be written, which is `got`, is one of `listed` (NIPC-COD-22). */
NETIPC_API bool netipc_build_listed(netipc_build_error *error, const char *record, const char *field, uint64_t got,
                                    const uint64_t *listed, size_t count);

/** For generated code: checks that a number to be written, which is `got`, is `allowed`, as it must be `when`. */
NETIPC_API bool netipc_build_constant_when(netipc_build_error *error, const char *record, const char *field,
                                           uint64_t got, uint64_t allowed, const char *when);

/** For generated code: checks that a string or table to be written, of length `len`, is empty, as it must be `when`. */
NETIPC_API bool netipc_build_empty_when(netipc_build_error *error, const char *record, const char *field, uint64_t len,
                                        const char *when);

/** For generated code: checks that a string to be written, of length `len`, is not empty, as it must not be `when`. */
NETIPC_API bool netipc_build_present_when(netipc_build_error *error, const char *record, const char *field,
                                          uint64_t len, const char *when);

/** For generated code: fills `error`, if there is one, with a field that has no value. Always false. */
NETIPC_API bool netipc_build_missing(netipc_build_error *error, const char *record, const char *field);

#ifdef __cplusplus
}
#endif

#endif
