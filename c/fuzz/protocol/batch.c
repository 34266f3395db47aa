/* Batches: the first four bytes are the item count, the rest is the payload. What parses can be built again, in the
 * canonical form, with the same items. */
#include "netipc/batch.h"

#include "input.h"

static size_t total_len(const netipc_batch *batch)
{
    size_t total = 8 * (size_t)netipc_batch_len(batch);
    netipc_bytes item;
    for (uint32_t i = 0; netipc_batch_item(batch, i, &item); i++) {
        total += (item.len + 7) / 8 * 8;
    }
    return total;
}

static void check_same(const netipc_batch *batch, const netipc_batch *again)
{
    netipc_bytes left, right;
    for (uint32_t i = 0; netipc_batch_item(batch, i, &left); i++) {
        CHECK(netipc_batch_item(again, i, &right));
        CHECK_EQ(left.len, right.len);
        CHECK_MEM(left.data, right.data, left.len);
    }
}

static void rebuild(const netipc_batch *batch)
{
    size_t budget = total_len(batch);
    /* Overlapping items can add up to far more than the payload; rebuilding them would only test the allocator. */
    if (budget > 1u << 16) {
        return;
    }
    uint8_t *out = malloc(budget + 1);
    CHECK(out != NULL);
    memset(out, 0xa5, budget + 1);
    netipc_batch_builder builder;
    CHECK(netipc_batch_begin(&builder, out, budget, netipc_batch_len(batch), NULL));
    netipc_bytes item;
    for (uint32_t i = 0; netipc_batch_item(batch, i, &item); i++) {
        CHECK(netipc_batch_push(&builder, item.data, item.len, NULL));
    }
    CHECK_EQ(netipc_batch_finish(&builder), budget);
    CHECK_EQ(out[budget], 0xa5);
    netipc_batch again;
    CHECK(netipc_batch_parse(&again, out, budget, netipc_batch_len(batch), NULL));
    check_same(batch, &again);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    fuzz_input in = fuzz_input_of(data, len);
    uint32_t items = fuzz_u32(&in);
    size_t payload_len = in.left;
    uint8_t *payload = fuzz_copy(in.at, payload_len);
    netipc_batch batch;
    netipc_error error;
    netipc_bytes item;
    if (netipc_batch_parse(&batch, payload, payload_len, items, &error)) {
        CHECK_EQ(netipc_batch_len(&batch), items);
        CHECK(!netipc_batch_item(&batch, items, &item));
        for (uint32_t i = 0; i < items; i++) {
            CHECK(netipc_batch_item(&batch, i, &item));
            CHECK(item.data >= payload + 8 * items && item.data + item.len <= payload + payload_len);
        }
        rebuild(&batch);
    } else {
        CHECK_EQ(error.kind, NETIPC_KIND_INVALID_MESSAGE);
    }
    free(payload);
    return 0;
}

size_t fuzz_seed(unsigned index, uint8_t input[FUZZ_MAX_INPUT])
{
    if (index > 5) {
        return 0;
    }
    netipc_batch_builder builder;
    CHECK(netipc_batch_begin(&builder, input + 4, FUZZ_MAX_INPUT - 4, index, NULL));
    for (uint32_t i = 0; i < index; i++) {
        CHECK(netipc_batch_push(&builder, "0123456789abcdefghij", 5 * i % 21, NULL));
    }
    netipc__store32(input, index);
    return 4 + netipc_batch_finish(&builder);
}
