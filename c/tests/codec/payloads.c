/* The golden payloads of services decode to what their index says, and what we emit is the same bytes. */
#include "netipc/services/apps_lookup.h"
#include "netipc/services/cgroups_lookup.h"
#include "netipc/services/cgroups_snapshot.h"
#include "netipc/services/increment.h"
#include "netipc/services/string_reverse.h"
#include "support.h"

static uint8_t bytes[1024];
static size_t len;
static uint8_t buffer[1024];
static netipc_writer out;

static void load(const char *name)
{
    CASE("%s", name);
    char path[96];
    snprintf(path, sizeof path, "payloads/%s.bin", name);
    len = load_vector(path, bytes, sizeof bytes);
    memset(buffer, 0xee, sizeof buffer);
    /* Just enough. */
    netipc_writer_start(&out, buffer, len);
}

static void check_out(void)
{
    CHECK_EQ(out.len, len);
    CHECK_MEM(buffer, bytes, len);
}

static void check_text(netipc_bytes text, const char *expected)
{
    CHECK(netipc_bytes_equal(text, netipc_bytes_of(expected)));
}

/* NIPC-INC-01 */
static void increment(void)
{
    static const struct {
        const char *name;
        uint64_t value;
    } cases[] = {{"increment_0", 0}, {"increment_42", 42}, {"increment_max", UINT64_MAX}};
    for (size_t i = 0; i < 3; i++) {
        load(cases[i].name);
        netipc_increment_number number;
        CHECK(netipc_increment_number_decode(bytes, len, &number, NULL));
        CHECK_EQ(number.value, cases[i].value);
        CHECK(netipc_increment_number_encode(&number, &out, NULL));
        check_out();
    }
}

/* NIPC-REV-01, NIPC-REV-03 */
static void string_reverse(void)
{
    static const char *const cases[][2] = {
        {"string_reverse_hello", "hello"}, {"string_reverse_empty", ""}, {"string_reverse_utf8", "h\303\251llo"}};
    for (size_t i = 0; i < 3; i++) {
        load(cases[i][0]);
        netipc_string_reverse_text view;
        CHECK(netipc_string_reverse_text_decode(bytes, len, &view, NULL));
        check_text(view.text, cases[i][1]);
        CHECK(netipc_string_reverse_text_encode(&view, &out, NULL));
        check_out();
    }
}

/* NIPC-SNAP-01 */
static void snapshot_request(void)
{
    load("cgroups_req");
    netipc_cgroups_snapshot_request request;
    CHECK(netipc_cgroups_snapshot_request_decode(bytes, len, &request, NULL));
    CHECK(netipc_cgroups_snapshot_request_encode(&request, &out, NULL));
    check_out();
}

/* NIPC-SNAP-02, NIPC-SNAP-03, NIPC-SNAP-04, NIPC-SNAP-06 */
static void snapshot_reply(void)
{
    load("cgroups_resp");
    netipc_cgroups_snapshot_reply reply;
    CHECK(netipc_cgroups_snapshot_reply_decode(bytes, len, &reply, NULL));
    CHECK_EQ(reply.systemd_enabled, 1);
    CHECK_EQ(reply.generation, 999);
    CHECK_EQ(reply.items.count, 3);
    netipc_cgroups_snapshot_item item;
    CHECK(netipc_cgroups_snapshot_reply_items_at(&reply, 1, &item));
    CHECK_EQ(item.hash, 200);
    CHECK_EQ(item.options, 2);
    CHECK_EQ(item.enabled, 0);
    check_text(item.name, "system.slice/docker-abc.scope");
    check_text(item.path, "/sys/fs/cgroup/system.slice/docker-abc.scope");
    CHECK(!netipc_cgroups_snapshot_reply_items_at(&reply, 3, &item));

    netipc_cgroups_snapshot_reply_builder builder;
    netipc_cgroups_snapshot_reply_builder_start(&builder, &out);
    netipc_cgroups_snapshot_reply_builder_set_generation(&builder, reply.generation);
    netipc_cgroups_snapshot_reply_builder_set_systemd_enabled(&builder, reply.systemd_enabled);
    for (size_t i = 0; netipc_cgroups_snapshot_reply_items_at(&reply, i, &item); i++) {
        CHECK(netipc_cgroups_snapshot_reply_builder_push(&builder, &item, NULL));
    }
    CHECK(netipc_cgroups_snapshot_reply_builder_finish(&builder, NULL));
    check_out();
}

