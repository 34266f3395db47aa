/**
 * Limits of a session, and the defaults for them.
 *
 * None of the defaults is a limit of the protocol; all of them are configuration.
 */
#ifndef NETIPC_LIMITS_H
#define NETIPC_LIMITS_H

#include <stdint.h>

#include "netipc/profile.h"
#include "netipc/time.h"

/** Request payload in bytes that a client proposes unless configured. */
#define NETIPC_DEFAULT_REQUEST_PAYLOAD 1024u
/** Request payload in bytes that a server accepts unless configured. */
#define NETIPC_DEFAULT_ACCEPTED_REQUEST_PAYLOAD 65536u
/** Response payload in bytes, on both sides, unless configured. */
#define NETIPC_DEFAULT_RESPONSE_PAYLOAD 65536u
/** How far limits grow by themselves unless configured, in bytes. */
#define NETIPC_DEFAULT_GROWTH_CEILING (UINT32_C(1) << 20)
/** Batch items unless configured. */
#define NETIPC_DEFAULT_ITEMS 1u
/** Packet size in bytes where the operating system gives no better number. */
#define NETIPC_DEFAULT_PACKET_SIZE 65536u
/** Deadline of a handshake unless configured. */
#define NETIPC_DEFAULT_HANDSHAKE_TIMEOUT (5 * NETIPC_SECOND)
/** Deadline of a call unless configured. */
#define NETIPC_DEFAULT_CALL_TIMEOUT (30 * NETIPC_SECOND)

/** Limits of one direction. */
typedef struct netipc_limits {
    /** Largest payload in bytes; 0 permits only empty payloads. */
    uint32_t max_payload;
    /** Largest number of batch items. */
    uint32_t max_items;
} netipc_limits;

/** What a handshake agreed on. */
typedef struct netipc_agreed {
    /** The one profile of the session. */
    netipc_profiles profile;
    /** What the server offered. */
    netipc_profiles server_supported;
    /** Limits of requests. */
    netipc_limits request;
    /** Limits of responses; on the client never above its own ceiling. */
    netipc_limits response;
    /** The response payload that the server may send; above `response` when the client's own ceiling is lower. */
    uint32_t granted_response_payload;
    /** Longest packet in bytes, its 32-byte header counted. */
    uint32_t packet_size;
    /** The server's number for the session. */
    uint64_t session_id;
} netipc_agreed;

#endif
