/**
 * How limits grow: the client's proposals, and what a server learns from traffic.
 *
 * Nothing here knows sessions. It answers one question: which numbers go into the next handshake. All structures are
 * plain data; their fields are private unless documented.
 */
#ifndef NETIPC_GROWTH_H
#define NETIPC_GROWTH_H

#include <stdbool.h>
#include <stdint.h>

#include "netipc/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Smallest limit in bytes that growth leads to. */
#define NETIPC_MIN_GROWN 16u
/** How often one logical call may grow a limit and reconnect. */
#define NETIPC_MAX_ROUNDS 8u

/** The smallest power of two that is at least `n`, at least `NETIPC_MIN_GROWN` and at most 2^31. */
NETIPC_API uint32_t netipc_next_pow2(uint32_t n);

/** The limit that follows after a message did not fit an agreed limit of `agreed` bytes. */
NETIPC_API uint32_t netipc_doubled(uint32_t agreed);

/** A payload limit in bytes for each direction. */
typedef struct netipc_payloads {
    /** Largest request payload. */
    uint32_t request;
    /** Largest response payload. */
    uint32_t response;
} netipc_payloads;

/**
 * What a client proposes next.
 *
 * Proposals grow up to a ceiling and never shrink by themselves; only a refusal takes them back to what was configured,
 * so that no refused number ever comes twice by itself (NIPC-L2C-23).
 */
typedef struct netipc_growth {
    netipc_payloads configured;
    /** What the next HELLO proposes; to be read only. */
    netipc_payloads proposal;
    uint32_t ceiling;
} netipc_growth;

/** Starts at `configured`. A configured limit above `ceiling` stays, but does not grow. */
NETIPC_API netipc_growth netipc_growth_begin(netipc_payloads configured, uint32_t ceiling);

/** A response did not fit the agreed limit of `agreed` bytes. Returns whether the proposal grew. */
NETIPC_API bool netipc_growth_response_too_small(netipc_growth *growth, uint32_t agreed);

/** A request of `needed` bytes did not fit the agreed limit. Returns whether the proposal grew. */
NETIPC_API bool netipc_growth_request_too_small(netipc_growth *growth, uint32_t needed);

/** Whether a request of `needed` bytes can ever be proposed. */
NETIPC_API bool netipc_growth_can_carry(const netipc_growth *growth, uint32_t needed);

/** The server refused the proposal: the next one is what was configured. */
NETIPC_API void netipc_growth_refused(netipc_growth *growth);

/** Bounds the growth rounds of one logical call (NIPC-L2C-24). */
typedef struct netipc_rounds {
    uint32_t left;
    netipc_payloads agreed;
} netipc_rounds;

/** For a call that starts on a session with these agreed limits. */
NETIPC_API netipc_rounds netipc_rounds_begin(netipc_payloads agreed);

/** Whether the call may grow a limit and reconnect once more; counts that round. */
NETIPC_API bool netipc_rounds_start(netipc_rounds *rounds);

/** After the reconnect: whether it changed an agreed limit. When it did not, more rounds are pointless. */
NETIPC_API bool netipc_rounds_progressed(netipc_rounds *rounds, netipc_payloads agreed);

/**
 * A limit of one direction that a server raises as it sees traffic. What it learns applies to later sessions
 * (NIPC-L2S-18, NIPC-L2S-19).
 */
typedef struct netipc_learned {
    /** The limit in bytes for the next session; to be read only. */
    uint32_t limit;
    /** The limit never goes beyond this; to be read only. */
    uint32_t ceiling;
} netipc_learned;

/** A limit that starts at `initial` bytes and may grow to `ceiling`, or to `initial` when that is more. */
NETIPC_API netipc_learned netipc_learned_begin(uint32_t initial, uint32_t ceiling);

/** A configured limit: start and ceiling in one. */
NETIPC_API netipc_learned netipc_learned_fixed(uint32_t limit);

/** A payload of `len` bytes was seen, or was proposed by a client that knows the token. Returns whether it grew. */
NETIPC_API bool netipc_learned_saw(netipc_learned *learned, uint32_t len);

/** A message did not fit the limit of `agreed` bytes that its session had. Returns whether the limit grew. */
NETIPC_API bool netipc_learned_overflowed(netipc_learned *learned, uint32_t agreed);

#ifdef __cplusplus
}
#endif

#endif
