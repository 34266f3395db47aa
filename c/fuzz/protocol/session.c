/*
 * A sequence of operations on a client and a server that talk to each other: sends, deliveries, packets changed, cut,
 * lost or invented, time that passes, close.
 *
 * Checked throughout: ids in flight are as a plain set has them; memory is bounded by what arrived; a deadline is set
 * exactly while a message is half there; a violation, once there, stays.
 */
#include "netipc/session.h"

#include "input.h"

#define TIMEOUT NETIPC_SECOND
/* What an assembler may hold besides twice the bytes that arrived. */
#define SLACK 4096u
/* Packets that can be under way in one direction. */
#define QUEUE 64u
#define IDS 16u

typedef struct packet {
    uint8_t *data;
    size_t len;
} packet;

typedef struct endpoint {
    netipc_session *session;
    packet queue[QUEUE];
    size_t queued;
    /* The ids in flight, as they should be. */
    bool ids[IDS];
    size_t arrived;
    netipc_error broken;
    bool closed;
} endpoint;

static bool same(const netipc_error *left, const netipc_error *right)
{
    return left->problem == right->problem && left->got == right->got && left->allowed == right->allowed &&
           left->index == right->index && left->detail == right->detail && left->kind == right->kind;
}

static bool is_broken(const endpoint *end)
{
    return end->broken.problem != NETIPC_PROBLEM_NONE;
}

static void enqueue(endpoint *end, netipc_chunker chunker, const uint8_t *payload)
{
    netipc_packet part;
    for (; netipc_chunker_packet(&chunker, &part); netipc_chunker_advance(&chunker)) {
        if (end->queued == QUEUE) {
            return;
        }
        packet made = {.data = malloc(32 + part.len), .len = 32 + part.len};
        CHECK(made.data != NULL);
        memcpy(made.data, part.head, 32);
        memcpy(made.data + 32, payload + part.offset, part.len);
        end->queue[end->queued++] = made;
    }
}

/* What sending this header must come to. */
static netipc_problem expected_problem(const endpoint *end, const netipc_header *header)
{
    netipc_limits limits = netipc_session_outbound(end->session);
    if (is_broken(end)) {
        return end->broken.problem;
    }
    if (end->closed) {
        return NETIPC_PROBLEM_SEND_CLOSED;
    }
    if (header->payload_len > limits.max_payload) {
        return NETIPC_PROBLEM_SEND_PAYLOAD;
    }
    if (header->item_count > limits.max_items) {
        return NETIPC_PROBLEM_SEND_ITEMS;
    }
    bool client = netipc_session_role(end->session) == NETIPC_ROLE_CLIENT;
    return client && end->ids[header->message_id] ? NETIPC_PROBLEM_SEND_DUPLICATE_ID : NETIPC_PROBLEM_NONE;
}

static void send(endpoint *end, fuzz_input *in)
{
    uint32_t len = fuzz_u16(in) % 2048;
    uint64_t id = fuzz_u8(in) % IDS;
    uint32_t items = fuzz_u8(in) % 10;
    netipc_header header = netipc_header_request(1, len, id);
    if (netipc_session_role(end->session) == NETIPC_ROLE_SERVER) {
        header = netipc_header_response(&header, len);
    }
    header.item_count = items;
    uint8_t payload[2048] = {0};
    if (items > 5 && 8 * items <= len) {
        /* A directory of empty items, all at offset 0. */
        header = netipc_header_batch(header, items);
    } else {
        memset(payload, (int)id, len);
    }
    netipc_problem expected = expected_problem(end, &header);
    netipc_chunker chunker;
    netipc_error error = {0};
    bool sent = netipc_session_send(end->session, &header, &chunker, &error);
    CHECK_EQ(error.problem, expected);
    CHECK_EQ(sent, expected == NETIPC_PROBLEM_NONE);
    if (sent) {
        end->ids[id] = netipc_session_role(end->session) == NETIPC_ROLE_CLIENT;
        enqueue(end, chunker, payload);
    }
}

