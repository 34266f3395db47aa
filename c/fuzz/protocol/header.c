/* Message and chunk headers, HELLO and HELLO_ACK: what decodes, encodes to the same bytes. */
#include "input.h"
#include "netipc/chunk.h"
#include "netipc/handshake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t again[NETIPC_ACK_LEN];
    netipc_error error;
    char text[512];
    netipc_header header;
    if (netipc_header_decode(&header, data, len, &error)) {
        netipc_header_encode(&header, again);
        CHECK_MEM(again, data, NETIPC_HEADER_LEN);
    } else {
        CHECK(error.kind == NETIPC_KIND_INVALID_MESSAGE);
        size_t described = netipc_error_describe(&error, text, sizeof text);
        CHECK_EQ(described, strlen(text));
    }
    netipc_chunk_header chunk;
    if (netipc_chunk_header_decode(&chunk, data, len, &error)) {
        netipc_chunk_header_encode(&chunk, again);
        CHECK_MEM(again, data, NETIPC_CHUNK_HEADER_LEN);
    } else {
        CHECK(error.kind == NETIPC_KIND_INVALID_MESSAGE);
    }
    netipc_hello hello;
    CHECK_EQ(netipc_hello_decode(&hello, data, len, NULL), len >= NETIPC_HELLO_LEN);
    if (len >= NETIPC_HELLO_LEN) {
        netipc_hello_encode(&hello, again);
        CHECK_MEM(again, data, NETIPC_HELLO_LEN);
    }
    netipc_hello_ack ack;
    CHECK_EQ(netipc_hello_ack_decode(&ack, data, len, NULL), len >= NETIPC_ACK_LEN);
    if (len >= NETIPC_ACK_LEN) {
        netipc_hello_ack_encode(&ack, again);
        CHECK_MEM(again, data, NETIPC_ACK_LEN);
    }
    return 0;
}

size_t fuzz_seed(unsigned index, uint8_t input[FUZZ_MAX_INPUT])
{
    netipc_header header = netipc_header_request(1, 8, 5);
    netipc_chunk_header chunk = {.message_id = 5, .total_len = 220, .index = 1, .count = 3, .payload_len = 64};
    memset(input, 0, 64);
    switch (index) {
    case 0:
        netipc_header_encode(&header, input);
        return 40;
    case 1:
        netipc_chunk_header_encode(&chunk, input);
        return 64;
    default:
        return 0;
    }
}
