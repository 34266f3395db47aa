/* How a client judges a HELLO_ACK. */
#include "netipc/handshake.h"

#include "support.h"

static const netipc_proposal proposal = {
    .supported = 0x11,
    .request = {.max_payload = 1024, .max_items = 4},
    .response = {.max_payload = 65536, .max_items = 4},
    .response_ceiling = 100000,
    .packet_size = 4096,
};

static bool accept(const uint8_t *packet, size_t len, netipc_agreed *agreed, netipc_error *error)
{
    uint8_t *exact = must_alloc(len);
    memcpy(exact, packet, len);
    bool accepted = netipc_proposal_accept(&proposal, exact, len, NETIPC_PROFILE_BASELINE, agreed, error);
    free(exact);
    return accepted;
}

static netipc_error refused(const uint8_t *packet, size_t len)
{
    netipc_agreed agreed = {.session_id = 99};
    netipc_error error = {0};
    CHECK(!accept(packet, len, &agreed, &error));
    CHECK_EQ(agreed.session_id, 99);
    return error;
}

/* An ACK that is accepted. */
static netipc_hello_ack sound(void)
{
    return (netipc_hello_ack){
        .layout_version = 1,
        .server_supported = NETIPC_PROFILE_BASELINE,
        .intersection = NETIPC_PROFILE_BASELINE,
        .selected = NETIPC_PROFILE_BASELINE,
        .request = {.max_payload = 1024, .max_items = 4},
        .response = {.max_payload = 65536, .max_items = 4},
        .packet_size = 4096,
        .session_id = 9,
    };
}

static void sound_packet(uint8_t packet[NETIPC_ACK_PACKET_LEN])
{
    netipc_hello_ack ack = sound();
    netipc_hello_ack_packet(&ack, NETIPC_STATUS_OK, packet);
}

/* NIPC-HS-21, NIPC-HS-22, NIPC-HS-23: a packet in which everything is wrong is put right one field at a time; each step
 * shows the next refusal of the order. */
static void order_up_to_the_flags(void)
{
    uint8_t packet[NETIPC_ACK_PACKET_LEN];
    memset(packet, 0xee, sizeof packet);
    netipc_error error = refused(packet, 31);
    CHECK_ERROR(&error, HEADER_SHORT, 31, 32);
    error = refused(packet, 32);
    CHECK_ERROR(&error, HEADER_MAGIC, 0xeeeeeeee, 0x4e495043);
    netipc__store32(packet, 0x4e495043);
    error = refused(packet, 32);
    CHECK_ERROR(&error, HEADER_LEN, 0xeeee, 32);
    netipc__store16(packet + 6, 32);
    error = refused(packet, 32);
    CHECK_ERROR(&error, HEADER_KIND, 0xeeee, 0);
    netipc__store16(packet + 8, 1);
    error = refused(packet, 32);
    CHECK_ERROR(&error, ACK_VERSION, 0xeeee, 1);
    netipc__store16(packet + 4, 1);
    error = refused(packet, 32);
    CHECK_ERROR(&error, ACK_EXPECTED, 0xeeee, 0);
    CHECK_EQ(error.detail, NETIPC_MESSAGE_REQUEST);
    netipc__store16(packet + 8, 3);
    error = refused(packet, 32);
    CHECK_ERROR(&error, ACK_EXPECTED, 0xeeee, 0);
    netipc__store16(packet + 12, 2);
    error = refused(packet, 32);
    CHECK_ERROR(&error, ACK_REJECTED, 0xeeee, 0);
    CHECK_EQ(error.detail, 1024);
    netipc__store16(packet + 14, 0);
    error = refused(packet, 32);
    CHECK_ERROR(&error, ACK_SHORT, 0, 48);
    error = refused(packet, sizeof packet - 1);
    CHECK_ERROR(&error, ACK_SHORT, 47, 48);
    error = refused(packet, sizeof packet);
    CHECK_ERROR(&error, ACK_LAYOUT, 0xeeee, 1);
    netipc__store16(packet + 32, 1);
    error = refused(packet, sizeof packet);
    CHECK_ERROR(&error, ACK_FLAGS, 0xeeee, 0);
}

