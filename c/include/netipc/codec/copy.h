/**
 * Copies that outlive their payload, for generated code: the only place where codecs take memory (NIPC-COD-03).
 *
 * Memory comes from the C library that this library is linked with, and goes back there.
 */
#ifndef NETIPC_CODEC_COPY_H
#define NETIPC_CODEC_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"
#include "netipc/bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Memory for `len` bytes; `NULL` when there is none, and for `SIZE_MAX`, which is what `netipc_add` cannot add up. */
NETIPC_API NETIPC_MUST_USE uint8_t *netipc_copy_room(size_t len);

/** Copies a record whole. False when there is no memory. */
NETIPC_API NETIPC_MUST_USE bool netipc_copy_record(netipc_bytes record, netipc_bytes *copy);

/** Frees the memory that starts at `memory`; `NULL` is fine. */
NETIPC_API void netipc_copy_free(const uint8_t *memory);

#ifdef __cplusplus
}
#endif

#endif
