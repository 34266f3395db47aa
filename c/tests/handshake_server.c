/* How a server judges a HELLO. */
#include "netipc/handshake.h"

#include "support.h"

static const netipc_server_policy policy = {
    .supported = NETIPC_PROFILE_BASELINE,
    .auth_token = 5,
    .max_request_payload = 4096,
    .max_response_payload = 8192,
    .packet_size = 65536,
};

static netipc_answer answer_of(const netipc_server_policy *by, const uint8_t *packet, size_t len, netipc_gate gate)
{
    /* In memory of exactly its size, so that a sanitizer sees an over-read. */
    uint8_t *exact = must_alloc(len);
    if (len > 0) {
        memcpy(exact, packet, len);
    }
    netipc_answer answer = netipc_hello_answer(by, exact, len, 7, gate);
    free(exact);
    return answer;
}

/* NIPC-HS-03: a rejection carries the layout version, and zero in every other field. */
static netipc_error rejected(const uint8_t *packet, size_t len, netipc_gate gate, netipc_status status)
{
    netipc_answer answer = answer_of(&policy, packet, len, gate);
    CHECK_EQ(answer.verdict, NETIPC_VERDICT_REJECT);
    CHECK_EQ(answer.status, status);
    uint8_t expected[NETIPC_ACK_PACKET_LEN] = {0};
    netipc_header header = {.kind = NETIPC_MESSAGE_CONTROL, .code = 2, .status = status, .payload_len = 48,
                            .item_count = 1};
    netipc_header_encode(&header, expected);
    expected[32] = 1;
    CHECK_MEM(answer.ack, expected, sizeof expected);
    CHECK(same_agreed(&answer.agreed, &(netipc_agreed){0}));
    return answer.reason;
}

static netipc_error closed(const uint8_t *packet, size_t len)
{
    netipc_error first = {0};
    for (int gate = 0; gate < 3; gate++) {
        netipc_answer answer = answer_of(&policy, packet, len, (netipc_gate)gate);
        CHECK_EQ(answer.verdict, NETIPC_VERDICT_CLOSE);
        CHECK_EQ(answer.status, 0);
        const uint8_t none[NETIPC_ACK_PACKET_LEN] = {0};
        CHECK_MEM(answer.ack, none, sizeof none);
        first = gate == 0 ? answer.reason : first;
        CHECK(same_error(&answer.reason, &first));
    }
    return first;
}

static void sound_hello(uint8_t packet[NETIPC_HELLO_PACKET_LEN], uint64_t token)
{
    netipc_proposal proposal = netipc_proposal_default();
    proposal.auth_token = token;
    netipc_proposal_hello(&proposal, packet);
}

/* NIPC-HS-04, NIPC-HS-05, NIPC-HS-06: a packet in which everything is wrong is put right one field at a time; each step
 * shows the next fault of the order. */
