#include "netipc/codec/writer.h"

#include <string.h>

void netipc_writer_start(netipc_writer *out, void *buffer, size_t budget)
{
    *out = (netipc_writer){.data = buffer, .budget = budget < NETIPC_PAYLOAD_MAX ? budget : NETIPC_PAYLOAD_MAX};
}

void netipc_writer_restart(netipc_writer *out)
{
    netipc_writer_start(out, out->data, out->budget);
}

size_t netipc_writer_size(const netipc_writer *out)
{
    return out->len - out->slack + out->tail;
}

size_t netipc_writer_remaining(const netipc_writer *out)
{
    return out->overflowed ? 0 : out->budget - netipc_writer_size(out);
}

netipc_bytes netipc_writer_payload(const netipc_writer *out)
{
    return (netipc_bytes){.data = out->data, .len = out->len};
}

static bool overflow(const netipc_writer *out, netipc_build_error *error)
{
    if (error != NULL) {
        *error = (netipc_build_error){
            .code = NETIPC_BUILD_OVERFLOW, .needed = out->needed, .budget = out->budget};
    }
    return false;
}

/* Empties the memory and keeps in mind why. */
static void drop(netipc_writer *out)
{
    out->len = 0;
    out->slack = 0;
    out->tail = 0;
}

bool netipc_writer_finish(netipc_writer *out, netipc_build_error *error)
{
    if (!out->overflowed) {
        return true;
    }
    drop(out);
    return overflow(out, error);
}

bool netipc_writer_refuse(netipc_writer *out, const netipc_build_error *why, netipc_build_error *error)
{
    drop(out);
    if (out->overflowed) {
        return overflow(out, error);
    }
    if (error != NULL && error != why) {
        *error = *why;
    }
    return false;
}

bool netipc_writer_claim(netipc_writer *out, size_t len, netipc_build_error *error)
{
    if (!out->overflowed && len <= out->budget - netipc_writer_size(out)) {
        return true;
    }
    out->needed = netipc_add(out->overflowed ? out->needed : netipc_writer_size(out), len);
    out->overflowed = true;
    return overflow(out, error);
}

bool netipc_writer_put(netipc_writer *out, const void *bytes, size_t len)
{
    if (!netipc_writer_claim(out, len, NULL)) {
        return false;
    }
    if (len > 0) {
        memcpy(out->data + out->len, bytes, len);
        out->len += len;
    }
    return true;
}

bool netipc_writer_string(netipc_writer *out, netipc_bytes text)
{
    if (!netipc_writer_claim(out, netipc_add(text.len, 1), NULL)) {
        return false;
    }
    if (text.len > 0) {
        memcpy(out->data + out->len, text.data, text.len);
        out->len += text.len;
    }
    out->data[out->len++] = 0;
    return true;
}

uint8_t *netipc_writer_zeros(netipc_writer *out, size_t len)
{
    if (!netipc_writer_claim(out, len, NULL)) {
        return NULL;
    }
    if (len == 0) {
        return out->data;
    }
    uint8_t *at = out->data + out->len;
    memset(at, 0, len);
    out->len += len;
    return at;
}

void netipc_writer_patch(netipc_writer *out, size_t at, const void *bytes, size_t len)
{
    if (len > 0 && at <= out->len && len <= out->len - at) {
        memcpy(out->data + at, bytes, len);
    }
}

bool netipc_writer_record(netipc_writer *out, const netipc_encoder *encoder, const void *values,
                          netipc_build_error *error)
{
    if (encoder->check != NULL && !encoder->check(values, error)) {
        return false;
    }
    if (!netipc_writer_claim(out, encoder->size(values), error)) {
        return false;
    }
    encoder->write(values, out);
    return true;
}
