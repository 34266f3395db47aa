/* Messages in several packets. */
#include "netipc/chunk.h"

#include "support.h"

/* NIPC-CHK-01, NIPC-CHK-02, NIPC-CHK-03: the example of the specification. */
static void example(void)
{
    uint8_t *payload = pattern(188);
    netipc_header header = netipc_header_request(1, 188, 77);
    packets cut = packets_cut(netipc_chunker_begin(&header, 96), payload);
    CHECK_EQ(cut.count, 3);
    const size_t lens[] = {96, 96, 92};
    netipc_header first;
    CHECK(netipc_header_decode(&first, cut.list[0].data, cut.list[0].len, NULL));
    CHECK_HEADER(&first, &header);
    CHECK_EQ(cut.list[0].len, 96);
    for (uint32_t index = 1; index < 3; index++) {
        netipc_chunk_header chunk;
        CHECK(netipc_chunk_header_decode(&chunk, cut.list[index].data, cut.list[index].len, NULL));
        CHECK_EQ(cut.list[index].len, lens[index]);
        CHECK_EQ(chunk.message_id, 77);
        CHECK_EQ(chunk.total_len, 220);
        CHECK_EQ(chunk.index, index);
        CHECK_EQ(chunk.count, 3);
        CHECK_EQ(chunk.payload_len, lens[index] - 32);
    }
    packets_free(&cut);
    free(payload);
}

/* NIPC-CHK-01 */
static void boundary_of_one_packet(void)
{
    const uint32_t cases[][2] = {{0, 1}, {63, 1}, {64, 1}, {65, 2}, {128, 2}, {129, 3}};
    for (int i = 0; i < 6; i++) {
        uint8_t *payload = pattern(cases[i][0]);
        netipc_header header = netipc_header_request(1, cases[i][0], 1);
        netipc_chunker chunker = netipc_chunker_begin(&header, 96);
        CHECK_EQ(netipc_chunker_count(&chunker), cases[i][1]);
        packets cut = packets_cut(chunker, payload);
        CHECK_EQ(cut.count, cases[i][1]);
        packets_free(&cut);
        free(payload);
    }
}

static bool same_packet(const netipc_chunker *left, const netipc_chunker *right)
{
    netipc_packet a, b;
    return netipc_chunker_packet(left, &a) && netipc_chunker_packet(right, &b) && a.offset == b.offset &&
           a.len == b.len && memcmp(a.head, b.head, sizeof a.head) == 0;
}

/* NIPC-CHK-04: a chunker shows the same packet until it is told that the packet was sent. */
static void resumable(void)
{
    netipc_header header = netipc_header_request(1, 100, 1);
    netipc_chunker chunker = netipc_chunker_begin(&header, 64);
    CHECK(!netipc_chunker_started(&chunker) && !netipc_chunker_done(&chunker));
    CHECK(same_packet(&chunker, &chunker));
    netipc_chunker_advance(&chunker);
    CHECK(netipc_chunker_started(&chunker) && !netipc_chunker_done(&chunker));
    netipc_chunker resumed = chunker;
    CHECK(same_packet(&resumed, &chunker));
    for (int i = 0; i < 5; i++) {
        netipc_chunker_advance(&chunker);
    }
    CHECK(netipc_chunker_done(&chunker));
    netipc_packet none;
    CHECK(!netipc_chunker_packet(&chunker, &none));
}

typedef struct message {
    bool sound;
    bool complete;
    netipc_header header;
    netipc_buffer payload;
    netipc_error error;
} message;