/* NIPC-SNAP-02: no items, no directory. */
static void snapshot_without_items(void)
{
    load("cgroups_resp_empty");
    netipc_cgroups_snapshot_reply_builder builder;
    netipc_cgroups_snapshot_reply_builder_start(&builder, &out);
    netipc_cgroups_snapshot_reply_builder_set_generation(&builder, 42);
    netipc_cgroups_snapshot_reply_builder_set_systemd_enabled(&builder, 0);
    CHECK(netipc_cgroups_snapshot_reply_builder_finish(&builder, NULL));
    check_out();
}

/* NIPC-LKP-01, NIPC-CGL-01, NIPC-APL-01 */
static void lookup_requests(void)
{
    load("cgroups_lookup_req");
    const netipc_cgroups_lookup_key paths[] = {
        {netipc_bytes_of("/sys/fs/cgroup/a")}, {netipc_bytes_of("/system.slice/docker-abc.scope")}};
    CHECK(netipc_cgroups_lookup_request_encode(paths, 2, &out, NULL));
    check_out();
    load("cgroups_lookup_req_empty");
    CHECK(netipc_cgroups_lookup_request_encode(NULL, 0, &out, NULL));
    check_out();
    load("apps_lookup_req");
    const netipc_apps_lookup_key pids[] = {{0}, {1234}, {4321}};
    CHECK(netipc_apps_lookup_request_encode(pids, 3, &out, NULL));
    check_out();
    netipc_apps_lookup_request request;
    netipc_apps_lookup_key key;
    CHECK(netipc_apps_lookup_request_decode(bytes, len, &request, NULL));
    CHECK_EQ(request.keys.count, 3);
    CHECK(netipc_apps_lookup_request_keys_at(&request, 2, &key));
    CHECK_EQ(key.pid, 4321);
}

/* Answers one path with what the golden reply says, whose generation is known. */
static void answer_path(const char *name, uint64_t generation, netipc_cgroups_lookup_status status, const char *path,
                        const netipc_cgroups_lookup_known_fields *known)
{
    uint8_t asked[128];
    netipc_writer request_out;
    netipc_writer_start(&request_out, asked, sizeof asked);
    const netipc_cgroups_lookup_key key = {netipc_bytes_of(path)};
    netipc_cgroups_lookup_request request;
    CHECK(netipc_cgroups_lookup_request_encode(&key, 1, &request_out, NULL));
    CHECK(netipc_cgroups_lookup_request_decode(asked, request_out.len, &request, NULL));
    load(name);
    netipc_cgroups_lookup_reply reply;
    netipc_cgroups_lookup_item item;
    CHECK(netipc_cgroups_lookup_reply_decode(bytes, len, &reply, NULL));
    CHECK(netipc_cgroups_lookup_reply_items_at(&reply, 0, &item));
    CHECK_EQ(reply.generation, generation);
    CHECK_EQ(item.status, status);
    check_text(item.path, path);
    CHECK_EQ(netipc_cgroups_lookup_item_retry_later(&item),
             status == NETIPC_CGROUPS_LOOKUP_STATUS_UNKNOWN_RETRY_LATER);

    netipc_cgroups_lookup_reply_builder builder;
    netipc_cgroups_lookup_reply_builder_start(&builder, &request, &out);
    netipc_cgroups_lookup_reply_builder_set_generation(&builder, generation);
    if (status == NETIPC_CGROUPS_LOOKUP_STATUS_KNOWN) {
        CHECK(netipc_cgroups_lookup_reply_builder_known(&builder, known, NULL));
    } else if (status == NETIPC_CGROUPS_LOOKUP_STATUS_UNKNOWN_RETRY_LATER) {
        CHECK(netipc_cgroups_lookup_reply_builder_unknown_retry_later(&builder, NULL));
    } else {
        CHECK(netipc_cgroups_lookup_reply_builder_unknown_permanent(&builder, NULL));
    }
    CHECK(netipc_cgroups_lookup_reply_builder_finish(&builder, NULL));
    check_out();
}

