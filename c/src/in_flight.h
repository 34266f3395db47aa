/*
 * The ids of requests that wait for their response.
 *
 * The usual client has one request in flight, and for it this is one compare: `single` takes the first id and the table
 * is never allocated. A window of thousands lives in an open-addressing table with linear probing; ids are mostly
 * consecutive numbers, which multiplication with a large odd constant spreads over all slots. The ids are the client's
 * own, so no peer can choose them to collide.
 */
#ifndef NETIPC__IN_FLIGHT_H
#define NETIPC__IN_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/memory.h"

typedef struct netipc__slot {
    uint64_t id;
    bool taken;
} netipc__slot;

/* All zero is the empty set. */
typedef struct netipc__in_flight {
    netipc__slot single;
    netipc__slot *table;
    /* 0 or a power of two; never more than half of it is used. */
    size_t size;
    size_t used;
} netipc__in_flight;

typedef enum netipc__insert {
    NETIPC__INSERTED,
    NETIPC__THERE_ALREADY,
    NETIPC__NO_MEMORY,
} netipc__insert;

size_t netipc__in_flight_len(const netipc__in_flight *set);

bool netipc__in_flight_has(const netipc__in_flight *set, uint64_t id);

netipc__insert netipc__in_flight_insert(netipc__in_flight *set, const netipc_allocator *allocator, uint64_t id);

/* Bytes of the table that the set would grow to. */
size_t netipc__in_flight_next(const netipc__in_flight *set);

/* Takes `id` out; false when it was not there. */
bool netipc__in_flight_remove(netipc__in_flight *set, uint64_t id);

/* Gives memory back that no id needs. */
void netipc__in_flight_release(netipc__in_flight *set, const netipc_allocator *allocator);

/* Takes all ids out and gives the memory back, telling `each`, when it is not NULL, of every id, lowest first. */
size_t netipc__in_flight_drain(netipc__in_flight *set, const netipc_allocator *allocator,
                               void (*each)(void *context, uint64_t id), void *context);

#endif