/* What an assembler makes of packets; the first one is taken as the header and the start of the payload. */
static message assemble(const packets *all, uint32_t packet_size)
{
    message result = {.sound = true};
    netipc_assembler *assembler = netipc_assembler_new(NULL);
    CHECK(assembler != NULL);
    const test_packet *first = &all->list[0];
    result.sound = netipc_header_decode(&result.header, first->data, first->len, &result.error) &&
                   netipc_assembler_begin(assembler, &result.header, first->data + 32, first->len - 32, packet_size,
                                          &result.error);
    for (size_t i = 1; result.sound && !result.complete && i < all->count; i++) {
        result.sound = netipc_assembler_continue(assembler, all->list[i].data, all->list[i].len, &result.complete,
                                                 &result.error);
        CHECK_EQ(netipc_assembler_pending(assembler) != NULL, !result.complete);
    }
    if (result.complete) {
        result.payload = netipc_assembler_take(assembler);
        CHECK_EQ(netipc_assembler_held(assembler), 0);
    }
    netipc_assembler_free(assembler);
    return result;
}

/* NIPC-CHK-02, NIPC-CHK-03, NIPC-CHK-05: any message at any packet size. */
static void cut_and_assembled_is_identity(void)
{
    rng random = rng_new(13);
    for (int round = 0; round < 1500; round++) {
        uint32_t packet_size = rng_between(&random, 33, 500);
        uint32_t len = rng_between(&random, packet_size - 31, 3000);
        netipc_header header = netipc_header_request(1, len, rng_next(&random));
        uint8_t *payload = pattern(len);
        packets cut = packets_cut(netipc_chunker_begin(&header, packet_size), payload);
        uint32_t budget = packet_size - 32;
        CHECK_EQ(cut.count, (len + budget - 1) / budget);
        for (size_t i = 0; i < cut.count; i++) {
            CHECK(i + 1 < cut.count ? cut.list[i].len == packet_size : cut.list[i].len <= packet_size);
        }
        message assembled = assemble(&cut, packet_size);
        CHECK(assembled.sound && assembled.complete);
        CHECK_HEADER(&assembled.header, &header);
        CHECK_EQ(assembled.payload.len, len);
        CHECK_MEM(assembled.payload.data, payload, len);
        netipc_buffer_free(&assembled.payload, NULL);
        packets_free(&cut);
        free(payload);
    }
}

/* The packets of a message whose first packet carries only `first` payload bytes, as a foreign sender may cut it. */
static packets cut_short(const netipc_header *header, const uint8_t *payload, uint32_t first, uint32_t packet_size)
{
    packets out = {0};
    uint8_t head[32];
    netipc_header_encode(header, head);
    packets_add(&out, head, sizeof head, payload, first);
    uint32_t budget = packet_size - 32;
    uint32_t rest = header->payload_len - first;
    netipc_chunk_header chunk = {.message_id = header->message_id, .total_len = header->payload_len + 32,
                                 .count = 1 + (rest + budget - 1) / budget};
    for (uint32_t sent = first; sent < header->payload_len; sent += chunk.payload_len) {
        chunk.index++;
        chunk.payload_len = header->payload_len - sent < budget ? header->payload_len - sent : budget;
        netipc_chunk_header_encode(&chunk, head);
        packets_add(&out, head, sizeof head, payload + sent, chunk.payload_len);
    }
    return out;
}

/* NIPC-CHK-05, NIPC-CHK-06: a short first packet is fine, whatever it carries. */
static void short_first_packet(void)
{
    rng random = rng_new(14);
    for (int round = 0; round < 1000; round++) {
        uint32_t packet_size = rng_between(&random, 33, 300);
        uint32_t len = rng_between(&random, 1, 2000);
        uint32_t most = len - 1 < packet_size - 32 ? len - 1 : packet_size - 32;
        netipc_header header = netipc_header_request(1, len, 3);
        uint8_t *payload = pattern(len);
        packets cut = cut_short(&header, payload, rng_below(&random, most + 1), packet_size);
        message assembled = assemble(&cut, packet_size);
        CHECK(assembled.sound && assembled.complete);
        CHECK_EQ(assembled.payload.len, len);
        CHECK_MEM(assembled.payload.data, payload, len);
        netipc_buffer_free(&assembled.payload, NULL);
        packets_free(&cut);
        free(payload);
    }
}

