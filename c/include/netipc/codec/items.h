/**
 * Lists of records: a directory of (offset, length) entries, then the items (NIPC-COD-10 to NIPC-COD-12).
 */
#ifndef NETIPC_CODEC_ITEMS_H
#define NETIPC_CODEC_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"
#include "netipc/bytes.h"
#include "netipc/codec/error.h"
#include "netipc/codec/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of one directory entry: a u32 offset and a u32 length. */
#define NETIPC_ENTRY_SIZE 8u

/** Items start at multiples of this, counted from the end of the directory. */
#define NETIPC_ITEM_ALIGN 8u

/** The items of a decoded record. Borrows the payload. */
typedef struct netipc_items {
    /** How many items there are. */
    size_t count;
    /** For generated code: the record that holds the list, and where in it the directory starts. */
    netipc_bytes record;
    size_t at;
} netipc_items;

/** The next multiple of `NETIPC_ITEM_ALIGN` at or above `len`; `SIZE_MAX` rounded down when there is none. */
static inline size_t netipc_item_align(size_t len)
{
    return netipc_add(len, NETIPC_ITEM_ALIGN - 1) & ~(size_t)(NETIPC_ITEM_ALIGN - 1);
}

/**
 * For generated code: the list of `count` entries at byte `at` of a record that was decoded before.
 *
 * Bytes that were never decoded give some items inside `record`, or none.
 */
NETIPC_API netipc_items netipc_items_view(netipc_bytes record, size_t at, size_t count);

/** The bytes of the item at `index`; empty when there are not that many. */
NETIPC_API netipc_bytes netipc_items_bytes(const netipc_items *items, size_t index);

/**
 * For generated code: appends items whose number need not be known. Members are private.
 *
 * The directory comes first in the payload but is complete last. Entries go to slots set aside in front of the items,
 * as long as there are some, and then to the end of the memory, from where they are moved when the list is finished. So
 * neither a hint nor its absence costs any budget.
 */
typedef struct netipc_items_writer {
    size_t at;
    size_t slots;
    size_t count;
    size_t end;
} netipc_items_writer;

/** Starts a list where `out` stands, with slots for `expected` items as far as there is room. */
NETIPC_API void netipc_items_start(netipc_items_writer *items, netipc_writer *out, size_t expected);

/** Appends a record. An item that breaks a rule can be left out; after an overflow nothing fits any more. */
NETIPC_API bool netipc_items_push(netipc_items_writer *items, netipc_writer *out, const netipc_encoder *encoder,
                                  const void *values, netipc_build_error *error);

/** Makes room for an item of `size` bytes, which the caller then writes. */
NETIPC_API bool netipc_items_claim(netipc_items_writer *items, netipc_writer *out, size_t size,
                                   netipc_build_error *error);

/** Closes the list and says how many items there are. */
NETIPC_API uint32_t netipc_items_finish(netipc_items_writer *items, netipc_writer *out);

/** Adds up the bytes of a record with a list, item by item. */
typedef struct netipc_list_size {
    /** Private: the fixed part with the directory, and where the last item ends behind it. */
    size_t head;
    size_t end;
} netipc_list_size;

/** No items yet, behind a fixed part of `fixed` bytes. */
static inline netipc_list_size netipc_list_size_of(size_t fixed)
{
    netipc_list_size size = {fixed, 0};
    return size;
}

/** Adds an item of `len` bytes. */
static inline void netipc_list_size_add(netipc_list_size *size, size_t len)
{
    size->head = netipc_add(size->head, NETIPC_ENTRY_SIZE);
    size->end = netipc_add(netipc_item_align(size->end), len);
}

/** Bytes of the record. */
static inline size_t netipc_list_size_total(const netipc_list_size *size)
{
    return netipc_add(size->head, size->end);
}

/** Bytes of the record with padding behind the last item too, which none writes but existing servers reckon with. */
static inline size_t netipc_list_size_padded(const netipc_list_size *size)
{
    return netipc_add(size->head, netipc_item_align(size->end));
}

#ifdef __cplusplus
}
#endif

#endif
