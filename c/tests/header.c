/* The message header. */
#include "netipc/header.h"

#include "support.h"

static netipc_header any_header(rng *random)
{
    return (netipc_header){.kind = (netipc_message_kind)rng_between(random, 1, 3),
                           .flags = (uint16_t)rng_next(random),
                           .code = (uint16_t)rng_next(random),
                           .status = (netipc_status)rng_next(random),
                           .payload_len = (uint32_t)rng_next(random),
                           .item_count = (uint32_t)rng_next(random),
                           .message_id = rng_next(random)};
}

/* NIPC-ENV-01 */
static void round_trip(void)
{
    rng random = rng_new(1);
    for (int i = 0; i < 2000; i++) {
        netipc_header header = any_header(&random);
        uint8_t bytes[NETIPC_HEADER_LEN + 8];
        rng_fill(&random, bytes, sizeof bytes);
        netipc_header_encode(&header, bytes);
        netipc_header decoded;
        CHECK(netipc_header_decode(&decoded, bytes, NETIPC_HEADER_LEN + rng_below(&random, 9), NULL));
        CHECK_HEADER(&decoded, &header);
    }
}

/* NIPC-ENV-01, NIPC-ENV-03: every field at its offset. */
static void offsets(void)
{
    netipc_header header = {.kind = NETIPC_MESSAGE_RESPONSE,
                            .flags = 0x0b0a,
                            .code = 0x0d0c,
                            .status = 0x0f0e,
                            .payload_len = 0x13121110,
                            .item_count = 0x17161514,
                            .message_id = UINT64_C(0x1f1e1d1c1b1a1918)};
    uint8_t bytes[NETIPC_HEADER_LEN];
    netipc_header_encode(&header, bytes);
    const uint8_t start[] = {0x43, 0x50, 0x49, 0x4e, 1, 0, 32, 0, 2, 0};
    CHECK_MEM(bytes, start, sizeof start);
    for (uint8_t i = 10; i < NETIPC_HEADER_LEN; i++) {
        CHECK_EQ(bytes[i], i);
    }
}

/* NIPC-ENV-03, NIPC-ENV-04: a change of one byte is refused, or shows in the decoded header. */
static void mutation_is_seen(void)
{
    rng random = rng_new(2);
    for (uint32_t i = 0; i < 8000; i++) {
        netipc_header header = any_header(&random);
        uint8_t bytes[NETIPC_HEADER_LEN];
        uint8_t again[NETIPC_HEADER_LEN];
        netipc_header_encode(&header, bytes);
        uint32_t at = i % NETIPC_HEADER_LEN;
        bytes[at] ^= (uint8_t)rng_between(&random, 1, 255);
        netipc_header changed;
        CASE("byte %u", at);
        if (netipc_header_decode(&changed, bytes, sizeof bytes, NULL)) {
            CHECK(at >= 8);
            netipc_header_encode(&changed, again);
            CHECK_MEM(again, bytes, sizeof bytes);
        } else {
            CHECK(at < 10);
        }
    }
}

/* NIPC-RCV-02 */
static void too_short(void)
{
    netipc_header header = netipc_header_request(1, 8, 1);
    uint8_t bytes[NETIPC_HEADER_LEN];
    netipc_header_encode(&header, bytes);
    for (size_t len = 0; len < sizeof bytes; len++) {
        uint8_t *exact = must_alloc(len);
        memcpy(exact, bytes, len);
        netipc_header decoded = {.message_id = 77};
        netipc_error error;
        CHECK(!netipc_header_decode(&decoded, exact, len, &error));
        CHECK_ERROR(&error, HEADER_SHORT, len, 32);
        CHECK_EQ(decoded.message_id, 77);
        free(exact);
    }
}

static netipc_error refused(const uint8_t *bytes)
{
    netipc_header header;
    netipc_error error;
    CHECK(!netipc_header_decode(&header, bytes, NETIPC_HEADER_LEN, &error));
    return error;
}

/* NIPC-ENV-03, NIPC-ENV-04, NIPC-RCV-07: with everything wrong, the first field in the order of the checks is named. */
static void order_of_checks(void)
{
    uint8_t bytes[NETIPC_HEADER_LEN];
    memset(bytes, 0xee, sizeof bytes);
    netipc_error error = refused(bytes);
    CHECK_ERROR(&error, HEADER_MAGIC, 0xeeeeeeee, 0x4e495043);
    netipc__store32(bytes, 0x4e495043);
    error = refused(bytes);
    CHECK_ERROR(&error, HEADER_LEN, 0xeeee, 32);
    netipc__store16(bytes + 6, 32);
    error = refused(bytes);
    CHECK_ERROR(&error, HEADER_KIND, 0xeeee, 0);
    netipc__store16(bytes + 8, 1);
    error = refused(bytes);
    CHECK_ERROR(&error, HEADER_VERSION, 0xeeee, 1);
    netipc__store16(bytes + 4, 1);
    for (uint32_t kind = 0; kind <= UINT16_MAX; kind++) {
        netipc__store16(bytes + 8, (uint16_t)kind);
        netipc_header header;
        bool known = kind >= 1 && kind <= 3;
        CHECK_EQ(netipc_header_decode(&header, bytes, sizeof bytes, &error), known);
        if (known) {
            CHECK_EQ(header.kind, kind);
        } else {
            CHECK_ERROR(&error, HEADER_KIND, kind, 0);
        }
    }
}

