/* The checks of a session, on both sides. */
#include "netipc/session.h"

#include "netipc/batch.h"
#include "support.h"

/* Both ends of a session. */
typedef struct pair {
    netipc_session *client;
    netipc_session *server;
} pair;

static pair pair_of(uint32_t request, uint32_t response, uint32_t items, uint32_t packet_size)
{
    netipc_agreed agreed = agreed_limits(request, response, items, packet_size);
    return (pair){.client = netipc_session_new(NETIPC_ROLE_CLIENT, &agreed, HALF, NULL),
                  .server = netipc_session_new(NETIPC_ROLE_SERVER, &agreed, HALF, NULL)};
}

static pair usual(void)
{
    return pair_of(256, 512, 4, 1024);
}

static void end(pair *both)
{
    netipc_session_free(both->client);
    netipc_session_free(both->server);
}

static netipc_header request(uint32_t payload_len, uint64_t id)
{
    return netipc_header_request(1, payload_len, id);
}

static netipc_header response(uint32_t payload_len, uint64_t id)
{
    netipc_header to = request(0, id);
    return netipc_header_response(&to, payload_len);
}

static void send(netipc_session *session, netipc_header header)
{
    netipc_chunker chunker;
    netipc_error error;
    if (!netipc_session_send(session, &header, &chunker, &error)) {
        CHECK_ERROR(&error, NONE, 0, 0);
    }
}

static netipc_error unsent(netipc_session *session, netipc_header header)
{
    netipc_chunker chunker;
    netipc_error error = {0};
    CHECK(!netipc_session_send(session, &header, &chunker, &error));
    return error;
}

static netipc_received received(netipc_session *session, const uint8_t *packet, size_t len)
{
    netipc_received outcome;
    netipc_error error = {0};
    if (!netipc_session_receive(session, packet, len, 0, &outcome, &error)) {
        CHECK_ERROR(&error, NONE, 0, 0);
    }
    return outcome;
}

/* What the session finds wrong with a packet. */
static netipc_error violated(netipc_session *session, const uint8_t *packet, size_t len)
{
    uint8_t *exact = must_alloc(len);
    memcpy(exact, packet, len);
    netipc_received outcome = {.header = {.message_id = 12345}};
    netipc_error error = {0};
    CHECK(!netipc_session_receive(session, exact, len, 0, &outcome, &error));
    CHECK_EQ(outcome.header.message_id, 12345);
    CHECK(same_error(netipc_session_violation(session), &error));
    CHECK_EQ(netipc_session_deadline(session), NETIPC_NEVER);
    CHECK_EQ(netipc_session_held(session), 0);
    free(exact);
    return error;
}

static netipc_received takes(netipc_session *session, netipc_header header, const void *payload, size_t len)
{
    test_packet one = whole(header, payload, len);
    netipc_received outcome = received(session, one.data, one.len);
    CHECK_EQ(outcome.progress, NETIPC_PROGRESS_WHOLE);
    CHECK_HEADER(&outcome.header, &header);
    CHECK_EQ(outcome.payload.len, len);
    CHECK(outcome.payload.data == one.data + 32);
    free(one.data);
    return outcome;
}

static netipc_error refuses(netipc_session *session, netipc_header header, const void *payload, size_t len)
{
    test_packet one = whole(header, payload, len);
    netipc_error error = violated(session, one.data, one.len);
    free(one.data);
    return error;
}

/* What a fresh server makes of a packet. */
static netipc_error served(const uint8_t *packet, size_t len)
{
    pair both = usual();
    netipc_error error = violated(both.server, packet, len);
    end(&both);
    return error;
}

/* NIPC-RCV-02, NIPC-RCV-03, NIPC-RCV-04, NIPC-RCV-05, NIPC-RCV-07, NIPC-RCV-10: a packet in which everything is wrong is
 * put right one field at a time; each step shows the next violation of the order. */
