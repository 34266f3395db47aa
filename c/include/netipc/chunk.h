/**
 * Messages that are larger than a packet: cut into chunks, put together again.
 *
 * The first packet of a message is its header and as much of the payload as fits; every further packet is a 32-byte
 * chunk header and the next part. Nothing comes between the chunks of a message (NIPC-CHK-02, NIPC-CHK-03,
 * NIPC-CHK-04). Nothing here knows limits of a session or deadlines.
 */
#ifndef NETIPC_CHUNK_H
#define NETIPC_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"
#include "netipc/bytes.h"
#include "netipc/error.h"
#include "netipc/header.h"
#include "netipc/memory.h"

#ifdef __cplusplus
extern "C" {
#endif

/** First word of a chunk. */
#define NETIPC_CHUNK_MAGIC 0x4e43484bu
/** The only chunk version. */
#define NETIPC_CHUNK_VERSION 1u
/** Bytes of a chunk header; as many as a message header has. */
#define NETIPC_CHUNK_HEADER_LEN 32u
/** The smallest packet that carries anything besides its header. */
#define NETIPC_MIN_PACKET_SIZE (NETIPC_HEADER_LEN + 1)

/** The header of a continuation packet; magic, version and flags are implied. */
typedef struct netipc_chunk_header {
    /** Id of the message that goes on. */
    uint64_t message_id;
    /** Bytes of the whole message with its header. */
    uint32_t total_len;
    /** Number of this packet; the first continuation is 1. */
    uint32_t index;
    /** Number of packets, the first one counted. */
    uint32_t count;
    /** Payload bytes of this packet. */
    uint32_t payload_len;
} netipc_chunk_header;

/** Writes the bytes of the chunk header. */
NETIPC_API void netipc_chunk_header_encode(const netipc_chunk_header *header, uint8_t out[NETIPC_CHUNK_HEADER_LEN]);

/**
 * Reads the chunk header at the start of a packet.
 *
 * Errors name the first unsound field in the order length, magic, version, flags (NIPC-CHK-07). Fields that depend on
 * the message are judged by the assembler.
 */
NETIPC_API NETIPC_MUST_USE bool netipc_chunk_header_decode(netipc_chunk_header *header, const void *packet, size_t len,
                                                           netipc_error *error);

/**
 * Cuts one message into packets.
 *
 * Plain data that borrows nothing and owns nothing: when the transport would block, keep it and go on later with the
 * packet that it still shows. The fields are private.
 */
typedef struct netipc_chunker {
    netipc_header header;
    uint32_t budget;
    uint32_t sent;
    uint32_t index;
} netipc_chunker;

/** A packet to send: its first 32 bytes, and the part of the payload that follows them. */
typedef struct netipc_packet {
    /** A message header or a chunk header. */
    uint8_t head[NETIPC_HEADER_LEN];
    /** Where in the payload the part starts. */
    uint32_t offset;
    /** Bytes of the part; can be 0 in the only packet of an empty message. */
    uint32_t len;
} netipc_packet;

/**
 * Starts the packets of the message that `header` opens, none longer than `packet_size`.
 *
 * `header->payload_len` must be the length of the payload and at most `NETIPC_MAX_PAYLOAD_LEN`; a session makes sure
 * of both. A `packet_size` below `NETIPC_MIN_PACKET_SIZE` counts as that.
 */
NETIPC_API netipc_chunker netipc_chunker_begin(const netipc_header *header, uint32_t packet_size);

/** The packet to send now, the same until `netipc_chunker_advance`; false when the message is complete. */
NETIPC_API bool netipc_chunker_packet(const netipc_chunker *chunker, netipc_packet *packet);

/** The packet was sent: moves to the next one. */
NETIPC_API void netipc_chunker_advance(netipc_chunker *chunker);

/** Number of packets of the message. */
NETIPC_API uint32_t netipc_chunker_count(const netipc_chunker *chunker);

/** Whether a packet was sent already. Once it was, only the next packet of the same message may follow it. */
NETIPC_API bool netipc_chunker_started(const netipc_chunker *chunker);

/** Whether all packets were sent. */
NETIPC_API bool netipc_chunker_done(const netipc_chunker *chunker);

/**
 * Puts the packets of one message together.
 *
 * Memory is taken for bytes that arrived, at most twice as much, and never for a length that a peer merely announced
 * (NIPC-CHK-13).
 */
typedef struct netipc_assembler netipc_assembler;

/** An assembler that holds nothing; `NULL` when there is no memory. The caller frees it. */
NETIPC_API netipc_assembler *netipc_assembler_new(const netipc_allocator *allocator);

/** Frees the assembler and what it holds; `NULL` is fine. */
NETIPC_API void netipc_assembler_free(netipc_assembler *assembler);

/**
 * Starts a message with the payload bytes of its first packet. A message that was half there is forgotten.
 *
 * The number of chunks follows from the real `len`, so that a first packet with less than it could take is fine
 * (NIPC-CHK-05, NIPC-CHK-06).
 *
 * Errors: `NETIPC_PROBLEM_CHUNK_NOT_NEEDED` when `len` is not less than `header->payload_len`, since a message that is
 * complete needs no assembler; `NETIPC_PROBLEM_NO_MEMORY`. Nothing is half there then.
 */
NETIPC_API NETIPC_MUST_USE bool netipc_assembler_begin(netipc_assembler *assembler, const netipc_header *header,
                                                       const void *body, size_t len, uint32_t packet_size,
                                                       netipc_error *error);

/**
 * Takes the next packet; `*complete` tells whether it was the last one.
 *
 * Errors: `NETIPC_PROBLEM_CHUNK_*` for the first field that does not continue the message, in the order of the
 * enumeration (NIPC-CHK-07 to NIPC-CHK-11); `NETIPC_PROBLEM_NO_MEMORY`. The message stays half there.
 */
NETIPC_API NETIPC_MUST_USE bool netipc_assembler_continue(netipc_assembler *assembler, const void *packet, size_t len,
                                                          bool *complete, netipc_error *error);

/** The header of the message that is half there; `NULL` when none is. Valid until the assembler changes. */
NETIPC_API const netipc_header *netipc_assembler_pending(const netipc_assembler *assembler);

/** The payload bytes that arrived, the whole payload once it is complete. Valid until the assembler changes. */
NETIPC_API netipc_bytes netipc_assembler_payload(const netipc_assembler *assembler);

/** Takes the payload out, memory and all. The caller frees it with `netipc_buffer_free` and the same allocator. */
NETIPC_API NETIPC_MUST_USE netipc_buffer netipc_assembler_take(netipc_assembler *assembler);

/** Bytes of memory held for payload. */
NETIPC_API size_t netipc_assembler_held(const netipc_assembler *assembler);

/** Gives memory back that a large message needed, unless a message is half there. */
NETIPC_API void netipc_assembler_release(netipc_assembler *assembler);

/** Forgets a message that is half there and gives all memory for payload back. */
NETIPC_API void netipc_assembler_clear(netipc_assembler *assembler);

#ifdef __cplusplus
}
#endif

#endif
