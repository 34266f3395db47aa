/* The cursor that every parser and every writer goes through. */
#include "cursor.h"

#include "test.h"

static const uint8_t wire[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* NIPC-ENV-02 */
static void fields_in_order_and_unaligned(void)
{
    netipc__reader in = netipc__reader_over(wire, sizeof wire);
    CHECK_EQ(netipc__read_u8(&in), 1);
    CHECK_EQ(netipc__read_u16(&in), 0x0302);
    CHECK_EQ(netipc__read_u32(&in), 0x07060504);
    CHECK_EQ(netipc__read_u64(&in), 0x0f0e0d0c0b0a0908);
    CHECK_EQ(in.left, 0);
    CHECK(!in.failed);

    uint8_t out[sizeof wire] = {0};
    netipc__writer writer = netipc__writer_over(out, sizeof out);
    netipc__write_bytes(&writer, wire, 1);
    netipc__write_u16(&writer, 0x0302);
    netipc__write_u32(&writer, 0x07060504);
    netipc__write_u64(&writer, 0x0f0e0d0c0b0a0908);
    CHECK(!writer.failed && writer.left == 0);
    CHECK_MEM(out, wire, sizeof wire);
}

static void all_bits_survive(void)
{
    uint8_t bytes[8];
    netipc__store64(bytes, 0xfffefdfcfbfaf9f8);
    CHECK_EQ(netipc__load64(bytes), 0xfffefdfcfbfaf9f8);
    CHECK_EQ(netipc__load32(bytes + 4), 0xfffefdfc);
    CHECK_EQ(netipc__load16(bytes + 6), 0xfffe);
}

static void a_read_past_the_end_fails_for_good(void)
{
    netipc__reader in = netipc__reader_over(wire, 5);
    CHECK_EQ(netipc__read_u32(&in), 0x04030201);
    CHECK_EQ(netipc__read_u16(&in), 0);
    CHECK(in.failed);
    CHECK_EQ(in.left, 1);
    CHECK_EQ(netipc__read_u8(&in), 0);
    CHECK(netipc__read_bytes(&in, 0) == NULL);
}

static void lengths_that_would_overflow(void)
{
    netipc__reader in = netipc__reader_over(wire, sizeof wire);
    CHECK(netipc__read_bytes(&in, SIZE_MAX) == NULL);
    CHECK(in.failed && in.at == wire);
    uint8_t out[4];
    netipc__writer writer = netipc__writer_over(out, sizeof out);
    CHECK(netipc__write_room(&writer, SIZE_MAX) == NULL);
    CHECK(writer.failed && writer.at == out);
}

static void a_write_past_the_end_changes_nothing(void)
{
    uint8_t out[6] = {9, 9, 9, 9, 9, 9};
    netipc__writer writer = netipc__writer_over(out, 5);
    netipc__write_zeros(&writer, 2);
    netipc__write_u32(&writer, 0);
    CHECK(writer.failed);
    netipc__write_zeros(&writer, 1);
    netipc__write_bytes(&writer, wire, 1);
    netipc__write_u16(&writer, 0);
    netipc__write_u64(&writer, 0);
    const uint8_t expected[] = {0, 0, 9, 9, 9, 9};
    CHECK_MEM(out, expected, sizeof out);
}

static void nothing_needs_no_memory(void)
{
    netipc__reader in = netipc__reader_over(NULL, 0);
    CHECK(netipc__read_bytes(&in, 0) == NULL);
    CHECK(!in.failed);
    CHECK_EQ(netipc__read_u8(&in), 0);
    CHECK(in.failed);
    netipc__writer out = netipc__writer_over(NULL, 0);
    netipc__write_bytes(&out, NULL, 0);
    netipc__write_zeros(&out, 0);
    CHECK(!out.failed);
}

int main(void)
{
    RUN(fields_in_order_and_unaligned);
    RUN(all_bits_survive);
    RUN(a_read_past_the_end_fails_for_good);
    RUN(lengths_that_would_overflow);
    RUN(a_write_past_the_end_changes_nothing);
    RUN(nothing_needs_no_memory);
    return test_result();
}