/* NIPC-CHK-11: any other split of the rest than full packets is refused. */
static void other_splits_are_refused(void)
{
    rng random = rng_new(15);
    for (int round = 0; round < 1000; round++) {
        uint32_t len = rng_between(&random, 200, 800);
        netipc_header header = netipc_header_request(1, len, 3);
        uint8_t *payload = pattern(len);
        packets good = cut_short(&header, payload, 64, 96);
        packets odd = {0};
        packets_add(&odd, good.list[0].data, good.list[0].len, NULL, 0);
        bool full = true;
        uint32_t sent = 64;
        for (uint32_t index = 1; index < good.count && sent < len; index++) {
            uint32_t part = rng_below(&random, 4) > 0 ? 64 : rng_between(&random, 1, 120);
            uint32_t due = len - sent < 64 ? len - sent : 64;
            part = part < len - sent ? part : len - sent;
            full = full && part == due;
            netipc_chunk_header chunk = {.message_id = 3, .total_len = len + 32, .index = index,
                                         .count = (uint32_t)good.count, .payload_len = part};
            uint8_t head[32];
            netipc_chunk_header_encode(&chunk, head);
            packets_add(&odd, head, sizeof head, payload + sent, part);
            sent += part;
        }
        message assembled = assemble(&odd, 96);
        CHECK_EQ(assembled.sound, full);
        if (!full) {
            CHECK_EQ(assembled.error.problem, NETIPC_PROBLEM_CHUNK_PART_LEN);
            CHECK(assembled.error.got != assembled.error.allowed);
        }
        netipc_buffer_free(&assembled.payload, NULL);
        packets_free(&odd);
        packets_free(&good);
        free(payload);
    }
}

/* NIPC-CHK-07, NIPC-CHK-08, NIPC-CHK-09, NIPC-CHK-10, NIPC-CHK-11: a change of one byte of a continuation is refused, or
 * changes nothing but that byte of the message. */
static void mutation(void)
{
    rng random = rng_new(16);
    for (int round = 0; round < 3000; round++) {
        uint32_t len = rng_between(&random, 65, 400);
        netipc_header header = netipc_header_request(1, len, UINT64_C(0x0102030405060708));
        uint8_t *payload = pattern(len);
        packets cut = packets_cut(netipc_chunker_begin(&header, 96), payload);
        uint32_t at = rng_between(&random, 1, (uint32_t)cut.count - 1);
        uint32_t place = rng_below(&random, (uint32_t)cut.list[at].len);
        uint8_t change = (uint8_t)rng_between(&random, 1, 255);
        cut.list[at].data[place] ^= change;
        message assembled = assemble(&cut, 96);
        CASE("packet %u, byte %u", at, place);
        CHECK_EQ(assembled.sound, place >= 32);
        if (assembled.sound) {
            CHECK(assembled.complete && assembled.payload.len == len);
            assembled.payload.data[64 * at + place - 32] ^= change;
            CHECK_MEM(assembled.payload.data, payload, len);
        }
        netipc_buffer_free(&assembled.payload, NULL);
        packets_free(&cut);
        free(payload);
    }
}

/* An assembler with the first 64 of 188 bytes of message 77, at a packet size of 96. */
static netipc_assembler *half_there(void)
{
    netipc_assembler *assembler = netipc_assembler_new(NULL);
    netipc_header header = netipc_header_request(1, 188, 77);
    uint8_t *payload = pattern(64);
    CHECK(netipc_assembler_begin(assembler, &header, payload, 64, 96, NULL));
    free(payload);
    return assembler;
}

static netipc_error refused(const uint8_t *packet, size_t len)
{
    netipc_assembler *assembler = half_there();
    bool complete = false;
    netipc_error error = {0};
    uint8_t *exact = must_alloc(len);
    memcpy(exact, packet, len);
    CHECK(!netipc_assembler_continue(assembler, exact, len, &complete, &error));
    /* The message stays half there. */
    CHECK(!complete && netipc_assembler_pending(assembler)->message_id == 77);
    CHECK_EQ(netipc_assembler_payload(assembler).len, 64);
    netipc_assembler_free(assembler);
    free(exact);
    return error;
}

