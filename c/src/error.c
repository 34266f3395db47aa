#include "netipc/error.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "netipc/batch.h"
#include "netipc/chunk.h"
#include "netipc/handshake.h"
#include "netipc/header.h"
#include "netipc/profile.h"

netipc_kind netipc_problem_kind(netipc_problem problem)
{
    switch (problem) {
    case NETIPC_PROBLEM_NONE:
        return NETIPC_KIND_NONE;
    case NETIPC_PROBLEM_HEADER_SHORT:
    case NETIPC_PROBLEM_HEADER_MAGIC:
    case NETIPC_PROBLEM_HEADER_VERSION:
    case NETIPC_PROBLEM_HEADER_LEN:
    case NETIPC_PROBLEM_HEADER_KIND:
    case NETIPC_PROBLEM_BATCH_TRUNCATED:
    case NETIPC_PROBLEM_BATCH_MISALIGNED:
    case NETIPC_PROBLEM_BATCH_BOUNDS:
    case NETIPC_PROBLEM_CHUNK_SHORT:
    case NETIPC_PROBLEM_CHUNK_MAGIC:
    case NETIPC_PROBLEM_CHUNK_VERSION:
    case NETIPC_PROBLEM_CHUNK_FLAGS:
    case NETIPC_PROBLEM_CHUNK_MESSAGE_ID:
    case NETIPC_PROBLEM_CHUNK_INDEX:
    case NETIPC_PROBLEM_CHUNK_COUNT:
    case NETIPC_PROBLEM_CHUNK_TOTAL:
    case NETIPC_PROBLEM_CHUNK_PACKET_LEN:
    case NETIPC_PROBLEM_CHUNK_PART_LEN:
    case NETIPC_PROBLEM_HELLO_SHORT:
    case NETIPC_PROBLEM_HELLO_PADDING:
    case NETIPC_PROBLEM_ACK_SHORT:
        return NETIPC_KIND_INVALID_MESSAGE;
    case NETIPC_PROBLEM_UNEXPECTED_KIND:
    case NETIPC_PROBLEM_PAYLOAD_TOO_LARGE:
    case NETIPC_PROBLEM_TOO_MANY_ITEMS:
    case NETIPC_PROBLEM_PACKET_TOO_LONG:
    case NETIPC_PROBLEM_UNKNOWN_MESSAGE_ID:
    case NETIPC_PROBLEM_WRONG_CODE:
    case NETIPC_PROBLEM_UNEXPECTED_STATUS:
    case NETIPC_PROBLEM_WRONG_ITEM_COUNT:
    case NETIPC_PROBLEM_REPLY_ITEMS:
    case NETIPC_PROBLEM_REPLY_KEY:
    case NETIPC_PROBLEM_REPLY_GAP:
    case NETIPC_PROBLEM_HALF_MESSAGE:
    case NETIPC_PROBLEM_HELLO_EXPECTED:
    case NETIPC_PROBLEM_ACK_EXPECTED:
    case NETIPC_PROBLEM_ACK_FLAGS:
    case NETIPC_PROBLEM_ACK_PROFILE:
    case NETIPC_PROBLEM_ACK_PACKET_SIZE:
    case NETIPC_PROBLEM_ACK_REQUEST_PAYLOAD:
        return NETIPC_KIND_PEER_MISBEHAVED;
    case NETIPC_PROBLEM_HELLO_LAYOUT:
    case NETIPC_PROBLEM_HELLO_PROFILE:
    case NETIPC_PROBLEM_HELLO_PACKET_SIZE:
    case NETIPC_PROBLEM_ACK_VERSION:
    case NETIPC_PROBLEM_ACK_LAYOUT:
        return NETIPC_KIND_INCOMPATIBLE;
    case NETIPC_PROBLEM_ACK_REJECTED:
        return NETIPC_KIND_REJECTED;
    case NETIPC_PROBLEM_HELLO_TOKEN:
    case NETIPC_PROBLEM_HELLO_DENIED:
        return NETIPC_KIND_DENIED;
    case NETIPC_PROBLEM_BATCH_FULL:
    case NETIPC_PROBLEM_BATCH_SLOTS:
    case NETIPC_PROBLEM_SEND_PAYLOAD:
    case NETIPC_PROBLEM_SEND_ITEMS:
    case NETIPC_PROBLEM_HELLO_REQUEST_PAYLOAD:
    case NETIPC_PROBLEM_HELLO_FULL:
        return NETIPC_KIND_LIMIT_EXCEEDED;
    case NETIPC_PROBLEM_CHUNK_NOT_NEEDED:
    case NETIPC_PROBLEM_SEND_KIND:
    case NETIPC_PROBLEM_SEND_DUPLICATE_ID:
        return NETIPC_KIND_API_MISUSE;
    case NETIPC_PROBLEM_SEND_CLOSED:
        return NETIPC_KIND_DISCONNECTED;
    case NETIPC_PROBLEM_NO_MEMORY:
        return NETIPC_KIND_IO;
    }
    return NETIPC_KIND_BUG;
}

