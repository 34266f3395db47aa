/* What the two sides have to say to each other. */
#ifndef NETIPC_SIMULATOR_PLAN_H
#define NETIPC_SIMULATOR_PLAN_H

#include "support.h"

#define MAX_CALLS 25u
#define MAX_PAYLOAD 1024u

/* A payload, and its item count when it is a batch. */
typedef struct message {
    uint8_t payload[MAX_PAYLOAD];
    uint32_t len;
    bool batch;
    uint32_t items;
} message;

/* `len` bytes that depend on `tag`. */
message single(uint32_t len, uint8_t tag);

/* A batch of items of `len` bytes. */
message batch_of(uint32_t items, uint32_t len);

/* The header that `plain` becomes when it opens this message. */
netipc_header message_header(const message *opened, netipc_header plain);

/* The calls of a client and their answers; the message id of a call is its position. */
typedef struct plan {
    uint32_t count;
    message requests[MAX_CALLS];
    message responses[MAX_CALLS];
    /* Calls that may be in flight at once. */
    uint32_t window;
} plan;

#define METHOD 1u

netipc_header request_header(const plan *calls, uint64_t id);
netipc_header response_header(const plan *calls, uint64_t id);

#endif
