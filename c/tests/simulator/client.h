/* The client's side of the world. */
#ifndef NETIPC_SIMULATOR_CLIENT_H
#define NETIPC_SIMULATOR_CLIENT_H

#include "link.h"
#include "netipc/handshake.h"

/* How the client ended. */
typedef enum client_end {
    CLIENT_RUNS,
    CLIENT_FINISHED,
    CLIENT_REFUSED,
    CLIENT_VIOLATION,
    CLIENT_PEER_GONE,
    CLIENT_TIMEOUT,
    /* The simulation took it out. */
    CLIENT_LOST,
} client_end;

typedef struct client {
    netipc_proposal proposal;
    const plan *calls;
    netipc_session *session;
    bool started;
    /* Calls that were begun. */
    uint32_t begun;
    outbox sending;
    netipc_time deadline;
    /* Ids in the order of their answers. */
    uint64_t order[MAX_CALLS];
    uint32_t answered;
    /* Ids that died with the session. */
    uint64_t dead[MAX_CALLS];
    uint32_t died;
    client_end end;
    /* Why, when it was refused or found a violation. */
    netipc_error error;
} client;

void client_init(client *side, const netipc_proposal *proposal, const plan *calls);
/* NETIPC_NEVER when it waits for nothing. */
netipc_time client_deadline(const client *side);
/* Does what can be done without a packet. */
void client_poll(client *side, link *pipe, netipc_time now);
/* Takes a packet; the end of the stream when it has no memory. */
void client_receive(client *side, test_packet packet, link *pipe, netipc_time now);
void client_tick(client *side, link *pipe, netipc_time now);
void client_finish(client *side, client_end end, link *pipe, netipc_time now);

#endif
