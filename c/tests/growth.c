/* How limits grow. */
#include "netipc/growth.h"

#include "netipc/handshake.h"
#include "support.h"

#define MIB (UINT32_C(1) << 20)
#define TOP (UINT32_C(1) << 31)

static netipc_payloads payloads(uint32_t request, uint32_t response)
{
    return (netipc_payloads){.request = request, .response = response};
}

static void check_proposal(const netipc_growth *growth, uint32_t request, uint32_t response)
{
    CHECK_EQ(growth->proposal.request, request);
    CHECK_EQ(growth->proposal.response, response);
}

/* NIPC-L2C-23 */
static void powers(void)
{
    const uint32_t cases[][2] = {{0, 16},   {1, 16},       {16, 16},      {17, 32},
                                 {1024, 1024}, {1025, 2048}, {TOP, TOP}, {TOP + 1, TOP}, {UINT32_MAX, TOP}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CASE("%u", cases[i][0]);
        CHECK_EQ(netipc_next_pow2(cases[i][0]), cases[i][1]);
    }
    CHECK_EQ(netipc_doubled(0), 16);
    CHECK_EQ(netipc_doubled(8), 16);
    CHECK_EQ(netipc_doubled(1000), 2048);
    CHECK_EQ(netipc_doubled(UINT32_MAX), TOP);
    CHECK_EQ(netipc_doubled(TOP), TOP);
}

/* NIPC-L2C-21, NIPC-L2C-22, NIPC-L2C-23 */
static void client_grows_to_its_ceiling(void)
{
    netipc_growth growth = netipc_growth_begin(payloads(1024, 65536), MIB);
    CHECK(netipc_growth_response_too_small(&growth, 65536));
    check_proposal(&growth, 1024, 131072);
    /* The limit that was agreed counts, not the one proposed. */
    CHECK(netipc_growth_response_too_small(&growth, 500000));
    check_proposal(&growth, 1024, MIB);
    CHECK(!netipc_growth_response_too_small(&growth, MIB));
    CHECK(netipc_growth_request_too_small(&growth, 5000));
    check_proposal(&growth, 8192, MIB);
    CHECK(!netipc_growth_request_too_small(&growth, 5000));
    CHECK(netipc_growth_can_carry(&growth, MIB) && !netipc_growth_can_carry(&growth, MIB + 1));
    CHECK(netipc_growth_request_too_small(&growth, MIB + 1));
    check_proposal(&growth, MIB, MIB);
}

/* NIPC-L2C-23: what is configured above the ceiling stays. */
static void configured_above_the_ceiling(void)
{
    netipc_growth growth = netipc_growth_begin(payloads(4 * MIB, 8 * MIB), MIB);
    CHECK(!netipc_growth_response_too_small(&growth, 8 * MIB));
    CHECK(!netipc_growth_request_too_small(&growth, 5 * MIB));
    check_proposal(&growth, 4 * MIB, 8 * MIB);
    CHECK(netipc_growth_can_carry(&growth, 4 * MIB) && !netipc_growth_can_carry(&growth, 4 * MIB + 1));
}

static netipc_proposal proposal_of(netipc_payloads limits)
{
    netipc_proposal proposal = netipc_proposal_default();
    proposal.request.max_payload = limits.request;
    proposal.response.max_payload = limits.response;
    return proposal;
}

static netipc_answer answer_to(const netipc_proposal *proposal)
{
    netipc_server_policy policy = netipc_server_policy_default();
    policy.max_request_payload = 4096;
    uint8_t hello[NETIPC_HELLO_PACKET_LEN];
    netipc_proposal_hello(proposal, hello);
    return netipc_hello_answer(&policy, hello, sizeof hello, 1, NETIPC_GATE_OPEN);
}

/* NIPC-L2C-23. Fault 7 of the existing peers: a refused larger proposal poisons the client object for good. */
static void refused_proposal_goes_back_to_configured(void)
{
    netipc_growth growth = netipc_growth_begin(payloads(1024, 65536), MIB);
    const uint32_t needs[] = {5000, 100000, 5000};
    for (size_t i = 0; i < 3; i++) {
        CHECK(netipc_growth_request_too_small(&growth, needs[i]));
        CHECK(netipc_growth_response_too_small(&growth, 65536));
        netipc_proposal larger = proposal_of(growth.proposal);
        netipc_answer answer = answer_to(&larger);
        CHECK_EQ(answer.verdict, NETIPC_VERDICT_REJECT);
        CHECK_EQ(answer.status, NETIPC_STATUS_LIMIT_EXCEEDED);
        netipc_agreed agreed;
        netipc_error refusal;
        CHECK(!netipc_proposal_accept(&larger, answer.ack, sizeof answer.ack, NETIPC_PROFILE_BASELINE, &agreed,
                                      &refusal));
        CHECK_EQ(refusal.got, NETIPC_STATUS_LIMIT_EXCEEDED);
        netipc_growth_refused(&growth);
        check_proposal(&growth, 1024, 65536);
        netipc_proposal again = proposal_of(growth.proposal);
        CHECK_EQ(answer_to(&again).verdict, NETIPC_VERDICT_ACCEPT);
    }
}