static void order_of_checks(void)
{
    uint8_t packet[1200];
    memset(packet, 0xee, sizeof packet);
    netipc_error error = served(packet, 31);
    CHECK_ERROR(&error, HEADER_SHORT, 31, 32);
    error = served(packet, 1200);
    CHECK_ERROR(&error, HEADER_MAGIC, 0xeeeeeeee, 0x4e495043);
    netipc__store32(packet, 0x4e495043);
    error = served(packet, 1200);
    CHECK_ERROR(&error, HEADER_LEN, 0xeeee, 32);
    netipc__store16(packet + 6, 32);
    error = served(packet, 1200);
    CHECK_ERROR(&error, HEADER_KIND, 0xeeee, 0);
    netipc__store16(packet + 8, 1);
    error = served(packet, 1200);
    CHECK_ERROR(&error, HEADER_VERSION, 0xeeee, 1);
    netipc__store16(packet + 4, 1);
    for (uint16_t kind = 2; kind <= 3; kind++) {
        netipc__store16(packet + 8, kind);
        error = served(packet, 1200);
        CHECK_ERROR(&error, UNEXPECTED_KIND, kind, NETIPC_MESSAGE_REQUEST);
    }
    netipc__store16(packet + 8, 1);
    error = served(packet, 1200);
    CHECK_ERROR(&error, PAYLOAD_TOO_LARGE, 0xeeeeeeee, 256);
    netipc__store32(packet + 16, 257);
    error = served(packet, 1200);
    CHECK_ERROR(&error, PAYLOAD_TOO_LARGE, 257, 256);
    netipc__store32(packet + 16, 256);
    error = served(packet, 1200);
    CHECK_ERROR(&error, TOO_MANY_ITEMS, 0xeeeeeeee, 4);
    netipc__store32(packet + 20, 5);
    error = served(packet, 1200);
    CHECK_ERROR(&error, TOO_MANY_ITEMS, 5, 4);
    netipc__store32(packet + 20, 4);
    error = served(packet, 1200);
    CHECK_ERROR(&error, PACKET_TOO_LONG, 1200, 288);
    error = served(packet, 289);
    CHECK_ERROR(&error, PACKET_TOO_LONG, 289, 288);
    /* The flags 0xeeee do not have the batch bit, so it is a single message with an odd item count: NIPC-ENV-10. */
    pair both = usual();
    CHECK_EQ(received(both.server, packet, 288).progress, NETIPC_PROGRESS_WHOLE);
    netipc__store16(packet + 10, 0xffff);
    error = served(packet, 288);
    CHECK_ERROR(&error, BATCH_MISALIGNED, 0xeeeeeeee, 0);
    memset(packet + 32, 0, 32);
    netipc_received sound = received(both.server, packet, 288);
    CHECK(sound.header.code == 0xeeee && sound.header.status == 0xeeee);
    CHECK_EQ(sound.header.message_id, UINT64_C(0xeeeeeeeeeeeeeeee));
    end(&both);
}

/* NIPC-RCV-03, NIPC-HS-14: a limit of 0 admits empty payloads only. */
static void limit_of_zero(void)
{
    pair both = pair_of(0, 0, 1, 64);
    netipc_error error = unsent(both.client, request(1, 1));
    CHECK_ERROR(&error, SEND_PAYLOAD, 1, 0);
    send(both.client, request(0, 1));
    takes(both.server, request(0, 1), NULL, 0);
    error = refuses(both.server, request(1, 2), NULL, 0);
    CHECK_ERROR(&error, PAYLOAD_TOO_LARGE, 1, 0);
    end(&both);
}