/* NIPC-CHK-07, NIPC-CHK-08, NIPC-CHK-09, NIPC-CHK-10, NIPC-CHK-11, NIPC-RCV-07: with everything wrong, the first field in
 * the order of the checks is named. */
static void order_of_checks(void)
{
    uint8_t packet[100];
    memset(packet, 0xee, sizeof packet);
    netipc_error error = refused(packet, 31);
    CHECK_ERROR(&error, CHUNK_SHORT, 31, 32);
    error = refused(packet, 100);
    CHECK_ERROR(&error, CHUNK_MAGIC, 0xeeeeeeee, 0x4e43484b);
    netipc__store32(packet, 0x4e43484b);
    error = refused(packet, 100);
    CHECK_ERROR(&error, CHUNK_VERSION, 0xeeee, 1);
    netipc__store16(packet + 4, 1);
    error = refused(packet, 100);
    CHECK_ERROR(&error, CHUNK_FLAGS, 0xeeee, 0);
    netipc__store16(packet + 6, 0);
    error = refused(packet, 100);
    CHECK_ERROR(&error, CHUNK_MESSAGE_ID, UINT64_C(0xeeeeeeeeeeeeeeee), 77);
    netipc__store64(packet + 8, 77);
    error = refused(packet, 100);
    CHECK_ERROR(&error, CHUNK_INDEX, 0xeeeeeeee, 1);
    netipc__store32(packet + 20, 1);
    error = refused(packet, 100);
    CHECK_ERROR(&error, CHUNK_COUNT, 0xeeeeeeee, 3);
    netipc__store32(packet + 24, 3);
    error = refused(packet, 100);
    CHECK_ERROR(&error, CHUNK_TOTAL, 0xeeeeeeee, 220);
    netipc__store32(packet + 16, 220);
    error = refused(packet, 100);
    CHECK_ERROR(&error, CHUNK_PACKET_LEN, 68, 0xeeeeeeee);
    netipc__store32(packet + 28, 68);
    error = refused(packet, 100);
    CHECK_ERROR(&error, CHUNK_PART_LEN, 68, 64);
}

static size_t chunk_packet(uint8_t *packet, uint32_t index, uint32_t payload_len)
{
    netipc_chunk_header chunk = {.message_id = 77, .total_len = 220, .index = index, .count = 3,
                                 .payload_len = payload_len};
    netipc_chunk_header_encode(&chunk, packet);
    memset(packet + 32, 0, payload_len);
    return 32 + payload_len;
}

/* NIPC-CHK-10: a chunk without payload. */
static void empty_chunk(void)
{
    uint8_t packet[32];
    netipc_error error = refused(packet, chunk_packet(packet, 1, 0));
    CHECK_ERROR(&error, CHUNK_PART_LEN, 0, 64);
}

/* NIPC-CHK-09: repeated and skipped chunks, one past the last, and one where none is due. */
static void sequence(void)
{
    uint8_t packet[96];
    const uint32_t indices[] = {0, 2, 3, 4, UINT32_MAX};
    for (int i = 0; i < 5; i++) {
        netipc_error error = refused(packet, chunk_packet(packet, indices[i], 64));
        CHECK_ERROR(&error, CHUNK_INDEX, indices[i], 1);
    }
    netipc_assembler *idle = netipc_assembler_new(NULL);
    bool complete;
    netipc_error error;
    CHECK(!netipc_assembler_continue(idle, packet, chunk_packet(packet, 1, 64), &complete, &error));
    CHECK_ERROR(&error, CHUNK_INDEX, 1, 0);
    netipc_assembler_free(idle);
}

