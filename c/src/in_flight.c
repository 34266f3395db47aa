#include "in_flight.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"

/* Smallest table. */
#define MIN_TABLE 16u

size_t netipc__in_flight_len(const netipc__in_flight *set)
{
    return set->used + set->single.taken;
}

/* Where `id` would go if all other slots were empty. */
static size_t home(const netipc__in_flight *set, uint64_t id)
{
    uint64_t spread = id * UINT64_C(0x9e3779b97f4a7c15);
    /* The high half mixes best; the table is far smaller than 2^32 slots. */
    return (size_t)(spread >> 32) & (set->size - 1);
}

/* The slot of `id`, or the empty slot where it would go. Ends, because half of the table is empty. */
static size_t probe(const netipc__in_flight *set, uint64_t id)
{
    size_t slot = home(set, id);
    while (set->table[slot].taken && set->table[slot].id != id) {
        slot = (slot + 1) & (set->size - 1);
    }
    return slot;
}

bool netipc__in_flight_has(const netipc__in_flight *set, uint64_t id)
{
    if (set->single.taken && set->single.id == id) {
        return true;
    }
    return set->used > 0 && set->table[probe(set, id)].taken;
}

static void free_table(netipc__in_flight *set, const netipc_allocator *allocator)
{
    if (set->size > 0) {
        netipc__resize(allocator, set->table, set->size * sizeof *set->table, 0);
    }
    set->table = NULL;
    set->size = 0;
}

/* Slots of the table that the set would grow to. */
static size_t next_size(const netipc__in_flight *set)
{
    return set->size == 0 ? MIN_TABLE : set->size * 2;
}

size_t netipc__in_flight_next(const netipc__in_flight *set)
{
    return next_size(set) * sizeof *set->table;
}

static bool grow(netipc__in_flight *set, const netipc_allocator *allocator)
{
    if (set->size > SIZE_MAX / 2 / sizeof *set->table) {
        return false;
    }
    netipc__in_flight larger = *set;
    larger.size = next_size(set);
    larger.table = netipc__resize(allocator, NULL, 0, larger.size * sizeof *larger.table);
    if (larger.table == NULL) {
        return false;
    }
    memset(larger.table, 0, larger.size * sizeof *larger.table);
    for (size_t i = 0; i < set->size; i++) {
        if (set->table[i].taken) {
            larger.table[probe(&larger, set->table[i].id)] = set->table[i];
        }
    }
    free_table(set, allocator);
    *set = larger;
    return true;
}

netipc__insert netipc__in_flight_insert(netipc__in_flight *set, const netipc_allocator *allocator, uint64_t id)
{
    netipc__slot slot = {.id = id, .taken = true};
    if (netipc__in_flight_has(set, id)) {
        return NETIPC__THERE_ALREADY;
    }
    if (set->used == 0 && !set->single.taken) {
        set->single = slot;
        return NETIPC__INSERTED;
    }
    if (2 * (set->used + 1) > set->size && !grow(set, allocator)) {
        return NETIPC__NO_MEMORY;
    }
    set->table[probe(set, id)] = slot;
    set->used++;
    return NETIPC__INSERTED;
}

/* Empties a slot, and moves back what the probe of a later id would otherwise miss, so that no tombstones are needed. */
static void remove_slot(netipc__in_flight *set, size_t hole)
{
    size_t mask = set->size - 1;
    for (size_t next = (hole + 1) & mask; set->table[next].taken; next = (next + 1) & mask) {
        size_t start = home(set, set->table[next].id);
        if (((next - start) & mask) >= ((next - hole) & mask)) {
            set->table[hole] = set->table[next];
            hole = next;
        }
    }
    set->table[hole].taken = false;
    set->used--;
}

bool netipc__in_flight_remove(netipc__in_flight *set, uint64_t id)
{
    if (set->single.taken && set->single.id == id) {
        set->single.taken = false;
        return true;
    }
    if (set->used == 0) {
        return false;
    }
    size_t slot = probe(set, id);
    if (!set->table[slot].taken) {
        return false;
    }
    remove_slot(set, slot);
    return true;
}

void netipc__in_flight_release(netipc__in_flight *set, const netipc_allocator *allocator)
{
    if (set->used == 0) {
        free_table(set, allocator);
    }
}

static int by_id(const void *a, const void *b)
{
    const netipc__slot *left = a;
    const netipc__slot *right = b;
    return (left->id > right->id) - (left->id < right->id);
}

size_t netipc__in_flight_drain(netipc__in_flight *set, const netipc_allocator *allocator,
                               void (*each)(void *context, uint64_t id), void *context)
{
    /* Sorted within the table, since there may be no memory for another one. */
    netipc__slot *ids = set->table;
    size_t count = 0;
    for (size_t i = 0; i < set->size; i++) {
        if (ids[i].taken) {
            ids[count++] = ids[i];
        }
    }
    if (count > 1) {
        qsort(ids, count, sizeof *ids, by_id);
    }
    netipc__slot single = set->single;
    for (size_t i = 0; each != NULL && i < count; i++) {
        if (single.taken && single.id < ids[i].id) {
            each(context, single.id);
            single.taken = false;
        }
        each(context, ids[i].id);
    }
    if (each != NULL && single.taken) {
        each(context, single.id);
    }
    count += set->single.taken;
    free_table(set, allocator);
    *set = (netipc__in_flight){0};
    return count;
}
