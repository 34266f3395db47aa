/* Lists that are written item by item, against a naive model, at every budget and whatever was expected. */
#include "netipc/codec.h"
#include "support.h"

#define FIXED 12
#define ITEMS_MAX 24
#define SIZE_MAX_ITEM 40
#define ROOM 2048

/* What is written: item i is `sizes[i]` bytes of i + 1. */
typedef struct list {
    size_t sizes[ITEMS_MAX];
    size_t count;
} list;

/* The bytes of a list behind a fixed part of zeros, written the slow way. */
static size_t model(const list *all, uint8_t *to)
{
    memset(to, 0, ROOM);
    size_t area = FIXED + 8 * all->count;
    size_t end = 0;
    for (size_t i = 0; i < all->count; i++) {
        size_t offset = (end + 7) / 8 * 8;
        netipc_store_string(to + FIXED + 8 * i, offset, all->sizes[i]);
        memset(to + area + offset, (int)i + 1, all->sizes[i]);
        end = offset + all->sizes[i];
    }
    return area + end;
}

/* Writes the list within a budget; false when it does not fit. */
static bool write_list(const list *all, size_t expected, netipc_writer *out, netipc_build_error *error)
{
    netipc_items_writer items;
    netipc_writer_zeros(out, FIXED);
    netipc_items_start(&items, out, expected);
    for (size_t i = 0; i < all->count; i++) {
        uint8_t item[SIZE_MAX_ITEM];
        memset(item, (int)i + 1, sizeof item);
        if (netipc_items_claim(&items, out, all->sizes[i], NULL)) {
            CHECK(netipc_writer_put(out, item, all->sizes[i]));
        }
    }
    uint32_t count = netipc_items_finish(&items, out);
    if (!netipc_writer_finish(out, error)) {
        return false;
    }
    CHECK_EQ(count, all->count);
    return true;
}

/* In memory of exactly the budget. */
static void check_list(const list *all, size_t expected, size_t budget)
{
    CASE("%zu items, %zu expected, budget %zu", all->count, expected, budget);
    uint8_t right[ROOM];
    size_t needed = model(all, right);
    uint8_t *memory = must_alloc(budget);
    memset(memory, 0xee, budget);
    netipc_writer out;
    netipc_build_error error;
    netipc_writer_start(&out, memory, budget);
    if (write_list(all, expected, &out, &error)) {
        CHECK(needed <= budget);
        CHECK_EQ(out.len, needed);
        CHECK_MEM(memory, right, needed);
    } else {
        CHECK(needed > budget);
        CHECK_EQ(error.code, NETIPC_BUILD_OVERFLOW);
        CHECK_EQ(error.needed, needed);
        CHECK_EQ(error.budget, budget);
        CHECK_EQ(out.len, 0);
    }
    free(memory);
}

/* NIPC-COD-12, NIPC-COD-13, NIPC-COD-15: what fits depends on the budget alone; an overflow tells what all takes. */
static void budgets_and_hints(void)
{
    static const size_t hints[] = {0, 1, 3, 7, 8, 9, 1000000, SIZE_MAX};
    const list all = {.sizes = {5, 8, 0, 17, 1, 16, 3, 40}, .count = 8};
    uint8_t right[ROOM];
    size_t needed = model(&all, right);
    for (size_t budget = 0; budget <= needed + 70; budget++) {
        for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
            check_list(&all, hints[i], budget);
        }
    }
}

/* The same over random lists. */
static void random_lists(void)
{
    rng random = rng_new(7);
    for (int round = 0; round < 3000; round++) {
        list all = {.count = rng_below(&random, ITEMS_MAX + 1)};
        for (size_t i = 0; i < all.count; i++) {
            all.sizes[i] = rng_below(&random, SIZE_MAX_ITEM + 1);
        }
        uint8_t right[ROOM];
        size_t needed = model(&all, right);
        size_t expected = rng_below(&random, 2 * ITEMS_MAX);
        check_list(&all, expected, needed);
        check_list(&all, expected, needed + rng_below(&random, 200));
        check_list(&all, expected, rng_below(&random, (uint32_t)needed));
    }
}

