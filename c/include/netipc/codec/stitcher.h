/**
 * One reply out of the items of several (NIPC-LKP-17).
 */
#ifndef NETIPC_CODEC_STITCHER_H
#define NETIPC_CODEC_STITCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"
#include "netipc/bytes.h"
#include "netipc/codec/error.h"
#include "netipc/codec/items.h"
#include "netipc/codec/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Puts items that were decoded before, byte for byte, into one reply. Members are private. */
typedef struct netipc_stitcher {
    netipc_writer *out;
    netipc_items_writer items;
} netipc_stitcher;

/** Starts a reply with a fixed part of `fixed` bytes; `keys` are expected, which saves moving bytes when right. */
NETIPC_API void netipc_stitcher_start(netipc_stitcher *stitcher, netipc_writer *out, size_t fixed, size_t keys);

/** Appends the bytes of one item, which were decoded before as part of a reply of the same service. */
NETIPC_API bool netipc_stitcher_copy(netipc_stitcher *stitcher, netipc_bytes item, netipc_build_error *error);

/** Appends an item that is made here. */
NETIPC_API bool netipc_stitcher_push(netipc_stitcher *stitcher, const netipc_encoder *encoder, const void *values,
                                     netipc_build_error *error);

/** How many items there are. */
NETIPC_API size_t netipc_stitcher_count(const netipc_stitcher *stitcher);

/** Bytes of the reply as it stands. */
NETIPC_API size_t netipc_stitcher_size(const netipc_stitcher *stitcher);

#ifdef __cplusplus
}
#endif

#endif
