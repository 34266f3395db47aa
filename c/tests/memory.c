/* Memory: where it comes from, that all of it goes back, and what happens when there is none. */
#include "netipc/memory.h"

#include "support.h"

/* Counts what is out, and refuses after a number of grants. */
typedef struct account {
    size_t out;
    unsigned grants_left;
} account;

static void *resize(void *context, void *memory, size_t old_size, size_t new_size)
{
    account *to = context;
    CHECK(to->out >= old_size);
    CHECK_EQ(memory == NULL, old_size == 0);
    if (new_size == 0) {
        to->out -= old_size;
        free(memory);
        return NULL;
    }
    if (to->grants_left == 0) {
        return NULL;
    }
    to->grants_left--;
    to->out = to->out - old_size + new_size;
    void *grown = must_alloc(new_size);
    if (memory != NULL) {
        memcpy(grown, memory, old_size < new_size ? old_size : new_size);
        free(memory);
    }
    return grown;
}

static netipc_allocator allocator_of(account *to)
{
    return (netipc_allocator){.resize = resize, .context = to};
}

static void lost(void *context, uint64_t id)
{
    *(uint64_t *)context += id;
}

/* A client with a window of 40 requests that receives a message in chunks. Returns whether all went well; `failed` is
 * told of the first failure. */
static bool busy_client(account *to, netipc_error *failed)
{
    netipc_allocator allocator = allocator_of(to);
    netipc_agreed agreed = agreed_limits(1000, 1000, 1, 96);
    netipc_session *client = netipc_session_new(NETIPC_ROLE_CLIENT, &agreed, HALF, &allocator);
    if (client == NULL) {
        return false;
    }
    bool sound = true;
    uint64_t sent = 0;
    for (uint64_t id = 0; sound && id < 40; id++) {
        netipc_header request = netipc_header_request(1, 0, id);
        netipc_chunker chunker;
        sound = netipc_session_send(client, &request, &chunker, failed);
        sent += sound ? id : 0;
        CHECK_EQ(netipc_session_in_flight(client), id + sound);
    }
    uint8_t *payload = pattern(300);
    netipc_header request = netipc_header_request(1, 0, 39);
    netipc_header response = netipc_header_response(&request, 300);
    packets cut = packets_cut(netipc_chunker_begin(&response, 96), payload);
    netipc_received received = {.progress = NETIPC_PROGRESS_PARTIAL};
    for (size_t i = 0; sound && i < cut.count; i++) {
        sound = netipc_session_receive(client, cut.list[i].data, cut.list[i].len, 0, &received, failed);
    }
    if (sound) {
        CHECK_EQ(received.progress, NETIPC_PROGRESS_ASSEMBLED);
        CHECK_MEM(received.payload.data, payload, 300);
        sent -= 39;
    }
    uint64_t dead = 0;
    netipc_session_close(client, lost, &dead);
    CHECK_EQ(dead, sent);
    netipc_session_free(client);
    packets_free(&cut);
    free(payload);
    return sound;
}

/* Every allocation fails once: a clear error, nothing leaked, nothing in flight that was not sent. */
static void no_memory_at_every_step(void)
{
    unsigned steps = 0;
    for (bool sound = false; !sound; steps++) {
        CASE("%u grants", steps);
        account to = {.grants_left = steps};
        netipc_error error = {0};
        sound = busy_client(&to, &error);
        CHECK_EQ(to.out, 0);
        if (!sound && steps > 0) {
            CHECK_EQ(error.problem, NETIPC_PROBLEM_NO_MEMORY);
            CHECK_EQ(error.kind, NETIPC_KIND_IO);
            CHECK(error.got > 0);
        }
    }
    /* The session, two or more tables, and several sizes of the payload. */
    CHECK(steps > 6);
}

