#include "netipc/memory.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"

static void *libc_resize(void *context, void *memory, size_t old_size, size_t new_size)
{
    (void)context;
    (void)old_size;
    if (new_size == 0) {
        free(memory);
        return NULL;
    }
    return realloc(memory, new_size);
}

netipc_allocator netipc__allocator_of(const netipc_allocator *allocator)
{
    return allocator != NULL ? *allocator : (netipc_allocator){.resize = libc_resize};
}

void *netipc__resize(const netipc_allocator *allocator, void *memory, size_t old_size, size_t new_size)
{
    return allocator->resize(allocator->context, memory, old_size, new_size);
}

void netipc_buffer_free(netipc_buffer *buffer, const netipc_allocator *allocator)
{
    netipc_allocator owner = netipc__allocator_of(allocator);
    if (buffer->capacity > 0) {
        netipc__resize(&owner, buffer->data, buffer->capacity, 0);
    }
    *buffer = (netipc_buffer){0};
}

bool netipc__buffer_append(netipc_buffer *buffer, const netipc_allocator *allocator, const void *bytes, size_t len,
                           size_t limit)
{
    if (len == 0) {
        return true;
    }
    size_t needed = buffer->len + len;
    if (needed < len) {
        return false;
    }
    if (needed > buffer->capacity) {
        size_t target = buffer->len > SIZE_MAX / 2 ? SIZE_MAX : buffer->len * 2;
        if (target > limit) {
            target = limit;
        }
        if (target < needed) {
            target = needed;
        }
        uint8_t *data = netipc__resize(allocator, buffer->data, buffer->capacity, target);
        if (data == NULL) {
            return false;
        }
        buffer->data = data;
        buffer->capacity = target;
    }
    memcpy(buffer->data + buffer->len, bytes, len);
    buffer->len = needed;
    return true;
}
