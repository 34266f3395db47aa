/* Chunks. What a chunker cuts, an assembler puts together again; and whatever packets an assembler is given, it holds no
 * more than twice of what arrived. */
#include "input.h"
#include "netipc/chunk.h"

/* A packet size, an id, and the payload. */
static void check_identity(const uint8_t *data, size_t len)
{
    fuzz_input in = fuzz_input_of(data, len);
    uint32_t packet_size = fuzz_u8(&in);
    uint64_t id = fuzz_u64(&in);
    netipc_header header = netipc_header_request(1, (uint32_t)in.left, id);
    const uint8_t *payload = in.at;
    netipc_chunker chunker = netipc_chunker_begin(&header, packet_size);
    netipc_assembler *assembler = netipc_assembler_new(NULL);
    CHECK(assembler != NULL);
    netipc_packet part;
    uint32_t packets = 0;
    bool complete = false;
    for (; netipc_chunker_packet(&chunker, &part); netipc_chunker_advance(&chunker), packets++) {
        CHECK(!complete && 32 + part.len <= (packet_size < 33 ? 33 : packet_size));
        CHECK_EQ(netipc_chunker_started(&chunker), packets > 0);
        if (packets == 0) {
            complete = part.len == header.payload_len;
            CHECK(complete || netipc_assembler_begin(assembler, &header, payload, part.len, packet_size, NULL));
        } else {
            uint8_t packet[32 + 255];
            memcpy(packet, part.head, 32);
            memcpy(packet + 32, payload + part.offset, part.len);
            CHECK(netipc_assembler_continue(assembler, packet, 32 + part.len, &complete, NULL));
        }
        if (packets > 0 || !complete) {
            netipc_bytes arrived = netipc_assembler_payload(assembler);
            CHECK_EQ(arrived.len, part.offset + part.len);
            CHECK_MEM(arrived.data + part.offset, payload + part.offset, part.len);
            CHECK(netipc_assembler_held(assembler) <= 2 * arrived.len);
            CHECK(netipc_assembler_held(assembler) <= header.payload_len);
        }
    }
    CHECK(complete && netipc_chunker_done(&chunker));
    if (packets > 1) {
        CHECK_MEM(netipc_assembler_payload(assembler).data, payload, header.payload_len);
    }
    CHECK_EQ(packets, netipc_chunker_count(&chunker));
    netipc_assembler_free(assembler);
}

/* Lengths and packets: each takes the place of a continuation. */
static void check_any_packets(const uint8_t *data, size_t len)
{
    fuzz_input in = fuzz_input_of(data, len);
    uint32_t packet_size = fuzz_u8(&in);
    netipc_header header = netipc_header_request(1, fuzz_u32(&in), fuzz_u8(&in));
    netipc_assembler *assembler = netipc_assembler_new(NULL);
    CHECK(assembler != NULL);
    size_t first = fuzz_u8(&in);
    const uint8_t *body = fuzz_take(&in, &first);
    CHECK_EQ(netipc_assembler_begin(assembler, &header, body, first, packet_size, NULL), first < header.payload_len);
    while (in.left > 0) {
        size_t packet_len = fuzz_u8(&in);
        const uint8_t *taken = fuzz_take(&in, &packet_len);
        uint8_t *packet = fuzz_copy(taken, packet_len);
        netipc_bytes before = netipc_assembler_payload(assembler);
        bool complete = false;
        bool sound = netipc_assembler_continue(assembler, packet, packet_len, &complete, NULL);
        netipc_bytes after = netipc_assembler_payload(assembler);
        CHECK_EQ(after.len, before.len + (sound ? packet_len - 32 : 0));
        CHECK(after.len <= header.payload_len);
        CHECK_EQ(complete, sound && after.len == header.payload_len);
        CHECK(netipc_assembler_held(assembler) <= 2 * after.len);
        free(packet);
    }
    netipc_assembler_free(assembler);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    check_identity(data, len);
    check_any_packets(data, len);
    return 0;
}

/* Five sound packets for check_any_packets, which read otherwise are a payload for check_identity. */
size_t fuzz_seed(unsigned index, uint8_t input[FUZZ_MAX_INPUT])
{
    if (index > 3) {
        return 0;
    }
    const uint32_t packet_size = 40 + 8 * index;
    netipc_header header = netipc_header_request(1, 4 * (packet_size - 32) + 3, 7);
    netipc_chunker chunker = netipc_chunker_begin(&header, packet_size);
    netipc__writer out = netipc__writer_over(input, FUZZ_MAX_INPUT);
    uint8_t numbers[2] = {(uint8_t)packet_size, 7};
    netipc__write_bytes(&out, &numbers[0], 1);
    netipc__write_u32(&out, header.payload_len);
    netipc__write_bytes(&out, &numbers[1], 1);
    netipc_packet part;
    for (; netipc_chunker_packet(&chunker, &part); netipc_chunker_advance(&chunker)) {
        bool first = !netipc_chunker_started(&chunker);
        uint8_t len = (uint8_t)(part.len + (first ? 0 : 32));
        netipc__write_bytes(&out, &len, 1);
        netipc__write_bytes(&out, part.head, first ? 0 : 32);
        netipc__write_zeros(&out, part.len);
    }
    return FUZZ_MAX_INPUT - out.left;
}
