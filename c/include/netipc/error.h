/**
 * What can be wrong, with the numbers (NIPC-ERR-01, NIPC-ERR-03).
 *
 * A kind says who is at fault, a problem what exactly is wrong; `netipc_error_describe` makes a sentence of it. An error
 * is plain data: it owns nothing, may be copied and compared field by field, and its strings are static.
 */
#ifndef NETIPC_ERROR_H
#define NETIPC_ERROR_H

#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"
#include "netipc/kind.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What exactly is wrong. Behind each one stands which numbers of the error it fills; the others are 0.
 *
 * Values are never reused or renumbered; later versions add some.
 */
typedef enum netipc_problem {
    /** Nothing. */
    NETIPC_PROBLEM_NONE = 0,

    /** Fewer bytes than a message header has: `got`, `allowed` = 32. */
    NETIPC_PROBLEM_HEADER_SHORT = 100,
    /** Not the first word of a message: `got`, `allowed` = the right one. */
    NETIPC_PROBLEM_HEADER_MAGIC = 101,
    /** Another protocol version, and nothing else of the header is wrong (NIPC-ENV-05): `got`, `allowed` = 1. */
    NETIPC_PROBLEM_HEADER_VERSION = 102,
    /** Another header length: `got`, `allowed` = 32. */
    NETIPC_PROBLEM_HEADER_LEN = 103,
    /** No such message kind: `got`. */
    NETIPC_PROBLEM_HEADER_KIND = 104,

    /** The payload ends inside the batch directory: `got` bytes, `allowed` = entries announced. */
    NETIPC_PROBLEM_BATCH_TRUNCATED = 200,
    /** An offset is no multiple of 8: `index` of the entry, `got` = its offset. */
    NETIPC_PROBLEM_BATCH_MISALIGNED = 201,
    /** An item does not lie inside the payload: `index`, `got` = its length, `detail` = its offset, `allowed` = bytes
     * after the directory. */
    NETIPC_PROBLEM_BATCH_BOUNDS = 202,
    /** A batch that is built has no room for an item or its directory: `got` = bytes needed, `allowed` = bytes left. */
    NETIPC_PROBLEM_BATCH_FULL = 203,
    /** A batch that is built has all its items: `allowed`. */
    NETIPC_PROBLEM_BATCH_SLOTS = 204,

    /** Fewer bytes than a chunk header has: `got`, `allowed` = 32. */
    NETIPC_PROBLEM_CHUNK_SHORT = 300,
    /** Not the first word of a chunk: `got`, `allowed` = the right one. */
    NETIPC_PROBLEM_CHUNK_MAGIC = 301,
    /** Another chunk version: `got`, `allowed` = 1. */
    NETIPC_PROBLEM_CHUNK_VERSION = 302,
    /** Chunk flags that do not exist: `got`. */
    NETIPC_PROBLEM_CHUNK_FLAGS = 303,
    /** A chunk of another message: `got`, `allowed` = the id of the message. */
    NETIPC_PROBLEM_CHUNK_MESSAGE_ID = 304,
    /** A chunk is missing or repeated: `got`, `allowed` = the next index. */
    NETIPC_PROBLEM_CHUNK_INDEX = 305,
    /** Another number of chunks than the size of the message gives: `got`, `allowed` = computed. */
    NETIPC_PROBLEM_CHUNK_COUNT = 306,
    /** Another message length than the message header gives: `got`, `allowed`. */
    NETIPC_PROBLEM_CHUNK_TOTAL = 307,
    /** Chunk header and packet disagree: `got` = payload bytes in the packet, `allowed` = announced. */
    NETIPC_PROBLEM_CHUNK_PACKET_LEN = 308,
    /** More or less than the next part of the message: `got`, `allowed`. */
    NETIPC_PROBLEM_CHUNK_PART_LEN = 309,
    /** A message was given to an assembler although all of it is there: `got`, `allowed` = payload bytes. */
    NETIPC_PROBLEM_CHUNK_NOT_NEEDED = 310,

    /** A message of this kind never travels in this direction: `got`, `allowed`, both `netipc_message_kind`. */
    NETIPC_PROBLEM_UNEXPECTED_KIND = 400,
    /** `payload_len` is over the agreed limit: `got`, `allowed`. */
    NETIPC_PROBLEM_PAYLOAD_TOO_LARGE = 401,
    /** `item_count` is over the agreed number of items: `got`, `allowed`. */
    NETIPC_PROBLEM_TOO_MANY_ITEMS = 402,
    /** A packet is longer than what can belong to its message: `got`, `allowed`. */
    NETIPC_PROBLEM_PACKET_TOO_LONG = 403,
    /** A response answers nothing that was asked: `got`. */
    NETIPC_PROBLEM_UNKNOWN_MESSAGE_ID = 404,
    /** A response has another method code than its request: `got`, `allowed`. */
    NETIPC_PROBLEM_WRONG_CODE = 405,
    /** A response has a status that no response may have: `got`. */
    NETIPC_PROBLEM_UNEXPECTED_STATUS = 406,
    /** The response to a batch has another number of items: `got`, `allowed`; 0 is no batch at all. */
    NETIPC_PROBLEM_WRONG_ITEM_COUNT = 407,
    /** The reply to a lookup has another number of items than there were keys: `got`, `allowed`. */
    NETIPC_PROBLEM_REPLY_ITEMS = 408,
    /** An item of the reply to a lookup repeats another key than the one asked for: `index`. */
    NETIPC_PROBLEM_REPLY_KEY = 409,
    /** An item of the reply to a lookup has an answer although one before it had no room: `index`. */
    NETIPC_PROBLEM_REPLY_GAP = 410,
    /** The rest of a message did not arrive in time: `got` and `allowed` payload bytes, `detail` = nanoseconds given. */
    NETIPC_PROBLEM_HALF_MESSAGE = 411,

    /** A message to send is over the agreed limit: `got`, `allowed`. */
    NETIPC_PROBLEM_SEND_PAYLOAD = 500,
    /** A batch to send has more items than agreed: `got`, `allowed`. */
    NETIPC_PROBLEM_SEND_ITEMS = 501,
    /** This side sends no message of this kind: `got`, `allowed`, both `netipc_message_kind`. */
    NETIPC_PROBLEM_SEND_KIND = 502,
    /** A request with this id is in flight already: `got`. */
    NETIPC_PROBLEM_SEND_DUPLICATE_ID = 503,
    /** The session was closed. */
    NETIPC_PROBLEM_SEND_CLOSED = 504,

    /** The first packet of a client is no HELLO: `got` = its code, `detail` = its `netipc_message_kind`. */
    NETIPC_PROBLEM_HELLO_EXPECTED = 600,
    /** The payload of a HELLO is too short: `got`, `allowed` = 44. */
    NETIPC_PROBLEM_HELLO_SHORT = 601,
    /** Another layout of the HELLO: `got`, `allowed` = 1. */
    NETIPC_PROBLEM_HELLO_LAYOUT = 602,
    /** The padding of a HELLO is not zero: `got`. */
    NETIPC_PROBLEM_HELLO_PADDING = 603,
    /** No profile that both can run: `got` = the client's, `allowed` = the server's. */
    NETIPC_PROBLEM_HELLO_PROFILE = 604,
    /** The token is wrong. Neither the right one nor the one that came is told. */
    NETIPC_PROBLEM_HELLO_TOKEN = 605,
    /** The peer's user or group is not allowed. */
    NETIPC_PROBLEM_HELLO_DENIED = 606,
    /** The client wants to send larger requests than the server takes: `got`, `allowed`. */
    NETIPC_PROBLEM_HELLO_REQUEST_PAYLOAD = 607,
    /** The agreed packet would carry nothing besides its header: `got`, `allowed` = the smallest useful one. */
    NETIPC_PROBLEM_HELLO_PACKET_SIZE = 608,
    /** The server has as many sessions as it may. */
    NETIPC_PROBLEM_HELLO_FULL = 609,

    /** The server speaks another protocol version: `got`, `allowed` = 1. */
    NETIPC_PROBLEM_ACK_VERSION = 700,
    /** The server's answer is no HELLO_ACK: `got` = its code, `detail` = its `netipc_message_kind`. */
    NETIPC_PROBLEM_ACK_EXPECTED = 701,
    /** The server says no: `got` = `netipc_status`, `detail` = the request payload that was proposed. */
    NETIPC_PROBLEM_ACK_REJECTED = 702,
    /** The payload of a HELLO_ACK is too short: `got`, `allowed` = 48. */
    NETIPC_PROBLEM_ACK_SHORT = 703,
    /** Another layout of the HELLO_ACK: `got`, `allowed` = 1. */
    NETIPC_PROBLEM_ACK_LAYOUT = 704,
    /** HELLO_ACK flags that do not exist: `got`. */
    NETIPC_PROBLEM_ACK_FLAGS = 705,
    /** The server selected something else than one of the profiles that can be: `got`, `allowed`. */
    NETIPC_PROBLEM_ACK_PROFILE = 706,
    /** The packet granted would carry nothing besides its header: `got`, `allowed` = the smallest useful one. */
    NETIPC_PROBLEM_ACK_PACKET_SIZE = 707,
    /** The server grants larger requests than were proposed: `got`, `allowed`. */
    NETIPC_PROBLEM_ACK_REQUEST_PAYLOAD = 708,

    /** There is no memory: `got` = bytes wanted. The kind is `NETIPC_KIND_IO`. */
    NETIPC_PROBLEM_NO_MEMORY = 800,
} netipc_problem;