/* NIPC-ENV-08: no limit admits a message whose length does not fit 32 bits. NIPC-CHK-13 */
static void longest_message(void)
{
    pair both = pair_of(UINT32_MAX, UINT32_MAX, 1, 64);
    const uint32_t most = NETIPC_MAX_PAYLOAD_LEN;
    netipc_error error = unsent(both.client, request(most + 1, 1));
    CHECK_ERROR(&error, SEND_PAYLOAD, most + 1, most);
    netipc_header header = request(most, 2);
    netipc_chunker chunker;
    CHECK(netipc_session_send(both.client, &header, &chunker, NULL));
    CHECK_EQ(netipc_chunker_count(&chunker), (most - 1) / 32 + 1);
    for (uint32_t i = 0; i < 3; i++) {
        netipc_packet part;
        CHECK(netipc_chunker_packet(&chunker, &part));
        CHECK_EQ(part.offset, 32 * i);
        netipc_chunker_advance(&chunker);
    }
    uint8_t head[32];
    header = request(most + 1, 1);
    netipc_header_encode(&header, head);
    pair other = pair_of(UINT32_MAX, UINT32_MAX, 1, 64);
    error = violated(other.server, head, 32);
    CHECK_ERROR(&error, PAYLOAD_TOO_LARGE, most + 1, most);
    header = request(most, 1);
    netipc_header_encode(&header, head);
    CHECK_EQ(received(both.server, head, 32).progress, NETIPC_PROGRESS_PARTIAL);
    CHECK_EQ(netipc_session_held(both.server), 0);
    end(&other);
    end(&both);
}

/* NIPC-RCV-06: a whole message may come in a longer packet than agreed, the first part of one may not. */
static void packet_longer_than_agreed(void)
{
    pair both = pair_of(1000, 0, 1, 96);
    const uint8_t payload[65] = {0};
    takes(both.server, request(65, 1), payload, 65);
    netipc_error error = refuses(both.server, request(1000, 2), payload, 65);
    CHECK_ERROR(&error, PACKET_TOO_LONG, 97, 96);
    end(&both);
}

/* NIPC-RCV-12 */
static void send_side_refuses(void)
{
    pair both = usual();
    netipc_error error = unsent(both.client, request(257, 1));
    CHECK_ERROR(&error, SEND_PAYLOAD, 257, 256);
    error = unsent(both.client, netipc_header_batch(request(8, 1), 5));
    CHECK_ERROR(&error, SEND_ITEMS, 5, 4);
    error = unsent(both.client, response(8, 1));
    CHECK_ERROR(&error, SEND_KIND, NETIPC_MESSAGE_RESPONSE, NETIPC_MESSAGE_REQUEST);
    CHECK_EQ(netipc_session_in_flight(both.client), 0);
    send(both.client, netipc_header_batch(request(256, 1), 4));
    error = unsent(both.client, request(8, 1));
    CHECK_ERROR(&error, SEND_DUPLICATE_ID, 1, 0);
    send(both.client, request(8, 2));
    CHECK_EQ(netipc_session_in_flight(both.client), 2);
    CHECK(netipc_session_is_in_flight(both.client, 2) && !netipc_session_is_in_flight(both.client, 3));

    error = unsent(both.server, response(513, 1));
    CHECK_ERROR(&error, SEND_PAYLOAD, 513, 512);
    error = unsent(both.server, request(8, 1));
    CHECK_ERROR(&error, SEND_KIND, NETIPC_MESSAGE_REQUEST, NETIPC_MESSAGE_RESPONSE);
    /* A server does not track ids. */
    send(both.server, response(512, 1));
    send(both.server, response(512, 1));
    CHECK_EQ(netipc_session_in_flight(both.server), 0);
    end(&both);
}

typedef struct dead {
    uint64_t ids[8];
    size_t count;
} dead;

static void note(void *context, uint64_t id)
{
    dead *to = context;
    to->ids[to->count++] = id;
}

/* NIPC-RCV-08, NIPC-RCV-09 */
static void responses_match_requests(void)
{
    pair both = usual();
    const uint64_t ids[] = {7, UINT64_MAX, 0};
    for (int i = 0; i < 3; i++) {
        send(both.client, request(0, ids[i]));
    }
    for (int i = 2; i >= 0; i--) {
        takes(both.client, response(0, ids[i]), NULL, 0);
    }
    CHECK_EQ(netipc_session_in_flight(both.client), 0);
    send(both.client, request(0, 8));
    netipc_error error = refuses(both.client, response(0, 7), NULL, 0);
    CHECK_ERROR(&error, UNKNOWN_MESSAGE_ID, 7, 0);
    dead lost = {0};
    CHECK_EQ(netipc_session_close(both.client, note, &lost), 1);
    CHECK(lost.count == 1 && lost.ids[0] == 8);
    end(&both);
}

