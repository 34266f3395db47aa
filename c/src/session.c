#include "netipc/session.h"

#include "assembler.h"
#include "buffer.h"
#include "cursor.h"
#include "fail.h"
#include "in_flight.h"
#include "netipc/batch.h"

struct netipc_session {
    netipc_role role;
    uint32_t packet_size;
    netipc_limits outbound;
    netipc_limits inbound;
    netipc__in_flight in_flight;
    netipc_duration half_message_timeout;
    netipc_time deadline;
    bool closed;
    bool broken;
    bool has_offender;
    netipc_error violation;
    netipc_header offender;
    /* Its allocator is that of the session. */
    netipc_assembler assembler;
};

/* A payload that makes the message longer than 32 bits can say is over any limit (NIPC-ENV-08). */
static netipc_limits representable(netipc_limits limits)
{
    if (limits.max_payload > NETIPC_MAX_PAYLOAD_LEN) {
        limits.max_payload = NETIPC_MAX_PAYLOAD_LEN;
    }
    return limits;
}

netipc_session *netipc_session_new(netipc_role role, const netipc_agreed *agreed, netipc_duration half_message_timeout,
                                   const netipc_allocator *allocator)
{
    netipc_allocator owner = netipc__allocator_of(allocator);
    netipc_session *session = netipc__resize(&owner, NULL, 0, sizeof *session);
    if (session == NULL) {
        return NULL;
    }
    bool client = role == NETIPC_ROLE_CLIENT;
    *session = (netipc_session){
        .role = role,
        .packet_size = agreed->packet_size,
        .outbound = representable(client ? agreed->request : agreed->response),
        .inbound = representable(client ? agreed->response : agreed->request),
        .half_message_timeout = half_message_timeout,
        .deadline = NETIPC_NEVER,
        .assembler = {.allocator = owner},
    };
    return session;
}

void netipc_session_free(netipc_session *session)
{
    if (session != NULL) {
        netipc_session_close(session, NULL, NULL);
        netipc_allocator owner = session->assembler.allocator;
        netipc__resize(&owner, session, sizeof *session, 0);
    }
}

netipc_role netipc_session_role(const netipc_session *session)
{
    return session->role;
}

netipc_limits netipc_session_outbound(const netipc_session *session)
{
    return session->outbound;
}

netipc_limits netipc_session_inbound(const netipc_session *session)
{
    return session->inbound;
}

uint32_t netipc_session_packet_size(const netipc_session *session)
{
    return session->packet_size;
}

const netipc_error *netipc_session_violation(const netipc_session *session)
{
    return session->broken ? &session->violation : NULL;
}

const netipc_header *netipc_session_offender(const netipc_session *session)
{
    return session->has_offender ? &session->offender : NULL;
}

static netipc_message_kind sent_kind(const netipc_session *session)
{
    return session->role == NETIPC_ROLE_CLIENT ? NETIPC_MESSAGE_REQUEST : NETIPC_MESSAGE_RESPONSE;
}

static netipc_message_kind received_kind(const netipc_session *session)
{
    return session->role == NETIPC_ROLE_CLIENT ? NETIPC_MESSAGE_RESPONSE : NETIPC_MESSAGE_REQUEST;
}

static bool put_in_flight(netipc_session *session, uint64_t message_id, netipc_error *error)
{
    switch (netipc__in_flight_insert(&session->in_flight, &session->assembler.allocator, message_id)) {
    case NETIPC__INSERTED:
        return true;
    case NETIPC__THERE_ALREADY:
        return NETIPC__FAIL(error, SEND_DUPLICATE_ID, .got = message_id);
    case NETIPC__NO_MEMORY:
        break;
    }
    return NETIPC__FAIL(error, NO_MEMORY, .got = netipc__in_flight_next(&session->in_flight));
}

bool netipc_session_send(netipc_session *session, const netipc_header *header, netipc_chunker *chunker,
                         netipc_error *error)
{
    if (session->broken) {
        return netipc__fail(error, session->violation);
    }
    if (session->closed) {
        return NETIPC__FAIL(error, SEND_CLOSED, .got = 0);
    }
    if (header->kind != sent_kind(session)) {
        return NETIPC__FAIL(error, SEND_KIND, .got = (uint64_t)header->kind,
                            .allowed = (uint64_t)sent_kind(session));
    }
    if (header->payload_len > session->outbound.max_payload) {
        return NETIPC__FAIL(error, SEND_PAYLOAD, .got = header->payload_len,
                            .allowed = session->outbound.max_payload);
    }
    if (header->item_count > session->outbound.max_items) {
        return NETIPC__FAIL(error, SEND_ITEMS, .got = header->item_count, .allowed = session->outbound.max_items);
    }
    if (session->role == NETIPC_ROLE_CLIENT && !put_in_flight(session, header->message_id, error)) {
        return false;
    }
    *chunker = netipc_chunker_begin(header, session->packet_size);
    return true;
}

