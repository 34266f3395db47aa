/* What the builder of a lookup answers within its budget, against a model of the rules, at every budget. */
#include "netipc/services/cgroups_lookup.h"
#include "support.h"

#define KEYS_MAX 6
#define ROOM 4096
/* Fixed part of a reply and of an item. */
#define HEAD 16
#define ITEM 28

typedef struct question {
    netipc_cgroups_lookup_key keys[KEYS_MAX];
    size_t count;
    /* Bytes of the name in the answer to each key. */
    size_t names[KEYS_MAX];
} question;

static char letters[ROOM];

static size_t aligned(size_t len)
{
    return (len + 7) / 8 * 8;
}

static size_t short_size(const question *asked, size_t key)
{
    return ITEM + asked->keys[key].path.len + 1 + 1;
}

static size_t full_size(const question *asked, size_t key)
{
    return short_size(asked, key) + asked->names[key];
}

/* Bytes of a reply whose items have these sizes. */
static size_t reply_size(const size_t *sizes, size_t count)
{
    size_t end = 0;
    for (size_t i = 0; i < count; i++) {
        end = aligned(end) + sizes[i];
    }
    return HEAD + 8 * count + end;
}

/* What the rules say: the status of each item, or the bytes needed when the whole reply is an overflow; else 0. */
static size_t model(const question *asked, size_t budget, netipc_cgroups_lookup_status *statuses)
{
    size_t sizes[KEYS_MAX];
    for (size_t i = 0; i < asked->count; i++) {
        sizes[i] = short_size(asked, i);
    }
    if (reply_size(sizes, asked->count) > budget) {
        return reply_size(sizes, asked->count);
    }
    bool full = false;
    for (size_t i = 0; i < asked->count; i++) {
        size_t alone = full_size(asked, i);
        statuses[i] = NETIPC_CGROUPS_LOOKUP_STATUS_PAYLOAD_EXCEEDED;
        if (full) {
            continue;
        }
        sizes[i] = alone;
        size_t needed = reply_size(sizes, asked->count);
        if (needed <= budget) {
            statuses[i] = NETIPC_CGROUPS_LOOKUP_STATUS_KNOWN;
            continue;
        }
        sizes[i] = short_size(asked, i);
        if (reply_size(&alone, 1) > budget) {
            statuses[i] = NETIPC_CGROUPS_LOOKUP_STATUS_OVERSIZED_ITEM;
        } else if (i == 0) {
            return needed;
        } else {
            full = true;
        }
    }
    return 0;
}

static void decode_request(const question *asked, uint8_t *bytes, netipc_cgroups_lookup_request *request)
{
    netipc_writer out;
    netipc_writer_start(&out, bytes, ROOM);
    CHECK(netipc_cgroups_lookup_request_encode(asked->keys, asked->count, &out, NULL));
    CHECK(netipc_cgroups_lookup_request_decode(bytes, out.len, request, NULL));
}

static bool answer(const question *asked, const netipc_cgroups_lookup_request *request, netipc_writer *out,
                   netipc_build_error *error)
{
    netipc_cgroups_lookup_reply_builder builder;
    netipc_cgroups_lookup_reply_builder_start(&builder, request, out);
    netipc_cgroups_lookup_reply_builder_set_generation(&builder, 7);
    for (size_t i = 0; i < asked->count && netipc_cgroups_lookup_reply_builder_wants_more(&builder); i++) {
        const netipc_cgroups_lookup_known_fields fields = {
            .name = {(const uint8_t *)letters, asked->names[i]}, .orchestrator = (netipc_cgroups_lookup_orchestrator)i};
        if (!netipc_cgroups_lookup_reply_builder_known(&builder, &fields, error)) {
            CHECK_EQ(error->code, NETIPC_BUILD_OVERFLOW);
            break;
        }
    }
    return netipc_cgroups_lookup_reply_builder_finish(&builder, error);
}

static void check_items(const question *asked, const netipc_writer *out, const netipc_cgroups_lookup_status *statuses)
{
    netipc_cgroups_lookup_reply reply;
    netipc_cgroups_lookup_item item;
    CHECK(netipc_cgroups_lookup_reply_decode(out->data, out->len, &reply, NULL));
    CHECK_EQ(reply.generation, 7);
    CHECK_EQ(reply.items.count, asked->count);
    for (size_t i = 0; netipc_cgroups_lookup_reply_items_at(&reply, i, &item); i++) {
        CHECK_EQ(item.status, statuses[i]);
        CHECK(netipc_bytes_equal(item.path, asked->keys[i].path));
        CHECK_EQ(item.name.len, statuses[i] == NETIPC_CGROUPS_LOOKUP_STATUS_KNOWN ? asked->names[i] : 0);
    }
}

static void check_budget(const question *asked, size_t budget)
{
    CASE("budget %zu", budget);
    static uint8_t asked_bytes[ROOM];
    netipc_cgroups_lookup_request request;
    decode_request(asked, asked_bytes, &request);
    uint8_t *memory = must_alloc(budget);
    netipc_writer out;
    netipc_build_error error;
    netipc_writer_start(&out, memory, budget);
    netipc_cgroups_lookup_status statuses[KEYS_MAX];
    size_t needed = model(asked, budget, statuses);
    if (answer(asked, &request, &out, &error)) {
        CHECK_EQ(needed, 0);
        check_items(asked, &out, statuses);
    } else {
        CHECK_EQ(error.code, NETIPC_BUILD_OVERFLOW);
        CHECK_EQ(error.needed, needed);
        CHECK_EQ(error.budget, budget);
        CHECK_EQ(out.len, 0);
    }
    free(memory);
}

