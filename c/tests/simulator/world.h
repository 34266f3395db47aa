/* The world: both sides, the links between them, and time. */
#ifndef NETIPC_SIMULATOR_WORLD_H
#define NETIPC_SIMULATOR_WORLD_H

#include "client.h"
#include "server.h"

typedef enum side { NOBODY, CLIENT_SIDE, SERVER_SIDE } side;

/* How a side is lost. */
typedef enum loss {
    /* It dies: what it sent still arrives, then the end. */
    CRASH,
    /* It dies, and what it sent dies with it. */
    CUT,
    /* It lives on and does nothing. */
    SILENCE,
} loss;

typedef struct world {
    netipc_time now;
    uint32_t rounds;
    client client;
    server server;
    link upstream;
    link downstream;
    /* Who is lost, how, and before which round. */
    side victim;
    loss how;
    uint32_t when;
} world;

void world_init(world *all, const netipc_proposal *proposal, const netipc_server_policy *policy, const plan *calls,
                uint64_t seed);
void world_free(world *all);
/* Loses `victim` before round `when`. */
void world_lose(world *all, side victim, loss how, uint32_t when);
/* Runs until nothing can happen any more. */
void world_drive(world *all);
/* What must hold at the end of every run. */
void world_check(const world *all);

#endif