/* Where a sentence goes. */
typedef struct text {
    char *buffer;
    size_t len;
} text;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static size_t write_text(text to, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(to.buffer, to.len, format, arguments);
    va_end(arguments);
    return written < 0 ? 0 : (size_t)written;
}

static const char *kind_text(uint64_t kind)
{
    switch (kind) {
    case NETIPC_MESSAGE_REQUEST:
        return "request";
    case NETIPC_MESSAGE_RESPONSE:
        return "response";
    case NETIPC_MESSAGE_CONTROL:
        return "control message";
    default:
        return "message of no known kind";
    }
}

static size_t describe_header(const netipc_error *e, text to)
{
    switch ((int)e->problem) {
    case NETIPC_PROBLEM_HEADER_SHORT:
        return write_text(to, "a packet of %" PRIu64 " bytes is too short for a %u-byte header", e->got,
                          NETIPC_HEADER_LEN);
    case NETIPC_PROBLEM_HEADER_MAGIC:
        return write_text(to, "a message starts with 0x%08" PRIx64 ", not with the magic 0x%08" PRIx64, e->got,
                          e->allowed);
    case NETIPC_PROBLEM_HEADER_VERSION:
        return write_text(to, "a message has protocol version %" PRIu64 ", only %" PRIu64 " is known", e->got,
                          e->allowed);
    case NETIPC_PROBLEM_HEADER_LEN:
        return write_text(to, "a message has a header length of %" PRIu64 ", not %" PRIu64, e->got, e->allowed);
    default:
        return write_text(to, "a message has kind %" PRIu64 ", only 1, 2 and 3 are known", e->got);
    }
}

static size_t describe_batch(const netipc_error *e, text to)
{
    switch ((int)e->problem) {
    case NETIPC_PROBLEM_BATCH_TRUNCATED:
        return write_text(to, "a batch payload of %" PRIu64 " bytes cannot hold a directory of %" PRIu64 " entries",
                          e->got, e->allowed);
    case NETIPC_PROBLEM_BATCH_MISALIGNED:
        return write_text(to, "batch item %" PRIu64 " starts at offset %" PRIu64 ", which is no multiple of 8",
                          e->index, e->got);
    case NETIPC_PROBLEM_BATCH_BOUNDS:
        return write_text(to,
                          "batch item %" PRIu64 " has %" PRIu64 " bytes at offset %" PRIu64 ", only %" PRIu64
                          " bytes are there",
                          e->index, e->got, e->detail, e->allowed);
    case NETIPC_PROBLEM_BATCH_FULL:
        return write_text(to, "%" PRIu64 " bytes do not fit into the %" PRIu64 " bytes left for the batch", e->got,
                          e->allowed);
    default:
        return write_text(to, "the batch has all of its %" PRIu64 " items already", e->allowed);
    }
}