/* NIPC-CHK-11: the last part may be neither longer nor shorter than what is left. */
static void overrun(void)
{
    netipc_assembler *assembler = half_there();
    uint8_t packet[96];
    bool complete;
    netipc_error error;
    CHECK(netipc_assembler_continue(assembler, packet, chunk_packet(packet, 1, 64), &complete, NULL));
    CHECK(!complete);
    const uint32_t lens[] = {59, 61, 64};
    for (int i = 0; i < 3; i++) {
        CHECK(!netipc_assembler_continue(assembler, packet, chunk_packet(packet, 2, lens[i]), &complete, &error));
        CHECK_ERROR(&error, CHUNK_PART_LEN, lens[i], 60);
    }
    CHECK(netipc_assembler_continue(assembler, packet, chunk_packet(packet, 2, 60), &complete, NULL));
    CHECK(complete);
    netipc_assembler_free(assembler);
}

static void complete_message_needs_no_assembler(void)
{
    netipc_assembler *assembler = half_there();
    netipc_header header = netipc_header_request(1, 4, 1);
    netipc_error error;
    CHECK(!netipc_assembler_begin(assembler, &header, "12345", 5, 96, &error));
    CHECK_ERROR(&error, CHUNK_NOT_NEEDED, 5, 4);
    CHECK(!netipc_assembler_begin(assembler, &header, "1234", 4, 96, &error));
    CHECK(netipc_assembler_pending(assembler) == NULL);
    netipc_assembler_free(assembler);
}

/* NIPC-CHK-13: memory follows the bytes that arrived, not the number announced. */
static void memory_grows_with_arrival(void)
{
    const uint32_t total = UINT32_C(64) << 20;
    netipc_header header = netipc_header_request(1, total, 1);
    netipc_assembler *assembler = netipc_assembler_new(NULL);
    CHECK(netipc_assembler_begin(assembler, &header, NULL, 0, 4128, NULL));
    CHECK_EQ(netipc_assembler_held(assembler), 0);
    uint8_t *packet = must_alloc(4128);
    memset(packet, 0x5a, 4128);
    unsigned moves = 0;
    for (uint32_t index = 1; index <= 1024; index++) {
        size_t before = netipc_assembler_held(assembler);
        netipc_chunk_header chunk = {.message_id = 1, .total_len = total + 32, .index = index,
                                     .count = 1 + total / 4096, .payload_len = 4096};
        netipc_chunk_header_encode(&chunk, packet);
        bool complete;
        CHECK(netipc_assembler_continue(assembler, packet, 4128, &complete, NULL));
        CHECK(!complete);
        CHECK(netipc_assembler_held(assembler) <= 2 * netipc_assembler_payload(assembler).len);
        moves += netipc_assembler_held(assembler) != before;
    }
    CHECK(moves <= 12);
    netipc_assembler_clear(assembler);
    CHECK_EQ(netipc_assembler_held(assembler), 0);
    free(packet);
    netipc_assembler_free(assembler);
}

/* A packet size that leaves room for nothing counts as one that takes a byte. */
static void smallest_packets(void)
{
    for (uint32_t packet_size = 0; packet_size <= 33; packet_size++) {
        netipc_header header = netipc_header_request(1, 5, 1);
        packets cut = packets_cut(netipc_chunker_begin(&header, packet_size), (const uint8_t *)"abcde");
        CHECK_EQ(cut.count, 5);
        message assembled = assemble(&cut, packet_size);
        CHECK(assembled.complete && assembled.payload.len == 5);
        CHECK_MEM(assembled.payload.data, "abcde", 5);
        netipc_buffer_free(&assembled.payload, NULL);
        packets_free(&cut);
    }
}

int main(void)
{
    RUN(example);
    RUN(boundary_of_one_packet);
    RUN(resumable);
    RUN(cut_and_assembled_is_identity);
    RUN(short_first_packet);
    RUN(other_splits_are_refused);
    RUN(mutation);
    RUN(order_of_checks);
    RUN(empty_chunk);
    RUN(sequence);
    RUN(overrun);
    RUN(complete_message_needs_no_assembler);
    RUN(memory_grows_with_arrival);
    RUN(smallest_packets);
    return test_result();
}