/* NIPC-CGL-02, NIPC-LKP-02, NIPC-LKP-06, NIPC-LKP-10 */
static void cgroups_lookup_replies(void)
{
    const netipc_cgroups_lookup_label labels[] = {
        {netipc_bytes_of("namespace"), netipc_bytes_of("default")}, {netipc_bytes_of("pod"), netipc_bytes_of("web")}};
    const netipc_cgroups_lookup_known_fields pod = {.orchestrator = NETIPC_CGROUPS_LOOKUP_ORCHESTRATOR_K8S,
        .name = netipc_bytes_of("pod-a"), .labels = labels, .labels_count = 2};
    const netipc_cgroups_lookup_known_fields bare = {.orchestrator = NETIPC_CGROUPS_LOOKUP_ORCHESTRATOR_DOCKER};
    answer_path("cgroups_lookup_resp_known_with_labels", 100, NETIPC_CGROUPS_LOOKUP_STATUS_KNOWN,
                "/kubepods.slice/pod-a", &pod);
    answer_path("cgroups_lookup_resp_known_no_labels", 101, NETIPC_CGROUPS_LOOKUP_STATUS_KNOWN, "/docker/abc", &bare);
    answer_path("cgroups_lookup_resp_unknown_retry", 102, NETIPC_CGROUPS_LOOKUP_STATUS_UNKNOWN_RETRY_LATER,
                "/missing/retry", NULL);
    answer_path("cgroups_lookup_resp_unknown_permanent", 103, NETIPC_CGROUPS_LOOKUP_STATUS_UNKNOWN_PERMANENT, "/gone",
                NULL);
}

/* NIPC-APL-02, NIPC-APL-04, NIPC-APL-05, NIPC-APL-06 */
static void apps_lookup_replies(void)
{
    load("apps_lookup_resp_known_full");
    netipc_apps_lookup_reply reply;
    netipc_apps_lookup_item item;
    CHECK(netipc_apps_lookup_reply_decode(bytes, len, &reply, NULL));
    CHECK(netipc_apps_lookup_reply_items_at(&reply, 0, &item));
    CHECK_EQ(item.orchestrator, NETIPC_APPS_LOOKUP_ORCHESTRATOR_DOCKER);
    CHECK_EQ(item.ppid, 1);
    CHECK_EQ(item.uid, 1000);
    CHECK_EQ(item.starttime, 123456);
    check_text(item.comm, "123456789012345");
    check_text(item.cgroup_path, "/docker/abc");
    check_text(item.cgroup_name, "container-a");
    netipc_apps_lookup_label label;
    CHECK_EQ(item.labels.count, 2);
    CHECK(netipc_apps_lookup_item_labels_at(&item, 1, &label));
    check_text(label.key, "service");
    check_text(label.value, "web");
    CHECK(!netipc_apps_lookup_item_labels_at(&item, 2, &label));

    load("apps_lookup_resp_known_host_root");
    CHECK(netipc_apps_lookup_reply_decode(bytes, len, &reply, NULL));
    CHECK(netipc_apps_lookup_reply_items_at(&reply, 0, &item));
    CHECK_EQ(item.cgroup_status, NETIPC_APPS_LOOKUP_CGROUP_STATUS_HOST_ROOT);
    load("apps_lookup_resp_unknown_pid");
    CHECK(netipc_apps_lookup_reply_decode(bytes, len, &reply, NULL));
    CHECK(netipc_apps_lookup_reply_items_at(&reply, 0, &item));
    CHECK_EQ(item.uid, UINT32_MAX);
}

/* NIPC-LKP-17: the items of every golden reply, put together by the descriptor. */
static void every_reply_stitches_to_itself(void)
{
    static const char *const names[] = {"known_full", "known_retry", "known_permanent", "known_host_root",
        "unknown_pid", "payload_exceeded", "oversized_item", "empty"};
    const netipc_lookup *lookup = netipc_apps_lookup_service.lookup;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "apps_lookup_resp_%s", names[i]);
        load(name);
        netipc_apps_lookup_reply reply;
        CHECK(netipc_apps_lookup_service.decode_reply((netipc_bytes){bytes, len}, &reply, NULL));
        netipc_stitcher stitcher;
        netipc_stitcher_start(&stitcher, &out, lookup->reply_size, 1);
        for (size_t item = 0; item < lookup->count(&reply); item++) {
            CHECK(netipc_stitcher_copy(&stitcher, lookup->item_bytes(&reply, item), NULL));
            netipc_outcome outcome = i == 5 ? NETIPC_OUTCOME_EXCEEDED : NETIPC_OUTCOME_FINAL;
            CHECK_EQ(lookup->outcome(&reply, item), i == 6 ? NETIPC_OUTCOME_OVERSIZED : outcome);
        }
        CHECK(lookup->finish_stitched(&stitcher, lookup->generation(&reply), NULL));
        CHECK_EQ(lookup->generation(&reply), 200 + i);
        check_out();
    }
}

int main(void)
{
    RUN(increment);
    RUN(string_reverse);
    RUN(snapshot_request);
    RUN(snapshot_reply);
    RUN(snapshot_without_items);
    RUN(lookup_requests);
    RUN(cgroups_lookup_replies);
    RUN(apps_lookup_replies);
    RUN(every_reply_stitches_to_itself);
    return test_result();
}
