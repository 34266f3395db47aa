/* Batch payloads. */
#include "netipc/batch.h"

#include "support.h"

#define MAX_ITEMS 12u
#define MAX_ITEM 40u
#define ROOM 4096u

typedef struct items {
    uint32_t count;
    size_t len[MAX_ITEMS];
    uint8_t data[MAX_ITEMS][MAX_ITEM];
} items;

static items any_items(rng *random)
{
    items any = {.count = rng_below(random, MAX_ITEMS)};
    for (uint32_t i = 0; i < any.count; i++) {
        any.len[i] = rng_below(random, MAX_ITEM);
        rng_fill(random, any.data[i], any.len[i]);
    }
    return any;
}

static size_t padded(size_t len)
{
    return (len + 7) / 8 * 8;
}

static size_t packed_len(const items *all)
{
    size_t len = 8 * (size_t)all->count;
    for (uint32_t i = 0; i < all->count; i++) {
        len += padded(all->len[i]);
    }
    return len;
}

/* The canonical payload, put together by hand. Returns its length. */
static size_t canonical(const items *all, uint8_t *out)
{
    size_t area = 8 * (size_t)all->count;
    size_t at = area;
    memset(out, 0, packed_len(all));
    for (uint32_t i = 0; i < all->count; i++) {
        netipc__store32(out + 8 * i, (uint32_t)(at - area));
        netipc__store32(out + 8 * i + 4, (uint32_t)all->len[i]);
        memcpy(out + at, all->data[i], all->len[i]);
        at += padded(all->len[i]);
    }
    return at;
}

static void check_items(const items *all, const uint8_t *payload, size_t len)
{
    uint8_t *exact = must_alloc(len);
    memcpy(exact, payload, len);
    netipc_batch batch;
    CHECK(netipc_batch_parse(&batch, exact, len, all->count, NULL));
    CHECK_EQ(netipc_batch_len(&batch), all->count);
    netipc_bytes item;
    for (uint32_t i = 0; i < all->count; i++) {
        CHECK(netipc_batch_item(&batch, i, &item));
        CHECK_EQ(item.len, all->len[i]);
        CHECK_MEM(item.data, all->data[i], item.len);
    }
    CHECK(!netipc_batch_item(&batch, all->count, &item));
    CHECK(!netipc_batch_item(&batch, UINT32_MAX, &item));
    free(exact);
}

static void check_canonical(const items *all, const uint8_t *payload, size_t len)
{
    uint8_t expected[ROOM];
    CHECK_EQ(len, canonical(all, expected));
    CHECK_MEM(payload, expected, len);
}

/* NIPC-BAT-01, NIPC-BAT-02, NIPC-BAT-03, NIPC-BAT-04, NIPC-BAT-11: whatever the memory held and however many slots
 * were reserved, the payload is the same. */
static void built_is_canonical(void)
{
    rng random = rng_new(3);
    for (int round = 0; round < 500; round++) {
        items all = any_items(&random);
        uint8_t out[ROOM];
        memset(out, 0xaa, sizeof out);
        uint32_t slots = all.count + (round % 2 == 0 ? 0 : rng_below(&random, 9));
        netipc_batch_builder builder;
        CHECK(netipc_batch_begin(&builder, out, sizeof out, slots, NULL));
        for (uint32_t i = 0; i < all.count; i++) {
            CHECK_EQ(netipc_batch_built(&builder), i);
            CHECK(netipc_batch_push(&builder, all.data[i], all.len[i], NULL));
        }
        size_t len = netipc_batch_finish(&builder);
        CHECK_EQ(netipc_batch_built(&builder), all.count);
        CHECK_EQ(netipc_batch_finish(&builder), len);
        check_canonical(&all, out, len);
        check_items(&all, out, len);
    }
}

/* NIPC-BAT-03. Fault 9 of the existing peers: stale bytes of an old buffer in the padding. Items that are written in
 * place, given up half-way or too long leave nothing behind. */
static void written_in_place(void)
{
    rng random = rng_new(4);
    for (int round = 0; round < 300; round++) {
        items all = any_items(&random);
        uint8_t out[ROOM];
        memset(out, 0xaa, sizeof out);
        netipc_batch_builder builder;
        CHECK(netipc_batch_begin(&builder, out, 1000, all.count + 1 + rng_below(&random, 3), NULL));
        size_t room;
        for (uint32_t i = 0; i < all.count; i++) {
            uint8_t *given_up = netipc_batch_room(&builder, &room);
            memset(given_up, 0xbb, room < 90 ? room : 90);
            uint8_t *place = netipc_batch_room(&builder, &room);
            CHECK(place == given_up && room >= all.len[i]);
            memcpy(place, all.data[i], all.len[i]);
            CHECK(netipc_batch_commit(&builder, all.len[i], NULL));
        }
        netipc_error error;
        netipc_batch_room(&builder, &room);
        CHECK(!netipc_batch_commit(&builder, room + 1, &error));
        CHECK_ERROR(&error, BATCH_FULL, room + 1, room);
        check_canonical(&all, out, netipc_batch_finish(&builder));
    }
}

