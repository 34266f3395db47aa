/**
 * Profiles: which data plane a session uses.
 */
#ifndef NETIPC_PROFILE_H
#define NETIPC_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A set of profiles, one bit each. Bits that have no name here can come from a peer (NIPC-PRF-02). */
typedef uint32_t netipc_profiles;

/** No profile. */
#define NETIPC_PROFILE_NONE 0x00u
/** Packets on the socket or pipe. */
#define NETIPC_PROFILE_BASELINE 0x01u
/** Shared memory with one message per direction. */
#define NETIPC_PROFILE_SHM_HYBRID 0x02u
/** The same data plane under another number on POSIX, busy waiting on Windows; never offered by us on POSIX. */
#define NETIPC_PROFILE_SHM_FUTEX 0x04u
/** Reserved; never offered. */
#define NETIPC_PROFILE_RESERVED 0x08u
/** The shared-memory ring. */
#define NETIPC_PROFILE_SHM_RING 0x10u

/** Everything that may be offered on this system at all (NIPC-PRF-03). */
#if defined(_WIN32)
#define NETIPC_PROFILES_OFFERABLE (NETIPC_PROFILE_BASELINE | NETIPC_PROFILE_SHM_HYBRID | NETIPC_PROFILE_SHM_FUTEX)
#else
#define NETIPC_PROFILES_OFFERABLE (NETIPC_PROFILE_BASELINE | NETIPC_PROFILE_SHM_HYBRID | NETIPC_PROFILE_SHM_RING)
#endif

/** The highest bit; the empty set when there is none. */
NETIPC_API netipc_profiles netipc_profiles_highest(netipc_profiles profiles);

/** Whether exactly one bit is set. */
NETIPC_API bool netipc_profiles_single(netipc_profiles profiles);

/**
 * The profile that a server selects (NIPC-PRF-01): the highest bit of all four sets, else the highest bit that both
 * support, else none. An empty preferred set stays empty.
 */
NETIPC_API netipc_profiles netipc_profiles_select(netipc_profiles client_supported, netipc_profiles client_preferred,
                                                  netipc_profiles server_supported, netipc_profiles server_preferred);

/** The name of one profile, such as `"shm-ring"`; `NULL` for what is not one profile with a name. Static. */
NETIPC_API const char *netipc_profile_name(netipc_profiles profile);

/** The profile with this name; the empty set when there is none. */
NETIPC_API netipc_profiles netipc_profile_from_name(const char *name);

/** Enough for every set, with the terminating zero. */
#define NETIPC_PROFILES_TEXT_LEN 384u

/**
 * The names joined by commas, lowest bit first, a bit without a name as its value, `none` for the empty set.
 *
 * As `snprintf` does, writes at most `len` bytes with the terminating zero, and returns how many characters there are.
 */
NETIPC_API size_t netipc_profiles_describe(netipc_profiles profiles, char *buffer, size_t len);

#ifdef __cplusplus
}
#endif

#endif
