/**
 * Bytes that belong to somebody else.
 */
#ifndef NETIPC_BYTES_H
#define NETIPC_BYTES_H

#include <stddef.h>
#include <stdint.h>

/**
 * A borrowed run of bytes. It is valid as long as the memory that it was taken from; it is not terminated by a zero
 * byte, and may contain some.
 */
typedef struct netipc_bytes {
    /** The first byte; may be `NULL` when `len` is 0. */
    const uint8_t *data;
    /** Number of bytes. */
    size_t len;
} netipc_bytes;

#endif
