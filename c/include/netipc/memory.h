/**
 * Memory that must grow with what arrives: reassembly of large messages, and windows of many requests.
 *
 * Everything else in the protocol core works in memory of the caller.
 */
#ifndef NETIPC_MEMORY_H
#define NETIPC_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Where memory comes from. Wherever the library takes one, `NULL` means the C library. It is copied; `context` must
 * outlive what was made with it.
 */
typedef struct netipc_allocator {
    /**
     * Gives `new_size` bytes, aligned for any type, which begin with the contents of `memory` as far as both sizes go;
     * `memory` is then gone. With `memory` `NULL` the old size is 0. With `new_size` 0 it frees and returns `NULL`.
     * Otherwise `NULL` means that there is no memory, and `memory` is as before.
     */
    void *(*resize)(void *context, void *memory, size_t old_size, size_t new_size);
    /** Passed to `resize`. */
    void *context;
} netipc_allocator;

/** Bytes that their holder owns, with the memory that they lie in. All zero holds nothing. */
typedef struct netipc_buffer {
    /** The bytes; `NULL` when `capacity` is 0. */
    uint8_t *data;
    /** Bytes in use. */
    size_t len;
    /** Bytes of memory. */
    size_t capacity;
} netipc_buffer;

/**
 * Gives the memory of a buffer back; it holds nothing afterwards. `allocator` must be the one of the object that the
 * buffer was taken from.
 */
NETIPC_API void netipc_buffer_free(netipc_buffer *buffer, const netipc_allocator *allocator);

#ifdef __cplusplus
}
#endif

#endif
