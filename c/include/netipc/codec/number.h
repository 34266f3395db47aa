/**
 * Numbers at fixed places of a record, for generated code.
 *
 * Loading is total: where the bytes end before the number does, it is what the caller says. That makes views of bytes
 * safe that were never decoded, and gives the fields that an older program did not know their defaults (NIPC-EVO-04).
 */
#ifndef NETIPC_CODEC_NUMBER_H
#define NETIPC_CODEC_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Whether `len` bytes at `at` are all there. */
static inline bool netipc_has(netipc_bytes bytes, size_t at, size_t len)
{
    return at <= bytes.len && len <= bytes.len - at;
}

/** The number at byte `at`, or `absent`. */
static inline uint8_t netipc_load_u8(netipc_bytes bytes, size_t at, uint8_t absent)
{
    return netipc_has(bytes, at, 1) ? bytes.data[at] : absent;
}

/** The number at byte `at`, or `absent`. */
static inline uint16_t netipc_load_u16(netipc_bytes bytes, size_t at, uint16_t absent)
{
    if (!netipc_has(bytes, at, 2)) {
        return absent;
    }
    const uint8_t *from = bytes.data + at;
    return (uint16_t)(from[0] | (uint32_t)from[1] << 8);
}

/** The number at byte `at`, or `absent`. */
static inline uint32_t netipc_load_u32(netipc_bytes bytes, size_t at, uint32_t absent)
{
    if (!netipc_has(bytes, at, 4)) {
        return absent;
    }
    const uint8_t *from = bytes.data + at;
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

/** The number at byte `at`, or `absent`. */
static inline uint64_t netipc_load_u64(netipc_bytes bytes, size_t at, uint64_t absent)
{
    if (!netipc_has(bytes, at, 8)) {
        return absent;
    }
    return netipc_load_u32(bytes, at, 0) | (uint64_t)netipc_load_u32(bytes, at + 4, 0) << 32;
}

/** The number of `width` bytes, which are 1, 2, 4 or 8, at byte `at`, or `absent`. */
static inline uint64_t netipc_load(netipc_bytes bytes, size_t at, size_t width, uint64_t absent)
{
    if (!netipc_has(bytes, at, width)) {
        return absent;
    }
    switch (width) {
    case 1:
        return netipc_load_u8(bytes, at, 0);
    case 2:
        return netipc_load_u16(bytes, at, 0);
    case 4:
        return netipc_load_u32(bytes, at, 0);
    default:
        return netipc_load_u64(bytes, at, 0);
    }
}

/** Writes a number to `to`, which has room for it. */
static inline void netipc_store_u8(uint8_t *to, uint8_t value)
{
    to[0] = value;
}

/** Writes a number to `to`, which has room for it. */
static inline void netipc_store_u16(uint8_t *to, uint16_t value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
}

/** Writes a number to `to`, which has room for it. */
static inline void netipc_store_u32(uint8_t *to, uint32_t value)
{
    netipc_store_u16(to, (uint16_t)value);
    netipc_store_u16(to + 2, (uint16_t)(value >> 16));
}

/** Writes a number to `to`, which has room for it. */
static inline void netipc_store_u64(uint8_t *to, uint64_t value)
{
    netipc_store_u32(to, (uint32_t)value);
    netipc_store_u32(to + 4, (uint32_t)(value >> 32));
}

/** Writes offset and length of a string to `to`, which has room for 8 bytes. Budgets keep both below 2^32. */
static inline void netipc_store_string(uint8_t *to, size_t offset, size_t len)
{
    netipc_store_u32(to, (uint32_t)offset);
    netipc_store_u32(to + 4, (uint32_t)len);
}

#ifdef __cplusplus
}
#endif

#endif