/* NIPC-RCV-07, NIPC-RCV-08: the directory comes before the id. */
static void client_checks_the_directory_first(void)
{
    pair both = usual();
    const uint8_t payload[] = {1, 1, 1, 1, 1, 1, 1, 1};
    netipc_error error = refuses(both.client, netipc_header_batch(response(8, 1), 1), payload, 8);
    CHECK_ERROR(&error, BATCH_MISALIGNED, 0x01010101, 0);
    end(&both);
}

static netipc_error refused_batch(netipc_role role, netipc_header header, size_t len)
{
    pair both = usual();
    send(both.client, request(0, header.message_id));
    const uint8_t payload[8] = {0};
    header.payload_len = (uint32_t)len;
    netipc_error error = refuses(role == NETIPC_ROLE_CLIENT ? both.client : both.server, header, payload, len);
    end(&both);
    return error;
}

/* NIPC-RCV-13: a failure has no payload and so no directory, even from a server that repeats flag and item count of the
 * request. */
static void failure_of_a_batch(void)
{
    netipc_header asked = request(0, 1);
    netipc_header failure = netipc_header_batch(netipc_header_failure(&asked, NETIPC_STATUS_INTERNAL_ERROR), 3);
    pair both = usual();
    send(both.client, asked);
    takes(both.client, failure, NULL, 0);
    end(&both);
    /* What has a payload, or is no failure, needs a directory; a request can be no failure. */
    netipc_error error = refused_batch(NETIPC_ROLE_CLIENT, failure, 8);
    CHECK_ERROR(&error, BATCH_TRUNCATED, 8, 3);
    netipc_header success = failure;
    success.status = NETIPC_STATUS_OK;
    error = refused_batch(NETIPC_ROLE_CLIENT, success, 0);
    CHECK_ERROR(&error, BATCH_TRUNCATED, 0, 3);
    netipc_header odd = netipc_header_batch(asked, 3);
    odd.status = NETIPC_STATUS_INTERNAL_ERROR;
    error = refused_batch(NETIPC_ROLE_SERVER, odd, 0);
    CHECK_ERROR(&error, BATCH_TRUNCATED, 0, 3);
}

/* NIPC-RCV-09: once broken, the session says the same to everybody, and its ids can be reported. */
static void violation_stays(void)
{
    pair both = usual();
    for (uint64_t id = 3; id > 0; id--) {
        send(both.client, request(0, id));
    }
    netipc_error violation = refuses(both.client, response(0, 9), NULL, 0);
    CHECK_ERROR(&violation, UNKNOWN_MESSAGE_ID, 9, 0);
    netipc_error again = refuses(both.client, response(0, 1), NULL, 0);
    CHECK(same_error(&again, &violation));
    again = unsent(both.client, request(0, 4));
    CHECK(same_error(&again, &violation));
    CHECK(!netipc_session_check_deadline(both.client, NETIPC_NEVER, &again));
    CHECK(same_error(&again, &violation));
    netipc_session_fail(both.client, &(netipc_error){.problem = NETIPC_PROBLEM_WRONG_CODE});
    CHECK(same_error(netipc_session_violation(both.client), &violation));
    dead lost = {0};
    CHECK_EQ(netipc_session_close(both.client, note, &lost), 3);
    CHECK(lost.count == 3 && lost.ids[0] == 1 && lost.ids[1] == 2 && lost.ids[2] == 3);
    /* Each id dies once. */
    CHECK_EQ(netipc_session_close(both.client, note, &lost), 0);
    end(&both);
}

static void failure_found_elsewhere(void)
{
    pair both = usual();
    netipc_error found = {.kind = NETIPC_KIND_PEER_MISBEHAVED, .problem = NETIPC_PROBLEM_PACKET_TOO_LONG, .got = 9};
    netipc_session_fail(both.server, &found);
    CHECK(same_error(netipc_session_violation(both.server), &found));
    netipc_error error = refuses(both.server, request(0, 1), NULL, 0);
    CHECK(same_error(&error, &found));
    end(&both);
}

