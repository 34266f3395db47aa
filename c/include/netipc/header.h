/**
 * The 32-byte message header that opens every message (NIPC-ENV-01).
 *
 * Nothing here knows limits, sessions or payloads.
 */
#ifndef NETIPC_HEADER_H
#define NETIPC_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"
#include "netipc/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/** First word of a message. */
#define NETIPC_MAGIC 0x4e495043u
/** The only protocol version. */
#define NETIPC_PROTOCOL_VERSION 1u
/** Bytes of a message header. */
#define NETIPC_HEADER_LEN 32u
/** Flag bit 0: the payload starts with a batch directory. The others are sent as 0 and ignored (NIPC-ENV-06). */
#define NETIPC_FLAG_BATCH 1u
/** Control opcode of the client's handshake packet. */
#define NETIPC_CODE_HELLO 1u
/** Control opcode of the server's handshake packet. */
#define NETIPC_CODE_HELLO_ACK 2u
/** The longest payload whose message length still fits 32 bits (NIPC-ENV-08). */
#define NETIPC_MAX_PAYLOAD_LEN (UINT32_MAX - NETIPC_HEADER_LEN)

/** What a message is. */
typedef enum netipc_message_kind {
    /** A client asks. */
    NETIPC_MESSAGE_REQUEST = 1,
    /** A server answers. */
    NETIPC_MESSAGE_RESPONSE = 2,
    /** The handshake. */
    NETIPC_MESSAGE_CONTROL = 3,
} netipc_message_kind;

/**
 * `transport_status` of a response: how the envelope fared. Outcomes of a method live in its payload.
 *
 * Values without a name can come from a peer and pass through (NIPC-ENV-12).
 */
typedef uint16_t netipc_status;

enum {
    /** The payload is the answer. */
    NETIPC_STATUS_OK = 0,
    /** The request's payload was malformed. */
    NETIPC_STATUS_BAD_ENVELOPE = 1,
    /** The token is wrong, or the peer's user or group is not allowed. */
    NETIPC_STATUS_AUTH_FAILED = 2,
    /** Versions, layouts or packet sizes do not fit. */
    NETIPC_STATUS_INCOMPATIBLE = 3,
    /** No common profile, or a method that is not served. */
    NETIPC_STATUS_UNSUPPORTED = 4,
    /** A message or a proposal is over a limit. */
    NETIPC_STATUS_LIMIT_EXCEEDED = 5,
    /** The handler failed, or the server cannot take one more session. */
    NETIPC_STATUS_INTERNAL_ERROR = 6,
};

/** The lower-case name of a status, such as `"bad_envelope"`; `"unknown"` for a value without one. Static. */
NETIPC_API const char *netipc_status_name(netipc_status status);

/** A message header; magic, version and header length are implied. */
typedef struct netipc_header {
    /** What the message is. */
    netipc_message_kind kind;
    /** `NETIPC_FLAG_BATCH` or 0; other bits of a received message are kept here and mean nothing. */
    uint16_t flags;
    /** Method of a request or response, opcode of a control message. */
    uint16_t code;
    /** How the envelope fared; 0 in requests. */
    netipc_status status;
    /** Payload bytes after the header. */
    uint32_t payload_len;
    /** 1 for a single message, the number of items for a batch. */
    uint32_t item_count;
    /** Correlates a response with its request. */
    uint64_t message_id;
} netipc_header;

/** The header of a request that is one message (NIPC-ENV-07, NIPC-ENV-09). */
NETIPC_API netipc_header netipc_header_request(uint16_t code, uint32_t payload_len, uint64_t message_id);

/** The header of the response to `request` that is one message. */
NETIPC_API netipc_header netipc_header_response(const netipc_header *request, uint32_t payload_len);

/** The header of the response that tells the sender of `request` why there is no answer; its payload is empty. */
NETIPC_API netipc_header netipc_header_failure(const netipc_header *request, netipc_status status);

/** The same header for a batch of `items`; a batch of one carries the flag too (NIPC-BAT-05). */
NETIPC_API netipc_header netipc_header_batch(netipc_header header, uint32_t items);

/**
 * Whether the payload starts with a batch directory.
 *
 * The flag with an item count of 0 is a single message, and so is any count without the flag (NIPC-BAT-06,
 * NIPC-ENV-10).
 */
NETIPC_API bool netipc_header_is_batch(const netipc_header *header);

/** Writes the bytes of the header. */
NETIPC_API void netipc_header_encode(const netipc_header *header, uint8_t out[NETIPC_HEADER_LEN]);

/**
 * Reads the header at the start of a packet of `len` bytes; bytes after it are not looked at.
 *
 * Errors name the first unsound field in the order length, magic, header length, kind, version: the
 * `NETIPC_PROBLEM_HEADER_*` (NIPC-ENV-03, NIPC-ENV-04, NIPC-ENV-05).
 */
NETIPC_API NETIPC_MUST_USE bool netipc_header_decode(netipc_header *header, const void *packet, size_t len,
                                                     netipc_error *error);

#ifdef __cplusplus
}
#endif

#endif
