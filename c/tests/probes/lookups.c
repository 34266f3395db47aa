/* A lookup whose items are all numbers, and whose keys have two. */
#include "parcels.h"
#include "probe.h"

static const parcels_parcel PARCELS[] = {
    {.number = 1, .carrier = PARCELS_CARRIER_POST}, {.number = 1, .carrier = 200}, {.number = 2}};

static uint8_t question_bytes[256];
static parcels_question question;

static void ask(void)
{
    netipc_writer_start(&out, question_bytes, sizeof question_bytes);
    CHECK(parcels_question_encode(PARCELS, 3, &out, NULL));
    CHECK(parcels_question_decode(question_bytes, out.len, &question, NULL));
}

static void keys_of_two_values(void)
{
    payload head = {.len = 0};
    ADD(&head, 4, 3, 0, 0, 9, 16, 9, 32, 9);
    ask();
    CHECK_EQ(out.len, 32 + 2 * 16 + 9);
    CHECK_MEM(question_bytes, head.data, head.len);
    parcels_parcel parcel;
    for (size_t i = 0; parcels_question_parcels_at(&question, i, &parcel); i++) {
        CHECK_EQ(parcel.number, PARCELS[i].number);
        CHECK_EQ(parcel.carrier, PARCELS[i].carrier);
    }
}

static void reply(parcels_answer *view)
{
    ask();
    parcels_answer_builder builder;
    start_writing(sizeof probe_memory);
    parcels_answer_builder_start(&builder, &question, &out);
    parcels_answer_builder_set_edition(&builder, 5);
    CHECK(parcels_answer_builder_delivered(&builder, &(parcels_delivered_fields){.district = 4, .weight = 10}, NULL));
    CHECK(parcels_answer_builder_lost(&builder, NULL));
    CHECK(parcels_answer_builder_wants_more(&builder));
    CHECK(parcels_answer_builder_delivered(&builder, &(parcels_delivered_fields){.weight = 0}, NULL));
    CHECK(!parcels_answer_builder_wants_more(&builder));
    CHECK(parcels_answer_builder_finish(&builder, NULL));
    CHECK(parcels_answer_decode(out.data, out.len, view, NULL));
}

/* NIPC-LKP-10 */
static void answers_repeat_their_keys(void)
{
    const netipc_lookup *lookup = parcels_service.lookup;
    parcels_answer view;
    parcels_place place;
    reply(&view);
    CHECK_EQ(view.edition, 5);
    CHECK_EQ(lookup->generation(&view), 5);
    CHECK_EQ(lookup->count(&view), 3);
    CHECK(parcels_answer_places_at(&view, 1, &place));
    CHECK_EQ(place.state, PARCELS_STATE_LOST);
    CHECK_EQ(place.carrier, 200);
    CHECK_EQ(place.district, 65535);
    CHECK_EQ(place.weight, 0);
    for (size_t i = 0; i < 3; i++) {
        CHECK(lookup->echoes(&view, i, &PARCELS[i]));
    }
    CHECK(!lookup->echoes(&view, 0, &PARCELS[1]));
    CHECK(!lookup->echoes(&view, 3, &PARCELS[0]));
    CHECK_EQ(lookup->key_size(&PARCELS[0]), 9);
    CHECK_EQ(lookup->short_size(&PARCELS[0]), 16);
    CHECK_EQ(lookup->key_struct_size, sizeof PARCELS[0]);
    CHECK(lookup->check_key(&PARCELS[0], NULL));
    parcels_answer again;
    lookup->view_reply(netipc_writer_payload(&out), &again);
    CHECK_EQ(again.edition, 5);
    CHECK_EQ(again.places.count, 3);
}

/* NIPC-LKP-17 */
static void replies_are_put_together(void)
{
    const netipc_lookup *lookup = parcels_service.lookup;
    parcels_answer view;
    reply(&view);
    uint8_t whole[256];
    netipc_writer stitched;
    netipc_stitcher stitcher;
    netipc_writer_start(&stitched, whole, sizeof whole);
    parcels_stitch_start(&stitcher, &stitched, 2);
    CHECK(netipc_stitcher_copy(&stitcher, lookup->item_bytes(&view, 1), NULL));
    CHECK(lookup->push_oversized(&stitcher, &PARCELS[2], NULL));
    CHECK_EQ(netipc_stitcher_count(&stitcher), 2);
    CHECK(parcels_stitch_finish(&stitcher, 6, NULL));
    parcels_answer joined;
    CHECK(parcels_answer_decode(whole, stitched.len, &joined, NULL));
    CHECK_EQ(lookup->outcome(&joined, 0), NETIPC_OUTCOME_FINAL);
    CHECK_EQ(lookup->outcome(&joined, 1), NETIPC_OUTCOME_OVERSIZED);
    CHECK(lookup->echoes(&joined, 1, &PARCELS[2]));
    CHECK_EQ(joined.edition, 6);
}

int main(void)
{
    RUN(keys_of_two_values);
    RUN(answers_repeat_their_keys);
    RUN(replies_are_put_together);
    return test_result();
}