/* The session's part of NIPC-L2S-08: the server can answer the message that is over a limit, and only that. */
static void offender(void)
{
    netipc_header many = request(8, 6);
    many.item_count = 5;
    const netipc_header over[] = {request(257, 6), many};
    for (int i = 0; i < 2; i++) {
        pair both = usual();
        refuses(both.server, over[i], NULL, 0);
        CHECK(netipc_session_offender(both.server) != NULL);
        CHECK_HEADER(netipc_session_offender(both.server), &over[i]);
        netipc_header answer =
            netipc_header_failure(netipc_session_offender(both.server), NETIPC_STATUS_LIMIT_EXCEEDED);
        CHECK(answer.code == 1 && answer.message_id == 6 && answer.payload_len == 0);
        end(&both);
    }
    pair both = usual();
    const uint8_t payload[] = {1, 1, 1, 1, 1, 1, 1, 1};
    refuses(both.server, netipc_header_batch(request(8, 6), 1), payload, 8);
    CHECK(netipc_session_offender(both.server) == NULL);
    end(&both);
}

/* The packets of a request of 200 bytes at a packet size of 96. */
static packets chunks_of_200(void)
{
    uint8_t *payload = pattern(200);
    netipc_header header = request(200, 1);
    packets cut = packets_cut(netipc_chunker_begin(&header, 96), payload);
    free(payload);
    return cut;
}

static bool receive_at(netipc_session *session, const test_packet *one, netipc_time now, netipc_progress expected)
{
    netipc_received outcome;
    return netipc_session_receive(session, one->data, one->len, now, &outcome, NULL) && outcome.progress == expected;
}

/* NIPC-CHK-12, and the session's part of NIPC-L2S-15: half a message is given its time and no more. */
static void half_message(void)
{
    const netipc_time start = 1000;
    pair both = pair_of(1000, 512, 1, 96);
    packets cut = chunks_of_200();
    CHECK_EQ(netipc_session_deadline(both.server), NETIPC_NEVER);
    CHECK(receive_at(both.server, &cut.list[0], start, NETIPC_PROGRESS_PARTIAL));
    CHECK_EQ(netipc_session_deadline(both.server), start + HALF);
    /* The time runs from the first packet; further ones do not extend it. */
    CHECK(receive_at(both.server, &cut.list[1], start + HALF / 2, NETIPC_PROGRESS_PARTIAL));
    CHECK_EQ(netipc_session_deadline(both.server), start + HALF);
    CHECK(netipc_session_check_deadline(both.server, start + HALF - 1, NULL));
    netipc_error error;
    CHECK(!netipc_session_check_deadline(both.server, start + HALF, &error));
    CHECK_ERROR(&error, HALF_MESSAGE, 128, 200);
    CHECK_EQ(error.detail, HALF);
    netipc_error again = violated(both.server, cut.list[2].data, cut.list[2].len);
    CHECK(same_error(&again, &error));
    packets_free(&cut);
    end(&both);
}

/* NIPC-CHK-12: a message that is complete needs no deadline. A deadline beyond all time is the last point in time. */
static void deadlines_end(void)
{
    pair both = pair_of(1000, 512, 1, 96);
    packets cut = chunks_of_200();
    for (size_t i = 0; i < cut.count; i++) {
        received(both.server, cut.list[i].data, cut.list[i].len);
        CHECK_EQ(netipc_session_deadline(both.server) != NETIPC_NEVER, i + 1 < cut.count);
    }
    CHECK(netipc_session_check_deadline(both.server, NETIPC_NEVER, NULL));
    CHECK(receive_at(both.server, &cut.list[0], NETIPC_NEVER - 5, NETIPC_PROGRESS_PARTIAL));
    CHECK_EQ(netipc_session_deadline(both.server), NETIPC_NEVER);
    CHECK(netipc_session_check_deadline(both.server, NETIPC_NEVER - 1, NULL));
    packets_free(&cut);
    end(&both);
}

