/* The two hash functions. */
#include "netipc/hash.h"

#include "test.h"

static void djb2_known_values(void)
{
    CHECK_EQ(netipc_djb2(NULL, 0), 5381);
    CHECK_EQ(netipc_djb2("a", 1), 5381 * 33 + 97);
    CHECK_EQ(netipc_djb2("ab", 2), (5381 * 33 + 97) * 33 + 98);
    /* Bytes above 127 are not negative. */
    CHECK_EQ(netipc_djb2("\xff", 1), 5381 * 33 + 255);
}

static void djb2_wraps_at_32_bits(void)
{
    const char name[] = "/system.slice/docker-abc.scope";
    uint64_t hash = 5381;
    for (size_t i = 0; i < strlen(name); i++) {
        hash = (hash * 33 + (uint8_t)name[i]) % (UINT64_C(1) << 32);
    }
    CHECK_EQ(netipc_djb2(name, strlen(name)), hash);
}

/* Published test values of FNV-1a. */
static void fnv1a64_known_values(void)
{
    CHECK_EQ(netipc_fnv1a64(NULL, 0), UINT64_C(0xcbf29ce484222325));
    CHECK_EQ(netipc_fnv1a64("a", 1), UINT64_C(0xaf63dc4c8601ec8c));
    CHECK_EQ(netipc_fnv1a64("foobar", 6), UINT64_C(0x85944171f73967e8));
}

int main(void)
{
    RUN(djb2_known_values);
    RUN(djb2_wraps_at_32_bits);
    RUN(fnv1a64_known_values);
    return test_result();
}
