/*
 * What every fuzz target of the protocol core has: an entry point that takes any bytes and aborts when something that must
 * always hold does not, and sound inputs to start from.
 */
#ifndef NETIPC_FUZZ_INPUT_H
#define NETIPC_FUZZ_INPUT_H

#include "cursor.h"
#include "test.h"

/* The longest input that a target is given. */
#define FUZZ_MAX_INPUT 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Writes sound input number `index` of the target; returns its length, 0 when there is none. */
size_t fuzz_seed(unsigned index, uint8_t input[FUZZ_MAX_INPUT]);

/* Turns bytes into numbers; what is missing at the end reads as zero. */
typedef netipc__reader fuzz_input;

static inline fuzz_input fuzz_input_of(const uint8_t *data, size_t len)
{
    return netipc__reader_over(data, len);
}

/* As many of the next `len` bytes as there are. */
static inline const uint8_t *fuzz_take(fuzz_input *in, size_t *len)
{
    if (*len > in->left) {
        *len = in->left;
    }
    in->failed = false;
    return netipc__read_bytes(in, *len);
}

static inline uint64_t fuzz_number(fuzz_input *in, size_t width)
{
    uint8_t bytes[8] = {0};
    const uint8_t *taken = fuzz_take(in, &width);
    if (width > 0) {
        memcpy(bytes, taken, width);
    }
    return netipc__load64(bytes);
}

static inline uint8_t fuzz_u8(fuzz_input *in)
{
    return (uint8_t)fuzz_number(in, 1);
}

static inline uint16_t fuzz_u16(fuzz_input *in)
{
    return (uint16_t)fuzz_number(in, 2);
}

static inline uint32_t fuzz_u32(fuzz_input *in)
{
    return (uint32_t)fuzz_number(in, 4);
}

static inline uint64_t fuzz_u64(fuzz_input *in)
{
    return fuzz_number(in, 8);
}

/* A copy in memory of exactly its size, so that a sanitizer sees an over-read. The caller frees it. */
static inline uint8_t *fuzz_copy(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    CHECK(copy != NULL);
    if (len > 0) {
        memcpy(copy, bytes, len);
    }
    return copy;
}

#endif