static size_t describe_chunk(const netipc_error *e, text to)
{
    switch ((int)e->problem) {
    case NETIPC_PROBLEM_CHUNK_SHORT:
        return write_text(to, "a packet of %" PRIu64 " bytes is too short for a %u-byte chunk header", e->got,
                          NETIPC_CHUNK_HEADER_LEN);
    case NETIPC_PROBLEM_CHUNK_MAGIC:
        return write_text(to,
                          "a chunk must follow, but the packet starts with 0x%08" PRIx64 ", not with 0x%08" PRIx64,
                          e->got, e->allowed);
    case NETIPC_PROBLEM_CHUNK_VERSION:
        return write_text(to, "a chunk has version %" PRIu64 ", only %" PRIu64 " is known", e->got, e->allowed);
    case NETIPC_PROBLEM_CHUNK_FLAGS:
        return write_text(to, "a chunk has flags 0x%04" PRIx64 ", none are known", e->got);
    case NETIPC_PROBLEM_CHUNK_MESSAGE_ID:
        return write_text(to,
                          "a chunk has message id %" PRIu64 ", the message that it must continue has %" PRIu64, e->got,
                          e->allowed);
    case NETIPC_PROBLEM_CHUNK_INDEX:
        return write_text(to, "a chunk has index %" PRIu64 ", the next one is %" PRIu64, e->got, e->allowed);
    case NETIPC_PROBLEM_CHUNK_COUNT:
        return write_text(to, "a chunk tells of %" PRIu64 " chunks, the message has %" PRIu64, e->got, e->allowed);
    case NETIPC_PROBLEM_CHUNK_TOTAL:
        return write_text(to, "a chunk tells of a message of %" PRIu64 " bytes, the message has %" PRIu64, e->got,
                          e->allowed);
    case NETIPC_PROBLEM_CHUNK_PACKET_LEN:
        return write_text(to, "a chunk announces %" PRIu64 " payload bytes, its packet has %" PRIu64, e->allowed,
                          e->got);
    case NETIPC_PROBLEM_CHUNK_PART_LEN:
        return write_text(to,
                          "a chunk carries %" PRIu64 " payload bytes, the next part of the message has %" PRIu64,
                          e->got, e->allowed);
    default:
        return write_text(to,
                          "a message of %" PRIu64 " payload bytes of which %" PRIu64
                          " are there needs no assembler",
                          e->allowed, e->got);
    }
}

static size_t describe_half_message(const netipc_error *e, text to)
{
    const char *unit = "ns";
    uint64_t time = e->detail;
    if (time % NETIPC_SECOND == 0) {
        time /= NETIPC_SECOND;
        unit = "s";
    } else if (time % NETIPC_MILLISECOND == 0) {
        time /= NETIPC_MILLISECOND;
        unit = "ms";
    }
    return write_text(to, "only %" PRIu64 " of %" PRIu64 " payload bytes arrived within %" PRIu64 "%s", e->got,
                      e->allowed, time, unit);
}

static size_t describe_session(const netipc_error *e, text to)
{
    switch ((int)e->problem) {
    case NETIPC_PROBLEM_UNEXPECTED_KIND:
        return write_text(to, "the peer sent a %s where only a %s may come", kind_text(e->got), kind_text(e->allowed));
    case NETIPC_PROBLEM_PAYLOAD_TOO_LARGE:
        return write_text(to, "the peer announced a payload of %" PRIu64 " bytes, the agreed limit is %" PRIu64,
                          e->got, e->allowed);
    case NETIPC_PROBLEM_TOO_MANY_ITEMS:
        return write_text(to, "the peer announced %" PRIu64 " batch items, the agreed limit is %" PRIu64, e->got,
                          e->allowed);
    case NETIPC_PROBLEM_PACKET_TOO_LONG:
        return write_text(to,
                          "the peer sent a packet of %" PRIu64 " bytes, at most %" PRIu64
                          " can belong to its message",
                          e->got, e->allowed);
    case NETIPC_PROBLEM_UNKNOWN_MESSAGE_ID:
        return write_text(to, "the peer answered message id %" PRIu64 ", which is not in flight", e->got);
    case NETIPC_PROBLEM_WRONG_CODE:
        return write_text(to,
                          "the peer answered a call of method %" PRIu64 " with a response of method %" PRIu64,
                          e->allowed, e->got);
    case NETIPC_PROBLEM_UNEXPECTED_STATUS:
        return write_text(to, "the peer answered a call with status %" PRIu64 " (%s)", e->got,
                          netipc_status_name((netipc_status)e->got));
    case NETIPC_PROBLEM_WRONG_ITEM_COUNT:
        return write_text(to,
                          "the peer answered a batch of %" PRIu64 " items with one of %" PRIu64
                          " (0 is none at all)",
                          e->allowed, e->got);
    case NETIPC_PROBLEM_REPLY_ITEMS:
        return write_text(to, "the peer answered a lookup of %" PRIu64 " keys with %" PRIu64 " items", e->allowed,
                          e->got);
    case NETIPC_PROBLEM_REPLY_KEY:
        return write_text(to, "the peer answered key %" PRIu64 " of a lookup with another key", e->index);
    case NETIPC_PROBLEM_REPLY_GAP:
        return write_text(to,
                          "the peer answered key %" PRIu64 " of a lookup, but had no room for one before it",
                          e->index);
    default:
        return describe_half_message(e, to);
    }
}