bool netipc_session_abandon(netipc_session *session, uint64_t message_id)
{
    return netipc__in_flight_remove(&session->in_flight, message_id);
}

/* Breaks the session; the first violation stays. */
static void poison(netipc_session *session, const netipc_error *violation)
{
    if (!session->broken) {
        session->broken = true;
        session->violation = *violation;
        session->deadline = NETIPC_NEVER;
        netipc_assembler_clear(&session->assembler);
    }
}

/* Steps 4 and 5 of NIPC-RCV-07. */
static bool check_limits(netipc_session *session, const netipc_header *header, netipc_error *error)
{
    const netipc_limits *limits = &session->inbound;
    if (header->payload_len <= limits->max_payload && header->item_count <= limits->max_items) {
        return true;
    }
    session->has_offender = true;
    session->offender = *header;
    if (header->payload_len > limits->max_payload) {
        return NETIPC__FAIL(error, PAYLOAD_TOO_LARGE, .got = header->payload_len, .allowed = limits->max_payload);
    }
    return NETIPC__FAIL(error, TOO_MANY_ITEMS, .got = header->item_count, .allowed = limits->max_items);
}

/* Some servers echo flag and item count of a batch in a failure, whose payload is empty; there is no directory then
 * (NIPC-RCV-13). */
static bool is_empty_failure(const netipc_header *header)
{
    return header->kind == NETIPC_MESSAGE_RESPONSE && header->status != NETIPC_STATUS_OK && header->payload_len == 0;
}

/* Steps 8 and 9: what needs the whole message. Batch directory, then the id. */
static bool complete(netipc_session *session, const netipc_header *header, netipc_bytes payload, netipc_error *error)
{
    netipc_batch batch;
    if (netipc_header_is_batch(header) && !is_empty_failure(header) &&
        !netipc_batch_parse(&batch, payload.data, payload.len, header->item_count, error)) {
        return false;
    }
    if (session->role == NETIPC_ROLE_CLIENT &&
        !netipc__in_flight_remove(&session->in_flight, header->message_id)) {
        return NETIPC__FAIL(error, UNKNOWN_MESSAGE_ID, .got = header->message_id);
    }
    return true;
}

/* Tells the time where a caller gave it instead of a clock. */
static netipc_time given_time(void *context)
{
    return *(const netipc_time *)context;
}

typedef struct source {
    netipc_clock clock;
    void *context;
} source;

static netipc_time later(netipc_time now, netipc_duration duration)
{
    return now > NETIPC_NEVER - duration ? NETIPC_NEVER : now + duration;
}

/* Starts a message of which only a part is there. */
static bool begin_message(netipc_session *session, const netipc_header *header, netipc_bytes body, source time,
                          netipc_error *error)
{
    if (!netipc_assembler_begin(&session->assembler, header, body.data, body.len, session->packet_size, error)) {
        return false;
    }
    session->deadline = later(time.clock(time.context), session->half_message_timeout);
    return true;
}

static bool first_packet(netipc_session *session, const void *packet, size_t len, source time,
                         netipc_received *received, netipc_error *error)
{
    netipc_header header;
    if (!netipc_header_decode(&header, packet, len, error)) {
        return false;
    }
    if (header.kind != received_kind(session)) {
        return NETIPC__FAIL(error, UNEXPECTED_KIND, .got = (uint64_t)header.kind,
                            .allowed = (uint64_t)received_kind(session));
    }
    if (!check_limits(session, &header, error)) {
        return false;
    }
    netipc__reader in = netipc__reader_over(packet, len);
    netipc__read_bytes(&in, NETIPC_HEADER_LEN);
    netipc_bytes body = {.data = in.at, .len = in.left};
    if (body.len == header.payload_len) {
        if (!complete(session, &header, body, error)) {
            return false;
        }
        *received = (netipc_received){.progress = NETIPC_PROGRESS_WHOLE, .header = header, .payload = body};
        return true;
    }
    /* A message that is whole may come in one packet of any length; the first packet of several may not be longer than
     * the others (NIPC-RCV-06). */
    uint32_t allowed = netipc__message_len(header.payload_len);
    if (allowed > session->packet_size) {
        allowed = session->packet_size;
    }
    if (len > allowed) {
        return NETIPC__FAIL(error, PACKET_TOO_LONG, .got = len, .allowed = allowed);
    }
    *received = (netipc_received){.progress = NETIPC_PROGRESS_PARTIAL};
    return begin_message(session, &header, body, time, error);
}

