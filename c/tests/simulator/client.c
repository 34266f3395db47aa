#include "client.h"

#define CONNECT_TIMEOUT (5 * NETIPC_SECOND)
#define CALL_TIMEOUT (30 * NETIPC_SECOND)

void client_init(client *side, const netipc_proposal *proposal, const plan *calls)
{
    *side = (client){.proposal = *proposal, .calls = calls, .deadline = CONNECT_TIMEOUT};
}

netipc_time client_deadline(const client *side)
{
    if (side->end != CLIENT_RUNS) {
        return NETIPC_NEVER;
    }
    netipc_time half = side->session == NULL ? NETIPC_NEVER : netipc_session_deadline(side->session);
    return half < side->deadline ? half : side->deadline;
}

static void fill_window(client *side)
{
    while (netipc_session_in_flight(side->session) < side->calls->window && side->begun < side->calls->count) {
        netipc_header header = request_header(side->calls, side->begun);
        netipc_chunker chunker;
        CHECK(netipc_session_send(side->session, &header, &chunker, NULL));
        outbox_push(&side->sending, chunker, side->calls->requests[side->begun].payload);
        side->begun++;
    }
}

void client_poll(client *side, link *pipe, netipc_time now)
{
    if (side->end != CLIENT_RUNS) {
        return;
    }
    if (!side->started) {
        side->started = true;
        uint8_t hello[NETIPC_HELLO_PACKET_LEN];
        netipc_proposal_hello(&side->proposal, hello);
        link_send(pipe, now, hello, sizeof hello, NULL, 0);
    }
    if (side->session != NULL) {
        fill_window(side);
    }
    outbox_flush(&side->sending, pipe, now);
    if (side->session != NULL && side->answered == side->calls->count) {
        client_finish(side, CLIENT_FINISHED, pipe, now);
    }
}

static void answer(client *side, const netipc_received *received)
{
    uint64_t id = received->header.message_id;
    CHECK(id < side->begun);
    netipc_header expected = response_header(side->calls, id);
    CHECK_HEADER(&received->header, &expected);
    CHECK_EQ(received->payload.len, expected.payload_len);
    CHECK_MEM(received->payload.data, side->calls->responses[id].payload, expected.payload_len);
    for (uint32_t i = 0; i < side->answered; i++) {
        CHECK(side->order[i] != id);
    }
    side->order[side->answered++] = id;
}

static void greet(client *side, test_packet packet, link *pipe, netipc_time now)
{
    netipc_agreed agreed;
    if (!netipc_proposal_accept(&side->proposal, packet.data, packet.len, NETIPC_PROFILE_BASELINE, &agreed,
                                &side->error)) {
        client_finish(side, CLIENT_REFUSED, pipe, now);
        return;
    }
    side->session = netipc_session_new(NETIPC_ROLE_CLIENT, &agreed, CALL_TIMEOUT, NULL);
    CHECK(side->session != NULL);
    side->deadline = now + CALL_TIMEOUT;
}

void client_receive(client *side, test_packet packet, link *pipe, netipc_time now)
{
    if (side->end != CLIENT_RUNS) {
        return;
    }
    if (packet.data == NULL) {
        client_finish(side, CLIENT_PEER_GONE, pipe, now);
        return;
    }
    if (side->session == NULL) {
        greet(side, packet, pipe, now);
        return;
    }
    netipc_received received;
    if (!netipc_session_receive(side->session, packet.data, packet.len, now, &received, &side->error)) {
        client_finish(side, CLIENT_VIOLATION, pipe, now);
    } else if (received.progress != NETIPC_PROGRESS_PARTIAL) {
        answer(side, &received);
    }
}

void client_tick(client *side, link *pipe, netipc_time now)
{
    if (now < client_deadline(side) || side->end != CLIENT_RUNS) {
        return;
    }
    bool half = side->session != NULL && !netipc_session_check_deadline(side->session, now, &side->error);
    client_finish(side, half ? CLIENT_VIOLATION : CLIENT_TIMEOUT, pipe, now);
}

static void note(void *context, uint64_t id)
{
    client *side = context;
    side->dead[side->died++] = id;
}

void client_finish(client *side, client_end end, link *pipe, netipc_time now)
{
    side->end = end;
    if (side->session != NULL) {
        netipc_session_close(side->session, note, side);
        CHECK_EQ(netipc_session_held(side->session), 0);
    }
    if (end != CLIENT_LOST) {
        link_end(pipe, now);
    }
}
