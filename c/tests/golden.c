/* The golden vectors, in both directions: they decode to what their index says, and what we emit is the same bytes. */
#include "netipc/batch.h"
#include "netipc/handshake.h"
#include "support.h"

#define TOKEN UINT64_C(0xDEADBEEFCAFEBABE)

static uint8_t bytes[4096];

static netipc_limits limits(uint32_t max_payload, uint32_t max_items)
{
    return (netipc_limits){.max_payload = max_payload, .max_items = max_items};
}

/* NIPC-ENV-01, NIPC-ENV-02 */
static void header(void)
{
    CHECK_EQ(load_vector("payloads/header.bin", bytes, sizeof bytes), 32);
    netipc_header expected = {.kind = NETIPC_MESSAGE_REQUEST, .flags = NETIPC_FLAG_BATCH, .code = 2,
                              .payload_len = 12345, .item_count = 42, .message_id = TOKEN};
    netipc_header decoded;
    CHECK(netipc_header_decode(&decoded, bytes, 32, NULL));
    CHECK_HEADER(&decoded, &expected);
    uint8_t out[32];
    netipc_header_encode(&expected, out);
    CHECK_MEM(out, bytes, 32);
}

/* NIPC-CHK-03 */
static void chunk_header(void)
{
    CHECK_EQ(load_vector("payloads/chunk_header.bin", bytes, sizeof bytes), 32);
    netipc_chunk_header decoded;
    CHECK(netipc_chunk_header_decode(&decoded, bytes, 32, NULL));
    CHECK_EQ(decoded.message_id, UINT64_C(0x1234567890ABCDEF));
    CHECK_EQ(decoded.total_len, 100000);
    CHECK_EQ(decoded.index, 3);
    CHECK_EQ(decoded.count, 10);
    CHECK_EQ(decoded.payload_len, 8192);
    uint8_t out[32];
    netipc_chunk_header_encode(&decoded, out);
    CHECK_MEM(out, bytes, 32);
}

/* NIPC-HS-01 */
static void hello(void)
{
    CHECK_EQ(load_vector("payloads/hello.bin", bytes, sizeof bytes), NETIPC_HELLO_LEN);
    netipc_hello expected = {.layout_version = 1, .supported = 5, .preferred = 4, .request = limits(4096, 100),
                             .response = limits(1048576, 1), .auth_token = UINT64_C(0xAABBCCDDEEFF0011),
                             .packet_size = 65536};
    uint8_t out[NETIPC_HELLO_LEN];
    netipc_hello_encode(&expected, out);
    CHECK_MEM(out, bytes, sizeof out);
    netipc_hello decoded;
    CHECK(netipc_hello_decode(&decoded, bytes, sizeof out, NULL));
    CHECK_EQ(decoded.auth_token, expected.auth_token);
    memset(out, 0, sizeof out);
    netipc_hello_encode(&decoded, out);
    CHECK_MEM(out, bytes, sizeof out);
}

/* NIPC-HS-02 */
static void hello_ack(void)
{
    CHECK_EQ(load_vector("payloads/hello_ack.bin", bytes, sizeof bytes), NETIPC_ACK_LEN);
    netipc_hello_ack expected = {.layout_version = 1, .server_supported = 7, .intersection = 5, .selected = 4,
                                 .request = limits(2048, 50), .response = limits(65536, 1), .packet_size = 32768,
                                 .session_id = 1};
    uint8_t out[NETIPC_ACK_LEN];
    netipc_hello_ack_encode(&expected, out);
    CHECK_MEM(out, bytes, sizeof out);
    netipc_hello_ack decoded;
    CHECK(netipc_hello_ack_decode(&decoded, bytes, sizeof out, NULL));
    CHECK_EQ(decoded.session_id, 1);
    memset(out, 0, sizeof out);
    netipc_hello_ack_encode(&decoded, out);
    CHECK_MEM(out, bytes, sizeof out);
}

