/* A client and a server in a world with virtual time: packets take a while, pipes fill up, and either side can die or
 * fall silent at any moment. No socket, no clock, no sleep. */
#include "world.h"

static plan calls;
static world all;

/* Two small calls, one that needs chunks both ways, and a batch. */
static void plan_mixed(void)
{
    calls = (plan){.count = 4, .window = 3};
    calls.requests[0] = single(8, 1);
    calls.responses[0] = single(8, 2);
    calls.requests[1] = single(300, 3);
    calls.responses[1] = single(500, 4);
    calls.requests[2] = batch_of(3, 20);
    calls.responses[2] = batch_of(3, 40);
    calls.requests[3] = single(0, 5);
    calls.responses[3] = single(0, 6);
}

static netipc_proposal proposal(void)
{
    netipc_proposal asked = netipc_proposal_default();
    asked.request = asked.response = (netipc_limits){.max_payload = 1024, .max_items = 8};
    asked.auth_token = 3;
    asked.packet_size = 96;
    return asked;
}

static void start(const netipc_proposal *asked, uint64_t seed)
{
    netipc_server_policy policy = netipc_server_policy_default();
    policy.auth_token = 3;
    world_init(&all, asked, &policy, &calls, seed);
}

static void start_mixed(uint64_t seed)
{
    netipc_proposal asked = proposal();
    plan_mixed();
    start(&asked, seed);
}

/* NIPC-RCV-08: everything is answered, in whatever order the server answers. */
static void all_calls_are_answered(void)
{
    bool overtaken = false;
    for (uint64_t seed = 0; seed < 50; seed++) {
        start_mixed(seed);
        world_drive(&all);
        CHECK_EQ(all.client.end, CLIENT_FINISHED);
        CHECK_EQ(all.server.end, SERVER_PEER_GONE);
        CHECK_EQ(all.client.answered, 4);
        world_check(&all);
        for (uint32_t i = 1; i < 4; i++) {
            overtaken = overtaken || all.client.order[i - 1] > all.client.order[i];
        }
        world_free(&all);
    }
    /* The simulation must exercise it. */
    CHECK(overtaken);
}

/* NIPC-RCV-09, NIPC-CHK-12: whichever side is lost at whichever step, and however, the other one comes to an end in
 * bounded time, and each call is either answered or reported as lost. */
static void peer_lost_at_every_step(void)
{
    for (uint64_t seed = 0; seed < 4; seed++) {
        start_mixed(seed);
        world_drive(&all);
        uint32_t steps = all.rounds;
        CHECK(steps > 20);
        world_free(&all);
        for (uint32_t i = 0; i < (steps + 1) * 6; i++) {
            CASE("seed %u, step %u, case %u", (unsigned)seed, i / 6, i % 6);
            start_mixed(seed);
            world_lose(&all, i % 2 == 0 ? CLIENT_SIDE : SERVER_SIDE, (loss)(i % 6 / 2), i / 6);
            world_drive(&all);
            world_check(&all);
            world_free(&all);
        }
    }
}

/* NIPC-CHK-12: a server rids itself of half a message, and does not mind an idle session. */
static void half_message_is_bounded_idle_is_not(void)
{
    unsigned halves = 0, idle = 0;
    for (uint32_t step = 0; step < 60; step++) {
        start_mixed(1);
        world_lose(&all, CLIENT_SIDE, SILENCE, step);
        world_drive(&all);
        if (all.server.end == SERVER_VIOLATION) {
            CHECK_EQ(all.server.error.problem, NETIPC_PROBLEM_HALF_MESSAGE);
            CHECK(all.server.error.got < all.server.error.allowed);
            halves++;
        }
        idle += all.server.end == SERVER_RUNS;
        world_free(&all);
    }
    CHECK(halves > 0 && idle > 0);
}

/* NIPC-HS-17, NIPC-HS-28: neither side waits for ever for a handshake. */
static void silent_handshake(void)
{
    start_mixed(1);
    world_lose(&all, CLIENT_SIDE, SILENCE, 0);
    world_drive(&all);
    CHECK_EQ(all.server.end, SERVER_TIMEOUT);
    world_free(&all);
    start_mixed(1);
    world_lose(&all, SERVER_SIDE, SILENCE, 0);
    world_drive(&all);
    CHECK_EQ(all.client.end, CLIENT_TIMEOUT);
    CHECK_EQ(all.client.answered, 0);
    world_free(&all);
}

static void refused(const netipc_proposal *asked, netipc_status status)
{
    plan_mixed();
    start(asked, 1);
    world_drive(&all);
    CHECK_EQ(all.client.end, CLIENT_REFUSED);
    CHECK_ERROR(&all.client.error, ACK_REJECTED, status, 0);
    CHECK_EQ(all.client.error.detail, asked->request.max_payload);
    CHECK_EQ(all.server.end, SERVER_REJECTED);
    CHECK_EQ(all.server.status, status);
    world_check(&all);
    world_free(&all);
}

/* NIPC-HS-03: the client learns why it was refused. */
static void refused_handshake(void)
{
    netipc_proposal asked = proposal();
    asked.auth_token = 4;
    refused(&asked, NETIPC_STATUS_AUTH_FAILED);
    asked = proposal();
    asked.packet_size = 32;
    refused(&asked, NETIPC_STATUS_INCOMPATIBLE);
    asked = proposal();
    asked.request.max_payload = 1 << 20;
    refused(&asked, NETIPC_STATUS_LIMIT_EXCEEDED);
}

/* Time does not pass while everybody is busy, and the world ends when nothing can happen any more. */
static void virtual_time(void)
{
    start_mixed(9);
    world_drive(&all);
    CHECK(all.now > 0 && all.now < NETIPC_SECOND);
    world_free(&all);
}

static message any_message(rng *random)
{
    if (rng_below(random, 4) == 0) {
        uint32_t items = rng_below(random, 6);
        return batch_of(items, rng_below(random, 60));
    }
    uint32_t len = rng_below(random, 700);
    return single(len, (uint8_t)rng_next(random));
}

/* NIPC-CHK-03, NIPC-RCV-08, NIPC-RCV-09: any traffic over any packet size arrives as it was sent, and whatever dies is
 * reported. */
static void any_traffic(void)
{
    rng random = rng_new(21);
    for (int round = 0; round < 250; round++) {
        CASE("round %d", round);
        calls = (plan){.count = rng_below(&random, MAX_CALLS + 1), .window = rng_between(&random, 1, 11)};
        for (uint32_t i = 0; i < calls.count; i++) {
            calls.requests[i] = any_message(&random);
            calls.responses[i] = any_message(&random);
        }
        netipc_proposal asked = proposal();
        asked.packet_size = rng_between(&random, 33, 400);
        start(&asked, rng_next(&random));
        bool loses = rng_below(&random, 2) == 0;
        if (loses) {
            side victim = rng_below(&random, 2) == 0 ? CLIENT_SIDE : SERVER_SIDE;
            loss how = (loss)rng_below(&random, 3);
            world_lose(&all, victim, how, rng_below(&random, 300));
        }
        world_drive(&all);
        world_check(&all);
        if (!loses) {
            CHECK_EQ(all.client.answered, calls.count);
            CHECK_EQ(all.client.end, CLIENT_FINISHED);
        }
        world_free(&all);
    }
}

int main(void)
{
    RUN(all_calls_are_answered);
    RUN(peer_lost_at_every_step);
    RUN(half_message_is_bounded_idle_is_not);
    RUN(silent_handshake);
    RUN(refused_handshake);
    RUN(virtual_time);
    RUN(any_traffic);
    return test_result();
}
