/* Error kinds and sentences. */
#include "netipc/error.h"

#include "netipc/header.h"
#include "support.h"

typedef struct sentence {
    netipc_error error;
    netipc_kind kind;
    const char *text;
} sentence;

#define ERROR(name, ...) {.problem = NETIPC_PROBLEM_##name, __VA_ARGS__}
#define REQUEST NETIPC_MESSAGE_REQUEST
#define CONTROL NETIPC_MESSAGE_CONTROL

static const sentence sentences[] = {
    {ERROR(HEADER_SHORT, .got = 31, .allowed = 32), NETIPC_KIND_INVALID_MESSAGE,
     "a packet of 31 bytes is too short for a 32-byte header"},
    {ERROR(HEADER_MAGIC, .got = 0xabcd, .allowed = 0x4e495043), NETIPC_KIND_INVALID_MESSAGE,
     "a message starts with 0x0000abcd, not with the magic 0x4e495043"},
    {ERROR(HEADER_VERSION, .got = 7, .allowed = 1), NETIPC_KIND_INVALID_MESSAGE,
     "a message has protocol version 7, only 1 is known"},
    {ERROR(HEADER_LEN, .got = 33, .allowed = 32), NETIPC_KIND_INVALID_MESSAGE,
     "a message has a header length of 33, not 32"},
    {ERROR(HEADER_KIND, .got = 9), NETIPC_KIND_INVALID_MESSAGE, "a message has kind 9, only 1, 2 and 3 are known"},
    {ERROR(BATCH_TRUNCATED, .got = 8, .allowed = 9), NETIPC_KIND_INVALID_MESSAGE,
     "a batch payload of 8 bytes cannot hold a directory of 9 entries"},
    {ERROR(BATCH_MISALIGNED, .index = 3, .got = 13), NETIPC_KIND_INVALID_MESSAGE,
     "batch item 3 starts at offset 13, which is no multiple of 8"},
    {ERROR(BATCH_BOUNDS, .index = 3, .got = 99, .detail = 16, .allowed = 77), NETIPC_KIND_INVALID_MESSAGE,
     "batch item 3 has 99 bytes at offset 16, only 77 bytes are there"},
    {ERROR(BATCH_FULL, .got = 30, .allowed = 20), NETIPC_KIND_LIMIT_EXCEEDED,
     "30 bytes do not fit into the 20 bytes left for the batch"},
    {ERROR(BATCH_SLOTS, .allowed = 4), NETIPC_KIND_LIMIT_EXCEEDED, "the batch has all of its 4 items already"},
    {ERROR(CHUNK_SHORT, .got = 3, .allowed = 32), NETIPC_KIND_INVALID_MESSAGE,
     "a packet of 3 bytes is too short for a 32-byte chunk header"},
    {ERROR(CHUNK_MAGIC, .got = 0xabcd, .allowed = 0x4e43484b), NETIPC_KIND_INVALID_MESSAGE,
     "a chunk must follow, but the packet starts with 0x0000abcd, not with 0x4e43484b"},
    {ERROR(CHUNK_VERSION, .got = 5, .allowed = 1), NETIPC_KIND_INVALID_MESSAGE,
     "a chunk has version 5, only 1 is known"},
    {ERROR(CHUNK_FLAGS, .got = 5), NETIPC_KIND_INVALID_MESSAGE, "a chunk has flags 0x0005, none are known"},
    {ERROR(CHUNK_MESSAGE_ID, .got = 5, .allowed = 6), NETIPC_KIND_INVALID_MESSAGE,
     "a chunk has message id 5, the message that it must continue has 6"},
    {ERROR(CHUNK_INDEX, .got = 5, .allowed = 6), NETIPC_KIND_INVALID_MESSAGE,
     "a chunk has index 5, the next one is 6"},
    {ERROR(CHUNK_COUNT, .got = 5, .allowed = 6), NETIPC_KIND_INVALID_MESSAGE,
     "a chunk tells of 5 chunks, the message has 6"},
    {ERROR(CHUNK_TOTAL, .got = 5, .allowed = 6), NETIPC_KIND_INVALID_MESSAGE,
     "a chunk tells of a message of 5 bytes, the message has 6"},
    {ERROR(CHUNK_PACKET_LEN, .got = 5, .allowed = 6), NETIPC_KIND_INVALID_MESSAGE,
     "a chunk announces 6 payload bytes, its packet has 5"},
    {ERROR(CHUNK_PART_LEN, .got = 5, .allowed = 6), NETIPC_KIND_INVALID_MESSAGE,
     "a chunk carries 5 payload bytes, the next part of the message has 6"},
    {ERROR(CHUNK_NOT_NEEDED, .got = 5, .allowed = 4), NETIPC_KIND_API_MISUSE,
     "a message of 4 payload bytes of which 5 are there needs no assembler"},
    {ERROR(UNEXPECTED_KIND, .got = CONTROL, .allowed = REQUEST), NETIPC_KIND_PEER_MISBEHAVED,
     "the peer sent a control message where only a request may come"},
    {ERROR(PAYLOAD_TOO_LARGE, .got = 2000, .allowed = 1024), NETIPC_KIND_PEER_MISBEHAVED,
     "the peer announced a payload of 2000 bytes, the agreed limit is 1024"},
    {ERROR(TOO_MANY_ITEMS, .got = 20, .allowed = 10), NETIPC_KIND_PEER_MISBEHAVED,
     "the peer announced 20 batch items, the agreed limit is 10"},
    {ERROR(PACKET_TOO_LONG, .got = 97, .allowed = 96), NETIPC_KIND_PEER_MISBEHAVED,
     "the peer sent a packet of 97 bytes, at most 96 can belong to its message"},
    {ERROR(UNKNOWN_MESSAGE_ID, .got = 42), NETIPC_KIND_PEER_MISBEHAVED,
     "the peer answered message id 42, which is not in flight"},
    {ERROR(WRONG_CODE, .got = 2, .allowed = 1), NETIPC_KIND_PEER_MISBEHAVED,
     "the peer answered a call of method 1 with a response of method 2"},
    {ERROR(UNEXPECTED_STATUS, .got = 2), NETIPC_KIND_PEER_MISBEHAVED,
     "the peer answered a call with status 2 (auth_failed)"},
    {ERROR(WRONG_ITEM_COUNT, .got = 0, .allowed = 4), NETIPC_KIND_PEER_MISBEHAVED,
     "the peer answered a batch of 4 items with one of 0 (0 is none at all)"},
    {ERROR(REPLY_ITEMS, .got = 3, .allowed = 4), NETIPC_KIND_PEER_MISBEHAVED,
     "the peer answered a lookup of 4 keys with 3 items"},
    {ERROR(REPLY_KEY, .index = 5), NETIPC_KIND_PEER_MISBEHAVED,
     "the peer answered key 5 of a lookup with another key"},
    {ERROR(REPLY_GAP, .index = 5), NETIPC_KIND_PEER_MISBEHAVED,
     "the peer answered key 5 of a lookup, but had no room for one before it"},
    {ERROR(HALF_MESSAGE, .got = 10, .allowed = 20, .detail = 30 * NETIPC_SECOND), NETIPC_KIND_PEER_MISBEHAVED,
     "only 10 of 20 payload bytes arrived within 30s"},
    {ERROR(HALF_MESSAGE, .got = 10, .allowed = 20, .detail = 1500 * NETIPC_MILLISECOND),
     NETIPC_KIND_PEER_MISBEHAVED, "only 10 of 20 payload bytes arrived within 1500ms"},
    {ERROR(HALF_MESSAGE, .got = 10, .allowed = 20, .detail = 17), NETIPC_KIND_PEER_MISBEHAVED,
     "only 10 of 20 payload bytes arrived within 17ns"},
    {ERROR(SEND_PAYLOAD, .got = 2, .allowed = 1), NETIPC_KIND_LIMIT_EXCEEDED,
     "the payload has 2 bytes, the agreed limit is 1"},
    {ERROR(SEND_ITEMS, .got = 2, .allowed = 1), NETIPC_KIND_LIMIT_EXCEEDED,
     "the batch has 2 items, the agreed limit is 1"},
    {ERROR(SEND_KIND, .got = NETIPC_MESSAGE_RESPONSE, .allowed = REQUEST), NETIPC_KIND_API_MISUSE,
     "this side of a session sends a request, not a response"},
    {ERROR(SEND_DUPLICATE_ID, .got = 8), NETIPC_KIND_API_MISUSE, "message id 8 is in flight already"},
    {ERROR(SEND_CLOSED, .got = 0), NETIPC_KIND_DISCONNECTED, "the session is closed"},
    {ERROR(HELLO_EXPECTED, .got = 5, .detail = REQUEST), NETIPC_KIND_PEER_MISBEHAVED,
     "the first packet must be a HELLO, but it is a request with code 5"},
    {ERROR(HELLO_SHORT, .got = 43, .allowed = 44), NETIPC_KIND_INVALID_MESSAGE,
     "a HELLO payload has 43 bytes, at least 44 are needed"},
    {ERROR(HELLO_LAYOUT, .got = 2, .allowed = 1), NETIPC_KIND_INCOMPATIBLE,
     "a HELLO has layout version 2, only 1 is known"},
    {ERROR(HELLO_PADDING, .got = 3), NETIPC_KIND_INVALID_MESSAGE,
     "the padding of a HELLO is 0x00000003, it must be zero"},
    {ERROR(HELLO_PROFILE, .got = 16, .allowed = 1), NETIPC_KIND_INCOMPATIBLE,
     "no common profile: the client supports shm-ring, the server baseline"},
    {ERROR(HELLO_TOKEN, .got = 0), NETIPC_KIND_DENIED, "the client's auth token is wrong"},
    {ERROR(HELLO_DENIED, .got = 0), NETIPC_KIND_DENIED, "the client's user or group is not on the allow-list"},
    {ERROR(HELLO_REQUEST_PAYLOAD, .got = 70, .allowed = 60), NETIPC_KIND_LIMIT_EXCEEDED,
     "the client proposes request payloads of 70 bytes, at most 60 are accepted"},
    {ERROR(HELLO_PACKET_SIZE, .got = 32, .allowed = 33), NETIPC_KIND_INCOMPATIBLE,
     "the packet size would be 32 bytes, at least 33 are needed"},
    {ERROR(HELLO_FULL, .got = 0), NETIPC_KIND_LIMIT_EXCEEDED, "the server has as many sessions as it may"},
    {ERROR(ACK_VERSION, .got = 2, .allowed = 1), NETIPC_KIND_INCOMPATIBLE,
     "the server speaks protocol version 2, only 1 is known"},
    {ERROR(ACK_EXPECTED, .got = 5, .detail = REQUEST), NETIPC_KIND_PEER_MISBEHAVED,
     "the server must answer with a HELLO_ACK, but it sent a request with code 5"},
    {ERROR(ACK_REJECTED, .got = 1, .detail = 70000), NETIPC_KIND_REJECTED,
     "the server refused the handshake (status 1 (bad_envelope))"},
    {ERROR(ACK_REJECTED, .got = 2, .detail = 70000), NETIPC_KIND_REJECTED,
     "the server refused access: check the auth token, or its list of allowed users and groups (status 2 "
     "(auth_failed))"},
    {ERROR(ACK_REJECTED, .got = 3, .detail = 70000), NETIPC_KIND_REJECTED,
     "the server speaks another protocol version or needs another packet size (status 3 (incompatible))"},
    {ERROR(ACK_REJECTED, .got = 4, .detail = 70000), NETIPC_KIND_REJECTED,
     "the server supports none of the offered profiles (status 4 (unsupported))"},
    {ERROR(ACK_REJECTED, .got = 5, .detail = 70000), NETIPC_KIND_REJECTED,
     "the server refused the proposed request payload of 70000 bytes: propose less (status 5 (limit_exceeded))"},
    {ERROR(ACK_REJECTED, .got = 6, .detail = 70000), NETIPC_KIND_REJECTED,
     "the server cannot take another session now: try again later (status 6 (internal_error))"},
    {ERROR(ACK_REJECTED, .got = 77, .detail = 70000), NETIPC_KIND_REJECTED,
     "the server refused the handshake (status 77 (unknown))"},
    {ERROR(ACK_SHORT, .got = 47, .allowed = 48), NETIPC_KIND_INVALID_MESSAGE,
     "a HELLO_ACK payload has 47 bytes, at least 48 are needed"},
    {ERROR(ACK_LAYOUT, .got = 2, .allowed = 1), NETIPC_KIND_INCOMPATIBLE,
     "a HELLO_ACK has layout version 2, only 1 is known"},
    {ERROR(ACK_FLAGS, .got = 2), NETIPC_KIND_PEER_MISBEHAVED, "a HELLO_ACK has flags 0x0002, none are known"},
    {ERROR(ACK_PROFILE, .got = 16, .allowed = 1), NETIPC_KIND_PEER_MISBEHAVED,
     "the server selected profile shm-ring, it must be one of baseline"},
    {ERROR(ACK_PACKET_SIZE, .got = 32, .allowed = 33), NETIPC_KIND_PEER_MISBEHAVED,
     "the server grants packets of 32 bytes, at least 33 are needed"},
    {ERROR(ACK_REQUEST_PAYLOAD, .got = 70, .allowed = 60), NETIPC_KIND_PEER_MISBEHAVED,
     "the server grants request payloads of 70 bytes, only 60 were proposed"},
    {ERROR(NO_MEMORY, .got = 4096), NETIPC_KIND_IO, "there is no memory for 4096 bytes"},
    {{.kind = NETIPC_KIND_NONE}, NETIPC_KIND_NONE, "no error"},
};

