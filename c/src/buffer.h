/*
 * Memory that grows, through the allocator of an object.
 */
#ifndef NETIPC__BUFFER_H
#define NETIPC__BUFFER_H

#include <stdbool.h>

#include "netipc/memory.h"

/* The allocator to keep for one that a caller passed: a copy of it, or that of the C library for NULL. */
netipc_allocator netipc__allocator_of(const netipc_allocator *allocator);

/* As `resize` of an allocator. */
void *netipc__resize(const netipc_allocator *allocator, void *memory, size_t old_size, size_t new_size);

/*
 * Appends `len` bytes. `limit` bytes is what the buffer will never need more than, when all goes well: memory grows to
 * what is needed or to twice of what there is, whichever is more, but not above the limit. False when there is no
 * memory; the buffer is then as before.
 */
bool netipc__buffer_append(netipc_buffer *buffer, const netipc_allocator *allocator, const void *bytes, size_t len,
                           size_t limit);

#endif
