#include "netipc/hash.h"

uint32_t netipc_djb2(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint32_t hash = 5381;
    for (size_t i = 0; i < len; i++) {
        hash = hash * 33 + at[i];
    }
    return hash;
}

uint64_t netipc_fnv1a64(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x00000100000001b3);
    }
    return hash;
}
