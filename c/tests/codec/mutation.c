/*
 * Golden payloads with bytes changed: what is still accepted must encode to what decodes to the same; nothing may be
 * read beyond its end.
 */
#include "fuzz.h"
#include "support.h"

static const char *const SEEDS[] = {
    "apps_lookup_req", "apps_lookup_resp_known_full", "apps_lookup_resp_known_retry",
    "apps_lookup_resp_known_host_root", "apps_lookup_resp_unknown_pid", "cgroups_lookup_req", "cgroups_lookup_resp_known_with_labels",
    "cgroups_lookup_resp_known_no_labels", "cgroups_lookup_resp_unknown_retry", "cgroups_req", "cgroups_resp",
    "cgroups_resp_empty", "increment_42", "string_reverse_hello", "string_reverse_empty"};

#define SEED_COUNT (sizeof SEEDS / sizeof SEEDS[0])

/* Gives a copy in memory of exactly its size to every target. */
static void feed(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = must_alloc(len);
    if (len > 0) {
        memcpy(copy, bytes, len);
    }
    for (const fuzz_target *target = fuzz_targets; target->name != NULL; target++) {
        target->entry(copy, len);
    }
    free(copy);
}

static size_t load_seed(size_t index, uint8_t *bytes, size_t room)
{
    char path[96];
    snprintf(path, sizeof path, "payloads/%s.bin", SEEDS[index]);
    return load_vector(path, bytes, room);
}

/* NIPC-COD-02, NIPC-COD-14: every length, also with bytes behind the end. */
static void cut_and_extended(void)
{
    uint8_t bytes[1024];
    for (size_t i = 0; i < SEED_COUNT; i++) {
        CASE("%s", SEEDS[i]);
        size_t len = load_seed(i, bytes, 512);
        memset(bytes + len, 0xa5, sizeof bytes - len);
        for (size_t cut = 0; cut <= len + 16; cut++) {
            feed(bytes, cut);
        }
    }
}

/* Every byte once with values that are likely to matter. */
static void each_byte_changed(void)
{
    static const uint8_t values[] = {0, 1, 2, 4, 7, 8, 16, 0x7f, 0x80, 0xff};
    uint8_t bytes[512];
    for (size_t i = 0; i < SEED_COUNT; i++) {
        CASE("%s", SEEDS[i]);
        size_t len = load_seed(i, bytes, sizeof bytes);
        for (size_t at = 0; at < len; at++) {
            uint8_t before = bytes[at];
            for (size_t v = 0; v < sizeof values; v++) {
                bytes[at] = values[v];
                feed(bytes, len);
            }
            bytes[at] = before;
        }
    }
}

/* Several random changes at once, from a fixed seed. */
static void random_changes(void)
{
    rng random = rng_new(20);
    uint8_t seed[512];
    uint8_t bytes[512];
    for (int round = 0; round < 20000; round++) {
        size_t len = load_seed(rng_below(&random, SEED_COUNT), seed, sizeof seed);
        memcpy(bytes, seed, len);
        for (uint32_t change = rng_between(&random, 1, 4); change > 0; change--) {
            uint32_t at = rng_below(&random, (uint32_t)len);
            bytes[at] = (uint8_t)(rng_below(&random, 2) == 0 ? rng_below(&random, 256) : bytes[at] ^ 1u << change);
        }
        feed(bytes, len);
    }
}

int main(void)
{
    RUN(cut_and_extended);
    RUN(each_byte_changed);
    RUN(random_changes);
    return test_result();
}
