/**
 * One session after its handshake: what may be sent, and whether what came is sound.
 *
 * Nothing here knows sockets, clocks or payloads. Every transport feeds the packets that it receives to the same
 * session, so that limits, directories and ids are checked on all of them alike (NIPC-RCV-10).
 *
 * A session with one request in flight and messages of one packet takes no memory besides itself.
 */
#ifndef NETIPC_SESSION_H
#define NETIPC_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"
#include "netipc/bytes.h"
#include "netipc/chunk.h"
#include "netipc/error.h"
#include "netipc/header.h"
#include "netipc/limits.h"
#include "netipc/memory.h"
#include "netipc/time.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Which side of a session. */
typedef enum netipc_role {
    /** Sends requests, receives responses. */
    NETIPC_ROLE_CLIENT = 0,
    /** Receives requests, sends responses. */
    NETIPC_ROLE_SERVER = 1,
} netipc_role;

/**
 * The state of one session on one side.
 *
 * A *violation*, an error of `netipc_session_receive`, breaks the session for good: every further use reports the same
 * one (NIPC-RCV-09).
 */
typedef struct netipc_session netipc_session;

/**
 * A session with the limits of `agreed`. A message that comes in parts must be complete `half_message_timeout` after its
 * first part (NIPC-CHK-12).
 *
 * `NULL` when there is no memory. The caller frees it.
 */
NETIPC_API netipc_session *netipc_session_new(netipc_role role, const netipc_agreed *agreed,
                                              netipc_duration half_message_timeout, const netipc_allocator *allocator);

/** Frees the session and what it holds; `NULL` is fine. */
NETIPC_API void netipc_session_free(netipc_session *session);

/** Which side this is. */
NETIPC_API netipc_role netipc_session_role(const netipc_session *session);

/** Limits of what this side sends. */
NETIPC_API netipc_limits netipc_session_outbound(const netipc_session *session);

/** Limits of what this side receives. */
NETIPC_API netipc_limits netipc_session_inbound(const netipc_session *session);

/** Longest packet of the session in bytes. */
NETIPC_API uint32_t netipc_session_packet_size(const netipc_session *session);

/** What broke the session; `NULL` while nothing did. Lives as long as the session. */
NETIPC_API const netipc_error *netipc_session_violation(const netipc_session *session);

/**
 * The header of the message that is over a limit, after `NETIPC_PROBLEM_PAYLOAD_TOO_LARGE` or
 * `NETIPC_PROBLEM_TOO_MANY_ITEMS`: a server answers it before it closes, with what `netipc_header_failure` makes of it
 * (NIPC-L2S-08). Otherwise `NULL`. Lives as long as the session.
 */
NETIPC_API const netipc_header *netipc_session_offender(const netipc_session *session);

/**
 * Starts to send the message that `header` opens; on a client its id is in flight from here on (NIPC-RCV-12).
 *
 * The packets of two messages must not be mixed: finish one chunker before the next one starts. When no packet could be
 * sent at all, `netipc_session_abandon` takes the id back.
 *
 * Errors: `NETIPC_PROBLEM_SEND_*`, `NETIPC_PROBLEM_NO_MEMORY`, and the session stays as it was; or the violation that
 * broke the session earlier.
 */
NETIPC_API NETIPC_MUST_USE bool netipc_session_send(netipc_session *session, const netipc_header *header,
                                                    netipc_chunker *chunker, netipc_error *error);

/** Takes the id of a request back of which no packet was sent. Returns whether it was in flight. */
NETIPC_API bool netipc_session_abandon(netipc_session *session, uint64_t message_id);

/** What a packet brought. */
typedef enum netipc_progress {
    /** Part of a message; more must follow before `netipc_session_deadline`. */
    NETIPC_PROGRESS_PARTIAL = 0,
    /** A message in one packet. */
    NETIPC_PROGRESS_WHOLE = 1,
    /** The last part of a message that came in several. */
    NETIPC_PROGRESS_ASSEMBLED = 2,
} netipc_progress;

/** The outcome of a packet. */
typedef struct netipc_received {
    /** What it brought. */
    netipc_progress progress;
    /** The header of the message; zero for a part. */
    netipc_header header;
    /**
     * The payload of the message; empty for a part. Of a whole message it borrows the packet; of an assembled one it
     * borrows the session, until the next packet, `netipc_session_take` or `netipc_session_release`.
     */
    netipc_bytes payload;
} netipc_received;

/**
 * Judges a packet that came at `now`, in the order of NIPC-RCV-07.
 *
 * A packet of length 0 is the end of the stream and must not be passed in (NIPC-RCV-01).
 *
 * Errors: the first rule that the packet breaks, or `NETIPC_PROBLEM_NO_MEMORY`; the session is broken from then on.
 */
NETIPC_API NETIPC_MUST_USE bool netipc_session_receive(netipc_session *session, const void *packet, size_t len,
                                                       netipc_time now, netipc_received *received,
                                                       netipc_error *error);

/** Tells the time. */
typedef netipc_time (*netipc_clock)(void *context);

/**
 * As `netipc_session_receive`, but asks `clock` for the time only when it matters: at the first part of a message that
 * comes in several. Reading a clock can cost more than all the checks of a small message.
 */
NETIPC_API NETIPC_MUST_USE bool netipc_session_receive_with(netipc_session *session, const void *packet, size_t len,
                                                            netipc_clock clock, void *context,
                                                            netipc_received *received, netipc_error *error);

/**
 * Records what the peer broke where the session does not look, such as a packet that was too long to be read whole. It
 * is broken from then on, as after a violation of its own finding; the first one stays.
 */
NETIPC_API void netipc_session_fail(netipc_session *session, const netipc_error *violation);

/**
 * Takes the payload of the last assembled message out without copying it. The caller frees it with `netipc_buffer_free`
 * and the allocator of the session.
 */
NETIPC_API NETIPC_MUST_USE netipc_buffer netipc_session_take(netipc_session *session);

/** Bytes of memory held for reassembly. */
NETIPC_API size_t netipc_session_held(const netipc_session *session);

/**
 * Gives memory back that large messages or a large window needed.
 *
 * Call it when the session falls idle, not after every message: a stream of large messages then reuses the same memory.
 * A payload that was assembled is gone afterwards.
 */
NETIPC_API void netipc_session_release(netipc_session *session);

/** When `netipc_session_check_deadline` must be called; `NETIPC_NEVER` while no message is half there. */
NETIPC_API netipc_time netipc_session_deadline(const netipc_session *session);

/**
 * Looks whether a message that is half there is overdue (NIPC-CHK-12).
 *
 * Errors: `NETIPC_PROBLEM_HALF_MESSAGE` when it is, and the session is broken from then on; or the violation that broke
 * it earlier.
 */
NETIPC_API NETIPC_MUST_USE bool netipc_session_check_deadline(netipc_session *session, netipc_time now,
                                                              netipc_error *error);

/** Number of requests in flight. */
NETIPC_API size_t netipc_session_in_flight(const netipc_session *session);

/** Whether the request with this id is in flight. */
NETIPC_API bool netipc_session_is_in_flight(const netipc_session *session, uint64_t message_id);

/** Is told of a request that will never be answered. */
typedef void (*netipc_lost)(void *context, uint64_t message_id);

/**
 * Ends the session. Tells `lost`, which may be `NULL`, each id that was in flight, once, lowest first (NIPC-RCV-09); it
 * must not use the session. Returns how many there were.
 */
NETIPC_API size_t netipc_session_close(netipc_session *session, netipc_lost lost, void *context);

#ifdef __cplusplus
}
#endif

#endif