static size_t describe_send(const netipc_error *e, text to)
{
    switch ((int)e->problem) {
    case NETIPC_PROBLEM_SEND_PAYLOAD:
        return write_text(to, "the payload has %" PRIu64 " bytes, the agreed limit is %" PRIu64, e->got, e->allowed);
    case NETIPC_PROBLEM_SEND_ITEMS:
        return write_text(to, "the batch has %" PRIu64 " items, the agreed limit is %" PRIu64, e->got, e->allowed);
    case NETIPC_PROBLEM_SEND_KIND:
        return write_text(to, "this side of a session sends a %s, not a %s", kind_text(e->allowed),
                          kind_text(e->got));
    case NETIPC_PROBLEM_SEND_DUPLICATE_ID:
        return write_text(to, "message id %" PRIu64 " is in flight already", e->got);
    default:
        return write_text(to, "the session is closed");
    }
}

static size_t describe_hello(const netipc_error *e, text to)
{
    char client[NETIPC_PROFILES_TEXT_LEN];
    char server[NETIPC_PROFILES_TEXT_LEN];
    switch ((int)e->problem) {
    case NETIPC_PROBLEM_HELLO_EXPECTED:
        return write_text(to, "the first packet must be a HELLO, but it is a %s with code %" PRIu64,
                          kind_text(e->detail), e->got);
    case NETIPC_PROBLEM_HELLO_SHORT:
        return write_text(to, "a HELLO payload has %" PRIu64 " bytes, at least %" PRIu64 " are needed", e->got,
                          e->allowed);
    case NETIPC_PROBLEM_HELLO_LAYOUT:
        return write_text(to, "a HELLO has layout version %" PRIu64 ", only %" PRIu64 " is known", e->got,
                          e->allowed);
    case NETIPC_PROBLEM_HELLO_PADDING:
        return write_text(to, "the padding of a HELLO is 0x%08" PRIx64 ", it must be zero", e->got);
    case NETIPC_PROBLEM_HELLO_PROFILE:
        netipc_profiles_describe((netipc_profiles)e->got, client, sizeof client);
        netipc_profiles_describe((netipc_profiles)e->allowed, server, sizeof server);
        return write_text(to, "no common profile: the client supports %s, the server %s", client, server);
    case NETIPC_PROBLEM_HELLO_TOKEN:
        return write_text(to, "the client's auth token is wrong");
    case NETIPC_PROBLEM_HELLO_DENIED:
        return write_text(to, "the client's user or group is not on the allow-list");
    case NETIPC_PROBLEM_HELLO_REQUEST_PAYLOAD:
        return write_text(to,
                          "the client proposes request payloads of %" PRIu64 " bytes, at most %" PRIu64
                          " are accepted",
                          e->got, e->allowed);
    case NETIPC_PROBLEM_HELLO_PACKET_SIZE:
        return write_text(to, "the packet size would be %" PRIu64 " bytes, at least %" PRIu64 " are needed", e->got,
                          e->allowed);
    default:
        return write_text(to, "the server has as many sessions as it may");
    }
}

