/* The two packets of the handshake, as they are on the wire. */
#include "netipc/handshake.h"

#include "cursor.h"
#include "fail.h"

static void write_limits(netipc__writer *out, netipc_limits limits)
{
    netipc__write_u32(out, limits.max_payload);
    netipc__write_u32(out, limits.max_items);
}

static netipc_limits read_limits(netipc__reader *in)
{
    netipc_limits limits;
    limits.max_payload = netipc__read_u32(in);
    limits.max_items = netipc__read_u32(in);
    return limits;
}

static void write_control(uint8_t *out, uint16_t code, netipc_status status, uint32_t payload_len)
{
    netipc_header header = {.kind = NETIPC_MESSAGE_CONTROL,
                            .code = code,
                            .status = status,
                            .payload_len = payload_len,
                            .item_count = 1};
    netipc_header_encode(&header, out);
}

void netipc_hello_encode(const netipc_hello *hello, uint8_t out[NETIPC_HELLO_LEN])
{
    netipc__writer writer = netipc__writer_over(out, NETIPC_HELLO_LEN);
    netipc__write_u16(&writer, hello->layout_version);
    netipc__write_u16(&writer, hello->flags);
    netipc__write_u32(&writer, hello->supported);
    netipc__write_u32(&writer, hello->preferred);
    write_limits(&writer, hello->request);
    write_limits(&writer, hello->response);
    netipc__write_u32(&writer, hello->padding);
    netipc__write_u64(&writer, hello->auth_token);
    netipc__write_u32(&writer, hello->packet_size);
}

bool netipc_hello_decode(netipc_hello *hello, const void *payload, size_t len, netipc_error *error)
{
    netipc__reader in = netipc__reader_over(payload, len);
    netipc_hello read;
    read.layout_version = netipc__read_u16(&in);
    read.flags = netipc__read_u16(&in);
    read.supported = netipc__read_u32(&in);
    read.preferred = netipc__read_u32(&in);
    read.request = read_limits(&in);
    read.response = read_limits(&in);
    read.padding = netipc__read_u32(&in);
    read.auth_token = netipc__read_u64(&in);
    read.packet_size = netipc__read_u32(&in);
    if (in.failed) {
        return NETIPC__FAIL(error, HELLO_SHORT, .got = len, .allowed = NETIPC_HELLO_LEN);
    }
    *hello = read;
    return true;
}

void netipc_hello_packet(const netipc_hello *hello, uint8_t out[NETIPC_HELLO_PACKET_LEN])
{
    write_control(out, NETIPC_CODE_HELLO, NETIPC_STATUS_OK, NETIPC_HELLO_LEN);
    netipc_hello_encode(hello, out + NETIPC_HEADER_LEN);
}

void netipc_hello_ack_encode(const netipc_hello_ack *ack, uint8_t out[NETIPC_ACK_LEN])
{
    netipc__writer writer = netipc__writer_over(out, NETIPC_ACK_LEN);
    netipc__write_u16(&writer, ack->layout_version);
    netipc__write_u16(&writer, ack->flags);
    netipc__write_u32(&writer, ack->server_supported);
    netipc__write_u32(&writer, ack->intersection);
    netipc__write_u32(&writer, ack->selected);
    write_limits(&writer, ack->request);
    write_limits(&writer, ack->response);
    netipc__write_u32(&writer, ack->packet_size);
    netipc__write_u32(&writer, ack->padding);
    netipc__write_u64(&writer, ack->session_id);
}

bool netipc_hello_ack_decode(netipc_hello_ack *ack, const void *payload, size_t len, netipc_error *error)
{
    netipc__reader in = netipc__reader_over(payload, len);
    netipc_hello_ack read;
    read.layout_version = netipc__read_u16(&in);
    read.flags = netipc__read_u16(&in);
    read.server_supported = netipc__read_u32(&in);
    read.intersection = netipc__read_u32(&in);
    read.selected = netipc__read_u32(&in);
    read.request = read_limits(&in);
    read.response = read_limits(&in);
    read.packet_size = netipc__read_u32(&in);
    read.padding = netipc__read_u32(&in);
    read.session_id = netipc__read_u64(&in);
    if (in.failed) {
        return NETIPC__FAIL(error, ACK_SHORT, .got = len, .allowed = NETIPC_ACK_LEN);
    }
    *ack = read;
    return true;
}

void netipc_hello_ack_packet(const netipc_hello_ack *ack, netipc_status status, uint8_t out[NETIPC_ACK_PACKET_LEN])
{
    write_control(out, NETIPC_CODE_HELLO_ACK, status, NETIPC_ACK_LEN);
    netipc_hello_ack_encode(ack, out + NETIPC_HEADER_LEN);
}

netipc_hello_ack netipc_hello_ack_rejection(void)
{
    return (netipc_hello_ack){.layout_version = NETIPC_LAYOUT_VERSION};
}
