/**
 * Bytes that belong to somebody else.
 */
#ifndef NETIPC_BYTES_H
#define NETIPC_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"

#ifdef __cplusplus
extern "C" {
#endif

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

/** The bytes of a C string, without its NUL; they are valid as long as it is. */
NETIPC_API netipc_bytes netipc_bytes_of(const char *text);

/** Whether two runs have the same bytes. */
NETIPC_API bool netipc_bytes_equal(netipc_bytes left, netipc_bytes right);

#ifdef __cplusplus
}
#endif

#endif
