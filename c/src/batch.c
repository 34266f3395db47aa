#include "netipc/batch.h"

#include "cursor.h"
#include "fail.h"

/* One entry of the directory. */
typedef struct entry {
    uint32_t offset;
    uint32_t length;
} entry;

static entry read_entry(netipc__reader *directory)
{
    entry read;
    read.offset = netipc__read_u32(directory);
    read.length = netipc__read_u32(directory);
    return read;
}

bool netipc_batch_parse(netipc_batch *batch, const void *payload, size_t len, uint32_t item_count,
                        netipc_error *error)
{
    /* Wide enough for every product and sum here, also where size_t is not. */
    uint64_t directory_len = (uint64_t)item_count * NETIPC_BATCH_ENTRY_LEN;
    if (directory_len > len) {
        return NETIPC__FAIL(error, BATCH_TRUNCATED, .got = len, .allowed = item_count);
    }
    netipc__reader in = netipc__reader_over(payload, len);
    netipc_bytes directory = {.len = (size_t)directory_len};
    directory.data = netipc__read_bytes(&in, directory.len);
    netipc_bytes area = {.data = in.at, .len = in.left};

    netipc__reader entries = netipc__reader_over(directory.data, directory.len);
    for (uint32_t index = 0; index < item_count; index++) {
        entry read = read_entry(&entries);
        if (read.offset % 8 != 0) {
            return NETIPC__FAIL(error, BATCH_MISALIGNED, .index = index, .got = read.offset);
        }
        if ((uint64_t)read.offset + read.length > area.len) {
            return NETIPC__FAIL(error, BATCH_BOUNDS, .index = index, .got = read.length, .detail = read.offset,
                                .allowed = area.len);
        }
    }
    *batch = (netipc_batch){.directory = directory, .area = area, .items = item_count};
    return true;
}

uint32_t netipc_batch_len(const netipc_batch *batch)
{
    return batch->items;
}

bool netipc_batch_item(const netipc_batch *batch, uint32_t index, netipc_bytes *item)
{
    if (index >= batch->items) {
        return false;
    }
    netipc__reader directory = netipc__reader_over(batch->directory.data, batch->directory.len);
    netipc__read_bytes(&directory, (size_t)index * NETIPC_BATCH_ENTRY_LEN);
    entry read = read_entry(&directory);
    netipc__reader area = netipc__reader_over(batch->area.data, batch->area.len);
    netipc__read_bytes(&area, read.offset);
    const uint8_t *bytes = netipc__read_bytes(&area, read.length);
    if (area.failed) {
        /* Only when the payload changed since it was parsed. */
        return false;
    }
    *item = (netipc_bytes){.data = bytes, .len = read.length};
    return true;
}

static size_t directory_len(uint32_t entries)
{
    return (size_t)entries * NETIPC_BATCH_ENTRY_LEN;
}

bool netipc_batch_begin(netipc_batch_builder *builder, void *out, size_t budget, uint32_t slots, netipc_error *error)
{
    uint64_t directory = (uint64_t)slots * NETIPC_BATCH_ENTRY_LEN;
    if (directory > budget) {
        return NETIPC__FAIL(error, BATCH_FULL, .got = directory, .allowed = budget);
    }
    *builder = (netipc_batch_builder){.out = out, .budget = budget, .len = (size_t)directory, .slots = slots};
    return true;
}

/* The room for the next item. `len` is a multiple of 8 throughout, so what is left of the budget rounded down is what an
 * item can take with its padding. Offset and length have 32 bits on the wire. */
static size_t room_left(const netipc_batch_builder *builder)
{
    size_t room = (builder->budget - builder->len) & ~(size_t)7;
    uint64_t offset = builder->len - directory_len(builder->slots);
    if (offset > UINT32_MAX) {
        return 0;
    }
    return room > UINT32_MAX ? UINT32_MAX & ~(size_t)7 : room;
}

uint8_t *netipc_batch_room(netipc_batch_builder *builder, size_t *room)
{
    if (builder->items == builder->slots) {
        *room = 0;
        return NULL;
    }
    *room = room_left(builder);
    return builder->out + builder->len;
}

static bool check_fit(const netipc_batch_builder *builder, size_t len, netipc_error *error)
{
    if (builder->items == builder->slots) {
        return NETIPC__FAIL(error, BATCH_SLOTS, .allowed = builder->slots);
    }
    size_t room = room_left(builder);
    if (len > room) {
        return NETIPC__FAIL(error, BATCH_FULL, .got = len, .allowed = room);
    }
    return true;
}

/* Enters the item whose bytes stand at the end of the batch into the directory, and pads it. */
static void enter_item(netipc_batch_builder *builder, size_t len)
{
    size_t offset = builder->len - directory_len(builder->slots);
    netipc__writer directory = netipc__writer_over(builder->out, builder->len);
    netipc__write_room(&directory, directory_len(builder->items));
    netipc__write_u32(&directory, (uint32_t)offset);
    netipc__write_u32(&directory, (uint32_t)len);

    size_t padding = (8 - len % 8) % 8;
    netipc__writer tail = netipc__writer_over(builder->out + builder->len, builder->budget - builder->len);
    netipc__write_room(&tail, len);
    netipc__write_zeros(&tail, padding);
    builder->len += len + padding;
    builder->items++;
}

bool netipc_batch_commit(netipc_batch_builder *builder, size_t len, netipc_error *error)
{
    if (!check_fit(builder, len, error)) {
        return false;
    }
    enter_item(builder, len);
    return true;
}

bool netipc_batch_push(netipc_batch_builder *builder, const void *item, size_t len, netipc_error *error)
{
    if (!check_fit(builder, len, error)) {
        return false;
    }
    netipc__writer tail = netipc__writer_over(builder->out + builder->len, builder->budget - builder->len);
    netipc__write_bytes(&tail, item, len);
    enter_item(builder, len);
    return true;
}

uint32_t netipc_batch_built(const netipc_batch_builder *builder)
{
    return builder->items;
}

size_t netipc_batch_finish(netipc_batch_builder *builder)
{
    size_t used = directory_len(builder->items);
    size_t area = directory_len(builder->slots);
    if (used < area) {
        memmove(builder->out + used, builder->out + area, builder->len - area);
        builder->len -= area - used;
        builder->slots = builder->items;
    }
    return builder->len;
}
