#include "netipc/chunk.h"

#include "assembler.h"
#include "cursor.h"
#include "fail.h"

void netipc_chunk_header_encode(const netipc_chunk_header *header, uint8_t out[NETIPC_CHUNK_HEADER_LEN])
{
    netipc__writer writer = netipc__writer_over(out, NETIPC_CHUNK_HEADER_LEN);
    netipc__write_u32(&writer, NETIPC_CHUNK_MAGIC);
    netipc__write_u16(&writer, NETIPC_CHUNK_VERSION);
    netipc__write_u16(&writer, 0);
    netipc__write_u64(&writer, header->message_id);
    netipc__write_u32(&writer, header->total_len);
    netipc__write_u32(&writer, header->index);
    netipc__write_u32(&writer, header->count);
    netipc__write_u32(&writer, header->payload_len);
}

bool netipc_chunk_header_decode(netipc_chunk_header *header, const void *packet, size_t len, netipc_error *error)
{
    if (len < NETIPC_CHUNK_HEADER_LEN) {
        return NETIPC__FAIL(error, CHUNK_SHORT, .got = len, .allowed = NETIPC_CHUNK_HEADER_LEN);
    }
    netipc__reader in = netipc__reader_over(packet, NETIPC_CHUNK_HEADER_LEN);
    uint32_t magic = netipc__read_u32(&in);
    if (magic != NETIPC_CHUNK_MAGIC) {
        return NETIPC__FAIL(error, CHUNK_MAGIC, .got = magic, .allowed = NETIPC_CHUNK_MAGIC);
    }
    uint16_t version = netipc__read_u16(&in);
    if (version != NETIPC_CHUNK_VERSION) {
        return NETIPC__FAIL(error, CHUNK_VERSION, .got = version, .allowed = NETIPC_CHUNK_VERSION);
    }
    uint16_t flags = netipc__read_u16(&in);
    if (flags != 0) {
        return NETIPC__FAIL(error, CHUNK_FLAGS, .got = flags);
    }
    header->message_id = netipc__read_u64(&in);
    header->total_len = netipc__read_u32(&in);
    header->index = netipc__read_u32(&in);
    header->count = netipc__read_u32(&in);
    header->payload_len = netipc__read_u32(&in);
    return true;
}

netipc_chunker netipc_chunker_begin(const netipc_header *header, uint32_t packet_size)
{
    return (netipc_chunker){.header = *header, .budget = netipc__body_budget(packet_size)};
}

/* Payload bytes of the current packet. */
static uint32_t part_len(const netipc_chunker *chunker)
{
    uint32_t left = chunker->header.payload_len - chunker->sent;
    return left < chunker->budget ? left : chunker->budget;
}

bool netipc_chunker_packet(const netipc_chunker *chunker, netipc_packet *packet)
{
    if (netipc_chunker_done(chunker)) {
        return false;
    }
    packet->offset = chunker->sent;
    packet->len = part_len(chunker);
    if (!netipc_chunker_started(chunker)) {
        netipc_header_encode(&chunker->header, packet->head);
        return true;
    }
    netipc_chunk_header chunk = {.message_id = chunker->header.message_id,
                                 .total_len = netipc__message_len(chunker->header.payload_len),
                                 .index = chunker->index,
                                 .count = netipc_chunker_count(chunker),
                                 .payload_len = packet->len};
    netipc_chunk_header_encode(&chunk, packet->head);
    return true;
}

void netipc_chunker_advance(netipc_chunker *chunker)
{
    if (!netipc_chunker_done(chunker)) {
        chunker->sent += part_len(chunker);
        chunker->index++;
    }
}

uint32_t netipc_chunker_count(const netipc_chunker *chunker)
{
    uint32_t count = netipc__div_ceil(chunker->header.payload_len, chunker->budget);
    return count == 0 ? 1 : count;
}

bool netipc_chunker_started(const netipc_chunker *chunker)
{
    return chunker->index > 0;
}

bool netipc_chunker_done(const netipc_chunker *chunker)
{
    return chunker->index > 0 && chunker->sent == chunker->header.payload_len;
}
