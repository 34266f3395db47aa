/**
 * The handshake: one packet each way, before a session.
 *
 * Nothing here knows sockets or deadlines; the caller gives a handshake both. The server judges a HELLO with
 * `netipc_hello_answer`, the client a HELLO_ACK with `netipc_proposal_accept`.
 */
#ifndef NETIPC_HANDSHAKE_H
#define NETIPC_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"
#include "netipc/error.h"
#include "netipc/header.h"
#include "netipc/limits.h"
#include "netipc/profile.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The only layout of the handshake payloads. */
#define NETIPC_LAYOUT_VERSION 1u
/** Bytes of a HELLO payload. */
#define NETIPC_HELLO_LEN 44u
/** Bytes of a HELLO packet. */
#define NETIPC_HELLO_PACKET_LEN (NETIPC_HEADER_LEN + NETIPC_HELLO_LEN)
/** Bytes of a HELLO_ACK payload. */
#define NETIPC_ACK_LEN 48u
/** Bytes of a HELLO_ACK packet. */
#define NETIPC_ACK_PACKET_LEN (NETIPC_HEADER_LEN + NETIPC_ACK_LEN)

/** Payload of HELLO, field by field; nothing is judged here (NIPC-HS-01). */
typedef struct netipc_hello {
    /** Layout of the payload. */
    uint16_t layout_version;
    /** No flag is known; ignored on receipt. */
    uint16_t flags;
    /** Profiles that the client can run. */
    netipc_profiles supported;
    /** Profiles that it would like best. */
    netipc_profiles preferred;
    /** Proposed limits of requests. */
    netipc_limits request;
    /** Hints for responses. */
    netipc_limits response;
    /** Always 0. */
    uint32_t padding;
    /** Shared secret of client and server. */
    uint64_t auth_token;
    /** Longest packet in bytes that the client can carry. */
    uint32_t packet_size;
} netipc_hello;

/** Writes the bytes of the payload. */
NETIPC_API void netipc_hello_encode(const netipc_hello *hello, uint8_t out[NETIPC_HELLO_LEN]);

/**
 * Reads the fields of a payload; bytes after it are ignored.
 *
 * Errors: `NETIPC_PROBLEM_HELLO_SHORT`.
 */
NETIPC_API NETIPC_MUST_USE bool netipc_hello_decode(netipc_hello *hello, const void *payload, size_t len,
                                                    netipc_error *error);

/** Writes the whole packet. */
NETIPC_API void netipc_hello_packet(const netipc_hello *hello, uint8_t out[NETIPC_HELLO_PACKET_LEN]);

/** Payload of HELLO_ACK, field by field; nothing is judged here (NIPC-HS-02). */
typedef struct netipc_hello_ack {
    /** Layout of the payload. */
    uint16_t layout_version;
    /** Always 0. */
    uint16_t flags;
    /** Profiles that the server can run for this client. */
    netipc_profiles server_supported;
    /** Profiles that both can run. */
    netipc_profiles intersection;
    /** The one profile of the session. */
    netipc_profiles selected;
    /** Agreed limits of requests. */
    netipc_limits request;
    /** Agreed limits of responses. */
    netipc_limits response;
    /** Agreed packet size in bytes. */
    uint32_t packet_size;
    /** 0 when we send it; ignored on receipt. */
    uint32_t padding;
    /** The server's number for the session. */
    uint64_t session_id;
} netipc_hello_ack;

/** Writes the bytes of the payload. */
NETIPC_API void netipc_hello_ack_encode(const netipc_hello_ack *ack, uint8_t out[NETIPC_ACK_LEN]);

/**
 * Reads the fields of a payload; bytes after it are ignored.
 *
 * Errors: `NETIPC_PROBLEM_ACK_SHORT`.
 */
NETIPC_API NETIPC_MUST_USE bool netipc_hello_ack_decode(netipc_hello_ack *ack, const void *payload, size_t len,
                                                        netipc_error *error);

/** Writes the whole packet with this status. */
NETIPC_API void netipc_hello_ack_packet(const netipc_hello_ack *ack, netipc_status status,
                                        uint8_t out[NETIPC_ACK_PACKET_LEN]);

/** What a rejection carries: the layout version, and zero in every other field (NIPC-HS-03). */
NETIPC_API netipc_hello_ack netipc_hello_ack_rejection(void);

/** What a client asks for. */
typedef struct netipc_proposal {
    /** Profiles that the client offers; bits that may not be offered are dropped (NIPC-PRF-03). */
    netipc_profiles supported;
    /** Profiles that it would like best. */
    netipc_profiles preferred;
    /** Limits of requests; an item count of 0 counts as 1 (NIPC-HS-29), a payload of 0 stays 0. */
    netipc_limits request;
    /** Hints for responses; a server may ignore them. */
    netipc_limits response;
    /** The largest response payload that the client takes, whatever the server grants (NIPC-HS-27). */
    uint32_t response_ceiling;
    /** Shared secret of client and server. */
    uint64_t auth_token;
    /** Longest packet in bytes that the client can carry. */
    uint32_t packet_size;
} netipc_proposal;