/* NIPC-ENV-05 */
static void version_alone(void)
{
    netipc_header header = netipc_header_request(1, 0, 1);
    uint8_t bytes[NETIPC_HEADER_LEN];
    netipc_header_encode(&header, bytes);
    netipc__store16(bytes + 4, 2);
    netipc_error error = refused(bytes);
    CHECK_ERROR(&error, HEADER_VERSION, 2, 1);
    netipc__store16(bytes + 6, 33);
    error = refused(bytes);
    CHECK_ERROR(&error, HEADER_LEN, 33, 32);
    netipc__store16(bytes + 6, 32);
    netipc__store16(bytes + 8, 9);
    error = refused(bytes);
    CHECK_ERROR(&error, HEADER_KIND, 9, 0);
    netipc__store16(bytes + 8, 1);
    netipc__store32(bytes, 0);
    error = refused(bytes);
    CHECK_ERROR(&error, HEADER_MAGIC, 0, 0x4e495043);
}

static bool batch(uint16_t flags, uint32_t items)
{
    netipc_header header = netipc_header_request(1, 8, 1);
    header.flags = flags;
    header.item_count = items;
    return netipc_header_is_batch(&header);
}

/* NIPC-ENV-06, NIPC-ENV-10, NIPC-BAT-05, NIPC-BAT-06 */
static void batch_flag(void)
{
    CHECK(!batch(0, 1));
    CHECK(!batch(0, 3));
    CHECK(!batch(0, 0));
    CHECK(!batch(NETIPC_FLAG_BATCH, 0));
    CHECK(!batch(0xfffe, 3));
    CHECK(batch(0xffff, 2));
    netipc_header one = netipc_header_batch(netipc_header_request(1, 8, 1), 1);
    CHECK(netipc_header_is_batch(&one));
    netipc_header odd = netipc_header_request(1, 8, 1);
    odd.flags = 0xfffe;
    netipc_header five = netipc_header_batch(odd, 5);
    CHECK_EQ(five.flags, NETIPC_FLAG_BATCH);
    CHECK_EQ(five.item_count, 5);
}

/* NIPC-ENV-07, NIPC-ENV-09, NIPC-L2S-03: what we emit is canonical. */
static void constructors(void)
{
    netipc_header request = netipc_header_request(3, 17, 99);
    netipc_header expected = {.kind = NETIPC_MESSAGE_REQUEST, .code = 3, .payload_len = 17, .item_count = 1,
                              .message_id = 99};
    CHECK_HEADER(&request, &expected);
    netipc_header odd = request;
    odd.item_count = 7;
    odd.flags = 0xffff;
    odd.status = 9;
    netipc_header response = netipc_header_response(&odd, 20);
    expected.kind = NETIPC_MESSAGE_RESPONSE;
    expected.payload_len = 20;
    CHECK_HEADER(&response, &expected);
    netipc_header failure = netipc_header_failure(&odd, NETIPC_STATUS_INTERNAL_ERROR);
    expected.payload_len = 0;
    expected.status = NETIPC_STATUS_INTERNAL_ERROR;
    CHECK_HEADER(&failure, &expected);
}

/* NIPC-ENV-12 */
static void statuses(void)
{
    const char *const names[] = {"ok",          "bad_envelope",   "auth_failed",   "incompatible",
                                 "unsupported", "limit_exceeded", "internal_error"};
    for (uint16_t status = 0; status < 7; status++) {
        CHECK_STR(netipc_status_name(status), names[status]);
    }
    CHECK_STR(netipc_status_name(7), "unknown");
    netipc_header strange = netipc_header_request(1, 0, 1);
    strange.status = 0xabcd;
    uint8_t bytes[NETIPC_HEADER_LEN];
    netipc_header_encode(&strange, bytes);
    netipc_header decoded;
    CHECK(netipc_header_decode(&decoded, bytes, sizeof bytes, NULL));
    CHECK_EQ(decoded.status, 0xabcd);
}

/* NIPC-ENV-08 */
static void longest_payload(void)
{
    CHECK_EQ((uint64_t)NETIPC_MAX_PAYLOAD_LEN + 32, UINT32_MAX);
}

int main(void)
{
    RUN(round_trip);
    RUN(offsets);
    RUN(mutation_is_seen);
    RUN(too_short);
    RUN(order_of_checks);
    RUN(version_alone);
    RUN(batch_flag);
    RUN(constructors);
    RUN(statuses);
    RUN(longest_payload);
    return test_result();
}
