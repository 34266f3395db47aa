/**
 * Reading one record: every rule is checked here, so that views need not fail (NIPC-COD-01, NIPC-COD-02).
 *
 * For generated code. A decoder is a chain of these calls in the order of NIPC-COD-24, each of which is false and fills
 * the error when its rule is broken.
 */
#ifndef NETIPC_CODEC_READER_H
#define NETIPC_CODEC_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"
#include "netipc/bytes.h"
#include "netipc/codec/error.h"
#include "netipc/codec/number.h"
#include "netipc/codec/string.h"
#include "netipc/codec/table.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A record being decoded: its fixed part is there, its rules are still to be checked. */
typedef struct netipc_reader {
    /** What errors call it. */
    const char *record;
    /** All of it. */
    netipc_bytes bytes;
    /** The fixed part as its writer made it. */
    netipc_bytes fixed;
    /** Whether the writer knows fields that the reader does not. */
    bool newer;
    /** Where the first broken rule is told; may be `NULL`. */
    netipc_decode_error *error;
} netipc_reader;

/** The bytes that a string takes in its record, its NUL included. */
typedef struct netipc_extent {
    const char *field;
    /** Where its reference stands, for errors. */
    size_t at;
    size_t start;
    size_t end;
    /** Bytes of the string, without its NUL. */
    size_t len;
} netipc_extent;

/** Checks one item of a list. */
typedef bool netipc_check_item(netipc_bytes item, netipc_decode_error *error);

/** Starts on `bytes`, which must hold a fixed part of `size` bytes. */
NETIPC_API bool netipc_reader_start(netipc_reader *reader, const char *record, netipc_bytes bytes, size_t size,
                                    netipc_decode_error *error);

/**
 * Starts on a record that can grow, whose fixed part is as long as the u16 `field` at byte `at` says (NIPC-EVO-02). It
 * had each of `sizes`, which ascend and are `versions` in number, in some version.
 */
NETIPC_API bool netipc_reader_start_growing(netipc_reader *reader, const char *record, netipc_bytes bytes,
                                            const char *field, size_t at, const uint64_t *sizes, size_t versions,
                                            netipc_decode_error *error);

/** Checks that the number of `width` bytes at byte `at`, when there, is `allowed` (NIPC-COD-04). */
NETIPC_API bool netipc_reader_constant(const netipc_reader *reader, const char *field, size_t at, size_t width,
                                       uint64_t allowed);

/** Checks that the number of `width` bytes at byte `at`, when there, is one of `listed` (NIPC-COD-22). */
NETIPC_API bool netipc_reader_listed(const netipc_reader *reader, const char *field, size_t at, size_t width,
                                     const uint64_t *listed, size_t count);

/** Checks the string whose offset and length stand at byte `at`, when they are there (NIPC-COD-07, NIPC-COD-09). */
NETIPC_API bool netipc_reader_string(const netipc_reader *reader, size_t at, const netipc_string_rule *rule,
                                     netipc_extent *extent);

/** Checks the string that takes all bytes behind the fixed part but the last one, which is its NUL. */
NETIPC_API bool netipc_reader_rest(const netipc_reader *reader, const netipc_string_rule *rule, netipc_extent *extent);

/** Checks that no two of the strings share a byte, their NULs included (NIPC-COD-08). */
NETIPC_API bool netipc_reader_disjoint(const netipc_reader *reader, const netipc_extent *strings, size_t count);

/** The first byte behind all strings; the end of the fixed part when there are none. */
NETIPC_API size_t netipc_reader_behind(const netipc_reader *reader, const netipc_extent *strings, size_t count);

/**
 * Checks the table of `rows` rows behind the strings, which end before byte `behind` (NIPC-COD-20, NIPC-COD-21), and
 * sets `*end` to where the record's content ends.
 */
NETIPC_API bool netipc_reader_table(const netipc_reader *reader, const char *field, uint64_t rows, size_t behind,
                                    const netipc_row_rule *rule, size_t *end);

/**
 * Checks the directory of `count` entries behind the fixed part (NIPC-COD-10, NIPC-COD-11), every item by `check`, and
 * sets `*end` to where the last item ends. `gaps` says whether unused bytes may stand between items.
 */
NETIPC_API bool netipc_reader_items(const netipc_reader *reader, const char *field, uint32_t count, bool gaps,
                                    netipc_check_item *check, size_t *end);

/** Checks that the record ends at byte `end`, unless its writer is newer (NIPC-COD-05, NIPC-EVO-06). */
NETIPC_API bool netipc_reader_ends(const netipc_reader *reader, size_t end);

/** Checks that a number, which is `got`, is `allowed`, as it must be `when` (NIPC-COD-23). */
NETIPC_API bool netipc_reader_constant_when(const netipc_reader *reader, const char *field, size_t at, uint64_t got,
                                            uint64_t allowed, const char *when);

/** Checks that the length of a string or table, which is `len`, is 0, as it must be `when`. */
NETIPC_API bool netipc_reader_empty_when(const netipc_reader *reader, const char *field, size_t at, uint64_t len,
                                         const char *when);

/** Checks that the length of a string, which is `len`, is not 0, as it must not be `when`. */
NETIPC_API bool netipc_reader_present_when(const netipc_reader *reader, const char *field, size_t at, uint64_t len,
                                           const char *when);

/** The fixed part of a record that was decoded before and can grow; its size is the u16 at byte `at`. */
static inline netipc_bytes netipc_fixed_part(netipc_bytes record, size_t at)
{
    size_t size = netipc_load_u16(record, at, 0);
    netipc_bytes fixed = {record.data, size <= record.len ? size : 0};
    return fixed;
}

#ifdef __cplusplus
}
#endif

#endif
