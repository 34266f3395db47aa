/* What the tests of several topics need. */
#ifndef NETIPC_TEST_SUPPORT_H
#define NETIPC_TEST_SUPPORT_H

#include "cursor.h"
#include "netipc/chunk.h"
#include "netipc/limits.h"
#include "netipc/session.h"
#include "test.h"

/* Pseudo-random numbers, the same for the same seed. */
typedef struct rng {
    uint64_t state;
} rng;

rng rng_new(uint64_t seed);
uint64_t rng_next(rng *random);
/* A number below `n`. */
uint32_t rng_below(rng *random, uint32_t n);
/* A number in [low, high]. */
uint32_t rng_between(rng *random, uint32_t low, uint32_t high);
void rng_fill(rng *random, uint8_t *bytes, size_t len);

/* Bytes that differ from place to place, so that a part in the wrong place is seen. The caller frees them. */
uint8_t *pattern(size_t len);

/* Memory or the end of the test; never NULL, so that a length of 0 can be passed on. */
void *must_alloc(size_t len);

typedef struct test_packet {
    uint8_t *data;
    size_t len;
} test_packet;

/* Packets on their way, in memory of exactly their size, so that a sanitizer sees every over-read. */
typedef struct packets {
    test_packet *list;
    size_t count;
} packets;

void packets_add(packets *to, const void *head, size_t head_len, const void *body, size_t body_len);
void packets_free(packets *all);
/* All packets that a chunker makes of a payload. */
packets packets_cut(netipc_chunker chunker, const uint8_t *payload);
/* A message in one packet. */
test_packet whole(netipc_header header, const void *payload, size_t len);

/* Limits as a handshake could have agreed on them. */
netipc_agreed agreed_limits(uint32_t request, uint32_t response, uint32_t items, uint32_t packet_size);

/* Time given to a message that is half there. */
#define HALF (30 * NETIPC_SECOND)

/* The contents of a golden vector, at most `room` bytes. */
size_t load_vector(const char *name, uint8_t *bytes, size_t room);

void check_headers(const char *file, int line, const netipc_header *left, const netipc_header *right);
#define CHECK_HEADER(left, right) check_headers(__FILE__, __LINE__, left, right)

void check_error(const char *file, int line, const netipc_error *error, netipc_problem problem, uint64_t got,
                 uint64_t allowed);
/* The problem of an error and its two numbers. */
#define CHECK_ERROR(error, name, got, allowed) \
    check_error(__FILE__, __LINE__, error, NETIPC_PROBLEM_##name, (uint64_t)(got), (uint64_t)(allowed))

bool same_error(const netipc_error *left, const netipc_error *right);
bool same_agreed(const netipc_agreed *left, const netipc_agreed *right);

#endif
