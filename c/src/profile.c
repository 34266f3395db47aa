#include "netipc/profile.h"

#include <stdio.h>
#include <string.h>

/* By bit number. */
static const char *const names[] = {"baseline", "shm-hybrid", "shm-futex", NULL, "shm-ring"};

#define NAMES (sizeof names / sizeof names[0])

netipc_profiles netipc_profiles_highest(netipc_profiles profiles)
{
    netipc_profiles bit = UINT32_C(1) << 31;
    while (bit != 0 && (profiles & bit) == 0) {
        bit >>= 1;
    }
    return bit;
}

bool netipc_profiles_single(netipc_profiles profiles)
{
    return profiles != 0 && (profiles & (profiles - 1)) == 0;
}

netipc_profiles netipc_profiles_select(netipc_profiles client_supported, netipc_profiles client_preferred,
                                       netipc_profiles server_supported, netipc_profiles server_preferred)
{
    netipc_profiles common = client_supported & server_supported;
    netipc_profiles liked = common & client_preferred & server_preferred;
    return netipc_profiles_highest(liked != 0 ? liked : common);
}

const char *netipc_profile_name(netipc_profiles profile)
{
    for (size_t bit = 0; bit < NAMES; bit++) {
        if (profile == UINT32_C(1) << bit) {
            return names[bit];
        }
    }
    return NULL;
}

netipc_profiles netipc_profile_from_name(const char *name)
{
    for (size_t bit = 0; bit < NAMES; bit++) {
        if (names[bit] != NULL && strcmp(names[bit], name) == 0) {
            return UINT32_C(1) << bit;
        }
    }
    return NETIPC_PROFILE_NONE;
}

/* Appends at `used` characters as far as the buffer goes; returns what is used then. */
static size_t append(char *buffer, size_t len, size_t used, const char *text)
{
    size_t room = used < len ? len - used : 0;
    int written = snprintf(room > 0 ? buffer + used : NULL, room, "%s", text);
    return used + (written < 0 ? 0 : (size_t)written);
}

size_t netipc_profiles_describe(netipc_profiles profiles, char *buffer, size_t len)
{
    if (profiles == NETIPC_PROFILE_NONE) {
        return append(buffer, len, 0, "none");
    }
    size_t used = 0;
    for (unsigned bit = 0; bit < 32; bit++) {
        netipc_profiles profile = UINT32_C(1) << bit;
        if ((profiles & profile) == 0) {
            continue;
        }
        if (used > 0) {
            used = append(buffer, len, used, ",");
        }
        char value[16];
        snprintf(value, sizeof value, "0x%lx", (unsigned long)profile);
        const char *name = netipc_profile_name(profile);
        used = append(buffer, len, used, name != NULL ? name : value);
    }
    return used;
}
