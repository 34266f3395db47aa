#include "netipc/codec/stitcher.h"

void netipc_stitcher_start(netipc_stitcher *stitcher, netipc_writer *out, size_t fixed, size_t keys)
{
    stitcher->out = out;
    /* The writer remembers what did not fit, and finishing reports it. */
    netipc_writer_zeros(out, fixed);
    netipc_items_start(&stitcher->items, out, keys);
}

bool netipc_stitcher_copy(netipc_stitcher *stitcher, netipc_bytes item, netipc_build_error *error)
{
    return netipc_items_claim(&stitcher->items, stitcher->out, item.len, error)
        && netipc_writer_put(stitcher->out, item.data, item.len);
}

bool netipc_stitcher_push(netipc_stitcher *stitcher, const netipc_encoder *encoder, const void *values,
                          netipc_build_error *error)
{
    return netipc_items_push(&stitcher->items, stitcher->out, encoder, values, error);
}

size_t netipc_stitcher_count(const netipc_stitcher *stitcher)
{
    return stitcher->items.count;
}

size_t netipc_stitcher_size(const netipc_stitcher *stitcher)
{
    return netipc_writer_size(stitcher->out);
}
