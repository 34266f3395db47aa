/*
 * What both sides of the handshake share.
 */
#ifndef NETIPC__HANDSHAKE_H
#define NETIPC__HANDSHAKE_H

#include "netipc/handshake.h"

/* Limits with an item count of at least 1. */
static inline netipc_limits netipc__at_least_one_item(netipc_limits limits)
{
    if (limits.max_items == 0) {
        limits.max_items = 1;
    }
    return limits;
}

static inline uint32_t netipc__min32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

#endif
