/* Plain records, records with strings, and lists of plain items. */
#include "journal.h"
#include "ports.h"
#include "probe.h"
#include "weather_report.h"

static void plain_record(void)
{
    payload expected = {.len = 0};
    ADD(&expected, 2, 3);
    ADD(&expected, 1, 7, 0);
    ADD(&expected, 4, 0x01020304);
    const weather_report_place place = {.x = 3, .y = 0x01020304};
    weather_report_place view;
    start_writing(8);
    CHECK(weather_report_place_encode(&place, &out, NULL));
    CHECK_WRITTEN(expected);
    CHECK(weather_report_place_decode(expected.data, expected.len, &view, NULL));
    CHECK_EQ(view.x, 3);
    CHECK_EQ(view.y, 0x01020304);
    for (size_t len = 0; len < 8; len++) {
        CHECK(!weather_report_place_decode(expected.data, len, &view, &decode_error));
        CHECK_OFFENCE("weather-report place", 0, NETIPC_CODEC_TRUNCATED);
    }
    expected.data[2] = 8;
    CHECK(!weather_report_place_decode(expected.data, expected.len, &view, &decode_error));
    CHECK_OFFENCE("level", 2, NETIPC_CODEC_CONSTANT);
    CHECK_EQ(decode_error.problem.allowed, 7);
    expected.data[2] = 7;
    expected.data[3] = 1;
    CHECK(!weather_report_place_decode(expected.data, expected.len, &view, &decode_error));
    CHECK_OFFENCE("reserved", 3, NETIPC_CODEC_CONSTANT);
    expected.data[3] = 0;
    CHECK(!weather_report_place_decode(expected.data, expected.len + 1, &view, &decode_error));
    CHECK_OFFENCE("weather-report place", 8, NETIPC_CODEC_TRAILING_BYTES);
}

/* NIPC-COD-13 */
static void strings_are_written_in_order_without_gaps(void)
{
    payload expected = {.len = 0};
    ADD(&expected, 8, 293150);
    ADD(&expected, 4, 24, 4, 29, 3);
    ADD_TEXT(&expected, "pier\0a\0b\0");
    const weather_report_report report = {.temperature = 293150, .station = netipc_bytes_of("pier"),
        .remark = {(const uint8_t *)"a\0b", 3}};
    weather_report_report_builder builder;
    start_writing(expected.len);
    weather_report_report_builder_start(&builder, &out);
    CHECK(weather_report_report_builder_set(&builder, &report, NULL));
    CHECK(weather_report_report_builder_finish(&builder, NULL));
    CHECK_WRITTEN(expected);

    weather_report_report view;
    weather_report_report copy;
    CHECK(weather_report_report_decode(out.data, out.len, &view, NULL));
    CHECK(weather_report_report_clone(&view, &copy));
    memset(probe_memory, 0xee, sizeof probe_memory);
    CHECK_EQ(copy.temperature, 293150);
    CHECK_TEXT(copy.station, "pier");
    CHECK_TEXT(copy.remark, "a\0b");
    weather_report_report_free(&copy);
}

static void decode_report(uint32_t station, uint32_t station_len, uint32_t remark, uint32_t remark_len,
                          const char *tail, size_t tail_len)
{
    payload bytes = {.len = 0};
    ADD(&bytes, 8, 0);
    ADD(&bytes, 4, station, station_len, remark, remark_len);
    add(&bytes, tail, tail_len);
    weather_report_report view;
    CHECK(!weather_report_report_decode(bytes.data, bytes.len, &view, &decode_error));
    CHECK_STR(decode_error.record, "weather-report report");
    CHECK_EQ(decode_error.item, -1);
}

