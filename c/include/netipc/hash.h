/**
 * The two small hash functions that the protocol names.
 *
 * Neither resists an attacker: they name things, they do not protect tables.
 */
#ifndef NETIPC_HASH_H
#define NETIPC_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** djb2: what providers put into the `hash` field of a snapshot item, computed over the `len` bytes of its name. */
NETIPC_API uint32_t netipc_djb2(const void *bytes, size_t len);

/** FNV-1a with 64 bits: names kernel objects after a run directory. */
NETIPC_API uint64_t netipc_fnv1a64(const void *bytes, size_t len);

#ifdef __cplusplus
}
#endif

#endif
