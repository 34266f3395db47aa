/*
 * The one way to bytes: a reader and a writer that never leave their memory.
 *
 * A parser reads as the layout of the message: one call a field, in order. A read or write that does not fit moves
 * nothing, gives 0, and marks the cursor as failed for good, so that one look at `failed` after the last field is
 * enough. No alignment is assumed anywhere; integers are little-endian, which is the byte order of every supported host
 * (NIPC-ENV-02).
 */
#ifndef NETIPC__CURSOR_H
#define NETIPC__CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t netipc__load16(const uint8_t *from)
{
    return (uint16_t)(from[0] | (uint32_t)from[1] << 8);
}

static inline uint32_t netipc__load32(const uint8_t *from)
{
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static inline uint64_t netipc__load64(const uint8_t *from)
{
    return netipc__load32(from) | (uint64_t)netipc__load32(from + 4) << 32;
}

static inline void netipc__store16(uint8_t *to, uint16_t value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
}

static inline void netipc__store32(uint8_t *to, uint32_t value)
{
    netipc__store16(to, (uint16_t)value);
    netipc__store16(to + 2, (uint16_t)(value >> 16));
}

static inline void netipc__store64(uint8_t *to, uint64_t value)
{
    netipc__store32(to, (uint32_t)value);
    netipc__store32(to + 4, (uint32_t)(value >> 32));
}

/* Reads what somebody else wrote. */
typedef struct netipc__reader {
    const uint8_t *at;
    size_t left;
    bool failed;
} netipc__reader;

static inline netipc__reader netipc__reader_over(const void *bytes, size_t len)
{
    return (netipc__reader){.at = bytes, .left = len};
}

/* The next `len` bytes; NULL when there are fewer. */
static inline const uint8_t *netipc__read_bytes(netipc__reader *in, size_t len)
{
    if (in->failed || len > in->left) {
        in->failed = true;
        return NULL;
    }
    const uint8_t *bytes = in->at;
    /* Nothing to move over when there is nothing, not even memory. */
    if (len > 0) {
        in->at += len;
        in->left -= len;
    }
    return bytes;
}

static inline uint8_t netipc__read_u8(netipc__reader *in)
{
    const uint8_t *bytes = netipc__read_bytes(in, 1);
    return bytes == NULL ? 0 : bytes[0];
}

static inline uint16_t netipc__read_u16(netipc__reader *in)
{
    const uint8_t *bytes = netipc__read_bytes(in, 2);
    return bytes == NULL ? 0 : netipc__load16(bytes);
}

static inline uint32_t netipc__read_u32(netipc__reader *in)
{
    const uint8_t *bytes = netipc__read_bytes(in, 4);
    return bytes == NULL ? 0 : netipc__load32(bytes);
}

static inline uint64_t netipc__read_u64(netipc__reader *in)
{
    const uint8_t *bytes = netipc__read_bytes(in, 8);
    return bytes == NULL ? 0 : netipc__load64(bytes);
}

/* Writes into memory of the caller. */
typedef struct netipc__writer {
    uint8_t *at;
    size_t left;
    bool failed;
} netipc__writer;

static inline netipc__writer netipc__writer_over(void *bytes, size_t len)
{
    return (netipc__writer){.at = bytes, .left = len};
}

/* Room for the next `len` bytes, which the caller fills; NULL when there is less. */
static inline uint8_t *netipc__write_room(netipc__writer *out, size_t len)
{
    if (out->failed || len > out->left) {
        out->failed = true;
        return NULL;
    }
    uint8_t *room = out->at;
    if (len > 0) {
        out->at += len;
        out->left -= len;
    }
    return room;
}

static inline void netipc__write_bytes(netipc__writer *out, const void *bytes, size_t len)
{
    uint8_t *room = netipc__write_room(out, len);
    if (room != NULL && len > 0) {
        memcpy(room, bytes, len);
    }
}

static inline void netipc__write_zeros(netipc__writer *out, size_t len)
{
    uint8_t *room = netipc__write_room(out, len);
    if (room != NULL && len > 0) {
        memset(room, 0, len);
    }
}

static inline void netipc__write_u16(netipc__writer *out, uint16_t value)
{
    uint8_t *room = netipc__write_room(out, 2);
    if (room != NULL) {
        netipc__store16(room, value);
    }
}

static inline void netipc__write_u32(netipc__writer *out, uint32_t value)
{
    uint8_t *room = netipc__write_room(out, 4);
    if (room != NULL) {
        netipc__store32(room, value);
    }
}

static inline void netipc__write_u64(netipc__writer *out, uint64_t value)
{
    uint8_t *room = netipc__write_room(out, 8);
    if (room != NULL) {
        netipc__store64(room, value);
    }
}

#endif