static void order_up_to_the_layout(void)
{
    uint8_t packet[NETIPC_HELLO_PACKET_LEN];
    memset(packet, 0xee, sizeof packet);
    netipc_error fault = closed(packet, 31);
    CHECK_ERROR(&fault, HEADER_SHORT, 31, 32);
    fault = closed(packet, 0);
    CHECK_ERROR(&fault, HEADER_SHORT, 0, 32);
    fault = closed(packet, 32);
    CHECK_ERROR(&fault, HEADER_MAGIC, 0xeeeeeeee, 0x4e495043);
    netipc__store32(packet, 0x4e495043);
    fault = closed(packet, 32);
    CHECK_ERROR(&fault, HEADER_LEN, 0xeeee, 32);
    netipc__store16(packet + 6, 32);
    fault = closed(packet, 32);
    CHECK_ERROR(&fault, HEADER_KIND, 0xeeee, 0);
    /* A request of another version is no HELLO of another version. */
    netipc__store16(packet + 8, 1);
    fault = closed(packet, 32);
    CHECK_ERROR(&fault, HEADER_VERSION, 0xeeee, 1);
    netipc__store16(packet + 8, 3);
    fault = closed(packet, 32);
    CHECK_ERROR(&fault, HEADER_VERSION, 0xeeee, 1);
    netipc__store16(packet + 12, 1);
    fault = rejected(packet, 32, NETIPC_GATE_OPEN, NETIPC_STATUS_INCOMPATIBLE);
    CHECK_ERROR(&fault, HEADER_VERSION, 0xeeee, 1);
    netipc__store16(packet + 4, 1);
    netipc__store16(packet + 8, 1);
    fault = closed(packet, 32);
    CHECK_ERROR(&fault, HELLO_EXPECTED, 1, 0);
    CHECK_EQ(fault.detail, NETIPC_MESSAGE_REQUEST);
    netipc__store16(packet + 8, 3);
    netipc__store16(packet + 12, 2);
    fault = closed(packet, 32);
    CHECK_ERROR(&fault, HELLO_EXPECTED, 2, 0);
    netipc__store16(packet + 12, 1);
    fault = closed(packet, 32);
    CHECK_ERROR(&fault, HELLO_SHORT, 0, 44);
    fault = closed(packet, sizeof packet - 1);
    CHECK_ERROR(&fault, HELLO_SHORT, 43, 44);
    fault = rejected(packet, sizeof packet, NETIPC_GATE_DENIED, NETIPC_STATUS_INCOMPATIBLE);
    CHECK_ERROR(&fault, HELLO_LAYOUT, 0xeeee, 1);
    netipc__store16(packet + 32, 1);
    fault = closed(packet, sizeof packet);
    CHECK_ERROR(&fault, HELLO_PADDING, 0xeeeeeeee, 0);
}

/* A HELLO that is sound in form, and asks for what nobody grants. */
static void greedy_hello(uint8_t packet[NETIPC_HELLO_PACKET_LEN])
{
    memset(packet, 0xee, NETIPC_HELLO_PACKET_LEN);
    sound_hello(packet, 0);
    memset(packet + 36, 0xee, 40);
    netipc__store32(packet + 32 + 28, 0);
}

/* NIPC-HS-04, NIPC-HS-07, NIPC-HS-08, NIPC-HS-09, NIPC-HS-10, NIPC-HS-11, NIPC-HS-12 */
static void order_of_grants(void)
{
    uint8_t packet[NETIPC_HELLO_PACKET_LEN];
    const size_t len = sizeof packet;
    greedy_hello(packet);
    netipc_error fault = rejected(packet, len, NETIPC_GATE_DENIED, NETIPC_STATUS_UNSUPPORTED);
    CHECK_ERROR(&fault, HELLO_PROFILE, 0xeeeeeeee, 1);
    netipc__store32(packet + 32 + 4, 1);
    fault = rejected(packet, len, NETIPC_GATE_DENIED, NETIPC_STATUS_AUTH_FAILED);
    CHECK_ERROR(&fault, HELLO_DENIED, 0, 0);
    fault = rejected(packet, len, NETIPC_GATE_FULL, NETIPC_STATUS_AUTH_FAILED);
    CHECK_ERROR(&fault, HELLO_TOKEN, 0, 0);
    netipc__store64(packet + 32 + 32, 5);
    fault = rejected(packet, len, NETIPC_GATE_DENIED, NETIPC_STATUS_AUTH_FAILED);
    CHECK_ERROR(&fault, HELLO_DENIED, 0, 0);
    fault = rejected(packet, len, NETIPC_GATE_FULL, NETIPC_STATUS_LIMIT_EXCEEDED);
    CHECK_ERROR(&fault, HELLO_REQUEST_PAYLOAD, 0xeeeeeeee, 4096);
    netipc__store32(packet + 32 + 12, 4097);
    fault = rejected(packet, len, NETIPC_GATE_FULL, NETIPC_STATUS_LIMIT_EXCEEDED);
    CHECK_ERROR(&fault, HELLO_REQUEST_PAYLOAD, 4097, 4096);
    netipc__store32(packet + 32 + 12, 4096);
    netipc__store32(packet + 32 + 40, 32);
    fault = rejected(packet, len, NETIPC_GATE_FULL, NETIPC_STATUS_INCOMPATIBLE);
    CHECK_ERROR(&fault, HELLO_PACKET_SIZE, 32, 33);
    netipc__store32(packet + 32 + 40, 33);
    fault = rejected(packet, len, NETIPC_GATE_FULL, NETIPC_STATUS_INTERNAL_ERROR);
    CHECK_ERROR(&fault, HELLO_FULL, 0, 0);
    netipc_answer answer = answer_of(&policy, packet, len, NETIPC_GATE_OPEN);
    CHECK_EQ(answer.verdict, NETIPC_VERDICT_ACCEPT);
    CHECK_EQ(answer.agreed.packet_size, 33);
    CHECK_EQ(answer.agreed.session_id, 7);
    CHECK_EQ(answer.agreed.request.max_payload, 4096);
    CHECK_EQ(answer.agreed.request.max_items, 0xeeeeeeee);
}

