/*
 * What fuzz targets share: a check that ends the program, and memory of exactly the size that is asked for, so that a
 * sanitizer sees every step beyond it.
 */
#ifndef NETIPC_FUZZ_H
#define NETIPC_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/codec.h"

#define FUZZ_CHECK(condition)                              \
    do {                                                   \
        if (!(condition)) {                                \
            fuzz_failed(__FILE__, __LINE__, #condition);   \
        }                                                  \
    } while (0)

_Noreturn void fuzz_failed(const char *file, int line, const char *condition);

/* Memory until fuzz_free. */
void *fuzz_memory(size_t size);
void fuzz_free(void);

/* A writer with this budget. */
netipc_writer fuzz_writer(size_t budget);

/* Whether two payloads have the same bytes. */
bool fuzz_same(const netipc_writer *left, const netipc_writer *right);

/* What a fuzzer calls: checks a codec on any bytes. */
typedef void fuzz_entry(const uint8_t *data, size_t len);

typedef struct fuzz_target {
    /* Name of the service, with underscores. */
    const char *name;
    fuzz_entry *entry;
} fuzz_target;

/* One for each service, with NULL at the end. Generated. */
extern const fuzz_target fuzz_targets[];

#endif
