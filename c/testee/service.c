/*
 * Questions about the payloads of services.
 */
#include <stdio.h>

#include "testee.h"

void testee_put_decode_error(testee_text *out, const netipc_decode_error *error)
{
    testee_put(out, "{\"error\":\"decode\",\"record\":\"");
    testee_put(out, error->record);
    testee_put(out, "\",\"field\":\"");
    testee_put(out, error->field);
    testee_put(out, "\",\"offset\":");
    testee_put_number(out, error->offset);
    testee_put(out, ",\"item\":");
    if (error->item >= 0) {
        testee_put_number(out, (uint64_t)error->item);
    } else {
        testee_put(out, "null");
    }
    testee_put(out, ",\"problem\":\"");
    testee_put(out, netipc_codec_problem_name(error->problem.code));
    testee_put(out, "\"}");
}

static void put_place(testee_text *out, const char *error, const netipc_build_error *why)
{
    testee_put(out, "{\"error\":\"");
    testee_put(out, error);
    testee_put(out, "\",\"record\":\"");
    testee_put(out, why->record);
    testee_put(out, "\",\"field\":\"");
    testee_put(out, why->field);
    testee_put(out, "\"");
}

void testee_put_build_error(testee_text *out, const netipc_build_error *error)
{
    switch (error->code) {
    case NETIPC_BUILD_DONE:
        testee_die("the library failed without an error");
    case NETIPC_BUILD_OVERFLOW:
        testee_put(out, "{\"error\":\"overflow\",\"needed\":");
        testee_put_number(out, error->needed);
        testee_put(out, ",\"budget\":");
        testee_put_number(out, error->budget);
        break;
    case NETIPC_BUILD_INVALID:
        put_place(out, "invalid", error);
        testee_put(out, ",\"problem\":\"");
        testee_put(out, netipc_codec_problem_name(error->problem.code));
        testee_put(out, "\"");
        break;
    case NETIPC_BUILD_MISSING:
        put_place(out, "missing", error);
        break;
    case NETIPC_BUILD_ANSWERS:
        testee_put(out, "{\"error\":\"answers\",\"got\":");
        testee_put_number(out, error->got);
        testee_put(out, ",\"keys\":");
        testee_put_number(out, error->keys);
        break;
    }
    testee_put(out, "}");
}

uint32_t testee_u32(netipc_bytes *body)
{
    if (body->len < 4) {
        testee_die("a request ends too early");
    }
    uint32_t number = netipc_load_u32(*body, 0, 0);
    body->data += 4;
    body->len -= 4;
    return number;
}

netipc_writer testee_writer(size_t budget, size_t body)
{
    /* No value takes more bytes than this; a budget of gigabytes needs no memory for them. */
    size_t most = 64 * body + 4096;
    netipc_writer out;
    size_t room = budget < most ? budget : most;
    netipc_writer_start(&out, testee_allocate(room + 1), room);
    return out;
}

static testee_json json_of(netipc_bytes text)
{
    uint8_t *copy = testee_allocate(text.len + 1);
    if (text.len > 0) {
        memcpy(copy, text.data, text.len);
    }
    return (testee_json){.at = copy, .end = copy + text.len};
}

static testee_result answer(const testee_service *service, netipc_bytes body, testee_text *out)
{
    size_t budget = testee_u32(&body);
    size_t len = testee_u32(&body);
    if (len > body.len) {
        testee_die("a request ends too early");
    }
    netipc_bytes request = {.data = body.data, .len = len};
    testee_json in = json_of((netipc_bytes){.data = body.data + len, .len = body.len - len});
    netipc_writer writer = testee_writer(budget, body.len);
    testee_refusal refusal = {.is_decode = false};
    if (service->answer(request, &in, &writer, &refusal)) {
        testee_put_raw(out, writer.data, writer.len);
        return TESTEE_DONE;
    }
    if (refusal.is_decode) {
        testee_put_decode_error(out, &refusal.decode);
    } else {
        testee_put_build_error(out, &refusal.build);
    }
    return TESTEE_REFUSED;
}

static testee_result encode(const testee_service *service, bool is_reply, testee_json *in, netipc_writer *writer,
                            testee_text *out)
{
    netipc_build_error error;
    memset(&error, 0, sizeof error);
    bool done = is_reply ? service->encode_reply(in, writer, &error) : service->encode_request(in, writer, &error);
    if (!done) {
        testee_put_build_error(out, &error);
        return TESTEE_REFUSED;
    }
    testee_put_raw(out, writer->data, writer->len);
    return TESTEE_DONE;
}

static testee_result decode(const testee_service *service, bool is_reply, netipc_bytes body, testee_text *out)
{
    netipc_decode_error error;
    bool done = is_reply ? service->decode_reply(body, out, &error) : service->decode_request(body, out, &error);
    if (!done) {
        testee_put_decode_error(out, &error);
        return TESTEE_REFUSED;
    }
    return TESTEE_DONE;
}

/* Decodes, and encodes what was decoded. */
static testee_result check(const testee_service *service, bool is_reply, netipc_bytes body, testee_text *out)
{
    size_t start = out->len;
    testee_put_raw(out, "\0\0\0\0", 4);
    if (decode(service, is_reply, body, out) != TESTEE_DONE) {
        memmove(out->data + start, out->data + start + 4, out->len - start - 4);
        out->len -= 4;
        return TESTEE_REFUSED;
    }
    netipc_bytes value = {.data = (const uint8_t *)out->data + start + 4, .len = out->len - start - 4};
    netipc_store_u32((uint8_t *)out->data + start, (uint32_t)value.len);
    testee_json in = json_of(value);
    netipc_writer writer = testee_writer(NETIPC_PAYLOAD_MAX, value.len);
    if (encode(service, is_reply, &in, &writer, out) != TESTEE_DONE) {
        fprintf(stderr, "testee: what was decoded does not encode: %.*s\n", (int)(out->len - start - 4),
                out->data + start + 4);
        testee_die("an encoder refuses what its decoder gave");
    }
    return TESTEE_DONE;
}

static const testee_service *find(const char *target, bool *is_reply)
{
    const char *slash = strchr(target, '/');
    if (slash == NULL || (strcmp(slash, "/request") != 0 && strcmp(slash, "/reply") != 0)) {
        return NULL;
    }
    *is_reply = strcmp(slash, "/reply") == 0;
    for (size_t i = 0; testee_services[i] != NULL; i++) {
        const char *name = testee_services[i]->service->name;
        if (strlen(name) == (size_t)(slash - target) && strncmp(name, target, strlen(name)) == 0) {
            return testee_services[i];
        }
    }
    return NULL;
}

testee_result testee_ask_service(testee_op op, const char *target, netipc_bytes body, testee_text *out)
{
    bool is_reply = false;
    const testee_service *service = find(target, &is_reply);
    if (service == NULL) {
        return TESTEE_NOT_KNOWN;
    }
    switch (op) {
    case TESTEE_DECODE:
        return decode(service, is_reply, body, out);
    case TESTEE_ENCODE: {
        size_t budget = testee_u32(&body);
        testee_json in = json_of(body);
        netipc_writer writer = testee_writer(budget, body.len);
        return encode(service, is_reply, &in, &writer, out);
    }
    case TESTEE_CHECK:
        return check(service, is_reply, body, out);
    case TESTEE_ANSWER:
        return service->answer != NULL && is_reply ? answer(service, body, out) : TESTEE_NOT_KNOWN;
    case TESTEE_RUN:
        break;
    }
    return TESTEE_NOT_KNOWN;
}
