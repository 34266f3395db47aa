#include "netipc/codec/copy.h"

#include <stdlib.h>
#include <string.h>

uint8_t *netipc_copy_room(size_t len)
{
    if (len == SIZE_MAX) {
        return NULL;
    }
    /* Of no bytes there is a copy too, and NULL means something else. */
    return malloc(len > 0 ? len : 1);
}

bool netipc_copy_record(netipc_bytes record, netipc_bytes *copy)
{
    uint8_t *memory = netipc_copy_room(record.len);
    if (memory == NULL) {
        return false;
    }
    if (record.len > 0) {
        memcpy(memory, record.data, record.len);
    }
    *copy = (netipc_bytes){.data = memory, .len = record.len};
    return true;
}

void netipc_copy_free(const uint8_t *memory)
{
    free((void *)memory);
}