/* Every byte of a handshake payload means something, or is kept. */
static void handshake_fields_are_kept(void)
{
    rng random = rng_new(18);
    for (int i = 0; i < 500; i++) {
        uint8_t in[NETIPC_ACK_LEN], out[NETIPC_ACK_LEN];
        rng_fill(&random, in, sizeof in);
        netipc_hello_ack ack;
        CHECK(netipc_hello_ack_decode(&ack, in, NETIPC_ACK_LEN, NULL));
        netipc_hello_ack_encode(&ack, out);
        CHECK_MEM(out, in, NETIPC_ACK_LEN);
        netipc_hello one;
        CHECK(netipc_hello_decode(&one, in, NETIPC_HELLO_LEN, NULL));
        netipc_hello_encode(&one, out);
        CHECK_MEM(out, in, NETIPC_HELLO_LEN);
    }
}

/* What the client of the `ack_*` vectors proposes. */
static netipc_proposal proposal(void)
{
    return (netipc_proposal){.supported = NETIPC_PROFILE_BASELINE, .request = limits(2048, 4),
                             .response = limits(777, 3), .response_ceiling = UINT32_C(1) << 20,
                             .auth_token = TOKEN, .packet_size = 32768};
}

/* What the server of the `ack_*` vectors grants. */
static const netipc_server_policy policy = {.supported = 3, .auth_token = TOKEN, .max_request_payload = 4096,
                                            .max_response_payload = 8192, .packet_size = 65536};

/* NIPC-HS-14, NIPC-HS-15: the grants of an existing server and ours are the same bytes. */
static void ack_ok_baseline(void)
{
    CHECK_EQ(load_vector("packets/ack_ok_baseline.bin", bytes, sizeof bytes), NETIPC_ACK_PACKET_LEN);
    netipc_proposal asked = proposal();
    uint8_t packet[NETIPC_HELLO_PACKET_LEN];
    netipc_proposal_hello(&asked, packet);
    netipc_answer answer = netipc_hello_answer(&policy, packet, sizeof packet, 1, NETIPC_GATE_OPEN);
    CHECK_EQ(answer.verdict, NETIPC_VERDICT_ACCEPT);
    CHECK_MEM(answer.ack, bytes, sizeof answer.ack);
    netipc_agreed agreed;
    CHECK(netipc_proposal_accept(&asked, bytes, NETIPC_ACK_PACKET_LEN, 1, &agreed, NULL));
    CHECK(same_agreed(&agreed, &answer.agreed));
    CHECK(agreed.request.max_payload == 2048 && agreed.request.max_items == 4);
    CHECK(agreed.response.max_payload == 8192 && agreed.response.max_items == 4);
    CHECK(agreed.packet_size == 32768 && agreed.session_id == 1);
}

static void rejects(const uint8_t packet[NETIPC_HELLO_PACKET_LEN], netipc_status status, const char *vector)
{
    CASE("%s", vector);
    CHECK_EQ(load_vector(vector, bytes, sizeof bytes), NETIPC_ACK_PACKET_LEN);
    netipc_answer answer = netipc_hello_answer(&policy, packet, NETIPC_HELLO_PACKET_LEN, 1, NETIPC_GATE_OPEN);
    CHECK_EQ(answer.verdict, NETIPC_VERDICT_REJECT);
    CHECK_EQ(answer.status, status);
    CHECK_MEM(answer.ack, bytes, sizeof answer.ack);
    netipc_proposal asked = proposal();
    netipc_agreed agreed;
    netipc_error refusal;
    CHECK(!netipc_proposal_accept(&asked, bytes, NETIPC_ACK_PACKET_LEN, 1, &agreed, &refusal));
    CHECK_ERROR(&refusal, ACK_REJECTED, status, 0);
}