/* What a status means when it answers a HELLO. */
static const char *rejection(netipc_status status)
{
    switch (status) {
    case NETIPC_STATUS_AUTH_FAILED:
        return "the server refused access: check the auth token, or its list of allowed users and groups";
    case NETIPC_STATUS_INCOMPATIBLE:
        return "the server speaks another protocol version or needs another packet size";
    case NETIPC_STATUS_UNSUPPORTED:
        return "the server supports none of the offered profiles";
    case NETIPC_STATUS_INTERNAL_ERROR:
        return "the server cannot take another session now: try again later";
    default:
        return "the server refused the handshake";
    }
}

static size_t describe_rejection(const netipc_error *e, text to)
{
    netipc_status status = (netipc_status)e->got;
    if (status == NETIPC_STATUS_LIMIT_EXCEEDED) {
        return write_text(to,
                          "the server refused the proposed request payload of %" PRIu64
                          " bytes: propose less (status %u (%s))",
                          e->detail, status, netipc_status_name(status));
    }
    return write_text(to, "%s (status %u (%s))", rejection(status), status, netipc_status_name(status));
}

static size_t describe_ack(const netipc_error *e, text to)
{
    char selected[NETIPC_PROFILES_TEXT_LEN];
    char possible[NETIPC_PROFILES_TEXT_LEN];
    switch ((int)e->problem) {
    case NETIPC_PROBLEM_ACK_VERSION:
        return write_text(to, "the server speaks protocol version %" PRIu64 ", only %" PRIu64 " is known", e->got,
                          e->allowed);
    case NETIPC_PROBLEM_ACK_EXPECTED:
        return write_text(to, "the server must answer with a HELLO_ACK, but it sent a %s with code %" PRIu64,
                          kind_text(e->detail), e->got);
    case NETIPC_PROBLEM_ACK_REJECTED:
        return describe_rejection(e, to);
    case NETIPC_PROBLEM_ACK_SHORT:
        return write_text(to, "a HELLO_ACK payload has %" PRIu64 " bytes, at least %" PRIu64 " are needed", e->got,
                          e->allowed);
    case NETIPC_PROBLEM_ACK_LAYOUT:
        return write_text(to, "a HELLO_ACK has layout version %" PRIu64 ", only %" PRIu64 " is known", e->got,
                          e->allowed);
    case NETIPC_PROBLEM_ACK_FLAGS:
        return write_text(to, "a HELLO_ACK has flags 0x%04" PRIx64 ", none are known", e->got);
    case NETIPC_PROBLEM_ACK_PROFILE:
        netipc_profiles_describe((netipc_profiles)e->got, selected, sizeof selected);
        netipc_profiles_describe((netipc_profiles)e->allowed, possible, sizeof possible);
        return write_text(to, "the server selected profile %s, it must be one of %s", selected, possible);
    case NETIPC_PROBLEM_ACK_PACKET_SIZE:
        return write_text(to, "the server grants packets of %" PRIu64 " bytes, at least %" PRIu64 " are needed",
                          e->got, e->allowed);
    default:
        return write_text(to,
                          "the server grants request payloads of %" PRIu64 " bytes, only %" PRIu64 " were proposed",
                          e->got, e->allowed);
    }
}

size_t netipc_error_describe(const netipc_error *error, char *buffer, size_t len)
{
    text to = {.buffer = buffer, .len = len};
    if (error->problem == NETIPC_PROBLEM_NONE) {
        return write_text(to, "%s", error->kind == NETIPC_KIND_NONE ? "no error" : netipc_kind_name(error->kind));
    }
    /* The hundreds of a problem are its area. */
    switch (error->problem / 100) {
    case 1:
        return describe_header(error, to);
    case 2:
        return describe_batch(error, to);
    case 3:
        return describe_chunk(error, to);
    case 4:
        return describe_session(error, to);
    case 5:
        return describe_send(error, to);
    case 6:
        return describe_hello(error, to);
    case 7:
        return describe_ack(error, to);
    case 8:
        return write_text(to, "there is no memory for %" PRIu64 " bytes", error->got);
    default:
        return write_text(to, "problem %d of an unknown area", (int)error->problem);
    }
}