/* The faults that a HELLO can have at once, in the order of judgement. */
enum { VERSION, KIND, CODE, SHORT, LAYOUT, PADDING, PROFILE, TOKEN, REQUEST, SIZE, FAULTS };

static size_t break_hello(uint8_t packet[NETIPC_HELLO_PACKET_LEN], unsigned faults)
{
    sound_hello(packet, faults >> TOKEN & 1 ? 4 : 5);
    if (faults >> VERSION & 1) {
        netipc__store16(packet + 4, 2);
    }
    if (faults >> KIND & 1) {
        netipc__store16(packet + 8, 2);
    }
    if (faults >> CODE & 1) {
        netipc__store16(packet + 12, 2);
    }
    if (faults >> LAYOUT & 1) {
        netipc__store16(packet + 32, 2);
    }
    if (faults >> PADDING & 1) {
        netipc__store32(packet + 60, 1);
    }
    if (faults >> PROFILE & 1) {
        netipc__store32(packet + 36, NETIPC_PROFILE_RESERVED);
    }
    if (faults >> REQUEST & 1) {
        netipc__store32(packet + 44, 4097);
    }
    if (faults >> SIZE & 1) {
        netipc__store32(packet + 72, 32);
    }
    return faults >> SHORT & 1 ? NETIPC_HELLO_PACKET_LEN - 1 : NETIPC_HELLO_PACKET_LEN;
}

/* NIPC-HS-04: the table of the specification, row by row; the status of the first row that applies, -1 for close. */
static int expected_status(unsigned faults, netipc_gate gate)
{
    if (faults >> VERSION & 1) {
        return (faults >> KIND & 1) || (faults >> CODE & 1) ? -1 : NETIPC_STATUS_INCOMPATIBLE;
    }
    if ((faults >> KIND & 1) || (faults >> CODE & 1) || (faults >> SHORT & 1)) {
        return -1;
    }
    if (faults >> LAYOUT & 1) {
        return NETIPC_STATUS_INCOMPATIBLE;
    }
    if (faults >> PADDING & 1) {
        return -1;
    }
    if (faults >> PROFILE & 1) {
        return NETIPC_STATUS_UNSUPPORTED;
    }
    if (gate == NETIPC_GATE_DENIED || (faults >> TOKEN & 1)) {
        return NETIPC_STATUS_AUTH_FAILED;
    }
    if (faults >> REQUEST & 1) {
        return NETIPC_STATUS_LIMIT_EXCEEDED;
    }
    if (faults >> SIZE & 1) {
        return NETIPC_STATUS_INCOMPATIBLE;
    }
    return gate == NETIPC_GATE_FULL ? NETIPC_STATUS_INTERNAL_ERROR : NETIPC_STATUS_OK;
}

