/**
 * What every public header needs. Nothing here is called by programs.
 *
 * Conventions of the whole library:
 *
 * - Public names begin with `netipc_` or `NETIPC_`; names that begin with `netipc__` are private.
 * - A function that can fail returns `bool`, true for success, and describes a failure in the `netipc_error` (or the
 *   error type of the module) that the caller passes last; `NULL` there means that the caller does not care. What a
 *   function writes to on success is untouched when it fails.
 * - Pointers are not kept unless the documentation says so. Unless it says otherwise they must not be `NULL`; a pointer
 *   to bytes may be when their number is 0.
 * - Lengths are bytes, times are nanoseconds.
 * - Functions are thread-safe on different objects; one object must not be used by two threads at once.
 */
#ifndef NETIPC_API_H
#define NETIPC_API_H

#if defined(_WIN32) || defined(__CYGWIN__)
#if defined(NETIPC_BUILDING_SHARED)
#define NETIPC_API __declspec(dllexport)
#elif defined(NETIPC_SHARED)
#define NETIPC_API __declspec(dllimport)
#else
#define NETIPC_API
#endif
#elif defined(__GNUC__)
/** Marks what the shared library exports. */
#define NETIPC_API __attribute__((visibility("default")))
#else
#define NETIPC_API
#endif

/** Marks functions whose result must be looked at. */
#if defined(__GNUC__)
#define NETIPC_MUST_USE __attribute__((warn_unused_result))
#else
#define NETIPC_MUST_USE
#endif

#endif
