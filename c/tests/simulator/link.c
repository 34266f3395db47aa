#include "link.h"

bool link_has_room(const link *pipe)
{
    return pipe->count < LINK_CAPACITY;
}

static void push(link *pipe, netipc_time now, test_packet packet)
{
    CHECK(pipe->count < LINK_SLOTS);
    netipc_time time = now + (10 + rng_below(&pipe->random, 100)) * 1000;
    pipe->last = time > pipe->last ? time : pipe->last;
    pipe->queue[pipe->count++] = (arrival){.time = pipe->last, .packet = packet};
}

void link_send(link *pipe, netipc_time now, const void *head, size_t head_len, const void *body, size_t body_len)
{
    if (pipe->ended) {
        return;
    }
    packets one = {0};
    packets_add(&one, head, head_len, body, body_len);
    push(pipe, now, one.list[0]);
    free(one.list);
}

void link_end(link *pipe, netipc_time now)
{
    if (!pipe->ended) {
        push(pipe, now, (test_packet){0});
        pipe->ended = true;
    }
}

static void lose_all(link *pipe)
{
    for (uint32_t i = 0; i < pipe->count; i++) {
        free(pipe->queue[i].packet.data);
    }
    pipe->count = 0;
}

void link_cut(link *pipe, netipc_time now)
{
    lose_all(pipe);
    pipe->ended = false;
    link_end(pipe, now);
}

void link_silence(link *pipe)
{
    lose_all(pipe);
    pipe->ended = true;
}

netipc_time link_arrival(const link *pipe)
{
    return pipe->count > 0 ? pipe->queue[0].time : NETIPC_NEVER;
}

bool link_take(link *pipe, netipc_time now, test_packet *packet)
{
    if (pipe->count == 0 || link_arrival(pipe) > now) {
        return false;
    }
    *packet = pipe->queue[0].packet;
    pipe->count--;
    memmove(pipe->queue, pipe->queue + 1, pipe->count * sizeof pipe->queue[0]);
    return true;
}

void outbox_push(outbox *box, netipc_chunker chunker, const uint8_t *payload)
{
    CHECK(box->count < MAX_CALLS);
    box->waiting[box->count].chunker = chunker;
    box->waiting[box->count++].payload = payload;
}

void outbox_flush(outbox *box, link *pipe, netipc_time now)
{
    while (box->count > 0) {
        netipc_packet part;
        netipc_chunker *chunker = &box->waiting[0].chunker;
        if (!netipc_chunker_packet(chunker, &part)) {
            box->count--;
            memmove(box->waiting, box->waiting + 1, box->count * sizeof box->waiting[0]);
            continue;
        }
        if (!link_has_room(pipe)) {
            return;
        }
        link_send(pipe, now, part.head, sizeof part.head, box->waiting[0].payload + part.offset, part.len);
        netipc_chunker_advance(chunker);
    }
}
