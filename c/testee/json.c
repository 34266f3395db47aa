/*
 * Canonical JSON, memory, and the end of the program.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "testee.h"

void testee_die(const char *message)
{
    fprintf(stderr, "testee: %s\n", message);
    exit(EXIT_FAILURE);
}

/* Blocks of memory, linked by their heads. */
typedef union block {
    union block *next;
    max_align_t align;
} block;

static block *blocks;

void *testee_allocate(size_t size)
{
    block *one = malloc(sizeof *one + size);
    if (one == NULL) {
        testee_die("no memory");
    }
    one->next = blocks;
    blocks = one;
    return one + 1;
}

void testee_free_all(void)
{
    while (blocks != NULL) {
        block *next = blocks->next;
        free(blocks);
        blocks = next;
    }
}

void testee_put_raw(testee_text *out, const void *bytes, size_t len)
{
    if (len > out->capacity - out->len) {
        size_t capacity = 2 * out->capacity + len + 64;
        char *data = realloc(out->data, capacity);
        if (data == NULL) {
            testee_die("no memory");
        }
        out->data = data;
        out->capacity = capacity;
    }
    if (len > 0) {
        memcpy(out->data + out->len, bytes, len);
        out->len += len;
    }
}

void testee_put(testee_text *out, const char *text)
{
    testee_put_raw(out, text, strlen(text));
}

void testee_put_number(testee_text *out, uint64_t number)
{
    char digits[21];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, number);
    testee_put_raw(out, digits, (size_t)len);
}

void testee_put_hex(testee_text *out, netipc_bytes bytes)
{
    static const char digits[] = "0123456789abcdef";
    testee_put(out, "\"");
    for (size_t i = 0; i < bytes.len; i++) {
        const char pair[2] = {digits[bytes.data[i] >> 4], digits[bytes.data[i] & 15]};
        testee_put_raw(out, pair, sizeof pair);
    }
    testee_put(out, "\"");
}

bool testee_accept(testee_json *in, const char *text)
{
    size_t len = strlen(text);
    if ((size_t)(in->end - in->at) < len || memcmp(in->at, text, len) != 0) {
        return false;
    }
    in->at += len;
    return true;
}

void testee_expect(testee_json *in, const char *text)
{
    if (!testee_accept(in, text)) {
        fprintf(stderr, "testee: expected %s at %.*s\n", text, (int)(in->end - in->at), (const char *)in->at);
        exit(EXIT_FAILURE);
    }
}

uint64_t testee_number(testee_json *in, uint64_t most)
{
    uint64_t number = 0;
    const uint8_t *start = in->at;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9') {
        uint64_t digit = (uint64_t)(*in->at - '0');
        if (number > (UINT64_MAX - digit) / 10) {
            testee_die("a number is too large");
        }
        number = 10 * number + digit;
        in->at++;
    }
    if (in->at == start || number > most) {
        testee_die("a number is missing, or too large for its field");
    }
    return number;
}

static unsigned digit_of(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - (unsigned)'0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - (unsigned)'a' + 10;
    }
    testee_die("a byte string has something else than lower-case hexadecimal digits");
}

netipc_bytes testee_hex(testee_json *in)
{
    testee_expect(in, "\"");
    uint8_t *bytes = in->at;
    size_t len = 0;
    while (!testee_accept(in, "\"")) {
        if (in->end - in->at < 2) {
            testee_die("a byte string does not end");
        }
        bytes[len++] = (uint8_t)(digit_of(in->at[0]) << 4 | digit_of(in->at[1]));
        in->at += 2;
    }
    return (netipc_bytes){.data = bytes, .len = len};
}

bool testee_more(testee_json *in)
{
    if (testee_accept(in, "]")) {
        return false;
    }
    testee_accept(in, ",");
    if (in->at == in->end) {
        testee_die("an array does not end");
    }
    return true;
}

void *testee_push(testee_array *array, size_t size)
{
    if (array->count == array->capacity) {
        size_t capacity = 2 * array->capacity + 8;
        void *data = testee_allocate(capacity * size);
        if (array->count > 0) {
            memcpy(data, array->data, array->count * size);
        }
        array->data = data;
        array->capacity = capacity;
    }
    return (uint8_t *)array->data + array->count++ * size;
}
