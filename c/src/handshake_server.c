/* The server's side of the handshake: judges a HELLO. */
#include "handshake.h"

#include "cursor.h"
#include "fail.h"
#include "netipc/chunk.h"

netipc_server_policy netipc_server_policy_default(void)
{
    return (netipc_server_policy){.supported = NETIPC_PROFILE_BASELINE,
                                  .preferred = NETIPC_PROFILE_NONE,
                                  .max_request_payload = NETIPC_DEFAULT_ACCEPTED_REQUEST_PAYLOAD,
                                  .max_response_payload = NETIPC_DEFAULT_RESPONSE_PAYLOAD,
                                  .packet_size = NETIPC_DEFAULT_PACKET_SIZE};
}

/* The status that means: close without a word. No judgement rejects with it. */
#define SILENT NETIPC_STATUS_OK

static bool is_hello(const netipc_header *header)
{
    return header->kind == NETIPC_MESSAGE_CONTROL && header->code == NETIPC_CODE_HELLO;
}

/* Whether a packet would be a HELLO, were its version ours. */
static bool is_hello_of_another_version(const void *packet, size_t len)
{
    netipc__reader in = netipc__reader_over(packet, len);
    uint8_t bytes[NETIPC_HEADER_LEN];
    netipc__writer out = netipc__writer_over(bytes, sizeof bytes);
    netipc__write_u32(&out, netipc__read_u32(&in));
    netipc__read_u16(&in);
    netipc__write_u16(&out, NETIPC_PROTOCOL_VERSION);
    const uint8_t *rest = netipc__read_bytes(&in, out.left);
    if (rest == NULL) {
        return false;
    }
    netipc__write_bytes(&out, rest, out.left);
    netipc_header header;
    return netipc_header_decode(&header, bytes, sizeof bytes, NULL) && is_hello(&header);
}

/* Rows 1 to 6 of the order of judgement: is it a HELLO at all, and of our layout? */
static bool decode(const void *packet, size_t len, netipc_hello *hello, netipc_status *status, netipc_error *fault)
{
    netipc_header header;
    *status = SILENT;
    if (!netipc_header_decode(&header, packet, len, fault)) {
        /* A client of another version deserves to be told; only if everything else says that it is one. */
        if (fault->problem == NETIPC_PROBLEM_HEADER_VERSION && is_hello_of_another_version(packet, len)) {
            *status = NETIPC_STATUS_INCOMPATIBLE;
        }
        return false;
    }
    if (!is_hello(&header)) {
        return NETIPC__FAIL(fault, HELLO_EXPECTED, .got = header.code, .detail = (uint64_t)header.kind);
    }
    netipc__reader in = netipc__reader_over(packet, len);
    netipc__read_bytes(&in, NETIPC_HEADER_LEN);
    if (!netipc_hello_decode(hello, in.at, in.left, fault)) {
        return false;
    }
    if (hello->layout_version != NETIPC_LAYOUT_VERSION) {
        *status = NETIPC_STATUS_INCOMPATIBLE;
        return NETIPC__FAIL(fault, HELLO_LAYOUT, .got = hello->layout_version, .allowed = NETIPC_LAYOUT_VERSION);
    }
    if (hello->padding != 0) {
        return NETIPC__FAIL(fault, HELLO_PADDING, .got = hello->padding);
    }
    return true;
}

/* Compares without a branch on the secret (NIPC-HS-08): the time taken tells nothing about how many bits are right. */
static bool same_token(uint64_t a, uint64_t b)
{
    volatile uint64_t difference = a ^ b;
    return difference == 0;
}

/* Rows 7 to 11: can this client be served? */
static bool judge(const netipc_server_policy *policy, const netipc_hello *hello, netipc_gate gate,
                  netipc_status *status, netipc_error *fault)
{
    netipc_profiles server = policy->supported & NETIPC_PROFILES_OFFERABLE;
    *status = NETIPC_STATUS_UNSUPPORTED;
    if ((hello->supported & server) == 0) {
        return NETIPC__FAIL(fault, HELLO_PROFILE, .got = hello->supported, .allowed = server);
    }
    *status = NETIPC_STATUS_AUTH_FAILED;
    if (gate == NETIPC_GATE_DENIED) {
        return NETIPC__FAIL(fault, HELLO_DENIED, .got = 0);
    }
    if (!same_token(hello->auth_token, policy->auth_token)) {
        return NETIPC__FAIL(fault, HELLO_TOKEN, .got = 0);
    }
    *status = NETIPC_STATUS_LIMIT_EXCEEDED;
    if (hello->request.max_payload > policy->max_request_payload) {
        return NETIPC__FAIL(fault, HELLO_REQUEST_PAYLOAD, .got = hello->request.max_payload,
                            .allowed = policy->max_request_payload);
    }
    *status = NETIPC_STATUS_INCOMPATIBLE;
    uint32_t packet_size = netipc__min32(hello->packet_size, policy->packet_size);
    if (packet_size < NETIPC_MIN_PACKET_SIZE) {
        return NETIPC__FAIL(fault, HELLO_PACKET_SIZE, .got = packet_size, .allowed = NETIPC_MIN_PACKET_SIZE);
    }
    *status = NETIPC_STATUS_INTERNAL_ERROR;
    if (gate == NETIPC_GATE_FULL) {
        return NETIPC__FAIL(fault, HELLO_FULL, .got = 0);
    }
    *status = NETIPC_STATUS_OK;
    return true;
}

/* What is granted to a client that passed (NIPC-HS-14, NIPC-HS-15). */
static netipc_hello_ack grant(const netipc_server_policy *policy, const netipc_hello *hello, uint64_t session_id)
{
    netipc_profiles server = policy->supported & NETIPC_PROFILES_OFFERABLE;
    netipc_limits request = netipc__at_least_one_item(hello->request);
    return (netipc_hello_ack){
        .layout_version = NETIPC_LAYOUT_VERSION,
        .server_supported = server,
        .intersection = hello->supported & server,
        .selected = netipc_profiles_select(hello->supported, hello->preferred, server, policy->preferred),
        .request = request,
        .response = {.max_payload = policy->max_response_payload, .max_items = request.max_items},
        .packet_size = netipc__min32(hello->packet_size, policy->packet_size),
        .session_id = session_id,
    };
}

netipc_answer netipc_hello_answer(const netipc_server_policy *policy, const void *packet, size_t len,
                                  uint64_t session_id, netipc_gate gate)
{
    netipc_answer answer = {.verdict = NETIPC_VERDICT_ACCEPT};
    netipc_hello hello;
    netipc_hello_ack ack;
    if (decode(packet, len, &hello, &answer.status, &answer.reason) &&
        judge(policy, &hello, gate, &answer.status, &answer.reason)) {
        ack = grant(policy, &hello, session_id);
        answer.agreed = (netipc_agreed){.profile = ack.selected,
                                        .server_supported = ack.server_supported,
                                        .request = ack.request,
                                        .response = ack.response,
                                        .granted_response_payload = ack.response.max_payload,
                                        .packet_size = ack.packet_size,
                                        .session_id = ack.session_id};
    } else if (answer.status == SILENT) {
        answer.verdict = NETIPC_VERDICT_CLOSE;
        return answer;
    } else {
        answer.verdict = NETIPC_VERDICT_REJECT;
        ack = netipc_hello_ack_rejection();
    }
    netipc_hello_ack_packet(&ack, answer.status, answer.ack);
    return answer;
}
