#include "support.h"

rng rng_new(uint64_t seed)
{
    return (rng){.state = (seed * UINT64_C(0x9e3779b97f4a7c15)) | 1};
}

uint64_t rng_next(rng *random)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return random->state * UINT64_C(0x2545f4914f6cdd1d);
}

uint32_t rng_below(rng *random, uint32_t n)
{
    return (uint32_t)((rng_next(random) >> 32) % n);
}

uint32_t rng_between(rng *random, uint32_t low, uint32_t high)
{
    return low + rng_below(random, high - low + 1);
}

void rng_fill(rng *random, uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(rng_next(random) >> 56);
    }
}

void *must_alloc(size_t len)
{
    void *memory = malloc(len == 0 ? 1 : len);
    CHECK(memory != NULL);
    return memory;
}

uint8_t *pattern(size_t len)
{
    uint8_t *bytes = must_alloc(len);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)((uint32_t)i * UINT32_C(2654435761) >> 24);
    }
    return bytes;
}

void packets_add(packets *to, const void *head, size_t head_len, const void *body, size_t body_len)
{
    test_packet *list = realloc(to->list, (to->count + 1) * sizeof *list);
    CHECK(list != NULL);
    to->list = list;
    test_packet added = {.data = must_alloc(head_len + body_len), .len = head_len + body_len};
    netipc__writer out = netipc__writer_over(added.data, added.len);
    netipc__write_bytes(&out, head, head_len);
    netipc__write_bytes(&out, body, body_len);
    to->list[to->count++] = added;
}

void packets_free(packets *all)
{
    for (size_t i = 0; i < all->count; i++) {
        free(all->list[i].data);
    }
    free(all->list);
    *all = (packets){0};
}

packets packets_cut(netipc_chunker chunker, const uint8_t *payload)
{
    packets cut = {0};
    netipc_packet next;
    while (netipc_chunker_packet(&chunker, &next)) {
        packets_add(&cut, next.head, sizeof next.head, next.len == 0 ? NULL : payload + next.offset, next.len);
        netipc_chunker_advance(&chunker);
    }
    return cut;
}

test_packet whole(netipc_header header, const void *payload, size_t len)
{
    uint8_t head[NETIPC_HEADER_LEN];
    netipc_header_encode(&header, head);
    packets one = {0};
    packets_add(&one, head, sizeof head, payload, len);
    test_packet only = one.list[0];
    free(one.list);
    return only;
}

netipc_agreed agreed_limits(uint32_t request, uint32_t response, uint32_t items, uint32_t packet_size)
{
    return (netipc_agreed){
        .profile = NETIPC_PROFILE_BASELINE,
        .server_supported = NETIPC_PROFILE_BASELINE,
        .request = {.max_payload = request, .max_items = items},
        .response = {.max_payload = response, .max_items = items},
        .granted_response_payload = response,
        .packet_size = packet_size,
        .session_id = 1,
    };
}

size_t load_vector(const char *name, uint8_t *bytes, size_t room)
{
    char path[1024];
    snprintf(path, sizeof path, "%s%s", NETIPC_TEST_VECTORS, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        test_fail();
    }
    size_t len = fread(bytes, 1, room, file);
    CHECK(len > 0 && fgetc(file) == EOF);
    fclose(file);
    return len;
}

void check_headers(const char *file, int line, const netipc_header *left, const netipc_header *right)
{
    test_numbers(file, line, "kind", (uint64_t)left->kind, "expected", (uint64_t)right->kind);
    test_numbers(file, line, "flags", left->flags, "expected", right->flags);
    test_numbers(file, line, "code", left->code, "expected", right->code);
    test_numbers(file, line, "status", left->status, "expected", right->status);
    test_numbers(file, line, "payload_len", left->payload_len, "expected", right->payload_len);
    test_numbers(file, line, "item_count", left->item_count, "expected", right->item_count);
    test_numbers(file, line, "message_id", left->message_id, "expected", right->message_id);
}

void check_error(const char *file, int line, const netipc_error *error, netipc_problem problem, uint64_t got,
                 uint64_t allowed)
{
    test_numbers(file, line, "problem", (uint64_t)error->problem, "expected", (uint64_t)problem);
    test_numbers(file, line, "got", error->got, "expected", got);
    test_numbers(file, line, "allowed", error->allowed, "expected", allowed);
    if (problem != NETIPC_PROBLEM_ACK_REJECTED) {
        test_numbers(file, line, "kind", (uint64_t)error->kind, "expected", (uint64_t)netipc_problem_kind(problem));
    }
}

bool same_error(const netipc_error *left, const netipc_error *right)
{
    return left->kind == right->kind && left->problem == right->problem && left->got == right->got &&
           left->allowed == right->allowed && left->index == right->index && left->detail == right->detail &&
           left->record == right->record && left->field == right->field && left->operation == right->operation &&
           left->cause == right->cause;
}

static bool same_limits(netipc_limits left, netipc_limits right)
{
    return left.max_payload == right.max_payload && left.max_items == right.max_items;
}

bool same_agreed(const netipc_agreed *left, const netipc_agreed *right)
{
    return left->profile == right->profile && left->server_supported == right->server_supported &&
           same_limits(left->request, right->request) && same_limits(left->response, right->response) &&
           left->granted_response_payload == right->granted_response_payload &&
           left->packet_size == right->packet_size && left->session_id == right->session_id;
}