#define COUNT (sizeof sentences / sizeof sentences[0])

/* NIPC-ERR-03: a lower-case sentence that names what was got and what is allowed. */
static void every_problem_has_its_sentence(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        char text[512];
        CASE("problem %d", (int)sentences[i].error.problem);
        CHECK_EQ(netipc_error_describe(&sentences[i].error, text, sizeof text), strlen(sentences[i].text));
        CHECK_STR(text, sentences[i].text);
        CHECK(text[0] < 'A' || text[0] > 'Z');
    }
}

/* NIPC-ERR-07 */
static void every_problem_has_its_kind(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        CASE("problem %d", (int)sentences[i].error.problem);
        CHECK_EQ(netipc_problem_kind(sentences[i].error.problem), sentences[i].kind);
    }
}

/* The table above leaves out no problem. Those that are none have a kind that says so. */
static void table_is_complete(void)
{
    for (int problem = 1; problem < 1000; problem++) {
        bool listed = false;
        for (size_t i = 0; i < COUNT; i++) {
            listed = listed || (int)sentences[i].error.problem == problem;
        }
        CASE("problem %d", problem);
        CHECK_EQ(netipc_problem_kind((netipc_problem)problem) != NETIPC_KIND_BUG, listed);
    }
}

static void sentence_is_cut_to_the_buffer(void)
{
    const netipc_error *error = &sentences[0].error;
    const char *full = sentences[0].text;
    char text[512];
    CHECK_EQ(netipc_error_describe(error, NULL, 0), strlen(full));
    for (size_t room = 1; room <= strlen(full) + 1; room++) {
        memset(text, 'x', sizeof text);
        CHECK_EQ(netipc_error_describe(error, text, room), strlen(full));
        CHECK_EQ(strlen(text), room - 1);
        CHECK_MEM(text, full, room - 1);
        CHECK_EQ(text[room], 'x');
    }
}

