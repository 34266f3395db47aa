#include "server.h"

#define HANDSHAKE_TIMEOUT (5 * NETIPC_SECOND)

void server_init(server *side, const netipc_server_policy *policy, const plan *calls, uint64_t seed)
{
    *side = (server){.policy = *policy, .calls = calls, .random = rng_new(seed),
                     .handshake_deadline = HANDSHAKE_TIMEOUT};
}

netipc_time server_deadline(const server *side)
{
    if (side->end != SERVER_RUNS) {
        return NETIPC_NEVER;
    }
    return side->session == NULL ? side->handshake_deadline : netipc_session_deadline(side->session);
}

bool server_busy(const server *side)
{
    return side->end == SERVER_RUNS && side->waits > 0;
}

void server_poll(server *side, link *pipe, netipc_time now)
{
    if (side->end != SERVER_RUNS) {
        return;
    }
    bool idle = side->count == side->calls->count;
    if (side->waits > 0 &&
        (idle || rng_below(&side->random, 3) == 0 || side->waits >= side->calls->window)) {
        uint32_t which = rng_below(&side->random, side->waits);
        uint64_t id = side->waiting[which];
        side->waiting[which] = side->waiting[--side->waits];
        netipc_header header = response_header(side->calls, id);
        netipc_chunker chunker;
        CHECK(netipc_session_send(side->session, &header, &chunker, NULL));
        outbox_push(&side->sending, chunker, side->calls->responses[id].payload);
    }
    outbox_flush(&side->sending, pipe, now);
}

static void greet(server *side, test_packet packet, link *pipe, netipc_time now)
{
    side->handshake_deadline = NETIPC_NEVER;
    netipc_answer answer = netipc_hello_answer(&side->policy, packet.data, packet.len, 1, NETIPC_GATE_OPEN);
    side->status = answer.status;
    side->error = answer.reason;
    if (answer.verdict != NETIPC_VERDICT_CLOSE) {
        link_send(pipe, now, answer.ack, sizeof answer.ack, NULL, 0);
    }
    if (answer.verdict == NETIPC_VERDICT_ACCEPT) {
        side->session = netipc_session_new(NETIPC_ROLE_SERVER, &answer.agreed, HALF, NULL);
        CHECK(side->session != NULL);
    } else {
        bool rejected = answer.verdict == NETIPC_VERDICT_REJECT;
        server_finish(side, rejected ? SERVER_REJECTED : SERVER_CLOSED, pipe, now);
    }
}

static void request(server *side, const netipc_received *received)
{
    uint64_t id = received->header.message_id;
    CHECK(id < side->calls->count && side->count < MAX_CALLS);
    netipc_header expected = request_header(side->calls, id);
    CHECK_HEADER(&received->header, &expected);
    CHECK_EQ(received->payload.len, expected.payload_len);
    CHECK_MEM(received->payload.data, side->calls->requests[id].payload, expected.payload_len);
    side->received[side->count++] = id;
    side->waiting[side->waits++] = id;
}

void server_receive(server *side, test_packet packet, link *pipe, netipc_time now)
{
    if (side->end != SERVER_RUNS) {
        return;
    }
    if (packet.data == NULL) {
        server_finish(side, SERVER_PEER_GONE, pipe, now);
        return;
    }
    if (side->session == NULL) {
        greet(side, packet, pipe, now);
        return;
    }
    netipc_received received;
    if (!netipc_session_receive(side->session, packet.data, packet.len, now, &received, &side->error)) {
        server_finish(side, SERVER_VIOLATION, pipe, now);
    } else if (received.progress != NETIPC_PROGRESS_PARTIAL) {
        request(side, &received);
    }
}

void server_tick(server *side, link *pipe, netipc_time now)
{
    if (now < server_deadline(side) || side->end != SERVER_RUNS) {
        return;
    }
    bool half = side->session != NULL && !netipc_session_check_deadline(side->session, now, &side->error);
    server_finish(side, half ? SERVER_VIOLATION : SERVER_TIMEOUT, pipe, now);
}

void server_finish(server *side, server_end end, link *pipe, netipc_time now)
{
    side->end = end;
    if (side->session != NULL) {
        /* A server has nothing in flight. */
        CHECK_EQ(netipc_session_close(side->session, NULL, NULL), 0);
        CHECK_EQ(netipc_session_held(side->session), 0);
    }
    if (end != SERVER_LOST) {
        link_end(pipe, now);
    }
}