static void check_complete(endpoint *end, const netipc_header *header)
{
    netipc_limits limits = netipc_session_inbound(end->session);
    CHECK(header->payload_len <= limits.max_payload && header->item_count <= limits.max_items);
    CHECK_EQ(netipc_session_deadline(end->session), NETIPC_NEVER);
    if (netipc_session_role(end->session) == NETIPC_ROLE_CLIENT) {
        /* Only what is in flight is answered. */
        CHECK(header->message_id < IDS && end->ids[header->message_id]);
        end->ids[header->message_id] = false;
    }
}

static void receive(endpoint *end, const uint8_t *bytes, size_t len, netipc_time now)
{
    uint8_t *exact = fuzz_copy(bytes, len);
    end->arrived += len;
    netipc_received received;
    netipc_error error = {0};
    bool sound = netipc_session_receive(end->session, exact, len, now, &received, &error);
    if (is_broken(end)) {
        CHECK(!sound && same(&error, &end->broken));
    } else if (!sound) {
        end->broken = error;
    } else if (received.progress == NETIPC_PROGRESS_PARTIAL) {
        CHECK(netipc_session_deadline(end->session) <= now + TIMEOUT);
    } else {
        CHECK_EQ(received.payload.len, received.header.payload_len);
        CHECK_EQ(received.payload.data == exact + 32, received.progress == NETIPC_PROGRESS_WHOLE);
        check_complete(end, &received.header);
    }
    free(exact);
}

static void drop_first(endpoint *end)
{
    free(end->queue[0].data);
    end->queued--;
    memmove(end->queue, end->queue + 1, end->queued * sizeof end->queue[0]);
}

static void tick(endpoint *end, netipc_time now)
{
    netipc_time deadline = netipc_session_deadline(end->session);
    bool overdue = deadline != NETIPC_NEVER && deadline <= now;
    netipc_error error = {0};
    bool fine = netipc_session_check_deadline(end->session, now, &error);
    if (is_broken(end)) {
        CHECK(!fine && same(&error, &end->broken));
        return;
    }
    CHECK_EQ(!fine, overdue);
    if (!fine) {
        end->broken = error;
    }
}

typedef struct dead {
    endpoint *end;
    uint64_t last;
    size_t count;
} dead;

static void lose(void *context, uint64_t id)
{
    dead *lost = context;
    CHECK(id < IDS && lost->end->ids[id] && (lost->count == 0 || id > lost->last));
    lost->end->ids[id] = false;
    lost->last = id;
    lost->count++;
}

static size_t count_ids(const endpoint *end)
{
    size_t count = 0;
    for (uint64_t id = 0; id < IDS; id++) {
        CHECK_EQ(netipc_session_is_in_flight(end->session, id), end->ids[id]);
        count += end->ids[id];
    }
    return count;
}

static void close_end(endpoint *end)
{
    size_t count = count_ids(end);
    dead lost = {.end = end};
    CHECK_EQ(netipc_session_close(end->session, lose, &lost), count);
    CHECK_EQ(lost.count, count);
    end->closed = true;
}

static void check(const endpoint *end)
{
    const netipc_error *violation = netipc_session_violation(end->session);
    CHECK_EQ(violation != NULL, is_broken(end));
    CHECK(violation == NULL || same(violation, &end->broken));
    CHECK_EQ(netipc_session_in_flight(end->session), count_ids(end));
    CHECK(netipc_session_held(end->session) <= 2 * end->arrived + SLACK);
    CHECK(!is_broken(end) || netipc_session_deadline(end->session) == NETIPC_NEVER);
}

/* Changes, cuts or loses the next packet of `from`, or delivers it. */
static void handle_packet(unsigned op, endpoint *from, endpoint *to, fuzz_input *in, netipc_time now)
{
    size_t at = op == 5 ? fuzz_u16(in) : op == 6 ? fuzz_u8(in) : 0;
    uint8_t change = op == 5 ? fuzz_u8(in) : 0;
    if (from->queued == 0) {
        return;
    }
    packet *next = &from->queue[0];
    switch (op) {
    case 5:
        next->data[at % next->len] ^= change;
        return;
    case 6:
        next->len = at < next->len ? (at == 0 ? 1 : at) : next->len;
        return;
    case 7:
        break;
    default:
        receive(to, next->data, next->len, now);
        break;
    }
    drop_first(from);
}

