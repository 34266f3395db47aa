/**
 * Points in time, as numbers that the caller passes in.
 *
 * Nothing in the protocol core reads a clock, so that every deadline can be tested with invented time.
 */
#ifndef NETIPC_TIME_H
#define NETIPC_TIME_H

#include <stdint.h>

/** A point in time: nanoseconds since an epoch that must be the same for all calls on one object. */
typedef uint64_t netipc_time;

/** A length of time in nanoseconds. */
typedef uint64_t netipc_duration;

/** The latest point in time; a deadline that never comes. */
#define NETIPC_NEVER UINT64_MAX

/** Nanoseconds of a millisecond. */
#define NETIPC_MILLISECOND UINT64_C(1000000)

/** Nanoseconds of a second. */
#define NETIPC_SECOND UINT64_C(1000000000)

#endif
