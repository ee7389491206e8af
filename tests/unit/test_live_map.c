#include "suite.h"

#include "collect/live.h"

#include <stdio.h>
#include <string.h>

static void check_mappings(const struct live *live, const char *expected)
{
        char text[512] = "";
        const struct live_mapping *mapping;
        struct live_place place = { 0 };
        uint64_t bytes = 0;

        while ((mapping = live_mappings_next(&live->mappings, &place))) {
                (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%x-%x%s", *text ? " " : "",
                               (unsigned)mapping->start, (unsigned)mapping->end, mapping->own ? "*" : "");
                bytes += mapping->own ? 0 : mapping->end - mapping->start;
        }
        ck_assert_str_eq(text, expected);
        ck_assert_uint_eq(live->totals.mapped_bytes, bytes);
}

START_TEST(mappings_are_cut_split_and_replaced)
{
        struct live live = { 0 };

        live_map(&live, 0x1000, 0x4000, 1, 0, false, 1);
        live_map(&live, 0x8000, 0x1000, 1, 0, true, 1);
        check_mappings(&live, "1000-5000 8000-9000*");
        live_unmap(&live, 0x2000, 0x1000);
        check_mappings(&live, "1000-2000 3000-5000 8000-9000*");
        live_unmap(&live, 0x4000, 0x4800);
        check_mappings(&live, "1000-2000 3000-4000 8800-9000*");
        live_map(&live, 0x1800, 0x2000, 1, 0, false, 1);
        check_mappings(&live, "1000-1800 1800-3800 3800-4000 8800-9000*");
        live_unmap(&live, 0, 0x10000);
        check_mappings(&live, "");
        live_unmap(&live, 0x1000, 0);
        live_map(&live, UINT64_MAX - 10, 100, 1, 0, false, 1);
        check_mappings(&live, "");
        live_deinit(&live);
}
END_TEST

/* Page by page; each mapping is known by its time. */
START_TEST(many_mappings_agree_with_the_pages)
{
        enum { PAGES = 4096, PAGE = 4096 };
        static uint64_t pages[PAGES];
        struct live live = { 0 };

        memset(pages, 0, sizeof pages);
        for (uint64_t turn = 1; turn <= 20000; turn++) {
                uint64_t first = (turn * UINT64_C(0x9e3779b97f4a7c15) >> 32) % (PAGES - 8);
                uint64_t count = 1 + turn % 7, to = turn % 3 ? turn : 0;
                struct live_place place = { 0 };
                const struct live_mapping *mapping;
                uint64_t page = 0;

                if (to)
                        live_map(&live, (16 + first) * PAGE, count * PAGE, 1, 0, false, to);
                else
                        live_unmap(&live, (16 + first) * PAGE, count * PAGE);
                for (uint64_t i = 0; i < count; i++)
                        pages[first + i] = to;
                if (turn % 500)
                        continue;
                while ((mapping = live_mappings_next(&live.mappings, &place))) {
                        for (; page < mapping->start / PAGE - 16; page++)
                                ck_assert_uint_eq(pages[page], 0);
                        for (; page < mapping->end / PAGE - 16; page++)
                                ck_assert_uint_eq(pages[page], mapping->time_ns);
                }
                for (; page < PAGES; page++)
                        ck_assert_uint_eq(pages[page], 0);
        }
        ck_assert_uint_gt(live.mappings.run_count, 4);
        live_unmap(&live, 0, UINT64_C(1) << 40);
        ck_assert_uint_eq(live.mappings.run_count, 0);
        ck_assert_uint_eq(live.totals.mapped_bytes, 0);
        live_deinit(&live);
}
END_TEST

SUITE_MAIN("live_map", mappings_are_cut_split_and_replaced, many_mappings_agree_with_the_pages)
