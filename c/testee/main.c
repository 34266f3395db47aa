/*
 * The test program of the conformance runner for this library: reads questions, answers with what the library does
 * (spec/conformance.md).
 */
#include <stdio.h>
#include <stdlib.h>

#include "testee.h"

/* Requests are never longer: what a runner sends, not what the protocol allows. */
#define FRAME_MAX (256u << 20)

static bool read_frame(testee_text *frame)
{
    uint8_t head[4];
    size_t got = fread(head, 1, sizeof head, stdin);
    if (got == 0) {
        return false;
    }
    if (got != sizeof head) {
        testee_die("the input ends inside a frame");
    }
    size_t len = netipc_load_u32((netipc_bytes){.data = head, .len = sizeof head}, 0, 0);
    if (len < 2 || len > FRAME_MAX) {
        testee_die("a frame has an impossible length");
    }
    if (frame->capacity < len) {
        free(frame->data);
        *frame = (testee_text){.data = malloc(len), .capacity = len};
    }
    if (frame->data == NULL) {
        testee_die("no memory");
    }
    frame->len = fread(frame->data, 1, len, stdin);
    if (frame->len != len) {
        testee_die("the input ends inside a frame");
    }
    return true;
}

static void write_frame(testee_result result, const testee_text *body)
{
    uint8_t head[5];
    netipc_store_u32(head, (uint32_t)(body->len + 1));
    head[4] = (uint8_t)result;
    if (fwrite(head, 1, sizeof head, stdout) != sizeof head || fwrite(body->data, 1, body->len, stdout) != body->len
        || fflush(stdout) != 0) {
        testee_die("cannot write");
    }
}

static testee_result ask(const testee_text *frame, testee_text *out)
{
    netipc_bytes body = {.data = (const uint8_t *)frame->data, .len = frame->len};
    testee_op op = (testee_op)body.data[0];
    size_t target_len = body.data[1];
    if (target_len > body.len - 2) {
        testee_die("a frame ends inside its target");
    }
    char target[256];
    memcpy(target, body.data + 2, target_len);
    target[target_len] = '\0';
    body.data += 2 + target_len;
    body.len -= 2 + target_len;
    testee_result result = testee_ask_service(op, target, body, out);
    return result == TESTEE_NOT_KNOWN ? testee_ask_envelope(op, target, body, out) : result;
}

int main(void)
{
    testee_text frame = {.data = NULL};
    testee_text out = {.data = NULL};
    while (read_frame(&frame)) {
        out.len = 0;
        testee_result result = ask(&frame, &out);
        write_frame(result, &out);
        testee_free_all();
    }
    free(frame.data);
    free(out.data);
    return EXIT_SUCCESS;
}