/** The defaults: the baseline profile alone, no token, the default limits. */
NETIPC_API netipc_proposal netipc_proposal_default(void);

/** Writes the HELLO to send. */
NETIPC_API void netipc_proposal_hello(const netipc_proposal *proposal, uint8_t out[NETIPC_HELLO_PACKET_LEN]);

/**
 * Judges the server's answer, a packet of `len` bytes. `runnable` are the profiles that this build can run.
 *
 * Errors: the first thing that is wrong in the order of NIPC-HS-21, `NETIPC_PROBLEM_HEADER_*` or
 * `NETIPC_PROBLEM_ACK_*`; a rejection is `NETIPC_PROBLEM_ACK_REJECTED` with a kind by its status (NIPC-HS-30).
 */
NETIPC_API NETIPC_MUST_USE bool netipc_proposal_accept(const netipc_proposal *proposal, const void *packet, size_t len,
                                                       netipc_profiles runnable, netipc_agreed *agreed,
                                                       netipc_error *error);

/** In which state a refusal leaves the client. */
typedef enum netipc_disposition {
    /** The next attempt may go better; it proposes what was configured. */
    NETIPC_DISPOSITION_DISCONNECTED = 0,
    /** Stays until the caller resets or closes. */
    NETIPC_DISPOSITION_AUTH_FAILED = 1,
    /** Stays until the caller resets or closes. */
    NETIPC_DISPOSITION_INCOMPATIBLE = 2,
} netipc_disposition;

/** In which state an error of `netipc_proposal_accept` leaves the client. */
NETIPC_API netipc_disposition netipc_refusal_disposition(const netipc_error *refusal);

/** What a server grants. */
typedef struct netipc_server_policy {
    /** Profiles that can run for this client; bits that may not be offered are dropped. */
    netipc_profiles supported;
    /** Profiles that the server would like best. */
    netipc_profiles preferred;
    /** Shared secret of client and server. */
    uint64_t auth_token;
    /** Largest request payload accepted, in bytes. */
    uint32_t max_request_payload;
    /** Largest response payload that will be sent, in bytes. */
    uint32_t max_response_payload;
    /** Longest packet in bytes that the server can carry. */
    uint32_t packet_size;
} netipc_server_policy;

/** The defaults: the baseline profile alone, no token, the default limits. */
NETIPC_API netipc_server_policy netipc_server_policy_default(void);

/** What the server knows about the client besides its HELLO. */
typedef enum netipc_gate {
    /** Nothing speaks against it. */
    NETIPC_GATE_OPEN = 0,
    /** Its user or group is not on the allow-list; judged together with the token (NIPC-HS-09). */
    NETIPC_GATE_DENIED = 1,
    /** The server has as many sessions as it may; judged last (NIPC-HS-12). */
    NETIPC_GATE_FULL = 2,
} netipc_gate;

/** What to do with a client that sent its HELLO. */
typedef enum netipc_verdict {
    /** Send the ACK and start the session. */
    NETIPC_VERDICT_ACCEPT = 0,
    /** Send the ACK, then close. */
    NETIPC_VERDICT_REJECT = 1,
    /** Close without a word. */
    NETIPC_VERDICT_CLOSE = 2,
} netipc_verdict;

/** The answer to a HELLO. */
typedef struct netipc_answer {
    /** What to do. */
    netipc_verdict verdict;
    /** The status in the ACK; 0 when accepted or closed. */
    netipc_status status;
    /** The packet to send; zero when closed. */
    uint8_t ack[NETIPC_ACK_PACKET_LEN];
    /** What was agreed, when accepted; else zero. */
    netipc_agreed agreed;
    /** Why not, when rejected or closed: `NETIPC_PROBLEM_HEADER_*` or `NETIPC_PROBLEM_HELLO_*`; else zero. */
    netipc_error reason;
} netipc_answer;

/**
 * Judges the first packet of a client, of `len` bytes.
 *
 * The order of the checks is part of the protocol (NIPC-HS-04 to NIPC-HS-12), as is what is ignored (NIPC-HS-13) and
 * what is granted (NIPC-HS-14, NIPC-HS-15). Tokens are compared in constant time (NIPC-HS-08). `session_id` counts from
 * 1 and is used only when the answer is to accept.
 *
 * When the memory for a selected shared-memory profile cannot be made, ask again with that profile taken out of
 * `policy->supported`: it then leaves every field of the ACK.
 */
NETIPC_API netipc_answer netipc_hello_answer(const netipc_server_policy *policy, const void *packet, size_t len,
                                             uint64_t session_id, netipc_gate gate);

#ifdef __cplusplus
}
#endif

#endif