/* What a sender reckons with is what a list takes. */
static void sizes_add_up(void)
{
    const list all = {.sizes = {63, 1}, .count = 2};
    uint8_t right[ROOM];
    netipc_list_size size = netipc_list_size_of(FIXED);
    netipc_list_size_add(&size, 63);
    netipc_list_size_add(&size, 1);
    CHECK_EQ(netipc_list_size_total(&size), model(&all, right));
    CHECK_EQ(netipc_list_size_padded(&size), FIXED + 16 + 64 + 8);
    netipc_list_size_add(&size, SIZE_MAX);
    CHECK_EQ(netipc_list_size_total(&size), SIZE_MAX);
}

/* NIPC-COD-15: refused once, refused for good, with the sum of what was asked for. */
static void an_overflow_is_remembered(void)
{
    uint8_t memory[4];
    netipc_writer out;
    netipc_build_error error;
    netipc_writer_start(&out, memory, sizeof memory);
    CHECK(netipc_writer_put(&out, "abc", 3));
    CHECK(netipc_writer_zeros(&out, 2) == NULL);
    CHECK(!netipc_writer_put(&out, "d", 1));
    CHECK_EQ(netipc_writer_remaining(&out), 0);
    CHECK(!netipc_writer_finish(&out, &error));
    CHECK_EQ(error.needed, 6);
    CHECK_EQ(error.budget, 4);
    CHECK_EQ(netipc_build_error_kind(&error), NETIPC_KIND_LIMIT_EXCEEDED);
    CHECK_EQ(out.len, 0);
    netipc_writer_restart(&out);
    CHECK(netipc_writer_string(&out, netipc_bytes_of("abc")));
    CHECK(netipc_writer_finish(&out, NULL));
    CHECK_EQ(out.len, 4);
}

/* Numbers near the end of size_t do not wrap. */
static void huge_requests_are_refused(void)
{
    uint8_t memory[4];
    netipc_writer out;
    netipc_build_error error;
    netipc_writer_start(&out, memory, SIZE_MAX);
    CHECK_EQ(out.budget, NETIPC_PAYLOAD_MAX);
    CHECK(netipc_writer_put(&out, "a", 1));
    CHECK(!netipc_writer_claim(&out, SIZE_MAX, &error));
    CHECK_EQ(error.needed, SIZE_MAX);
    netipc_items_writer items;
    netipc_writer_start(&out, memory, sizeof memory);
    netipc_items_start(&items, &out, 0);
    CHECK(!netipc_items_claim(&items, &out, SIZE_MAX - 3, &error));
    CHECK_EQ(error.needed, SIZE_MAX);
    CHECK(!netipc_items_claim(&items, &out, 9, &error));
    CHECK_EQ(error.needed, SIZE_MAX);
}

/* Views of bytes that were never decoded stay inside them. */
static void views_of_anything_stay_inside(void)
{
    rng random = rng_new(11);
    for (int round = 0; round < 20000; round++) {
        size_t len = rng_below(&random, 64);
        uint8_t *memory = must_alloc(len);
        rng_fill(&random, memory, len);
        netipc_bytes record = {memory, len};
        netipc_items items = netipc_items_view(record, rng_below(&random, 70), rng_below(&random, 9));
        for (size_t i = 0; i < 10; i++) {
            netipc_bytes item = netipc_items_bytes(&items, i);
            CHECK(item.len == 0 || (item.data >= memory && item.data + item.len <= memory + len));
        }
        const size_t references[] = {rng_below(&random, 70), 4};
        netipc_rows rows = netipc_rows_view(record, rng_below(&random, 70), references, 2, rng_below(&random, 5), 2);
        for (size_t i = 0; i < 6; i++) {
            netipc_bytes text = netipc_rows_string(&rows, i, i % 3);
            CHECK(text.len == 0 || (text.data >= memory && text.data + text.len <= memory + len));
        }
        netipc_bytes fixed = netipc_fixed_part(record, rng_below(&random, 70));
        netipc_bytes text = netipc_string_or(record, fixed, rng_below(&random, 70), "no", 2);
        CHECK(text.len == 0 || memcmp(text.data, "no", 2) == 0
              || (text.data >= memory && text.data + text.len <= memory + len));
        netipc_bytes rest = netipc_string_rest(record, rng_below(&random, 70));
        CHECK(rest.len == 0 || rest.data + rest.len < memory + len);
        free(memory);
    }
}

int main(void)
{
    RUN(budgets_and_hints);
    RUN(random_lists);
    RUN(sizes_add_up);
    RUN(an_overflow_is_remembered);
    RUN(huge_requests_are_refused);
    RUN(views_of_anything_stay_inside);
    return test_result();
}
