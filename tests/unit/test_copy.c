#include "capture/copy.h"
#include "mem.h"
#include "suite.h"

#include <string.h>

enum { PAGE = 4096, PAGES = 64 };
#define BASE   UINT64_C(0x10000000)
#define SPARSE UINT64_C(0x20000000)
#define WIDE   (UINT64_C(1) << 40)

/* 64 pages, of which 20 cannot be read and 40 to 50 were never touched; and a
 * huge range of which only one page was. */
static uint64_t touched = SPARSE + WIDE / 2;
static uint8_t expected[PAGES * PAGE];

static bool is_untouched(uint64_t page)
{
        return page >= 40 && page < 50;
}

static uint8_t byte_at(uint64_t address)
{
        if (address >= SPARSE)
                return address / PAGE == touched / PAGE ? 7 : 0;
        return is_untouched((address - BASE) / PAGE) ? 0 : (uint8_t)(address >> 12 ^ address * 3);
}

static size_t read_made_up(void *context, uint64_t address, void *buffer, size_t size)
{
        uint64_t hole = BASE + 20 * PAGE, end = address < SPARSE ? BASE + PAGES * PAGE : SPARSE + WIDE;
        uint8_t *to = buffer;

        (void)context;
        if (address < BASE || (address >= hole && address < hole + PAGE))
                return 0;
        if (address < hole)
                end = hole;
        if (address >= end)
                return 0;
        size = size < end - address ? size : (size_t)(end - address);
        for (size_t i = 0; i < size; i++)
                to[i] = byte_at(address + i);
        return size;
}

static uint64_t next_made_up(void *context, uint64_t address, uint64_t end)
{
        (void)context;
        if (address >= SPARSE && address < touched)
                address = touched;
        else if (address >= touched + PAGE)
                address = end;
        else if (is_untouched((address - BASE) / PAGE))
                address = BASE + 50 * PAGE;
        return address < end ? address : end;
}

static struct block blocks[] = {
        { .address = BASE + 100, .size = 30 * PAGE },
        { .address = BASE + 31 * PAGE, .size = 24 },
        { .address = SPARSE, .size = WIDE },
};
static struct root roots[] = {
        { .kind = ROOT_GLOBAL, .start = BASE + 32 * PAGE, .end = BASE + 60 * PAGE },
};
static struct segment segments[] = {
        { .start = BASE + 61 * PAGE, .end = BASE + 62 * PAGE, .bias = 1 },
        { .start = BASE + 62 * PAGE, .end = BASE + 63 * PAGE, .bias = 1, .executable = true },
};
static const struct snapshot snapshot = {
        .blocks = blocks,
        .block_count = 3,
        .roots = roots,
        .root_count = 1,
        .segments = segments,
        .segment_count = 2,
        .memory = { read_made_up, next_made_up, NULL, true },
};

static void check_all(const struct memory *memory)
{
        static uint8_t got[PAGES * PAGE];

        for (uint64_t i = 0; i < sizeof expected; i++)
                expected[i] = byte_at(BASE + i);
        ck_assert_uint_eq(memory->read(memory->context, BASE, got, sizeof got), 20 * PAGE);
        ck_assert_mem_eq(got, expected, 20 * PAGE);
        ck_assert_uint_eq(memory->read(memory->context, BASE + 20 * PAGE, got, 1), 0);
        ck_assert_uint_eq(memory->read(memory->context, BASE + 21 * PAGE + 5, got, sizeof got), 39 * PAGE - 5);
        ck_assert_mem_eq(got, expected + 21 * PAGE + 5, 39 * PAGE - 5);
        /* Read-only data of modules, but no code and nothing that nobody asked for. */
        ck_assert_uint_eq(memory->read(memory->context, BASE + 61 * PAGE + 9, got, 2 * PAGE), PAGE - 9);
        ck_assert_mem_eq(got, expected + 61 * PAGE + 9, PAGE - 9);
        ck_assert_uint_eq(memory->read(memory->context, BASE + 60 * PAGE, got, 1), 0);
        ck_assert_uint_eq(memory->read(memory->context, BASE + 62 * PAGE, got, 1), 0);
        ck_assert_uint_eq(memory->read(memory->context, SPARSE - 1, got, 1), 0);
        ck_assert_uint_eq(memory->read(memory->context, touched - 1, got, 2), 2);
        ck_assert(got[0] == 0 && got[1] == 7);
}

START_TEST(a_copy_reads_as_the_memory_does)
{
        struct copy copy;
        struct memory memory;

        ck_assert_int_eq(copy_take(&copy, &snapshot, UINT64_C(1) << 20), 0);
        memory = copy_reader(&copy);
        check_all(&memory);
        ck_assert(memory.parallel);
        copy_deinit(&copy);
}
END_TEST

START_TEST(what_was_never_touched_is_passed_over)
{
        struct copy copy;
        struct memory memory;

        ck_assert_int_eq(copy_take(&copy, &snapshot, UINT64_C(1) << 20), 0);
        memory = copy_reader(&copy);
        ck_assert_uint_eq(memory.next(memory.context, BASE + 50 * PAGE + 3, SPARSE), BASE + 50 * PAGE + 3);
        ck_assert_uint_eq(memory.next(memory.context, SPARSE, SPARSE + WIDE), touched);
        ck_assert_uint_eq(memory.next(memory.context, SPARSE, touched - 1), touched - 1);
        ck_assert_uint_eq(memory.next(memory.context, touched + WIDE / 4, SPARSE + WIDE), SPARSE + WIDE);
        copy_deinit(&copy);
}
END_TEST

START_TEST(a_copy_takes_no_more_than_it_may)
{
        struct copy copy;

        ck_assert_int_eq(copy_take(&copy, &snapshot, 40 * PAGE), -1);
        copy_deinit(&copy);
        ck_assert_int_eq(copy_take(&copy, &snapshot, 0), -1);
        copy_deinit(&copy);
}
END_TEST

START_TEST(failing_allocations_fail_the_copy)
{
        bool done = false;

        for (size_t nth = 1; !done; nth++) {
                struct copy copy;

                mem_fail_after(nth);
                done = copy_take(&copy, &snapshot, UINT64_C(1) << 20) == 0;
                mem_fail_after(0);
                if (done) {
                        struct memory memory = copy_reader(&copy);

                        ck_assert_uint_gt(nth, 3);
                        check_all(&memory);
                }
                copy_deinit(&copy);
        }
}
END_TEST

SUITE_MAIN("copy", a_copy_reads_as_the_memory_does, what_was_never_touched_is_passed_over,
           a_copy_takes_no_more_than_it_may, failing_allocations_fail_the_copy)
