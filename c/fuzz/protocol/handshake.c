/* The handshake: any HELLO against a policy, and any HELLO_ACK against a proposal. The first 29 bytes are gate and
 * policy, the rest is the packet. */
#include "netipc/handshake.h"

#include "input.h"

static void check_accept(const netipc_server_policy *policy, const uint8_t *packet, netipc_gate gate,
                         const netipc_answer *answer)
{
    const netipc_agreed *agreed = &answer->agreed;
    CHECK_EQ(gate, NETIPC_GATE_OPEN);
    netipc_hello hello;
    CHECK(netipc_hello_decode(&hello, packet + NETIPC_HEADER_LEN, NETIPC_HELLO_LEN, NULL));
    CHECK(netipc_profiles_single(agreed->profile));
    CHECK((hello.supported & policy->supported & NETIPC_PROFILES_OFFERABLE & agreed->profile) != 0);
    CHECK_EQ(agreed->request.max_payload, hello.request.max_payload);
    CHECK(agreed->request.max_payload <= policy->max_request_payload);
    CHECK(agreed->packet_size > 32 && agreed->packet_size <= hello.packet_size);
    CHECK(agreed->packet_size <= policy->packet_size);
    netipc_proposal proposal = {
        .supported = hello.supported,
        .preferred = hello.preferred,
        .request = hello.request,
        .response = hello.response,
        .response_ceiling = UINT32_MAX,
        .auth_token = hello.auth_token,
        .packet_size = hello.packet_size,
    };
    netipc_agreed client;
    CHECK(netipc_proposal_accept(&proposal, answer->ack, sizeof answer->ack, NETIPC_PROFILES_OFFERABLE, &client, NULL));
    /* Both sides agree on the same. */
    CHECK(client.profile == agreed->profile && client.server_supported == agreed->server_supported);
    CHECK(client.request.max_payload == agreed->request.max_payload);
    CHECK(client.request.max_items == agreed->request.max_items && client.request.max_items > 0);
    CHECK(client.response.max_payload == agreed->response.max_payload);
    CHECK(client.response.max_items == agreed->response.max_items);
    CHECK(client.packet_size == agreed->packet_size && client.session_id == 9);
}

static void check_server(const netipc_server_policy *policy, const uint8_t *packet, size_t len, netipc_gate gate)
{
    netipc_answer answer = netipc_hello_answer(policy, packet, len, 9, gate);
    uint8_t expected[NETIPC_ACK_PACKET_LEN];
    netipc_hello_ack rejection = netipc_hello_ack_rejection();
    switch (answer.verdict) {
    case NETIPC_VERDICT_ACCEPT:
        check_accept(policy, packet, gate, &answer);
        return;
    case NETIPC_VERDICT_REJECT:
        CHECK(answer.status != NETIPC_STATUS_OK && answer.reason.problem != NETIPC_PROBLEM_NONE);
        netipc_hello_ack_packet(&rejection, answer.status, expected);
        CHECK_MEM(answer.ack, expected, sizeof expected);
        return;
    case NETIPC_VERDICT_CLOSE:
        CHECK(answer.status == NETIPC_STATUS_OK && answer.reason.problem != NETIPC_PROBLEM_NONE);
        return;
    }
    CHECK(false);
}

static void check_client(const netipc_server_policy *numbers, const uint8_t *packet, size_t len)
{
    netipc_limits limits = {.max_payload = numbers->max_request_payload};
    netipc_proposal proposal = {
        .supported = numbers->supported,
        .preferred = numbers->preferred,
        .request = limits,
        .response = limits,
        .response_ceiling = numbers->max_response_payload,
        .packet_size = numbers->packet_size,
    };
    netipc_agreed agreed;
    netipc_error error;
    if (!netipc_proposal_accept(&proposal, packet, len, NETIPC_PROFILES_OFFERABLE, &agreed, &error)) {
        char text[1024];
        CHECK(error.kind != NETIPC_KIND_NONE && error.kind != NETIPC_KIND_BUG);
        size_t described = netipc_error_describe(&error, text, sizeof text);
        CHECK_EQ(described, strlen(text));
        return;
    }
    CHECK(netipc_profiles_single(agreed.profile) && (agreed.profile & proposal.supported) != 0);
    CHECK(agreed.request.max_payload <= limits.max_payload);
    CHECK(agreed.response.max_payload <= proposal.response_ceiling);
    CHECK(agreed.request.max_items > 0 && agreed.response.max_items > 0);
    CHECK(agreed.packet_size > 32 && agreed.packet_size <= proposal.packet_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    fuzz_input in = fuzz_input_of(data, len);
    netipc_gate gate = (netipc_gate)(fuzz_u8(&in) % 3);
    netipc_server_policy policy;
    policy.supported = fuzz_u32(&in);
    policy.preferred = fuzz_u32(&in);
    policy.auth_token = fuzz_u64(&in);
    policy.max_request_payload = fuzz_u32(&in);
    policy.max_response_payload = fuzz_u32(&in);
    policy.packet_size = fuzz_u32(&in);
    size_t packet_len = in.left;
    uint8_t *packet = fuzz_copy(in.at, packet_len);
    check_server(&policy, packet, packet_len, gate);
    check_client(&policy, packet, packet_len);
    free(packet);
    return 0;
}

size_t fuzz_seed(unsigned index, uint8_t input[FUZZ_MAX_INPUT])
{
    const size_t head = 29;
    memset(input, 0, head);
    netipc__store32(input + 1, 0x13);
    memset(input + 17, 0x7f, 12);
    netipc_proposal proposal = netipc_proposal_default();
    proposal.supported = 0x13;
    netipc_server_policy policy = netipc_server_policy_default();
    if (index == 0) {
        netipc_proposal_hello(&proposal, input + head);
        return head + NETIPC_HELLO_PACKET_LEN;
    }
    if (index > 2) {
        return 0;
    }
    uint8_t hello[NETIPC_HELLO_PACKET_LEN];
    proposal.auth_token = index - 1;
    netipc_proposal_hello(&proposal, hello);
    netipc_answer answer = netipc_hello_answer(&policy, hello, sizeof hello, 1, NETIPC_GATE_OPEN);
    memcpy(input + head, answer.ack, sizeof answer.ack);
    return head + sizeof answer.ack;
}