static netipc_time counted(void *context)
{
    (*(int *)context)++;
    return 5;
}

/* The clock is read only for the first part of a message that comes in several. */
static void clock_is_read_only_when_needed(void)
{
    pair both = pair_of(1000, 512, 1, 96);
    packets cut = chunks_of_200();
    int reads = 0;
    netipc_received outcome;
    test_packet one = whole(request(8, 1), "12345678", 8);
    CHECK(netipc_session_receive_with(both.server, one.data, one.len, counted, &reads, &outcome, NULL));
    CHECK_EQ(reads, 0);
    for (size_t i = 0; i < cut.count; i++) {
        CHECK(netipc_session_receive_with(both.server, cut.list[i].data, cut.list[i].len, counted, &reads, &outcome,
                                          NULL));
        CHECK_EQ(reads, 1);
        CHECK_EQ(netipc_session_deadline(both.server), i + 1 < cut.count ? 5 + HALF : NETIPC_NEVER);
    }
    const uint8_t garbage[40] = {0};
    for (int i = 0; i < 2; i++) {
        CHECK(!netipc_session_receive_with(both.server, garbage, 40, counted, &reads, &outcome, NULL));
    }
    CHECK_EQ(reads, 1);
    free(one.data);
    packets_free(&cut);
    end(&both);
}

/* NIPC-CHK-04: nothing may come between the chunks of a message, and no chunk without a message. */
static void message_between_chunks(void)
{
    pair both = pair_of(1000, 512, 1, 96);
    packets cut = chunks_of_200();
    received(both.server, cut.list[0].data, cut.list[0].len);
    netipc_error error = refuses(both.server, request(0, 2), NULL, 0);
    CHECK_ERROR(&error, CHUNK_MAGIC, 0x4e495043, 0x4e43484b);
    end(&both);
    both = pair_of(1000, 512, 1, 96);
    error = violated(both.server, cut.list[1].data, cut.list[1].len);
    CHECK_ERROR(&error, HEADER_MAGIC, 0x4e43484b, 0x4e495043);
    packets_free(&cut);
    end(&both);
}

#define SNDBUF 212992u

/* NIPC-CHK-01, NIPC-CHK-02, NIPC-CHK-03. Fault 4 of the existing peers: chunked messages fail at the default packet size,
 * because they count on all of SO_SNDBUF, of which the kernel keeps 32 bytes for itself. */
static void chunking_at_default_packet_size(void)
{
    const uint32_t size = SNDBUF - 32;
    const uint32_t lens[] = {size - 32, size - 31, size, SNDBUF - 32, SNDBUF, 1u << 20};
    for (int i = 0; i < 6; i++) {
        pair both = pair_of(1u << 20, 1u << 20, 1, size);
        uint8_t *payload = pattern(lens[i]);
        netipc_header header = request(lens[i], 1);
        netipc_chunker chunker;
        CHECK(netipc_session_send(both.client, &header, &chunker, NULL));
        packets cut = packets_cut(chunker, payload);
        CHECK_EQ(cut.count, lens[i] <= size - 32 ? 1 : (lens[i] + size - 33) / (size - 32));
        for (size_t at = 0; at < cut.count; at++) {
            CHECK(cut.list[at].len <= size);
            netipc_received outcome = received(both.server, cut.list[at].data, cut.list[at].len);
            if (at + 1 < cut.count) {
                CHECK_EQ(outcome.progress, NETIPC_PROGRESS_PARTIAL);
                continue;
            }
            CHECK_EQ(outcome.progress, cut.count == 1 ? NETIPC_PROGRESS_WHOLE : NETIPC_PROGRESS_ASSEMBLED);
            CHECK_HEADER(&outcome.header, &header);
            CHECK_EQ(outcome.payload.len, lens[i]);
            CHECK_MEM(outcome.payload.data, payload, lens[i]);
        }
        packets_free(&cut);
        free(payload);
        end(&both);
    }
}

