/*
 * Questions about headers, the packets of a handshake, and batches.
 */
#include "envelope.h"

#include "netipc/batch.h"
#include "netipc/chunk.h"
#include "netipc/handshake.h"
#include "netipc/hash.h"
#include "netipc/header.h"

uint64_t testee_member(testee_json *in, const char *name, uint64_t most)
{
    if (!testee_accept(in, "{")) {
        testee_expect(in, ",");
    }
    testee_expect(in, "\"");
    testee_expect(in, name);
    testee_expect(in, "\":");
    return testee_number(in, most);
}

void testee_put_member(testee_text *out, const char *name, uint64_t number)
{
    bool first = out->len == 0 || out->data[out->len - 1] == '\0' || out->data[out->len - 1] == ':';
    testee_put(out, first ? "{\"" : ",\"");
    testee_put(out, name);
    testee_put(out, "\":");
    testee_put_number(out, number);
}

const char *testee_problem(const netipc_error *error)
{
    static const struct {
        netipc_problem problem;
        const char *name;
    } names[] = {
        {NETIPC_PROBLEM_HEADER_SHORT, "short"},
        {NETIPC_PROBLEM_HEADER_MAGIC, "magic"},
        {NETIPC_PROBLEM_HEADER_VERSION, "version"},
        {NETIPC_PROBLEM_HEADER_LEN, "header_len"},
        {NETIPC_PROBLEM_HEADER_KIND, "kind"},
        {NETIPC_PROBLEM_UNEXPECTED_KIND, "unexpected_kind"},
        {NETIPC_PROBLEM_PAYLOAD_TOO_LARGE, "payload_too_large"},
        {NETIPC_PROBLEM_TOO_MANY_ITEMS, "too_many_items"},
        {NETIPC_PROBLEM_PACKET_TOO_LONG, "packet_too_long"},
        {NETIPC_PROBLEM_BATCH_TRUNCATED, "batch_truncated"},
        {NETIPC_PROBLEM_BATCH_MISALIGNED, "batch_misaligned"},
        {NETIPC_PROBLEM_BATCH_BOUNDS, "batch_out_of_bounds"},
        {NETIPC_PROBLEM_CHUNK_SHORT, "chunk_short"},
        {NETIPC_PROBLEM_CHUNK_MAGIC, "chunk_magic"},
        {NETIPC_PROBLEM_CHUNK_VERSION, "chunk_version"},
        {NETIPC_PROBLEM_CHUNK_FLAGS, "chunk_flags"},
        {NETIPC_PROBLEM_CHUNK_MESSAGE_ID, "chunk_message_id"},
        {NETIPC_PROBLEM_CHUNK_INDEX, "chunk_index"},
        {NETIPC_PROBLEM_CHUNK_COUNT, "chunk_count"},
        {NETIPC_PROBLEM_CHUNK_TOTAL, "chunk_total"},
        {NETIPC_PROBLEM_CHUNK_PACKET_LEN, "chunk_packet_len"},
        {NETIPC_PROBLEM_CHUNK_PART_LEN, "chunk_part_len"},
        {NETIPC_PROBLEM_UNKNOWN_MESSAGE_ID, "unknown_message_id"},
        {NETIPC_PROBLEM_HELLO_SHORT, "short"},
        {NETIPC_PROBLEM_ACK_SHORT, "short"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].problem == error->problem) {
            return names[i].name;
        }
    }
    testee_die("the library reports a problem that has no name here");
}

/* What the questions to one target need. */
typedef struct envelope {
    const char *target;
    /* What an offence is called, and what its problems start with. */
    const char *error;
    const char *prefix;
    /* Bytes of its form. */
    size_t len;
    bool (*decode)(netipc_bytes bytes, testee_text *out, netipc_error *error);
    /* False when the header has a kind that is none. */
    bool (*encode)(testee_json *in, uint8_t *out);
} envelope;

static bool decode_header(netipc_bytes bytes, testee_text *out, netipc_error *error)
{
    netipc_header header;
    if (!netipc_header_decode(&header, bytes.data, bytes.len, error)) {
        return false;
    }
    testee_put_member(out, "kind", (uint64_t)header.kind);
    testee_put_member(out, "flags", header.flags);
    testee_put_member(out, "code", header.code);
    testee_put_member(out, "transport_status", header.status);
    testee_put_member(out, "payload_len", header.payload_len);
    testee_put_member(out, "item_count", header.item_count);
    testee_put_member(out, "message_id", header.message_id);
    testee_put(out, "}");
    return true;
}