/* NIPC-HS-04, NIPC-HS-05, NIPC-HS-06, NIPC-HS-12: every combination of faults. */
static void every_combination_of_faults(void)
{
    for (unsigned faults = 0; faults < 1u << FAULTS; faults++) {
        for (int gate = 0; gate < 3; gate++) {
            CASE("faults 0x%x, gate %d", faults, gate);
            uint8_t packet[NETIPC_HELLO_PACKET_LEN];
            size_t len = break_hello(packet, faults);
            netipc_answer answer = answer_of(&policy, packet, len, (netipc_gate)gate);
            int status = expected_status(faults, (netipc_gate)gate);
            CHECK_EQ(answer.verdict, status < 0    ? NETIPC_VERDICT_CLOSE
                                     : status == 0 ? NETIPC_VERDICT_ACCEPT
                                                   : NETIPC_VERDICT_REJECT);
            CHECK_EQ(answer.status, status < 0 ? 0 : status);
            CHECK_EQ(answer.reason.problem == NETIPC_PROBLEM_NONE, status == 0);
        }
    }
}

/* NIPC-HS-08, NIPC-HS-09: a wrong token and a refused user look the same to the client, whichever bit is wrong. */
static void token(void)
{
    uint8_t packet[NETIPC_HELLO_PACKET_LEN];
    sound_hello(packet, 5);
    netipc_answer refused = answer_of(&policy, packet, sizeof packet, NETIPC_GATE_DENIED);
    for (int bit = 0; bit < 64; bit++) {
        sound_hello(packet, 5 ^ UINT64_C(1) << bit);
        netipc_error fault = rejected(packet, sizeof packet, NETIPC_GATE_OPEN, NETIPC_STATUS_AUTH_FAILED);
        CHECK_ERROR(&fault, HELLO_TOKEN, 0, 0);
        netipc_answer answer = answer_of(&policy, packet, sizeof packet, NETIPC_GATE_OPEN);
        CHECK_MEM(answer.ack, refused.ack, sizeof answer.ack);
    }
    sound_hello(packet, 5);
    CHECK_EQ(answer_of(&policy, packet, sizeof packet, NETIPC_GATE_OPEN).verdict, NETIPC_VERDICT_ACCEPT);
}

/* NIPC-HS-14: a payload of 0 stays 0, an item count of 0 counts as 1. */
static void zero_limits(void)
{
    uint8_t packet[NETIPC_HELLO_PACKET_LEN];
    sound_hello(packet, 5);
    netipc__store64(packet + 32 + 12, 0);
    netipc_answer answer = answer_of(&policy, packet, sizeof packet, NETIPC_GATE_OPEN);
    CHECK_EQ(answer.verdict, NETIPC_VERDICT_ACCEPT);
    CHECK_EQ(answer.agreed.request.max_payload, 0);
    CHECK_EQ(answer.agreed.request.max_items, 1);
    CHECK_EQ(answer.agreed.response.max_payload, 8192);
    CHECK_EQ(answer.agreed.response.max_items, 1);
}

/* NIPC-PRF-01 */
static void check_selection(uint32_t client, uint32_t liked, uint32_t server, uint32_t preferred)
{
    netipc_server_policy by = policy;
    by.supported = server;
    by.preferred = preferred;
    uint8_t packet[NETIPC_HELLO_PACKET_LEN];
    sound_hello(packet, 5);
    /* Written straight into the packet, because our client would not offer every bit. */
    netipc__store32(packet + 32 + 4, client);
    netipc__store32(packet + 32 + 8, liked);
    netipc_answer answer = answer_of(&by, packet, sizeof packet, NETIPC_GATE_OPEN);
    uint32_t common = client & server;
    if (common == 0) {
        CHECK_EQ(answer.status, NETIPC_STATUS_UNSUPPORTED);
        return;
    }
    CHECK_EQ(answer.verdict, NETIPC_VERDICT_ACCEPT);
    uint32_t best = common & liked & preferred;
    CHECK_EQ(answer.agreed.profile, netipc_profiles_highest(best != 0 ? best : common));
    netipc_hello_ack ack;
    CHECK(netipc_hello_ack_decode(&ack, answer.ack + 32, 48, NULL));
    CHECK_EQ(ack.server_supported, server);
    CHECK_EQ(ack.intersection, common);
    CHECK_EQ(ack.selected, answer.agreed.profile);
}

