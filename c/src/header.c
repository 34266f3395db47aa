#include "netipc/header.h"

#include "cursor.h"
#include "fail.h"

static bool is_message_kind(uint16_t kind)
{
    return kind >= NETIPC_MESSAGE_REQUEST && kind <= NETIPC_MESSAGE_CONTROL;
}

const char *netipc_status_name(netipc_status status)
{
    switch (status) {
    case NETIPC_STATUS_OK:
        return "ok";
    case NETIPC_STATUS_BAD_ENVELOPE:
        return "bad_envelope";
    case NETIPC_STATUS_AUTH_FAILED:
        return "auth_failed";
    case NETIPC_STATUS_INCOMPATIBLE:
        return "incompatible";
    case NETIPC_STATUS_UNSUPPORTED:
        return "unsupported";
    case NETIPC_STATUS_LIMIT_EXCEEDED:
        return "limit_exceeded";
    case NETIPC_STATUS_INTERNAL_ERROR:
        return "internal_error";
    default:
        return "unknown";
    }
}

netipc_header netipc_header_request(uint16_t code, uint32_t payload_len, uint64_t message_id)
{
    return (netipc_header){.kind = NETIPC_MESSAGE_REQUEST,
                           .code = code,
                           .payload_len = payload_len,
                           .item_count = 1,
                           .message_id = message_id};
}

netipc_header netipc_header_response(const netipc_header *request, uint32_t payload_len)
{
    return (netipc_header){.kind = NETIPC_MESSAGE_RESPONSE,
                           .code = request->code,
                           .payload_len = payload_len,
                           .item_count = 1,
                           .message_id = request->message_id};
}

netipc_header netipc_header_failure(const netipc_header *request, netipc_status status)
{
    netipc_header header = netipc_header_response(request, 0);
    header.status = status;
    return header;
}

netipc_header netipc_header_batch(netipc_header header, uint32_t items)
{
    header.flags = NETIPC_FLAG_BATCH;
    header.item_count = items;
    return header;
}

bool netipc_header_is_batch(const netipc_header *header)
{
    return (header->flags & NETIPC_FLAG_BATCH) != 0 && header->item_count > 0;
}

void netipc_header_encode(const netipc_header *header, uint8_t out[NETIPC_HEADER_LEN])
{
    netipc__writer writer = netipc__writer_over(out, NETIPC_HEADER_LEN);
    netipc__write_u32(&writer, NETIPC_MAGIC);
    netipc__write_u16(&writer, NETIPC_PROTOCOL_VERSION);
    netipc__write_u16(&writer, NETIPC_HEADER_LEN);
    netipc__write_u16(&writer, (uint16_t)header->kind);
    netipc__write_u16(&writer, header->flags);
    netipc__write_u16(&writer, header->code);
    netipc__write_u16(&writer, header->status);
    netipc__write_u32(&writer, header->payload_len);
    netipc__write_u32(&writer, header->item_count);
    netipc__write_u64(&writer, header->message_id);
}

bool netipc_header_decode(netipc_header *header, const void *packet, size_t len, netipc_error *error)
{
    if (len < NETIPC_HEADER_LEN) {
        return NETIPC__FAIL(error, HEADER_SHORT, .got = len, .allowed = NETIPC_HEADER_LEN);
    }
    netipc__reader in = netipc__reader_over(packet, NETIPC_HEADER_LEN);
    uint32_t magic = netipc__read_u32(&in);
    uint16_t version = netipc__read_u16(&in);
    uint16_t header_len = netipc__read_u16(&in);
    uint16_t kind = netipc__read_u16(&in);
    if (magic != NETIPC_MAGIC) {
        return NETIPC__FAIL(error, HEADER_MAGIC, .got = magic, .allowed = NETIPC_MAGIC);
    }
    if (header_len != NETIPC_HEADER_LEN) {
        return NETIPC__FAIL(error, HEADER_LEN, .got = header_len, .allowed = NETIPC_HEADER_LEN);
    }
    if (!is_message_kind(kind)) {
        return NETIPC__FAIL(error, HEADER_KIND, .got = kind);
    }
    if (version != NETIPC_PROTOCOL_VERSION) {
        /* Last, so that it is reported only when it is alone: both sides of a handshake treat a peer of another version
         * differently from one that sends garbage (NIPC-ENV-05). */
        return NETIPC__FAIL(error, HEADER_VERSION, .got = version, .allowed = NETIPC_PROTOCOL_VERSION);
    }
    header->kind = (netipc_message_kind)kind;
    header->flags = netipc__read_u16(&in);
    header->code = netipc__read_u16(&in);
    header->status = netipc__read_u16(&in);
    header->payload_len = netipc__read_u32(&in);
    header->item_count = netipc__read_u32(&in);
    header->message_id = netipc__read_u64(&in);
    return true;
}
