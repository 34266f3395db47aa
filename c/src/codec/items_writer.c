#include <string.h>

#include "netipc/codec/items.h"
#include "netipc/codec/number.h"

/* Where the slots end and the items begin. */
static size_t area_at(const netipc_items_writer *items)
{
    return items->at + items->slots * NETIPC_ENTRY_SIZE;
}

void netipc_items_start(netipc_items_writer *items, netipc_writer *out, size_t expected)
{
    size_t possible = netipc_writer_remaining(out) / NETIPC_ENTRY_SIZE;
    *items = (netipc_items_writer){.at = out->len, .slots = expected < possible ? expected : possible};
    if (items->slots > 0) {
        size_t slack = items->slots * NETIPC_ENTRY_SIZE;
        memset(out->data + out->len, 0, slack);
        out->len += slack;
        out->slack += slack;
    }
}

/* Gives back the slots that have no entry. */
static void close_slots(netipc_items_writer *items, netipc_writer *out)
{
    size_t area = area_at(items);
    size_t spare = (items->slots - items->count) * NETIPC_ENTRY_SIZE;
    memmove(out->data + area - spare, out->data + area, out->len - area);
    out->len -= spare;
    out->slack -= spare;
    items->slots = items->count;
}

/* Takes room for an entry, and says where it is. */
static uint8_t *take_entry(netipc_items_writer *items, netipc_writer *out, size_t behind)
{
    bool has_slot = items->count < items->slots;
    size_t room = out->budget - out->tail - out->len;
    if (has_slot && behind > room) {
        /* The claim counted without spare slots, so without them there is room. */
        close_slots(items, out);
        has_slot = false;
    }
    if (has_slot) {
        out->slack -= NETIPC_ENTRY_SIZE;
        return out->data + items->at + items->count * NETIPC_ENTRY_SIZE;
    }
    out->tail += NETIPC_ENTRY_SIZE;
    return out->data + out->budget - out->tail;
}

bool netipc_items_claim(netipc_items_writer *items, netipc_writer *out, size_t size, netipc_build_error *error)
{
    size_t offset = netipc_item_align(items->end);
    size_t padding = offset > items->end ? offset - items->end : 0;
    if (!netipc_writer_claim(out, netipc_add(size, padding + NETIPC_ENTRY_SIZE), error)) {
        /* Nothing fits any more; counting on makes the padding of later items part of what is needed. */
        items->end = netipc_add(offset, size);
        return false;
    }
    netipc_store_string(take_entry(items, out, padding + size), offset, size);
    netipc_writer_zeros(out, padding);
    items->end = offset + size;
    items->count++;
    return true;
}

bool netipc_items_push(netipc_items_writer *items, netipc_writer *out, const netipc_encoder *encoder,
                       const void *values, netipc_build_error *error)
{
    if (encoder->check != NULL && !encoder->check(values, error)) {
        return false;
    }
    if (!netipc_items_claim(items, out, encoder->size(values), error)) {
        return false;
    }
    encoder->write(values, out);
    return true;
}

static void reverse(uint8_t *from, size_t len)
{
    for (size_t i = 0; i < len / 2; i++) {
        uint8_t byte = from[i];
        from[i] = from[len - 1 - i];
        from[len - 1 - i] = byte;
    }
}

/* Turns the order of entries around. */
static void reverse_entries(uint8_t *from, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        uint8_t entry[NETIPC_ENTRY_SIZE];
        uint8_t *left = from + i * NETIPC_ENTRY_SIZE;
        uint8_t *right = from + (count - 1 - i) * NETIPC_ENTRY_SIZE;
        memcpy(entry, left, sizeof entry);
        memcpy(left, right, sizeof entry);
        memcpy(right, entry, sizeof entry);
    }
}

/* Moves the entries at the end of the memory, the last one first, to where the slots end. */
static void move_tail(const netipc_items_writer *items, netipc_writer *out)
{
    size_t area = area_at(items);
    size_t tail = out->tail;
    uint8_t *entries = out->data + out->budget - tail;
    reverse_entries(entries, tail / NETIPC_ENTRY_SIZE);
    if (out->budget - tail - out->len >= tail) {
        memmove(out->data + area + tail, out->data + area, out->len - area);
        memcpy(out->data + area, entries, tail);
    } else {
        /* No room to step aside: items and entries change places by three reversals. */
        memmove(out->data + out->len, entries, tail);
        reverse(out->data + area, out->len - area);
        reverse(out->data + out->len, tail);
        reverse(out->data + area, out->len - area + tail);
    }
    out->len += tail;
    out->tail = 0;
}

uint32_t netipc_items_finish(netipc_items_writer *items, netipc_writer *out)
{
    if (items->count < items->slots) {
        close_slots(items, out);
    } else if (items->count > items->slots) {
        move_tail(items, out);
        items->slots = items->count;
    }
    return (uint32_t)items->count;
}