/* NIPC-HS-03 */
static void ack_reject(void)
{
    uint8_t packet[NETIPC_HELLO_PACKET_LEN];
    netipc_proposal asked = proposal();
    asked.supported = NETIPC_PROFILE_SHM_RING;
    netipc_proposal_hello(&asked, packet);
    rejects(packet, NETIPC_STATUS_UNSUPPORTED, "packets/ack_reject_unsupported.bin");
    asked = proposal();
    asked.auth_token = 1;
    netipc_proposal_hello(&asked, packet);
    rejects(packet, NETIPC_STATUS_AUTH_FAILED, "packets/ack_reject_auth_failed.bin");
    asked = proposal();
    asked.request = limits(4097, 1);
    netipc_proposal_hello(&asked, packet);
    rejects(packet, NETIPC_STATUS_LIMIT_EXCEEDED, "packets/ack_reject_limit_exceeded.bin");
    asked = proposal();
    asked.packet_size = 32;
    netipc_proposal_hello(&asked, packet);
    rejects(packet, NETIPC_STATUS_INCOMPATIBLE, "packets/ack_reject_incompatible_packet.bin");
    asked = proposal();
    netipc_proposal_hello(&asked, packet);
    packet[32] = 2;
    rejects(packet, NETIPC_STATUS_INCOMPATIBLE, "packets/ack_reject_incompatible_layout.bin");
    netipc_proposal_hello(&asked, packet);
    packet[4] = 2;
    rejects(packet, NETIPC_STATUS_INCOMPATIBLE, "packets/ack_reject_header_version.bin");
}

static void rebuilds(const char *vector, uint32_t slots, uint32_t count, const netipc_bytes *items)
{
    CASE("%s", vector);
    size_t len = load_vector(vector, bytes, sizeof bytes);
    netipc_batch batch;
    CHECK(netipc_batch_parse(&batch, bytes, len, count, NULL));
    uint8_t out[256];
    memset(out, 0xaa, sizeof out);
    netipc_batch_builder builder;
    CHECK(netipc_batch_begin(&builder, out, sizeof out, slots, NULL));
    for (uint32_t i = 0; i < count; i++) {
        netipc_bytes item;
        CHECK(netipc_batch_item(&batch, i, &item));
        CHECK_EQ(item.len, items[i].len);
        CHECK_MEM(item.data, items[i].data, item.len);
        CHECK(netipc_batch_push(&builder, items[i].data, items[i].len, NULL));
    }
    CHECK_EQ(netipc_batch_finish(&builder), len);
    CHECK_MEM(out, bytes, len);
}

static netipc_bytes item_of(const char *data, size_t len)
{
    return (netipc_bytes){.data = (const uint8_t *)data, .len = len};
}

/* NIPC-BAT-01, NIPC-BAT-02, NIPC-BAT-03, NIPC-BAT-05, NIPC-BAT-11 */
static void batches(void)
{
    const netipc_bytes three[] = {item_of("\1\0\0\0\0\0\0", 8), item_of("\2\0\0\0\0\0\0", 8),
                                  item_of("\3\0\0\0\0\0\0", 8)};
    rebuilds("payloads/batch_increment_3.bin", 3, 3, three);
    const netipc_bytes seven[] = {item_of("\7\0\0\0\0\0\0", 8)};
    rebuilds("payloads/batch_increment_1.bin", 1, 1, seven);
    const netipc_bytes strings[] = {item_of("\10\0\0\0\2\0\0\0ab", 11), item_of("\10\0\0\0\5\0\0\0hello", 14)};
    rebuilds("payloads/batch_string_reverse_2.bin", 2, 2, strings);
    const netipc_bytes compacted[] = {item_of("xyz", 3), item_of("12345678", 8)};
    rebuilds("payloads/batch_compacted.bin", 4, 2, compacted);
}

/* What a session makes of a packet from an existing peer; on a client requests 1 to 10 are in flight. */
static void takes(netipc_role role, const char *vector, netipc_header expected)
{
    CASE("%s", vector);
    size_t len = load_vector(vector, bytes, sizeof bytes);
    netipc_agreed agreed = agreed_limits(4096, 4096, 16, 65536);
    netipc_session *session = netipc_session_new(role, &agreed, HALF, NULL);
    for (uint64_t id = 1; role == NETIPC_ROLE_CLIENT && id <= 10; id++) {
        netipc_header request = netipc_header_request(1, 0, id);
        netipc_chunker chunker;
        CHECK(netipc_session_send(session, &request, &chunker, NULL));
    }
    netipc_received received;
    CHECK(netipc_session_receive(session, bytes, len, 0, &received, NULL));
    CHECK_EQ(received.progress, NETIPC_PROGRESS_WHOLE);
    CHECK_HEADER(&received.header, &expected);
    CHECK_EQ(received.payload.len, len - 32);
    uint8_t out[32];
    netipc_header_encode(&expected, out);
    CHECK_MEM(out, bytes, 32);
    netipc_session_free(session);
}

