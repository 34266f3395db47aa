/* Builders of replies: what is missing, what counts, what is refused; descriptors. */
#include "netipc/services/apps_lookup.h"
#include "netipc/services/cgroups_snapshot.h"
#include "netipc/services/increment.h"
#include "netipc/services/string_reverse.h"
#include "support.h"

static uint8_t memory[256];
static netipc_writer out;
static netipc_build_error error;

/* NIPC-COD-17 */
static void a_reply_without_a_value_fails(void)
{
    netipc_increment_number_builder builder;
    netipc_writer_start(&out, memory, sizeof memory);
    netipc_increment_number_builder_start(&builder, &out);
    CHECK(!netipc_increment_number_builder_finish(&builder, &error));
    CHECK_EQ(error.code, NETIPC_BUILD_MISSING);
    CHECK_STR(error.record, "increment number");
    CHECK_STR(error.field, "value");
    CHECK_EQ(netipc_build_error_kind(&error), NETIPC_KIND_API_MISUSE);

    netipc_cgroups_snapshot_reply_builder snapshot;
    netipc_writer_start(&out, memory, sizeof memory);
    netipc_cgroups_snapshot_reply_builder_start(&snapshot, &out);
    netipc_cgroups_snapshot_reply_builder_set_systemd_enabled(&snapshot, 1);
    CHECK(!netipc_cgroups_snapshot_reply_builder_finish(&snapshot, &error));
    CHECK_STR(error.field, "generation");
    CHECK_EQ(out.len, 0);
}

/* NIPC-COD-15: also when what came last fits, and its failure was ignored before that. */
static void the_last_value_set_counts(void)
{
    netipc_string_reverse_text_builder builder;
    netipc_string_reverse_text text = {{memory, 200}};
    netipc_writer_start(&out, memory, 16);
    netipc_string_reverse_text_builder_start(&builder, &out);
    CHECK(!netipc_string_reverse_text_builder_set(&builder, &text, &error));
    CHECK_EQ(error.needed, 209);
    CHECK_EQ(error.budget, 16);
    CHECK(!netipc_string_reverse_text_builder_finish(&builder, &error));
    text.text = netipc_bytes_of("abc");
    CHECK(netipc_string_reverse_text_builder_set(&builder, &text, NULL));
    CHECK(netipc_string_reverse_text_builder_finish(&builder, NULL));
    CHECK_EQ(out.len, 12);
}

/* A handler can compute a string where it will stand. */
static void room_is_lent(void)
{
    netipc_string_reverse_text_builder builder;
    netipc_string_reverse_text text;
    netipc_writer_start(&out, memory, 12);
    memset(memory, 0xee, sizeof memory);
    netipc_string_reverse_text_builder_start(&builder, &out);
    CHECK(netipc_string_reverse_text_builder_room(&builder, 4, &error) == NULL);
    CHECK_EQ(error.needed, 13);
    CHECK(netipc_string_reverse_text_builder_room(&builder, SIZE_MAX, &error) == NULL);
    uint8_t *room = netipc_string_reverse_text_builder_room(&builder, 3, &error);
    CHECK(room != NULL);
    memcpy(room, "cba", 3);
    CHECK(netipc_string_reverse_text_builder_finish(&builder, NULL));
    CHECK(netipc_string_reverse_text_decode(memory, out.len, &text, NULL));
    CHECK(netipc_bytes_equal(text.text, netipc_bytes_of("cba")));
}

static netipc_apps_lookup_item_fields known(void)
{
    return (netipc_apps_lookup_item_fields){
        .status = NETIPC_APPS_LOOKUP_STATUS_KNOWN,
        .cgroup_status = NETIPC_APPS_LOOKUP_CGROUP_STATUS_KNOWN,
        .comm = netipc_bytes_of("nginx"),
        .cgroup_path = netipc_bytes_of("/a"),
    };
}

static void check_refused(const netipc_apps_lookup_item_fields *item, const char *field, netipc_codec_problem problem)
{
    netipc_stitcher stitcher;
    netipc_writer_start(&out, memory, sizeof memory);
    netipc_apps_lookup_stitch_start(&stitcher, &out, 0);
    CHECK(!netipc_apps_lookup_stitch_item(&stitcher, item, &error));
    CHECK_EQ(error.code, NETIPC_BUILD_INVALID);
    CHECK_STR(error.record, "apps-lookup item");
    CHECK_STR(error.field, field);
    CHECK_EQ(error.problem.code, problem);
}

