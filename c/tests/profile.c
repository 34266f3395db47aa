/* Profile masks. */
#include "netipc/profile.h"

#include "support.h"

static netipc_profiles naive_highest(netipc_profiles mask)
{
    for (int bit = 31; bit >= 0; bit--) {
        if (mask >> bit & 1) {
            return UINT32_C(1) << bit;
        }
    }
    return 0;
}

static void highest_bit(void)
{
    rng random = rng_new(7);
    for (uint32_t i = 0; i < 4096; i++) {
        uint32_t mask = i < 64 ? i : (uint32_t)(rng_next(&random) >> rng_below(&random, 64));
        netipc_profiles highest = naive_highest(mask);
        CHECK_EQ(netipc_profiles_highest(mask), highest);
        CHECK_EQ(netipc_profiles_single(mask), mask != 0 && mask == highest);
    }
}

/* NIPC-PRF-03 */
static void never_offered(void)
{
    CHECK((NETIPC_PROFILES_OFFERABLE & NETIPC_PROFILE_RESERVED) == 0);
    CHECK((NETIPC_PROFILES_OFFERABLE & NETIPC_PROFILE_BASELINE) != 0);
#if !defined(_WIN32)
    CHECK((NETIPC_PROFILES_OFFERABLE & NETIPC_PROFILE_SHM_FUTEX) == 0);
#endif
}

/* NIPC-PRF-01 */
static void selection(void)
{
    for (uint32_t all = 0; all < 1u << 16; all++) {
        uint32_t mask[4];
        for (int i = 0; i < 4; i++) {
            mask[i] = all >> (4 * i) & 0xf;
        }
        uint32_t common = mask[0] & mask[2];
        uint32_t liked = common & mask[1] & mask[3];
        CHECK_EQ(netipc_profiles_select(mask[0], mask[1], mask[2], mask[3]),
                 naive_highest(liked != 0 ? liked : common));
    }
}

static void check_text(netipc_profiles mask, const char *expected)
{
    char text[NETIPC_PROFILES_TEXT_LEN];
    CHECK_EQ(netipc_profiles_describe(mask, text, sizeof text), strlen(expected));
    CHECK_STR(text, expected);
    CHECK_EQ(netipc_profiles_describe(mask, NULL, 0), strlen(expected));
    for (size_t room = 1; room < strlen(expected); room++) {
        memset(text, 'x', sizeof text);
        CHECK_EQ(netipc_profiles_describe(mask, text, room), strlen(expected));
        CHECK_EQ(strlen(text), room - 1);
        CHECK_MEM(text, expected, room - 1);
    }
}

static void names(void)
{
    const char *const known[] = {"baseline", "shm-hybrid", "shm-futex", "shm-ring"};
    const netipc_profiles masks[] = {1, 2, 4, 16};
    for (size_t i = 0; i < 4; i++) {
        CHECK_EQ(netipc_profile_from_name(known[i]), masks[i]);
        CHECK_STR(netipc_profile_name(masks[i]), known[i]);
        check_text(masks[i], known[i]);
    }
    CHECK_EQ(netipc_profile_from_name("reserved"), 0);
    CHECK(netipc_profile_name(8) == NULL && netipc_profile_name(3) == NULL && netipc_profile_name(0) == NULL);
    check_text(0, "none");
    check_text(0x19, "baseline,0x8,shm-ring");
}

static void every_set_fits_the_text(void)
{
    CHECK(netipc_profiles_describe(UINT32_MAX, NULL, 0) < NETIPC_PROFILES_TEXT_LEN);
}

int main(void)
{
    RUN(highest_bit);
    RUN(never_offered);
    RUN(selection);
    RUN(names);
    RUN(every_set_fits_the_text);
    return test_result();
}