/* NIPC-COD-07, NIPC-COD-08, NIPC-COD-09, NIPC-COD-24 */
static void string_rules_are_checked_when_read(void)
{
    decode_report(24, 0, 25, 0, "\0\0", 2);
    CHECK_OFFENCE("station", 8, NETIPC_CODEC_TOO_SHORT);
    decode_report(24, 16, 41, 0, "1234567890123456\0\0", 18);
    CHECK_OFFENCE("station", 8, NETIPC_CODEC_TOO_LONG);
    decode_report(24, 2, 27, 0, "a\0\0\0", 4);
    CHECK_OFFENCE("station", 8, NETIPC_CODEC_INTERIOR_NUL);
    decode_report(24, 1, 25, 0, "a\0", 2);
    CHECK_OFFENCE("remark", 16, NETIPC_CODEC_OVERLAP);
    CHECK_STR(decode_error.problem.text, "station");
    decode_report(24, 1, 26, 0, "a\0\0\0", 4);
    CHECK_OFFENCE("weather-report report", 27, NETIPC_CODEC_TRAILING_BYTES);
    decode_report(23, 1, 26, 0, "a\0\0", 3);
    CHECK_OFFENCE("station", 8, NETIPC_CODEC_STARTS_EARLY);
    decode_report(24, UINT32_MAX, 26, 0, "a\0\0", 3);
    CHECK_OFFENCE("station", 8, NETIPC_CODEC_OUT_OF_BOUNDS);
    CHECK_EQ(decode_error.problem.got, UINT64_C(24) + UINT32_MAX + 1);
    decode_report(24, 1, 26, 0, "ab\0", 3);
    CHECK_OFFENCE("station", 8, NETIPC_CODEC_UNTERMINATED);
}

/* A later string may come first in the bytes. */
static void strings_are_read_in_any_order(void)
{
    payload bytes = {.len = 0};
    ADD(&bytes, 8, 1);
    ADD(&bytes, 4, 28, 4, 24, 3);
    ADD_TEXT(&bytes, "a\0b\0pier\0");
    weather_report_report view;
    CHECK(weather_report_report_decode(bytes.data, bytes.len, &view, NULL));
    CHECK_TEXT(view.station, "pier");
    CHECK_TEXT(view.remark, "a\0b");
}

/* NIPC-COD-16: what the decoder would refuse, and the next value has its chance. */
static void string_rules_are_checked_when_written(void)
{
    weather_report_report report = {.station = netipc_bytes_of("")};
    weather_report_report_builder builder;
    start_writing(100);
    weather_report_report_builder_start(&builder, &out);
    CHECK(!weather_report_report_builder_set(&builder, &report, &build_error));
    CHECK_INVALID("weather-report report", "station", NETIPC_CODEC_TOO_SHORT);
    report.station = netipc_bytes_of("123456789012345");
    CHECK(weather_report_report_builder_set(&builder, &report, NULL));
    CHECK(weather_report_report_builder_finish(&builder, NULL));
    const ports_owner owner = {netipc_bytes_of("")};
    start_writing(100);
    CHECK(!ports_owner_encode(&owner, &out, &build_error));
    CHECK_INVALID("ports owner", "owner", NETIPC_CODEC_TOO_SHORT);
}

/* A string at a fixed place. */
static void string_in_one_place(void)
{
    payload bytes = {.len = 0};
    ADD(&bytes, 4, 9, 1);
    ADD_TEXT(&bytes, "\0a\0");
    ports_owner owner;
    CHECK(!ports_owner_decode(bytes.data, bytes.len, &owner, &decode_error));
    CHECK_OFFENCE("owner", 0, NETIPC_CODEC_MISPLACED);
    CHECK_EQ(decode_error.problem.allowed, 8);
}

static void list_of_plain_items(void)
{
    payload expected = {.len = 0};
    ADD(&expected, 4, 2, 0, 0, 3, 8, 3);
    ADD(&expected, 2, 22);
    ADD(&expected, 1, 6, 0, 0, 0, 0, 0);
    ADD(&expected, 2, 53);
    ADD(&expected, 1, 17);
    const ports_port ports[] = {{22, 6}, {53, 17}};
    ports_answer_builder builder;
    start_writing(expected.len);
    ports_answer_builder_start(&builder, &out);
    CHECK(ports_answer_builder_push(&builder, &ports[0], NULL));
    CHECK(ports_answer_builder_push(&builder, &ports[1], NULL));
    CHECK(ports_answer_builder_finish(&builder, NULL));
    CHECK_WRITTEN(expected);
    ports_answer view;
    ports_port port;
    size_t count = 0;
    CHECK(ports_answer_decode(out.data, out.len, &view, NULL));
    for (size_t i = 0; ports_answer_ports_at(&view, i, &port); i++) {
        CHECK_EQ(port.number, ports[i].number);
        CHECK_EQ(port.protocol, ports[i].protocol);
        count++;
    }
    CHECK_EQ(count, 2);
}

