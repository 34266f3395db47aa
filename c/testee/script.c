/*
 * Scripts: what the protocol core makes of packets.
 */
#include "envelope.h"
#include "netipc/chunk.h"
#include "netipc/handshake.h"
#include "netipc/session.h"

static netipc_bytes hex_member(testee_json *in, const char *name)
{
    if (!testee_accept(in, "{")) {
        testee_expect(in, ",");
    }
    testee_expect(in, "\"");
    testee_expect(in, name);
    testee_expect(in, "\":");
    return testee_hex(in);
}

static netipc_gate gate(testee_json *in)
{
    testee_expect(in, ",\"gate\":\"");
    if (testee_accept(in, "open\"")) {
        return NETIPC_GATE_OPEN;
    }
    if (testee_accept(in, "denied\"")) {
        return NETIPC_GATE_DENIED;
    }
    testee_expect(in, "full\"");
    return NETIPC_GATE_FULL;
}

void testee_run_handshake_server(testee_json *in, testee_text *out)
{
    netipc_server_policy policy = netipc_server_policy_default();
    policy.supported = (netipc_profiles)testee_member(in, "supported", UINT32_MAX);
    policy.preferred = (netipc_profiles)testee_member(in, "preferred", UINT32_MAX);
    policy.auth_token = testee_member(in, "auth_token", UINT64_MAX);
    policy.max_request_payload = (uint32_t)testee_member(in, "max_request", UINT32_MAX);
    policy.max_response_payload = (uint32_t)testee_member(in, "max_response", UINT32_MAX);
    policy.packet_size = (uint32_t)testee_member(in, "packet_size", UINT32_MAX);
    uint64_t session_id = testee_member(in, "session_id", UINT64_MAX);
    netipc_gate door = gate(in);
    netipc_bytes packet = hex_member(in, "packet");
    netipc_answer answer = netipc_hello_answer(&policy, packet.data, packet.len, session_id, door);
    if (answer.verdict == NETIPC_VERDICT_CLOSE) {
        testee_put(out, "{\"answer\":\"close\"}");
        return;
    }
    testee_put(out, answer.verdict == NETIPC_VERDICT_ACCEPT ? "{\"answer\":\"accept\"" : "{\"answer\":\"reject\"");
    testee_put(out, ",\"status\":");
    testee_put_number(out, answer.status);
    testee_put(out, ",\"packet\":");
    testee_put_hex(out, (netipc_bytes){.data = answer.ack, .len = sizeof answer.ack});
    testee_put(out, "}");
}

static const char *refusal_name(const netipc_error *error)
{
    switch (error->problem) {
    case NETIPC_PROBLEM_ACK_VERSION:
        return "version";
    case NETIPC_PROBLEM_ACK_EXPECTED:
        return "not_ack";
    case NETIPC_PROBLEM_ACK_REJECTED:
        return "rejected";
    case NETIPC_PROBLEM_ACK_SHORT:
        return "short";
    case NETIPC_PROBLEM_ACK_LAYOUT:
        return "layout";
    case NETIPC_PROBLEM_ACK_FLAGS:
        return "flags";
    case NETIPC_PROBLEM_ACK_PROFILE:
        return "profile";
    case NETIPC_PROBLEM_ACK_PACKET_SIZE:
        return "packet_size";
    case NETIPC_PROBLEM_ACK_REQUEST_PAYLOAD:
        return "request_payload";
    default:
        return "header";
    }
}

static const char *state_name(netipc_disposition state)
{
    switch (state) {
    case NETIPC_DISPOSITION_AUTH_FAILED:
        return "auth_failed";
    case NETIPC_DISPOSITION_INCOMPATIBLE:
        return "incompatible";
    case NETIPC_DISPOSITION_DISCONNECTED:
        break;
    }
    return "disconnected";
}

static void put_agreed(testee_text *out, const netipc_agreed *agreed)
{
    testee_put(out, "{\"agreed\":");
    testee_put_member(out, "profile", agreed->profile);
    testee_put_member(out, "server_supported", agreed->server_supported);
    testee_put_member(out, "request_payload", agreed->request.max_payload);
    testee_put_member(out, "request_items", agreed->request.max_items);
    testee_put_member(out, "response_payload", agreed->response.max_payload);
    testee_put_member(out, "response_items", agreed->response.max_items);
    testee_put_member(out, "packet_size", agreed->packet_size);
    testee_put_member(out, "session_id", agreed->session_id);
    testee_put(out, "}}");
}