static netipc_header failure(uint16_t code, uint64_t id, netipc_status status)
{
    netipc_header request = netipc_header_request(code, 8, id);
    return netipc_header_failure(&request, status);
}

/* NIPC-L2S-02, NIPC-L2S-03 */
static void responses(void)
{
    netipc_header five = netipc_header_request(1, 8, 5);
    netipc_header seven = netipc_header_request(1, 8, 7);
    takes(NETIPC_ROLE_CLIENT, "packets/increment_resp.bin", netipc_header_response(&five, 8));
    takes(NETIPC_ROLE_CLIENT, "packets/batch_increment_resp.bin",
          netipc_header_batch(netipc_header_response(&seven, 48), 3));
    takes(NETIPC_ROLE_CLIENT, "packets/resp_unsupported.bin", failure(3, 6, NETIPC_STATUS_UNSUPPORTED));
    takes(NETIPC_ROLE_CLIENT, "packets/resp_malformed_payload.bin", failure(1, 10, NETIPC_STATUS_BAD_ENVELOPE));
    takes(NETIPC_ROLE_CLIENT, "packets/resp_handler_failure.bin", failure(1, 9, NETIPC_STATUS_INTERNAL_ERROR));
}

/* NIPC-ENV-07, NIPC-ENV-09 */
static void requests(void)
{
    takes(NETIPC_ROLE_SERVER, "packets/client_snapshot_request.bin", netipc_header_request(2, 4, 1));
    takes(NETIPC_ROLE_SERVER, "packets/client_apps_request.bin", netipc_header_request(5, 48, 1));
    takes(NETIPC_ROLE_SERVER, "packets/client_increment_request.bin", netipc_header_request(1, 8, 1));
}

/* NIPC-HS-01: HELLOs of existing clients are accepted, and the same proposal from us is the same bytes. */
static void client_hellos(void)
{
    const char *const vectors[] = {"packets/client_snapshot_hello.bin", "packets/client_apps_hello.bin",
                                   "packets/client_increment_hello.bin"};
    for (int i = 0; i < 3; i++) {
        CASE("%s", vectors[i]);
        CHECK_EQ(load_vector(vectors[i], bytes, sizeof bytes), NETIPC_HELLO_PACKET_LEN);
        netipc_hello theirs;
        CHECK(netipc_hello_decode(&theirs, bytes + 32, NETIPC_HELLO_LEN, NULL));
        netipc_proposal ours = {.supported = theirs.supported, .preferred = theirs.preferred,
                                .request = theirs.request, .response = theirs.response,
                                .response_ceiling = UINT32_C(1) << 20, .auth_token = theirs.auth_token,
                                .packet_size = theirs.packet_size};
        uint8_t out[NETIPC_HELLO_PACKET_LEN];
        netipc_proposal_hello(&ours, out);
        CHECK_MEM(out, bytes, sizeof out);
        netipc_server_policy by = netipc_server_policy_default();
        by.auth_token = theirs.auth_token;
        by.packet_size = 212960;
        netipc_answer answer = netipc_hello_answer(&by, bytes, sizeof out, 3, NETIPC_GATE_OPEN);
        CHECK_EQ(answer.verdict, NETIPC_VERDICT_ACCEPT);
        CHECK_EQ(answer.agreed.request.max_payload, theirs.request.max_payload);
        CHECK_EQ(answer.agreed.packet_size, theirs.packet_size < 212960 ? theirs.packet_size : 212960);
        netipc_agreed agreed;
        CHECK(netipc_proposal_accept(&ours, answer.ack, sizeof answer.ack, 1, &agreed, NULL));
        CHECK(same_agreed(&agreed, &answer.agreed));
    }
}

int main(void)
{
    RUN(header);
    RUN(chunk_header);
    RUN(hello);
    RUN(hello_ack);
    RUN(handshake_fields_are_kept);
    RUN(ack_ok_baseline);
    RUN(ack_reject);
    RUN(batches);
    RUN(responses);
    RUN(requests);
    RUN(client_hellos);
    return test_result();
}