/* NIPC-CHK-13: memory that a large message needed is given back, or to the caller. */
static void memory_is_released(void)
{
    pair both = pair_of(1u << 20, 1024, 1, 4096);
    uint8_t *payload = pattern(1u << 20);
    for (uint64_t id = 0; id < 3; id++) {
        netipc_header header = request(1u << 20, id);
        packets cut = packets_cut(netipc_chunker_begin(&header, 4096), payload);
        netipc_received outcome = {0};
        for (size_t i = 0; i < cut.count; i++) {
            outcome = received(both.server, cut.list[i].data, cut.list[i].len);
            if (netipc_session_deadline(both.server) != NETIPC_NEVER) {
                /* In the middle of a message nothing is lost. */
                netipc_session_release(both.server);
                netipc_buffer half = netipc_session_take(both.server);
                CHECK(half.data == NULL && half.len == 0 && half.capacity == 0);
            }
        }
        CHECK_EQ(outcome.payload.len, 1u << 20);
        CHECK_MEM(outcome.payload.data, payload, 1u << 20);
        CHECK_EQ(netipc_session_held(both.server), 1u << 20);
        if (id == 1) {
            netipc_buffer taken = netipc_session_take(both.server);
            CHECK(taken.data == outcome.payload.data && taken.len == 1u << 20);
            netipc_buffer_free(&taken, NULL);
        } else {
            netipc_session_release(both.server);
        }
        CHECK_EQ(netipc_session_held(both.server), 0);
        packets_free(&cut);
    }
    free(payload);
    end(&both);
}

/* A batch of three items of 100 bytes each. Returns its length. */
static size_t batch_of_three(uint8_t payload[1024])
{
    uint8_t *item = pattern(100);
    netipc_batch_builder builder;
    CHECK(netipc_batch_begin(&builder, payload, 1024, 3, NULL));
    for (int i = 0; i < 3; i++) {
        CHECK(netipc_batch_push(&builder, item, 100, NULL));
    }
    free(item);
    return netipc_batch_finish(&builder);
}

/* What a server with these limits says about a batch of three items. */
static netipc_error fed(const uint8_t *payload, size_t len, uint32_t max_payload, uint32_t max_items,
                        uint32_t packet_size)
{
    pair both = pair_of(max_payload, 1024, max_items, packet_size);
    netipc_header header = netipc_header_batch(request((uint32_t)len, 1), 3);
    packets cut = packets_cut(netipc_chunker_begin(&header, packet_size), payload);
    netipc_error error = {0};
    netipc_received outcome = {0};
    bool sound = true;
    for (size_t i = 0; sound && i < cut.count; i++) {
        sound = netipc_session_receive(both.server, cut.list[i].data, cut.list[i].len, 0, &outcome, &error);
    }
    CHECK(!sound || outcome.progress != NETIPC_PROGRESS_PARTIAL);
    packets_free(&cut);
    end(&both);
    return error;
}

/* NIPC-RCV-04, NIPC-RCV-10, NIPC-BAT-08, NIPC-BAT-09. Fault 11 of the existing peers: limits and batch directories are
 * not checked on every transport. A session checks them whatever brought the bytes, in one packet and in several. */
static void limits_and_directories_are_always_checked(void)
{
    uint8_t payload[1024], bad[1024];
    size_t len = batch_of_three(payload);
    const uint32_t sizes[] = {96, 65536};
    for (int i = 0; i < 2; i++) {
        netipc_error error = fed(payload, len, 1024, 3, sizes[i]);
        CHECK_ERROR(&error, NONE, 0, 0);
        memcpy(bad, payload, len);
        netipc__store32(bad + 8, 4);
        error = fed(bad, len, 1024, 3, sizes[i]);
        CHECK_ERROR(&error, BATCH_MISALIGNED, 4, 0);
        CHECK_EQ(error.index, 1);
        memcpy(bad, payload, len);
        netipc__store32(bad + 20, 4096);
        error = fed(bad, len, 1024, 3, sizes[i]);
        CHECK_ERROR(&error, BATCH_BOUNDS, 4096, len - 24);
        CHECK(error.index == 2 && error.detail == 208);
        error = fed(payload, len, (uint32_t)len - 1, 3, sizes[i]);
        CHECK_ERROR(&error, PAYLOAD_TOO_LARGE, len, len - 1);
        error = fed(payload, len, 1024, 2, sizes[i]);
        CHECK_ERROR(&error, TOO_MANY_ITEMS, 3, 2);
    }
}

