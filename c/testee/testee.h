/*
 * What the parts of the test program for the conformance runner share (spec/conformance.md).
 *
 * Whatever is wrong with a request itself ends the program: the runner makes no mistakes. Memory of one request is
 * freed after it.
 */
#ifndef NETIPC_TESTEE_H
#define NETIPC_TESTEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "netipc/bytes.h"
#include "netipc/codec.h"
#include "netipc/service.h"

/* Ends the program with a message. */
_Noreturn void testee_die(const char *message);

/* Memory that lasts until the request is answered. */
void *testee_allocate(size_t size);
void testee_free_all(void);

/* Text that grows. */
typedef struct testee_text {
    char *data;
    size_t len;
    size_t capacity;
} testee_text;

void testee_put(testee_text *out, const char *text);
void testee_put_raw(testee_text *out, const void *bytes, size_t len);
void testee_put_number(testee_text *out, uint64_t number);
void testee_put_hex(testee_text *out, netipc_bytes bytes);

/* Canonical JSON, read from left to right. Strings are turned into bytes in place. */
typedef struct testee_json {
    uint8_t *at;
    uint8_t *end;
} testee_json;

/* Reads exactly `text`. */
void testee_expect(testee_json *in, const char *text);
/* Reads `text` when it comes next. */
bool testee_accept(testee_json *in, const char *text);
uint64_t testee_number(testee_json *in, uint64_t most);
netipc_bytes testee_hex(testee_json *in);
/* Whether another element follows in an array that was opened; else the array is read. */
bool testee_more(testee_json *in);

/* An array of elements of one size. */
typedef struct testee_array {
    void *data;
    size_t count;
    size_t capacity;
} testee_array;

/* Room for another element. */
void *testee_push(testee_array *array, size_t size);

/* What was refused. */
typedef struct testee_refusal {
    bool is_decode;
    netipc_decode_error decode;
    netipc_build_error build;
} testee_refusal;

void testee_put_decode_error(testee_text *out, const netipc_decode_error *error);
void testee_put_build_error(testee_text *out, const netipc_build_error *error);

/* A service: values as JSON and back. Generated. */
typedef struct testee_service {
    const netipc_service *service;
    bool (*decode_request)(netipc_bytes bytes, testee_text *out, netipc_decode_error *error);
    bool (*decode_reply)(netipc_bytes bytes, testee_text *out, netipc_decode_error *error);
    bool (*encode_request)(testee_json *in, netipc_writer *out, netipc_build_error *error);
    bool (*encode_reply)(testee_json *in, netipc_writer *out, netipc_build_error *error);
    /* Answers the keys of a request; NULL when the service is no lookup. */
    bool (*answer)(netipc_bytes request, testee_json *in, netipc_writer *out, testee_refusal *refusal);
} testee_service;

/* All services, with NULL at the end. */
extern const testee_service *const testee_services[];

/* How a request ends. */
typedef enum testee_result {
    TESTEE_DONE = 0,
    TESTEE_REFUSED = 1,
    TESTEE_NOT_KNOWN = 2
} testee_result;

/* What is asked. */
typedef enum testee_op {
    TESTEE_DECODE = 1,
    TESTEE_ENCODE = 2,
    TESTEE_CHECK = 3,
    TESTEE_ANSWER = 4,
    TESTEE_RUN = 5
} testee_op;

/* The next u32 of a request's body. */
uint32_t testee_u32(netipc_bytes *body);
/* Memory for what a request encodes within its budget, or for as much as its body can make. */
netipc_writer testee_writer(size_t budget, size_t body);

/* Answers what is asked of payloads of services; the body belongs to the callee. */
testee_result testee_ask_service(testee_op op, const char *target, netipc_bytes body, testee_text *out);
/* The same of everything around them. */
testee_result testee_ask_envelope(testee_op op, const char *target, netipc_bytes body, testee_text *out);

#endif
