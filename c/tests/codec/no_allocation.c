/* NIPC-COD-03: neither decoding nor encoding takes memory; a copy takes one block. */
#include "netipc/services/apps_lookup.h"
#include "netipc/services/cgroups_snapshot.h"
#include "support.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static size_t allocations;

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    allocations++;
    return __real_realloc(memory, size);
}

static uint8_t bytes[1024];
static size_t len;

static void read_and_write(void)
{
    netipc_apps_lookup_reply reply;
    netipc_apps_lookup_item item;
    netipc_apps_lookup_label labels[4];
    CHECK(netipc_apps_lookup_reply_decode(bytes, len, &reply, NULL));
    static uint8_t memory[1024];
    netipc_writer out;
    netipc_writer_start(&out, memory, sizeof memory);
    netipc_stitcher stitcher;
    netipc_apps_lookup_stitch_start(&stitcher, &out, 0);
    for (size_t i = 0; netipc_apps_lookup_reply_items_at(&reply, i, &item); i++) {
        for (size_t row = 0; row < item.labels.count; row++) {
            CHECK(netipc_apps_lookup_item_labels_at(&item, row, &labels[row]));
        }
        const netipc_apps_lookup_item_fields fields = {.status = item.status, .orchestrator = item.orchestrator,
            .cgroup_status = item.cgroup_status, .pid = item.pid, .ppid = item.ppid, .uid = item.uid,
            .starttime = item.starttime, .comm = item.comm, .cgroup_path = item.cgroup_path,
            .cgroup_name = item.cgroup_name, .labels = labels, .labels_count = item.labels.count};
        CHECK(netipc_apps_lookup_stitch_item(&stitcher, &fields, NULL));
    }
    CHECK(netipc_apps_lookup_stitch_finish(&stitcher, reply.generation, NULL));
    CHECK_EQ(out.len, len);
    CHECK_MEM(memory, bytes, len);
}

static void codecs_take_no_memory(void)
{
    len = load_vector("payloads/apps_lookup_resp_known_full.bin", bytes, sizeof bytes);
    size_t before = allocations;
    read_and_write();
    CHECK_EQ(allocations, before);
}

static void a_copy_takes_one_block_and_outlives_its_payload(void)
{
    len = load_vector("payloads/cgroups_resp.bin", bytes, sizeof bytes);
    netipc_cgroups_snapshot_reply reply;
    netipc_cgroups_snapshot_reply copy;
    netipc_cgroups_snapshot_item item;
    netipc_cgroups_snapshot_item item_copy;
    CHECK(netipc_cgroups_snapshot_reply_decode(bytes, len, &reply, NULL));
    CHECK(netipc_cgroups_snapshot_reply_items_at(&reply, 0, &item));
    size_t before = allocations;
    CHECK(netipc_cgroups_snapshot_reply_clone(&reply, &copy));
    CHECK_EQ(allocations, before + 1);
    CHECK(netipc_cgroups_snapshot_item_clone(&item, &item_copy));
    CHECK_EQ(allocations, before + 2);
    memset(bytes, 0xee, sizeof bytes);
    CHECK(netipc_cgroups_snapshot_reply_items_at(&copy, 0, &item));
    CHECK(netipc_bytes_equal(item.name, netipc_bytes_of("init.scope")));
    CHECK(netipc_cgroups_snapshot_item_same(&item, &item_copy));
    CHECK(netipc_bytes_equal(item_copy.path, netipc_bytes_of("/sys/fs/cgroup/init.scope")));
    CHECK_EQ(item_copy.path.data[item_copy.path.len], 0);
    netipc_cgroups_snapshot_reply_free(&copy);
    netipc_cgroups_snapshot_item_free(&item_copy);
    CHECK(item_copy.name.data == NULL);
    /* Freeing what was freed does no harm. */
    netipc_cgroups_snapshot_item_free(&item_copy);
}

int main(void)
{
    RUN(codecs_take_no_memory);
    RUN(a_copy_takes_one_block_and_outlives_its_payload);
    return test_result();
}