static bool encode_header(testee_json *in, uint8_t *out)
{
    netipc_header header;
    uint64_t kind = testee_member(in, "kind", UINT16_MAX);
    header.kind = (netipc_message_kind)kind;
    header.flags = (uint16_t)testee_member(in, "flags", UINT16_MAX);
    header.code = (uint16_t)testee_member(in, "code", UINT16_MAX);
    header.status = (netipc_status)testee_member(in, "transport_status", UINT16_MAX);
    header.payload_len = (uint32_t)testee_member(in, "payload_len", UINT32_MAX);
    header.item_count = (uint32_t)testee_member(in, "item_count", UINT32_MAX);
    header.message_id = testee_member(in, "message_id", UINT64_MAX);
    if (kind < 1 || kind > 3) {
        return false;
    }
    netipc_header_encode(&header, out);
    return true;
}

static bool decode_chunk_header(netipc_bytes bytes, testee_text *out, netipc_error *error)
{
    netipc_chunk_header header;
    if (!netipc_chunk_header_decode(&header, bytes.data, bytes.len, error)) {
        return false;
    }
    testee_put_member(out, "message_id", header.message_id);
    testee_put_member(out, "total_message_len", header.total_len);
    testee_put_member(out, "chunk_index", header.index);
    testee_put_member(out, "chunk_count", header.count);
    testee_put_member(out, "chunk_payload_len", header.payload_len);
    testee_put(out, "}");
    return true;
}

static bool encode_chunk_header(testee_json *in, uint8_t *out)
{
    netipc_chunk_header header;
    header.message_id = testee_member(in, "message_id", UINT64_MAX);
    header.total_len = (uint32_t)testee_member(in, "total_message_len", UINT32_MAX);
    header.index = (uint32_t)testee_member(in, "chunk_index", UINT32_MAX);
    header.count = (uint32_t)testee_member(in, "chunk_count", UINT32_MAX);
    header.payload_len = (uint32_t)testee_member(in, "chunk_payload_len", UINT32_MAX);
    netipc_chunk_header_encode(&header, out);
    return true;
}

static bool decode_hello(netipc_bytes bytes, testee_text *out, netipc_error *error)
{
    netipc_hello hello;
    if (!netipc_hello_decode(&hello, bytes.data, bytes.len, error)) {
        return false;
    }
    testee_put_member(out, "layout_version", hello.layout_version);
    testee_put_member(out, "flags", hello.flags);
    testee_put_member(out, "supported", hello.supported);
    testee_put_member(out, "preferred", hello.preferred);
    testee_put_member(out, "request_payload", hello.request.max_payload);
    testee_put_member(out, "request_items", hello.request.max_items);
    testee_put_member(out, "response_payload", hello.response.max_payload);
    testee_put_member(out, "response_items", hello.response.max_items);
    testee_put_member(out, "padding", hello.padding);
    testee_put_member(out, "auth_token", hello.auth_token);
    testee_put_member(out, "packet_size", hello.packet_size);
    testee_put(out, "}");
    return true;
}

static bool encode_hello(testee_json *in, uint8_t *out)
{
    netipc_hello hello;
    hello.layout_version = (uint16_t)testee_member(in, "layout_version", UINT16_MAX);
    hello.flags = (uint16_t)testee_member(in, "flags", UINT16_MAX);
    hello.supported = (netipc_profiles)testee_member(in, "supported", UINT32_MAX);
    hello.preferred = (netipc_profiles)testee_member(in, "preferred", UINT32_MAX);
    hello.request.max_payload = (uint32_t)testee_member(in, "request_payload", UINT32_MAX);
    hello.request.max_items = (uint32_t)testee_member(in, "request_items", UINT32_MAX);
    hello.response.max_payload = (uint32_t)testee_member(in, "response_payload", UINT32_MAX);
    hello.response.max_items = (uint32_t)testee_member(in, "response_items", UINT32_MAX);
    hello.padding = (uint32_t)testee_member(in, "padding", UINT32_MAX);
    hello.auth_token = testee_member(in, "auth_token", UINT64_MAX);
    hello.packet_size = (uint32_t)testee_member(in, "packet_size", UINT32_MAX);
    netipc_hello_encode(&hello, out);
    return true;
}