static bool continuation(netipc_session *session, const void *packet, size_t len, netipc_received *received,
                         netipc_error *error)
{
    netipc_assembler *assembler = &session->assembler;
    bool last;
    if (!netipc_assembler_continue(assembler, packet, len, &last, error)) {
        return false;
    }
    if (!last) {
        *received = (netipc_received){.progress = NETIPC_PROGRESS_PARTIAL};
        return true;
    }
    session->deadline = NETIPC_NEVER;
    netipc_bytes payload = netipc_assembler_payload(assembler);
    if (!complete(session, &assembler->header, payload, error)) {
        return false;
    }
    *received = (netipc_received){
        .progress = NETIPC_PROGRESS_ASSEMBLED, .header = assembler->header, .payload = payload};
    return true;
}

bool netipc_session_receive_with(netipc_session *session, const void *packet, size_t len, netipc_clock clock,
                                 void *context, netipc_received *received, netipc_error *error)
{
    if (session->broken) {
        return netipc__fail(error, session->violation);
    }
    netipc_error violation;
    netipc_received outcome;
    source time = {.clock = clock, .context = context};
    bool sound = netipc_assembler_pending(&session->assembler) != NULL
                     ? continuation(session, packet, len, &outcome, &violation)
                     : first_packet(session, packet, len, time, &outcome, &violation);
    if (!sound) {
        poison(session, &violation);
        return netipc__fail(error, violation);
    }
    *received = outcome;
    return true;
}

bool netipc_session_receive(netipc_session *session, const void *packet, size_t len, netipc_time now,
                            netipc_received *received, netipc_error *error)
{
    return netipc_session_receive_with(session, packet, len, given_time, &now, received, error);
}

void netipc_session_fail(netipc_session *session, const netipc_error *violation)
{
    poison(session, violation);
}

netipc_buffer netipc_session_take(netipc_session *session)
{
    /* What arrived of a message that is half there stays. */
    if (netipc_assembler_pending(&session->assembler) != NULL) {
        return (netipc_buffer){0};
    }
    return netipc_assembler_take(&session->assembler);
}

size_t netipc_session_held(const netipc_session *session)
{
    return netipc_assembler_held(&session->assembler);
}

void netipc_session_release(netipc_session *session)
{
    netipc_assembler_release(&session->assembler);
    netipc__in_flight_release(&session->in_flight, &session->assembler.allocator);
}

netipc_time netipc_session_deadline(const netipc_session *session)
{
    return session->deadline;
}

bool netipc_session_check_deadline(netipc_session *session, netipc_time now, netipc_error *error)
{
    if (session->broken) {
        return netipc__fail(error, session->violation);
    }
    const netipc_header *header = netipc_assembler_pending(&session->assembler);
    if (header == NULL || now < session->deadline) {
        return true;
    }
    netipc_error violation;
    NETIPC__FAIL(&violation, HALF_MESSAGE, .got = session->assembler.payload.len, .allowed = header->payload_len,
                 .detail = session->half_message_timeout);
    poison(session, &violation);
    return netipc__fail(error, violation);
}

size_t netipc_session_in_flight(const netipc_session *session)
{
    return netipc__in_flight_len(&session->in_flight);
}

bool netipc_session_is_in_flight(const netipc_session *session, uint64_t message_id)
{
    return netipc__in_flight_has(&session->in_flight, message_id);
}

size_t netipc_session_close(netipc_session *session, netipc_lost lost, void *context)
{
    session->closed = true;
    session->deadline = NETIPC_NEVER;
    netipc_assembler_clear(&session->assembler);
    return netipc__in_flight_drain(&session->in_flight, &session->assembler.allocator, lost, context);
}
