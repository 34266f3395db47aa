/* One direction of a connection. */
#ifndef NETIPC_SIMULATOR_LINK_H
#define NETIPC_SIMULATOR_LINK_H

#include "plan.h"

/* Packets that fit the pipe. */
#define LINK_CAPACITY 5u
/* Those, and what control packets and the end of the stream may take. */
#define LINK_SLOTS (LINK_CAPACITY + 3u)

/* A packet under way with the time of its arrival; without memory it is the end of the stream. */
typedef struct arrival {
    netipc_time time;
    test_packet packet;
} arrival;

/* A pipe that keeps order, takes its time, and holds a few packets only. */
typedef struct link {
    arrival queue[LINK_SLOTS];
    uint32_t count;
    netipc_time last;
    bool ended;
    rng random;
} link;

bool link_has_room(const link *pipe);
void link_send(link *pipe, netipc_time now, const void *head, size_t head_len, const void *body, size_t body_len);
/* Ends the stream behind what is under way. */
void link_end(link *pipe, netipc_time now);
/* Loses what is under way, then ends the stream. */
void link_cut(link *pipe, netipc_time now);
/* Nothing arrives any more, not even an end. */
void link_silence(link *pipe);
/* When the next packet arrives; NETIPC_NEVER when none is under way. */
netipc_time link_arrival(const link *pipe);
/* The packet that has arrived, which the caller frees; false when none has. */
bool link_take(link *pipe, netipc_time now, test_packet *packet);

/* Messages that wait for room in the pipe, the first one perhaps half sent. */
typedef struct outbox {
    struct {
        netipc_chunker chunker;
        const uint8_t *payload;
    } waiting[MAX_CALLS];
    uint32_t count;
} outbox;

void outbox_push(outbox *box, netipc_chunker chunker, const uint8_t *payload);
/* Sends until the pipe is full. */
void outbox_flush(outbox *box, link *pipe, netipc_time now);

#endif
