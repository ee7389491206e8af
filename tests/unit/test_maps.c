#include "suite.h"

#include "capture/maps.h"
#include "capture/ranges.h"
#include "capture/extents.h"
#include "mem.h"

#include <string.h>
#include <unistd.h>

static const char example[] = "00400000-00452000 r-xp 00000000 08:02 173521      /usr/bin/dbus-daemon\n"
                              "00651000-00652000 rw-p 00051000 08:02 173521      /usr/bin/dbus-daemon\n"
                              "00652000-00655000 rw-p 00000000 00:00 0 \n"
                              "00e03000-00e24000 rw-p 00000000 00:00 0           [heap]\n"
                              "7f0000000000-7f0000001000 rw-s 00000000 00:01 9   /dev/zero (deleted)\n"
                              "7f0000001000-7f0000002000 rw-s 00000000 00:05 10  /dev/dri/card0\n"
                              "7f0000002000-7f0000003000 rw-s 00000000 00:01 11  /memfd:weir (deleted)\n"
                              "7f0000003000-7f0000004000 rw-p 00000000 00:00 0   [anon:weir]\n"
                              "7f0000004000-7f0000005000 rw-p 00000000 00:00 0   [anon:scudo]\n"
                              "7f0000005000-7f0000006000 rw-s 00000000 00:0f 12  anon_inode:[perf_event]\n"
                              "7f0000006000-7f0000007000 ---p 00000000 08:02 13  /a name\\012with a newline\n"
                              "7f0000007000-7f0000008000 rw-p 00000000 00:00 0   [stack:1234]\n"
                              "7ffe00000000-7ffe00021000 rw-p 00000000 00:00 0   [stack]\n"
                              "7ffe00031000-7ffe00032000 r-xp 00000000 00:00 0   [vdso]\n"
                              "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n";

static int parse(struct maps *maps, const char *text, struct error *e)
{
        return maps_parse(maps, text, strlen(text), e);
}

START_TEST(lines_say_where_what_and_whose)
{
        static const enum map_class classes[] = {
                MAP_CLASS_FILE,   MAP_CLASS_FILE,      MAP_CLASS_ANONYMOUS, MAP_CLASS_HEAP,      MAP_CLASS_FILE,
                MAP_CLASS_DEVICE, MAP_CLASS_WEIR,      MAP_CLASS_WEIR,      MAP_CLASS_ANONYMOUS, MAP_CLASS_DEVICE,
                MAP_CLASS_FILE,   MAP_CLASS_ANONYMOUS, MAP_CLASS_STACK,     MAP_CLASS_KERNEL,    MAP_CLASS_KERNEL,
        };
        struct maps maps;
        struct error e;

        ck_assert_int_eq(parse(&maps, example, &e), 0);
        ck_assert_uint_eq(maps.count, sizeof classes / sizeof classes[0]);
        for (size_t i = 0; i < maps.count; i++)
                ck_assert_msg(maps.list[i].class == classes[i], "line %zu is of class %d", i + 1,
                              (int)maps.list[i].class);
        ck_assert_uint_eq(maps.list[1].start, 0x651000);
        ck_assert_uint_eq(maps.list[1].end, 0x652000);
        ck_assert_uint_eq(maps.list[1].offset, 0x51000);
        ck_assert_uint_eq(maps.list[1].inode, 173521);
        ck_assert_uint_eq(maps.list[1].major, 8);
        ck_assert_uint_eq(maps.list[1].minor, 2);
        ck_assert(maps.list[1].read && maps.list[1].write && !maps.list[1].execute && !maps.list[1].shared);
        ck_assert_str_eq(maps.list[1].name, "/usr/bin/dbus-daemon");
        ck_assert_str_eq(maps.list[2].name, "");
        ck_assert(maps.list[4].shared);
        ck_assert_str_eq(maps.list[10].name, "/a name\\012with a newline");
        ck_assert(map_same_file(&maps.list[0], &maps.list[1]));
        ck_assert(!map_same_file(&maps.list[2], &maps.list[3]));
        maps_deinit(&maps);
}
END_TEST

START_TEST(addresses_are_found)
{
        struct maps maps;
        struct error e;

        ck_assert_int_eq(parse(&maps, example, &e), 0);
        ck_assert_ptr_eq(maps_find(&maps, 0x400000), &maps.list[0]);
        ck_assert_ptr_eq(maps_find(&maps, 0x451fff), &maps.list[0]);
        ck_assert_ptr_null(maps_find(&maps, 0x452000));
        ck_assert_ptr_null(maps_find(&maps, 0));
        ck_assert_ptr_eq(maps_find(&maps, 0x652000), &maps.list[2]);
        ck_assert_uint_eq(maps_lower(&maps, 0x452000), 1);
        ck_assert_uint_eq(maps_lower(&maps, UINT64_MAX), maps.count);
        maps_deinit(&maps);
}
END_TEST

