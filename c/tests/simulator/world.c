#include "world.h"

/* A run that takes more rounds than this is stuck. */
#define MAX_ROUNDS 20000u

void world_init(world *all, const netipc_proposal *proposal, const netipc_server_policy *policy, const plan *calls,
                uint64_t seed)
{
    memset(all, 0, sizeof *all);
    client_init(&all->client, proposal, calls);
    server_init(&all->server, policy, calls, seed ^ 0x55);
    all->upstream.random = rng_new(seed);
    all->downstream.random = rng_new(~seed);
}

void world_free(world *all)
{
    link_silence(&all->upstream);
    link_silence(&all->downstream);
    netipc_session_free(all->client.session);
    netipc_session_free(all->server.session);
}

void world_lose(world *all, side victim, loss how, uint32_t when)
{
    all->victim = victim;
    all->how = how;
    all->when = when;
}

static void take_out(world *all)
{
    link *pipe = all->victim == CLIENT_SIDE ? &all->upstream : &all->downstream;
    if (all->victim == CLIENT_SIDE && all->client.end == CLIENT_RUNS) {
        client_finish(&all->client, CLIENT_LOST, pipe, all->now);
    } else if (all->victim == SERVER_SIDE && all->server.end == SERVER_RUNS) {
        server_finish(&all->server, SERVER_LOST, pipe, all->now);
    } else {
        return;
    }
    switch (all->how) {
    case CRASH:
        link_end(pipe, all->now);
        break;
    case CUT:
        link_cut(pipe, all->now);
        break;
    case SILENCE:
        link_silence(pipe);
        break;
    }
}

static netipc_time next_event(const world *all)
{
    const netipc_time events[] = {link_arrival(&all->upstream), link_arrival(&all->downstream),
                                  client_deadline(&all->client), server_deadline(&all->server)};
    netipc_time next = NETIPC_NEVER;
    for (int i = 0; i < 4; i++) {
        next = events[i] < next ? events[i] : next;
    }
    return next;
}

/* One round: everybody does what it can, then time moves to the next event. */
static bool step(world *all)
{
    if (all->victim != NOBODY && all->when == all->rounds) {
        take_out(all);
    }
    client_poll(&all->client, &all->upstream, all->now);
    server_poll(&all->server, &all->downstream, all->now);
    netipc_time next = next_event(all);
    if (next == NETIPC_NEVER) {
        return false;
    }
    if (server_busy(&all->server) && link_has_room(&all->downstream)) {
        return true;
    }
    all->now = next > all->now ? next : all->now;
    test_packet packet;
    if (link_take(&all->upstream, all->now, &packet)) {
        server_receive(&all->server, packet, &all->downstream, all->now);
        free(packet.data);
    }
    if (link_take(&all->downstream, all->now, &packet)) {
        client_receive(&all->client, packet, &all->upstream, all->now);
        free(packet.data);
    }
    client_tick(&all->client, &all->upstream, all->now);
    server_tick(&all->server, &all->downstream, all->now);
    return true;
}

void world_drive(world *all)
{
    while (step(all)) {
        all->rounds++;
        CHECK(all->rounds < MAX_ROUNDS);
    }
}

/* Every call that was begun is either answered or reported as dead, never both and never neither. */
static void check_calls(const client *of)
{
    bool seen[MAX_CALLS] = {false};
    for (uint32_t i = 0; i < of->answered + of->died; i++) {
        uint64_t id = i < of->answered ? of->order[i] : of->dead[i - of->answered];
        CHECK(id < of->begun && !seen[id]);
        seen[id] = true;
    }
    CHECK_EQ(of->answered + of->died, of->begun);
    for (uint32_t i = 1; i < of->died; i++) {
        CHECK(of->dead[i - 1] < of->dead[i]);
    }
}

void world_check(const world *all)
{
    /* A client never waits for ever. */
    CHECK(all->client.end != CLIENT_RUNS);
    check_calls(&all->client);
    bool received[MAX_CALLS] = {false};
    for (uint32_t i = 0; i < all->server.count; i++) {
        /* Requests keep their order. */
        CHECK(i == 0 || all->server.received[i - 1] < all->server.received[i]);
        received[all->server.received[i]] = true;
    }
    for (uint32_t i = 0; i < all->client.answered; i++) {
        /* No answer without a request. */
        CHECK(received[all->client.order[i]]);
    }
    CHECK(all->client.end != CLIENT_VIOLATION || all->victim != NOBODY);
    if (all->server.end == SERVER_RUNS) {
        /* Only an idle session outlives its peer's silence. */
        CHECK(all->victim == CLIENT_SIDE && all->how == SILENCE);
        CHECK(all->server.session != NULL);
        CHECK_EQ(netipc_session_deadline(all->server.session), NETIPC_NEVER);
    }
}
