/**
 * The version of the library.
 *
 * The build reads it from here, so that package, shared library and header never disagree.
 */
#ifndef NETIPC_VERSION_H
#define NETIPC_VERSION_H

#include "netipc/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Changes with what breaks programs. */
#define NETIPC_VERSION_MAJOR 0
/** Changes with what is new; below 1.0 it also counts as what breaks. */
#define NETIPC_VERSION_MINOR 1
/** Changes with what is mended. */
#define NETIPC_VERSION_PATCH 0

/**
 * The version of the library that runs, such as `"0.1.0"`: with a shared library it can differ from the one that the
 * program was compiled against.
 *
 * @return a static string. Thread-safe.
 */
NETIPC_API const char *netipc_version(void);

#ifdef __cplusplus
}
#endif

#endif
