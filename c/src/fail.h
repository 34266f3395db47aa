/*
 * Reporting an error: the last statement of every path that fails.
 *
 *     return NETIPC__FAIL(error, CHUNK_MAGIC, .got = magic, .allowed = NETIPC_CHUNK_MAGIC);
 */
#ifndef NETIPC__FAIL_H
#define NETIPC__FAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "netipc/error.h"

/* Gives `failure` to a caller who wants it, with the kind of its problem unless it has one. Returns false. */
static inline bool netipc__fail(netipc_error *error, netipc_error failure)
{
    if (error != NULL) {
        if (failure.kind == NETIPC_KIND_NONE) {
            failure.kind = netipc_problem_kind(failure.problem);
        }
        *error = failure;
    }
    return false;
}

#define NETIPC__FAIL(error, name, ...) \
    netipc__fail(error, (netipc_error){.problem = NETIPC_PROBLEM_##name, __VA_ARGS__})

#endif