/* NIPC-HS-21, NIPC-HS-24, NIPC-HS-25, NIPC-HS-27 */
static void order_of_grants(void)
{
    uint8_t packet[NETIPC_ACK_PACKET_LEN];
    const size_t len = sizeof packet;
    sound_packet(packet);
    memset(packet + 36, 0xee, 44);
    /* The last one was offered, but this build cannot run it. */
    const uint32_t selected[] = {0xeeeeeeee, 0, 3, 0x11, 0x02, 0x08, 0x10};
    netipc_error error;
    for (int i = 0; i < 7; i++) {
        netipc__store32(packet + 32 + 12, selected[i]);
        error = refused(packet, len);
        CHECK_ERROR(&error, ACK_PROFILE, selected[i], NETIPC_PROFILE_BASELINE);
    }
    netipc__store32(packet + 32 + 12, 1);
    /* A packet size above the proposed one counts as that, so the next offence is the request payload. */
    error = refused(packet, len);
    CHECK_ERROR(&error, ACK_REQUEST_PAYLOAD, 0xeeeeeeee, 1024);
    for (uint32_t got = 0; got <= 32; got++) {
        netipc__store32(packet + 32 + 32, got);
        error = refused(packet, len);
        CHECK_ERROR(&error, ACK_PACKET_SIZE, got, 33);
    }
    netipc__store32(packet + 32 + 32, 33);
    error = refused(packet, len);
    CHECK_ERROR(&error, ACK_REQUEST_PAYLOAD, 0xeeeeeeee, 1024);
    netipc__store32(packet + 32 + 16, 1025);
    error = refused(packet, len);
    CHECK_ERROR(&error, ACK_REQUEST_PAYLOAD, 1025, 1024);
    netipc__store32(packet + 32 + 16, 1024);
    netipc_agreed agreed;
    CHECK(accept(packet, len, &agreed, NULL));
    CHECK_EQ(agreed.request.max_payload, 1024);
    CHECK_EQ(agreed.response.max_payload, 100000);
    CHECK_EQ(agreed.granted_response_payload, 0xeeeeeeee);
    CHECK_EQ(agreed.packet_size, 33);
    netipc__store32(packet + 32 + 32, UINT32_MAX);
    CHECK(accept(packet, len, &agreed, NULL));
    CHECK_EQ(agreed.packet_size, 4096);
}

/* NIPC-HS-22, NIPC-HS-30, NIPC-ERR-07: what a rejection means for the client, with a payload or without. */
static void rejections(void)
{
    const struct {
        netipc_status status;
        netipc_kind kind;
        netipc_disposition disposition;
    } cases[] = {
        {1, NETIPC_KIND_REJECTED, NETIPC_DISPOSITION_DISCONNECTED},
        {2, NETIPC_KIND_DENIED, NETIPC_DISPOSITION_AUTH_FAILED},
        {3, NETIPC_KIND_INCOMPATIBLE, NETIPC_DISPOSITION_INCOMPATIBLE},
        {4, NETIPC_KIND_INCOMPATIBLE, NETIPC_DISPOSITION_INCOMPATIBLE},
        {5, NETIPC_KIND_REJECTED, NETIPC_DISPOSITION_DISCONNECTED},
        {6, NETIPC_KIND_REJECTED, NETIPC_DISPOSITION_DISCONNECTED},
        {7, NETIPC_KIND_REJECTED, NETIPC_DISPOSITION_DISCONNECTED},
        {0xffff, NETIPC_KIND_REJECTED, NETIPC_DISPOSITION_DISCONNECTED},
    };
    const size_t lens[] = {NETIPC_ACK_PACKET_LEN, NETIPC_HEADER_LEN, 40};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        netipc_hello_ack rejection = netipc_hello_ack_rejection();
        uint8_t packet[NETIPC_ACK_PACKET_LEN];
        netipc_hello_ack_packet(&rejection, cases[i].status, packet);
        for (int len = 0; len < 3; len++) {
            CASE("status %u", cases[i].status);
            netipc_error error = refused(packet, lens[len]);
            CHECK_ERROR(&error, ACK_REJECTED, cases[i].status, 0);
            CHECK_EQ(error.kind, cases[i].kind);
            CHECK_EQ(netipc_refusal_disposition(&error), cases[i].disposition);
        }
    }
}

