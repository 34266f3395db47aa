#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void fuzz_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: not true: %s\n", file, line, condition);
    abort();
}

static void **blocks;
static size_t block_count;
static size_t block_room;

void *fuzz_memory(size_t size)
{
    if (block_count == block_room) {
        block_room = 2 * block_room + 16;
        blocks = realloc(blocks, block_room * sizeof *blocks);
        FUZZ_CHECK(blocks != NULL);
    }
    void *memory = malloc(size > 0 ? size : 1);
    FUZZ_CHECK(memory != NULL);
    blocks[block_count++] = memory;
    return memory;
}

void fuzz_free(void)
{
    while (block_count > 0) {
        free(blocks[--block_count]);
    }
    free(blocks);
    blocks = NULL;
    block_room = 0;
}

netipc_writer fuzz_writer(size_t budget)
{
    netipc_writer out;
    netipc_writer_start(&out, fuzz_memory(budget), budget);
    return out;
}

bool fuzz_same(const netipc_writer *left, const netipc_writer *right)
{
    return netipc_bytes_equal(netipc_writer_payload(left), netipc_writer_payload(right));
}
