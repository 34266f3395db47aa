/* Versions of one service understand each other. */
#include "probe.h"
#include "v1_probe.h"
#include "v3_probe.h"

/* NIPC-EVO-03, NIPC-EVO-04: a newer reader has defaults for what an older writer did not know. */
static void old_requests_have_defaults(void)
{
    const v1_probe_question question = {.state = V1_PROBE_STATE_FINE, .first = 3};
    v3_probe_question view;
    start_writing(8);
    CHECK(v1_probe_question_encode(&question, &out, NULL));
    CHECK(v3_probe_question_decode(out.data, out.len, &view, NULL));
    CHECK_EQ(view.first, 3);
    CHECK_EQ(view.most, 10);
    CHECK_EQ(view.except, V3_PROBE_STATE_BROKEN);
}

/* NIPC-EVO-06, NIPC-EVO-07 */
static void new_requests_are_read_by_old_readers(void)
{
    const v3_probe_question question = {.state = V3_PROBE_STATE_BROKEN, .first = 4, .most = 5};
    v1_probe_question view;
    start_writing(20);
    CHECK(v3_probe_question_encode(&question, &out, NULL));
    CHECK_EQ(out.len, 20);
    CHECK(v1_probe_question_decode(out.data, out.len, &view, NULL));
    CHECK_EQ(view.state, V1_PROBE_STATE_BROKEN);
    CHECK_EQ(view.first, 4);
}

/* NIPC-EVO-02 */
static void sizes_of_no_version_are_refused(void)
{
    const v3_probe_question question = {.state = V3_PROBE_STATE_FINE, .first = 4};
    v3_probe_question view;
    static const uint8_t wrong[] = {0, 7, 9, 15, 17, 19};
    start_writing(20);
    CHECK(v3_probe_question_encode(&question, &out, NULL));
    for (size_t i = 0; i < sizeof wrong; i++) {
        out.data[0] = wrong[i];
        CHECK(!v3_probe_question_decode(out.data, out.len, &view, &decode_error));
        CHECK_OFFENCE("size", 0, NETIPC_CODEC_FIXED_SIZE);
        CHECK_EQ(decode_error.problem.listed_count, 3);
    }
    out.data[0] = 21;
    CHECK(!v3_probe_question_decode(out.data, out.len, &view, &decode_error));
    CHECK_OFFENCE("size", 0, NETIPC_CODEC_TRUNCATED);
    out.data[0] = 16;
    CHECK(!v3_probe_question_decode(out.data, out.len, &view, &decode_error));
    CHECK_OFFENCE("probe question", 16, NETIPC_CODEC_TRAILING_BYTES);
}

/* NIPC-EVO-05: lists and strings start behind the fixed part of their writer. */
static void lists_of_growing_items(void)
{
    v3_probe_answer_builder builder;
    const v3_probe_reading reading = {.state = V3_PROBE_STATE_FINE, .value = 300, .place = netipc_bytes_of("attic"),
        .unit = netipc_bytes_of("mK"), .weight = 2, .note = netipc_bytes_of("n")};
    start_writing(200);
    v3_probe_answer_builder_start(&builder, &out);
    v3_probe_answer_builder_set_load(&builder, 1);
    v3_probe_answer_builder_set_total(&builder, 100);
    CHECK(v3_probe_answer_builder_push(&builder, &reading, NULL));
    CHECK(v3_probe_answer_builder_finish(&builder, NULL));
    v1_probe_answer old;
    v1_probe_reading old_reading;
    CHECK(v1_probe_answer_decode(out.data, out.len, &old, NULL));
    CHECK_EQ(old.load, 1);
    CHECK(v1_probe_answer_probes_at(&old, 0, &old_reading));
    CHECK_EQ(old_reading.value, 300);
    CHECK_TEXT(old_reading.place, "attic");

    v1_probe_answer_builder old_builder;
    const v1_probe_reading plain = {.state = V1_PROBE_STATE_BROKEN, .value = 7, .place = netipc_bytes_of("roof")};
    start_writing(200);
    v1_probe_answer_builder_start(&old_builder, &out);
    v1_probe_answer_builder_set_load(&old_builder, 2);
    CHECK(v1_probe_answer_builder_push(&old_builder, &plain, NULL));
    CHECK(v1_probe_answer_builder_finish(&old_builder, NULL));
    v3_probe_answer view;
    v3_probe_reading read;
    CHECK(v3_probe_answer_decode(out.data, out.len, &view, NULL));
    CHECK_EQ(view.total, 0);
    CHECK(v3_probe_answer_probes_at(&view, 0, &read));
    CHECK_TEXT(read.place, "roof");
    CHECK_TEXT(read.unit, "K");
    CHECK_EQ(read.weight, 1);
    CHECK_EQ(read.note.len, 0);
}

int main(void)
{
    RUN(old_requests_have_defaults);
    RUN(new_requests_are_read_by_old_readers);
    RUN(sizes_of_no_version_are_refused);
    RUN(lists_of_growing_items);
    return test_result();
}