static void step(endpoint *from, endpoint *to, unsigned op, fuzz_input *in, netipc_time *now)
{
    size_t len;
    const uint8_t *garbage;
    netipc_buffer taken;
    uint64_t id;
    switch (op) {
    case 0:
    case 1:
        send(from, in);
        break;
    case 8:
        len = fuzz_u8(in);
        garbage = fuzz_take(in, &len);
        if (len > 0) {
            receive(to, garbage, len, *now);
        }
        break;
    case 9:
        *now += fuzz_u8(in) * 8 * NETIPC_MILLISECOND;
        tick(from, *now);
        tick(to, *now);
        break;
    case 10:
        netipc_session_release(from->session);
        break;
    case 11:
        id = fuzz_u8(in) % IDS;
        CHECK_EQ(netipc_session_abandon(from->session, id), from->ids[id]);
        from->ids[id] = false;
        break;
    case 12:
        taken = netipc_session_take(from->session);
        CHECK(taken.len <= netipc_session_inbound(from->session).max_payload);
        netipc_buffer_free(&taken, NULL);
        break;
    case 13:
        close_end(from);
        break;
    default:
        if (op < 8) {
            handle_packet(op, from, to, in, *now);
        }
        break;
    }
}

static netipc_limits any_limits(fuzz_input *in)
{
    netipc_limits limits = {.max_payload = fuzz_u16(in) % 2048u};
    limits.max_items = fuzz_u8(in) % 8u + 1;
    return limits;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    fuzz_input in = fuzz_input_of(data, len);
    netipc_agreed agreed = {.profile = NETIPC_PROFILE_BASELINE, .session_id = 1};
    agreed.request = any_limits(&in);
    agreed.response = any_limits(&in);
    agreed.packet_size = fuzz_u8(&in) + 33u;
    static endpoint ends[2];
    memset(ends, 0, sizeof ends);
    ends[0].session = netipc_session_new(NETIPC_ROLE_CLIENT, &agreed, TIMEOUT, NULL);
    ends[1].session = netipc_session_new(NETIPC_ROLE_SERVER, &agreed, TIMEOUT, NULL);
    CHECK(ends[0].session != NULL && ends[1].session != NULL);
    netipc_time now = 0;
    while (in.left > 0) {
        uint8_t op = fuzz_u8(&in);
        step(&ends[op & 1], &ends[~op & 1], op >> 1 & 0xf, &in, &now);
        check(&ends[0]);
        check(&ends[1]);
    }
    for (int i = 0; i < 2; i++) {
        /* Whatever happened: both ends can be closed, and only what was in flight dies. */
        close_end(&ends[i]);
        while (ends[i].queued > 0) {
            drop_first(&ends[i]);
        }
        netipc_session_free(ends[i].session);
    }
    return 0;
}

/* Calls that go well: requests and responses of growing size, delivered to the last packet. */
size_t fuzz_seed(unsigned index, uint8_t input[FUZZ_MAX_INPUT])
{
    if (index > 4) {
        return 0;
    }
    netipc__writer out = netipc__writer_over(input, FUZZ_MAX_INPUT);
    const uint8_t limits[] = {0xff, 7, 7, 0xff, 7, 7, 64};
    netipc__write_bytes(&out, limits, sizeof limits);
    for (uint8_t call = 0; call < 6; call++) {
        for (uint8_t from = 0; from < 2; from++) {
            uint16_t len = (uint16_t)(index * 60 * (call + 1u));
            const uint8_t op[] = {from, (uint8_t)len, (uint8_t)(len >> 8), call, call == 5 ? 7 : 1};
            netipc__write_bytes(&out, op, sizeof op);
            for (unsigned deliveries = 0; deliveries <= len / 65u; deliveries++) {
                const uint8_t deliver = (uint8_t)(2 << 1 | from);
                netipc__write_bytes(&out, &deliver, 1);
            }
        }
    }
    return FUZZ_MAX_INPUT - out.left;
}
