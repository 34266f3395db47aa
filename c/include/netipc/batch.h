/**
 * Many items of one method in one payload: a directory, then the items (NIPC-BAT-01).
 *
 * Nothing here knows what an item means, and nothing allocates.
 */
#ifndef NETIPC_BATCH_H
#define NETIPC_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"
#include "netipc/bytes.h"
#include "netipc/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of one directory entry: offset and length. */
#define NETIPC_BATCH_ENTRY_LEN 8u

/**
 * A batch payload whose directory was checked. It borrows the payload, which must neither go nor change while the batch
 * is in use. The fields are private.
 */
typedef struct netipc_batch {
    netipc_bytes directory;
    netipc_bytes area;
    uint32_t items;
} netipc_batch;

/**
 * Checks the directory of a batch of `item_count` items.
 *
 * Every offset must be a multiple of 8 and every item must lie inside the payload. Gaps, overlaps and any order are
 * tolerated (NIPC-BAT-07, NIPC-BAT-08, NIPC-BAT-09, NIPC-BAT-10).
 *
 * Errors: `NETIPC_PROBLEM_BATCH_TRUNCATED`, `_MISALIGNED`, `_BOUNDS`, for the first unsound entry.
 */
NETIPC_API NETIPC_MUST_USE bool netipc_batch_parse(netipc_batch *batch, const void *payload, size_t len,
                                                   uint32_t item_count, netipc_error *error);

/** Number of items. */
NETIPC_API uint32_t netipc_batch_len(const netipc_batch *batch);

/** The bytes of item `index`, which borrow the payload; false past the last one. */
NETIPC_API bool netipc_batch_item(const netipc_batch *batch, uint32_t index, netipc_bytes *item);

/**
 * Writes a batch payload into memory of the caller, within a byte budget.
 *
 * All padding is written as zero, whatever the memory held before (NIPC-BAT-03). Nothing has to be freed. The fields
 * are private.
 */
typedef struct netipc_batch_builder {
    uint8_t *out;
    size_t budget;
    size_t len;
    uint32_t slots;
    uint32_t items;
} netipc_batch_builder;

/**
 * Starts a batch of up to `slots` items in the `budget` bytes at `out`, which the builder uses until
 * `netipc_batch_finish`.
 *
 * Errors: `NETIPC_PROBLEM_BATCH_FULL` when the directory alone is over the budget.
 */
NETIPC_API NETIPC_MUST_USE bool netipc_batch_begin(netipc_batch_builder *builder, void *out, size_t budget,
                                                   uint32_t slots, netipc_error *error);

/**
 * Appends a copy of an item of `len` bytes; 0 is fine (NIPC-BAT-04).
 *
 * Errors: `NETIPC_PROBLEM_BATCH_FULL`, `_SLOTS`; the batch is as before (NIPC-BAT-12).
 */
NETIPC_API NETIPC_MUST_USE bool netipc_batch_push(netipc_batch_builder *builder, const void *item, size_t len,
                                                  netipc_error *error);

/**
 * The place for the next item, to be written there without a copy: the caller fills up to `*room` bytes from the
 * returned address and then calls `netipc_batch_commit`, or does not, and the batch is as before.
 *
 * Returns `NULL` when all slots are taken; `*room` is then 0.
 */
NETIPC_API uint8_t *netipc_batch_room(netipc_batch_builder *builder, size_t *room);

/**
 * Appends the item whose `len` bytes the caller has written into the place that `netipc_batch_room` gave.
 *
 * Errors: `NETIPC_PROBLEM_BATCH_FULL` when `len` is more than the room, `_SLOTS`; the batch is as before.
 */
NETIPC_API NETIPC_MUST_USE bool netipc_batch_commit(netipc_batch_builder *builder, size_t len, netipc_error *error);

/** Number of items so far. */
NETIPC_API uint32_t netipc_batch_built(const netipc_batch_builder *builder);

/**
 * Ends the batch. Slots that were not used leave the directory, and the items move down (NIPC-BAT-11).
 *
 * Returns the length of the payload, a multiple of 8; `netipc_batch_built` still gives the number of items.
 */
NETIPC_API size_t netipc_batch_finish(netipc_batch_builder *builder);

#ifdef __cplusplus
}
#endif

#endif
