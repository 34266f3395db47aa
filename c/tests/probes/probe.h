/* What tests of generated codecs share. */
#ifndef NETIPC_TEST_PROBE_H
#define NETIPC_TEST_PROBE_H

#include "netipc/codec.h"
#include "support.h"

/* A payload that is put together by hand. */
typedef struct payload {
    uint8_t data[512];
    size_t len;
} payload;

static inline void add(payload *to, const void *bytes, size_t len)
{
    if (len > 0) {
        memcpy(to->data + to->len, bytes, len);
        to->len += len;
    }
}

static inline void add_number(payload *to, size_t width, uint64_t number)
{
    uint8_t bytes[8];
    netipc_store_u64(bytes, number);
    add(to, bytes, width);
}

/* Numbers of one width: ADD(&to, 4, 1, 2, 3). */
#define ADD(to, width, ...) add_numbers(to, width, (const uint64_t[]){__VA_ARGS__}, \
                                        sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static inline void add_numbers(payload *to, size_t width, const uint64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_number(to, width, numbers[i]);
    }
}

/* Characters without their NUL. */
#define ADD_TEXT(to, text) add(to, text, sizeof(text) - 1)

extern uint8_t probe_memory[1024];
extern netipc_writer out;
extern netipc_build_error build_error;
extern netipc_decode_error decode_error;

/* Starts a payload in that memory. */
void start_writing(size_t budget);

#define CHECK_WRITTEN(expected)                        \
    do {                                               \
        CHECK_EQ(out.len, (expected).len);             \
        CHECK_MEM(out.data, (expected).data, out.len); \
    } while (0)

#define CHECK_OFFENCE(where, place, why)             \
    do {                                             \
        CHECK_STR(decode_error.field, where);        \
        CHECK_EQ(decode_error.offset, place);        \
        CHECK_EQ(decode_error.problem.code, why);    \
    } while (0)

#define CHECK_INVALID(of, where, why)                          \
    do {                                                       \
        CHECK_EQ(build_error.code, NETIPC_BUILD_INVALID);      \
        CHECK_STR(build_error.record, of);                     \
        CHECK_STR(build_error.field, where);                   \
        CHECK_EQ(build_error.problem.code, why);               \
    } while (0)

#define CHECK_TEXT(bytes, text) \
    CHECK(netipc_bytes_equal(bytes, (netipc_bytes){(const uint8_t *)(text), sizeof(text) - 1}))

#endif
