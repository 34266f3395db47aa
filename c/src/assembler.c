#include "assembler.h"

#include "buffer.h"
#include "cursor.h"
#include "fail.h"

/* Memory that an assembler keeps for the next message when it is told to release what it holds. */
#define KEEP 4096u

netipc_assembler *netipc_assembler_new(const netipc_allocator *allocator)
{
    netipc_allocator owner = netipc__allocator_of(allocator);
    netipc_assembler *assembler = netipc__resize(&owner, NULL, 0, sizeof *assembler);
    if (assembler != NULL) {
        *assembler = (netipc_assembler){.allocator = owner};
    }
    return assembler;
}

void netipc_assembler_free(netipc_assembler *assembler)
{
    if (assembler != NULL) {
        netipc_assembler_clear(assembler);
        netipc_allocator owner = assembler->allocator;
        netipc__resize(&owner, assembler, sizeof *assembler, 0);
    }
}

/* Memory grows for bytes that arrived, never for a length that was announced (NIPC-CHK-13). */
static bool append(netipc_assembler *assembler, const void *body, size_t len, netipc_error *error)
{
    if (!netipc__buffer_append(&assembler->payload, &assembler->allocator, body, len,
                               assembler->header.payload_len)) {
        return NETIPC__FAIL(error, NO_MEMORY, .got = (uint64_t)assembler->payload.len + len);
    }
    return true;
}

bool netipc_assembler_begin(netipc_assembler *assembler, const netipc_header *header, const void *body, size_t len,
                            uint32_t packet_size, netipc_error *error)
{
    assembler->pending = false;
    assembler->payload.len = 0;
    if (len >= header->payload_len) {
        return NETIPC__FAIL(error, CHUNK_NOT_NEEDED, .got = len, .allowed = header->payload_len);
    }
    assembler->header = *header;
    assembler->next = 1;
    assembler->budget = netipc__body_budget(packet_size);
    assembler->count = 1 + netipc__div_ceil(header->payload_len - (uint32_t)len, assembler->budget);
    assembler->pending = append(assembler, body, len, error);
    return assembler->pending;
}

/* Whether a chunk whose packet carries `body` payload bytes is the next one of the message. */
static bool check(const netipc_assembler *assembler, const netipc_chunk_header *chunk, size_t body,
                  netipc_error *error)
{
    const netipc_header *header = &assembler->header;
    if (chunk->message_id != header->message_id) {
        return NETIPC__FAIL(error, CHUNK_MESSAGE_ID, .got = chunk->message_id, .allowed = header->message_id);
    }
    if (chunk->index != assembler->next) {
        return NETIPC__FAIL(error, CHUNK_INDEX, .got = chunk->index, .allowed = assembler->next);
    }
    if (chunk->count != assembler->count) {
        return NETIPC__FAIL(error, CHUNK_COUNT, .got = chunk->count, .allowed = assembler->count);
    }
    uint32_t total = netipc__message_len(header->payload_len);
    if (chunk->total_len != total) {
        return NETIPC__FAIL(error, CHUNK_TOTAL, .got = chunk->total_len, .allowed = total);
    }
    if (body != chunk->payload_len) {
        return NETIPC__FAIL(error, CHUNK_PACKET_LEN, .got = body, .allowed = chunk->payload_len);
    }
    /* A part has at least one byte and never more than what is left, so this one comparison also refuses empty chunks,
     * an overrun, and an index beyond the count (NIPC-CHK-09, NIPC-CHK-10, NIPC-CHK-11). */
    uint32_t left = header->payload_len - (uint32_t)assembler->payload.len;
    uint32_t part = left < assembler->budget ? left : assembler->budget;
    if (chunk->payload_len != part) {
        return NETIPC__FAIL(error, CHUNK_PART_LEN, .got = chunk->payload_len, .allowed = part);
    }
    return true;
}

bool netipc_assembler_continue(netipc_assembler *assembler, const void *packet, size_t len, bool *complete,
                               netipc_error *error)
{
    netipc_chunk_header chunk;
    if (!netipc_chunk_header_decode(&chunk, packet, len, error)) {
        return false;
    }
    if (!assembler->pending) {
        return NETIPC__FAIL(error, CHUNK_INDEX, .got = chunk.index, .allowed = 0);
    }
    netipc__reader in = netipc__reader_over(packet, len);
    netipc__read_bytes(&in, NETIPC_CHUNK_HEADER_LEN);
    if (!check(assembler, &chunk, in.left, error) || !append(assembler, in.at, in.left, error)) {
        return false;
    }
    assembler->next++;
    assembler->pending = assembler->payload.len < assembler->header.payload_len;
    *complete = !assembler->pending;
    return true;
}

const netipc_header *netipc_assembler_pending(const netipc_assembler *assembler)
{
    return assembler->pending ? &assembler->header : NULL;
}

netipc_bytes netipc_assembler_payload(const netipc_assembler *assembler)
{
    return (netipc_bytes){.data = assembler->payload.data, .len = assembler->payload.len};
}

netipc_buffer netipc_assembler_take(netipc_assembler *assembler)
{
    netipc_buffer taken = assembler->payload;
    assembler->payload = (netipc_buffer){0};
    /* Half a message without what arrived of it can never become whole. */
    assembler->pending = false;
    return taken;
}

size_t netipc_assembler_held(const netipc_assembler *assembler)
{
    return assembler->payload.capacity;
}

void netipc_assembler_release(netipc_assembler *assembler)
{
    if (!assembler->pending && assembler->payload.capacity > KEEP) {
        netipc_buffer_free(&assembler->payload, &assembler->allocator);
    }
}

void netipc_assembler_clear(netipc_assembler *assembler)
{
    netipc_buffer_free(&assembler->payload, &assembler->allocator);
    assembler->pending = false;
}
