/* The set of ids in flight. */
#include "in_flight.h"

#include "buffer.h"
#include "support.h"

static netipc_allocator libc;

typedef struct drained {
    uint64_t ids[8192];
    size_t count;
} drained;

static void note(void *context, uint64_t id)
{
    drained *to = context;
    to->ids[to->count++] = id;
}

static bool insert(netipc__in_flight *set, uint64_t id)
{
    netipc__insert result = netipc__in_flight_insert(set, &libc, id);
    CHECK(result != NETIPC__NO_MEMORY);
    return result == NETIPC__INSERTED;
}

static void one_in_flight_takes_no_memory(void)
{
    netipc__in_flight ids = {0};
    for (uint64_t id = 0; id < 1000; id++) {
        CHECK(insert(&ids, id));
        CHECK(!insert(&ids, id));
        CHECK_EQ(netipc__in_flight_len(&ids), 1);
        CHECK(!netipc__in_flight_remove(&ids, id + 1));
        CHECK(netipc__in_flight_remove(&ids, id));
    }
    CHECK_EQ(ids.size, 0);
}

static void window_of_thousands(void)
{
    netipc__in_flight ids = {0};
    for (uint64_t id = 0; id < 4096; id++) {
        CHECK(insert(&ids, id));
    }
    for (uint64_t id = 4096; id < 100000; id++) {
        CHECK(netipc__in_flight_remove(&ids, id - 4096));
        CHECK(insert(&ids, id));
    }
    CHECK_EQ(netipc__in_flight_len(&ids), 4096);
    /* A sliding window never makes the table grow. */
    CHECK_EQ(ids.size, 8192);
    static drained all;
    all.count = 0;
    CHECK_EQ(netipc__in_flight_drain(&ids, &libc, note, &all), 4096);
    CHECK_EQ(all.count, 4096);
    for (size_t i = 0; i < all.count; i++) {
        CHECK_EQ(all.ids[i], 100000 - 4096 + i);
    }
    CHECK(netipc__in_flight_len(&ids) == 0 && ids.size == 0);
}

/* Against a plain array of flags; ids are spread by a stride, so that they collide in all ways. */
static void behaves_like_a_set(void)
{
    rng random = rng_new(17);
    for (int round = 0; round < 300; round++) {
        netipc__in_flight ids = {0};
        bool model[40] = {false};
        size_t count = 0;
        uint64_t stride = round == 0 ? 1 : rng_next(&random) | 1;
        for (int op = 0; op < 400; op++) {
            uint32_t n = rng_below(&random, 40);
            uint64_t id = n * stride;
            CHECK_EQ(netipc__in_flight_has(&ids, id), model[n]);
            if (rng_below(&random, 2) == 0) {
                CHECK_EQ(insert(&ids, id), !model[n]);
                count += !model[n];
                model[n] = true;
            } else {
                CHECK_EQ(netipc__in_flight_remove(&ids, id), model[n]);
                count -= model[n];
                model[n] = false;
            }
            CHECK_EQ(netipc__in_flight_len(&ids), count);
            if (rng_below(&random, 50) == 0) {
                netipc__in_flight_release(&ids, &libc);
            }
        }
        static drained all;
        all.count = 0;
        CHECK_EQ(netipc__in_flight_drain(&ids, &libc, note, &all), count);
        CHECK_EQ(all.count, count);
        for (size_t i = 0; i < count; i++) {
            CHECK(i == 0 || all.ids[i - 1] < all.ids[i]);
            bool known = false;
            for (uint32_t n = 0; n < 40; n++) {
                known = known || (model[n] && n * stride == all.ids[i]);
            }
            CHECK(known);
        }
    }
}

static void drained_without_being_told(void)
{
    netipc__in_flight ids = {0};
    CHECK_EQ(netipc__in_flight_drain(&ids, &libc, NULL, NULL), 0);
    for (uint64_t id = 0; id < 3; id++) {
        CHECK(insert(&ids, id));
    }
    CHECK_EQ(netipc__in_flight_drain(&ids, &libc, NULL, NULL), 3);
}

int main(void)
{
    libc = netipc__allocator_of(NULL);
    RUN(one_in_flight_takes_no_memory);
    RUN(window_of_thousands);
    RUN(behaves_like_a_set);
    RUN(drained_without_being_told);
    return test_result();
}