/* A request of which nothing could be sent is taken back. */
static void abandon(void)
{
    pair both = usual();
    send(both.client, request(0, 5));
    CHECK(netipc_session_abandon(both.client, 5));
    CHECK(!netipc_session_abandon(both.client, 5));
    send(both.client, request(0, 5));
    CHECK_EQ(netipc_session_close(both.client, NULL, NULL), 1);
    netipc_error error = unsent(both.client, request(0, 6));
    CHECK_ERROR(&error, SEND_CLOSED, 0, 0);
    end(&both);
}

static void accessors(void)
{
    pair both = usual();
    CHECK_EQ(netipc_session_role(both.client), NETIPC_ROLE_CLIENT);
    CHECK_EQ(netipc_session_role(both.server), NETIPC_ROLE_SERVER);
    CHECK_EQ(netipc_session_outbound(both.client).max_payload, 256);
    CHECK_EQ(netipc_session_inbound(both.client).max_payload, 512);
    CHECK_EQ(netipc_session_outbound(both.server).max_payload, 512);
    CHECK_EQ(netipc_session_inbound(both.server).max_payload, 256);
    CHECK_EQ(netipc_session_inbound(both.server).max_items, 4);
    CHECK_EQ(netipc_session_packet_size(both.client), 1024);
    CHECK(netipc_session_violation(both.client) == NULL);
    CHECK(netipc_session_offender(both.client) == NULL);
    end(&both);
}

/* NIPC-RCV-11: a change of one byte anywhere in a stream of messages never breaks more than the session, which either
 * goes on or is broken for good. */
static void mutated_stream(void)
{
    rng random = rng_new(20);
    uint8_t payload[1024];
    size_t len = batch_of_three(payload);
    for (int round = 0; round < 3000; round++) {
        uint32_t packet_size = rng_between(&random, 33, 200);
        pair both = pair_of(1024, 512, 3, packet_size);
        netipc_header header = netipc_header_batch(request((uint32_t)len, 1), 3);
        packets cut = packets_cut(netipc_chunker_begin(&header, packet_size), payload);
        test_packet *changed = &cut.list[rng_below(&random, (uint32_t)cut.count)];
        changed->data[rng_below(&random, (uint32_t)changed->len)] ^= (uint8_t)rng_between(&random, 1, 255);
        netipc_error first = {0};
        for (size_t i = 0; i < 2 * cut.count; i++) {
            netipc_received outcome;
            netipc_error error = {0};
            const test_packet *next = &cut.list[i % cut.count];
            bool sound = netipc_session_receive(both.server, next->data, next->len, 0, &outcome, &error);
            if (first.problem != NETIPC_PROBLEM_NONE) {
                CHECK(!sound && same_error(&error, &first));
            }
            first = sound ? first : error;
        }
        packets_free(&cut);
        end(&both);
    }
}

int main(void)
{
    RUN(order_of_checks);
    RUN(limit_of_zero);
    RUN(longest_message);
    RUN(packet_longer_than_agreed);
    RUN(send_side_refuses);
    RUN(responses_match_requests);
    RUN(client_checks_the_directory_first);
    RUN(failure_of_a_batch);
    RUN(violation_stays);
    RUN(failure_found_elsewhere);
    RUN(offender);
    RUN(half_message);
    RUN(deadlines_end);
    RUN(clock_is_read_only_when_needed);
    RUN(message_between_chunks);
    RUN(chunking_at_default_packet_size);
    RUN(memory_is_released);
    RUN(limits_and_directories_are_always_checked);
    RUN(abandon);
    RUN(accessors);
    RUN(mutated_stream);
    return test_result();
}