/* NIPC-BAT-12 */
static void budget_is_never_exceeded(void)
{
    rng random = rng_new(5);
    for (int round = 0; round < 2000; round++) {
        items all = any_items(&random);
        size_t budget = rng_below(&random, 400);
        uint8_t *out = must_alloc(budget);
        netipc_batch_builder builder;
        netipc_error error;
        if (!netipc_batch_begin(&builder, out, budget, all.count, &error)) {
            CHECK(8 * all.count > budget);
            CHECK_ERROR(&error, BATCH_FULL, 8 * all.count, budget);
            free(out);
            continue;
        }
        items taken = {0};
        size_t used = 8 * (size_t)all.count;
        for (uint32_t i = 0; i < all.count; i++) {
            bool fits = used + padded(all.len[i]) <= budget;
            CHECK_EQ(netipc_batch_push(&builder, all.data[i], all.len[i], &error), fits);
            if (!fits) {
                CHECK_ERROR(&error, BATCH_FULL, all.len[i], (budget - used) / 8 * 8);
                continue;
            }
            used += padded(all.len[i]);
            taken.len[taken.count] = all.len[i];
            memcpy(taken.data[taken.count++], all.data[i], all.len[i]);
        }
        check_canonical(&taken, out, netipc_batch_finish(&builder));
        free(out);
    }
}

/* NIPC-BAT-12 */
static void slots_run_out(void)
{
    uint8_t out[64];
    netipc_batch_builder builder;
    netipc_error error;
    CHECK(netipc_batch_begin(&builder, out, sizeof out, 1, NULL));
    CHECK(netipc_batch_push(&builder, "x", 1, NULL));
    CHECK(!netipc_batch_push(&builder, "y", 1, &error));
    CHECK_ERROR(&error, BATCH_SLOTS, 0, 1);
    size_t room = 9;
    CHECK(netipc_batch_room(&builder, &room) == NULL);
    CHECK_EQ(room, 0);
    CHECK(!netipc_batch_commit(&builder, 0, &error));
    CHECK_ERROR(&error, BATCH_SLOTS, 0, 1);
    items one = {.count = 1, .len = {1}, .data = {"x"}};
    check_canonical(&one, out, netipc_batch_finish(&builder));
    CHECK(!netipc_batch_begin(&builder, out, 15, 2, &error));
    CHECK_ERROR(&error, BATCH_FULL, 16, 15);
    CHECK(!netipc_batch_begin(&builder, out, sizeof out, UINT32_MAX, &error));
    CHECK_ERROR(&error, BATCH_FULL, UINT64_C(8) * UINT32_MAX, sizeof out);
}

static void empty_batch_needs_no_memory(void)
{
    netipc_batch_builder builder;
    CHECK(netipc_batch_begin(&builder, NULL, 0, 0, NULL));
    CHECK(!netipc_batch_push(&builder, "x", 1, NULL));
    CHECK_EQ(netipc_batch_finish(&builder), 0);
    netipc_batch batch;
    CHECK(netipc_batch_parse(&batch, NULL, 0, 0, NULL));
    netipc_bytes item;
    CHECK(!netipc_batch_item(&batch, 0, &item));
}

/* A payload of these entries and an item area of `area` bytes, in memory of exactly its size. */
static netipc_error parse(const uint32_t (*entries)[2], uint32_t count, size_t area, bool *sound)
{
    size_t len = 8 * (size_t)count + area;
    uint8_t *payload = must_alloc(len);
    memset(payload, 0xcc, len);
    for (uint32_t i = 0; i < count; i++) {
        netipc__store32(payload + 8 * i, entries[i][0]);
        netipc__store32(payload + 8 * i + 4, entries[i][1]);
    }
    netipc_batch batch;
    netipc_error error = {0};
    *sound = netipc_batch_parse(&batch, payload, len, count, &error);
    netipc_bytes item;
    for (uint32_t i = 0; *sound && i < count; i++) {
        CHECK(netipc_batch_item(&batch, i, &item));
        CHECK_EQ(item.len, entries[i][1]);
        CHECK(item.data == payload + 8 * count + entries[i][0]);
    }
    free(payload);
    return error;
}