START_TEST(nonsense_is_told_by_its_line)
{
        static const char *const bad[] = {
                "x\n",
                "\n",
                "00400000\n",
                "00400000-00400000 r-xp 00000000 08:02 1 /a\n",
                "00500000-00400000 r-xp 00000000 08:02 1 /a\n",
                "00400000-00500000 rwzp 00000000 08:02 1 /a\n",
                "00400000-00500000 r-xq 00000000 08:02 1 /a\n",
                "00400000-00500000 r-xp  08:02 1 /a\n",
                "00400000-00500000 r-xp 0 08-02 1 /a\n",
                "00400000-00500000 r-xp 0 08:02 x /a\n",
                "00400000-00500000 r-xp 0 08:02 1/a\n",
                "00400000-1ffffffffffffffff r-xp 0 08:02 1 /a\n",
                "-00500000 r-xp 0 08:02 1 /a\n",
        };
        struct maps maps;
        struct error e;

        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                ck_assert_msg(parse(&maps, bad[i], &e) == -1, "accepted: %s", bad[i]);
                ck_assert_int_eq(e.code, ERROR_BAD_INPUT);
                ck_assert_ptr_nonnull(strstr(e.text, "line 1"));
        }
        ck_assert_int_eq(parse(&maps, "1000-3000 rw-p 0 0:0 0\n2000-4000 rw-p 0 0:0 0\n", &e), -1);
        ck_assert_str_eq(e.text, "the list of mappings is out of order in line 2");
        ck_assert_int_eq(maps_parse(&maps, "1000-3000 rw-p 0 0:0 0 a\0b\n", 27, &e), -1);
        ck_assert_int_eq(maps_parse(&maps, "", 0, &e), 0);
        ck_assert_uint_eq(maps.count, 0);
        maps_deinit(&maps);
}
END_TEST

START_TEST(a_cut_text_keeps_its_last_line)
{
        struct maps maps;
        struct error e;

        ck_assert_int_eq(parse(&maps, "1000-3000 rw-p 0 0:0 0 /last", &e), 0);
        ck_assert_uint_eq(maps.count, 1);
        ck_assert_str_eq(maps.list[0].name, "/last");
        maps_deinit(&maps);
}
END_TEST

START_TEST(own_mappings_are_read)
{
        static int here;
        struct maps maps;
        struct error e;
        const struct map *map;

        ck_assert_int_eq(maps_read(&maps, getpid(), &e), 0);
        map = maps_find(&maps, (uintptr_t)&here);
        ck_assert_ptr_nonnull(map);
        ck_assert(map->write);
        maps_deinit(&maps);
        ck_assert_int_eq(maps_read(&maps, 0x7ffffff0, &e), -1);
        ck_assert_int_eq(e.code, ERROR_GONE);
}
END_TEST

START_TEST(failing_allocations_fail_cleanly)
{
        struct maps maps;
        struct error e = { 0 };

        for (size_t nth = 1; nth < 4; nth++) {
                mem_fail_after(nth);
                if (parse(&maps, example, &e)) {
                        ck_assert_int_eq(e.code, ERROR_NO_MEMORY);
                        continue;
                }
                maps_deinit(&maps);
        }
        mem_fail_after(0);
}
END_TEST

START_TEST(gaps_are_what_ranges_leave)
{
        static const struct {
                uint64_t start, end, gap_start, gap_end;
        } cases[] = {
                { 0, 100, 0, 10 },   { 10, 100, 40, 50 }, { 15, 35, 35, 35 },   { 40, 45, 40, 45 },
                { 45, 100, 45, 50 }, { 50, 60, 60, 60 },  { 55, 100, 60, 100 }, { 70, 80, 70, 80 },
        };
        struct ranges ranges = { 0 };

        ck_assert_int_eq(ranges_add(&ranges, 50, 60), 0);
        ck_assert_int_eq(ranges_add(&ranges, 10, 20), 0);
        ck_assert_int_eq(ranges_add(&ranges, 20, 30), 0);
        ck_assert_int_eq(ranges_add(&ranges, 15, 40), 0);
        ck_assert_int_eq(ranges_add(&ranges, 90, 90), 0);
        ranges_sort(&ranges);
        ck_assert_uint_eq(ranges.count, 2);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct range gap = ranges_gap(&ranges, cases[i].start, cases[i].end);

                ck_assert_msg(gap.start == cases[i].gap_start && gap.end == cases[i].gap_end, "case %zu", i);
        }
        ranges_deinit(&ranges);
}
END_TEST

START_TEST(the_innermost_block_is_found)
{
        const struct block blocks[] = {
                { .address = 100, .size = 10 },
                { .address = 200, .size = 100, .flags = BLOCK_MAPPING },
                { .address = 220, .size = 10 },
                { .address = 240, .size = 0 },
                { .address = 400, .size = 50, .flags = BLOCK_MAPPING },
        };
        struct extents extents;

        ck_assert_int_eq(extents_init(&extents, blocks, 5), 0);
        ck_assert_ptr_null(extents_find(&extents, 99));
        ck_assert_ptr_eq(extents_find(&extents, 109), &blocks[0]);
        ck_assert_ptr_null(extents_find(&extents, 110));
        ck_assert_ptr_eq(extents_find(&extents, 225), &blocks[2]);
        ck_assert_ptr_eq(extents_find(&extents, 235), &blocks[1]);
        ck_assert_ptr_eq(extents_find(&extents, 240), &blocks[1]);
        ck_assert_ptr_eq(extents_find(&extents, 299), &blocks[1]);
        ck_assert_ptr_null(extents_find(&extents, 300));
        ck_assert(extents_any(&extents, 0, 101));
        ck_assert(!extents_any(&extents, 101, 220));
        ck_assert(extents_any(&extents, 200, 300));
        ck_assert(!extents_any(&extents, 400, 500));
        ck_assert_uint_eq(extents_above(&extents, 100), 200);
        ck_assert_uint_eq(extents_above(&extents, 400), UINT64_MAX);
        extents_deinit(&extents);
}
END_TEST

SUITE_MAIN("maps", lines_say_where_what_and_whose, addresses_are_found, nonsense_is_told_by_its_line,
           a_cut_text_keeps_its_last_line, own_mappings_are_read, failing_allocations_fail_cleanly,
           gaps_are_what_ranges_leave, the_innermost_block_is_found)
