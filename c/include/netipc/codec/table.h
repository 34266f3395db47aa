/**
 * Tables: rows of strings behind the strings of a record (NIPC-COD-20, NIPC-COD-21).
 *
 * A generated row is a struct of nothing but `netipc_bytes`, and functions here take arrays of such structs.
 */
#ifndef NETIPC_CODEC_TABLE_H
#define NETIPC_CODEC_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"
#include "netipc/bytes.h"
#include "netipc/codec/error.h"
#include "netipc/codec/string.h"
#include "netipc/codec/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The rules of a table's rows, for generated code. */
typedef struct netipc_row_rule {
    /** What errors call the row. */
    const char *record;
    /** The rules of its strings. */
    const netipc_string_rule *strings;
    /** How many strings it has. */
    size_t count;
} netipc_row_rule;

/** The rows of a decoded record. Borrows the payload. */
typedef struct netipc_rows {
    /** How many rows there are. */
    size_t count;
    /** For generated code: the record, where in it the table starts, and how many strings a row has. */
    netipc_bytes record;
    size_t at;
    size_t strings;
} netipc_rows;

/**
 * For generated code: the table of `count` rows in a record that was decoded before. `references` says where the
 * references of the record's strings stand; there are `reference_count`, and the fixed part has `size` bytes.
 *
 * Bytes that were never decoded give rows of some strings inside `record`, or no rows.
 */
NETIPC_API netipc_rows netipc_rows_view(netipc_bytes record, size_t size, const size_t *references,
                                        size_t reference_count, size_t count, size_t strings);

/** For generated code: string number `index` of row number `row`; empty when there is no such row. */
NETIPC_API netipc_bytes netipc_rows_string(const netipc_rows *rows, size_t row, size_t index);

/** For generated code: checks `count` rows to be written as the table `field` of `record`, which can have `most`. */
NETIPC_API bool netipc_table_check(const netipc_row_rule *rule, const char *record, const char *field, const void *rows,
                                   size_t count, uint64_t most, netipc_build_error *error);

/** For generated code: bytes of the table with the padding before it, behind strings that end at byte `behind`. */
NETIPC_API size_t netipc_table_size(size_t behind, const void *rows, size_t count, size_t strings);

/** For generated code: appends the table to a record whose strings end at byte `behind`; room was claimed before. */
NETIPC_API void netipc_table_write(netipc_writer *out, size_t behind, const void *rows, size_t count, size_t strings);

#ifdef __cplusplus
}
#endif

#endif