void testee_run_handshake_client(testee_json *in, testee_text *out)
{
    netipc_proposal proposal = netipc_proposal_default();
    proposal.supported = (netipc_profiles)testee_member(in, "supported", UINT32_MAX);
    proposal.preferred = (netipc_profiles)testee_member(in, "preferred", UINT32_MAX);
    proposal.request.max_payload = (uint32_t)testee_member(in, "request_payload", UINT32_MAX);
    proposal.request.max_items = (uint32_t)testee_member(in, "request_items", UINT32_MAX);
    proposal.response.max_payload = (uint32_t)testee_member(in, "response_payload", UINT32_MAX);
    proposal.response.max_items = (uint32_t)testee_member(in, "response_items", UINT32_MAX);
    proposal.auth_token = testee_member(in, "auth_token", UINT64_MAX);
    proposal.packet_size = (uint32_t)testee_member(in, "packet_size", UINT32_MAX);
    proposal.response_ceiling = (uint32_t)testee_member(in, "response_ceiling", UINT32_MAX);
    netipc_profiles runnable = (netipc_profiles)testee_member(in, "runnable", UINT32_MAX);
    netipc_bytes packet = hex_member(in, "packet");
    netipc_agreed agreed;
    netipc_error error;
    if (netipc_proposal_accept(&proposal, packet.data, packet.len, runnable, &agreed, &error)) {
        put_agreed(out, &agreed);
        return;
    }
    testee_put(out, "{\"refused\":\"");
    testee_put(out, refusal_name(&error));
    testee_put(out, "\",\"state\":\"");
    testee_put(out, state_name(netipc_refusal_disposition(&error)));
    testee_put(out, "\"}");
}

static netipc_header header_of(netipc_bytes bytes)
{
    netipc_header header;
    if (!netipc_header_decode(&header, bytes.data, bytes.len, NULL)) {
        testee_die("a script has a header that is none");
    }
    return header;
}

void testee_run_chunker(testee_json *in, testee_text *out)
{
    netipc_header header = header_of(hex_member(in, "header"));
    netipc_bytes payload = hex_member(in, "payload");
    uint32_t packet_size = (uint32_t)testee_member(in, "packet_size", UINT32_MAX);
    netipc_chunker chunker = netipc_chunker_begin(&header, packet_size);
    netipc_packet packet;
    testee_put(out, "{\"packets\":[");
    for (bool first = true; netipc_chunker_packet(&chunker, &packet); first = false) {
        uint8_t *bytes = testee_allocate(sizeof packet.head + packet.len);
        memcpy(bytes, packet.head, sizeof packet.head);
        if (packet.len > 0) {
            memcpy(bytes + sizeof packet.head, payload.data + packet.offset, packet.len);
        }
        testee_put(out, first ? "" : ",");
        testee_put_hex(out, (netipc_bytes){.data = bytes, .len = sizeof packet.head + packet.len});
        netipc_chunker_advance(&chunker);
    }
    testee_put(out, "]}");
}

static void put_id(void *out, uint64_t message_id)
{
    testee_text *text = out;
    testee_put(text, text->data[text->len - 1] == '[' ? "" : ",");
    testee_put_number(text, message_id);
}

/* Gives a packet to the session; false when that breaks it. */
static bool receive(netipc_session *session, netipc_bytes packet, testee_text *out)
{
    netipc_received received;
    netipc_error error;
    if (!netipc_session_receive(session, packet.data, packet.len, 0, &received, &error)) {
        testee_put(out, "{\"violation\":\"");
        testee_put(out, testee_problem(&error));
        testee_put(out, "\"}");
        return false;
    }
    if (received.progress == NETIPC_PROGRESS_PARTIAL) {
        testee_put(out, "\"partial\"");
        return true;
    }
    uint8_t head[NETIPC_HEADER_LEN];
    netipc_header_encode(&received.header, head);
    testee_put(out, "{\"message\":");
    testee_put_hex(out, (netipc_bytes){.data = head, .len = sizeof head});
    testee_put(out, ",\"payload\":");
    testee_put_hex(out, received.payload);
    testee_put(out, "}");
    return true;
}

void testee_run_session(testee_json *in, testee_text *out)
{
    testee_expect(in, "{\"role\":\"");
    netipc_role role = NETIPC_ROLE_CLIENT;
    if (!testee_accept(in, "client\"")) {
        testee_expect(in, "server\"");
        role = NETIPC_ROLE_SERVER;
    }
    netipc_agreed agreed = {.profile = NETIPC_PROFILE_BASELINE, .server_supported = NETIPC_PROFILE_BASELINE};
    agreed.request.max_payload = (uint32_t)testee_member(in, "request_payload", UINT32_MAX);
    agreed.response.max_payload = (uint32_t)testee_member(in, "response_payload", UINT32_MAX);
    agreed.granted_response_payload = agreed.response.max_payload;
    agreed.request.max_items = (uint32_t)testee_member(in, "items", UINT32_MAX);
    agreed.response.max_items = agreed.request.max_items;
    agreed.packet_size = (uint32_t)testee_member(in, "packet_size", UINT32_MAX);
    netipc_session *session = netipc_session_new(role, &agreed, NETIPC_NEVER, NULL);
    if (session == NULL) {
        testee_die("no memory");
    }
    testee_expect(in, ",\"sent\":[");
    while (testee_more(in)) {
        netipc_header header = header_of(testee_hex(in));
        netipc_chunker chunker;
        if (!netipc_session_send(session, &header, &chunker, NULL)) {
            testee_die("a script sends what the session refuses");
        }
    }
    testee_expect(in, ",\"packets\":[");
    testee_put(out, "{\"events\":[");
    bool sound = true;
    for (bool first = true; testee_more(in); first = false) {
        netipc_bytes packet = testee_hex(in);
        if (sound) {
            testee_put(out, first ? "" : ",");
            sound = receive(session, packet, out);
        }
    }
    testee_put(out, "],\"in_flight\":[");
    netipc_session_close(session, put_id, out);
    testee_put(out, "]}");
    netipc_session_free(session);
}