static bool decode_hello_ack(netipc_bytes bytes, testee_text *out, netipc_error *error)
{
    netipc_hello_ack ack;
    if (!netipc_hello_ack_decode(&ack, bytes.data, bytes.len, error)) {
        return false;
    }
    testee_put_member(out, "layout_version", ack.layout_version);
    testee_put_member(out, "flags", ack.flags);
    testee_put_member(out, "server_supported", ack.server_supported);
    testee_put_member(out, "intersection", ack.intersection);
    testee_put_member(out, "selected", ack.selected);
    testee_put_member(out, "request_payload", ack.request.max_payload);
    testee_put_member(out, "request_items", ack.request.max_items);
    testee_put_member(out, "response_payload", ack.response.max_payload);
    testee_put_member(out, "response_items", ack.response.max_items);
    testee_put_member(out, "packet_size", ack.packet_size);
    testee_put_member(out, "padding", ack.padding);
    testee_put_member(out, "session_id", ack.session_id);
    testee_put(out, "}");
    return true;
}

static bool encode_hello_ack(testee_json *in, uint8_t *out)
{
    netipc_hello_ack ack;
    ack.layout_version = (uint16_t)testee_member(in, "layout_version", UINT16_MAX);
    ack.flags = (uint16_t)testee_member(in, "flags", UINT16_MAX);
    ack.server_supported = (netipc_profiles)testee_member(in, "server_supported", UINT32_MAX);
    ack.intersection = (netipc_profiles)testee_member(in, "intersection", UINT32_MAX);
    ack.selected = (netipc_profiles)testee_member(in, "selected", UINT32_MAX);
    ack.request.max_payload = (uint32_t)testee_member(in, "request_payload", UINT32_MAX);
    ack.request.max_items = (uint32_t)testee_member(in, "request_items", UINT32_MAX);
    ack.response.max_payload = (uint32_t)testee_member(in, "response_payload", UINT32_MAX);
    ack.response.max_items = (uint32_t)testee_member(in, "response_items", UINT32_MAX);
    ack.packet_size = (uint32_t)testee_member(in, "packet_size", UINT32_MAX);
    ack.padding = (uint32_t)testee_member(in, "padding", UINT32_MAX);
    ack.session_id = testee_member(in, "session_id", UINT64_MAX);
    netipc_hello_ack_encode(&ack, out);
    return true;
}

static const envelope envelopes[] = {
    {"header", "header", "", NETIPC_HEADER_LEN, decode_header, encode_header},
    {"chunk-header", "chunk", "chunk_", NETIPC_CHUNK_HEADER_LEN, decode_chunk_header, encode_chunk_header},
    {"hello", "hello", "", NETIPC_HELLO_LEN, decode_hello, encode_hello},
    {"hello-ack", "hello-ack", "", NETIPC_ACK_LEN, decode_hello_ack, encode_hello_ack},
};