/** An error. All zero is none. */
typedef struct netipc_error {
    /** Who is at fault. */
    netipc_kind kind;
    /** What exactly is wrong. */
    netipc_problem problem;
    /** What was found or wanted. */
    uint64_t got;
    /** What would have been right, or the limit. */
    uint64_t allowed;
    /** Which item, from 0. */
    uint64_t index;
    /** One number more; the problem says which. */
    uint64_t detail;
    /** The record of a payload that is at fault; `NULL` when the error is not about a payload. Static. */
    const char *record;
    /** The field of `record`; `NULL` when there is none. Static. */
    const char *field;
    /** The operation of the operating system that failed; `NULL` when none did. Static. */
    const char *operation;
    /** The number that the operating system gave as its cause, on POSIX an `errno`; 0 when there is none. */
    int cause;
} netipc_error;

/**
 * The error as a lower-case sentence without a full stop, with its numbers (NIPC-ERR-03).
 *
 * As `snprintf` does, writes at most `len` bytes with the terminating zero, and returns how many characters the whole
 * sentence has. `buffer` may be `NULL` when `len` is 0. Thread-safe.
 */
NETIPC_API size_t netipc_error_describe(const netipc_error *error, char *buffer, size_t len);

/**
 * The kind that goes with a problem, `NETIPC_KIND_NONE` for `NETIPC_PROBLEM_NONE` (NIPC-ERR-07).
 *
 * A rejection, `NETIPC_PROBLEM_ACK_REJECTED`, has kinds by its status; here it is `NETIPC_KIND_REJECTED`.
 */
NETIPC_API netipc_kind netipc_problem_kind(netipc_problem problem);

#ifdef __cplusplus
}
#endif

#endif