static void selection(void)
{
    const uint32_t known[] = {0x01, 0x02, 0x10, 0x03, 0x11, 0x12, 0x13};
    const uint32_t any[] = {0x00, 0x01, 0x02, 0x10, 0x03, 0x11, 0x12, 0x13, 0x1f, 0xffffffff};
    for (int client = 0; client < 10; client++) {
        for (int server = 0; server < 7; server++) {
            for (int likes = 0; likes < 100; likes++) {
                check_selection(any[client], any[likes / 10], known[server], any[likes % 10]);
            }
        }
    }
}

/* NIPC-PRF-02, NIPC-PRF-03: bits that do not exist or are reserved are never granted, even when both sides have them. */
static void reserved_bits(void)
{
    netipc_server_policy all = policy;
    all.supported = UINT32_MAX;
    all.preferred = UINT32_MAX;
    const uint32_t masks[] = {0x08, 0x20, 0x80000000, 0xffffffe8};
    for (int i = 0; i < 4; i++) {
        uint8_t packet[NETIPC_HELLO_PACKET_LEN];
        sound_hello(packet, 5);
        netipc__store32(packet + 32 + 4, masks[i]);
        CHECK_EQ(answer_of(&all, packet, sizeof packet, NETIPC_GATE_OPEN).status, NETIPC_STATUS_UNSUPPORTED);
        netipc__store32(packet + 32 + 4, masks[i] | 1);
        CHECK_EQ(answer_of(&all, packet, sizeof packet, NETIPC_GATE_OPEN).agreed.profile, NETIPC_PROFILE_BASELINE);
    }
    netipc_proposal proposal = netipc_proposal_default();
    proposal.supported = UINT32_MAX;
    uint8_t packet[NETIPC_HELLO_PACKET_LEN];
    netipc_proposal_hello(&proposal, packet);
    CHECK_EQ(netipc__load32(packet + 32 + 4), NETIPC_PROFILES_OFFERABLE);
}

/* A profile for which the server could not make the memory leaves the whole answer. */
static void dropped_profile(void)
{
    netipc_server_policy by = policy;
    by.supported = NETIPC_PROFILE_BASELINE | NETIPC_PROFILE_SHM_HYBRID;
    uint8_t packet[NETIPC_HELLO_PACKET_LEN];
    sound_hello(packet, 5);
    netipc__store32(packet + 32 + 4, by.supported);
    netipc_answer answer = answer_of(&by, packet, sizeof packet, NETIPC_GATE_OPEN);
    CHECK_EQ(answer.agreed.profile, NETIPC_PROFILE_SHM_HYBRID);
    by.supported &= ~answer.agreed.profile;
    answer = answer_of(&by, packet, sizeof packet, NETIPC_GATE_OPEN);
    CHECK_EQ(answer.agreed.profile, NETIPC_PROFILE_BASELINE);
    netipc_hello_ack ack;
    CHECK(netipc_hello_ack_decode(&ack, answer.ack + 32, 48, NULL));
    CHECK(ack.server_supported == NETIPC_PROFILE_BASELINE && ack.intersection == NETIPC_PROFILE_BASELINE);
    by.supported = 0;
    CHECK_EQ(answer_of(&by, packet, sizeof packet, NETIPC_GATE_OPEN).status, NETIPC_STATUS_UNSUPPORTED);
}