static void decode_ports(const uint32_t *entries, size_t count, size_t area)
{
    payload bytes = {.len = 0};
    ADD(&bytes, 4, count, 0);
    for (size_t i = 0; i < 2 * count; i++) {
        ADD(&bytes, 4, entries[i]);
    }
    memset(bytes.data + bytes.len, 0, area);
    ports_answer view;
    CHECK(!ports_answer_decode(bytes.data, bytes.len + area, &view, &decode_error));
}

/* NIPC-COD-10, NIPC-COD-11, NIPC-COD-24, NIPC-COD-25 */
static void list_rules_are_checked(void)
{
    decode_ports((const uint32_t[]){4, 3}, 1, 16);
    CHECK_OFFENCE("ports", 8, NETIPC_CODEC_UNALIGNED);
    CHECK_EQ(decode_error.item, 0);
    decode_ports((const uint32_t[]){0, 3, 0, 3}, 2, 16);
    CHECK_OFFENCE("ports", 16, NETIPC_CODEC_STARTS_EARLY);
    CHECK_EQ(decode_error.item, 1);
    decode_ports((const uint32_t[]){8, 3}, 1, 16);
    CHECK_OFFENCE("ports", 8, NETIPC_CODEC_MISPLACED);
    decode_ports((const uint32_t[]){0, 17}, 1, 16);
    CHECK_OFFENCE("ports", 8, NETIPC_CODEC_OUT_OF_BOUNDS);
    decode_ports((const uint32_t[]){0, 4}, 1, 4);
    CHECK_OFFENCE("ports port", 16 + 3, NETIPC_CODEC_TRAILING_BYTES);
    CHECK_EQ(decode_error.item, 0);
    decode_ports((const uint32_t[]){0, 3}, 1, 4);
    CHECK_OFFENCE("ports answer", 19, NETIPC_CODEC_TRAILING_BYTES);
    CHECK_EQ(decode_error.item, -1);
    payload bytes = {.len = 0};
    ADD(&bytes, 4, UINT32_MAX, 0);
    ports_answer view;
    CHECK(!ports_answer_decode(bytes.data, bytes.len, &view, &decode_error));
    CHECK_OFFENCE("ports", 8, NETIPC_CODEC_TRUNCATED);
}

static void reply_without_values_needs_no_call(void)
{
    payload expected = {.len = 0};
    ADD(&expected, 4, 2);
    journal_acknowledgement_builder builder;
    journal_acknowledgement view;
    start_writing(4);
    journal_acknowledgement_builder_start(&builder, &out);
    CHECK(journal_acknowledgement_builder_finish(&builder, NULL));
    CHECK_WRITTEN(expected);
    CHECK(journal_acknowledgement_decode(out.data, out.len, &view, NULL));
    start_writing(3);
    journal_acknowledgement_builder_start(&builder, &out);
    CHECK(!journal_acknowledgement_builder_finish(&builder, &build_error));
    CHECK_EQ(build_error.needed, 4);
}

static void request_of_several_values(void)
{
    journal_long_winded_entry entry = {.priority_among_all_entries = 9,
        .identifier_of_the_writing_program = netipc_bytes_of("demo"),
        .message_for_whoever_reads_it = netipc_bytes_of("hello")};
    journal_long_winded_entry view;
    start_writing(100);
    CHECK(journal_long_winded_entry_encode(&entry, &out, NULL));
    CHECK(journal_long_winded_entry_decode(out.data, out.len, &view, NULL));
    CHECK_EQ(view.priority_among_all_entries, 9);
    CHECK_TEXT(view.identifier_of_the_writing_program, "demo");
    CHECK_TEXT(view.message_for_whoever_reads_it, "hello");
    CHECK_EQ(view.location_in_the_source.len, 0);
    entry.identifier_of_the_writing_program = (netipc_bytes){probe_memory, 65};
    start_writing(1000);
    CHECK(!journal_long_winded_entry_encode(&entry, &out, &build_error));
    CHECK_INVALID("journal long_winded_entry", "identifier_of_the_writing_program", NETIPC_CODEC_TOO_LONG);
}

int main(void)
{
    RUN(plain_record);
    RUN(strings_are_written_in_order_without_gaps);
    RUN(string_rules_are_checked_when_read);
    RUN(strings_are_read_in_any_order);
    RUN(string_rules_are_checked_when_written);
    RUN(string_in_one_place);
    RUN(list_of_plain_items);
    RUN(list_rules_are_checked);
    RUN(reply_without_values_needs_no_call);
    RUN(request_of_several_values);
    return test_result();
}
