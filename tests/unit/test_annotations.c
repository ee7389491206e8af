#include "suite.h"

#include "collect/annotations.h"

#include <string.h>

START_TEST(roots_come_and_go)
{
        struct annotations a = { 0 }, child = { 0 };

        ck_assert_int_eq(annotations_root(&a, 0x1000, 0x10, true), 0);
        ck_assert_int_eq(annotations_root(&a, 0x2000, 0x20, true), 0);
        ck_assert_int_eq(annotations_root(&a, 0x1000, 0x10, true), 0);
        ck_assert_int_eq(annotations_root(&a, UINT64_MAX - 1, 0x10, true), 0);
        ck_assert_uint_eq(a.roots[3].end, UINT64_MAX);
        ck_assert_int_eq(annotations_root(&a, 0x1000, 0x11, false), 0); /* not the same: stays */
        ck_assert_uint_eq(a.root_count, 4);
        ck_assert_int_eq(annotations_root(&a, 0x1000, 0x10, false), 0); /* added twice, taken back once */
        ck_assert_uint_eq(a.root_count, 3);
        ck_assert_uint_eq(a.roots[0].start, 0x1000);
        ck_assert_int_eq(annotations_inherit(&child, &a), 0);
        ck_assert_uint_eq(child.root_count, 3);
        ck_assert_uint_eq(child.roots[1].end, 0x2020);
        annotations_deinit(&a);
        annotations_deinit(&child);
}
END_TEST

START_TEST(text_comes_in_pieces)
{
        static char piece[4096];
        struct annotations a = { 0 };
        int failed = 0;

        ck_assert_int_eq(annotations_text(&a.suppressions, "leak:on", 7), 0);
        ck_assert_int_eq(annotations_text(&a.suppressions, "e\n", 2), 0);
        ck_assert_str_eq(a.suppressions.text, "leak:one\n");
        memset(piece, 'x', sizeof piece);
        for (size_t i = 0; i < 2 * ANNOTATIONS_TEXT_MAX / sizeof piece && !failed; i++)
                failed = annotations_text(&a.suppressions, piece, sizeof piece);
        ck_assert_int_ne(failed, 0);
        ck_assert_uint_le(a.suppressions.length, ANNOTATIONS_TEXT_MAX);
        annotations_deinit(&a);
}
END_TEST

START_TEST(the_last_word_on_detection_counts)
{
        static const struct {
                const char *text;
                bool nothing, checked;
        } cases[] = {
                { "", false },
                { "detect_leaks=0", true },
                { "verbosity=1:detect_leaks=0 exitcode=3", true },
                { "detect_leaks=0:detect_leaks=1", false },
                { "detect_leaks=1\ndetect_leaks=false", true },
                { "detect_leaks=", false },
                { "not_detect_leaks=0", false },
                { "detect_leaks=10", false },
                { "detect_leaks=nothing", false },
                { "detect_leaks=no", true },
                { "detect_leaks=0", true, true },
                { "leak_check_at_exit=0", true },
                { "leak_check_at_exit=0", false, true },
                { "leak_check_at_exit=1", false },
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct annotations a = { 0 };

                ck_assert_int_eq(annotations_text(&a.options, cases[i].text, strlen(cases[i].text)), 0);
                ck_assert_msg(annotations_detect_nothing(&a, cases[i].checked) == cases[i].nothing, "%s",
                              cases[i].text);
                annotations_deinit(&a);
        }
}
END_TEST

SUITE_MAIN("annotations", roots_come_and_go, text_comes_in_pieces, the_last_word_on_detection_counts)