/* NIPC-HS-13: what must be ignored changes nothing. */
static void ignored_fields(void)
{
    rng random = rng_new(9);
    uint8_t sound[NETIPC_HELLO_PACKET_LEN];
    sound_hello(sound, 5);
    netipc_answer expected = answer_of(&policy, sound, sizeof sound, NETIPC_GATE_OPEN);
    CHECK_EQ(expected.verdict, NETIPC_VERDICT_ACCEPT);
    for (int i = 0; i < 500; i++) {
        uint8_t packet[NETIPC_HELLO_PACKET_LEN + 60];
        rng_fill(&random, packet, sizeof packet);
        const size_t kept[][2] = {{0, 10}, {12, 2}, {32, 2}, {36, 40}};
        for (int part = 0; part < 4; part++) {
            memcpy(packet + kept[part][0], sound + kept[part][0], kept[part][1]);
        }
        size_t len = NETIPC_HELLO_PACKET_LEN + rng_below(&random, 61);
        netipc_answer answer = answer_of(&policy, packet, len, NETIPC_GATE_OPEN);
        CHECK_EQ(answer.verdict, NETIPC_VERDICT_ACCEPT);
        CHECK(same_agreed(&answer.agreed, &expected.agreed));
        CHECK_MEM(answer.ack, expected.ack, sizeof answer.ack);
    }
}

/* NIPC-HS-14, NIPC-HS-15: what is granted follows from both sides by the table. */
static void grants(void)
{
    rng random = rng_new(10);
    for (int i = 0; i < 500; i++) {
        netipc_proposal proposal = netipc_proposal_default();
        proposal.auth_token = 5;
        proposal.request.max_payload = rng_below(&random, 4097);
        proposal.request.max_items = rng_below(&random, 4);
        proposal.response.max_payload = (uint32_t)rng_next(&random);
        proposal.response.max_items = (uint32_t)rng_next(&random);
        proposal.response_ceiling = UINT32_MAX;
        proposal.packet_size = rng_between(&random, 33, 1000);
        netipc_server_policy by = policy;
        by.max_response_payload = (uint32_t)rng_next(&random);
        by.packet_size = rng_between(&random, 33, 1000);
        uint8_t hello[NETIPC_HELLO_PACKET_LEN];
        netipc_proposal_hello(&proposal, hello);
        netipc_answer answer = answer_of(&by, hello, sizeof hello, NETIPC_GATE_OPEN);
        CHECK_EQ(answer.verdict, NETIPC_VERDICT_ACCEPT);
        uint32_t items = proposal.request.max_items == 0 ? 1 : proposal.request.max_items;
        CHECK_EQ(answer.agreed.request.max_payload, proposal.request.max_payload);
        CHECK_EQ(answer.agreed.request.max_items, items);
        CHECK_EQ(answer.agreed.response.max_payload, by.max_response_payload);
        CHECK_EQ(answer.agreed.response.max_items, items);
        CHECK_EQ(answer.agreed.packet_size,
                 proposal.packet_size < by.packet_size ? proposal.packet_size : by.packet_size);
        netipc_agreed client;
        CHECK(netipc_proposal_accept(&proposal, answer.ack, sizeof answer.ack, 1, &client, NULL));
        CHECK(same_agreed(&client, &answer.agreed));
        netipc_header header;
        CHECK(netipc_header_decode(&header, answer.ack, sizeof answer.ack, NULL));
        netipc_header expected = {.kind = NETIPC_MESSAGE_CONTROL, .code = 2, .payload_len = 48, .item_count = 1};
        CHECK_HEADER(&header, &expected);
    }
}

int main(void)
{
    RUN(order_up_to_the_layout);
    RUN(order_of_grants);
    RUN(every_combination_of_faults);
    RUN(token);
    RUN(zero_limits);
    RUN(selection);
    RUN(reserved_bits);
    RUN(dropped_profile);
    RUN(ignored_fields);
    RUN(grants);
    return test_result();
}