/* Writes an offence; `prefix` is what its problem starts with in sessions, but not here. */
static testee_result refuse(const char *error, const char *prefix, const char *problem, testee_text *out)
{
    out->len = 0;
    testee_put(out, "{\"error\":\"");
    testee_put(out, error);
    testee_put(out, "\",\"problem\":\"");
    testee_put(out, problem + (strncmp(problem, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0));
    testee_put(out, "\"}");
    return TESTEE_REFUSED;
}

static testee_json json_of(netipc_bytes text)
{
    uint8_t *copy = testee_allocate(text.len + 1);
    if (text.len > 0) {
        memcpy(copy, text.data, text.len);
    }
    return (testee_json){.at = copy, .end = copy + text.len};
}

static testee_result encode(const envelope *form, testee_json *in, testee_text *out)
{
    uint8_t bytes[NETIPC_ACK_LEN];
    if (!form->encode(in, bytes)) {
        return refuse(form->error, form->prefix, "kind", out);
    }
    testee_put_raw(out, bytes, form->len);
    return TESTEE_DONE;
}

static testee_result ask_form(const envelope *form, testee_op op, netipc_bytes body, testee_text *out)
{
    if (op == TESTEE_ENCODE) {
        testee_u32(&body);
        testee_json in = json_of(body);
        return encode(form, &in, out);
    }
    if (op != TESTEE_DECODE && op != TESTEE_CHECK) {
        return TESTEE_NOT_KNOWN;
    }
    if (op == TESTEE_CHECK) {
        testee_put_raw(out, "\0\0\0\0", 4);
    }
    size_t start = out->len;
    netipc_error error;
    if (!form->decode(body, out, &error)) {
        return refuse(form->error, form->prefix, testee_problem(&error), out);
    }
    if (op == TESTEE_DECODE) {
        return TESTEE_DONE;
    }
    netipc_bytes value = {.data = (const uint8_t *)out->data + start, .len = out->len - start};
    netipc_store_u32((uint8_t *)out->data, (uint32_t)value.len);
    testee_json in = json_of(value);
    return encode(form, &in, out);
}

static testee_result encode_batch(testee_json *in, size_t budget, testee_text *out)
{
    testee_array items = {NULL, 0, 0};
    testee_expect(in, "{\"items\":[");
    while (testee_more(in)) {
        netipc_bytes item = testee_hex(in);
        memcpy(testee_push(&items, sizeof item), &item, sizeof item);
    }
    testee_expect(in, "}");
    size_t needed = 16;
    const netipc_bytes *each = items.data;
    for (size_t i = 0; i < items.count; i++) {
        needed += each[i].len + 24;
    }
    size_t room = budget < needed ? budget : needed;
    netipc_batch_builder builder;
    bool fits = netipc_batch_begin(&builder, testee_allocate(room + 1), room, (uint32_t)items.count, NULL);
    for (size_t i = 0; i < items.count && fits; i++) {
        fits = netipc_batch_push(&builder, each[i].data, each[i].len, NULL);
    }
    if (!fits) {
        return refuse("batch", "", "overflow", out);
    }
    size_t len = netipc_batch_finish(&builder);
    testee_put_raw(out, builder.out, len);
    return TESTEE_DONE;
}

static testee_result ask_batch(testee_op op, netipc_bytes body, testee_text *out)
{
    if (op == TESTEE_ENCODE) {
        size_t budget = testee_u32(&body);
        testee_json in = json_of(body);
        return encode_batch(&in, budget, out);
    }
    if (op != TESTEE_DECODE && op != TESTEE_CHECK) {
        return TESTEE_NOT_KNOWN;
    }
    if (op == TESTEE_CHECK) {
        testee_put_raw(out, "\0\0\0\0", 4);
    }
    uint32_t count = testee_u32(&body);
    netipc_batch batch;
    netipc_error error;
    if (!netipc_batch_parse(&batch, body.data, body.len, count, &error)) {
        return refuse("batch", "batch_", testee_problem(&error), out);
    }
    size_t start = out->len;
    testee_put(out, "{\"items\":[");
    netipc_bytes item;
    for (uint32_t i = 0; netipc_batch_item(&batch, i, &item); i++) {
        testee_put(out, i == 0 ? "" : ",");
        testee_put_hex(out, item);
    }
    testee_put(out, "]}");
    if (op == TESTEE_DECODE) {
        return TESTEE_DONE;
    }
    netipc_bytes value = {.data = (const uint8_t *)out->data + start, .len = out->len - start};
    netipc_store_u32((uint8_t *)out->data, (uint32_t)value.len);
    testee_json in = json_of(value);
    return encode_batch(&in, SIZE_MAX, out);
}

static void run_hash(testee_json *in, testee_text *out)
{
    testee_expect(in, "{\"bytes\":");
    netipc_bytes bytes = testee_hex(in);
    testee_put_member(out, "djb2", netipc_djb2(bytes.data, bytes.len));
    testee_put_member(out, "fnv1a64", netipc_fnv1a64(bytes.data, bytes.len));
    testee_put(out, "}");
}

static const struct {
    const char *target;
    testee_script *run;
} scripts[] = {
    {"handshake-server", testee_run_handshake_server},
    {"handshake-client", testee_run_handshake_client},
    {"chunker", testee_run_chunker},
    {"session", testee_run_session},
    {"hash", run_hash},
};

testee_result testee_ask_envelope(testee_op op, const char *target, netipc_bytes body, testee_text *out)
{
    for (size_t i = 0; i < sizeof envelopes / sizeof envelopes[0]; i++) {
        if (strcmp(target, envelopes[i].target) == 0) {
            return ask_form(&envelopes[i], op, body, out);
        }
    }
    if (strcmp(target, "batch") == 0) {
        return ask_batch(op, body, out);
    }
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0] && op == TESTEE_RUN; i++) {
        if (strcmp(target, scripts[i].target) == 0) {
            testee_json in = json_of(body);
            scripts[i].run(&in, out);
            return TESTEE_DONE;
        }
    }
    return TESTEE_NOT_KNOWN;
}
