/*
 * The inside of an assembler, for those that keep one as a part of themselves.
 */
#ifndef NETIPC__ASSEMBLER_H
#define NETIPC__ASSEMBLER_H

#include "netipc/chunk.h"

struct netipc_assembler {
    netipc_allocator allocator;
    /* What arrived. */
    netipc_buffer payload;
    /* Whether a message is half there; the rest is about that message. */
    bool pending;
    netipc_header header;
    /* The index that the next chunk must have. */
    uint32_t next;
    /* Packets of the message, the first one counted. */
    uint32_t count;
    /* Payload bytes of a full packet. */
    uint32_t budget;
};

/* Payload bytes that fit one packet; a packet size that leaves room for none counts as one that takes 1. */
static inline uint32_t netipc__body_budget(uint32_t packet_size)
{
    return packet_size < NETIPC_MIN_PACKET_SIZE ? 1 : packet_size - NETIPC_HEADER_LEN;
}

/* `a / b` rounded up. */
static inline uint32_t netipc__div_ceil(uint32_t a, uint32_t b)
{
    return a / b + (a % b != 0);
}

/* The length of the whole message; a payload that makes it longer than 32 bits can say gives the longest. */
static inline uint32_t netipc__message_len(uint32_t payload_len)
{
    return payload_len > NETIPC_MAX_PAYLOAD_LEN ? UINT32_MAX : payload_len + NETIPC_HEADER_LEN;
}

#endif