/* An error that came from elsewhere is described as far as it can be, whatever is in it. */
static void odd_errors(void)
{
    rng random = rng_new(19);
    for (int i = 0; i < 3000; i++) {
        char text[2048];
        netipc_error odd = {.problem = (netipc_problem)rng_below(&random, 1000), .got = rng_next(&random),
                            .allowed = rng_next(&random), .index = rng_next(&random), .detail = rng_next(&random)};
        size_t len = netipc_error_describe(&odd, text, sizeof text);
        CHECK(len > 0 && len < sizeof text && len == strlen(text));
    }
    netipc_error kind_only = {.kind = NETIPC_KIND_TIMEOUT};
    char text[32];
    netipc_error_describe(&kind_only, text, sizeof text);
    CHECK_STR(text, "timeout");
}

/* NIPC-ERR-01, NIPC-ERR-02 */
static void kinds_have_code_and_name(void)
{
    CHECK_EQ(NETIPC_KIND_API_MISUSE, 1);
    CHECK_STR(netipc_kind_name(NETIPC_KIND_API_MISUSE), "api_misuse");
    CHECK_EQ(NETIPC_KIND_LIMIT_EXCEEDED, 8);
    CHECK_STR(netipc_kind_name(NETIPC_KIND_LIMIT_EXCEEDED), "limit_exceeded");
    CHECK_EQ(NETIPC_KIND_UNSUPPORTED, 17);
    CHECK_STR(netipc_kind_name(NETIPC_KIND_UNSUPPORTED), "unsupported");
}

/* A caller who does not care passes NULL. */
static void nobody_has_to_listen(void)
{
    netipc_header header;
    CHECK(!netipc_header_decode(&header, "", 0, NULL));
}

int main(void)
{
    RUN(every_problem_has_its_sentence);
    RUN(every_problem_has_its_kind);
    RUN(table_is_complete);
    RUN(sentence_is_cut_to_the_buffer);
    RUN(odd_errors);
    RUN(kinds_have_code_and_name);
    RUN(nobody_has_to_listen);
    return test_result();
}