/* NIPC-L2C-24 */
static void rounds_are_bounded(void)
{
    netipc_rounds rounds = netipc_rounds_begin(payloads(16, 16));
    for (uint32_t round = 0; round < NETIPC_MAX_ROUNDS; round++) {
        CHECK(netipc_rounds_start(&rounds));
        CHECK(netipc_rounds_progressed(&rounds, payloads(16, 32u << round)));
    }
    CHECK(!netipc_rounds_start(&rounds) && !netipc_rounds_start(&rounds));
    rounds = netipc_rounds_begin(payloads(16, 64));
    CHECK(netipc_rounds_start(&rounds));
    CHECK(netipc_rounds_progressed(&rounds, payloads(32, 64)));
    CHECK(!netipc_rounds_progressed(&rounds, payloads(32, 64)));
}

/* NIPC-L2S-18 */
static void server_learns(void)
{
    netipc_learned learned = netipc_learned_begin(65536, MIB);
    CHECK(!netipc_learned_saw(&learned, 0) && !netipc_learned_saw(&learned, 65536));
    CHECK(netipc_learned_saw(&learned, 65537));
    CHECK_EQ(learned.limit, 131072);
    CHECK(netipc_learned_overflowed(&learned, 131072));
    CHECK_EQ(learned.limit, 262144);
    CHECK(!netipc_learned_overflowed(&learned, 65536));
    CHECK(netipc_learned_saw(&learned, UINT32_MAX));
    CHECK(learned.limit == MIB && learned.ceiling == MIB);
    netipc_learned odd = netipc_learned_begin(60000, MIB);
    CHECK(netipc_learned_saw(&odd, 50000));
    CHECK_EQ(odd.limit, 65536);
    CHECK_EQ(netipc_learned_begin(4096, 16).ceiling, 4096);
}

/* NIPC-L2S-18: what is configured is start and ceiling in one. */
static void configured_limit_learns_nothing(void)
{
    netipc_learned learned = netipc_learned_fixed(1000);
    CHECK(!netipc_learned_saw(&learned, 5000) && !netipc_learned_overflowed(&learned, 1000));
    CHECK(learned.limit == 1000 && learned.ceiling == 1000);
}

static uint32_t at_least_4096(uint32_t n)
{
    return n > 4096 ? n : 4096;
}

/* NIPC-L2S-18, NIPC-L2C-23: limits never fall and never pass the ceiling. */
static void monotonic_and_bounded(void)
{
    rng random = rng_new(8);
    for (int round = 0; round < 300; round++) {
        uint32_t ceiling = (uint32_t)(rng_next(&random) >> (32 + rng_below(&random, 24)));
        netipc_learned learned = netipc_learned_begin(4096, ceiling);
        netipc_growth growth = netipc_growth_begin(payloads(4096, 4096), ceiling);
        for (int i = 0; i < 50; i++) {
            uint32_t n = (uint32_t)(rng_next(&random) >> (32 + rng_below(&random, 32)));
            bool overflow = rng_below(&random, 2) == 0;
            uint32_t before = learned.limit;
            bool grew = overflow ? netipc_learned_overflowed(&learned, n) : netipc_learned_saw(&learned, n);
            CHECK_EQ(grew, learned.limit > before);
            CHECK(learned.limit >= before && learned.limit <= at_least_4096(ceiling));
            netipc_payloads proposed = growth.proposal;
            grew = overflow ? netipc_growth_response_too_small(&growth, n)
                            : netipc_growth_request_too_small(&growth, n);
            CHECK_EQ(grew, growth.proposal.request > proposed.request || growth.proposal.response > proposed.response);
            CHECK(growth.proposal.request >= proposed.request && growth.proposal.response >= proposed.response);
            CHECK(growth.proposal.request <= at_least_4096(ceiling));
            CHECK(growth.proposal.response <= at_least_4096(ceiling));
        }
    }
}

int main(void)
{
    RUN(powers);
    RUN(client_grows_to_its_ceiling);
    RUN(configured_above_the_ceiling);
    RUN(refused_proposal_goes_back_to_configured);
    RUN(rounds_are_bounded);
    RUN(server_learns);
    RUN(configured_limit_learns_nothing);
    RUN(monotonic_and_bounded);
    return test_result();
}
