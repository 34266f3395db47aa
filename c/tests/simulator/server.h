/* The server's side of the world. */
#ifndef NETIPC_SIMULATOR_SERVER_H
#define NETIPC_SIMULATOR_SERVER_H

#include "link.h"
#include "netipc/handshake.h"

/* How the server ended its session. */
typedef enum server_end {
    SERVER_RUNS,
    SERVER_REJECTED,
    SERVER_CLOSED,
    SERVER_VIOLATION,
    SERVER_PEER_GONE,
    SERVER_TIMEOUT,
    /* The simulation took it out. */
    SERVER_LOST,
} server_end;

typedef struct server {
    netipc_server_policy policy;
    const plan *calls;
    rng random;
    netipc_session *session;
    /* Of the handshake; NETIPC_NEVER after it. */
    netipc_time handshake_deadline;
    outbox sending;
    /* Requests that were received and not answered yet. */
    uint64_t waiting[MAX_CALLS];
    uint32_t waits;
    /* Requests received, in their order. */
    uint64_t received[MAX_CALLS];
    uint32_t count;
    server_end end;
    netipc_status status;
    netipc_error error;
} server;

void server_init(server *side, const netipc_server_policy *policy, const plan *calls, uint64_t seed);
/* NETIPC_NEVER when it waits for nothing. */
netipc_time server_deadline(const server *side);
/* Answers one of the waiting requests now and then, in any order. */
void server_poll(server *side, link *pipe, netipc_time now);
/* Whether there is something to do without a packet. */
bool server_busy(const server *side);
void server_receive(server *side, test_packet packet, link *pipe, netipc_time now);
void server_tick(server *side, link *pipe, netipc_time now);
void server_finish(server *side, server_end end, link *pipe, netipc_time now);

#endif