/* NIPC-BAT-07 */
static void directory_longer_than_payload(void)
{
    uint8_t payload[64] = {0};
    netipc_batch batch;
    netipc_error error;
    CHECK(!netipc_batch_parse(&batch, payload, 15, 2, &error));
    CHECK_ERROR(&error, BATCH_TRUNCATED, 15, 2);
    CHECK(!netipc_batch_parse(&batch, NULL, 0, 1, &error));
    CHECK_ERROR(&error, BATCH_TRUNCATED, 0, 1);
    /* 8 x 2^29 is 2^32: it would be 0 in 32 bits. */
    const uint32_t counts[] = {UINT32_C(1) << 29, (UINT32_C(1) << 29) + 1, UINT32_MAX};
    for (size_t i = 0; i < 3; i++) {
        CHECK(!netipc_batch_parse(&batch, payload, 64, counts[i], &error));
        CHECK_ERROR(&error, BATCH_TRUNCATED, 64, counts[i]);
    }
    CHECK(netipc_batch_parse(&batch, payload, 16, 2, NULL));
}

/* NIPC-BAT-08 */
static void misaligned(void)
{
    for (uint32_t offset = 0; offset < 24; offset++) {
        const uint32_t entries[][2] = {{0, 8}, {offset, 0}};
        bool sound;
        netipc_error error = parse(entries, 2, 32, &sound);
        CHECK_EQ(sound, offset % 8 == 0);
        if (!sound) {
            CHECK_ERROR(&error, BATCH_MISALIGNED, offset, 0);
            CHECK_EQ(error.index, 1);
        }
    }
}

/* NIPC-BAT-09 */
static void out_of_bounds(void)
{
    const uint32_t bad[][2] = {{0, 25}, {24, 1}, {32, 0}, {UINT32_MAX - 7, 8}, {UINT32_MAX - 7, UINT32_MAX},
                               {0, UINT32_MAX}, {8, 17}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bool sound;
        netipc_error error = parse(&bad[i], 1, 24, &sound);
        CHECK(!sound);
        CHECK_ERROR(&error, BATCH_BOUNDS, bad[i][1], 24);
        CHECK_EQ(error.index, 0);
        CHECK_EQ(error.detail, bad[i][0]);
    }
    const uint32_t good[][2] = {{0, 24}, {24, 0}, {16, 8}, {8, 16}};
    for (size_t i = 0; i < 4; i++) {
        bool sound;
        parse(&good[i], 1, 24, &sound);
        CHECK(sound);
    }
}

/* NIPC-BAT-10, NIPC-BAT-04: a gap, an overlap, descending order, an empty item, odd padding, bytes after the last. */
static void tolerated(void)
{
    const uint32_t entries[][2] = {{24, 5}, {0, 16}, {8, 3}, {40, 0}};
    bool sound;
    parse(entries, 4, 41, &sound);
    CHECK(sound);
}

/* NIPC-BAT-07, NIPC-BAT-08, NIPC-BAT-09: after a change of one byte, what still parses stays in bounds. */
static void mutation(void)
{
    rng random = rng_new(6);
    for (int round = 0; round < 5000; round++) {
        items all = any_items(&random);
        uint8_t *payload = must_alloc(packed_len(&all));
        size_t len = canonical(&all, payload);
        if (len > 0) {
            payload[rng_below(&random, (uint32_t)len)] ^= (uint8_t)rng_between(&random, 1, 255);
        }
        netipc_batch batch;
        uint32_t count = rng_below(&random, 14);
        if (netipc_batch_parse(&batch, payload, len, count, NULL)) {
            netipc_bytes item;
            for (uint32_t i = 0; i < count; i++) {
                CHECK(netipc_batch_item(&batch, i, &item));
                CHECK(item.data >= payload && item.data + item.len <= payload + len);
            }
        }
        free(payload);
    }
}

/* A payload that changes after the check, as memory of a peer could, never leads outside. */
static void changed_after_the_check(void)
{
    uint8_t payload[16] = {0};
    netipc_batch batch;
    CHECK(netipc_batch_parse(&batch, payload, sizeof payload, 1, NULL));
    netipc__store32(payload, 8);
    netipc__store32(payload + 4, 1);
    netipc_bytes item;
    CHECK(!netipc_batch_item(&batch, 0, &item));
}

int main(void)
{
    RUN(built_is_canonical);
    RUN(written_in_place);
    RUN(budget_is_never_exceeded);
    RUN(slots_run_out);
    RUN(empty_batch_needs_no_memory);
    RUN(directory_longer_than_payload);
    RUN(misaligned);
    RUN(out_of_bounds);
    RUN(tolerated);
    RUN(mutation);
    RUN(changed_after_the_check);
    return test_result();
}
