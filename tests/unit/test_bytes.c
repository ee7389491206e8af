#include "suite.h"

#include "bytes.h"

#include <string.h>

START_TEST(integers_are_little_endian)
{
        const uint8_t data[] = { 1, 2, 1, 4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1 };
        struct bytes b = bytes_of(data, sizeof data);

        ck_assert_uint_eq(bytes_u8(&b), 1);
        ck_assert_uint_eq(bytes_u16(&b), 0x0102);
        ck_assert_uint_eq(bytes_u32(&b), 0x01020304);
        ck_assert_uint_eq(bytes_u64(&b), 0x0102030405060708);
        ck_assert(b.ok);
        ck_assert_uint_eq(bytes_left(&b), 0);
}
END_TEST

START_TEST(reading_past_the_end_is_remembered)
{
        struct bytes b = bytes_of("abc", 3);
        struct error e = { 0 };

        (void)bytes_u16(&b);
        ck_assert_uint_eq(bytes_u32(&b), 0);
        ck_assert_uint_eq(bytes_u8(&b), 0);
        ck_assert_int_eq(bytes_check(&b, "x", &e), -1);
        ck_assert_str_eq(e.text, "x is truncated at byte 2: 4 bytes wanted, 1 left");
}
END_TEST

START_TEST(varints_fit_64_bits_or_are_bad)
{
        const uint8_t max[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01 };
        const uint8_t over[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02 };
        struct bytes b = bytes_of(max, sizeof max);

        ck_assert_uint_eq(bytes_varint(&b), UINT64_MAX);
        ck_assert(b.ok);
        b = bytes_of(over, sizeof over);
        (void)bytes_varint(&b);
        ck_assert(!b.ok);
        b = bytes_of(max, 3);
        (void)bytes_varint(&b);
        ck_assert(!b.ok);
}
END_TEST

SUITE_MAIN("bytes", integers_are_little_endian, reading_past_the_end_is_remembered, varints_fit_64_bits_or_are_bad)