/* NIPC-COD-16, NIPC-COD-22, NIPC-COD-23 */
static void values_that_break_rules_are_refused(void)
{
    netipc_apps_lookup_item_fields item = known();
    item.status = (netipc_apps_lookup_status)9;
    check_refused(&item, "status", NETIPC_CODEC_UNLISTED);
    item = known();
    item.comm = netipc_bytes_of("1234567890123456");
    check_refused(&item, "comm", NETIPC_CODEC_TOO_LONG);
    item = known();
    item.comm = netipc_bytes_of("");
    check_refused(&item, "comm", NETIPC_CODEC_EMPTY_WHEN);
    item = known();
    item.cgroup_name = (netipc_bytes){(const uint8_t *)"a\0b", 3};
    check_refused(&item, "cgroup_name", NETIPC_CODEC_INTERIOR_NUL);
    CHECK_EQ(error.problem.at, 1);
    item = known();
    item.cgroup_status = NETIPC_APPS_LOOKUP_CGROUP_STATUS_HOST_ROOT;
    check_refused(&item, "cgroup_path", NETIPC_CODEC_NOT_EMPTY_WHEN);
    item = known();
    item.status = NETIPC_APPS_LOOKUP_STATUS_UNKNOWN;
    check_refused(&item, "uid", NETIPC_CODEC_CONSTANT_WHEN);
    item.uid = UINT32_MAX;
    check_refused(&item, "comm", NETIPC_CODEC_NOT_EMPTY_WHEN);
}

/* NIPC-COD-16: a table cannot have more rows than its count can tell. */
static void too_many_rows_are_refused(void)
{
    netipc_apps_lookup_label *labels = must_alloc(65536 * sizeof *labels);
    for (size_t i = 0; i < 65536; i++) {
        labels[i] = (netipc_apps_lookup_label){netipc_bytes_of("k"), netipc_bytes_of("v")};
    }
    netipc_apps_lookup_item_fields item = known();
    item.labels = labels;
    item.labels_count = 65536;
    check_refused(&item, "labels", NETIPC_CODEC_TOO_MANY);
    CHECK_EQ(error.problem.got, 65536);
    CHECK_EQ(error.problem.allowed, 65535);
    free(labels);
}

/* A server can serve any service by its descriptor alone. */
static void descriptors(void)
{
    const netipc_service *service = &netipc_increment_service;
    CHECK_STR(service->name, "increment");
    CHECK_EQ(service->method, 1);
    CHECK(service->batchable);
    CHECK(service->lookup == NULL);
    netipc_increment_number number = {41};
    netipc_writer_start(&out, memory, sizeof memory);
    CHECK(service->encode_request(&number, &out, NULL));
    number.value = 0;
    CHECK_EQ(service->request_struct_size, sizeof number);
    CHECK(service->decode_request(netipc_writer_payload(&out), &number, NULL));
    CHECK_EQ(number.value, 41);
    netipc_increment_number_builder builder;
    CHECK_EQ(service->builder_struct_size, sizeof builder);
    netipc_writer_start(&out, memory, sizeof memory);
    service->start_reply(&builder, &number, &out);
    number.value++;
    CHECK(netipc_increment_number_builder_set(&builder, &number, NULL));
    CHECK(service->finish_reply(&builder, NULL));
    CHECK(service->decode_reply(netipc_writer_payload(&out), &number, NULL));
    CHECK_EQ(number.value, 42);
}

static void names_of_values(void)
{
    CHECK_STR(netipc_apps_lookup_status_name(NETIPC_APPS_LOOKUP_STATUS_OVERSIZED_ITEM), "oversized_item");
    CHECK(netipc_apps_lookup_status_name((netipc_apps_lookup_status)77) == NULL);
    CHECK_STR(netipc_apps_lookup_orchestrator_name(NETIPC_APPS_LOOKUP_ORCHESTRATOR_K8S), "k8s");
    CHECK(netipc_apps_lookup_orchestrator_name(999) == NULL);
}

int main(void)
{
    RUN(a_reply_without_a_value_fails);
    RUN(the_last_value_set_counts);
    RUN(room_is_lent);
    RUN(values_that_break_rules_are_refused);
    RUN(too_many_rows_are_refused);
    RUN(descriptors);
    RUN(names_of_values);
    return test_result();
}