/* NIPC-CHK-13: half a message without memory for its next part breaks the session, and gives back what it held. */
static void no_memory_breaks_a_session(void)
{
    account to = {.grants_left = 2};
    netipc_allocator allocator = allocator_of(&to);
    netipc_agreed agreed = agreed_limits(1000, 1000, 1, 96);
    netipc_session *server = netipc_session_new(NETIPC_ROLE_SERVER, &agreed, HALF, &allocator);
    uint8_t *payload = pattern(300);
    netipc_header request = netipc_header_request(1, 300, 1);
    packets cut = packets_cut(netipc_chunker_begin(&request, 96), payload);
    netipc_received received;
    netipc_error error, again;
    CHECK(netipc_session_receive(server, cut.list[0].data, cut.list[0].len, 0, &received, NULL));
    CHECK(!netipc_session_receive(server, cut.list[1].data, cut.list[1].len, 0, &received, &error));
    CHECK_ERROR(&error, NO_MEMORY, 128, 0);
    CHECK(!netipc_session_receive(server, cut.list[1].data, cut.list[1].len, 0, &received, &again));
    CHECK(same_error(&error, &again));
    CHECK_EQ(netipc_session_held(server), 0);
    netipc_session_free(server);
    CHECK_EQ(to.out, 0);
    packets_free(&cut);
    free(payload);
}

/* An assembler keeps half a message when there is no memory for its next part. */
static void assembler_can_go_on(void)
{
    account to = {.grants_left = 2};
    netipc_allocator allocator = allocator_of(&to);
    netipc_assembler *assembler = netipc_assembler_new(&allocator);
    netipc_header header = netipc_header_request(1, 4, 1);
    CHECK(netipc_assembler_begin(assembler, &header, "ab", 2, 34, NULL));
    packets cut = packets_cut(netipc_chunker_begin(&header, 34), (const uint8_t *)"abcd");
    bool complete;
    netipc_error error;
    CHECK(!netipc_assembler_continue(assembler, cut.list[1].data, cut.list[1].len, &complete, &error));
    CHECK_ERROR(&error, NO_MEMORY, 4, 0);
    to.grants_left = 1;
    CHECK(netipc_assembler_continue(assembler, cut.list[1].data, cut.list[1].len, &complete, &error));
    CHECK(complete);
    netipc_buffer payload = netipc_assembler_take(assembler);
    CHECK_EQ(payload.len, 4);
    CHECK_MEM(payload.data, "abcd", 4);
    netipc_assembler_free(assembler);
    netipc_buffer_free(&payload, &allocator);
    CHECK(payload.data == NULL && to.out == 0);
    packets_free(&cut);
}

static void no_memory_for_the_object(void)
{
    account none = {0};
    netipc_allocator allocator = allocator_of(&none);
    netipc_agreed agreed = agreed_limits(1, 1, 1, 96);
    CHECK(netipc_session_new(NETIPC_ROLE_CLIENT, &agreed, HALF, &allocator) == NULL);
    CHECK(netipc_assembler_new(&allocator) == NULL);
    netipc_session_free(NULL);
    netipc_assembler_free(NULL);
    netipc_buffer nothing = {0};
    netipc_buffer_free(&nothing, &allocator);
}

/* One request in flight and messages of one packet: no memory besides the session itself. */
static void hot_path_takes_no_memory(void)
{
    account to = {.grants_left = 1};
    netipc_allocator allocator = allocator_of(&to);
    netipc_agreed agreed = agreed_limits(1000, 1000, 1, 4096);
    netipc_session *client = netipc_session_new(NETIPC_ROLE_CLIENT, &agreed, HALF, &allocator);
    size_t before = to.out;
    for (uint64_t id = 0; id < 1000; id++) {
        netipc_header request = netipc_header_request(1, 8, id);
        netipc_chunker chunker;
        CHECK(netipc_session_send(client, &request, &chunker, NULL));
        test_packet response = whole(netipc_header_response(&request, 8), "12345678", 8);
        netipc_received received;
        CHECK(netipc_session_receive(client, response.data, response.len, 0, &received, NULL));
        free(response.data);
    }
    CHECK_EQ(to.out, before);
    netipc_session_free(client);
    CHECK_EQ(to.out, 0);
}

int main(void)
{
    RUN(no_memory_at_every_step);
    RUN(no_memory_breaks_a_session);
    RUN(assembler_can_go_on);
    RUN(no_memory_for_the_object);
    RUN(hot_path_takes_no_memory);
    return test_result();
}
