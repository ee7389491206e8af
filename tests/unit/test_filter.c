#include "capture/filter.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#define HEAP  UINT64_C(0x100000)
#define TABLE UINT64_C(0x200000)

enum { SIZE = 4096 };

/* A block of 4000 bytes, one of 24, and a module's read-only data. */
static struct block blocks[] = {
        { .address = HEAP, .size = 4000 },
        { .address = HEAP + 8192, .size = 24 },
};
static struct segment segments[] = {
        { .start = TABLE, .end = TABLE + 4096, .path = "libx.so" },
        { .start = TABLE + 4096, .end = TABLE + 8192, .executable = true, .path = "libx.so" },
};
static const struct snapshot snapshot = {
        .blocks = blocks,
        .block_count = 2,
        .segments = segments,
        .segment_count = 2,
};

static uint8_t memory[FILTER_MARGIN + SIZE + FILTER_MARGIN], classes[sizeof memory];
static uint8_t *const bytes = memory + FILTER_MARGIN;

static void put_word(size_t at, uint64_t word)
{
        memcpy(bytes + at, &word, sizeof word);
}

static uint64_t word_at(size_t at)
{
        uint64_t word;

        memcpy(&word, bytes + at, sizeof word);
        return word;
}

static void filter_memory(void)
{
        struct filter filter;

        ck_assert_int_eq(filter_init(&filter, &snapshot), 0);
        filter_bytes(&filter, HEAP, bytes, SIZE, classes);
        filter_deinit(&filter);
}

START_TEST(pointers_stay)
{
        const uint64_t kept[] = { HEAP,       HEAP + 77, HEAP + 8192 + 24,          HEAP + 8195,
                                  TABLE + 16, 0,         0xabcd000000000000 | HEAP, HEAP + 4000 };
        const uint64_t dropped[] = { HEAP + 16384, HEAP + 4008, HEAP + 8192 - 8,    HEAP + 8192 + 32,
                                     TABLE + 5000, 1,           0x4142434445464748, 12345678901 };

        memset(memory, 0, sizeof memory);
        for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
                put_word(128 + 8 * i, kept[i]);
        for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++)
                put_word(1024 + 8 * i, dropped[i]);
        filter_memory();
        for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
                ck_assert_msg(word_at(128 + 8 * i) == kept[i], "word %zu", i);
        for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++)
                ck_assert_msg(word_at(1024 + 8 * i) == UINT64_MAX, "word %zu", i);
        ck_assert_uint_eq(word_at(512), 0);
}
END_TEST

START_TEST(unaligned_pointers_stay)
{
        memset(memory, 0, sizeof memory);
        memset(bytes + 1000, 's', 64);
        put_word(1021, HEAP + 8192);
        filter_memory();
        ck_assert_uint_eq(word_at(1021), HEAP + 8192);
        ck_assert_uint_eq(bytes[1020], 0xff);
        ck_assert_uint_eq(bytes[1029], 0xff);
}
END_TEST

START_TEST(a_pointer_may_straddle_what_is_filtered)
{
        memset(memory, 0, sizeof memory);
        put_word(SIZE - 3, HEAP + 8192);
        put_word((size_t)0, UINT64_MAX / 3);
        memcpy(bytes - 4, &(uint64_t){ HEAP }, 8);
        filter_memory();
        ck_assert_int_eq(memcmp(bytes + SIZE - 3, &(uint64_t){ HEAP + 8192 }, 3), 0);
        ck_assert_int_eq(memcmp(bytes, "\0\0\0\0\xff\xff\xff\xff", 8), 0);
}
END_TEST

START_TEST(heads_keep_small_numbers)
{
        memset(memory, 0, sizeof memory);
        put_word(0, 499);  /* elements of an array */
        put_word(8, 4000); /* its size */
        put_word(16, 4001);
        put_word(64, 5);
        filter_memory();
        ck_assert_uint_eq(word_at(0), 499);
        ck_assert_uint_eq(word_at(8), 4000);
        ck_assert_uint_eq(word_at(16), UINT64_MAX);
        ck_assert_uint_eq(word_at(64), UINT64_MAX);
}
END_TEST

/* Each address, asked of the blocks themselves. */
START_TEST(what_leads_to_a_block_is_known_to_eight_bytes)
{
        struct block some[] = {
                { .address = HEAP + 16, .size = 0 },           { .address = HEAP + 48, .size = 1 },
                { .address = HEAP + 64, .size = 8000 },        { .address = HEAP + 100000, .size = 4096 },
                { .address = HEAP + 200000, .size = 1 << 20 }, { .address = HEAP + 200000 + (1 << 19), .size = 64 },
        };
        const struct snapshot all = { .blocks = some, .block_count = sizeof some / sizeof some[0] };
        struct targets targets;

        ck_assert_int_eq(targets_init(&targets, &all), 0);
        for (uint64_t at = HEAP - 4096; at < HEAP + 300000 + (1 << 20); at++) {
                bool leads = false, near = false;

                for (size_t i = 0; i < all.block_count; i++) {
                        uint64_t start = some[i].address, end = start + some[i].size;

                        leads |= (at >= start && at <= end) || (at & ~UINT64_C(7)) == start;
                        near |= at + 7 >= start && at <= end + 7;
                }
                if (leads != near)
                        continue;
                ck_assert_msg(targets_lead(&targets, at) == leads, "%#lx", (unsigned long)at);
        }
        targets_deinit(&targets);
}
END_TEST

START_TEST(no_text_is_left)
{
        static const char secret[] = "hunter2: the password of the database";

        memset(memory, 0, sizeof memory);
        for (size_t at = 100; at + sizeof secret < SIZE; at += 200)
                memcpy(bytes + at, secret, sizeof secret);
        filter_memory();
        for (size_t i = 0; i + 4 <= SIZE; i++)
                ck_assert(memcmp(bytes + i, secret, 4) != 0);
}
END_TEST

/* A pointer that looks like the end of a string: its surroundings decide, so
 * their shape stays and nothing else of them. */
START_TEST(text_around_a_pointer_keeps_its_shape)
{
        static const char before[] = "first secret\0another secret\0third sec";
        struct block *block = &blocks[1];
        const uint64_t usual = block->address;
        const uint64_t ending = 0x7a797877; /* "wxyz" */

        block->address = ending & ~UINT64_C(7);
        memset(memory, 0, sizeof memory);
        memcpy(bytes + 2048 - (sizeof before - 1), before, sizeof before - 1);
        put_word(2048, ending);
        filter_memory();
        ck_assert_uint_eq(word_at(2048), ending);
        for (size_t i = 0; i < sizeof before - 1; i++)
                ck_assert_uint_eq(bytes[2048 - (sizeof before - 1) + i], before[i] ? 'x' : 0);
        block->address = usual;
}
END_TEST

START_TEST(registers_are_filtered)
{
        struct filter filter;

        ck_assert_int_eq(filter_init(&filter, &snapshot), 0);
        ck_assert_uint_eq(filter_word(&filter, HEAP + 5), HEAP + 5);
        ck_assert_uint_eq(filter_word(&filter, 0), 0);
        ck_assert_uint_eq(filter_word(&filter, 0x6472707373617021), UINT64_MAX);
        filter_deinit(&filter);
}
END_TEST

SUITE_MAIN("filter", pointers_stay, unaligned_pointers_stay, a_pointer_may_straddle_what_is_filtered,
           heads_keep_small_numbers, what_leads_to_a_block_is_known_to_eight_bytes, no_text_is_left,
           text_around_a_pointer_keeps_its_shape, registers_are_filtered)