/* NIPC-LKP-11, NIPC-LKP-12, NIPC-LKP-13, NIPC-LKP-14, NIPC-LKP-15 */
static void every_budget(void)
{
    const question asked = {.count = 4, .names = {30, 200, 0, 61},
        .keys = {{netipc_bytes_of("/a")}, {netipc_bytes_of("/abcdefg")}, {netipc_bytes_of("/")},
                 {netipc_bytes_of("/some/path")}}};
    for (size_t budget = 0; budget < 700; budget++) {
        check_budget(&asked, budget);
    }
}

static void random_questions(void)
{
    rng random = rng_new(3);
    for (int round = 0; round < 300; round++) {
        question asked = {.count = rng_below(&random, KEYS_MAX + 1)};
        for (size_t i = 0; i < asked.count; i++) {
            asked.keys[i].path = (netipc_bytes){(const uint8_t *)letters, rng_between(&random, 1, 40)};
            asked.names[i] = rng_below(&random, rng_below(&random, 4) == 0 ? 400 : 40);
        }
        for (size_t budget = 0; budget < 900; budget += rng_between(&random, 1, 25)) {
            check_budget(&asked, budget);
        }
    }
}

static const question TWO = {.count = 2};

static void start_two(netipc_cgroups_lookup_reply_builder *builder, netipc_writer *out, uint8_t *bytes)
{
    static uint8_t request_bytes[ROOM];
    static netipc_cgroups_lookup_request request;
    question asked = TWO;
    asked.keys[0].path = netipc_bytes_of("/a");
    asked.keys[1].path = netipc_bytes_of("/b");
    decode_request(&asked, request_bytes, &request);
    netipc_writer_start(out, bytes, ROOM);
    netipc_cgroups_lookup_reply_builder_start(builder, &request, out);
}

/* NIPC-LKP-16 */
static void answers_are_counted(void)
{
    static uint8_t bytes[ROOM];
    netipc_cgroups_lookup_reply_builder builder;
    netipc_writer out;
    netipc_build_error error;
    start_two(&builder, &out, bytes);
    netipc_cgroups_lookup_reply_builder_set_generation(&builder, 1);
    CHECK(netipc_cgroups_lookup_reply_builder_unknown_permanent(&builder, &error));
    CHECK(!netipc_cgroups_lookup_reply_builder_finish(&builder, &error));
    CHECK_EQ(error.code, NETIPC_BUILD_ANSWERS);
    CHECK_EQ(error.got, 1);
    CHECK_EQ(error.keys, 2);
    CHECK_EQ(out.len, 0);

    start_two(&builder, &out, bytes);
    netipc_cgroups_lookup_reply_builder_set_generation(&builder, 1);
    CHECK(netipc_cgroups_lookup_reply_builder_unknown_permanent(&builder, &error));
    CHECK(netipc_cgroups_lookup_reply_builder_unknown_permanent(&builder, &error));
    CHECK(!netipc_cgroups_lookup_reply_builder_wants_more(&builder));
    CHECK(!netipc_cgroups_lookup_reply_builder_unknown_permanent(&builder, &error));
    CHECK_EQ(error.got, 3);
    CHECK(!netipc_cgroups_lookup_reply_builder_finish(&builder, &error));
    CHECK_EQ(error.code, NETIPC_BUILD_ANSWERS);
    CHECK_EQ(netipc_build_error_kind(&error), NETIPC_KIND_API_MISUSE);
}

/* NIPC-COD-16, NIPC-COD-17: a bad answer can be replaced; a generation must be there. */
static void bad_answers_and_no_generation(void)
{
    static uint8_t bytes[ROOM];
    netipc_cgroups_lookup_reply_builder builder;
    netipc_writer out;
    netipc_build_error error;
    start_two(&builder, &out, bytes);
    const netipc_cgroups_lookup_label label = {netipc_bytes_of(""), netipc_bytes_of("x")};
    const netipc_cgroups_lookup_known_fields bad = {.labels = &label, .labels_count = 1};
    CHECK(!netipc_cgroups_lookup_reply_builder_known(&builder, &bad, &error));
    CHECK_EQ(error.code, NETIPC_BUILD_INVALID);
    CHECK_STR(error.record, "cgroups-lookup label");
    CHECK_STR(error.field, "key");
    CHECK_EQ(error.problem.code, NETIPC_CODEC_TOO_SHORT);
    CHECK(netipc_cgroups_lookup_reply_builder_unknown_permanent(&builder, &error));
    CHECK(netipc_cgroups_lookup_reply_builder_unknown_permanent(&builder, &error));
    CHECK(!netipc_cgroups_lookup_reply_builder_finish(&builder, &error));
    CHECK_EQ(error.code, NETIPC_BUILD_MISSING);
    CHECK_STR(error.field, "generation");
    CHECK_EQ(out.len, 0);
}

int main(void)
{
    memset(letters, 'x', sizeof letters);
    RUN(every_budget);
    RUN(random_questions);
    RUN(answers_are_counted);
    RUN(bad_answers_and_no_generation);
    return test_result();
}