/* NIPC-HS-23, NIPC-ERR-07: kinds and states of answers that are no rejections. */
static void other_refusals(void)
{
    const struct {
        size_t at;
        uint16_t value;
        netipc_kind kind;
        netipc_disposition disposition;
    } cases[] = {
        {4, 2, NETIPC_KIND_INCOMPATIBLE, NETIPC_DISPOSITION_INCOMPATIBLE},
        {32, 2, NETIPC_KIND_INCOMPATIBLE, NETIPC_DISPOSITION_INCOMPATIBLE},
        {34, 1, NETIPC_KIND_PEER_MISBEHAVED, NETIPC_DISPOSITION_DISCONNECTED},
        {0, 1, NETIPC_KIND_INVALID_MESSAGE, NETIPC_DISPOSITION_DISCONNECTED},
        {12, 1, NETIPC_KIND_PEER_MISBEHAVED, NETIPC_DISPOSITION_DISCONNECTED},
        {44, 2, NETIPC_KIND_PEER_MISBEHAVED, NETIPC_DISPOSITION_DISCONNECTED},
        {64, 32, NETIPC_KIND_PEER_MISBEHAVED, NETIPC_DISPOSITION_DISCONNECTED},
        {48, 1025, NETIPC_KIND_PEER_MISBEHAVED, NETIPC_DISPOSITION_DISCONNECTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t packet[NETIPC_ACK_PACKET_LEN];
        sound_packet(packet);
        netipc__store16(packet + cases[i].at, cases[i].value);
        CASE("u16 at %zu", cases[i].at);
        netipc_error error = refused(packet, sizeof packet);
        CHECK_EQ(error.kind, cases[i].kind);
        CHECK_EQ(netipc_refusal_disposition(&error), cases[i].disposition);
    }
    uint8_t packet[NETIPC_ACK_PACKET_LEN];
    sound_packet(packet);
    netipc_error error = refused(packet, 79);
    CHECK_EQ(error.kind, NETIPC_KIND_INVALID_MESSAGE);
}

/* NIPC-HS-29 */
static void at_least_one_item_is_proposed(void)
{
    netipc_proposal zero = proposal;
    zero.request = zero.response = (netipc_limits){0};
    uint8_t packet[NETIPC_HELLO_PACKET_LEN];
    netipc_proposal_hello(&zero, packet);
    netipc_hello hello;
    CHECK(netipc_hello_decode(&hello, packet + 32, 44, NULL));
    CHECK(hello.request.max_payload == 0 && hello.request.max_items == 1);
    CHECK(hello.response.max_payload == 0 && hello.response.max_items == 1);
}

/* A server that grants no items at all still takes single messages. */
static void granted_items_count_at_least_one(void)
{
    netipc_hello_ack ack = sound();
    ack.request = ack.response = (netipc_limits){.max_payload = 10};
    uint8_t packet[NETIPC_ACK_PACKET_LEN];
    netipc_hello_ack_packet(&ack, NETIPC_STATUS_OK, packet);
    netipc_agreed agreed;
    CHECK(accept(packet, sizeof packet, &agreed, NULL));
    CHECK(agreed.request.max_items == 1 && agreed.response.max_items == 1);
}

/* NIPC-HS-26: what must be ignored changes nothing. */
static void ignored_fields(void)
{
    rng random = rng_new(11);
    uint8_t expected[NETIPC_ACK_PACKET_LEN];
    sound_packet(expected);
    netipc_agreed agreed;
    CHECK(accept(expected, sizeof expected, &agreed, NULL));
    for (int i = 0; i < 500; i++) {
        uint8_t packet[NETIPC_ACK_PACKET_LEN + 60];
        rng_fill(&random, packet, sizeof packet);
        const size_t kept[][2] = {{0, 10}, {12, 4}, {32, 4}, {44, 24}, {72, 8}};
        for (int part = 0; part < 5; part++) {
            memcpy(packet + kept[part][0], expected + kept[part][0], kept[part][1]);
        }
        netipc_agreed again;
        CHECK(accept(packet, NETIPC_ACK_PACKET_LEN + rng_below(&random, 61), &again, NULL));
        CHECK_EQ(again.server_supported, netipc__load32(packet + 36));
        again.server_supported = agreed.server_supported;
        CHECK(same_agreed(&again, &agreed));
    }
}

/* NIPC-HS-27 */
static void response_limit(void)
{
    rng random = rng_new(12);
    for (int i = 0; i < 500; i++) {
        netipc_hello_ack ack = sound();
        ack.response.max_payload = (uint32_t)rng_next(&random);
        netipc_proposal asked = proposal;
        asked.response_ceiling = (uint32_t)rng_next(&random);
        uint8_t packet[NETIPC_ACK_PACKET_LEN];
        netipc_hello_ack_packet(&ack, NETIPC_STATUS_OK, packet);
        netipc_agreed agreed;
        CHECK(netipc_proposal_accept(&asked, packet, sizeof packet, 1, &agreed, NULL));
        uint32_t granted = ack.response.max_payload;
        CHECK_EQ(agreed.response.max_payload, granted < asked.response_ceiling ? granted : asked.response_ceiling);
        CHECK_EQ(agreed.granted_response_payload, granted);
    }
}

int main(void)
{
    RUN(order_up_to_the_flags);
    RUN(order_of_grants);
    RUN(rejections);
    RUN(other_refusals);
    RUN(at_least_one_item_is_proposed);
    RUN(granted_items_count_at_least_one);
    RUN(ignored_fields);
    RUN(response_limit);
    return test_result();
}
