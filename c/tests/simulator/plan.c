#include "plan.h"

#include "netipc/batch.h"

message single(uint32_t len, uint8_t tag)
{
    message made = {.len = len};
    uint8_t *bytes = pattern(len);
    for (uint32_t i = 0; i < len; i++) {
        made.payload[i] = bytes[i] ^ tag;
    }
    free(bytes);
    return made;
}

message batch_of(uint32_t items, uint32_t len)
{
    message made = {.batch = true, .items = items};
    uint8_t *item = pattern(len);
    netipc_batch_builder builder;
    CHECK(netipc_batch_begin(&builder, made.payload, sizeof made.payload, items, NULL));
    for (uint32_t i = 0; i < items; i++) {
        CHECK(netipc_batch_push(&builder, item, len, NULL));
    }
    made.len = (uint32_t)netipc_batch_finish(&builder);
    free(item);
    return made;
}

netipc_header message_header(const message *opened, netipc_header plain)
{
    plain.payload_len = opened->len;
    return opened->batch ? netipc_header_batch(plain, opened->items) : plain;
}

netipc_header request_header(const plan *calls, uint64_t id)
{
    return message_header(&calls->requests[id], netipc_header_request(METHOD, 0, id));
}

netipc_header response_header(const plan *calls, uint64_t id)
{
    netipc_header request = netipc_header_request(METHOD, 0, id);
    return message_header(&calls->responses[id], netipc_header_response(&request, 0));
}
